"""Comments under the account's posts: kept where the inbox wants them, each answered privately at most once."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from pilito import hints, keys, realtime
from pilito.assistant.types import Fact
from pilito.channels.base import Account, Echo, Outbound, PrivateReceipt, PublicComment, SharedMedia
from pilito.clock import Clock
from pilito.conversations import pace, turns
from pilito.conversations.account import open_account
from pilito.conversations.context import Said
from pilito.conversations.disconnect import stop
from pilito.conversations.duty import is_stopped
from pilito.conversations.erase import is_erased
from pilito.conversations.lock import mark_changed
from pilito.conversations.newest import count_message
from pilito.conversations.outcome import Outcome
from pilito.conversations.own_posts import find_own_post
from pilito.conversations.store import find_message, get_conversation
from pilito.database import Transaction, transaction
from pilito.errors import ChannelError, Refused, Remedy
from pilito.extensions import channels
from pilito.lifecycle import (
    CommentState,
    EventOutcome,
    InboxState,
    MessageType,
    Sender,
)
from pilito.models import Audit, Comment, Conversation, Customer, Inbox, Message, OwnPost, db
from pilito.queries.comments import GIVEN_UP
from pilito.spelling import storable

log = logging.getLogger(__name__)

# Options of an inbox. Both are off until somebody switches them on.
OPTION, ON, OFF = "comments", "on", "off"
REPLY_OPTION = "comment_reply"  # the words that answer every comment by themselves; empty: nobody is answered so
SWITCHED_OFF = "comments are switched off for this inbox"
ORIGIN = "private_reply"
LEASE = timedelta(seconds=60)
TRIES = 5
PAUSE = timedelta(seconds=30)
ERROR_TEXT_CHARACTERS = 500
REMEMBERED = 3  # comments that an answer knows of
ANSWERED_BY_ITSELF = timedelta(hours=1)  # an event that comes late, or a comment that is found later, is a person's
RECENT, RECENT_POSTS = timedelta(days=14), 10
GRACE = timedelta(seconds=3)
BATCH = 100


@dataclass(frozen=True)
class Claim:
    comment_id: int
    attempt: int
    channel: str
    account: Account
    external_id: str
    text: str


# --- receiving -------------------------------------------------------------------------------------------------------


def take_comment(tx: Transaction, inbox: Inbox, item: PublicComment, now: datetime) -> Outcome:
    """Keep a comment once, where the inbox wants comments at all; answer it by itself only where it says so."""
    if not is_on(inbox):
        return Outcome(EventOutcome.IGNORED, SWITCHED_OFF)
    known = select(Comment.id).where(Comment.inbox_id == inbox.id, Comment.external_id == item.external_id)
    if db.session.scalar(known) is not None:
        return Outcome(EventOutcome.DUPLICATE)
    own = find_own_post(inbox, SharedMedia("comment", media_id=item.media_id)) if item.media_id else None
    comment = Comment(
        inbox_id=inbox.id,
        external_id=item.external_id,
        parent_external_id=item.parent_id,
        author_external_id=item.author_id,
        author_username=item.author_username,
        text=item.text,
        media_external_id=item.media_id,
        media_kind=item.media_kind,
        own_post=own,
        is_live=item.is_live,
        commented_at=item.commented_at,
        created_at=now,
        state=CommentState.OWN if item.is_own else CommentState.OPEN,
        attempt=0,
    )
    db.session.add(comment)
    db.session.flush()
    if now - comment.commented_at < ANSWERED_BY_ITSELF:
        _answer_by_itself(tx, inbox, comment, now)
    return Outcome(EventOutcome.STORED)


def is_on(inbox: Inbox) -> bool:
    return (inbox.options or {}).get(OPTION, OFF) == ON


def recent_posts(inbox_id: int, now: datetime) -> Sequence[str]:
    """The newest own posts, under which comments that no event brought are looked for."""
    found = db.session.scalars(
        select(OwnPost.media_id)
        .where(OwnPost.inbox_id == inbox_id, OwnPost.gone_at.is_(None), OwnPost.posted_at >= now - RECENT)
        .order_by(OwnPost.posted_at.desc())
        .limit(RECENT_POSTS)
    ).all()
    db.session.rollback()
    return found


def take_missed(inbox_id: int, found: Iterable[PublicComment], now: datetime) -> int:
    """Keep the comments that we miss; return how many. Who was erased stays away; old ones are not answered by
    themselves: whoever wrote them waits no more, and a shop that switches comments on has not answered those before."""
    kept = 0
    for item in found:
        try:
            with transaction() as tx:
                inbox = db.session.get_one(Inbox, inbox_id)
                if not is_erased(inbox, item.author, item.commented_at):
                    kept += take_comment(tx, inbox, item, now).outcome is EventOutcome.STORED
        except IntegrityError:
            continue  # its event came at the same moment
    return kept


def fill_posts(inbox_id: int) -> None:
    """Give the comments that came before their post was known the post they belong to."""
    post = select(OwnPost.id).where(OwnPost.inbox_id == Comment.inbox_id, OwnPost.media_id == Comment.media_external_id)
    with transaction():
        db.session.execute(
            update(Comment)
            .where(Comment.inbox_id == inbox_id, Comment.own_post_id.is_(None), post.exists())
            .values(own_post_id=post.scalar_subquery())
            .execution_options(synchronize_session=False)
        )


def _answer_by_itself(tx: Transaction, inbox: Inbox, comment: Comment, now: datetime) -> None:
    text = (inbox.options or {}).get(REPLY_OPTION, "").strip()
    if not text or comment.state is not CommentState.OPEN or refusal(inbox, comment, now):
        return
    if not (comment.author_external_id or comment.author_username):
        return  # nobody can tell whether they are blocked, or have their answer
    if is_stopped() or _is_blocked(inbox, comment):
        return
    # Two comments of one person may be read at once: whoever comes second sees what the first one queued.
    db.session.execute(select(Inbox.id).where(Inbox.id == inbox.id).with_for_update(key_share=True))
    if not _was_answered(comment):
        _queue(tx, comment, text, None, now)


def _is_blocked(inbox: Inbox, comment: Comment) -> bool:
    is_theirs = (
        func.lower(Customer.username) == (comment.author_username or "").lower()
        if comment.author_external_id is None
        else Customer.external_id == comment.author_external_id
    )
    blocked = select(Customer.id).where(Customer.inbox_id == inbox.id, is_theirs, Customer.blocked_at.is_not(None))
    return db.session.scalar(blocked.limit(1)) is not None


def _was_answered(comment: Comment) -> bool:
    """Whether this person got a private reply under this post already, or may: ten comments are no reason for ten."""
    answered = select(Comment.id).where(
        Comment.inbox_id == comment.inbox_id,
        _is_of_the_same(comment),
        Comment.media_external_id == comment.media_external_id,
        Comment.reply_text.is_not(None),
        Comment.state != CommentState.FAILED,  # that one reached nobody
    )
    return db.session.scalar(answered.limit(1)) is not None


def _is_of_the_same(comment: Comment) -> ColumnElement[bool]:
    """By the id; by the user name, where one of the two came without an id."""
    is_called = func.lower(Comment.author_username) == (comment.author_username or "").lower()
    if comment.author_external_id is None:
        return is_called
    return or_(
        Comment.author_external_id == comment.author_external_id,
        and_(Comment.author_external_id.is_(None), is_called),
    )


# --- answering -------------------------------------------------------------------------------------------------------


def reply_privately(comment_id: int, operator_id: int | None, text: str, now: datetime) -> None:
    """Have a person's words sent to whoever wrote the comment.

    Raises Refused (not_found, empty, too_long, comment_answered, comment_too_old, inbox_stopped).
    """
    text = storable(text).strip()
    if not text:
        raise Refused("empty", "A reply needs a text.")
    with transaction() as tx:
        comment = _get_locked(comment_id)
        inbox = comment.inbox
        if len(text.encode()) > channels[inbox.channel].text_limit_bytes:
            raise Refused("too_long", "A private reply is one message: it cannot be split.")
        if comment.state not in (CommentState.OPEN, CommentState.FAILED):
            raise Refused("comment_answered", f"Comment {comment_id} is {comment.state}: it is answered once only.")
        if inbox.state is InboxState.STOPPED:
            raise Refused("inbox_stopped", "This inbox is disconnected; connect it again, then send.")
        if reason := refusal(inbox, comment, now):
            raise Refused(reason, "A comment can be answered privately once, and for a few days only.")
        _queue(tx, comment, text, operator_id, now)
        details = {"comment_id": comment.id}
        db.session.add(Audit(at=now, action="replied_privately", operator_id=operator_id, details=details))


def refusal(inbox: Inbox, comment: Comment, now: datetime) -> str:
    """Why this comment may not be answered privately any more, as a slug; empty when it may."""
    window = channels[inbox.channel].private_reply_window
    return "" if window is not None and now - comment.commented_at < window else "comment_too_old"


def _why_not_by_itself(inbox: Inbox, comment: Comment) -> str:
    """Why words that the inbox sends by itself stay here: people may have said so while they waited."""
    if comment.operator_id is not None:
        return ""
    if _is_blocked(inbox, comment):
        return "customer_blocked"
    return "assistant_stopped" if is_stopped() else ""


def _queue(tx: Transaction, comment: Comment, text: str, operator_id: int | None, now: datetime) -> None:
    _untell(tx, comment)
    comment.state = CommentState.QUEUED
    comment.reply_text, comment.operator_id = text, operator_id
    comment.due_at, comment.attempt = now, 0
    comment.error = comment.error_text = None
    tx.after_commit(hints.hint, keys.DELIVERIES, keys.PRIVATE_REPLY_JOB, comment.id)


def _untell(tx: Transaction, comment: Comment) -> None:
    """Whoever wrote the reply was told of it, and need not be any more."""
    if comment.missed_at is not None and comment.operator_id is not None:
        tx.after_commit(realtime.notified, comment.operator_id, None)  # perhaps a colleague did it
    comment.missed_at = None


def _get_locked(comment_id: int) -> Comment:
    comment = db.session.scalar(
        select(Comment)
        .where(Comment.id == comment_id)
        .options(joinedload(Comment.inbox))
        .with_for_update(of=Comment)
        .execution_options(populate_existing=True)
    )
    if comment is None:
        raise Refused("not_found", f"There is no comment {comment_id}.")
    return comment


def send_private_reply(comment_id: int, clock: Clock) -> None:
    """Send it if it is due and nobody else does; harmless to call at any time, however often."""
    now = clock()
    wait_seconds = _wait_seconds(comment_id, now)
    claim = _claim(comment_id, wait_seconds, now) if wait_seconds is not None else None
    if claim is None:
        return
    try:
        receipt = channels[claim.channel].reply_privately(claim.account, claim.external_id, claim.text)
    except ChannelError as error:
        _record_error(claim, error, clock())
    else:
        _record_receipt(claim, receipt, clock())


def _wait_seconds(comment_id: int, now: datetime) -> float | None:
    """How long the account's limits ask it to wait; None where nothing is due. Asked before the transaction."""
    comment = db.session.get(Comment, comment_id)
    if comment is None or not _is_due(comment, now):
        db.session.rollback()
        return None
    outbound = Outbound("", comment.reply_text or "", comment_id=comment.external_id)
    inbox_id, limits = comment.inbox_id, channels[comment.inbox.channel].limits(outbound)
    db.session.rollback()
    return pace.wait_seconds(inbox_id, limits)


def _is_due(comment: Comment, now: datetime) -> bool:
    return comment.state is CommentState.QUEUED and (comment.due_at is None or comment.due_at <= now)


def _claim(comment_id: int, wait_seconds: float, now: datetime) -> Claim | None:
    with transaction() as tx:
        try:
            comment = _get_locked(comment_id)
        except Refused:
            return None
        inbox = comment.inbox
        if not _is_due(comment, now) or inbox.state is InboxState.STOPPED:
            return None
        if reason := refusal(inbox, comment, now) or _why_not_by_itself(inbox, comment):
            _miss(tx, comment, reason, now)
            return None
        rest_seconds = pace.rest_seconds(inbox, wait_seconds, now)
        if rest_seconds:
            comment.due_at = now + timedelta(seconds=rest_seconds)
            return None
        account = open_account(inbox)
        if account is None:
            stop(tx, inbox, None, "token_unreadable", now)
            return None
        comment.state = CommentState.SENDING
        comment.attempt += 1
        comment.lease_until = now + LEASE
        return Claim(comment.id, comment.attempt, inbox.channel, account, comment.external_id, comment.reply_text or "")


def _record_receipt(claim: Claim, receipt: PrivateReceipt, now: datetime) -> None:
    with transaction() as tx:
        if db.session.get(Comment, claim.comment_id) is None:
            return  # whoever wrote it was erased meanwhile
        customer_id = _lock_conversation(claim.comment_id, receipt.customer_id, now)
        comment = _get_locked(claim.comment_id)
        if comment.state in (CommentState.SENDING, CommentState.UNKNOWN):
            record_replied(tx, comment, receipt.external_id, customer_id, now)


def _lock_conversation(comment_id: int, customer_id: str | None, now: datetime) -> str | None:
    """Lock the conversation before the comment, as an echo does: in the other order the two would wait for each other.

    Return the customer's id, which is the author's where the provider did not say.
    """
    comment = db.session.get_one(Comment, comment_id)
    customer_id = customer_id or comment.author_external_id
    if customer_id is not None:
        get_conversation(comment.inbox, customer_id, now)
    return customer_id


def _record_error(claim: Claim, error: ChannelError, now: datetime) -> None:
    log.warning("The private reply to comment %s: %s", claim.comment_id, error.slug)
    with transaction() as tx:
        if db.session.get(Comment, claim.comment_id) is None:
            return  # whoever wrote it was erased meanwhile
        comment = _get_locked(claim.comment_id)
        if comment.state is not CommentState.SENDING or comment.attempt != claim.attempt:
            return  # an echo settled it meanwhile
        comment.lease_until = None
        comment.error, comment.error_text = error.reason, error.message[:ERROR_TEXT_CHARACTERS]
        if error.remedy is Remedy.STOP_INBOX:
            comment.state = CommentState.QUEUED
            stop(tx, comment.inbox, claim.account, error.reason, now)
        elif error.remedy is Remedy.RETRY and (error.retry_after_seconds or comment.attempt < TRIES):
            # Told how long to wait, it waits however often it is told: seven days end that, not a count.
            pace.pause(comment.inbox, error.retry_after_seconds, now)
            comment.state = CommentState.QUEUED
            comment.due_at = now + max(PAUSE * comment.attempt, timedelta(seconds=error.retry_after_seconds))
        elif error.remedy is Remedy.UNKNOWN:
            comment.state = CommentState.UNKNOWN
            _tell(tx, comment, now)
        else:
            _miss(tx, comment, error.reason, now)


def _miss(tx: Transaction, comment: Comment, reason: str, now: datetime) -> None:
    _fail(comment, reason)
    _tell(tx, comment, now)


def _tell(tx: Transaction, comment: Comment, now: datetime) -> None:
    """It was not sent, or nobody knows. Whoever wrote it is told: on no other page would they see what became of it."""
    if comment.operator_id is not None:
        comment.missed_at = now
        tx.after_commit(realtime.notified, comment.operator_id, None)


def _fail(comment: Comment, reason: str) -> None:
    comment.state, comment.error = CommentState.FAILED, reason
    comment.lease_until = None


# --- the conversation that opens -------------------------------------------------------------------------------------


def record_replied(
    tx: Transaction, comment: Comment, external_id: str | None, customer_id: str | None, now: datetime
) -> int | None:
    """The provider has the private reply; put it into the conversation with who got it. Return the message's id.

    The conversation is held by whoever answers new ones, so that the assistant can answer what the customer says to
    it. The customer has not written, so nothing more may be sent before they do.
    """
    _untell(tx, comment)
    comment.state = CommentState.REPLIED
    comment.reply_external_id, comment.replied_at = external_id, now
    comment.lease_until = comment.error = comment.error_text = None
    if customer_id is None:
        return None
    conversation = get_conversation(comment.inbox, customer_id, now)
    conversation.customer.username = conversation.customer.username or comment.author_username
    comment.conversation_id = conversation.id
    message = _message(tx, conversation, comment, external_id, now)
    count_message(conversation, message)
    details = {"comment_id": comment.id, "comment": comment.text[:300]}
    db.session.add(
        Audit(
            at=now,
            action="private_reply",
            operator_id=comment.operator_id,
            conversation_id=conversation.id,
            details=details,
        )
    )
    mark_changed(tx, conversation, message)
    return message.id


def _message(
    tx: Transaction, conversation: Conversation, comment: Comment, external_id: str | None, now: datetime
) -> Message:
    """The reply as a message of the thread; an echo that came first may have left it there as a person's, as if it
    answered what the customer had asked."""
    message = find_message(comment.inbox, external_id) if external_id else None
    if message is None:
        message = Message(
            conversation=conversation,
            inbox_id=conversation.inbox_id,
            external_id=external_id,
            message_type=MessageType.TEXT,
            text=comment.reply_text or "",
            content=comment.reply_text or "",
            sent_at=now,
            created_at=now,
        )
        db.session.add(message)
    elif message.sender is Sender.PHONE and turns.unanswer(conversation, message):
        turns.ask_unanswered(tx, conversation, now)  # given back to the assistant meanwhile: it answers
    message.sender = Sender.OPERATOR if comment.operator_id else Sender.ASSISTANT
    message.operator_id, message.origin = comment.operator_id, ORIGIN
    db.session.flush()
    return message


def find_private_reply(inbox: Inbox, item: Echo) -> Comment | None:
    """The comment whose private reply this echo is, locked, while nobody else has said what became of it."""
    open_ones = db.session.scalars(
        select(Comment)
        .where(
            Comment.inbox_id == inbox.id,
            Comment.state.in_((CommentState.SENDING, CommentState.UNKNOWN)),
            Comment.author_external_id == item.customer_id,
        )
        .order_by(Comment.id)
        .limit(BATCH)
        .with_for_update(of=Comment)  # what is noted of its send in this very moment is seen, and taken back with it
        .execution_options(populate_existing=True)
    )
    return next((one for one in open_ones if (one.reply_text or "").split() == item.text.split()), None)


def settle_private_reply(comment_id: int, arrived: bool, operator_id: int | None, now: datetime) -> None:
    """A person says what became of a private reply whose outcome nobody knew. Raises Refused (settled_already)."""
    if db.session.get(Comment, comment_id) is None:
        raise Refused("not_found", f"There is no comment {comment_id}.")
    with transaction() as tx:
        customer_id = _lock_conversation(comment_id, None, now) if arrived else None
        comment = _get_locked(comment_id)
        if comment.state is not CommentState.UNKNOWN:
            raise Refused("settled_already", f"Comment {comment_id} is {comment.state}: nothing is open.")
        if arrived:
            record_replied(tx, comment, None, customer_id, now)
        else:
            _untell(tx, comment)
            _fail(comment, GIVEN_UP)
        details = {"comment_id": comment.id, "how": "arrived" if arrived else "given_up"}
        db.session.add(Audit(at=now, action="settled_private_reply", operator_id=operator_id, details=details))


def comments_behind(conversation: Conversation, earlier: Iterable[Said]) -> list[Comment]:
    """The comments that private replies of this conversation answered, oldest first; asked only where there are any."""
    if not any(message.origin == ORIGIN for message in earlier):
        return []
    found = db.session.scalars(
        select(Comment)
        .where(Comment.conversation_id == conversation.id)
        .order_by(Comment.commented_at.desc(), Comment.id.desc())
        .limit(REMEMBERED)
        .options(joinedload(Comment.own_post))
    )
    return list(reversed(found.all()))


def commented_facts(comments: Sequence[Comment]) -> tuple[Fact, ...]:
    """The captions of the posts under which the customer had written before we wrote privately.

    What the customer wrote there is history and no fact: else anybody could write a price into the facts. A post that
    the shop has deleted since tells what they meant, and carries nothing.
    """
    posts = {comment.own_post.id: comment.own_post for comment in comments if comment.own_post}
    return tuple(
        Fact("commented_caption", post.caption, post.media_id, post.gone_at is None, post.gone_at is not None)
        for post in posts.values()
        if post.caption
    )


def comment_line(comment: Comment) -> str:
    """A comment as the assistant reads it among the earlier messages."""
    return f"[کامنت زیر پست] {comment.text}".strip()


# --- the option, and what a crash left -------------------------------------------------------------------------------


def choose_comments(inbox_id: int, is_on: bool, reply: str, operator_id: int, now: datetime) -> None:
    """Switch the comments of an inbox on or off, and the words that answer them by themselves (none: empty)."""
    with transaction():
        inbox = db.session.get(Inbox, inbox_id, with_for_update=True, populate_existing=True)
        if inbox is None:
            raise Refused("not_found", f"There is no inbox {inbox_id}.")
        reply = storable(reply).strip()
        if len(reply.encode()) > channels[inbox.channel].text_limit_bytes:
            raise Refused("too_long", "A private reply is one message: it cannot be split.")
        inbox.options = {**(inbox.options or {}), OPTION: ON if is_on else OFF, REPLY_OPTION: reply if is_on else ""}
        details = {"inbox_id": inbox_id, "comments": ON if is_on else OFF, "by_itself": bool(reply)}
        db.session.add(Audit(at=now, action="chose_comments", operator_id=operator_id, details=details))


def wake_replies(now: datetime) -> int:
    """Have every private reply sent whose time has come; one that was lost while being sent becomes uncertain."""
    due = db.session.scalars(
        select(Comment.id)
        .join(Inbox, Comment.inbox_id == Inbox.id)
        .where(Comment.state == CommentState.QUEUED, Comment.due_at <= now - GRACE, Inbox.state == InboxState.ACTIVE)
        .order_by(Comment.due_at)
        .limit(BATCH)
    ).all()
    lost = db.session.scalars(
        select(Comment.id).where(Comment.state == CommentState.SENDING, Comment.lease_until <= now).limit(BATCH)
    ).all()
    db.session.rollback()
    for comment_id in due:
        hints.hint(keys.DELIVERIES, keys.PRIVATE_REPLY_JOB, comment_id)
    for comment_id in lost:
        _mark_unknown(comment_id, now)
    return len(due) + len(lost)


def _mark_unknown(comment_id: int, now: datetime) -> None:
    with transaction() as tx:
        comment = _get_locked(comment_id)
        if comment.state is CommentState.SENDING and comment.lease_until and comment.lease_until <= now:
            comment.state, comment.error = CommentState.UNKNOWN, "outcome_unknown"
            comment.lease_until = None
            _tell(tx, comment, now)
