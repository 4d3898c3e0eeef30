"""The checks that a reply passes before it is sent: code, not a model.

A check takes a draft and tells what is wrong with it as a slug, or an empty string. Another one is another function in
`CHECKS`; the turn is at hand, so a check may compare the reply with its facts.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from pilito.assistant.types import TurnInput

LONGEST_REPLY = 4000  # characters; more is never an answer to a customer, and some channels refuse it
DEBRIS = re.compile(r'^\s*\{|```|"(reply|hand_over)"|</?think>|\[/?CONTEXT', re.IGNORECASE)


@dataclass(frozen=True)
class Draft:
    """A reply that was not sent yet, with all that it can be held against."""

    text: str
    turn: TurnInput
    fence: str  # the token of its prompt


Check = Callable[[Draft], str]


def has_words(draft: Draft) -> str:
    """A text of spaces and joiners alone looks empty to the customer."""
    seen = any(char.isprintable() and not char.isspace() for char in draft.text)
    return "" if seen else "empty"


def has_a_fit_length(draft: Draft) -> str:
    return "too_long" if len(draft.text) > LONGEST_REPLY else ""


def keeps_the_fence_inside(draft: Draft) -> str:
    leaked = draft.fence in draft.text or "<<<" in draft.text
    return "fence_leaked" if leaked else ""


def is_free_of_debris(draft: Draft) -> str:
    """Marks of the answer's or the question's form mean that the answer was broken off or badly made."""
    return "debris" if DEBRIS.search(draft.text) else ""


def is_sendable(draft: Draft) -> str:
    """Control characters and half surrogate pairs are refused by databases and providers."""
    broken = any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\r\t" for char in draft.text)
    return "unsendable_characters" if broken else ""


CHECKS: tuple[Check, ...] = (
    has_words,
    has_a_fit_length,
    keeps_the_fence_inside,
    is_free_of_debris,
    is_sendable,
)
CHECK_NAMES = tuple(check.__name__ for check in CHECKS)


def find_faults(draft: Draft) -> list[str]:
    """Return a slug for each check that the draft does not pass."""
    return [finding for check in CHECKS if (finding := check(draft))]
