"""Rows for tests, with everything filled in that a test does not care about. Call them inside `with transaction():`."""

import zlib
from collections.abc import Iterator
from contextvars import Context
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event

from pilito.clock import utc_now
from pilito.lifecycle import (
    DeliveryState,
    EventOutcome,
    MediaKind,
    MediaState,
    MessageType,
    PassageKind,
    Role,
    Sender,
    ShareState,
    SourceKind,
    TurnState,
    WebhookState,
)
from pilito.models import (
    Conversation,
    Customer,
    Delivery,
    Event,
    Inbox,
    MediaFile,
    Message,
    Operator,
    Passage,
    Product,
    Proof,
    Share,
    Source,
    SourceFile,
    Turn,
    Variant,
    Webhook,
    WebPage,
    db,
)
from pilito.people.sessions import begin_session

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
numbers = count(1)


def add(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


def everything() -> str:
    """Every value of every table, as text."""
    db.session.rollback()
    found = []
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(db.select(table)):
            values = (value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in row)
            found.append(f"{table.name}: {' | '.join(values)}")
    return "\n".join(found)


def everything_in_redis(redis: Any) -> Iterator[tuple[bytes, list[bytes]]]:
    """Yield every key with all that it holds; what RQ has packed, unpacked."""
    for key in redis.scan_iter():
        yield key, [_unpacked(value) for value in _held_by(redis, key)]


def _held_by(redis: Any, key: bytes) -> list[bytes]:
    kind = redis.type(key)
    if kind == b"string":
        return [redis.get(key)]
    if kind == b"hash":
        return [part for pair in redis.hgetall(key).items() for part in pair]
    if kind == b"list":
        return redis.lrange(key, 0, -1)
    if kind == b"set":
        return list(redis.smembers(key))
    if kind == b"zset":
        return redis.zrange(key, 0, -1)
    assert kind == b"stream"
    return [part for _, entry in redis.xrange(key) for pair in entry.items() for part in pair]


def _unpacked(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


def record_statements() -> list[str]:
    """Return a list that fills with the queries sent to the database from now on."""
    statements: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", record)
    return statements


def add_inbox(**values: Any) -> Inbox:
    defaults = {
        "channel": "instagram",
        "external_id": f"account-{next(numbers)}",
        "name": "Shop",
        "token_encrypted": b"",
        "created_at": NOON,
    }
    return add(Inbox(**defaults | values))


def add_conversation(inbox: Inbox | None = None, customer: dict[str, Any] | None = None, **values: Any) -> Conversation:
    inbox = inbox or add_inbox()
    person = {"external_id": f"customer-{next(numbers)}", "inbox_id": inbox.id, "created_at": NOON} | (customer or {})
    defaults = {
        "inbox_id": inbox.id,
        "customer_id": add(Customer(**person)).id,
        "created_at": NOON,
        "last_message_at": NOON,
    }
    return add(Conversation(**defaults | values))


def add_message(conversation: Conversation, **values: Any) -> Message:
    defaults = {
        "conversation_id": conversation.id,
        "inbox_id": conversation.inbox_id,
        "external_id": f"mid-{next(numbers)}",
        "sender": Sender.CUSTOMER,
        "message_type": MessageType.TEXT,
        "sent_at": NOON,
        "created_at": NOON,
    }
    return add(Message(**defaults | values))


def add_share(conversation: Conversation, state: ShareState, **values: Any) -> Share:
    """A message of a customer that is a share."""
    message = add_message(conversation, message_type=MessageType.SHARE)
    defaults = {
        "message_id": message.id,
        "conversation_id": conversation.id,
        "kind": "ig_reel",
        "state": state,
        "sent_at": NOON,
        "expires_at": NOON + timedelta(seconds=120),
    }
    return add(Share(**defaults | values))


def add_delivery(message: Message, state: DeliveryState, **values: Any) -> Delivery:
    defaults = {
        "message_id": message.id,
        "conversation_id": message.conversation_id,
        "inbox_id": message.inbox_id,
        "position": 0,
        "text": "",
        "state": state,
        "due_at": NOON,
        "created_at": NOON,
    }
    return add(Delivery(**defaults | values))


def add_media(inbox_id: int, kind: MediaKind, mime_type: str | None = None, **values: Any) -> MediaFile:
    """A copy of a file; by default one that is in the store."""
    key = f"00/00/{'0' * 64}.{next(numbers)}"
    stored = {"state": MediaState.STORED, "key": key, "mime_type": mime_type, "size_bytes": 1_500_000}
    defaults = {
        "inbox_id": inbox_id,
        "kind": kind,
        "source_url": "https://cdn.test/x",
        "due_at": NOON,
        "created_at": NOON,
    }
    return add(MediaFile(**defaults | (stored if "state" not in values else {}) | values))


def add_turn(conversation: Conversation, state: TurnState, **values: Any) -> Turn:
    defaults = {"conversation_id": conversation.id, "state": state, "opened_at": NOON, "due_at": NOON}
    return add(Turn(**defaults | values))


def add_answer(conversation: Conversation, seconds: float, model_milliseconds: int = 700) -> Message:
    """A reply of the assistant that the channel took `seconds` after the question came."""
    turn = add_turn(conversation, TurnState.ANSWERED)
    message = add_message(conversation, external_id=None, sender=Sender.ASSISTANT, answers_turn_id=turn.id)
    add_delivery(message, DeliveryState.SENT, sent_at=NOON + timedelta(seconds=seconds))
    proof = {"input_tokens": 100, "output_tokens": 20, "milliseconds": model_milliseconds}
    add(Proof(message_id=message.id, model="demo", prompt_hash="0" * 64, **proof))
    return message


def add_webhook(state: WebhookState, outcomes: tuple[EventOutcome, ...] = (), channel: str = "instagram") -> Webhook:
    webhook = add(Webhook(channel=channel, received_at=NOON, body=b"{}", state=state))
    for position, outcome in enumerate(outcomes):
        event = {"webhook_id": webhook.id, "position": position, "channel": channel, "kind": "message"}
        add(Event(outcome=outcome, created_at=NOON, **event))
    return webhook


def add_source(inbox_id: int | None = None, kind: SourceKind = SourceKind.MANUAL, **values: Any) -> Source:
    defaults = {"inbox_id": inbox_id, "kind": kind, "name": "Shop", "created_at": NOON, "updated_at": NOON}
    return add(Source(**defaults | values))


def add_product(source: Source, variants: tuple[dict[str, Any], ...] = ({},), **values: Any) -> Product:
    """A product of this source, each variant for 1,850,000 toman unless told otherwise."""
    defaults = {"source_id": source.id, "inbox_id": source.inbox_id, "name": "پیراهن لینن", "currency": "IRT"}
    product = add(Product(**defaults | {"created_at": NOON, "updated_at": NOON} | values))
    for position, variant in enumerate(variants):
        add(Variant(**{"product_id": product.id, "position": position, "price": 1_850_000} | variant))
    return product


def add_passage(source: Source, **values: Any) -> Passage:
    defaults = {
        "source_id": source.id,
        "inbox_id": source.inbox_id,
        "kind": PassageKind.FAQ,
        "title": "ارسال چند روزه؟",
    }
    return add(Passage(**defaults | {"text": "۲ تا ۴ روز کاری.", "created_at": NOON, "updated_at": NOON} | values))


def add_facts(inbox_id: int | None) -> Source:
    """A source with a row in every table that hangs on one."""
    source = add_source(inbox_id)
    add_product(source)
    page = add(WebPage(source_id=source.id, address="https://shop.test/", digest="0" * 64))
    add_passage(source, web_page_id=page.id)
    add(SourceFile(source_id=source.id, name="x.csv", size_bytes=1, content=b"x", created_at=NOON))
    return source


def add_operator(role: Role, **values: Any) -> Operator:
    """A person who is logged in: their cookie carries `get_id()`."""
    name = f"{role.value}{next(numbers)}"
    defaults = {"email": f"{name}@shop.test", "name": name, "password_hash": "!", "created_at": NOON}
    operator = add(Operator(**defaults | {"role": role} | values))
    begin_session(operator, "127.0.0.1", "a browser of the tests", utc_now())
    return operator


class FreshClient(FlaskClient):
    """Makes each request in a context of its own, as a server does: in that of the `app` fixture `g` would be shared,
    and with it who is logged in."""

    def open(self, *args: Any, **options: Any) -> Any:
        return Context().run(super().open, *args, **options)
