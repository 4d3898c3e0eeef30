"""A turn is answered: when it is quiet, once, on everything that was said; or a person gets it."""

import threading
import time
from functools import partial

import pytest
from desk import Desk
from rows import NOON
from shop import ACCOUNT, CAPTION, attachment, reel, seconds, text, unsent

from pilito.assistant import model as client
from pilito.assistant.prompt import read_blocks
from pilito.conversations import answer as answering
from pilito.conversations import outbox
from pilito.conversations.answer import answer
from pilito.conversations.connect import connect
from pilito.conversations.take_over import take_over
from pilito.conversations.unread import look
from pilito.jobs.replies import get_model
from pilito.lifecycle import AssistantMode, ConversationState, HandOverReason, TurnState
from pilito.models import Message, Proof, Turn

MINUTE = seconds(60)
ANSWER = "در همین پست نوشته‌ایم."


@pytest.fixture
def desk(shop):
    return Desk(shop)


@pytest.fixture
def patient_desk(make_shop):
    """Its assistant waits for 3 s of silence, at most 30 s."""
    return Desk(make_shop(reply_quiet_seconds=3, reply_quiet_max_seconds=30))


def meanwhile(desk, action):
    """Do this while the model writes its next answer."""

    def script(payload):
        action()
        return desk.model.default(payload)

    desk.model.script.append(script)


# --- when ------------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_t12_a_burst_is_answered_once_on_all_of_it_after_the_quiet_period(patient_desk):
    desk = patient_desk
    for second, words in enumerate(["سلام", "این پیراهن", "چنده؟"]):
        desk.take(text(words, NOON + seconds(second)), now=NOON + seconds(second))

    desk.answer(NOON + seconds(4.9))
    asked_early = len(desk.model.calls)
    desk.answer(NOON + seconds(5))

    assert asked_early == 0
    assert len(desk.model.calls) == 1
    assert all(words in desk.model.prompts[0] for words in ["سلام", "این پیراهن", "چنده؟"])
    assert [reply.text for reply in desk.replies] == [ANSWER]
    assert {one.answered_by_id for one in desk.rows(Message, sender="customer")} == {desk.replies[0].id}
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_t12_an_endless_stream_is_answered_when_its_longest_time_is_over(patient_desk):
    desk = patient_desk
    for second in range(0, 30, 2):
        desk.take(text(f"پیام {second}", NOON + seconds(second)), now=NOON + seconds(second))
    assert desk.turn.due_at == NOON + seconds(30)
    late = text("و این؟", NOON + seconds(31), mid="late")
    meanwhile(desk, lambda: desk.take(late, now=NOON + seconds(31)))

    desk.answer(NOON + seconds(30))

    assert len(desk.replies) == 1
    first, second = desk.rows(Turn)
    assert (first.state, second.state) == (TurnState.ANSWERED, TurnState.OPEN)
    assert desk.message("late").answered_by_id is None
    assert desk.message("late").turn_id == second.id


@pytest.mark.sqlite_only
def test_what_came_while_a_burst_was_answered_gets_the_next_answer(patient_desk):
    desk = patient_desk
    desk.take(text("اول", NOON))
    meanwhile(desk, lambda: desk.take(text("دوم", NOON + seconds(31), mid="late"), now=NOON + seconds(31)))
    desk.answer(NOON + seconds(30))

    desk.answer(desk.turn.due_at)

    assert len(desk.replies) == 2
    assert desk.message("late").answered_by_id == desk.replies[1].id
    asked = [block.text for block in read_blocks(desk.model.prompts[1]) if block.kind == "question"]
    assert asked == ["دوم"]


def test_what_came_while_a_burst_was_answered_is_answered_though_the_burst_is_unsent(patient_desk):
    desk = patient_desk
    desk.take(text("اول", NOON, mid="first"))

    def come_late_and_unsend():
        desk.take(text("دوم", NOON + seconds(31), mid="late"), now=NOON + seconds(31))
        desk.take(unsent("first", NOON + seconds(32)), now=NOON + seconds(32))

    meanwhile(desk, come_late_and_unsend)
    desk.answer(NOON + seconds(30), desk.turn.id)

    desk.answer(desk.turn.due_at)

    assert [turn.state for turn in desk.rows(Turn)] == [TurnState.DROPPED, TurnState.ANSWERED]
    assert desk.message("late").answered_by_id == desk.replies[0].id


def test_a_newer_message_drops_the_draft_and_the_answer_is_built_on_both(desk):
    desk.take(text("این چنده؟", NOON))
    meanwhile(desk, lambda: desk.take(text("نه، آن یکی", NOON + seconds(1)), now=NOON + seconds(1)))

    desk.answer(NOON)
    after_first = len(desk.replies)
    desk.answer(NOON + seconds(1))

    assert after_first == 0
    assert len(desk.replies) == 1
    assert "این چنده؟" in desk.model.prompts[1]
    assert "نه، آن یکی" in desk.model.prompts[1]
    assert len(desk.rows(Turn)) == 1


@pytest.mark.sqlite_only
def test_a_lone_share_during_the_writing_does_not_drop_the_draft(desk):
    desk.take(text("چنده؟", NOON))
    meanwhile(desk, lambda: desk.take(reel(NOON + seconds(30)), now=NOON + seconds(30)))

    desk.answer(NOON)

    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
def test_a_share_that_joins_its_question_during_the_writing_drops_the_draft(desk):
    desk.take(text("چنده؟", NOON))
    meanwhile(desk, lambda: desk.take(reel(NOON - seconds(2)), now=NOON + seconds(1)))

    desk.answer(NOON)
    dropped = not desk.replies
    desk.answer(NOON + seconds(1))

    assert dropped
    assert len(desk.replies) == 1
    assert CAPTION.splitlines()[1] in desk.model.prompts[1]


@pytest.mark.sqlite_only
def test_a_question_that_is_unsent_during_the_writing_gets_no_answer(desk):
    desk.take(text("چنده؟", NOON, mid="question"))
    meanwhile(desk, lambda: desk.take(unsent("question", NOON + seconds(1)), now=NOON + seconds(1)))

    desk.answer(NOON)

    assert desk.replies == []
    assert desk.turn.state is TurnState.DROPPED
    assert desk.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_two_threads_claim_at_once_and_the_others_wait_without_asking_the_database(desk, monkeypatch):
    desk.take(text("این لباس چقدره؟", NOON), now=NOON)
    turn_id, inside, seen = desk.turn.id, threading.Semaphore(2), []

    def look_and_count(*arguments):
        seen.append(inside.acquire(blocking=False))
        time.sleep(0.02)
        inside.release()
        return look(*arguments)

    monkeypatch.setattr(answering, "look", look_and_count)
    desk.together(*[partial(answer, turn_id, get_model(), lambda: NOON + seconds(10), outbox.leave)] * 6)

    assert seen == [True] * 6
    assert len(desk.model.calls) == 1


# --- once ------------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_the_same_job_again_does_nothing(desk):
    desk.take(text("چنده؟", NOON))

    desk.answer(NOON)
    desk.answer(NOON + seconds(60))

    assert len(desk.model.calls) == 1
    assert len(desk.replies) == 1


def test_many_workers_with_the_same_job_ask_once(desk):
    desk.take(text("چنده؟", NOON))
    desk.model.delay_seconds = 0.1
    model = get_model()

    results = desk.together(*[partial(answer, desk.turn.id, model, lambda: NOON, outbox.leave)] * 6)

    assert sorted(results) == [False] * 5 + [True]
    assert len(desk.model.calls) == 1
    assert len(desk.replies) == 1


def test_an_attempt_whose_lease_ran_out_is_taken_up_and_its_late_result_refused(desk):
    desk.take(text("چنده؟", NOON))
    turn_id = desk.turn.id
    late = {"reply": "در کپشن هست.", "hand_over": False, "reason": ""}

    def outlive_the_lease(payload):
        desk.answer(NOON + seconds(16), turn_id)
        desk.model.reply = late
        return desk.model.default(payload)

    desk.model.script.append(outlive_the_lease)

    desk.answer(NOON, turn_id)

    assert len(desk.model.calls) == 2
    assert [reply.text for reply in desk.replies] == [ANSWER]
    assert desk.turn.attempt == 2


@pytest.mark.sqlite_only
def test_a_turn_whose_lease_holds_is_left_to_who_has_it(desk):
    desk.take(text("چنده؟", NOON))
    turn_id = desk.turn.id
    meanwhile(desk, lambda: desk.answer(NOON + seconds(14), turn_id))

    desk.answer(NOON, turn_id)

    assert len(desk.model.calls) == 1
    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
def test_a_turn_that_is_not_there_is_no_error(desk):
    desk.answer(NOON, turn_id=999)

    assert desk.model.calls == []


# --- not -------------------------------------------------------------------------------------------------------------


def test_a_person_who_takes_over_during_the_writing_stops_the_answer(desk):
    desk.take(text("چنده؟", NOON, mid="question"))
    conversation_id = desk.conversation.id
    meanwhile(desk, lambda: desk.call(take_over, conversation_id, None, NOON))

    desk.answer(NOON)
    desk.deliver(NOON)

    assert desk.replies == []
    assert desk.graph.calls == []
    assert desk.turn.state is TurnState.DROPPED
    assert desk.message("question").answered_by_id is None
    assert desk.conversation.unanswered_since == NOON


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ((500, {}), HandOverReason.MODEL_FAILED),
        ("reset", HandOverReason.MODEL_FAILED),
        ((200, b"<html>"), HandOverReason.MODEL_FAILED),
        ((200, {"choices": []}), HandOverReason.MODEL_FAILED),
        ((401, {"error": {"message": "no"}}), HandOverReason.MODEL_FAILED),
    ],
)
def test_a_broken_model_hands_over_with_the_reason(desk, monkeypatch, said, reason):
    monkeypatch.setattr(client, "PAUSE_SECONDS", (0, 0))
    desk.model.script = [said, said]
    desk.take(text("چنده؟", NOON))

    desk.answer(NOON)

    expect_handed_over(desk, reason)


@pytest.mark.sqlite_only
def test_c9_a_silent_model_hands_over(make_shop, monkeypatch):
    monkeypatch.setattr(client, "PAUSE_SECONDS", (0, 0))
    desk = Desk(make_shop(openai_timeout_seconds=0.1))
    desk.model.delay_seconds = 0.3
    desk.take(text("چنده؟", NOON))

    desk.answer(NOON)

    expect_handed_over(desk, HandOverReason.MODEL_FAILED)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"reply": " ", "hand_over": False}, HandOverReason.REPLY_UNUSABLE),
        ({"thoughts": "…"}, HandOverReason.REPLY_UNUSABLE),
        ({"reply": "x" * 5000, "hand_over": False}, HandOverReason.REPLY_UNUSABLE),
        ({"reply": "", "hand_over": True, "reason": "asked_for_person"}, HandOverReason.ASKED_FOR_PERSON),
        ({"reply": "همکارم پاسخ می‌دهد.", "hand_over": True, "reason": ""}, HandOverReason.NOT_KNOWN),
    ],
)
def test_c10_an_answer_that_is_none_hands_over_and_says_nothing(desk, said, reason):
    desk.model.reply = said
    desk.take(text("چنده؟", NOON))

    desk.answer(NOON)

    expect_handed_over(desk, reason)


@pytest.mark.sqlite_only
def test_a_bug_in_the_assistant_hands_over_instead_of_asking_for_ever(desk):
    class Broken:
        def complete(self, messages):
            raise RuntimeError("a bug")

    desk.take(text("چنده؟", NOON))

    desk.call(answer, desk.turn.id, Broken(), lambda: NOON, outbox.leave)

    expect_handed_over(desk, HandOverReason.MODEL_FAILED)


@pytest.mark.sqlite_only
def test_a_turn_that_never_comes_to_its_end_goes_to_a_person(desk, monkeypatch):
    def break_down(*_args):
        raise RuntimeError("a bug")

    monkeypatch.setattr(answering.spending, "note", break_down)
    monkeypatch.setattr(answering, "TRIES", 3)
    desk.take(text("چنده؟", NOON))

    for number in range(answering.TRIES):
        with pytest.raises(RuntimeError):
            desk.answer(NOON + number * MINUTE)
    desk.answer(NOON + answering.TRIES * MINUTE)
    desk.answer(NOON + (answering.TRIES + 1) * MINUTE)

    expect_handed_over(desk, HandOverReason.MODEL_FAILED)
    assert len(desk.model.calls) == answering.TRIES


@pytest.mark.sqlite_only
@pytest.mark.parametrize("kind", ["image", "audio", "video"])
def test_media_go_to_a_person_without_asking_the_model(desk, kind):
    desk.take(text("این را دارید؟", NOON), attachment(kind, NOON))

    desk.answer(NOON)

    expect_handed_over(desk, HandOverReason.MEDIA)
    assert desk.model.calls == []


@pytest.mark.sqlite_only
def test_a_window_that_closed_during_the_writing_lets_nothing_out(desk):
    desk.take(text("چنده؟", NOON))
    times = iter([NOON, NOON + seconds(24 * 3600)])

    desk.call(lambda: answer(desk.turn.id, get_model(), lambda: next(times), outbox.leave))

    expect_handed_over(desk, HandOverReason.TOO_OLD)


@pytest.mark.sqlite_only
def test_an_inbox_whose_assistant_is_off_leaves_everything_to_people(desk):
    desk.call(connect, "instagram", "x", ACCOUNT, "t", {}, AssistantMode.OFF, NOON)

    desk.take(text("چنده؟", NOON))

    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.conversation.unanswered_since == NOON
    assert desk.turn is None


@pytest.mark.sqlite_only
def test_an_assistant_that_is_switched_off_answers_nothing_that_comes_later(desk):
    desk.take(text("سلام", NOON))
    desk.answer(NOON)
    desk.call(connect, "instagram", "x", ACCOUNT, "t", {}, AssistantMode.OFF, NOON)

    desk.take(text("چنده؟", NOON + seconds(9)), now=NOON + seconds(9))

    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.turn.state is TurnState.ANSWERED


def test_an_assistant_that_is_switched_off_while_it_writes_sends_nothing(desk):
    def switch_off(payload):
        desk.call(connect, "instagram", "x", ACCOUNT, "t", {}, AssistantMode.OFF, NOON)
        return desk.model.default(payload)

    desk.model.script.append(switch_off)
    desk.take(text("سلام", NOON))

    desk.answer(NOON)

    assert desk.replies == []
    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.conversation.unanswered_since == NOON
    assert desk.turn.state is TurnState.DROPPED


def expect_handed_over(desk, reason):
    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.conversation.hand_over_reason is reason
    assert desk.conversation.unanswered_since == NOON
    assert desk.turn.state is TurnState.HANDED_OVER
    assert desk.replies == []
    assert desk.deliveries == []
    desk.sweep(NOON + seconds(600))
    assert desk.turn.state is TurnState.HANDED_OVER


# --- on what ---------------------------------------------------------------------------------------------------------


def test_the_proof_tells_what_the_reply_rests_on(desk):
    desk.take(reel(NOON, mid="reel"), text("چنده؟", NOON + seconds(1)), now=NOON + seconds(1))

    desk.answer(NOON + seconds(1))

    (proof,) = desk.rows(Proof)
    reference = str(desk.message("reel").id)
    assert proof.message_id == desk.replies[0].id
    assert proof.facts == [{"source": "caption", "text": CAPTION, "reference": reference}]
    assert (proof.model, proof.input_tokens, proof.output_tokens) == ("fake", 10, 5)
    assert len(proof.prompt_hash) == 64
    assert proof.checks


@pytest.mark.sqlite_only
def test_the_proof_tells_which_fact_carries_each_number(desk):
    price = "۲ میلیون تومان است، سایز ۳۸ تا ۴۴."
    desk.model.reply = {"reply": price, "facts_used": [2, 99], "hand_over": False, "reason": ""}
    desk.take(reel(NOON, mid="reel"), text("چنده؟", NOON + seconds(1)), now=NOON + seconds(1))

    desk.answer(NOON + seconds(1))

    (proof,) = desk.rows(Proof)
    reference = str(desk.message("reel").id)
    assert proof.facts_used == [reference]
    assert proof.rests_on[0] == {
        "kind": "number",
        "claim": "2000000 toman",
        "source": "caption",
        "reference": reference,
    }
    assert {one["reference"] for one in proof.rests_on} == {reference}
    assert (proof.cost_micros, proof.instructions_version) == (None, None)  # `fake` has no price


@pytest.mark.sqlite_only
def test_a_follow_up_question_rests_on_the_caption_of_the_one_before(desk):
    ask(desk, 0, "کفش مشکی، ۹۰۰ تومان")

    desk.take(text("سایز ۴۰ هم دارید؟", NOON + seconds(60)), now=NOON + seconds(60))
    desk.answer(NOON + seconds(60))

    assert facts_of_last_answer(desk) == [("earlier_caption", "کفش مشکی، ۹۰۰ تومان")]
    assert "earlier_caption>>>\nکفش مشکی، ۹۰۰ تومان" in desk.model.prompts[-1]


@pytest.mark.sqlite_only
def test_the_caption_of_this_turn_comes_first_and_is_told_from_earlier_ones(desk):
    ask(desk, 0, "کفش")

    ask(desk, 60, "کیف")

    assert facts_of_last_answer(desk) == [("caption", "کیف"), ("earlier_caption", "کفش")]


@pytest.mark.sqlite_only
def test_of_earlier_captions_the_newest_three_are_passed(desk):
    for number in range(4):
        ask(desk, 60 * number, f"مدل {number}")

    desk.take(text("کدام ارزان‌تر است؟", NOON + seconds(300)), now=NOON + seconds(300))
    desk.answer(NOON + seconds(300))

    assert facts_of_last_answer(desk) == [("earlier_caption", f"مدل {number}") for number in (3, 2, 1)]


@pytest.mark.sqlite_only
def test_a_share_that_a_newer_one_superseded_is_no_fact(desk):
    desk.take(reel(NOON - seconds(610), caption="کفش"), reel(NOON - seconds(600), caption="کیف"), now=NOON)

    desk.take(text("سلام", NOON))
    desk.answer(NOON)

    assert facts_of_last_answer(desk) == [("earlier_caption", "کیف")]


def ask(desk, second, caption):
    """Share a post, ask about it and have it answered."""
    now = NOON + seconds(second)
    desk.take(reel(now, caption=caption), text("چنده؟", now + seconds(1)), now=now + seconds(1))
    desk.answer(now + seconds(1))


def facts_of_last_answer(desk):
    return [(fact["source"], fact["text"]) for fact in desk.rows(Proof)[-1].facts]


def test_no_connection_to_the_database_is_held_while_others_are_asked(desk):
    held = []
    desk.take(text("چنده؟", NOON))
    for fake in (desk.model, desk.graph):
        fake.script.append(lambda payload, fake=fake: (held.append(desk.pool_in_use()), fake.default(payload))[1])

    desk.answer(NOON)
    desk.deliver(NOON)

    assert held == [0, 0]
    assert desk.graph.texts == [ANSWER]


@pytest.mark.sqlite_only
def test_a_question_long_after_a_post_may_rest_on_its_caption_without_being_combined(desk):
    desk.take(reel(NOON, mid="post"))
    desk.take(text("قیمتش چنده؟", NOON + seconds(300), mid="late"), now=NOON + seconds(300))

    desk.answer(NOON + seconds(303))

    assert desk.message("late").content == "قیمتش چنده؟"
    assert "earlier_caption" in desk.model.prompts[0]
    assert CAPTION.splitlines()[0] in desk.model.prompts[0]
