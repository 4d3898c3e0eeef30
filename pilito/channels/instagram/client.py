"""Speaks HTTP with Meta's Graph API, and says of each failure what it means: refused, lost, or perhaps sent.

A message has no idempotency key at Meta. So a failure is told from a refusal with care: only what was certainly not
sent is called `RETRY`, and everything that may have been sent is `UNKNOWN`.
"""

import json
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pilito import failpoints
from pilito.channels.base import Account, Outbound, PrivateReceipt, Profile, Receipt, Signal
from pilito.channels.instagram.request import is_facebook, request_of
from pilito.channels.instagram.usage import retry_after_seconds, usage_of
from pilito.channels.instagram.values import (
    CUSTOMER_ID_LENGTH,
    MESSAGE_ID_LENGTH,
    http_url,
    id_of,
    mapping_of,
    text_of,
)
from pilito.config import Settings
from pilito.errors import ChannelError, Remedy

if TYPE_CHECKING:
    import requests

    from pilito.channels.instagram.line import Watch

CONNECT_SECONDS = 3.05
READ_SECONDS = 15.0
SIGNAL_SECONDS = 3.0
WHOLE_ANSWER_SECONDS = 30.0  # an answer that drips keeps each single read in time; a send's lease is twice as long
ANSWER_BYTES = 64 * 1024
READING_BYTES = 2 * 1024 * 1024  # a page of captions, each letter of which Meta writes in six bytes
CONNECTIONS = 32  # threads of a worker process that send at once
MESSAGE_LENGTH = 300
LONG_WORD = re.compile(r"[\w-]{40,}")  # an error about a malformed token may quote it
PRINTABLE = re.compile(r"[!-~]+")
SENDER_ACTIONS = {Signal.SEEN: "mark_seen", Signal.TYPING: "typing_on"}
PROFILE_FIELDS = "name,username,profile_pic"
NAME_LENGTH, USERNAME_LENGTH = 300, 128

ANY = 0
# (code, subcode) of Meta's error -> what to do, and the reason in our words. Sources: README.md.
ERRORS = {
    (190, 458): (Remedy.STOP_INBOX, "app_removed"),
    (190, 459): (Remedy.STOP_INBOX, "checkpoint"),
    (190, 460): (Remedy.STOP_INBOX, "password_changed"),
    (190, 463): (Remedy.STOP_INBOX, "token_expired"),
    (190, 467): (Remedy.STOP_INBOX, "token_dead"),
    (190, 492): (Remedy.STOP_INBOX, "role_lost"),
    (190, ANY): (Remedy.STOP_INBOX, "token_dead"),
    (10, 2534022): (Remedy.PERSON, "window_closed"),
    (10, 2018278): (Remedy.PERSON, "window_closed"),
    (10, 1893063): (Remedy.STOP_INBOX, "restricted"),
    (10, 2534077): (Remedy.STOP_INBOX, "restricted"),
    (10, ANY): (Remedy.STOP_INBOX, "permission"),
    (200, 2534041): (Remedy.STOP_INBOX, "message_access_off"),
    # Meta lists it among the permissions, but elsewhere the subcode is one person who cannot be reached. Stopping the
    # whole shop for that one was refused.
    (200, 1545041): (Remedy.PERSON, "unreachable"),
    (200, ANY): (Remedy.STOP_INBOX, "permission"),
    (100, 2534013): (Remedy.DROP, "unreachable"),
    (100, 2534014): (Remedy.DROP, "unreachable"),
    (100, 2534015): (Remedy.DROP, "unreachable"),
    (100, 2534029): (Remedy.DROP, "unreachable"),
    (100, 2534025): (Remedy.DROP, "private_reply_invalid"),
    (100, 2534037): (Remedy.PERSON, "not_thread_owner"),
    (ANY, 2018300): (Remedy.PERSON, "not_thread_owner"),
    (2018300, ANY): (Remedy.PERSON, "not_thread_owner"),
    (100, 33): (Remedy.DROP, "not_found"),
    (100, ANY): (Remedy.PERSON, "bad_request"),
    (551, ANY): (Remedy.DROP, "unreachable"),
    (9010, ANY): (Remedy.DROP, "unreachable"),
    (230, ANY): (Remedy.DROP, "consent_missing"),
    (36103, ANY): (Remedy.DROP, "not_eligible"),
    (9000001, ANY): (Remedy.DROP, "message_deleted"),
    (4, ANY): (Remedy.RETRY, "rate_limited"),
    (17, ANY): (Remedy.RETRY, "rate_limited"),
    (32, ANY): (Remedy.RETRY, "rate_limited"),
    (613, ANY): (Remedy.RETRY, "rate_limited"),
    (80001, ANY): (Remedy.RETRY, "rate_limited"),
    (80002, ANY): (Remedy.RETRY, "rate_limited"),
    (80004, ANY): (Remedy.RETRY, "rate_limited"),
    (80006, ANY): (Remedy.RETRY, "rate_limited"),
    # Called temporary by Meta, but messages that were delivered have been answered with both.
    (1, ANY): (Remedy.UNKNOWN, "outcome_unknown"),
    (2, ANY): (Remedy.UNKNOWN, "outcome_unknown"),
}
# For an answer without an error code that we can read.
STATUSES = {
    401: (Remedy.STOP_INBOX, "token_dead"),
    408: (Remedy.UNKNOWN, "outcome_unknown"),
    429: (Remedy.RETRY, "rate_limited"),
}
REFUSED = (Remedy.PERSON, "bad_request")
UNCLEAR = (Remedy.UNKNOWN, "outcome_unknown")


@dataclass(frozen=True)
class Answer:
    """What came back: `body` is cut at ANSWER_BYTES, so a longer one is no JSON."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(settings: Settings, account: Account, outbound: Outbound) -> Receipt:
    """Send one part; return Meta's id of the message. Raises ChannelError; the token is in no error."""
    answer = _call("POST", _messages(settings, account), account, json=request_of(account, outbound))
    if external_id := _message_id(answer):
        return Receipt(external_id, usage_of(answer.headers))
    if outbound.reaction is not None and _is_taken(answer):
        return Receipt(None, usage_of(answer.headers))
    raise _error(answer, account.token)


def signal(settings: Settings, account: Account, customer_id: str, signal: Signal) -> None:
    """Show "seen" or "typing". Raises ChannelError; nobody waits long for something that lasts seconds."""
    request = {"recipient": {"id": customer_id}, "sender_action": SENDER_ACTIONS[signal]}
    answer = _call("POST", _messages(settings, account), account, read_seconds=SIGNAL_SECONDS, json=request)
    if not _is_taken(answer):
        raise _error(answer, account.token)


def _is_taken(answer: Answer) -> bool:
    told = _json(answer)
    return 200 <= answer.status < 300 and bool(told) and "error" not in told


def profile(settings: Settings, account: Account, customer_id: str) -> Profile:
    """Ask for a customer's name, user name and picture. Raises ChannelError, also where consent is missing."""
    address = f"{_address(settings, account)}/{quote(customer_id, safe='')}"
    answer = _call("GET", address, account, params={"fields": PROFILE_FIELDS})
    told = mapping_of(_json(answer))
    if answer.status != 200 or "error" in told:
        raise _error(answer, account.token)
    return Profile(
        name=_one_line(told.get("name"))[:NAME_LENGTH] or None,
        username=_one_line(told.get("username"))[:USERNAME_LENGTH] or None,
        picture_url=http_url(told.get("profile_pic")),
    )


def _one_line(value: Any) -> str:
    """A name stands in mails, lists and logs: none makes a line of its own there."""
    return " ".join(text_of(value).split())


def read(settings: Settings, account: Account, path: str, params: Mapping[str, str]) -> Mapping[str, Any]:
    """Read one object or one page of a list. Raises ChannelError."""
    address = f"{_address(settings, account)}/{path}"
    answer = _call("GET", address, account, limit_bytes=READING_BYTES, params=params)
    told = _json(answer)
    if answer.status != 200 or not told or "error" in told:
        raise _error(answer, account.token)
    return told


def reply_privately(settings: Settings, account: Account, comment_id: str, text: str) -> PrivateReceipt:
    """Answer a comment in the direct messages; Meta takes one such reply per comment. Raises ChannelError."""
    request = request_of(account, Outbound("", text, comment_id=comment_id))
    answer = _call("POST", _messages(settings, account), account, json=request)
    if external_id := _message_id(answer):
        return PrivateReceipt(external_id, id_of(_json(answer).get("recipient_id"), CUSTOMER_ID_LENGTH))
    raise _error(answer, account.token)


def _address(settings: Settings, account: Account) -> str:
    host = settings.facebook_graph_url if is_facebook(account) else settings.instagram_graph_url
    return f"{host}/{settings.graph_version}"


def _messages(settings: Settings, account: Account) -> str:
    return f"{_address(settings, account)}/me/messages"


def _call(
    method: str,
    address: str,
    account: Account,
    *,
    read_seconds: float | None = None,
    limit_bytes: int = ANSWER_BYTES,
    **content: Any,
) -> Answer:
    import requests
    import urllib3

    from pilito.channels.instagram.line import cut_after

    if not PRINTABLE.fullmatch(account.token):
        raise ChannelError(Remedy.STOP_INBOX, "token_dead", message="The account's token is no token.")
    try:
        with (
            failpoints.around("graph"),
            cut_after(WHOLE_ANSWER_SECONDS) as watch,
            _session(os.getpid()).request(
                method,
                address,
                **content,
                auth=lambda prepared: _authorized(prepared, account.token),
                timeout=(CONNECT_SECONDS, read_seconds or READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            return Answer(response.status_code, response.headers, _body(response, watch, limit_bytes))
    except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError) as error:
        # `from None`, and only the error's name: what it says may quote the header with the token.
        raise _failure(error) from None


def _authorized(prepared: "requests.PreparedRequest", token: str) -> "requests.PreparedRequest":
    # As `auth` and not as a header, which a `.netrc` of the server's user would replace.
    prepared.headers["Authorization"] = f"Bearer {token}"
    return prepared


@cache
def _session(_process_id: int) -> "requests.Session":
    """One session per process: two processes on one TLS connection would read each other's answers after a fork."""
    import requests

    from pilito.channels.instagram.line import Adapter

    session = requests.Session()
    # No cookies: they are what threads would share. No retries: a repeated POST is a second message.
    session.cookies.set_policy(_no_cookies())
    adapter = Adapter(pool_connections=4, pool_maxsize=CONNECTIONS, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers.update({"User-Agent": "Pilito", "Accept": "application/json", "Accept-Encoding": "identity"})
    return session


def _no_cookies() -> Any:
    from http.cookiejar import DefaultCookiePolicy

    return DefaultCookiePolicy(allowed_domains=[])


def _body(response: "requests.Response", watch: "Watch", limit_bytes: int = ANSWER_BYTES) -> bytes:
    """The body, up to `limit_bytes`. Raises TimeoutError where the line was cut meanwhile."""
    body = b""
    while len(body) < limit_bytes and (chunk := response.raw.read1(min(ANSWER_BYTES, limit_bytes - len(body)))):
        body += chunk
    watch.check()
    return body


def _failure(error: Exception) -> ChannelError:
    """What it means that no answer came."""
    name = type(error).__name__
    if _never_connected(error):
        return ChannelError(Remedy.RETRY, "temporary", message=f"Meta could not be reached ({name}).")
    return ChannelError(*UNCLEAR, message=f"Meta's answer did not come ({name}).")


def _never_connected(error: BaseException) -> bool:
    """Whether no byte of the request can have left: no address, no connection, or a certificate that we refused."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    certain = (ConnectTimeoutError, NewConnectionError, ssl.SSLCertVerificationError)
    return any(isinstance(cause, certain) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and those it wraps: requests keeps urllib3's in `args`, urllib3 its own in `reason` or `args`."""
    yield error
    for inner in (getattr(error, "reason", None), *error.args):
        if isinstance(inner, BaseException):
            yield from _causes(inner)


def _message_id(answer: Answer) -> str | None:
    return id_of(_json(answer).get("message_id"), MESSAGE_ID_LENGTH) if 200 <= answer.status < 300 else None


def _json(answer: Answer) -> Mapping[str, Any]:
    try:
        return mapping_of(json.loads(answer.body))
    except (ValueError, RecursionError):
        return {}


def _error(answer: Answer, token: str) -> ChannelError:
    said = mapping_of(_json(answer).get("error"))
    code, subcode = _number(said.get("code")), _number(said.get("error_subcode"))
    remedy, reason = _meaning(answer.status, code, subcode)
    retry_after = retry_after_seconds(answer.headers) if remedy is Remedy.RETRY else 0
    return ChannelError(remedy, reason, _code(answer.status, code, subcode), _message(said, token), retry_after)


def _number(value: Any) -> int:
    digits = text_of(value)
    return int(digits) if digits.isdecimal() and len(digits) <= 10 else ANY


def _meaning(status: int, code: int, subcode: int) -> tuple[Remedy, str]:
    if status >= 500:
        return UNCLEAR  # whatever it says: it broke at an unknown place
    if code:
        keys = ((code, subcode), (ANY, subcode), (code, ANY))
        return next((ERRORS[key] for key in keys if key in ERRORS), REFUSED)
    return STATUSES.get(status, REFUSED if status >= 300 else UNCLEAR)


def _code(status: int, code: int, subcode: int) -> str:
    if not code:
        return f"HTTP {status}"
    return f"{code}/{subcode}" if subcode else str(code)


def _message(said: Mapping[str, Any], token: str) -> str:
    """Meta's sentence, without anything that could be a token."""
    message = text_of(said.get("message")).replace(token, "…")
    return LONG_WORD.sub("…", message)[:MESSAGE_LENGTH] or "Meta gave no reason."
