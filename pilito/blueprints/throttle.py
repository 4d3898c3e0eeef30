"""Tries at a door are counted per address, and per person at that address: in Redis, else by each process itself."""

import hashlib
import logging
import threading
import time
from collections import OrderedDict
from ipaddress import IPv6Address, IPv6Network, ip_address

from flask import current_app, request
from redis.exceptions import RedisError

from pilito.extensions import redis, settings

log = logging.getLogger(__name__)

# Failed tries per address and e-mail, and per address alone (one password against many people). Counted per address,
# so that nobody can lock a colleague out by failing in their name from elsewhere.
TRIES_PER_PERSON = 8
TRIES_PER_ADDRESS = 60
TRIES_SECONDS = 15 * 60
# Links to a new password that go to one person, whoever asks and from wherever.
MAILS_PER_PERSON = 3
MAILS_SECONDS = 60 * 60
# Some megabyte of a process, at most. Whoever would have their own count forgotten by filling it with others needs more
# tries for that, from more addresses, than they win by it.
OWN_COUNTS = 10_000


def caller_address() -> str:
    """Where the request comes from: X-Forwarded-For counts only as TRUSTED_PROXIES says."""
    return request.remote_addr or "unknown"


def may_try(person: str) -> bool:
    """Count this try before the password is looked at, so that tries side by side are counted too."""
    return _count({_address_key(): TRIES_PER_ADDRESS, _person_key(person): TRIES_PER_PERSON}, TRIES_SECONDS)


def take_back(person: str) -> None:
    """Count the try no more: it was refused as Busy, before anybody looked at its password. Else who comes again and
    again while many log in would be kept out for a quarter of an hour afterwards."""
    keys = (_address_key(), _person_key(person))
    try:
        with redis.pipeline() as pipe:
            for key in keys:
                pipe.incr(key, -1)
                pipe.expire(key, TRIES_SECONDS, nx=True)  # a count that ended meanwhile would stay for ever
            pipe.execute()
    except RedisError:
        for key in keys:
            _own_counts().take_back(key)


def may_be_mailed(person: str) -> bool:
    """Count a link to a new password for this person, or for nobody: both are refused alike."""
    return _count({f"pilito:login_tries:mail:{_digest(person)}": MAILS_PER_PERSON}, MAILS_SECONDS)


def forget_tries(person: str) -> None:
    """After a success; the count of the address stays, or one's own account would open the way to others'."""
    key = _person_key(person)
    _own_counts().forget(key)
    try:
        redis.delete(key)
    except RedisError as error:
        log.warning("Redis did not forget log-in tries (%s); they end by themselves.", error)


def _address_key() -> str:
    return f"pilito:login_tries:address:{_digest(_network())}"


def _person_key(person: str) -> str:
    return f"pilito:login_tries:person:{_digest(f'{person} {_network()}')}"


def _network() -> str:
    """What a caller cannot choose anew for each try: an IPv4 address; of an IPv6 one the first half, for everybody who
    has one has the whole of its /64."""
    try:
        address = ip_address(caller_address())
    except ValueError:
        return caller_address()
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((int(address) >> 64 << 64, 64)))


def _count(limits: dict[str, int], seconds: int) -> bool:
    """Count one more under each key, for `seconds` from the first; tell whether none is above its limit."""
    try:
        with redis.pipeline() as pipe:
            for key in limits:
                pipe.incr(key)
                pipe.expire(key, seconds, nx=True)
            counts = pipe.execute()[::2]
    except RedisError as error:
        log.warning("Redis does not count tries at a door (%s): each web process counts its own.", error)
        return _count_here(limits, seconds)
    return all(count <= limit for count, limit in zip(counts, limits.values(), strict=True))


def _digest(text: str) -> str:
    """E-mails are hashed: keys are seen by many eyes."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


# --- while Redis does not count ---------------------------------------------------------------------------------------


class OwnCounts:
    """What one process has counted, in its memory: never more than `most` keys, the oldest go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[float, int]] = OrderedDict()  # when it ends, and how many
        self._lock = threading.Lock()

    def add(self, key: str, seconds: float, now: float) -> int:
        """Count one more and return how many there are since the first, whose time is `seconds`."""
        with self._lock:
            ends_at, count = self._kept.get(key, (0.0, 0))
            if now >= ends_at:
                self._kept.pop(key, None)  # it begins anew, and is the youngest
                ends_at, count = now + seconds, 0
            self._kept[key] = (ends_at, count + 1)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return count + 1

    def take_back(self, key: str) -> None:
        """Count one less; its time stays as it is."""
        with self._lock:
            if key in self._kept:
                ends_at, count = self._kept[key]
                self._kept[key] = (ends_at, max(0, count - 1))

    def forget(self, key: str) -> None:
        with self._lock:
            self._kept.pop(key, None)

    def __len__(self) -> int:
        return len(self._kept)


def _count_here(limits: dict[str, int], seconds: int) -> bool:
    """Hold the try against this process's share of the limits, so that those of a machine together allow no more than
    Redis would. Whoever is refused for their address adds no further keys.

    Refusing everybody was considered: the panel is where one sees that Redis is away. So was a table, exact over many
    machines too: but a flood of tries, those refused by their number included, would be as many writes.
    """
    own, now = _own_counts(), time.monotonic()
    return all(own.add(key, seconds, now) <= _share(limit) for key, limit in limits.items())


def _share(limit: int) -> int:
    return max(1, limit // settings.web_processes)


def _own_counts() -> OwnCounts:
    counts: OwnCounts = current_app.extensions.setdefault("pilito_tries", OwnCounts(OWN_COUNTS))
    return counts
