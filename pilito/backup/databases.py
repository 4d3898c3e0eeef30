"""A consistent copy of the database while everybody goes on writing, and its way back."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, cast

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import inspect, text
from sqlalchemy.engine import Engine

from pilito.errors import BackupError
from pilito.models.search_entry import is_of_index
from pilito.queries.revision import UNSETTLED

# What libpq reads from its environment; a password in the arguments would be seen by everybody on the machine.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "options": "PGOPTIONS",
}
DEBIAN_BINARIES = Path("/usr/lib/postgresql")

# Before what pg_restore writes, in one transaction with it: its own `--clean` drops what the archive knows. A table of
# a later version would stay, and hold by its foreign key what is to go, or be in the way when the migrations make it.
# What belongs to an extension goes with that alone.
MAKE_ROOM = """
BEGIN;
SET LOCAL client_min_messages = warning;
DO $$
DECLARE
    standing name;
BEGIN
    FOR standing IN
        SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = current_schema() AND relkind IN ('r', 'p') AND NOT EXISTS (
            SELECT FROM pg_depend
            WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
        )
    LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I.%I CASCADE', current_schema(), standing);
    END LOOP;
END
$$;
"""
MARK = f"CREATE TABLE IF NOT EXISTS {UNSETTLED} (began_at text);"
COMMIT = "\nCOMMIT;\n"


def dump(engine: Engine, path: Path) -> None:
    """Write the database as it is at one moment. Raises BackupError."""
    if engine.dialect.name == "sqlite":
        _copy_sqlite(_sqlite_path(engine), path)
    else:
        # Not packed here: the archive is packed as a whole.
        _run(engine, "pg_dump", "--format=custom", "--compress=0", "--no-owner", "--no-acl", "--file", str(path))


def load(engine: Engine, path: Path) -> None:
    """Put a dump in the place of all that is there, as a whole or not at all, and mark it as not settled. Raises
    BackupError."""
    engine.dispose()
    if engine.dialect.name == "sqlite":
        _check_sqlite(path)
        with closing(sqlite3.connect(path)) as database:
            database.execute(MARK)
        _copy_sqlite(path, _sqlite_path(engine))
    else:
        _pour(engine, path)
    engine.dispose()


def is_empty(engine: Engine) -> bool:
    """Whether no table holds a row; the mark of the migrations counts for nothing."""
    if engine.dialect.name == "sqlite":
        _sqlite_path(engine).parent.mkdir(parents=True, exist_ok=True)
    with engine.connect() as connection:
        named = set(inspect(connection).get_table_names()) - {"alembic_version"}
        tables = {table for table in named if not is_of_index(table)}  # FTS5's own are never without a row
        return not any(connection.execute(text(f'SELECT 1 FROM "{table}" LIMIT 1')).first() for table in sorted(tables))  # noqa: S608  (names of our own tables)


def conninfo_of(engine: Engine) -> dict[str, object]:
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return {name: value for name, value in conninfo_to_dict(address).items() if value is not None}


def _sqlite_path(engine: Engine) -> Path:
    if not engine.url.database:
        raise BackupError("A database in memory has nothing to keep.")
    return Path(engine.url.database)


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's own online backup, in one step: a snapshot, and in WAL mode no writer waits for it."""
    try:
        with closing(sqlite3.connect(source, timeout=30)) as from_, closing(sqlite3.connect(target, timeout=30)) as to:
            from_.backup(to)
            # A copy is in WAL mode as its source was; what stands beside it would not come along.
            to.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise BackupError(f"SQLite could not copy {source} to {target} ({error}).") from None


def _check_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
        try:
            (verdict,) = database.execute("PRAGMA integrity_check").fetchone()
        except sqlite3.Error as error:
            verdict = str(error)
    if verdict != "ok":
        raise BackupError(f"The database in the archive is damaged ({verdict}); take another backup.")


def _pour(engine: Engine, path: Path) -> None:
    """Have psql run what pg_restore writes. It is told to commit only when pg_restore has come to its end: where one of
    them fails, or we do, its line ends with the transaction open, and everything is as it was."""
    reader = [find_program("pg_restore"), "--clean", "--if-exists", "--no-owner", "--no-acl", "--file=-", str(path)]
    writer = [find_program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"]
    pipe, nowhere, environment = subprocess.PIPE, subprocess.DEVNULL, _environment(engine)
    with tempfile.TemporaryFile("w+") as complaints:  # of both; a pipe would have to be read meanwhile
        with (
            subprocess.Popen(writer, env=environment, stdin=pipe, stdout=nowhere, stderr=complaints) as psql,  # noqa: S603
            subprocess.Popen(reader, env=environment, stdin=nowhere, stdout=pipe, stderr=complaints) as script,  # noqa: S603
            suppress(BrokenPipeError),  # psql is gone, and has said why
            cast(IO[bytes], psql.stdin) as words,
        ):
            words.write(f"{MAKE_ROOM}{MARK}\n".encode())
            shutil.copyfileobj(cast(IO[bytes], script.stdout), words)
            if script.wait() == 0:
                words.write(COMMIT.encode())
        complaints.seek(0)
        said = complaints.read()
    for program, code in (("psql", psql.returncode), ("pg_restore", script.returncode)):
        if code:
            raise BackupError(f"{program} ended with {code}: {_complaint(said)}")


def _run(engine: Engine, program: str, *options: str) -> None:
    done = subprocess.run(  # noqa: S603  (a program of PostgreSQL, and options of our own)
        [find_program(program), *options],
        env=_environment(engine),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program} ended with {done.returncode}: {_complaint(done.stderr)}")


def _environment(engine: Engine) -> dict[str, str]:
    given = {VARIABLES[name]: str(value) for name, value in conninfo_of(engine).items() if name in VARIABLES}
    return {**os.environ, **given}


def find_program(name: str) -> str:
    """The program on the PATH, else the newest of Debian's. Raises BackupError with what to install."""
    found = shutil.which(name) or next((str(path) for path in _debians(name)), None)
    if found is None:
        raise BackupError(
            f"{name} is not installed on this machine, and PostgreSQL is copied by it: install PostgreSQL's client"
            " programs (Debian: `apt install postgresql-client`), not older than the server."
        )
    return found


def _debians(name: str) -> Sequence[Path]:
    found = DEBIAN_BINARIES.glob(f"*/bin/{name}")
    return sorted(found, key=lambda path: float(path.parts[-3]), reverse=True)


def _complaint(text: str) -> str:
    """What the program complains of; rows are quoted after it, and those are customers' words."""
    complaints = [line for line in text.splitlines() if "error:" in line.lower()]
    return complaints[0] if complaints else "it says nothing about why."
