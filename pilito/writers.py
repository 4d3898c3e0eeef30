"""Who writes next on SQLite, which knows one writer and no queue for it, but only sleeping and trying again.

Within a process a lock is the queue. Between processes whoever writes most would have SQLite's lock again before the
others have looked. A provider or a person waits for what the web writes, and nobody for a worker: so workers stand back
while another process wants to write, though not for long (docs/decisions/0055).
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

# Of each transaction; then it takes its chance. The wait of whoever is stood back for is shorter.
STAND_BACK_SECONDS = 0.05
STEP_SECONDS = 0.002
IN_MEMORY = ":memory:"

_writer = threading.RLock()  # which knows whose it is
_files: dict[str, int] = {}  # by the database's path: open files of which the lock alone counts
_stands_back = False


def stand_back() -> None:
    """From now on let this process write after the others."""
    global _stands_back
    _stands_back = True


@contextmanager
def turn_to_write(path: str | None, seconds: float) -> Iterator[bool]:
    """Wait for the turn of this process; False when none came in so long. Nobody else has a database in memory."""
    try:
        if not _writer.acquire(timeout=seconds):
            yield False
            return
        file = _open(f"{path}-wanted") if path and path != IN_MEMORY else None
        with nullcontext() if file is None else _among_processes(file):
            yield True
    finally:
        # A job's time-out is raised into its thread, above all at the end of a wait: what was got then would be kept
        # for ever if only a line after it gave it back, and no name for it is bound yet.
        with suppress(RuntimeError):  # not ours
            _writer.release()


def _open(path: str) -> int | None:
    """None where it cannot be made, as on a full disk: SQLite will say so itself, in words that are known."""
    if path not in _files:
        try:
            _files[path] = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return None
    return _files[path]


@contextmanager
def _among_processes(file: int) -> Iterator[None]:
    if _stands_back:
        _wait_for_others(file)
        yield
        return
    # Where a worker looks at this very moment nothing is said, and the wait is a little longer.
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _wait_for_others(file: int) -> None:
    ends_at = time.monotonic() + STAND_BACK_SECONDS
    while time.monotonic() < ends_at and _is_wanted(file):
        time.sleep(STEP_SECONDS)


def _is_wanted(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False
