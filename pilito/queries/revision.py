"""Which migration this version ends with, and where the database stands; without Alembic, which costs a web process
8 MB."""

from functools import cache

from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from pilito.config import ROOT
from pilito.extensions import db


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
