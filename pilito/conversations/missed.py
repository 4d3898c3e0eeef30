"""Somebody has seen that a private reply of a person was not sent: its writer is not told of it any more.

One that may have been sent is told of until it is settled.
"""

from sqlalchemy import ColumnElement, and_, update

from pilito import realtime
from pilito.database import transaction
from pilito.lifecycle import CommentState
from pilito.models import Comment, db
from pilito.queries.comments import GIVEN_UP


def see_missed(comment_id: int) -> None:
    """The one to this comment, whoever wrote it. It is left so, and no trouble of the health page any more."""
    _see(Comment.id == comment_id, error=GIVEN_UP)


def see_own(operator_id: int) -> None:
    """All of this person's, of which the bell tells. The customers got nothing all the same: others see it on."""
    _see(and_(Comment.operator_id == operator_id, Comment.missed_at.is_not(None)))


def _see(which: ColumnElement[bool], **values: str) -> None:
    with transaction() as tx:
        writers = db.session.scalars(
            update(Comment)
            .where(which, Comment.operator_id.is_not(None), Comment.state == CommentState.FAILED)
            .values(missed_at=None, **values)
            .returning(Comment.operator_id)
            .execution_options(synchronize_session=False)
        ).all()
        for operator_id in {one for one in writers if one is not None}:
            tx.after_commit(realtime.notified, operator_id, None)
