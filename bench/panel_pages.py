"""Fills the database of its environment with a large shop and times pages of the panel in it, as JSON on stdout:
`python -m bench.panel_pages MESSAGES [TIMES]`. What is there already is measured as it is.

The time is the server's: the application is called in this process, with no socket between."""

import argparse
import contextlib
import gc
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from flask.testing import FlaskClient
from flask_migrate import upgrade

from bench.big_shop import PASSWORD, ZONE, Plan, fill
from pilito import create_app
from pilito.blueprints.i18n import ZONE_COOKIE
from pilito.clock import utc_now
from pilito.config import ROOT, load_settings
from pilito.conversations import tally
from pilito.models import Conversation, Inbox, Message, db
from pilito.queries.panel import Zone
from pilito.search.fill import begin_anew, take_in

WARM_UP = 6
FRAGMENT = {"X-Fragment": "1"}
# What people type: common words, rare ones, the beginning of a word, several words, names, codes, what is not there.
QUESTIONS = (
    "قیمت", "سلام", "مانتو", "ارسال", "موجود", "مرسی", "قی", "ما", "سل", "مانت", "NL1042", "nl10", "کرم",
    "مانتو کتان", "سایز ۴۲", "قیمت مانتو کرم", "ارسال به مشهد", "سلام قیمت", "سارا", "محمدی", "مریم", "ali",
    "رنگ آبی", "size", "price", "پیراهن نخی مشکی", "lhkj,", "ماتنو", "ناپیداترین", "gfgfgf",
)  # fmt: skip
PERIODS = ("30", "7", "90", "today")
NARROWED = ("in=needs_you", "in=done", "in=waiting", "by=operator", "when=week", "by=customer&when=day&in=open")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.panel_pages", description=__doc__)
    parser.add_argument("messages", type=int)
    parser.add_argument(
        "times", type=int, nargs="?", default=60, help="how often each kind of page is asked for (0: fill only)"
    )
    asked = parser.parse_args()
    app = create_app(load_settings(requests_per_minute=0))  # one person asks for everybody
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context(), contextlib.redirect_stdout(sys.stderr):
        _prepare(asked.messages)
        if not asked.times:
            return
        conversations = _some_conversations(asked.times)
    gc.collect()
    gc.freeze()  # as wsgi.py does: what was loaded is not looked through again
    client = app.test_client()
    client.post("/login", data={"email": "owner@bench.test", "password": PASSWORD})
    client.set_cookie(ZONE_COOKIE, ZONE.key)
    pages = {
        "list": _lists(asked.times),
        "thread": _threads(conversations),
        "aside": _asides(conversations),
        "search": _searches(asked.times),
        "analytics": _analytics(asked.times),
    }
    print(json.dumps({name: _timed(client, list(urls)) for name, urls in pages.items()}))


def _prepare(messages: int) -> None:
    upgrade(directory=str(ROOT / "migrations"))
    if not db.session.scalar(db.select(Inbox.id).limit(1)):
        fill(Plan(max(1, messages // 10), messages, 180, 1, has_ledger=False, has_pictures=False, until=utc_now()))
        begin_anew()
    if take_in(float("inf")):
        _count_tallies()
        db.session.execute(db.text("ANALYZE"))
        db.session.commit()


def _count_tallies() -> None:
    """What rq-scheduler does in time: count every quarter of an hour, and sum the days of the shop's zone."""
    tally.rebuild(utc_now())
    while tally.count_due(utc_now()):
        pass
    tally.keep_zone(ZONE.key, utc_now())


def _some_conversations(count: int) -> Sequence[int]:
    """The longest one, and others by chance."""
    longest = (
        db.select(Message.conversation_id).group_by(Message.conversation_id).order_by(db.func.count().desc()).limit(1)
    )
    ids = db.session.scalars(db.select(Conversation.id).order_by(Conversation.id)).all()
    chance = random.Random(1)  # noqa: S311
    return [db.session.scalar(longest), *chance.choices(ids, k=count - 1)]


def _lists(count: int) -> Iterator[str]:
    zones = list(Zone)
    return (f"/conversations/list?zone={zones[number % len(zones)]}" for number in range(count))


def _threads(conversations: Sequence[int]) -> Iterator[str]:
    return (f"/conversations/{number}" for number in conversations)


def _asides(conversations: Sequence[int]) -> Iterator[str]:
    return (f"/conversations/{number}/aside" for number in conversations)


def _analytics(count: int) -> Iterator[str]:
    return (f"/analytics?period={PERIODS[number % len(PERIODS)]}" for number in range(count))


def _searches(count: int) -> Iterator[str]:
    for number in range(count):
        narrowed = f"&{NARROWED[number % len(NARROWED)]}" if number % 3 == 2 else ""
        yield f"/conversations/search?q={quote(QUESTIONS[number % len(QUESTIONS)])}{narrowed}"


def _timed(client: FlaskClient, urls: Sequence[str]) -> list[tuple[float, float, str]]:
    """Milliseconds by the clock and of this process's CPU; a few pages are asked for before, by which statements and
    templates are compiled."""
    for url in urls[:WARM_UP]:
        _ask(client, url)
    return [(*_ask(client, url), url) for url in urls]


def _ask(client: FlaskClient, url: str) -> tuple[float, float]:
    start, start_cpu = time.perf_counter(), time.process_time()
    answer = client.get(url, headers=FRAGMENT)
    spent = 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - start_cpu)
    if answer.status_code != 200:
        raise SystemExit(f"{url} answered {answer.status_code}.")
    return round(spent[0], 2), round(spent[1], 2)


if __name__ == "__main__":
    main()
