"""The comments under the shop's posts, newest first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload

from pilito.extensions import db
from pilito.lifecycle import CommentState
from pilito.models import Comment, Inbox, OwnPost
from pilito.queries.panel import Cursor

MISSED_SHOWN = 50
UNSENT_FOR = timedelta(days=30)  # a comment that is older is nobody's business any more
GIVEN_UP = "given_up"  # the error of one of which a person said so


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


def missed_of(operator_id: int) -> Sequence[Comment]:
    """The private replies of this person that were not sent, or nobody knows if they were, and of which they have to be
    told yet, the newest first."""
    return db.session.scalars(
        select(Comment)
        .where(Comment.operator_id == operator_id, Comment.missed_at.is_not(None))
        .options(joinedload(Comment.operator), joinedload(Comment.inbox))
        .order_by(Comment.missed_at.desc(), Comment.id.desc())
        .limit(MISSED_SHOWN)
    ).all()


def count_missed(operator_id: int) -> int:
    is_missed = (Comment.operator_id == operator_id, Comment.missed_at.is_not(None))
    return db.session.scalar(select(func.count()).select_from(Comment).where(*is_missed)) or 0


def unsent(now: datetime) -> Sequence[Comment]:
    """The private replies that people wrote and that were not sent, until somebody writes anew or leaves it so; whether
    their writers have read it in the bell is no matter here."""
    return db.session.scalars(
        select(Comment)
        .where(*_is_unsent(now))
        .options(joinedload(Comment.operator))
        .order_by(Comment.commented_at.desc(), Comment.id.desc())
        .limit(MISSED_SHOWN)
    ).all()


def count_unsent(now: datetime) -> int:
    return db.session.scalar(select(func.count()).select_from(Comment).where(*_is_unsent(now))) or 0


def _is_unsent(now: datetime) -> tuple[ColumnElement[bool], ...]:
    is_of_person = Comment.operator_id.is_not(None)
    is_open = Comment.error.is_distinct_from(GIVEN_UP)
    return Comment.state == CommentState.FAILED, is_of_person, is_open, Comment.commented_at >= now - UNSENT_FOR
