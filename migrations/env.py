"""Run the migrations inside the app: `flask db upgrade`."""

from contextlib import contextmanager

from alembic import context
from alembic.migration import MigrationContext
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import inspect, text

from pilito.models.search_entry import is_of_index
from pilito.models.types import UtcDateTime
from pilito.queries.revision import RESTORE_AGAIN, UNSETTLED

db = current_app.extensions["migrate"].db

SQLITE_WAIT_SECONDS = 30


def render_item(kind, thing, _context):
    """Write our own column types by name, so that a migration does not import what may change."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def include_name(name, _kind, _parents):
    return not is_of_index(name)


def number_the_revision(context, _revision, directives):
    """0001, 0002, …: one line of history, readable by eye."""
    if directives:
        from alembic.script import ScriptDirectory

        head = ScriptDirectory.from_config(context.config).get_current_head()
        directives[0].rev_id = f"{int(head or 0) + 1:04d}"


def wait_briefly_for_locks(connection):
    """A migration that waits for a table makes everybody wait who comes after it: it gives up instead, its step undone,
    and is run again."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET lock_timeout = '2s'"))
        connection.commit()


def refuse_unsettled():
    """What starts Pilito migrates before: it must not start on a backup that came back by half."""
    if UNSETTLED not in context.get_x_argument() and inspect(db.engine).has_table(UNSETTLED):
        raise CommandError(RESTORE_AGAIN)


@contextmanager
def written_first(connection):
    """SQLite: take the write lock with the first statement, and wait for it. A transaction that has read the revision
    and then writes fails at once where somebody wrote in between, and under traffic somebody always does."""
    if connection.dialect.name != "sqlite":
        yield connection
        return
    driver = connection.connection.driver_connection
    (usual,) = driver.execute("PRAGMA busy_timeout").fetchone()
    driver.execute(f"PRAGMA busy_timeout={SQLITE_WAIT_SECONDS * 1000}")
    try:
        yield connection.execution_options(pilito_writes=True)
    finally:
        if not connection.invalidated:
            driver.execute(f"PRAGMA busy_timeout={usual}")


def stored_revision():
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def are_of_newer_code(stored):
    """The way back is the older code on the newer tables, which are made for that (docs/upgrading.md). It does not know
    their steps: Alembic would fail, and compose and `make run` start nothing before this has ended well."""
    return stored is not None and stored > context.script.get_current_head()


def run_migrations() -> None:
    refuse_unsettled()
    stored = stored_revision()
    if are_of_newer_code(stored):
        print(f"The tables ({stored}) are of a newer version. This one works with them: they stay as they are.")
        return
    with db.engine.connect() as plain, written_first(plain) as connection:
        wait_briefly_for_locks(connection)
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            compare_type=True,
            render_as_batch=connection.dialect.name == "sqlite",
            include_name=include_name,
            render_item=render_item,
            # What a step has locked is free when it is through: together they would hold every table that one of them
            # touches until the last index is built. On SQLite each is its own anyhow.
            transaction_per_migration=True,
            process_revision_directives=number_the_revision,
            user_module_prefix="",
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
