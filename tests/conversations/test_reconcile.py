"""What no event brought is found at the provider: missed messages, and what became of uncertain sends."""

import json
from datetime import timedelta

import pytest
from desk import Desk
from rows import NOON, add_conversation, add_delivery, add_inbox, add_message
from shop import ACCOUNT, CAPTION, CUSTOMER, echo, reel, seconds, standby, text

from pilito import keys
from pilito.channels.base import OutboundFile, OutboundReaction, QuickReply
from pilito.conversations import upkeep
from pilito.conversations.connect import connect
from pilito.conversations.erase import erase_customer
from pilito.conversations.payload import Extras
from pilito.conversations.receive import receive
from pilito.conversations.reply import reply
from pilito.conversations.take_over import give_back, take_over
from pilito.database import transaction
from pilito.lifecycle import (
    AssistantMode,
    ConversationState,
    DeliveryState,
    HandOverReason,
    InboxState,
    Sender,
    TurnState,
)
from pilito.models import Delivery, Event, Inbox, Message, Share, Turn, Upkeep, db

THREAD = "a-thread"
ANSWER = "در همین پست نوشته‌ایم."
MINUTES = timedelta(minutes=1)
REFUSED = (400, {"error": {"code": 10, "error_subcode": 2534022, "message": "outside"}})


def said(mid, words, at, by=CUSTOMER, to=ACCOUNT, **more):
    parties = {"from": {"id": by}, "to": {"data": [{"id": to}]}}
    return {"id": mid, "created_time": at.strftime("%Y-%m-%dT%H:%M:%S+0000"), "message": words, **parties, **more}


def replied(mid, words, at):
    return said(mid, words, at, by=ACCOUNT, to=CUSTOMER)


class Provider:
    """The conversations as the provider shows them."""

    def __init__(self, desk):
        self.desk, self.graph = desk, desk.graph
        self.graph.readable["media"] = {"data": []}
        self.graph.readable["me"] = {"id": "another-id", "user_id": ACCOUNT}
        self.show()
        with transaction():
            inbox = db.session.get_one(Inbox, desk.shop.inbox_id)
            inbox.created_at = NOON - timedelta(days=30)

    def show(self, *messages, thread=THREAD):
        """One conversation with these messages, newest first."""
        newest = list(reversed(messages))
        updated = newest[0]["created_time"] if newest else "2026-01-01T00:00:00+0000"
        whole = {"id": thread, "updated_time": updated, "messages": {"data": newest}}
        self.graph.readable[thread] = whole
        self.graph.readable["conversations"] = {"data": [whole] if newest else []}

    def read(self, now, times=1):
        """Let the inbox be looked after, as its job does; without the pauses between calls."""
        for _ in range(times):
            self.desk.call(lambda: upkeep.keep_up(self.desk.shop.inbox_id, lambda: now, pause=lambda _seconds: None))

    def calls(self, name):
        return [path for path in self.graph.reads if path.partition("?")[0].endswith(name)]


@pytest.fixture
def desk(shop):
    return Desk(shop)


@pytest.fixture
def provider(desk):
    return Provider(desk)


def upkeep_row(desk):
    return desk.rows(Upkeep)[0]


# --- tokens ----------------------------------------------------------------------------------------------------------


def token_ended(_query):
    return 401, {"error": {"message": "Error validating access token", "code": 190, "error_subcode": 463}}


@pytest.mark.sqlite_only
def test_a_token_that_ended_stops_the_inbox(desk, provider):
    desk.graph.readable["conversations"] = token_ended

    provider.read(NOON)

    inbox = desk.rows(Inbox)[0]
    assert (inbox.state, inbox.stop_reason) == (InboxState.STOPPED, "token_expired")
    assert upkeep_row(desk).lease_until is None


def test_a_token_that_ended_in_a_call_does_not_stop_the_connection_made_meanwhile(desk, provider):
    def connect_again(query):
        desk.call(connect, "instagram", "x", ACCOUNT, "new-token", {}, AssistantMode.AUTO, NOON)
        return token_ended(query)

    desk.graph.readable["conversations"] = connect_again

    provider.read(NOON)

    assert desk.rows(Inbox)[0].state is InboxState.ACTIVE


# --- missed messages -------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_c21_a_missed_question_is_found_and_answered(desk, provider):
    provider.show(said("lost", "این لباس چقدره؟", NOON))

    provider.read(NOON + 2 * MINUTES)

    found = desk.message("lost")
    assert (found.sender, found.origin, found.text) == (Sender.CUSTOMER, "reconciliation", "این لباس چقدره؟")
    desk.answer(NOON + 3 * MINUTES)
    assert [one.text for one in desk.replies] == [ANSWER]


@pytest.mark.sqlite_only
def test_a_message_whose_event_may_still_come_is_left_to_it(desk, provider):
    provider.show(said("young", "سلام", NOON))

    provider.read(NOON + seconds(30))

    assert desk.message("young") is None


@pytest.mark.sqlite_only
def test_an_erased_customer_is_not_read_back_and_what_they_write_anew_is(desk, provider):
    desk.take(text("سلام", NOON - MINUTES, mid="known"))
    desk.call(erase_customer, desk.conversation.customer_id, NOON + seconds(30))
    provider.show(
        said("before", "این لباس چقدره؟", NOON), replied("ours", "سلام", NOON), said("after", "سلام", NOON + MINUTES)
    )

    provider.read(NOON + 3 * MINUTES)

    assert [message.external_id for message in desk.rows(Message)] == ["after"]


@pytest.mark.sqlite_only
def test_an_event_that_comes_later_is_a_duplicate(desk, provider):
    provider.show(said("lost", "این لباس چقدره؟", NOON))
    provider.read(NOON + 2 * MINUTES)

    desk.take(text("این لباس چقدره؟", NOON, mid="lost"), now=NOON + 3 * MINUTES)

    assert desk.rows(Event)[-1].outcome.value == "duplicate"
    assert len(desk.rows(Message)) == 1


def test_an_event_that_comes_after_all_tells_the_caption_that_reading_back_does_not(desk, provider):
    link = {"data": [{"link": "https://lookaside.fbsbx.com/post"}]}
    provider.show(said("post", "", NOON, shares=link), said("question", "چقدره؟", NOON + seconds(20)))
    provider.read(NOON + 2 * MINUTES)
    read_back = desk.message("question").content

    desk.take(reel(NOON, mid="post"), now=NOON + 3 * MINUTES)
    desk.answer(NOON + 4 * MINUTES)

    assert CAPTION not in read_back
    assert CAPTION in desk.message("question").content
    assert len(desk.rows(Message)) == 3
    assert desk.rows(Event)[-1].outcome.value == "duplicate"
    assert CAPTION in json.dumps(desk.model.calls[-1], ensure_ascii=False).replace("\\n", "\n")


@pytest.mark.sqlite_only
def test_a_caption_that_comes_after_the_answer_changes_nothing_of_it(desk, provider):
    link = {"data": [{"link": "https://lookaside.fbsbx.com/post"}]}
    provider.show(said("post", "", NOON, shares=link), said("question", "چقدره؟", NOON + seconds(20)))
    provider.read(NOON + 2 * MINUTES)
    desk.answer(NOON + 3 * MINUTES)
    answered_on = desk.message("question").content

    desk.take(reel(NOON, mid="post"), now=NOON + 4 * MINUTES)

    assert desk.message("question").content == answered_on
    assert desk.rows(Share)[0].caption == CAPTION
    assert [turn.state for turn in desk.rows(Turn)] == [TurnState.ANSWERED]


def test_an_event_that_lies_unread_on_the_ledger_is_not_missed(desk, provider):
    """After an outage the queue may be minutes long, and what is read back has no caption."""
    provider.show(said("post", "", NOON, shares={"data": [{"link": "https://lookaside.fbsbx.com/post"}]}))
    event = desk.record(reel(NOON, mid="post"), now=NOON + seconds(1))

    provider.read(NOON + 2 * MINUTES)
    found = desk.message("post")
    desk.call(receive, event, NOON + 3 * MINUTES)

    assert found is None
    assert CAPTION in desk.message("post").content


def test_what_events_brought_is_not_stored_twice(desk, provider):
    desk.take(text("سلام", NOON, mid="known"))
    provider.show(said("known", "سلام", NOON))

    provider.read(NOON + 2 * MINUTES)

    [message] = desk.rows(Message)
    assert message.origin is None


@pytest.mark.sqlite_only
def test_an_old_question_is_shown_to_people_and_never_answered(desk, provider):
    provider.show(said("lost", "این لباس چقدره؟", NOON))

    provider.read(NOON + 16 * MINUTES)

    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.conversation.hand_over_reason is HandOverReason.TOO_OLD
    assert desk.rows(Turn) == []


@pytest.mark.sqlite_only
def test_an_old_question_that_was_answered_on_the_phone_is_only_shown(desk, provider):
    provider.show(said("lost", "این لباس چقدره؟", NOON), replied("phone", "دو میلیون", NOON + MINUTES))

    provider.read(NOON + 3 * MINUTES)

    question, answer = desk.message("lost"), desk.message("phone")
    assert (answer.sender, answer.origin) == (Sender.PHONE, "reconciliation")
    assert question.answered_by_id == answer.id
    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.conversation.unanswered_since is None
    assert desk.rows(Turn) == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("what", ["a reply that was lost", "a heart", "a reply"])
def test_a_missed_question_was_answered_by_what_a_person_wrote_and_by_nothing_else(desk, provider, what):
    desk.take(text("سلام", NOON - MINUTES, mid="known"), now=NOON - MINUTES)
    desk.answer(NOON - seconds(50))
    desk.deliver(NOON - seconds(50))
    heart = Extras(reaction=OutboundReaction("known", "❤️")) if what == "a heart" else Extras()
    desk.graph.script = [REFUSED if what == "a reply that was lost" else None]
    desk.call(reply, desk.conversation.id, None, "" if what == "a heart" else "بله", "1", NOON + seconds(20), heart)
    desk.deliver(NOON + seconds(20))

    provider.show(said("lost", "این لباس چقدره؟", NOON))
    provider.read(NOON + 2 * MINUTES)

    if what == "a reply":
        assert desk.message("lost").answered_by_id == desk.replies[-1].id
        assert desk.conversation.unanswered_since is None
        return
    assert desk.message("lost").answered_by_id is None
    assert desk.conversation.unanswered_since == NOON
    desk.call(give_back, desk.conversation.id, None, NOON + 2 * MINUTES)
    desk.answer(NOON + 3 * MINUTES)
    assert desk.message("lost").answered_by_id == desk.replies[-1].id


@pytest.mark.sqlite_only
def test_a_missed_share_and_its_question_are_combined(desk, provider):
    share = said("share", "", NOON, shares={"data": [{"link": "https://www.instagram.com/p/DAbc123/"}]})
    provider.show(share, said("question", "چقدره؟", NOON + seconds(20)))

    provider.read(NOON + 2 * MINUTES)

    assert desk.message("question").content.startswith("[CONTEXT: پست/ریلز")
    assert desk.rows(Share)[0].combined_with_id == desk.message("question").id


@pytest.mark.sqlite_only
def test_a_missed_question_takes_the_share_that_events_brought(desk, provider):
    desk.take(reel(NOON, mid="share"))
    provider.show(said("question", "چقدره؟", NOON + seconds(20)))

    provider.read(NOON + 2 * MINUTES)

    assert CAPTION in desk.message("question").content


def test_a_closed_conversation_opens_for_what_was_missed_and_not_for_what_was_settled(desk, provider):
    from pilito.conversations.close import close

    desk.take(text("سلام", NOON, mid="known"))
    desk.call(close, desk.conversation.id, None, NOON)
    provider.show(said("lost", "هنوز هست؟", NOON + MINUTES), replied("phone", "بله", NOON + 2 * MINUTES))
    provider.read(NOON + 4 * MINUTES)
    assert desk.message("lost").answered_by_id is not None
    desk.call(close, desk.conversation.id, None, NOON)

    provider.show(said("new", "ممنون، چقدره؟", NOON + 30 * MINUTES))
    provider.read(NOON + 60 * MINUTES)

    assert desk.conversation.state is ConversationState.HANDED_OVER


@pytest.mark.sqlite_only
def test_what_was_written_on_the_phone_before_our_own_answer_does_not_stop_what_goes_on(desk, provider):
    desk.take(text("چقدره؟", NOON, mid="question"))
    desk.answer(NOON + MINUTES)
    desk.deliver(NOON + MINUTES)
    provider.show(replied("phone", "سلام", NOON - MINUTES))

    provider.read(NOON + 3 * MINUTES)

    assert desk.message("phone").sender is Sender.PHONE
    assert desk.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
@pytest.mark.parametrize("what", ["a reply that was lost", "a heart"])
def test_what_reached_nobody_or_says_nothing_is_no_going_on(desk, provider, what):
    desk.take(text("چقدره؟", NOON, mid="question"))
    desk.graph.script = [REFUSED if what == "a reply that was lost" else None]
    heart = Extras(reaction=OutboundReaction("question", "❤️")) if what == "a heart" else Extras()
    desk.call(reply, desk.conversation.id, None, "" if what == "a heart" else "بله", "1", NOON + MINUTES, heart)
    desk.deliver(NOON + MINUTES)
    desk.call(give_back, desk.conversation.id, None, NOON + MINUTES)
    provider.show(replied("phone", "دو میلیون", NOON + seconds(30)))

    provider.read(NOON + 3 * MINUTES)

    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.message("question").answered_by_id == desk.message("phone").id


@pytest.mark.sqlite_only
def test_nothing_from_before_the_account_was_connected_is_brought_in(desk, provider):
    provider.show(said("history", "سلام", NOON - timedelta(days=31)), said("lost", "سلام؟", NOON))

    provider.read(NOON + 2 * MINUTES)

    assert desk.message("history") is None


@pytest.mark.sqlite_only
def test_the_account_is_known_under_its_other_id_too(desk, provider):
    provider.show(
        said("lost", "سلام", NOON, to="another-id"), said("ours", "سلام!", NOON, by="another-id", to=CUSTOMER)
    )

    provider.read(NOON + 2 * MINUTES)

    assert desk.message("lost").sender is Sender.CUSTOMER
    assert desk.message("ours").sender is Sender.PHONE


# --- how far was read ------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_only_conversations_that_changed_since_are_read(desk, provider):
    provider.show(said("known", "سلام", NOON))
    provider.read(NOON + 2 * MINUTES)
    assert len(provider.calls(THREAD)) == 1

    provider.read(NOON + 15 * MINUTES)
    provider.read(NOON + 30 * MINUTES)

    assert len(provider.calls(THREAD)) == 2  # once more, for it changed just before the end of the first reading


@pytest.mark.sqlite_only
def test_it_reads_every_ten_minutes_and_not_more_often(desk, provider):
    provider.read(NOON)
    provider.read(NOON + 9 * MINUTES)
    assert len(provider.calls("conversations")) == 1

    provider.read(NOON + 10 * MINUTES)

    assert len(provider.calls("conversations")) == 2


@pytest.mark.sqlite_only
def test_after_a_gap_everything_since_the_last_reading_is_found(desk, provider):
    provider.read(NOON)
    with transaction():
        db.session.get_one(Inbox, desk.shop.inbox_id).state = InboxState.STOPPED
    provider.show(said("in-the-gap", "سلام؟", NOON + timedelta(hours=20)))
    provider.read(NOON + timedelta(hours=30))
    assert desk.message("in-the-gap") is None
    with transaction():
        db.session.get_one(Inbox, desk.shop.inbox_id).state = InboxState.ACTIVE

    provider.read(NOON + timedelta(hours=40))

    assert desk.message("in-the-gap").origin == "reconciliation"


@pytest.mark.sqlite_only
def test_an_error_of_the_provider_is_kept_and_waited_for(desk, provider):
    limited = (400, {"error": {"code": 613, "message": "too many calls"}})
    provider.graph.readable["conversations"] = lambda _query: limited

    provider.read(NOON)

    row = upkeep_row(desk)
    assert (row.error, row.lease_until, row.not_before) == ("rate_limited", None, NOON + 2 * MINUTES)
    provider.read(NOON + MINUTES)
    assert len(provider.calls("conversations")) == 1


@pytest.mark.sqlite_only
def test_a_conversation_that_cannot_be_read_does_not_hide_the_others(desk, provider):
    provider.show(said("lost", "سلام", NOON))
    other = {"id": "gone", "updated_time": "2026-11-22T11:00:00+0000"}
    provider.graph.readable["conversations"]["data"].append(other)
    provider.graph.readable["gone"] = lambda _query: (400, {"error": {"code": 100, "error_subcode": 33}})

    provider.read(NOON + 2 * MINUTES)

    assert desk.message("lost") is not None


BREAKS = (500, {"error": {"code": 1, "message": "Please reduce the amount of data"}})


def show_several(desk, provider, **answers):
    """Conversations by name, the oldest change first; each with a message of its name, unless it answers otherwise."""
    listed = []
    for number, (name, answer) in enumerate(answers.items()):
        at = NOON + seconds(number)
        whole = {"id": name, "messages": {"data": [said(f"in-{name}", "سلام", at, by=f"60000{number}")]}}
        provider.graph.readable[name] = (lambda _query, answer=answer: answer) if answer else whole
        listed.append({"id": name, "updated_time": at.strftime("%Y-%m-%dT%H:%M:%S+0000")})
    provider.graph.readable["conversations"] = {"data": listed[::-1]}


def found_in(desk):
    return {one.external_id.removeprefix("in-") for one in desk.rows(Message)}


def test_a_conversation_that_breaks_the_answer_each_time_hides_none_that_changed_later(desk, provider):
    show_several(desk, provider, first=None, bad=BREAKS, worse=BREAKS, last=None)

    provider.read(NOON + 2 * MINUTES)

    assert found_in(desk) == {"first", "last"}
    assert [len(provider.calls(name)) for name in ("bad", "worse")] == [2, 2]
    row = upkeep_row(desk)
    assert (row.error, row.read_at, row.read_until) == (None, NOON + 2 * MINUTES, NOON + MINUTES)


def test_one_that_broke_once_is_read_as_soon_as_another_was(desk, provider):
    show_several(desk, provider, bad=None, last=None)
    whole, answers = provider.graph.readable["bad"], [BREAKS]
    provider.graph.readable["bad"] = lambda _query: answers.pop() if answers else (200, whole)

    provider.read(NOON + 2 * MINUTES)

    assert found_in(desk) == {"bad", "last"}


@pytest.mark.sqlite_only
def test_where_none_after_it_was_read_it_is_begun_with_next_time_and_holds_up_nothing_else(desk, provider):
    show_several(desk, provider, first=None, bad=BREAKS)

    provider.read(NOON + 2 * MINUTES)

    row = upkeep_row(desk)
    assert (row.read_at, row.posts_at, row.read_until) == (NOON + 2 * MINUTES, NOON + 2 * MINUTES, NOON + seconds(1))
    provider.graph.readable["bad"] = {"id": "bad", "messages": {"data": [said("in-bad", "سلام", NOON)]}}
    provider.read(NOON + 13 * MINUTES)
    assert found_in(desk) == {"first", "bad"}


@pytest.mark.sqlite_only
def test_while_the_provider_reads_none_nothing_is_passed_over(desk, provider):
    show_several(desk, provider, **dict.fromkeys("abcde", BREAKS))
    provider.read(NOON + 2 * MINUTES)
    assert (upkeep_row(desk).error, upkeep_row(desk).read_at) == ("outcome_unknown", None)

    show_several(desk, provider, **dict.fromkeys("abcde"))
    provider.read(NOON + 5 * MINUTES)

    assert found_in(desk) == set("abcde")


@pytest.mark.sqlite_only
def test_pages_are_followed_and_the_limits_of_a_run_kept(desk, provider, monkeypatch):
    threads = [{"id": f"t{n}", "updated_time": f"2026-11-22T11:59:0{4 - n}+0000"} for n in range(4)]

    def page(query):
        number = int(query.get("after", 0))
        more = {"paging": {"cursors": {"after": str(number + 1)}, "next": "…"}} if number < 3 else {}
        return 200, {"data": [threads[number]], **more}

    provider.graph.readable["conversations"] = page
    for number in range(4):
        message = said(f"lost{number}", "سلام", NOON - MINUTES, by=f"60000{number}")
        provider.graph.readable[f"t{number}"] = {"id": f"t{number}", "messages": {"data": [message]}}
    monkeypatch.setattr(upkeep, "CALLS", 6)

    provider.read(NOON + 2 * MINUTES)
    assert [one.external_id for one in desk.rows(Message)] == ["lost3", "lost2"]  # the oldest change first
    provider.read(NOON + 3 * MINUTES, times=3)

    assert {one.external_id for one in desk.rows(Message)} == {"lost0", "lost1", "lost2", "lost3"}
    assert upkeep_row(desk).read_at is not None


@pytest.mark.sqlite_only
def test_a_reading_of_several_runs_misses_nothing_that_was_said_long_before_the_last_change(
    desk, provider, monkeypatch
):
    provider.read(NOON)
    hour = timedelta(hours=1)
    said_in = {
        "first": [said("a1", "سلام", NOON + 8 * hour, by="600001")],
        "second": [
            said("b2", "هستید؟", NOON + 9 * hour, by="600002"),
            said("b1", "سایز ۴۲ دارید؟", NOON + 10 * MINUTES, by="600002"),
        ],
    }
    threads = [{"id": name, "updated_time": lines[0]["created_time"]} for name, lines in said_in.items()]
    provider.graph.readable["conversations"] = {"data": threads[::-1]}
    for name, lines in said_in.items():
        provider.graph.readable[name] = {"id": name, "messages": {"data": lines}}
    monkeypatch.setattr(upkeep, "CALLS", 2)

    provider.read(NOON + 10 * hour)
    assert [one.external_id for one in desk.rows(Message)] == ["a1"]
    monkeypatch.undo()
    provider.read(NOON + 10 * hour + 11 * MINUTES)

    assert {one.external_id for one in desk.rows(Message)} == {"a1", "b1", "b2"}


def test_two_readers_of_one_inbox_do_not_meet(desk, provider):
    provider.read(NOON)
    with transaction():
        row = db.session.scalars(db.select(Upkeep)).one()
        row.lease_until, row.read_at = NOON + timedelta(hours=1), None

    provider.read(NOON + timedelta(minutes=30))

    assert len(provider.calls("conversations")) == 1


@pytest.mark.parametrize("read_last", [NOON - timedelta(hours=1), None], ids=["read long ago", "never read"])
def test_of_many_the_one_that_was_never_read_is_woken_first(desk, provider, monkeypatch, read_last):
    """Which of them the rows of the database begin with must not decide it."""
    provider.read(NOON)
    with transaction():
        db.session.scalars(db.select(Upkeep)).one().read_at = read_last
        other = add_inbox()
        read_other = None if read_last else NOON - timedelta(hours=1)
        db.session.add(Upkeep(inbox_id=other.id, read_at=read_other))
    monkeypatch.setattr(upkeep, "BATCH", 1)
    woken = []
    monkeypatch.setattr(upkeep.hints, "hint", lambda _queue, _job, inbox_id: woken.append(inbox_id))

    desk.call(upkeep.wake_due, NOON + MINUTES)

    assert woken == [desk.shop.inbox_id if read_last is None else other.id]


def test_the_clock_wakes_inboxes_for_which_something_is_due(desk, provider):
    provider.read(NOON)

    assert desk.call(upkeep.wake_due, NOON + 5 * MINUTES) == 0
    assert desk.call(upkeep.wake_due, NOON + 11 * MINUTES) == 1


# --- uncertain sends -------------------------------------------------------------------------------------------------


@pytest.fixture
def uncertain(desk, provider):
    """A reply of which nobody knows whether it arrived."""
    desk.take(text("چنده؟", NOON, mid="question"))
    desk.answer(NOON)
    desk.graph.script = [(500, {})]
    desk.deliver(NOON)
    provider.read(NOON)
    assert desk.deliveries[0].state is DeliveryState.UNKNOWN
    return desk.deliveries[0]


@pytest.mark.sqlite_only
def test_an_uncertain_send_that_is_there_was_sent(desk, provider, uncertain):
    provider.show(said("question", "چنده؟", NOON), replied("mid.ours", ANSWER, NOON + seconds(1)))

    provider.read(NOON + seconds(20))

    [delivery] = desk.deliveries
    assert (delivery.state, delivery.external_id) == (DeliveryState.SENT, "mid.ours")
    assert desk.conversation.state is ConversationState.ASSISTANT
    assert desk.rows(Message, sender="phone") == []


def test_an_uncertain_send_that_is_not_there_is_looked_for_three_times_and_left_to_a_person(desk, provider, uncertain):
    provider.show(said("question", "چنده؟", NOON))

    for number in range(6):
        provider.read(NOON + seconds(20 + 61 * number))

    [delivery] = desk.deliveries
    assert (delivery.state, delivery.looks) == (DeliveryState.UNKNOWN, 3)
    assert len([path for path in provider.calls("conversations") if "user_id" in path]) == 3
    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.graph.sent == []


def refuse_looks(provider, answer):
    """Whoever is asked for by their id cannot be read; what the whole list shows can."""
    listed = provider.graph.readable["conversations"]
    provider.graph.readable["conversations"] = lambda query: answer if "user_id" in query else (200, listed)


@pytest.mark.sqlite_only
def test_a_customer_who_is_gone_is_looked_for_three_times_and_hides_no_missed_message(desk, provider, uncertain):
    provider.show(said("lost", "سلام؟", NOON + 9 * MINUTES, by="600002"))
    refuse_looks(provider, (400, {"error": {"code": 100, "message": "Invalid parameter"}}))

    for number in range(1, 6):
        provider.read(NOON + number * 11 * MINUTES)

    assert desk.deliveries[0].looks == 3
    assert desk.message("lost") is not None


def test_a_look_that_broke_is_none_and_hides_no_missed_message_either(desk, provider, uncertain):
    provider.show(said("lost", "سلام؟", NOON + 9 * MINUTES, by="600002"))
    refuse_looks(provider, BREAKS)

    for number in range(1, 6):
        provider.read(NOON + number * 11 * MINUTES)

    assert (desk.deliveries[0].looks, desk.message("lost") is not None) == (0, True)
    provider.show(replied("mid.ours", ANSWER, NOON + seconds(1)))
    provider.read(NOON + 60 * MINUTES)
    assert desk.deliveries[0].external_id == "mid.ours"


@pytest.mark.sqlite_only
def test_a_look_that_always_breaks_is_not_made_for_ever(desk, provider, uncertain):
    refuse_looks(provider, BREAKS)

    assert desk.call(upkeep.wake_looks, NOON + 5 * MINUTES) == 1
    assert desk.call(upkeep.wake_looks, NOON + timedelta(days=1)) == 0


@pytest.mark.sqlite_only
def test_the_same_words_from_before_are_another_message(desk, provider, uncertain):
    provider.show(replied("older", ANSWER, NOON - timedelta(hours=1)))

    provider.read(NOON + seconds(20))

    assert desk.deliveries[0].state is DeliveryState.UNKNOWN


@pytest.mark.sqlite_only
def test_words_that_belong_to_another_send_settle_nothing(desk, provider, uncertain):
    with transaction():
        row = db.session.get_one(Delivery, uncertain.id)
        db.session.add(
            Message(
                conversation_id=row.conversation_id,
                inbox_id=row.inbox_id,
                external_id="known",
                sender=Sender.PHONE,
                message_type="text",
                sent_at=NOON,
                created_at=NOON,
            )
        )
    provider.show(replied("known", ANSWER, NOON + seconds(1)))

    provider.read(NOON + seconds(20))

    assert desk.deliveries[0].state is DeliveryState.UNKNOWN


def test_a_send_that_was_lost_with_its_worker_is_found_too(desk, provider):
    desk.take(text("چنده؟", NOON, mid="question"))
    desk.answer(NOON)
    with transaction():
        row = db.session.scalars(db.select(Delivery)).one()
        row.state, row.lease_until = DeliveryState.SENDING, NOON + seconds(60)
    desk.sweep(NOON + seconds(61))
    provider.show(replied("mid.ours", ANSWER, NOON + seconds(2)))

    provider.read(NOON + seconds(80))

    assert desk.deliveries[0].state is DeliveryState.SENT


def test_the_periodic_reading_settles_uncertain_sends_as_well(desk, provider, uncertain):
    with transaction():
        db.session.get_one(Delivery, uncertain.id).looks = 3
    provider.show(replied("mid.ours", ANSWER, NOON + seconds(1)))

    provider.read(NOON + 11 * MINUTES)

    assert desk.deliveries[0].external_id == "mid.ours"


def test_a_due_look_waits_for_nobodys_reading(desk, provider, uncertain, monkeypatch):
    """It is asked for on another queue than the readings, and while one of those is long."""
    with transaction():
        quiet = add_inbox()
        db.session.add(Upkeep(inbox_id=quiet.id))
    hinted = []
    monkeypatch.setattr(upkeep.hints, "hint", lambda *what: hinted.append(what))
    monkeypatch.setattr(upkeep.hints, "is_busy", lambda queue: queue == keys.UPKEEP)

    assert desk.call(upkeep.wake_looks, NOON + seconds(14)) == 0
    assert desk.call(upkeep.wake_looks, NOON + seconds(15)) == 1
    assert desk.call(upkeep.wake_due, NOON + seconds(15)) == 0

    assert hinted == [(keys.LOOKS, keys.LOOK_JOB, desk.shop.inbox_id)]


def test_who_serves_that_queue_settles_the_send(desk, provider, uncertain, monkeypatch):
    monkeypatch.setattr("pilito.jobs.upkeep.utc_now", lambda: NOON + seconds(20))
    provider.show(replied("mid.ours", ANSWER, NOON + seconds(1)))

    desk.call(upkeep.wake_looks, NOON + seconds(20))
    desk.shop.work(keys.LOOKS)

    assert desk.deliveries[0].state is DeliveryState.SENT


def test_a_look_asks_for_the_sends_and_reads_nothing_else(desk, provider, uncertain):
    provider.show(said("lost", "سلام؟", NOON), replied("mid.ours", ANSWER, NOON + seconds(1)))
    provider.graph.reads.clear()

    desk.call(lambda: upkeep.look_for_sends(desk.shop.inbox_id, lambda: NOON + 11 * MINUTES, lambda _seconds: None))

    assert desk.deliveries[0].state is DeliveryState.SENT
    assert ["user_id" in path for path in provider.graph.reads] == [True]
    assert desk.message("lost") is None
    assert upkeep_row(desk).lease_until is None


def test_of_many_inboxes_the_one_whose_send_waits_longest_is_asked_about_first(desk, provider, uncertain, monkeypatch):
    with transaction():
        other = add_inbox()
        sent = {"unknown_at": NOON - MINUTES, "state": DeliveryState.UNKNOWN}
        for _ in range(2):
            reply_of_other = add_message(add_conversation(other), sender=Sender.ASSISTANT, external_id=None)
            add_delivery(reply_of_other, **sent)
    hinted = []
    monkeypatch.setattr(upkeep.hints, "hint", lambda _queue, _job, inbox_id: hinted.append(inbox_id))

    desk.call(upkeep.wake_looks, NOON + seconds(20))

    assert hinted == [other.id, desk.shop.inbox_id]


@pytest.mark.sqlite_only
def test_a_look_and_a_reading_of_one_inbox_do_not_meet(desk, provider, uncertain):
    with transaction():
        db.session.scalars(db.select(Upkeep)).one().lease_until = NOON + MINUTES
    provider.graph.reads.clear()

    assert desk.call(upkeep.wake_looks, NOON + seconds(20)) == 0
    desk.call(lambda: upkeep.look_for_sends(desk.shop.inbox_id, lambda: NOON + seconds(20), lambda _seconds: None))

    assert provider.graph.reads == []


def test_a_send_that_is_due_while_its_inbox_is_read_is_looked_for_before_the_next_call(desk, provider, uncertain):
    begin, pages = NOON + 11 * MINUTES, []
    with transaction():
        db.session.get_one(Delivery, uncertain.id).unknown_at = begin - seconds(12)
        db.session.scalars(db.select(Upkeep)).one().all_posts_at = None
    provider.show(replied("mid.ours", ANSWER, NOON + seconds(1)))
    asked_for, graph = provider.graph.readable["conversations"], provider.graph

    def page(query):
        pages.append(1)
        number = int(query.get("after", 0))
        more = {"paging": {"cursors": {"after": str(number + 1)}, "next": "…"}} if number < 9 else {}
        return 200, {"data": [], **more}

    graph.readable["conversations"] = lambda query: (200, asked_for if "user_id" in query else {"data": []})
    graph.readable["media"] = page
    graph.reads.clear()

    # Each page takes a second.
    desk.call(lambda: upkeep.keep_up(desk.shop.inbox_id, lambda: begin + seconds(len(pages)), lambda _seconds: None))

    asked = ["look" if "user_id" in path else path.partition("?")[0].rpartition("/")[2] for path in graph.reads]
    assert asked == ["conversations", *["media"] * 3, "look", *["media"] * 7]
    assert desk.deliveries[0].state is DeliveryState.SENT


@pytest.mark.sqlite_only
def test_the_echo_still_settles_it_and_the_look_finds_nothing_more(desk, provider, uncertain):
    desk.take(echo(ANSWER, NOON, "mid.ours"))
    provider.show(replied("mid.ours", ANSWER, NOON))

    provider.read(NOON + seconds(20))

    assert desk.deliveries[0].looks == 0
    assert len(desk.rows(Message)) == 2


@pytest.mark.sqlite_only
def test_after_a_person_took_over_a_found_send_does_not_give_back(desk, provider, uncertain):
    desk.call(take_over, desk.conversation.id, None, NOON)
    provider.show(replied("mid.ours", ANSWER, NOON))

    provider.read(NOON + seconds(20))

    assert desk.deliveries[0].state is DeliveryState.SENT
    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.turn.state is TurnState.ANSWERED


# --- replies that carry more than words ------------------------------------------------------------------------------


PICTURE = OutboundFile("image", "https://files.shop.test/bag.jpg")


def send_uncertain(desk, words="", **extras):
    """A person's reply of which nobody knows whether it arrived."""
    desk.take(text("عکس دارید؟", NOON, mid="question"))
    desk.call(reply, desk.conversation.id, None, words, "c-1", NOON + seconds(5), Extras(**extras))
    desk.graph.script = [(500, {})]
    desk.deliver(NOON + seconds(5))


def attached(kind, mid, at, url="https://cdn.meta.test/1.jpg"):
    data = {"image": {"image_data": {"url": url}}, "video": {"video_data": {"url": url}}}[kind]
    return replied(mid, "", at) | {"attachments": {"data": [data]}}


def test_a_picture_is_known_again_by_its_kind_and_time(desk, provider):
    send_uncertain(desk, file=PICTURE)
    provider.show(attached("video", "film", NOON + seconds(6)), attached("image", "picture", NOON + seconds(7)))

    provider.read(NOON + seconds(30))

    [delivery] = desk.deliveries
    assert (delivery.state, delivery.external_id) == (DeliveryState.SENT, "picture")


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "shown",
    [attached("image", "much later", NOON + 8 * MINUTES), replied("words", "", NOON + seconds(6))],
    ids=["long after it", "an empty message"],
)
def test_and_not_by_less(desk, provider, shown):
    send_uncertain(desk, file=PICTURE)
    provider.show(shown)

    provider.read(NOON + 9 * MINUTES)

    assert desk.deliveries[0].state is DeliveryState.UNKNOWN


@pytest.mark.sqlite_only
def test_words_with_quick_replies_are_known_by_the_words(desk, provider):
    send_uncertain(desk, "کدام رنگ؟", quick_replies=(QuickReply("قرمز"),))
    provider.show(replied("asked", "کدام رنگ؟", NOON + seconds(6)))

    provider.read(NOON + seconds(30))

    assert desk.deliveries[0].external_id == "asked"


# --- another app's conversation --------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
@pytest.mark.parametrize("beside", [-10, 10], ids=["before", "after"])
def test_what_is_found_beside_a_message_in_standby_is_another_apps_too(desk, provider, beside):
    at = NOON + MINUTES
    desk.take(standby(text("سلام", at + seconds(beside), mid="theirs")), now=at)
    provider.show(said("missed", "چنده؟", at))

    provider.read(NOON + 3 * MINUTES)
    desk.sweep(NOON + 4 * MINUTES)

    assert desk.message("missed").origin == "standby"
    assert desk.turn is None


@pytest.mark.sqlite_only
def test_what_is_found_after_the_conversation_came_back_is_answered(desk, provider):
    desk.take(standby(text("سلام", NOON, mid="theirs")))
    desk.take(text("با شما", NOON + seconds(20), mid="ours"), now=NOON + seconds(20))
    provider.show(said("missed", "چنده؟", NOON + MINUTES))

    provider.read(NOON + 3 * MINUTES)

    assert desk.message("missed").origin == "reconciliation"
    assert desk.message("missed").turn_id


@pytest.mark.sqlite_only
def test_standby_of_days_ago_says_nothing_of_today(desk, provider):
    desk.take(standby(text("سلام", NOON - timedelta(days=3), mid="theirs")))
    provider.show(said("missed", "چنده؟", NOON + MINUTES))

    provider.read(NOON + 3 * MINUTES)

    assert desk.message("missed").origin == "reconciliation"
