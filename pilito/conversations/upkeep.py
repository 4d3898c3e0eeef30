"""Read at the provider what its events do not tell: one inbox at a time, by one reader, within its limits."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select

from pilito import hints, keys
from pilito.channels.base import Account
from pilito.clock import Clock
from pilito.conversations import comments, own_posts, reconcile
from pilito.conversations.account import open_account
from pilito.conversations.disconnect import stop
from pilito.conversations.reconcile import Desk, Reach
from pilito.database import transaction
from pilito.errors import TOKEN_ENDED, ChannelError, Remedy
from pilito.extensions import channels
from pilito.lifecycle import InboxState
from pilito.models import Delivery, Inbox, Upkeep, db

log = logging.getLogger(__name__)

READ_EVERY = timedelta(minutes=10)
POSTS_EVERY = timedelta(hours=1)
COMMENTS_EVERY = timedelta(minutes=10)
ALL_POSTS_EVERY = timedelta(days=1)
LEASE = timedelta(minutes=4)
CALLS = 150  # of one run, which so ends before its job's time does; who comes next goes on
PAUSE_AFTER_ERROR = timedelta(minutes=2)
BATCH = 50

Pause = Callable[[float], None]


@dataclass
class Budget:
    """The calls of one run, with the pause before each."""

    left: int
    pause_seconds: float
    pause: Pause

    def spend(self) -> bool:
        if self.left <= 0:
            return False
        self.left -= 1
        self.pause(self.pause_seconds)
        return True


@dataclass(frozen=True)
class AllPosts:
    """A reading of all posts, which may take several runs: when it began, and the page that it read last."""

    began_at: datetime
    after: str | None = None  # what the provider calls that page; None: the first, or none yet


@dataclass(frozen=True)
class Plan:
    """What is due for an inbox."""

    desk: Desk
    reach: Reach
    reads: bool
    posts: bool
    all_posts: AllPosts | None
    comments: bool
    username: str | None  # of the account, by which its own comments are known


# --- whose turn it is ------------------------------------------------------------------------------------------------


def wake_looks(now: datetime) -> int:
    """Have a worker ask what became of uncertain sends, those that wait longest first; return of how many inboxes.

    On a queue of its own, which waits for nobody's reading: that takes minutes, and somebody waits to hear.
    """
    ids = db.session.scalars(
        select(Inbox.id)
        .join(Delivery, Delivery.inbox_id == Inbox.id)
        .outerjoin(Upkeep, Upkeep.inbox_id == Inbox.id)
        .where(Inbox.state == InboxState.ACTIVE, Inbox.channel.in_(_readable()), _is_free(now))
        .where(reconcile.is_look_due(now))
        .group_by(Inbox.id)
        .order_by(func.min(Delivery.unknown_at), Inbox.id)
        .limit(BATCH)
    ).all()
    db.session.rollback()
    return _wake(ids, keys.LOOKS, keys.LOOK_JOB)


def wake_due(now: datetime) -> int:
    """Have a worker read every inbox that is due; return how many."""
    comments.wake_replies(now)
    ids = db.session.scalars(
        select(Inbox.id)
        .outerjoin(Upkeep, Upkeep.inbox_id == Inbox.id)
        .where(Inbox.state == InboxState.ACTIVE, Inbox.channel.in_(_readable()), _is_free(now), _is_due(now))
        .order_by(Upkeep.read_at.nulls_first(), Inbox.id)
        .limit(BATCH)
    ).all()
    db.session.rollback()
    return _wake(ids, keys.UPKEEP, keys.UPKEEP_JOB)


def _readable() -> list[str]:
    return [name for name, channel in channels.items() if channel.reads_back]


def _wake(inbox_ids: Sequence[int], queue: str, job: str) -> int:
    if not inbox_ids or hints.is_busy(queue):
        return 0
    for inbox_id in inbox_ids:
        hints.hint(queue, job, inbox_id)
    return len(inbox_ids)


def _is_free(now: datetime) -> ColumnElement[bool]:
    return and_(
        or_(Upkeep.lease_until.is_(None), Upkeep.lease_until <= now),
        or_(Upkeep.not_before.is_(None), Upkeep.not_before <= now),
    )


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(
        Upkeep.id.is_(None),
        Upkeep.read_at.is_(None),
        Upkeep.read_at <= now - READ_EVERY,
        Upkeep.posts_at.is_(None),
        Upkeep.posts_at <= now - POSTS_EVERY,
    )


# --- one inbox -------------------------------------------------------------------------------------------------------


def keep_up(inbox_id: int, clock: Clock, pause: Pause = time.sleep) -> None:
    """Do what is due for this inbox, unless another does; harmless to call at any time, however often."""
    _run(inbox_id, clock, pause, _work)


def look_for_sends(inbox_id: int, clock: Clock, pause: Pause = time.sleep) -> None:
    """Ask what became of this inbox's uncertain sends, unless another reads there, who asks as well."""
    _run(inbox_id, clock, pause, lambda plan, clock: reconcile.look_for_sends(plan.desk, clock()))


def _run(inbox_id: int, clock: Clock, pause: Pause, work: Callable[[Plan, Clock], object]) -> None:
    plan = _claim(inbox_id, clock(), pause)
    if plan is None:
        return
    try:
        work(plan, clock)
    except ChannelError as error:
        log.info("Inbox %s could not be read: %s", inbox_id, error)
        _release(inbox_id, clock(), error, plan.desk.account)
    except BaseException:
        _release(inbox_id, clock())
        raise
    else:
        _release(inbox_id, clock())


def _claim(inbox_id: int, now: datetime, pause: Pause) -> Plan | None:
    with transaction():
        inbox = db.session.get(Inbox, inbox_id, with_for_update=True, populate_existing=True)
        if inbox is None or inbox.state is InboxState.STOPPED or not channels[inbox.channel].reads_back:
            return None
        upkeep = _get_upkeep(inbox)
        if _is_later(upkeep.lease_until, now) or _is_later(upkeep.not_before, now):
            return None
        account = open_account(inbox)
        if account is None:
            return None  # the next send finds it out, and stops the inbox with its reason
        upkeep.lease_until = now + LEASE
        channel = channels[inbox.channel]
        budget = Budget(CALLS, channel.read_pause_seconds, pause)
        return Plan(
            desk=Desk(inbox.id, channel, account, budget.spend),
            reach=reconcile.reach_of(upkeep, inbox, now),
            reads=_is_over(upkeep.read_at, READ_EVERY, now),
            posts=_is_over(upkeep.posts_at, POSTS_EVERY, now),
            all_posts=_all_posts(upkeep, now),
            comments=comments.is_on(inbox) and _is_over(upkeep.comments_at, COMMENTS_EVERY, now),
            username=inbox.username,
        )


def _get_upkeep(inbox: Inbox) -> Upkeep:
    upkeep = db.session.scalar(select(Upkeep).where(Upkeep.inbox_id == inbox.id))
    if upkeep is None:
        upkeep = Upkeep(inbox_id=inbox.id)
        db.session.add(upkeep)
        db.session.flush()
    return upkeep


def _all_posts(upkeep: Upkeep, now: datetime) -> AllPosts | None:
    """Go on where the reading under way stopped, else begin one a day after the last began."""
    last, since = upkeep.all_posts_at, upkeep.all_posts_since
    if not _is_over(last, ALL_POSTS_EVERY, now):
        return None
    # A version that keeps no place may have read them all since.
    is_under_way = since is not None and (last is None or last < since)
    return AllPosts(since, upkeep.all_posts_after) if since and is_under_way else AllPosts(now)


def _is_later(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now


def _is_over(moment: datetime | None, pause: timedelta, now: datetime) -> bool:
    return moment is None or moment <= now - pause


def _work(plan: Plan, clock: Clock) -> None:
    """The most urgent first, and between any two calls: somebody waits to hear whether a reply arrived."""
    looks = plan.desk

    def spend() -> bool:
        reconcile.look_for_sends(looks, clock())
        return looks.spend()

    reconcile.look_for_sends(looks, clock())
    plan = replace(plan, desk=replace(looks, spend=spend))
    if plan.reads:
        reconcile.find_missed(plan.desk, plan.reach, clock())
    if plan.posts or plan.all_posts:
        _sync_posts(plan, clock())
    if plan.comments:
        _read_comments(plan, clock())


def _sync_posts(plan: Plan, now: datetime) -> None:
    """Fetch the newest posts, and once a day all of them: captions are edited, and with them prices."""
    desk, under_way = plan.desk, plan.all_posts
    if under_way is None or under_way.after is not None:  # else the newest are the first page of all
        if not desk.spend():
            return
        own_posts.keep_posts(desk.inbox_id, desk.channel.posts(desk.account, None).posts, now)
    if under_way is not None:
        _read_all_posts(desk, under_way, now)
    own_posts.fill_shares(desk.inbox_id, now)
    comments.fill_posts(desk.inbox_id)
    with transaction():
        upkeep = db.session.scalars(select(Upkeep).where(Upkeep.inbox_id == desk.inbox_id)).one()
        upkeep.posts_at = now


def _read_all_posts(desk: Desk, under_way: AllPosts, now: datetime) -> None:
    """Follow the pages to their end, and keep the place after each: whoever has no call or no time left, the next goes
    on there. At the end what none of them showed is gone.

    Who goes on reads the last page once more. Where it is refused, breaks or is empty, the provider does not know that
    place any more, and what would follow it is no end: all is read anew, by the next run.
    """
    after, is_again = under_way.after, under_way.after is not None
    came = is_again  # no place is kept before something came
    while desk.spend():
        try:
            page = desk.channel.posts(desk.account, after)
        except ChannelError as error:
            if is_again and error.remedy in (*reconcile.GONE, Remedy.UNKNOWN):
                _remember_posts(desk.inbox_id, None)
            raise
        if is_again and not page.posts:
            _remember_posts(desk.inbox_id, None)
            return
        is_again, came = False, came or bool(page.posts)
        # Never before the beginning: another machine's clock may be a little behind.
        own_posts.keep_posts(desk.inbox_id, page.posts, max(now, under_way.began_at))
        if page.next is None:
            if came:  # an empty answer is rather a mistake than an empty shop
                own_posts.mark_gone(desk.inbox_id, under_way.began_at, now)
            _remember_posts(desk.inbox_id, None, all_posts_at=under_way.began_at)
            return
        if came and after is not None:
            _remember_posts(desk.inbox_id, AllPosts(under_way.began_at, after))
        after = page.next


def _remember_posts(inbox_id: int, under_way: AllPosts | None, all_posts_at: datetime | None = None) -> None:
    with transaction():
        upkeep = db.session.scalars(select(Upkeep).where(Upkeep.inbox_id == inbox_id)).one()
        upkeep.all_posts_since = under_way.began_at if under_way else None
        upkeep.all_posts_after = under_way.after if under_way else None
        upkeep.all_posts_at = all_posts_at or upkeep.all_posts_at


def _read_comments(plan: Plan, now: datetime) -> None:
    """Find the comments that no event brought, under the newest posts: one call for each of them."""
    desk, broken = plan.desk, 0
    for media_id in comments.recent_posts(desk.inbox_id, now):
        if not desk.spend():
            return
        try:
            found = desk.channel.comments(desk.account, media_id, now, plan.username)
        except ChannelError as error:
            if error.remedy not in reconcile.GONE:  # as a post that was deleted, which we do not know of yet
                broken = reconcile.count_broken(error, broken)
            continue
        comments.take_missed(desk.inbox_id, found, now)
    with transaction():
        upkeep = db.session.scalars(select(Upkeep).where(Upkeep.inbox_id == desk.inbox_id)).one()
        upkeep.comments_at = now


def _release(inbox_id: int, now: datetime, error: ChannelError | None = None, used: Account | None = None) -> None:
    with transaction() as tx:
        if error and error.reason in TOKEN_ENDED:
            stop(tx, db.session.get_one(Inbox, inbox_id), used, error.reason, now)
        upkeep = db.session.scalars(select(Upkeep).where(Upkeep.inbox_id == inbox_id)).one()
        upkeep.lease_until = None
        upkeep.error = error.reason[:64] if error else None
        pause = max(PAUSE_AFTER_ERROR, timedelta(seconds=error.retry_after_seconds)) if error else None
        upkeep.not_before = now + pause if pause else None
