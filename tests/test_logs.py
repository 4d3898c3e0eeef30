"""C20: whatever becomes of the log, of Sentry and of the names of hosts, customers are answered."""

import fcntl
import logging
import os
import socket
import sys
import time

import pytest
from postgres import wait_for
from shop import text, webhook

from pilito import reporting
from pilito.clock import utc_now
from pilito.config import load_settings
from pilito.logs import NeverWaits


class Pipe:
    """A pipe as a supervisor gives it, and what its reader finds in it."""

    def __init__(self):
        self.read_end, self.write_end = os.pipe()
        fcntl.fcntl(self.write_end, fcntl.F_SETPIPE_SZ, 4096)
        self.stream = os.fdopen(self.write_end, "w")

    def fill(self):
        """Its reader has stopped long ago."""
        os.set_blocking(self.write_end, False)
        while True:
            try:
                os.write(self.write_end, b"x")
            except BlockingIOError:
                break
        os.set_blocking(self.write_end, True)

    def read(self):
        os.set_blocking(self.read_end, False)
        found = b""
        while True:
            try:
                chunk = os.read(self.read_end, 65536)
            except BlockingIOError:
                return found.decode()
            if not chunk:
                return found.decode()
            found += chunk


@pytest.fixture
def pipe():
    pipe = Pipe()
    yield pipe
    pipe.stream.close()
    os.close(pipe.read_end)


def test_a_line_that_nobody_takes_is_lost_and_waits_for_nobody(pipe):
    log = NeverWaits(pipe.stream)
    log.write("first\n")
    pipe.fill()

    for _ in range(3):
        log.write("nobody reads this\n")
    said = pipe.read()
    log.write("second\n")

    assert said.strip("x") == "first\n"
    assert pipe.read() == "(Lines of the log that could not be written: 3)\nsecond\n"
    assert os.get_blocking(pipe.write_end), "The pipe waits for nobody now, whoever else holds it."


def test_a_line_that_went_half_is_ended_before_the_next(pipe):
    log = NeverWaits(pipe.stream)
    long = "ب" * 5000 + "\n"
    log.write(long)
    log.write("lost\n")

    said = pipe.read().encode()
    while rest := (log.write("."), pipe.read())[1]:
        said += rest.encode()
        if said.rstrip(b".").endswith(b"\n"):
            break

    assert said.startswith(long.encode())


@pytest.mark.parametrize("where", ["/dev/full", "closed"])
def test_a_disk_that_is_full_and_a_reader_that_is_gone_are_no_error(where, pipe):
    stream = open(where, "w") if where == "/dev/full" else pipe.stream  # noqa: SIM115
    if where == "closed":
        os.close(pipe.read_end)
        pipe.read_end = os.open(os.devnull, os.O_RDONLY)
    handler = logging.StreamHandler(NeverWaits(stream))
    record = logging.LogRecord("pilito", logging.INFO, "", 0, "said", (), None)
    handler.handleError = pytest.fail

    handler.emit(record)

    assert handler.stream._lost == 1


@pytest.mark.whole
@pytest.mark.sqlite_only
@pytest.mark.timeout(120)
def test_c20_a_log_that_nobody_reads_keeps_no_answer_away(make_shop, tmp_path, pipe, graph):
    """A worker of its own, whose standard error was full before it began."""
    import subprocess

    from test_postgres_killed import environment

    shop = make_shop(worker_concurrency=1)
    pipe.fill()
    command = [os.path.join(os.path.dirname(sys.executable), "flask"), "worker"]
    settings = shop.app.extensions["pilito_settings"]
    worker = subprocess.Popen(
        command, env=environment(settings, tmp_path), stdout=pipe.write_end, stderr=pipe.write_end
    )
    try:
        assert shop.post(webhook(text("این چنده؟", utc_now()))).status_code == 200
        wait_for(lambda: graph.sent, 60)
    finally:
        worker.kill()
        worker.wait(10)

    assert len(graph.sent) == 1
    assert pipe.read().strip("x") == ""


@pytest.fixture
def sentry():
    """A server that takes a connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://key@127.0.0.1:{server.getsockname()[1]}/1"


@pytest.mark.parametrize("is_there", [True, False])
def test_c20_a_sentry_that_says_nothing_or_is_away_keeps_nobody_waiting(sentry, free_port, is_there):
    import sentry_sdk

    dsn = sentry if is_there else f"http://key@127.0.0.1:{free_port}/1"
    settings = load_settings(_env_file=None, sentry_dsn=dsn)
    before = logging.getLogger().handlers[:]
    reporting.set_up_reporting(settings, "worker")
    begun = time.monotonic()

    for number in range(50):
        logging.getLogger("pilito.test").error("Failure %s", number)

    assert time.monotonic() - begun < 5  # of no end
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.init()
    logging.getLogger().handlers[:] = before
