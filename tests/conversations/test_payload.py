"""A reply with more than words: its parts, their order, and what is kept of them."""

import json

import pytest

from pilito.channels.base import Button, Card, Outbound, OutboundFile, OutboundReaction, QuickReply
from pilito.conversations.payload import NOTHING, Extras, outbound_of, parts_of, payload_of, shown_files

FILE = OutboundFile("image", "https://shop.example/a.jpg")
CARD = Card("پیراهن", "نخی", "https://shop.example/a.jpg", None, (Button("خرید", payload="buy"),))
YES = QuickReply("بله", "yes")

PARTS = [
    Outbound("1", "سلام"),
    Outbound("1", "سلام", "HUMAN_AGENT", quick_replies=(YES, QuickReply(kind="phone"))),
    Outbound("1", "سلام", reply_to_external_id="mid.1"),
    Outbound("1", file=FILE),
    Outbound("1", cards=(CARD, Card("کیف", "چرم"))),
    Outbound("1", is_like=True),
    Outbound("1", reaction=OutboundReaction("mid.1", "❤")),
    Outbound("1", reaction=OutboundReaction("mid.1")),
]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.kind)
def test_what_is_kept_as_json_comes_back_whole(part):
    payload = payload_of(part)

    stored = json.loads(json.dumps(payload))

    assert outbound_of("1", part.text, part.tag, stored) == part


def test_a_plain_text_keeps_nothing_more():
    assert payload_of(Outbound("1", "سلام", "HUMAN_AGENT")) is None


def test_the_file_goes_first_and_the_quick_replies_stand_under_the_last_text():
    parts = parts_of(["یک", "دو"], Extras(file=FILE, quick_replies=(YES,), reply_to_external_id="mid.1"))

    assert parts == [
        Outbound("", file=FILE, reply_to_external_id="mid.1"),
        Outbound("", "یک"),
        Outbound("", "دو", quick_replies=(YES,)),
    ]


def test_words_alone_are_words_alone():
    assert parts_of(["یک"], NOTHING) == [Outbound("", "یک")]
    assert parts_of([], NOTHING) == []


def test_the_panel_is_shown_the_file_and_the_pictures_of_the_cards():
    assert [(file.kind, file.url, file.title) for file in shown_files(Extras(file=FILE, cards=(CARD,)))] == [
        ("image", FILE.url, None),
        ("product", CARD.image_url, "پیراهن"),
    ]
