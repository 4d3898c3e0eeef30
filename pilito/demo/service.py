"""One process for the demo: the fake Instagram under /instagram, the demo model under /openai.

Settings come from the environment; Pilito is pointed at it by
INSTAGRAM_GRAPH_URL=http://127.0.0.1:PORT/instagram and OPENAI_BASE_URL=http://127.0.0.1:PORT/openai/v1.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, jsonify
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from pilito.config import VAR
from pilito.demo.instagram import DEFAULT_TOKEN, close_fake_instagram, create_fake_instagram
from pilito.errors import ConfigError
from pilito.parent import end_with_parent

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"  # never the network: the control API has no log-in
PORT = 8001
WEBHOOK_URL = "http://127.0.0.1:8000/webhooks/instagram"
ACCOUNT_ID = "17841400000000001"


@dataclass(frozen=True)
class DemoSettings:
    port: int
    state_path: str
    app_secret: str = field(repr=False)
    webhook_url: str
    account_id: str
    token: str = field(repr=False)


def read_settings(env: Mapping[str, str]) -> DemoSettings:
    """Read the demo's settings. Raises ConfigError for what cannot work, and where it must not run."""
    if env.get("PILITO_ENV") == "production":
        raise ConfigError("PILITO_ENV: the demo runs in development only, but it is production.")
    secret = env.get("INSTAGRAM_APP_SECRET", "").split(",")[0].strip()
    if not secret:
        raise ConfigError("INSTAGRAM_APP_SECRET: the demo expects a secret to sign with, but it is empty.")
    return DemoSettings(
        port=_port(env.get("PILITO_DEMO_PORT") or str(PORT)),
        state_path=env.get("PILITO_DEMO_STATE") or str(VAR / "demo.sqlite3"),
        app_secret=secret,
        webhook_url=env.get("PILITO_DEMO_WEBHOOK_URL") or WEBHOOK_URL,
        account_id=env.get("PILITO_DEMO_ACCOUNT_ID") or ACCOUNT_ID,
        token=env.get("PILITO_DEMO_TOKEN") or DEFAULT_TOKEN,
    )


def _port(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        raise ConfigError(f"PILITO_DEMO_PORT: expected a port from 1 to 65535, but it is {value!r}.")
    return int(value)


class _QuietHandler(WSGIRequestHandler):
    """The fake keeps a log of its own; a page that polls would bury everything else on the terminal."""

    def log_request(self, *_args: Any) -> None: ...


def serve(app: Any, port: int = 0) -> BaseWSGIServer:
    """Bind a threaded server on this machine only; port 0 takes a free one."""
    return make_server(HOST, port, app, threaded=True, request_handler=_QuietHandler)


def create_service(fake: Flask) -> DispatcherMiddleware:
    from pilito.demo.model import create_demo_model  # late: the fake serves tests without the model

    root = Flask(__name__, static_folder=None)
    root.add_url_rule("/healthz", "healthz", lambda: jsonify(ok=True))
    return DispatcherMiddleware(root, {"/instagram": fake, "/openai": create_demo_model()})


def run(env: Mapping[str, str] = os.environ) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = read_settings(env)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    Path(settings.state_path).parent.mkdir(parents=True, exist_ok=True)
    fake = create_fake_instagram(
        settings.state_path,
        settings.app_secret,
        settings.webhook_url,
        settings.account_id,
        token=settings.token,
        public_url=f"http://{HOST}:{settings.port}/instagram",
    )
    server = serve(create_service(fake), settings.port)
    _stop_on_signals(server)
    end_with_parent()
    logger.info("Demo on http://%s:%d: /instagram and /openai/v1 (a demo model, not an AI).", HOST, settings.port)
    try:
        server.serve_forever(poll_interval=0.2)
    finally:
        server.server_close()
        close_fake_instagram(fake)
    return 0


def _stop_on_signals(server: BaseWSGIServer) -> None:
    def stop(*_args: Any) -> None:
        # From another thread: shutdown waits for serve_forever, which the handler interrupted.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
