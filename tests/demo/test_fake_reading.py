"""What the fake Instagram lets an account read back, over real HTTP and through Pilito's own reader."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fake_instagram_tools import ACCOUNT, TOKEN, Webhook, running, running_fake

from pilito.channels.base import Account, Echo, Inbound, PublicComment
from pilito.channels.instagram import client, inbound, reading
from pilito.config import load_settings
from pilito.demo import shop
from pilito.errors import ChannelError
from pilito.lifecycle import MessageType

LOGIN = Account(ACCOUNT, TOKEN)
NOW = datetime.now(UTC) + timedelta(minutes=1)


@pytest.fixture(scope="module")
def webhook():
    hook = Webhook()
    with running(hook.app()) as url:
        hook.url = f"{url}/webhooks/instagram"
        yield hook


@pytest.fixture(scope="module")
def running_one(tmp_path_factory, webhook):
    with running_fake(tmp_path_factory.mktemp("fake") / "demo.sqlite3", webhook.url) as fake:
        yield fake


@pytest.fixture
def fake(running_one, webhook):
    running_one.control("reset")
    webhook.got.clear()
    return running_one


@pytest.fixture
def settings(fake):
    return load_settings(_env_file=None, instagram_graph_url=fake.url)


def thread_of(settings, customer):
    return reading.thread_with(settings, LOGIN, customer, NOW)


def test_both_sides_of_a_conversation_are_read(fake, settings):
    customer = fake.customer()
    sent = fake.control("send", customer=customer, text="چنده؟")
    answer = fake.reply(customer, "دو میلیون").json()["message_id"]

    theirs, ours = thread_of(settings, customer)

    assert (type(theirs), theirs.external_id, theirs.text) == (Inbound, sent["mid"], "چنده؟")
    assert (type(ours), ours.external_id, ours.customer_id) == (Echo, answer, customer)


@pytest.mark.parametrize(
    ("kind", "message_type"),
    [
        ("image", MessageType.IMAGE),
        ("voice", MessageType.VOICE),
        ("video", MessageType.VIDEO),
        ("story_mention", MessageType.STORY_MENTION),
        ("ig_post", MessageType.SHARE),
        ("unsupported", MessageType.UNSUPPORTED),
    ],
)
def test_every_kind_is_read_as_its_webhook_is(fake, settings, kind, message_type):
    customer = fake.customer()
    fake.control("send", customer=customer, kind=kind, **({"post_id": "dress"} if kind == "ig_post" else {}))

    [message] = thread_of(settings, customer)

    assert message.message_type is message_type


def test_a_post_of_strangers_is_read_as_a_share_too(fake, settings):
    customer = fake.customer()
    fake.control("send", customer=customer, kind="ig_post", caption="پیراهن")

    [read] = thread_of(settings, customer)

    assert read.message_type is MessageType.SHARE
    assert read.share.permalink.startswith("https://www.instagram.com/p/")
    assert read.share.caption is None


def test_a_lost_webhook_leaves_the_message_readable(fake, settings, webhook):
    customer = fake.customer()
    fake.control("lose", count=1)

    lost = fake.control("send", customer=customer, text="گم شد")
    kept = fake.control("send", customer=customer, text="رسید")

    assert [one.message["mid"] for one in webhook.wait_for(1)] == [kept["mid"]]
    assert [one.external_id for one in thread_of(settings, customer)] == [lost["mid"], kept["mid"]]
    assert [row["mid"] for row in fake.log("webhook_lost")] == [lost["mid"]]


def test_conversations_come_in_pages_the_newest_change_first(fake, settings):
    customers = [fake.customer() for _ in range(3)]
    for number, customer in enumerate(customers):
        fake.control("send", customer=customer, text="سلام", timestamp_ms=1_790_000_000_000 + number * 60_000)

    first = fake.get("v25.0/me/conversations", fields="id,updated_time", limit="2").json()
    second = fake.get(
        "v25.0/me/conversations", fields="id,updated_time", limit="2", after=first["paging"]["cursors"]["after"]
    ).json()

    times = [one["updated_time"] for one in (*first["data"], *second["data"])]
    assert times == sorted(times, reverse=True)
    assert len(times) == 3
    assert "next" in first["paging"]
    assert "next" not in second["paging"]


def test_only_the_newest_twenty_messages_can_be_read(fake, settings):
    customer = fake.customer()
    for number in range(22):
        fake.control("send", customer=customer, text=str(number))

    assert [one.text for one in thread_of(settings, customer)] == [str(number) for number in range(2, 22)]


def test_an_account_may_show_no_post_of_its_own(fake, settings):
    fake.control("access", hide_posts=True)

    hidden = reading.posts(settings, LOGIN, None)
    fake.control("access", restore=True)

    assert len(hidden.posts) == 0
    assert reading.posts(settings, LOGIN, None).posts


def test_own_posts_are_read_with_a_new_one_first(fake, settings):
    added = fake.control("posts", caption="شال تازه", is_reel=True)["post"]

    posts = reading.posts(settings, LOGIN, None).posts

    assert len(posts) == len(shop.POSTS) + 1
    assert (posts[0].media_id, posts[0].caption, posts[0].code) == (added["media_id"], "شال تازه", added["code"])
    assert posts[0].media_product_type == "REELS"
    assert posts[1].caption == shop.POSTS[0].caption


@pytest.mark.parametrize("shape", ["facebook", "instagram", "entry"])
def test_a_comment_reaches_us_in_each_of_its_shapes(fake, webhook, shape):
    customer = fake.customer(username="sara")

    made = fake.control("comments", customer=customer, post_id="dress", text="چنده؟", shape=shape)["comment"]

    [item] = inbound.parse(webhook.wait_for(1)[0].body, NOW)
    assert isinstance(item, PublicComment)
    assert (item.external_id, item.author_id, item.text) == (made["id"], customer, "چنده؟")
    assert item.media_id == shop.find_post("dress").media_id


def test_a_comment_is_answered_privately_once(fake, settings):
    customer = fake.customer()
    comment = fake.control("comments", customer=customer, post_id="dress", text="چنده؟")["comment"]["id"]

    receipt = client.reply_privately(settings, LOGIN, comment, "سلام")

    assert receipt.customer_id == customer
    assert [row["mid"] for row in fake.log("send_accepted")] == [receipt.external_id]
    with pytest.raises(ChannelError) as caught:
        client.reply_privately(settings, LOGIN, comment, "باز هم سلام")
    assert caught.value.reason == "private_reply_invalid"


def test_after_seven_days_it_is_refused(fake, settings):
    old = round((NOW - timedelta(days=8)).timestamp() * 1000)
    comment = fake.control("comments", customer=fake.customer(), post_id="dress", text="؟", timestamp_ms=old)["comment"]

    with pytest.raises(ChannelError) as caught:
        client.reply_privately(settings, LOGIN, comment["id"], "سلام")

    assert caught.value.reason == "private_reply_invalid"


def test_a_private_reply_does_not_open_the_usual_time_to_reply(fake, settings):
    customer = fake.customer()
    comment = fake.control("comments", customer=customer, post_id="dress", text="؟")["comment"]["id"]
    client.reply_privately(settings, LOGIN, comment, "سلام")

    assert fake.reply(customer, "و این هم").json()["error"]["error_subcode"] == 2534022
