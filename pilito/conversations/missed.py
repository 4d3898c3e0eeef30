"""Somebody has seen that a private reply of a person was not sent: nobody is told of it any more.

One that may have been sent is told of until it is settled.
"""

from sqlalchemy import ColumnElement, update

from pilito import realtime
from pilito.database import transaction
from pilito.lifecycle import CommentState
from pilito.models import Comment, db


def see_missed(comment_id: int) -> None:
    """The one to this comment, whoever wrote it."""
    _see(Comment.id == comment_id)


def see_own(operator_id: int) -> None:
    """All of this person's."""
    _see(Comment.operator_id == operator_id)


def _see(which: ColumnElement[bool]) -> None:
    with transaction() as tx:
        writers = db.session.scalars(
            update(Comment)
            .where(which, Comment.missed_at.is_not(None), Comment.state == CommentState.FAILED)
            .values(missed_at=None)
            .returning(Comment.operator_id)
            .execution_options(synchronize_session=False)
        ).all()
        for operator_id in {one for one in writers if one is not None}:
            tx.after_commit(realtime.notified, operator_id, None)
