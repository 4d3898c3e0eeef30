"""What every test with a real browser needs: the browser, a server to look at, and a conversation to look into."""

import threading
from pathlib import Path

import pytest
from playwright.sync_api import expect
from rows import add_message
from shop import seconds, text
from werkzeug.serving import make_server

from pilito.clock import utc_now
from pilito.database import transaction
from pilito.extensions import socketio

# The first that is there. The shell is the same engine without a browser's windows and services, for two thirds of the
# CPU; Debian has both.
PLACES = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
CHROMIUM = next(filter(Path.exists, PLACES), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-software-rasterizer",
    "--disable-extensions",
    "--mute-audio",
    "--use-fake-device-for-media-stream",  # a microphone that beeps, and may be used
    "--use-fake-ui-for-media-stream",
]
EMAIL, PASSWORD = "sara@shop.test", "a long enough password"
DESKTOP = {"width": 1440, "height": 900}
SMALL = {"width": 1280, "height": 720}  # as narrow as four panes beside each other get
PHONE = {"width": 390, "height": 844}
expect.set_options(timeout=20_000)  # how long a busy machine may take; what is there at once is seen at once

needs_chromium = [
    pytest.mark.whole,
    pytest.mark.sqlite_only,
    pytest.mark.skipif(not CHROMIUM, reason=f"There is no Chromium at {' or '.join(map(str, PLACES))}."),
]


class Server:
    """The web server of `make run`, as far as a browser can tell; it can be stopped and started again."""

    def __init__(self, app, port):
        self.app, self.port = app, port
        self.start()

    def start(self):
        self.server = make_server("127.0.0.1", self.port, self.app, threaded=True)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def hang_up(self):
        """End every live line, as a restart does."""
        for line in list(socketio.server.eio.sockets.values()):
            line.close(wait=False)


def log_in(page, path):
    page.goto(f"/login?next={path}")
    page.fill("[name=email]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")


def ago(number):
    return utc_now() - seconds(number)


def talk(shop, count=30):
    """A conversation that is longer than the window; return its path."""
    shop.receive(text("words 0", ago(300)))
    shop.work()
    conversation = shop.conversation
    with transaction():
        for number in range(1, count):
            add_message(conversation, text=f"words {number}", sent_at=ago(200 - number))
    return f"/conversations/{conversation.id}"


# Of what reaches over the edge: not what a box around it cuts off or lets scroll.
OVER_THE_EDGE = """([width, within]) => {
  const frame = within && document.querySelector(within);
  const edge = frame ? frame.getBoundingClientRect() : {left: 0, right: width};
  const isCut = (one) => {
    for (let up = one.parentElement; up && up !== frame && up !== document.body; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== "visible") return true;
    return false;
  };
  return [...(frame ?? document.body).querySelectorAll("*")].filter((one) => {
    const box = one.getBoundingClientRect();
    const isOver = box.width > 1 && box.height > 1 && (box.left < edge.left - 1 || box.right > edge.right + 1);
    return isOver && one.checkVisibility() && !isCut(one);
  }).map((one) => `${one.localName}#${one.id}.${one.className.baseVal ?? one.className}`);
}"""


def over_the_edge(page, within=None):
    """What reaches over the edge of the window, or of this part of the page.

    Not `scrollWidth <= innerWidth`: a phone makes its window as wide as what is too wide for it.
    """
    return page.evaluate(OVER_THE_EDGE, [page.viewport_size["width"], within])
