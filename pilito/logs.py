"""The form of the log lines: text for people, JSON for machines."""

import faulthandler
import json
import logging
import os
import signal
import stat
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

from pilito import trace
from pilito.config import Settings
from pilito.errors import kinds_of

TEXT_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class Lines(logging.Formatter):
    """Text. In production what a library says of an error is left out: it may quote a customer."""

    def __init__(self, form: str | None = None, is_discreet: bool = False) -> None:
        super().__init__(form)
        self._is_discreet = is_discreet

    def formatException(self, ei: Any) -> str:  # noqa: N802  (logging's own name)
        return kinds_of(ei[1]) if self._is_discreet and ei[1] else super().formatException(ei)

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler's may stand there, with the words
        return super().format(record)


class JsonLines(Lines):
    """One JSON object a line, so that a customer's line break cannot forge a second entry."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "thread": record.threadName,
        }
        if trace.current():
            entry["trace"] = trace.current()
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


class NeverWaits:
    """Where the lines go, without ever waiting for it: a log that nobody reads or that cannot be kept is lost, and how
    many lines of it; the work goes on. A pipe whose reader has stopped would hold up every process that logs into it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._descriptor = _opened_anew(stream.fileno())
        self._rest = b""  # of a line that went half
        self._lost = 0

    def write(self, line: str) -> None:
        if self._lost and self._put(f"(Lines of the log that could not be written: {self._lost})\n".encode()):
            self._lost = 0
        if not self._put(line.encode(errors="backslashreplace")):
            self._lost += 1

    def flush(self) -> None: ...

    def _put(self, line: bytes) -> bool:
        """Write it, or all but a rest that is kept; False where it does not begin."""
        try:
            if self._rest:
                self._rest = self._rest[os.write(self._descriptor, self._rest) :]
            if self._rest:
                return False
            self._rest = line[os.write(self._descriptor, line) :]
        except OSError:  # full (EAGAIN, ENOSPC), or gone (EPIPE, EIO)
            return False
        return True


def _opened_anew(descriptor: int) -> int:
    """A pipe, opened once more so that not to wait is our own choice and not that of everybody who holds it."""
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        return descriptor
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK)
    except OSError:  # no Linux, or nobody reads any more
        return descriptor


def _standard_error() -> TextIO | NeverWaits:
    try:
        return NeverWaits(sys.stderr)
    except (OSError, ValueError):  # something that is no file stands in its place
        return sys.stderr


def set_up_logs(settings: Settings) -> None:
    """Send everything from INFO on to standard error, once."""
    handler: logging.StreamHandler[TextIO | NeverWaits] = logging.StreamHandler(_standard_error())
    is_discreet = settings.in_production
    json_lines, text_lines = JsonLines(is_discreet=is_discreet), Lines(TEXT_FORMAT, is_discreet)
    handler.setFormatter(json_lines if settings.log_format == "json" else text_lines)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("httpx", "httpx2", "openai", "urllib3", "engineio", "socketio", "rq.worker", "rq.job", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def tell_where_we_are_on_demand() -> None:
    """At each SIGUSR1 say on standard error where every thread is: files, functions and lines, and no value of any.

    By a handler of Python's: `faulthandler.register` reads other threads while they run, which kills a busy process.
    """
    signal.signal(signal.SIGUSR1, lambda *_: faulthandler.dump_traceback())
