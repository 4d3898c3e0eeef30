"""On SQLite too, the number of a row that went is never another's.

Without AUTOINCREMENT SQLite gives the highest number again once its row is gone: a page, a program or a signed address
that still names an erased customer's conversation would mean the next one's. PostgreSQL has given none twice since ever.

No table is copied for it: the rows lie the same with and without. It is one word in how the table was declared, changed
as https://sqlite.org/lang_altertable.html#otheralter describes, and undone with the transaction if it cannot be read.

Apple builds its SQLite so that no declaration can be changed ("defensive"), and before 3.12 Python cannot ask otherwise.
There the tables stay as they were, and Pilito starts all the same.
"""

import logging
import sqlite3

from alembic import op
from sqlalchemy.exc import OperationalError

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

CONTRACT = "0.1: the only table that is dropped was made in this step; the version before inserts as ever"

log = logging.getLogger(__name__)

USUAL, COUNTED = "PRIMARY KEY (id)", "PRIMARY KEY (id AUTOINCREMENT)"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    if not _may_declare():
        log.warning("The SQLite of this Python lets no table's declaration be changed: a number may come twice.")
        return
    # With the first table of this kind SQLite makes the one in which it counts.
    op.execute("CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    op.execute("DROP TABLE counted")
    _declare(USUAL, COUNTED)
    tables = f"SELECT name FROM sqlite_master WHERE type = 'table' AND instr(sql, '{COUNTED}')"
    for table in op.get_bind().exec_driver_sql(tables).scalars().all():
        op.execute(f"INSERT INTO sqlite_sequence (name, seq) SELECT '{table}', coalesce(max(id), 0) FROM \"{table}\"")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite" and _may_declare():
        _declare(COUNTED, USUAL)


def _may_declare() -> bool:
    driver = op.get_bind().connection.driver_connection
    if hasattr(driver, "setconfig"):
        driver.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, False)
    op.execute("PRAGMA writable_schema = ON")
    try:
        op.execute("UPDATE sqlite_master SET sql = sql WHERE false")
    except OperationalError as error:
        if "may not be modified" not in str(error):
            raise
        return False
    finally:
        op.execute("PRAGMA writable_schema = OFF")
    return True


def _declare(was: str, is_now: str) -> None:
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    try:
        op.execute(f"UPDATE sqlite_master SET sql = replace(sql, '{was}', '{is_now}') WHERE type = 'table'")
        op.execute(f"PRAGMA schema_version = {version + 1}")  # the other connections read it anew
    finally:
        op.execute("PRAGMA writable_schema = RESET")  # and so does this one
    connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
