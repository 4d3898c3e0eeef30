"""What a store is to the rest of Pilito: objects by name, written once, read in parts, dropped."""

import re
from datetime import datetime
from typing import BinaryIO, Protocol

from pilito.errors import MediaError

CHUNK_BYTES = 1024 * 1024
NAME_PARTS = 2  # `ab/cd/abcd….17`: no folder gets millions of entries
NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}\.[0-9]{1,20}")


def name_of(sha256: str, media_id: int) -> str:
    """The name of an object: its content, and the row that wrote it first.

    With the row's id in it a name is never written by two, so that dropping one copy cannot take another's file.
    """
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}.{media_id}"


class Store(Protocol):
    """Every method raises MediaError `store_failed` when the store does not do it, `missing` for an unknown name.

    `is_shared`: another Pilito may reach the same place, for it is on no machine's own disk.
    """

    is_shared: bool

    def put(self, name: str, file: BinaryIO, size_bytes: int, mime_type: str) -> None:
        """Keep the whole file under this name, all of it or nothing; the same name again replaces it."""
        ...

    def open(self, name: str, size_bytes: int) -> BinaryIO:
        """Return the object for reading; it can be sought in."""
        ...

    def drop(self, name: str) -> None:
        """Delete the object; one that is not there is no error."""
        ...

    def names(self, prefix: str, before: datetime) -> list[str]:
        """The names of the objects under this first part of a name (`ab`) that were written before then.

        Only names of ours: who lists them drops what no row knows, and others may keep files in the same place.
        """
        ...

    def check(self) -> str:
        """Write, read and drop an object; return a few words about what is free, for `flask doctor`.

        Raises MediaError `keeps_versions` where an object that was dropped can still be read in an older version.
        """
        ...


def store_failed(doing: str, error: Exception) -> MediaError:
    # Only the error's name: what it says may hold an address with a key in it.
    return MediaError("store_failed", f"The media store did not {doing} ({type(error).__name__}).", may_pass=True)
