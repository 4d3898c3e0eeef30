"""The way out to addresses that people of the shop typed: pilito/outside.py, with reasons for the panel."""

from collections.abc import Mapping

from pilito import outside
from pilito.errors import MediaError, SourceError
from pilito.extensions import settings
from pilito.outside import Allowed, Answer

SECONDS = 30.0


def ask(
    url: str,
    limit_bytes: int,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    follows: bool = True,
    hosts: tuple[str, ...] | None = None,
) -> Answer:
    """Return what the server says. Raises SourceError."""
    try:
        answer = outside.ask(url, _allowed(hosts), limit_bytes, SECONDS, headers, body, follows)
    except MediaError as error:
        raise SourceError(error.reason, may_pass=error.may_pass) from None
    if answer.headers.get("content-encoding", "identity").lower() not in ("identity", ""):
        raise SourceError("unreadable", f"It is packed as {answer.headers['content-encoding'][:40]}.")
    return answer


def is_allowed(url: str, hosts: tuple[str, ...] | None = None) -> bool:
    """Tell whether the address may be asked, as far as its form shows."""
    return outside.is_allowed(url, _allowed(hosts))


def _allowed(hosts: tuple[str, ...] | None) -> Allowed:
    return Allowed(hosts, settings.pilito_demo_url if settings.demo else "")
