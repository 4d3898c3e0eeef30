"""Reads at Instagram what no webhook told: conversations with their newest messages, and the account's own posts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from pilito.channels.base import (
    Account,
    ChangedThread,
    Echo,
    Ignored,
    Inbound,
    Post,
    PostPage,
    PublicComment,
    ThreadPage,
)
from pilito.channels.instagram import client
from pilito.channels.instagram.comments import read_comment
from pilito.channels.instagram.content import Content, read_content
from pilito.channels.instagram.request import is_facebook
from pilito.channels.instagram.shares import is_permalink
from pilito.channels.instagram.times import moment_of
from pilito.channels.instagram.values import (
    CUSTOMER_ID_LENGTH,
    MEDIA_ID_LENGTH,
    MESSAGE_ID_LENGTH,
    http_url,
    id_of,
    list_of,
    mapping_of,
    part_of,
    text_of,
    word_of,
)
from pilito.config import Settings
from pilito.errors import ChannelError, Remedy

# Two calls a second and account (README.md); the same pause serves the posts, whose own limit is far wider.
PAUSE_SECONDS = 0.55
THREADS_PER_CALL = 50
POSTS_PER_CALL = 25
READABLE_MESSAGES = 20  # of a conversation; older ones cannot be read
THREAD_ID_LENGTH = 512
MESSAGE_FIELDS = (
    "id,created_time,from,to,message,is_unsupported,story,shares{link,name},"
    "attachments{image_data,video_data,file_url,mime_type,name,generic_template}"
)
POST_FIELDS = (
    "id,caption,permalink,media_type,media_product_type,thumbnail_url,media_url,timestamp,"
    "children{media_type,media_url,thumbnail_url}"
)
COMMENT_FIELDS = "id,text,timestamp,username,from,parent_id"
COMMENTS_PER_CALL = 50
NOT_OURS = (Remedy.DROP, Remedy.PERSON)  # of what is not the account's own, or gone, the API says nothing
OWN_ID_KEYS = ("id", "user_id")
CODE_LENGTH = 64


# --- conversations ---------------------------------------------------------------------------------------------------


def threads(settings: Settings, account: Account, after: str | None) -> ThreadPage:
    """Return one page of the account's conversations, the most recently changed first. Raises ChannelError."""
    params = {"platform": "instagram", "fields": "id,updated_time", "limit": str(THREADS_PER_CALL)}
    told = client.read(settings, account, "me/conversations", params | _after(after))
    return ThreadPage(tuple(_threads(told)), _next(told))


def _threads(told: Mapping[str, Any]) -> Iterator[ChangedThread]:
    for one in map(mapping_of, list_of(told.get("data"))):
        external_id, updated_at = id_of(one.get("id"), THREAD_ID_LENGTH), moment_of(one.get("updated_time"))
        if external_id and updated_at:
            yield ChangedThread(external_id, updated_at)


def thread(settings: Settings, account: Account, thread_id: str, now: datetime) -> list[Inbound | Echo]:
    """Return the newest messages of a conversation, oldest first. Raises ChannelError."""
    told = client.read(settings, account, quote(thread_id, safe=""), {"fields": _messages_field()})
    return _messages(settings, account, told, now)


def thread_with(settings: Settings, account: Account, customer_id: str, now: datetime) -> list[Inbound | Echo]:
    """The same for the conversation with one customer, in one call. Raises ChannelError."""
    params = {"platform": "instagram", "user_id": customer_id, "fields": f"id,{_messages_field()}"}
    told = client.read(settings, account, "me/conversations", params)
    first = next(map(mapping_of, list_of(told.get("data"))), {})
    return _messages(settings, account, first, now)


def _messages_field() -> str:
    return f"messages.limit({READABLE_MESSAGES}){{{MESSAGE_FIELDS}}}"


def _messages(settings: Settings, account: Account, told: Mapping[str, Any], now: datetime) -> list[Inbound | Echo]:
    """The messages that name their time and both parties; the account may stand there under another of its ids."""
    listed = [mapping_of(one) for one in list_of(mapping_of(told.get("messages")).get("data"))]
    own_ids = {account.external_id}
    if any(own_ids.isdisjoint(_party_ids(one)) for one in listed):
        own_ids |= _own_ids(settings, account)
    # They come newest first, and their times count seconds only.
    read = [_message(one, account.external_id, own_ids, now) for one in reversed(listed)]
    return sorted((one for one in read if one), key=lambda one: one.sent_at)


def _own_ids(settings: Settings, account: Account) -> set[str]:
    """Instagram Login knows the account by two ids; which of them stands in a conversation, no page of Meta says."""
    told = client.read(settings, account, "me", {"fields": "id" if is_facebook(account) else "id,user_id"})
    return {found for key in OWN_ID_KEYS if (found := id_of(told.get(key), CUSTOMER_ID_LENGTH))}


def _party_ids(message: Mapping[str, Any]) -> list[str]:
    """The sender's id, then those of the recipients."""
    to = mapping_of(message.get("to"))
    parties = [mapping_of(message.get("from")), *map(mapping_of, list_of(to.get("data", to)))]
    return [found for one in parties if (found := id_of(one.get("id"), CUSTOMER_ID_LENGTH))]


def _message(message: Mapping[str, Any], account_id: str, own_ids: set[str], now: datetime) -> Inbound | Echo | None:
    external_id, sent = id_of(message.get("id"), MESSAGE_ID_LENGTH), moment_of(message.get("created_time"))
    parties = _party_ids(message)
    customers = [party for party in parties if party not in own_ids]
    if external_id is None or sent is None or len(parties) < 2 or len(set(customers)) != 1:
        return None
    content = read_content(_as_event(message))
    make = _echo if parties[0] in own_ids else _inbound
    return make(account_id, customers[0], external_id, min(sent, now), content)


def _inbound(account_id: str, customer_id: str, external_id: str, sent: datetime, content: Content) -> Inbound:
    return Inbound(
        account_id=account_id,
        customer_id=customer_id,
        external_id=external_id,
        sent_at=sent,
        message_type=content.message_type,
        provider_type=content.provider_type,
        text=content.text,
        share=content.share,
        files=content.files,
        reply_to_external_id=content.reply_to_external_id,
        question=content.question,
    )


def _echo(account_id: str, customer_id: str, external_id: str, sent: datetime, content: Content) -> Echo:
    return Echo(
        account_id=account_id,
        customer_id=customer_id,
        external_id=external_id,
        sent_at=sent,
        message_type=content.message_type,
        provider_type=content.provider_type,
        text=content.text,
        share=content.share,
        files=content.files,
    )


def _as_event(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message in the form in which a webhook would have brought it, so that one reader serves both."""
    story = mapping_of(message.get("story"))
    event: dict[str, Any] = {
        "mid": message.get("id"),
        "text": message.get("message"),
        "is_unsupported": message.get("is_unsupported"),
        "attachments": [*_files(message), *_shares(message), *_mention(story)],
    }
    if answered := mapping_of(story.get("reply_to")):
        event["reply_to"] = {"story": {"id": answered.get("id"), "url": answered.get("link")}}
    return event


def _files(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in map(mapping_of, list_of(mapping_of(message.get("attachments")).get("data"))):
        kind, url = _file(one)
        yield {"type": kind, "payload": {"url": url, "title": one.get("name")}}


def _file(attachment: Mapping[str, Any]) -> tuple[str, Any]:
    for key, kind in (("image_data", "image"), ("video_data", "video")):
        if data := mapping_of(attachment.get(key)):
            return kind, data.get("url")
    if mapping_of(attachment.get("generic_template")):
        return "template", None
    return ("audio" if text_of(attachment.get("mime_type")).startswith("audio/") else "file"), attachment.get(
        "file_url"
    )


def _shares(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in map(mapping_of, list_of(mapping_of(message.get("shares")).get("data"))):
        if link := http_url(one.get("link")):
            yield {"type": "share" if is_permalink(link) or _is_file(link) else "fallback", "payload": {"url": link}}


def _is_file(link: str) -> bool:
    """Whether the address is a file on Meta's own servers, as shared posts are; others are pages of the web."""
    host = urlsplit(link).hostname or ""
    return any(host == name or host.endswith(f".{name}") for name in ("fbsbx.com", "fbcdn.net", "cdninstagram.com"))


def _mention(story: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if mention := mapping_of(story.get("mention")):
        yield {"type": "story_mention", "payload": {"url": mention.get("link"), "id": mention.get("id")}}


# --- own posts -------------------------------------------------------------------------------------------------------


def posts(settings: Settings, account: Account, after: str | None) -> PostPage:
    """Return one page of the account's posts and reels, the newest first. Raises ChannelError."""
    # A Page's token reads them under the professional account; `me` would be the Page.
    node = quote(account.external_id, safe="") if is_facebook(account) else "me"
    params = {"fields": POST_FIELDS, "limit": str(POSTS_PER_CALL)}
    told = client.read(settings, account, f"{node}/media", params | _after(after))
    return PostPage(tuple(_posts(told)), _next(told))


def post(settings: Settings, account: Account, media_id: str) -> Post | None:
    """Return one post of the account's own; None for any other, of which Meta says nothing. Raises ChannelError."""
    try:
        told = client.read(settings, account, quote(media_id, safe=""), {"fields": POST_FIELDS})
    except ChannelError as error:
        if error.remedy in NOT_OURS:
            return None
        raise
    return _post(media_id, told)


def comments(
    settings: Settings, account: Account, media_id: str, now: datetime, own_username: str | None
) -> list[PublicComment]:
    """Return the newest comments under a post of the account. Raises ChannelError."""
    params = {"fields": COMMENT_FIELDS, "limit": str(COMMENTS_PER_CALL)}
    told = client.read(settings, account, f"{quote(media_id, safe='')}/comments", params)
    found = (_comment(mapping_of(one), account, media_id, now, own_username) for one in list_of(told.get("data")))
    return [one for one in found if isinstance(one, PublicComment)]


def _comment(
    told: Mapping[str, Any], account: Account, media_id: str, now: datetime, own_username: str | None
) -> PublicComment | Ignored:
    """In the words of a webhook, which knows the same but for the time, that stands in the comment here."""
    author = mapping_of(told.get("from")) or {"username": told.get("username")}
    value = {**told, "from": author, "media": {"id": media_id}, "created_time": told.get("timestamp")}
    read = read_comment("comments", value, account.external_id, None, now)
    is_own = own_username is not None and text_of(author.get("username")).lower() == own_username.lower()
    return replace(read, is_own=True) if is_own and isinstance(read, PublicComment) else read


def _posts(told: Mapping[str, Any]) -> Iterator[Post]:
    for one in map(mapping_of, list_of(told.get("data"))):
        if media_id := id_of(one.get("id"), MEDIA_ID_LENGTH):
            yield _post(media_id, one)


def _post(media_id: str, told: Mapping[str, Any]) -> Post:
    permalink = http_url(told.get("permalink"))
    return Post(
        media_id=media_id,
        caption=part_of(told.get("caption")),
        permalink=permalink,
        code=post_code(permalink),
        media_type=word_of(told.get("media_type")) or None,
        media_product_type=word_of(told.get("media_product_type")) or None,
        picture_url=_picture(told),
        posted_at=moment_of(told.get("timestamp")),
    )


def _picture(told: Mapping[str, Any]) -> str | None:
    """A still picture: the thumbnail of a film, the picture itself, or that of the first slide."""
    if thumbnail := http_url(told.get("thumbnail_url")):
        return thumbnail
    if told.get("media_type") != "VIDEO" and (picture := http_url(told.get("media_url"))):
        return picture
    children = mapping_of(told.get("children")).get("data")
    return next((found for one in map(mapping_of, list_of(children)) if (found := _picture(one))), None)


def post_code(url: str | None) -> str | None:
    """Return the part of a post's page address that names it; None for every other address."""
    if not is_permalink(url):
        return None
    parts = [part for part in urlsplit(url or "").path.split("/") if part]
    place = next((index for index, part in enumerate(parts) if part.lower() in ("p", "reel", "reels", "tv")), None)
    code = parts[place + 1] if place is not None and place + 1 < len(parts) else ""
    return code if 0 < len(code) <= CODE_LENGTH else None


# --- pages -----------------------------------------------------------------------------------------------------------


def _after(cursor: str | None) -> dict[str, str]:
    return {"after": cursor} if cursor else {}


def _next(told: Mapping[str, Any]) -> str | None:
    """The cursor of the next page; Meta writes cursors on the last page too, but no `next`."""
    paging = mapping_of(told.get("paging"))
    return text_of(mapping_of(paging.get("cursors")).get("after")) or None if paging.get("next") else None
