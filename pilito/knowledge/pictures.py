"""The catalogue's pictures as our own copies: pages load nothing from elsewhere (docs/decisions/0020)."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from pilito import hints, keys
from pilito.database import transaction
from pilito.lifecycle import MediaKind, MediaState
from pilito.models import Inbox, MediaFile, Product, db

BATCH = 20  # customers' own files come first: a few at a time, on a queue that is not long
KEPT = 5_000  # of a larger catalogue, the rest is shown without


def keep_pictures(now: datetime) -> int:
    """Ask for the pictures of some products that have none yet, or another by now; return how many."""
    if hints.is_busy(keys.MEDIA):
        return 0
    kept = db.session.scalar(select(func.count()).where(Product.copy_id.is_not(None))) or 0
    is_other = and_(Product.copy_id.is_not(None), func.coalesce(Product.picture_url, "") != MediaFile.source_url)
    is_missing = and_(Product.copy_id.is_(None), Product.picture_url.is_not(None), Product.active.is_(True))
    wanted = or_(is_other, is_missing) if kept < KEPT else is_other
    rows = select(Product.id).outerjoin(MediaFile, Product.copy_id == MediaFile.id).where(wanted)
    ids = db.session.scalars(rows.order_by(Product.id).limit(BATCH)).all()
    keeper = db.session.scalar(select(func.min(Inbox.id)))
    db.session.rollback()
    if not ids or keeper is None:
        return 0
    with transaction() as tx:
        leave_pictures(Product.id.in_(ids), now)
        for product in db.session.scalars(select(Product).where(Product.id.in_(ids)).with_for_update()):
            product.copy_id = None
            if product.picture_url is None:
                continue
            # A copy belongs to an inbox; of what holds for all, to the first. When that is erased, it is fetched anew.
            copy = MediaFile(
                inbox_id=product.inbox_id or keeper,
                kind=MediaKind.AVATAR,  # a small picture, and nothing else
                source_url=product.picture_url,
                state=MediaState.PENDING,
                due_at=now,
                created_at=now,
            )
            db.session.add(copy)
            db.session.flush()
            product.copy_id = copy.id
            tx.after_commit(hints.hint, keys.MEDIA, keys.MEDIA_JOB, copy.id)
    return len(ids)


def leave_pictures(whose: ColumnElement[bool], now: datetime) -> None:
    """Leave the copies of these products, in the open transaction: a worker drops them with their objects."""
    copies = select(Product.copy_id).where(whose, Product.copy_id.is_not(None))
    left = update(MediaFile).where(MediaFile.id.in_(copies), MediaFile.state != MediaState.DROPPED)
    # Not before whoever fetches one now must have ended.
    due_at = func.coalesce(MediaFile.lease_until, now)
    values = {"state": MediaState.DROPPED, "source_url": "", "due_at": due_at, "lease_until": None}
    db.session.execute(left.values(values).execution_options(synchronize_session=False))
