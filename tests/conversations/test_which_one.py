"""The assistant asked "which one?": the share that follows is the answer, and gets exactly one reply."""

import logging

import pytest
from desk import Desk
from rows import NOON
from shop import CAPTION, REEL_URL, attachment, edited, item, reel, seconds, standby, text, unsent

from pilito.assistant.prompt import read_blocks
from pilito.channels.base import OutboundReaction
from pilito.conversations.block import block, unblock
from pilito.conversations.close import close
from pilito.conversations.drafts import find_draft
from pilito.conversations.expire import expire_due
from pilito.conversations.pair import what_answers
from pilito.conversations.payload import Extras
from pilito.conversations.reply import reply
from pilito.conversations.settle import Settlement, settle
from pilito.conversations.take_over import give_back, take_over
from pilito.database import transaction
from pilito.lifecycle import AssistantMode, ConversationState, HandOverReason, ShareState, TurnState
from pilito.models import Inbox, Share, db

WHICH = {"reply": "منظورتان کدام است؟ پستش را بفرستید.", "asks_which": True, "hand_over": False, "reason": ""}
PRICE = {"reply": "قیمت ۲٬۰۰۰٬۰۰۰ تومان است.", "hand_over": False, "reason": ""}
OTHER = {"reply": "خواهش می‌کنم.", "hand_over": False, "reason": ""}
LINK = "https://www.instagram.com/p/CxYz123AbCd/"
QUESTION = "این لباس چقدره؟"
BLUE, RED = "آبی هم دارید؟", "همون قرمزه"
KINDS = ("fact", "question")


@pytest.fixture
def desk(shop, begin):
    return Desk(begin(shop, the_assistant_asked_back))


def the_assistant_asked_back(shop):
    desk = Desk(shop)
    desk.take(text(QUESTION, NOON, mid="question"))
    desk.model.reply = WHICH
    desk.answer(NOON + seconds(1))
    desk.deliver(NOON + seconds(1))
    desk.model.reply = PRICE


def share_of(desk):
    return desk.rows(Share)[-1]


def test_the_share_is_asked_about_at_once_with_its_caption_and_the_question(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))

    desk.answer(NOON + seconds(304))

    assert share_of(desk).state is ShareState.COMBINED
    assert share_of(desk).answers_id == desk.replies[0].id
    content = desk.message("share").content
    assert content.startswith("[CONTEXT: پست/ریلز")
    assert CAPTION in content
    assert content.endswith(f"[/CONTEXT]\n{QUESTION}")
    assert [one.text for one in desk.replies] == [WHICH["reply"], PRICE["reply"]]
    assert desk.message("share").answered_by_id == desk.replies[1].id
    assert desk.conversation.unanswered_since is None
    assert desk.shop.app.extensions["pilito_redis"].keys("pending_share_*") == []


def voice_note(at):
    return item(at, {"mid": "voice", "attachments": [{"type": "audio", "payload": {"url": "https://x.fbsbx.com/1"}}]})


@pytest.mark.parametrize("at_seconds", [200, 300])
@pytest.mark.parametrize("is_late", [False, True])
def test_a_voice_note_before_the_post_ends_its_wait_whichever_of_the_two_comes_first(desk, is_late, at_seconds):
    items = [voice_note(NOON + seconds(at_seconds)), reel(NOON + seconds(300), mid="share")]

    for one in reversed(items) if is_late else items:
        desk.take(one, now=NOON + seconds(301))

    assert (share_of(desk).state, share_of(desk).answers_id) == (ShareState.WAITING, None)
    assert QUESTION not in desk.message("share").content


def test_one_after_the_post_leaves_it_the_answer(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))
    desk.take(voice_note(NOON + seconds(302)), now=NOON + seconds(303))

    assert (share_of(desk).state, share_of(desk).answers_id) == (ShareState.COMBINED, desk.replies[0].id)


def test_a_post_that_is_answered_stays_so_whatever_comes_late(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))
    desk.answer(NOON + seconds(304))
    desk.take(voice_note(NOON + seconds(200)), now=NOON + seconds(310))

    assert (share_of(desk).state, share_of(desk).answers_id) == (ShareState.COMBINED, desk.replies[0].id)
    assert desk.message("share").answered_by_id == desk.replies[1].id


def heart(desk, at):
    """A person puts one on the question, through the API."""
    desk.call(
        reply, desk.conversation.id, None, "", f"heart {at}", at, Extras(reaction=OutboundReaction("question", "❤️"))
    )
    desk.deliver(at)


def test_a_heart_on_the_question_is_nothing_said_between(desk):
    heart(desk, NOON + seconds(100))
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))

    desk.answer(NOON + seconds(304))

    assert share_of(desk).answers_id == desk.replies[0].id
    assert desk.message("share").content.endswith(f"[/CONTEXT]\n{QUESTION}")
    assert desk.message("share").answered_by_id == desk.replies[-1].id


@pytest.mark.sqlite_only
def test_nor_is_a_reply_that_became_void(desk):
    desk.take(text("ساعت کاری‌تان؟", NOON + seconds(100), mid="second"), now=NOON + seconds(100))
    desk.model.reply = OTHER
    desk.answer(NOON + seconds(103))
    desk.take(unsent("second", NOON + seconds(110)), now=NOON + seconds(110))
    desk.model.reply = PRICE
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))

    desk.answer(NOON + seconds(304))
    desk.deliver(NOON + seconds(304))

    assert share_of(desk).answers_id == desk.replies[0].id
    assert desk.graph.texts == [WHICH["reply"], PRICE["reply"]]


@pytest.mark.sqlite_only
def test_what_a_person_said_between_ends_it(desk):
    desk.call(reply, desk.conversation.id, None, "کدام رنگ؟", "1", NOON + seconds(100))
    desk.deliver(NOON + seconds(100))
    desk.call(give_back, desk.conversation.id, None, NOON + seconds(200))

    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))

    assert share_of(desk).state is ShareState.WAITING


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("kind", "state"), [("image", ShareState.WAITING), ("like_heart", ShareState.COMBINED)])
def test_so_does_a_picture_that_the_customer_sends_between_and_no_like(desk, kind, state):
    desk.take(attachment(kind, NOON + seconds(100)), now=NOON + seconds(100))

    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))

    assert share_of(desk).state is state


@pytest.mark.sqlite_only
def test_a_heart_between_leaves_the_first_question_among_what_was_asked(desk):
    heart(desk, NOON + seconds(50))
    desk.model.reply = WHICH
    desk.take(text("همون قرمزه", NOON + seconds(100)), now=NOON + seconds(100))
    desk.answer(NOON + seconds(103))

    desk.take(reel(NOON + seconds(200), mid="share"), now=NOON + seconds(200))

    assert desk.message("share").content.endswith(f"[/CONTEXT]\n{QUESTION}\nهمون قرمزه")


@pytest.mark.sqlite_only
def test_a_heart_between_does_not_make_us_ask_a_third_time(desk):
    heart(desk, NOON + seconds(50))
    desk.model.reply = WHICH
    for second, words in ((100, "همون قرمزه"), (200, "قرمزه دیگه")):
        desk.take(text(words, NOON + seconds(second)), now=NOON + seconds(second))
        desk.answer(NOON + seconds(second + 3))
        desk.deliver(NOON + seconds(second + 3))

    assert desk.graph.texts == [WHICH["reply"]] * 2
    assert desk.conversation.hand_over_reason is HandOverReason.REPEATED_MISUNDERSTANDING


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("hours", "state"), [(23.99, ShareState.COMBINED), (24.01, ShareState.WAITING)])
def test_the_share_may_take_a_day(desk, hours, state):
    later = desk.replies[0].sent_at + seconds(hours * 3600)

    desk.take(reel(later, mid="share"), now=later)

    assert share_of(desk).state is state


@pytest.mark.sqlite_only
def test_the_same_share_again_gets_no_second_reply(desk):
    share = reel(NOON + seconds(300), mid="share")
    desk.take(share, share, now=NOON + seconds(301))
    desk.answer(NOON + seconds(304))

    desk.take(share, now=NOON + seconds(400))
    desk.answer(NOON + seconds(404))

    assert len(desk.replies) == 2


@pytest.mark.sqlite_only
def test_a_text_beside_it_is_answered_in_the_same_reply(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))
    desk.take(text("همینه", NOON + seconds(302)), now=NOON + seconds(302))

    desk.answer(NOON + seconds(305))

    assert len(desk.replies) == 2
    assert "همینه" in desk.model.prompts[-1]


@pytest.mark.sqlite_only
def test_a_second_share_waits_as_any_other(desk):
    desk.take(reel(NOON + seconds(300)), reel(NOON + seconds(301), mid="second"), now=NOON + seconds(301))

    desk.answer(NOON + seconds(304))

    assert share_of(desk).state is ShareState.WAITING
    assert len(desk.replies) == 2


@pytest.mark.sqlite_only
def test_a_text_that_comes_late_from_between_takes_its_place(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))

    desk.take(text("ساعت کاری‌تان؟", NOON + seconds(200), mid="late"), now=NOON + seconds(302))
    desk.model.reply = OTHER
    desk.answer(NOON + seconds(305))

    assert share_of(desk).answers_id is None
    assert share_of(desk).state is ShareState.WAITING
    assert "[CONTEXT" not in desk.message("share").content
    assert desk.message("share").answered_by_id is None
    assert desk.message("late").answered_by_id == desk.replies[1].id


@pytest.mark.sqlite_only
@pytest.mark.parametrize("others", [[], [reel(NOON + seconds(310), mid="next")]])
def test_with_a_late_text_between_that_another_app_answers_nobody_waits_for_us(desk, others):
    desk.take(reel(NOON + seconds(300), mid="share"), *others, now=NOON + seconds(311))
    waits = desk.conversation.unanswered_since

    desk.take(standby(text("همین", NOON + seconds(100))), now=NOON + seconds(312))

    assert waits == NOON + seconds(300)
    assert desk.message("share").share.answers_id is None
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_a_text_that_comes_late_after_the_answer_changes_nothing_of_it(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))
    desk.answer(NOON + seconds(304))
    content = desk.message("share").content

    desk.take(text("ممنون", NOON + seconds(200), mid="late"), now=NOON + seconds(306))
    desk.model.reply = OTHER
    desk.answer(NOON + seconds(309))

    assert desk.message("share").content == content
    assert share_of(desk).answers_id is not None
    assert len(desk.replies) == 3


@pytest.mark.sqlite_only
def test_a_lone_post_that_comes_while_its_answer_is_written_does_not_drop_the_draft(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))

    def another_post(payload):
        desk.take(reel(NOON + seconds(302), mid="lone"), now=NOON + seconds(302))
        return desk.model.default(payload)

    desk.model.script.append(another_post)
    desk.answer(NOON + seconds(304))

    assert [one.text for one in desk.replies] == [WHICH["reply"], PRICE["reply"]]


@pytest.mark.sqlite_only
def test_a_question_edited_after_its_post_came_is_read_and_shown_as_it_is_now(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))
    shown = desk.message("share").seq

    desk.take(edited("question", "این کیف چنده؟", NOON + seconds(302)), now=NOON + seconds(302))

    assert desk.message("share").content.endswith("[/CONTEXT]\nاین کیف چنده؟")
    assert desk.message("share").seq > shown


def test_a_share_that_came_while_we_asked_is_answered_right_after(shop):
    desk = Desk(shop)
    desk.take(text(QUESTION, NOON))
    share = reel(NOON + seconds(15), mid="share")
    desk.model.reply = WHICH

    def meanwhile(payload):
        desk.take(share, now=NOON + seconds(15))
        return desk.model.default(payload)

    desk.model.script.append(meanwhile)
    desk.answer(NOON + seconds(16))
    desk.model.reply = PRICE
    desk.answer(NOON + seconds(19))

    assert [one.text for one in desk.replies] == [WHICH["reply"], PRICE["reply"]]
    assert desk.message("share").content.endswith(QUESTION)


@pytest.mark.sqlite_only
def test_after_one_that_came_while_we_asked_a_second_share_waits_as_any_other(shop):
    desk = asked_back(shop)
    desk.take(reel(NOON + seconds(5), mid="first"), now=NOON + seconds(300))

    desk.take(reel(NOON + seconds(350), mid="second"), now=NOON + seconds(350))

    assert desk.message("first").share.answers_id == desk.replies[0].id
    assert desk.message("second").share.state is ShareState.WAITING


@pytest.mark.sqlite_only
def test_asked_again_the_first_question_still_counts(desk):
    desk.model.reply = WHICH
    desk.take(text("همون قرمزه", NOON + seconds(100)), now=NOON + seconds(100))
    desk.answer(NOON + seconds(103))

    desk.take(reel(NOON + seconds(200), mid="share"), now=NOON + seconds(200))

    assert desk.message("share").content.endswith(f"[/CONTEXT]\n{QUESTION}\nهمون قرمزه")


@pytest.mark.sqlite_only
def test_asked_again_about_the_post_itself_the_next_post_is_read_with_the_question_alone(desk):
    desk.model.reply = WHICH
    desk.take(reel(NOON + seconds(60), caption="پیراهن سبز", mid="first"), now=NOON + seconds(61))
    desk.answer(NOON + seconds(64))

    desk.take(reel(NOON + seconds(100), caption="پیراهن آبی", mid="share"), now=NOON + seconds(101))

    content = desk.message("share").content
    assert content.endswith(f"کپشن: پیراهن آبی\nلینک: {REEL_URL}\n[/CONTEXT]\n{QUESTION}")
    assert "پیراهن سبز" not in content


@pytest.mark.sqlite_only
@pytest.mark.parametrize("typed", [f"{LINK} اینو سایز ۴۲ دارید؟", f"اینو سایز ۴۲ دارید؟ {LINK}"])
def test_words_typed_beside_a_link_that_we_asked_back_about_are_read_with_the_post_that_answers(shop, typed):
    desk = Desk(shop)
    desk.model.reply = WHICH
    desk.take(text(typed, NOON, mid="link"))
    desk.answer(NOON + seconds(3))

    desk.take(reel(NOON + seconds(60), caption="پیراهن آبی", mid="share"), now=NOON + seconds(61))

    content = desk.message("share").content
    assert content.endswith(f"کپشن: پیراهن آبی\nلینک: {REEL_URL}\n[/CONTEXT]\nاینو سایز ۴۲ دارید؟")
    assert LINK not in content


@pytest.mark.sqlite_only
def test_what_was_answered_before_it_was_asked_is_not_asked_again(shop):
    desk = Desk(shop)
    desk.model.reply = OTHER
    desk.take(text("ممنون", NOON, mid="thanks"))
    desk.answer(NOON + seconds(1))
    desk.model.reply = WHICH
    desk.take(text(QUESTION, NOON + seconds(60)), now=NOON + seconds(60))
    desk.answer(NOON + seconds(63))

    desk.take(reel(NOON + seconds(90), mid="share"), now=NOON + seconds(91))

    assert desk.message("share").content.endswith(f"[/CONTEXT]\n{QUESTION}")


@pytest.mark.sqlite_only
def test_nobody_waits_since_a_post_that_answered_it_while_they_were_blocked(desk):
    desk.call(block, desk.conversation.id, None, NOON + seconds(200))
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))
    desk.call(unblock, desk.conversation.id, None, NOON + seconds(350))

    desk.take(text("هستید؟", NOON + seconds(360)), now=NOON + seconds(360))

    assert desk.message("share").share.answers_id == desk.replies[0].id
    assert desk.conversation.unanswered_since == NOON + seconds(360)


@pytest.mark.sqlite_only
def test_nor_since_one_that_came_while_another_app_held_the_conversation(desk):
    desk.take(standby(reel(NOON + seconds(300), mid="share")), now=NOON + seconds(301))

    assert desk.message("share").share.answers_id == desk.replies[0].id
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_nor_in_a_chat_that_was_closed_when_what_stood_between_is_taken_back(desk):
    desk.take(text("ساعت کاری‌تان؟", NOON + seconds(100), mid="between"), now=NOON + seconds(100))
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))
    desk.call(close, desk.conversation.id, None, NOON + seconds(310))

    desk.take(unsent("between", NOON + seconds(320)), now=NOON + seconds(320))

    assert desk.message("share").share.answers_id == desk.replies[0].id
    assert desk.conversation.state is ConversationState.CLOSED
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_the_customer_waits_since_the_post_that_answers_not_since_the_text_behind_it(desk):
    desk.take(text("؟", NOON + seconds(305)), now=NOON + seconds(305))

    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(306))

    assert desk.conversation.unanswered_since == NOON + seconds(300)


@pytest.mark.sqlite_only
def test_the_log_tells_of_a_post_that_answers(desk, caplog):
    caplog.set_level(logging.INFO)

    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))

    number, length = desk.message("share").id, len(desk.message("share").content)
    assert f"Share ID: {number} · Question ID: {number} · Combined content length: {length} chars" in caplog.text


@pytest.mark.sqlite_only
def test_a_question_changed_after_the_answer_leaves_what_the_assistant_read(desk):
    desk.take(reel(NOON + seconds(60), mid="share"), now=NOON + seconds(61))
    desk.answer(NOON + seconds(64))
    desk.deliver(NOON + seconds(64))
    read = desk.message("share").content

    desk.take(edited("question", "چیز دیگری", NOON + seconds(70)), now=NOON + seconds(70))
    desk.take(text("ممنون", NOON + seconds(80)), now=NOON + seconds(80))

    assert desk.message("share").content == read


@pytest.mark.sqlite_only
def test_two_texts_that_were_asked_back_about_together_are_both_read(shop):
    desk = Desk(shop)
    desk.model.reply = WHICH
    desk.take(text(QUESTION, NOON), text("سایز ۴۰ دارید؟", NOON + seconds(1)), now=NOON + seconds(1))
    desk.answer(NOON + seconds(5))

    desk.take(reel(NOON + seconds(60), mid="share"), now=NOON + seconds(61))

    assert desk.message("share").content.endswith(f"[/CONTEXT]\n{QUESTION}\nسایز ۴۰ دارید؟")


@pytest.mark.sqlite_only
def test_asked_again_two_days_later_the_old_question_is_over(desk):
    later = NOON + seconds(2 * 86_400)
    desk.take(text("آبی هم دارید؟", later, mid="again"), now=later)
    desk.model.reply = WHICH
    desk.answer(later + seconds(1))

    desk.take(reel(later + seconds(60), mid="share"), now=later + seconds(61))

    assert desk.message("share").content.endswith("[/CONTEXT]\nآبی هم دارید؟")
    assert QUESTION not in desk.message("share").content


@pytest.mark.sqlite_only
def test_with_the_question_taken_back_the_share_is_a_lone_one_and_the_words_are_gone(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))

    desk.take(unsent("question", NOON + seconds(302)), now=NOON + seconds(302))
    desk.answer(NOON + seconds(305))

    assert share_of(desk).state is ShareState.WAITING
    assert QUESTION not in desk.message("share").content
    assert desk.turn.state is TurnState.DROPPED
    assert len(desk.replies) == 1


def test_with_the_question_taken_back_while_its_answer_is_written_the_share_gets_none(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))

    def take_back(payload):
        desk.take(unsent("question", NOON + seconds(305)), now=NOON + seconds(305))
        return desk.model.default(payload)

    desk.model.script = [take_back]
    desk.answer(NOON + seconds(304))
    desk.answer(NOON + seconds(310))

    assert len(desk.replies) == 1
    assert share_of(desk).state is ShareState.WAITING
    assert (desk.turn.state, desk.conversation.unanswered_since) == (TurnState.DROPPED, None)


@pytest.mark.sqlite_only
def test_with_the_question_taken_back_nobody_waits_though_another_post_came_too(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), reel(NOON + seconds(310), mid="next"), now=NOON + seconds(311))

    desk.take(unsent("question", NOON + seconds(312)), now=NOON + seconds(312))

    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_the_question_taken_back_after_the_answer_leaves_no_copy(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))
    desk.answer(NOON + seconds(304))
    desk.deliver(NOON + seconds(304))

    desk.take(unsent("question", NOON + seconds(305)), now=NOON + seconds(305))

    assert QUESTION not in desk.message("share").content


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("mid", "words"), [("question", QUESTION), ("second", RED)])
def test_of_two_questions_either_taken_back_leaves_none_though_ours_between_was_taken_back_before(desk, mid, words):
    desk.model.reply = WHICH
    desk.take(text(RED, NOON + seconds(100), mid="second"), now=NOON + seconds(100))
    desk.answer(NOON + seconds(103))
    desk.deliver(NOON + seconds(103))
    desk.model.reply = PRICE
    desk.take(reel(NOON + seconds(200), mid="share"), now=NOON + seconds(200))
    desk.answer(NOON + seconds(204))
    desk.deliver(NOON + seconds(204))
    was_read = desk.message("share").content
    desk.take(unsent(desk.deliveries[0].external_id, NOON + seconds(205)), now=NOON + seconds(205))

    desk.take(unsent(mid, NOON + seconds(206)), now=NOON + seconds(206))

    assert words in was_read
    assert words not in desk.message("share").content


@pytest.mark.sqlite_only
def test_but_another_message_taken_back_leaves_it_what_it_answered(desk):
    desk.take(text("این لباس", NOON - seconds(60), mid="hello"), now=NOON + seconds(2))
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))
    desk.answer(NOON + seconds(304))
    desk.deliver(NOON + seconds(304))
    content = desk.message("share").content
    assert content.endswith(QUESTION)
    desk.take(text("ممنون", NOON + seconds(400), mid="thanks"), now=NOON + seconds(400))

    desk.take(unsent("hello", NOON + seconds(500)), now=NOON + seconds(500))

    assert desk.message("hello").text == ""
    assert desk.message("share").content == content


@pytest.mark.sqlite_only
def test_nor_does_a_lone_post_taken_back_touch_an_answer_to_a_question_with_an_empty_line(shop):
    desk = Desk(shop)
    desk.take(reel(NOON - seconds(600), mid="lone"), now=NOON - seconds(599))
    desk.call(expire_due, NOON - seconds(400))
    desk.take(text("سلام\n\nاین لباس چقدره؟", NOON, mid="question"))
    desk.model.reply = WHICH
    desk.answer(NOON + seconds(1))
    desk.deliver(NOON + seconds(1))
    desk.model.reply = PRICE
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))
    desk.answer(NOON + seconds(304))

    desk.take(unsent("lone", NOON + seconds(305)), now=NOON + seconds(305))
    desk.deliver(NOON + seconds(306))

    assert desk.graph.texts == [WHICH["reply"], PRICE["reply"]]


@pytest.mark.sqlite_only
def test_nor_does_our_question_taken_back_on_the_phone_leave_the_post_without_its_own(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))

    desk.take(unsent(desk.deliveries[0].external_id, NOON + seconds(302)), now=NOON + seconds(302))
    desk.answer(NOON + seconds(305))

    assert QUESTION in desk.message("share").content
    assert QUESTION in desk.model.prompts[-1]


@pytest.mark.sqlite_only
def test_the_share_taken_back_ends_its_turn(desk):
    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))

    desk.take(unsent("share", NOON + seconds(302)), now=NOON + seconds(302))
    desk.answer(NOON + seconds(305))

    assert len(desk.replies) == 1
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_after_an_answer_that_asks_nothing_a_share_waits(shop):
    desk = Desk(shop)
    desk.take(text(QUESTION, NOON))
    desk.answer(NOON + seconds(1))

    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))
    desk.answer(NOON + seconds(500))

    assert share_of(desk).state is ShareState.WAITING
    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
def test_a_share_that_a_person_looks_at_is_left_to_them(desk):
    desk.call(take_over, desk.conversation.id, None, NOON + seconds(100))

    desk.take(reel(NOON + seconds(300), mid="share"), now=NOON + seconds(301))
    desk.answer(NOON + seconds(304))

    assert len(desk.replies) == 1


@pytest.mark.parametrize("second", [20, 90])
def test_sent_again_by_a_person_it_is_answered_by_the_post_from_before_as_from_after(shop, second):
    desk = asked_back(shop)
    desk.graph.script = [(500, {})]
    desk.deliver(NOON + seconds(9))

    def send_again():
        desk.call(settle, desk.deliveries[0].id, Settlement.AGAIN, None, NOON + seconds(60))

    def share():
        desk.take(reel(NOON + seconds(second), mid="share"), now=NOON + seconds(second))

    for step in (share, send_again) if second < 60 else (send_again, share):
        step()
    at_once = desk.message("share").share.answers_id
    desk.take(reel(NOON + seconds(300), mid="next"), now=NOON + seconds(300))

    assert at_once == desk.replies[1].id
    assert desk.message("share").share.answers_id == desk.replies[1].id
    assert desk.message("share").content.endswith(f"[/CONTEXT]\n{QUESTION}")
    assert desk.conversation.unanswered_since == NOON + seconds(second)


@pytest.mark.sqlite_only
def test_a_pasted_link_answers_too(desk):
    desk.take(item(NOON + seconds(300), {"mid": "link", "text": REEL_URL}), now=NOON + seconds(301))

    assert share_of(desk).answers_id == desk.replies[0].id


# --- a card or a story that answers it --------------------------------------------------------------------------------

CARD = {"type": "template", "payload": {"product": {"elements": [{"id": "1", "title": "پیراهن نیلوفر"}]}}}
ITS_STORY = {"type": "ig_story", "payload": {"url": "https://lookaside.fbsbx.com/story"}}


def point_at(desk, attached, after=300):
    at = NOON + seconds(after)
    desk.take(item(at, {"mid": "card", "attachments": [attached]}), now=at)


@pytest.mark.sqlite_only
def test_a_products_card_is_the_answer_too_and_the_assistant_reads_it(desk):
    point_at(desk, CARD)
    waits = desk.conversation.unanswered_since
    desk.model.reply = OTHER

    desk.answer(NOON + seconds(304))

    assert waits == NOON + seconds(300)
    assert desk.message("card").answered_by_id == desk.replies[1].id
    facts, asked = ([one.text for one in read_blocks(desk.model.prompts[1]) if one.kind == kind] for kind in KINDS)
    assert "پیراهن نیلوفر" in facts
    assert "پیراهن نیلوفر" in asked[0].partition("[/CONTEXT]")[0]


@pytest.mark.sqlite_only
def test_words_beside_the_card_are_answered_with_it(desk):
    point_at(desk, CARD)
    desk.take(text("همین", NOON + seconds(302), mid="words"), now=NOON + seconds(302))
    desk.model.reply = OTHER

    desk.answer(NOON + seconds(306))

    assert desk.message("card").answered_by_id == desk.message("words").answered_by_id == desk.replies[1].id


@pytest.mark.sqlite_only
def test_a_story_that_answers_it_goes_to_a_person_for_nothing_of_it_is_known(desk):
    point_at(desk, ITS_STORY)

    desk.answer(NOON + seconds(304))

    assert (desk.conversation.hand_over_reason, len(desk.model.calls)) == (HandOverReason.UNREADABLE, 1)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("attached", [CARD, ITS_STORY])
@pytest.mark.parametrize("when", ["long after", "after an answer"])
def test_without_which_one_before_it_asks_nothing(desk, attached, when):
    if when == "after an answer":
        desk.model.reply = OTHER
        desk.take(text("مرسی", NOON + seconds(100)), now=NOON + seconds(100))
        desk.answer(NOON + seconds(103))

    point_at(desk, attached, after=300 if when == "after an answer" else 25 * 3600)

    assert (desk.conversation.unanswered_since, desk.turn.state) == (None, TurnState.ANSWERED)


@pytest.mark.sqlite_only
def test_a_card_right_after_its_question_is_read_with_it(shop):
    desk = Desk(shop)
    desk.take(text(QUESTION, NOON))
    point_at(desk, CARD, after=2)

    desk.answer(NOON + seconds(5))

    assert [one.text for one in read_blocks(desk.model.prompts[0]) if one.kind == "fact"] == ["پیراهن نیلوفر"]


# --- a card that was there already when we asked ----------------------------------------------------------------------


def asked_back(shop, with_reply=WHICH):
    """A question whose answer was begun at once, and recorded eight seconds later."""
    desk = Desk(shop)
    desk.take(text(QUESTION, NOON, mid="question"))
    desk.model.reply = with_reply
    desk.answer(NOON + seconds(8))
    return desk


def card_at(second):
    return item(NOON + seconds(second), {"mid": "card", "attachments": [CARD]})


def is_silent(desk):
    return (desk.turn.state, desk.conversation.unanswered_since) == (TurnState.ANSWERED, None)


def test_a_card_that_came_while_we_asked_is_answered_right_after(shop):
    desk = Desk(shop)
    desk.take(text(QUESTION, NOON))
    desk.model.reply = WHICH

    def meanwhile(payload):
        point_at(desk, CARD, after=4)
        return desk.model.default(payload)

    desk.model.script.append(meanwhile)
    desk.answer(NOON + seconds(8))
    waits = desk.conversation.unanswered_since
    desk.model.reply = OTHER
    desk.answer(NOON + seconds(11))

    assert waits == NOON + seconds(4)
    assert desk.message("card").content.endswith("[/CONTEXT]\n")
    assert [one.text for one in desk.replies] == [WHICH["reply"], OTHER["reply"]]
    assert desk.message("card").answered_by_id == desk.replies[1].id
    assert "پیراهن نیلوفر" in [one.text for one in read_blocks(desk.model.prompts[1]) if one.kind == "fact"]
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_so_is_a_card_from_before_which_one_that_reaches_us_after_it(shop):
    desk = asked_back(shop)
    desk.model.reply = OTHER

    desk.take(card_at(4), card_at(4), now=NOON + seconds(40))
    desk.answer(NOON + seconds(43))
    desk.take(card_at(4), now=NOON + seconds(50))

    assert [one.text for one in desk.replies] == [WHICH["reply"], OTHER["reply"]]
    assert is_silent(desk)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("second", "reply"), [(-4, WHICH), (4, OTHER)])
def test_a_late_card_from_before_the_question_or_an_answer_asks_nothing(shop, second, reply):
    desk = asked_back(shop, reply)

    desk.take(card_at(second), now=NOON + seconds(40))

    assert is_silent(desk)


@pytest.mark.sqlite_only
def test_nor_does_a_late_one_once_the_question_was_taken_back(shop):
    desk = asked_back(shop)
    desk.deliver(NOON + seconds(9))
    desk.take(unsent("question", NOON + seconds(20)), now=NOON + seconds(20))

    desk.take(card_at(4), now=NOON + seconds(40))

    assert is_silent(desk)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("second", "has_left", "first"),
    [(4, True, "card"), (4, False, "card"), (300, True, "card"), (300, True, "unsend")],
)
def test_with_the_question_taken_back_a_card_asks_nothing_whichever_comes_first(shop, second, has_left, first):
    desk = asked_back(shop)
    if has_left:
        desk.deliver(NOON + seconds(9))
    card, unsend = card_at(second), unsent("question", NOON + seconds(301))

    for one in (card, unsend) if first == "card" else (unsend, card):
        desk.take(one, now=NOON + seconds(302))
    desk.answer(NOON + seconds(310))

    assert desk.message("card").content == "[محصول]\nپیراهن نیلوفر"
    assert desk.conversation.unanswered_since is None
    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
def test_nor_does_an_answer_about_the_card_leave_that_waits_still(shop):
    desk = asked_back(shop)
    desk.deliver(NOON + seconds(9))
    desk.model.reply = OTHER
    desk.take(card_at(300), now=NOON + seconds(300))
    desk.answer(NOON + seconds(304))

    desk.take(unsent("question", NOON + seconds(305)), now=NOON + seconds(305))
    desk.deliver(NOON + seconds(310))

    assert desk.deliveries[-1].error == "unsent"
    assert desk.graph.texts == [WHICH["reply"]]
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_but_one_leaves_when_something_else_is_taken_back(shop):
    desk = Desk(shop)
    desk.take(text("سلام", NOON - seconds(60), mid="hello"), now=NOON - seconds(59))
    desk.model.reply = OTHER
    desk.answer(NOON - seconds(57))
    desk.deliver(NOON - seconds(57))
    desk.take(text(QUESTION, NOON, mid="question"))
    desk.model.reply = WHICH
    desk.answer(NOON + seconds(1))
    desk.deliver(NOON + seconds(1))
    desk.model.reply = OTHER
    desk.take(card_at(300), now=NOON + seconds(300))
    desk.answer(NOON + seconds(304))

    desk.take(unsent("hello", NOON + seconds(305)), now=NOON + seconds(305))
    desk.deliver(NOON + seconds(310))

    assert desk.graph.texts == [OTHER["reply"], WHICH["reply"], OTHER["reply"]]


@pytest.mark.sqlite_only
def test_changed_it_has_the_card_answered_anew(shop):
    desk = asked_back(shop)
    desk.deliver(NOON + seconds(9))
    desk.model.reply = OTHER
    desk.take(card_at(300), now=NOON + seconds(300))
    desk.answer(NOON + seconds(304))

    desk.take(edited("question", "سایز ۴۰ دارید؟", NOON + seconds(305)), now=NOON + seconds(305))
    desk.answer(NOON + seconds(310))
    desk.deliver(NOON + seconds(310))

    assert [one.error for one in desk.deliveries] == [None, "edited", None]
    assert desk.message("card").answered_by_id == desk.replies[-1].id
    assert "سایز ۴۰ دارید؟" in desk.model.prompts[-1]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("answer", ["post", "card", "card that lay there"])
def test_with_the_question_taken_back_nobody_is_shown_a_draft_about_what_answered(shop, answer):
    desk = asked_back(shop)
    desk.deliver(NOON + seconds(9))
    with transaction():
        db.session.execute(db.update(Inbox).values(assistant_mode=AssistantMode.DRAFT))
    came = card_at(4) if answer == "card that lay there" else card_at(300)
    desk.take(reel(NOON + seconds(300)) if answer == "post" else came, now=NOON + seconds(301))
    desk.model.reply = OTHER
    desk.answer(NOON + seconds(305))
    assert find_draft(desk.conversation).text == OTHER["reply"]

    desk.take(unsent("question", NOON + seconds(310)), now=NOON + seconds(310))

    assert find_draft(desk.conversation) is None
    assert (desk.conversation.drafted_at, desk.conversation.unanswered_since) == (None, None)


@pytest.mark.sqlite_only
def test_nor_one_of_somebody_who_is_blocked_and_it_stays_so_when_they_are_heard_again(shop):
    desk = asked_back(shop)
    desk.call(block, desk.conversation.id, None, NOON + seconds(20))
    desk.take(card_at(4), now=NOON + seconds(40))
    desk.call(unblock, desk.conversation.id, None, NOON + seconds(50))

    desk.take(text("هستید؟", NOON + seconds(60)), now=NOON + seconds(60))
    desk.answer(NOON + seconds(65))

    assert [one.asks_which for one in desk.replies] == [True, True]
    assert is_silent(desk)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("reply", "meanwhile"),
    [
        (WHICH, [card_at(-4)]),
        (WHICH, [standby(card_at(4))]),
        (WHICH, [card_at(4), unsent("card", NOON + seconds(5))]),
        (OTHER, [card_at(4)]),
    ],
)
def test_a_card_from_before_or_elsewhere_or_taken_back_or_not_asked_for_stays_silent(shop, reply, meanwhile):
    desk = Desk(shop)
    desk.take(text(QUESTION, NOON))

    def take(payload):
        for one in meanwhile:
            desk.take(one, now=NOON + seconds(5))
        return desk.model.default(payload)

    desk.model.reply = reply
    desk.model.script.append(take)
    for second in (8, 20, 40):
        desk.answer(NOON + seconds(second))

    assert len(desk.replies) == 1
    assert is_silent(desk)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("came", "asked"),
    [
        ([reel(NOON + seconds(5))], [QUESTION]),
        ([reel(NOON + seconds(5)), text(RED, NOON + seconds(20))], [QUESTION, RED]),
        ([text(BLUE, NOON + seconds(5)), text(RED, NOON + seconds(20))], [QUESTION, BLUE, RED]),
        ([card_at(5)], [QUESTION, "[محصول]\nپیراهن نیلوفر"]),
    ],
    ids=["post", "post and text", "late text and text", "card"],
)
def test_asked_again_about_what_came_while_we_asked_the_first_question_still_counts(shop, came, asked):
    desk = asked_back(shop)
    desk.take(*came, now=NOON + seconds(21))
    desk.answer(NOON + seconds(24))

    desk.take(reel(NOON + seconds(60), mid="share"), now=NOON + seconds(61))

    assert [one.asks_which for one in desk.replies] == [True, True]
    assert share_of(desk).answers_id == desk.replies[1].id
    assert desk.message("share").content.endswith("\n".join(["[/CONTEXT]", *asked]))


@pytest.mark.sqlite_only
def test_what_answers_one_which_one_does_not_answer_another(desk):
    desk.take(reel(NOON + seconds(60), mid="share"), now=NOON + seconds(61))
    desk.answer(NOON + seconds(64))
    desk.deliver(NOON + seconds(64))
    desk.take(text("اون یکی چی؟", NOON + seconds(400)), now=NOON + seconds(400))
    desk.model.reply = WHICH
    desk.answer(NOON + seconds(404))
    desk.deliver(NOON + seconds(404))
    desk.take(card_at(500), now=NOON + seconds(500))

    first, _, second = desk.replies

    assert (first.asks_which, second.asks_which) == (True, True)
    assert [one.external_id for one in what_answers(first)] == ["share"]
    assert [one.external_id for one in what_answers(second)] == ["card"]
