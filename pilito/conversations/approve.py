"""A person decides about a draft: it is sent as it is, sent in other words, or thrown away."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from pilito.conversations import outbox, turns
from pilito.conversations.came_back import see_to
from pilito.conversations.disclose import line_due
from pilito.conversations.draft_facts import facts_changed
from pilito.conversations.drafts import doubt, leave_people, proof_of
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.meanwhile import refuse_answered
from pilito.conversations.pair import pair_after
from pilito.conversations.reply import LONGEST_REPLY_CHARACTERS, check_may_send, send_after
from pilito.conversations.take_over import settle_answered, to_people
from pilito.database import Transaction, transaction
from pilito.errors import Refused
from pilito.lifecycle import ConversationState, DraftState, Sender
from pilito.models import Audit, Conversation, Draft, Message, db
from pilito.spelling import storable

APPLIED, EDITED = "draft", "edited_draft"  # the origin of the reply: whose words they are
FACTS_CHANGED = "facts_changed"
CHANGED = (FACTS_CHANGED, "What the draft rests on has changed since it was written.")


def send_draft(
    conversation_id: int,
    draft_id: int,
    operator_id: int | None,
    now: datetime,
    text: str | None = None,
    is_confirmed: bool = False,
    client_id: str | None = None,
    seen_id: int | None = None,
    hold: timedelta = timedelta(0),
) -> Message:
    """Send a draft, in other words where `text` has some; the same again returns the same reply.

    The reply is the operator's, who answers for it. The assistant goes on: to approve is no taking over, where the
    assistant holds the conversation. Sent as it is (no `text`), it is a machine's words, and says so where that is due.
    Raises Refused (not_found, draft_gone, draft_stale or facts_changed until it is confirmed, empty, too_long,
    inbox_stopped, window_closed, customer_has_not_written), and Unsendable for what the channel would not take.
    Who sends other words has decided, but is told once that the facts are others since.
    """
    if text is not None or not is_confirmed:
        _hold_against_facts(conversation_id, draft_id, now)
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        draft = _get(conversation, draft_id)
        client_id = client_id or f"draft-{draft.id}"
        known = db.session.get(Message, draft.message_id) if draft.message_id else None
        if known is not None and known.client_id == client_id:
            return known  # others, who meant to send other words, are told that it is gone
        words = _words(draft, text)
        _check_state(draft, is_confirmed)
        refuse_answered(conversation, operator_id, seen_id)
        check_may_send(conversation, now)
        machine_line = line_due(conversation, now) if text is None else None
        is_held = conversation.state is not ConversationState.ASSISTANT
        if is_held:
            conversation.drafted_at = None  # decided about, not passed by
            to_people(conversation, operator_id, "answered by a person", now)
        message = outbox.add_reply(conversation, Sender.OPERATOR, words, now, machine_line=machine_line)
        # One reply per draft, held by the database.
        message.operator_id, message.client_id = operator_id, client_id
        is_edited = words != draft.text
        message.origin = EDITED if is_edited else APPLIED
        message.answers_turn_id = draft.turn_id
        # Other words may ask nothing any more, and then the share that follows is a lone one.
        message.asks_which = bool(draft.working.get("asks_which")) and not is_edited
        message.proof = proof_of(draft)
        send_after(tx, conversation, message, now, hold)
        draft.message_id = message.id
        _end(conversation, draft, DraftState.EDITED if is_edited else DraftState.APPLIED, operator_id, now)
        if is_held:
            see_to(conversation)
            conversation.person_at = now
            settle_answered(conversation, message, Message.created_at <= now)
        else:
            _settle(tx, conversation, draft, message, now)
            turns.ask(tx, conversation, pair_after(tx, conversation, message, now), now)
        conversation.unread_count = 0
        mark_changed(tx, conversation, message)
        return message


def discard_draft(conversation_id: int, draft_id: int, operator_id: int | None, now: datetime) -> None:
    """Throw a draft away; the customer still waits, so that people keep seeing the conversation."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        draft = _get(conversation, draft_id)
        if draft.state not in (DraftState.WAITING, DraftState.STALE):
            return
        _end(conversation, draft, DraftState.DISCARDED, operator_id, now)
        if conversation.state is ConversationState.ASSISTANT:
            # Nobody but a person answers what the assistant was not let answer.
            to_people(conversation, operator_id, "draft discarded", now)
        mark_changed(tx, conversation)


def draft_again(conversation_id: int, now: datetime) -> None:
    """Have the assistant write anew, from all that was said by now: a draft, even if it may send by itself by then."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        if conversation.state is not ConversationState.ASSISTANT:
            raise Refused("assistant_off", "The assistant does not hold this conversation.")
        turns.ask_unanswered(tx, conversation, now)
        turn = turns.find_unfinished(conversation.id)
        if turn is not None:
            turn.only_draft = True
        mark_changed(tx, conversation)


def _hold_against_facts(conversation_id: int, draft_id: int, now: datetime) -> None:
    """Let a draft go stale whose price is another by the time somebody presses; that stays, whatever is refused.

    Raises Refused (facts_changed) for it, this once.
    """
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        draft = _get(conversation, draft_id)
        is_waiting = draft.state is DraftState.WAITING
        has_changed = is_waiting and facts_changed(conversation, draft.working, draft.created_at, now)
        if has_changed:
            doubt(conversation, FACTS_CHANGED)
            mark_changed(tx, conversation)
    if has_changed:
        raise Refused(*CHANGED)


def _get(conversation: Conversation, draft_id: int) -> Draft:
    draft = db.session.scalar(
        select(Draft)
        .where(Draft.id == draft_id, Draft.conversation_id == conversation.id)
        .execution_options(populate_existing=True)
    )
    if draft is None:
        raise Refused("draft_gone", f"There is no draft {draft_id} in conversation {conversation.id}.")
    return draft


def _words(draft: Draft, text: str | None) -> str:
    words = storable(text).strip() if text is not None else draft.text
    if not words:
        raise Refused("empty", "A reply needs a text.")
    if len(words) > LONGEST_REPLY_CHARACTERS:
        raise Refused("too_long", f"A reply has at most {LONGEST_REPLY_CHARACTERS} characters.")
    return words


def _check_state(draft: Draft, is_confirmed: bool) -> None:
    if draft.state not in (DraftState.WAITING, DraftState.STALE):
        raise Refused("draft_gone", f"The draft is {draft.state}.")
    if draft.state is DraftState.STALE and not is_confirmed:
        if draft.stale_why == FACTS_CHANGED:
            raise Refused(*CHANGED)
        raise Refused("draft_stale", "The chat has moved on since the draft was written.")


def _end(conversation: Conversation, draft: Draft, state: DraftState, operator_id: int | None, now: datetime) -> None:
    leave_people(conversation, draft)
    draft.state, draft.operator_id, draft.ended_at = state, operator_id, now
    action = {DraftState.DISCARDED: "discarded_draft"}.get(state, "sent_draft")
    details = {"draft_id": draft.id, "state": state.value}
    db.session.add(
        Audit(at=now, action=action, operator_id=operator_id, conversation_id=conversation.id, details=details)
    )


def _settle(tx: Transaction, conversation: Conversation, draft: Draft, reply: Message, now: datetime) -> None:
    """The draft answers what it was written on, and no more: the assistant goes on with what came since."""
    db.session.execute(
        update(Message)
        .where(Message.id.in_(draft.message_ids), Message.answered_by_id.is_(None))
        .values(answered_by_id=reply.id)
        .execution_options(synchronize_session="fetch")
    )
    turns.count_unanswered(conversation)
    turn = turns.find_unfinished(conversation.id)
    if turn is None:
        if conversation.drafted_at is None:  # the draft of what came since went when this one was taken back
            turns.ask_unanswered(tx, conversation, now)
    elif conversation.unanswered_since is None:
        turns.drop(conversation, "answered by a draft", now)
    else:
        turns.touch(tx, turn, now)  # what is being written would answer the same once more
