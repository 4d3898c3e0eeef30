"""The fake Instagram does what Meta does, over real HTTP."""

import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

sys.path.insert(0, str(Path(__file__).parent))
from fake_instagram_tools import ACCOUNT, SECRET, TOKEN, Webhook, eventually, running, running_fake

from pilito.channels.base import Edit, Inbound, Opened, Reaction, Seen
from pilito.channels.instagram.inbound import parse
from pilito.demo import payloads, shapes, shop
from pilito.demo.service import read_settings
from pilito.errors import ConfigError

NOON_MS = 1_790_000_000_000
NOW = datetime.now(UTC)


@pytest.fixture
def webhook():
    hook = Webhook()
    with running(hook.app()) as url:
        hook.url = f"{url}/webhooks/instagram"
        yield hook


@pytest.fixture
def fake(tmp_path, webhook):
    with running_fake(tmp_path / "demo.sqlite3", webhook.url) as fake:
        yield fake


@pytest.fixture
def customer(fake):
    return fake.customer()


# What the customer sends


def test_a_text_arrives_in_the_envelope_of_meta(fake, webhook, customer):
    sent = fake.control("send", customer=customer, text="این لباس چقدره؟", timestamp_ms=NOON_MS)

    body = webhook.wait_for(1)[0].json
    assert body["object"] == "instagram"
    assert body["entry"][0]["id"] == ACCOUNT
    assert body["entry"][0]["messaging"] == [
        {
            "sender": {"id": customer},
            "recipient": {"id": ACCOUNT},
            "timestamp": NOON_MS,
            "message": {"mid": sent["mid"], "text": "این لباس چقدره؟"},
        }
    ]


def test_the_signature_is_made_over_the_raw_bytes(fake, webhook, customer):
    fake.control("send", customer=customer, kind="ig_post", post_id="dress")

    delivery = webhook.wait_for(1)[0]
    expected = hmac.new(SECRET.encode(), delivery.body, hashlib.sha256).hexdigest()
    assert delivery.signature == f"sha256={expected}"


def test_the_bytes_are_escaped_as_meta_escapes_them(fake, webhook, customer):
    fake.control("send", customer=customer, text="قیمت؟ https://example.org/a")

    body = webhook.wait_for(1)[0].body
    assert body.isascii()
    assert rb"https:\/\/example.org\/a" in body
    assert rb"\u0642\u06cc\u0645\u062a" in body


@pytest.mark.parametrize(
    ("kind", "id_key"), [("ig_post", "ig_post_media_id"), ("ig_reel", "reel_video_id"), ("reel", "reel_video_id")]
)
def test_a_share_carries_its_id_its_caption_as_title_and_its_picture(fake, webhook, customer, kind, id_key):
    fake.control("send", customer=customer, kind=kind, post_id="dress")

    dress = shop.find_post("dress")
    [attachment] = webhook.wait_for(1)[0].message["attachments"]
    assert attachment["type"] == kind
    assert attachment["payload"][id_key] == dress.media_id
    assert attachment["payload"]["title"] == dress.caption
    assert attachment["payload"]["url"].endswith("/media/dress.jpg")
    assert webhook.url.startswith(attachment["payload"]["url"].removesuffix("/media/dress.jpg"))


def test_a_share_of_late_2025_holds_share_and_ig_post_side_by_side(fake, webhook, customer):
    fake.control("send", customer=customer, kind="share", post_id="scarf")

    first, second = webhook.wait_for(1)[0].message["attachments"]
    assert (first["type"], second["type"]) == ("share", "ig_post")
    assert first["payload"] == second["payload"]
    assert set(first["payload"]) == {"ig_post_media_id", "title", "url"}


def test_a_share_of_early_2025_holds_its_file_only(fake, webhook, customer):
    fake.control("send", customer=customer, kind="share", variant="bare", post_id="scarf")

    [attachment] = webhook.wait_for(1)[0].message["attachments"]
    assert attachment["type"] == "share"
    assert set(attachment["payload"]) == {"url"}


def test_a_straggling_share_holds_its_page_only(fake, webhook, customer):
    fake.control("send", customer=customer, kind="share", variant="permalink", post_id="bag")

    [attachment] = webhook.wait_for(1)[0].message["attachments"]
    assert attachment == {"type": "share", "payload": {"url": shop.find_post("bag").permalink}}


def test_a_reel_of_2026_points_to_its_page(fake, webhook, customer):
    fake.control("send", customer=customer, kind="ig_reel", variant="permalink", post_id="bag")

    [attachment] = webhook.wait_for(1)[0].message["attachments"]
    assert attachment["payload"]["url"] == shop.find_post("bag").permalink
    assert attachment["payload"]["title"] == shop.find_post("bag").caption


def test_a_post_without_a_caption_has_no_title(fake, webhook, customer):
    fake.control("send", customer=customer, kind="ig_post", post_id="necklace")

    [attachment] = webhook.wait_for(1)[0].message["attachments"]
    assert "title" not in attachment["payload"]


def test_a_bare_link_is_a_text(fake, webhook, customer):
    fake.control("send", customer=customer, kind="link", post_id="bag")

    message = webhook.wait_for(1)[0].message
    assert message["text"] == shop.find_post("bag").permalink
    assert "attachments" not in message


def test_a_share_with_words_under_it_is_two_events_the_share_first(fake, webhook, customer):
    sent = fake.control("send", customer=customer, kind="ig_post", post_id="dress", text="این چنده؟")

    share, question = webhook.wait_for(2)
    assert share.message["attachments"][0]["type"] == "ig_post"
    assert question.message["text"] == "این چنده؟"
    assert [share.message["mid"], question.message["mid"]] == sent["mids"]
    assert share.item["timestamp"] < question.item["timestamp"]


@pytest.mark.parametrize(
    ("kind", "meta_type"),
    [("image", "image"), ("video", "video"), ("voice", "audio"), ("story_mention", "story_mention")],
)
def test_a_file_is_an_attachment_with_a_url_that_can_be_fetched(fake, webhook, customer, kind, meta_type):
    fake.control("send", customer=customer, kind=kind)

    [attachment] = webhook.wait_for(1)[0].message["attachments"]
    assert attachment["type"] == meta_type
    assert set(attachment["payload"]) == {"url"}
    name = attachment["payload"]["url"].rpartition("/")[2]
    assert requests.get(f"{fake.url}/media/{name}", timeout=20).ok


def test_a_like_has_no_payload(fake, webhook, customer):
    fake.control("send", customer=customer, kind="like_heart")

    assert webhook.wait_for(1)[0].message["attachments"] == [{"type": "like_heart"}]


def test_what_the_api_cannot_express_is_marked_unsupported(fake, webhook, customer):
    fake.control("send", customer=customer, kind="unsupported")

    message = webhook.wait_for(1)[0].message
    assert message["is_unsupported"] is True
    assert set(message) == {"mid", "is_unsupported"}


def test_every_kind_can_be_sent(fake, webhook, customer):
    for kind in payloads.KINDS:
        fake.control("send", customer=customer, kind=kind, text="؟" if kind == "text" else "", post_id="dress")

    webhook.wait_for(len(payloads.KINDS))


SHAPES = {
    "story_reply": (Inbound, "text", "story_reply"),
    "ig_story": (Inbound, "story", "ig_story"),
    "carousel": (Inbound, "share", "ig_post"),
    "product": (Inbound, "product", "template"),
    "web_link": (Inbound, "text", "fallback"),
    "file": (Inbound, "file", "file"),
    "quick_reply": (Inbound, "text", "quick_reply"),
    "ice_breaker": (Inbound, "text", "ice_breaker"),
    "button": (Inbound, "postback", "postback"),
    "ad": (Inbound, "text", "text"),
    "ephemeral": (Inbound, "unsupported", "ephemeral"),
    "unknown": (Inbound, "other", "hologram"),
}


def test_every_rarer_shape_is_read_as_what_it_is(fake, webhook, customer):
    for kind in SHAPES:
        fake.control("send", customer=customer, kind=kind)

    items = [parse(one.body, NOW)[0] for one in webhook.wait_for(len(SHAPES))]

    assert SHAPES.keys() == shapes.SHAPES.keys()
    assert [(type(item), item.message_type, item.provider_type) for item in items] == list(SHAPES.values())
    assert items[list(SHAPES).index("ad")].referral.ad_title
    assert items[list(SHAPES).index("story_reply")].story.url


def test_what_happens_around_messages_is_told_and_shown(fake, webhook, customer):
    mid = fake.control("send", customer=customer, text="چنده؟")["mid"]
    fake.reply(customer, "۲ میلیون")
    webhook.wait_for(2)

    for data in (
        {"kind": "react", "mid": mid, "emoji": "😂"},
        {"kind": "edit", "mid": mid, "text": "این چنده؟"},
        {"kind": "seen"},
        {"kind": "opening"},
        {"kind": "unreact", "mid": mid},
    ):
        fake.control("event", customer=customer, **data)

    items = [parse(one.body, NOW)[0] for one in webhook.wait_for(7)[2:]]
    assert [type(item) for item in items] == [Reaction, Edit, Seen, Opened, Reaction]
    assert (items[0].emoji, items[1].text, items[1].number, items[4].is_removed) == ("😂", "این چنده؟", 1, True)
    shown = fake.state(customer)["messages"][0]
    assert (shown["text"], shown["edited"], shown["emoji"]) == ("این چنده؟", True, "")


def test_a_message_may_answer_another_and_come_in_standby(fake, webhook, customer):
    fake.control("send", customer=customer, text="همین", reply_to="mid.1", standby=True)

    [item] = parse(webhook.wait_for(1)[0].body, NOW)

    assert (item.reply_to_external_id, item.origin) == ("mid.1", "standby")


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "react", "mid": "nothing"},
        {"kind": "edit", "mid": "nothing", "text": "x"},
        {"kind": "seen"},
        {"kind": "explode"},
        {},
    ],
)
def test_an_event_about_nothing_is_refused(fake, customer, data):
    answer = requests.post(f"{fake.url}/control/event", json={"customer": customer, **data}, timeout=20)

    assert answer.status_code in (400, 404, 409)
    assert "expected" in answer.json()["error"]["message"]


def test_an_unsent_message_is_told_with_its_own_mid_and_gone_from_the_api(fake, webhook, customer):
    sent = fake.control("send", customer=customer, text="اشتباه شد")

    fake.control("unsend", customer=customer, mid=sent["mid"])

    unsend = webhook.wait_for(2)[1]
    assert unsend.message == {"mid": sent["mid"], "is_deleted": True}
    assert fake.state(customer)["messages"][0]["unsent"] is True
    assert fake.get(f"v25.0/{sent['mid']}").json()["error"]["code"] == 100


def test_a_message_is_unsent_only_once_and_only_by_its_sender(fake, webhook, customer):
    sent = fake.control("send", customer=customer, text="سلام")
    stranger = fake.customer()

    assert fake.control("unsend", customer=customer, mid=sent["mid"])["unsent"] is True
    assert fake.control("unsend", customer=customer, mid=sent["mid"])["unsent"] is False
    refused = requests.post(f"{fake.url}/control/unsend", json={"customer": stranger, "mid": sent["mid"]}, timeout=20)
    assert refused.status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "text", "text": ""},
        {"kind": "telegram", "text": "x"},
        {"kind": "ig_post", "post_id": "nothing"},
        {"kind": "text", "text": "x" * 20_001},
        {"kind": "text", "text": "x", "delay_seconds": -1},
        {"kind": "text", "text": "x", "hold": "yes"},
        {"kind": "ig_post", "post_id": "dress", "variant": "tape"},
    ],
)
def test_a_wrong_order_is_refused_with_what_was_expected(fake, customer, data):
    answer = requests.post(f"{fake.url}/control/send", json={"customer": customer, **data}, timeout=20)

    assert answer.status_code == 400
    assert "expected" in answer.json()["error"]["message"]


def test_a_form_of_a_foreign_page_is_not_read(fake):
    answer = requests.post(
        f"{fake.url}/control/reset", data='{"a":1}', headers={"Content-Type": "text/plain"}, timeout=20
    )

    assert answer.status_code == 400


# The way of a webhook


def test_a_refused_webhook_is_posted_again_with_the_same_bytes(fake, webhook, customer):
    webhook.answers = [503, 500]

    fake.control("send", customer=customer, text="سلام")

    first, second, third = webhook.wait_for(3)
    assert first.body == second.body == third.body
    delivered = eventually(lambda: fake.state(customer)["messages"][0]["delivery"][0]["state"] == "delivered")
    assert delivered
    assert [row["detail"]["status"] for row in fake.log("webhook_posted")] == [503, 500, 200]


def test_a_webhook_that_is_always_refused_is_given_up_in_the_end(fake, webhook, customer):
    webhook.answers = [500] * 10

    fake.control("send", customer=customer, text="سلام")

    eventually(lambda: fake.state(customer)["messages"][0]["delivery"][0]["state"] == "failed")
    assert len(webhook.got) == 3


def test_messages_of_one_customer_arrive_in_the_order_they_were_sent(fake, webhook, customer):
    for number in range(20):
        fake.control("send", customer=customer, text=str(number))

    assert [each.message["text"] for each in webhook.wait_for(20)] == [str(number) for number in range(20)]


def test_a_held_message_goes_when_released_and_not_before(fake, webhook, customer):
    fake.control("send", customer=customer, text="اول", hold=True)
    fake.control("send", customer=customer, text="دوم")

    assert webhook.wait_for(1)[0].message["text"] == "دوم"
    assert fake.state(customer)["held"] == 1

    assert fake.control("release", customer=customer)["released"] == 1
    assert webhook.wait_for(2)[1].message["text"] == "اول"


def test_held_messages_released_swapped_arrive_newest_first_with_their_own_times(fake, webhook, customer):
    fake.control("send", customer=customer, kind="ig_post", post_id="dress", hold=True, timestamp_ms=NOON_MS)
    fake.control("send", customer=customer, text="چنده؟", hold=True, timestamp_ms=NOON_MS + 2000)

    fake.control("release", customer=customer, order="swapped")

    question, share = webhook.wait_for(2)
    assert question.message["text"] == "چنده؟"
    assert share.item["timestamp"] < question.item["timestamp"]


def test_a_release_for_one_customer_leaves_the_others_held(fake, webhook, customer):
    other = fake.customer()
    fake.control("send", customer=customer, text="الف", hold=True)
    fake.control("send", customer=other, text="ب", hold=True)

    assert fake.control("release", customer=other)["released"] == 1
    assert webhook.wait_for(1)[0].item["sender"]["id"] == other
    assert fake.state(customer)["held"] == 1


def test_a_late_message_is_overtaken_by_the_next_one(fake, webhook, customer):
    fake.control("send", customer=customer, text="دیر", delay_seconds=1)
    fake.control("send", customer=customer, text="زود")

    assert [each.message["text"] for each in webhook.wait_for(2)] == ["زود", "دیر"]


@pytest.mark.parametrize(("order", "kinds"), [("given", ["attachments", "text"]), ("swapped", ["text", "attachments"])])
def test_a_batch_is_told_in_one_webhook_in_the_order_that_was_asked_for(fake, webhook, customer, order, kinds):
    share = {"kind": "ig_post", "post_id": "dress", "timestamp_ms": NOON_MS}
    messages = [share, {"text": "چنده؟", "timestamp_ms": NOON_MS + 2000}]

    sent = fake.control("batch", customer=customer, messages=messages, order=order)

    (body,) = webhook.wait_for(1)
    items = body.json["entry"][0]["messaging"]
    assert [kind in item["message"] for kind, item in zip(kinds, items, strict=True)] == [True, True]
    assert {item["message"]["mid"] for item in items} == set(sent["mids"])
    assert sorted(item["timestamp"] for item in items) == [NOON_MS, NOON_MS + 2000]
    posted = eventually(lambda: fake.log("webhook_posted"))
    assert [set(row["mid"].split(",")) for row in posted] == [set(sent["mids"])]


@pytest.mark.parametrize("messages", [None, [], ["text"], [{"text": "x"}] * 101])
def test_a_batch_of_nothing_or_of_too_much_is_refused(fake, customer, messages):
    answer = requests.post(f"{fake.url}/control/batch", json={"customer": customer, "messages": messages}, timeout=20)

    assert answer.status_code == 400
    assert "expected" in answer.json()["error"]["message"]


def test_a_message_sent_twice_is_two_deliveries_of_one_mid(fake, webhook, customer):
    fake.control("send", customer=customer, text="سلام", twice=True)

    first, second = webhook.wait_for(2)
    assert first.body == second.body
    assert len(fake.state(customer)["messages"]) == 1


# What Pilito calls


def test_a_reply_reaches_the_phone_and_comes_back_as_an_echo(fake, webhook, customer):
    fake.control("send", customer=customer, text="سلام")

    answer = fake.reply(customer, "سلام! بفرمایید.").json()

    assert answer["recipient_id"] == customer
    echo = webhook.wait_for(2)[1]
    assert echo.message == {"mid": answer["message_id"], "text": "سلام! بفرمایید.", "is_echo": True}
    assert (echo.item["sender"]["id"], echo.item["recipient"]["id"]) == (ACCOUNT, customer)
    shown = fake.state(customer)["messages"][-1]
    assert (shown["from"], shown["text"]) == ("shop", "سلام! بفرمایید.")
    [accepted] = fake.log("send_accepted")
    assert (accepted["mid"], accepted["customer"]) == (answer["message_id"], customer)
    assert accepted["detail"]["text"] == "سلام! بفرمایید."


def test_a_wrong_token_is_refused_with_190(fake, customer):
    answer = fake.reply(customer, "سلام", token="another")

    assert answer.status_code == 401
    error = answer.json()["error"]
    assert error["code"] == 190
    assert set(error) >= {"message", "type", "code", "fbtrace_id"}


def test_a_text_over_a_thousand_bytes_is_refused(fake, customer):
    fake.control("send", customer=customer, text="سلام")

    assert fake.reply(customer, "م" * 500).ok
    refused = fake.reply(customer, "م" * 501)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == 100


def test_nobody_can_be_written_to_who_does_not_exist(fake):
    error = fake.reply("123", "سلام").json()["error"]

    assert (error["code"], error["error_subcode"]) == (100, 2534014)


def test_a_conversation_can_only_be_begun_by_the_person(fake, customer):
    error = fake.reply(customer, "تخفیف داریم!").json()["error"]

    assert (error["code"], error["error_subcode"]) == (10, 2534022)


def test_after_a_day_only_a_person_may_answer(fake, customer):
    fake.control("send", customer=customer, text="سلام", timestamp_ms=NOON_MS - 86_400_000 * 365)
    two_days_ms = 2 * 86_400_000
    now_ms = fake.state(customer)["now_ms"]
    fake.control("send", customer=customer, text="هستید؟", timestamp_ms=now_ms - two_days_ms)

    assert fake.reply(customer, "بله").json()["error"]["error_subcode"] == 2534022
    assert fake.reply(customer, "بله", messaging_type="MESSAGE_TAG", tag="HUMAN_AGENT").ok


def test_typing_is_taken_and_is_no_message(fake, customer):
    data = {"recipient": {"id": customer}, "sender_action": "typing_on"}
    answer = requests.post(
        f"{fake.url}/v25.0/{ACCOUNT}/messages", json=data, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20
    )

    assert answer.json() == {"recipient_id": customer}
    assert fake.state(customer)["messages"] == []


def test_the_account_and_a_customer_have_profiles(fake, customer):
    assert fake.get(f"v25.0/{customer}", fields="name").json()["error"]["code"] == 230
    fake.control("send", customer=customer, text="سلام")

    profile = fake.get(f"v25.0/{customer}", fields="name,username,profile_pic").json()
    account = fake.get("v25.0/me", fields="user_id,username").json()

    assert set(profile) == {"id", "name", "username", "profile_pic"}
    assert account["user_id"] == ACCOUNT
    assert account["id"] != ACCOUNT


def test_the_shop_can_read_its_own_posts(fake):
    listed = fake.get("v25.0/me/media", fields="id,caption,permalink").json()["data"]
    one = fake.get(f"v25.0/{listed[0]['id']}", fields="caption,permalink").json()

    assert len(listed) == len(shop.POSTS)
    assert one["caption"] == listed[0]["caption"]


def test_a_conversation_can_be_read_newest_first(fake, customer):
    fake.control("send", customer=customer, text="سلام")
    reply = fake.reply(customer, "بفرمایید").json()

    [thread] = fake.get("v25.0/me/conversations", user_id=customer, platform="instagram").json()["data"]
    messages = fake.get(f"v25.0/{thread['id']}", fields="messages{id,message,from}").json()["messages"]["data"]

    assert [each["message"] for each in messages] == ["بفرمایید", "سلام"]
    assert messages[0]["id"] == reply["message_id"]
    assert messages[0]["from"]["id"] == ACCOUNT


# Faults


@pytest.fixture
def waiting_customer(fake, webhook, customer):
    """A customer who has written, so that a reply is allowed."""
    fake.control("send", customer=customer, text="سلام")
    webhook.wait_for(1)
    return customer


def test_a_scripted_error_refuses_the_next_sends_and_then_no_more(fake, waiting_customer):
    fake.faults(code=613, subcode=2534040, http_status=429, times=2)

    answers = [fake.reply(waiting_customer, "بله") for _ in range(3)]

    assert [each.status_code for each in answers] == [429, 429, 200]
    assert answers[0].json()["error"]["error_subcode"] == 2534040
    assert len(fake.log("send_accepted")) == 1


def test_a_hang_after_acceptance_delivers_although_the_caller_gives_up(fake, waiting_customer):
    fake.faults(accept_then_hang=2)

    with pytest.raises(requests.Timeout):
        fake.reply(waiting_customer, "بله", timeout=0.2)

    assert len(eventually(lambda: fake.log("send_accepted"))) == 1


def test_a_hang_before_acceptance_delivers_late(fake, waiting_customer):
    fake.faults(hang=1)

    with pytest.raises(requests.Timeout):
        fake.reply(waiting_customer, "بله", timeout=0.1)

    assert fake.log("send_accepted") == []
    eventually(lambda: fake.log("send_accepted"))


def test_an_error_500_after_acceptance_delivers_all_the_same(fake, waiting_customer):
    fake.faults(accept_then_500=True)

    assert fake.reply(waiting_customer, "بله").status_code == 500
    assert len(fake.log("send_accepted")) == 1


def test_broken_json_after_acceptance_is_a_200(fake, waiting_customer):
    fake.faults(accept_then_broken_json=True)

    answer = fake.reply(waiting_customer, "بله")

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)
    assert len(fake.log("send_accepted")) == 1


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [({"reset": "before"}, 0), ({"reset": True}, 0), ({"reset": "after"}, 1), ({"refuse": True}, 0)],
)
def test_a_cut_connection_tells_nothing(fake, waiting_customer, fault, accepted):
    fake.faults(**fault)

    with pytest.raises(requests.ConnectionError) as error:
        fake.reply(waiting_customer, "بله")

    assert ("reset by peer" in str(error.value)) is ("reset" in fault)
    assert len(fake.log("send_accepted")) == accepted
    assert fake.reply(waiting_customer, "بله").ok


def test_an_echo_can_come_before_the_answer(fake, webhook, waiting_customer):
    fake.faults(echo="before")

    answer = fake.reply(waiting_customer, "بله").json()

    assert [each.message["mid"] for each in webhook.echoes()] == [answer["message_id"]]


def test_an_echo_can_come_late_or_never(fake, webhook, waiting_customer):
    fake.faults(echo="none")
    fake.faults(echo="late", echo_delay_seconds=1)
    fake.reply(waiting_customer, "بی‌پژواک")
    late = fake.reply(waiting_customer, "دیر").json()
    last = fake.reply(waiting_customer, "عادی").json()

    eventually(lambda: len(webhook.echoes()) == 2)
    assert [each.message["mid"] for each in webhook.echoes()] == [last["message_id"], late["message_id"]]


def test_faults_can_be_taken_back(fake, waiting_customer):
    fake.faults(code=2, times=5)

    assert requests.delete(f"{fake.url}/control/faults", timeout=20).json() == {"waiting": 0}
    assert fake.reply(waiting_customer, "بله").ok


@pytest.mark.parametrize("fault", [{"cod": 1}, {"code": "1"}, {"echo": "twice"}, {"times": 0}, {"hang": -1}, []])
def test_a_fault_that_means_nothing_is_refused(fake, fault):
    assert requests.post(f"{fake.url}/control/faults", json=fault, timeout=20).status_code == 400


# State


def test_yesterdays_thread_is_there_after_a_restart(tmp_path, webhook):
    path = tmp_path / "demo.sqlite3"
    with running_fake(path, webhook.url) as fake:
        customer = fake.customer(name="سارا")
        fake.control("send", customer=customer, text="سلام")
        fake.control("send", customer=customer, text="نگه‌داشته", hold=True)
        webhook.wait_for(1)
        fake.reply(customer, "بفرمایید")
        before = fake.state(customer)["messages"]

    with running_fake(path, webhook.url) as fake:
        after = fake.state(customer)

    assert [each["text"] for each in after["messages"]] == [each["text"] for each in before]
    assert after["customer"]["name"] == "سارا"
    assert after["held"] == 1


def test_a_webhook_that_could_not_be_posted_is_posted_after_the_restart(tmp_path, webhook):
    path = tmp_path / "demo.sqlite3"
    with running_fake(path, "http://127.0.0.1:9/webhooks/instagram", retry_seconds=(0.2,) * 20) as fake:
        customer = fake.customer()
        fake.control("send", customer=customer, text="سلام")
        eventually(lambda: fake.log("webhook_posted"))

    with running_fake(path, webhook.url):
        assert webhook.wait_for(1)[0].message["text"] == "سلام"


def test_nothing_new_is_said_in_one_word(fake, customer):
    state = fake.state(customer)
    params = {"customer": customer, "known": state["version"]}

    again = requests.get(f"{fake.url}/control/state", params=params, timeout=20).json()
    fake.control("send", customer=customer, text="سلام")
    changed = requests.get(f"{fake.url}/control/state", params=params, timeout=20).json()

    assert again["unchanged"] is True
    assert "messages" not in again
    assert len(changed["messages"]) == 1


def test_the_log_is_read_page_by_page(fake, customer):
    for number in range(3):
        fake.control("send", customer=customer, text=str(number), hold=True)

    page = requests.get(f"{fake.url}/control/log", params={"limit": 2}, timeout=20).json()
    rest = requests.get(f"{fake.url}/control/log", params={"after": page["next"]}, timeout=20).json()

    assert len(page["data"]) == 2
    assert [row["kind"] for row in rest["data"]] == ["customer_sent", "customer_sent"]
    assert rest["next"] is None


def test_a_reset_forgets_everybody(fake, customer):
    fake.control("reset")

    assert fake.state(customer)["customer"] is None
    assert fake.state(customer)["customers"] == []


def test_somebody_elses_post_is_shared_with_its_own_caption(fake, webhook, customer):
    fake.control("send", customer=customer, kind="ig_post", caption="کاپشن فروشگاهی دیگر")

    payload = webhook.wait_for(1)[0].message["attachments"][0]["payload"]
    assert payload["title"] == "کاپشن فروشگاهی دیگر"
    assert payload["ig_post_media_id"] not in {post.media_id for post in shop.POSTS}


def test_nothing_of_the_old_world_arrives_after_a_reset(fake, webhook):
    webhook.slow_seconds = 0.05
    for customer in [fake.customer() for _ in range(3)]:
        fake.control("send", customer=customer, text="سلام")

    fake.control("reset")
    webhook.got.clear()
    fake.control("send", customer=fake.customer(), text="تازه")

    assert [each.message["text"] for each in webhook.wait_for(1)] == ["تازه"]


def test_a_customer_made_with_a_known_id_is_the_same_customer(fake):
    assert fake.customer(id="1000000000000042") == fake.customer(id="1000000000000042") == "1000000000000042"


# Settings


def test_the_demo_signs_with_the_first_secret():
    settings = read_settings({"INSTAGRAM_APP_SECRET": "first-secret, second-secret", "PILITO_DEMO_PORT": "9001"})

    assert settings.app_secret == "first-secret"
    assert settings.port == 9001


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"INSTAGRAM_APP_SECRET": "x", "PILITO_ENV": "production"},
        {"INSTAGRAM_APP_SECRET": "x", "PILITO_DEMO_PORT": "many"},
    ],
)
def test_the_demo_refuses_to_start_on_settings_that_cannot_work(env):
    with pytest.raises(ConfigError):
        read_settings(env)


def test_every_post_of_the_shop_has_its_picture_and_its_own_id():
    from pilito.demo.media import find_media

    assert all(find_media(f"{post.id}.svg").content.startswith(b"<svg") for post in shop.POSTS)
    assert len({post.media_id for post in shop.POSTS}) == len(shop.POSTS)
    assert any(not post.caption for post in shop.POSTS)


def test_the_process_serves_the_fake_and_the_model_and_ends_cleanly_when_told(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {
        **os.environ,
        "PILITO_ENV": "development",
        "PILITO_DEMO_PORT": str(port),
        "PILITO_DEMO_STATE": str(tmp_path / "var" / "demo.sqlite3"),
        "INSTAGRAM_APP_SECRET": SECRET,
    }
    process = subprocess.Popen([sys.executable, "-m", "pilito.demo"], env=env, stderr=subprocess.DEVNULL)
    try:
        made = eventually(lambda: _try_post(f"http://127.0.0.1:{port}/instagram/control/customers"), seconds=20)
        model = requests.post(f"http://127.0.0.1:{port}/openai/v1/chat/completions", json={}, timeout=20)
        process.send_signal(signal.SIGTERM)

        assert made.status_code == 201
        assert model.status_code != 404
        assert process.wait(10) == 0
    finally:
        process.kill()


def _try_post(url):
    try:
        return requests.post(url, json={}, timeout=1)
    except requests.ConnectionError:
        return None
