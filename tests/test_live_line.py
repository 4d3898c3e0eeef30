"""What a web process hears on Redis, where anybody who gets so far may speak: nothing of it is unpickled, nothing of it
ends the line, and the next word of ours comes through."""

import json
import threading
import time

import pytest
import socketio
from bomb import Bomb

from pilito import keys, realtime
from pilito.realtime import LineManager

pytestmark = pytest.mark.sqlite_only

NONSENSE = [b"", b"\x80\x04", b"\xff\xfe", b"[]", b"5", b"null", b'"method"', b"{}", b'{"method": "no such"}']
NONSENSE += [
    b'{"method": []}',
    b'{"method": "callback"}',
    b'{"method": "emit", "data": 1}',
    b'{"method": "disconnect"}',
]
NONSENSE += [b'{"method": "close_room"}', b'{"method": "enter_room", "sid": {}}', b"[" * 100_000]
CHANGED = '2["changed",{"conversation":17,"seq":93}]'


class Web:
    """A web process as far as the line goes: a server with a LineManager that listens, and one browser in its room."""

    def __init__(self, redis_url):
        self.manager = LineManager(redis_url, channel=keys.SOCKET_CHANNEL)
        self.server = socketio.Server(client_manager=self.manager, async_mode="threading")
        self.heard = []
        self.server._send_eio_packet = lambda _browser, packet: self.heard.append(packet.data)
        self.manager.set_server(self.server)
        self.manager.initialize()
        line = self.manager.connect("a browser", "/")
        self.manager.enter_room(line, "/", keys.PANEL_ROOM)

    def end(self):
        """python-socketio knows no end of its listener: it is let go of Redis, and parked until the process ends."""
        self.manager._redis_connect = lambda: threading.Event().wait()
        self.manager.pubsub.unsubscribe()


@pytest.fixture
def web(app, settings):
    web = Web(settings.redis_url)
    # Not how many listen: another may, whom an earlier test left. It listens once it hears.
    wait_for(lambda: realtime.changed(0, 0) or web.heard)
    yield web
    web.end()


def wait_for(is_so, timeout=20):
    deadline = time.monotonic() + timeout
    while not is_so():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.005)


def test_a_pickle_on_the_line_makes_nothing_and_the_next_word_comes_through(app, web, tmp_path):
    bomb, redis = Bomb(tmp_path), app.extensions["pilito_redis"]
    inside = json.dumps({"method": "callback", "sid": bomb.packed.decode("latin-1")})

    heard_by = [redis.publish(keys.SOCKET_CHANNEL, words) for words in (bomb.packed, inside)]
    realtime.changed(17, 93)

    assert all(heard_by)  # by this one, which listens, and by whoever else does
    wait_for(lambda: CHANGED in web.heard)
    assert not bomb.went_off
    assert bomb.would_go_off()


def test_nonsense_on_the_line_does_not_end_it_nor_cost_the_next_word(app, web):
    lost = []
    for number, words in enumerate(NONSENSE):
        app.extensions["pilito_redis"].publish(keys.SOCKET_CHANNEL, words)
        realtime.changed(number, 1)
        try:
            wait_for(lambda number=number: f'2["changed",{{"conversation":{number},"seq":1}}]' in web.heard, 2)
        except AssertionError:
            lost.append(words)

    assert lost == []
