"""The live line over real sockets and the tests' real Redis: who gets one, and that it ends when it has to."""

import contextlib
import socket
import threading

import pytest
from postgres import wait_for
from rows import FreshClient, add_operator
from sqlalchemy.exc import OperationalError
from werkzeug.serving import make_server

from pilito import keys
from pilito.blueprints.panel import sockets
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import Operator, OperatorSession, db
from pilito.people import second_step, sessions, team

pytestmark = pytest.mark.sqlite_only

PATH = "/socket.io/?EIO=4&transport=websocket"
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
HELLO, JOIN, JOINED, LEAVE, LEFT = "0{", "40", "40{", "41", "41"  # Engine.IO and Socket.IO, as they are sent
SOON_SECONDS = 2  # far below WATCH_SECONDS, after which the database would be asked


@pytest.fixture
def port(app, free_port):
    """A web server of this app."""
    server = make_server("127.0.0.1", free_port, app, threaded=True)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield free_port
    server.shutdown()
    server.server_close()


class Person:
    """Somebody who is logged in, and what their browser sends."""

    def __init__(self, app, role):
        with transaction():
            operator = add_operator(role)
            self.id, key = operator.id, operator.get_id()
        self.session_id = db.session.scalars(db.select(OperatorSession.id).filter_by(operator_id=self.id)).one()
        browser = FreshClient(app)
        with browser.session_transaction() as session:
            session.update({"_user_id": key, "_fresh": True})
        self.headers = {"Cookie": f"pilito={browser.get_cookie('pilito').value}"}


@pytest.fixture
def sara(app):
    return Person(app, Role.AGENT)


@pytest.fixture
def owner(app):
    return Person(app, Role.OWNER).id


class Line:
    """A WebSocket by hand, which says no more than it is told to: no pong, no goodbye."""

    def __init__(self, port, headers):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SOON_SECONDS)
        asked = "".join(f"{name}: {value}\r\n" for name, value in (UPGRADE | headers).items())
        self.socket.sendall(f"GET {PATH} HTTP/1.1\r\nHost: x\r\n{asked}\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        while self.file.readline().strip():
            pass  # the headers

    def say(self, word):
        """As a browser does: masked, by a mask of zeros."""
        self.socket.sendall(bytes([0x81, 0x80 | len(word)]) + bytes(4) + word.encode())

    def hear(self, seconds=SOON_SECONDS):
        """Return the next word; "" when the other side has hung up. Raises TimeoutError."""
        self.socket.settimeout(seconds)
        head = self.file.read(2)
        if len(head) < 2 or head[0] != 0x81:  # no text: the goodbye of a WebSocket
            return ""
        length = int.from_bytes(self.file.read(2)) if head[1] == 126 else head[1]
        return self.file.read(length).decode()

    def hear_out(self):
        """Wait until the other side cuts the line; return what it said before. Raises TimeoutError."""
        heard = []
        while word := self.hear():
            heard.append(word)
        while self.socket.recv(4096):
            pass
        return heard

    def close(self):
        self.file.close()
        self.socket.close()


@pytest.fixture
def dial(port):
    """Ask for a WebSocket as somebody, or as nobody, and say these words on it."""
    with contextlib.ExitStack() as stack:

        def make(headers, *words):
            line = stack.enter_context(contextlib.closing(Line(port, headers)))
            for word in words:
                line.say(word)
            return line

        yield make


@pytest.fixture
def open_line(dial, redis_client):
    """Open somebody's line, and join: return it once this server hears what the others say."""

    def make(person):
        line = dial(person.headers, JOIN)
        assert line.hear().startswith(HELLO)
        assert line.hear().startswith(JOINED)
        wait_for(lambda: redis_client.pubsub_numsub(keys.SOCKET_CHANNEL)[0][1])
        return line

    return make


# --- who gets one ----------------------------------------------------------------------------------------------------


def test_a_stranger_gets_no_websocket_at_all(dial):
    """It would stay for as long as its other end answers pings, and a web process bears two thousand."""
    assert dial({}).status == 401
    assert dial({"Cookie": "pilito=nonsense"}).status == 401


def test_neither_does_somebody_whose_log_in_has_ended(dial, sara):
    assert dial(sara.headers).status == 101

    sessions.log_out(sara.session_id, sara.id, utc_now())

    assert dial(sara.headers).status == 401


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(sockets, "JOIN_SECONDS", 0.2)


def test_who_does_not_join_is_hung_up_on_though_they_say_no_goodbye(dial, sara, impatient):
    line = dial(sara.headers)

    assert line.status == 101
    assert [word[:2] for word in line.hear_out()] == [HELLO]


@pytest.mark.parametrize("words", [(JOIN, LEAVE), (JOIN, LEAVE, "3", "3"), ("40/nowhere,",)], ids=" ".join)
def test_nor_does_anybody_keep_the_websocket_whose_line_has_ended(dial, sara, impatient, words):
    assert dial(sara.headers, *words).hear_out()


def test_who_has_joined_stays(sara, impatient, open_line):
    line = open_line(sara)

    with pytest.raises(TimeoutError):
        line.hear(3 * sockets.JOIN_SECONDS)


def test_a_log_in_has_only_so_many_lines_and_another_its_own(app, dial, sara, open_line, monkeypatch):
    monkeypatch.setattr(sockets, "MOST_LINES", 2)
    lines = [open_line(sara), open_line(sara)]

    assert dial(sara.headers).status == 401
    assert dial(Person(app, Role.AGENT).headers).status == 101

    lines[0].close()
    wait_for(lambda: list(sockets._lines(app).values()).count(sara.session_id) == 1)
    assert dial(sara.headers).status == 101


def test_a_page_that_knocks_without_end_is_refused_for_a_while(make_app, make_settings, dial):
    sara = Person(make_app(make_settings(requests_per_minute=2)), Role.AGENT)

    assert [dial(sara.headers).status for _ in range(3)] == [101, 101, 401]


def test_while_the_database_is_away_a_line_is_refused_and_the_page_asks_again(dial, sara, monkeypatch):
    def fail(*_):
        raise OperationalError("SELECT secret", {}, Exception("no connection"))

    with monkeypatch.context() as away:
        away.setattr(sessions, "find_session", fail)
        assert dial(sara.headers).status == 401

    assert dial(sara.headers).status == 101


# --- and when it ends ------------------------------------------------------------------------------------------------


def lose_log_in(sara, _owner):
    sessions.log_out(sara.session_id, sara.id, utc_now())


def end_elsewhere(sara, _owner):
    sessions.end_session(sara.session_id, sara.id, utc_now())


def become_admin(sara, owner):
    team.change_role(sara.id, Role.ADMIN, owner, utc_now())


def become_viewer(sara, owner):
    team.change_role(sara.id, Role.VIEWER, owner, utc_now())


def be_deactivated(sara, owner):
    team.deactivate(sara.id, owner, utc_now())


def be_deactivated_after_a_lost_word(sara, owner):
    """The log-in had ended already, and its line had not heard of it."""
    with transaction():
        db.session.get_one(OperatorSession, sara.session_id).ended_at = utc_now()
    team.deactivate(sara.id, owner, utc_now())


ENDS = [lose_log_in, end_elsewhere, become_admin, become_viewer, be_deactivated, be_deactivated_after_a_lost_word]


@pytest.mark.parametrize("happen", ENDS, ids=lambda happen: happen.__name__)
def test_the_open_line_is_closed_by_a_word_over_redis(app, open_line, sara, owner, happen):
    """What says so and what hears it meet in Redis only, as a worker and a web process do."""
    other = Person(app, Role.AGENT)
    line, beside = open_line(sara), open_line(other)

    happen(sara, owner)

    assert line.hear() == LEFT
    with pytest.raises(TimeoutError):
        beside.hear(0.05)


def require_of_all(_admin, owner):
    with transaction():
        db.session.get_one(Operator, owner).totp_at = utc_now()
    second_step.require_for_admins(True, owner, utc_now())


def take_from_one(admin, owner):
    second_step.switch_off(admin.id, owner, utc_now())


@pytest.mark.parametrize("happen", [require_of_all, take_from_one], ids=lambda happen: happen.__name__)
def test_the_line_of_whoever_has_to_set_up_the_second_step_is_closed(app, open_line, owner, happen):
    admin, agent = Person(app, Role.ADMIN), Person(app, Role.AGENT)
    line, beside = open_line(admin), open_line(agent)

    happen(admin, owner)

    assert line.hear() == LEFT
    with pytest.raises(TimeoutError):
        beside.hear(0.05)
