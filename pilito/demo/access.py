"""Who may call the fake, and what may go wrong with it: its tokens, its permissions, its subscription.

A token says by itself when it was made and when it ends, so those of yesterday are good after a restart. What is
scripted (a revocation, a lost subscription) is in memory, as the faults are: it must not surprise after a restart.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from flask import request

from pilito.demo.store import now_ms

HOUR_MS = 3600 * 1000
SHORT_MS, LONG_MS = HOUR_MS, 60 * 24 * HOUR_MS
PAGE_TOKEN = "EAAdemo-page-token"  # noqa: S105  (opens nothing but the fake on this machine)
PAGE_ID = "1000000000000077"
APP_ID = "1000000000000001"
FIELDS = (
    "messages",
    "messaging_postbacks",
    "message_reactions",
    "messaging_seen",
    "messaging_referral",
    "message_edit",
    "messaging_handover",
    "message_echoes",
    "standby",
    "comments",
)
SCOPES = ("instagram_business_basic", "instagram_business_manage_messages")
KNOWN_SCOPES = (*SCOPES, "instagram_business_manage_comments")
EXPIRED, REVOKED, UNKNOWN = 463, 458, 0
SHAPES = ("list", "flat")


class TokenRefused(Exception):
    """The token opens nothing; `subcode` is Meta's, beside code 190."""

    def __init__(self, message: str, subcode: int = UNKNOWN) -> None:
        super().__init__(message)
        self.subcode = subcode


@dataclass(frozen=True)
class Script:
    """What goes otherwise than well."""

    expire_tokens: bool = False  # every token made until now has ended
    revoke: bool = False  # every token made until now was taken back by the account
    drop_subscription: bool = False  # nothing is posted until somebody subscribes again
    drop_fields: tuple[str, ...] = ()  # these fields alone are lost
    unknown_fields: tuple[str, ...] = ()  # names that a subscription may not use
    missing_scopes: tuple[str, ...] = ()  # the next log-ins do not allow these
    refuse_refresh: bool = False  # renewing a token fails, with the token still good
    answer: str = "list"  # form of the token's answer: list or flat
    scopes_as_list: bool = False  # permissions as a list, not as one text with commas
    hide_posts: bool = False  # the account shows no post of its own


class Access:
    """All methods may be called from any thread."""

    def __init__(self, token: str, secret: str) -> None:
        self._lock = threading.Lock()
        self._token, self.secret = token, secret
        self.restore()

    def restore(self) -> None:
        """Everything goes well again."""
        with self._lock:
            self.script = Script()
            self._ended: dict[str, int] = {}  # subcode by token
            self._ended_before_ms = 0
            self._subcode = UNKNOWN
            self._codes: dict[str, tuple[str, tuple[str, ...]]] = {}  # code -> its address, and what was asked for
            self.fields: tuple[str, ...] = FIELDS

    def change(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Take a script, on top of the one there is. Raises ValueError with what was expected."""
        script = replace(self.script, **{name: _value(name, value) for name, value in data.items()})
        with self._lock:
            self.script = script
            if script.expire_tokens or script.revoke:
                self._ended_before_ms = now_ms()
                self._subcode = EXPIRED if script.expire_tokens else REVOKED
            if script.drop_subscription:
                self.fields = ()
            self.fields = tuple(field for field in self.fields if field not in script.drop_fields)
            # Done once, not lasting: what was lost can be had again.
            self.script = replace(script, expire_tokens=False, revoke=False, drop_subscription=False, drop_fields=())
        return {**asdict(self.script), "subscribed_fields": list(self.fields)}

    # Tokens

    def make_token(self, life_ms: int) -> str:
        said = f"IGdemo-{now_ms()}-{now_ms() + life_ms}-{secrets.token_hex(6)}"
        return f"{said}-{self._sign(said)}"

    def check(self, token: str) -> None:
        """Raises TokenRefused for a token that opens nothing."""
        made_ms, ends_ms = self._times(token)
        # A token without a time (the demo's own, the Page's) was there before everything.
        if made_ms <= self._ended_before_ms:
            said = "Session has expired" if self._subcode == EXPIRED else "The user has not authorized application"
            raise TokenRefused(f"Error validating access token: {said}.", self._subcode)
        if ends_ms is not None and ends_ms <= now_ms():
            raise TokenRefused("Error validating access token: Session has expired.", EXPIRED)

    def is_page_call(self) -> bool:
        """Whether the call at hand carries the Page's token."""
        bearer = request.headers.get("Authorization", "").partition(" ")[2] or request.args.get("access_token", "")
        return bearer == PAGE_TOKEN

    def _times(self, token: str) -> tuple[int, int | None]:
        if any(hmac.compare_digest(token.encode(), known.encode()) for known in (self._token, PAGE_TOKEN)):
            return 1, None
        said, _, signature = token.rpartition("-")
        if not hmac.compare_digest(signature.encode(), self._sign(said).encode()):
            raise TokenRefused("Invalid OAuth access token - Cannot parse access token")
        _, made_ms, ends_ms, _ = said.split("-")
        return int(made_ms), int(ends_ms)

    def _sign(self, said: str) -> str:
        return hmac.new(self.secret.encode(), said.encode(), hashlib.sha256).hexdigest()[:32]

    # Log-ins

    def make_code(self, redirect_uri: str, scopes: tuple[str, ...] = SCOPES) -> str:
        code = f"demo{secrets.token_hex(16)}"
        with self._lock:
            self._codes[code] = redirect_uri, scopes
        return code

    def use_code(self, code: str) -> tuple[str, tuple[str, ...]] | None:
        """Return the address the code was made for and what it allows, once."""
        with self._lock:
            return self._codes.pop(code, None)

    # Subscription

    def is_subscribed(self, field: str) -> bool:
        return field in self.fields

    def subscribe(self, fields: tuple[str, ...]) -> tuple[str, ...]:
        """Post these fields from now on; return the names that are none."""
        unknown = tuple(field for field in fields if field not in FIELDS or field in self.script.unknown_fields)
        if not unknown:
            self.fields = fields
        return unknown


def _value(name: str, value: Any) -> Any:
    plain = asdict(Script())
    if name not in plain:
        raise ValueError(f"expected {', '.join(plain)}, but found {name}")
    if isinstance(plain[name], tuple) and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if type(value) is not type(plain[name]) or (name == "answer" and value not in SHAPES):
        raise ValueError(f"{name}: {value!r} is none of its values")
    return value
