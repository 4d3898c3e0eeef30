"""An upgrade while the version before goes on: its rows are taken, none is lost, and whoever comes later finishes them.

"The version before" writes what the tables of the first release had: their columns are read from a database that stands
there, so that nothing of today's models is in its statements.
"""

import json
import threading
import time

import pytest
from flask_migrate import downgrade, upgrade
from shop import seconds, text, webhook
from sqlalchemy import MetaData, event, select
from sqlalchemy.exc import OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from test_migrations import differences
from test_upgrades import FIRST_RELEASED

from pilito.clock import utc_now
from pilito.config import ROOT
from pilito.conversations.sweep import sweep
from pilito.database import transaction
from pilito.models import Audit, Delivery, Share, Turn, Webhook, db
from pilito.queries.revision import newest_revision

MIGRATIONS = str(ROOT / "migrations")
LONGEST_WAIT_SECONDS = 10.0  # of one write; the provider itself waits longer for its 200


@pytest.fixture
def before(app):
    """The tables as the version before knows them; the database stands there, and at the head again afterwards."""
    downgrade(directory=MIGRATIONS, revision=FIRST_RELEASED)
    known = MetaData()
    known.reflect(db.engine)
    yield known.tables
    db.session.rollback()
    upgrade(directory=MIGRATIONS)


def revision():
    with db.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


# --- while customers write -------------------------------------------------------------------------------------------


class Traffic:
    """The version before takes webhooks, one after the other, and keeps what it could not write to try it again."""

    def __init__(self, app, table):
        self.app, self.table = app, table
        self.taken, self.refused, self.longest = 0, 0, 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._stopping.set()
        self._thread.join()

    def _run(self):
        with self.app.app_context():
            while not self._stopping.is_set():
                began = time.monotonic()
                try:
                    self._take()
                    self.taken += 1
                except (OperationalError, PoolTimeout):
                    self.refused += 1  # a 503, and the provider posts it again
                finally:
                    db.session.remove()
                self.longest = max(self.longest, time.monotonic() - began)
                time.sleep(0.002)

    def _take(self):
        body = json.dumps(webhook(text("چنده؟", utc_now()))).encode()
        values = {"channel": "instagram", "body": body, "received_at": utc_now(), "state": "pending", "attempts": 0}
        with transaction():
            db.session.execute(self.table.insert().values(**values))
            db.session.execute(select(self.table.c.id).limit(1)).all()


def upgrade_until_it_is_done():
    """As whoever sees it give up for a lock, and starts it again."""
    for _ in range(5):
        try:
            upgrade(directory=MIGRATIONS)
        except OperationalError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("The upgrade never had its locks.")


@pytest.mark.timeout(180)
def test_c17_an_upgrade_under_traffic_loses_no_webhook_and_holds_nobody_up_for_long(app, before):
    with Traffic(app, before["webhook"]) as traffic:
        while traffic.taken < 5:
            time.sleep(0.01)
        upgrade_until_it_is_done()
        at_the_head = traffic.taken
        while traffic.taken < at_the_head + 5:
            time.sleep(0.01)

    assert revision() == newest_revision()
    assert len(db.session.scalars(db.select(Webhook.id)).all()) == traffic.taken
    assert traffic.longest < LONGEST_WAIT_SECONDS


# --- one that breaks off ---------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process that migrates is gone."""


CHANGES = ("CREATE", "ALTER", "DROP", "UPDATE ", "INSERT", "DELETE")


def upgrade_dying(to, everywhere=False):
    """Upgrade as a process that is killed once before each of these statements, and begun anew each time: where a step
    is done and only its number is not written yet, and where what went before is committed already; or everywhere.
    Return the statements."""
    died = []

    def die(connection, _cursor, statement, *_rest):
        words = statement.strip()
        is_alone = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
        is_deadly = everywhere or is_alone or words.startswith("UPDATE alembic_version")
        if is_deadly and words.upper().startswith(CHANGES) and words not in died:
            died.append(words)
            raise Killed

    event.listen(db.engine, "before_cursor_execute", die)
    try:
        while True:
            before = len(died)
            try:
                upgrade(directory=MIGRATIONS, revision=to)
            except (Killed, PendingRollbackError):  # the latter where Alembic still commits what is dead
                assert len(died) > before
            else:
                return died
    finally:
        event.remove(db.engine, "before_cursor_execute", die)


@pytest.mark.timeout(180)
def test_c17_an_upgrade_that_breaks_off_anywhere_is_run_again(app, before):
    """At the end of each step, when all of it is done, which is the worst; and anywhere in the newest."""
    newest = int(newest_revision())
    with db.engine.begin() as connection:
        quoted = {"at": utc_now(), "action": "handed_over", "details": {"detail": "of somebody who was erased"}}
        connection.execute(before["audit"].insert().values(quoted))

    steps = upgrade_dying(f"{newest - 1:04d}")
    last = upgrade_dying(f"{newest:04d}", everywhere=True)

    assert len(steps) >= newest - 1 - int(FIRST_RELEASED)
    assert last[-1].startswith("UPDATE alembic_version")  # a step may do something on one database alone
    assert revision() == newest_revision()
    assert differences() == []
    assert db.session.scalar(db.select(Audit.details)) == {}  # by the step of 0038


# --- rows of the version before, in the tables of this one ------------------------------------------------------------


class Before:
    """The version before, at work in the tables of this one: it fills the columns that it knows."""

    def __init__(self, tables, inbox_id, now):
        self.tables, self.inbox_id, self.now, self.customers = tables, inbox_id, now, 0

    def insert(self, table, **values):
        with db.engine.begin() as connection:
            return connection.execute(self.tables[table].insert().values(**values)).inserted_primary_key[0]

    def conversation(self):
        self.customers += 1
        customer = self.insert(
            "customer", inbox_id=self.inbox_id, external_id=str(7000 + self.customers), created_at=self.now
        )
        return self.insert(
            "conversation",
            inbox_id=self.inbox_id,
            customer_id=customer,
            state="assistant",
            epoch=0,
            seq=1,
            unread_count=1,
            created_at=self.now,
            last_customer_message_at=self.now,
            unanswered_since=self.now,
        )

    def message(self, conversation, sender, words, **more):
        return self.insert(
            "message",
            **{
                "conversation_id": conversation,
                "inbox_id": self.inbox_id,
                "sender": sender,
                "message_type": "text",
                "processing_status": "completed",
                "text": words,
                "content": words,
                "sent_at": self.now,
                "created_at": self.now,
                "seq": 1,
                "epoch": 0,
                **more,
            },
        )

    def webhook(self):
        self.customers += 1
        body = json.dumps(webhook(text("چنده؟", self.now, customer=str(7000 + self.customers)))).encode()
        self.insert("webhook", channel="instagram", body=body, received_at=self.now, state="pending", attempts=0)

    def open_turn(self):
        conversation = self.conversation()
        values = {"opened_at": self.now, "due_at": self.now, "state": "open", "version": 1, "attempt": 0}
        turn = self.insert("turn", conversation_id=conversation, **values)
        self.message(conversation, "customer", "چنده؟", external_id="asked", turn_id=turn)

    def pending_reply(self):
        conversation = self.conversation()
        reply = self.message(conversation, "operator", "دو میلیون", client_id="pressed-once")
        self.insert(
            "delivery",
            message_id=reply,
            conversation_id=conversation,
            inbox_id=self.inbox_id,
            position=0,
            text="دو میلیون",
            state="pending",
            due_at=self.now,
            created_at=self.now,
            attempt=0,
        )

    def waiting_share(self):
        conversation = self.conversation()
        message = self.message(conversation, "customer", "", message_type="share", external_id="shared")
        self.insert(
            "share",
            message_id=message,
            conversation_id=conversation,
            kind="reel",
            state="waiting",
            sent_at=self.now,
            expires_at=self.now + seconds(120),
        )


@pytest.mark.timeout(180)
def test_c16_what_the_version_before_left_unfinished_is_finished_by_this_one(before, make_shop):
    upgrade(directory=MIGRATIONS)
    shop, now = make_shop(), utc_now() - seconds(200)
    old = Before(before, shop.inbox_id, now)
    for leave in (old.webhook, old.open_turn, old.pending_reply, old.waiting_share):
        leave()

    sweep(utc_now())
    shop.work()

    assert len(shop.graph.sent) == 3
    assert states(Webhook) == {"read"}
    assert states(Turn) == {"answered"}
    assert states(Delivery) == {"sent"}
    assert states(Share) == {"expired"}


def states(model):
    db.session.rollback()
    return {state.value for state in db.session.scalars(db.select(model.state))}
