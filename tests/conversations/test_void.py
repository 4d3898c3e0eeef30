"""The customer takes back or changes what was asked while its answer waits to be sent: that answer never leaves."""

import pytest
from desk import Desk
from rows import NOON, add_product, add_source
from shop import ACCOUNT, CAPTION, edited, item, reel, seconds, text, unsent

from pilito import failpoints, hints, keys
from pilito.conversations import deliver as delivering
from pilito.conversations import pace
from pilito.conversations.answer import answer
from pilito.conversations.approve import send_draft
from pilito.conversations.choose_mode import Rules, choose_rules
from pilito.conversations.connect import connect
from pilito.conversations.receive import receive
from pilito.conversations.reply import reply
from pilito.conversations.take_over import take_over
from pilito.database import transaction
from pilito.errors import Refused
from pilito.jobs.replies import get_model
from pilito.lifecycle import (
    AssistantMode,
    ConversationState,
    DeliveryState,
    HandOverReason,
    Sender,
    ShareState,
    TurnState,
)
from pilito.models import Draft, Inbox, Message, Share, Variant, db
from pilito.queries.summary import summary

PENDING, SENT, FAILED, UNKNOWN = (
    DeliveryState.PENDING,
    DeliveryState.SENT,
    DeliveryState.FAILED,
    DeliveryState.UNKNOWN,
)
SHOES, SHIRT = "این کفش چنده؟", "این پیراهن چنده؟"
FIRST, ANEW = "در همین پست نوشته‌ایم.", "در کپشن نوشته‌ایم."
RESTS = (400, {"error": {"code": 613, "message": "slower"}})
TOKEN_DEAD = (401, {"error": {"code": 190, "message": "expired"}})
REFUSED = (400, {"error": {"code": 10, "error_subcode": 2534022, "message": "outside"}})
NO_ANSWER = (500, {})
FIVE, HOURS = NOON + seconds(5), NOON + seconds(3 * 3600)
LONG = "\n".join(f"{chr(0x1F331 + count)} این محصول در این رنگ موجود است." for count in range(33))


@pytest.fixture
def desk(shop, begin):
    return Desk(begin(shop, an_answer_waits))


def an_answer_waits(shop):
    """It is ready, and not sent."""
    answered(Desk(shop), text(SHOES, NOON, mid="q"))


def answered(desk, *items):
    desk.take(*items)
    desk.model.reply = {"reply": FIRST, "hand_over": False}
    desk.answer(NOON)
    desk.model.reply = {"reply": ANEW, "hand_over": False}
    return desk


def take_back(desk, mid="q"):
    desk.take(unsent(mid, FIVE), now=FIVE)


def change(desk, mid="q"):
    desk.take(edited(mid, SHIRT, FIVE), now=FIVE)


def go_on(desk, *moments):
    """Everything that could still answer or send."""
    for now in (FIVE, NOON + seconds(60), *moments):
        desk.sweep(now)
        desk.answer(now)
        desk.deliver(now)


def states(desk):
    return [one.state for one in desk.deliveries]


def errors(desk):
    return [one.error for one in desk.deliveries]


@pytest.mark.sqlite_only
def test_an_answer_to_a_question_that_was_taken_back_is_never_sent(desk):
    take_back(desk)
    go_on(desk, HOURS)

    assert desk.graph.calls == []
    assert (states(desk), errors(desk)) == ([FAILED], ["unsent"])
    assert [turn.state for turn in desk.rows(type(desk.turn))] == [TurnState.ANSWERED]
    assert desk.conversation.state is ConversationState.ASSISTANT
    assert desk.conversation.unanswered_since is None
    assert len(desk.model.calls) == 1


@pytest.mark.sqlite_only
def test_an_answer_to_a_question_that_was_changed_gives_way_to_one_to_the_new_text(desk):
    change(desk)
    go_on(desk, HOURS)

    assert desk.graph.texts == [ANEW]
    assert (states(desk), errors(desk)) == ([FAILED, SENT], ["edited", None])
    assert desk.message("q").answered_by_id == desk.replies[1].id
    assert "کفش" not in desk.model.prompts[1]
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize("come", [unsent("q", FIVE), edited("q", SHIRT, FIVE)], ids=["unsent", "edited"])
@pytest.mark.parametrize("side", ["before", "after"])
def test_whoever_reads_it_may_die_at_any_moment_of_it(desk, come, side):
    class Killed(BaseException):
        """The process is gone."""

    def kill():
        raise Killed

    webhook_id = desk.record(come, now=FIVE)
    failpoints.plant(f"read_{side}", kill)
    with pytest.raises(Killed):
        desk.call(receive, webhook_id, FIVE)
    failpoints.arm("")

    found = errors(desk)
    desk.call(receive, webhook_id, FIVE)

    why = "unsent" if "message" in come else "edited"
    assert (found, errors(desk)) == ([None if side == "before" else why], [why])
    go_on(desk, HOURS)
    assert desk.graph.texts == ([] if why == "unsent" else [ANEW])


@pytest.mark.sqlite_only
@pytest.mark.parametrize("come", [take_back, change])
def test_it_is_no_delivery_that_failed(desk, come):
    come(desk)

    assert desk.call(summary)["deliveries"]["failed"] == 0


@pytest.mark.sqlite_only
@pytest.mark.parametrize("come", [take_back, change])
def test_open_panels_are_told_that_it_will_not_leave(desk, come):
    shown = desk.conversation.seq

    come(desk)

    assert desk.replies[0].seq > shown


@pytest.mark.sqlite_only
def test_what_else_was_asked_is_answered_without_what_was_taken_back(shop):
    desk = answered(Desk(shop), text("سلام، ارسال دارید؟", NOON, mid="kept"), text(SHOES, NOON + seconds(1), mid="q"))

    take_back(desk)
    go_on(desk)

    assert desk.graph.texts == [ANEW]
    assert "کفش" not in desk.model.prompts[1]
    assert desk.message("kept").answered_by_id == desk.replies[1].id
    assert desk.message("q").answered_by_id is None


@pytest.mark.sqlite_only
def test_what_was_never_said_is_not_among_what_was_said_before(desk):
    change(desk)
    go_on(desk)
    desk.take(text("و رنگ آبی؟", HOURS), now=HOURS)
    desk.answer(HOURS)

    assert ANEW in desk.model.prompts[2]
    assert FIRST not in desk.model.prompts[2]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("come", "texts"), [(take_back, []), (change, [ANEW])])
@pytest.mark.parametrize("why", ["the account rests", "the account is stopped"])
def test_it_does_not_leave_when_the_account_is_free_again(desk, come, texts, why):
    desk.graph.script = [RESTS if why == "the account rests" else TOKEN_DEAD]
    desk.deliver(NOON)
    assert states(desk) == [PENDING]

    come(desk)
    desk.call(lambda: connect("instagram", "x", ACCOUNT, "a-token", {}, AssistantMode.AUTO, HOURS))
    go_on(desk, HOURS)

    assert desk.graph.texts == texts


@pytest.mark.parametrize(("come", "texts"), [(take_back, []), (change, [ANEW])])
@pytest.mark.parametrize("refusal", [RESTS, TOKEN_DEAD, REFUSED], ids=["rests", "stopped", "refused for good"])
def test_what_comes_while_it_is_being_sent_voids_it_if_the_provider_does_not_take_it(desk, come, texts, refusal):
    desk.graph.script = [lambda _payload: come(desk) or refusal]
    desk.deliver(NOON)

    voided = states(desk)[0], errors(desk)[0]
    desk.call(lambda: connect("instagram", "x", ACCOUNT, "a-token", {}, AssistantMode.AUTO, HOURS))
    go_on(desk, HOURS)

    assert voided == (FAILED, "unsent" if come is take_back else "edited")
    assert desk.graph.texts == texts
    assert desk.conversation.state is ConversationState.ASSISTANT  # no person is called for what nobody waits for


@pytest.mark.parametrize("come", [take_back, change])
def test_what_comes_while_it_is_being_sent_changes_nothing_if_the_provider_takes_it(desk, come):
    desk.graph.script = [lambda payload: come(desk) or desk.graph.default(payload)]
    desk.deliver(NOON)
    go_on(desk, HOURS)

    assert desk.graph.texts == [FIRST]
    assert (states(desk), errors(desk)) == ([SENT], [None])
    assert desk.message("q").answered_by_id == desk.replies[0].id
    assert len(desk.model.calls) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize("come", [take_back, change])
def test_what_comes_while_nobody_knows_whether_it_was_sent_leaves_it_to_a_person(desk, come):
    desk.graph.script = [lambda _payload: come(desk) or NO_ANSWER]
    desk.deliver(NOON)
    come(desk)
    go_on(desk, HOURS)

    assert len(desk.graph.calls) == 1
    assert (states(desk), errors(desk)) == ([UNKNOWN], ["outcome_unknown"])
    assert desk.conversation.hand_over_reason is HandOverReason.DELIVERY_UNKNOWN


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("come", "texts"), [(take_back, []), (change, [ANEW])])
def test_what_comes_while_its_writer_counts_the_calls_voids_it_too(shop, monkeypatch, come, texts):
    desk = Desk(shop)
    desk.take(text(SHOES, NOON, mid="q"))
    monkeypatch.setattr(pace, "wait_seconds", lambda *_: come(desk) or 5.0)
    desk.call(answer, desk.turn.id, get_model(), lambda: NOON, delivering.begin)
    monkeypatch.undo()
    desk.model.reply = {"reply": ANEW, "hand_over": False}
    go_on(desk)

    assert desk.graph.texts == texts
    assert states(desk)[0] is FAILED


@pytest.mark.sqlite_only
@pytest.mark.parametrize("come", [take_back, change])
def test_of_a_reply_in_parts_the_rest_leaves_when_one_has(shop, come):
    desk = Desk(shop)
    desk.model.reply = {"reply": LONG, "hand_over": False}
    desk.take(text(SHOES, NOON, mid="q"))
    desk.answer(NOON)
    desk.graph.script = [None, RESTS]
    desk.deliver(NOON)
    before = states(desk)

    come(desk)
    go_on(desk, HOURS)

    assert before[:2] == [SENT, PENDING]
    assert set(states(desk)) == {SENT}
    assert desk.message("q").text != SHOES
    assert "\n".join(desk.graph.texts).split() == LONG.split()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("come", [take_back, change])
def test_what_a_person_wrote_leaves_whatever_becomes_of_the_question(shop, come):
    desk = Desk(shop)
    desk.take(text(SHOES, NOON, mid="q"))
    desk.call(reply, desk.conversation.id, None, "بله، داریم", "c1", NOON)

    come(desk)
    go_on(desk)

    assert desk.graph.texts == ["بله، داریم"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("come", [take_back, change])
def test_a_draft_about_it_is_not_sent_unseen(shop, come):
    desk = Desk(shop)
    desk.call(lambda: choose_rules(desk.shop.inbox_id, Rules(AssistantMode.DRAFT), None, NOON))
    answered(desk, text(SHOES, NOON, mid="q"))
    (draft,) = desk.rows(Draft)

    come(desk)

    with pytest.raises(Refused) as refused:
        desk.call(send_draft, desk.conversation.id, draft.id, None, FIVE)
    assert refused.value.reason == "draft_stale"
    assert desk.replies == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("come", [take_back, change])
def test_nor_is_one_about_what_quotes_it_and_it_is_written_anew(shop, come):
    desk = answered(Desk(shop), text(SHOES, NOON - seconds(60), mid="old"))
    desk.deliver(NOON)
    desk.call(lambda: choose_rules(desk.shop.inbox_id, Rules(AssistantMode.DRAFT), None, NOON))
    answered(desk, quote("old"))
    (draft,) = desk.rows(Draft)

    come(desk, "old")
    desk.answer(NOON + seconds(60))

    with pytest.raises(Refused) as refused:
        desk.call(send_draft, desk.conversation.id, draft.id, None, FIVE)
    assert refused.value.reason == "draft_stale"
    assert [one.text for one in desk.rows(Draft)] == [FIRST, ANEW]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("come", [take_back, change])
def test_a_draft_about_something_else_waits_on(shop, come):
    desk = answered(Desk(shop), text(SHOES, NOON - seconds(60), mid="old"))
    desk.deliver(NOON)
    desk.call(lambda: choose_rules(desk.shop.inbox_id, Rules(AssistantMode.DRAFT), None, NOON))
    answered(desk, text("ارسال دارید؟", NOON, mid="q"))
    (draft,) = desk.rows(Draft)

    come(desk, "old")

    desk.call(send_draft, desk.conversation.id, draft.id, None, FIVE)
    assert desk.message("q").answered_by_id == desk.replies[1].id


@pytest.mark.sqlite_only
@pytest.mark.parametrize("come", [take_back, change])
def test_one_that_somebody_took_over_from_is_theirs_already(desk, come):
    desk.call(take_over, desk.conversation.id, None, NOON)

    come(desk)
    go_on(desk)

    assert (desk.graph.calls, errors(desk)) == ([], ["taken_over"])
    assert desk.conversation.state is ConversationState.OPERATOR


@pytest.mark.sqlite_only
def test_an_answer_that_rests_on_a_post_that_was_taken_back_gives_way_to_one_without_it(shop):
    desk = answered(Desk(shop), reel(NOON, mid="post"), text(SHIRT, NOON + seconds(1), mid="q"))

    take_back(desk, "post")
    go_on(desk)

    assert desk.graph.texts == [ANEW]
    assert desk.message("q").content == SHIRT
    assert CAPTION not in desk.model.prompts[1]
    assert errors(desk) == ["unsent", None]


def quote(mid, words=SHIRT):
    """The customer's question by a swipe on an earlier message."""
    return item(NOON + seconds(2), {"mid": "q", "text": words, "reply_to": {"mid": mid}})


@pytest.mark.parametrize("state", ["waits", "is being sent, and not taken"])
def test_an_answer_about_a_quoted_post_that_was_taken_back_gives_way_to_one_without_it(shop, state):
    desk = Desk(shop)
    answered(desk, reel(NOON, "کیف", mid="bag"), reel(NOON + seconds(1), mid="dress"), quote("bag"))
    assert "کیف" in desk.model.prompts[0]

    if state == "waits":
        take_back(desk, "bag")
    else:
        desk.graph.script = [lambda _payload: take_back(desk, "bag") or RESTS]
        desk.deliver(NOON)
    go_on(desk, HOURS)

    assert desk.graph.texts == [ANEW]
    assert errors(desk) == ["unsent", None]
    assert "کیف" not in desk.model.prompts[1]
    assert CAPTION in desk.model.prompts[1]  # by its time the question took this one


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("come", "why"), [(take_back, "unsent"), (change, "edited")])
def test_an_answer_to_what_quotes_older_words_gives_way_when_those_are_gone_or_changed(shop, come, why):
    desk = Desk(shop)
    desk.take(text(SHOES, NOON - seconds(60), mid="old"), now=NOON - seconds(60))
    desk.answer(NOON - seconds(50))
    desk.deliver(NOON - seconds(50))
    answered(desk, quote("old", "و ارسال؟"))

    come(desk, "old")
    go_on(desk, HOURS)

    assert desk.graph.texts[1:] == [ANEW]
    assert errors(desk) == [None, why, None]
    assert desk.message("old").answered_by_id == desk.replies[0].id
    assert desk.message("q").answered_by_id == desk.replies[2].id


@pytest.mark.sqlite_only
def test_an_answer_to_what_quotes_a_question_gives_way_when_the_post_of_that_one_is_taken_back(shop):
    desk = Desk(shop)
    before = NOON - seconds(60)
    desk.take(reel(before, "کیف", mid="bag"), text(SHOES, before + seconds(1), mid="old"), now=before)
    desk.answer(NOON - seconds(50))
    desk.deliver(NOON - seconds(50))
    answered(desk, quote("old"))
    assert "کیف" in desk.model.prompts[1]

    take_back(desk, "bag")
    go_on(desk, HOURS)

    assert desk.graph.texts[1:] == [ANEW]
    assert "کیف" not in desk.model.prompts[2]


@pytest.mark.sqlite_only
def test_an_answer_leaves_when_a_message_is_taken_back_that_its_question_did_not_quote(shop):
    desk = Desk(shop)
    desk.take(text("سلام", NOON - seconds(90), mid="hello"), now=NOON - seconds(90))
    desk.take(text(SHOES, NOON - seconds(60), mid="old"), now=NOON - seconds(60))
    desk.answer(NOON - seconds(50))
    desk.deliver(NOON - seconds(50))
    answered(desk, quote("hello"))

    take_back(desk, "old")
    go_on(desk, HOURS)

    assert desk.graph.texts[1:] == [FIRST]
    assert errors(desk) == [None, None]


@pytest.mark.sqlite_only
def test_what_was_said_about_a_quoted_post_stays_said(shop):
    desk = answered(Desk(shop), reel(NOON, mid="post"), quote("post"))
    desk.deliver(NOON)

    take_back(desk, "post")
    go_on(desk, HOURS)

    assert desk.graph.texts == [FIRST]
    assert desk.message("q").answered_by_id == desk.replies[0].id
    assert len(desk.model.calls) == 1


@pytest.mark.sqlite_only
def test_a_post_that_came_too_late_for_the_void_answer_belongs_to_the_new_one(desk):
    desk.take(reel(NOON - seconds(5), mid="post"), now=NOON + seconds(2))

    change(desk)
    go_on(desk)

    assert desk.message("q").content.startswith("[CONTEXT: پست/ریلز")
    assert desk.message("q").content.endswith(SHIRT)
    assert CAPTION in desk.model.prompts[1]
    assert desk.graph.texts == [ANEW]


@pytest.mark.sqlite_only
def test_also_the_one_of_a_question_long_before_that_which_was_changed(shop):
    desk = Desk(shop)
    desk.take(text(SHOES, NOON, mid="old"))
    later = NOON + seconds(600)
    desk.take(text(SHIRT, later, mid="q"), now=later)
    desk.answer(later)
    desk.take(reel(NOON - seconds(30)), now=later + seconds(2))

    desk.take(edited("q", "سفیدش چی؟", later + seconds(5)), now=later + seconds(5))
    desk.answer(later + seconds(6))

    assert CAPTION in desk.message("old").content
    assert CAPTION in desk.model.prompts[-1]


@pytest.mark.sqlite_only
def test_so_does_a_post_that_waited_right_behind_the_question_and_open_panels_are_told(desk):
    desk.take(reel(NOON + seconds(4), mid="post"), now=NOON + seconds(4))
    waits, shown = desk.message("post").share.state, desk.message("post").seq

    change(desk)

    assert waits is ShareState.WAITING
    assert desk.message("post").share.combined_with_id == desk.message("q").id
    assert desk.message("post").seq > shown


@pytest.mark.sqlite_only
def test_no_post_answers_a_which_one_that_was_never_asked(shop):
    desk = Desk(shop)
    desk.model.reply = {"reply": "منظورتان کدام است؟", "asks_which": True, "hand_over": False, "reason": ""}
    desk.take(text("این چنده؟", NOON, mid="q"))
    desk.answer(NOON)

    take_back(desk)
    desk.take(reel(NOON + seconds(9), mid="post"), now=NOON + seconds(9))
    go_on(desk)

    (share,) = desk.rows(Share)
    assert (share.state, share.answers_id) == (ShareState.WAITING, None)
    assert desk.graph.calls == []


@pytest.mark.sqlite_only
def test_a_post_that_answered_which_one_is_a_lone_one_when_the_question_is_taken_back(shop):
    desk = Desk(shop)
    desk.model.reply = {"reply": "منظورتان کدام است؟", "asks_which": True, "hand_over": False, "reason": ""}
    desk.take(text(SHOES, NOON - seconds(60), mid="q"), now=NOON - seconds(60))
    desk.answer(NOON - seconds(50))
    desk.deliver(NOON - seconds(50))
    answered(desk, reel(NOON, mid="post"))

    take_back(desk)
    go_on(desk)

    assert desk.graph.texts == ["منظورتان کدام است؟"]
    assert errors(desk) == [None, "unsent"]
    assert desk.rows(Share)[0].answers_id is None
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_the_next_reply_of_the_conversation_is_woken(desk):
    desk.take(text("و ارسال؟", NOON + seconds(1), mid="r"), now=NOON + seconds(1))
    desk.answer(NOON + seconds(4))
    hints.queue(keys.DELIVERIES).empty()

    take_back(desk)

    assert [job.args for job in hints.queue(keys.DELIVERIES).jobs] == [[desk.replies[1].id]]
    go_on(desk)
    assert desk.graph.texts == [ANEW]
    assert desk.message("r").answered_by_id == desk.replies[1].id


def test_of_an_unsend_and_a_send_at_the_same_moment_one_comes_first_and_nothing_leaves_twice(desk):
    webhook_id = desk.record(unsent("q", FIVE), now=FIVE)
    message_id = desk.replies[0].id

    desk.together(lambda: delivering.deliver(message_id, lambda: FIVE), lambda: receive(webhook_id, FIVE))
    go_on(desk, HOURS)

    assert (states(desk), len(desk.graph.sent)) in (([SENT], 1), ([FAILED], 0))
    assert desk.message("q").text == ""


# --- facts that changed while it waited ------------------------------------------------------------------------------

OLD, NEW = "قیمت مانتو ترمه ۱٬۸۵۰٬۰۰۰ تومان است.", "قیمت مانتو ترمه ۲٬۲۰۰٬۰۰۰ تومان است."


@pytest.fixture
def priced(shop):
    """An answer with the price of the catalogue is ready, and not sent: its account has to rest."""
    with transaction():
        add_product(add_source(shop.inbox_id), name="مانتو ترمه")
    desk = Desk(shop)
    desk.take(text("مانتو ترمه چنده؟", NOON, mid="q"))
    desk.model.reply = {"reply": OLD, "hand_over": False}
    desk.answer(NOON)
    assert [one.text for one in desk.replies] == [OLD]
    desk.model.reply = {"reply": NEW, "hand_over": False}
    return desk


def charge(price):
    with transaction():
        db.session.execute(db.update(Variant).values(price=price))


def test_an_answer_that_waited_for_hours_gives_way_where_its_price_is_another(priced):
    charge(2_200_000)

    priced.deliver(HOURS)
    assert (states(priced), errors(priced), priced.graph.texts) == ([FAILED], ["facts_changed"], [])
    assert priced.conversation.state is ConversationState.ASSISTANT
    go_on(priced, HOURS, HOURS + seconds(60))

    assert priced.graph.texts == [NEW]
    assert priced.message("q").answered_by_id == priced.replies[1].id
    assert OLD not in priced.model.prompts[1]
    assert priced.conversation.unanswered_since is None
    assert priced.call(summary)["deliveries"]["failed"] == 0


@pytest.mark.sqlite_only
def test_it_is_sent_where_they_are_as_they_were(priced):
    priced.deliver(HOURS)

    assert priced.graph.texts == [OLD]
    assert len(priced.model.calls) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("waited_seconds", "sent"), [(60, [OLD]), (599, [OLD]), (600, [])])
def test_one_that_waited_for_less_than_ten_minutes_is_sent_as_it_is(priced, waited_seconds, sent):
    charge(2_200_000)

    priced.deliver(NOON + seconds(waited_seconds))

    assert priced.graph.texts == sent


@pytest.mark.sqlite_only
def test_of_one_in_parts_the_rest_leaves_as_it_is(shop):
    with transaction():
        add_product(add_source(shop.inbox_id), name="مانتو ترمه")
    desk = Desk(shop)
    desk.take(text("مانتو ترمه چنده؟", NOON, mid="q"))
    desk.model.reply = {"reply": f"{OLD}\n{LONG}", "hand_over": False}
    desk.answer(NOON)
    desk.graph.script = [None, RESTS]
    desk.deliver(NOON)
    before = states(desk)
    charge(2_200_000)

    desk.deliver(HOURS)

    assert before[:2] == [SENT, PENDING]
    assert set(states(desk)) == {SENT}
    assert len(desk.model.calls) == 1


@pytest.mark.sqlite_only
def test_what_waits_behind_it_is_asked_anew_with_it_in_one_answer(priced):
    priced.take(text("سایز ۴۰ هم دارید؟", FIVE, mid="q2"), now=FIVE)
    priced.model.reply = {"reply": "بفرمایید.", "hand_over": False}
    priced.answer(FIVE)
    priced.model.reply = {"reply": NEW, "hand_over": False}
    charge(2_200_000)

    priced.deliver(HOURS)
    assert errors(priced) == ["facts_changed", "facts_changed"]
    go_on(priced, HOURS, HOURS + seconds(60))

    assert priced.graph.texts == [NEW]
    assert {priced.message(mid).answered_by_id for mid in ("q", "q2")} == {priced.replies[2].id}


@pytest.mark.sqlite_only
def test_what_a_person_answers_for_is_sent_as_it_is(priced):
    charge(2_200_000)
    with transaction():
        db.session.execute(db.update(Message).where(Message.text == OLD).values(sender=Sender.OPERATOR))

    priced.deliver(HOURS)

    assert priced.graph.texts == [OLD]


@pytest.mark.sqlite_only
def test_the_line_that_a_person_will_answer_rests_on_no_fact_and_is_sent(shop):
    with transaction():
        db.session.get_one(Inbox, shop.inbox_id).hand_over_line = "همکارم جواب می‌دهد."
    desk = Desk(shop)
    desk.model.reply = {"reply": "", "hand_over": True, "reason": "نمی‌دانم"}
    desk.take(text(SHOES, NOON, mid="q"))
    desk.answer(NOON)

    desk.deliver(HOURS)

    assert desk.graph.texts == ["همکارم جواب می‌دهد."]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("side", ["before", "after"])
def test_whoever_finds_that_may_die_at_any_moment_of_it(priced, side):
    class Killed(BaseException):
        """The process is gone."""

    def kill():
        raise Killed

    charge(2_200_000)
    failpoints.plant(f"p7_{side}", kill)
    with pytest.raises(Killed):
        priced.deliver(HOURS)
    failpoints.arm("")

    assert errors(priced) == [None if side == "before" else "facts_changed"]
    for now in (HOURS, HOURS + seconds(60), HOURS + seconds(120)):
        priced.sweep(now)
        priced.answer(now)
        priced.deliver(now)
    assert priced.graph.texts == [NEW]


@pytest.mark.sqlite_only
def test_no_answer_is_asked_for_anew_twice_for_one_change(priced):
    charge(2_200_000)
    priced.deliver(HOURS)
    priced.answer(HOURS)

    priced.deliver(HOURS + seconds(3600))

    assert priced.graph.texts == [NEW]
    assert len(priced.model.calls) == 2
