"""What the fake Instagram remembers: customers, messages, webhooks and the log, in one SQLite file.

The file makes the second start show yesterday's thread, and lets a webhook that could not be posted survive a stop.
One connection behind one lock: a demo and a test need no more, and nothing can interleave.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS customer (
    id TEXT PRIMARY KEY, username TEXT NOT NULL, name TEXT NOT NULL, created_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, mid TEXT NOT NULL UNIQUE, customer_id TEXT NOT NULL, sender TEXT NOT NULL,
    kind TEXT NOT NULL, text TEXT NOT NULL, post_id TEXT NOT NULL, url TEXT NOT NULL,
    timestamp_ms INTEGER NOT NULL, unsent_ms INTEGER
);
CREATE INDEX IF NOT EXISTS message_of_customer ON message (customer_id, seq);
CREATE TABLE IF NOT EXISTS webhook (
    id INTEGER PRIMARY KEY AUTOINCREMENT, customer_id TEXT NOT NULL, mid TEXT NOT NULL, event TEXT NOT NULL,
    body BLOB NOT NULL, state TEXT NOT NULL, due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    status INTEGER
);
CREATE INDEX IF NOT EXISTS webhook_of_message ON webhook (mid);
CREATE INDEX IF NOT EXISTS webhook_due ON webhook (due_ms, id) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS mark (mid TEXT PRIMARY KEY, emoji TEXT NOT NULL, edits INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS log (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, customer_id TEXT NOT NULL,
    mid TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS own_post (
    media_id TEXT PRIMARY KEY, code TEXT NOT NULL, is_reel INTEGER NOT NULL, caption TEXT NOT NULL,
    posted_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS comment (
    id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, media_id TEXT NOT NULL, text TEXT NOT NULL, at_ms INTEGER NOT NULL,
    replied_ms INTEGER
);
CREATE INDEX IF NOT EXISTS log_of_customer ON log (customer_id, id);
"""
TABLES = ("customer", "message", "webhook", "mark", "log", "own_post", "comment")

# A chaos run makes some 60,000 log rows; a demo left running for a year must not fill the disk.
CUSTOMERS_LIMIT = 10_000
ROWS_LIMIT = 200_000
TRIM_EVERY = 1_000

# States of a webhook: HELD until released, WAITING until due (or between two tries), then one of the other two.
HELD, WAITING, DELIVERED, FAILED = "held", "waiting", "delivered", "failed"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Customer:
    id: str
    username: str
    name: str
    created_ms: int


@dataclass(frozen=True)
class Message:
    mid: str
    customer_id: str
    sender: str  # customer or shop
    kind: str
    timestamp_ms: int
    text: str = ""
    post_id: str = ""
    url: str = ""
    unsent_ms: int | None = None


@dataclass(frozen=True)
class Mark:
    """What was done to a message since it was sent: the customer's emoji on it, how often it was edited."""

    emoji: str = ""
    edits: int = 0


@dataclass(frozen=True)
class Webhook:
    customer_id: str
    mid: str
    event: str  # message, echo, unsend, reaction, edit, seen or referral
    body: bytes
    due_ms: int
    state: str = WAITING
    attempts: int = 0
    status: int | None = None
    id: int = 0


@dataclass(frozen=True)
class OwnPost:
    """A post that the shop made after the invented ones."""

    media_id: str
    code: str
    is_reel: bool
    caption: str
    posted_ms: int


@dataclass(frozen=True)
class Comment:
    id: str
    customer_id: str
    media_id: str
    text: str
    at_ms: int
    replied_ms: int | None = None


_MESSAGE_COLUMNS = "mid, customer_id, sender, kind, timestamp_ms, text, post_id, url, unsent_ms"
_WEBHOOK_COLUMNS = "customer_id, mid, event, body, due_ms, state, attempts, status, id"


class Full(Exception):
    """The demo holds as much as it may; a reset empties it."""


class Store:
    """All methods may be called from any thread."""

    def __init__(self, path: str) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)
        self.version = now_ms()  # grows with every change, also over a restart: a page asks "anything new since?"

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            self.version += 1

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    # Customers

    def add_customer(self, customer: Customer) -> None:
        with self._writing():
            if self._rows("SELECT count(*) FROM customer")[0][0] >= CUSTOMERS_LIMIT:
                raise Full(f"at most {CUSTOMERS_LIMIT} customers")
            self._db.execute(
                "INSERT INTO customer VALUES (?, ?, ?, ?)",
                (customer.id, customer.username, customer.name, customer.created_ms),
            )
            self._log("customer_made", customer.id, "", {"username": customer.username})

    def find_customer(self, customer_id: str) -> Customer | None:
        rows = self._rows("SELECT id, username, name, created_ms FROM customer WHERE id = ?", (customer_id,))
        return Customer(*rows[0]) if rows else None

    def customers(self, limit: int) -> list[Customer]:
        """The newest `limit` customers, newest first."""
        sql = "SELECT id, username, name, created_ms FROM customer ORDER BY created_ms DESC, rowid DESC LIMIT ?"
        return [Customer(*row) for row in self._rows(sql, (limit,))]

    def customers_by_change(self) -> list[Customer]:
        """Everybody with a conversation, the one with the newest message first."""
        sql = (
            "SELECT c.id, c.username, c.name, c.created_ms FROM customer c JOIN message m ON m.customer_id = c.id"
            " GROUP BY c.id ORDER BY max(m.timestamp_ms) DESC"
        )
        return [Customer(*row) for row in self._rows(sql)]

    def count_customers(self) -> int:
        return int(self._rows("SELECT count(*) FROM customer")[0][0])

    # Messages

    def record(self, messages: Iterable[Message], webhooks: Iterable[Webhook], kind: str, **detail: Any) -> list[int]:
        """Keep messages, their webhooks and a log row per message together, or nothing; return the webhooks' ids."""
        with self._writing():
            for message in messages:
                self._add_message(message)
                self._log(kind, message.customer_id, message.mid, {"kind": message.kind, **detail})
            return [self._add_webhook(webhook) for webhook in webhooks]

    def _add_message(self, message: Message) -> None:
        self._db.execute(
            f"INSERT INTO message ({_MESSAGE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                message.mid,
                message.customer_id,
                message.sender,
                message.kind,
                message.timestamp_ms,
                message.text,
                message.post_id,
                message.url,
                message.unsent_ms,
            ),
        )

    def find_message(self, mid: str) -> Message | None:
        rows = self._rows(f"SELECT {_MESSAGE_COLUMNS} FROM message WHERE mid = ?", (mid,))  # noqa: S608
        return Message(*rows[0]) if rows else None

    def messages(self, customer_id: str, limit: int) -> list[Message]:
        """The newest `limit` messages of a thread, oldest first."""
        rows = self._rows(
            f"SELECT {_MESSAGE_COLUMNS} FROM message WHERE customer_id = ? ORDER BY seq DESC LIMIT ?",  # noqa: S608
            (customer_id, limit),
        )
        return [Message(*row) for row in reversed(rows)]

    def last_customer_message_ms(self, customer_id: str) -> int | None:
        sql = "SELECT max(timestamp_ms) FROM message WHERE customer_id = ? AND sender = 'customer'"
        value = self._rows(sql, (customer_id,))[0][0]
        return None if value is None else int(value)

    def unsend(self, message: Message, webhook: Webhook, at_ms: int) -> bool:
        """Take a message back and queue its webhook; False when it was taken back before."""
        with self._writing():
            done = self._db.execute(
                "UPDATE message SET unsent_ms = ? WHERE mid = ? AND unsent_ms IS NULL", (at_ms, message.mid)
            ).rowcount
            if done:
                self._add_webhook(webhook)
                self._log("unsend", message.customer_id, message.mid, {})
            return bool(done)

    # Around messages

    def marks(self, mids: Sequence[str]) -> dict[str, Mark]:
        places = ", ".join("?" * len(mids))
        rows = self._rows(f"SELECT mid, emoji, edits FROM mark WHERE mid IN ({places})", mids)  # noqa: S608
        return {mid: Mark(emoji, edits) for mid, emoji, edits in rows}

    def happen(self, webhook: Webhook, mark: Mark | None = None, text: str | None = None) -> int:
        """Queue the webhook of something that happened around a message, and keep what the phone then shows."""
        with self._writing():
            if mark is not None:
                values = (webhook.mid, mark.emoji, mark.edits)
                self._db.execute("INSERT OR REPLACE INTO mark (mid, emoji, edits) VALUES (?, ?, ?)", values)
            if text is not None:
                self._db.execute("UPDATE message SET text = ? WHERE mid = ?", (text, webhook.mid))
            self._log(webhook.event, webhook.customer_id, webhook.mid, {})
            return self._add_webhook(webhook)

    # Posts and comments

    def add_own_post(self, post: OwnPost) -> None:
        with self._writing():
            self._db.execute(
                "INSERT INTO own_post VALUES (?, ?, ?, ?, ?)",
                (post.media_id, post.code, post.is_reel, post.caption, post.posted_ms),
            )
            self._log("post_made", "", "", {"media_id": post.media_id})

    def own_posts(self) -> list[OwnPost]:
        rows = self._rows("SELECT media_id, code, is_reel, caption, posted_ms FROM own_post")
        return [OwnPost(media_id, code, bool(is_reel), caption, at) for media_id, code, is_reel, caption, at in rows]

    def add_comment(self, comment: Comment) -> None:
        with self._writing():
            self._db.execute(
                "INSERT INTO comment VALUES (?, ?, ?, ?, ?, NULL)",
                (comment.id, comment.customer_id, comment.media_id, comment.text, comment.at_ms),
            )
            self._log("commented", comment.customer_id, comment.id, {"media_id": comment.media_id})

    def find_comment(self, comment_id: str) -> Comment | None:
        rows = self._rows(
            "SELECT id, customer_id, media_id, text, at_ms, replied_ms FROM comment WHERE id = ?", (comment_id,)
        )
        return Comment(*rows[0]) if rows else None

    def comments_under(self, media_id: str) -> list[Comment]:
        rows = self._rows(
            "SELECT id, customer_id, media_id, text, at_ms, replied_ms FROM comment WHERE media_id = ?", (media_id,)
        )
        return [Comment(*row) for row in rows]

    def mark_replied(self, comment_id: str, at_ms: int) -> None:
        with self._writing():
            self._db.execute("UPDATE comment SET replied_ms = ? WHERE id = ?", (at_ms, comment_id))

    # Webhooks

    def add_webhook(self, webhook: Webhook) -> int:
        with self._writing():
            return self._add_webhook(webhook)

    def _add_webhook(self, webhook: Webhook) -> int:
        cursor = self._db.execute(
            "INSERT INTO webhook (customer_id, mid, event, body, due_ms, state) VALUES (?, ?, ?, ?, ?, ?)",
            (webhook.customer_id, webhook.mid, webhook.event, webhook.body, webhook.due_ms, webhook.state),
        )
        number = int(cursor.lastrowid or 0)
        self._trim("webhook", number, "AND state IN ('delivered', 'failed')")
        return number

    def get_webhook(self, webhook_id: int) -> Webhook:
        rows = self._rows(f"SELECT {_WEBHOOK_COLUMNS} FROM webhook WHERE id = ?", (webhook_id,))  # noqa: S608
        return Webhook(*rows[0])

    def due_webhooks(self, at_ms: int, limit: int) -> list[Webhook]:
        rows = self._rows(
            f"SELECT {_WEBHOOK_COLUMNS} FROM webhook WHERE state = 'waiting' AND due_ms <= ?"  # noqa: S608
            " ORDER BY due_ms, id LIMIT ?",
            (at_ms, limit),
        )
        return [Webhook(*row) for row in rows]

    def next_due_ms(self) -> int | None:
        value = self._rows("SELECT min(due_ms) FROM webhook WHERE state = 'waiting'")[0][0]
        return None if value is None else int(value)

    def webhooks_of(self, customer_id: str, mids: Sequence[str]) -> dict[str, list[Webhook]]:
        """The message webhooks of these messages, by message id; bodies left out."""
        marks = ", ".join("?" * len(mids))
        rows = self._rows(
            "SELECT customer_id, mid, event, x'', due_ms, state, attempts, status, id FROM webhook"  # noqa: S608
            f" WHERE customer_id = ? AND event = 'message' AND mid IN ({marks}) ORDER BY id",
            (customer_id, *mids),
        )
        found: dict[str, list[Webhook]] = {}
        for row in rows:
            found.setdefault(row[1], []).append(Webhook(*row))
        return found

    def finish_attempt(
        self, webhook: Webhook, state: str, due_ms: int, status: int | None, detail: dict[str, Any]
    ) -> None:
        """Note how one try to post went, and what comes next."""
        with self._writing():
            self._db.execute(
                "UPDATE webhook SET state = ?, due_ms = ?, attempts = attempts + 1, status = ? WHERE id = ?",
                (state, due_ms, status, webhook.id),
            )
            shown = {"webhook": webhook.id, "event": webhook.event, "status": status, **detail}
            self._log("webhook_posted", webhook.customer_id, webhook.mid, shown)

    def held(self, customer_id: str | None) -> list[int]:
        """Ids of the webhooks held back, in the order they were made; of all customers for None."""
        sql = "SELECT id FROM webhook WHERE state = 'held' AND (? IS NULL OR customer_id = ?) ORDER BY id"
        return [row[0] for row in self._rows(sql, (customer_id, customer_id))]

    def release(self, webhook_ids: Sequence[int], from_ms: int) -> int:
        """Let held webhooks go in the given order, a millisecond apart; return how many went."""
        with self._writing():
            gone = 0
            for place, webhook_id in enumerate(webhook_ids):
                sql = "UPDATE webhook SET state = 'waiting', due_ms = ? WHERE id = ? AND state = 'held'"
                gone += self._db.execute(sql, (from_ms + place, webhook_id)).rowcount
            return gone

    def pending_webhooks(self) -> int:
        return int(self._rows("SELECT count(*) FROM webhook WHERE state = 'waiting'")[0][0])

    # Log

    def log(self, kind: str, customer_id: str = "", mid: str = "", **detail: Any) -> None:
        with self._writing():
            self._log(kind, customer_id, mid, detail)

    def _log(self, kind: str, customer_id: str, mid: str, detail: dict[str, Any]) -> None:
        cursor = self._db.execute(
            "INSERT INTO log (at_ms, kind, customer_id, mid, detail) VALUES (?, ?, ?, ?, ?)",
            (now_ms(), kind, customer_id, mid, json.dumps(detail, ensure_ascii=False)),
        )
        self._trim("log", int(cursor.lastrowid or 0))

    def log_after(self, log_id: int, customer_id: str | None, limit: int) -> list[dict[str, Any]]:
        """Rows after `log_id`, oldest first."""
        sql = (
            "SELECT id, at_ms, kind, customer_id, mid, detail FROM log"
            " WHERE id > ? AND (? IS NULL OR customer_id = ?) ORDER BY id LIMIT ?"
        )
        return [_shown_log(row) for row in self._rows(sql, (log_id, customer_id, customer_id, limit))]

    def log_tail(self, customer_id: str, limit: int) -> list[dict[str, Any]]:
        """The newest rows of one customer, oldest first."""
        sql = "SELECT id, at_ms, kind, customer_id, mid, detail FROM log WHERE customer_id = ? ORDER BY id DESC LIMIT ?"
        return [_shown_log(row) for row in reversed(self._rows(sql, (customer_id, limit)))]

    def reset(self) -> None:
        """Forget everything; ids go on counting, so that a reader of the log notices."""
        with self._writing():
            for table in TABLES:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608
            self._log("reset", "", "", {})

    def _trim(self, table: str, newest_id: int, only: str = "") -> None:
        if newest_id % TRIM_EVERY == 0:
            self._db.execute(f"DELETE FROM {table} WHERE id <= ? {only}", (newest_id - ROWS_LIMIT,))  # noqa: S608


def _shown_log(row: tuple[Any, ...]) -> dict[str, Any]:
    log_id, at_ms, kind, customer_id, mid, detail = row
    return {
        "id": log_id,
        "at_ms": at_ms,
        "kind": kind,
        "customer": customer_id,
        "mid": mid,
        "detail": json.loads(detail),
    }
