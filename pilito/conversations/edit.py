"""Somebody changed a message: an unanswered question is asked anew, an answered one is only shown."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, select

from pilito.channels.base import Edit
from pilito.conversations import pending_share, tally, turns, void
from pilito.conversations.drafts import go_stale
from pilito.conversations.find import find_any_message
from pilito.conversations.forget import redact
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.newest import set_preview
from pilito.conversations.one_by_one import one_by_one
from pilito.conversations.outcome import Outcome
from pilito.conversations.pair import log_waiting, pair_shares
from pilito.conversations.reword import reword
from pilito.conversations.store import link_event
from pilito.database import Transaction, transaction
from pilito.lifecycle import ConversationState, EventOutcome, Sender, ShareState, TurnState
from pilito.models import Conversation, EarlyEdit, Inbox, Message, Turn, Webhook, db
from pilito.models.delivery import EDITED

log = logging.getLogger(__name__)

# A provider repeats a webhook for 36 hours: after that, the message of an early edit comes no more.
EARLY_EDITS_KEPT = timedelta(hours=37)
BATCH = 200

Place = tuple[int, int]  # of an event on the ledger: its webhook's id, and its position in it


def edit(tx: Transaction, inbox: Inbox, item: Edit, place: Place, now: datetime) -> Outcome:
    """Give the message its new text, unless a newer edit is known; one that is not here yet gets it when it comes."""
    message = find_any_message(inbox, item.external_id)
    if message is None:
        _keep(inbox, item, place, now)
        return Outcome(EventOutcome.IGNORED, "an edit that waits for its message")
    conversation = get_locked(message.conversation_id)
    db.session.refresh(message)
    if message.deleted_at is not None:
        return Outcome(EventOutcome.IGNORED, "an edit of a message that was taken back", message.id, item.external_id)
    if _is_old(message, item):
        return Outcome(EventOutcome.DUPLICATE, "an older edit, or the same again", message.id)
    if len(message.deliveries) > 1:
        return Outcome(EventOutcome.IGNORED, "an edit of one part of a reply of ours", message.id)
    _apply(tx, conversation, message, item, now)
    return Outcome(EventOutcome.STORED, message_id=message.id)


def _keep(inbox: Inbox, item: Edit, place: Place, now: datetime) -> None:
    row = EarlyEdit(inbox_id=inbox.id, external_id=item.external_id, created_at=now)
    row.webhook_id, row.position = place
    row.text, row.question, row.number, row.at = item.text, item.question, item.number, item.at
    db.session.add(row)


def _is_old(message: Message, item: Edit) -> bool:
    """By the provider's count of edits; by the time where it does not count."""
    if item.number is not None and message.edit_number is not None:
        return item.number <= message.edit_number
    return message.edited_at is not None and item.at <= message.edited_at


def _apply(tx: Transaction, conversation: Conversation, message: Message, item: Edit, now: datetime) -> None:
    is_news = item.text != message.text
    was, had_draft = _place(message), conversation.drafted_at is not None
    has_waited = _waits(message)
    asking = void.asking_with(message, void.posts_read_with(message)) if is_news else []
    freed = void.void_answers(tx, conversation, asking, EDITED)
    is_asked_about = void.is_asked_about(asking)
    reword(message, item.text, item.question, item.number, item.at)
    if conversation.last_message_at == message.sent_at:
        set_preview(conversation, message)
    changed = [message]
    if was != _place(message):
        tx.after_commit(pending_share.forget, conversation.id, message.id)
        _count_in(conversation, message, was)
    if is_news and message.share is not None:
        tally.mark(message.sent_at, now)  # of which post it is
    # A question that took this post is read once more, and one that we asked back about, with the post that answers.
    if was != _place(message) or (is_news and (message.share is not None or message.answered_by_id is not None)):
        pairing = pair_shares(tx, conversation, message.sent_at, now)
        changed += pairing.changed
    if _waits(message) and not has_waited:
        tx.after_commit(log_waiting, conversation, message.share)
    if is_news:
        if is_asked_about:
            go_stale(conversation, "edited")
        _ask_anew(tx, conversation, changed, now)
        if had_draft and conversation.drafted_at is None and turns.find_unfinished(conversation.id) is None:
            turns.ask_unanswered(
                tx, conversation, now
            )  # the edited one asks nothing; what the draft answers still does
    if freed:
        void.ask_anew(tx, conversation, freed, now)
    if is_news:
        tally.renew_questions(conversation.id)
        turns.start_over(tx, conversation, now)
    mark_changed(tx, conversation, *changed)


def _place(message: Message) -> int | None:
    return message.share.combined_with_id if message.share else None


def _waits(message: Message) -> bool:
    return message.share is not None and message.share.state is ShareState.WAITING


def _count_in(conversation: Conversation, message: Message, was: int | None) -> None:
    """A post is a question of its own now: nobody waited for a lone one; one whose question was answered, was too."""
    asked = db.session.get(Message, was) if was not in (None, message.id) else None
    if asked is not None and asked.answered_by_id is not None:
        message.answered_by_id = asked.answered_by_id
    elif turns.asks(message) and conversation.state is not ConversationState.CLOSED:
        turns.note_waiting(conversation, message)


def _ask_anew(tx: Transaction, conversation: Conversation, changed: list[Message], now: datetime) -> None:
    """What is being answered is answered from the new text; what was answered already stays answered."""
    asked = changed[0]
    if asked.sender is not Sender.CUSTOMER:
        return
    turns.ask(tx, conversation, changed, now)
    turn = db.session.get(Turn, asked.turn_id) if asked.turn_id else None
    if turn is not None and turn.state is TurnState.OPEN:
        tx.after_commit(log_edited, asked.id, turn.id)
    turns.count_unanswered(conversation)


def log_edited(message_id: int, turn_id: int) -> None:
    log.info("✏️ Message %s was edited before its answer - turn %s is answered from the new text", message_id, turn_id)


# --- edits that came before their message -----------------------------------------------------------------------------


def settle_early_edits(now: datetime) -> int:
    """Apply the edits whose message came at the same moment, unseen by both; forget those whose message never came."""
    arrived = select(EarlyEdit.id).join(
        Message, and_(Message.inbox_id == EarlyEdit.inbox_id, Message.external_id == EarlyEdit.external_id)
    )
    found = db.session.scalars(arrived.order_by(EarlyEdit.number, EarlyEdit.id).limit(BATCH)).all()
    over = db.session.scalars(
        select(EarlyEdit.id).where(EarlyEdit.created_at <= now - EARLY_EDITS_KEPT).limit(BATCH)
    ).all()
    db.session.rollback()
    one_by_one("early_edits", found, lambda early_id: _settle(early_id, now))
    one_by_one("early_edits", over, _give_up)
    return len({*found, *over})


def _give_up(early_id: int) -> None:
    """Its message never came, or is erased: what it says leaves the ledger with it, for it may name nobody."""
    with transaction():
        early = db.session.get(EarlyEdit, early_id)
        if early is None:
            return
        webhook = db.session.get_one(Webhook, early.webhook_id, with_for_update=True, populate_existing=True)
        redact(db.session.get_one(Inbox, early.inbox_id), webhook, early.external_id)
        db.session.execute(delete(EarlyEdit).where(EarlyEdit.id == early_id))


def _settle(early_id: int, now: datetime) -> None:
    with transaction() as tx:
        early = db.session.get(EarlyEdit, early_id, with_for_update=True, populate_existing=True)
        if early is None:
            return
        inbox = db.session.get_one(Inbox, early.inbox_id)
        item = Edit(inbox.external_id, early.external_id, early.at, early.text, early.number, early.question)
        outcome = edit(tx, inbox, item, (early.webhook_id, early.position), now)
        link_event(early, outcome.message_id)
        if outcome.forget is not None:
            redact(inbox, db.session.get_one(Webhook, early.webhook_id), outcome.forget)
        db.session.delete(early)
