"""A person answers: once per click, within the provider's rules, and the assistant steps back."""

from functools import partial

import pytest
from desk import Desk
from rows import NOON, add_operator
from shop import seconds, text

from pilito.channels.base import Card, OutboundFile, OutboundReaction
from pilito.conversations import outbox
from pilito.conversations.payload import Extras
from pilito.conversations.reply import LONGEST_REPLY_CHARACTERS, reply
from pilito.conversations.take_over import give_back
from pilito.database import transaction
from pilito.errors import Refused, Unsendable
from pilito.lifecycle import ConversationState, DeliveryState, InboxState, MessageType, Role, Sender, TurnState
from pilito.models import Attachment, Inbox, Message

DAY = 24 * 3600


@pytest.fixture
def desk(shop):
    """A customer has asked."""
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    return desk


def say(desk, words="دو میلیون", client_id="a-click", now=NOON, operator_id=None):
    return desk.call(reply, desk.conversation.id, operator_id, words, client_id, now).id


def refusal(desk, *args, **options):
    with pytest.raises(Refused) as refused:
        say(desk, *args, **options)
    return refused.value.reason


@pytest.mark.sqlite_only
def test_a_reply_is_recorded_and_sent_as_it_was_typed(desk):
    say(desk, "  دو میلیون\n")
    desk.deliver()

    (message,) = desk.replies
    assert (message.sender, message.text, message.sent_at) == (Sender.OPERATOR, "دو میلیون", NOON)
    assert desk.graph.texts == ["دو میلیون"]
    assert "tag" not in desk.graph.calls[0]


@pytest.mark.sqlite_only
def test_a_reply_is_the_newest_line_of_its_conversation(desk):
    say(desk, now=NOON + seconds(5))

    assert (desk.conversation.preview, desk.conversation.last_message_at) == ("دو میلیون", NOON + seconds(5))


@pytest.mark.sqlite_only
def test_a_double_click_is_one_reply(desk):
    first, second = say(desk), say(desk, "دیگر")
    desk.deliver()

    assert first == second
    assert desk.graph.texts == ["دو میلیون"]


@pytest.mark.sqlite_only
def test_two_clicks_with_the_same_words_are_two_replies(desk):
    say(desk, client_id="a")
    say(desk, client_id="b")
    desk.deliver()

    assert len(desk.graph.texts) == 2


def test_t11_twenty_clicks_at_once_are_one_reply_and_one_send(desk):
    click = partial(reply, desk.conversation.id, None, "دو میلیون", "a-click", NOON)

    results = desk.together(*[click] * 20)
    desk.deliver()

    assert len({message.id for message in results}) == 1
    assert len(desk.replies) == 1
    assert len(desk.graph.calls) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("words", "reason"), [("", "empty"), (" \n\t", "empty"), ("x" * 20_001, "too_long")])
def test_a_text_that_is_none_or_too_long_is_refused(desk, words, reason):
    assert refusal(desk, words) == reason
    assert desk.replies == []
    assert desk.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_the_longest_text_is_taken(desk):
    say(desk, "x" * LONGEST_REPLY_CHARACTERS)

    assert len(desk.deliveries) == 20


@pytest.mark.sqlite_only
def test_a_disconnected_inbox_refuses_and_nothing_changes(desk):
    inbox = desk.rows(Inbox)[0]
    with transaction():
        inbox.state = InboxState.STOPPED

    assert refusal(desk) == "inbox_stopped"
    assert desk.conversation.state is ConversationState.ASSISTANT
    assert desk.turn.state is TurnState.OPEN


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("silence", "tag"), [(DAY - 1, None), (DAY, "HUMAN_AGENT"), (7 * DAY - 1, "HUMAN_AGENT")])
def test_after_a_day_a_person_needs_the_tag_and_gets_it(desk, silence, tag):
    say(desk, now=NOON + seconds(silence))
    desk.deliver(NOON + seconds(silence))

    assert desk.deliveries[0].tag == tag
    assert desk.graph.calls[0].get("tag") == tag
    assert len(desk.graph.sent) == 1


@pytest.mark.sqlite_only
def test_after_a_week_nobody_may_write(desk):
    assert refusal(desk, now=NOON + seconds(7 * DAY)) == "window_closed"


@pytest.mark.sqlite_only
def test_a_conversation_that_is_not_there_is_refused(desk):
    with pytest.raises(Refused, match="no conversation 999"):
        desk.call(reply, 999, None, "سلام", "a-click", NOON)


@pytest.mark.sqlite_only
def test_a_reply_takes_the_conversation_over_and_answers_all_that_was_asked(desk):
    with transaction():
        operator_id = add_operator(Role.AGENT).id
    epoch = desk.conversation.epoch

    reply_id = say(desk, operator_id=operator_id)

    conversation = desk.conversation
    assert (conversation.state, conversation.operator_id) == (ConversationState.OPERATOR, operator_id)
    assert conversation.epoch == epoch + 1
    assert (conversation.unread_count, conversation.unanswered_since) == (0, None)
    assert desk.message("question").answered_by_id == reply_id
    assert desk.turn.state is TurnState.DROPPED


@pytest.mark.sqlite_only
def test_what_comes_after_the_reply_waits_for_the_next_one(desk):
    say(desk)

    desk.take(text("و سایز؟", NOON + seconds(9), mid="later"), now=NOON + seconds(9))

    assert desk.message("later").answered_by_id is None
    assert desk.conversation.unanswered_since == NOON + seconds(9)
    assert desk.conversation.unread_count == 1


@pytest.mark.sqlite_only
def test_a_message_that_the_person_saw_is_answered_though_the_providers_clock_is_ahead(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON + seconds(30), mid="question"), now=NOON)

    say(desk, now=NOON + seconds(10))
    desk.call(give_back, desk.conversation.id, None, NOON + seconds(11))

    assert desk.message("question").answered_by_id is not None
    assert [turn.state for turn in [desk.turn]] == [TurnState.DROPPED]


@pytest.mark.sqlite_only
def test_a_reply_counts_once_in_the_panels_numbering(desk):
    say(desk)

    assert desk.replies[0].seq == desk.conversation.seq
    assert max(one.seq for one in desk.rows(Message)) == desk.conversation.seq


@pytest.mark.sqlite_only
def test_blank_words_make_a_line_of_which_nothing_is_sent(desk):
    with transaction():
        message = outbox.add_reply(desk.conversation, Sender.OPERATOR, " ", NOON)

        assert (message.message_type, message.deliveries) == (MessageType.TEXT, [])


# --- more than words -------------------------------------------------------------------------------------------------

PICTURE = OutboundFile("image", "https://shop.example/a.jpg")


def send_extras(desk, words="", client_id="a-click", now=NOON, **extras):
    return desk.call(reply, desk.conversation.id, None, words, client_id, now, Extras(**extras))


@pytest.mark.sqlite_only
def test_a_picture_and_its_words_leave_as_two_parts_the_picture_first(desk):
    message = send_extras(desk, "این است", file=PICTURE, reply_to_external_id="question")
    desk.deliver()

    picture, words = desk.graph.calls
    assert picture["message"] == {"attachment": {"type": "image", "payload": {"url": PICTURE.url}}}
    assert picture["reply_to"] == {"mid": "question"}
    assert words["message"] == {"text": "این است"}
    assert "reply_to" not in words
    assert [one.state for one in desk.deliveries] == [DeliveryState.SENT] * 2
    assert (message.message_type, message.reply_to_external_id) == (MessageType.IMAGE, "question")
    assert [one.url for one in desk.rows(Attachment)] == [PICTURE.url]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("extras", "message"),
    [
        ({"is_like": True}, {"attachment": {"type": "like_heart"}}),
        ({"file": OutboundFile("voice", "https://s.example/a.m4a")}, None),
        ({"cards": (Card("پیراهن", "نخی"),)}, None),
    ],
)
def test_a_reply_without_words_is_a_reply(desk, extras, message):
    send_extras(desk, **extras)
    desk.deliver()

    assert message is None or desk.graph.calls[0]["message"] == message
    assert len(desk.graph.sent) == 1
    assert desk.message("question").answered_by_id == desk.replies[0].id


@pytest.mark.sqlite_only
def test_what_the_channel_would_not_take_is_refused_before_any_row_is_written(desk):
    with pytest.raises(Unsendable, match="aac, m4a"):
        send_extras(desk, file=OutboundFile("voice", "https://s.example/a.ogg"))

    assert desk.replies == desk.deliveries == []
    assert desk.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_only_a_message_of_this_conversation_can_be_answered(desk):
    desk.take(text("سلام", NOON, customer="600000000000002", mid="of-another"))
    conversation_id = desk.message("question").conversation_id

    for unknown in ("of-another", "nothing"):
        with pytest.raises(Refused, match="reply_to"):
            desk.call(reply, conversation_id, None, "x", "c", NOON, Extras(reply_to_external_id=unknown))

    assert desk.replies == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("emoji", "action"), [("❤", "react"), (None, "unreact")])
def test_a_reaction_is_sent_once_and_answers_nothing(desk, emoji, action):
    for _ in range(2):
        send_extras(desk, reaction=OutboundReaction("question", emoji), reply_to_external_id="question")
    desk.deliver()

    assert [call["sender_action"] for call in desk.graph.calls] == [action]
    assert [(one.state, one.external_id) for one in desk.deliveries] == [(DeliveryState.SENT, None)]
    assert desk.message("question").answered_by_id is None
    assert desk.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_a_reaction_goes_alone(desk):
    with pytest.raises(Unsendable, match="alone"):
        send_extras(desk, "سلام", reaction=OutboundReaction("question", "❤"))
