"""A webhook of the ledger becomes rows: twice, at once, half-way, with strangers and nonsense in it."""

import json
from functools import partial

import pytest
from desk import Desk
from rows import NOON
from rq.timeouts import JobTimeoutException
from shop import ACCOUNT, CAPTION, CUSTOMER, echo, item, reel, seconds, text, webhook
from sqlalchemy.exc import OperationalError

from pilito.channels.base import Inbound, Unreadable
from pilito.conversations import receive as receiving
from pilito.conversations.close import close
from pilito.conversations.connect import connect
from pilito.conversations.read_again import read_again
from pilito.conversations.receive import receive
from pilito.extensions import channels
from pilito.lifecycle import AssistantMode, ConversationState, EventOutcome, HandOverReason, WebhookState
from pilito.models import Conversation, Customer, Event, Message

STORED, DUPLICATE, IGNORED, FAILED = (
    EventOutcome.STORED,
    EventOutcome.DUPLICATE,
    EventOutcome.IGNORED,
    EventOutcome.FAILED,
)
OTHER_ACCOUNT = "17841400000000002"


class Killed(BaseException):
    """The worker is gone: nothing of ours runs after it."""


@pytest.fixture
def desk(shop):
    return Desk(shop)


def fails_at(monkeypatch, words, error):
    """Let storing fail for the message with these words."""
    store = receiving.store_message

    def failing(tx, inbox, one, now, cached):
        outcome = store(tx, inbox, one, now, cached)
        if one.text == words:
            raise error
        return outcome

    monkeypatch.setattr(receiving, "store_message", failing)


def test_the_same_webhook_twice_is_one_message_and_one_turn(desk):
    question = text("سلام", NOON)

    first, second = desk.take(question), desk.take(question)

    assert desk.outcomes(first) == [STORED]
    assert desk.outcomes(second) == [DUPLICATE]
    assert len(desk.rows(Message)) == 1
    assert desk.turn.version == 1
    assert desk.conversation.unread_count == 1


@pytest.mark.sqlite_only
def test_the_same_words_in_two_messages_are_two(desk):
    desk.take(text("سلام", NOON), text("سلام", NOON))

    assert len(desk.rows(Message)) == 2


@pytest.mark.sqlite_only
def test_the_same_message_twice_in_one_body_is_stored_once(desk):
    question = text("سلام", NOON)

    webhook_id = desk.take(question, question)

    assert desk.outcomes(webhook_id) == [STORED, DUPLICATE]
    assert len(desk.rows(Message)) == 1


def test_a_message_that_many_workers_store_at_once_is_stored_once(desk):
    question = text("سلام", NOON, mid="at-once")
    webhooks = [desk.record(question) for _ in range(8)]

    results = desk.together(*(partial(receive, webhook_id, NOON) for webhook_id in webhooks))

    assert results == [True] * 8
    outcomes = [outcome for webhook_id in webhooks for outcome in desk.outcomes(webhook_id)]
    assert sorted(outcomes) == sorted([STORED] + [DUPLICATE] * 7)
    assert len(desk.rows(Message)) == len(desk.rows(Customer)) == len(desk.rows(Conversation)) == 1
    assert desk.conversation.unread_count == 1


def test_a_webhook_that_many_workers_read_at_once_gives_every_item_one_event(desk):
    webhook_id = desk.record(*(text(f"پیام {number}", NOON + seconds(number)) for number in range(5)))

    results = desk.together(*[partial(receive, webhook_id, NOON + seconds(9))] * 6)

    assert set(results) <= {True, False}  # and nothing was raised
    assert any(results)
    assert desk.outcomes(webhook_id) == [STORED] * 5
    assert [event.position for event in desk.rows(Event)] == [0, 1, 2, 3, 4]
    assert desk.webhook(webhook_id).attempts == 1


@pytest.mark.sqlite_only
def test_a_webhook_that_was_read_is_not_read_again(desk):
    webhook_id = desk.take(text("سلام", NOON))

    desk.call(receive, webhook_id, NOON + seconds(60))

    assert desk.outcomes(webhook_id) == [STORED]
    assert desk.webhook(webhook_id).read_at == NOON


@pytest.mark.sqlite_only
def test_several_accounts_in_one_batch_each_get_their_own(desk):
    desk.call(connect, "instagram", "دوم", OTHER_ACCOUNT, "t", {}, AssistantMode.AUTO, NOON)
    body = webhook(text("یک", NOON, mid="a"))
    body["entry"] += webhook(text("دو", NOON, mid="b", account=OTHER_ACCOUNT), account=OTHER_ACCOUNT)["entry"]
    body["entry"] += webhook(text("سه", NOON, mid="c", account="999"), account="999")["entry"]

    webhook_id = desk.take(json.dumps(body).encode())

    assert desk.outcomes(webhook_id) == [STORED, STORED, IGNORED]
    assert desk.message("a").inbox_id != desk.message("b").inbox_id
    assert desk.message("c") is None
    assert desk.rows(Event)[2].reason == "unknown account 999"
    assert desk.webhook(webhook_id).state is WebhookState.READ


@pytest.mark.sqlite_only
def test_one_bad_item_among_good_ones_loses_nobody(desk):
    body = webhook(text("یک", NOON, mid="a"), 7, text("دو", NOON, mid="b"))

    webhook_id = desk.take(json.dumps(body).encode())

    assert desk.outcomes(webhook_id) == [STORED, FAILED, STORED]
    assert desk.message("a")
    assert desk.message("b")
    assert desk.webhook(webhook_id).state is WebhookState.FAILED
    assert "expected an object" in desk.webhook(webhook_id).error


@pytest.mark.sqlite_only
def test_t4_one_bad_item_among_999_good_ones_is_an_item_of_its_own(app):
    """What becomes of each is one transaction of its own, as above."""
    good = [text("سلام", NOON, mid=f"good-{number}") for number in range(999)]
    body = json.dumps(webhook(*good[:500], 7, *good[500:])).encode()

    items = channels["instagram"].parse(body, NOON)

    assert [type(one) for one in items] == [Inbound] * 500 + [Unreadable] + [Inbound] * 499
    assert [one.external_id for one in items if isinstance(one, Inbound)] == [f"good-{number}" for number in range(999)]


@pytest.mark.sqlite_only
def test_a_signed_body_that_is_no_json_is_on_the_ledger_as_failed(desk):
    webhook_id = desk.take(b"\xff nonsense")

    assert desk.outcomes(webhook_id) == [FAILED]
    assert desk.webhook(webhook_id).state is WebhookState.FAILED


def test_t13_a_bug_in_one_item_fails_it_alone_and_leaves_no_half_of_it(desk, monkeypatch):
    fails_at(monkeypatch, "دو", ValueError("a bug"))

    webhook_id = desk.take(text("یک", NOON, mid="a"), text("دو", NOON, mid="b"), text("سه", NOON, mid="c"))

    assert desk.outcomes(webhook_id) == [STORED, FAILED, STORED]
    assert [one.external_id for one in desk.rows(Message)] == ["a", "c"]
    assert desk.rows(Event)[1].reason == "ValueError: a bug"
    assert desk.conversation.unread_count == 2


def test_a_failed_webhook_is_read_again_and_only_what_failed_is_stored(desk, monkeypatch):
    with monkeypatch.context() as broken:
        fails_at(broken, "یک", ValueError("a bug"))
        webhook_id = desk.take(text("یک", NOON, mid="a"), text("دو", NOON, mid="b"))

    desk.call(read_again, webhook_id)
    desk.call(receive, webhook_id, NOON + seconds(60))

    assert sorted(desk.outcomes(webhook_id)) == [STORED, STORED]
    assert sorted(one.external_id for one in desk.rows(Message)) == ["a", "b"]
    assert desk.webhook(webhook_id).state is WebhookState.READ
    assert desk.webhook(webhook_id).error is None
    assert desk.webhook(webhook_id).attempts == 2


def test_a_worker_killed_half_way_is_resumed_where_it_was(desk, monkeypatch):
    webhook_id = desk.record(text("یک", NOON), text("دو", NOON), text("سه", NOON))
    with monkeypatch.context() as broken:
        fails_at(broken, "دو", Killed())
        with pytest.raises(Killed):
            desk.call(receive, webhook_id, NOON)
    assert desk.outcomes(webhook_id) == [STORED]
    assert desk.webhook(webhook_id).state is WebhookState.PENDING

    desk.call(receive, webhook_id, NOON + seconds(5))

    assert desk.outcomes(webhook_id) == [STORED] * 3
    assert len(desk.rows(Message)) == 3


@pytest.mark.sqlite_only
@pytest.mark.parametrize("error", [OperationalError("", {}, Exception("gone")), JobTimeoutException()])
def test_an_item_is_not_called_bad_when_the_database_is_away_or_the_time_is_over(desk, monkeypatch, error):
    webhook_id = desk.record(text("یک", NOON))
    fails_at(monkeypatch, "یک", error)

    with pytest.raises(type(error)):
        desk.call(receive, webhook_id, NOON)

    assert desk.outcomes(webhook_id) == []
    assert desk.webhook(webhook_id).state is WebhookState.PENDING


def test_texts_that_databases_refuse_are_stored_readable(desk):
    odd = "a\0b \ud800 \u200f\u202eقیمت\u202c 👩‍👩‍👧‍👦 \U0001f970\ufeff"

    webhook_id = desk.take(text(odd, NOON, mid="odd"), reel(NOON, caption="c\0d\udfff", mid="reel"))

    assert desk.outcomes(webhook_id) == [STORED, STORED]
    assert desk.message("odd").text == "a\ufffdb \ufffd \u200f\u202eقیمت\u202c 👩‍👩‍👧‍👦 \U0001f970\ufeff"
    assert desk.shop.share_of(desk.message("reel")).caption == "c\ufffdd\ufffd"


@pytest.mark.sqlite_only
def test_a_very_long_text_is_kept_whole(desk):
    words = "قیمت؟ " * 20_000

    desk.take(text(words, NOON, mid="long"))

    assert desk.message("long").text == words


@pytest.mark.parametrize("post", [reel(NOON), text("https://www.instagram.com/p/DPiLiTo0107/", NOON)])
def test_nobody_waits_for_an_answer_to_a_lone_post_and_with_its_question_since_then(desk, post):
    desk.take(post)
    alone = desk.conversation.unanswered_since

    desk.take(text("چنده؟", NOON + seconds(9)), now=NOON + seconds(9))

    assert (alone, desk.conversation.unanswered_since) == (None, NOON + seconds(9))


@pytest.mark.sqlite_only
def test_a_closed_conversation_is_opened_by_the_next_message(desk):
    desk.take(text("سلام", NOON))
    desk.call(close, desk.conversation.id, None, NOON + seconds(1))

    desk.take(text("هستید؟", NOON + seconds(2), mid="next"), now=NOON + seconds(2))

    assert desk.conversation.state is ConversationState.ASSISTANT
    assert desk.conversation.unanswered_since == NOON + seconds(2)
    assert desk.message("next").turn_id == desk.turn.id


@pytest.mark.sqlite_only
def test_a_closed_conversation_stays_closed_when_an_old_message_comes_twice(desk):
    greeting = text("سلام", NOON)
    desk.take(greeting)
    desk.call(close, desk.conversation.id, None, NOON + seconds(1))

    desk.take(greeting, now=NOON + seconds(2))

    assert desk.conversation.state is ConversationState.CLOSED


@pytest.mark.sqlite_only
def test_a_message_older_than_the_reply_window_goes_to_people_and_is_never_answered(desk):
    desk.take(text("سلام", NOON - seconds(24 * 3600 + 1)))
    desk.sweep(NOON + seconds(60))

    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.conversation.hand_over_reason is HandOverReason.TOO_OLD
    assert desk.conversation.unanswered_since == NOON - seconds(24 * 3600 + 1)
    assert desk.turn is None
    assert desk.model.calls == []


@pytest.mark.sqlite_only
def test_a_message_within_the_reply_window_is_asked(desk):
    desk.take(text("سلام", NOON - seconds(24 * 3600 - 1)))

    assert desk.conversation.state is ConversationState.ASSISTANT
    assert desk.turn is not None


@pytest.mark.sqlite_only
def test_a_reaction_has_its_event_and_no_message(desk):
    reaction = {"sender": {"id": CUSTOMER}, "recipient": {"id": ACCOUNT}, "timestamp": 1, "reaction": {"mid": "x"}}

    webhook_id = desk.take(reaction)

    assert desk.outcomes(webhook_id) == [STORED]
    assert desk.rows(Message) == []


@pytest.mark.sqlite_only
def test_a_body_without_events_has_one_event_that_says_so(desk):
    webhook_id = desk.take(json.dumps({"object": "instagram", "entry": []}).encode())

    assert desk.outcomes(webhook_id) == [IGNORED]
    assert desk.webhook(webhook_id).state is WebhookState.READ


@pytest.mark.sqlite_only
def test_every_item_of_a_mixed_body_has_exactly_one_event(desk):
    webhook_id = desk.take(
        reel(NOON), text("چنده؟", NOON), echo("از گوشی", NOON, "phone"), item(NOON, {"is_unsupported": True})
    )

    assert desk.outcomes(webhook_id) == [STORED, STORED, EventOutcome.ECHO, STORED]
    assert [event.position for event in desk.rows(Event)] == [0, 1, 2, 3]


@pytest.mark.sqlite_only
def test_the_list_shows_the_caption_of_a_share(desk):
    desk.take(reel(NOON))

    assert desk.conversation.preview == CAPTION


@pytest.mark.sqlite_only
def test_nonsense_in_redis_does_not_keep_a_question_away(desk):
    desk.take(reel(NOON - seconds(5), mid="reel"))
    redis = desk.app.extensions["pilito_redis"]
    redis.set(f"pending_share_{desk.conversation.id}", "nonsense")

    webhook_id = desk.take(text("چنده؟", NOON, mid="question"))

    assert desk.outcomes(webhook_id) == [STORED]
    assert desk.shop.share_of(desk.message("reel")).combined_with_id == desk.message("question").id
