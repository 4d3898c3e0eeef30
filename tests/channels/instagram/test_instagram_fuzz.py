"""Bodies nobody thought of: the parser never raises, and what it returns can be stored."""

import json
from dataclasses import fields, is_dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from instagram_events import ACCOUNT, CUSTOMER, NOON, body
from longer import examples

from pilito.channels.base import Item
from pilito.channels.instagram.inbound import parse

WIDTHS = {"kind": 64, "provider_type": 64, "external_id": 512, "account_id": 128, "customer_id": 128, "media_id": 128}

KEYS = st.sampled_from(
    [
        "object",
        "entry",
        "id",
        "time",
        "messaging",
        "standby",
        "changes",
        "field",
        "value",
        "sender",
        "recipient",
        "timestamp",
        "message",
        "mid",
        "text",
        "attachments",
        "type",
        "payload",
        "url",
        "title",
        "caption",
        "ig_post_media_id",
        "reel_video_id",
        "is_echo",
        "is_deleted",
        "is_self",
        "is_unsupported",
        "reply_to",
        "story",
        "quick_reply",
        "postback",
        "reaction",
        "referral",
        "product",
        "generic",
        "elements",
        "\x00",
        "�",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "instagram", "page", "messages", "comments", "image", "share", "ig_post", "fallback", "template", ACCOUNT,
            CUSTOMER, "https://instagram.com/p/abc", "http://[", "\x00", "\ud800", "2026-11-22T12:00:00Z", "true",
        ]
    ),
)  # fmt: skip
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=40,
)
PARTS = st.dictionaries(KEYS, JSON, max_size=6)
ITEMS = st.fixed_dictionaries(
    {"sender": st.just({"id": CUSTOMER})},
    optional={
        "recipient": JSON,
        "timestamp": LEAVES,
        "message": st.fixed_dictionaries(
            {},
            optional={
                "mid": LEAVES,
                "text": TEXTS,
                "attachments": st.lists(st.fixed_dictionaries({"type": TEXTS, "payload": PARTS}), max_size=4),
                "reply_to": PARTS,
                "quick_reply": PARTS,
                "is_echo": LEAVES,
            },
        ),
        "postback": PARTS,
        "reaction": JSON,
    },
)


def strings_in(value, name=""):
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, tuple):
        for one in value:
            yield from strings_in(one, name)
    elif is_dataclass(value):
        for one in fields(value):
            yield from strings_in(getattr(value, one.name), one.name)


def check(items):
    assert items
    for item in items:
        assert isinstance(item, Item)
        for name, string in strings_in(item):
            assert "\x00" not in string
            string.encode()  # no lone surrogate
            assert len(string) <= WIDTHS.get(name, len(string))
            assert name not in ("url", "permalink") or string.startswith(("http://", "https://", "HTTP"))


@given(JSON)
@settings(max_examples=examples(100))
def test_any_json_is_read(root):
    check(parse(json.dumps(root).encode(), NOON))


@given(st.lists(ITEMS, max_size=3))
@settings(max_examples=examples(50))
def test_any_message_is_read_and_the_same_way_again(items):
    raw = body({"id": ACCOUNT, "messaging": items})

    read = parse(raw, NOON)

    check(read)
    assert parse(raw, NOON) == read


@given(st.binary(max_size=200))
@settings(max_examples=examples(200))
def test_any_bytes_are_read(raw):
    check(parse(raw, NOON))
