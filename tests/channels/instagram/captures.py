"""Bodies in every shape in which events were captured, in our own words: name -> (body, what its items are).

Meta's documents, the captures of others and its dashboard differ in envelope, in the type of a field and in what is left
out; the shapes are theirs, the words, names and numbers are not. `test_instagram_payloads.py` holds them against the
captures themselves where those are present.
"""

import json
from typing import Any

from instagram_events import ACCOUNT, CDN, CUSTOMER, NOON_MS, PERMALINK, attachment, entry, event, message

OTHER = "880000000000077"
OTHER_ACCOUNT = "17841400000000509"
NOON_SECONDS = NOON_MS // 1000
ISO = "2026-11-22T12:00:00+0000"
APP, OTHER_APP = "700000000000001", "700000000000002"
TITLE = "شومیز ساتن «مهتاب»\nقیمت: ۱٬۴۵۰٬۰۰۰ تومان"
BARE = {"recipient": None, "timestamp": None}  # as a log that keeps the message only would show it
AD = {"ad_title": "جشنوارهٔ یلدا", "photo_url": "https://lookaside.fbsbx.com/ads/1", "video_url": CDN}
NUMBERS = {"sender": {"id": 880000000000042}, "recipient": {"id": 17841400000000501}}

Capture = tuple[Any, list[str]]
CAPTURES: dict[str, Capture] = {}


def capture(name: str, root: Any, *labels: str) -> None:
    assert name not in CAPTURES, name
    CAPTURES[name] = root, list(labels)


def instagram(*entries: Any) -> dict[str, Any]:
    return {"object": "instagram", "entry": list(entries)}


def page(*entries: Any) -> dict[str, Any]:
    return {"object": "page", "entry": list(entries)}


def items(*events: Any) -> dict[str, Any]:
    return instagram(entry(*events))


def says(mid: str, **parts: Any) -> dict[str, Any]:
    return message(mid=f"capture-{mid}", **parts)


def sends(mid: str, *attachments: Any, **parts: Any) -> dict[str, Any]:
    return says(mid, attachments=list(attachments), **parts)


def changes(*fields: tuple[str, Any], account: str = ACCOUNT, **parts: Any) -> dict[str, Any]:
    return {
        "id": account,
        "time": NOON_SECONDS,
        "changes": [{"field": field, "value": value} for field, value in fields],
        **parts,
    }


def raw(name: str) -> bytes:
    return json.dumps(CAPTURES[name][0], ensure_ascii=False).encode()


# --- envelopes --------------------------------------------------------------------------------------------------------

capture("root_empty_list", [], "Ignored empty")
capture("root_empty_object", {}, "Ignored empty")
capture("root_string", "instagram", "Unreadable unreadable")
capture("no_entries", {"object": "instagram", "entry": []}, "Ignored empty")
capture("entry_without_events", instagram({"id": ACCOUNT, "time": NOON_MS}), "Ignored empty")
capture("entry_is_an_object", {"entry": {}}, "Ignored empty")
capture("entry_is_a_string", {"entry": "hello"}, "Unreadable unreadable")
capture("entries_null_and_number", {"entry": [None, 7]}, "Unreadable unreadable", "Unreadable unreadable")
capture("messaging_is_a_string", {"entry": [{"id": ACCOUNT, "messaging": "hello"}]}, "Unreadable unreadable")
capture(
    "nothing_is_an_object",
    {"entry": ["hello", {"id": ACCOUNT, "messaging": "hello", "changes": "hello"}]},
    *["Unreadable unreadable"] * 3,
)
capture(
    "an_entry_without_envelope",
    entry(says("bare-entry", text="موجوده؟")),
    "Inbound text",
)
capture("no_object", {"entry": [entry(says("no-object", text="سلام"))]}, "Inbound text")
capture("no_time", instagram({"id": ACCOUNT, "messaging": [says("no-time", text="سلام")]}), "Inbound text")
capture(
    "times_in_iso",
    {"entry": [entry(event(timestamp=ISO, message={"mid": "capture-iso", "text": "سلام"}), time=ISO)]},
    "Inbound text",
)
capture(
    "times_in_seconds",
    instagram(entry(event(timestamp=NOON_SECONDS, message={"mid": "capture-s", "text": "سلام"}), time=NOON_SECONDS)),
    "Inbound text",
)
capture(
    "time_of_a_late_delivery", instagram(entry(says("late", text="هنوز هست؟"), time=NOON_MS + 960_000)), "Inbound text"
)
capture(
    "the_same_mid_in_two_entries",
    instagram(entry(says("twice", text="قیمت؟")), entry(says("twice", text="قیمت؟"))),
    "Inbound text",
    "Inbound text",
)
capture(
    "another_recipient_than_the_entry",
    items(event(recipient={"id": OTHER_ACCOUNT}, message={"mid": "capture-other", "text": "سلام"})),
    "Inbound text",
)
capture(
    "the_least",
    {"object": "instagram", "entry": [{"messaging": [event(**BARE, message={"text": "سلام"})]}]},
    "Inbound text",
)
capture(
    "an_id_that_is_no_number",
    items(event(sender={"id": "x-y"}, message={"mid": "capture-x", "text": "سلام"})),
    "Inbound text",
)

# --- messages ---------------------------------------------------------------------------------------------------------

capture("text", items(says("text", text="این پیراهن چند است؟")), "Inbound text")
capture("text_in_thai", items(says("thai", text="ราคาเท่าไหร่คะ")), "Inbound text")
capture("text_with_no_attachments", items(sends("none", text="سلام")), "Inbound text")
capture("quick_reply", items(says("quick", text="سایز ۴۰", quick_reply={"payload": "SIZE_40"})), "Inbound text")
capture(
    "quick_reply_with_json",
    items(says("quick-json", text="بله", quick_reply={"payload": '{"size":40,"ok":true}'})),
    "Inbound text",
)
capture("reply_to_a_message", items(says("answer", text="همین", reply_to={"mid": "capture-text"})), "Inbound text")
capture(
    "reply_to_and_nothing_else",
    {"entry": [entry(event(**BARE, message={"mid": "capture-hollow", "reply_to": {"mid": "capture-text"}}))]},
    "Inbound other",
)
capture(
    "reply_to_a_story",
    items(says("story", text="“این رنگش” هم هست؟ 🌸", reply_to={"story": {"id": "18000000000000201", "url": CDN}})),
    "Inbound text",
)
capture("unsend", items(event(message={"mid": "capture-regret", "is_deleted": True})), "Unsend unsend")
capture("unsupported", items(says("unsupported", is_unsupported=True)), "Inbound unsupported")
capture("unsupported_with_no_attachments", items(sends("unsupported-2", is_unsupported=True)), "Inbound unsupported")
capture(
    "ephemeral",
    items(sends("ephemeral", {"type": "ephemeral"}, is_unsupported=True)),
    "Inbound unsupported",
)
capture(
    "all_flags_false",
    {
        "entry": [
            entry(
                sends(
                    "flags",
                    attachment("image", url=CDN),
                    text="از این رنگ",
                    is_echo=False,
                    is_deleted=False,
                    is_self=False,
                    is_unsupported=False,
                    reply_to={"story": {"id": "18000000000000202", "url": CDN}},
                )
            )
        ]
    },
    "Inbound image",
)
capture("several_senders", {"entry": [entry(
    event(**BARE, message={"mid": "capture-a", "attachments": [{"type": "ig_post"}]}),
    {"sender": {"id": OTHER}, "message": {"mid": "capture-b", "text": "سلام"}},
)]}, "Inbound share", "Inbound text")  # fmt: skip

# --- what is shared ---------------------------------------------------------------------------------------------------

capture("share_without_anything", items(sends("share", attachment("share", url=CDN))), "Inbound share")
capture("share_permalink", items(sends("share-page", attachment("share", url=PERMALINK))), "Inbound share")
capture(
    "share_and_post",
    items(
        sends(
            "both",
            attachment("share", url=CDN),
            attachment("ig_post", url=CDN, title=TITLE, ig_post_media_id="18000000000000203"),
        )
    ),
    "Inbound share",
)
capture(
    "post",
    items(sends("post", attachment("ig_post", url=CDN, title=TITLE, ig_post_media_id="18000000000000204"))),
    "Inbound share",
)
capture(
    "post_with_words",
    items(
        sends("post-words", attachment("ig_post", url=CDN, ig_post_media_id="18000000000000205"), text="این چند است؟")
    ),
    "Inbound share",
)
capture(
    "post_without_an_id",
    instagram(
        entry(
            event(
                timestamp=None,
                message={"mid": "capture-post-id", "attachments": [attachment("ig_post", url=CDN, title=TITLE)]},
            )
        )
    ),
    "Inbound share",
)
capture(
    "reel",
    items(sends("reel", attachment("ig_reel", url=CDN, title=TITLE, reel_video_id="18000000000000206"))),
    "Inbound share",
)
capture(
    "reel_without_title",
    items(sends("reel-2", attachment("ig_reel", url=CDN, reel_video_id="18000000000000207"))),
    "Inbound share",
)
capture(
    "reel_under_another_key",
    items(sends("reel-3", attachment("ig_reel", url=CDN, title=TITLE, video_id="18000000000000208"))),
    "Inbound share",
)
capture(
    "reel_alone",
    {
        "entry": [
            {"messaging": [{"message": {"attachments": [attachment("ig_reel", reel_video_id="18000000000000209")]}}]}
        ]
    },
    "Unreadable unreadable",
)
capture(
    "story_shared",
    items(sends("ig-story", attachment("ig_story", story_media_id="18000000000000210", story_media_url=CDN))),
    "Inbound story",
)
capture("story_mention", items(sends("mention", attachment("story_mention", url=CDN))), "Inbound story_mention")
capture(
    "story_mention_with_empty_text",
    items(sends("mention-2", attachment("story_mention", url=CDN), text="")),
    "Inbound story_mention",
)
capture(
    "web_link",
    items(sends("link", attachment("fallback", url="https://shop.example/size", title="راهنمای سایز"))),
    "Inbound text",
)

# --- files ------------------------------------------------------------------------------------------------------------

capture("image", items(sends("image", attachment("image", url=CDN))), "Inbound image")
capture("voice", items(sends("voice", attachment("audio", url=CDN))), "Inbound voice")
capture("file", items(sends("file", attachment("file", url=CDN))), "Inbound file")
capture(
    "image_and_video", items(sends("two", attachment("image", url=CDN), attachment("video", url=CDN))), "Inbound image"
)
capture(
    "five_images_and_one_twice",
    {"entry": [entry(event(**BARE, message={"mid": "capture-five", "attachments": [
        attachment("image", url=f"{CDN}&n={number}") for number in (1, 2, 3, 4, 1)
    ]}))]},
    "Inbound image",
)  # fmt: skip
capture("heart", items(sends("heart", {"type": "like_heart"})), "Inbound like")

# --- from the account itself ------------------------------------------------------------------------------------------

FROM_SHOP = {"sender": {"id": ACCOUNT}, "recipient": {"id": CUSTOMER}}
capture(
    "echo", items(event(**FROM_SHOP, message={"mid": "capture-echo", "text": "بله، هست", "is_echo": True})), "Echo text"
)
capture(
    "echo_without_its_flag", items(event(**FROM_SHOP, message={"mid": "capture-echo-2", "text": "بله"})), "Echo text"
)
capture(
    "echo_with_nothing",
    instagram({"id": ACCOUNT, "messaging": [event(**FROM_SHOP, message={"mid": "capture-echo-3", "is_echo": True})]}),
    "Echo other",
)
capture(
    "echo_of_an_image",
    {
        "entry": [
            entry(
                event(
                    **FROM_SHOP,
                    timestamp=None,
                    message={"mid": "capture-echo-4", "is_echo": True, "attachments": [{"type": "image"}]},
                )
            )
        ]
    },
    "Echo image",
)
capture(
    "echo_of_a_reel",
    items(
        event(
            **FROM_SHOP,
            message={
                "mid": "capture-echo-5",
                "is_echo": True,
                "attachments": [attachment("ig_reel", url=CDN, title=TITLE, reel_video_id="18000000000000211")],
            },
        )
    ),
    "Echo share",
)
capture(
    "echo_of_a_mention",
    items(
        event(
            **FROM_SHOP,
            message={"mid": "capture-echo-6", "is_echo": True, "attachments": [attachment("story_mention", url=CDN)]},
        )
    ),
    "Echo story_mention",
)
capture(
    "message_to_itself",
    items(
        event(
            sender={"id": ACCOUNT},
            message={"mid": "capture-self", "text": "یادم باشد", "is_echo": True, "is_self": True},
        )
    ),
    "Echo text",
)
capture(
    "button_pressed_by_itself",
    items(
        event(
            sender={"id": ACCOUNT},
            is_self=True,
            postback={"mid": "capture-self-2", "title": "شروع", "payload": "START"},
        )
    ),
    "Ignored postback",
)

# --- buttons and ads --------------------------------------------------------------------------------------------------

capture(
    "button", items(event(postback={"mid": "capture-press", "title": "سایزها", "payload": "SIZES"})), "Inbound postback"
)
capture("button_without_an_id", items(event(postback={"title": "شروع", "payload": "START"})), "Inbound postback")
capture(
    "button_of_an_ad",
    items(
        event(
            postback={
                "mid": "capture-ad-1",
                "title": "قیمت",
                "payload": "PRICE",
                "referral": {"ref": "r1", "source": "SHORTLINKS", "type": "OPEN_THREAD"},
            }
        )
    ),
    "Inbound postback",
)
capture(
    "message_and_button_of_an_ad",
    items(event(
        message={"mid": "capture-ad-2", "text": "قیمت"},
        postback={"title": "قیمت", "referral": {"ref": "r2", "ad_id": "61", "source": "ADS", "type": "OPEN_THREAD", "ads_context_data": AD}},
    )),
    "Inbound text", "Inbound postback",
)  # fmt: skip
capture(
    "ad_in_the_message",
    items(says("ad-3", text="این چند؟", referral={
        "ref": "r3", "ad_id": "62", "source": "ADS", "type": "OPEN_THREAD",
        "ads_context_data": {**AD, "post_id": "18000000000000212", "product_id": "4100"},
    })),
    "Inbound text",
)  # fmt: skip
capture(
    "ad_whose_id_is_a_number",
    items(
        says("ad-4", text="این چند؟", referral={"ad_id": 620000000000000007, "source": "ADS", "ads_context_data": AD})
    ),
    "Inbound text",
)
capture(
    "product_of_the_shop", items(says("ad-5", text="موجوده؟", referral={"product": {"id": "4101"}})), "Inbound text"
)
capture("referral_is_a_list", items(says("ad-6", text="سلام", referral=[])), "Inbound text")
capture(
    "referral_beside_the_message",
    {
        "entry": [
            entry(
                event(
                    **BARE,
                    message={"mid": "capture-ad-7", "text": "سلام"},
                    referral={"ref": "r7", "ad_id": "63", "source": "ADS", "ads_context_data": {"ad_title": "یلدا"}},
                )
            )
        ]
    },
    "Inbound text",
)
capture(
    "link_into_the_conversation",
    items(event(referral={"ref": "bio", "source": "IGME", "type": "OPEN_THREAD"})),
    "Opened referral",
)

capture(
    "link_that_says_nothing",
    items(event(referral={"ref": "", "source": "", "type": "OPEN_THREAD"})),
    "Ignored referral",
)

# --- around messages --------------------------------------------------------------------------------------------------

capture("seen", items(event(read={"mid": "capture-echo"})), "Seen seen")
capture(
    "reaction_and_its_end",
    items(
        event(reaction={"mid": "capture-echo", "action": "react", "reaction": "love", "emoji": "❤"}),
        event(reaction={"mid": "capture-echo", "action": "unreact"}),
    ),
    "Reaction reaction", "Reaction reaction",
)  # fmt: skip
capture(
    "edit_without_sender",
    items(event(sender=None, recipient=None, message_edit={"mid": "capture-text", "num_edit": 0})),
    "Ignored edit",
)
capture("edit_that_says_nothing", items(event(message_edit={"mid": "capture-text", "num_edit": 0})), "Ignored edit")
capture(
    "five_kinds_in_one_entry",
    {"entry": [entry(
        event(postback={"mid": "capture-batch-1", "title": "شروع", "payload": "START"}),
        event(read={"mid": "capture-echo"}),
        event(reaction={"mid": "capture-echo", "action": "react", "emoji": "🔥"}),
        event(message_edit={"mid": "capture-text", "text": "این پیراهن و آن یکی چند است؟", "num_edit": 1}),
        event(referral={"ref": "bio", "source": "SHORTLINK", "type": "OPEN_THREAD"}),
    )]},
    "Inbound postback", "Seen seen", "Reaction reaction", "Edit edit", "Opened referral",
)  # fmt: skip
capture(
    "three_events_in_one_item",
    instagram({
        **entry({"sender": {"id": CUSTOMER}, "message": {"mid": "capture-three", "text": "سلام"},
                 "reaction": {"mid": "capture-echo", "action": "react", "emoji": "👍"}, "postback": {"title": "شروع"}}),
        "standby": [{"sender": {"id": CUSTOMER}, "message_edit": {"mid": "capture-text"}}],
    }),
    "Inbound text", "Inbound postback", "Reaction reaction", "Ignored edit",
)  # fmt: skip
capture("nothing_that_is_known", items(event()), "Ignored unknown")
capture("a_word_nobody_knows", {"entry": [{"id": ACCOUNT, "messaging": [{"surprise": "x"}]}]}, "Ignored surprise")
capture("opted_in", items(event(optin={
    "type": "notification_messages", "payload": "SALE", "title": "حراج‌ها", "notification_messages_token": "n-1",
    "notification_messages_frequency": "WEEKLY", "notification_messages_timezone": "Asia/Tehran",
    "notification_messages_status": "RESUME", "token_expiry_timestamp": NOON_MS, "user_token_status": "NOT_REFRESHED",
})), "Notice optin")  # fmt: skip
capture(
    "thread_passed",
    items(event(pass_thread_control={"new_owner_app_id": APP, "previous_owner_app_id": OTHER_APP, "metadata": "m"})),
    "Notice pass_thread_control",
)
capture(
    "thread_taken",
    items(event(take_thread_control={"new_owner_app_id": APP, "previous_owner_app_id": OTHER_APP, "metadata": "m"})),
    "Notice take_thread_control",
)
capture(
    "thread_requested",
    items(event(request_thread_control={"requested_owner_app_id": int(APP), "metadata": "m"})),
    "Notice request_thread_control",
)
capture("roles_of_apps", items(event(sender=None, app_roles={APP: ["primary_receiver"]})), "Ignored app_roles")
capture(
    "warned",
    items(event(**{"policy-enforcement": {"action": "warning", "reason": "spam"}})),
    "Ignored policy-enforcement",
)
capture(
    "standby",
    instagram({"id": ACCOUNT, "time": NOON_MS, "standby": [says("standby", text="سلام")]}),
    "Inbound text standby",
)

# --- changes ----------------------------------------------------------------------------------------------------------

CALLED = {"sender": {"id": CUSTOMER}, "recipient": {"id": ACCOUNT}}
COMMENT = {
    "id": "17900000000000301",
    "text": "چند؟",
    "from": {"id": OTHER, "username": "mina.test"},
    "media": {"id": "18000000000000213", "media_product_type": "FEED"},
}
capture(
    "message_as_a_change",
    {
        "entry": [
            changes(
                ("messages", {**CALLED, "timestamp": NOON_MS, "message": {"mid": "capture-change", "text": "سلام"}})
            )
        ]
    },
    "Inbound text",
)
capture(
    "test_of_the_dashboard_as_a_change",
    {
        "entry": [
            changes(
                (
                    "messages",
                    {**CALLED, "timestamp": str(NOON_SECONDS), "message": {"mid": "random_mid", "text": "random_text"}},
                ),
                account="0",
            )
        ]
    },
    "Ignored dashboard_test",
)
capture(
    "test_of_the_dashboard_as_an_event",
    {
        "entry": [
            {
                "id": "0",
                "time": NOON_SECONDS,
                "messaging": [event(timestamp=str(NOON_SECONDS), message={"mid": "random_mid", "text": "random_text"})],
            }
        ]
    },
    "Ignored dashboard_test",
)
capture(
    "seen_as_a_change",
    instagram(
        changes(
            ("messaging_seen", {**CALLED, "timestamp": str(NOON_SECONDS), "read": {"mid": "random_mid"}}), account="0"
        )
    ),
    "Ignored dashboard_test",
)
capture(
    "reaction_as_a_change",
    instagram(
        changes(
            (
                "message_reactions",
                {
                    **CALLED,
                    "timestamp": NOON_SECONDS,
                    "reaction": {"mid": "random_mid", "action": "react", "reaction": "smile", "emoji": "😀"},
                },
            ),
            account="0",
        )
    ),
    "Ignored dashboard_test",
)
capture(
    "reaction_to_a_post",
    {
        "entry": [
            changes(
                (
                    "message_reactions",
                    {"sender": {"id": CUSTOMER}, "media": {"id": "18000000000000214"}, "reaction": {"emoji": "🔥"}},
                )
            )
        ]
    },
    "Ignored reaction",
)
capture("comment", instagram(changes(("comments", COMMENT))), "PublicComment comment")
capture("comment_under_an_ad", instagram(changes(("comments", {
    **COMMENT, "id": "17900000000000302", "parent_id": "17900000000000301",
    "media": {"id": "18000000000000215", "media_product_type": "AD", "ad_id": "64", "ad_title": "یلدا", "original_media_id": "18000000000000216"},
}))), "PublicComment comment")  # fmt: skip
capture("comment_of_the_shop", instagram(changes(("comments", {
    **COMMENT, "id": "17900000000000303", "from": {"id": ACCOUNT, "username": "shop.test", "self_ig_scoped_id": "880000000000099"},
}), time=ISO)), "PublicComment comment")  # fmt: skip
capture("comment_without_an_id", {"entry": [changes(("comments", {"text": "چند؟"}))]}, "Ignored comments")
capture(
    "comment_of_the_dashboard",
    instagram(changes(("comments", {"id": "17900000000000304", "text": "This is an example."}), account="0")),
    "Ignored dashboard_test",
)
capture("comments_of_two_accounts", instagram(
    changes(("comments", {**COMMENT, "id": "17900000000000305"})),
    changes(("comments", {**COMMENT, "id": "17900000000000306"}), account=OTHER_ACCOUNT),
), "PublicComment comment", "PublicComment comment")  # fmt: skip
capture(
    "comment_and_message",
    instagram(
        {**entry(says("with-comment", text="سلام")), **changes(("comments", {**COMMENT, "id": "17900000000000307"}))}
    ),
    "Inbound text",
    "PublicComment comment",
)
capture(
    "a_change_on_the_entry_in_a_list",
    [
        {
            "object": "instagram",
            "entry": [
                {
                    "id": ACCOUNT,
                    "time": str(NOON_SECONDS),
                    "field": "comments",
                    "value": {**COMMENT, "id": "17900000000000308"},
                }
            ],
        }
    ],
    "PublicComment comment",
)
capture(
    "mention",
    instagram(changes(("mentions", {"media_id": "18000000000000217", "comment_id": "17900000000000309"}), account="0")),
    "Ignored mentions",
)
capture(
    "mention_without_time",
    instagram({"id": ACCOUNT, "changes": [{"field": "mentions", "value": {"media_id": "18000000000000218"}}]}),
    "Ignored mentions",
)
capture(
    "changes_with_nothing",
    instagram(changes(("mentions", {}), ("live_comments", {}))),
    "Ignored mentions",
    "Ignored live_comments",
)
capture("odd_things_among_good_ones", {"entry": [{
    **entry(
        event(**BARE, postback={"title": "شروع"}, future=1),
        event(**BARE, reaction={"emoji": "🔥"}),
        event(**BARE, message={"mid": "capture-odd", "text": "سلام"}),
    ),
    **changes(("message_reactions", {}), ("tomorrow", {})),
}]}, "Inbound postback", "Ignored reaction", "Inbound text", "Ignored message_reactions", "Ignored tomorrow")  # fmt: skip

# --- Messenger's, which come when a page is connected too -------------------------------------------------------------

PAGE = [
    event(**NUMBERS, message={"mid": "m-1", "text": "hi", "is_echo": True, "app_id": 7, "metadata": "m", "seq": 1}),
    event(**NUMBERS, message_edit={"mid": "m-1", "text": "hi!", "num_edit": "37"}),
    event(**NUMBERS, read={"watermark": NOON_MS, "seq": 2}),
    event(**NUMBERS, message={"mid": "m-2", "text": "hi", "seq": 3}, prior_message={"source": "checkbox_plugin", "identifier": "i"}),
    event(message={"mid": "m-3", "attachments": [{"type": "fallback", "title": "t", "url": "https://x.test", "payload": "null"}]}),
    event(message={"mid": "m-4", "attachments": [attachment("ig_reel", url="/reel/1", reel_video_id=900000000000301)]}),
    event(message={"mid": "m-5", "attachments": [attachment("reel", url=CDN, title=TITLE, reel_video_id=900000000000302)]}),
    event(message={"mid": "m-6", "attachments": [attachment("post", url=CDN, title=TITLE, id=900000000000303)]}),
    event(message={"mid": "m-7", "attachments": [attachment("image", url=CDN, sticker_id=900000000000304)]}),
    event(message={"mid": "m-8", "attachments": [attachment("template", product={"elements": [
        {"id": "1", "retailer_id": "A-1", "image_url": CDN, "title": "شال", "subtitle": "۴۵۰٬۰۰۰ تومان"}
    ]})]}),
    event(sender={"user_ref": "u"}, optin={"ref": "r"}),
    event(sender={"user_ref": "u"}, referral={"ref": "r", "source": "SHORTLINK", "type": "OPEN_THREAD", "ad_id": "65"}),
    event(request_thread_control={"requested_owner_app_id": APP, "metadata": "m"}),
    event(take_thread_control={"previous_owner_app_id": APP, "metadata": "m"}),
    event(pass_thread_control={"new_owner_app_id": int(APP), "previous_owner_app_id": int(OTHER_APP), "metadata": "m"}),
]  # fmt: skip
for number, one in enumerate(PAGE):
    capture(
        f"page_{number}", page(entry(one, **({"id": 17841400000000501} if number < 4 else {}))), "Ignored page_object"
    )
capture(
    "page_passed_on", page({**entry(PAGE[-1]), "hop_context": [{"app_id": 7, "metadata": "m"}]}), "Ignored page_object"
)
capture("page_in_standby", page({"id": ACCOUNT, "time": NOON_MS, "standby": [PAGE[0]]}), "Ignored page_object")
capture(
    "page_empty_button", page({"id": ACCOUNT, "time": NOON_MS, "standby": [event(postback={})]}), "Ignored page_object"
)
capture("page_warned", page(changes(("feed", {"action": "block", "reason": "spam"}))), "Ignored page_object")
