"""The customer takes a message back: before it came, while it is answered, afterwards."""

import pytest
from desk import Desk
from rows import NOON
from shop import ACCOUNT, CAPTION, CUSTOMER, attachment, echo, item, reel, seconds, text, unsent

from pilito import keys
from pilito.conversations.reply import reply
from pilito.lifecycle import ConversationState, EventOutcome, Sender, ShareState, TurnState
from pilito.models import Attachment, Event, Message, Share, Webhook

ONE = seconds(1)


@pytest.fixture
def desk(make_shop):
    return Desk(make_shop(reply_quiet_seconds=3))


@pytest.mark.sqlite_only
def test_an_unsent_message_is_emptied_and_its_turn_ends(desk):
    desk.take(text("چنده؟", NOON, mid="question"))

    desk.take(unsent("question", NOON + ONE), now=NOON + ONE)
    desk.answer(NOON + seconds(60))

    message = desk.message("question")
    assert (message.text, message.content, message.deleted_at) == ("", "", NOON + ONE)
    assert desk.turn.state is TurnState.DROPPED
    assert desk.turn.ended_why == "unsent"
    assert desk.conversation.unanswered_since is None
    assert desk.conversation.preview == ""
    assert desk.model.calls == []


@pytest.mark.sqlite_only
def test_the_other_messages_of_the_turn_are_answered_without_it(desk):
    desk.take(text("این چنده؟", NOON, mid="kept"), text("اشتباه شد", NOON + ONE, mid="unsent"), now=NOON + ONE)

    desk.take(unsent("unsent", NOON + seconds(2)), now=NOON + seconds(2))
    desk.answer(NOON + seconds(4.9))
    asked_early = len(desk.model.calls)
    desk.answer(NOON + seconds(5))

    assert asked_early == 0
    assert "اشتباه شد" not in desk.model.prompts[0]
    assert desk.message("kept").answered_by_id == desk.replies[0].id
    assert desk.message("unsent").answered_by_id is None


def test_t8_a_message_unsent_while_its_answer_is_written_is_not_in_the_answer(desk):
    desk.take(text("این چنده؟", NOON, mid="kept"), text("اشتباه شد", NOON, mid="unsent"))

    def unsend_now(payload):
        desk.take(unsent("unsent", NOON + seconds(4)), now=NOON + seconds(4))
        return desk.model.default(payload)

    desk.model.script = [unsend_now]
    desk.answer(NOON + seconds(3))
    dropped = not desk.replies
    desk.answer(NOON + seconds(7))

    assert dropped
    assert "اشتباه شد" in desk.model.prompts[0]
    assert "اشتباه شد" not in desk.model.prompts[1]
    assert len(desk.replies) == 1


def taking_back(desk, mid):
    """In the place of the model's answer: the customer takes this message back while it is written."""

    def unsend_now(payload):
        desk.take(unsent(mid, NOON + seconds(5)), now=NOON + seconds(5))
        return desk.model.default(payload)

    return unsend_now


def test_a_share_unsent_while_its_answer_is_written_is_not_in_the_answer(desk):
    desk.take(reel(NOON, mid="reel"), text("چنده؟", NOON + ONE, mid="question"), now=NOON + ONE)
    shown = desk.message("question").seq

    desk.model.script = [taking_back(desk, "reel")]
    desk.answer(NOON + seconds(4))
    dropped = not desk.replies
    desk.answer(NOON + seconds(8))

    assert dropped
    assert CAPTION in desk.model.prompts[0]
    assert CAPTION not in desk.model.prompts[1]
    assert (desk.message("question").content, desk.message("question").seq > shown) == ("چنده؟", True)
    assert len(desk.replies) == 1
    assert CAPTION not in str(desk.replies[0].proof.facts)


@pytest.mark.sqlite_only
def test_what_stood_around_the_question_and_is_unsent_while_its_answer_is_written_is_not_in_it_either(desk):
    card = {"type": "template", "payload": {"product": {"elements": [{"id": "1", "title": "پیراهن نیلوفر"}]}}}
    desk.take(item(NOON, {"mid": "card", "attachments": [card]}), text("چنده؟", NOON + ONE), now=NOON + ONE)

    desk.model.script = [taking_back(desk, "card")]
    desk.answer(NOON + seconds(4))
    dropped = not desk.replies
    desk.answer(NOON + seconds(8))

    assert dropped
    assert "پیراهن نیلوفر" in desk.model.prompts[0]
    assert "پیراهن نیلوفر" not in desk.model.prompts[1]
    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize("mid", ["never seen", "gone"])
def test_an_unsend_that_takes_nothing_away_leaves_the_answer_being_written_alone(desk, mid):
    desk.take(text("اشتباه", NOON, mid="gone"), unsent("gone", NOON), text("چنده؟", NOON + ONE), now=NOON + ONE)

    desk.model.script = [taking_back(desk, mid)]
    desk.answer(NOON + seconds(4))

    assert len(desk.replies) == 1
    assert len(desk.model.calls) == 1


@pytest.mark.sqlite_only
def test_a_message_unsent_after_its_answer_gets_no_second_one(desk):
    desk.take(text("چنده؟", NOON, mid="question"))
    desk.answer(NOON + seconds(3))
    desk.deliver(NOON + seconds(3))

    desk.take(unsent("question", NOON + seconds(9)), now=NOON + seconds(9))
    desk.sweep(NOON + seconds(60))

    assert desk.message("question").text == ""
    assert len(desk.graph.sent) == 1
    assert desk.turn.state is TurnState.ANSWERED
    assert desk.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_a_message_that_comes_after_its_unsend_stays_away(desk):
    desk.take(unsent("question", NOON + ONE), now=NOON + ONE)
    tombstone = desk.message("question")
    assert (tombstone.sender, tombstone.text, tombstone.deleted_at) == (Sender.CUSTOMER, "", NOON + ONE)

    webhook_id = desk.take(text("چنده؟", NOON, mid="question"), now=NOON + seconds(2))
    desk.answer(NOON + seconds(60), turn_id=1)

    assert desk.outcomes(webhook_id) == [EventOutcome.DUPLICATE]
    assert desk.message("question").text == ""
    assert len(desk.rows(Message)) == 1
    assert desk.turn is None
    assert desk.conversation.unread_count == 0


@pytest.mark.sqlite_only
def test_an_unsend_twice_is_one(desk):
    desk.take(text("چنده؟", NOON, mid="question"))

    for second in (1, 2):
        desk.take(unsent("question", NOON + seconds(second)), now=NOON + seconds(second))

    assert desk.rows(Event)[-1].outcome is EventOutcome.DUPLICATE
    assert desk.message("question").deleted_at == NOON + ONE


@pytest.mark.sqlite_only
def test_a_share_that_is_unsent_waits_no_more_and_joins_no_question(desk):
    desk.take(reel(NOON, mid="reel"))
    key = keys.pending_share(desk.conversation.id)
    desk.app.extensions["pilito_redis"].persist(key)

    desk.take(unsent("reel", NOON + ONE), now=NOON + ONE)
    desk.take(text("چنده؟", NOON + seconds(2), mid="question"), now=NOON + seconds(2))

    assert desk.rows(Share) == []
    assert desk.app.extensions["pilito_redis"].get(key) is None
    assert desk.message("question").content == "چنده؟"


@pytest.mark.sqlite_only
def test_a_share_that_is_unsent_after_its_question_leaves_the_question_alone(desk):
    desk.take(reel(NOON, mid="reel"), text("چنده؟", NOON + ONE, mid="question"), now=NOON + ONE)

    desk.take(unsent("reel", NOON + seconds(2)), now=NOON + seconds(2))
    desk.answer(NOON + seconds(5))

    assert desk.message("question").content == "چنده؟"
    assert "[CONTEXT: پست" not in desk.model.prompts[0]
    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
def test_a_question_that_is_unsent_leaves_its_share_waiting_again(desk):
    desk.take(reel(NOON, mid="reel"), text("چنده؟", NOON + ONE, mid="question"), now=NOON + ONE)

    desk.take(unsent("question", NOON + seconds(2)), now=NOON + seconds(2))

    share = desk.shop.share_of(desk.message("reel"))
    assert (share.state, share.combined_with_id) == (ShareState.WAITING, None)


@pytest.mark.sqlite_only
def test_an_older_share_waits_again_when_the_newer_one_is_unsent(desk):
    desk.take(reel(NOON, mid="older"), reel(NOON + ONE, mid="newer"), now=NOON + ONE)

    desk.take(unsent("newer", NOON + seconds(2)), now=NOON + seconds(2))

    assert desk.shop.share_of(desk.message("older")).state is ShareState.WAITING


@pytest.mark.sqlite_only
def test_the_files_of_an_unsent_message_go_with_it(desk):
    desk.take(attachment("image", NOON))
    mid = desk.rows(Message)[0].external_id

    desk.take(unsent(mid, NOON + ONE), now=NOON + ONE)

    assert desk.rows(Attachment) == []


@pytest.mark.sqlite_only
def test_a_reply_of_ours_that_is_taken_back_on_the_phone_is_no_message_of_the_customer(desk):
    desk.take(text("سلام", NOON))
    desk.answer(NOON + seconds(3))
    desk.deliver(NOON + seconds(3))
    (sent,) = desk.deliveries
    before = len(desk.rows(Message))

    desk.take(unsent(sent.external_id, NOON + seconds(9)), now=NOON + seconds(9))

    assert len(desk.rows(Message)) == before
    assert desk.rows(Event)[-1].outcome is EventOutcome.STORED
    assert desk.replies[0].deleted_at is not None


@pytest.mark.sqlite_only
def test_a_share_taken_back_after_its_answer_leaves_no_caption_behind(desk):
    desk.take(reel(NOON, mid="share"), text("چنده؟", NOON + ONE, mid="question"), now=NOON + ONE)
    desk.answer(NOON + seconds(4))
    desk.deliver(NOON + seconds(4))

    desk.take(unsent("share", NOON + seconds(9)), now=NOON + seconds(9))

    assert desk.message("question").content == "چنده؟"
    assert desk.message("question").answered_by_id


# --- a reply of ours, taken back on the phone ------------------------------------------------------------------------


def taken_back(mid):
    return {
        "sender": {"id": ACCOUNT},
        "recipient": {"id": CUSTOMER},
        "timestamp": int(NOON.timestamp() * 1000) + 9000,
        "message": {"mid": mid, "is_deleted": True, "is_echo": True},
    }


def send_reply(desk, words):
    desk.take(text("سلام", NOON, mid="q"))
    desk.call(reply, desk.conversation.id, None, words, "1", NOON)
    desk.deliver(NOON)
    for row in desk.deliveries:
        desk.take(echo(row.text, NOON + seconds(2), row.external_id))
    return [row.external_id for row in desk.deliveries]


@pytest.mark.sqlite_only
def test_a_reply_of_ours_taken_back_on_the_phone_is_shown_as_taken_back(desk):
    (mid,) = send_reply(desk, "دو میلیون تومان")

    webhook_id = desk.take(taken_back(mid))

    (message,) = desk.replies
    assert message.deleted_at is not None
    assert (message.text, message.content) == ("", "")
    assert desk.message("q").answered_by_id == message.id
    assert desk.outcomes(webhook_id) == [EventOutcome.STORED]
    assert all(
        "میلیون".encode() not in row.body and b"\\u0645\\u06cc\\u0644" not in row.body for row in desk.rows(Webhook)
    )
    assert desk.outcomes(desk.take(taken_back(mid))) == [EventOutcome.DUPLICATE]


@pytest.mark.sqlite_only
def test_one_part_of_a_long_reply_goes_and_the_others_stay(desk):
    first, second = send_reply(desk, "الف " * 100 + "\n\n" + "ب " * 200)

    desk.take(taken_back(first))

    (message,) = desk.replies
    assert message.deleted_at is None
    assert "الف" not in message.text
    assert message.text.startswith("ب")
    desk.take(taken_back(second))
    assert desk.replies[0].deleted_at is not None


@pytest.mark.sqlite_only
def test_what_is_taken_back_on_the_phone_is_not_repeated_in_the_answer_being_written(desk):
    desk.take(text("چنده؟", NOON))
    desk.answer(NOON + seconds(3))
    desk.deliver(NOON + seconds(3))
    said, sent = desk.replies[0].text, desk.deliveries[0].external_id
    desk.take(text("مطمئنید؟", NOON + seconds(5)), now=NOON + seconds(5))

    desk.model.script = [
        lambda payload: desk.take(taken_back(sent), now=NOON + seconds(9)) and desk.model.default(payload)
    ]
    desk.answer(NOON + seconds(8))
    dropped = len(desk.replies) == 1
    desk.answer(NOON + seconds(12))

    assert dropped
    assert said in desk.model.prompts[1]
    assert said not in desk.model.prompts[2]
    assert len(desk.replies) == 2
