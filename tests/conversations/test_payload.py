"""A reply with more than words: its parts, their order, and what is kept of them."""

import json

import pytest

from pilito.channels.base import Button, Card, Outbound, OutboundFile, OutboundReaction, QuickReply
from pilito.conversations.payload import (
    NOTHING,
    Extras,
    outbound_of,
    own_address,
    own_id,
    own_ids,
    parts_of,
    payload_of,
    readdressed,
    shown_files,
)

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


def test_all_at_once_leaves_in_one_order():
    heart = OutboundReaction("mid.1", "❤")

    parts = parts_of(["یک"], Extras(file=FILE, cards=(CARD,), is_like=True, reaction=heart))

    assert parts == [
        Outbound("", file=FILE),
        Outbound("", cards=(CARD,)),
        Outbound("", is_like=True),
        Outbound("", reaction=heart),
        Outbound("", "یک"),
    ]


def test_words_alone_are_words_alone():
    assert parts_of(["یک"], NOTHING) == [Outbound("", "یک")]
    assert parts_of([], NOTHING) == []


def test_the_panel_is_shown_the_file_and_the_pictures_of_the_cards():
    assert [(file.kind, file.url, file.title) for file in shown_files(Extras(file=FILE, cards=(CARD,)))] == [
        ("image", FILE.url, None),
        ("product", CARD.image_url, "پیراهن"),
    ]


@pytest.mark.parametrize(
    ("url", "media_id"),
    [
        ("media:17", 17),
        (own_address(5), 5),
        ("17", None),
        ("media:x", None),
        ("media:", None),
        (f"media:{'1' * 19}", None),
        ("https://shop.example/17", None),
        ("", None),
        (None, None),
    ],
)
def test_only_an_address_of_our_own_store_means_a_file_of_it(url, media_id):
    assert own_id(url) == media_id


def test_our_own_files_get_their_real_address_when_they_are_sent_and_others_keep_theirs():
    own = OutboundFile("image", "media:17")
    cards = (CARD, Card("کیف", image_url="media:18"), Card("کفش"))
    part = readdressed(Outbound("1", file=own, cards=cards), lambda media_id: f"https://shop.example/{media_id}")

    assert part.file == OutboundFile("image", "https://shop.example/17")
    assert [card.image_url for card in part.cards] == [CARD.image_url, "https://shop.example/18", None]
    assert own_ids(Extras(file=own, cards=cards)) == [17, 18]
    assert own_ids(Extras(file=FILE)) == own_ids(NOTHING) == []


def test_with_nothing_to_say_what_is_carried_stands_under_an_empty_text():
    assert parts_of([], Extras(quick_replies=(YES,))) == [Outbound("", quick_replies=(YES,))]


@pytest.mark.parametrize(
    ("extras", "has_content"),
    [
        (NOTHING, False),
        (Extras(quick_replies=(YES,), reply_to_external_id="mid.1"), False),
        (Extras(file=FILE), True),
        (Extras(cards=(CARD,)), True),
        (Extras(is_like=True), True),
        (Extras(reaction=OutboundReaction("mid.1")), True),
    ],
)
def test_a_file_a_card_a_heart_and_a_reaction_need_no_words(extras, has_content):
    assert extras.has_content is has_content
