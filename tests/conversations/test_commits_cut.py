"""C5: the line to PostgreSQL is cut in the middle of a commit, so that nobody knows whether it was committed.

Each commit of a question's way from the webhook to the send, cut in both ways: before the server hears of it, and after
it has done it. What the other side does then is what it does anyway: the provider repeats what was not taken, the sweep
finds what is unfinished, and unique keys make of the second time the first.
"""

import contextlib
import itertools
import os
import select
import shutil
import socket
import tempfile
import threading

import pytest
from shop import echo, text, webhook
from test_crash_cells import QUESTION, Talk, recover, work

from pilito.clock import utc_now
from pilito.lifecycle import ConversationState, DeliveryState, Sender
from pilito.models import Delivery, Message, db
from pilito.postgres import Line

pytestmark = pytest.mark.timeout(200)

UNHEARD, UNTOLD = WAYS = ("the server never hears of it", "the server has done it, and nobody is told")
COMMIT = b"COMMIT\x00"


class Proxy:
    """Stands between us and the server, and cuts the line at one commit: the `cut_at`-th from when it is told so."""

    def __init__(self, host, port):
        self.folder = tempfile.mkdtemp(prefix="pltpx")
        self._server = (os.path.join(host, f".s.PGSQL.{port}"),) if host.startswith("/") else (host, port)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(os.path.join(self.folder, ".s.PGSQL.5432"))
        self._listener.listen(50)
        self.commits, self.cut_at, self.way, self.cuts = 0, 0, "", 0
        threading.Thread(target=self._serve, daemon=True).start()

    def arm(self, way, cut_at):
        self.commits, self.cut_at, self.way, self.cuts = 0, cut_at, way, 0

    def end(self):
        self._listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(line,), daemon=True).start()

    def _carry(self, client):
        server = socket.socket(socket.AF_UNIX if len(self._server) == 1 else socket.AF_INET)
        with client, server, contextlib.suppress(OSError):
            server.connect(self._server[0] if len(self._server) == 1 else self._server)
            while True:
                for source in select.select([client, server], [], [])[0]:
                    data = source.recv(65536)
                    if not data or (source is client and self._is_cut(data, server)):
                        return
                    (server if source is client else client).sendall(data)

    def _is_cut(self, data, server):
        if COMMIT not in data:
            return False
        self.commits += 1
        if self.commits != self.cut_at:
            return False
        self.cuts += 1
        if self.way == UNTOLD:
            server.sendall(data)
            server.recv(65536)  # done
        return True


@pytest.fixture
def proxy(database_kind, make_app, settings, monkeypatch):
    """All lines of the app go through it from now on."""
    if database_kind == "sqlite":
        pytest.skip("SQLite is in the process: there is no line.")
    app = make_app(settings)
    with app.app_context():
        engine = db.engine
    where = engine.dialect.create_connect_args(engine.url)[1]
    proxy = Proxy(where.get("host", "127.0.0.1"), where.get("port", 5432))

    connect = Line.connect
    monkeypatch.setattr(Line, "connect", lambda **more: connect(**{**more, "host": proxy.folder, "port": 5432}))
    db.session.remove()
    engine.dispose()
    yield proxy
    db.session.remove()
    engine.dispose()
    proxy.end()


@pytest.fixture
def shop(proxy, make_shop):
    return make_shop(reply_quiet_seconds=0)


@pytest.mark.parametrize("way", WAYS)
def test_c5_a_webhook_whose_commit_is_cut_is_no_false_200_and_its_repetition_is_no_second_message(shop, proxy, way):
    body = webhook(text("این چنده؟", utc_now(), mid="once"))
    proxy.arm(way, 1)

    refused = shop.post(body)
    taken = [shop.post(body).status_code for _ in range(2)]
    recover(shop)  # what was committed untold has no job

    assert (refused.status_code, taken) == (503, [200, 200])
    assert proxy.cuts == 1
    said = db.session.scalars(db.select(Message).filter_by(sender=Sender.CUSTOMER)).all()
    assert [one.external_id for one in said] == ["once"]
    assert len(shop.graph.sent) == 1


def ask_again_until_taken(shop, talk):
    body = webhook(text("این چنده؟", utc_now(), mid=f"question-{talk.customer}", customer=talk.customer))
    assert any(shop.post(body).status_code == 200 for _ in range(3))


@pytest.mark.whole
def test_c5_each_commit_on_the_way_of_a_question_may_be_cut(shop, proxy):
    proxy.arm(UNHEARD, 0)
    first = Talk(shop, QUESTION)
    ask_again_until_taken(shop, first)
    work(shop)
    commits = proxy.commits
    assert commits >= 5  # the ledger, what it says, the claim, the reply, the outcome
    assert len(first.sent) == 1

    for way, cut_at in itertools.product(WAYS, range(1, commits + 1)):
        talk = Talk(shop, QUESTION)
        proxy.arm(way, cut_at)
        ask_again_until_taken(shop, talk)
        work(shop)
        recover(shop)

        cell = f"{way}, commit {cut_at} of {commits}"
        assert proxy.cuts == 1, cell
        assert len([one for one in talk.rows(Message) if one.sender is Sender.CUSTOMER]) == 1, cell
        [delivery] = talk.rows(Delivery)
        if delivery.state is DeliveryState.UNKNOWN:  # claimed for its send, and nobody knows: a person decides
            assert talk.conversation.state in (ConversationState.HANDED_OVER, ConversationState.OPERATOR), cell
            for one in talk.sent:
                assert shop.post(webhook(echo(one["text"], utc_now(), one["mid"], customer=talk.customer)))
            work(shop)
            assert talk.rows(Delivery)[0].state is (DeliveryState.SENT if talk.sent else DeliveryState.UNKNOWN), cell
        else:
            assert (delivery.state, len(talk.sent)) == (DeliveryState.SENT, 1), cell
        assert len(talk.sent) <= 1, cell
