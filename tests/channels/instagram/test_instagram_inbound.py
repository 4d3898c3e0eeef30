import json
from datetime import timedelta

import pytest
from instagram_events import (
    ACCOUNT,
    CDN,
    CUSTOMER,
    NOON,
    NOON_MS,
    PERMALINK,
    attachment,
    body,
    entry,
    event,
    message,
    parse_items,
    parse_message,
    parse_one,
)

from pilito.channels.base import Echo, File, Ignored, Inbound, Reaction, Unreadable, Unsend
from pilito.channels.instagram import Instagram, inbound
from pilito.channels.instagram.inbound import parse
from pilito.lifecycle import MediaKind, MessageType


def kinds(items):
    return [(type(item), item.kind) for item in items]


# --- messages ---------------------------------------------------------------------------------------------------------


def test_a_text_is_kept_as_it_was_typed():
    item = parse_message(text="  سلام،\nاین لباس چنده؟ 🌸 ")

    assert item == Inbound(
        account_id=ACCOUNT,
        customer_id=CUSTOMER,
        external_id="mid-1",
        sent_at=NOON,
        message_type=MessageType.TEXT,
        provider_type="text",
        text="  سلام،\nاین لباس چنده؟ 🌸 ",
    )


@pytest.mark.parametrize(
    ("provider_type", "message_type"),
    [
        ("image", MessageType.IMAGE),
        ("video", MessageType.VIDEO),
        ("audio", MessageType.VOICE),
        ("file", MessageType.FILE),
        ("share", MessageType.SHARE),
        ("ig_post", MessageType.SHARE),
        ("ig_reel", MessageType.SHARE),
        ("reel", MessageType.SHARE),
        ("post", MessageType.SHARE),
        ("story_mention", MessageType.STORY_MENTION),
        ("story", MessageType.STORY),
        ("ig_story", MessageType.STORY),
        ("template", MessageType.PRODUCT),
        ("product", MessageType.PRODUCT),
        ("like_heart", MessageType.LIKE),
        ("ephemeral", MessageType.UNSUPPORTED),
        ("unsupported_type", MessageType.UNSUPPORTED),
        ("hologram", MessageType.OTHER),
    ],
)
def test_an_attachment_tells_what_the_message_is(provider_type, message_type):
    item = parse_message(attachments=[attachment(provider_type, url=CDN)])

    assert (item.message_type, item.provider_type) == (message_type, provider_type)
    assert [file.url for file in item.files] == [CDN]


@pytest.mark.parametrize("written", ["IMAGE", " Image\n"])
def test_metas_word_is_known_however_it_is_written(written):
    assert parse_message(attachments=[attachment(written, url=CDN)]).message_type is MessageType.IMAGE


@pytest.mark.parametrize(
    "payload",
    [None, "a string", [], {}]
    + [{"url": url} for url in (None, 5, "javascript:alert(1)", "/p", "https://", "https://[", "https://x.example/a b")]
    + [{"url": f"https://x.example/{character}"} for character in ("\u3000y", "\x7f", "\x01", "\ty")],
)
def test_an_attachment_without_a_usable_address_is_still_kept(payload):
    item = parse_message(attachments=[{"type": "image", "payload": payload}])

    assert item.message_type is MessageType.IMAGE
    assert item.files == (File("image"),)


@pytest.mark.parametrize("nothing", [None, 5, "image", []])
def test_an_attachment_that_is_no_object_is_kept_as_unknown(nothing):
    item = parse_message(attachments=[nothing])

    assert (item.message_type, item.files) == (MessageType.OTHER, (File("unknown"),))


def test_a_picture_keeps_the_words_typed_with_it():
    item = parse_message(text="این رو دارین؟", attachments=[attachment("image", url=CDN)])

    assert (item.message_type, item.text) == (MessageType.IMAGE, "این رو دارین؟")
    assert item.question == ""


def test_among_several_attachments_the_first_names_the_message():
    item = parse_message(attachments=[attachment("video", url="https://cdn.example/v"), attachment("image", url=CDN)])

    assert item.message_type is MessageType.VIDEO
    assert item.files == (File("video", "https://cdn.example/v"), File("image", CDN))


def test_among_several_attachments_a_share_names_the_message():
    item = parse_message(attachments=[attachment("image", url=CDN), attachment("ig_post", title="کپشن")])

    assert (item.message_type, item.share.caption) == (MessageType.SHARE, "کپشن")
    assert [file.kind for file in item.files] == ["image", "ig_post"]


def test_one_address_is_one_file():
    item = parse_message(attachments=[attachment("image", url=CDN), attachment("image", url=CDN)])

    assert item.files == (File("image", CDN),)


def test_two_attachments_without_an_address_are_two_files():
    item = parse_message(attachments=[{"type": "image"}, {"type": "image"}])

    assert len(item.files) == 2


def test_a_voice_note_is_a_file_of_the_kind_voice():
    item = parse_message(attachments=[attachment("audio", url=CDN)])

    assert item.files == (File("voice", CDN),)


def test_a_shared_story_is_found_under_its_own_keys():
    item = parse_message(attachments=[attachment("ig_story", story_media_id=179, story_media_url=CDN)])

    assert item.files == (File("ig_story", CDN, media_id="179"),)


def test_every_product_of_a_template_is_a_file():
    cards = [{"id": "p1", "title": "پیراهن نیلوفر", "image_url": CDN}, {"id": 2, "title": "مانتو باران"}]

    item = parse_message(attachments=[attachment("template", product={"elements": cards})])

    assert item.message_type is MessageType.PRODUCT
    assert item.files == (
        File("template", CDN, "پیراهن نیلوفر", "p1"),
        File("template", None, "مانتو باران", "2"),
    )


def test_the_cards_of_a_generic_template_are_files_and_what_is_no_card_is_none():
    item = parse_message(attachments=[attachment("template", generic={"elements": [{"title": "پیراهن"}, "x", None]})])

    assert (item.message_type, item.files) == (MessageType.PRODUCT, (File("template", None, "پیراهن"),))


@pytest.mark.parametrize("key", ["ig_post_media_id", "reel_video_id", "video_id", "story_media_id", "media_id", "id"])
def test_the_id_of_what_was_shared_is_found_under_each_of_metas_names(key):
    assert parse_message(attachments=[attachment("ig_post", url=CDN, **{key: "17"})]).share.media_id == "17"


@pytest.mark.parametrize(
    ("kind", "copy"),
    [
        ("image", MediaKind.IMAGE),
        ("video", MediaKind.VIDEO),
        ("voice", MediaKind.VOICE),
        ("file", MediaKind.FILE),
        ("story", MediaKind.PREVIEW),
        ("ig_story", MediaKind.PREVIEW),
        ("story_mention", MediaKind.PREVIEW),
        ("template", MediaKind.IMAGE),
        ("product", MediaKind.IMAGE),
        ("share", MediaKind.PREVIEW),
        ("ig_post", MediaKind.PREVIEW),
    ],
)
def test_of_each_kind_of_file_our_copy_is_one_that_the_panel_can_show(kind, copy):
    assert Instagram.media_kinds[kind] is copy


def test_files_are_fetched_from_metas_hosts_alone_and_a_mention_is_never_kept():
    assert Instagram.media_hosts == ("fbsbx.com", "fbcdn.net", "cdninstagram.com")
    assert Instagram.never_kept == ("story_mention",)


def test_a_story_reply_is_a_text_that_keeps_the_story():
    item = parse_message(text="چه خوشگله", reply_to={"story": {"id": "77", "url": CDN}})

    assert (item.message_type, item.provider_type, item.text) == (MessageType.TEXT, "story_reply", "چه خوشگله")
    assert item.files == (File("story", CDN, media_id="77"),)


def test_an_inline_reply_names_the_message_it_answers():
    item = parse_message(text="بله", reply_to={"mid": "mid-0"})

    assert (item.reply_to_external_id, item.files) == ("mid-0", ())


def test_a_quick_reply_is_the_text_of_its_button():
    item = parse_message(text="ارسال به تهران", quick_reply={"payload": "SHIPPING_THR"})

    assert (item.message_type, item.provider_type, item.text) == (MessageType.TEXT, "quick_reply", "ارسال به تهران")


def test_a_quick_reply_without_text_is_its_payload():
    assert parse_message(quick_reply={"payload": "SHIPPING_THR"}).text == "SHIPPING_THR"


def test_a_message_that_the_provider_cannot_show_is_unsupported():
    for said in (True, "true"):
        item = parse_message(is_unsupported=said)

        assert (item.message_type, item.provider_type) == (MessageType.UNSUPPORTED, "is_unsupported")


def test_a_message_without_a_time_came_when_its_entry_was_written():
    raw = body(entry(event(timestamp=None, message={"mid": "m", "text": "سلام"}), time=NOON_MS - 5000))

    assert [item.sent_at for item in parse(raw, NOON)] == [NOON - timedelta(seconds=5)]


def test_what_is_no_message_says_what_was_expected():
    assert parse_one(event(message="x")).reason == "message: expected an object, but str came."


def test_a_button_was_pressed_at_a_time_of_its_own():
    item = parse_one(event(timestamp=NOON_MS - 5000, postback={"title": "شروع", "payload": "begin"}))

    assert (item.sent_at, item.payload) == (NOON - timedelta(seconds=5), "begin")
    assert item.provider_type == "postback"


def test_an_entry_of_nothing_says_so():
    assert [item.reason for item in parse(body(None), NOON)] == ["An entry: expected an object, but nothing came."]


def test_of_two_links_the_one_with_an_address_is_the_text():
    links = [attachment("fallback"), attachment("fallback", url="https://shop.example/dress")]

    assert parse_message(attachments=links).text == "https://shop.example/dress"


def test_an_address_without_encryption_is_an_address():
    file = attachment("image", url="http://shop.example/a.jpg")

    assert parse_message(attachments=[file]).files[0].url == "http://shop.example/a.jpg"


def test_blank_words_beside_a_link_are_none():
    link = attachment("fallback", url="https://shop.example/dress")

    assert parse_message(text=" ", attachments=[link]).text == "https://shop.example/dress"


def test_blank_words_are_kept_as_they_were_typed():
    item = parse_message(text=" \n ")

    assert (item.message_type, item.text) == (MessageType.OTHER, " \n ")


def test_a_link_by_its_other_name_is_a_link():
    item = parse_message(attachments=[attachment("link", url=" https://shop.example/dress\n")])

    assert (item.message_type, item.text) == (MessageType.TEXT, "https://shop.example/dress")


def test_the_id_of_what_was_shared_is_kept_as_far_as_its_column_goes():
    assert parse_message(attachments=[attachment("image", id="1" * 128)]).files[0].media_id == "1" * 128
    assert parse_message(attachments=[attachment("image", id="1" * 129)]).files[0].media_id is None


def test_an_echo_keeps_its_picture():
    assert parse_message(is_echo=True, attachments=[attachment("image", url=CDN)]).files == (File("image", CDN),)


def test_an_echo_that_did_not_swap_the_two_is_to_the_customer():
    item = parse_message(text="بله", is_echo=True)

    assert (type(item), item.account_id, item.customer_id) == (Echo, ACCOUNT, CUSTOMER)


def test_an_echo_to_nobody_is_unreadable():
    echo = event(sender={"id": ACCOUNT}, recipient=None, message={"mid": "m", "text": "بله", "is_echo": True})

    assert parse_one(echo).reason == "recipient: expected the customer's id, but there is none."


def test_an_echo_keeps_the_message_that_it_answers():
    assert parse_message(text="بله", is_echo=True, reply_to={"mid": "mid-0"}).reply_to_external_id == "mid-0"


def test_without_any_name_of_the_account_it_is_left_empty():
    [item] = parse(body(entry(event(recipient=None, message={"mid": "m", "text": "سلام"}), id=None)), NOON)

    assert (item.account_id, item.customer_id) == ("", CUSTOMER)


@pytest.mark.parametrize("parts", [{}, {"text": ""}, {"text": None}, {"reply_to": {"mid": "m"}}, {"attachments": []}])
def test_a_message_that_holds_nothing_is_other(parts):
    item = parse_message(**parts)

    assert (type(item), item.message_type, item.provider_type) == (Inbound, MessageType.OTHER, "empty")


@pytest.mark.parametrize("flags", [{"is_echo": False, "is_deleted": False, "is_unsupported": False, "is_self": None}])
def test_a_flag_that_is_false_changes_nothing(flags):
    assert parse_message(text="سلام", **flags).message_type is MessageType.TEXT


# --- links ------------------------------------------------------------------------------------------------------------


def test_a_lone_web_link_is_its_address_as_text():
    item = parse_message(attachments=[attachment("fallback", url="https://shop.example/dress", title="Dress")])

    assert (item.message_type, item.text) == (MessageType.TEXT, "https://shop.example/dress")
    assert item.files == (File("fallback", "https://shop.example/dress", "Dress"),)


def test_a_web_link_beside_words_leaves_the_words_alone():
    item = parse_message(text="این", attachments=[attachment("fallback", url="https://shop.example/dress")])

    assert (item.message_type, item.provider_type, item.text) == (MessageType.TEXT, "fallback", "این")


def test_a_link_may_carry_its_address_beside_the_payload():
    link = {"type": "fallback", "url": "https://shop.example/", "title": "Shop", "payload": "BLOB"}

    assert parse_message(attachments=[link]).text == "https://shop.example/"


def test_a_link_without_an_address_is_other():
    item = parse_message(attachments=[attachment("fallback", title="Dress")])

    assert (item.message_type, item.files) == (MessageType.OTHER, (File("fallback", None, "Dress"),))
    assert item.provider_type == "fallback"


def test_a_picture_beside_a_link_is_a_picture():
    item = parse_message(
        attachments=[attachment("fallback", url="https://shop.example/"), attachment("image", url=CDN)]
    )

    assert item.message_type is MessageType.IMAGE


def test_a_link_to_a_post_is_a_lone_share():
    item = parse_message(attachments=[attachment("fallback", url=PERMALINK, title="Instagram")])

    assert (item.message_type, item.provider_type, item.text, item.question) == (MessageType.SHARE, "link", "", "")
    assert (item.share.kind, item.share.permalink) == ("link", PERMALINK)


def test_a_typed_link_to_a_post_is_a_lone_share():
    item = parse_message(text=PERMALINK)

    assert (item.message_type, item.text, item.question) == (MessageType.SHARE, PERMALINK, "")


def test_a_typed_link_with_a_question_is_a_share_with_its_question():
    item = parse_message(text=f"سلام این چنده؟\n{PERMALINK}")

    assert item.text == f"سلام این چنده؟\n{PERMALINK}"
    assert (item.message_type, item.question) == (MessageType.SHARE, "سلام این چنده؟")


def test_words_beside_a_shared_post_are_its_question():
    item = parse_message(text="چنده؟", attachments=[attachment("ig_post", title="کپشن", ig_post_media_id="1")])

    assert (item.message_type, item.text, item.question) == (MessageType.SHARE, "چنده؟", "چنده؟")


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_blank_words_beside_a_shared_post_are_no_question(text):
    assert parse_message(text=text, attachments=[attachment("ig_post", title="کپشن")]).question == ""


def test_a_link_to_a_profile_is_a_text():
    item = parse_message(text="https://www.instagram.com/niloofar.dress/")

    assert (item.message_type, item.share, item.question) == (MessageType.TEXT, None, "")


# --- who wrote --------------------------------------------------------------------------------------------------------


def test_an_echo_belongs_to_the_customer_who_got_it():
    own = event(
        sender={"id": ACCOUNT}, recipient={"id": CUSTOMER}, message={"mid": "m", "text": "بله", "is_echo": True}
    )

    item = parse_one(own)

    assert (type(item), item.customer_id, item.account_id, item.text) == (Echo, CUSTOMER, ACCOUNT, "بله")


def test_a_message_of_the_account_is_an_echo_without_the_flag_too():
    own = event(sender={"id": ACCOUNT}, recipient={"id": CUSTOMER}, message={"mid": "m", "text": "بله"})

    assert type(parse_one(own)) is Echo


def test_an_echo_of_a_share_keeps_the_share():
    shared = {"mid": "m", "is_echo": True, "attachments": [attachment("ig_reel", title="کپشن", reel_video_id=9)]}

    item = parse_one(event(sender={"id": ACCOUNT}, recipient={"id": CUSTOMER}, message=shared))

    assert (item.share.caption, item.share.media_id) == ("کپشن", "9")


def test_an_event_belongs_to_the_account_its_entry_names():
    item = parse_one(event(recipient={"id": "another id of the account"}, message={"mid": "m", "text": "سلام"}))

    assert item.account_id == ACCOUNT


def test_without_an_id_of_the_entry_the_recipient_is_the_account():
    [item] = parse(body({"messaging": [message(text="سلام")]}), NOON)

    assert item.account_id == ACCOUNT


def test_an_id_is_kept_as_far_as_its_column_goes_and_a_longer_one_is_none():
    longest = {"account": "1" * 128, "customer": "2" * 128, "mid": "m" * 512}
    said = event(sender={"id": longest["customer"]}, recipient=None, message={"mid": longest["mid"], "text": "سلام"})

    [item] = parse(body(entry(said, id=longest["account"])), NOON)
    assert (item.account_id, item.customer_id, item.external_id) == tuple(longest.values())

    said["message"]["mid"] += "m"
    [item] = parse(body(entry(said, id=longest["account"] + "1")), NOON)
    assert (item.account_id, item.external_id[:6]) == ("", "nomid-")


def test_a_number_is_an_id_too():
    item = parse_one(event(sender={"id": 120212345678901234}, message={"mid": 7, "text": "سلام"}))

    assert (item.customer_id, item.external_id) == ("120212345678901234", "7")


@pytest.mark.parametrize(
    "sender", [None, {}, {"id": None}, {"id": ""}, {"id": True}, {"id": []}, "880", {"id": "8" * 129}]
)
def test_a_message_without_a_sender_is_unreadable(sender):
    nobody = event(sender=sender, message={"mid": "m", "text": "سلام"})
    assert parse(body(entry(nobody, id=None)), NOON) == [
        Unreadable("sender: expected the customer's id, but there is none.")
    ]

    item = parse_one(event(sender=sender, message={"mid": "m", "text": "سلام"}))

    assert item == Unreadable("sender: expected the customer's id, but there is none.", ACCOUNT)


# --- ids --------------------------------------------------------------------------------------------------------------


def test_a_message_without_an_id_gets_the_same_one_each_time():
    nameless = event(message={"text": "سلام"})
    reordered = dict(reversed(nameless.items()))

    first, again = parse_one(nameless), parse_one(reordered)

    assert first.external_id.startswith("nomid-")
    assert len(first.external_id) == 70
    assert first.external_id == again.external_id


def test_other_messages_without_an_id_get_other_ones():
    items = [
        *parse_items(event(message={"text": "سلام"}), event(message={"text": "خوبی؟"})),
        *parse_items(event(message={"text": "سلام"}, timestamp=1)),
        *parse_items(event(message={"text": "x"}, postback={"title": "x"})),
    ]

    assert len({item.external_id for item in items}) == len(items)


def test_an_id_that_no_column_can_hold_is_not_cut_short():
    item = parse_message(mid="m" * 513, text="سلام")

    assert item.external_id.startswith("nomid-")


# --- other events -----------------------------------------------------------------------------------------------------


def test_an_unsend_names_the_message_that_was_taken_back():
    item = parse_message(is_deleted=True)

    assert item == Unsend(ACCOUNT, CUSTOMER, "mid-1", NOON)


def test_an_unsend_that_names_no_message_is_unreadable():
    assert type(parse_one(event(message={"is_deleted": True}))) is Unreadable


@pytest.mark.parametrize(
    ("postback", "text"),
    [
        ({"title": "قیمت‌ها", "payload": "PRICES"}, "قیمت‌ها"),
        ({"title": "", "payload": "PRICES"}, "PRICES"),
        ({}, ""),
    ],
)
def test_a_pressed_button_is_a_message(postback, text):
    item = parse_one(event(postback=postback))

    assert (item.message_type, item.text, item.external_id[:6]) == (MessageType.POSTBACK, text, "nomid-")


def test_a_button_pressed_by_the_account_itself_is_ignored():
    assert parse_one(event(postback={"title": "x"}, is_self=True)).kind == "postback"


@pytest.mark.parametrize(
    "key",
    ["delivery", "referral", "app_roles", "policy-enforcement", "response_feedback", "something_new"],
)
def test_an_event_that_is_no_message_is_ignored_under_its_own_name(key):
    item = parse_one(event(**{key: {"mid": "m"}}))

    assert (type(item), item.kind, item.account_id) == (Ignored, key, ACCOUNT)
    assert item.reason


def test_a_warning_of_another_form_is_told_without_its_words():
    assert parse_one(event(**{"policy-enforcement": "x"})).reason == "Meta warned or blocked the account"


@pytest.mark.parametrize("key", ["policy-enforcement", "app_roles"])
def test_of_what_an_admin_must_see_the_reason_tells_what_meta_said(key):
    item = parse_one(event(**{key: {"action": "block", "reasons": ["spam", "scam"], "code": 5}}))

    assert item.reason == f"{inbound.IGNORED_EVENTS[key]} (action: block; reasons: spam, scam; code: 5)"
    assert len(parse_one(event(**{key: {"reason": "x" * 400}})).reason) == 300


def test_of_other_events_the_reason_repeats_nothing_of_what_came():
    assert "secret" not in parse_one(event(delivery={"mids": ["secret"]})).reason


def test_a_field_that_announces_nothing_says_so():
    said = json.dumps({"entry": [{"id": ACCOUNT, "changes": [{"field": "messages", "value": {}}]}]}).encode()

    assert [item.reason for item in parse(said, NOON)] == ["the body announces nothing"]


def test_an_event_without_a_sender_can_still_be_ignored():
    item = parse_one(event(sender=None, message_edit={"mid": "m", "num_edit": 0}))

    assert (type(item), item.kind) == (Ignored, "edit")


def test_an_item_that_says_nothing_is_ignored_as_unknown():
    assert parse_one(event()).kind == "unknown"


def test_an_item_of_an_unknown_kind_is_called_by_its_own_word():
    assert parse_one(event(is_self=False, something_new={"x": 1})).kind == "something_new"


def test_a_referral_beside_a_message_is_part_of_it():
    items = parse_items(event(message={"mid": "m", "text": "سلام"}, referral={"source": "ADS"}))

    assert kinds(items) == [(Inbound, "message")]


def test_one_item_may_hold_a_message_a_reaction_and_a_button():
    both = event(message={"mid": "m", "text": "سلام"}, reaction={"mid": "m"}, postback={"title": "x"})

    assert kinds(parse_items(both)) == [(Inbound, "message"), (Inbound, "message"), (Reaction, "reaction")]


@pytest.mark.parametrize("field", ["messages", "message_echoes", "messaging_postbacks"])
def test_a_message_in_the_form_of_a_change_is_a_message(field):
    [item] = parse(body({"id": ACCOUNT, "changes": [{"field": field, "value": message(text="سلام")}]}), NOON)

    assert item == parse_message(text="سلام")


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("mentions", "a mention of the account"),
        ("story_insights", "figures of a story"),
        ("response_feedback", "feedback on an answer"),
        ("messaging_seen", "the body announces nothing"),
        ("new", "an event that this version does not know"),
    ],
)
def test_a_change_of_anything_else_is_ignored_under_its_name(field, reason):
    [item] = parse(body({"id": ACCOUNT, "changes": [{"field": field, "value": {}}]}), NOON)

    assert (type(item), item.kind, item.reason) == (Ignored, field, reason)


def test_a_change_may_stand_on_the_entry_itself():
    [item] = parse(body({"id": ACCOUNT, "field": "mentions", "value": {}}), NOON)

    assert item.kind == "mentions"


def test_a_change_that_names_no_field_is_unreadable():
    [item] = parse(body({"id": ACCOUNT, "changes": [{"value": {}}]}), NOON)

    assert item == Unreadable("changes: expected the name of a field, but there is none.", ACCOUNT)


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe\xfa", b"[" * 100_000, b'{"a":' * 100_000, b"\x00", b"{}{}"])
def test_a_body_that_is_no_json_is_one_unreadable_item(raw):
    assert kinds(parse(raw, NOON)) == [(Unreadable, "unreadable")]


@pytest.mark.parametrize("root", ["text", 5, None, True, 1.5])
def test_a_body_that_is_no_object_is_one_unreadable_item(root):
    assert kinds(parse(json.dumps(root).encode(), NOON)) == [(Unreadable, "unreadable")]


@pytest.mark.parametrize(
    "root", [{}, [], {"object": "instagram"}, {"entry": []}, {"entry": None}, {"entry": {}}, {"entry": [{"id": "1"}]}]
)
def test_a_body_without_events_is_one_ignored_item(root):
    assert kinds(parse(json.dumps(root).encode(), NOON)) == [(Ignored, "empty")]


def test_an_entry_without_its_envelope_is_read():
    [item] = parse(json.dumps(entry(message(text="سلام"))).encode(), NOON)

    assert item == parse_message(text="سلام")


def test_several_envelopes_in_a_list_are_read():
    envelope = {"object": "instagram", "entry": entry(message(text="سلام"))}

    assert len(parse(json.dumps([envelope, envelope]).encode(), NOON)) == 2


def test_the_events_of_a_page_are_ignored():
    pages = {"object": "page", "entry": [entry(message(text="سلام"))]}

    assert kinds(parse(json.dumps(pages).encode(), NOON)) == [(Ignored, "page_object")]


@pytest.mark.parametrize("bad", [None, 5, "x", [], {"message": 5}, {"message": []}, {"message": {}}, {"postback": "x"}])
def test_a_bad_item_loses_none_of_its_neighbours(bad):
    items = parse(body(bad, entry(message(text="یک"), bad, message(text="دو")), entry(message(text="سه"))), NOON)

    assert [item.text for item in items if isinstance(item, Inbound)] == ["یک", "دو", "سه"]
    assert [type(item) for item in items].count(Unreadable) in (1, 2)


def test_a_bad_item_says_what_was_expected_and_what_came():
    [item] = parse_items([5])

    assert (item.reason, item.account_id) == ("messaging: expected an object, but list came.", ACCOUNT)


def test_a_mistake_of_our_own_loses_one_item_alone(monkeypatch):
    def mistaken(_item, _about):
        raise KeyError

    monkeypatch.setitem(inbound.READERS, "read", mistaken)

    bad, good = parse_items(event(read={"mid": "m"}), message(text="سلام"))

    assert (bad.reason, bad.account_id) == ("read: reading it ended in KeyError.", ACCOUNT)
    assert good.text == "سلام"


def test_a_bad_message_does_not_lose_the_button_in_the_same_item():
    assert kinds(parse_items(event(message=5, postback={"title": "x"}))) == [
        (Unreadable, "unreadable"),
        (Inbound, "message"),
    ]


def test_one_bad_event_among_a_thousand_is_alone():
    good = [message(mid=f"m{number}", text="سلام") for number in range(999)]

    items = parse_items(*good[:500], {"message": "?"}, *good[500:])

    assert [type(item) for item in items].count(Inbound) == 999
    assert type(items[500]) is Unreadable


def test_items_keep_their_order():
    items = parse(body(entry(message(mid="1"), message(mid="2")), entry(message(mid="3"))), NOON)

    assert [item.external_id for item in items] == ["1", "2", "3"]


def test_a_number_of_many_digits_harms_nobody():
    digits = b"9" * 10_000
    raw = body(entry(message(mid="big", text="DIGITS"), message(text="سلام"))).replace(b'"DIGITS"', digits)

    items = parse(raw, NOON)

    assert [len(item.text) for item in items] == [10_000, 4]


def test_a_value_too_deep_to_write_harms_nobody():
    # Deep enough that Python reads it but cannot write it again.
    deep = b"[" * 900 + b"]" * 900
    raw = body(entry(event(message={"text": "x", "deep": "DEEP"}), message(text="سلام"))).replace(b'"DEEP"', deep)

    items = parse(raw, NOON)

    assert items[-1].text == "سلام" or kinds(items) == [(Unreadable, "unreadable")]


def test_no_string_holds_what_a_store_refuses():
    raw = body(entry(message(mid="m\x00", text="a\x00b\ud800c", attachments=[attachment("\x00", title="\udfff")])))

    [item] = parse(raw, NOON)

    assert (item.text, item.external_id, item.provider_type) == ("a\ufffdb\ufffdc", "m\ufffd", "\ufffd")
    assert item.files[0].title == "\ufffd"


def test_an_emoji_written_as_two_escapes_is_kept():
    assert parse_message(text="🌸").text == "🌸"
