"""Passwords of operators: Argon2id, and the same work whether or not there is such a person."""

import re
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

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


def hash_password(password: str) -> str:
    """Return what is stored. Raises ValueError with a sentence for a password that is too short or too long."""
    if len(password) < MINIMUM_LENGTH:
        raise ValueError(f"A password needs at least {MINIMUM_LENGTH} characters; this one has {len(password)}.")
    if len(password) > MAXIMUM_LENGTH:
        raise ValueError(f"A password has at most {MAXIMUM_LENGTH} characters; this one has {len(password)}.")
    return _hasher.hash(_bytes(password))


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
    """Tell whether the password fits. None, for a person who does not exist, takes as long and never fits."""
    try:
        fits = _hasher.verify(password_hash or _nobody(), _bytes(password[:MAXIMUM_LENGTH]))
    except (VerificationError, InvalidHashError):
        return False
    return fits and password_hash is not None and len(password) <= MAXIMUM_LENGTH


def _bytes(password: str) -> bytes:
    """As UTF-8, also where a terminal's bytes were none: half a surrogate pair fits or does not, and breaks nothing."""
    return password.encode("utf-8", "surrogatepass")


def needs_new_hash(password_hash: str) -> bool:
    """Tell whether it was made with other parameters than today's: then log-in stores it anew."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")
