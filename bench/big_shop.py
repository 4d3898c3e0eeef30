"""Fills a database with the history of a large shop: `python -m bench.big_shop --messages 1000000`.

Into the database of the settings (DATABASE_URL, else SQLite in PILITO_VAR), which is migrated first; run it on one that
nobody uses, and may be thrown away. The same seed makes the same shop, up to now: customers, conversations, messages,
shares, turns, deliveries, drafts, proofs, costs, posts with products, the ledger. Ids rise with time, as they do in a
real shop: a page of one conversation is spread over the whole table. A few customers write a lot and most a little;
evenings are busy and nights are not, in Tehran's time; the newest of it is left open, as in a shop at work.
"""

import argparse
import hashlib
import json
import math
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask_migrate import upgrade

from bench import shop_words as words
from bench.bulk import Bulk
from pilito import create_app
from pilito.clock import utc_now
from pilito.config import ROOT, VAR
from pilito.conversations.connect import connect
from pilito.conversations.pairing import combined_content
from pilito.database import transaction
from pilito.extensions import media_store
from pilito.launch import make_secrets
from pilito.lifecycle import AssistantMode, SourceKind, SourceState
from pilito.media.store import name_of
from pilito.models import Inbox, Operator, Source, db
from pilito.passwords import hash_password
from pilito.search.fill import begin_anew

ZONE = ZoneInfo("Asia/Tehran")
# How busy each hour of the day is, and each day of the week (Monday first; Friday is the day off).
HOURS = (3, 2, 1, 1, 1, 1, 2, 3, 5, 8, 11, 13, 13, 11, 10, 10, 11, 13, 15, 17, 20, 22, 18, 9)
WEEKDAYS = (1.0, 0.95, 1.0, 1.1, 0.6, 1.15, 1.05)
SECOND_INBOX = 0.15  # of the customers
ACCOUNTS = (("17841400000000001", "گالری نیلوفر"), ("17841400000000002", "Niloofar Home"))
WAIT, QUIET = timedelta(seconds=120), timedelta(seconds=3)
LAST, STILL_OPEN = timedelta(seconds=40), timedelta(hours=5)
PASSWORD = "bench-bench-bench"  # noqa: S105 -- of all its people
POSTS, PRODUCTS = 240, 400

COLUMNS = {
    "product": "id source_id name description category sku currency more_pictures active created_at updated_at",
    "variant": "id product_id position size price stock available",
    "media_file": "id inbox_id kind source_url state key mime_type size_bytes sha256 width height attempts due_at "
    "created_at",
    "own_post": "id inbox_id media_id caption permalink shortcode media_type media_product_type copy_id posted_at "
    "synced_at",
    "post_product": "id inbox_id own_post_id product_id how state created_at",
    "customer": "id inbox_id external_id username name created_at",
    "conversation": "id inbox_id customer_id state hand_over_reason operator_id epoch seq unread_count preview "
    "last_message_at last_customer_message_at unanswered_since drafted_at person_at created_at",
    "turn": "id conversation_id state opened_at due_at version attempt ended_at ended_why",
    "message": "id conversation_id inbox_id external_id sender message_type processing_status text content origin "
    "sent_at created_at seq turn_id answered_by_id answers_turn_id operator_id client_id epoch",
    "share": "id message_id conversation_id kind media_id title caption url permalink state sent_at expires_at "
    "combined_with_id found_in_cache own_post_id",
    "delivery": "id message_id conversation_id inbox_id position text state due_at attempt external_id error "
    "created_at sent_at looks",
    "proof": "id message_id model prompt_hash facts checks cost_micros input_tokens output_tokens milliseconds",
    "model_use": "id at customer_id model tokens cost_micros",
    "draft": "id conversation_id turn_id message_ids text finding working state created_at ended_at operator_id "
    "message_id",
    "audit": "id at action operator_id conversation_id details",
    "webhook": "id channel received_at body state attempts read_at",
    "event": "id webhook_id position channel inbox_id kind outcome message_id created_at",
}
TABLES = {name: db.metadata.tables[name] for name in COLUMNS}


@dataclass(frozen=True)
class Plan:
    conversations: int
    messages: int
    days: int
    seed: int
    has_ledger: bool
    has_pictures: bool
    until: datetime


@dataclass(frozen=True)
class Product:
    id: int
    name: str
    colour: str
    material: str
    price: int


@dataclass(frozen=True)
class Post:
    id: int
    inbox_id: int
    media_id: str
    permalink: str
    is_reel: bool
    caption: str
    product: Product


@dataclass(slots=True)
class Chat:
    """A conversation with its customer, and what the list shows of it."""

    id: int
    customer_id: int
    inbox_id: int
    person: str
    created_at: datetime
    seq: int = 0
    unread: int = 0
    state: str = "assistant"
    reason: str | None = None
    operator_id: int | None = None
    preview: str = ""
    last_at: datetime | None = None
    customer_at: datetime | None = None
    unanswered_since: datetime | None = None
    drafted_at: datetime | None = None
    person_at: datetime | None = None


@dataclass(slots=True)
class Turn:
    chat: Chat
    opened_at: datetime
    state: str = "answered"
    ended_at: datetime | None = None
    why: str | None = None
    id: int = 0


@dataclass(slots=True)
class Line:
    """A message before it has its id, which it gets in the order of time."""

    chat: Chat
    at: datetime
    sender: str
    text: str
    kind: str = "text"
    content: str = ""
    turn: Turn | None = None
    answers: Turn | None = None
    answered_by: "Line | None" = None
    post: Post | None = None  # it is a share of this
    state: str = ""  # of the share
    question: "Line | None" = None  # of the share
    operator_id: int | None = None
    origin: str | None = None
    was_drafted: bool = False
    failed: bool = False
    id: int = 0


@dataclass(slots=True)
class Draft:
    turn: Turn
    about: Line
    text: str
    at: datetime
    state: str
    ended_at: datetime | None = None
    operator_id: int | None = None
    reply: Line | None = None


@dataclass
class Day:
    """What happened in a day, in any order."""

    lines: list[Line] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)


def main() -> None:
    plan = _plan()
    VAR.mkdir(exist_ok=True, mode=0o700)
    make_secrets()  # as `make run` does, which can then show this shop
    with create_app().app_context():
        upgrade(directory=str(ROOT / "migrations"))
        fill(plan)


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m bench.big_shop", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--conversations", type=int, help="a tenth of the messages, if nothing is said")
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-ledger", action="store_true", help="no webhooks and events: half the size")
    parser.add_argument("--pictures", action="store_true", help="put the demo's pictures of posts into the media store")
    asked = parser.parse_args()
    conversations = asked.conversations or max(1, asked.messages // 10)
    return Plan(
        conversations, asked.messages, asked.days, asked.seed, not asked.without_ledger, asked.pictures, utc_now()
    )


def fill(plan: Plan) -> None:
    """Write the shop that was planned. Raises SystemExit where one is there already."""
    started = time.monotonic()
    inbox_ids, operator_ids, source_id = _frame(plan)
    with Bulk({TABLES[name]: columns for name, columns in COLUMNS.items()}) as bulk:
        shop = Shop(plan, bulk, inbox_ids, operator_ids)
        shop.stock(source_id)
        for number in range(plan.days):
            shop.live(number)
            if sys.stderr.isatty():
                print(f"\r{shop.count:,} messages", end="", file=sys.stderr, flush=True)
        shop.close()
    begin_anew()  # the search: a worker takes everything in once the shop is run
    print(f"Log in as owner@bench.test or owner-en@bench.test with {PASSWORD!r}.")
    print(f"{shop.count:,} messages in {len(shop.chats):,} conversations, {time.monotonic() - started:.0f} s.")


def _frame(plan: Plan) -> tuple[list[int], list[int], int]:
    """The few rows that the verbs of Pilito make: accounts, people, the source of what was typed."""
    if db.session.scalar(db.select(Inbox.id).limit(1)):
        sys.exit("There is a shop in this database already; take an empty one.")
    since = plan.until - timedelta(days=plan.days)
    for account, name in ACCOUNTS:
        connect("instagram", name, account, "a-token", {}, AssistantMode.AUTO, since)
    with transaction():
        people = [
            Operator(email=f"{name}@bench.test", name=shown, role=role, language=language, created_at=since,
                     password_hash=hash_password(PASSWORD))
            for name, shown, role, language in (
                ("owner", "نیلوفر", "owner", "fa"), ("sina", "سینا", "agent", "fa"), ("emma", "Emma", "agent", "en"),
                ("owner-en", "Owner", "owner", "en"), ("viewer", "Viewer", "viewer", "en"),
            )
        ]  # fmt: skip
        source = Source(kind=SourceKind.MANUAL, name="", state=SourceState.READY, created_at=since, updated_at=since)
        db.session.add_all([*people, source])
        db.session.flush()
        ids = [one.id for one in people[:3]], source.id
    inbox_ids = list(db.session.scalars(db.select(Inbox.id).order_by(Inbox.id)))
    db.session.remove()
    return inbox_ids, *ids


class Shop:
    """The shop as it grows, day by day."""

    def __init__(self, plan: Plan, bulk: Bulk, inbox_ids: list[int], operator_ids: list[int]) -> None:
        self.plan, self.bulk, self.inbox_ids, self.operator_ids = plan, bulk, inbox_ids, operator_ids
        self.random = random.Random(plan.seed)  # noqa: S311 -- a shop, no secret
        self.since = plan.until - timedelta(days=plan.days)
        self.chats: list[Chat] = []
        self.posts: dict[int, list[Post]] = {}
        self.products: list[Product] = []
        self.count = 0
        self._weights = _weights_of_days(plan, self.since)
        self._hours = list(accumulate(HOURS))

    # --- what it sells --------------------------------------------------------------------------------------------

    def stock(self, source_id: int) -> None:
        for number in range(PRODUCTS):
            self.products.append(self._product(number, source_id))
        pictures = self._pictures() if self.plan.has_pictures else {}
        for index, inbox_id in enumerate(self.inbox_ids):
            number = POSTS if index == 0 else POSTS // 6
            self.posts[inbox_id] = [self._post(inbox_id, place, pictures) for place in range(number)]
        self._post_weights = {
            inbox_id: list(accumulate(1 / (place + 3) for place in range(len(posts))))
            for inbox_id, posts in self.posts.items()
        }

    def _product(self, number: int, source_id: int) -> Product:
        kind = words.KINDS[number % len(words.KINDS)][0]
        name = f"{kind} {words.MATERIALS[number % 7]} «{words.NAMES[number // 16 % 20]}»"
        colour = words.COLOURS[number % 8]
        product = Product(
            self.bulk.next_id(TABLES["product"]), name, colour, words.MATERIALS[number % 7],
            self.random.randrange(290, 4900) * 1000,
        )  # fmt: skip
        at = self.since
        self.bulk.add(TABLES["product"], (product.id, source_id, name, f"رنگ {colour}، دوخت تمیز", kind,
                                          f"NL{1000 + number}",
                                          "IRT", "[]", True, at, at))  # fmt: skip
        for position, size in enumerate(("38", "40", "42")):
            stock = self.random.randrange(0, 9)
            row = (self.bulk.next_id(TABLES["variant"]), product.id, position, size, product.price, stock, stock > 0)
            self.bulk.add(TABLES["variant"], row)
        return product

    def _post(self, inbox_id: int, place: int, pictures: dict[tuple[int, str], int]) -> Post:
        product = self.products[(place * 7 + inbox_id) % len(self.products)]
        post_id, code = self.bulk.next_id(TABLES["own_post"]), f"N{inbox_id}{place:04d}xYz"
        is_reel = place % 5 < 2
        caption = (
            f"{product.name} 🌸\nقیمت: {product.price:,} تومان\nرنگ‌ها: {product.colour} و مشکی\n"
            f"جنس: {product.material}\nارسال به سراسر ایران، ۲ تا ۴ روز کاری\n#گالری_نیلوفر"
        ) if place % 19 else ""  # fmt: skip
        permalink = f"https://www.instagram.com/{'reel' if is_reel else 'p'}/{code}/"
        kind = product.name.split(" ")[0]
        picture = next((name for start, name in words.PICTURES.items() if start.split(" ")[0] == kind), "")
        at = self.since + timedelta(days=self.plan.days * 0.8 * self.random.random())
        self.bulk.add(TABLES["own_post"], (post_id, inbox_id, f"1790{post_id:013d}", caption, permalink, code,
                                           "VIDEO" if is_reel else "IMAGE", "REELS" if is_reel else "FEED",
                                           pictures.get((inbox_id, picture)), at, self.plan.until))  # fmt: skip
        if place % 3:
            self.bulk.add(TABLES["post_product"], (self.bulk.next_id(TABLES["post_product"]), inbox_id, post_id,
                                                   product.id, "name", "confirmed", at))  # fmt: skip
        return Post(post_id, inbox_id, f"1790{post_id:013d}", permalink, is_reel, caption, product)

    def _pictures(self) -> dict[tuple[int, str], int]:
        """The pictures of the demo's posts as copies in the media store, for each account."""
        found = {}
        folder = ROOT / "pilito" / "static" / "demo" / "media"
        for inbox_id in self.inbox_ids:
            for name in sorted(set(words.PICTURES.values())):
                found[inbox_id, name] = self._picture(inbox_id, folder / f"{name}.jpg")
        return found

    def _picture(self, inbox_id: int, path: Path) -> int:
        content = path.read_bytes()
        media_id, sha256 = self.bulk.next_id(TABLES["media_file"]), hashlib.sha256(content).hexdigest()
        key = name_of(sha256, media_id)
        with path.open("rb") as file:
            media_store.put(key, file, len(content), "image/jpeg")
        self.bulk.add(TABLES["media_file"], (media_id, inbox_id, "preview", f"https://bench.test/{path.name}", "stored",
                                             key, "image/jpeg", len(content), sha256, 640, 640, 1, self.since,
                                             self.since))  # fmt: skip
        return media_id

    # --- a day ----------------------------------------------------------------------------------------------------

    def live(self, number: int) -> None:
        """Everything of one day, in the order of time."""
        day, quota = Day(), round(self.plan.messages * self._weights[number])
        start = self.since + timedelta(days=number)
        newcomers = round(self.plan.conversations * sum(self._weights[: number + 1])) - len(self.chats)
        if number == self.plan.days - 1:
            quota, newcomers = self.plan.messages - self.count, self.plan.conversations - len(self.chats)
        sessions = 0
        while len(day.lines) < quota or sessions < newcomers:
            self._session(day, self._chat(start, sessions < newcomers), self._moment(start))
            sessions += 1
        day.lines.sort(key=lambda line: line.at)
        self._write(day)

    def _chat(self, at: datetime, is_new: bool) -> Chat:
        if not is_new and self.chats:
            return self.chats[int(len(self.chats) * self.random.random() ** 2)]
        index = int(self.random.random() < SECOND_INBOX)
        number = len(self.chats)
        chat = Chat(
            self.bulk.next_id(TABLES["conversation"]), self.bulk.next_id(TABLES["customer"]), self.inbox_ids[index],
            f"9{self.plan.seed:03d}{number:011d}", at,
        )  # fmt: skip
        self.chats.append(chat)
        is_persian = self.random.random() < 0.8
        first, last = (words.FIRST_FA, words.LAST_FA) if is_persian else (words.FIRST_EN, words.LAST_EN)
        name = f"{self.random.choice(first)} {self.random.choice(last)}"
        username = f"{self.random.choice(words.FIRST_EN)}.{self.random.choice(words.LAST_EN)}{number}".lower()
        self.bulk.add(TABLES["customer"], (chat.customer_id, chat.inbox_id, chat.person, username, name, at))
        return chat

    def _moment(self, start: datetime) -> datetime:
        """Some time of this day, rather in a busy hour; the days end when the plan does."""
        hour = self.random.choices(range(24), cum_weights=self._hours)[0]
        local = start.astimezone(ZONE).replace(hour=hour, minute=0, second=0, microsecond=0)
        moment = local.astimezone(UTC) + timedelta(seconds=self.random.random() * 3600)
        if moment < start:
            moment += timedelta(days=1)
        return min(moment, self.plan.until - LAST)

    def _session(self, day: Day, chat: Chat, at: datetime) -> None:
        """One visit of one customer: perhaps a post, some questions, an answer to each."""
        chance = self.random.random()
        if chance < 0.08:
            self._lone_share(day, chat, at)
            return
        post = self._choose_post(chat.inbox_id) if chance < 0.58 else None
        if post is not None:
            share = self._say(day, chat, at, "", kind="share")
            share.post, share.state = post, "combined"
            share.content = (
                f"کپشن: {post.caption}\nلینک: {post.permalink}" if post.caption else f"لینک: {post.permalink}"
            )
            at += timedelta(seconds=4 + self.random.expovariate(1 / 22) % 110)
            at = self._question(day, chat, at, self._words(words.ABOUT_A_POST, post.product), share)
        else:
            at = self._question(day, chat, at, self._words(words.PLAIN, self.random.choice(self.products)), None)
        while self.random.random() < 0.42:
            at += timedelta(seconds=8 + self.random.expovariate(1 / 60))
            about = post.product if post else self.random.choice(self.products)
            at = self._question(day, chat, at, self._fill(self.random.choice(words.MORE), about), None)
        if self.random.random() < 0.3:
            self._say(day, chat, at + timedelta(seconds=15), self.random.choice(words.THANKS), answered=True)

    def _lone_share(self, day: Day, chat: Chat, at: datetime) -> None:
        for _ in range(1 + (self.random.random() < 0.15)):
            share = self._say(day, chat, at, "", kind="share")
            share.post, share.state = self._choose_post(chat.inbox_id), "expired"
            share.content = f"لینک: {share.post.permalink}"
            at += timedelta(seconds=25)
        if len(day.lines) > 1 and day.lines[-2].post and day.lines[-2].chat is chat:
            day.lines[-2].state = "superseded"

    def _choose_post(self, inbox_id: int) -> Post:
        return self.random.choices(self.posts[inbox_id], cum_weights=self._post_weights[inbox_id])[0]

    def _question(self, day: Day, chat: Chat, at: datetime, text: str, share: Line | None) -> datetime:
        """Ask, and have somebody answer; return when that was."""
        question = self._say(day, chat, at, text)
        if share is not None:
            share.question = question
        chance = self.random.random()
        if chance < 0.05:
            return self._by_people(day, chat, question, at, None)
        turn = Turn(chat, at + timedelta(seconds=0.8))
        day.turns.append(turn)
        question.turn = turn
        if chance < 0.79:
            answered = self._by_assistant(day, chat, question, turn)
        elif chance < 0.89:
            answered = self._handed_over(day, chat, question, turn)
        else:
            answered = self._drafted(day, chat, question, turn)
        if share is not None:
            question.content = combined_content([share.content], question.text)
        return answered

    def _by_assistant(self, day: Day, chat: Chat, question: Line, turn: Turn) -> datetime:
        turn.ended_at = turn.opened_at + timedelta(seconds=3.2 + self.random.lognormvariate(0.9, 0.5))
        reply = self._say(day, chat, turn.ended_at, self._answer(), sender="assistant")
        reply.answers, question.answered_by = turn, reply
        reply.failed = self.random.random() < 0.002
        if chat.unanswered_since is not None and chat.unanswered_since >= question.at:
            chat.unanswered_since = None
        return turn.ended_at

    def _handed_over(self, day: Day, chat: Chat, question: Line, turn: Turn) -> datetime:
        _weight, reason, asked = self.random.choices(words.HANDED_OVER, weights=[one[0] for one in words.HANDED_OVER])[
            0
        ]
        if reason == "not_known":
            question.text = question.content = self._words(words.NOT_KNOWN, self.random.choice(self.products))
        elif asked:
            question.text = question.content = self._fill(self.random.choice(asked), self.random.choice(self.products))
        if reason == "media":
            question.kind = "image"
        turn.state, turn.why = "handed_over", reason
        turn.ended_at = turn.opened_at + timedelta(seconds=4 + self.random.random() * 4)
        self._audit(turn.ended_at, "handed_over", chat, {"reason": reason, "detail": ""})
        return self._by_people(day, chat, question, turn.ended_at, reason)

    def _by_people(self, day: Day, chat: Chat, question: Line, at: datetime, reason: str | None) -> datetime:
        hour = at.astimezone(ZONE).hour
        minutes = self.random.lognormvariate(1.9, 1.0) * (1 if 9 <= hour < 23 else 20)
        answered_at = at + timedelta(minutes=min(minutes, 14 * 60))
        is_recent = self.plan.until - at < STILL_OPEN and self.random.random() < 0.4
        if is_recent or answered_at > self.plan.until:
            chat.state, chat.reason = ("handed_over", reason) if reason else ("operator", None)
            chat.operator_id = None if reason else self.operator_ids[0]
            return at
        is_phone = reason is None and self.random.random() < 0.6
        reply = self._say(day, chat, answered_at, self.random.choice(words.BY_PEOPLE),
                          sender="phone" if is_phone else "operator")  # fmt: skip
        reply.operator_id = None if is_phone else self.random.choice(self.operator_ids)
        question.answered_by, chat.person_at = reply, answered_at
        chat.unanswered_since = None
        return answered_at

    def _drafted(self, day: Day, chat: Chat, question: Line, turn: Turn) -> datetime:
        turn.state = "drafted"
        turn.ended_at = turn.opened_at + timedelta(seconds=3.2 + self.random.lognormvariate(0.9, 0.5))
        draft = Draft(turn, question, self._answer(), turn.ended_at, "waiting")
        decided_at = turn.ended_at + timedelta(minutes=self.random.lognormvariate(0.8, 0.9))
        day.drafts.append(draft)
        is_recent = self.plan.until - turn.ended_at < STILL_OPEN and self.random.random() < 0.4
        if is_recent or decided_at > self.plan.until:
            if chat.drafted_at is not None:
                draft.state = "stale"
            chat.drafted_at = chat.drafted_at or turn.ended_at
            return turn.ended_at
        draft.operator_id, draft.ended_at = self.random.choice(self.operator_ids), decided_at
        draft.state = self.random.choices(("applied", "edited", "discarded"), weights=(62, 25, 13))[0]
        if draft.state == "discarded":
            return self._by_people(day, chat, question, decided_at, None)
        text = draft.text if draft.state == "applied" else f"{draft.text} 🌸"
        reply = self._say(day, chat, decided_at, text, sender="operator")
        reply.origin = "draft" if draft.state == "applied" else "edited_draft"
        reply.operator_id, reply.answers, reply.was_drafted = draft.operator_id, turn, True
        draft.reply = question.answered_by = reply
        chat.unanswered_since = None
        return decided_at

    def _say(
        self, day: Day, chat: Chat, at: datetime, text: str, sender: str = "customer", kind: str = "text",
        answered: bool = False,
    ) -> Line:  # fmt: skip
        line = Line(chat, min(at, self.plan.until), sender, text, kind, text)
        day.lines.append(line)
        if sender == "customer" and kind != "share" and not answered:
            chat.unanswered_since = chat.unanswered_since or line.at
        return line

    def _words(self, pool: Sequence[tuple[int, tuple[str, ...]]], product: Product) -> str:
        ways = self.random.choices(pool, weights=[weight for weight, _ways in pool])[0][1]
        return self._fill(self.random.choice(ways), product)

    def _fill(self, text: str, product: Product) -> str:
        return text.format(
            p=product.name, c=self.random.choice(words.COLOURS), n=self.random.choice((36, 38, 40, 42, 44)),
            m=f"{product.price:,}", k=product.material,
        )  # fmt: skip

    def _answer(self) -> str:
        return self._fill(self.random.choice(words.ANSWERS), self.random.choice(self.products))

    # --- rows -----------------------------------------------------------------------------------------------------

    def _write(self, day: Day) -> None:
        for turn in sorted(day.turns, key=lambda one: one.opened_at):
            turn.id = self.bulk.next_id(TABLES["turn"])
            self.bulk.add(TABLES["turn"], (turn.id, turn.chat.id, turn.state, turn.opened_at,
                                           turn.opened_at + QUIET, 1, 1, turn.ended_at, turn.why))  # fmt: skip
        for line in day.lines:
            line.id = self.bulk.next_id(TABLES["message"])
            line.chat.seq += 1
        for line in day.lines:
            self._message(line)
        for draft in day.drafts:
            self._draft(draft)
        self.count += len(day.lines)

    def _message(self, line: Line) -> None:
        chat, is_theirs = line.chat, line.sender == "customer"
        is_ours = line.sender in ("assistant", "operator")
        external_id = f"aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQxNDAwMDAwMDAwMDAx{line.id:012d}"
        created_at = line.at if is_ours else line.at + timedelta(seconds=0.7)
        self.bulk.add(
            TABLES["message"],
            (line.id, chat.id, chat.inbox_id, external_id, line.sender, line.kind, "completed", line.text,
             line.content or line.text, line.origin, line.at, created_at, chat.seq, line.turn and line.turn.id,
             line.answered_by and line.answered_by.id, line.answers and line.answers.id, line.operator_id,
             f"bench-{line.id}" if line.operator_id else None, 0 if is_ours else None),
        )  # fmt: skip
        if line.post is not None:
            self._share(line, line.post)
        if is_ours:
            self._delivery(line, external_id)
        if line.sender == "assistant" or line.was_drafted:
            self._proof(line)
        if line.turn is not None:
            self._use(chat, line.turn)
        if self.plan.has_ledger:
            self._event(line, external_id, created_at)
        if chat.last_at is None or line.at >= chat.last_at:
            chat.last_at, chat.preview = line.at, (line.text or "📎")[:200]
        if is_theirs:
            chat.customer_at = max(line.at, chat.customer_at or line.at)
        chat.unread = chat.unread + 1 if is_theirs and line.answered_by is None else 0

    def _share(self, line: Line, post: Post) -> None:
        question, expires_at = line.question, line.at + WAIT
        state = line.state
        if state == "expired" and expires_at > self.plan.until:
            state = "superseded"  # one share of a conversation waits at most; here none does
        kind = "ig_reel" if post.is_reel else "ig_post"
        found = self.random.random() < 0.985 if question is not None else None
        self.bulk.add(TABLES["share"], (self.bulk.next_id(TABLES["share"]), line.id, line.chat.id, kind, post.media_id,
                                        post.caption[:80], post.caption, "https://lookaside.bench.test/post",
                                        post.permalink, state, line.at, expires_at, question and question.id, found,
                                        post.id))  # fmt: skip

    def _delivery(self, line: Line, external_id: str) -> None:
        state = "failed" if line.failed else "sent"
        self.bulk.add(TABLES["delivery"], (self.bulk.next_id(TABLES["delivery"]), line.id, line.chat.id,
                                           line.chat.inbox_id, 0, line.text, state, line.at, 1, external_id,
                                           "refused" if line.failed else None, line.at,
                                           None if line.failed else line.at + timedelta(seconds=0.35), 0))  # fmt: skip

    def _proof(self, line: Line) -> None:
        model, asked_price, answered_price = words.MODELS[line.id % 7 == 0]
        asked, answered = self.random.randrange(900, 2600), self.random.randrange(20, 110)
        cost = math.ceil(asked * asked_price + answered * answered_price)
        milliseconds = round(1000 * self.random.lognormvariate(0.4, 0.5))
        self.bulk.add(TABLES["proof"], (self.bulk.next_id(TABLES["proof"]), line.id, model, "0" * 64, "[]", "[]", cost,
                                        asked, answered, milliseconds))  # fmt: skip

    def _use(self, chat: Chat, turn: Turn) -> None:
        model, asked_price, answered_price = words.MODELS[turn.id % 7 == 0]
        asked, answered = self.random.randrange(900, 2600), self.random.randrange(20, 110)
        cost = math.ceil(asked * asked_price + answered * answered_price)
        self.bulk.add(TABLES["model_use"], (self.bulk.next_id(TABLES["model_use"]), turn.ended_at or turn.opened_at,
                                            chat.customer_id, model, asked + answered, cost))  # fmt: skip

    def _draft(self, draft: Draft) -> None:
        self.bulk.add(TABLES["draft"], (self.bulk.next_id(TABLES["draft"]), draft.turn.chat.id, draft.turn.id,
                                        json.dumps([draft.about.id]), draft.text, "", "{}", draft.state, draft.at,
                                        draft.ended_at, draft.operator_id, draft.reply and draft.reply.id))  # fmt: skip

    def _audit(self, at: datetime, action: str, chat: Chat, details: dict[str, Any]) -> None:
        row = (self.bulk.next_id(TABLES["audit"]), at, action, None, chat.id, json.dumps(details))
        self.bulk.add(TABLES["audit"], row)

    def _event(self, line: Line, external_id: str, at: datetime) -> None:
        is_theirs = line.sender == "customer"
        kind, outcome = ("message", "stored") if is_theirs else ("echo", "stored" if line.sender == "phone" else "echo")
        webhook_id = self.bulk.next_id(TABLES["webhook"])
        message: dict[str, Any] = {"mid": external_id, "text": line.text[:60]}
        item = {"sender": {"id": line.chat.person}, "timestamp": int(line.at.timestamp() * 1000), "message": message}
        body = json.dumps({"object": "instagram", "entry": [{"messaging": [item]}]}).encode()
        self.bulk.add(TABLES["webhook"], (webhook_id, "instagram", at, body, "read", 1, at))
        self.bulk.add(TABLES["event"], (self.bulk.next_id(TABLES["event"]), webhook_id, 0, "instagram",
                                        line.chat.inbox_id, kind, outcome, line.id, at))  # fmt: skip

    def close(self) -> None:
        """The conversations, as they are at the end."""
        for chat in self.chats:
            state, reason, operator_id = chat.state, chat.reason, chat.operator_id
            if chat.unanswered_since is None or (chat.last_at and chat.last_at < self.plan.until - timedelta(days=2)):
                chat.unanswered_since = chat.drafted_at = None
                state, reason, operator_id = ("closed" if chat.id % 3 else "assistant"), None, None
            self.bulk.add(
                TABLES["conversation"],
                (chat.id, chat.inbox_id, chat.customer_id, state, reason, operator_id, 0, chat.seq,
                 min(chat.unread, 9) if state != "closed" else 0, chat.preview, chat.last_at, chat.customer_at,
                 chat.unanswered_since, chat.drafted_at, chat.person_at, chat.created_at),
            )  # fmt: skip


def _weights_of_days(plan: Plan, since: datetime) -> list[float]:
    """The part of all messages that each day has: the shop grows, and rests on its day off."""
    raw = [
        (0.6 + 0.8 * number / plan.days) * WEEKDAYS[(since + timedelta(days=number)).astimezone(ZONE).weekday()]
        for number in range(plan.days)
    ]
    return [weight / sum(raw) for weight in raw]


if __name__ == "__main__":
    main()
