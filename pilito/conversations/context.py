"""What the assistant is told around the messages of a turn: what they answer, and where the customer came from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select

from pilito.assistant.types import Context, Fact, Line
from pilito.channels.base import STORY_REPLY
from pilito.conversations.pairing import CONTEXT_BEGIN, combined_content, context_of, question_of
from pilito.lifecycle import MessageType, Sender
from pilito.models import Attachment, Conversation, Message, Reaction, db


class Said(Protocol):
    """What is read of any message of the conversation: a row, or the columns that an earlier one is read by."""

    @property
    def id(self) -> int: ...
    @property
    def sender(self) -> Sender: ...
    @property
    def message_type(self) -> MessageType: ...
    @property
    def provider_type(self) -> str | None: ...
    @property
    def content(self) -> str: ...
    @property
    def sent_at(self) -> datetime: ...
    @property
    def origin(self) -> str | None: ...
    @property
    def referral(self) -> dict[str, Any] | None: ...
    @property
    def reply_to_external_id(self) -> str | None: ...


QUOTED_CHARACTERS = 1500
# An advertisement or a link opens the conversation for a day, as the reply window of its provider does.
REFERRAL_COUNTS = timedelta(hours=24)
STORY = "[استوری فروشگاه]"
REACTED = {True: "[واکنش فروشگاه: {}]", False: "[واکنش مشتری: {}]"}


def quoted_post(message: Said, quoted: Mapping[str, Message]) -> Message | None:
    """The shared post that a message answers. A message that is a post itself asks about that one."""
    answered = quoted.get(message.reply_to_external_id or "")
    is_post = answered is not None and answered.share is not None and not answered.deleted_at
    return answered if is_post and message.message_type is not MessageType.SHARE else None


def asks_elsewhere(message: Said, quoted: Mapping[str, Message]) -> bool:
    """Whether the message answers a post or a story: then it does not ask about the post that it took by its time
    (docs/decisions/0061). A message that is a post itself asks about that one."""
    if quoted_post(message, quoted) is not None:
        return True
    has_taken = message.message_type is not MessageType.SHARE and message.content.startswith(CONTEXT_BEGIN)
    return has_taken and _answers_story(message)


def as_asked(message: Said, quoted: Mapping[str, Message]) -> str:
    """The message as the assistant reads it: with the post that it quotes, without any where it answers a story, else
    with the one that it took."""
    post = quoted_post(message, quoted)
    if post is not None:
        return combined_content([context_of(post.content)], question_of(message.content))
    return question_of(message.content) if asks_elsewhere(message, quoted) else message.content


def contexts_of(messages: Sequence[Message], quoted: Mapping[str, Message]) -> tuple[Context, ...]:
    """Return what stands around each question; `about` counts the questions from 0."""
    return tuple(context for number, message in enumerate(messages) for context in _around(number, message, quoted))


def _around(number: int, message: Message, quoted: Mapping[str, Message]) -> Iterator[Context]:
    answered = quoted.get(message.reply_to_external_id or "")
    if answered is not None and not answered.deleted_at and answered.content:
        by = "reply_to_customer" if answered.sender is Sender.CUSTOMER else "reply_to_shop"
        yield Context(number, by, answered.content[:QUOTED_CHARACTERS])
    if _answers_story(message):
        yield Context(number, "story", STORY)
    if message.referral and message.referral.get("ref"):
        yield Context(number, "referral", str(message.referral["ref"]))


def _answers_story(message: Said) -> bool:
    if message.message_type is MessageType.TEXT and message.provider_type == "text":
        return False
    story = select(Attachment.id).where(Attachment.message_id == message.id, Attachment.kind == STORY_REPLY).limit(1)
    return db.session.scalar(story) is not None


def line_of(message: Said, reactions: Iterable[Reaction], quoted: Mapping[str, Message]) -> Line:
    """An earlier message with the emojis on it."""
    marks = [REACTED[reaction.by_shop].format(reaction.emoji) for reaction in reactions]
    return Line(message.sender, "\n".join([as_asked(message, quoted), *marks]))


def referral_facts(
    conversation: Conversation, messages: Sequence[Message], earlier: Iterable[Said]
) -> tuple[Fact, ...]:
    """The titles of the shop's advertisements through which the customer came lately; each once."""
    newest = messages[-1].sent_at
    places = [(one.referral, one.sent_at, str(one.id)) for one in [*earlier, *messages] if one.referral]
    if conversation.referral and conversation.referred_at is not None:
        places.append((conversation.referral, conversation.referred_at, ""))
    titles = {
        str(referral["ad_title"]): reference
        for referral, at, reference in places
        if referral.get("ad_title") and _counts(at, newest)
    }
    return tuple(Fact("ad", title, reference, is_ours=False) for title, reference in titles.items())


def _counts(at: datetime, newest: datetime) -> bool:
    return newest - at <= REFERRAL_COUNTS


def product_facts(messages: Sequence[Message], earlier: Sequence[Said]) -> tuple[Fact, ...]:
    """The cards of products that the customer sent since our last reply: title and price as the channel gave them."""
    last_reply = max((one.sent_at for one in earlier if one.sender is not Sender.CUSTOMER), default=None)
    fresh = [one for one in earlier if last_reply is None or one.sent_at >= last_reply]
    products = [one.id for one in [*reversed(fresh), *messages] if _is_product(one)]
    return tuple(_card(title, number) for number in products for title in _titles(number))


def _card(title: str, number: int) -> Fact:
    """Whose product it is, a card does not say: what the shop offers stands in its catalogue."""
    return Fact("product", title, str(number), is_ours=False, is_of_others=True)


def _is_product(message: Said) -> bool:
    return message.message_type is MessageType.PRODUCT and message.sender is Sender.CUSTOMER


def _titles(message_id: int) -> Sequence[str]:
    """Asked for the few messages that are cards: the files of all others are not needed."""
    titles = db.session.scalars(
        select(Attachment.title).where(Attachment.message_id == message_id).order_by(Attachment.position)
    )
    return [title for title in titles if title]
