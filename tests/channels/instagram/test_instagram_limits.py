"""What Instagram takes, rule by rule: the last that is taken beside the first that is not."""

import pytest

from pilito.channels.base import Button, Card, Outbound, OutboundFile, OutboundReaction, QuickReply
from pilito.channels.instagram.limits import CONVERSATIONS, MEDIA, MEGABYTE, MESSAGES, PRIVATE_REPLIES, check, limits

URL = "https://shop.example/a"


def of(**parts):
    return Outbound("600000000000001", **parts)


def quick(number, title="بله", **values):
    return of(text="کدام؟", quick_replies=(QuickReply(title, **values),) * number)


def file(kind, name="", **values):
    return of(file=OutboundFile(kind, f"{URL}{name}", **values))


def cards(number=1, **values):
    return of(cards=(Card(**{"title": "پیراهن", "subtitle": "نخی", **values}),) * number)


def buttons(number, **values):
    return cards(buttons=(Button(**{"title": "خرید", "url": URL, **values}),) * number)


TAKEN = {
    "a text of 1000 bytes": of(text="س" * 500),
    "13 quick replies": quick(13),
    "a title of 20 characters": quick(1, "ا" * 20),
    "a quick reply for the phone number": quick(1, "", kind="phone"),
    "a quick reply for the address": quick(1, "", kind="email"),
    "a jpeg": file("image", ".JPG"),
    "a picture without an ending": file("image"),
    "a picture of 8 MB": file("image", ".png", content_type="image/png", size_bytes=8 * MEGABYTE),
    "a voice in aac": file("voice", ".aac"),
    "a voice in m4a": file("voice", ".m4a"),
    "a voice in wav": file("voice", ".wav"),
    "a voice in mp4": file("voice", ".mp4", content_type="audio/mp4; codecs=aac"),
    "a video": file("video", ".mov"),
    "a pdf": file("file", ".pdf", size_bytes=25 * MEGABYTE),
    "10 cards": cards(10),
    "3 buttons": buttons(3),
    "a button that comes back": buttons(1, url=None, payload="buy"),
    "a heart": of(is_like=True),
    "a reaction": of(reaction=OutboundReaction("mid", "❤")),
    "a reaction taken back": of(reaction=OutboundReaction("mid")),
}
REFUSED = {
    "nothing": (of(), "empty"),
    "space": (of(text=" \n"), "empty"),
    "a text and a file in one": (of(text="x", file=OutboundFile("image", URL)), "mixed"),
    "a text of 1002 bytes": (of(text="س" * 501), "text_too_long"),
    "14 quick replies": (quick(14), "quick_replies_too_many"),
    "quick replies under a file": (
        of(file=OutboundFile("image", URL), quick_replies=(QuickReply("x"),)),
        "quick_replies_without_text",
    ),
    "a title of 21 characters": (quick(1, "ا" * 21), "quick_reply_wrong"),
    "no title": (quick(1, " "), "quick_reply_wrong"),
    "a quick reply of another kind": (quick(1, kind="location"), "quick_reply_wrong"),
    "a payload of 1001 characters": (quick(1, payload="x" * 1001), "quick_reply_wrong"),
    "an address without TLS": (of(file=OutboundFile("image", "http://shop.example/a.png")), "address_wrong"),
    "no address": (of(file=OutboundFile("image", "javascript:alert(1)")), "address_wrong"),
    "a card's picture without TLS": (cards(image_url="http://shop.example/a.png"), "address_wrong"),
    "a gif": (file("image", ".gif"), "file_format"),
    "a picture that calls itself webp": (file("image", ".png", content_type="image/webp"), "file_format"),
    "a voice in ogg": (file("voice", ".ogg"), "file_format"),
    "a voice in mp3": (file("voice", ".mp3"), "file_format"),
    "a voice in webm": (file("voice", content_type="audio/webm"), "file_format"),
    "a text file": (file("file", ".txt"), "file_format"),
    "a file of no kind": (file("sticker", ".png"), "file_format"),
    "a picture above 8 MB": (file("image", ".png", size_bytes=8 * MEGABYTE + 1), "file_too_large"),
    "a voice above 25 MB": (file("voice", ".m4a", size_bytes=25 * MEGABYTE + 1), "file_too_large"),
    "11 cards": (cards(11), "cards_too_many"),
    "a card without a title": (cards(title=""), "card_wrong"),
    "a card with nothing but a title": (cards(subtitle=""), "card_wrong"),
    "a title of 81 characters": (cards(title="ا" * 81), "card_wrong"),
    "4 buttons": (buttons(4), "card_buttons_wrong"),
    "a button that does nothing": (buttons(1, url=None), "card_buttons_wrong"),
    "a button that does two things": (buttons(1, payload="buy"), "card_buttons_wrong"),
    "a reaction on nothing": (of(reaction=OutboundReaction("", "❤")), "reaction_wrong"),
}


@pytest.mark.parametrize("what", TAKEN)
def test_it_is_taken(what):
    assert check(TAKEN[what]) is None


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_with_its_reason(what):
    outbound, reason = REFUSED[what]

    problem = check(outbound)

    assert problem.reason == reason
    assert problem.expected.startswith("Expected ")


def test_every_call_counts_and_films_and_private_replies_count_twice():
    assert limits(of(text="x")) == limits(file("image")) == (MESSAGES,)
    assert limits(file("voice")) == limits(file("video")) == (MESSAGES, MEDIA)
    assert limits(of(text="x", comment_id="1")) == (MESSAGES, PRIVATE_REPLIES)
    assert (CONVERSATIONS.calls, CONVERSATIONS.seconds) == (2, 1)
