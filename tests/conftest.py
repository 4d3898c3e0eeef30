"""Real servers for the tests: Redis always, SQLite always, PostgreSQL where it is installed or given."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask_migrate import upgrade
from redis import Redis
from sqlalchemy import create_engine, text

from pilito import create_app
from pilito.config import ROOT, Settings, load_settings
from pilito.extensions import socketio
from pilito.factory import bind_services
from pilito.models import db

RIM = ("test_panel", "test_api.py", "test_auth.py", "test_cli.py", "test_architecture.py", "test_jobs_dashboard.py")
POSTGRES_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
TEST_SECRET = "a secret of the tests, long enough"
VERIFY_TOKEN = "a verify token of the tests"


def pytest_addoption(parser):
    parser.addoption("--database", choices=["sqlite", "postgresql", "both"], default="both")


def pytest_generate_tests(metafunc):
    """Run what touches the database on both; pages and commands, which ask it through the same queries and verbs, on
    SQLite, unless `--database postgresql` asks for all of them there."""
    if "database_kind" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--database")
        is_rim = any(part in str(metafunc.definition.path) for part in RIM)
        kinds = ["sqlite", "postgresql"][: 1 if is_rim else 2] if asked == "both" else [asked]
        if metafunc.definition.get_closest_marker("sqlite_only"):
            kinds = ["sqlite"]
        metafunc.parametrize("database_kind", kinds, scope="session")


@pytest.fixture(scope="session")
def redis_url():
    """A real server of our own, as `make run` starts it, on a socket in a short folder."""
    from pilito.embedded_redis import find_binary

    folder = Path(tempfile.mkdtemp(prefix="plt"))
    address = folder / "redis.sock"
    server = subprocess.Popen(
        [find_binary(), "--port", "0", "--unixsocket", str(address), "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    url = f"unix://{address}?db=0"
    _wait_for(lambda: Redis.from_url(url).ping())
    yield url
    server.terminate()
    server.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url():
    """An address of a PostgreSQL server: TEST_POSTGRES_URL, else one of our own where it is installed."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield given
    elif not POSTGRES_BINARIES:
        pytest.skip("No PostgreSQL is installed, and TEST_POSTGRES_URL names none.")
    else:
        with _own_postgres(POSTGRES_BINARIES[0]) as url:
            yield url


@contextlib.contextmanager
def _own_postgres(binaries):
    folder = Path(tempfile.mkdtemp(prefix="pltpg"))
    user = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **user}
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        **quiet,
    )
    options = [
        "-c",
        "listen_addresses=",
        "-c",
        f"unix_socket_directories={folder}",
        "-c",
        "fsync=off",
        "-c",
        "max_connections=300",
    ]
    server = subprocess.Popen([binaries / "postgres", "-D", data, *options], **quiet)
    url = f"postgresql+psycopg://postgres@/postgres?host={folder}"
    engine = create_engine(url)
    _wait_for(lambda: engine.connect().close() is None)
    engine.dispose()
    yield url
    server.send_signal(2)
    server.wait(20)
    shutil.rmtree(folder, ignore_errors=True)


def _wait_for(is_ready, seconds=15):
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(Exception):
            if is_ready():
                return
        if time.monotonic() > deadline:
            raise TimeoutError("A server of the tests did not come up.")
        time.sleep(0.02)


@pytest.fixture(scope="session")
def database_template(database_kind, request, tmp_path_factory):
    """The address of a database of this run; `shared_app` migrates it."""
    if database_kind == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('db') / 'template.sqlite3'}"
    else:
        server = request.getfixturevalue("postgres_url")
        name = f"pilito_{secrets.token_hex(4)}"
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        url = (
            server.replace("/postgres?", f"/{name}?")
            if "/postgres?" in server
            else f"{server.rsplit('/', 1)[0]}/{name}"
        )
    return url


@pytest.fixture(scope="session")
def shared_app(database_template, redis_url):
    """One migrated app per database: a new one for every test would compile every statement anew."""
    app = create_app(_settings(database_url=database_template, redis_url=redis_url))
    app.config["TESTING"] = True
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
    app.extensions["tests_socket_server"] = socketio.server
    return app


@pytest.fixture
def database_url(database_template, shared_app):
    """An empty database; ids begin at 1."""
    with shared_app.app_context(), db.engine.begin() as connection:
        tables = [table.name for table in reversed(db.metadata.sorted_tables)]
        statements = [f'DELETE FROM "{name}"' for name in tables]
        if db.engine.dialect.name == "sqlite":
            for statement in statements:
                connection.exec_driver_sql(statement)
        else:
            # In one journey, and not TRUNCATE, which makes a new file for every table and index: 60 ms a test.
            statements += [f"SELECT setval('{name}_id_seq', 1, false)" for name in tables]
            connection.exec_driver_sql("; ".join(statements))
    yield database_template
    with shared_app.app_context():
        db.session.remove()
        if db.engine.dialect.name == "sqlite":
            db.engine.dispose()


@pytest.fixture
def make_app(shared_app, database_url, redis_url):
    """The app with these settings, on an empty Redis, inside a context of its own."""
    with contextlib.ExitStack() as stack:

        def make(settings):
            Redis.from_url(redis_url).flushall()
            bind_services(shared_app, settings)
            # Flask-SocketIO has one server per process: a test that makes an app of its own takes it away.
            socketio.server = shared_app.extensions["tests_socket_server"]
            shared_app.config["WTF_CSRF_ENABLED"] = True
            stack.enter_context(shared_app.app_context())
            return shared_app

        yield make


def _settings(**changes) -> Settings:
    values = {
        "_env_file": None,
        "secret_key": "a session key of the tests, long enough",
        "encryption_keys": [ENCRYPTION_KEY],
        "instagram_app_secret": [TEST_SECRET],
        "instagram_verify_token": VERIFY_TOKEN,
        "openai_api_key": "a key of the tests",
        "reply_quiet_seconds": 0,
    }
    return load_settings(**{**values, **changes})


ENCRYPTION_KEY = Fernet.generate_key().decode()


@pytest.fixture
def make_settings(database_url, redis_url):
    """Settings of a test: `make_settings(share_wait_seconds=1)`."""

    def make(**changes) -> Settings:
        return _settings(**{"database_url": database_url, "redis_url": redis_url, **changes})

    return make


@pytest.fixture
def settings(make_settings):
    return make_settings()


@pytest.fixture
def app(make_app, settings):
    return make_app(settings)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def graph():
    from fakes import FakeGraph

    return FakeGraph()


@pytest.fixture
def model():
    from fakes import FakeModel

    return FakeModel()


@pytest.fixture
def make_shop(make_settings, make_app, graph, model):
    """A shop with its fakes, on an app with the settings of the test."""
    from fakes import serve
    from shop import Shop

    with contextlib.ExitStack() as stack:
        graph_url, model_url = stack.enter_context(serve(graph)), stack.enter_context(serve(model))

        def make(**changes):
            settings = make_settings(
                instagram_graph_url=graph_url, facebook_graph_url=graph_url, openai_base_url=model_url, **changes
            )
            app = make_app(settings)
            return Shop(app, graph, model, TEST_SECRET)

        yield make


@pytest.fixture
def shop(make_shop):
    return make_shop()


@pytest.fixture(scope="session")
def meta_server(tmp_path_factory):
    """The demo's Instagram over real HTTP, one for the whole run; a test takes `meta`."""
    from meta import serve_meta

    with serve_meta(tmp_path_factory.mktemp("meta") / "state.sqlite3", TEST_SECRET) as meta:
        yield meta


@pytest.fixture
def meta(meta_server):
    """The demo's Instagram, with everything going well."""
    meta_server.access.restore()
    return meta_server


@pytest.fixture
def meta_app(meta, make_settings, make_app):
    """The app, with the demo's Instagram for the real one."""
    return make_app(make_settings(**meta.settings))
