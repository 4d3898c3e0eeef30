"""One backup as a file: a tar, packed by gzip, encrypted by age where a recipient is given.

Three formats that outlive Pilito: `age --decrypt -i KEY FILE | tar xz` opens one without it. Everything is a stream, so
that neither writing nor reading needs room for the media twice.
"""

import gzip
import io
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from pilito.errors import BackupError

SUFFIX, ENCRYPTED_SUFFIX = ".tar.gz", ".tar.gz.age"
PACKING_LEVEL = 3  # pictures do not get smaller, and rows do at any level
MIME_TYPE = "PILITO.mime"
FILE_MODE = 0o600


class Writer:
    def __init__(self, tar: tarfile.TarFile, began_at: float) -> None:
        self._tar, self._began_at = tar, began_at

    def add_bytes(self, name: str, body: bytes) -> None:
        self.add(name, io.BytesIO(body), len(body))

    def add_path(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            self.add(name, file, path.stat().st_size)

    def add(self, name: str, file: IO[bytes], size_bytes: int, mime_type: str = "") -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = size_bytes, FILE_MODE, int(self._began_at)
        if mime_type:
            entry.pax_headers = {MIME_TYPE: mime_type}
        self._tar.addfile(entry, file)


class Member:
    """One file of an archive; its body is read where it stands in the stream, once."""

    def __init__(self, entry: tarfile.TarInfo, body: IO[bytes]) -> None:
        self.name, self.size_bytes = entry.name, entry.size
        self.mime_type = str(entry.pax_headers.get(MIME_TYPE, ""))
        self.body = cast(BinaryIO, body)


@contextmanager
def write(path: Path, recipient: str, began_at: float) -> Iterator[Writer]:
    """Open a new archive; it is on the disk when this ends, and nobody but its owner can read it."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as file:
        with (
            _encrypting(file, recipient) as sink,
            gzip.GzipFile("", "wb", PACKING_LEVEL, sink, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ):
            yield Writer(tar, began_at)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def read(path: Path, identity: Path | None) -> Iterator[Iterator[Member]]:
    """Open an archive. Raises BackupError with a sentence where it is damaged or locked."""
    try:
        with (
            path.open("rb") as file,
            _decrypting(file, identity) if is_encrypted(path) else _as_it_is(file) as source,
            gzip.GzipFile(fileobj=source, mode="rb") as packed,
            tarfile.open(fileobj=packed, mode="r|") as tar,
        ):
            yield _members(tar)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError) as error:
        raise BackupError(f"{path} is damaged or cut off ({type(error).__name__}); take another backup.") from None
    except FileNotFoundError as error:
        raise BackupError(f"There is no file {error.filename}.") from None


def is_encrypted(path: Path) -> bool:
    return path.name.endswith(".age")


def _members(tar: tarfile.TarFile) -> Iterator[Member]:
    for entry in tar:
        body = tar.extractfile(entry) if entry.isfile() else None
        if body is None:  # we write plain files only: a link or a device comes from somebody else
            raise BackupError(f"{entry.name!r} in the archive is no file; Pilito did not write it.")
        yield Member(entry, body)


@contextmanager
def _as_it_is(file: IO[bytes]) -> Iterator[IO[bytes]]:
    yield file


@contextmanager
def _encrypting(target: IO[bytes], recipient: str) -> Iterator[IO[bytes]]:
    if not recipient:
        yield target
        return
    import pyrage  # late: only a backup needs it

    key = pyrage.x25519.Recipient.from_str(recipient)
    reading, writing = os.pipe()
    work = _Aside(lambda source: pyrage.encrypt_io(source, target, [key]), os.fdopen(reading, "rb"))
    with work, os.fdopen(writing, "wb") as sink:
        yield sink


@contextmanager
def _decrypting(source: IO[bytes], identity: Path | None) -> Iterator[IO[bytes]]:
    import pyrage

    if identity is None:
        raise BackupError("This backup is encrypted: name the file with its key, `--identity FILE`.")
    key = _identity(identity)
    reading, writing = os.pipe()
    work = _Aside(lambda sink: pyrage.decrypt_io(source, sink, [key]), os.fdopen(writing, "wb"))
    with work, os.fdopen(reading, "rb") as plain:
        yield plain


def _identity(path: Path) -> Any:
    import pyrage

    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("AGE-SECRET-KEY-"):
            return pyrage.x25519.Identity.from_str(line.strip())
    raise BackupError(f"{path} holds no key of age (a line that begins with AGE-SECRET-KEY-).")


class _Aside:
    """age at the other end of a pipe, in a thread: it pulls where tar pushes, and pushes where tar pulls."""

    def __init__(self, work: Callable[[IO[bytes]], None], end: IO[bytes]) -> None:
        self._work, self._end = work, end
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="backup-age", daemon=True)

    def _run(self) -> None:
        try:
            self._work(self._end)
        except BrokenPipeError:
            pass  # the reader has what it wanted, and left
        except BaseException as error:  # noqa: BLE001  (it is raised again where it is waited for)
            self._error = error
        finally:
            with suppress(BrokenPipeError):
                self._end.close()  # or the other end waits for ever

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        self._thread.join()
        if self._error is None:
            return
        if type(self._error).__name__ == "DecryptError":
            raise BackupError("This key does not open the backup, or the backup is damaged.") from None
        raise self._error
