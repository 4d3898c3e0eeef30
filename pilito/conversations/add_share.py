"""The row of a post that a message shares."""

from datetime import datetime, timedelta

from pilito.channels.base import SharedMedia
from pilito.conversations.copies import copy_of_share
from pilito.extensions import settings
from pilito.lifecycle import ShareState
from pilito.models import Message, OwnPost, Share


def add_share(message: Message, media: SharedMedia, question: str, own: OwnPost | None, now: datetime) -> None:
    """Add it; pairing gives it its place. A post that came with its question has it already, and a flushed message."""
    message.share = Share(
        conversation_id=message.conversation.id,
        kind=media.kind[:32],
        media_id=media.media_id,
        title=media.title,
        subtitle=media.subtitle,
        caption=media.caption,
        url=media.url,
        permalink=media.permalink,
        copy=copy_of_share(message.inbox_id, media, now),
        state=ShareState.COMBINED if question else ShareState.SUPERSEDED,
        combined_with_id=message.id if question else None,
        sent_at=message.sent_at,
        expires_at=message.sent_at + timedelta(seconds=settings.share_wait_seconds),
        own_post=own,
    )
