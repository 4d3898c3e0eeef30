"""The instructions of an inbox: the version that counts, and those before it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from pilito.models import Instructions, db


def newest(inbox_id: int) -> Instructions | None:
    return db.session.scalar(
        select(Instructions).where(Instructions.inbox_id == inbox_id).order_by(Instructions.version.desc()).limit(1)
    )


def version(inbox_id: int, number: int) -> Instructions | None:
    return db.session.scalar(
        select(Instructions).where(Instructions.inbox_id == inbox_id, Instructions.version == number)
    )


def history(inbox_id: int, limit: int = 50) -> Sequence[Instructions]:
    """The newest first, each with who wrote it."""
    return db.session.scalars(
        select(Instructions)
        .where(Instructions.inbox_id == inbox_id)
        .options(joinedload(Instructions.operator))
        .order_by(Instructions.version.desc())
        .limit(limit)
    ).all()
