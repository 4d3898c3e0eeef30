"""A message says something else now: its text, what it said before, and what the assistant reads of it."""

from datetime import datetime

from sqlalchemy import select

from pilito.channels.base import SharedMedia
from pilito.conversations.add_share import add_share
from pilito.conversations.contents import content_of, own_content
from pilito.conversations.own_posts import completed, find_own_post, media_of
from pilito.conversations.pairing import combined_content
from pilito.extensions import channels
from pilito.lifecycle import MessageType, Sender, ShareState
from pilito.models import Inbox, Message, Share, db


def reword(message: Message, text: str, question: str, number: int | None, at: datetime) -> None:
    """Give the message its new text; for a post with its question in one message, `question` is what is asked."""
    if text != message.text:
        message.earlier_texts = [*(message.earlier_texts or []), message.text]
    message.text, message.edit_number, message.edited_at = text, number, at
    typed = channels[message.conversation.inbox.channel].typed_post(text)
    if typed is not None and message.sender is Sender.CUSTOMER:
        _point_at(message, typed, question, at)
    if message.share is not None:
        _settle_share(message, message.share, question)
    message.content = _content(message, question)


def _point_at(message: Message, typed: SharedMedia, question: str, at: datetime) -> None:
    """The message is about the post whose address it has now: it had forgotten it, or had the one of another.

    What was answered already stays the text that it was. A post that was shared itself is not changed by a link beside
    it, nor is a link that is gone: nothing else says which post is meant.
    """
    inbox, share = message.conversation.inbox, message.share
    own = find_own_post(inbox, typed)
    if share is None:
        if message.message_type is MessageType.TEXT and message.answered_by_id is None:
            message.message_type, message.provider_type = MessageType.SHARE, typed.kind
            add_share(message, typed, question, own, at)
    elif share.kind == typed.kind and not _is_same_page(inbox, share.permalink, typed.permalink):
        share.media_id = share.title = share.subtitle = share.caption = None
        share.url, share.permalink, share.own_post = typed.url, typed.permalink, own


def _is_same_page(inbox: Inbox, one: str | None, other: str | None) -> bool:
    """Whether both are the page of one post, with whatever was hung on to its address."""
    channel = channels[inbox.channel]
    return channel.post_code(one) == channel.post_code(other)


def _settle_share(message: Message, share: Share, question: str) -> None:
    """A post that came with a question is no lone one; without it, pairing gives it its place."""
    is_asked = share.combined_with_id == message.id
    if question and not is_asked:
        share.state, share.combined_with_id = ShareState.COMBINED, message.id
    elif is_asked and not question:
        share.state, share.combined_with_id = ShareState.SUPERSEDED, None


def _content(message: Message, question: str) -> str:
    if message.share is not None:
        return content_of(message.message_type, message.text, _whole(message.share), question)
    taken = _taken(message)
    own = own_content(message)
    return combined_content([share.message.content for share in taken], own) if taken else own


def _whole(share: Share) -> SharedMedia:
    return completed(media_of(share), share.own_post)


def _taken(message: Message) -> list[Share]:
    """The posts that this question is about, in the order in which pairing puts them."""
    taken = select(Share).where(Share.combined_with_id == message.id, Share.message_id != message.id)
    return list(db.session.scalars(taken.order_by(Share.sent_at, Share.message_id)))
