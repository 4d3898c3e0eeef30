"""A source is read: by one reader at a time, and what it brings replaces the old facts whole, or not at all.

The network comes first, with no session open; then one transaction, in which the lease is looked at once more. A
reading that fails leaves the facts as they are, with the reason beside them.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update

from pilito import hints, keys
from pilito.clock import Clock
from pilito.database import transaction
from pilito.errors import SourceError
from pilito.knowledge import pages, shopify, web, woocommerce
from pilito.knowledge.catalogue import take_in
from pilito.knowledge.changes import count_change
from pilito.knowledge.csv_import import drop_old_imports
from pilito.knowledge.drafts import ProductDraft
from pilito.knowledge.feed_keys import open_shop
from pilito.knowledge.feeds import Caller, Shop
from pilito.knowledge.overdue import Tell, is_overdue
from pilito.knowledge.sources import get_source
from pilito.knowledge.wake import JOB_SECONDS, wake
from pilito.lifecycle import SourceKind, SourceState
from pilito.models import Product, Source, db

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=4)
RENEW = timedelta(minutes=1)
WORK_SECONDS = JOB_SECONDS - 120
FIRST_RETRY = timedelta(minutes=5)
# Failures in a row, the last two of them "gone", after which a page is: about an hour, for sites are moved.
GONE_AFTER = 4
BATCH = 20

# What puts a reading's result into the tables, in the transaction that ends it; returns whether facts changed.
Write = Callable[[Source, datetime], bool]


class _Lost(Exception):
    """Another reader has the source by now, or it is gone."""


@dataclass
class Task:
    """What is to be read, as plain data: no session is open meanwhile."""

    source_id: int
    kind: SourceKind
    address: str
    options: dict[str, Any]
    shop: Shop | None
    lease_until: datetime
    due_at: datetime
    clock: Clock
    tell: Tell
    pause: Callable[[float], None]
    ends_at: float

    def keep(self) -> None:
        """Lengthen the lease when it is time to. Raises _Lost; SourceError where the work takes too long."""
        if time.monotonic() > self.ends_at:
            raise SourceError("too_slow", may_pass=True)
        now = self.clock()
        if self.lease_until - now > LEASE - RENEW:
            return
        with transaction():
            renewed = db.session.execute(
                update(Source)
                .where(Source.id == self.source_id, Source.lease_until == self.lease_until)
                .values(lease_until=now + LEASE)
                .execution_options(synchronize_session=False)
            )
            if not renewed.rowcount:  # type: ignore[attr-defined]
                raise _Lost
        self.lease_until = now + LEASE

    @property
    def caller(self) -> Caller:
        return Caller(self.keep, self.pause, self.clock)


# --- whose turn it is ------------------------------------------------------------------------------------------------


def wake_due(now: datetime) -> int:
    """Have a worker read every source that is due; return how many."""
    drop_old_imports(now)
    is_free = or_(Source.lease_until.is_(None), Source.lease_until <= now)
    ids = db.session.scalars(
        select(Source.id).where(Source.due_at <= now, is_free).order_by(Source.due_at).limit(BATCH)
    ).all()
    db.session.rollback()
    if not ids or hints.is_busy(keys.FACTS):
        return 0
    for source_id in ids:
        wake(source_id)
    return len(ids)


def read_soon(source_id: int, now: datetime) -> None:
    """Have a source read now, because a person asks. Raises Refused `not_found`."""
    with transaction() as tx:
        source = get_source(source_id)
        source.due_at = now
        tx.after_commit(wake, source_id)


# --- one source ------------------------------------------------------------------------------------------------------


def read_source(source_id: int, clock: Clock, tell: Tell, pause: Callable[[float], None] = time.sleep) -> None:
    """Read a source that is due, unless another does; harmless to call at any time, however often."""
    task = _claim(source_id, clock, tell, pause)
    if task is None:
        return
    try:
        write = READERS[task.kind](task)
        _finish(task, write)
    except _Lost:
        log.info("Source %s: another reader has it.", source_id)
    except SourceError as error:
        log.info("Source %s could not be read: %s", source_id, error.reason)
        _fail(task, error)
    except Exception:
        _fail(task, SourceError("broke", may_pass=True))
        raise


def _claim(source_id: int, clock: Clock, tell: Tell, pause: Callable[[float], None]) -> Task | None:
    now = clock()
    with transaction():
        source = db.session.get(Source, source_id, with_for_update=True, populate_existing=True)
        if source is None or source.due_at is None or source.due_at > now or source.kind not in READERS:
            return None
        if source.lease_until is not None and source.lease_until > now:
            return None
        source.lease_until = now + LEASE
        task = Task(
            source_id=source.id,
            kind=source.kind,
            address=source.address or "",
            options=dict(source.options),
            shop=None,
            lease_until=source.lease_until,
            due_at=source.due_at,
            clock=clock,
            tell=tell,
            pause=pause,
            ends_at=time.monotonic() + WORK_SECONDS,
        )
    if task.kind in FEEDS:
        try:
            task.shop = open_shop(source)
        except SourceError as error:
            _fail(task, error)
            return None
    db.session.rollback()
    return task


def _finish(task: Task, write: Write) -> None:
    now = task.clock()
    with transaction() as tx:
        source = _still_ours(task)
        if write(source, now):
            count_change(source.inbox_id)
        source.state, source.error, source.error_detail, source.failures = SourceState.READY, None, None, 0
        source.read_at = source.checked_at = now
        source.lease_until = None
        if source.due_at == task.due_at:  # else a person asked for another reading meanwhile: other keys, or anew
            source.due_at = _due_next(source, now)
        if source.told_at is not None:
            source.told_at = None
            task.tell(tx, source, True, now)


def _due_next(source: Source, now: datetime) -> datetime | None:
    """At its usual time, or when the first price that is only known until then ends."""
    if not source.every_hours:
        return None
    usual = now + timedelta(hours=source.every_hours)
    if source.kind not in FEEDS:
        return usual
    ends = select(func.min(Product.valid_until)).where(
        Product.source_id == source.id, Product.active.is_(True), Product.valid_until > now
    )
    return min(filter(None, (usual, db.session.scalar(ends))))


def _fail(task: Task, error: SourceError) -> None:
    now = task.clock()
    try:
        with transaction() as tx:
            source = _still_ours(task)
            was_gone = source.error == error.reason == "gone"
            source.state, source.error, source.error_detail = SourceState.FAILED, error.reason, error.detail[:500]
            source.failures, source.checked_at, source.lease_until = source.failures + 1, now, None
            if task.kind is SourceKind.PAGE and was_gone and source.failures >= GONE_AFTER:
                _let_go(source, now)
            if source.due_at == task.due_at:
                source.due_at = _again_at(source, error, now)
            if source.told_at is None and is_overdue(source):
                source.told_at = now
                task.tell(tx, source, False, now)
    except _Lost:
        log.info("Source %s: another reader has it.", task.source_id)


def _let_go(source: Source, now: datetime) -> None:
    """What a page said is no fact once the page is gone; as one of a sitemap it would be gone at once."""
    if pages.keep_pages(source, [], now):
        count_change(source.inbox_id)


def _again_at(source: Source, error: SourceError, now: datetime) -> datetime | None:
    """What may pass is tried again soon, then ever later; what a person must mend, at its usual time."""
    usual = timedelta(hours=source.every_hours) if source.every_hours else None
    if not error.may_pass:
        return now + usual if usual else None
    soon = FIRST_RETRY * 3 ** min(source.failures - 1, 6)
    if usual is None and source.failures > 5:
        return None
    return now + (min(soon, usual) if usual else soon)


def _still_ours(task: Task) -> Source:
    source = db.session.get(Source, task.source_id, with_for_update=True, populate_existing=True)
    if source is None or source.lease_until != task.lease_until:
        raise _Lost
    return source


# --- by kind ---------------------------------------------------------------------------------------------------------


def _read_feed(read_shop: Callable[[Shop, Caller], list[ProductDraft]]) -> Callable[[Task], Write]:
    def read(task: Task) -> Write:
        if task.shop is None:
            raise SourceError("key_unreadable")
        drafts = read_shop(task.shop, task.caller)
        drafts = list({draft.external_id: draft for draft in drafts}.values())  # paged while the shop was edited

        def write(source: Source, now: datetime) -> bool:
            if not drafts and _has_products(source.id):
                # A shop that sells nothing any more is rarer than a shop whose key sees nothing.
                raise SourceError("feed_empty")
            return take_in(source, drafts, now, puts_aside=True).is_change

        return write

    return read


def _has_products(source_id: int) -> bool:
    wanted = select(Product.id).where(Product.source_id == source_id, Product.active.is_(True)).limit(1)
    return db.session.scalar(wanted) is not None


def _read_document(task: Task) -> Write:
    parsed = pages.parse_document(task.source_id)
    return lambda source, now: pages.keep_document(source, parsed, now)


def _read_page(task: Task) -> Write:
    known = pages.known_pages(task.source_id).get(task.address, web.Known())
    page = web.read_page(task.address, known)
    return lambda source, now: pages.keep_pages(source, [page], now)


def _read_sitemap(task: Task) -> Write:
    limit = int(task.options.get("limit", web.USUAL_PAGES))
    known = pages.known_pages(task.source_id)
    found = web.read_sitemap(task.address, limit, known, task.keep, task.pause)
    return lambda source, now: pages.keep_pages(source, found, now)


FEEDS = (SourceKind.WOOCOMMERCE, SourceKind.SHOPIFY)
READERS: dict[SourceKind, Callable[[Task], Write]] = {
    SourceKind.WOOCOMMERCE: _read_feed(woocommerce.read_shop),
    SourceKind.SHOPIFY: _read_feed(shopify.read_shop),
    SourceKind.DOCUMENT: _read_document,
    SourceKind.PAGE: _read_page,
    SourceKind.SITEMAP: _read_sitemap,
}
