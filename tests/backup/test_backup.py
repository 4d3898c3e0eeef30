"""A backup is made while Pilito runs and comes back whole in an empty place, on both databases."""

import contextlib
import hashlib
import io
import json
import os
import runpy
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gunicorn.errors import AppImportError
from rows import (
    NOON,
    add,
    add_answer,
    add_conversation,
    add_delivery,
    add_inbox,
    add_media,
    add_message,
    add_operator,
    add_share,
    add_turn,
)
from samples import JPEG, MP4
from shop import ACCOUNT, webhook
from shop import text as typed
from sqlalchemy import create_engine, inspect, text

from pilito import create_app, keys
from pilito.backup import databases, leftovers, make
from pilito.backup import restore as restore_module
from pilito.backup.make import back_up, back_up_when_due
from pilito.backup.restore import restore
from pilito.config import ROOT
from pilito.conversations.comments import ON, OPTION, REPLY_OPTION, wake_replies
from pilito.conversations.drop_media import drop_media
from pilito.conversations.media_mark import CLAIMED_FOR, Hold, find_hold, keep_mark
from pilito.conversations.record import record
from pilito.conversations.sweep import sweep
from pilito.conversations.tidy_media import EVERY, PARTS, tidy
from pilito.database import transaction
from pilito.errors import BackupError
from pilito.factory import bind_services
from pilito.lifecycle import (
    CommentState,
    ConversationState,
    DeliveryState,
    MediaKind,
    MediaState,
    Role,
    Sender,
    ShareState,
    TurnState,
)
from pilito.media.store import name_of
from pilito.models import ApiToken, Backup, Comment, Conversation, Delivery, Erasure, MediaFile, Message, Turn, db
from pilito.people import links
from pilito.queries.revision import RESTORE_AGAIN, is_unsettled

MINUTE = timedelta(minutes=1)
LATER = NOON + timedelta(hours=5)


@pytest.fixture(autouse=True)
def our_own(tmp_path, monkeypatch):
    """The folder of Pilito itself, which is another in each test."""
    monkeypatch.setattr(leftovers, "VAR", tmp_path / "our-own")
    return tmp_path / "our-own"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "backups"


@pytest.fixture
def filled(app):
    """A shop with rows in many tables and two files."""
    with transaction():
        inbox = add_inbox(token_encrypted=b"\x00secret\xff", options={"login": "instagram"})
        for number in range(3):
            conversation = add_conversation(inbox)
            add_share(conversation, ShareState.EXPIRED, caption=f"پیراهن ۲٬۴۵۰٬۰۰۰ تومان {number}")
            add_message(conversation, text="سلام\nline two \u200c", content=None)
            add_answer(conversation, 4.0)
        add(Erasure(inbox_id=inbox.id, customer_digest="0" * 64, erased_at=NOON))
        for kind, body, mime in ((MediaKind.IMAGE, JPEG, "image/jpeg"), (MediaKind.VIDEO, MP4, "video/mp4")):
            keep_file(app, inbox.id, kind, body, mime)
    return app


def keep_file(app, inbox_id, kind, body, mime):
    row = {"inbox_id": inbox_id, "kind": kind, "source_url": "https://cdn.test/x", "due_at": NOON, "created_at": NOON}
    media = add(MediaFile(**row, state=MediaState.STORED, mime_type=mime, size_bytes=len(body)))
    media.sha256 = hashlib.sha256(body).hexdigest()
    media.key = name_of(media.sha256, media.id)
    app.extensions["pilito_media_store"].put(media.key, io.BytesIO(body), len(body), mime)
    return media


@pytest.fixture
def empty_place(database_url, redis_url, make_settings, tmp_path, our_own, monkeypatch):
    """Another app on an empty database of the same kind, with an empty folder for files."""
    monkeypatch.setattr(restore_module, "RESTORED_KEYS", our_own / "restored-keys.env")
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(another_database(database_url, tmp_path))
        settings = make_settings(database_url=url, media_url=f"file://{tmp_path}/new-media")
        yield create_app(settings)


@contextlib.contextmanager
def another_database(url, tmp_path):
    if url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/new/pilito.sqlite3"
        return
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"restored_{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]}"
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield server.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        server.dispose()


def contents(app):
    """Every row of every table, but for the backups', which tell of themselves."""
    with app.app_context(), db.engine.connect() as connection:
        tables = sorted(set(inspect(connection).get_table_names()) - {"backup"})
        return {table: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{table}"')))) for table in tables}


def files(root: Path):
    found = [path for path in root.rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def put_back(app, archive, **options):
    with app.app_context():
        try:
            return restore(archive, options.get("identity"), options.get("force", False), LATER)
        finally:
            db.session.remove()
            db.engine.dispose()


def test_every_table_and_every_file_come_back_into_an_empty_place(filled, empty_place, folder, tmp_path, media_folder):
    before = contents(filled)

    archive = back_up(lambda: NOON, folder)
    done = put_back(empty_place, archive)

    assert contents(empty_place) == before
    assert len(before["message"]) == 9
    assert files(tmp_path / "new-media") == files(media_folder)
    assert (done.media, done.settled) == (2, 0)
    assert done.manifest["revision"] == before["alembic_version"][0].strip("(),'")
    assert archive.stat().st_mode & 0o777 == 0o600


def test_what_is_written_meanwhile_is_in_it_whole_or_not_at_all(filled, empty_place, folder, monkeypatch):
    """A message and the conversation's count of it are one transaction: a copy has both or neither."""
    real = databases.dump

    def busy_dump(engine, path):
        with transaction():
            add_share(add_conversation(), ShareState.EXPIRED)
        real(engine, path)
        with transaction():
            add_share(add_conversation(), ShareState.EXPIRED)

    monkeypatch.setattr(make.databases, "dump", busy_dump)

    put_back(empty_place, back_up(lambda: NOON, folder))

    restored = contents(empty_place)
    assert len(restored["share"]) == 4
    assert len(restored["conversation"]) == 4


@pytest.mark.sqlite_only
def test_a_file_that_goes_meanwhile_is_left_out_and_said(filled, empty_place, folder, tmp_path):
    gone = db.session.scalars(db.select(MediaFile.key)).first()
    db.session.rollback()
    filled.extensions["pilito_media_store"].drop(gone)

    done = put_back(empty_place, back_up(lambda: NOON, folder))

    assert done.media == 1
    assert gone not in files(tmp_path / "new-media")


def test_a_key_that_cannot_be_written_is_named_in_a_sentence(app):
    said = app.test_cli_runner().invoke(args=["backup-key", "/nowhere/key.txt"]).output

    assert said == "Error: /nowhere/key.txt cannot be written: No such file or directory.\n"


def test_a_backup_with_a_recipient_is_opened_by_its_key_alone(
    filled, empty_place, folder, tmp_path, make_settings, tmp_path_factory
):
    key, other = tmp_path / "key.txt", tmp_path / "other.txt"
    runner = filled.test_cli_runner()
    recipient = runner.invoke(args=["backup-key", str(key)]).output.strip().partition("=")[2]
    runner.invoke(args=["backup-key", str(other)])
    bind_services(filled, make_settings(backup_recipient=recipient))
    before = contents(filled)

    archive = back_up(lambda: NOON, folder)

    assert archive.name == "pilito-20261122T120000Z.tar.gz.age"
    assert "سلام".encode() not in archive.read_bytes()
    with pytest.raises(BackupError, match="--identity"):
        put_back(empty_place, archive)
    with pytest.raises(BackupError, match="does not open"):
        put_back(empty_place, archive, identity=other)
    put_back(empty_place, archive, identity=key)
    assert contents(empty_place) == before
    assert key.stat().st_mode & 0o777 == 0o600


@pytest.mark.sqlite_only
def test_the_keys_of_the_tokens_are_in_an_encrypted_backup_only(filled, empty_place, folder, tmp_path, make_settings):
    key = tmp_path / "key.txt"
    plain = back_up(lambda: NOON, folder)
    with tarfile.open(plain) as tar:
        assert "encryption-keys.env" not in tar.getnames()
    recipient = filled.test_cli_runner().invoke(args=["backup-key", str(key)]).output.strip().partition("=")[2]
    old_keys = filled.extensions["pilito_settings"].encryption_keys
    bind_services(filled, make_settings(backup_recipient=recipient))
    archive = back_up(lambda: LATER, folder)
    bind_services(empty_place, make_settings(encryption_keys=[], database_url=str(empty_place_url(empty_place))))

    done = put_back(empty_place, archive, identity=key)

    assert done.keys_file.read_text() == f"ENCRYPTION_KEYS='{old_keys[0]}'\n"
    assert done.keys_file.stat().st_mode & 0o777 == 0o600


def empty_place_url(app):
    return app.config["SQLALCHEMY_DATABASE_URI"]


def test_a_place_that_is_not_empty_is_kept_unless_forced(filled, empty_place, folder):
    archive = back_up(lambda: NOON, folder)
    put_back(empty_place, archive)
    before = contents(filled)
    with empty_place.app_context(), transaction():
        add_conversation()

    with pytest.raises(BackupError, match="not empty"):
        put_back(empty_place, archive)
    assert len(contents(empty_place)["conversation"]) == 4

    put_back(empty_place, archive, force=True)
    assert contents(empty_place) == before


def test_tables_of_a_later_version_are_in_nobodys_way(filled, empty_place, folder):
    """The backup is of a version before, and where it goes the tables of this one stand, one of them held by a key."""
    archive = back_up(lambda: NOON, folder)
    put_back(empty_place, archive)
    before = contents(filled)
    with empty_place.app_context(), db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE later (inbox_id BIGINT REFERENCES inbox (id))"))
        connection.execute(text("CREATE TABLE later_still (id BIGINT)"))

    put_back(empty_place, archive, force=True)

    assert contents(empty_place) == before


def test_a_dump_that_breaks_off_leaves_everything_as_it_was(filled, empty_place, folder, tmp_path):
    put_back(empty_place, back_up(lambda: NOON, folder))
    before, dump = contents(empty_place), tmp_path / "dump"
    databases.dump(db.engine, dump)
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size // 2])

    with empty_place.app_context(), pytest.raises(BackupError, match="damaged|could not read"):
        databases.load(db.engine, dump)

    assert contents(empty_place) == before


def test_the_rows_come_with_the_mark_that_they_are_not_settled(filled, empty_place, tmp_path):
    databases.dump(db.engine, tmp_path / "dump")

    with empty_place.app_context():
        assert databases.is_empty(db.engine)
        databases.load(db.engine, tmp_path / "dump")
        marked = is_unsettled()
        db.session.remove()
        db.engine.dispose()

    assert marked


def web_server(app):
    """What each process of the web server looks at before it takes anything; the rest of its start is not for here."""
    runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))["_refuse_unsettled"](app)


@pytest.mark.sqlite_only
def test_nobody_works_on_a_backup_that_came_back_by_half(filled, empty_place, folder, monkeypatch):
    """The one who restores is killed between the rows and the end of what they had under way."""
    started = []
    for name in ("worker.run_workers", "scheduler.run_scheduler"):
        monkeypatch.setattr(f"pilito.jobs.{name}", lambda *_args, name=name: started.append(name))
    archive = back_up(lambda: NOON, folder)
    with monkeypatch.context() as patched:
        patched.setattr(restore_module, "settle_restored", die)
        with pytest.raises(SystemExit):
            put_back(empty_place, archive)

    with empty_place.app_context():
        runner = empty_place.test_cli_runner()
        refused = [runner.invoke(args=words.split()) for words in ("worker", "scheduler", "db upgrade", "sweep")]
        with pytest.raises(AppImportError, match="did not come to its end"):
            web_server(empty_place)
        shown = empty_place.test_client().get("/readyz").json["checks"]["migrations"]
    put_back(empty_place, archive, force=True)

    assert [one.exit_code for one in refused] == [1, 1, 1, 1]
    assert started == []
    assert RESTORE_AGAIN in refused[0].output
    assert shown == RESTORE_AGAIN
    with empty_place.app_context():
        assert not is_unsettled()
        web_server(empty_place)
        assert runner.invoke(args=["db", "upgrade"]).exit_code == 0
        db.session.remove()
        db.engine.dispose()


@pytest.mark.sqlite_only
def test_how_far_another_ledger_was_emptied_counts_no_more(filled, empty_place, folder, redis_client):
    redis_client.set(keys.BODIES_EMPTIED, 10**6)

    put_back(empty_place, back_up(lambda: NOON, folder))

    assert redis_client.get(keys.BODIES_EMPTIED) is None


def test_nothing_that_was_under_way_is_sent_or_answered_again(filled, empty_place, folder):
    with transaction():
        conversation = add_conversation(state=ConversationState.ASSISTANT)
        add_turn(conversation, TurnState.OPEN)
        reply = add_message(conversation, external_id=None, sender=Sender.OPERATOR)
        add_delivery(reply, DeliveryState.PENDING)

    done = put_back(empty_place, back_up(lambda: NOON, folder))

    assert done.settled == 2
    with empty_place.app_context():
        assert db.session.scalars(db.select(Turn.state).where(Turn.state == TurnState.OPEN)).all() == []
        sweep(LATER)
        newest = db.session.scalars(db.select(Delivery).order_by(Delivery.id.desc())).first()
        assert newest.state is DeliveryState.UNKNOWN
        state = db.session.scalar(db.select(Conversation.state).where(Conversation.id == newest.conversation_id))
        assert state is ConversationState.HANDED_OVER
        db.session.remove()
        db.engine.dispose()


def commented(at):
    value = {"from": {"id": "600000000000009"}, "media": {"id": "1"}, "id": "unread", "text": "چنده؟"}
    entry = {"id": ACCOUNT, "time": int(at.timestamp()), "changes": [{"field": "comments", "value": value}]}
    return {"object": "instagram", "entry": [entry]}


def test_what_lay_unread_is_read_and_given_to_people_for_it_may_have_been_answered_since(filled, empty_place, folder):
    with transaction():
        inbox = add_inbox(external_id=ACCOUNT, options={OPTION: ON, REPLY_OPTION: "سلام"})
        words = {"inbox_id": inbox.id, "commented_at": NOON, "created_at": NOON, "due_at": NOON}
        add(Comment(external_id="queued", state=CommentState.QUEUED, reply_text="سلام", **words))
    record("instagram", json.dumps(webhook(typed("چنده؟", LATER - MINUTE))).encode(), LATER)
    record("instagram", json.dumps(commented(LATER - MINUTE)).encode(), LATER)

    done = put_back(empty_place, back_up(lambda: NOON, folder))

    assert done.settled == 3
    with empty_place.app_context():
        found = sweep(LATER + MINUTE)
        wake_replies(LATER + MINUTE)
        assert (found["webhooks"], found["turns"], found["deliveries"]) == (0, 0, 0)
        assert [one.state for one in db.session.scalars(db.select(Comment))] == [CommentState.UNKNOWN] * 2
        question = db.session.scalars(db.select(Message).where(Message.text == "چنده؟")).one()
        assert question.conversation.state is ConversationState.HANDED_OVER
        assert question.turn.state is TurnState.HANDED_OVER
        db.session.remove()
        db.engine.dispose()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("length", [10, 2000, -30])
def test_an_archive_that_was_cut_off_replaces_nothing(filled, empty_place, folder, length):
    archive = back_up(lambda: NOON, folder)
    archive.write_bytes(archive.read_bytes()[:length])

    with pytest.raises(BackupError, match=r"damaged|cut off"):
        put_back(empty_place, archive)

    with empty_place.app_context():
        assert inspect(db.engine).get_table_names() == []


@pytest.mark.sqlite_only
def test_an_archive_of_somebody_else_is_refused(filled, empty_place, tmp_path):
    archive = tmp_path / "theirs.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        link = tarfile.TarInfo("media/../../etc/passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)

    with pytest.raises(BackupError, match="did not write it"):
        put_back(empty_place, archive)


@pytest.mark.sqlite_only
def test_a_backup_of_a_newer_version_is_refused(filled, empty_place, folder, monkeypatch):
    archive = back_up(lambda: NOON, folder)
    monkeypatch.setattr(restore_module, "newest_revision", lambda: "0001")

    with pytest.raises(BackupError, match="newer Pilito"):
        put_back(empty_place, archive)


@pytest.mark.sqlite_only
def test_only_the_newest_are_kept_and_foreign_files_stay(filled, folder):
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    for hour in range(4):
        newest = back_up(lambda hour=hour: NOON + timedelta(hours=hour), folder, keep=2)

    names = sorted(path.name for path in folder.iterdir())
    assert names == ["notes.txt", "pilito-20261122T140000Z.tar.gz", newest.name]


@pytest.mark.sqlite_only
def test_two_makers_in_the_same_second_make_one(filled, folder):
    back_up(lambda: NOON, folder)

    with pytest.raises(BackupError, match="already"):
        back_up(lambda: NOON, folder)


@pytest.mark.sqlite_only
def test_a_failed_backup_says_why_and_leaves_no_file(filled, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")

    with pytest.raises(BackupError, match="could not be written"):
        back_up(lambda: NOON, blocked)

    row = db.session.scalar(db.select(Backup))
    assert "could not be written" in row.error
    assert row.size_bytes is None


@pytest.mark.sqlite_only
def test_a_backup_says_in_a_sentence_that_the_bucket_does_not_give_its_files(app, make_settings, bucket_server, folder):
    bind_services(app, make_settings(**bucket_server.settings))
    with transaction():
        add_media(add_inbox().id, MediaKind.IMAGE)
    bucket_server.refuse = 403

    with pytest.raises(BackupError, match=r"^The media store did not open a file: AccessDenied \(S3Error\)\.$"):
        back_up(lambda: NOON, folder)

    row = db.session.scalar(db.select(Backup))
    assert row.error == "The media store did not open a file: AccessDenied (S3Error)."


@pytest.mark.sqlite_only
def test_the_scheduler_makes_one_when_it_is_due_and_not_before(filled, make_settings, folder):
    bind_services(filled, make_settings(backup_every_hours=24, backup_folder=str(folder), backup_keep=2))

    first = back_up_when_due(lambda: NOON)
    again = back_up_when_due(lambda: NOON + timedelta(hours=23))
    next_day = back_up_when_due(lambda: NOON + timedelta(hours=24))

    assert first is not None
    assert again is None
    assert next_day is not None


def die(*_args):
    raise SystemExit


@pytest.mark.sqlite_only
def test_one_that_was_killed_is_made_up_for_hours_later_and_not_at_once(filled, make_settings, folder, monkeypatch):
    bind_services(filled, make_settings(backup_every_hours=24, backup_folder=str(folder)))
    dump = databases.dump
    monkeypatch.setattr(databases, "dump", die)
    with pytest.raises(SystemExit):
        back_up_when_due(lambda: NOON)
    monkeypatch.setattr(databases, "dump", dump)

    at_once = back_up_when_due(lambda: NOON + timedelta(hours=5))
    hours_later = back_up_when_due(lambda: NOON + timedelta(hours=6))

    assert at_once is None
    assert hours_later is not None


@pytest.fixture
def left_behind(folder, our_own):
    """What was under way in both places: of one who was killed the day before yesterday, and of one who works."""
    long_ago = datetime.now(UTC).timestamp() - timedelta(hours=25).total_seconds()
    for place in (our_own, folder):
        for name in ("killed", "working"):
            (place / f".unfinished-{name}").mkdir(parents=True)
            (place / f".unfinished-{name}" / "database").write_text("everything that customers wrote")
        os.utime(place / ".unfinished-killed", (long_ago, long_ago))
    return lambda: sorted(path.parent.name for place in (our_own, folder) for path in place.rglob("database"))


@pytest.mark.sqlite_only
def test_what_a_killed_one_left_in_the_clear_goes_with_the_next_backup(filled, folder, left_behind):
    back_up(lambda: NOON, folder)

    assert left_behind() == [".unfinished-working"] * 2


@pytest.mark.sqlite_only
def test_the_scheduler_drops_it_from_our_own_folder_though_no_backup_is_due(filled, left_behind):
    assert back_up_when_due(lambda: NOON) is None

    assert left_behind() == [".unfinished-killed", ".unfinished-working", ".unfinished-working"]


@pytest.mark.sqlite_only
def test_a_restore_drops_it_too(filled, empty_place, folder, left_behind, tmp_path):
    with tarfile.open(tmp_path / "other.tar.gz", "w:gz") as tar:
        tar.add(__file__, "readme.txt")

    with pytest.raises(BackupError):
        put_back(empty_place, tmp_path / "other.tar.gz")

    assert left_behind() == [".unfinished-killed", ".unfinished-working", ".unfinished-working"]


@pytest.mark.sqlite_only
def test_a_copy_in_the_clear_lies_in_our_own_folder_and_never_where_backups_go(filled, folder, our_own, monkeypatch):
    dump, lain = databases.dump, []
    monkeypatch.setattr(databases, "dump", lambda engine, path: (lain.append(path), dump(engine, path)))

    back_up(lambda: NOON, folder)

    assert [path.parents[1] for path in lain] == [our_own]
    assert list(our_own.iterdir()) == []


@pytest.mark.sqlite_only
def test_without_the_setting_nothing_is_made(filled):
    assert back_up_when_due(lambda: NOON) is None


@pytest.mark.sqlite_only
def test_a_machine_without_the_programs_of_postgresql_says_what_to_install(monkeypatch):
    monkeypatch.setattr(databases.shutil, "which", lambda _name: None)
    monkeypatch.setattr(databases, "_debians", lambda _name: [])

    with pytest.raises(BackupError, match="apt install postgresql-client"):
        databases.find_program("pg_dump")


@pytest.mark.sqlite_only
def test_the_commands_make_one_and_put_it_back(filled, empty_place, folder, tmp_path):
    made = filled.test_cli_runner().invoke(args=["backup", "--to", str(folder), "--keep", "3"])
    (archive,) = folder.iterdir()
    with empty_place.app_context():  # or the command would find the app of the test
        back = empty_place.test_cli_runner().invoke(args=["restore", str(archive)])
        db.session.remove()
        db.engine.dispose()

    assert (made.exit_code, back.exit_code) == (0, 0), made.output + back.output
    assert "not encrypted" in made.output
    assert "2 files" in back.output
    assert contents(empty_place)["message"] == contents(filled)["message"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("is_named", [True, False])
def test_the_command_says_that_two_must_not_share_a_place_of_files(filled, empty_place, folder, monkeypatch, is_named):
    """One that is tried out beside the one in use would drop what that one keeps from then on, as nobody's."""
    archive = back_up(lambda: NOON, folder)
    if not is_named:
        own = empty_place.extensions["pilito_settings"].model_copy(update={"media_url": ""})
        monkeypatch.setitem(empty_place.extensions, "pilito_settings", own)

    with empty_place.app_context():
        said = empty_place.test_cli_runner().invoke(args=["restore", str(archive)]).output
        db.session.remove()
        db.engine.dispose()

    assert ("name another place first" in said) == is_named


# --- beside the one that it is of ------------------------------------------------------------------------------------


@pytest.fixture
def two_on_a_bucket(app, empty_place, make_settings, bucket_server):
    """The one that works, and the place for a copy, which names the same bucket."""
    bind_services(app, make_settings(**bucket_server.settings))
    url = str(empty_place_url(empty_place))
    bind_services(empty_place, make_settings(database_url=url, **bucket_server.settings))
    return app, empty_place


def when_looked_at(key, begin=LATER + timedelta(days=2)):
    """The first moment after it, two days at most, at which the tidying comes by this file."""
    return begin + EVERY * ((int(key[:2], 16) - int(begin.timestamp() // EVERY.total_seconds())) % PARTS)


def test_a_copy_on_the_same_bucket_drops_nothing_until_somebody_says_whose_it_is(
    two_on_a_bucket, bucket_server, folder
):
    app, copy = two_on_a_bucket
    with transaction():
        inbox = add_inbox()
        shown = keep_file(app, inbox.id, MediaKind.IMAGE, JPEG, "image/jpeg").key
    keep_mark(NOON)
    archive = back_up(lambda: NOON, folder)
    with transaction():
        since = keep_file(app, inbox.id, MediaKind.VIDEO, MP4, "video/mp4").key

    put_back(copy, archive)
    with copy.app_context():
        with transaction():  # somebody tries what erasing does
            row = db.session.scalars(db.select(MediaFile)).one()
            row.state, row.due_at = MediaState.DROPPED, LATER
            media_id = row.id
        drop_media(media_id, LATER)
        tidied = tidy(when_looked_at(since))
        there = sorted(path.removeprefix("/shop/copies/") for path in bucket_server.objects)
        said = copy.test_cli_runner().invoke(args=["take-media"]).output
        drop_media(media_id, LATER + timedelta(hours=1))
        db.session.remove()
        db.engine.dispose()

    assert tidied == 0
    assert there == sorted([shown, since, "pilito-mark", "pilito-held"])
    assert said == "The files at s3://shop/copies are this Pilito's: what waits is dropped from now on.\n"
    assert f"/shop/copies/{shown}" not in bucket_server.objects
    keep_mark(LATER)
    assert find_hold() is Hold.OTHER_MARK  # now the copy has it: the other one does not drop what that one shows


def test_what_a_held_copy_keeps_in_the_bucket_its_owner_does_not_take_for_nobodys(
    two_on_a_bucket, bucket_server, folder
):
    """It may be the one that works from now on, and nobody has said so yet."""
    app, copy = two_on_a_bucket
    with transaction():
        inbox_id = add_inbox().id
    keep_mark(NOON)
    put_back(copy, back_up(lambda: NOON, folder))
    with copy.app_context():
        with transaction():
            kept = keep_file(copy, inbox_id, MediaKind.VIDEO, MP4, "video/mp4").key
        tidy(LATER)
        db.session.remove()
        db.engine.dispose()

    while_it_works = tidy(when_looked_at(kept, LATER))
    is_kept = f"/shop/copies/{kept}" in bucket_server.objects
    long_after = tidy(when_looked_at(kept, LATER + CLAIMED_FOR))

    assert (while_it_works, is_kept, long_after) == (0, True, 1)


@pytest.mark.sqlite_only
def test_the_command_says_who_has_to_say_whose_the_bucket_is(two_on_a_bucket, folder):
    app, copy = two_on_a_bucket
    archive = back_up(lambda: NOON, folder)

    with copy.app_context():
        said = copy.test_cli_runner().invoke(args=["restore", str(archive)]).output
        db.session.remove()
        db.engine.dispose()

    assert "Nothing is dropped from the bucket of MEDIA_URL until you say whose it is." in said
    assert "name another place first" not in said


# --- doors that were shut since --------------------------------------------------------------------------------------


@pytest.fixture
def people(filled):
    """An owner, an agent, and one who is shut out already."""
    with transaction():
        owner = add_operator(Role.OWNER, email="owner@shop.test")
        add_operator(Role.AGENT, email="agent@shop.test")
        add_operator(Role.ADMIN, email="gone@shop.test", active=False)
        return owner.id


def test_no_link_that_lets_somebody_in_comes_back_with_a_backup(people, empty_place, folder):
    """Since it was made the link may have been used, or taken back."""
    tokens = [
        links.invite("new@shop.test", Role.OWNER, people, lambda token: ("x", token), NOON)[0],
        links.offer_password(people, None, lambda token: ("x", token), NOON)[0],
    ]

    put_back(empty_place, back_up(lambda: NOON, folder))

    assert [links.find_link(token, LATER) is not None for token in tokens] == [True, True]  # where nothing was restored
    with empty_place.app_context():
        assert [links.find_link(token, LATER) for token in tokens] == [None, None]
        assert links.invite("new@shop.test", Role.AGENT, None, lambda token: ("x", token), LATER)
        db.session.remove()
        db.engine.dispose()


@pytest.mark.sqlite_only
def test_the_command_says_who_and_what_opens_again(people, empty_place, folder):
    with transaction():
        for number, revoked_at in enumerate((None, None, NOON)):
            add(ApiToken(name="x", token_hash=str(number), created_at=NOON, revoked_at=revoked_at))
    archive = back_up(lambda: NOON, folder)

    with empty_place.app_context():
        said = empty_place.test_cli_runner().invoke(args=["restore", str(archive)]).output
        db.session.remove()
        db.engine.dispose()

    assert "May log in again, by the passwords of then: agent@shop.test (agent), owner@shop.test (owner)." in said
    assert "API tokens that open again: 2." in said


def test_the_password_of_the_database_is_in_no_argument(filled, folder, monkeypatch, database_url):
    said = []
    real = databases.subprocess.run
    monkeypatch.setattr(
        databases.subprocess, "run", lambda words, **options: said.append(words) or real(words, **options)
    )

    back_up(lambda: NOON, folder)

    assert not any("://" in word or "@" in word for words in said for word in words)
    assert bool(said) == database_url.startswith("postgresql")
