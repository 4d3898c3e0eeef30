"""Make a backup: claim its name, copy the database at one moment, then every file that it names."""

import json
import logging
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from pilito import failpoints
from pilito.backup import archive, databases
from pilito.backup.archive import Writer
from pilito.backup.leftovers import FOLDER_MODE, drop_leftovers, in_the_clear, unfinished
from pilito.clock import Clock
from pilito.config import ROOT, VAR
from pilito.database import transaction
from pilito.errors import BackupError, MediaError
from pilito.extensions import media_store, settings
from pilito.lifecycle import MediaState
from pilito.models import Backup, MediaFile, db

log = logging.getLogger(__name__)

FORMAT = 1
MANIFEST, END, KEYS = "manifest.json", "end.json", "encryption-keys.env"
DATABASE, MEDIA = "database", "media/"
NAME = re.compile(r"pilito-\d{8}T\d{6}Z\.tar\.gz(\.age)?")
MEDIA_AT_ONCE = 500
# What is unfinished for so long has lost its maker, to a deploy or a kill; longer than one takes whose maker lives.
LOST_AFTER = timedelta(hours=6)


def folder() -> Path:
    return Path(settings.backup_folder) if settings.backup_folder else VAR / "backups"


def back_up(clock: Clock, to: Path | None = None, keep: int = 0) -> Path:
    """Write one archive and return it; then drop all but the `keep` newest (0: drop none). Raises BackupError."""
    began_at = clock()
    target = to or folder()
    drop_leftovers(target)
    backup_id, name = _claim(began_at)
    try:
        path, count = _write(target, name, began_at)
    except (BackupError, MediaError, OSError, SQLAlchemyError) as error:
        sentence = _sentence_of(error)
        _finish(backup_id, clock(), error=sentence)
        raise BackupError(sentence) from None
    _finish(backup_id, clock(), size_bytes=path.stat().st_size, media_count=count)
    if keep:
        _drop_old(target, keep)
    log.info("Backup %s: %s bytes, %s files", path, path.stat().st_size, count)
    return path


def back_up_when_due(clock: Clock) -> Path | None:
    """Make the backup of this stretch of BACKUP_EVERY_HOURS, unless one is there or under way; one that was killed is
    made up for after LOST_AFTER."""
    drop_leftovers()
    every = timedelta(hours=settings.backup_every_hours)
    if not every:
        return None
    last_first = select(Backup.began_at, Backup.finished_at).order_by(Backup.began_at.desc())
    newest = db.session.execute(last_first.limit(1)).first()
    db.session.rollback()
    if newest is not None and clock() - newest.began_at < (every if newest.finished_at else min(every, LOST_AFTER)):
        return None
    try:
        return back_up(clock, keep=settings.backup_keep)
    except BackupError as error:
        log.error("The backup failed: %s", error)
        return None


def _claim(began_at: datetime) -> tuple[int, str]:
    """The name is unique in the database, so that of two makers in the same second one stops here."""
    suffix = archive.ENCRYPTED_SUFFIX if settings.backup_recipient else archive.SUFFIX
    name = f"pilito-{began_at.astimezone(UTC):%Y%m%dT%H%M%SZ}{suffix}"
    try:
        with transaction():
            row = Backup(name=name, began_at=began_at, is_encrypted=bool(settings.backup_recipient))
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        raise BackupError(f"{name} is being made already.") from None
    return row.id, name


def _write(target: Path, name: str, began_at: datetime) -> tuple[Path, int]:
    target.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    with in_the_clear() as clear, unfinished(target) as work:
        copy, path = clear / DATABASE, work / name
        revision = db.session.scalar(text("SELECT version_num FROM alembic_version"))
        db.session.rollback()
        with failpoints.around("dump"):
            databases.dump(db.engine, copy)
        with archive.write(path, settings.backup_recipient, began_at.timestamp()) as writer:
            writer.add_bytes(MANIFEST, _json(_manifest(began_at, revision)))
            writer.add_path(DATABASE, copy)
            copy.unlink()
            if settings.backup_recipient:
                # Beside the tokens they open, so only where nobody but the owner of the key reads them.
                writer.add_bytes(KEYS, f"ENCRYPTION_KEYS='{','.join(settings.encryption_keys)}'\n".encode())
            count, missing = _add_media(writer)
            # Last, so that an archive which was cut off is known by its want.
            writer.add_bytes(END, _json({"media": count, "missing": missing}))
        return path.replace(target / name), count


def _manifest(began_at: datetime, revision: str | None) -> dict[str, object]:
    return {
        "format": FORMAT,
        "began_at": began_at.isoformat(),
        "database": db.engine.dialect.name,
        "revision": revision,
        "pilito": version(),
    }


def version() -> str:
    return (ROOT / "VERSION").read_text(encoding="utf-8").strip()


def _add_media(writer: Writer) -> tuple[int, list[str]]:
    """Every object that a row names, once; one that went meanwhile is noted, not an error: its row goes too."""
    count, missing = 0, []
    for key, size_bytes, mime_type in _stored_media():
        try:
            file = media_store.open(key, size_bytes)
        except MediaError as error:
            if error.reason != "missing":
                raise
            missing.append(key)
            continue
        with file:
            writer.add(f"{MEDIA}{key}", file, size_bytes, mime_type)
        count += 1
    return count, missing


def _stored_media() -> Iterator[tuple[str, int, str]]:
    """Asked after the database was copied: everything that the copy names and that is still there is among them.

    Several rows may share an object; the row that wrote it has its own id at the end of the name.
    """
    last, seen = 0, set()
    while True:
        rows = db.session.execute(
            select(MediaFile.id, MediaFile.key, MediaFile.size_bytes, MediaFile.mime_type)
            .where(MediaFile.id > last, MediaFile.state == MediaState.STORED, MediaFile.key.is_not(None))
            .order_by(MediaFile.id)
            .limit(MEDIA_AT_ONCE)
        ).all()
        db.session.rollback()  # no session is open while the store is asked
        if not rows:
            return
        for media_id, key, size_bytes, mime_type in rows:
            last = media_id
            if key and key not in seen:
                seen.add(key)
                yield key, size_bytes or 0, mime_type or ""


def _finish(backup_id: int, now: datetime, **values: object) -> None:
    with transaction():
        row = db.session.get_one(Backup, backup_id)
        row.finished_at = now
        for name, value in values.items():
            setattr(row, name, value)


def _drop_old(target: Path, keep: int) -> None:
    """Names hold their time, so they sort by it."""
    ours = sorted((path for path in target.iterdir() if NAME.fullmatch(path.name)), reverse=True)
    for path in ours[keep:]:
        path.unlink(missing_ok=True)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()


def _sentence_of(error: Exception) -> str:
    if isinstance(error, MediaError):
        return error.sentence
    if isinstance(error, BackupError):
        return str(error)
    if isinstance(error, OSError):
        where = error.filename or ""
        return (
            f"The backup could not be written ({os.strerror(error.errno) if error.errno else error} {where}).".replace(
                " )", ")"
            )
        )
    return f"The database could not be read ({type(error).__name__})."
