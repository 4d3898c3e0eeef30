"""Ends what a run started when the run itself was killed and could end nothing: `python -m chaos.undertaker FOLDER`.

It waits for the end of its input, which comes in every case: closed by the run that has ended its programs itself, or
by the system when the run is gone. Then whoever still works in the run's throw-away folder is ended, by its process id.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from bench import proc

POSTGRES_SECONDS = 5.0  # asked to end, for killed it would leave its shared memory behind


class Undertaker:
    """One that waits beside us for our end."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 -- our own command
            [sys.executable, "-m", "chaos.undertaker", str(folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us, not for it
        )

    def dismiss(self) -> None:
        """All is ended: it finds nothing to do."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.communicate(timeout=30)


def bury(folder: Path) -> None:
    """End all that works in this folder, and remove it."""
    for pid in _who_works_in(folder):
        _send(pid, signal.SIGINT if b"postgres" in _read(pid, "cmdline") else signal.SIGKILL)
    deadline = time.monotonic() + POSTGRES_SECONDS
    while (left := _who_works_in(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in left:
        _send(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def _who_works_in(folder: Path) -> set[int]:
    """Whose command names the folder, or whose settings. Not we, who name it too, nor who waits for us."""
    command, setting = str(folder).encode(), f"PILITO_VAR={folder}".encode()
    others = set(proc.parents()) - {os.getpid(), os.getppid()}
    return {pid for pid in others if command in _read(pid, "cmdline") or setting in _read(pid, "environ")}


def _read(pid: int, name: str) -> bytes:
    try:
        return (proc.PROC / str(pid) / name).read_bytes()
    except OSError:  # ended meanwhile, or somebody else's
        return b""


def _send(pid: int, signal_number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal_number)


def main() -> None:
    sys.stdin.buffer.read()
    bury(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
