"""The store on this machine: a folder, readable by Pilito's own user alone."""

import io
import os
import secrets
import shutil
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from pilito import failpoints
from pilito.config import VAR, Settings
from pilito.errors import MediaError
from pilito.media.store import CHUNK_BYTES, NAME, store_failed

FOLDER_MODE, FILE_MODE = 0o700, 0o600
UNFINISHED = ".unfinished"
LEAST_FREE_BYTES = 500 * 1024 * 1024
MEBIBYTE = 1024 * 1024


class Folder:
    is_shared = False

    def __init__(self, root: Path) -> None:
        self._root = root

    @classmethod
    def of(cls, settings: Settings) -> "Folder":
        return cls(Path(unquote(urlsplit(settings.media_url).path)) if settings.media_url else VAR / "media")

    def put(self, name: str, file: BinaryIO, size_bytes: int, mime_type: str) -> None:  # noqa: ARG002
        """Write beside, then move: a reader sees the whole file or none, also after a power cut."""
        path = self._path(name)
        # By the name, so that a second try after a crash writes over what the first left.
        unfinished = self._root / UNFINISHED / path.name
        try:
            with failpoints.around("store"):
                for folder in (self._root, unfinished.parent, path.parent.parent, path.parent):
                    folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
                with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as copy:
                    shutil.copyfileobj(file, copy, CHUNK_BYTES)
                    copy.flush()
                    os.fsync(copy.fileno())
                unfinished.replace(path)
                _sync(path.parent)
        except OSError as error:
            raise store_failed("keep a file", error) from error

    def open(self, name: str, size_bytes: int) -> BinaryIO:  # noqa: ARG002
        try:
            return self._path(name).open("rb")
        except FileNotFoundError:
            raise MediaError("missing", "There is no such file.") from None
        except OSError as error:
            raise store_failed("open a file", error) from error

    def drop(self, name: str) -> None:
        path = self._path(name)
        try:
            with failpoints.around("store"):
                path.unlink(missing_ok=True)
                (self._root / UNFINISHED / path.name).unlink(missing_ok=True)
        except OSError as error:
            raise store_failed("drop a file", error) from error

    def names(self, prefix: str, before: datetime) -> list[str]:
        try:
            found = [path for path in (self._root / prefix).glob("*/*") if path.stat().st_mtime < before.timestamp()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise store_failed("list its files", error) from error
        names = (path.relative_to(self._root).as_posix() for path in found)
        return [name for name in names if NAME.fullmatch(name)]

    def check(self) -> str:
        sha256 = secrets.token_hex(32)
        name = f"{sha256[:2]}/{sha256[2:4]}/{sha256}.0"
        self.put(name, io.BytesIO(b"Pilito"), 6, "text/plain")
        with self.open(name, 6) as file:
            if file.read() != b"Pilito":
                raise MediaError("store_failed", "The folder does not return what it was given.")
        self.drop(name)
        free = shutil.disk_usage(self._root).free
        if free < LEAST_FREE_BYTES:
            raise MediaError("store_failed", f"Only {free // MEBIBYTE} MiB are free on its disk; make room.")
        return f"{self._root} is writable, {free // MEBIBYTE} MiB free"

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):  # names come from our own table; should one ever not, it leads nowhere
            raise MediaError("missing", "This is no name of a file.")
        return self._root / name


def _sync(folder: Path) -> None:
    """Put the folder's entry on the disk: without it a power cut may lose the name of a file that is there."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
