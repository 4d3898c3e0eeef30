"""Comments, in both shapes and with half of their keys missing."""

import json

import pytest
from instagram_events import ACCOUNT, CUSTOMER, NOON, NOON_MS

from pilito.channels.base import Ignored, PublicComment
from pilito.channels.instagram.inbound import parse

SECONDS = NOON_MS // 1000
VALUE = {
    "id": "comment-1",
    "from": {"id": CUSTOMER, "username": "sara"},
    "text": "چنده؟",
    "parent_id": "comment-0",
    "media": {"id": "18000000000000101", "media_product_type": "FEED"},
}


def read(value, field="comments", on_entry=False):
    change = {"field": field, "value": value}
    entry = {"id": ACCOUNT, "time": SECONDS, **(change if on_entry else {"changes": [change]})}
    [item] = parse(json.dumps({"object": "instagram", "entry": [entry]}).encode(), NOON)
    return item


@pytest.mark.parametrize("on_entry", [False, True])
@pytest.mark.parametrize("id_key", ["id", "comment_id"])
def test_a_comment_in_each_of_its_shapes(on_entry, id_key):
    value = {id_key: "comment-1", **{key: part for key, part in VALUE.items() if key != "id"}}

    assert read(value, on_entry=on_entry) == PublicComment(
        account_id=ACCOUNT,
        external_id="comment-1",
        commented_at=NOON,
        author_id=CUSTOMER,
        author_username="sara",
        text="چنده؟",
        media_id="18000000000000101",
        media_kind="FEED",
        parent_id="comment-0",
    )


@pytest.mark.parametrize("missing", ["from", "text", "parent_id", "media"])
def test_everything_but_the_id_may_be_missing(missing):
    comment = read({key: part for key, part in VALUE.items() if key != missing})

    assert comment.external_id == "comment-1"


def test_a_comment_under_an_advertisement_belongs_to_the_post_it_shows():
    media = {"id": "1", "ad_id": "2", "original_media_id": "18000000000000101", "media_product_type": "AD"}

    assert read({**VALUE, "media": media}).media_id == "18000000000000101"


def test_a_comment_without_id_is_no_comment():
    assert isinstance(read({"text": "چنده؟"}), Ignored)


@pytest.mark.parametrize("author", [{"id": ACCOUNT}, {"id": "x", "self_ig_scoped_id": "y"}])
def test_the_accounts_own_comment_is_known(author):
    assert read({**VALUE, "from": author}).is_own


def test_a_strangers_is_not():
    assert not read(VALUE).is_own


def test_a_comment_on_a_live_video_says_so():
    assert read(VALUE, field="live_comments").is_live


@pytest.mark.parametrize("hostile", [None, [], "x", 7, {"id": []}])
def test_whatever_stands_there_nothing_breaks(hostile):
    for key in VALUE:
        read({**VALUE, key: hostile})
    read(hostile)
