"""The scheduler is dead for ten minutes while customers write on: in the end everything is as if it had lived.

Workers live, and do at once what they are asked; but no timer fires, and nobody sweeps.
"""

import importlib
import pkgutil
import sys
from collections import Counter

import pytest
from shop import reel, seconds, text, webhook

from pilito import clock, jobs
from pilito.conversations.sweep import sweep
from pilito.models import Delivery, Message, Share, Turn, Webhook, db

DIES, RETURNS, ENDS = 10, 610, 640  # seconds
SWEEP_EVERY = 5
LONE, ASKING, LATE, BURST, TWO_POSTS, LIMITED = CUSTOMERS = tuple(str(7000 + number) for number in range(6))


def story(at):
    """What customers send, by the second in which it comes; `at` gives the provider's time of a second."""
    return {
        5: [reel(at(5), customer=LONE, mid="lone"), reel(at(5), customer=LATE, mid="over")],
        20: [reel(at(20), customer=ASKING, mid="asked about")],
        30: [text("چنده؟", at(30), customer=ASKING, mid="in time")],
        40: [text("سلام", at(40), customer=BURST, mid="hello"), text("هستید؟", at(41), customer=BURST, mid="anybody")],
        60: [reel(at(60), customer=TWO_POSTS, mid="older")],
        70: [reel(at(70), customer=TWO_POSTS, mid="newer")],
        80: [text("چنده؟", at(80), customer=TWO_POSTS, mid="of the newer")],
        90: [text("چنده؟", at(90), customer=LIMITED, mid="limited")],
        150: [text("چنده؟", at(150), customer=LATE, mid="too late")],
        400: [reel(at(400), customer=LONE, mid="lone again")],
    }


class Story:
    """Plays it second by second, with every module's clock in its hand."""

    def __init__(self, shop, monkeypatch):
        self.shop, self.began, self.second = shop, clock.utc_now().replace(microsecond=0), 0
        for job in pkgutil.iter_modules(jobs.__path__):  # workers load them with the first job, which is too late here
            importlib.import_module(f"pilito.jobs.{job.name}")
        for module in list(sys.modules.values()):
            if module is not clock and vars(module).get("utc_now") is clock.utc_now:
                monkeypatch.setattr(module, "utc_now", lambda: self.at(self.second))
        self._limit_one_send(monkeypatch)

    def at(self, second):
        return self.began + seconds(second)

    def _limit_one_send(self, monkeypatch):
        """The first send to one of them comes too soon for the provider, and is to be tried again."""
        take, limits = self.shop.graph.default, [LIMITED]

        def take_or_limit(payload):
            if payload["recipient"].get("id") in limits and "message" in payload:
                limits.clear()
                return 400, {"error": {"message": "Calls to this api have exceeded the rate limit.", "code": 613}}
            return take(payload)

        monkeypatch.setattr(self.shop.graph, "default", take_or_limit)

    def play(self, is_alive):
        said = story(self.at)
        for self.second in range(ENDS):
            for item in said.get(self.second, []):
                assert self.shop.post(webhook(item)).status_code == 200
            self.shop.work()
            if is_alive(self.second):
                self.shop.tick(self.at(self.second))
                if self.second % SWEEP_EVERY == 0:
                    sweep(self.at(self.second))
                self.shop.work()

    def outcome(self):
        """All that lasts, without the times at which it came about."""
        db.session.rollback()
        mids = {message.id: message.external_id for message in db.session.scalars(db.select(Message))}
        shares = db.session.scalars(db.select(Share))
        return {
            "sent": Counter(one["to"] for one in self.shop.graph.sent),
            "shares": {mids[one.message_id]: (one.state.value, mids.get(one.combined_with_id)) for one in shares},
            "answered": {mid for mid in mids.values() if mid and self.shop.message(mid).answered_by_id},
            "webhooks": _states(Webhook),
            "turns": _states(Turn),
            "deliveries": _states(Delivery),
        }


def _states(model):
    return Counter(state.value for state in db.session.scalars(db.select(model.state)))


# Other tests send PostgreSQL all 117 statements of it; test_sweep.py and test_expire.py show there what comes without one.
@pytest.mark.sqlite_only
@pytest.mark.parametrize("dead", [(ENDS, ENDS), (DIES, RETURNS)], ids=["lives", "dies"])
def test_c7_a_scheduler_that_was_dead_for_ten_minutes_changes_nothing_in_the_end(make_shop, monkeypatch, dead):
    story = Story(make_shop(reply_quiet_seconds=2), monkeypatch)

    story.play(lambda second: not dead[0] <= second < dead[1])

    assert story.outcome() == {
        "sent": {ASKING: 1, LATE: 1, BURST: 1, TWO_POSTS: 1, LIMITED: 1},
        "shares": {
            "lone": ("expired", None),
            "over": ("expired", None),
            "asked about": ("combined", "in time"),
            "older": ("superseded", None),
            "newer": ("combined", "of the newer"),
            "lone again": ("expired", None),
        },
        "answered": {"in time", "hello", "anybody", "of the newer", "limited", "too late"},
        "webhooks": {"read": 12},
        "turns": {"answered": 5},
        "deliveries": {"sent": 5},
    }
