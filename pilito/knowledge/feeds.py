"""What the feeds of shops have in common: polite calls, JSON, and the choices of a variant."""

import base64
import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from pilito.clock import Clock, utc_now
from pilito.errors import SourceError
from pilito.knowledge import door
from pilito.knowledge.drafts import CHOICE_LENGTH, OTHER_LENGTH, VariantDraft, clean_line, or_none
from pilito.money import LARGEST, decimals_of
from pilito.outside import Answer

log = logging.getLogger(__name__)

PRODUCTS = 20_000
PAGE_BYTES = 20 * 1024 * 1024
TRIES = 4
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0

SIZES = {"size", "sizes", "سایز", "اندازه", "قواره", "المقاس", "مقاس", "القیاس", "beden", "taille"}
COLOURS = {"color", "colour", "colors", "colours", "رنگ", "رنگ بندی", "اللون", "لون", "renk", "couleur"}
# Currencies as shop software calls them, where that is not ours: (code, factor).
OTHER_NAMES = {"IRHT": ("IRT", 1000), "IRHR": ("IRR", 1000), "TOMAN": ("IRT", 1), "RIAL": ("IRR", 1)}

Json = dict[str, Any]


@dataclass(frozen=True)
class Shop:
    """A shop with its keys. `currency`: what prices are in where the feed does not say."""

    address: str
    key: str
    secret: str = ""
    currency: str | None = None


@dataclass(frozen=True)
class Caller:
    """Calls a shop; `keep` is called before each, and raises where somebody else reads the source by now."""

    keep: Callable[[], None] = lambda: None
    pause: Callable[[float], None] = time.sleep
    clock: Clock = utc_now

    def get_json(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        hosts: tuple[str, ...] | None = None,
    ) -> tuple[Any, Mapping[str, str]]:
        """Return the JSON of an answer with its headers; waits and repeats where the shop is busy.

        Raises SourceError: `key_refused`, `not_found`, `shop_moved`, `shop_busy`, `not_a_shop`, and those of the door.
        """
        for attempt in range(1, TRIES + 1):
            self.keep()
            try:
                answer = door.ask(url, PAGE_BYTES, headers, body, follows=False, hosts=hosts)
            except SourceError as error:
                if not error.may_pass or attempt == TRIES:
                    raise
                self.pause(PAUSE_SECONDS * 2**attempt)
                continue
            if answer.status == 429 or answer.status >= 500:
                if attempt < TRIES:
                    self.pause(_pause(answer.headers.get("retry-after", ""), attempt))
                continue
            return _json(answer), answer.headers
        raise SourceError("shop_busy", f"HTTP {answer.status}", may_pass=True)


def _pause(retry_after: str, attempt: int) -> float:
    asked = float(retry_after) if re.fullmatch(r"\d{1,4}", retry_after) else 0.0
    return min(max(asked, PAUSE_SECONDS * 2**attempt), LONGEST_PAUSE_SECONDS)


def _json(answer: Answer) -> Any:
    if answer.status in (301, 302, 303, 307, 308):
        raise SourceError("shop_moved", clean_line(urlsplit(answer.headers.get("location", "")).hostname, 100))
    if answer.status in (401, 403):
        raise SourceError("key_refused", _said(answer))
    if answer.status == 404:
        raise SourceError("not_found", _said(answer))
    if answer.status != 200:
        raise SourceError("not_a_shop", f"HTTP {answer.status} {_said(answer)}")
    try:
        return json.loads(answer.body.lstrip(b"\xef\xbb\xbf"))  # some plugins of WordPress put a mark before it
    except (ValueError, RecursionError):
        raise SourceError("not_a_shop", "The answer is no JSON.") from None


def _said(answer: Answer) -> str:
    """What the shop itself says is wrong."""
    try:
        said = json.loads(answer.body)
        found = said.get("message") or said.get("errors") if isinstance(said, dict) else ""
    except (ValueError, RecursionError):
        found = ""
    return clean_line(found, 200)


def origin_of(address: str) -> str:
    """The address of a shop as people type it: without a scheme, with a path to somewhere. Raises SourceError."""
    typed = clean_line(address, 500)
    parts = urlsplit(typed if "://" in typed else f"https://{typed}")
    if parts.scheme not in ("http", "https") or "." not in (parts.hostname or "") or "@" in parts.netloc:
        raise SourceError("address_refused", "Expected the address of a shop.")
    path = re.sub(r"/(wp-json|wp-admin|shop|admin|index\.php)(/.*)?$", "", parts.path.rstrip("/"))
    return f"{parts.scheme}://{parts.netloc}{path}"


def basic(key: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def currency_of(name: object) -> tuple[str, int] | None:
    """Return our code of a currency with the factor of its prices."""
    code = clean_line(name, 10).upper()
    if code in OTHER_NAMES:
        return OTHER_NAMES[code]
    return (code, 1) if re.fullmatch(r"[A-Z]{3}", code) else None


def units_of(text: object, currency: tuple[str, int]) -> int | None:
    """A price of a feed in whole units; None where there is none, for which shops write 0 too. What is finer than the
    currency is rounded."""
    try:
        value = Decimal(str(text)) * currency[1]
        amount = value.scaleb(decimals_of(currency[0])).quantize(Decimal(1), ROUND_HALF_UP)
    except (InvalidOperation, ValueError):
        return None
    return int(amount) if amount.is_finite() and 0 < amount < LARGEST else None


def choose(variant: VariantDraft, options: Sequence[tuple[str, str]]) -> VariantDraft:
    """Sort what tells a variant apart into size, colour and the rest."""
    sizes, colours, others = [], [], []
    for name, value in options:
        plain = clean_line(name, 100).replace("\u200c", " ").replace("ي", "ی").replace("ك", "ک").lower()
        plain = plain.removeprefix("pa_").replace("-", " ").replace("_", " ").strip()
        said = clean_line(value, CHOICE_LENGTH)
        if not said or (plain, said) == ("title", "Default Title"):
            continue
        if plain in SIZES:
            sizes.append(said)
        elif plain in COLOURS:
            colours.append(said)
        else:
            others.append(f"{clean_line(name, 60)}: {said}")
    return replace(
        variant,
        size=or_none(clean_line("، ".join(sizes), CHOICE_LENGTH)),
        colour=or_none(clean_line("، ".join(colours), CHOICE_LENGTH)),
        other=or_none(clean_line("، ".join(others), OTHER_LENGTH)),
    )
