"""The door to strangers' addresses: a canary stands inside, and no spelling, redirect or DNS trick may reach it."""

import io
import re
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fakes import FakeFiles

from pilito import outside
from pilito.errors import MediaError
from pilito.outside import Allowed, download, is_outside

CDN = ("fbsbx.com", "cdninstagram.com")
REAL_LOOK_UP = outside.look_up  # kept at the import, before a fixture of the whole run puts another in its place
BODY = b"x" * 100_000

# --- inner addresses, in every spelling we know ----------------------------------------------------------------------

V4 = [
    *("127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255"),
    *("172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.255.255", "169.254.169.254", "169.254.0.1"),
    *("100.64.0.1", "100.100.100.200", "100.127.255.255", "168.63.129.16", "192.0.0.1", "192.0.0.170", "192.0.2.1"),
    *("192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250"),
    *("240.0.0.1", "255.255.255.255"),
]
V6 = [
    *("::", "::1", "::2", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1"),
    *("::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::"),
    *("2002:a9fe:a9fe::", "2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:db8::1", "2001:10::1"),
    *("2001:2::1", "3fff::1", "fc00::1", "fd00::1", "fd00:ec2::254", "fe80::1", "fe80::a9fe:a9fe", "fec0::1"),
    *("ff02::1", "ff05::2", "100::1", "5f00::1", "::ffff:8.8.8.8", "4000::1", "fe80::1%eth0", "::ffff:7f00:1"),
]
PUBLIC = ["157.240.1.1", "8.8.8.8", "1.1.1.1", "31.13.64.1", "2a03:2880:f12f:83:face:b00c:0:25de", "2606:4700::1111"]


def spellings(address):
    """One inner IPv4 address as parsers of many languages would still read it."""
    a, b, c, d = (int(part) for part in address.split("."))
    whole = int(ip_address(address))
    tail, half = (b << 16) + (c << 8) + d, (c << 8) + d
    return [
        address,
        f"{a}.{b}.{half}",
        f"{a}.{tail}",
        f"{whole}",
        f"{whole:#x}",
        f"{whole:#o}".replace("0o", "0"),
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{a:#x}.{tail}",
        f"0{a:o}.{b}.{half:#x}",
        f"{a:03d}.{b:03d}.{c:03d}.{d:03d}",
        f"{address}.",
        f"{whole + 2**32}",
        f"[::ffff:{address}]",
        f"[::{address}]",
        f"[64:ff9b::{address}]",
        f"[2002:{(a << 8) + b:x}:{half:x}::]",
        address.replace(".", "。"),
        address.replace(".", "．"),
        address.replace(".", "｡"),
        address.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
        address.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")),
        address.translate(str.maketrans("0123456789", "①①②③④⑤⑥⑦⑧⑨")),
        address.replace(".", "%2e"),
        "".join(f"%{ord(letter):02x}" for letter in address),
    ]


NAMES = [
    *(
        "localhost",
        "LOCALHOST",
        "localhost.",
        "localhost.localdomain",
        "ip6-localhost",
        "ｌｏｃａｌｈｏｓｔ",
        "loc\u00adalhost",
    ),
    *("metadata.google.internal", "metadata", "kubernetes.default.svc", "redis", "host.docker.internal"),
    *("127.0.0.1.nip.io", "7f000001.nip.io", "localtest.me", "spoofed.burpcollaborator.net", "1ynrnhl.xip.io"),
    *("fbsbx.com.evil.test", "evilfbsbx.com", "fbsbx.com.", "fbsbx.co", "xfbsbx.com", "fbsbx.com%00.evil.test"),
    *("lookaside.fbsbx.com:80", "lookaside.fbsbx.com:8443", "lookaside.fbsbx.com:0", "lookaside.fbsbx.com:443443"),
    *("lookaside.fbsbx.com:", "lookaside.fbsbx.com:+443", "lookaside.fbsbx.com:４４３", "lookaside_.fbsbx.com"),
    *(
        "-.fbsbx.com",
        ".fbsbx.com",
        "..fbsbx.com",
        "a..fbsbx.com",
        "fbsbx。com",
        "lookaside.fbsbx.com。",
        "[::1].fbsbx.com",
    ),
    *("a" * 64 + ".fbsbx.com", "a." * 130 + "fbsbx.com", "lookaside.fbsbx.com\\.evil.test", "ſookaside.fbsbx.com"),
]
TRICKS = [
    "https://lookaside.fbsbx.com@127.0.0.1/",
    "https://127.0.0.1@lookaside.fbsbx.com/",
    "https://user:pass@lookaside.fbsbx.com/",
    "https://@lookaside.fbsbx.com/",
    "https://lookaside.fbsbx.com:443@127.0.0.1/",
    "https://lookaside.fbsbx.com%40127.0.0.1/",
    "https://127.0.0.1#@lookaside.fbsbx.com/",
    "https://127.0.0.1?@lookaside.fbsbx.com/",
    "https://127.0.0.1\\@lookaside.fbsbx.com/",
    "https://lookaside.fbsbx.com\\@127.0.0.1/",
    "https://127.0.0.1;lookaside.fbsbx.com/",
    "https://127.0.0.1 lookaside.fbsbx.com/",
    "https://127.0.0.1\tlookaside.fbsbx.com/",
    "https://lookaside.fbsbx.com\r\nHost: 127.0.0.1/",
    "https://lookaside.fbsbx.com/\r\nX-Evil: 1",
    "https://lookaside.fbsbx.com/ HTTP/1.1\r\nHost: 127.0.0.1",
    "https://lookaside.fbsbx.com/\u2028",
    "https:///127.0.0.1/",
    "https:////127.0.0.1/",
    "https:/127.0.0.1/",
    "https:127.0.0.1",
    "//127.0.0.1/",
    "///127.0.0.1/",
    "\\\\127.0.0.1\\share",
    "127.0.0.1",
    "",
    " https://lookaside.fbsbx.com/",
    "https://lookaside.fbsbx.com/\0",
    "\x01https://lookaside.fbsbx.com/",
    "http://lookaside.fbsbx.com/",
    "http://lookaside.fbsbx.com:443/",
    "ftp://lookaside.fbsbx.com/",
    "file:///etc/passwd",
    "file://lookaside.fbsbx.com/etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "dict://127.0.0.1:11211/stats",
    "ldap://127.0.0.1/",
    "data:text/html,<script>alert(1)</script>",
    "javascript:alert(1)",
    "jar:https://lookaside.fbsbx.com/!/",
    "unix:///var/run/docker.sock",
    "https+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "https://[::1/",
    "https://[lookaside.fbsbx.com]/",
    "https://[::1]@lookaside.fbsbx.com/",
    "https://[v1.fbsbx.com]/",
    "https://lookaside.fbsbx.com" + "/a" * 5000,
]
SPELLED = [
    spelling
    for address in ("127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.1.1")
    for spelling in spellings(address)
]
ATTACKS = [
    *TRICKS,
    *(f"https://{host}/" for host in (*SPELLED, *V4, *NAMES)),
    *(f"https://[{address}]/" for address in V6),
]


@pytest.fixture
def canary():
    """A server on this machine that nobody may ever reach."""
    with FakeFiles().serve() as server:
        yield server


@pytest.fixture
def dialled(monkeypatch, canary):
    """Every address anybody tries to connect to. All names lead to the canary, whatever its port."""
    tried = []

    def connect(address, *args, **options):
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(outside.socket, "create_connection", connect)
    monkeypatch.setattr(outside, "look_up", lambda host: {"127.0.0.1"})
    return tried


def fetch(url, hosts=CDN, demo_origin="", limit_bytes=10**6, seconds=5.0):
    into = io.BytesIO()
    download(url, into, Allowed(hosts, demo_origin), limit_bytes, seconds)
    return into.getvalue()


def test_the_corpus_is_large_and_without_repeats():
    assert len(set(ATTACKS)) >= 200


@pytest.mark.parametrize("url", dict.fromkeys(ATTACKS))
def test_no_spelling_of_an_inner_address_reaches_anybody(url, dialled, canary):
    with pytest.raises(MediaError, match="address_refused") as refused:
        fetch(url)

    assert not refused.value.may_pass
    assert dialled == []
    assert canary.asked == []


def test_without_a_list_of_hosts_the_spellings_are_still_refused(dialled, monkeypatch):
    """The list is not what keeps the numbers out: each host of the corpus is put on it here."""
    monkeypatch.setattr(outside, "look_up", lambda host: {"127.0.0.1"} if host[0].isalpha() else {host})
    for url in ATTACKS:
        host = url.removeprefix("https://").partition("/")[0]
        with pytest.raises(MediaError):
            fetch(url, hosts=(host, host.lower(), "fbsbx.com"))

    assert dialled == []


@pytest.mark.parametrize("address", [*V4, *V6])
def test_a_name_that_leads_inside_is_refused(address, dialled, monkeypatch):
    monkeypatch.setattr(outside, "look_up", lambda host: {address})

    with pytest.raises(MediaError, match="address_refused"):
        fetch("https://lookaside.fbsbx.com/x")

    assert dialled == []
    assert not is_outside(address)


@pytest.mark.parametrize("inner", ["127.0.0.1", "::1", "169.254.169.254"])
def test_one_inner_address_among_open_ones_is_enough(inner, dialled, monkeypatch):
    monkeypatch.setattr(outside, "look_up", lambda host: {*PUBLIC, inner})

    with pytest.raises(MediaError, match="address_refused"):
        fetch("https://lookaside.fbsbx.com/x")

    assert dialled == []


@pytest.mark.parametrize("address", PUBLIC)
def test_the_open_internet_is_outside(address):
    assert is_outside(address)


@pytest.mark.parametrize("url", ["https://lookaside.fbsbx.com/x?a=b", "https://scontent-fra3-1.cdninstagram.com:443/y"])
def test_a_file_of_the_channel_is_asked_of_the_very_address_that_was_checked(url, dialled, monkeypatch):
    answers = [{"157.240.1.1"}, {"127.0.0.1"}]  # the second answer is the trap of a rebinding DNS
    monkeypatch.setattr(outside, "look_up", lambda host: answers.pop(0))

    with pytest.raises(MediaError, match="unreachable"):
        fetch(url)

    assert dialled == [("157.240.1.1", 443)]
    assert len(answers) == 1


def test_a_name_that_is_not_found_may_be_found_later(monkeypatch):
    def fail(host):
        raise socket.gaierror("not found")

    monkeypatch.setattr(outside, "look_up", fail)

    with pytest.raises(MediaError, match="unreachable") as failed:
        fetch("https://lookaside.fbsbx.com/x")

    assert failed.value.may_pass


@pytest.fixture
def resolver_hangs(monkeypatch):
    """A resolver that says nothing until the test ends; gives how often it was asked."""
    asked, end = [], threading.Event()

    def hang(host):
        asked.append(host)
        end.wait(20)
        return set()

    monkeypatch.setattr(outside, "look_up", hang)
    monkeypatch.setattr(outside, "_looking", threading.BoundedSemaphore(2))
    yield asked
    end.set()
    for thread in look_ups():
        thread.join(10)


def look_ups():
    return [thread for thread in threading.enumerate() if thread.name == "look-up"]


def test_a_resolver_that_hangs_ends_with_the_time_of_the_whole(resolver_hangs):
    begun = time.monotonic()

    with pytest.raises(MediaError, match="too_slow") as failed:
        fetch("https://lookaside.fbsbx.com/x", seconds=0.1)

    assert failed.value.may_pass
    assert time.monotonic() - begun < 4  # of twenty


def test_and_leaves_no_more_threads_behind_than_there_may_be(resolver_hangs):
    for _ in range(5):
        with pytest.raises(MediaError, match="too_slow"):
            fetch("https://lookaside.fbsbx.com/x", seconds=0.05)

    assert len(resolver_hangs) == 2
    assert len(look_ups()) == 2


def test_a_look_up_that_has_ended_makes_room_for_the_next(monkeypatch, dialled):
    monkeypatch.setattr(outside, "look_up", lambda host: {"157.240.1.1"})
    monkeypatch.setattr(outside, "_looking", threading.BoundedSemaphore(1))

    for _ in range(3):
        with pytest.raises(MediaError, match="unreachable"):
            fetch("https://lookaside.fbsbx.com/x")

    assert len(dialled) == 3


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy"])
def test_proxies_of_the_environment_are_not_asked(name, dialled, monkeypatch, canary):
    monkeypatch.setenv(name, canary.url)
    monkeypatch.setattr(outside, "look_up", lambda host: {"157.240.1.1"})

    with pytest.raises(MediaError, match="unreachable"):
        fetch("https://lookaside.fbsbx.com/x")

    assert dialled == [("157.240.1.1", 443)]
    assert canary.asked == []


# --- addresses that people typed: any host of the open internet, and sockets that are real ---------------------------


class Listener:
    """Takes whoever connects to its address, notes the name they speak with, and hangs up."""

    def __init__(self, address, port=0):
        self.names, self._address = [], address
        self._socket = socket.create_server((address, port))
        self._socket.settimeout(20)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.sni_callback = lambda _line, name, _context: self.names.append(name)
        with suppress(OSError):
            while True:
                line, _address = self._socket.accept()
                heard = len(self.names)
                with line, suppress(OSError):
                    context.wrap_socket(line, server_side=True)  # there is no certificate: it ends with the name
                if len(self.names) == heard:
                    self.names.append(None)

    def heard(self):
        """Who came until now: we come last, and wait for our own name."""
        context = ssl.create_default_context()
        with socket.create_connection((self._address, self.port), 10) as line, suppress(OSError):
            context.wrap_socket(line, server_hostname="last.test")
        deadline = time.monotonic() + 10
        while "last.test" not in self.names and time.monotonic() < deadline:
            time.sleep(0.001)
        self.names.remove("last.test")
        return list(self.names)

    def end(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def inside(monkeypatch):
    """A listener on this machine at the port that is asked; names and numbers lead where they would lead.

    Nothing between the address and the socket is another's: names alone are, whose owner says that they are this machine.
    """
    listener = Listener("127.0.0.1")
    monkeypatch.setattr(outside, "HTTPS_PORT", listener.port)
    monkeypatch.setattr(outside, "look_up", resolve)
    yield listener
    listener.end()


def resolve(host):
    """A number, in every spelling that the system reads, is itself; whoever owns a name says that it is 127.0.0.1."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return {"127.0.0.1"}
    return {str(entry[4][0]) for entry in found}


def test_no_address_that_a_person_typed_reaches_the_inside(inside):
    not_refused = []
    for url in ATTACKS:
        try:
            fetch(url, hosts=None, seconds=2)
            not_refused.append(url)
        except MediaError as error:
            if error.reason != "address_refused":
                not_refused.append(url)

    assert not_refused == []
    assert inside.heard() == []


def test_every_check_away_the_same_addresses_do_reach_it(inside, monkeypatch):
    """So the listener above hears whoever comes, and what keeps them away are the checks."""
    monkeypatch.setattr(outside, "is_outside", lambda address: True)
    named = [url for url in ATTACKS if url.removeprefix("https://").removesuffix("/") in NAMES]
    spelled = [f"https://{one}/" for one in spellings("127.0.0.1")]

    for url in (*named, *spelled):
        with pytest.raises(MediaError):
            fetch(url, hosts=None, seconds=2)
    by_name = inside.heard()
    monkeypatch.setattr(outside, "NAME", re.compile(".+"))
    for url in spelled:
        with pytest.raises(MediaError):
            fetch(url, hosts=None, seconds=2)

    assert {"127.0.0.1.nip.io", "fbsbx.com.evil.test", "metadata.google.internal"} <= set(by_name)
    assert len(inside.heard()) - len(by_name) >= 8


def test_a_name_that_is_bound_anew_is_reached_where_it_was_checked_and_nowhere_else(inside, monkeypatch):
    """TTL 0: the first answer is the open internet (here 127.0.0.2, called so), every later one is the inside."""
    there = Listener("127.0.0.2", inside.port)
    answers = [{"127.0.0.2"}]
    real = socket.getaddrinfo

    def answer(host, *args, **options):
        if host == "rebinding.example.com":
            (address,) = answers.pop() if answers else {"127.0.0.1"}
            host = address
        return real(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(outside, "look_up", REAL_LOOK_UP)
    monkeypatch.setattr(outside, "is_outside", lambda address: address == "127.0.0.2")
    with pytest.raises(MediaError, match="unreachable"):
        fetch("https://rebinding.example.com/", hosts=None, seconds=2)
    with pytest.raises(MediaError, match="address_refused"):
        fetch("https://rebinding.example.com/", hosts=None, seconds=2)
    reached = there.heard()
    there.end()

    assert reached == ["rebinding.example.com"]
    assert inside.heard() == []


# --- TLS with the name, over the checked address ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of our own for lookaside.fbsbx.com, that this test alone believes."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("lookaside.fbsbx.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def tls_server(certificate, answer):
    """Speak TLS once on this machine: send the answer, or what it makes of the connection. Gives the port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    asked = []

    def serve():
        with listener:
            for _ in range(2):
                try:
                    raw, _address = listener.accept()
                    with context.wrap_socket(raw, server_side=True) as line:
                        asked.append(line.recv(65536))
                        line.sendall(answer)
                        line.unwrap()
                except OSError:
                    continue

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1], asked


@pytest.fixture
def led_to(monkeypatch, certificate):
    """Believe the certificate, and lead every connection to this port."""

    def lead(port):
        trust = ssl.create_default_context(cafile=certificate)
        connect = socket.create_connection
        monkeypatch.setattr(outside, "_tls", lambda: trust)
        monkeypatch.setattr(outside, "look_up", lambda host: {"157.240.1.1"})
        monkeypatch.setattr(
            outside.socket, "create_connection", lambda address, *rest: connect(("127.0.0.1", port), *rest)
        )

    return lead


def test_the_name_is_spoken_and_its_certificate_checked(certificate, led_to):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    with tls_server(certificate, answer) as (port, asked):
        led_to(port)

        assert fetch("https://lookaside.fbsbx.com/x?y=z") == b"hello"

    assert asked[0].startswith(b"GET /x?y=z HTTP/1.1\r\nHost: lookaside.fbsbx.com\r\n")
    assert b"Cookie" not in asked[0]


def test_a_certificate_of_another_name_is_refused(certificate, led_to):
    with tls_server(certificate, b"") as (port, asked):
        led_to(port)

        with pytest.raises(MediaError, match="SSLCertVerificationError"):
            fetch("https://scontent.cdninstagram.com/x")

    assert asked == []


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://evil.test/",
        "http://lookaside.fbsbx.com/",
        "//127.0.0.1/",
        "file:///etc/passwd",
        "https://[::1]/",
        "https://lookaside.fbsbx.com@127.0.0.1/",
    ],
)
def test_a_redirect_goes_through_the_same_door(certificate, led_to, location):
    answer = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with tls_server(certificate, answer) as (port, _asked):
        led_to(port)

        with pytest.raises(MediaError, match="address_refused"):
            fetch("https://lookaside.fbsbx.com/x")


@pytest.mark.parametrize("location", ["https://inner.example.com/", "https://127.0.0.1/", "http://127.0.0.1/"])
def test_nor_does_a_redirect_lead_inside_from_an_address_that_a_person_typed(
    certificate, led_to, location, monkeypatch
):
    answer = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with tls_server(certificate, answer) as (port, asked):
        led_to(port)
        known = {"lookaside.fbsbx.com": {"157.240.1.1"}}
        monkeypatch.setattr(outside, "look_up", lambda host: known.get(host, {"127.0.0.1"}))

        with pytest.raises(MediaError, match="address_refused"):
            fetch("https://lookaside.fbsbx.com/x", hosts=None)

    assert len(asked) == 1


# --- the demo's own host ---------------------------------------------------------------------------------------------


def fetch_demo(canary, path, **options):
    return fetch(canary.url + path, demo_origin=canary.url, **options)


def test_in_demo_mode_its_one_origin_is_open(canary):
    canary.put("/media/x", BODY)

    assert fetch_demo(canary, "/media/x") == BODY


LETTERS = "/راهنما/سایز\u200cها.jpg?رنگ=کرم&x=%20"
ENCODED = quote(LETTERS, safe="/?=&%")


def test_letters_behind_the_host_are_asked_for_as_a_browser_does(canary):
    canary.put(ENCODED, BODY)
    canary.put("/old", status=302, Location=LETTERS.encode().decode("latin-1"))  # bytes, as some servers send them

    assert fetch_demo(canary, LETTERS) == BODY
    assert fetch_demo(canary, "/old") == BODY
    assert {path for path, _headers in canary.asked} == {ENCODED, "/old"}


@pytest.mark.parametrize("host", ["فروشگاه.com", "۱۲۷.۰.۰.۱", "lookaside.fbsbx.com／", "lookaside.fbsbx.com\u2028"])
def test_letters_in_the_name_of_a_host_are_not(host, dialled):
    for allowed in (None, CDN, (host,)):
        with pytest.raises(MediaError, match="address_refused"):
            fetch(f"https://{host}/", hosts=allowed)

    assert dialled == []


@pytest.mark.parametrize("mark", ["\r\n", "\0", " ", "\\"])
def test_nor_is_what_no_address_holds(mark, canary):
    with pytest.raises(MediaError, match="address_refused"):
        fetch_demo(canary, f"/راهنما{mark}X")

    assert canary.asked == []


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("127.0.0.1", "localhost"),
        lambda url: url.replace("127.0.0.1", "127.1"),
        lambda url: url.replace("127.0.0.1", "0.0.0.0"),
        lambda url: url.replace("http://", "http://user@"),
        lambda url: url.replace("http://", "HTTP://X."),
        lambda url: url + "0",
        lambda url: url.rpartition(":")[0],
        lambda url: url.rpartition(":")[0] + ":6379",
        lambda url: url + "@evil.test",
        lambda url: url.replace("http", "https"),
    ],
)
def test_and_no_other_address_of_this_machine(canary, change):
    with pytest.raises(MediaError, match="address_refused"):
        fetch(change(canary.url) + "/x", demo_origin=canary.url)

    assert canary.asked == []


def test_without_demo_mode_not_even_that(canary):
    with pytest.raises(MediaError, match="address_refused"):
        fetch(canary.url + "/x")

    assert canary.asked == []


# --- sizes and times -------------------------------------------------------------------------------------------------


def test_a_redirect_is_followed_three_times_and_no_more(canary):
    canary.put("/end", b"here")
    for number in range(4):
        target = f"/{number - 1}" if number else "/end"
        canary.put(f"/{number}", status=302, Location=target)

    assert fetch_demo(canary, "/2") == b"here"
    with pytest.raises(MediaError, match="too_many_redirects"):
        fetch_demo(canary, "/3")


def test_a_file_that_says_it_is_too_large_is_not_read(canary):
    canary.put("/x", BODY)

    with pytest.raises(MediaError, match="too_large"):
        fetch_demo(canary, "/x", limit_bytes=len(BODY) - 1)


@pytest.mark.parametrize("length", [None, "10"])
def test_a_file_that_says_less_than_it_sends_is_cut_off(canary, length):
    def endless():
        while True:
            yield BODY

    canary.put(
        "/x", endless() if length is None else BODY * 20, Content_Length=length
    ) if length else canary.answers.update({"/x": (200, {}, endless())})
    into = io.BytesIO()

    if length is None:
        with pytest.raises(MediaError, match="too_large"):
            download(canary.url + "/x", into, Allowed((), canary.url), 10**6, 5)
    else:
        download(canary.url + "/x", into, Allowed((), canary.url), 10**6, 5)

    assert len(into.getvalue()) <= 10**6


@pytest.mark.parametrize("headers", [{"Content-Length": "1000"}, {}])
def test_a_server_that_drips_is_left(canary, headers):
    stop = threading.Event()

    def drip():
        while not stop.wait(0.02):
            yield b"x"

    canary.answers["/x"] = 200, headers, drip()
    begun = time.monotonic()

    with pytest.raises(MediaError, match="too_slow") as failed:
        fetch_demo(canary, "/x", seconds=0.15)

    stop.set()
    assert failed.value.may_pass
    assert time.monotonic() - begun < 4  # of five, or of no end


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\n"])
def test_a_server_that_never_comes_to_the_point_is_left(first):
    """No byte, or one header after the other: each in its time, and no end."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        line, _address = listener.accept()
        with line, listener:
            line.sendall(first)
            while first and not stop.wait(0.02):
                try:
                    line.sendall(b"X: y\r\n")
                except OSError:
                    return
            stop.wait(5)

    threading.Thread(target=serve, daemon=True).start()
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    begun = time.monotonic()

    with pytest.raises(MediaError, match="too_slow|unreachable"):
        fetch(origin + "/x", demo_origin=origin, seconds=0.15)

    stop.set()
    assert time.monotonic() - begun < 4  # of five, or of no end


def test_a_handshake_that_hangs_is_cut(led_to):
    listener = socket.create_server(("127.0.0.1", 0))
    led_to(listener.getsockname()[1])
    begun = time.monotonic()

    with listener, pytest.raises(MediaError, match="too_slow|unreachable"):
        fetch("https://lookaside.fbsbx.com/x", seconds=0.15)

    assert time.monotonic() - begun < 4  # of five, or of no end


def test_a_name_of_many_addresses_that_swallow_all_is_left(monkeypatch):
    asked = []

    def swallow(address, seconds):
        asked.append(seconds)
        time.sleep(min(seconds, 0.05))
        raise TimeoutError

    monkeypatch.setattr(outside, "look_up", lambda host: {f"157.240.1.{number}" for number in range(1, 61)})
    monkeypatch.setattr(outside.socket, "create_connection", swallow)
    outside._tls()  # read once, which takes its time

    with pytest.raises(MediaError, match="too_slow"):
        fetch("https://lookaside.fbsbx.com/x", seconds=0.15)

    assert 1 < len(asked) < 10
    assert max(asked) <= 0.15


def test_nor_is_a_word_said_on_a_line_that_came_too_late(monkeypatch, led_to):
    """The watch has found no line to cut by then, and looks once."""
    listener = socket.create_server(("127.0.0.1", 0))
    led_to(listener.getsockname()[1])
    connect = outside.socket.create_connection

    def late(*args):
        line = connect(*args)
        time.sleep(0.2)
        return line

    monkeypatch.setattr(outside.socket, "create_connection", late)

    with listener:
        with pytest.raises(MediaError, match="too_slow"):
            fetch("https://lookaside.fbsbx.com/x", seconds=0.1)

        with listener.accept()[0] as line:
            assert line.recv(1) == b""


def test_a_file_that_breaks_off_is_not_taken_for_whole(canary):
    canary.answers["/x"] = 200, {"Content-Length": "1000"}, b"only this"

    with pytest.raises(MediaError, match="unreachable") as failed:
        fetch_demo(canary, "/x")

    assert failed.value.may_pass


@pytest.mark.parametrize(
    ("status", "reason", "may_pass"),
    [(404, "gone", False), (403, "gone", False), (410, "gone", False), (204, "gone", False), (500, "unreachable", True),
     (503, "unreachable", True), (429, "unreachable", True), (408, "unreachable", True)],
)  # fmt: skip
def test_what_an_answer_means(canary, status, reason, may_pass):
    canary.put("/x", status=status)

    with pytest.raises(MediaError, match=reason) as failed:
        fetch_demo(canary, "/x")

    assert failed.value.may_pass is may_pass
