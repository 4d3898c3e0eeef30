"""Which migration this version ends with, and where the database stands; without Alembic, which costs a web process
8 MB."""

from functools import cache

from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

from pilito.config import ROOT
from pilito.extensions import db

# A table that comes with the rows of a backup, in one transaction, and goes when what they had under way is settled.
UNSETTLED = "restore_unsettled"
RESTORE_AGAIN = (
    "A restore did not come to its end, so what was under way in the backup could be sent again: run `flask restore`"
    " again, with the same archive and `--force`."
)


def is_unsettled() -> bool:
    """Whether what stands in the database is a backup of which nobody has settled what was under way in it."""
    return inspect(db.session.connection()).has_table(UNSETTLED)


def stored_revision() -> str | None:
    try:
        return db.session.scalar(text("SELECT version_num FROM alembic_version"))
    except DatabaseError:  # an empty database has no such table
        db.session.rollback()
        return None


@cache
def newest_revision() -> str:
    """Migrations are numbered, and their files begin with their number."""
    return max(file.name.partition("_")[0] for file in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))
