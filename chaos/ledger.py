"""What the database holds in the end, read with plain SQL: the judge must not believe Pilito's own code."""

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from chaos.history import EVENTS, History, Row, key_of

# Rows that somebody still has to finish, and how each is called in a verdict.
UNFINISHED = {
    "webhooks": "SELECT count(*) FROM webhook WHERE state = 'pending'",
    "turns": "SELECT count(*) FROM turn WHERE state IN ('open', 'generating')",
    "deliveries": "SELECT count(*) FROM delivery WHERE state IN ('pending', 'sending')",
    "uncertain sends that no person was shown": """
        SELECT count(*) FROM delivery JOIN conversation ON conversation.id = delivery.conversation_id
        WHERE delivery.state = 'unknown' AND conversation.state = 'assistant' AND NOT EXISTS (
            SELECT 1 FROM audit WHERE audit.conversation_id = conversation.id
                                AND audit.action = 'gave_back' AND audit.at >= delivery.unknown_at)""",
    "waiting shares": "SELECT count(*) FROM share WHERE state = 'waiting'",
    "conversations that nobody closed and that are closed": "SELECT count(*) FROM conversation WHERE state = 'closed'",
}
MESSAGES = """
    SELECT message.id, message.external_id, customer.external_id, message.sender, message.text, message.content,
           message.deleted_at IS NOT NULL, message.answered_by_id, message.created_at, conversation.state
    FROM message JOIN conversation ON conversation.id = message.conversation_id
                 JOIN customer ON customer.id = conversation.customer_id
    ORDER BY message.id"""
PARTS = "SELECT message_id, text, state FROM delivery ORDER BY message_id, position"
STORED = "SELECT id FROM message WHERE external_id = :mid"
SAYS = "SELECT text FROM message WHERE external_id = :mid"
HAND_OVERS = "SELECT details FROM audit WHERE action = 'handed_over'"
BODIES = "SELECT id, body FROM webhook ORDER BY id"
OUTCOMES = "SELECT webhook_id, position, outcome FROM event"
UNREAD = "SELECT count(*) FROM webhook WHERE state != 'read'"
PEOPLE = {"handed_over", "operator"}


def open_database(url: str) -> Engine:
    return create_engine(url, pool_pre_ping=True)


def unfinished(database: Engine) -> dict[str, int] | None:
    """How many rows of each kind; None while the database is away."""
    try:
        with database.connect() as connection:
            return _count_unfinished(connection)
    except OperationalError:
        return None


def _count_unfinished(connection: Connection) -> dict[str, int]:
    return {name: int(connection.scalar(text(query)) or 0) for name, query in UNFINISHED.items()}


def is_stored(database: Engine, mid: str) -> bool:
    """Whether this message of a customer was read; no while the database is away."""
    try:
        with database.connect() as connection:
            return connection.scalar(text(STORED), {"mid": mid}) is not None
    except OperationalError:
        return False


def says(database: Engine, mid: str, word: str) -> bool:
    """Whether this message of a customer is there with this word; no while the database is away."""
    try:
        with database.connect() as connection:
            return word in (connection.scalar(text(SAYS), {"mid": mid}) or "")
    except OperationalError:
        return False


def _hand_overs(connection: Connection) -> dict[str, int]:
    """How often the assistant gave a conversation to people, by the reason."""
    details = connection.scalars(text(HAND_OVERS)).all()
    reasons = (json.loads(one) if isinstance(one, str) else one for one in details)
    return dict(Counter(str(one.get("reason")) for one in reasons).most_common())


def read_into(history: History, database: Engine) -> None:
    with database.connect() as connection:
        parts = connection.execute(text(PARTS)).all()
        of_reply = {number: list(found) for number, found in groupby(parts, lambda part: part[0])}
        for row in connection.execute(text(MESSAGES)):
            *columns, created_at, state = row
            history.rows.append(
                Row(
                    id=columns[0],
                    external_id=columns[1],
                    customer=columns[2],
                    sender=columns[3],
                    text=columns[4] or "",
                    content=columns[5] or "",
                    is_deleted=bool(columns[6]),
                    answered_by=columns[7],
                    waits_for="person" if state in PEOPLE else "",
                    parts=[part[1] for part in of_reply.get(columns[0], [])],
                    states=[part[2] for part in of_reply.get(columns[0], [])],
                    at_ms=_milliseconds(created_at),
                )
            )
        bodies = [(number, bytes(body).decode()) for number, body in connection.execute(text(BODIES))]
        outcomes = {(webhook, position): outcome for webhook, position, outcome in connection.execute(text(OUTCOMES))}
        history.told_of = EVENTS
        history.unread = int(connection.scalar(text(UNREAD)) or 0)
        history.unfinished = _count_unfinished(connection)
        history.handed_over = _hand_overs(connection)
    for webhook, body in bodies:
        for position, key in enumerate(_events_in(body)):
            if key:
                history.outcomes.setdefault(key, []).append(outcomes.get((webhook, position), ""))
    history.kept_words = sorted(_kept(history, [body for _, body in bodies]))


def _milliseconds(moment: Any) -> int:
    """SQLite has no type for a moment, and gives back what was written."""
    at = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _events_in(body: str) -> list[str]:
    """What each item is and about which message, as `outcomes` has it; "" for what was emptied by an unsend."""
    return [_event_in(item) for entry in json.loads(body)["entry"] for item in entry.get("messaging", [])]


def _event_in(item: dict[str, Any]) -> str:
    if edit := item.get("message_edit"):
        return key_of("edit", str(edit["mid"]))
    message = item.get("message") or {}
    if message.get("is_echo"):
        return key_of("echo", str(message["mid"]))
    if message.get("is_deleted"):
        return key_of("unsend", str(message["mid"]))
    is_said = "text" in message or "attachments" in message
    return key_of("message", str(message["mid"])) if is_said else ""


def _kept(history: History, bodies: list[str]) -> set[str]:
    """The words of unsent messages that a message or a body in the ledger still has. Our answers may repeat them."""
    unsent = {change.mid for change in history.changed if change.kind == "unsend"}
    told = {one.mid for one in history.posted if one.event == "unsend" and one.is_taken}
    words = {said.word for said in history.said if said.mid in unsent & told}
    if not words:
        return set()
    texts = [f"{row.text} {row.content}" for row in history.rows if row.sender == "customer"]
    texts += [json.dumps(json.loads(body), ensure_ascii=False) for body in bodies if '"is_echo"' not in body]
    whole = "\n".join(texts)
    return {word for word in words if word in whole}
