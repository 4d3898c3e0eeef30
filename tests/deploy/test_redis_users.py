"""deploy/redis: one user is let in, who can do the app's work, and nothing that empties, configures or ends the server.

The whole main job as that user is tried by test_installation.py, whose Redis is started by the same script, and, like
`make run`'s, by test_run.py; every other test logs in as the same user, too (conftest.py).
"""

import os
import subprocess
from pathlib import Path

import pytest
from postgres import wait_for
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError
from redis.retry import Retry

from pilito.embedded_redis import find_binary

SCRIPT = Path(__file__).parents[2] / "deploy" / "redis" / "start.sh"
PASSWORD = "a password: with $signs' and &spaces"
FORBIDDEN = (
    "FLUSHALL", "FLUSHDB", "SWAPDB 0 1", "CONFIG GET *", "CONFIG SET maxmemory 1", "CONFIG REWRITE", "MODULE LIST",
    "SHUTDOWN NOSAVE", "ACL LIST", "ACL SETUSER me on nopass +@all", "MONITOR", "KEYS *",
    "REPLICAOF 127.0.0.1 6379", "SAVE", "BGREWRITEAOF", "SLOWLOG GET", "CLIENT LIST", "CLIENT KILL TYPE normal",
    "FUNCTION LIST", "FUNCTION FLUSH", "SCRIPT FLUSH", "MIGRATE 127.0.0.1 6379 rq:x 0 10", "RESTORE rq:x 0 x",
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("redis")
    own = {"REDIS_PASSWORD": PASSWORD, "REDIS_SERVER": find_binary(), "REDIS_USERS": str(folder / "users.acl")}
    address = folder / "s"
    words = [SCRIPT, "--port", "0", "--unixsocket", str(address), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(words, env=os.environ | own, stdout=subprocess.DEVNULL)
    wait_for(lambda: Redis(unix_socket_path=str(address), username="pilito", password=PASSWORD).ping())
    yield folder
    process.terminate()
    process.wait(10)


@pytest.fixture
def connect(server):
    at_once = Retry(NoBackoff(), 0)  # a refused password is tried ten times else, which takes five seconds
    return lambda **who: Redis(unix_socket_path=str(server / "s"), retry=at_once, **who)


@pytest.fixture
def app(connect):
    return connect(username="pilito", password=PASSWORD)


@pytest.mark.parametrize(
    "who",
    [{}, {"password": PASSWORD}, {"username": "pilito", "password": "another"}, {"username": "admin", "password": "x"}],
    ids=str,
)
def test_nobody_else_is_let_in(connect, who):
    with pytest.raises(AuthenticationError):
        connect(**who).ping()


@pytest.mark.parametrize("command", FORBIDDEN)
def test_the_apps_user_may_not(app, command):
    with pytest.raises(NoPermissionError):
        app.execute_command(*command.split())


@pytest.mark.parametrize("command", ["DEBUG SLEEP 0", "MODULE LOAD /tmp/x.so"])
def test_what_the_server_allows_nobody_is_refused_too(app, command):
    with pytest.raises(ResponseError, match="not allowed|no permissions"):
        app.execute_command(*command.split())


@pytest.mark.parametrize("call", ["'FLUSHALL'", "'CONFIG', 'GET', '*'", "'SET', 'others', '1'"])
def test_a_script_may_no_more_than_its_user(app, call):
    with pytest.raises(ResponseError, match="can't|not allowed|permission|ACL"):
        app.eval(f"return redis.call({call})", 0)


def test_it_is_held_to_the_keys_and_the_channels_of_the_app(app):
    for verb in (lambda: app.set("others", 1), lambda: app.get("others"), lambda: app.publish("others", "x")):
        with pytest.raises(NoPermissionError):
            verb()

    for key in ("rq:job:1", "pilito:signals", "pending_share_1"):
        assert app.set(key, 1, ex=5)
    assert app.publish("pilito-socket", "x") == 0


def test_the_server_keeps_what_it_has_and_throws_nothing_away(app):
    told = {**app.info("persistence"), **app.info("memory")}

    assert told["aof_enabled"] == 1
    assert told["maxmemory_policy"] == "noeviction"


def test_the_password_stands_nowhere(server):
    users = server / "users.acl"

    assert PASSWORD not in users.read_text()
    assert users.stat().st_mode & 0o077 == 0


def test_without_a_password_nothing_is_started(tmp_path):
    env = {"PATH": os.environ["PATH"], "REDIS_SERVER": find_binary(), "REDIS_USERS": str(tmp_path / "users")}

    done = subprocess.run([SCRIPT], env=env, capture_output=True, text=True, timeout=20, check=False)

    assert done.returncode == 1
    assert "REDIS_PASSWORD" in done.stderr


def test_the_password_may_lie_in_a_file(tmp_path):
    (tmp_path / "secret").write_text("from a file")
    own = {"REDIS_PASSWORD_FILE": str(tmp_path / "secret"), "REDIS_SERVER": "cat", "REDIS_USERS": str(tmp_path / "u")}

    subprocess.run([SCRIPT], env={"PATH": os.environ["PATH"], **own}, capture_output=True, timeout=20, check=False)

    assert "user default off" in (tmp_path / "u").read_text()
    assert "SHA256" not in (tmp_path / "u").read_text()
