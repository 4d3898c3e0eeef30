"""What the assistant reads for a message; the customer's own words stay in `text`."""

from collections.abc import Iterable

from pilito.channels.base import SharedMedia
from pilito.conversations.pairing import combined_content, share_content, without_marks
from pilito.lifecycle import MessageType, ReadingState
from pilito.models import Message

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
# Closed, so that the checks can tell what a program said of a picture from what the customer said (assistant/check.py).
PICTURE_BEGIN = "[PICTURE: توضیحی که یک برنامه از عکس مشتری نوشته است؛ گفتهٔ فروشگاه نیست]"
PICTURE_END = "[/PICTURE]"


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


def own_content(message: Message) -> str:
    """The content of a message without a share, with what was read of its files: a voice note is the customer's own
    words, a picture's description is not."""
    files = [file for file in message.attachments if file.reading and file.reading.state is ReadingState.READY]
    read = [without_marks(file.reading.text or "") for file in files if file.reading]
    if message.message_type is MessageType.IMAGE:
        read = [f"{PICTURE_BEGIN}\n{text}\n{PICTURE_END}" for text in read]
    titles = [file.title for file in message.attachments] if message.message_type is MessageType.PRODUCT else []
    label = LABELS.get(message.message_type)
    return "\n".join(part for part in (label, *titles, *read, message.text) if part)
