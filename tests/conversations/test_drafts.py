"""The assistant writes, a person sends: drafts, what makes them stale, and what becomes of them."""

from datetime import timedelta

import jdatetime
import pytest
from desk import Desk
from rows import NOON, add_product, add_source
from shop import attachment, echo, edited, item, reel, seconds, standby, text, unsent

from pilito.channels.base import Post
from pilito.conversations.approve import discard_draft, draft_again, send_draft
from pilito.conversations.choose_mode import Rules, choose_mode, choose_rules
from pilito.conversations.close import close
from pilito.conversations.drafts import find_draft
from pilito.conversations.instructions import Wish, write_instructions
from pilito.conversations.own_posts import keep_posts, mark_gone
from pilito.conversations.reply import reply
from pilito.conversations.take_over import give_back, take_over
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import (
    AssistantMode,
    ConversationState,
    DraftState,
    FoundBy,
    HandOverReason,
    PostProductState,
    PriceRule,
    Sender,
    ShareState,
    TurnState,
)
from pilito.models import Draft, Inbox, OwnPost, PostProduct, Product, Proof, Turn, Variant, db
from pilito.queries.panel import Zone, zone_of

ANSWER = "در همین پست نوشته‌ایم."
INVENTED = "قیمتش ۹۹۰٬۰۰۰ تومان است."
CARD = {"type": "template", "payload": {"product": {"elements": [{"id": "1", "title": "پیراهن نیلوفر"}]}}}
ASKS_WHICH = {"reply": "منظورتان کدام است؟", "asks_which": True, "hand_over": False, "reason": ""}


@pytest.fixture
def desk(shop):
    """Its inbox lets people send."""
    with transaction():
        db.session.execute(db.update(Inbox).values(assistant_mode=AssistantMode.DRAFT))
    return Desk(shop)


@pytest.fixture
def drafted(desk, begin):
    begin(desk.shop, a_question_has_a_draft)
    return desk


def a_question_has_a_draft(shop):
    desk = Desk(shop)
    desk.take(text("این چنده؟", NOON, mid="q"))
    desk.answer(NOON)


@pytest.fixture
def which(desk):
    """With a question whose draft asks which one is meant."""
    desk.model.reply = ASKS_WHICH
    desk.take(text("این چنده؟", NOON, mid="q"))
    desk.answer(NOON)
    return desk


def jalali(moment):
    day = jdatetime.date.fromgregorian(date=moment.date())
    return f"{day.year}/{day.month}/{day.day}"


def draft_of(desk):
    return desk.rows(Draft)[-1]


def send(desk, now=NOON, **how):
    return desk.call(lambda: send_draft(desk.conversation.id, draft_of(desk).id, None, now, **how).id)


def refusal_of(call):
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.reason


# --- writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_in_draft_mode_the_answer_waits_for_a_person(drafted):
    draft = draft_of(drafted)
    assert (draft.text, draft.state, draft.finding) == (ANSWER, DraftState.WAITING, "")
    assert draft.message_ids == [drafted.message("q").id]
    assert draft.working["model"]
    assert drafted.turn.state is TurnState.DRAFTED
    assert drafted.replies == [] == drafted.deliveries
    assert drafted.conversation.unanswered_since == NOON
    assert zone_of(drafted.conversation, NOON) is Zone.NEEDS_YOU


@pytest.mark.sqlite_only
def test_what_the_checks_refused_twice_is_kept_for_the_person_with_the_finding(shop):
    desk = Desk(shop)
    desk.model.reply = INVENTED
    desk.take(text("این چنده؟", NOON))

    desk.answer(NOON)

    draft = draft_of(desk)
    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.conversation.hand_over_reason is HandOverReason.REPLY_UNUSABLE
    assert (draft.text, draft.state) == (INVENTED, DraftState.WAITING)
    assert "990000" in draft.finding
    assert desk.replies == []


@pytest.mark.parametrize("sign", ["\ud83d", "\x00"])
def test_what_no_database_keeps_is_left_out_of_it(shop, sign):
    desk = Desk(shop)
    desk.model.reply = {"reply": f"سلام {sign}۹۹۰{sign}", "hand_over": False}
    desk.take(text("این چنده؟", NOON))

    desk.answer(NOON)

    assert desk.conversation.hand_over_reason is HandOverReason.REPLY_UNUSABLE
    assert draft_of(desk).text.startswith("سلام")
    assert len(desk.model.calls) == 2


@pytest.mark.sqlite_only
def test_a_hand_over_without_words_leaves_no_draft(desk):
    desk.model.reply = {"reply": "", "hand_over": True, "reason": "refund"}
    desk.take(text("پولم را پس بدهید", NOON))

    desk.answer(NOON)

    assert desk.conversation.hand_over_reason is HandOverReason.REFUND
    assert desk.rows(Draft) == []


@pytest.mark.sqlite_only
def test_a_lone_share_has_no_draft(desk):
    desk.take(reel(NOON))

    assert desk.turn is None
    assert desk.rows(Draft) == []


# --- sending ---------------------------------------------------------------------------------------------------------


def test_a_draft_is_sent_once_however_often_it_is_pressed(drafted):
    ids = drafted.together(*[lambda: send(drafted) for _ in range(3)])
    drafted.deliver()

    message = drafted.replies[0]
    assert set(ids) == {message.id}
    assert [one["text"] for one in drafted.graph.sent] == [ANSWER]
    assert len(drafted.deliveries) == 1
    assert (message.sender, message.origin, message.text) == (Sender.OPERATOR, "draft", ANSWER)
    assert drafted.rows(Proof)[0].message_id == message.id
    assert draft_of(drafted).state is DraftState.APPLIED
    assert drafted.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_to_approve_is_no_taking_over(drafted):
    send(drafted)

    assert drafted.conversation.state is ConversationState.ASSISTANT
    drafted.take(text("و ارسال؟", NOON + seconds(9)), now=NOON + seconds(9))
    drafted.answer(NOON + seconds(9))
    assert [draft.state for draft in drafted.rows(Draft)] == [DraftState.APPLIED, DraftState.WAITING]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("words", "drafts"), [(None, 2), ("قیمتش ۲٬۰۰۰٬۰۰۰ تومان است.", 1)])
def test_a_share_answers_which_one_unless_the_person_said_something_else(which, words, drafts):
    send(which, now=NOON + seconds(30), text=words)

    which.take(reel(NOON + seconds(60), mid="share"), now=NOON + seconds(61))
    which.answer(NOON + seconds(65))

    assert len(which.rows(Draft)) == drafts
    assert which.message("share").share.state is (ShareState.WAITING if words else ShareState.COMBINED)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("words", "drafts"), [(None, 2), ("قیمتش ۲٬۰۰۰٬۰۰۰ تومان است.", 1)])
@pytest.mark.parametrize(("sent", "without"), [(30, ShareState.WAITING), (300, ShareState.EXPIRED)])
def test_so_does_a_share_that_is_there_already_when_which_one_is_sent(which, sent, without, words, drafts):
    """Whether its wait is over by then or not: when somebody presses is not the customer's to know."""
    which.take(reel(NOON + seconds(20), mid="share"), now=NOON + seconds(20))
    which.sweep(NOON + seconds(sent))
    send(which, now=NOON + seconds(sent), text=words)

    which.answer(NOON + seconds(sent + 5))

    share = which.message("share")
    assert len(which.rows(Draft)) == drafts
    assert share.share.state is (without if words else ShareState.COMBINED)
    assert which.conversation.unanswered_since == (None if words else share.sent_at)
    if not words:
        assert draft_of(which).message_ids == [share.id]
        assert (share.share.answers_id, share.content.rpartition("\n")[2]) == (which.replies[0].id, "این چنده؟")


@pytest.mark.sqlite_only
def test_a_share_that_lay_there_and_reaches_us_late_does_too(which):
    send(which, now=NOON + seconds(300))

    which.take(reel(NOON + seconds(20), mid="share"), now=NOON + seconds(400))

    assert which.message("share").share.answers_id == which.replies[0].id
    assert which.conversation.unanswered_since == NOON + seconds(20)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("order", [(20, 250), (250, 20)])
def test_only_the_newest_of_two_that_lay_there_does_whichever_comes_first(which, order):
    send(which, now=NOON + seconds(300))

    for at in order:
        which.take(reel(NOON + seconds(at), mid=f"at {at}"), now=NOON + seconds(400))

    assert which.message("at 20").share.state is ShareState.EXPIRED
    assert which.message("at 250").share.answers_id == which.replies[0].id
    assert which.conversation.unanswered_since == NOON + seconds(250)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("how", ["answered with it", "of another app's time"])
def test_one_that_nobody_is_to_answer_leaves_which_one_to_the_next(which, how):
    share = reel(NOON + seconds(20), mid="share")
    if how == "of another app's time":
        which.take(standby(share), now=NOON + seconds(20))
        send(which, now=NOON + seconds(30))
    else:
        which.take(share, now=NOON + seconds(20))
        which.call(take_over, which.conversation.id, None, NOON + seconds(25))
        send(which, now=NOON + seconds(30), is_confirmed=True)
        which.call(give_back, which.conversation.id, None, NOON + seconds(40))

    which.take(reel(NOON + seconds(50), mid="next"), now=NOON + seconds(50))

    assert which.message("share").share.answers_id is None
    assert which.message("next").share.answers_id == which.replies[0].id


@pytest.mark.sqlite_only
@pytest.mark.parametrize("how", ["from before the question", "taken back", "of another app's time"])
def test_a_share_that_is_no_answer_stays_alone(desk, how):
    desk.take(reel(NOON - seconds(200), mid="before"), now=NOON - seconds(200))
    desk.model.reply = ASKS_WHICH
    desk.take(text("این چنده؟", NOON), now=NOON)
    desk.answer(NOON)
    later = NOON + seconds(20)
    if how == "taken back":
        desk.take(reel(later, mid="share"), unsent("share", later), now=later)
    if how == "of another app's time":
        desk.take(standby(reel(later, mid="share")), now=later)
    desk.answer(NOON + seconds(30))  # what is taken back has the draft written anew

    send(desk, now=NOON + seconds(300))

    assert desk.message("before").share.state is ShareState.EXPIRED
    assert (desk.turn.state, desk.conversation.unanswered_since) == (TurnState.DRAFTED, None)


@pytest.mark.parametrize(("words", "drafts"), [(None, 2), ("قیمتش ۲٬۰۰۰٬۰۰۰ تومان است.", 1)])
def test_so_does_a_products_card(which, words, drafts):
    which.take(item(NOON + seconds(20), {"mid": "card", "attachments": [CARD]}), now=NOON + seconds(20))
    send(which, now=NOON + seconds(300), text=words)
    waits = which.conversation.unanswered_since

    which.answer(NOON + seconds(305))

    assert len(which.rows(Draft)) == drafts
    assert waits == (None if words else NOON + seconds(20))
    if not words:
        assert draft_of(which).message_ids == [which.message("card").id]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "there",
    [
        reel(NOON + seconds(20), mid="there"),
        item(NOON + seconds(20), {"mid": "there", "attachments": [CARD]}),
    ],
)
def test_open_panels_are_shown_what_lay_there_as_asked_about(which, there):
    which.take(there, now=NOON + seconds(20))
    shown = which.message("there").seq

    send(which, now=NOON + seconds(30))

    assert which.message("there").seq > shown


@pytest.mark.sqlite_only
def test_a_which_one_whose_question_was_taken_back_asks_for_nothing_that_lies_there(which):
    which.take(item(NOON + seconds(20), {"mid": "card", "attachments": [CARD]}), now=NOON + seconds(20))
    which.take(unsent("q", NOON + seconds(25)), now=NOON + seconds(25))

    send(which, now=NOON + seconds(30), is_confirmed=True)

    assert [one.text for one in which.replies] == [ASKS_WHICH["reply"]]
    assert which.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_a_card_that_asks_already_is_left_as_it_is_when_a_stale_which_one_is_sent(which):
    def point_at(mid, second):
        at = NOON + seconds(second)
        which.take(item(at, {"mid": mid, "attachments": [CARD]}), now=at)

    send(which, now=NOON + seconds(10))
    point_at("first", 20)
    which.answer(NOON + seconds(25))
    point_at("second", 30)

    send(which, now=NOON + seconds(40), is_confirmed=True)

    assert which.message("first").answered_by_id == which.replies[1].id
    assert which.message("second").answered_by_id is None
    assert which.message("second").content == which.message("first").content


@pytest.mark.sqlite_only
def test_a_mended_draft_goes_out_in_the_persons_words(drafted):
    send(drafted, text="  سلام! در پست هست. ")

    assert drafted.replies[0].text == "سلام! در پست هست."
    assert drafted.replies[0].origin == "edited_draft"
    assert draft_of(drafted).state is DraftState.EDITED
    assert draft_of(drafted).text == ANSWER  # what the assistant had written is kept


@pytest.mark.sqlite_only
def test_who_mended_a_draft_that_another_has_sent_is_told_so_and_the_same_again_is_not(drafted):
    first = send(drafted, client_id="c1", text="در پست هست")

    assert send(drafted, client_id="c1", text="در پست هست") == first
    assert refusal_of(lambda: send(drafted, client_id="c2", text="نه، تمام شد")) == "draft_gone"
    assert refusal_of(lambda: send(drafted)) == "draft_gone"
    assert len(drafted.replies) == 1


@pytest.mark.sqlite_only
def test_a_draft_that_the_checks_refused_puts_the_person_in_charge_when_sent(shop):
    desk = Desk(shop)
    desk.model.reply = INVENTED
    desk.take(text("این چنده؟", NOON))
    desk.answer(NOON)

    send(desk, text="۲٬۰۰۰٬۰۰۰ تومان")

    assert desk.conversation.state is ConversationState.OPERATOR
    assert draft_of(desk).state is DraftState.EDITED
    assert draft_of(desk).stale_why is None


@pytest.mark.sqlite_only
def test_a_draft_is_refused_after_the_window_and_without_words(drafted):
    assert refusal_of(lambda: send(drafted, text="  ")) == "empty"
    assert refusal_of(lambda: send(drafted, now=NOON + seconds(8 * 24 * 3600))) == "window_closed"
    assert draft_of(drafted).state is DraftState.WAITING


@pytest.mark.sqlite_only
def test_a_discarded_draft_sends_nothing_and_leaves_the_customer_to_the_person(drafted):
    drafted.call(discard_draft, drafted.conversation.id, draft_of(drafted).id, None, NOON)

    assert draft_of(drafted).state is DraftState.DISCARDED
    assert refusal_of(lambda: send(drafted)) == "draft_gone"
    assert drafted.replies == []
    assert zone_of(drafted.conversation, NOON) is Zone.NEEDS_YOU


# --- stale -----------------------------------------------------------------------------------------------------------

LATER = NOON + seconds(5)
PASSED_BY = {
    "customer_wrote": lambda desk: desk.take(text("نه، آن یکی", LATER), now=LATER),
    "unsent": lambda desk: desk.take(unsent("q", LATER), now=LATER),
    "edited": lambda desk: desk.take(edited("q", "و رنگ آبی؟", LATER), now=LATER),
    "taken_over": lambda desk: desk.call(take_over, desk.conversation.id, None, LATER),
}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("why", PASSED_BY)
def test_what_comes_after_a_draft_makes_it_stale(drafted, why):
    PASSED_BY[why](drafted)

    draft = drafted.rows(Draft)[0]
    assert (draft.state, draft.stale_why) == (DraftState.STALE, why)
    assert drafted.conversation.drafted_at is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize("what", ["like", "lone share"])
def test_what_asks_nothing_takes_no_draft_out_of_sight(drafted, what):
    """No other would be written for it, and the customer still waits."""
    later = NOON + seconds(60)
    drafted.take(attachment("like_heart", later) if what == "like" else reel(later), now=later)

    assert draft_of(drafted).state is DraftState.WAITING
    assert zone_of(drafted.conversation, later) is Zone.NEEDS_YOU


@pytest.mark.sqlite_only
def test_what_is_left_of_the_questions_after_one_was_taken_back_has_a_draft_again(desk):
    desk.take(text("سلام", NOON, mid="greeting"), text("این چنده؟", NOON + seconds(1), mid="q"))
    desk.answer(NOON + seconds(5))

    desk.take(unsent("greeting", LATER), now=LATER)
    desk.answer(LATER + seconds(9))

    assert [one.state for one in desk.rows(Draft)] == [DraftState.STALE, DraftState.WAITING]
    assert draft_of(desk).message_ids == [desk.message("q").id]


@pytest.mark.sqlite_only
def test_a_lone_link_that_is_edited_to_another_leaves_the_question_before_it_with_a_draft(drafted):
    links = [f"https://www.instagram.com/p/DPiLiTo01{number:02}/" for number in range(2)]
    later = NOON + seconds(600)
    drafted.take(text(links[0], later, mid="link"), now=later)

    drafted.take(edited("link", links[1], later + seconds(5)), now=later + seconds(5))
    drafted.answer(later + seconds(9))

    assert drafted.message("link").text == links[1]
    assert draft_of(drafted).state is DraftState.WAITING
    assert draft_of(drafted).message_ids == [drafted.message("q").id]


@pytest.mark.sqlite_only
def test_what_a_person_asked_to_be_written_anew_is_a_draft_whatever_the_mode_is_by_then(drafted):
    drafted.call(draft_again, drafted.conversation.id, LATER)
    drafted.call(lambda: choose_rules(drafted.shop.inbox_id, Rules(AssistantMode.AUTO), None, LATER))
    drafted.answer(LATER)

    assert drafted.replies == []
    assert [one.state for one in drafted.rows(Draft)] == [DraftState.STALE, DraftState.WAITING]


@pytest.mark.sqlite_only
def test_the_next_question_is_answered_by_the_mode_again(drafted):
    drafted.call(draft_again, drafted.conversation.id, LATER)
    drafted.call(lambda: choose_rules(drafted.shop.inbox_id, Rules(AssistantMode.AUTO), None, LATER))
    drafted.answer(LATER)
    drafted.take(text("سلام؟", LATER + seconds(60)), now=LATER + seconds(60))
    drafted.answer(LATER + seconds(65))

    assert [one.sender for one in drafted.replies] == [Sender.ASSISTANT]
    assert draft_of(drafted).state is DraftState.STALE
    assert zone_of(drafted.conversation, LATER) is Zone.ASSISTANT


@pytest.mark.sqlite_only
@pytest.mark.parametrize("how", ["in the panel", "on the phone"])
def test_a_persons_own_words_make_it_stale_and_it_is_shown_no_more(drafted, how):
    if how == "in the panel":
        drafted.call(reply, drafted.conversation.id, None, "خودم می‌گویم", "c1", LATER)
    else:
        drafted.take(echo("از گوشی", LATER, "phone-1"), now=LATER)

    assert draft_of(drafted).state is DraftState.STALE
    assert drafted.call(lambda: find_draft(drafted.conversation)) is None


@pytest.mark.sqlite_only
def test_a_heart_from_the_same_customer_in_another_conversation_touches_nothing(drafted):
    drafted.take(text("سلام", LATER, customer="600000000000002"), now=LATER)

    assert drafted.rows(Draft)[0].state is DraftState.WAITING


@pytest.mark.sqlite_only
def test_a_stale_draft_asks_before_it_is_sent_and_answers_only_what_it_was_written_on(drafted):
    drafted.take(text("نه، آن یکی", LATER, mid="later"), now=LATER)
    assert refusal_of(lambda: send(drafted, LATER)) == "draft_stale"

    send(drafted, LATER, is_confirmed=True)

    assert [one.text for one in drafted.replies] == [ANSWER]
    assert drafted.message("q").answered_by_id == drafted.replies[0].id
    assert drafted.message("later").answered_by_id is None
    assert drafted.turn.state is TurnState.OPEN


def test_a_stale_draft_that_is_sent_while_an_answer_is_written_is_not_followed_by_its_twin(drafted):
    """The assistant answers by itself by now, and is at both questions when a person sends the draft for the first."""
    drafted.call(lambda: choose_rules(drafted.shop.inbox_id, Rules(AssistantMode.AUTO), None, LATER))
    drafted.take(text("نه، آن یکی", LATER, mid="later"), now=LATER)

    def approve(payload):
        send(drafted, LATER, is_confirmed=True)
        return drafted.model.default(payload)

    drafted.model.script.append(approve)
    drafted.answer(LATER)

    assert [one.sender for one in drafted.replies] == [Sender.OPERATOR]
    drafted.answer(LATER + seconds(9))  # anew, the second question alone
    assert drafted.message("q").answered_by_id == drafted.replies[0].id
    assert drafted.message("later").answered_by_id == drafted.replies[1].id


@pytest.fixture
def quoted(desk):
    """A question about a product, with a draft that names its price; another product stands beside it."""
    with transaction():
        source = add_source(desk.shop.inbox_id)
        add_product(source, ({"stock": 3, "available": True},), name="مانتو ترمه")
        add_product(source, name="کفش چرم رها")
    desk.model.reply = {"reply": "قیمت مانتو ترمه ۱٬۸۵۰٬۰۰۰ تومان است.", "hand_over": False, "reason": ""}
    desk.take(text("مانتو ترمه چنده؟", NOON, mid="q"))
    desk.answer(NOON)
    assert draft_of(desk).text.startswith("قیمت مانتو")
    return desk


def change_fact(table, name, **values):
    with transaction():
        number = db.session.scalar(db.select(Product.id).where(Product.name == name))
        column = Product.id if table is Product else Variant.product_id
        db.session.execute(db.update(table).where(column == number).values(**values))


CHANGES = [
    (Variant, {"price": 2_200_000}),
    (Variant, {"stock": 0, "available": False}),
    (Product, {"active": False}),
    (Product, {"valid_until": LATER}),
]


@pytest.mark.parametrize(("table", "values"), CHANGES)
def test_a_draft_whose_product_has_changed_asks_before_it_is_sent(quoted, table, values):
    change_fact(table, "مانتو ترمه", **values)

    assert refusal_of(lambda: send(quoted, LATER)) == "facts_changed"
    draft = draft_of(quoted)
    assert (draft.state, draft.stale_why) == (DraftState.STALE, "facts_changed")
    assert refusal_of(lambda: send(quoted, LATER)) == "facts_changed"
    assert quoted.replies == []

    send(quoted, LATER, is_confirmed=True)

    assert len(quoted.replies) == 1


def test_a_draft_whose_facts_have_changed_stays_before_people_until_it_is_decided(quoted):
    """No other is written for it by itself, and the customer still waits."""
    change_fact(Variant, "مانتو ترمه", price=2_200_000)

    assert refusal_of(lambda: send(quoted, LATER)) == "facts_changed"
    assert zone_of(quoted.conversation, LATER) is Zone.NEEDS_YOU

    send(quoted, LATER, is_confirmed=True)
    assert quoted.conversation.drafted_at is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize("why", PASSED_BY)
def test_such_a_draft_is_passed_by_like_any_other(quoted, why):
    change_fact(Variant, "مانتو ترمه", price=2_200_000)
    assert refusal_of(lambda: send(quoted, LATER)) == "facts_changed"

    PASSED_BY[why](quoted)

    assert quoted.conversation.drafted_at is None


@pytest.mark.sqlite_only
def test_who_decides_about_an_older_draft_leaves_the_newer_before_people(quoted):
    change_fact(Variant, "مانتو ترمه", price=2_200_000)
    assert refusal_of(lambda: send(quoted, LATER)) == "facts_changed"
    older = draft_of(quoted).id
    quoted.model.reply = {"reply": "قیمت مانتو ترمه ۲٬۲۰۰٬۰۰۰ تومان است.", "hand_over": False, "reason": ""}
    draft_again(quoted.conversation.id, LATER)
    quoted.answer(LATER)
    assert quoted.conversation.drafted_at == LATER

    send_draft(quoted.conversation.id, older, None, LATER, is_confirmed=True)

    assert draft_of(quoted).state is DraftState.WAITING
    assert quoted.conversation.drafted_at == LATER


@pytest.mark.sqlite_only
def test_a_draft_whose_product_is_as_it_was_is_sent_at_once(quoted):
    change_fact(Variant, "کفش چرم رها", price=5)
    change_fact(Product, "مانتو ترمه", picture_url="https://shop.test/new.jpg")

    send(quoted, LATER)

    assert [one.text for one in quoted.replies] == [draft_of(quoted).text]


NEW_WORDS = "قیمت مانتو ترمه تغییر کرده، بررسی می‌کنم."


def test_who_mends_a_draft_is_told_once_that_its_product_has_changed(quoted):
    change_fact(Variant, "مانتو ترمه", price=2_200_000)
    mended = {"text": NEW_WORDS, "is_confirmed": True, "client_id": "c1"}  # as the panel sends what was mended

    assert refusal_of(lambda: send(quoted, LATER, **mended)) == "facts_changed"
    assert (draft_of(quoted).state, draft_of(quoted).stale_why) == (DraftState.STALE, "facts_changed")
    assert quoted.replies == []

    first = send(quoted, LATER, **mended)
    assert send(quoted, LATER, **mended) == first

    assert [(one.text, one.origin) for one in quoted.replies] == [(NEW_WORDS, "edited_draft")]


@pytest.mark.sqlite_only
def test_a_mended_draft_whose_facts_are_as_they_were_is_sent_at_once(quoted):
    change_fact(Variant, "کفش چرم رها", price=5)

    send(quoted, LATER, text=NEW_WORDS, is_confirmed=True)

    assert [one.text for one in quoted.replies] == [NEW_WORDS]


@pytest.mark.sqlite_only
def test_who_says_at_once_that_it_is_sent_all_the_same_is_asked_nothing(quoted):
    change_fact(Variant, "مانتو ترمه", price=2_200_000)

    send(quoted, LATER, is_confirmed=True)

    assert len(quoted.replies) == 1


def in_words_alone(desk, **told):
    """A draft without a number for the product, by a model that names the facts it used, or none."""
    with transaction():
        source = add_source(desk.shop.inbox_id)
        add_product(source, ({"stock": 3, "available": True},), name="مانتو ترمه")
    desk.model.reply = {"reply": "بله، مانتو ترمه موجود است.", "hand_over": False, "reason": "", **told}
    desk.take(text("مانتو ترمه موجود است؟", NOON, mid="q"))
    desk.answer(NOON)
    return draft_of(desk)


def test_a_draft_in_words_alone_whose_model_named_no_fact_asks_too(desk):
    draft = in_words_alone(desk)
    assert (draft.text, draft.working["facts_used"], draft.working["rests_on"]) == (
        "بله، مانتو ترمه موجود است.",
        [],
        [],
    )
    change_fact(Variant, "مانتو ترمه", stock=0, available=False)

    assert refusal_of(lambda: send(desk, LATER)) == "facts_changed"


@pytest.mark.sqlite_only
def test_one_of_which_nothing_has_changed_does_not(desk):
    in_words_alone(desk)

    send(desk, LATER)

    assert len(desk.replies) == 1


SHIRT = "پیراهن لینن «ماهور» 🌸\nقیمت: ۱٬۸۵۰٬۰۰۰ تومان"


def publish(desk, caption=SHIRT, posted_at=NOON):
    page = "https://www.instagram.com/reel/mahoor/"
    post = Post("18000000000000001", caption, page, "mahoor", "VIDEO", "REELS", None, posted_at)
    desk.call(keep_posts, desk.shop.inbox_id, [post], NOON)


@pytest.fixture
def captioned(desk):
    """A question about a post of the shop, with a draft that names the price of its caption."""
    publish(desk)
    desk.model.reply = {"reply": "قیمت ۱٬۸۵۰٬۰۰۰ تومان است.", "hand_over": False, "reason": ""}
    desk.take(reel(NOON, caption=SHIRT), text("چنده؟", NOON + seconds(1), mid="q"))
    desk.answer(NOON + seconds(1))
    assert [fact["source"] for fact in draft_of(desk).working["facts"]] == ["caption"]
    return desk


def another_caption(desk):
    publish(desk, SHIRT.replace("۱٬۸۵۰٬۰۰۰", "۱٬۹۵۰٬۰۰۰"))


def no_post(desk):
    desk.call(mark_gone, desk.shop.inbox_id, NOON + seconds(60), NOON + seconds(60))


@pytest.mark.parametrize("change", [another_caption, no_post])
def test_a_draft_whose_caption_has_changed_asks_before_it_is_sent(captioned, change):
    change(captioned)

    assert refusal_of(lambda: send(captioned, LATER)) == "facts_changed"
    assert captioned.replies == []


@pytest.mark.sqlite_only
def test_a_draft_whose_caption_offers_nothing_any_more_asks(desk):
    ends = f"{SHIRT}\nفقط تا {jalali(NOON)}"
    publish(desk, ends)
    desk.model.reply = {"reply": "قیمت ۱٬۸۵۰٬۰۰۰ تومان است.", "hand_over": False, "reason": "", "facts_used": [1]}
    desk.take(reel(NOON, caption=ends), text("چنده؟", NOON + seconds(1), mid="q"))
    desk.answer(NOON + seconds(1))
    assert "تومان" in draft_of(desk).working["facts"][0]["text"]

    assert refusal_of(lambda: send(desk, NOON + timedelta(hours=20))) == "facts_changed"


@pytest.mark.sqlite_only
def test_a_draft_whose_caption_is_overruled_by_another_price_asks(captioned):
    with transaction():
        product = add_product(add_source(captioned.shop.inbox_id), ({"price": 2_200_000},), name="پیراهن لینن ماهور")
        settled = {"how": FoundBy.OWNER, "state": PostProductState.CONFIRMED, "created_at": NOON}
        own = db.session.scalars(db.select(OwnPost)).one()
        db.session.add(PostProduct(inbox_id=own.inbox_id, own_post_id=own.id, product_id=product.id, **settled))

    assert refusal_of(lambda: send(captioned, LATER)) == "facts_changed"


@pytest.mark.sqlite_only
def test_a_draft_whose_caption_is_as_it_was_is_sent_at_once(captioned):
    publish(captioned)

    send(captioned, LATER)

    assert [one.text for one in captioned.replies] == ["قیمت ۱٬۸۵۰٬۰۰۰ تومان است."]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("caption", [f"{SHIRT}\n", SHIRT.replace("\n", "\r\n"), SHIRT.replace("\n", "\u2028")])
def test_nor_is_one_asked_about_whose_caption_ends_its_lines_in_another_way(desk, caption):
    publish(desk, caption)
    desk.model.reply = {"reply": "قیمت ۱٬۸۵۰٬۰۰۰ تومان است.", "hand_over": False, "reason": ""}
    desk.take(reel(NOON, caption=caption), text("چنده؟", NOON + seconds(1), mid="q"))
    desk.answer(NOON + seconds(1))
    assert [fact["text"] for fact in draft_of(desk).working["facts"]] == [caption]

    send(desk, LATER)

    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
def test_nor_one_whose_product_was_told_without_the_prices_at_the_end_of_its_description(desk):
    publish(desk)
    with transaction():
        about = {"name": "پیراهن لینن ماهور", "description": "پارچهٔ خنک\n\nقیمت ویژه: ۲٬۲۰۰٬۰۰۰ تومان"}
        variants = ({"price": 2_200_000, "stock": 3, "available": True},)
        product = add_product(add_source(desk.shop.inbox_id), variants, **about)
        settled = {"how": FoundBy.OWNER, "state": PostProductState.CONFIRMED, "created_at": NOON}
        own = db.session.scalars(db.select(OwnPost)).one()
        db.session.add(PostProduct(inbox_id=own.inbox_id, own_post_id=own.id, product_id=product.id, **settled))
        db.session.execute(db.update(Inbox).values(price_rule=PriceRule.ASK))
    desk.take(reel(NOON, caption=SHIRT), text("موجوده؟", NOON + seconds(1), mid="q"))
    desk.answer(NOON + seconds(1))
    [told] = [fact["text"] for fact in draft_of(desk).working["facts"] if fact["source"] == "catalogue"]
    assert "تومان" not in told

    send(desk, LATER)

    assert len(desk.replies) == 1


PROMISE = "سفارش‌های تهران فردا می‌رسند."


@pytest.fixture
def promised(desk):
    """With a draft that repeats what the owner allows to promise."""
    desk.call(write_instructions, desk.shop.inbox_id, Wish(promises=PROMISE), None, NOON)
    desk.model.reply = {"reply": PROMISE, "hand_over": False, "reason": ""}
    desk.take(text("کی می‌رسه؟", NOON, mid="q"))
    desk.answer(NOON)
    assert (draft_of(desk).text, draft_of(desk).finding) == (PROMISE, "")
    return desk


def test_a_draft_whose_promise_is_taken_back_asks_before_it_is_sent(promised):
    promised.call(write_instructions, promised.shop.inbox_id, Wish(promises="ارسال فقط شنبه‌ها."), None, LATER)

    assert refusal_of(lambda: send(promised, LATER)) == "facts_changed"
    assert promised.replies == []


@pytest.mark.sqlite_only
def test_one_whose_promise_stands_in_other_instructions_does_not(promised):
    wish = Wish(role="دستیار گالری", promises=f"ارسال فقط شنبه‌ها.\n{PROMISE}")
    promised.call(write_instructions, promised.shop.inbox_id, wish, None, LATER)

    send(promised, LATER)

    assert [one.text for one in promised.replies] == [PROMISE]


@pytest.mark.sqlite_only
def test_a_draft_about_a_post_that_was_gone_before_it_was_written_asks_nothing(desk):
    publish(desk)
    desk.take(reel(NOON, caption=SHIRT), text("سلام", NOON + seconds(1), mid="q"))
    desk.call(mark_gone, desk.shop.inbox_id, NOON + seconds(2), NOON + seconds(2))
    desk.answer(NOON + seconds(3))

    send(desk, LATER)

    assert len(desk.replies) == 1


@pytest.mark.sqlite_only
def test_a_newer_draft_takes_the_place_of_a_stale_one(drafted):
    drafted.take(text("نه، آن یکی", LATER), now=LATER)
    drafted.answer(LATER)

    first, second = drafted.rows(Draft)
    assert (first.state, second.state) == (DraftState.STALE, DraftState.WAITING)
    assert len(second.message_ids) == 2
    send(drafted, LATER)
    assert drafted.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_a_draft_can_be_written_anew(drafted):
    drafted.call(draft_again, drafted.conversation.id, LATER)
    drafted.answer(LATER)

    assert [one.state for one in drafted.rows(Draft)] == [DraftState.STALE, DraftState.WAITING]


@pytest.mark.sqlite_only
def test_a_closed_conversation_has_no_draft(drafted):
    drafted.call(close, drafted.conversation.id, None, LATER)

    assert draft_of(drafted).state is DraftState.DISCARDED


@pytest.mark.sqlite_only
def test_what_was_taken_back_is_no_fact_of_a_draft_any_more(desk):
    desk.take(reel(NOON, mid="r"), text("این چنده؟", NOON + seconds(5)), now=NOON + seconds(5))
    desk.answer(NOON + seconds(5))
    before = [fact["source"] for fact in draft_of(desk).working["facts"]]

    desk.take(unsent("r", NOON + seconds(9)), now=NOON + seconds(9))

    assert before == ["caption"]
    assert desk.rows(Draft)[0].working["facts"] == []


# --- the mode of one conversation ------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_conversation_may_answer_by_itself_in_an_inbox_of_drafts(drafted):
    drafted.call(choose_mode, drafted.conversation.id, AssistantMode.AUTO, None, LATER)
    drafted.answer(LATER)

    assert [one.sender for one in drafted.replies] == [Sender.ASSISTANT]
    assert drafted.rows(Draft)[0].state is DraftState.STALE


@pytest.mark.sqlite_only
def test_a_conversation_may_be_left_to_people(drafted):
    drafted.call(choose_mode, drafted.conversation.id, AssistantMode.OFF, None, LATER)

    assert drafted.conversation.state is ConversationState.OPERATOR
    assert refusal_of(lambda: drafted.call(give_back, drafted.conversation.id, None, LATER)) == "assistant_off"
    drafted.take(text("هنوز هستید؟", LATER), now=LATER)
    assert len(drafted.rows(Turn)) == 1


@pytest.mark.sqlite_only
def test_an_inbox_of_its_own_mode_again(drafted):
    drafted.call(choose_mode, drafted.conversation.id, AssistantMode.AUTO, None, LATER)
    drafted.call(choose_mode, drafted.conversation.id, None, None, LATER)
    drafted.answer(LATER)

    assert drafted.conversation.assistant_mode is None
    assert drafted.replies == []
    assert draft_of(drafted).state is DraftState.WAITING
