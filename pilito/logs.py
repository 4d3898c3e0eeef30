"""The form of the log lines: text for people, JSON for machines."""

import json
import logging
import sys
from datetime import UTC, datetime

from pilito import trace
from pilito.config import Settings

TEXT_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
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


def set_up_logs(settings: Settings) -> None:
    """Send everything from INFO on to standard error, once."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else logging.Formatter(TEXT_FORMAT))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("httpx", "httpx2", "openai", "urllib3", "engineio", "socketio", "rq.worker", "rq.job", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
