"""The customer took a message back: its text goes, and what had been built on it is built again."""

from datetime import datetime

from sqlalchemy import delete, select

from pilito.channels.base import Unsend
from pilito.conversations import pending_share, turns, void
from pilito.conversations.contents import own_content
from pilito.conversations.copies import copies_of, leave_copies
from pilito.conversations.drafts import go_stale
from pilito.conversations.forget import forget_sent, forget_words
from pilito.conversations.forget_trials import forget_trials
from pilito.conversations.lock import mark_changed
from pilito.conversations.newest import set_preview
from pilito.conversations.outcome import Outcome
from pilito.conversations.pair import is_question, pair_again
from pilito.conversations.pairing import context_of
from pilito.conversations.store import find_message, get_conversation
from pilito.database import Transaction
from pilito.lifecycle import EventOutcome, MessageType, ProcessingStatus, Sender, TurnState
from pilito.models import Attachment, Conversation, Delivery, Inbox, Message, Reading, Share, Turn, db
from pilito.models.delivery import UNSENT


def unsend(tx: Transaction, inbox: Inbox, item: Unsend, now: datetime) -> Outcome:
    """Empty the message; one that is not here yet gets a tombstone, so that it stays away when it comes late."""
    conversation = get_conversation(inbox, item.customer_id, now)
    message = find_message(inbox, item.external_id)
    if message is None and (part := _find_part(inbox, item)) is not None:
        return _take_back_part(tx, conversation, part, now)
    if message is None:
        return Outcome(EventOutcome.STORED, "came before its message", _bury(tx, conversation, item, now))
    if message.deleted_at is not None:
        return Outcome(EventOutcome.DUPLICATE, message_id=message.id)
    had_draft = conversation.drafted_at is not None
    posts = void.posts_read_with(message)
    asking = void.asking_with(message, posts)
    freed = void.void_answers(tx, conversation, asking, UNSENT)
    if void.is_asked_about(asking):
        go_stale(conversation, "unsent")
    _empty(tx, conversation, message, now)
    for post in posts:  # of one that is open, pairing writes anew what is left to be read beside it
        post.content = context_of(post.content)
    forget_words(inbox, message)
    tx.after_commit(forget_trials, [conversation.id])
    pairing = pair_again(tx, conversation, message.sent_at, now)
    turns.ask(tx, conversation, pairing.questions, now)
    has_ended = _shrink_turn(tx, message, now)
    turns.count_unanswered(conversation)
    if freed:
        void.ask_anew(tx, conversation, [one for one in freed if one is not message], now)
    elif has_ended or (had_draft and conversation.drafted_at is None):
        # What is left of the questions has no draft any more; or it came late in a burst, and waited for the next turn.
        turns.ask_unanswered(tx, conversation, now)
    turns.start_over(tx, conversation, now)
    mark_changed(tx, conversation, message, *pairing.changed)
    return Outcome(EventOutcome.STORED, None, message.id, item.external_id)


def _find_part(inbox: Inbox, item: Unsend) -> Delivery | None:
    """The part of a reply of ours that somebody of the shop took back on the phone."""
    return db.session.scalar(
        select(Delivery).where(Delivery.inbox_id == inbox.id, Delivery.external_id == item.external_id)
    )


def _take_back_part(tx: Transaction, conversation: Conversation, part: Delivery, now: datetime) -> Outcome:
    """The customer does not see it any more: neither does the panel, nor the assistant among the earlier messages.

    What it answered stays answered: a person who takes a reply back has the conversation in hand.
    """
    message, external_id = part.message, part.external_id
    if message.deleted_at is not None or (not part.text and part.payload is None):
        return Outcome(EventOutcome.DUPLICATE, message_id=message.id)
    part.text, part.payload = "", None
    left = [one for one in message.deliveries if one.text or one.payload]
    if not left:
        _empty(tx, conversation, message, now)
    elif external_id is not None:
        message.machine_line = message.machine_line if part.position else None  # it was in front
        message.text = "\n".join(one.text for one in left if one.text)
        message.content = message.words
        message.edited_at = now
        if conversation.last_message_at == message.sent_at:
            set_preview(conversation, message)
    forget_sent(message, external_id or "")
    turns.start_over(tx, conversation, now)
    mark_changed(tx, conversation, message)
    return Outcome(EventOutcome.STORED, None, message.id, external_id)


def _bury(tx: Transaction, conversation: Conversation, item: Unsend, now: datetime) -> int:
    tombstone = Message(
        conversation=conversation,
        inbox_id=conversation.inbox_id,
        external_id=item.external_id,
        sender=Sender.CUSTOMER,
        message_type=MessageType.OTHER,
        provider_type="unsent",
        text="",
        content="",
        sent_at=item.sent_at,
        created_at=now,
        deleted_at=now,
    )
    db.session.add(tombstone)
    db.session.flush()
    forget_words(conversation.inbox, tombstone)
    mark_changed(tx, conversation, tombstone)
    return tombstone.id


def _empty(tx: Transaction, conversation: Conversation, message: Message, now: datetime) -> None:
    message.text = message.content = ""
    message.payload = message.referral = message.earlier_texts = message.edited_at = None
    message.deleted_at = now
    copies = copies_of(message)
    message.copy = None
    message.processing_status = ProcessingStatus.COMPLETED
    db.session.execute(delete(Reading).where(Reading.message_id == message.id))
    db.session.execute(delete(Attachment).where(Attachment.message_id == message.id))
    if message.share is not None:
        _forget_context(message.share)
        tx.after_commit(pending_share.forget, conversation.id, message.id)
        db.session.delete(message.share)
        message.share = None
    if conversation.last_message_at == message.sent_at:
        conversation.preview = ""
    db.session.flush()
    leave_copies(tx, copies, now)


def _forget_context(share: Share) -> None:
    """What was read beside an answered question goes too; for an open one pairing writes its content anew."""
    question = db.session.get(Message, share.combined_with_id) if share.combined_with_id else None
    if question is None or question.id == share.message_id:
        return
    if question.answered_by_id is not None or not is_question(question):
        question.content = own_content(question)


def _shrink_turn(tx: Transaction, message: Message, now: datetime) -> bool:
    """Take the message out of its open turn; return whether that ended the turn, for nothing is left in it."""
    turn = db.session.get(Turn, message.turn_id) if message.turn_id else None
    if turn is None or turn.state not in turns.UNFINISHED:
        return False
    message.turn_id = None
    db.session.flush()
    if db.session.scalar(db.select(Message.id).where(Message.turn_id == turn.id).limit(1)):
        turns.touch(tx, turn, now)
        return False
    turn.state = TurnState.DROPPED
    turn.ended_at, turn.ended_why = now, "unsent"
    return True
