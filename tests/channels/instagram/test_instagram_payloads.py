"""Captured bodies: the project's own, and those of ../shared/payloads where they are present."""

import json
import re
from pathlib import Path

import pytest
from captures import CAPTURES, raw
from instagram_events import ACCOUNT, CUSTOMER, NOON

from pilito.channels.base import Echo, Inbound, Unsend
from pilito.channels.instagram.inbound import parse
from pilito.lifecycle import MessageType

OWN = Path(__file__).parent / "payloads"
SHARED = Path(__file__).resolve().parents[4] / "shared" / "payloads"
POST_ID, REEL_ID = "18000000000000102", "18000000000000104"


def label(item):
    origin = getattr(item, "origin", None)
    return f"{type(item).__name__} {getattr(item, 'message_type', item.kind)}{f' {origin}' if origin else ''}"


def labels(path):
    return [label(item) for item in parse(path.read_bytes(), NOON)]


# --- our own ----------------------------------------------------------------------------------------------------------


def read_own(name):
    [item] = parse((OWN / f"{name}.json").read_bytes(), NOON)
    assert (item.account_id, item.customer_id) == (ACCOUNT, CUSTOMER)
    assert item.external_id.endswith(name)
    return item


def read_share(name):
    item = read_own(name)
    assert (type(item), item.message_type, item.question) == (Inbound, MessageType.SHARE, "")
    return item.share


def test_a_text_is_a_message():
    item = read_own("text")

    assert (item.message_type, item.text) == (MessageType.TEXT, "سلام، این لباس چنده؟ سایز ۴۰ هم دارین؟")
    assert item.share is None


def test_a_post_that_comes_twice_in_one_message_is_one_share():
    share = read_share("share_and_ig_post")

    assert (share.kind, share.media_id, share.title) == ("ig_post", "18000000000000101", None)
    assert share.caption.startswith("پیراهن بلند گلدار «نیلوفر» 🌸\n\nپارچه")


def test_a_post_carries_its_caption_as_title():
    share = read_share("ig_post")

    assert (share.kind, share.media_id, share.title, share.permalink) == ("ig_post", POST_ID, None, None)
    assert share.caption.endswith("#پیراهن #لباس_تابستانی")
    assert share.url.startswith("https://lookaside.fbsbx.com/")


def test_a_reel_may_point_to_a_video():
    share = read_share("ig_reel_cdn")

    assert (share.kind, share.media_id, share.permalink) == ("ig_reel", "18000000000000103", None)
    assert share.url.startswith("https://lookaside.fbsbx.com/")


def test_a_reel_may_point_to_its_page():
    share = read_share("ig_reel_permalink")

    assert (share.kind, share.media_id) == ("ig_reel", REEL_ID)
    assert share.permalink == share.url == "https://www.instagram.com/reel/DPiLiTo0104/"


def test_a_reel_of_facebook_has_a_number_for_an_id():
    share = read_share("reel")

    assert (share.kind, share.media_id, share.permalink) == ("reel", "900000000000105", None)
    assert share.caption.startswith("مانتو لینن «باران»")


def test_a_share_may_be_nothing_but_its_page():
    share = read_share("share_permalink")

    assert (share.kind, share.caption, share.permalink) == ("share", None, "https://www.instagram.com/p/DPiLiTo0106/")


def test_a_typed_link_is_a_share():
    share = read_share("bare_link")

    assert (share.kind, share.permalink) == ("link", "https://www.instagram.com/p/DPiLiTo0107/?igsh=bm90YXJlYWw=")


@pytest.mark.parametrize(
    ("name", "message_type"),
    [("image", MessageType.IMAGE), ("voice", MessageType.VOICE), ("video", MessageType.VIDEO)],
)
def test_a_file_is_kept_and_is_no_share(name, message_type):
    item = read_own(name)

    assert (item.message_type, item.share, item.text) == (message_type, None, "")
    assert [file.kind for file in item.files] == [name]


def test_an_echo_is_no_message_of_the_customer():
    item = read_own("echo")

    assert (type(item), item.text) == (Echo, "بله عزیزم، سایز ۴۰ موجوده 🌷")


def test_an_unsend_names_its_message():
    assert type(read_own("unsend")) is Unsend


def test_every_own_capture_has_a_test():
    tested = [
        "text",
        "share_and_ig_post",
        "ig_post",
        "ig_reel_cdn",
        "ig_reel_permalink",
        "reel",
        "share_permalink",
        "bare_link",
        "image",
        "voice",
        "video",
        "echo",
        "unsend",
    ]

    assert {path.stem for path in OWN.glob("*.json")} == set(tested)


@pytest.mark.parametrize("name", CAPTURES)
def test_a_capture_in_our_own_words_is_read_as_its_row_says(name):
    assert [label(item) for item in parse(raw(name), NOON)] == CAPTURES[name][1]


# --- those of others --------------------------------------------------------------------------------------------------

EXPECTED = {
    "chatwoot__dashboard_test_messaging": ["Ignored dashboard_test"],
    "chatwoot__seen": ["Seen seen"],
    "chatwoot__share": ["Inbound share"],
    "chatwoot__story_mention": ["Inbound story_mention"],
    "chatwoot__story_mention_echo": ["Echo story_mention"],
    "chatwoot__story_reply": ["Inbound text"],
    "chatwoot__unsend": ["Unsend unsend"],
    "chatwoot_fork__changes_messages_test": ["Ignored dashboard_test"],
    "chatwoot_fork__ig_reel": ["Inbound share"],
    "chatwoot_fork__unsupported": ["Inbound unsupported"],
    "courier__attachment": ["Inbound image"],
    "courier__different_page": ["Inbound text"],
    "courier__duplicate_msg": ["Inbound text", "Inbound text"],
    "courier__echo": ["Echo other"],
    "courier__hello_msg": ["Inbound text"],
    "courier__icebreaker_get_started": ["Inbound postback"],
    "courier__invalid_urn": ["Inbound text"],
    "courier__like_heart": ["Inbound like"],
    "courier__no_entries": ["Ignored empty"],
    "courier__no_messaging_entries": ["Ignored empty"],
    "courier__page_fallback": ["Ignored page_object"],
    "courier__page_reel": ["Ignored page_object"],
    "courier__page_referral": ["Ignored page_object"],
    "courier__page_referral_optin": ["Ignored page_object"],
    "courier__page_thumbs_up": ["Ignored page_object"],
    "courier__story_mention": ["Inbound story_mention"],
    "courier__unknown_messaging_entry": ["Ignored unknown"],
    "courier__unsent_msg": ["Unsend unsend"],
    "gh1131968826__text_late_delivery": ["Inbound text"],
    "gh1132606999__read_jsonb_order": ["Seen seen"],
    "gh11955021319__text_thai": ["Inbound text"],
    "gh16224196133__mentions_dashboard_test": ["Ignored mentions"],
    "gh16224196133__share_url_only": ["Inbound share"],
    "gh16224196133__text": ["Inbound text"],
    "gh17696331085__entry_is_string": ["Unreadable unreadable"],
    "gh17696331085__messaging_is_string": ["Unreadable unreadable"],
    "gh17696331085__messaging_item_without_known_keys": ["Ignored hoge"],
    "gh18071071937__message_edit_num0_no_sender": ["Ignored edit"],
    "gh18609069960__comment_on_reel": ["PublicComment comment"],
    "gh18609069960__story_mention_echo": ["Echo story_mention"],
    "gh18609069960__story_reply": ["Inbound text"],
    "gh18609069960__unsend": ["Unsend unsend"],
    "gh39674257241__text": ["Inbound text"],
    "gh53482462313__ads_referral_post_and_product": ["Inbound text"],
    "gh53482462313__app_roles": ["Ignored app_roles"],
    "gh53482462313__fallback_link": ["Inbound text"],
    "gh53482462313__file": ["Inbound file"],
    "gh53482462313__ig_reel_no_title": ["Inbound share"],
    "gh53482462313__optin": ["Notice optin"],
    "gh53482462313__pass_thread_control": ["Notice pass_thread_control"],
    "gh53482462313__postback_referral": ["Inbound postback"],
    "gh53482462313__request_thread_control": ["Notice request_thread_control"],
    "gh53482462313__standby": ["Inbound text standby"],
    "gh53482462313__take_thread_control": ["Notice take_thread_control"],
    "gh55658828613__ig_post_no_media_id": ["Inbound share"],
    "gh58029879251__echo_image_no_payload": ["Echo image"],
    "gh58029879251__reply_to_only": ["Inbound other"],
    "gh58029879251__two_senders_same_entry": ["Inbound share", "Inbound text"],
    "gh58257524432__ig_reel_echo_raw_escapes": ["Echo share"],
    "gh6021739449__audio": ["Inbound voice"],
    "gh61142409359__page_post_numeric_id": ["Ignored page_object"],
    "gh61142409359__page_reel_numeric_id": ["Ignored page_object"],
    "gh61583953912__changes_message": ["Inbound text"],
    "gh61583953912__five_images_with_duplicate": ["Inbound image"],
    "gh61583953912__mixed_with_unknown_fields": [
        "Inbound postback",
        "Ignored reaction",
        "Inbound text",
        "Ignored message_reactions",
        "Ignored future_field",
    ],
    "gh61583953912__non_object_envelopes": ["Unreadable unreadable", "Unreadable unreadable", "Unreadable unreadable"],
    "gh61583953912__referral_beside_message": ["Inbound text"],
    "gh62812277657__message_edit_num0_with_sender": ["Ignored edit"],
    "gh63124946273__message_reaction_postback_one_item": [
        "Inbound text",
        "Inbound postback",
        "Reaction reaction",
        "Ignored edit",
    ],
    "gh65726784641__changes_reaction_on_media": ["Ignored reaction"],
    "gh671382572__dashboard_message_reactions": ["Ignored dashboard_test"],
    "gh671382572__dashboard_seen": ["Ignored dashboard_test"],
    "gh67334181189__ig_post_cdn": ["Inbound share"],
    "gh69538897871__ig_reel_video_id_key": ["Inbound share"],
    "gh69538897871__unsupported_empty_attachments": ["Inbound unsupported"],
    "gh70277649277__batch_five_kinds": [
        "Inbound postback",
        "Seen seen",
        "Reaction reaction",
        "Edit edit",
        "Opened referral",
    ],
    "gh70277649277__message_all_flags_false": ["Inbound image"],
    "gh70598949871__ig_reel_no_url": ["Unreadable unreadable"],
    "intellectcrm__ad_referral_in_message": ["Inbound text"],
    "intellectcrm__ad_referral_in_postback": ["Inbound text", "Inbound postback"],
    "intellectcrm__ad_referral_numeric_ad_id": ["Inbound text"],
    "intellectcrm__comment_without_id": ["Ignored comments"],
    "intellectcrm__comments_and_messaging_in_one_entry": ["Inbound text", "PublicComment comment"],
    "intellectcrm__dashboard_test_changes": ["Ignored dashboard_test"],
    "intellectcrm__echo": ["Echo text"],
    "intellectcrm__entry_is_object": ["Ignored empty"],
    "intellectcrm__entry_items_not_objects": ["Unreadable unreadable", "Unreadable unreadable"],
    "intellectcrm__ig_post_with_text": ["Inbound share"],
    "intellectcrm__own_send_without_is_echo": ["Echo text"],
    "intellectcrm__policy_enforcement_changes": ["Ignored page_object"],
    "intellectcrm__policy_enforcement_warning": ["Ignored policy-enforcement"],
    "intellectcrm__reaction_no_object": ["Reaction reaction"],
    "intellectcrm__referral_is_list": ["Inbound text"],
    "intellectcrm__reply_to_mid": ["Inbound text"],
    "intellectcrm__root_is_empty_object": ["Ignored empty"],
    "intellectcrm__root_is_list": ["Ignored empty"],
    "intellectcrm__root_is_string": ["Unreadable unreadable"],
    "intellectcrm__story_mention_empty_text": ["Inbound story_mention"],
    "intellectcrm__story_reply": ["Inbound text"],
    "intellectcrm__text_time_seconds": ["Inbound text"],
    "intellectcrm__two_entries_comments": ["PublicComment comment", "PublicComment comment"],
    "intellectcrm__unhandled_fields_empty_values": ["Ignored mentions", "Ignored live_comments", "Ignored mentions"],
    "jovo__bare_entry": ["Inbound text"],
    "krosspost__read": ["Seen seen"],
    "meta_docs__comments_fb_login_ad": ["PublicComment comment"],
    "meta_docs__comments_field_on_entry": ["PublicComment comment"],
    "meta_docs__ephemeral": ["Inbound unsupported"],
    "meta_docs__image_and_video": ["Inbound image"],
    "meta_docs__mentions_media": ["Ignored mentions"],
    "meta_docs__page_pass_thread_control_hop_context": ["Ignored page_object"],
    "meta_docs__quick_reply": ["Inbound text"],
    "meta_docs__reaction_react": ["Reaction reaction"],
    "meta_docs__reaction_unreact": ["Reaction reaction"],
    "meta_docs__referral_ads": ["Inbound text"],
    "meta_docs__referral_igme": ["Ignored referral"],
    "meta_docs__referral_product": ["Inbound text"],
    "meta_docs__seen": ["Seen seen"],
    "meta_docs__self_comment": ["PublicComment comment"],
    "meta_docs__self_message_echo": ["Echo text"],
    "meta_docs__self_postback": ["Ignored postback"],
    "meta_docs__share_and_ig_post_same_message": ["Inbound share"],
    "n8n_nodes_ig__empty_attachments_list": ["Inbound text"],
    "n8n_nodes_ig__minimal": ["Inbound text"],
    "reply_rush__mentions": ["Ignored mentions"],
    "restfb__messaging_seen": ["Seen seen"],
    "restfb__page_message_basic_echo": ["Ignored page_object"],
    "restfb__page_message_edits": ["Ignored page_object"],
    "restfb__page_message_fallback_attachment": ["Ignored page_object"],
    "restfb__page_message_prior": ["Ignored page_object"],
    "restfb__page_message_product_template": ["Ignored page_object"],
    "restfb__page_read_basic": ["Ignored page_object"],
    "restfb__page_request_thread_control": ["Ignored page_object"],
    "restfb__page_standby_message_basic_echo": ["Ignored page_object"],
    "restfb__page_take_thread_control": ["Ignored page_object"],
    "restfb__wh_comments": ["Ignored dashboard_test"],
    "restfb__wh_comments_2021": ["Ignored dashboard_test"],
    "tock__page_standby_empty_postback": ["Ignored page_object"],
    "vercel_chat__batch_quick_reply_and_postback": ["Inbound text", "Inbound postback"],
    "vercel_chat__batch_react_and_unreact": ["Reaction reaction", "Reaction reaction"],
    "vercel_chat__echo": ["Echo text"],
    "vercel_chat__image": ["Inbound image"],
    "vercel_chat__postback": ["Inbound postback"],
    "vercel_chat__quick_reply_json_payload": ["Inbound text"],
    "vercel_chat__story_reply": ["Inbound text"],
    "vercel_chat__text": ["Inbound text"],
    "woodeskchat__ig_post": ["Inbound share"],
    "woodeskchat__ig_story": ["Inbound story"],
}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the captures of others are not part of the repository")
def test_every_capture_has_a_row():
    assert {path.stem for path in SHARED.glob("*.json")} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_capture_is_read_as_its_row_says(name):
    path = SHARED / f"{name}.json"
    if not path.exists():
        pytest.skip("the captures of others are not part of the repository")

    assert labels(path) == EXPECTED[name]


def shapes_of(value, place=""):
    """Every place in a body with the type of what stands there; a list is empty, of one, or of several."""
    if isinstance(value, dict):
        yield place, "object" if value else "empty object"
        for key, inner in value.items():
            yield from shapes_of(inner, f"{place}.{re.sub('[0-9]+', '0', key)}")
    elif isinstance(value, list):
        yield place, f"list of {min(len(value), 2)}"
        for inner in value:
            yield from shapes_of(inner, f"{place}[]")
    else:
        yield place, type(value).__name__


NOT_OURS = {(".entry[].messaging[].hoge", "str")}  # a word that stands for one nobody knows


@pytest.mark.skipif(not SHARED.is_dir(), reason="the captures of others are not part of the repository")
def test_ours_have_every_shape_of_those_of_others():
    theirs = {shape for path in SHARED.glob("*.json") for shape in shapes_of(json.loads(path.read_bytes()))}
    ours = {shape for root, _labels in CAPTURES.values() for shape in shapes_of(root)}

    assert theirs - ours == NOT_OURS
