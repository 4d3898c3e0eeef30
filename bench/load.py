"""A load generator of one thread and raw sockets: about 30 µs a request, so that it leaves the cores to the system.

Everything that is sent is made before the clock starts, or so rarely that it does not matter.
"""

import re
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

HOST = "127.0.0.1"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
PATIENCE_SECONDS = 60.0
READ_BYTES = 65536


class Ack(NamedTuple):
    """An answer to one of our requests; times are of the monotonic clock, which all processes share."""

    tag: Any
    status: int
    sent_at: float
    at: float


class Accept(NamedTuple):
    """A reply that the fake provider accepted."""

    customer: str
    at: float


class _Connection:
    __slots__ = ("buffer", "sent_at", "socket", "tag")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.buffer = b""
        self.tag: Any = None
        self.sent_at = 0.0


class Client:
    """Posts to one port over kept connections, as many as are needed; hears of accepted replies on the way."""

    def __init__(self, port: int, stream_port: int | None = None) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._idle: list[_Connection] = []
        self._stream: socket.socket | None = None
        self._stream_rest = b""
        self.open = 0  # requests without an answer
        if stream_port is not None:
            self._listen(stream_port)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_error: object) -> None:
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def post(self, request: bytes, tag: Any = None) -> None:
        connection = self._idle.pop() if self._idle else self._connect()
        connection.tag = tag
        connection.sent_at = time.monotonic()
        connection.socket.sendall(request)
        self.open += 1

    def wait(self, seconds: float) -> Iterator[Ack | Accept]:
        """Yield what arrives; at most `seconds` of waiting for the first."""
        for key, _ in self._selector.select(max(seconds, 0.0)):
            if key.data is None:
                yield from self._accepts()
            elif ack := self._read(key.data):
                yield ack

    def _connect(self) -> _Connection:
        connection = _Connection(self._port)
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        return connection

    def _read(self, connection: _Connection) -> Ack | None:
        data = connection.socket.recv(READ_BYTES)
        if not data:
            return self._closed(connection)
        buffer = connection.buffer + data
        head, found, body = buffer.partition(b"\r\n\r\n")
        length = LENGTH.search(head) if found else None
        if not length or len(body) < int(length[1]):
            connection.buffer = buffer
            return None
        ack = Ack(connection.tag, int(head[9:12]), connection.sent_at, time.monotonic())
        connection.buffer = b""
        self._idle.append(connection)
        self.open -= 1
        return ack

    def _closed(self, connection: _Connection) -> None:
        """The server may end an idle connection, never one with a request on it."""
        if connection not in self._idle:
            raise ConnectionError("The server closed a connection before it answered.")
        self._idle.remove(connection)
        self._selector.unregister(connection.socket)
        connection.socket.close()

    def _listen(self, port: int) -> None:
        self._stream = socket.create_connection((HOST, port), timeout=10)
        self._stream.sendall(b"GET /accepted HTTP/1.1\r\nHost: bench\r\n\r\n")
        while not self._stream_rest.endswith(b"\r\n\r\n"):
            self._stream_rest += self._stream.recv(1)
        self._stream_rest = b""
        self._stream.setblocking(False)
        self._selector.register(self._stream, selectors.EVENT_READ, None)

    def _accepts(self) -> Iterator[Accept]:
        assert self._stream is not None
        data = self._stream.recv(READ_BYTES)
        if not data:
            raise ConnectionError("The fake provider is gone.")
        *lines, self._stream_rest = (self._stream_rest + data).split(b"\n")
        for line in lines:
            at, customer = line.split()
            yield Accept(customer.decode(), float(at))


@dataclass
class Load:
    """What a load brought about: `latencies` of what was answered 2xx, and the generator's own CPU time."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    @property
    def refused(self) -> int:
        return sum(count for status, count in self.statuses.items() if not _is_accepted(status))

    @property
    def said(self) -> str:
        return ", ".join(f"{count} × {status}" for status, count in self.statuses.items())


def _is_accepted(status: int) -> bool:
    return 200 <= status < 300


def drive(port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Post the requests, `connections` at once, each as soon as the one before it on its connection is answered."""
    load, waiting = Load(), iter(requests)
    with Client(port) as client:
        cpu, started = time.process_time(), time.monotonic()
        _post_some(client, waiting, connections)
        while client.open:
            for ack in client.wait(PATIENCE_SECONDS):
                assert isinstance(ack, Ack)
                if _is_accepted(ack.status):  # a refusal is quick, but nothing to be proud of
                    load.latencies.append(ack.at - ack.sent_at)
                load.statuses[ack.status] += 1
                _post_some(client, waiting, 1)
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise TimeoutError(f"{client.open} requests had no answer within {PATIENCE_SECONDS:g} s.")
        load.seconds, load.cpu_seconds = time.monotonic() - started, time.process_time() - cpu
    return load


def burst(port: int, requests: Sequence[bytes], per_second: float) -> Load:
    """Post so many a second, whether or not earlier ones are answered. A latency runs from when its request was due, so
    that a server that holds the generator up is not forgiven for it."""
    load, sent = Load(), 0
    with Client(port) as client:
        cpu, started = time.process_time(), time.monotonic()
        while sent < len(requests) or client.open:
            due = int((time.monotonic() - started) * per_second) + 1
            for number in range(sent, min(due, len(requests))):
                client.post(requests[number], started + number / per_second)
                sent = number + 1
            next_at = started + sent / per_second if sent < len(requests) else time.monotonic() + 1
            for ack in client.wait(next_at - time.monotonic()):
                assert isinstance(ack, Ack)
                if _is_accepted(ack.status):
                    load.latencies.append(ack.at - ack.tag)
                load.statuses[ack.status] += 1
            if time.monotonic() - started > len(requests) / per_second + PATIENCE_SECONDS:
                raise TimeoutError(f"{client.open} requests had no answer within {PATIENCE_SECONDS:g} s.")
        load.seconds, load.cpu_seconds = time.monotonic() - started, time.process_time() - cpu
    return load


def _post_some(client: Client, waiting: Iterator[bytes], count: int) -> None:
    for _, request in zip(range(count), waiting, strict=False):
        client.post(request)


@dataclass
class Talk(Load):
    """Questions that went the whole way: `latencies` run from the question's post to the reply's acceptance."""

    asked: int = 0
    answered: int = 0  # within the measured time
    unanswered: int = 0  # never, however long we waited


Post = tuple[float, bytes, str]  # seconds from the start, request, customer whose reply is awaited ("" for none)


def pace(port: int, stream_port: int, posts: Iterable[Post], make: Callable[[Any], bytes] | None = None) -> Talk:
    """Post each at its time, whether or not earlier ones are answered; then wait for the replies."""
    talk, asked_at = Talk(), dict[str, float]()
    coming = sorted(posts, key=lambda post: post[0])
    with Client(port, stream_port) as client:
        cpu, started = time.process_time(), time.monotonic()
        last = started + (coming[-1][0] if coming else 0.0)
        while coming or asked_at or client.open:
            now = time.monotonic()
            while coming and now >= started + coming[0][0]:
                _, request, customer = coming.pop(0)
                client.post(make(request) if make else request)
                if customer:
                    asked_at[customer] = time.monotonic()
                    talk.asked += 1
            if now > last + PATIENCE_SECONDS / 2:
                break
            _note(client.wait(_pause(started, coming)), talk, asked_at)
        talk.seconds, talk.cpu_seconds = time.monotonic() - started, time.process_time() - cpu
    talk.answered, talk.unanswered = len(talk.latencies), len(asked_at)
    return talk


def _pause(started: float, coming: Sequence[Post]) -> float:
    return min(1.0, started + coming[0][0] - time.monotonic()) if coming else 0.2


def _note(arrived: Iterable[Ack | Accept], talk: Talk, asked_at: dict[str, float]) -> list[str]:
    """Count what arrived; return the customers who got their reply."""
    got = []
    for one in arrived:
        if isinstance(one, Ack):
            talk.statuses[one.status] += 1
        elif one.customer in asked_at:
            talk.latencies.append(one.at - asked_at.pop(one.customer))
            got.append(one.customer)
    return got


class Crowd:
    """A closed loop: `outstanding` questions are always open; who gets a reply makes room for the next customer."""

    def __init__(self, client: Client, ask: Callable[[str], bytes], customers: Iterator[str], outstanding: int) -> None:
        self._client, self._ask, self._customers = client, ask, customers
        self._outstanding = outstanding
        self._asked_at: dict[str, float] = {}

    def warm_up(self, seconds: float) -> None:
        """Let imports and connections be made, then run for so long; raises when nobody is answered."""
        ends = time.monotonic() + PATIENCE_SECONDS / 2
        while not (talk := self.run(0.2)).answered:
            if time.monotonic() > ends:
                raise RuntimeError(f"No question was answered; webhooks: {talk.said}.")
        self.run(seconds)

    def run(self, seconds: float) -> Talk:
        """Keep asking for so long; replies to earlier questions count too, as in any steady flow."""
        talk = Talk()
        cpu, started = time.process_time(), time.monotonic()
        while (left := started + seconds - time.monotonic()) > 0:
            while len(self._asked_at) < self._outstanding:
                self._ask_next(talk)
            _note(self._client.wait(left), talk, self._asked_at)
        talk.seconds, talk.cpu_seconds = time.monotonic() - started, time.process_time() - cpu
        talk.answered = len(talk.latencies)
        return talk

    def drain(self, seconds: float = PATIENCE_SECONDS / 2) -> int:
        """Ask nothing more; return how many never got a reply."""
        talk, ends = Talk(), time.monotonic() + seconds
        while (self._asked_at or self._client.open) and time.monotonic() < ends:
            _note(self._client.wait(0.2), talk, self._asked_at)
        return len(self._asked_at)

    def _ask_next(self, talk: Talk) -> None:
        customer = next(self._customers)
        while customer in self._asked_at:
            customer = next(self._customers)
        self._client.post(self._ask(customer))
        self._asked_at[customer] = time.monotonic()
        talk.asked += 1
