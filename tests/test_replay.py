"""Somebody kept signed bodies and posts them again. Meta signs no time: that each was here already has to be enough.

Through the real route, queues, timers and sweep, a second, an hour and forty hours later; the fake provider's log says
what customers got. Between times the conversation lies with the assistant again, which would answer whatever were new.
"""

import importlib
import json
import pkgutil
import sys

import pytest
from shop import ACCOUNT, CUSTOMER, about, echo, edited, from_ad, item, reaction, reel, seconds, standby, text, webhook

from pilito import clock, jobs
from pilito.conversations.comments import choose_comments
from pilito.conversations.sweep import sweep
from pilito.conversations.take_over import give_back
from pilito.lifecycle import ConversationState, EventOutcome
from pilito.models import Conversation, Event, Message, db

LATER = {"1 s": 1, "1 h": 3600, "40 h": 40 * 3600}
POSTBACK = {"title": "چنده؟", "payload": "PRICE"}


def comment(at, external_id="comment"):
    value = {"id": external_id, "from": {"id": CUSTOMER, "username": "maryam"}, "text": "چنده؟", "media": {"id": "1"}}
    return {"id": ACCOUNT, "time": int(at.timestamp()), "changes": [{"field": "comments", "value": value}]}


# What is posted, one webhook each, and how many sends come of it the first time.
BODIES = {
    "a question": (lambda at: [webhook(text("چنده؟", at, mid="q"))], 1),
    "a post and its question": (lambda at: [webhook(reel(at, mid="r")), webhook(text("چنده؟", at, mid="q"))], 1),
    "a post and its question in one": (lambda at: [webhook(reel(at, mid="r"), text("چنده؟", at, mid="q"))], 1),
    "a lone post": (lambda at: [webhook(reel(at, mid="r"))], 0),
    "an edit": (lambda at: [webhook(text("چند", at, mid="q")), webhook(edited("q", "چنده؟", at))], 1),
    "an echo": (lambda at: [webhook(text("چنده؟", at, mid="q")), webhook(echo("دو میلیون", at, "e"))], 1),
    "a postback": (lambda at: [webhook(about(at, postback={"mid": "p", **POSTBACK}))], 1),
    "a postback without an id": (lambda at: [webhook(about(at, postback=POSTBACK))], 1),
    "a quick reply": (lambda at: [webhook(item(at, {"mid": "p", "text": "چنده؟", "quick_reply": POSTBACK}))], 1),
    "an ad and a question": (lambda at: [webhook(from_ad(at)), webhook(text("چنده؟", at, mid="q"))], 1),
    "a reaction": (lambda at: [webhook(text("چنده؟", at, mid="q")), webhook(reaction("q", at))], 1),
    "standby": (lambda at: [standby(text("چنده؟", at, mid="q"))], 0),
    "a comment": (lambda at: [{"object": "instagram", "entry": [comment(at)]}], 1),
}  # fmt: skip


class Days:
    """A shop with every module's clock in the test's hand."""

    def __init__(self, shop, monkeypatch):
        self.shop, self.now = shop, clock.utc_now().replace(microsecond=0)
        for job in pkgutil.iter_modules(jobs.__path__):  # workers load them with the first job, which is too late here
            importlib.import_module(f"pilito.jobs.{job.name}")
        for module in list(sys.modules.values()):
            if module is not clock and vars(module).get("utc_now") is clock.utc_now:
                monkeypatch.setattr(module, "utc_now", lambda: self.now)

    def post(self, bodies):
        for body in bodies:
            assert self.shop.post(body).status_code == 200
            self.shop.work()
        self.shop.tick(self.now)
        sweep(self.now)
        self.shop.work()

    def give_back(self):
        for conversation in db.session.scalars(db.select(Conversation)).all():
            if conversation.state is not ConversationState.ASSISTANT:
                give_back(conversation.id, None, self.now)
        self.shop.work()

    @property
    def sent(self):
        return list(self.shop.graph.sent)


@pytest.fixture
def days(shop, monkeypatch):
    choose_comments(shop.inbox_id, True, "در پیام فرستادیم.", None, clock.utc_now())
    shop.graph.commenters["comment"] = CUSTOMER
    return Days(shop, monkeypatch)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_is_posted_again_a_second_an_hour_and_forty_hours_later_sends_nothing_more(days, what):
    make, first_sends = BODIES[what]
    captured = [body if isinstance(body, bytes) else json.dumps(body).encode() for body in make(days.now)]
    began = days.now
    days.post(captured)
    before = days.sent
    messages = db.session.scalars(db.select(Message.external_id)).all()
    assert len(before) == first_sends

    further = {}
    for later, after in LATER.items():
        days.now = began + seconds(after)
        days.give_back()
        days.post(captured)
        further[later] = days.sent[len(before) :]

    assert further == dict.fromkeys(LATER, [])
    assert db.session.scalars(db.select(Message.external_id)).all() == messages


@pytest.mark.sqlite_only
def test_each_replay_is_on_the_ledger_as_what_it_is(days):
    captured = [webhook(text("چنده؟", days.now, mid="q"))]

    days.post(captured)
    days.post(captured)

    assert db.session.scalars(db.select(Event.outcome).order_by(Event.id)).all() == [
        EventOutcome.STORED,
        EventOutcome.DUPLICATE,
    ]


@pytest.mark.sqlite_only
def test_what_is_really_new_forty_hours_later_is_answered(days):
    """The neighbour: it is not that nothing is answered any more."""
    days.post([webhook(text("چنده؟", days.now, mid="q"))])

    days.now += seconds(LATER["40 h"])
    days.post([webhook(text("چنده؟", days.now, mid="another"))])

    assert len(days.sent) == 2
