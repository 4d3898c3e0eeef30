"""How an app is made: extensions bound, blueprints and commands added. No logic."""

import os
import secrets
from collections.abc import Callable
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from flask import Flask
from flask.helpers import get_debug_flag
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from werkzeug.middleware.proxy_fix import ProxyFix

from pilito import extensions, failpoints, keys
from pilito.config import ROOT, VAR, Settings, load_settings
from pilito.errors import ConfigError

# A hint must not hold a web request: no retry, and a dead Redis is noticed at once.
REDIS_TIMEOUT_SECONDS = 2.0


def make_app(settings: Settings | None = None) -> Flask:
    """Make the app. Raises ConfigError with one sentence when a setting is wrong."""
    settings = settings or load_settings()
    if settings.in_production:
        _check_production(settings)
    failpoints.arm(os.environ.get("PILITO_FAILPOINT", ""), settings.in_production)
    app = Flask("pilito")
    app.config.update(_flask_config(settings))
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    bind_services(app, settings)
    _bind_extensions(app, settings)
    _add_commands(app)
    _add_blueprints(app, settings)
    return app


def _check_production(settings: Settings) -> None:
    """Refuse what the settings cannot: `make run` reads those before it has started its own Redis."""
    if get_debug_flag():
        # An error would then be raised past our pages, headers and logs: with its words, and without a number.
        raise ConfigError("FLASK_DEBUG: expected nothing in production, but it is on.")
    if not settings.redis_url:
        raise ConfigError("REDIS_URL: production expects the address of a Redis server, but there is none.")


def bind_services(app: Flask, settings: Settings) -> None:
    """Give the app what hangs on its settings alone; each connects on first use. Again: with other settings."""
    from pilito.channels import build_channels
    from pilito.media import open_store

    app.extensions["pilito_settings"] = settings
    app.extensions["pilito_redis"] = _connect_redis(settings)
    app.extensions["pilito_vault"] = _open_vault(settings)
    app.extensions["pilito_channels"] = build_channels(settings)
    app.extensions["pilito_media_store"] = open_store(settings)
    app.extensions["pilito_queues"] = {}
    on_first_use = ("pilito_scheduler", "pilito_emitter", "pilito_model", "pilito_pace", "pilito_tries", "pilito_rates")
    for made in on_first_use:
        app.extensions.pop(made, None)


def _flask_config(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.secret_key or secrets.token_urlsafe(32),
        "SECRET_KEY_FALLBACKS": settings.secret_key_fallbacks,
        "SQLALCHEMY_DATABASE_URI": settings.database_url or f"sqlite:///{VAR / 'pilito.sqlite3'}",
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_pre_ping": True,
            # A connection for every thread of a worker, opened when needed; a web process needs far fewer.
            "pool_size": settings.worker_concurrency + 12,
            "max_overflow": 8,
            "hide_parameters": True,  # an error text ends up in logs, and parameters are customers' words
        },
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        # A browser takes a cookie with this prefix by HTTPS and from this very host only: no neighbour plants one.
        "SESSION_COOKIE_NAME": "__Host-pilito" if settings.public_url.startswith("https://") else "pilito",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SECURE": settings.public_url.startswith("https://"),
        "PERMANENT_SESSION_LIFETIME": 7 * 24 * 3600,
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _connect_redis(settings: Settings) -> Redis:
    """Make the client; it connects on first use."""
    return Redis.from_url(
        settings.redis_url or "redis://127.0.0.1:6379/0",
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _open_vault(settings: Settings) -> MultiFernet:
    """The keys for tokens at rest; without one, a throw-away key opens nothing, and no account can be connected."""
    keys = settings.encryption_keys or [Fernet.generate_key().decode()]
    return MultiFernet([Fernet(key) for key in keys])


class _Migrations:
    """What `flask db` finds under `migrate`, made when it is asked for: a web process never migrates, and Alembic
    costs it 8 MB."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate

        Migrate(compare_type=True).init_app(self._app, extensions.db, directory=str(ROOT / "migrations"))
        return getattr(self._app.extensions["migrate"], name)  # which is its own by now


def _bind_extensions(app: Flask, settings: Settings) -> None:
    from pilito import models  # noqa: F401  (registers the tables)
    from pilito.database import set_up_engine
    from pilito.search import keep  # noqa: F401  (listens for what is written)

    extensions.db.init_app(app)
    app.extensions["migrate"] = _Migrations(app)
    extensions.csrf.init_app(app)
    extensions.login.init_app(app)
    extensions.socketio.init_app(
        app,
        client_manager=_socket_manager(settings),
        async_mode=_async_mode(),
        cors_allowed_origins=_is_own_origin(settings),
        max_http_buffer_size=16_384,
        transports=["websocket"],
    )
    with app.app_context():
        set_up_engine(extensions.db.engine)


def _socket_manager(settings: Settings) -> Any:
    """What brings the workers' words to the browsers; given by hand, for Flask-SocketIO takes unix:// for AMQP."""
    from pilito.realtime import LineManager

    return LineManager(settings.redis_url, channel=keys.SOCKET_CHANNEL) if settings.redis_url else None


def _is_own_origin(settings: Settings) -> Callable[[str, dict[str, Any]], bool]:
    """Who may open the live line: pages from which we take forms."""
    from pilito.blueprints.origins import is_own

    return lambda origin, environ: is_own(origin, environ, settings.public_url)


def _async_mode() -> str:
    """gevent where gunicorn has patched the process for it, threads elsewhere (worker, tests, `flask` commands)."""
    from gevent.monkey import is_module_patched

    return "gevent" if is_module_patched("socket") else "threading"


def _add_commands(app: Flask) -> None:
    from pilito import cli

    cli.register(app)


def _add_blueprints(app: Flask, settings: Settings) -> None:
    from pilito import blueprints

    blueprints.register(app, settings)
