"""The store in a bucket of an S3-compatible server."""

import io
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from minio.helpers import MIN_PART_SIZE
from minio.lifecycleconfig import Rule

from pilito import failpoints
from pilito.config import Settings
from pilito.errors import MediaError
from pilito.media.store import NAME, store_failed

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
CONNECTIONS = 16
LONGEST_VERSION_DAYS = 30  # a month is what laws on personal data give for erasing
UNKNOWN = ("NoSuchKey", "NoSuchObject", "NoSuchVersion")


class Bucket:
    is_shared = True

    def __init__(self, settings: Settings) -> None:
        where, server = urlsplit(settings.media_url), urlsplit(settings.media_s3_endpoint)
        self._bucket, self._prefix = where.netloc, where.path.strip("/")
        self._client = Minio(
            server.netloc,
            access_key=settings.media_s3_access_key,
            secret_key=settings.media_s3_secret_key,
            region=settings.media_s3_region or None,
            secure=server.scheme == "https",
            http_client=_connections(),
        )

    def put(self, name: str, file: BinaryIO, size_bytes: int, mime_type: str) -> None:
        with _told("keep a file"):
            # Whole, in one request, up to 5 GiB: in parts, those of a worker that was killed would stay and be paid
            # for, where no list of the bucket shows them. The file is in memory meanwhile: 40 MiB at most (look.py).
            self._client.put_object(
                self._bucket,
                self._key(name),
                file,
                size_bytes,
                content_type=mime_type,
                part_size=max(size_bytes, MIN_PART_SIZE),
            )

    def open(self, name: str, size_bytes: int) -> BinaryIO:
        remote = _Remote(self._client, self._bucket, self._key(name), size_bytes)
        remote.begin()  # now, so that a missing object is known before an answer is begun
        return cast(BinaryIO, io.BufferedReader(remote, 64 * 1024))

    def drop(self, name: str) -> None:
        with _told("drop a file"):
            self._client.remove_object(self._bucket, self._key(name))

    def names(self, prefix: str, before: datetime) -> list[str]:
        with _told("list its files"):
            found = self._client.list_objects(self._bucket, prefix=self._key(f"{prefix}/"), recursive=True)
            old = [one.object_name or "" for one in found if one.last_modified and one.last_modified < before]
        names = (name.removeprefix(self._key("")) for name in old)
        return [name for name in names if NAME.fullmatch(name)]

    def check(self) -> str:
        name = f"doctor-{secrets.token_hex(8)}"
        self.put(name, io.BytesIO(b"Pilito"), 6, "text/plain")
        with self.open(name, 6) as file:
            if file.read() != b"Pilito":
                raise MediaError("store_failed", "The bucket does not return what it was given.")
        self.drop(name)
        return f"the bucket {self._bucket} is writable{self._look_at_versions()}"

    def _look_at_versions(self) -> str:
        """Say what our key may not see; raises MediaError `keeps_versions` where a file that is dropped stays in one.

        A bucket that ever kept versions can only be suspended, and then has those of before; so a rule is what helps.
        """
        try:
            with _told("tell whether it keeps versions"):
                kept = self._client.get_bucket_versioning(self._bucket).status
        except (MediaError, SyntaxError):  # the latter is an answer that is no XML
            return ""
        if kept is None:
            return ""
        try:
            with _told("tell the rules of its life cycle"):
                rules = self._client.get_bucket_lifecycle(self._bucket)
        except (MediaError, SyntaxError):
            return "; it keeps versions: see that a rule of its life cycle, which cannot be read here, drops older ones"
        if rules is None or not any(self._ends_versions(rule) for rule in rules.rules):
            raise MediaError(
                "keeps_versions",
                f"The bucket {self._bucket} keeps versions ({kept}), and what was erased can be read in"
                " them: let a rule of its life cycle drop older versions after a day.",
            )
        return ""

    def _ends_versions(self, rule: Rule) -> bool:
        place, end = rule.rule_filter, rule.noncurrent_version_expiration
        if rule.status != "Enabled" or place is None or place.prefix is None or end is None:
            return False  # off, for some objects only, or about something else
        is_soon = end.noncurrent_days is not None and end.noncurrent_days <= LONGEST_VERSION_DAYS
        return is_soon and not end.newer_noncurrent_versions and self._key("").startswith(place.prefix)

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name


class _Remote(io.RawIOBase):
    """An object that is read from where one seeks to, in one request as long as nobody seeks again."""

    def __init__(self, client: Minio, bucket: str, key: str, size_bytes: int) -> None:
        self._client, self._bucket, self._key, self._size = client, bucket, key, size_bytes
        self._at = 0
        self._answer: Any = None

    def begin(self) -> None:
        with _told("open a file"):
            self._answer = self._client.get_object(self._bucket, self._key, offset=self._at)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset != self._at:
            self._at = start + offset
            self._end_answer()
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        if self._answer is None:
            self.begin()
        with _told("read a file"):
            chunk = self._answer.read(min(len(buffer), self._size - self._at))
        buffer[: len(chunk)] = chunk
        self._at += len(chunk)
        return len(chunk)

    def close(self) -> None:
        self._end_answer()
        super().close()

    def _end_answer(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer.release_conn()
            self._answer = None


class _Connections(urllib3.PoolManager):
    """Connections that hand a file to the socket in small chunks, each with the time-out of its own.

    Given the whole at once, a plain socket has CONNECT_SECONDS for all of it: 40 MiB, over a line of whatever speed.
    """

    def urlopen(  # type: ignore[override]  # as the library says of its own
        self, method: str, url: str, redirect: bool = True, **words: Any
    ) -> urllib3.BaseHTTPResponse:
        if isinstance(words.get("body"), bytes):
            words["body"] = io.BytesIO(words["body"])  # without a copy; minio has set the length
        return super().urlopen(method, url, redirect, **words)


def _connections() -> urllib3.PoolManager:
    import certifi

    return _Connections(
        timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        maxsize=CONNECTIONS,
        retries=urllib3.Retry(total=1, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504)),
        cert_reqs="CERT_REQUIRED",
        ca_certs=certifi.where(),
    )


@contextmanager
def _told(doing: str) -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        with failpoints.around("store"):
            yield
    except S3Error as error:
        if error.code in UNKNOWN:
            raise MediaError("missing", "There is no such file.") from None
        raise store_failed(f"{doing}: {error.code}", error) from None
    except (MinioException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise store_failed(doing, error) from None
