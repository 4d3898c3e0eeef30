"""Passwords of operators: Argon2id, and the same work whether or not there is such a person."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MINIMUM_LENGTH = 12
# A limit on work, not on strength: nobody types a longer one, and hashing a megabyte would be a way to slow us down.
MAXIMUM_LENGTH = 1000

# OWASP's second choice for Argon2id (19 MiB, 2 passes): 46 MiB and more would be felt when a shift logs in at once on
# the smallest machine.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """Return what is stored. Raises ValueError with a sentence for a password that is too short or too long."""
    if len(password) < MINIMUM_LENGTH:
        raise ValueError(f"A password needs at least {MINIMUM_LENGTH} characters; this one has {len(password)}.")
    if len(password) > MAXIMUM_LENGTH:
        raise ValueError(f"A password has at most {MAXIMUM_LENGTH} characters; this one has {len(password)}.")
    return _hasher.hash(password)


def check_password(password_hash: str | None, password: str) -> bool:
    """Tell whether the password fits. None, for a person who does not exist, takes as long and never fits."""
    try:
        fits = _hasher.verify(password_hash or _nobody(), password[:MAXIMUM_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return fits and password_hash is not None and len(password) <= MAXIMUM_LENGTH


def needs_new_hash(password_hash: str) -> bool:
    """Tell whether it was made with other parameters than today's: then log-in stores it anew."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")
