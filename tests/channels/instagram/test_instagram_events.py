"""What happens around messages: each event becomes one item, or says on the ledger why not."""

import json
from datetime import timedelta

import pytest
from instagram_events import (
    ACCOUNT,
    CDN,
    CUSTOMER,
    NOON,
    NOON_MS,
    attachment,
    body,
    entry,
    event,
    message,
    parse_message,
    parse_one,
)

from pilito.channels.base import NOTICES, Echo, Edit, Ignored, Inbound, Notice, Opened, Reaction, Referral, Seen, Unsend
from pilito.channels.instagram import events
from pilito.channels.instagram.inbound import MESSAGING_FIELDS, parse
from pilito.channels.instagram.redact import redact

AD = {
    "ref": "promo",
    "ad_id": 120212345678901234,
    "source": "ADS",
    "type": "OPEN_THREAD",
    "ads_context_data": {"ad_title": "حراج", "photo_url": CDN, "post_id": "5", "product_id": 6},
}
READ_AD = Referral("ADS", "promo", "120212345678901234", "حراج", CDN, "5", "6")


def change(field, value):
    [item] = parse(body({"id": ACCOUNT, "changes": [{"field": field, "value": value}]}), NOON)
    return item


def in_standby(item):
    [found] = parse(body({"id": ACCOUNT, "standby": [item]}), NOON)
    return found


# --- reactions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("escaped", "emoji"),
    [
        (r"\u{D7FF}", "\ud7ff"),
        (r"\u{D800}", "💬"),
        (r"\u{DFFF}", "💬"),
        (r"\u{E000}", "\ue000"),
        (r"\u{10FFFF}", "\U0010ffff"),
        (r"\u{110000}", "💬"),
    ],
)
def test_an_escaped_sign_is_read_where_it_is_one(escaped, emoji):
    item = parse_one(event(reaction={"mid": "m", "emoji": escaped}))

    assert (item.emoji, item.name) == (emoji, None)


def test_a_reaction_names_its_message_and_emoji():
    item = parse_one(event(reaction={"mid": "m", "action": "react", "reaction": "love", "emoji": "❤️"}))

    assert item == Reaction(ACCOUNT, CUSTOMER, "m", NOON, emoji="❤️", name="love")


def test_a_reaction_taken_off_has_no_emoji_of_its_own():
    assert parse_one(event(reaction={"mid": "m", "action": "unreact"})).is_removed is True


def test_a_reaction_of_the_account_is_the_shops():
    own = event(sender={"id": ACCOUNT}, recipient={"id": CUSTOMER}, reaction={"mid": "m", "action": "react"})

    item = parse_one(own)

    assert (item.by_shop, item.customer_id) == (True, CUSTOMER)


@pytest.mark.parametrize(
    ("said", "emoji"),
    [
        ({"reaction": "love"}, "❤️"),
        ({"reaction": "angry"}, "😠"),
        ({"reaction": "sad"}, "😢"),
        ({"reaction": "wow"}, "😮"),
        ({"reaction": "like"}, "👍"),
        ({"reaction": "laugh"}, "😂"),
        ({"reaction": "haha"}, "😂"),
        ({"reaction": "other"}, "💬"),
        ({"emoji": ""}, "💬"),
        ({"emoji": 5}, "5"),
        ({"emoji": " 🌸\n"}, "🌸"),
        ({"emoji": "x" * 32, "reaction": "sad"}, "x" * 32),
        ({"emoji": "x" * 33, "reaction": "sad"}, "😢"),
        ({"emoji": "\\u{2764}\\u{FE0F}"}, "❤️"),
        ({"emoji": "\\u{D800}\\u{110000}"}, "💬"),
        ({"emoji": "👨‍👩‍👧‍👦"}, "👨‍👩‍👧‍👦"),
    ],
)
def test_an_emoji_is_found_or_stood_in_for(said, emoji):
    assert parse_one(event(reaction={"mid": "m", **said})).emoji == emoji


@pytest.mark.parametrize("said", [{}, {"mid": ""}, {"emoji": "❤️"}, "love", []])
def test_a_reaction_that_names_no_message_is_ignored(said):
    assert type(parse_one(event(reaction=said))) is Ignored


def test_a_reaction_without_a_sender_is_ignored():
    assert parse_one(event(sender=None, reaction={"mid": "m"})).kind == "reaction"


# --- edits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "read"), [(1, 1), ("37", 37), (None, None), ("x", None), (True, None), (10**20, None)]
)
def test_an_edit_names_its_message_text_and_number(number, read):
    item = parse_one(event(message_edit={"mid": "m", "text": "  دو ", "num_edit": number}))

    assert item == Edit(ACCOUNT, "m", NOON, "  دو ", read, "  دو ", CUSTOMER)


def test_an_edit_for_an_account_that_nobody_names_is_ignored():
    [item] = parse(body(entry(event(message_edit={"mid": "m", "text": "دو"}), id=None)), NOON)

    assert (type(item), item.kind) == (Ignored, "edit")


def test_an_edit_needs_no_sender():
    nameless = event(sender=None, recipient=None, message_edit={"mid": "m", "text": "دو", "num_edit": 1})

    item = parse_one(nameless)

    assert (type(item), item.customer_id) == (Edit, "")


@pytest.mark.parametrize(
    "said",
    [
        {"mid": "m", "num_edit": 0},
        {"mid": "m", "text": "x", "num_edit": 0},
        {"mid": "m", "text": "\n"},
        {"text": "x"},
        "x",
    ],
)
def test_an_edit_without_a_new_text_is_ignored(said):
    item = parse_one(event(message_edit=said))

    assert (type(item), item.kind) == (Ignored, "edit")


def test_an_edit_with_a_posts_address_tells_what_it_asks_besides():
    item = parse_one(event(message_edit={"mid": "m", "text": "چنده؟ https://www.instagram.com/p/DPiLiTo0107/"}))

    assert item.question == "چنده؟"


# --- seen -------------------------------------------------------------------------------------------------------------


def test_seen_names_the_message():
    assert parse_one(event(read={"mid": "m"})) == Seen(ACCOUNT, CUSTOMER, NOON, "m")


def test_seen_may_be_a_time():
    item = parse_one(event(read={"watermark": int(NOON.timestamp() * 1000) - 5000}))

    assert (item.external_id, (NOON - item.at).total_seconds()) == (None, 5)


def test_seen_by_the_shop_itself_is_ignored():
    item = parse_one(event(sender={"id": ACCOUNT}, recipient={"id": CUSTOMER}, read={"mid": "m"}))

    assert (type(item), item.kind) == (Ignored, "seen")


# --- referrals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "item",
    [
        message(text="سلام", referral=AD),
        event(message={"mid": "m", "text": "سلام"}, referral=AD),
        event(postback={"title": "شروع", "referral": AD}),
        event(postback={"title": "شروع"}, referral=AD),
    ],
    ids=["in the message", "beside it", "in the button", "beside the button"],
)
def test_a_referral_belongs_to_what_was_sent_with_it(item):
    found = parse_one(item)

    assert (type(found), found.referral) == (Inbound, READ_AD)


def test_a_product_of_the_shop_is_a_referral_too():
    assert parse_message(text="سلام", referral={"product": {"id": "9"}}).referral == Referral(product_id="9")


@pytest.mark.parametrize("value", [None, [], "x", {}, {"ads_context_data": []}, {"ad_id": None, "ref": " "}])
def test_a_referral_that_says_nothing_is_none(value):
    assert parse_message(text="سلام", referral=value).referral is None


def test_the_picture_of_a_referral_is_an_address_or_nothing():
    ad = {"ads_context_data": {"ad_title": "x", "photo_url": "javascript:alert(1)", "video_url": CDN}}

    assert parse_message(text="سلام", referral=ad).referral.picture_url == CDN


def test_a_link_into_the_conversation_is_an_opening():
    item = parse_one(event(referral={"ref": "bio", "source": "SHORTLINK", "type": "OPEN_THREAD"}))

    assert item == Opened(ACCOUNT, CUSTOMER, NOON, Referral(source="SHORTLINK", ref="bio"))


@pytest.mark.parametrize("said", [{"read": {"mid": "m"}}, {"referral": {"ref": "bio"}}])
def test_what_nobody_is_named_for_is_ignored_and_not_called_unreadable(said):
    assert type(parse_one(event(sender=None, **said))) is Ignored


@pytest.mark.parametrize("said", [{"read": {"mid": "m"}}, {"referral": {"ref": "bio"}}])
def test_what_the_shop_itself_sees_or_opens_is_of_no_customer(said):
    assert type(parse_one(event(sender={"id": ACCOUNT}, recipient={"id": CUSTOMER}, **said))) is Ignored


# --- notices ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", events.NOTICES)
def test_a_notice_names_what_happened(key):
    item = parse_one(event(**{key: {"metadata": " to a person " + "x" * 300, "new_owner_app_id": 1}}))

    assert (type(item), item.kind, item.customer_id) == (Notice, key, CUSTOMER)
    assert item.what in NOTICES
    assert item.detail.startswith("to a person")
    assert len(item.detail) <= 200


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("pass_thread_control", "thread_passed"),
        ("take_thread_control", "thread_taken"),
        ("request_thread_control", "thread_requested"),
        ("optin", "opted_in"),
        ("account_linking", "linked"),
    ],
)
def test_metas_own_words_for_a_notice_are_known(key, what):
    assert parse_one(event(**{key: {"metadata": "x"}})).what == what


@pytest.mark.parametrize("key", events.NOTICES)
def test_a_notice_of_the_shop_itself_is_ignored_and_one_without_words_is_one(key):
    own = event(sender={"id": ACCOUNT}, recipient={"id": CUSTOMER}, **{key: {"metadata": "x"}})

    assert (type(parse_one(own)), parse_one(own).kind) == (Ignored, key)
    assert parse_one(event(**{key: {"new_owner_app_id": 1}})).detail == ""


@pytest.mark.parametrize("key", events.NOTICES)
@pytest.mark.parametrize("said", [{}, "x", [], 5])
def test_a_notice_without_a_customer_is_ignored_under_its_name(key, said):
    item = parse_one(event(sender=None, **{key: said}))

    assert (type(item), item.kind) == (Ignored, key)


# --- messages ---------------------------------------------------------------------------------------------------------


def test_a_message_in_standby_says_so():
    assert in_standby(message(text="سلام")).origin == "standby"
    assert parse_message(text="سلام").origin is None


def test_an_echo_in_standby_says_so():
    item = in_standby(event(sender={"id": ACCOUNT}, recipient={"id": CUSTOMER}, message={"mid": "m", "is_echo": True}))

    assert (type(item), item.origin) == (Echo, "standby")


def test_a_button_in_standby_may_say_nothing():
    item = in_standby(event(postback={}))

    assert (item.text, item.payload, item.origin) == ("", None, "standby")


def test_an_unsend_in_standby_is_an_unsend():
    assert type(in_standby(message(is_deleted=True))) is Unsend


@pytest.mark.parametrize(
    "said",
    [{"reaction": {"mid": "m", "reaction": "love"}}, {"message_edit": {"mid": "m", "text": "x"}}],
    ids=lambda said: next(iter(said)),
)
def test_what_happens_around_a_message_has_a_time_of_its_own(said):
    assert parse_one(event(timestamp=NOON_MS - 5000, **said)).at == NOON - timedelta(seconds=5)


@pytest.mark.parametrize("sender", [ACCOUNT, "17840000000000099"])  # an account has several ids
@pytest.mark.parametrize("flags", [{"is_echo": True}, {"is_self": True}, {"is_echo": True, "is_self": True}])
def test_a_message_of_the_account_to_itself_is_an_echo(sender, flags):
    said = {"mid": "m", "text": "x", **flags}
    item = parse_one(event(sender={"id": sender}, recipient={"id": CUSTOMER}, message=said))

    assert (type(item), item.customer_id) == (Echo, CUSTOMER)


def test_a_quick_reply_keeps_its_payload():
    item = parse_message(text="بله", quick_reply={"payload": '{"a":1}'})

    assert (item.text, item.payload, item.provider_type) == ("بله", '{"a":1}', "quick_reply")


def test_an_ice_breaker_of_the_app_itself_is_known_by_its_payload():
    item = parse_message(text="ارسال دارید؟", quick_reply={"payload": "3:IB_FIRST_PARTY:1:2"})

    assert (item.provider_type, item.text) == ("ice_breaker", "ارسال دارید؟")


def test_the_story_that_is_answered_can_be_asked_for():
    item = parse_message(text="چنده؟", reply_to={"story": {"id": "77", "url": CDN}})

    assert (item.story.media_id, item.story.url) == ("77", CDN)
    assert parse_message(attachments=[attachment("story", story_media_id=1)]).story is None


def test_the_second_line_of_a_card_stays_with_its_title():
    card = {"id": "1", "title": "پیراهن", "subtitle": "$40"}

    assert (
        parse_message(attachments=[attachment("template", product={"elements": [card]})]).files[0].title
        == "پیراهن · $40"
    )


def test_a_template_without_cards_is_shared_content():
    item = parse_message(attachments=[attachment("template", generic={"elements": []})])

    assert (item.message_type, item.provider_type) == ("other", "template")


# --- the form of a change ---------------------------------------------------------------------------------------------

SAID = {
    "message": {"mid": "m", "text": "سلام"},
    "postback": {"title": "شروع"},
    "reaction": {"mid": "m", "action": "react"},
    "message_edit": {"mid": "m", "text": "دو"},
    "read": {"mid": "m"},
    "referral": {"ref": "bio"},
    "optin": {"type": "x"},
    "handover": None,
    "policy-enforcement": {"action": "warning"},
    "delivery": {"mids": []},
    "account_linking": {"status": "linked"},
}


@pytest.mark.parametrize("field", MESSAGING_FIELDS)
def test_a_change_is_read_like_the_event_it_holds(field):
    key = MESSAGING_FIELDS[field]
    said = {key: SAID[key]} if SAID[key] else {"take_thread_control": {"metadata": "x"}}
    value = event(**said)

    assert change(field, value) == (in_standby(value) if field == "standby" else parse_one(value))


@pytest.mark.parametrize(
    "field", [field for field, key in MESSAGING_FIELDS.items() if key not in ("message", "handover", "delivery")]
)
def test_a_change_may_hold_the_bare_event(field):
    key = MESSAGING_FIELDS[field]

    assert change(field, {**event(), **SAID[key]}).kind == parse_one(event(**{key: SAID[key]})).kind


TEXT = {"mid": "m", "text": "سلام"}
REACTION = {"mid": "m", "reaction": "love"}


@pytest.mark.parametrize(
    ("field", "bare", "kind", "read"),
    [
        ("messages", TEXT, Inbound, "message"),
        ("message_echoes", {**TEXT, "is_echo": True}, Echo, "echo"),
        ("messaging_postbacks", {"title": "شروع"}, Inbound, "message"),
        ("message_reactions", REACTION, Reaction, "reaction"),
        ("messaging_reactions", REACTION, Reaction, "reaction"),
        ("message_edit", TEXT, Edit, "edit"),
        ("message_edits", TEXT, Edit, "edit"),
        ("messaging_edit", TEXT, Edit, "edit"),
        ("messaging_seen", {"mid": "m"}, Seen, "seen"),
        ("message_reads", {"mid": "m"}, Seen, "seen"),
        ("message_deliveries", {"mids": ["m"]}, Ignored, "delivery"),
        ("messaging_referral", {"ref": "bio"}, Opened, "referral"),
        ("messaging_referrals", {"ref": "bio"}, Opened, "referral"),
        ("messaging_optins", {"type": "x"}, Notice, "optin"),
        ("messaging_handover", {"action": "x"}, Ignored, "action"),
        ("messaging_handovers", {"action": "x"}, Ignored, "action"),
        ("messaging_policy_enforcement", {"action": "warning"}, Ignored, "policy-enforcement"),
        ("messaging_account_linking", {"status": "linked"}, Notice, "account_linking"),
        ("standby", TEXT, Inbound, "message"),
    ],
)
def test_each_field_of_changes_is_read_by_metas_own_name(field, bare, kind, read):
    item = change(field, {**event(), **bare})

    assert (type(item), item.kind) == (kind, read)


@pytest.mark.parametrize(
    ("field", "bare"),
    [("messages", TEXT), ("messaging_postbacks", {"title": "شروع"}), ("messaging_postbacks", {"payload": "x"})],
)
def test_a_bare_message_that_came_through_a_link_is_a_message(field, bare):
    item = change(field, {**event(), **bare, "referral": {"ref": "bio"}})

    assert (type(item), item.referral.ref) == (Inbound, "bio")


@pytest.mark.parametrize("field", MESSAGING_FIELDS)
@pytest.mark.parametrize("value", [{}, None, "x", [], 5])
def test_a_change_of_nothing_harms_nobody(field, value):
    assert change(field, value).kind in (field, "unreadable")


# --- tests of the dashboard -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["messaging", "changes"])
def test_a_test_of_the_dashboard_is_no_message(place):
    said = {
        "sender": {"id": "12334"},
        "recipient": {"id": "23245"},
        "timestamp": "1527459824",
        "message": {"mid": "random_mid", "text": "random_text"},
    }
    item = said if place == "messaging" else {"field": "messages", "value": said}

    [found] = parse(json.dumps({"entry": [{"id": "0", "time": 1, place: [item]}]}).encode(), NOON)

    assert (type(found), found.kind) == (Ignored, "dashboard_test")


def test_a_time_in_seconds_as_a_string_is_a_time():
    item = parse_one({**message(text="سلام"), "timestamp": str(int(NOON.timestamp()))})

    assert item.sent_at == NOON


# --- taking a message out ---------------------------------------------------------------------------------------------


def test_a_message_is_taken_out_of_a_body_and_nothing_else():
    other = message(mid="other", text="دو", reply_to={"mid": "mid-1"})
    raw = body(entry(message(text="راز", attachments=[attachment("image", url=CDN)]), other))

    cut = redact(raw, "mid-1")

    assert "راز" not in json.dumps(json.loads(cut), ensure_ascii=False)
    assert json.loads(cut)["entry"][0]["messaging"] == [message(), other]
    assert [item.external_id for item in parse(cut, NOON)] == ["mid-1", "other"]


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 5000, b"5", body(entry(message(text="x")))])
def test_a_body_that_says_nothing_of_it_stays_as_it_is(raw):
    assert redact(raw, "another") is raw
