"""The place where a whole database lies in the clear for a while, and the end of what a killed maker left there."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from pilito.clock import utc_now
from pilito.config import VAR

PREFIX = ".unfinished-"
FOLDER_MODE = 0o700
# After a day nobody works in it any more: whoever made it was killed, and could not take it along.
LOST_AFTER = timedelta(days=1)


@contextmanager
def in_the_clear() -> Iterator[Path]:
    """A folder for a copy of the database, gone at the end.

    Beside the data: /tmp is often memory, and BACKUP_FOLDER the disk of another machine, which is to see nothing plain.
    """
    VAR.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    with unfinished(VAR) as work:
        yield work


@contextmanager
def unfinished(place: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=place) as work:
        yield Path(work)


def drop_leftovers(*places: Path) -> None:
    """Drop what was left in our own folder, and in these; what cannot be dropped now is tried again."""
    lost = (utc_now() - LOST_AFTER).timestamp()
    for place in (VAR, *places):
        with suppress(OSError):
            for left in place.glob(f"{PREFIX}*"):
                if left.stat().st_mtime < lost:
                    shutil.rmtree(left, ignore_errors=True)
