"""What we send, as Meta's pages write it, on both variants of the API."""

import pytest

from pilito.channels.base import Account, Button, Card, Outbound, OutboundFile, OutboundReaction, QuickReply
from pilito.channels.instagram.request import request_of

TO = "600000000000001"
URL = "https://shop.example/a.jpg"
LOGINS = {"instagram": {}, "facebook": {"messaging_type": "RESPONSE"}}

MESSAGES = {
    "a text": (Outbound(TO, "سلام"), {"text": "سلام"}),
    "quick replies": (
        Outbound(TO, "کدام؟", quick_replies=(QuickReply("این", "this"), QuickReply("آن"), QuickReply(kind="phone"))),
        {
            "text": "کدام؟",
            "quick_replies": [
                {"content_type": "text", "title": "این", "payload": "this"},
                {"content_type": "text", "title": "آن", "payload": "آن"},
                {"content_type": "user_phone_number"},
            ],
        },
    ),
    "a quick reply for the e-mail": (
        Outbound(TO, "؟", quick_replies=(QuickReply(kind="email"),)),
        {"text": "؟", "quick_replies": [{"content_type": "user_email"}]},
    ),
    **{
        kind: (
            Outbound(TO, file=OutboundFile(kind, URL)),
            {"attachment": {"type": {"voice": "audio"}.get(kind, kind), "payload": {"url": URL}}},
        )
        for kind in ("image", "voice", "video", "file")
    },
    "a card": (
        Outbound(
            TO, cards=(Card("پیراهن", "نخی", URL, URL, (Button("خرید", url=URL), Button("بپرس", payload="ask"))),)
        ),
        {
            "attachment": {
                "type": "template",
                "payload": {
                    "template_type": "generic",
                    "elements": [
                        {
                            "title": "پیراهن",
                            "subtitle": "نخی",
                            "image_url": URL,
                            "default_action": {"type": "web_url", "url": URL},
                            "buttons": [
                                {"type": "web_url", "title": "خرید", "url": URL},
                                {"type": "postback", "title": "بپرس", "payload": "ask"},
                            ],
                        }
                    ],
                },
            }
        },
    ),
    "a heart": (Outbound(TO, is_like=True), {"attachment": {"type": "like_heart"}}),
}


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("what", MESSAGES)
def test_a_message_is_written(what, login):
    outbound, message = MESSAGES[what]

    request = request_of(Account("1", "t", {"login": login}), outbound)

    assert request == {"recipient": {"id": TO}, "message": message, **LOGINS[login]}


@pytest.mark.parametrize("login", LOGINS)
def test_a_reply_to_a_message_names_it_beside_the_message(login):
    request = request_of(Account("1", "t", {"login": login}), Outbound(TO, "بله", reply_to_external_id="mid.1"))

    assert request["reply_to"] == {"mid": "mid.1"}
    assert request["message"] == {"text": "بله"}


def test_a_private_reply_goes_to_the_comment_and_to_no_person():
    request = request_of(Account("1", "t"), Outbound("", "بله", comment_id="179"))

    assert request["recipient"] == {"comment_id": "179"}


@pytest.mark.parametrize(
    ("emoji", "action", "payload"),
    [("❤", "react", {"message_id": "mid.1", "reaction": "❤"}), (None, "unreact", {"message_id": "mid.1"})],
)
def test_a_reaction_is_an_action_and_no_message(emoji, action, payload):
    request = request_of(
        Account("1", "t", {"login": "facebook"}), Outbound(TO, reaction=OutboundReaction("mid.1", emoji))
    )

    assert request == {"recipient": {"id": TO}, "sender_action": action, "payload": payload}


def test_the_tag_of_a_person_stands_on_every_kind():
    outbound = Outbound(TO, file=OutboundFile("image", URL), tag="HUMAN_AGENT")

    request = request_of(Account("1", "t"), outbound)

    assert (request["messaging_type"], request["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")
