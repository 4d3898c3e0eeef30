"""Comments: off until somebody switches them on, and each answered privately at most once."""

import json
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from desk import Desk
from rows import NOON, add, add_conversation, add_product, add_source
from shop import ACCOUNT, CUSTOMER, echo, reel, seconds, text

from pilito.channels.base import Limit, Post, Signal
from pilito.channels.instagram import limits
from pilito.conversations import comments, signals, upkeep
from pilito.conversations.comments import choose_comments, reply_privately, send_private_reply, settle_private_reply
from pilito.conversations.erase import erase_commenter, erase_customer
from pilito.conversations.export import export_customer
from pilito.conversations.find_person import find_commenters
from pilito.conversations.missed import see_missed, see_own
from pilito.conversations.own_posts import keep_posts, mark_gone
from pilito.conversations.receive import receive
from pilito.conversations.stop_all import lift_stop, stop_all
from pilito.conversations.sweep import sweep
from pilito.conversations.take_over import give_back
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import (
    CommentState,
    ConversationState,
    EventOutcome,
    FoundBy,
    HandOverReason,
    InboxState,
    PostProductState,
    PriceRule,
    Role,
    Sender,
)
from pilito.models import (
    Audit,
    Comment,
    Customer,
    Event,
    Inbox,
    Message,
    Operator,
    OwnPost,
    PostProduct,
    Upkeep,
    Webhook,
    db,
)
from pilito.queries import comments as queries
from pilito.queries.panel import Zone, zone_of

CAPTION = "پیراهن لینن «ماهور»\nقیمت: ۱٬۸۵۰٬۰۰۰ تومان"
POST = Post("18000000000000101", CAPTION, "https://www.instagram.com/p/DPLmahoor1/", "DPLmahoor1")
WORDS = "سلام، قیمت را برایتان فرستادیم."


def body(external_id="comment-1", author=CUSTOMER, words="چنده؟", media=POST.media_id, at=NOON):
    value = {"id": external_id, "from": {"id": author, "username": "sara"}, "text": words, "media": {"id": media}}
    entry = {"id": ACCOUNT, "time": int(at.timestamp()), "changes": [{"field": "comments", "value": value}]}
    return json.dumps({"object": "instagram", "entry": [entry]}).encode()


class Comments(Desk):
    def switch(self, is_on=True, reply=""):
        with transaction():
            inbox = db.session.get_one(Inbox, self.shop.inbox_id)
            choices = {comments.OPTION: "on" if is_on else "off", comments.REPLY_OPTION: reply}
            inbox.options = {**inbox.options, **choices}

    def send(self, now=NOON):
        for comment in self.rows(Comment):
            self.call(send_private_reply, comment.id, lambda: now)

    def answer_comment(self, words=WORDS, now=NOON, number=0):
        self.call(reply_privately, self.rows(Comment)[number].id, self.operator_id, words, now)

    @property
    def comment(self):
        [comment] = self.rows(Comment)
        return comment

    @property
    def last_event(self):
        event = self.rows(Event)[-1]
        return event.kind, event.outcome, event.reason


@pytest.fixture
def desk(shop):
    desk = Comments(shop)
    desk.graph.commenters = {"comment-1": CUSTOMER, "comment-2": "600000000000002"}
    desk.switch()
    desk.call(keep_posts, shop.inbox_id, [POST], NOON)
    with transaction():
        operator = Operator(email="o@shop.test", name="O", password_hash="!", role=Role.AGENT, created_at=NOON)
        db.session.add(operator)
        db.session.flush()
        desk.operator_id = operator.id
    return desk


def refused(call, *args):
    with pytest.raises(Refused) as caught:
        call(*args)
    return caught.value.reason


# --- receiving -------------------------------------------------------------------------------------------------------


def test_what_is_chosen_for_an_inbox_at_the_same_moment_stands_beside_it(desk, database_kind):
    if database_kind == "sqlite":
        pytest.skip("SQLite has one writer, who reads what the one before has written.")
    inbox_id = desk.shop.inbox_id

    desk.behind(
        "conversations.comments.choose_comments_before",
        lambda: choose_comments(inbox_id, True, WORDS, desk.operator_id, NOON),
        lambda: signals.choose(inbox_id, {Signal.TYPING: False}) or True,
    )

    options = desk.rows(Inbox, id=inbox_id)[0].options
    assert options.items() >= {"comments": "on", "comment_reply": WORDS, "typing": "off"}.items()


@pytest.mark.sqlite_only
def test_a_comment_is_kept_with_its_post(desk):
    desk.take(body())

    comment = desk.comment
    assert (comment.text, comment.author_username, comment.state) == ("چنده؟", "sara", CommentState.OPEN)
    assert comment.own_post.caption == CAPTION
    assert comment.commented_at == NOON
    assert desk.last_event == ("comment", EventOutcome.STORED, None)
    assert desk.conversation is None


@pytest.mark.sqlite_only
def test_a_comment_finds_its_post_when_that_becomes_known(desk):
    desk.take(body(media="18000000000000999"))
    assert desk.comment.own_post_id is None
    desk.call(keep_posts, desk.shop.inbox_id, [replace(POST, media_id="18000000000000999")], NOON)

    desk.call(comments.fill_posts, desk.shop.inbox_id)

    assert desk.comment.own_post.media_id == "18000000000000999"


@pytest.mark.sqlite_only
def test_switched_off_nothing_is_kept_and_the_ledger_says_why(desk):
    desk.switch(is_on=False)

    desk.take(body())

    assert desk.rows(Comment) == []
    assert desk.last_event == ("comment", EventOutcome.IGNORED, comments.SWITCHED_OFF)


@pytest.mark.sqlite_only
def test_an_inbox_where_nobody_chose_keeps_none(desk):
    with transaction():
        db.session.get_one(Inbox, desk.shop.inbox_id).options = {}

    desk.take(body())

    assert desk.rows(Comment) == []


def test_the_same_comment_twice_is_one(desk):
    desk.take(body())
    desk.take(body())

    assert len(desk.rows(Comment)) == 1
    assert desk.last_event[1] is EventOutcome.DUPLICATE


@pytest.mark.sqlite_only
def test_our_own_comment_is_kept_and_answered_by_nobody(desk):
    desk.switch(reply=WORDS)

    desk.take(body(author=ACCOUNT))
    desk.send()

    assert desk.comment.state is CommentState.OWN
    assert refused(desk.answer_comment) == "comment_answered"
    assert desk.graph.sent == []


# --- answering -------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_persons_private_reply_is_sent_once_and_opens_a_conversation(desk):
    desk.take(body())

    desk.answer_comment()
    desk.send()
    desk.send()

    assert desk.graph.calls == [{"recipient": {"comment_id": "comment-1"}, "message": {"text": WORDS}}]
    comment, [message] = desk.comment, desk.rows(Message)
    assert (comment.state, comment.reply_external_id) == (CommentState.REPLIED, "mid.sent.1")
    assert (message.sender, message.text, message.operator_id) == (Sender.OPERATOR, WORDS, desk.operator_id)
    assert comment.conversation_id == desk.conversation.id
    assert desk.conversation.customer.external_id == CUSTOMER
    assert refused(desk.answer_comment) == "comment_answered"


@pytest.mark.sqlite_only
def test_the_customer_has_not_written_by_commenting(desk):
    from pilito.conversations.reply import reply

    desk.take(body())
    desk.answer_comment()
    desk.send()

    assert desk.conversation.last_customer_message_at is None
    reason = refused(desk.call, reply, desk.conversation.id, desk.operator_id, "و این هم", "again", NOON)
    assert reason == "customer_has_not_written"


@pytest.mark.sqlite_only
def test_the_answer_to_it_reaches_the_assistant_with_the_post_and_the_comment(desk):
    desk.take(body(words="این پیراهن چنده؟"))
    desk.answer_comment()
    desk.send()

    desk.take(text("سایز ۴۰ هم دارید؟", NOON + seconds(60)))
    desk.answer(NOON + seconds(70))

    [prompt] = desk.model.prompts
    assert CAPTION in prompt
    assert "[کامنت زیر پست] این پیراهن چنده؟" in prompt
    assert [fact["source"] for fact in desk.replies[-1].proof.facts] == ["commented_caption"]
    assert desk.conversation.state is ConversationState.ASSISTANT


def test_a_commented_post_that_the_shop_has_deleted_is_no_fact_of_the_answer(desk):
    desk.take(body(words="این پیراهن چنده؟"))
    desk.answer_comment()
    desk.send()
    desk.call(mark_gone, desk.shop.inbox_id, NOON + seconds(30), NOON + seconds(30))
    desk.model.reply = {"reply": "قیمت ۱٬۸۵۰٬۰۰۰ تومان است.", "hand_over": False, "reason": ""}

    desk.take(text("قیمتش؟", NOON + seconds(60)))
    desk.answer(NOON + seconds(70))

    assert [one.sender for one in desk.replies] == [Sender.OPERATOR]
    assert desk.conversation.hand_over_reason is HandOverReason.REPLY_UNUSABLE


def tie(desk, price):
    """Confirm a product of this price for the post."""
    own = desk.rows(OwnPost)[0]
    with transaction():
        product = add_product(add_source(), ({"price": price},), name="پیراهن لینن ماهور")
        settled = {"how": FoundBy.OWNER, "state": PostProductState.CONFIRMED, "created_at": NOON}
        add(PostProduct(inbox_id=own.inbox_id, own_post_id=own.id, product_id=product.id, **settled))


def ask_after_comment(desk):
    desk.take(body())
    desk.answer_comment()
    desk.send()
    desk.take(text("قیمت؟", NOON + seconds(60)))
    desk.answer(NOON + seconds(70))


def test_two_prices_of_a_commented_post_go_by_the_rule_too(desk):
    tie(desk, 2_100_000)
    desk.model.reply = {"reply": "قیمت ۱٬۸۵۰٬۰۰۰ تومان است.", "hand_over": False}

    ask_after_comment(desk)

    assert [one.text for one in desk.replies] == [WORDS]
    assert "۱٬۸۵۰٬۰۰۰" not in desk.model.prompts[0]
    assert desk.conversation.state is ConversationState.HANDED_OVER


@pytest.mark.sqlite_only
def test_and_the_catalogue_wins_where_the_owner_says_so(desk):
    tie(desk, 2_100_000)
    with transaction():
        db.session.get_one(Inbox, desk.shop.inbox_id).price_rule = PriceRule.CATALOGUE
    desk.model.reply = {"reply": "قیمت ۲٬۱۰۰٬۰۰۰ تومان است.", "hand_over": False}

    ask_after_comment(desk)

    assert desk.replies[-1].text == "قیمت ۲٬۱۰۰٬۰۰۰ تومان است."


@pytest.mark.sqlite_only
def test_the_product_of_a_commented_post_without_a_price_is_known(desk):
    desk.call(keep_posts, desk.shop.inbox_id, [replace(POST, caption="مدل جدید 🌸")], NOON)
    tie(desk, 2_100_000)
    desk.model.reply = {"reply": "قیمت ۲٬۱۰۰٬۰۰۰ تومان است.", "hand_over": False}

    ask_after_comment(desk)

    assert desk.replies[-1].text == "قیمت ۲٬۱۰۰٬۰۰۰ تومان است."
    assert "زیر آن کامنت گذاشته" in desk.model.prompts[0]


@pytest.mark.sqlite_only
def test_a_post_that_is_shared_now_is_the_one_asked_about(desk):
    tie(desk, 2_100_000)
    desk.call(keep_posts, desk.shop.inbox_id, [Post("18000000000000001", "کیف چرم: ۹۰۰ هزار تومان")], NOON)
    desk.take(body())
    desk.answer_comment()
    desk.send()
    desk.model.reply = {"reply": "قیمت ۹۰۰ هزار تومان است.", "hand_over": False}

    desk.take(reel(NOON + seconds(59), caption="کیف چرم: ۹۰۰ هزار تومان"), text("چنده؟", NOON + seconds(60)))
    desk.answer(NOON + seconds(70))

    assert desk.replies[-1].text == "قیمت ۹۰۰ هزار تومان است."
    assert "زیر آن کامنت گذاشته" not in desk.model.prompts[-1]
    assert "۱٬۸۵۰٬۰۰۰" not in desk.model.prompts[-1]


@pytest.mark.sqlite_only
def test_an_offer_in_a_commented_post_ends_with_its_day(desk):
    post = replace(POST, caption="کیف دوشی\nقیمت: ۹۸۰٬۰۰۰ تومان\nتا ۱۵ آذر", posted_at=NOON - timedelta(days=365))
    desk.call(keep_posts, desk.shop.inbox_id, [post], NOON)

    ask_after_comment(desk)

    assert "۹۸۰٬۰۰۰" not in desk.model.prompts[0]


@pytest.mark.sqlite_only
def test_the_comments_words_are_no_fact(desk):
    desk.take(body(words="قیمت ۱ تومان"))
    desk.answer_comment()
    desk.send()

    desk.take(text("چنده؟", NOON + seconds(60)))
    desk.answer(NOON + seconds(70))

    assert all("۱ تومان" not in fact["text"].splitlines() for fact in desk.replies[-1].proof.facts)
    assert not any(fact["text"] == "قیمت ۱ تومان" for fact in desk.replies[-1].proof.facts)


@pytest.mark.sqlite_only
def test_the_echo_of_a_private_reply_is_ours(desk):
    desk.take(body())
    desk.answer_comment()
    desk.send()

    desk.take(echo(WORDS, NOON, "mid.sent.1"))

    assert len(desk.rows(Message)) == 1
    assert desk.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_an_echo_that_comes_before_the_answer_settles_it(desk):
    def echo_first(payload):
        desk.take(echo(WORDS, NOON, "mid.sent.1"))
        return desk.graph.default(payload)

    desk.take(body())
    desk.answer_comment()
    desk.graph.script = [echo_first]

    desk.send()

    [message] = desk.rows(Message)
    assert (message.sender, desk.comment.state) == (Sender.OPERATOR, CommentState.REPLIED)


def send_after_its_changed_echo(desk, meanwhile=lambda _number: None):
    """A question lies in the chat; the echo of a private reply comes before the answer to its send, in other words."""
    desk.take(text("سایز ۴۰ دارید؟", NOON, mid="question"))
    desk.take(body())
    desk.answer_comment()
    number = desk.conversation.id

    def echo_first(payload):
        desk.take(echo(f"{WORDS} (1/2)", NOON + seconds(5), "mid.sent.1"), now=NOON + seconds(5))
        meanwhile(number)
        return desk.graph.default(payload)

    desk.graph.script = [echo_first]
    desk.send(NOON + seconds(7))


def test_what_such_an_echo_seemed_to_answer_in_other_words_waits_again(desk):
    send_after_its_changed_echo(desk)

    assert desk.message("mid.sent.1").origin == comments.ORIGIN
    assert desk.message("question").answered_by_id is None
    assert desk.conversation.unanswered_since == NOON
    assert zone_of(desk.conversation, NOON + seconds(8)) is Zone.NEEDS_YOU


def test_and_is_answered_by_the_assistant_where_somebody_gave_it_back_before_the_receipt(desk):
    send_after_its_changed_echo(desk, lambda number: desk.call(give_back, number, desk.operator_id, NOON + seconds(6)))

    desk.answer(NOON + seconds(20))

    private, answer = desk.replies
    assert (private.origin, answer.sender) == (comments.ORIGIN, Sender.ASSISTANT)
    assert desk.message("question").answered_by_id == answer.id


@pytest.mark.sqlite_only
def test_but_what_a_person_typed_on_the_phone_meanwhile_still_answers_it(desk):
    send_after_its_changed_echo(
        desk, lambda _number: desk.take(echo("بله، داریم", NOON + seconds(6), "phone"), now=NOON + seconds(6))
    )

    assert desk.message("question").answered_by_id == desk.message("phone").id
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("age", "reason"), [(timedelta(days=7), "comment_too_old"), (timedelta(days=7) - seconds(1), None)]
)
def test_it_can_be_answered_for_seven_days(desk, age, reason):
    desk.take(body())

    if reason:
        assert refused(desk.answer_comment, WORDS, NOON + age) == reason
    else:
        desk.answer_comment(now=NOON + age)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("words", "reason"), [("  ", "empty"), ("م" * 501, "too_long")])
def test_a_private_reply_is_one_message_with_words(desk, words, reason):
    desk.take(body())

    assert refused(desk.answer_comment, words) == reason
    assert desk.comment.state is CommentState.OPEN


def test_two_people_answer_at_once_and_one_is_told(desk):
    desk.take(body())
    number = desk.comment.id

    told = desk.together(*[lambda: reply_privately(number, None, WORDS, NOON)] * 2)

    assert sorted(getattr(one, "reason", "") for one in told) == ["", "comment_answered"]


# --- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        ((400, {"error": {"code": 100, "error_subcode": 2534025}}), CommentState.FAILED, "private_reply_invalid"),
        ((400, {"error": {"code": 613}}), CommentState.QUEUED, "rate_limited"),
        ((500, {}), CommentState.UNKNOWN, "outcome_unknown"),
        ((401, {"error": {"code": 190}}), CommentState.QUEUED, "token_dead"),
    ],
)
def test_a_refusal_is_kept_as_data(desk, answer, state, error):
    desk.take(body())
    desk.answer_comment()
    desk.graph.script = [answer]

    desk.send()

    assert (desk.comment.state, desk.comment.error) == (state, error)
    inbox = desk.rows(Inbox)[0]
    assert inbox.state is (InboxState.STOPPED if error == "token_dead" else InboxState.ACTIVE)


def test_after_a_limit_it_is_tried_again_later_and_not_at_once(desk):
    desk.take(body())
    desk.answer_comment()
    desk.graph.script = [(400, {"error": {"code": 613}})]
    desk.send()

    desk.send(NOON + seconds(5))
    assert desk.graph.sent == []
    desk.send(NOON + seconds(60))

    assert desk.comment.state is CommentState.REPLIED


@pytest.mark.sqlite_only
def test_told_how_long_to_wait_it_waits_however_often_it_is_told_and_so_does_its_account(desk):
    desk.take(body())
    desk.answer_comment()
    slower = (400, {"error": {"code": 613}}, {"Retry-After": "1200"})
    times = comments.TRIES + 3
    desk.graph.script = [slower] * times

    for number in range(times):
        desk.send(NOON + number * timedelta(hours=1))
    waiting, rests_until = desk.comment.state, desk.rows(Inbox)[0].paused_until
    desk.send(NOON + times * timedelta(hours=1))

    assert waiting is CommentState.QUEUED
    assert rests_until == NOON + (times - 1) * timedelta(hours=1) + timedelta(minutes=20)
    assert desk.comment.state is CommentState.REPLIED


INVALID = (400, {"error": {"code": 100, "error_subcode": 2534025}})


@pytest.fixture
def missed(desk):
    """A person's reply was refused."""
    desk.take(body())
    desk.answer_comment()
    desk.graph.script = [INVALID]
    desk.send()
    return desk


def told(desk):
    return [one.id for one in desk.call(queries.missed_of, desk.operator_id)]


def test_whoever_wrote_one_that_is_not_sent_is_told_until_they_answer_anew(missed):
    desk = missed
    before = told(desk)

    desk.answer_comment("دوباره سلام")
    desk.send()

    assert before == [desk.comment.id]
    assert desk.comment.state is CommentState.REPLIED
    assert told(desk) == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("look", [lambda desk: (see_missed, desk.comment.id), lambda desk: (see_own, desk.operator_id)])
def test_or_until_they_have_seen_it(missed, look):
    missed.call(*look(missed))

    assert told(missed) == []
    assert missed.comment.state is CommentState.FAILED


@pytest.mark.sqlite_only
def test_nobody_else_sees_it_for_them(missed):
    missed.call(see_own, missed.operator_id + 1)

    assert told(missed) == [missed.comment.id]


@pytest.mark.sqlite_only
def test_one_that_waited_longer_than_a_comment_can_be_answered_is_told_too(desk):
    desk.take(body())
    desk.answer_comment()

    desk.send(NOON + timedelta(days=8))

    assert (desk.comment.error, told(desk)) == ("comment_too_old", [desk.comment.id])


@pytest.mark.sqlite_only
@pytest.mark.parametrize("has_arrived", [True, False])
def test_whoever_wrote_one_of_unknown_fate_is_told_until_somebody_settles_it(desk, has_arrived):
    desk.take(body())
    desk.answer_comment()
    desk.graph.script = [(500, {})]
    desk.send()
    desk.call(see_own, desk.operator_id)
    desk.call(see_missed, desk.comment.id)
    before = told(desk)

    desk.call(settle_private_reply, desk.comment.id, has_arrived, desk.operator_id, NOON)

    assert (before, told(desk)) == ([desk.comment.id], [])


@pytest.mark.sqlite_only
def test_and_of_one_that_was_lost_with_its_worker_until_its_echo_comes(desk):
    desk.take(body())
    desk.answer_comment()
    with transaction():
        row = db.session.get_one(Comment, desk.comment.id)
        row.state, row.lease_until = CommentState.SENDING, NOON
    desk.call(comments.wake_replies, NOON + seconds(1))
    before = told(desk)

    desk.take(echo(WORDS, NOON, "mid.lost"))

    assert (before, told(desk)) == ([desk.comment.id], [])
    assert desk.comment.state is CommentState.REPLIED


def test_and_not_of_one_whose_echo_comes_in_the_very_moment_in_which_it_is_called_lost(desk, database_kind):
    if database_kind == "sqlite":
        pytest.skip("SQLite has one writer, who reads what the one before has written.")
    desk.take(body())
    desk.answer_comment()
    with transaction():
        row = db.session.get_one(Comment, desk.comment.id)
        row.state, row.lease_until = CommentState.SENDING, NOON
    webhook = desk.record(echo(WORDS, NOON, "mid.lost"))

    desk.behind(
        "conversations.comments._mark_unknown_before",
        lambda: comments.wake_replies(NOON + seconds(1)),
        lambda: receive(webhook, NOON),
    )

    assert (desk.comment.state, desk.comment.missed_at, desk.comment.error) == (CommentState.REPLIED, None, None)


@pytest.mark.sqlite_only
def test_nobody_is_told_of_what_they_gave_up_themselves_or_of_what_left_by_itself(desk):
    desk.switch(reply=WORDS)
    desk.take(body(at=NOON))
    desk.graph.script = [INVALID]
    desk.send()
    by_itself = desk.comment.state
    desk.answer_comment()
    desk.graph.script = [(500, {})]
    desk.send()

    desk.call(settle_private_reply, desk.comment.id, False, desk.operator_id, NOON)

    assert by_itself is desk.comment.state is CommentState.FAILED
    assert desk.rows(Comment, missed_at=None) == [desk.comment]


def test_an_uncertain_one_is_never_sent_again_and_a_person_settles_it(desk):
    desk.take(body())
    desk.answer_comment()
    desk.graph.script = [(500, {})]
    desk.send()
    desk.send(NOON + timedelta(hours=1))
    assert desk.comment.state is CommentState.UNKNOWN

    desk.call(settle_private_reply, desk.comment.id, True, desk.operator_id, NOON)

    assert desk.comment.state is CommentState.REPLIED
    assert desk.conversation.customer.external_id == CUSTOMER
    assert desk.rows(Audit)[-1].action == "settled_private_reply"
    assert refused(desk.call, settle_private_reply, desk.comment.id, False, None, NOON) == "settled_already"


def test_one_given_up_can_be_written_again(desk):
    desk.take(body())
    desk.answer_comment()
    desk.graph.script = [(500, {})]
    desk.send()

    desk.call(settle_private_reply, desk.comment.id, False, desk.operator_id, NOON)
    desk.answer_comment("دوباره سلام")
    desk.send()

    assert [one["text"] for one in desk.graph.sent] == ["دوباره سلام"]


def test_one_lost_with_its_worker_becomes_uncertain(desk):
    desk.take(body())
    desk.answer_comment()
    with transaction():
        row = db.session.get_one(Comment, desk.comment.id)
        row.state, row.lease_until = CommentState.SENDING, NOON

    desk.call(comments.wake_replies, NOON + seconds(1))

    assert desk.comment.state is CommentState.UNKNOWN


def test_the_hourly_limit_of_the_account_is_kept(desk, monkeypatch):
    monkeypatch.setattr(limits, "PRIVATE_REPLIES", Limit("private_replies", 1, 3600))
    desk.take(body())
    desk.take(body("comment-2", author="600000000000002"))
    desk.answer_comment(number=0)
    desk.answer_comment(number=1)

    desk.send()

    assert len(desk.graph.sent) == 1
    waiting = desk.rows(Comment, state=CommentState.QUEUED)
    assert [comment.due_at > NOON + timedelta(minutes=50) for comment in waiting] == [True]


@pytest.mark.sqlite_only
def test_an_account_that_must_rest_sends_no_private_reply(desk):
    desk.take(body())
    desk.answer_comment()
    with transaction():
        db.session.get_one(Inbox, desk.shop.inbox_id).paused_until = NOON + timedelta(minutes=5)

    desk.send()
    assert desk.graph.sent == []
    desk.send(NOON + timedelta(minutes=6))

    assert len(desk.graph.sent) == 1


# --- by itself -------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_by_itself_only_where_the_inbox_says_so(desk):
    desk.switch(reply=WORDS)

    desk.take(body())
    desk.send()

    assert [one["text"] for one in desk.graph.sent] == [WORDS]
    assert desk.rows(Message)[0].sender is Sender.ASSISTANT


@pytest.mark.sqlite_only
def test_not_where_it_does_not(desk):
    desk.take(body())
    desk.send()

    assert desk.graph.sent == []


def test_two_comments_of_one_person_read_at_once_get_one(desk, monkeypatch):
    desk.switch(reply=WORDS)
    came = [desk.record(body(f"comment-{number}")) for number in (1, 2)]
    was_answered = comments._was_answered

    def look_slowly(comment):
        found = was_answered(comment)
        time.sleep(0.2)
        return found

    monkeypatch.setattr(comments, "_was_answered", look_slowly)

    desk.together(*(partial(receive, webhook_id, NOON) for webhook_id in came))

    assert sorted(comment.state for comment in desk.rows(Comment)) == [CommentState.OPEN, CommentState.QUEUED]


@pytest.fixture
def waiting(desk):
    """A comment whose answer by itself has not left yet."""
    desk.switch(reply=WORDS)
    desk.take(body())
    return desk


def block_the_writer(desk):
    with transaction():
        writer = Customer(inbox_id=desk.shop.inbox_id, external_id=CUSTOMER, created_at=NOON, blocked_at=NOON)
        db.session.add(writer)


HALTS = {
    "customer_blocked": block_the_writer,
    "assistant_stopped": lambda desk: desk.call(stop_all, desk.operator_id, NOON),
}


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("reason", "halt"), HALTS.items())
def test_nobody_is_answered_by_itself_who_is_blocked_or_while_all_is_stopped(desk, reason, halt):
    desk.switch(reply=WORDS)
    halt(desk)

    desk.take(body())
    desk.send()

    assert desk.graph.sent == []
    assert [comment.state for comment in desk.rows(Comment)] == [CommentState.OPEN]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("reason", "halt"), HALTS.items())
def test_what_waits_to_answer_by_itself_stays_here_then(waiting, reason, halt):
    halt(waiting)

    waiting.send()

    assert waiting.graph.sent == []
    assert [(comment.state, comment.error) for comment in waiting.rows(Comment)] == [(CommentState.FAILED, reason)]


@pytest.mark.sqlite_only
def test_who_got_none_because_all_was_stopped_gets_one_to_the_next_comment(waiting):
    waiting.call(stop_all, None, NOON)
    waiting.send()
    waiting.call(lift_stop, None, NOON)
    waiting.graph.commenters["comment-2"] = CUSTOMER

    for number in (2, 3):
        waiting.take(body(f"comment-{number}"))
        waiting.send()

    assert [one.state for one in waiting.rows(Comment)] == [
        CommentState.FAILED,
        CommentState.REPLIED,
        CommentState.OPEN,
    ]


@pytest.mark.sqlite_only
def test_a_persons_words_leave_then_all_the_same(desk):
    desk.take(body())
    for halt in HALTS.values():
        halt(desk)

    desk.call(reply_privately, desk.rows(Comment)[0].id, desk.operator_id, WORDS, NOON)
    desk.send()

    assert [one["text"] for one in desk.graph.sent] == [WORDS]


@pytest.mark.sqlite_only
def test_ten_comments_of_one_person_get_one(desk):
    desk.switch(reply=WORDS)

    desk.take(body())
    desk.take(body("comment-2"))
    desk.send()

    assert len(desk.graph.sent) == 1


@pytest.mark.sqlite_only
def test_an_admins_choice_is_kept_and_audited(desk):
    desk.call(choose_comments, desk.shop.inbox_id, True, f"  {WORDS} ", desk.operator_id, NOON)

    options = desk.rows(Inbox)[0].options
    assert (options["comments"], options["comment_reply"]) == ("on", WORDS)
    assert desk.rows(Audit)[-1].details["by_itself"] is True


def test_a_new_token_leaves_the_choice_alone(desk):
    from pilito.conversations.connect import connect
    from pilito.lifecycle import AssistantMode

    desk.call(connect, "instagram", "شاپ", ACCOUNT, "new", {"login": "instagram"}, AssistantMode.AUTO, NOON)

    assert desk.rows(Inbox)[0].options == {"login": "instagram", "comments": "on", "comment_reply": ""}


@pytest.mark.sqlite_only
def test_the_sweep_of_conversations_does_not_touch_them(desk):
    desk.take(body())

    desk.call(sweep, NOON + timedelta(hours=1))

    assert desk.comment.state is CommentState.OPEN


# --- comments that no event brought ----------------------------------------------------------------------------------


def read_back(desk, now, *comments):
    desk.graph.readable |= {"media": {"data": []}, "conversations": {"data": []}}
    desk.graph.readable["comments"] = {"data": list(comments)}
    desk.call(lambda: upkeep.keep_up(desk.shop.inbox_id, lambda: now, pause=lambda _seconds: None))


def written(external_id, words, at, author=CUSTOMER, username="sara"):
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S+0000")
    return {"id": external_id, "text": words, "timestamp": stamp, "from": {"id": author, "username": username}}


@pytest.fixture
def recent_post(desk):
    desk.call(keep_posts, desk.shop.inbox_id, [replace(POST, posted_at=NOON - timedelta(days=1))], NOON)


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("recent_post")
def test_comments_that_no_event_brought_are_found_under_recent_posts(desk):
    desk.take(body())

    read_back(
        desk, NOON + timedelta(hours=2), written("comment-1", "چنده؟", NOON), written("comment-2", "موجوده؟", NOON)
    )

    assert [(row.external_id, row.text, row.own_post_id is not None) for row in desk.rows(Comment)] == [
        ("comment-1", "چنده؟", True),
        ("comment-2", "موجوده؟", True),
    ]
    assert desk.rows(Comment)[1].commented_at == NOON


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("recent_post")
def test_an_old_one_that_is_found_is_not_answered_by_itself(desk):
    desk.switch(reply=WORDS)

    read_back(
        desk,
        NOON + timedelta(hours=2),
        written("comment-1", "چنده؟", NOON),
        written("comment-2", "؟", NOON + timedelta(minutes=110)),
    )

    assert [row.state for row in desk.rows(Comment)] == [CommentState.OPEN, CommentState.QUEUED]


GONE = (400, {"error": {"code": 100, "error_subcode": 33, "message": "does not exist"}})


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("recent_post")
@pytest.mark.parametrize("answer", [GONE, (500, {})], ids=["deleted", "broken"])
def test_a_post_whose_comments_cannot_be_read_does_not_hide_those_of_the_others(desk, answer):
    newer = replace(POST, media_id="newer", code="Bnewer", posted_at=NOON)
    desk.call(keep_posts, desk.shop.inbox_id, [newer], NOON)
    found = {"data": [written("comment-1", "چنده؟", NOON)]}
    desk.graph.readable |= {"media": {"data": []}, "conversations": {"data": []}}
    desk.graph.readable["comments"] = lambda _query: answer if "newer" in desk.graph.reads[-1] else (200, found)

    desk.call(lambda: upkeep.keep_up(desk.shop.inbox_id, lambda: NOON + seconds(9), pause=lambda _seconds: None))

    assert [row.external_id for row in desk.rows(Comment)] == ["comment-1"]
    assert desk.rows(Upkeep)[0].comments_at == NOON + seconds(9)


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("recent_post")
def test_switched_off_nothing_is_asked(desk):
    desk.switch(False)

    read_back(desk, NOON + timedelta(hours=2), written("comment-1", "چنده؟", NOON))

    assert desk.rows(Comment) == []
    assert not any("comments" in path for path in desk.graph.reads)


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("recent_post")
def test_our_own_answer_beneath_is_known_by_id_or_name(desk):
    with transaction():
        db.session.get_one(Inbox, desk.shop.inbox_id).username = "niloofar"

    read_back(
        desk,
        NOON + timedelta(hours=2),
        written("comment-1", "دایرکت", NOON, author=ACCOUNT),
        {"id": "comment-2", "text": "ممنون", "username": "Niloofar", "timestamp": "2026-11-22T12:00:00+0000"},
    )

    assert [row.state for row in desk.rows(Comment)] == [CommentState.OWN, CommentState.OWN]


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("recent_post")
@pytest.mark.parametrize("name", [CUSTOMER, "@Sara"])
def test_who_only_commented_is_erased_and_stays_away(desk, name):
    webhook_id = desk.take(body())
    desk.take(body("comment-2", author="600000000000002"))

    for found in desk.call(find_commenters, name)[:1]:
        desk.call(erase_commenter, *found, NOON + seconds(5))

    assert CUSTOMER.encode() not in desk.webhook(webhook_id).body
    read_back(desk, NOON + timedelta(hours=2), written("comment-1", "چنده؟", NOON))
    assert [row.external_id for row in desk.rows(Comment)] == ["comment-2"]


# --- comments of which no id of their writer was told ----------------------------------------------------------------


def nameless(external_id="comment-1", words="چنده؟", at=NOON, username="sara"):
    """As it is read back: with the user name alone, or with not even that."""
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S+0000")
    writer = {"username": username} if username else {}
    return {"id": external_id, "text": words, "timestamp": stamp, **writer}


def nameless_body(external_id="comment-1", words="چنده؟", at=NOON, username="sara"):
    whole = json.loads(body(external_id, words=words, at=at))
    whole["entry"][0]["changes"][0]["value"]["from"] = {"username": username}
    return json.dumps(whole).encode()


@pytest.fixture
def sara(desk):
    """A customer whose user name we know."""
    with transaction():
        return add_conversation(
            db.session.get_one(Inbox, desk.shop.inbox_id), {"external_id": CUSTOMER, "username": "Sara"}
        ).customer_id


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("recent_post")
def test_a_comment_without_an_id_goes_with_the_customer_of_its_name_and_stays_away(desk, sara):
    webhook_id = desk.take(nameless_body(words="یک"))
    read_back(
        desk, NOON + timedelta(minutes=1), nameless("comment-2", "دو"), nameless("comment-3", "سه", username="ali")
    )
    exported = desk.call(export_customer, sara)

    desk.call(erase_customer, sara, NOON + timedelta(minutes=2))

    read_back(desk, NOON + timedelta(hours=2), nameless("comment-2", "دو"), nameless("comment-3", "سه", username="ali"))
    late = desk.take(nameless_body("comment-4", "چهار"), now=NOON + timedelta(hours=2))
    assert [one["text"] for one in exported["comment"]] == ["یک", "دو"]
    assert [one["value"]["text"] for one in exported["ledger"]] == ["یک"]
    assert [row.text for row in desk.rows(Comment)] == ["سه"]
    assert b"sara" not in desk.webhook(webhook_id).body
    assert desk.outcomes(late) == [EventOutcome.IGNORED]


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("recent_post")
def test_whoever_is_called_so_and_never_wrote_is_erased_by_the_name(desk):
    desk.take(nameless_body(words="@sara"))
    desk.take(body("comment-2", author="600000000000002", words="@sara"))  # somebody else, who names her
    with transaction():
        for comment in db.session.scalars(db.select(Comment).filter_by(external_id="comment-2")):
            comment.author_username = "ali"

    result = desk.app.test_cli_runner().invoke(args=["erase-customer", "@Sara"])

    assert "What @sara wrote under posts of inbox" in result.output
    assert [row.external_id for row in desk.rows(Comment)] == ["comment-2"]
    read_back(desk, NOON + timedelta(hours=2), nameless())
    assert [row.external_id for row in desk.rows(Comment)] == ["comment-2"]
    assert [b"@sara" in row.body for row in desk.rows(Webhook)] == [False, True]


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("recent_post")
@pytest.mark.parametrize("first", ["id", "name"])
def test_ten_comments_of_one_name_get_one_private_reply(desk, first):
    desk.switch(reply=WORDS)
    came = [lambda: desk.take(body()), lambda: read_back(desk, NOON + timedelta(minutes=1), nameless("comment-2"))]

    for take in came if first == "id" else reversed(came):
        take()

    assert sorted(row.state for row in desk.rows(Comment)) == [CommentState.OPEN, CommentState.QUEUED]


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("recent_post")
def test_another_name_gets_one_of_its_own(desk):
    desk.switch(reply=WORDS)

    read_back(desk, NOON, nameless(), nameless("comment-2", username="ali"))

    assert [row.state for row in desk.rows(Comment)] == [CommentState.QUEUED] * 2


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("recent_post")
def test_whoever_is_blocked_gets_none_by_their_name_either(desk, sara):
    desk.switch(reply=WORDS)
    with transaction():
        db.session.get_one(Customer, sara).blocked_at = NOON

    read_back(desk, NOON, nameless())

    assert desk.comment.state is CommentState.OPEN


@pytest.mark.sqlite_only
@pytest.mark.usefixtures("recent_post")
def test_a_comment_of_nobody_is_answered_by_people_alone(desk):
    """Whether they are blocked, or were answered, cannot be told."""
    desk.switch(reply=WORDS)

    read_back(desk, NOON, nameless(username=None))

    assert desk.comment.state is CommentState.OPEN
