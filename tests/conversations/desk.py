"""The verbs as workers call them, each in a context and a session of its own, with the clock in the test's hand."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from flask import has_app_context
from rows import NOON
from shop import webhook
from sqlalchemy import text

from pilito import failpoints
from pilito.conversations import outbox
from pilito.conversations.answer import answer
from pilito.conversations.deliver import deliver
from pilito.conversations.receive import receive
from pilito.conversations.record import record
from pilito.conversations.sweep import sweep
from pilito.errors import Refused
from pilito.jobs.replies import get_model
from pilito.lifecycle import Sender
from pilito.models import Delivery, Event, Message, Turn, Webhook, db

WAITING = text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()"
)


class Desk:
    """Give it the shop: `take` stores what a customer sends, `answer` and `deliver` do what their jobs would."""

    def __init__(self, shop):
        self.shop, self.app, self.graph, self.model = shop, shop.app, shop.graph, shop.model

    def call(self, verb, *args):
        if has_app_context():  # not from within the other side's handlers
            db.session.rollback()
        with self.app.app_context():
            return verb(*args)

    def record(self, *items, now=NOON):
        body = items[0] if isinstance(items[0], bytes) else json.dumps(webhook(*items)).encode()
        return self.call(record, "instagram", body, now)

    def take(self, *items, now=NOON):
        webhook_id = self.record(*items, now=now)
        self.call(receive, webhook_id, now)
        return webhook_id

    def answer(self, now=NOON, turn_id=None):
        """Answer the newest turn, or this one, and leave the reply to `deliver`."""
        turn_id = turn_id or self.turn.id
        self.call(lambda: answer(turn_id, get_model(), lambda: now, outbox.leave))

    def deliver(self, now=NOON):
        for message_id in {row.message_id: None for row in self.deliveries}:
            self.call(deliver, message_id, lambda: now)

    def sweep(self, now):
        return self.call(sweep, now)

    def rows(self, model, **values):
        db.session.rollback()
        query = db.select(model).filter_by(**values).order_by(model.id).execution_options(populate_existing=True)
        return list(db.session.scalars(query))

    @property
    def conversation(self):
        return self.shop.conversation

    @property
    def turn(self):
        turns = self.rows(Turn)
        return turns[-1] if turns else None

    @property
    def deliveries(self):
        return self.rows(Delivery)

    @property
    def replies(self):
        return [one for one in self.rows(Message) if one.sender in (Sender.ASSISTANT, Sender.OPERATOR)]

    def message(self, mid):
        return self.shop.message(mid)

    def outcomes(self, webhook_id):
        return [event.outcome for event in self.rows(Event, webhook_id=webhook_id)]

    def webhook(self, webhook_id):
        return self.rows(Webhook, id=webhook_id)[0]

    def pool_in_use(self):
        """How many connections to the database are taken; for a look from within the other side's handlers."""
        with self.app.app_context():
            return db.engine.pool.checkedout()

    def behind(self, point, first, second):
        """Run `first`; at this failpoint of it, `second` begins in a thread of its own, and waits for a row that `first`
        has locked: only then goes `first` on. Return what `second` returns. PostgreSQL, which tells who waits."""

        def follow():
            with self.app.app_context():
                return second()

        def let_it_wait():
            failpoints.arm("")
            behind.append(pool.submit(follow))
            with db.engine.connect() as line:
                while not behind[0].done() and not line.execute(WAITING).scalar():
                    line.rollback()
                    time.sleep(0.005)

        behind = []
        db.session.rollback()
        failpoints.plant(point, let_it_wait)
        with ThreadPoolExecutor(1) as pool:
            try:
                self.call(first)
            finally:
                failpoints.arm("")
        return behind[0].result()

    def together(self, *calls):
        """Run the calls at the same moment, each in a thread; return what they return, or how they were refused. What
        breaks one breaks the test."""
        barrier = threading.Barrier(len(calls))

        def run(call):
            with self.app.app_context():
                barrier.wait()
                try:
                    return call()
                except Refused as refused:
                    return refused

        db.session.rollback()
        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(run, calls))
