"""Real servers for the tests: Redis always, SQLite always, PostgreSQL where it is installed or given."""

import contextlib
import logging
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from emptying import empty
from fakes import FakeGraph, FakeModel, held_port, serve
from flask_migrate import upgrade
from kept import Kept
from postgres import BINARIES, OwnPostgres, wait_for, wait_for_postgres
from redis import Redis
from shop import TEST_SECRET, VERIFY_TOKEN, Shop
from sqlalchemy import create_engine, event, text

from pilito import create_app
from pilito.config import ROOT, Settings, load_settings
from pilito.conversations import shelves
from pilito.extensions import socketio
from pilito.factory import bind_services
from pilito.logs import JsonLines, Lines
from pilito.models import db

RIM = (
    "test_panel",
    "test_api.py",
    "test_auth.py",
    "test_cli.py",
    "test_architecture.py",
    "test_jobs_dashboard.py",
    "test_roles.py",
    "test_team_page.py",
    "test_own_pages.py",
    "test_audit_page.py",
)
# The files that mostly wait, for real processes, a real browser, a real worker, and which process begins with each.
LONG = {"test_run.py": 0, "test_panel_walk.py": 1, "test_postgres_killed.py": 2, "test_worker.py": 2}


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


@pytest.fixture(scope="session", autouse=True)
def _nothing_outside():
    """No test asks the real internet for a file; those of the door itself bring their own names."""
    with pytest.MonkeyPatch.context() as patch:  # not `monkeypatch`: asked for first, it would be undone last
        patch.setattr("pilito.outside.look_up", _know_nobody)
        yield


def _know_nobody(host):
    raise socket.gaierror(f"The tests know no host {host}.")


def pytest_configure(config):
    """With several processes, start PostgreSQL once for all of them, while they collect; they find it by its address."""
    distributes = getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput")
    if not distributes or os.environ.get("TEST_POSTGRES_URL") or not BINARIES:
        return
    if config.getoption("--database") == "sqlite" or config.option.collectonly:
        return
    postgres = OwnPostgres()
    config.add_cleanup(postgres.stop)
    os.environ["TEST_POSTGRES_URL"] = postgres.url
    threading.Thread(target=postgres.start, name="postgres-start").start()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Leave out what is not for both, and let each process begin with a long file: `worksteal` gives every process an
    equal stretch of the list to begin with, and another takes over what is left of a stretch that waits."""
    if config.getoption("--database") == "both":
        items[:] = [item for item in items if not _is_of_sqlite_only(item)]
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    long = {name: [item for item in items if item.path.name == name] for name in LONG}
    ordered = [item for item in items if item.path.name not in LONG]
    for name, process in LONG.items():
        start = process % processes * len(items) // processes
        ordered[start:start] = long[name]
    items[:] = ordered


def _is_of_sqlite_only(item):
    """A case on PostgreSQL that is marked by itself: `pytest.param(2, marks=pytest.mark.sqlite_only)`."""
    kind = item.callspec.params.get("database_kind") if hasattr(item, "callspec") else None
    return kind == "postgresql" and item.get_closest_marker("sqlite_only") is not None


# What the tests themselves do with the app's connection; nothing else is added to what the app's user may.
ALSO_OF_TESTS = "+flushall +keys +config|get +config|set"


@pytest.fixture(scope="session")
def redis_address():
    """The socket of a real server of our own, in a short folder; who comes without a name may do everything."""
    from pilito.embedded_redis import app_user, find_binary

    folder = Path(tempfile.mkdtemp(prefix="plt"))
    address, configuration = folder / "redis.sock", folder / "redis.conf"
    configuration.write_text(f"{app_user('app')} {ALSO_OF_TESTS}\n")
    server = subprocess.Popen(
        [find_binary(), str(configuration), "--port", "0", "--unixsocket", str(address), "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL,
    )
    wait_for(lambda: Redis(unix_socket_path=str(address)).ping())
    yield address
    server.terminate()
    server.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def redis_url(redis_address):
    """Its address for the app, which is the user there that it is everywhere."""
    return f"unix://pilito:app@{redis_address}?db=0"


@pytest.fixture(scope="session")
def postgres_url():
    """An address of a PostgreSQL server: TEST_POSTGRES_URL, else one of our own where it is installed."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        wait_for_postgres(given)
        yield given
    elif not BINARIES:
        pytest.skip("No PostgreSQL is installed, and TEST_POSTGRES_URL names none.")
    else:
        postgres = OwnPostgres()
        postgres.start()
        wait_for_postgres(postgres.url)
        yield postgres.url
        postgres.stop()


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
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _spare_the_disk)
        upgrade(directory=str(ROOT / "migrations"))
    app.extensions["tests_socket_server"] = server = socketio.server
    yield app
    _end_listener(server.manager)


def _end_listener(manager):
    """Let go of Redis, while it still lives, where a thread waits for the workers' words: python-socketio knows no end
    for it and would subscribe anew for ever. So it is parked there, until the process ends."""
    if not getattr(manager, "thread", None):
        return  # no browser came
    parked = threading.Event()

    def park():
        parked.set()
        threading.Event().wait()

    manager._redis_connect = park
    manager.pubsub.unsubscribe()
    assert parked.wait(20), "The listener of python-socketio did not let go."


def _spare_the_disk(connection, _record):
    """No test pulls the plug: what the operating system has taken is safe enough."""
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "Pilito waits for the disk with every commit."
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(scope="session")
def redis_client(redis_address):
    return Redis(unix_socket_path=str(redis_address))


@pytest.fixture
def database_url(database_template, shared_app):
    """An empty database; ids begin at 1."""
    with shared_app.app_context(), db.engine.begin() as connection:
        empty(connection)
    yield database_template
    with shared_app.app_context():
        db.session.remove()


@pytest.fixture
def make_app(shared_app, database_url, redis_client):
    """The app with these settings, on an empty Redis, inside a context of its own."""
    with contextlib.ExitStack() as stack:

        def make(settings):
            redis_client.flushall()
            bind_services(shared_app, settings)
            # Flask-SocketIO has one server per process: a test that makes an app of its own takes it away.
            socketio.server = shared_app.extensions["tests_socket_server"]
            shared_app.config["WTF_CSRF_ENABLED"] = True
            shelves.clear()  # of another test's facts, by the same ids
            stack.enter_context(shared_app.app_context())
            return shared_app

        yield make


def _settings(**changes) -> Settings:
    """Settings are frozen and to read them takes longer than many a test: the same are read once."""
    key = repr(changes)
    if key not in _read:
        _read[key] = load_settings(**{**DEFAULTS, **changes})
    return _read[key]


_read: dict[str, Settings] = {}
DEFAULTS = {
    "_env_file": None,
    "secret_key": "a session key of the tests, long enough",
    "encryption_keys": [Fernet.generate_key().decode()],
    "instagram_app_secret": [TEST_SECRET],
    "instagram_verify_token": VERIFY_TOKEN,
    "openai_api_key": "a key of the tests",
    "reply_quiet_seconds": 0,
    "requests_per_minute": 0,  # a test asks as often as it likes; what limits it has is tests/blueprints/test_rates.py
}


@pytest.fixture(scope="session")
def media_root(tmp_path_factory):
    return tmp_path_factory.mktemp("media") / "media"


@pytest.fixture
def media_folder(media_root):
    """Where the copies of a test lie: one folder for all, so that they have the same settings; empty again afterwards."""
    yield media_root
    if media_root.exists():
        shutil.rmtree(media_root)


@pytest.fixture
def make_settings(database_url, redis_url, media_folder):
    """Settings of a test: `make_settings(share_wait_seconds=1)`."""

    def make(**changes) -> Settings:
        own = {"database_url": database_url, "redis_url": redis_url, "media_url": f"file://{media_folder}"}
        return _settings(**own | changes)

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
    with held_port() as port:
        yield port


@pytest.fixture
def mailbox(free_port):
    """A mail server, and what came to it."""
    from mailbox_server import serve_mailbox

    with serve_mailbox(free_port) as box:
        yield box


@pytest.fixture
def lines():
    """Every line of the log from DEBUG on, in both forms that production writes."""
    found = []

    class Keep(logging.Handler):
        def emit(self, record):
            found.append(Lines("%(levelname)s %(message)s", True).format(record))
            found.append(JsonLines(is_discreet=True).format(record))

    handler, root = Keep(), logging.getLogger()
    root.addHandler(handler)
    yield found
    root.removeHandler(handler)


@pytest.fixture
def graph():
    return FakeGraph()


@pytest.fixture
def model():
    return FakeModel()


@pytest.fixture(scope="session")
def graph_line():
    with serve() as line:
        yield line


@pytest.fixture(scope="session")
def model_line():
    with serve() as line:
        yield line


@pytest.fixture
def files():
    """A host of files on this machine; a shop made with `files.settings` fetches from it, as the demo does."""
    from fakes import FakeFiles

    with FakeFiles().serve() as host:
        yield host


@pytest.fixture
def bucket_server():
    """An empty bucket on this machine; an app made with `bucket_server.settings` keeps its files there."""
    from fakes import FakeBucket

    with FakeBucket().serve() as server:
        yield server


@pytest.fixture
def make_shop(make_settings, make_app, graph, model, graph_line, model_line):
    """A shop with its fakes, on an app with the settings of the test."""
    graph_line.fake, model_line.fake = graph, model

    def make(**changes):
        settings = make_settings(
            instagram_graph_url=graph_line.url,
            facebook_graph_url=graph_line.url,
            openai_base_url=model_line.url,
            **changes,
        )
        app = make_app(settings)
        return Shop(app, graph, model, TEST_SECRET)

    return make


@pytest.fixture
def shop(make_shop):
    return make_shop()


@pytest.fixture(scope="session")
def beginnings(database_kind):
    """What `begin` has made on this database: by whom, and what it left."""
    return {}


@pytest.fixture
def begin(beginnings, redis_client):
    """`begin(shop, make)`: the shop as `make(shop)` leaves it, which is asked once for each settings. What it makes is in
    the database, in Redis and in the fakes alone: `kept.py` puts that back as it was."""

    def begin_with(shop, make):
        fakes = [shop.graph, shop.model]
        key = make, id(shop.app.extensions["pilito_settings"])  # the same are one object, read once
        if key in beginnings:
            beginnings[key].put_back(redis_client, fakes)
        else:
            make(shop)
            beginnings[key] = Kept(redis_client, fakes)
        return shop

    return begin_with


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
