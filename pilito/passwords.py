"""Passwords of operators: Argon2id, as much work whether or not there is such a person, and none of it on the hub."""

import re
import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pilito.errors import Busy

if TYPE_CHECKING:
    from gevent.threadpool import ThreadPool

T = TypeVar("T")

MINIMUM_LENGTH = 12
# A limit on work, not on strength: nobody types a longer one, and hashing a megabyte would be a way to slow us down.
MAXIMUM_LENGTH = 1000

LEAST_GUESSES_LOG10 = 8  # below, an attacker who stole the hashes is through in hours
LOOKED_AT = 72  # characters; the work grows with the square, and nobody's first 72 are weak
# What the lists of guessed passwords do not have: our own name, and rows of a Persian keyboard.
EASY_WORDS = ("pilito", "instagram", "shop", "ضصثقفغعهخحجچ", "شسیبلاتنمکگ", "ظطزرذدپو")
LATIN_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")

# OWASP's second choice for Argon2id (19 MiB, 2 passes): 46 MiB and more would be felt when a shift logs in at once on
# the smallest machine.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Of one web process: how many hash at once, each with a core and 19 MiB, and how many may be in here, those that wait
# for their turn included. The last of them waits about a second on a small machine.
AT_ONCE = 2
MOST = 24
_turns = threading.BoundedSemaphore(MOST)


def hash_password(password: str) -> str:
    """Return what is stored. Raises ValueError with a sentence for a password that is too short or too long, and Busy.

    A web process waits here, without any lock or connection to the database that others could want.
    """
    if len(password) < MINIMUM_LENGTH:
        raise ValueError(f"A password needs at least {MINIMUM_LENGTH} characters; this one has {len(password)}.")
    if len(password) > MAXIMUM_LENGTH:
        raise ValueError(f"A password has at most {MAXIMUM_LENGTH} characters; this one has {len(password)}.")
    return _in_turn(_hasher.hash, _bytes(password))


def find_weakness(password: str, *about: str) -> str | None:
    """Return why this password must not be taken, as a slug (short_password, long_password, common_password), or None.

    `about` is what everybody knows of the person: e-mail, name. Guesses are counted as an attacker makes them: known
    passwords and words with their usual changes, rows of keys, repetitions, dates (zxcvbn).
    """
    if len(password) < MINIMUM_LENGTH:
        return "short_password"
    if len(password) > MAXIMUM_LENGTH:
        return "long_password"
    from zxcvbn import zxcvbn  # 13 MB, for whoever chooses a password

    known = [word for text in about for word in (text, *re.split(r"[\s@.]+", text)) if word]
    latin = password.translate(LATIN_DIGITS)[:LOOKED_AT]
    guesses = zxcvbn(latin, user_inputs=[*known, *EASY_WORDS], max_length=LOOKED_AT)["guesses_log10"]
    return "common_password" if guesses < LEAST_GUESSES_LOG10 else None


def check_password(password_hash: str | None, password: str) -> bool:
    """Tell whether the password fits. None, for a person who does not exist, takes as long and never fits.

    A web process waits here, as in `hash_password`. Raises Busy.
    """
    fits = _in_turn(_fits, password_hash, _bytes(password[:MAXIMUM_LENGTH]))
    return fits and password_hash is not None and len(password) <= MAXIMUM_LENGTH


def _fits(password_hash: str | None, given: bytes) -> bool:
    try:
        return _hasher.verify(password_hash or _nobody(), given)
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    """As UTF-8, also where a terminal's bytes were none: half a surrogate pair fits or does not, and breaks nothing."""
    return password.encode("utf-8", "surrogatepass")


def needs_new_hash(password_hash: str) -> bool:
    """Tell whether it was made with other parameters than today's: then log-in stores it anew."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


# --- beside what others ask for (docs/decisions/0059) -----------------------------------------------------------------


def _in_turn(work: Callable[..., T], *given: Any) -> T:
    """Do what takes a core some hundredths of a second. Raises Busy, at once, where too many have come for it."""
    if not _turns.acquire(blocking=False):
        raise Busy("many_log_ins", f"{MOST} passwords are being hashed, or wait for it.")
    try:
        return _off_the_hub(work, *given)
    finally:
        _turns.release()


def _off_the_hub(work: Callable[..., T], *given: Any) -> T:
    """In a thread where the process has greenlets: none of them would run meanwhile. Argon2 lets go of Python's lock.
    Workers and commands have threads and no greenlets: there it is done where it is asked for."""
    from gevent.monkey import is_module_patched

    if not is_module_patched("threading"):
        return work(*given)
    made: T = _threads().apply(work, given)
    return made


@cache
def _threads() -> "ThreadPool":
    """Of our own: gevent's look names up, and no file and no send shall wait for a log-in."""
    from gevent.threadpool import ThreadPool

    return ThreadPool(AT_ONCE)
