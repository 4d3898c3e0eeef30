"""The customer took back or changed what the assistant's reply answers, or what that quotes, before anything of it
left: it is void. So is one that waited long, and whose facts are others by the time that it would leave.

What it answered is unanswered again, and what is left of that is asked anew. Of a reply whose first part is being sent
nobody can say yet what becomes of it: it is marked, and void if the provider turns out not to have taken it. What a
person wrote stays: they answer for it. So does what would not have left anyhow, because somebody took over.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from pilito.conversations import turns
from pilito.conversations.lock import mark_changed
from pilito.conversations.outbox import wake_next
from pilito.conversations.pair import cards_read_with, is_read_with, pair_again, what_answers
from pilito.database import Transaction
from pilito.lifecycle import DeliveryState, Sender
from pilito.models import Conversation, Message, Share, db
from pilito.models.delivery import OUTDATED, UNASKED, VOID


def void_answers(tx: Transaction, conversation: Conversation, asking: Sequence[Message], why: str) -> list[Message]:
    """Void what answers one of these, which ask with a message, and has not left; return what waits for an answer
    again, to be asked anew.

    Called before the message is changed, for pairing leaves alone what was answered.
    """
    freed = []
    for reply in _answers(conversation, asking):
        if all(part.state is DeliveryState.PENDING for part in reply.deliveries):
            freed += _void(tx, conversation, reply, why)
        elif reply.deliveries[0].state is DeliveryState.SENDING:
            reply.deliveries[0].error = why
    return freed


def void_unasked(tx: Transaction, conversation: Conversation, which: Message) -> list[Message]:
    """The same for what this "which one?" made a question, before a person takes that back: nobody has asked it then,
    and its answer waits behind."""
    return void_answers(tx, conversation, what_answers(which), UNASKED)


def is_asked_about(asking: Iterable[Message]) -> bool:
    """Whether one of what asks with a message still waits, which a draft may rest on."""
    return any(one.answered_by_id is None for one in asking)


def void_returned(tx: Transaction, conversation: Conversation, reply: Message, mark: str | None, now: datetime) -> None:
    """The provider has not taken it: void if what it answers was taken back or changed meanwhile, as `mark` says."""
    if mark in VOID and all(part.state is DeliveryState.PENDING for part in reply.deliveries):
        ask_anew(tx, conversation, _void(tx, conversation, reply, mark), now)


def void_outdated(tx: Transaction, conversation: Conversation, reply: Message, now: datetime) -> None:
    """Void an answer whose facts have changed, and those that wait behind it, written as if it had been said;
    what they answer is asked anew, in one turn."""
    behind = (
        select(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.id >= reply.id,
            Message.sender == Sender.ASSISTANT,
            Message.epoch == conversation.epoch,
            Message.origin.is_(None),
        )
        .order_by(Message.id)
        .options(selectinload(Message.deliveries))
    )
    freed = []
    for one in db.session.scalars(behind).all():
        if all(part.state is DeliveryState.PENDING for part in one.deliveries):
            freed += _void(tx, conversation, one, OUTDATED)
    ask_anew(tx, conversation, freed, now)


def ask_anew(tx: Transaction, conversation: Conversation, freed: Sequence[Message], now: datetime) -> None:
    """Have what waits again answered, with the posts that belong to it by now."""
    if freed:
        pairing = pair_again(tx, conversation, min(message.sent_at for message in freed), now)
        mark_changed(tx, conversation, *pairing.changed)
    turns.count_unanswered(conversation)
    turns.ask_unanswered(tx, conversation, now)


def asking_with(message: Message, posts: Iterable[Message]) -> list[Message]:
    """What asks with this message: itself, the question that took its post, the `posts` and the cards that answered
    "which one?" about it, and what quotes one of these by a swipe. Asked once, before anything is changed."""
    stands_in = [message, *posts, *cards_read_with(message)]
    if message.share is not None and message.share.combined_with_id not in (None, message.id):
        stands_in.append(db.session.get_one(Message, message.share.combined_with_id))
    return [*stands_in, *_quoting(stands_in)]


def posts_read_with(message: Message) -> list[Message]:
    """The posts that answered "which one?" and were read together with this message. Asked before it is emptied."""
    answers = select(Share).where(Share.conversation_id == message.conversation_id, Share.answers_id.is_not(None))
    shares = db.session.scalars(answers.options(joinedload(Share.message))).all()
    return [share.message for share in shares if is_read_with(share, message)]


def _quoting(quoted: Sequence[Message]) -> Sequence[Message]:
    """The messages that answer one of these by a swipe: they were read together with it."""
    quotes = select(Message).where(
        Message.conversation_id == quoted[0].conversation_id,
        Message.sender == Sender.CUSTOMER,
        Message.sent_at >= min(one.sent_at for one in quoted),
        Message.reply_to_external_id.in_([one.external_id for one in quoted]),
    )
    return db.session.scalars(quotes).all()


def _answers(conversation: Conversation, messages: Iterable[Message]) -> Sequence[Message]:
    ids = {message.answered_by_id for message in messages if message.sender is Sender.CUSTOMER} - {None}
    if not ids:
        return []
    replies = (
        select(Message)
        .where(Message.id.in_(ids), Message.sender == Sender.ASSISTANT, Message.epoch == conversation.epoch)
        .order_by(Message.id)
        .options(selectinload(Message.deliveries))
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(replies).all()


def _void(tx: Transaction, conversation: Conversation, reply: Message, why: str) -> list[Message]:
    for part in reply.deliveries:
        part.state, part.error = DeliveryState.FAILED, why
    # Said to nobody: the assistant does not read it among what was said, and no post answers its "which one?".
    reply.content, reply.asks_which = "", False
    freed = turns.unanswer(conversation, reply)
    mark_changed(tx, conversation, reply)
    wake_next(tx, conversation)
    return freed
