"""The account's own posts: kept here, and recognised when a customer shares one, whatever the payload left out."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.orm import joinedload

from pilito import hints, keys
from pilito.channels.base import Limit, Post, SharedMedia
from pilito.conversations import pace, turns
from pilito.conversations.account import open_account
from pilito.conversations.contents import content_of
from pilito.conversations.copies import leave_copies, new_copy, wake_copy
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.pair import pair_shares
from pilito.conversations.pairing import question_of
from pilito.database import Transaction, transaction
from pilito.extensions import channels
from pilito.lifecycle import InboxState, MediaKind, MediaState, MessageType
from pilito.models import Conversation, Inbox, Message, OwnPost, Share, db
from pilito.spelling import plain

START_CHARACTERS = 40  # of a caption: enough to tell posts apart, and in every payload that cuts captions
CANDIDATES = 20
# Single posts that are asked for; far below what Meta allows, for a stranger decides how many they share.
LOOK_UPS = Limit("post_look_ups", 30, 3600)
# Shares older than this are not looked at again when new posts become known.
RECENT = timedelta(days=7)
RECENT_SHARES = 500
PICTURE_AGAIN = timedelta(days=1)
CUT_MARKS = ("…", "...")


# --- recognising -----------------------------------------------------------------------------------------------------


def find_own_post(inbox: Inbox, shared: SharedMedia) -> OwnPost | None:
    """Return the account's own post that was shared: by its id, its page, or its caption. One look-up."""
    code = channels[inbox.channel].post_code(shared.permalink or shared.url)
    words = normalised(shared.caption or shared.title or "")
    names: list[ColumnElement[bool]] = []
    if shared.media_id:
        names.append(OwnPost.media_id == shared.media_id)
    if code:
        names.append(OwnPost.shortcode == code)
    begins = and_(OwnPost.caption_start == words[:START_CHARACTERS], OwnPost.gone_at.is_(None))
    places = [*names, *([begins] if words else [])]
    if not places:
        return None
    found = db.session.scalars(
        select(OwnPost)
        .where(OwnPost.inbox_id == inbox.id, or_(*places))
        # Before all those that begin alike, as the posts of many shops do.
        .order_by(case((or_(*names), 0), else_=1) if names else OwnPost.id)
        .limit(CANDIDATES)
    )
    return _best(found.all(), shared.media_id, code, words)


def _best(found: Sequence[OwnPost], media_id: str | None, code: str | None, words: str) -> OwnPost | None:
    """The post of that id, else of that page, else the only one whose caption begins so.

    A post with another page is another post, whatever its words. Of ids that is not sure, for a reel may come with the
    number of its video; there a caption counts that is long enough to be no other's.
    """
    by_id = [post for post in found if media_id and post.media_id == media_id]
    by_code = [post for post in found if code and post.shortcode == code]
    named = next(iter(by_id or by_code), None)
    if named is not None:
        # What the shop deleted says nothing any more: its price may be why it went.
        return named if named.gone_at is None else None
    if media_id or code:
        words = words if len(words) >= START_CHARACTERS else ""
    by_words = [
        post
        for post in found
        if words and not (code and post.shortcode) and _begins(normalised(post.caption or ""), words)
    ]
    # Another post with the same beginning: to guess which was meant would be to guess its price.
    return by_words[0] if len(by_words) == 1 else None


def _begins(caption: str, words: str) -> bool:
    """Whether the words are the whole caption, or a beginning long enough to mean this one."""
    return caption == words or (len(words) >= START_CHARACTERS and caption.startswith(words))


def normalised(text: str) -> str:
    """The text as two writings of it agree: one space, one kind of letters, no mark of having been cut."""
    text = " ".join(plain(text).split())
    for mark in CUT_MARKS:
        text = text.removesuffix(mark).rstrip()
    return text


def completed(shared: SharedMedia, own: OwnPost | None) -> SharedMedia:
    """The share with what the payload left out: the whole caption, and the page."""
    if own is None:
        return shared
    caption = own.caption or shared.caption
    is_repeated = bool(caption) and _begins_with(caption, shared.title)
    return replace(
        shared,
        title=None if is_repeated else shared.title,
        caption=caption,
        permalink=shared.permalink or own.permalink,
    )


def _begins_with(caption: str | None, title: str | None) -> bool:
    return bool(title) and normalised(caption or "").startswith(normalised(title or ""))


def knows_own_posts(inbox_id: int) -> bool:
    """Whether the account's posts were read: then a post that is none of them is somebody else's."""
    found = db.session.scalar(
        select(OwnPost.id).where(OwnPost.inbox_id == inbox_id, OwnPost.gone_at.is_(None)).limit(1)
    )
    return found is not None


# --- keeping ---------------------------------------------------------------------------------------------------------


def keep_posts(inbox_id: int, posts: Iterable[Post], now: datetime) -> int:
    """Store these posts, or what changed of them; return how many were new."""
    came = {post.media_id: post for post in posts}
    if not came:
        return 0
    with transaction() as tx:
        known = {
            row.media_id: row
            for row in db.session.scalars(
                select(OwnPost).where(OwnPost.inbox_id == inbox_id, OwnPost.media_id.in_(list(came)))
            )
        }
        for media_id, post in came.items():
            row = known.get(media_id) or _add(inbox_id, media_id, now)
            _write(row, post, now)
            _copy_picture(tx, row, now)
    return len(came.keys() - known.keys())


def _add(inbox_id: int, media_id: str, now: datetime) -> OwnPost:
    row = OwnPost(inbox_id=inbox_id, media_id=media_id, synced_at=now)
    db.session.add(row)
    return row


def _write(row: OwnPost, post: Post, now: datetime) -> None:
    if row.caption != post.caption:
        row.matched_version = None  # what it is about is looked for anew
    row.caption, row.caption_start = post.caption, normalised(post.caption or "")[:START_CHARACTERS] or None
    row.permalink, row.shortcode = post.permalink, post.code
    row.media_type, row.media_product_type = post.media_type, post.media_product_type
    row.picture_url, row.posted_at, row.synced_at = post.picture_url, post.posted_at, now
    row.gone_at = None


def _copy_picture(tx: Transaction, row: OwnPost, now: datetime) -> None:
    """Keep the post's picture once; its address dies within days, the picture of a post does not change. One that could
    not be kept is tried again the day after: its posts are read every hour, with another address each time."""
    left = row.copy
    is_kept = left is not None and (left.state is not MediaState.FAILED or now - left.created_at < PICTURE_AGAIN)
    if row.picture_url and not is_kept:
        if left is not None:
            leave_copies(tx, [left.id], now)
        row.copy = new_copy(row.inbox_id, MediaKind.PREVIEW, row.picture_url, now)
        wake_copy(tx, row.copy)


def look_up_post(inbox_id: int, media_id: str, now: datetime) -> bool:
    """Ask the provider once about a post that was shared and that we do not know; return whether it is an own one.

    Whoever shares strangers' posts would make us ask for each: past the limit nothing is asked, and the hourly reading
    finds what is ours. Raises ChannelError.
    """
    inbox = db.session.get(Inbox, inbox_id)
    if inbox is None or inbox.state is InboxState.STOPPED or _is_known(inbox_id, media_id):
        db.session.rollback()
        return False
    channel, account = channels[inbox.channel], open_account(inbox)
    db.session.rollback()  # no session is open during the call
    if account is None or pace.wait_seconds(inbox_id, (LOOK_UPS,)):
        return False
    post = channel.post(account, media_id)
    if post is None:
        return False
    keep_posts(inbox_id, [post], now)
    fill_shares(inbox_id, now)
    return True


def _is_known(inbox_id: int, media_id: str) -> bool:
    known = select(OwnPost.id).where(OwnPost.inbox_id == inbox_id, OwnPost.media_id == media_id)
    return db.session.scalar(known) is not None


def ask_for_post(tx: Transaction, inbox: Inbox, shared: SharedMedia) -> None:
    """Have a worker ask about a post that may be the account's own, after the commit."""
    if shared.media_id and channels[inbox.channel].reads_back:
        tx.after_commit(hints.hint, keys.UPKEEP, keys.POST_JOB, inbox.id, shared.media_id)


def mark_gone(inbox_id: int, began_at: datetime, now: datetime) -> int:
    """After a reading of all posts that began then: what it did not find is gone; return how many."""
    with transaction():
        gone = db.session.execute(
            update(OwnPost)
            .where(OwnPost.inbox_id == inbox_id, OwnPost.synced_at < began_at, OwnPost.gone_at.is_(None))
            .values(gone_at=now)
            .execution_options(synchronize_session=False)
        )
    return cast(int, gone.rowcount)  # type: ignore[attr-defined]


# --- shares that came before their post was known --------------------------------------------------------------------


def fill_shares(inbox_id: int, now: datetime) -> int:
    """Recognise the recent shares of this inbox that had been shared before we knew their post, also where another
    one had been taken for it by its words; return how many.

    What nobody has answered yet is built anew on the whole caption; what was answered keeps what the assistant read,
    and gets no second reply.
    """
    is_anothers = (
        select(OwnPost.id)
        .where(OwnPost.inbox_id == inbox_id, OwnPost.media_id == Share.media_id, OwnPost.id != Share.own_post_id)
        .exists()
    )
    waiting = db.session.execute(
        select(Share.message_id, Share.conversation_id)
        .join(Conversation, Share.conversation_id == Conversation.id)
        .where(
            or_(Share.own_post_id.is_(None), is_anothers),
            Share.sent_at >= now - RECENT,
            Conversation.inbox_id == inbox_id,
        )
        .order_by(Share.sent_at.desc())
        .limit(RECENT_SHARES)
    ).all()
    db.session.rollback()
    return sum(_fill(message_id, conversation_id, now) for message_id, conversation_id in waiting)


def _fill(message_id: int, conversation_id: int, now: datetime) -> bool:
    if not _is_own(message_id):
        return False
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        share = _share_of(message_id)
        own = find_own_post(conversation.inbox, media_of(share)) if share else None
        if share is None or own is None or own.id == share.own_post_id:
            return False
        share.own_post_id = own.id
        share.own_post = own
        _read_anew(tx, conversation, share, now)
        return True


def learn(tx: Transaction, conversation: Conversation, share: Share, told: SharedMedia, now: datetime) -> None:
    """The event of a post that was read back from the provider comes after all, and knows what that did not tell."""
    known = media_of(share)
    whole = replace(told, **{name: value for name, value in asdict(known).items() if value})
    if whole == known:
        return
    share.media_id, share.title, share.subtitle = whole.media_id, whole.title, whole.subtitle
    share.caption, share.url, share.permalink = whole.caption, whole.url, whole.permalink
    share.own_post = find_own_post(conversation.inbox, whole)
    _read_anew(tx, conversation, share, now)


def _read_anew(tx: Transaction, conversation: Conversation, share: Share, now: datetime) -> None:
    """Build what nobody has answered yet on what is known of the post now, and have it asked."""
    changed = [share.message]
    if not _is_answered(share):
        _rebuild(share)
        pairing = pair_shares(tx, conversation, share.sent_at, now)
        changed += pairing.changed
        asked = [share.message] if share.combined_with_id == share.message_id else []
        turns.ask(tx, conversation, [*asked, *pairing.questions], now)
    mark_changed(tx, conversation, *changed)


def _is_own(message_id: int) -> bool:
    """Look before locking: most shares are of other people's posts."""
    share = _share_of(message_id)
    own = find_own_post(share.message.conversation.inbox, media_of(share)) if share else None
    is_found = share is not None and own is not None and own.id != share.own_post_id
    db.session.rollback()
    return is_found


def _share_of(message_id: int) -> Share | None:
    return db.session.scalar(
        select(Share)
        .where(Share.message_id == message_id)
        .options(joinedload(Share.message))
        .execution_options(populate_existing=True)
    )


def media_of(share: Share) -> SharedMedia:
    """The share as its payload said it."""
    return SharedMedia(
        share.kind, share.media_id, share.title, share.subtitle, share.caption, share.url, share.permalink
    )


def _is_answered(share: Share) -> bool:
    question = db.session.get(Message, share.combined_with_id) if share.combined_with_id else None
    return (question or share.message).answered_by_id is not None


def _rebuild(share: Share) -> None:
    """Write the share's content anew; where the question stood in the same message, around it."""
    message = share.message
    question = question_of(message.content) if share.combined_with_id == message.id else ""
    message.content = content_of(MessageType.SHARE, message.text, completed(media_of(share), share.own_post), question)
