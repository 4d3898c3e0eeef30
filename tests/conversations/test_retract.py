"""A reply is taken back before it leaves, or it leaves: never both, and never neither."""

from datetime import timedelta
from functools import partial

import pytest
from desk import Desk
from rows import NOON, add_operator
from shop import item, reel, seconds, text

from pilito.conversations.approve import send_draft
from pilito.conversations.deliver import deliver
from pilito.conversations.reply import reply
from pilito.conversations.retract import held_until, retract
from pilito.conversations.take_over import give_back
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import AssistantMode, ConversationState, DeliveryState, DraftState, Role, ShareState, TurnState
from pilito.models import Audit, Conversation, Draft, Inbox, Message, Turn, db
from pilito.queries import tallies
from pilito.queries.panel import Zone, list_conversations
from pilito.queries.summary import summary

HOLD = seconds(5)
DUE = NOON + HOLD
SENT = NOON + seconds(300)
CARD = {"type": "template", "payload": {"product": {"elements": [{"id": "1", "title": "پیراهن نیلوفر"}]}}}


@pytest.fixture
def desk(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    return desk


@pytest.fixture
def sara(desk):
    with transaction():
        return add_operator(Role.AGENT)


def write(desk, sara, words="دو میلیون", hold=HOLD, client_id="c-1", now=NOON):
    return desk.call(partial(reply, hold=hold), desk.conversation.id, sara.id, words, client_id, now)


def take_back(desk, message, sara, now=NOON):
    return desk.call(retract, desk.conversation.id, message.id, sara.id, now)


def test_a_reply_waits_for_its_time_and_then_leaves_by_itself(desk, sara, monkeypatch):
    monkeypatch.setattr("pilito.jobs.deliveries.utc_now", lambda: NOON + HOLD)
    write(desk, sara)

    desk.deliver(NOON + seconds(4))
    assert desk.graph.texts == []
    desk.sweep(NOON + seconds(4))
    assert desk.graph.texts == []
    desk.shop.tick(NOON + HOLD)
    desk.shop.work()

    assert desk.graph.texts == ["دو میلیون"]


def test_without_a_time_it_leaves_at_once(desk, sara):
    write(desk, sara, hold=seconds(0))

    desk.deliver(NOON)

    assert desk.graph.texts == ["دو میلیون"]


@pytest.mark.sqlite_only
def test_taken_back_it_never_leaves_and_the_customer_waits_again(desk, sara):
    message = write(desk, sara)
    assert desk.conversation.unanswered_since is None

    taken = take_back(desk, message, sara)
    desk.deliver(NOON + seconds(60))

    assert taken.text == "دو میلیون"
    assert desk.graph.texts == []
    conversation = desk.conversation
    assert conversation.unanswered_since == NOON
    assert (conversation.state, conversation.operator_id) == (ConversationState.OPERATOR, sara.id)
    assert conversation.preview == "چنده؟"
    assert [audit.action for audit in desk.rows(Audit)][-1] == "undid_reply"


@pytest.mark.sqlite_only
def test_the_list_shows_what_was_there_before(desk, sara):
    take_back(desk, write(desk, sara), sara)

    rows = desk.call(list_conversations, Zone.OPEN, None, 10, NOON).rows

    assert rows[0].newest.text == "چنده؟"


@pytest.mark.sqlite_only
def test_taking_back_twice_returns_the_same_words(desk, sara):
    message = write(desk, sara)

    first, second = (take_back(desk, message, sara) for _ in range(2))

    assert first == second
    assert [audit.action for audit in desk.rows(Audit)].count("undid_reply") == 1


def test_what_has_left_stays(desk, sara):
    message = write(desk, sara)
    desk.deliver(NOON + HOLD)

    with pytest.raises(Refused) as refused:
        take_back(desk, message, sara, NOON + HOLD)

    assert refused.value.reason == "retract_too_late"
    assert desk.rows(Message, id=message.id)[0].deleted_at is None


def test_a_long_reply_whose_first_part_has_left_stays_whole(desk, sara):
    message = write(desk, sara, "الف " * 600)
    parts = desk.deliveries
    assert len(parts) > 1
    with transaction():
        desk.rows(type(parts[0]), id=parts[0].id)[0].state = DeliveryState.SENDING

    with pytest.raises(Refused):
        take_back(desk, message, sara)

    assert [part.state for part in desk.deliveries][1:] == [DeliveryState.PENDING] * (len(parts) - 1)


def test_undo_and_sending_at_the_same_moment_have_one_winner(desk, sara):
    for number in range(5):
        message = write(desk, sara, f"reply {number}", client_id=f"c-{number}")
        message_id, conversation_id, sara_id = message.id, desk.conversation.id, sara.id

        taken, _ = desk.together(
            partial(retract, conversation_id, message_id, sara_id, DUE), partial(deliver, message_id, lambda: DUE)
        )

        has_left = f"reply {number}" in desk.graph.texts
        assert has_left == isinstance(taken, Refused)


def test_the_reply_behind_it_leaves_in_its_own_time(desk, sara):
    first = write(desk, sara, "first")
    write(desk, sara, "second", client_id="c-2", now=NOON + seconds(1))

    take_back(desk, first, sara, NOON + seconds(2))
    desk.deliver(NOON + seconds(6))

    assert desk.graph.texts == ["second"]


@pytest.mark.sqlite_only
def test_only_who_wrote_it_takes_it_back(desk, sara):
    message = write(desk, sara)
    with transaction():
        other = add_operator(Role.OWNER)

    with pytest.raises(Refused):
        take_back(desk, message, other)

    assert held_until(desk.rows(Message, id=message.id)[0], NOON) == NOON + HOLD


def test_at_the_end_of_the_time_to_reply_nothing_is_held(desk, sara):
    with transaction():
        desk.rows(Conversation)[0].last_customer_message_at = NOON - seconds(7 * 24 * 3600 - 2)

    write(desk, sara)

    assert [part.due_at for part in desk.deliveries] == [NOON]


def test_a_draft_that_was_sent_waits_again(desk, sara):
    with transaction():
        db.session.execute(db.update(Inbox).values(assistant_mode=AssistantMode.DRAFT))
    desk.answer(NOON)
    draft_id = desk.rows(Draft)[0].id
    message = desk.call(partial(send_draft, hold=HOLD), desk.conversation.id, draft_id, sara.id, NOON)

    taken = take_back(desk, message, sara)

    drafts = desk.rows(Draft)
    draft = drafts[1]
    assert [draft.state for draft in drafts] == [DraftState.APPLIED, DraftState.WAITING]
    assert taken.draft_id == drafts[1].id
    assert desk.conversation.drafted_at == NOON
    assert desk.conversation.unanswered_since == NOON
    again = desk.call(partial(send_draft, hold=HOLD), desk.conversation.id, drafts[1].id, sara.id, NOON)
    desk.deliver(NOON + HOLD)
    assert again.id != message.id
    assert desk.graph.texts == [draft.text]
    assert db.session.scalar(db.select(db.func.count()).select_from(Message).where(Message.proof.has())) == 1


def test_what_came_while_a_sent_draft_could_be_taken_back_is_asked_once_the_draft_is_sent_again(desk, sara):
    with transaction():
        db.session.execute(db.update(Inbox).values(assistant_mode=AssistantMode.DRAFT))
    desk.answer(NOON)
    message = desk.call(partial(send_draft, hold=HOLD), desk.conversation.id, desk.rows(Draft)[0].id, sara.id, NOON)
    desk.take(text("و سایز؟", NOON + seconds(1), mid="second"), now=NOON + seconds(1))
    desk.answer(NOON + seconds(1))
    taken = take_back(desk, message, sara, NOON + seconds(2))

    desk.call(send_draft, desk.conversation.id, taken.draft_id, sara.id, NOON + seconds(3))

    assert (desk.turn.state, desk.message("second").turn_id) == (TurnState.OPEN, desk.turn.id)
    desk.answer(NOON + seconds(4))
    assert desk.rows(Draft)[-1].message_ids == [desk.message("second").id]
    assert desk.rows(Draft)[-1].state is DraftState.WAITING


@pytest.mark.sqlite_only
def test_a_second_draft_that_waits_is_left_alone_when_the_first_is_sent(desk, sara):
    with transaction():
        db.session.execute(db.update(Inbox).values(assistant_mode=AssistantMode.DRAFT))
    desk.answer(NOON)
    desk.take(text("و سایز؟", NOON + seconds(1)), now=NOON + seconds(1))
    desk.answer(NOON + seconds(1))
    turns_before = len(desk.rows(Turn))

    first = partial(send_draft, is_confirmed=True)
    desk.call(first, desk.conversation.id, desk.rows(Draft)[0].id, sara.id, NOON + seconds(2))

    assert [draft.state for draft in desk.rows(Draft)] == [DraftState.APPLIED, DraftState.WAITING]
    assert len(desk.rows(Turn)) == turns_before


@pytest.fixture
def held(desk, sara):
    """A draft asks "which one?", a post and a card came while it lay there, and then the draft was sent."""
    with transaction():
        db.session.execute(db.update(Inbox).values(assistant_mode=AssistantMode.DRAFT))
    desk.model.reply = {"reply": "منظورتان کدام است؟", "asks_which": True, "hand_over": False, "reason": ""}
    desk.answer(NOON)
    card = item(NOON + seconds(25), {"mid": "card", "attachments": [CARD]})
    desk.take(reel(NOON + seconds(20), mid="post"), card, now=NOON + seconds(25))
    message = desk.call(partial(send_draft, hold=HOLD), desk.conversation.id, desk.rows(Draft)[0].id, sara.id, SENT)
    assert desk.message("post").share.answers_id == message.id
    return message


def undo_while_the_next_is_written(desk, sara, message):
    ids = desk.conversation.id, message.id, sara.id
    desk.model.script.append(
        lambda payload: desk.call(retract, *ids, SENT + seconds(4)) and desk.model.default(payload)
    )


@pytest.mark.sqlite_only
def test_a_which_one_that_was_taken_back_has_no_post_and_no_card_answered_until_it_is_sent_again(desk, sara, held):
    taken = take_back(desk, held, sara, SENT + seconds(1))
    desk.answer(SENT + seconds(10))

    post = desk.message("post")
    assert (post.share.state, post.share.answers_id) == (ShareState.EXPIRED, None)
    assert "[CONTEXT" not in post.content + desk.message("card").content
    assert (desk.turn.state, len(desk.model.calls)) == (TurnState.DROPPED, 1)
    assert [draft.state for draft in desk.rows(Draft)] == [DraftState.APPLIED, DraftState.WAITING]
    assert desk.conversation.unanswered_since == NOON

    again = desk.call(send_draft, desk.conversation.id, taken.draft_id, sara.id, SENT + seconds(60))

    assert desk.message("post").share.answers_id == again.id


def test_nor_is_an_answer_about_the_post_kept_that_is_being_written(desk, sara, held):
    undo_while_the_next_is_written(desk, sara, held)
    desk.answer(SENT + seconds(3))

    assert [draft.state for draft in desk.rows(Draft)] == [DraftState.APPLIED, DraftState.WAITING]
    assert desk.turn.state is TurnState.DROPPED


@pytest.mark.sqlite_only
def test_what_was_typed_beside_the_post_is_answered_with_what_waits_again(desk, sara, held):
    desk.take(text("آبی هم دارید؟", SENT + seconds(1), mid="beside"), now=SENT + seconds(1))

    undo_while_the_next_is_written(desk, sara, held)
    desk.answer(SENT + seconds(4))
    desk.answer(SENT + seconds(8))

    states = [DraftState.APPLIED, DraftState.STALE, DraftState.WAITING]
    assert [draft.state for draft in desk.rows(Draft)] == states
    assert desk.rows(Draft)[-1].message_ids == [desk.message("question").id, desk.message("beside").id]


@pytest.mark.parametrize("beside", [[], [text("آبی هم دارید؟", SENT + seconds(1), mid="beside")]])
def test_an_answer_about_the_post_that_waits_behind_it_never_leaves(desk, sara, held, beside):
    desk.take(*beside, now=SENT + seconds(1)) if beside else None
    with transaction():
        db.session.execute(db.update(Inbox).values(assistant_mode=AssistantMode.AUTO))
    desk.model.reply = {"reply": "در همین پست نوشته‌ایم.", "hand_over": False, "reason": ""}
    desk.answer(SENT + seconds(4))
    behind = desk.message("post").answered_by_id
    assert behind == desk.replies[-1].id != held.id

    take_back(desk, held, sara, SENT + seconds(5))
    desk.answer(SENT + seconds(10))
    desk.deliver(SENT + seconds(10))

    assert desk.message("post").answered_by_id is desk.message("card").answered_by_id is None
    assert [one.error for one in desk.deliveries[:2]] == ["undone", "unasked"]
    assert len(desk.graph.texts) == len(beside)
    if beside:
        assert desk.message("beside").answered_by_id == desk.message("question").answered_by_id == desk.replies[-1].id
    else:
        assert (desk.conversation.unanswered_since, desk.rows(Draft)[-1].state) == (NOON, DraftState.WAITING)


def test_given_back_meanwhile_the_assistant_answers_who_waits_again(desk, sara):
    message = write(desk, sara)
    desk.call(give_back, desk.conversation.id, sara.id, NOON)

    take_back(desk, message, sara)

    assert [turn.state for turn in desk.rows(Turn)][-1] is TurnState.OPEN


def test_given_back_meanwhile_it_leaves_though_answers_are_drafts(desk, sara):
    write(desk, sara)
    desk.call(give_back, desk.conversation.id, sara.id, NOON)
    with transaction():
        db.session.execute(db.update(Inbox).values(assistant_mode=AssistantMode.DRAFT))

    desk.deliver(DUE)

    assert desk.graph.texts == ["دو میلیون"]


@pytest.mark.sqlite_only
def test_taken_back_it_is_counted_nowhere(desk, sara):
    quarter = NOON - timedelta(minutes=15), NOON + timedelta(minutes=15)
    (before,), sent = tallies.count(*quarter).values(), summary()
    message = write(desk, sara)

    take_back(desk, message, sara)

    (after,) = tallies.count(*quarter).values()
    assert after["messages"] == before["messages"] == {"customer": 1}
    assert "wait_people" not in after
    counted = summary()
    assert (counted["replies"], counted["deliveries"]) == (sent["replies"], sent["deliveries"])
