"""Migrations run from nothing on both databases, end in one head, and make exactly the tables of the models."""

import contextlib
import ctypes
import ctypes.util
import sys
import time

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from rows import NOON, add, add_conversation, add_passage, add_product, add_source
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import IntegrityError, OperationalError

from pilito import audit, launch
from pilito.config import ROOT
from pilito.database import transaction
from pilito.lifecycle import AssistantMode, HandOverReason, MessageType, SourceKind
from pilito.models import Audit, Shop, Variant, WebPage, db
from pilito.models.search_entry import is_of_index
from pilito.queries.revision import newest_revision, stored_revision
from pilito.search.wipe import wipe

MIGRATIONS = str(ROOT / "migrations")


def test_there_is_one_head_and_the_numbers_go_up():
    script = ScriptDirectory(MIGRATIONS)

    numbers = [revision.revision for revision in script.walk_revisions()][::-1]

    assert len(script.get_heads()) == 1
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]


def test_the_newest_file_is_the_head():
    """`/readyz` tells the head by the file's name."""
    assert ScriptDirectory(MIGRATIONS).get_heads() == [newest_revision()]


def differences():
    """What of tables, columns, indexes and constraints is otherwise in the database than in the models."""
    with db.engine.connect() as connection:
        options = {"compare_type": True, "include_name": lambda name, *_: not is_of_index(name)}
        return compare_metadata(MigrationContext.configure(connection, opts=options), db.metadata)


def test_the_migrated_tables_are_those_of_the_models(app):
    assert differences() == []


@pytest.mark.sqlite_only
def test_no_table_gives_a_number_twice(app):
    """PostgreSQL counts beside the tables. A step that makes a table, or makes one anew, has to say so."""
    declared = dict(db.session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all())
    counted = [table.name for table in db.metadata.sorted_tables if table.autoincrement_column is not None]

    assert len(counted) > 30
    assert [name for name in counted if "AUTOINCREMENT" not in declared[name]] == []


@pytest.mark.sqlite_only
def test_a_row_keeps_its_number_and_the_next_has_a_new_one_when_tables_begin_to_count(app):
    downgrade(directory=MIGRATIONS, revision="0045")
    insert = text("INSERT INTO label (name, colour, created_at) VALUES (:name, 'red', '2026-01-01')")
    db.session.execute(insert, {"name": "a"})
    db.session.commit()

    upgrade(directory=MIGRATIONS)

    assert db.session.execute(text("SELECT id FROM label")).scalars().all() == [1]
    db.session.execute(text("DELETE FROM label"))
    db.session.execute(insert, {"name": "b"})
    assert db.session.execute(text("SELECT id FROM label")).scalars().all() == [2]
    assert db.session.execute(text("PRAGMA integrity_check")).scalar() == "ok"


@pytest.mark.sqlite_only
@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Newer versions of Python ask SQLite to let it.")
def test_a_sqlite_that_lets_no_declaration_be_changed_keeps_its_tables_and_all_starts(app, caplog):
    """Apple's: every connection is "defensive", which here only SQLite itself can be told."""
    downgrade(directory=MIGRATIONS, revision="0045")
    library = ctypes.CDLL(ctypes.util.find_library("sqlite3"))

    def defend(connection, _record=None):
        behind_the_object = ctypes.c_void_p.from_address(id(connection) + object.__basicsize__)
        library.sqlite3_db_config(behind_the_object, ctypes.c_int(1010), ctypes.c_int(1), None)

    event.listen(db.engine, "connect", defend)
    db.engine.dispose()
    try:
        upgrade(directory=MIGRATIONS)
    finally:
        event.remove(db.engine, "connect", defend)
        db.engine.dispose()

    assert "a number may come twice" in caplog.text
    assert stored_revision() == newest_revision()
    downgrade(directory=MIGRATIONS, revision="0045")
    upgrade(directory=MIGRATIONS)


def test_every_step_can_be_taken_back_and_again(app):
    downgrade(directory=MIGRATIONS, revision="base")
    assert inspect(db.engine).get_table_names() == ["alembic_version"]

    upgrade(directory=MIGRATIONS)

    assert {table.name for table in db.metadata.sorted_tables} <= set(inspect(db.engine).get_table_names())


def test_a_migration_that_cannot_have_its_lock_gives_up_soon_and_runs_the_next_time(app):
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one lock, and its waiting is ours.")
    downgrade(directory=MIGRATIONS, revision="0019")
    began = time.monotonic()

    with db.engine.connect() as busy:
        busy.execute(text("SELECT id FROM conversation LIMIT 1"))  # a reader that does not end
        with pytest.raises(OperationalError, match="lock timeout"):
            upgrade(directory=MIGRATIONS)

    assert time.monotonic() - began < 15  # and not until the reader is through
    assert "note" not in inspect(db.engine).get_table_names()  # nothing of it is left half done
    upgrade(directory=MIGRATIONS)
    assert "note" in inspect(db.engine).get_table_names()


@contextlib.contextmanager
def tables_at(revision):
    """As another version would have left them behind."""

    def write(number):
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :number"), {"number": number})

    write(revision)
    try:
        yield
    finally:
        write(newest_revision())


def test_the_version_before_takes_newer_tables_as_they_are(app):
    """So compose starts, whose services wait for this command, and the way back is the older code and nothing else."""
    with tables_at("9999"):
        said = app.test_cli_runner().invoke(args=["db", "upgrade"])

        assert said.exit_code == 0, said.output
        assert "9999" in said.output
        assert stored_revision() == "9999"


def test_tables_at_a_step_that_never_was_are_still_refused(app):
    with tables_at("0000"):
        assert app.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 1


def test_make_run_starts_the_version_before_on_newer_tables(app, make_settings, monkeypatch, tmp_path):
    monkeypatch.setattr("pilito.create_app", lambda _: app)
    monkeypatch.setattr(launch, "SET_UP_FILE", tmp_path / "set-up-link.txt")
    strong = {"secret_key": "s" * 40, "instagram_verify_token": "v" * 40, "public_url": "https://inbox.example.com"}

    with tables_at("9999"):
        launch._prepare_database(make_settings(pilito_env="production", **strong))

    assert launch.SET_UP_FILE.exists()


@pytest.fixture
def long_ago(app):
    """The tables before the steps that build an index over webhooks, or messages; at the head again afterwards."""
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one lock, and each of its steps is a transaction anyhow.")
    downgrade(directory=MIGRATIONS, revision="0033")
    yield
    db.session.rollback()
    upgrade(directory=MIGRATIONS)


@contextlib.contextmanager
def before_it_is_built(indexes, then):
    """Call `then` with the cursor of the migration and a name when it is about to build one of these."""

    def look(_connection, cursor, statement, *_rest):
        for index in indexes:
            if statement.lstrip().startswith(("CREATE INDEX", "ALTER TABLE")) and index in statement:
                then(cursor, index)

    event.listen(db.engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", look)


def test_while_a_large_table_is_indexed_webhooks_come_and_the_panel_works(long_ago):
    # An index waits as long as it must for a backup that reads since before: nobody waits for it meanwhile.
    waits = {"ix_webhook_unread": "0", "ix_webhook_lease_until": "0", "reading_floor": "2s"}
    waits["ix_message_machine_line"] = "0"
    waited = {}

    def work(cursor, built):
        cursor.execute("SHOW lock_timeout")
        (waited[built],) = cursor.fetchone()
        with db.engine.begin() as other:
            other.execute(text("SET LOCAL lock_timeout = '200ms'"))
            values = "'instagram', '{}', now(), 'pending', 0"
            other.execute(text(f"INSERT INTO webhook (channel, body, received_at, state, attempts) VALUES ({values})"))
            for table in ("operator", "inbox", "message"):
                other.execute(text(f"DELETE FROM {table} WHERE false"))

    with before_it_is_built(waits, work):
        upgrade(directory=MIGRATIONS)

    assert waited == waits


def test_an_index_that_was_left_half_built_is_built_by_the_next_try(long_ago):
    """Building beside others waits for who writes the table, and what it gives up stays there, of no use."""
    was_left = {}

    for index, table in (("ix_webhook_lease_until", "webhook"), ("ix_message_machine_line", "message")):
        with db.engine.connect() as busy:

            def hold(cursor, _index, busy=busy, table=table):
                busy.execute(text(f"DELETE FROM {table} WHERE false"))
                cursor.execute("SET lock_timeout = '50ms'")

            with before_it_is_built([index], hold), pytest.raises(OperationalError, match="lock timeout"):
                upgrade(directory=MIGRATIONS)
        was_left[index] = is_valid(index)
    db.engine.dispose()  # with what was set there
    upgrade(directory=MIGRATIONS)

    assert set(was_left.values()) == {False}
    assert all(is_valid(index) for index in was_left)


def is_valid(index):
    with db.engine.connect() as connection:
        return connection.scalar(
            text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:index)"), {"index": index}
        )


def test_what_lines_of_the_audit_log_quote_of_erased_customers_goes_and_the_chain_holds(app):
    quoted, kept = {"reason": "reply_unusable", "detail": "contact: 09121234567"}, {"mode": "auto"}
    with transaction():
        add(Shop(id=1))
        there = add_conversation().id
        for conversation, action, details in (
            (None, "handed_over", quoted),
            (None, "handed_over", {}),
            (there, "handed_over", quoted),
            (None, "mode_chosen", kept),
        ):
            add(Audit(at=NOON, action=action, conversation_id=conversation, details=details))
    audit.seal(NOON)
    downgrade(directory=MIGRATIONS, revision="0037")

    upgrade(directory=MIGRATIONS)

    report = audit.verify()
    assert [line.details for line in db.session.scalars(db.select(Audit).order_by(Audit.id))] == [{}, {}, quoted, kept]
    assert (report.problems, report.forgotten) == ([], 1)
    assert wipe(1)  # also of the files, where that is ours to do
    assert db.session.scalar(db.select(Shop.words_erased_at)) is None


def test_a_price_of_0_that_was_stored_before_it_was_refused_is_none(app):
    told = [(0, 0), (0, 900), (700, 0), (700, 900), (None, None)]
    with transaction():
        add_product(add_source(), tuple({"price": price, "old_price": old} for price, old in told))
    downgrade(directory=MIGRATIONS, revision="0042")

    upgrade(directory=MIGRATIONS)

    kept = db.session.execute(db.select(Variant.price, Variant.old_price).order_by(Variant.position)).all()
    assert kept == [(None, None), (None, 900), (700, None), (700, 900), (None, None)]


def test_pages_whose_letters_were_not_understood_are_read_anew(app):
    known = {"etag": '"1"', "last_modified": "Mon, 02 Mar 2026 08:00:00 GMT", "content_digest": "0" * 64}
    said = [{"text": "\ufffd\ufffd 50%"}, {"heading": "\ufffd"}, {"title": "\ufffd\ufffd"}, {"text": "ارسال 50%؟"}]
    with transaction():
        source = add_source(kind=SourceKind.SITEMAP)
        add_passage(source, text="\ufffd")  # of no page
        for number, words in enumerate(said):
            where = {"address": f"https://shop.test/{number}", "digest": f"{number:064}"}
            page = add(WebPage(source_id=source.id, **where, **known))
            add_passage(source, web_page_id=page.id)
            add_passage(source, web_page_id=page.id, **words)
    downgrade(directory=MIGRATIONS, revision="0043")

    upgrade(directory=MIGRATIONS, revision="0046")

    columns = WebPage.etag, WebPage.last_modified, WebPage.content_digest
    kept = db.session.execute(db.select(*columns).order_by(WebPage.id)).all()
    assert kept == [(None, None, None)] * 3 + [tuple(known.values())]
    db.session.rollback()

    upgrade(directory=MIGRATIONS)  # and all of them since reviews are left out

    assert db.session.execute(db.select(*columns)).all() == [(None, None, None)] * 4


def test_an_unknown_message_type_is_refused_by_the_database_itself(shop):
    from shop import text as say

    from pilito.clock import utc_now

    message = shop.receive(say("سلام", utc_now()))

    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text("UPDATE message SET message_type = 'pigeon' WHERE id = :id"), {"id": message.id})
    for allowed in MessageType:
        with transaction():
            db.session.execute(
                text("UPDATE message SET message_type = :type WHERE id = :id"),
                {"type": allowed.value, "id": message.id},
            )


def test_a_second_waiting_share_is_refused_by_the_database_itself(shop):
    from shop import reel, seconds

    from pilito.clock import utc_now

    now = utc_now()
    shop.receive(reel(now - seconds(5)))
    shop.receive(reel(now))

    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text("UPDATE share SET state = 'waiting'"))


@pytest.mark.parametrize(("command", "exit_code"), [("heads", 0), ("current", 0), ("no-such", 2)])
def test_the_commands_of_flask_db_work_though_they_are_loaded_late(app, command, exit_code):
    assert app.test_cli_runner().invoke(args=["db", command]).exit_code == exit_code


@pytest.mark.parametrize(
    ("table", "column", "states"),
    [("inbox", "assistant_mode", AssistantMode), ("conversation", "hand_over_reason", HandOverReason)],
)
def test_what_was_widened_takes_every_value_and_no_other(shop, table, column, states):
    from shop import text as say

    from pilito.clock import utc_now

    shop.receive(say("سلام", utc_now()))

    for allowed in states:
        with transaction():
            db.session.execute(text(f"UPDATE {table} SET {column} = :value"), {"value": allowed.value})
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text(f"UPDATE {table} SET {column} = 'pigeon'"))
