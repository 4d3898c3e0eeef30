"""A person takes a reply back before it leaves.

Until then it is a row like every other reply, only due a few seconds later: a browser that is closed meanwhile loses
nothing, and who wins, the undo or the sending, is decided once, by the state of its deliveries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from pilito.channels.base import Outbound
from pilito.conversations import turns, void
from pilito.conversations.approve import APPLIED, EDITED
from pilito.conversations.drafts import go_stale
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.newest import set_preview
from pilito.conversations.outbox import wake_next
from pilito.conversations.pair import pair_again
from pilito.conversations.payload import outbound_of
from pilito.database import Transaction, transaction
from pilito.errors import Refused
from pilito.lifecycle import ConversationState, DeliveryState, DraftState
from pilito.models import Audit, Conversation, Delivery, Draft, Message, Proof, db
from pilito.models.message import UNDONE

CHOICES = (0, 5, 10)  # seconds


@dataclass(frozen=True)
class TakenBack:
    """What the composer gets again."""

    text: str
    parts: tuple[Outbound, ...]
    file_name: str | None
    reply_to_external_id: str | None
    draft_id: int | None  # the draft that it was, waiting again


def retract(conversation_id: int, message_id: int, operator_id: int, now: datetime) -> TakenBack:
    """Take one's own reply back, if nothing of it has left; the same again returns the same.

    Raises Refused (not_found, retract_too_late).
    """
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        message = _get_own(conversation, message_id, operator_id)
        if message.origin != UNDONE:
            behind = void.void_unasked(tx, conversation, message)  # as long as it still asks
            _stop(message)
            _forget(tx, conversation, message, behind, operator_id, now)
        return _taken(message)


def _get_own(conversation: Conversation, message_id: int, operator_id: int) -> Message:
    message = db.session.scalar(
        select(Message)
        .where(
            Message.id == message_id,
            Message.conversation_id == conversation.id,
            Message.operator_id == operator_id,
        )
        .execution_options(populate_existing=True)
    )
    if message is None:
        raise Refused("not_found", f"There is no reply {message_id} of yours in conversation {conversation.id}.")
    return message


def _stop(message: Message) -> None:
    """All parts, or none: whoever sends moves the first of them out of `pending` before the call."""
    stopped = db.session.execute(
        update(Delivery)
        .where(Delivery.message_id == message.id, Delivery.state == DeliveryState.PENDING, Delivery.attempt == 0)
        .values(state=DeliveryState.FAILED, error=UNDONE)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    db.session.expire(message, ["deliveries"])
    if not stopped or len(stopped) != len(message.deliveries):
        raise Refused("retract_too_late", "The reply has left already.")
    for part in message.deliveries:
        db.session.refresh(part)


def _forget(
    tx: Transaction,
    conversation: Conversation,
    message: Message,
    behind: Sequence[Message],
    operator_id: int,
    now: datetime,
) -> None:
    """As if it had never been written; who holds the conversation keeps it, and whoever waited waits again: also with
    what had an answer `behind` it.

    Its text stays in the row, so that an answer that got lost can be asked for again; nothing else shows it.
    """
    is_drafts = message.origin in (APPLIED, EDITED)
    message.origin, message.deleted_at, message.content = UNDONE, now, ""
    freed = turns.unanswer(conversation, message)
    # Where it asked "which one?", a post that came by then answers nothing any more.
    around = min((one.sent_at for one in (*freed, *behind)), default=message.sent_at)
    pairing = pair_again(tx, conversation, around, now)
    turns.count_unanswered(conversation)
    if is_drafts:
        _give_draft_back(conversation, message, now)
        turns.ask(tx, conversation, [*pairing.questions, *behind], now)
    else:
        turns.ask_unanswered(tx, conversation, now)  # given back to the assistant meanwhile: it answers
    newest = db.session.scalar(
        select(Message)
        .where(Message.conversation_id == conversation.id, Message.deleted_at.is_(None))
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(1)
    )
    if newest is not None:
        conversation.last_message_at = newest.sent_at
        set_preview(conversation, newest)
    details = {"message_id": message.id}
    db.session.add(
        Audit(at=now, action="undid_reply", operator_id=operator_id, conversation_id=conversation.id, details=details)
    )
    turns.start_over(tx, conversation, now)
    mark_changed(tx, conversation, message, *pairing.changed)
    wake_next(tx, conversation)


def _give_draft_back(conversation: Conversation, message: Message, now: datetime) -> None:
    """A draft that was decided about stays decided: its words wait as a new one, which can become a reply again."""
    decided = db.session.scalar(select(Draft).where(Draft.message_id == message.id))
    message.answers_turn_id, message.asks_which = None, False
    db.session.execute(delete(Proof).where(Proof.message_id == message.id))
    if decided is None:
        return
    go_stale(conversation, "person_wrote")
    is_assistants = conversation.state is ConversationState.ASSISTANT
    again = Draft(
        conversation_id=conversation.id,
        turn_id=decided.turn_id,
        message_ids=decided.message_ids,
        text=decided.text,
        finding=decided.finding,
        working=decided.working,
        state=DraftState.WAITING if is_assistants else DraftState.STALE,
        stale_why=None if is_assistants else "taken_over",
        created_at=now,
    )
    db.session.add(again)
    conversation.drafted_at = now if is_assistants else None
    db.session.flush()
    if all(one.id in decided.message_ids for one in turns.unanswered(conversation)):
        turns.drop(conversation, UNDONE, now)  # what is left of it waits with the draft


def _taken(message: Message) -> TakenBack:
    parts = tuple(outbound_of("", part.text, None, part.payload) for part in message.deliveries)
    name = next((file.title for file in message.attachments if file.title), None)
    return TakenBack(message.words, parts, name, message.reply_to_external_id, _draft_again(message))


def _draft_again(message: Message) -> int | None:
    """The draft that waits again, where the reply was one."""
    if db.session.scalar(select(Draft.id).where(Draft.message_id == message.id)) is None:
        return None
    again = (Draft.conversation_id == message.conversation_id, Draft.state.in_((DraftState.WAITING, DraftState.STALE)))
    return db.session.scalar(select(Draft.id).where(*again).order_by(Draft.id.desc()).limit(1))


def held_until(message: Message, now: datetime) -> datetime | None:
    """When the reply leaves, as long as it can be taken back."""
    parts = message.deliveries
    if not parts or message.deleted_at or any(one.state is not DeliveryState.PENDING or one.attempt for one in parts):
        return None
    due_at = parts[0].due_at
    is_held = timedelta(0) < due_at - parts[0].created_at <= timedelta(seconds=CHOICES[-1])
    return due_at if is_held and due_at > now else None
