"""Tells whether Meta signed a body, and answers when Meta asks whether this address is ours."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

HEADER = "X-Hub-Signature-256"
PREFIX = "sha256="
# Meta sends a number. Letters are let through, for the test tools that send words; nothing that could be HTML is.
CHALLENGE = re.compile(r"[\w.-]{1,200}", re.ASCII)


def is_signed(body: bytes, headers: Mapping[str, str], secrets: Iterable[str]) -> bool:
    """Tell whether the body, byte for byte as it came, was signed with one of the secrets.

    Several, because an app with Instagram Login has two secrets and Meta's pages do not agree which of them signs.
    Without a secret nothing is ever accepted: an empty key is one that everybody knows.
    """
    given = _header(headers).encode("utf-8", "replace")
    # A list, not a generator: every secret is tried, so the time taken tells nothing about which one fits.
    fits = [hmac.compare_digest(signature(body, secret).encode(), given) for secret in secrets if secret.strip()]
    return any(fits)


def signature(body: bytes, secret: str) -> str:
    """Return the header's value with which Meta would post this body."""
    return PREFIX + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def answer_handshake(args: Mapping[str, str], verify_token: str) -> str | None:
    """Return the challenge of Meta's first GET if it knows our token; None for everybody else."""
    given = args.get("hub.verify_token", "").encode("utf-8", "replace")
    is_meta = bool(verify_token) and hmac.compare_digest(verify_token.encode(), given)
    challenge = args.get("hub.challenge", "")
    is_asked = args.get("hub.mode") == "subscribe" and CHALLENGE.fullmatch(challenge) is not None
    return challenge if is_meta and is_asked else None


def _header(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == HEADER.lower()), "")
