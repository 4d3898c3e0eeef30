"""Conversations and own posts, read at a server that answers as Meta does."""

from datetime import UTC, datetime

import pytest
from fakes import FakeGraph, serve_one
from instagram_events import ACCOUNT, CDN, CUSTOMER, NOON, PERMALINK

from pilito.channels.base import Account, ChangedThread, Echo, Inbound, PrivateReceipt
from pilito.channels.instagram import client, reading
from pilito.config import load_settings
from pilito.errors import ChannelError, Remedy
from pilito.lifecycle import MessageType

LOGIN = Account(ACCOUNT, "a-token")
PAGE = Account(ACCOUNT, "a-token", {"login": "facebook"})
AT = "2026-11-22T11:58:00+0000"


@pytest.fixture(scope="module")
def other_side():
    graph = FakeGraph()
    with serve_one(graph) as url:
        yield graph, load_settings(_env_file=None, instagram_graph_url=url, facebook_graph_url=f"{url}/fb")


@pytest.fixture
def graph(other_side):
    other_side[0].readable, other_side[0].reads = {}, []
    return other_side[0]


@pytest.fixture
def settings(other_side):
    return other_side[1]


def message(**parts):
    whole = {
        "id": "mid-1",
        "created_time": AT,
        "from": {"id": CUSTOMER, "username": "sara"},
        "to": {"data": [{"id": ACCOUNT, "username": "shop"}]},
        "message": "",
        **parts,
    }
    return {key: value for key, value in whole.items() if value is not None}


def read(graph, settings, *messages, account=LOGIN):
    graph.readable["a-thread"] = {"id": "a-thread", "messages": {"data": list(messages)}}
    return reading.thread(settings, account, "a-thread", NOON)


# --- conversations ---------------------------------------------------------------------------------------------------


def test_a_page_of_conversations_names_the_next(graph, settings):
    graph.readable["conversations"] = {
        "data": [{"id": "t1", "updated_time": AT}, {"id": "t2"}],
        "paging": {"cursors": {"after": "more"}, "next": "https://graph.instagram.com/…"},
    }

    page = reading.threads(settings, LOGIN, None)

    assert page.threads == (ChangedThread("t1", datetime(2026, 11, 22, 11, 58, tzinfo=UTC)),)
    assert page.next == "more"
    assert "platform=instagram" in graph.reads[0]


def test_the_last_page_has_cursors_and_no_next(graph, settings):
    graph.readable["conversations"] = {"data": [], "paging": {"cursors": {"after": "more"}}}

    assert reading.threads(settings, LOGIN, "before").next is None
    assert "after=before" in graph.reads[0]


def test_a_customers_text_and_our_answer(graph, settings):
    theirs = message(message="چنده؟")
    ours = message(id="mid-2", message="سلام", **{"from": {"id": ACCOUNT}, "to": {"data": [{"id": CUSTOMER}]}})

    first, second = read(graph, settings, ours, theirs)

    assert (type(first), first.customer_id, first.external_id, first.text) == (Inbound, CUSTOMER, "mid-1", "چنده؟")
    assert first.sent_at == datetime(2026, 11, 22, 11, 58, tzinfo=UTC)
    assert (type(second), second.customer_id, second.external_id) == (Echo, CUSTOMER, "mid-2")


@pytest.mark.parametrize(
    ("parts", "kind", "url"),
    [
        ({"attachments": {"data": [{"image_data": {"url": CDN}}]}}, MessageType.IMAGE, CDN),
        ({"attachments": {"data": [{"video_data": {"url": CDN}}]}}, MessageType.VIDEO, CDN),
        ({"attachments": {"data": [{"mime_type": "audio/mp4", "file_url": CDN}]}}, MessageType.VOICE, CDN),
        ({"attachments": {"data": [{"mime_type": "application/pdf", "file_url": CDN}]}}, MessageType.FILE, CDN),
        ({"story": {"mention": {"id": "1", "link": CDN}}}, MessageType.STORY_MENTION, CDN),
        ({"is_unsupported": True}, MessageType.UNSUPPORTED, None),
    ],
)
def test_files_are_read_as_their_events_would_be(graph, settings, parts, kind, url):
    [found] = read(graph, settings, message(**parts))

    assert found.message_type is kind
    assert [file.url for file in found.files] == ([url] if url else [])


@pytest.mark.parametrize("link", [PERMALINK, CDN])
def test_a_shared_post_is_a_share(graph, settings, link):
    [found] = read(graph, settings, message(shares={"data": [{"link": link}]}))

    assert (found.message_type, found.share.url) == (MessageType.SHARE, link)


def test_a_shared_page_of_the_web_is_a_text(graph, settings):
    [found] = read(graph, settings, message(shares={"data": [{"link": "https://shop.test/a"}]}))

    assert (found.message_type, found.text) == (MessageType.TEXT, "https://shop.test/a")


def test_the_other_id_of_the_account_is_asked_for_when_it_stands_there(graph, settings):
    graph.readable["me"] = {"id": "scoped", "user_id": ACCOUNT}

    [found] = read(graph, settings, message(to={"data": [{"id": "scoped"}]}))

    assert isinstance(found, Inbound)
    assert len(graph.reads) == 2


@pytest.mark.parametrize("missing", ["id", "created_time", "from", "to"])
def test_a_message_without_id_time_or_parties_is_passed_over(graph, settings, missing):
    graph.readable["me"] = {"id": "scoped"}

    assert read(graph, settings, message(**{missing: None})) == []


@pytest.mark.parametrize("hostile", [[], "x", 3, {"data": "x"}, {"data": [None, [], "x"]}])
def test_whatever_stands_there_nothing_breaks(graph, settings, hostile):
    graph.readable["me"] = {"id": "scoped"}
    for key in ("from", "to", "attachments", "shares", "story"):
        read(graph, settings, message(**{key: hostile}))
    graph.readable["a-thread"] = {"messages": hostile}

    assert reading.thread(settings, LOGIN, "a-thread", NOON) == []


def test_the_conversation_of_one_customer_is_one_call(graph, settings):
    graph.readable["conversations"] = {"data": [{"id": "t", "messages": {"data": [message(message="سلام")]}}]}

    [found] = reading.thread_with(settings, LOGIN, CUSTOMER, NOON)

    assert found.text == "سلام"
    assert f"user_id={CUSTOMER}" in graph.reads[0]
    assert len(graph.reads) == 1


def test_a_refusal_is_an_error_of_the_channel(graph, settings):
    graph.readable["conversations"] = lambda _query: (400, {"error": {"code": 190, "message": "no"}})

    with pytest.raises(ChannelError) as caught:
        reading.threads(settings, LOGIN, None)

    assert caught.value.remedy is Remedy.STOP_INBOX


# --- own posts -------------------------------------------------------------------------------------------------------


def test_a_page_of_own_posts(graph, settings):
    caption = "پیراهن «ماهور»\nقیمت ۱٬۸۵۰٬۰۰۰" * 200  # longer than an answer of a send may be
    graph.readable["media"] = {
        "data": [
            {
                "id": "18000000000000101",
                "caption": caption,
                "permalink": PERMALINK,
                "media_type": "VIDEO",
                "media_product_type": "REELS",
                "thumbnail_url": CDN,
                "media_url": "https://cdn.test/film.mp4",
                "timestamp": AT,
            }
        ]
    }

    [post] = reading.posts(settings, LOGIN, None).posts

    assert (post.media_id, post.caption, post.code) == ("18000000000000101", caption, "DPiLiTo0107")
    assert (post.picture_url, post.media_product_type) == (CDN, "REELS")
    assert graph.reads[0].startswith("/v25.0/me/media")


def test_an_album_shows_its_first_slide_and_a_page_token_names_the_account(graph, settings):
    slide = {"media_type": "IMAGE", "media_url": CDN}
    album = {"id": "1", "media_type": "CAROUSEL_ALBUM", "children": {"data": [slide]}}
    graph.readable["media"] = {"data": [album]}

    [post] = reading.posts(settings, PAGE, None).posts

    assert (post.picture_url, post.caption, post.code) == (CDN, None, None)
    assert graph.reads[0].startswith(f"/fb/v25.0/{ACCOUNT}/media")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (PERMALINK, "DPiLiTo0107"),
        ("https://instagram.com/shop.name/reel/Abc-_1/?igsh=x", "Abc-_1"),
        ("https://www.instagram.com/reels/audio/123/", None),
        ("https://www.instagram.com/shop/", None),
        (CDN, None),
        (None, None),
        (f"https://www.instagram.com/p/{'x' * 65}/", None),
    ],
)
def test_what_names_a_post_in_its_address(url, code):
    assert reading.post_code(url) == code


# --- private replies -------------------------------------------------------------------------------------------------


def test_a_private_reply_goes_to_the_comment_and_tells_who_got_it(graph, settings):
    graph.commenters["comment-1"] = CUSTOMER

    receipt = client.reply_privately(settings, LOGIN, "comment-1", "سلام")

    assert isinstance(receipt, PrivateReceipt)
    assert receipt.customer_id == CUSTOMER
    assert graph.calls[-1] == {"recipient": {"comment_id": "comment-1"}, "message": {"text": "سلام"}}


def test_a_second_private_reply_is_refused(graph, settings):
    graph.script = [(400, {"error": {"code": 100, "error_subcode": 2534025, "message": "too late"}})]

    with pytest.raises(ChannelError) as caught:
        client.reply_privately(settings, LOGIN, "comment-1", "سلام")

    assert (caught.value.remedy, caught.value.reason) == (Remedy.DROP, "private_reply_invalid")
