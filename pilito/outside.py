"""The one door to addresses that strangers gave us: a download that cannot reach the inside of our network.

Only https on port 443, only host names on the channel's list, only addresses of the open internet. A name is looked up
once, and the connection goes to the very address that was checked, so that a second answer of the DNS cannot move it.
Redirects are followed one by one through the same door. Why it is our own: docs/decisions/0021.
"""

import io
import re
import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import BinaryIO
from urllib.parse import quote, urljoin, urlsplit

from pilito import failpoints
from pilito.errors import MediaError
from pilito.media.store import store_failed

HTTPS_PORT = 443
REDIRECTS = 3
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
CHUNK_BYTES = 64 * 1024
ADDRESS_LENGTH = 8192
LOOK_UPS = 16  # names looked up at once in one process, the hanging ones among them
HEADERS = {"User-Agent": "Pilito", "Accept": "*/*", "Accept-Encoding": "identity"}

ASCII = bytes(range(128))
PRINTABLE = re.compile(r"[!-\[\]-~]+")  # ASCII without space, control and backslash, which parsers read differently
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A name whose last part is letters: no spelling of a number (127.1, 0x7f.1, 2130706433) is one, nor is `localhost`.
NAME = re.compile(rf"(?=.{{4,253}}\Z)(?:{LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})", re.ASCII)

REDIRECT_STATUSES = (301, 302, 303, 307, 308)
PASSING_STATUSES = (408, 425, 429)

PUBLIC_V6 = ip_network("2000::/3")
# Parts of the open ranges that lead elsewhere; what Python calls not global is refused besides.
INNER = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' networks; Alibaba's metadata server
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's own services, on an address that looks public
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "2001::/23",  # Teredo and other tunnels
            "2001:db8::/32",
            "2002::/16",  # 6to4
            "3fff::/20",
        ),
    )
)

Ip = IPv4Address | IPv6Address

_looking = threading.BoundedSemaphore(LOOK_UPS)


@dataclass(frozen=True)
class Allowed:
    """Where a download may go: names (`fbcdn.net` lets its subdomains in too), and in the demo one origin, exactly.

    `hosts` None: any host of the open internet, for an address that a person of the shop typed.
    """

    hosts: Collection[str] | None
    demo_origin: str = ""


@dataclass(frozen=True)
class _Target:
    host: str
    port: int
    path: str
    is_demo: bool = False


@dataclass(frozen=True)
class Answer:
    """What a server said, whatever its status. Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str  # behind the redirects


def download(url: str, into: BinaryIO, allowed: Allowed, limit_bytes: int, seconds: float) -> None:
    """Write what is at the address into the file, at most `limit_bytes` of it and for at most `seconds` in all.

    Raises MediaError: `address_refused`, `gone`, `too_large`, `too_slow`, `unreachable`, `too_many_redirects`, and
    `store_failed` where the file takes it not.
    """
    deadline = time.monotonic() + seconds
    for _ in range(REDIRECTS + 1):
        with _ask(_read(url, allowed), deadline) as response:
            location = _location(response)
            if response.status not in REDIRECT_STATUSES or not location:
                _check_status(response.status)
                _save(response, into, limit_bytes, deadline)
                return
        url = urljoin(url, location)
    raise MediaError("too_many_redirects", f"More than {REDIRECTS} redirects.")


def ask(
    url: str,
    allowed: Allowed,
    limit_bytes: int,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    follows: bool = True,
) -> Answer:
    """Return what a server says: by GET, or by POST where there is a body.

    A request that carries a key is made with `follows=False`: a redirect would hand the key to somebody else.
    Raises MediaError as `download` does, but for a status, which is the caller's to judge.
    """
    deadline = time.monotonic() + seconds
    for _ in range(REDIRECTS + 1):
        with _ask(_read(url, allowed), deadline, headers or {}, body) as response:
            location = _location(response)
            if not follows or response.status not in REDIRECT_STATUSES or not location:
                said = io.BytesIO()
                if response.status != 304:
                    _save(response, said, limit_bytes, deadline)
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, names, said.getvalue(), url)
        url = urljoin(url, location)
    raise MediaError("too_many_redirects", f"More than {REDIRECTS} redirects.")


def is_allowed(url: str, allowed: Allowed) -> bool:
    """Tell whether the address may be asked, as far as its form shows; where its name leads is looked up when it is."""
    try:
        _read(url, allowed)
    except MediaError:
        return False
    return True


def _read(url: str, allowed: Allowed) -> _Target:
    """Take the address apart, as it will be asked; raises MediaError for what may not be."""
    url = _encoded(url.encode(errors="replace"))
    if len(url) > ADDRESS_LENGTH or not PRINTABLE.fullmatch(url):
        raise _refusal("an address in plain characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refusal("an address") from None
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    if allowed.demo_origin and f"{parts.scheme}://{parts.netloc}" == allowed.demo_origin:
        return _Target("127.0.0.1", port or 80, path, is_demo=True)
    if parts.scheme != "https" or port not in (None, HTTPS_PORT) or "@" in parts.netloc:
        raise _refusal("https on its usual port, without a user")
    host = (parts.hostname or "").lower()
    if not NAME.fullmatch(host) or parts.netloc.lower() not in (host, f"{host}:{HTTPS_PORT}"):
        raise _refusal("the name of a host")
    if allowed.hosts is not None and not any(host == name or host.endswith(f".{name}") for name in allowed.hosts):
        raise _refusal("a host of the channel")
    return _Target(host, HTTPS_PORT, path)


def _location(response: HTTPResponse) -> str | None:
    location: str | None = response.headers.get("Location")
    return location and _encoded(location.encode("latin-1"))  # the library reads bytes of a header as such letters


def _encoded(address: bytes) -> str:
    """Percent-encoded where there are other letters than ASCII, as browsers do; in the name of a host they are refused
    then, for it stays as it is."""
    return quote(address, safe=ASCII)


def _refusal(expected: str) -> MediaError:
    return MediaError("address_refused", f"Expected {expected}.")


@contextmanager
def _ask(
    target: _Target, deadline: float, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> Iterator[HTTPResponse]:
    """Send the request; give the answer while its body is still to come. The connection is cut at the deadline."""
    with failpoints.around("outside"), closing(_connection(target, deadline)) as connection:
        left = _left(deadline)
        # Each read has its own time; a server that drips keeps within it for ever, so the whole has one too.
        lines: list[socket.socket] = []
        watch = threading.Timer(left, _cut, (connection, lines))
        watch.daemon = True
        watch.start()
        try:
            connection.connect()
            lines.append(connection.sock)  # the connection itself forgets it once the answer has begun
            connection.request("GET" if body is None else "POST", target.path, body, {**HEADERS, **(headers or {})})
            with closing(connection.getresponse()) as response:
                yield response
        except (OSError, HTTPException, ValueError) as error:
            slow = time.monotonic() >= deadline
            reason, name = "too_slow" if slow else "unreachable", type(error).__name__
            raise MediaError(reason, f"The server did not answer ({name}).", may_pass=True) from None
        finally:
            watch.cancel()


def _connection(target: _Target, deadline: float) -> HTTPConnection:
    if target.is_demo:
        return HTTPConnection(target.host, target.port, timeout=min(READ_SECONDS, _left(deadline)))
    addresses = _addresses(target.host, deadline)
    return _Pinned(target.host, addresses, min(READ_SECONDS, _left(deadline)), deadline)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _slowness()
    return left


def _slowness() -> MediaError:
    return MediaError("too_slow", "It took too long.", may_pass=True)


def _addresses(host: str, deadline: float) -> list[str]:
    """Look the name up, once; every address it has must be outside, or none is used."""
    try:
        found = _look_up_until(host, deadline)
    except (OSError, UnicodeError) as error:
        message = f"The name was not found ({type(error).__name__})."
        raise MediaError("unreachable", message, may_pass=True) from None
    if not found or not all(is_outside(address) for address in found):
        raise _refusal("an address of the open internet")
    return sorted(found, key=lambda address: (":" in address, address))


def _look_up_until(host: str, deadline: float) -> set[str]:
    """Look the name up in a thread, which is left behind with a resolver that hangs: nothing can break that off before
    the system's own time-outs. There are at most LOOK_UPS of them. Raises what the looking raised, or MediaError."""
    looking = _looking
    if not looking.acquire(timeout=_left(deadline)):
        raise _slowness()
    ended = threading.Event()
    found: list[set[str] | Exception] = []

    def look() -> None:
        try:
            found.append(look_up(host))
        except Exception as error:
            found.append(error)
        finally:
            looking.release()
            ended.set()

    threading.Thread(target=look, name="look-up", daemon=True).start()
    if not ended.wait(deadline - time.monotonic()):
        raise _slowness()
    [outcome] = found
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def look_up(host: str) -> set[str]:
    """All addresses of a name, by the system's resolver. Raises OSError."""
    return {str(entry[4][0]) for entry in socket.getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM)}


def is_outside(address: str) -> bool:
    """Tell whether an address is one of the open internet."""
    try:
        ip: Ip = ip_address(address)
    except ValueError:
        return False
    if any(ip in network for network in INNER if network.version == ip.version):
        return False
    if isinstance(ip, IPv6Address) and ip not in PUBLIC_V6:
        return False  # mapped, translated, unique local, link-local, multicast, …
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class _Pinned(HTTPSConnection):
    """Speaks TLS with the name, over a connection to addresses that were checked."""

    def __init__(self, host: str, addresses: list[str], seconds: float, deadline: float) -> None:
        super().__init__(host, HTTPS_PORT, timeout=seconds, context=_tls())
        self._addresses, self._seconds, self._deadline = addresses, seconds, deadline

    def connect(self) -> None:
        self.sock = self._reach()
        _left(self._deadline)  # the watch may have looked before there was a line to cut
        self.sock.settimeout(self._seconds)
        # The handshake apart, so that it can be cut too.
        self.sock = line = _tls().wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        line.do_handshake()

    def _reach(self) -> socket.socket:
        for address in self._addresses[:-1]:
            try:
                return self._connect_to(address)
            except OSError:
                continue
        return self._connect_to(self._addresses[-1])

    def _connect_to(self, address: str) -> socket.socket:
        seconds = min(CONNECT_SECONDS, self._seconds, _left(self._deadline))  # of all addresses together no more
        return socket.create_connection((address, HTTPS_PORT), seconds)


@cache
def _tls() -> ssl.SSLContext:
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


def _cut(connection: HTTPConnection, lines: list[socket.socket]) -> None:
    """End the line under whoever reads from it."""
    for line in lines or [connection.sock]:
        with suppress(OSError, AttributeError):  # not connected yet, or closed already
            line.shutdown(socket.SHUT_RDWR)


def _check_status(status: int) -> None:
    if status == 200:
        return
    if status >= 500 or status in PASSING_STATUSES:
        raise MediaError("unreachable", f"The server answered {status}.", may_pass=True)
    raise MediaError("gone", f"The server answered {status}.")


def _save(response: HTTPResponse, into: BinaryIO, limit_bytes: int, deadline: float) -> None:
    """Write the body as it comes; a header that promises less than comes is not believed."""
    promised, size = response.length, 0
    if promised is not None and promised > limit_bytes:
        raise MediaError("too_large", f"It has {promised} bytes.")
    while chunk := response.read1(CHUNK_BYTES):
        size += len(chunk)
        if size > limit_bytes:
            raise MediaError("too_large", f"It has more than {limit_bytes} bytes.")
        if time.monotonic() >= deadline:
            break
        try:
            into.write(chunk)
        except OSError as error:  # a full disk of ours: the server has done nothing amiss
            raise store_failed("take in a file", error) from error
    if time.monotonic() >= deadline:  # a body of unknown length that was cut looks as if it had ended
        raise MediaError("too_slow", "It took too long.", may_pass=True)
    if promised is not None and size < promised:
        raise MediaError("unreachable", f"It ended after {size} of {promised} bytes.", may_pass=True)
