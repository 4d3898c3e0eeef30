"""What the assistant reads for a message; the customer's own words stay in `text`."""

from collections.abc import Iterable

from pilito.channels.base import SharedMedia
from pilito.conversations.pairing import combined_content, share_content
from pilito.lifecycle import MessageType

LABELS = {
    MessageType.IMAGE: "[عکس]",
    MessageType.VIDEO: "[ویدیو]",
    MessageType.VOICE: "[پیام صوتی]",
    MessageType.FILE: "[فایل]",
    MessageType.STORY: "[استوری]",
    MessageType.STORY_MENTION: "[منشن در استوری]",
    MessageType.PRODUCT: "[محصول]",
    MessageType.LIKE: "[لایک]",
    MessageType.UNSUPPORTED: "[پیامی که نمایش داده نمی‌شود]",
    MessageType.OTHER: "[محتوای دیگر]",
}


def content_of(
    message_type: MessageType,
    text: str,
    share: SharedMedia | None,
    question: str = "",
    titles: Iterable[str | None] = (),
) -> str:
    """The content of a message by itself, before any pairing. `titles` are those of its files: a product's card."""
    if share is not None:
        content = share_content(share)
        return combined_content([content], question) if question else content
    cards = titles if message_type is MessageType.PRODUCT else ()
    return "\n".join(part for part in (LABELS.get(message_type), *cards, text) if part)
