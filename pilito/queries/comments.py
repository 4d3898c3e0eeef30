"""The comments under the shop's posts, newest first."""

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from pilito.extensions import db
from pilito.models import Comment, Inbox, OwnPost
from pilito.queries.panel import Cursor


def page(before: Cursor | None, limit: int) -> tuple[Sequence[Comment], Cursor | None]:
    """Return up to `limit` comments, and the cursor of the next page where there is one."""
    wanted = (
        select(Comment)
        .options(
            joinedload(Comment.own_post).joinedload(OwnPost.copy),
            joinedload(Comment.inbox),
            joinedload(Comment.operator),
        )
        .order_by(Comment.commented_at.desc(), Comment.id.desc())
        .limit(limit + 1)
    )
    if before:
        is_older = or_(Comment.commented_at < before.at, Comment.id < before.id)
        wanted = wanted.where(and_(Comment.commented_at <= before.at, is_older))
    found = db.session.scalars(wanted).all()
    shown = found[:limit]
    return shown, Cursor(shown[-1].commented_at, shown[-1].id) if len(found) > limit else None


def inboxes() -> Sequence[Inbox]:
    return db.session.scalars(select(Inbox).order_by(Inbox.id).limit(50)).all()
