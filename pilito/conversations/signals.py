"""What a customer sees of us beside messages: "seen", and "typing" while the assistant writes.

Nothing waits for it and nothing fails by it: a signal goes by a queue of its own, is dropped when it is late, and what
became of it is only counted.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from flask import Flask, current_app
from redis.exceptions import RedisError

from pilito import hints, keys
from pilito.channels.base import Account, Outbound, Signal
from pilito.clock import utc_now
from pilito.conversations import pace, turns
from pilito.conversations.account import open_account
from pilito.database import Transaction, transaction
from pilito.errors import ChannelError, Refused
from pilito.extensions import channels, redis
from pilito.lifecycle import ConversationState, InboxState, TurnState
from pilito.models import Conversation, Inbox, db

log = logging.getLogger(__name__)

# An answer that is there before this shows no typing: two calls for half a second would only slow down the next one.
TYPING_AFTER_SECONDS = 0.6
TYPING_AGAIN_SECONDS = 15.0  # Instagram shows it for about 20
ASKED_A_SECOND = 4  # of one process; each costs two calls, some 10 ms of processor time
LATE = timedelta(seconds=10)
OFF = "off"


class Room:
    """At most `calls` a second in this process: when many answers are written at once, they have the processor."""

    def __init__(self, calls: int) -> None:
        self._calls = calls
        self._lock = threading.Lock()
        self._second, self._taken = 0, 0

    def take(self) -> bool:
        second = int(time.monotonic())
        with self._lock:
            if second != self._second:
                self._second, self._taken = second, 0
            self._taken += 1
            return self._taken <= self._calls


_room = Room(ASKED_A_SECOND)


@dataclass(frozen=True)
class Recipient:
    channel: str
    inbox_id: int
    account: Account
    customer_id: str


@contextmanager
def typing(conversation_id: int) -> Iterator[None]:
    """Show that somebody writes while the block runs; nothing is shown for a block that is done at once."""
    done = threading.Event()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    threading.Thread(target=_ask_until, args=(app, conversation_id, done), name="typing", daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _ask_until(app: Flask, conversation_id: int, done: threading.Event) -> None:
    signals, pause = [Signal.SEEN, Signal.TYPING], TYPING_AFTER_SECONDS
    while not done.wait(pause):
        with app.app_context():
            if _room.take():
                ask(conversation_id, signals)
            else:
                _count(Signal.TYPING, "busy")
        signals, pause = [Signal.TYPING], TYPING_AGAIN_SECONDS


def ask(conversation_id: int, signals: list[Signal]) -> None:
    """Have a worker show the signals soon."""
    words = [signal.value for signal in signals]
    hints.hint(keys.SIGNALS, keys.SIGNAL_JOB, conversation_id, words, utc_now().timestamp())


def ask_seen(tx: Transaction, conversation: Conversation) -> None:
    """A person has looked at the conversation: tell the customer, after the commit."""
    if _is_on(conversation.inbox, Signal.SEEN):
        tx.after_commit(ask, conversation.id, [Signal.SEEN])


def show(conversation_id: int, words: list[str], asked_at: float, now: datetime) -> None:
    """Show these signals if they are still true; count what became of each."""
    for signal in map(Signal, words):
        _count(signal, _show(conversation_id, signal, datetime.fromtimestamp(asked_at, UTC), now))


def _show(conversation_id: int, signal: Signal, asked_at: datetime, now: datetime) -> str:
    if now - asked_at > LATE:
        return "late"
    recipient = _find_recipient(conversation_id, signal, now)
    if recipient is None:
        return "not_wanted"
    channel = channels[recipient.channel]
    if pace.wait_seconds(recipient.inbox_id, channel.limits(Outbound(recipient.customer_id))):
        return "late"  # messages first
    try:
        channel.signal(recipient.account, recipient.customer_id, signal)
    except ChannelError as error:
        log.info("The signal %s in conversation %s was refused: %s", signal, conversation_id, error.reason)
        return "failed"
    return "sent"


def _find_recipient(conversation_id: int, signal: Signal, now: datetime) -> Recipient | None:
    """To whom it goes; None when it is not true any more, switched off, or would be refused."""
    conversation = db.session.get(Conversation, conversation_id)
    try:
        if conversation is None or not _is_on(conversation.inbox, signal) or not _may_go(conversation, now):
            return None
        if signal is Signal.TYPING and not _is_writing(conversation):
            return None
        inbox = conversation.inbox
        account = open_account(inbox)
        if account is None:
            return None
        return Recipient(inbox.channel, inbox.id, account, conversation.customer.provider_id)
    finally:
        db.session.rollback()  # no session is open during the call


def _is_on(inbox: Inbox, signal: Signal) -> bool:
    return (inbox.options or {}).get(signal.value) != OFF


def _may_go(conversation: Conversation, now: datetime) -> bool:
    inbox = conversation.inbox
    is_resting = inbox.paused_until is not None and inbox.paused_until > now
    if inbox.state is InboxState.STOPPED or is_resting:
        return False
    return bool(channels[inbox.channel].may_send(False, conversation.last_customer_message_at, now))


def _is_writing(conversation: Conversation) -> bool:
    """Whether the assistant is at it this moment: after the reply nobody writes any more."""
    turn = turns.find_unfinished(conversation.id)
    return turn is not None and turn.state is TurnState.GENERATING and conversation.state is ConversationState.ASSISTANT


def _count(signal: Signal, outcome: str) -> None:
    try:
        redis.hincrby(keys.SIGNALS_COUNT, f"{signal.value}:{outcome}", 1)
    except RedisError:
        log.debug("Redis is away; the signal is not counted.")


def counts() -> dict[tuple[str, str], int]:
    """How many signals of each kind were sent, failed, late or not wanted. Raises RedisError."""
    counted: dict[bytes, bytes] = cast(Any, redis.hgetall(keys.SIGNALS_COUNT))
    found = {key.decode(): int(value) for key, value in counted.items()}
    return {(signal, outcome): count for key, count in found.items() for signal, _, outcome in [key.partition(":")]}


def choose(inbox_id: int, chosen: dict[Signal, bool]) -> None:
    """Switch signals of this inbox on or off. Raises Refused when there is no such inbox."""
    with transaction():
        inbox = db.session.get(Inbox, inbox_id, with_for_update=True, populate_existing=True)
        if inbox is None:
            raise Refused("not_found", f"There is no inbox {inbox_id}; `flask inbox list` shows them.")
        inbox.options = {
            **(inbox.options or {}),
            **{signal.value: "on" if on else OFF for signal, on in chosen.items()},
        }
