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
from pilito.models import db

POSTGRES_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
TEST_SECRET = "a secret of the tests, long enough"
VERIFY_TOKEN = "a verify token of the tests"


def pytest_addoption(parser):
    parser.addoption("--database", choices=["sqlite", "postgresql", "both"], default="both")


def pytest_generate_tests(metafunc):
    """Run every test that touches the database on both, unless it says otherwise."""
    if "database_kind" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--database")
        kinds = ["sqlite", "postgresql"] if asked == "both" else [asked]
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
    """A migrated, empty database; `database_url` gives each test one like it."""
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
    app = create_app(_settings(database_url=url, redis_url="redis://127.0.0.1:1/0"))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        db.engine.dispose()
    return url


@pytest.fixture
def database_url(database_kind, database_template, tmp_path):
    if database_kind == "sqlite":
        path = tmp_path / "pilito.sqlite3"
        shutil.copy(database_template.removeprefix("sqlite:///"), path)
        yield f"sqlite:///{path}"
        return
    yield database_template
    engine = create_engine(database_template)
    with engine.begin() as connection:
        names = ", ".join(table.name for table in db.metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    engine.dispose()


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
def app(settings, redis_url):
    """The app on an empty database and an empty Redis, inside its context."""
    Redis.from_url(redis_url).flushall()
    app = create_app(settings)
    app.config["TESTING"] = True
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


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
def make_shop(make_settings, redis_url, graph, model):
    """A shop with its fakes, on an app with the settings of the test; closes everything at the end."""
    from fakes import serve
    from shop import Shop

    with contextlib.ExitStack() as stack:
        graph_url, model_url = stack.enter_context(serve(graph)), stack.enter_context(serve(model))

        def make(**changes):
            Redis.from_url(redis_url).flushall()
            settings = make_settings(
                instagram_graph_url=graph_url, facebook_graph_url=graph_url, openai_base_url=model_url, **changes
            )
            app = create_app(settings)
            app.config["TESTING"] = True
            stack.enter_context(app.app_context())
            stack.callback(lambda: (db.session.remove(), db.engine.dispose()))
            return Shop(app, graph, model, TEST_SECRET)

        yield make


@pytest.fixture
def shop(make_shop):
    return make_shop()
