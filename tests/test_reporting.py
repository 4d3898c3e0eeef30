"""Sentry and the collector hear of errors and spans, over real HTTP, and of no word that a customer wrote."""

import gzip
import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pilito import reporting, trace
from pilito.config import load_settings
from pilito.errors import ConfigError
from pilito.logs import JsonLines
from pilito.reporting import set_up_reporting

CANARY = "قیمت لباس قرمز برای مریم"
TOKEN = "IGAA-a-token-of-an-account"


@pytest.fixture
def collector():
    """A server that keeps what it is posted."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            got.append((self.path, body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()


def test_sentry_hears_of_the_error_and_of_no_word(collector):
    import sentry_sdk

    address, got = collector
    set_up_reporting(load_settings(_env_file=None, sentry_dsn=f"http://key@{address}/1"), "worker")
    try:
        secret = TOKEN  # a local variable of the frame
        with trace.traced("webhook-17"):
            try:
                raise ValueError(f"cannot read {CANARY} with {secret}")
            except ValueError:
                logging.getLogger("pilito.test").exception("The job %s failed for %s", 3, CANARY)
        sentry_sdk.flush(5)
    finally:
        sentry_sdk.init()  # off again
    said = b"".join(body for _path, body in got).decode()

    assert "ValueError" in said
    assert "test_reporting" in said
    assert "webhook-17" in said
    assert "The job %s failed for %s" in said
    for word in (*CANARY.split(), json.dumps(CANARY)[1:-1], TOKEN):
        assert word not in said


def test_the_collector_gets_spans_without_words(collector, monkeypatch):
    address, got = collector
    monkeypatch.setattr(reporting, "_tracer", None)
    set_up_reporting(load_settings(_env_file=None, otel_exporter_otlp_endpoint=f"http://{address}"), "worker")
    answered = reporting.instrument(lambda environ, start: [b"ok"])({"PATH_INFO": f"/conversations/{TOKEN}"}, None)

    with trace.traced("webhook-9"), pytest.raises(ValueError, match=CANARY), reporting.span("answer_turn"):
        raise ValueError(CANARY)
    reporting._tracer.span_processor.force_flush()

    said = b"".join(body for path, body in got if path == "/v1/traces")
    assert answered == [b"ok"]
    for word in ("answer_turn", "webhook-9", "GET /conversations", "pilito-worker", "ValueError"):
        assert word.encode() in said
    assert CANARY.encode() not in said
    assert TOKEN.encode() not in said


@pytest.mark.parametrize(
    ("setting", "value", "package"),
    [
        ("sentry_dsn", "http://key@127.0.0.1/1", "sentry_sdk"),
        ("otel_exporter_otlp_endpoint", "http://127.0.0.1:1", "opentelemetry.exporter.otlp.proto.http.trace_exporter"),
    ],
)
def test_a_missing_package_is_a_sentence_that_says_what_to_install(monkeypatch, setting, value, package):
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(ConfigError, match=r"requirements-watching\.lock"):
        set_up_reporting(load_settings(_env_file=None, **{setting: value}), "web")


def test_without_the_settings_nothing_is_loaded_or_wrapped():
    def app(_environ, _start):
        return []

    set_up_reporting(load_settings(_env_file=None), "web")

    assert reporting.instrument(app) is app or reporting._tracer is not None


def test_a_line_carries_the_id_of_its_webhook_and_others_none():
    record = logging.LogRecord("pilito.x", logging.INFO, __file__, 1, "done", (), None)

    with trace.traced("webhook-3"):
        inside = json.loads(JsonLines().format(record))
    outside = json.loads(JsonLines().format(record))

    assert inside["trace"] == "webhook-3"
    assert "trace" not in outside
