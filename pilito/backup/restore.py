"""Put a backup back: the files first, then the database as a whole, and nothing of yesterday is sent again."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from pilito import mail
from pilito.backup import archive, databases
from pilito.backup.archive import Member
from pilito.backup.leftovers import drop_leftovers, in_the_clear
from pilito.backup.make import DATABASE, END, FORMAT, KEYS, MANIFEST, MEDIA
from pilito.config import ROOT, VAR
from pilito.conversations import media_mark
from pilito.conversations.retention import look_again
from pilito.conversations.settle_restored import settle_restored
from pilito.database import transaction
from pilito.errors import BackupError
from pilito.extensions import media_store, settings
from pilito.models import ApiToken, Backup, Operator, db
from pilito.people.open_links import end_links
from pilito.people.sessions import end_all_sessions
from pilito.queries.revision import RESTORE_AGAIN, UNSETTLED, newest_revision

RESTORED_KEYS = VAR / "restored-keys.env"


@dataclass
class Restored:
    manifest: dict[str, Any] = field(default_factory=dict)
    media: int = 0
    settled: int = 0  # replies and questions that were under way, and are now before people
    people: list[str] = field(default_factory=list)  # who may log in again, with their role
    api_tokens: int = 0  # that open the API again
    keys_file: Path | None = None  # where the keys are that the tokens need and we do not have


def restore(path: Path, identity: Path | None, force: bool, now: datetime) -> Restored:
    """Restore into an empty place, or with `force` over what is there. Raises BackupError."""
    if not force and not databases.is_empty(db.engine):
        raise BackupError(
            "The database is not empty. `--force` puts the backup in its place, and what is there now is lost."
        )
    drop_leftovers()
    done = Restored()
    with in_the_clear() as clear:
        copy = clear / DATABASE
        with archive.read(path, identity) as members:
            keys = _take(members, copy, done)
        db.session.remove()
        databases.load(db.engine, copy)
    try:
        done.settled = _settle(now)
    except SQLAlchemyError as error:
        raise BackupError(f"The rows are back, and then {type(error).__name__} came. {RESTORE_AGAIN}") from error
    done.people, done.api_tokens = _who_comes_in(), _count_tokens()
    done.keys_file = _keep_keys(keys)
    return done


def _settle(now: datetime) -> int:
    """Make what was loaded fit for work; until the last line nothing starts on it, whatever kills us before."""
    upgrade(directory=str(ROOT / "migrations"), x_arg=UNSETTLED)
    _forget_unfinished()
    settled = settle_restored(now)
    end_all_sessions("restored", now)
    _end_all_links(now)
    mail.drop_unsent("restored")
    look_again()
    _hold_the_bucket(now)
    with transaction():
        db.session.execute(text(f"DROP TABLE {UNSETTLED}"))
    return settled


def _take(members: Iterator[Member], copy: Path, done: Restored) -> str:
    """Read to the end before anything is replaced; files are harmless, for their names are their content."""
    keys, is_whole = "", False
    for member in members:
        if not done.manifest and member.name != MANIFEST:
            raise BackupError("This is no backup of Pilito: it does not begin with its manifest.")
        if member.name == MANIFEST:
            done.manifest = _read_manifest(member)
        elif member.name == DATABASE:
            _write_out(member, copy)
        elif member.name == KEYS:
            keys = member.body.read().decode()
        elif member.name.startswith(MEDIA):
            media_store.put(member.name.removeprefix(MEDIA), member.body, member.size_bytes, member.mime_type)
            done.media += 1
        elif member.name == END:
            is_whole = json.loads(member.body.read())["media"] == done.media
    if not is_whole or not copy.exists():
        raise BackupError("The backup is cut off: it has no end. Nothing was replaced; take another one.")
    return keys


def _read_manifest(member: Member) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(member.body.read())
    kind = db.engine.dialect.name
    if manifest["format"] != FORMAT or str(manifest["revision"]) > newest_revision():
        raise BackupError(
            f"The backup is of a newer Pilito ({manifest['pilito']}, tables {manifest['revision']}): install that one."
        )
    if manifest["database"] != kind:
        raise BackupError(
            f"The backup is of {manifest['database']}, and DATABASE_URL names {kind}: restore it into its own kind."
        )
    return manifest


def _write_out(member: Member, copy: Path) -> None:
    with os.fdopen(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        while chunk := member.body.read(1024 * 1024):
            file.write(chunk)


def _forget_unfinished() -> None:
    """The row of the backup itself, which stands in it as one that is being made."""
    with transaction():
        for row in db.session.scalars(select(Backup).where(Backup.finished_at.is_(None))):
            db.session.delete(row)


def _end_all_links(now: datetime) -> None:
    """Invitations and links to a new password that were used or taken back since the backup would open again."""
    with transaction():
        end_links(now=now)


def _hold_the_bucket(now: datetime) -> None:
    """Beside the Pilito that the backup is of, this one would drop files which that one still shows."""
    if media_store.is_shared:
        with transaction():
            media_mark.hold(media_mark.Hold.RESTORED, now)


def _who_comes_in() -> list[str]:
    """Whoever was shut out since the backup is back: it cannot know, so somebody has to look."""
    people = db.session.scalars(select(Operator).where(Operator.active).order_by(Operator.email))
    return [f"{one.email} ({one.role})" for one in people]


def _count_tokens() -> int:
    return db.session.scalar(select(func.count()).select_from(ApiToken).where(ApiToken.revoked_at.is_(None))) or 0


def _keep_keys(keys: str) -> Path | None:
    """Write the keys down where one of them is missing here: without it the accounts' tokens cannot be opened."""
    stored = keys.partition("=")[2].strip().strip("'").split(",")
    if not keys or set(stored) <= set(settings.encryption_keys):
        return None
    RESTORED_KEYS.unlink(missing_ok=True)
    with os.fdopen(os.open(RESTORED_KEYS, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(keys)
    return RESTORED_KEYS
