"""The line that a conversation has in the list: its newest message."""

from pilito.models import Conversation, Message

PREVIEW_CHARACTERS = 120


def count_message(conversation: Conversation, message: Message) -> None:
    """Bring the conversation's line in the list up to date; a late message is not the newest."""
    if conversation.last_message_at is None or message.sent_at >= conversation.last_message_at:
        conversation.last_message_at = message.sent_at
        set_preview(conversation, message)


def set_preview(conversation: Conversation, message: Message) -> None:
    share = message.share
    words = message.words or (share.caption if share else None) or message.content
    conversation.preview = words[:PREVIEW_CHARACTERS]
