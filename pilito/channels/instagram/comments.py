"""Reads comments out of webhooks: two places, two names of the id, and half of the keys may be missing."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pilito.channels.base import Ignored, PublicComment
from pilito.channels.instagram.times import sent_at
from pilito.channels.instagram.values import (
    CUSTOMER_ID_LENGTH,
    MEDIA_ID_LENGTH,
    first_id,
    id_of,
    mapping_of,
    text_of,
    word_of,
)

LIVE = "live_comments"
FIELDS = ("comments", LIVE)
COMMENT_ID_LENGTH = 128
USERNAME_LENGTH = 128
REPLY_WINDOW = timedelta(days=7)
ID_KEYS = ("comment_id", "id")  # by Facebook Login, by Instagram Login
MEDIA_ID_KEYS = ("original_media_id", "id")  # an advertisement is a copy of the post, with an id of its own


def read_comment(
    field: str, value: Mapping[str, Any], account_id: str | None, time: Any, received_at: datetime
) -> PublicComment | Ignored:
    """Return the comment that a change tells of. `time` is `entry[].time`: a comment has none of its own.

    Without an id it can be neither answered nor told from its own repetition, so there is nothing to keep.
    """
    if text_of(value.get("verb")) in ("remove", "hide"):
        return Ignored(field, "a comment was removed", account_id)
    external_id = first_id(value, ID_KEYS, COMMENT_ID_LENGTH)
    if external_id is None or account_id is None:
        return Ignored(field, "a comment without an id", account_id)
    author, media = mapping_of(value.get("from")), mapping_of(value.get("media"))
    author_id = id_of(author.get("id"), CUSTOMER_ID_LENGTH)
    return PublicComment(
        account_id=account_id,
        external_id=external_id,
        commented_at=sent_at(value.get("created_time"), time, received_at),
        author_id=author_id,
        author_username=text_of(author.get("username"))[:USERNAME_LENGTH] or None,
        text=text_of(value.get("text")),
        media_id=first_id(media, MEDIA_ID_KEYS, MEDIA_ID_LENGTH),
        media_kind=word_of(media.get("media_product_type")) or None,
        parent_id=id_of(value.get("parent_id"), COMMENT_ID_LENGTH),
        # The account's own replies come back as comments. Answering them would be a loop.
        is_own=author_id == account_id or bool(author.get("self_ig_scoped_id")),
        is_live=field == LIVE,
    )
