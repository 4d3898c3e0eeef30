"""The checks that a reply passes before it is sent: code, not a model.

A check takes a draft and tells what is wrong with it: a slug, with what was found behind a colon where that helps a
person to see it (`number: 1950000 toman`); empty when nothing is. Another check is another function in `CHECKS`.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from pilito.assistant.grounding import Ground, claims_of
from pilito.assistant.promises import find_promise
from pilito.assistant.types import Fact, Footing, TurnInput

CONTEXT = re.compile(r"\[CONTEXT:.*\[/CONTEXT\]", re.DOTALL)
# What a program said of a picture: neither a fact nor the customer's words.
PICTURE = re.compile(r"\[PICTURE:.*?\[/PICTURE\]", re.DOTALL)
MOSTLY = 0.7
FEW_LETTERS = 4
ENGLISH = re.compile(
    r"(?:an?|and|any|are|at|available|buy|can|could|cost|delivery|did|do|does|dress|for|from|get|have|hello|hi|how|i|in"
    r"|is|it|long|many|me|much|my|of|on|or|order|out|please|price|send|ship|shipping|shirt|sizes?|so|some|thanks?|that"
    r"|the|there|they|this|to|us|want|was|we|what|when|where|which|will|with|would|you|your)"
)
LONGEST_REPLY = 4000  # characters; more is never an answer to a customer, and some channels refuse it
DEBRIS = re.compile(
    r'^\s*\{|```|"(reply|hand_over|facts_used|asks_which)"|</?think>|\[/?(?:CONTEXT|PICTURE)', re.IGNORECASE
)


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


def says_only_what_facts_say(draft: Draft) -> str:
    """Each price, number, date, phone, link, handle and code must stand in a fact of this turn."""
    if len(draft.text) > LONGEST_REPLY:
        return ""  # `has_a_fit_length` stops it; what else it holds is not worth the time
    return "; ".join(f"{kind}: {claim}" for kind, claim in _ground(draft.turn).lacks(draft.text))


def footing(draft: Draft) -> tuple[Footing, ...]:
    """What each number, date, link, … of a draft rests on, for the reply's proof."""
    if len(draft.text) > LONGEST_REPLY:
        return ()
    facts = [*draft.turn.facts, Fact("shop", draft.turn.shop_name)]
    found = _ground(draft.turn).footing(draft.text)
    return tuple(
        Footing(kind, claim) if number is None else Footing(kind, claim, facts[number].source, facts[number].reference)
        for kind, claim, number in found
    )


def _ground(turn: TurnInput) -> Ground:
    return Ground(
        facts=tuple(claims_of(text) for text in (*(fact.text for fact in turn.facts), turn.shop_name)),
        question=claims_of(PICTURE.sub(" ", "\n".join(turn.questions))),
    )


def promises_nothing(draft: Draft) -> str:
    """Handing over is all the assistant can do: whoever reads that somebody will call, waits."""
    promise = find_promise(draft.text, tuple(fact.text for fact in draft.turn.facts))
    return f"promise: {promise}" if promise else ""


def speaks_the_customers_script(draft: Draft) -> str:
    """A question in Persian or Arabic letters is not answered in Latin ones, nor an English one in Persian.

    Latin letters alone say nothing: many write Persian in them.
    """
    question = PICTURE.sub("", CONTEXT.sub("", draft.turn.questions[-1]))
    asked, said = _arabic_share(question), _arabic_share(draft.text)
    is_other = (asked > MOSTLY and said < 1 - MOSTLY) or (_is_english(question) and said > MOSTLY)
    return "language" if is_other else ""


def _is_english(text: str) -> bool:
    """Whether half of the words or more are such as no English sentence goes without; Finglish has none of them."""
    words = re.findall(r"[a-z']+", text.lower())
    known = sum(bool(ENGLISH.fullmatch(word)) for word in words)
    return known >= 2 and 2 * known >= len(words) and _arabic_share(text) == 0


def _arabic_share(text: str) -> float:
    """How much of the letters is Persian or Arabic; a half where there are hardly any."""
    letters = [char for word in text.split() if not _is_address(word) for char in word if char.isalpha()]
    if len(letters) < FEW_LETTERS:
        return 0.5
    return sum("\u0600" <= char <= "\u06ff" for char in letters) / len(letters)


def _is_address(word: str) -> bool:
    """A link or a handle, whose letters are of no language."""
    return "@" in word or "/" in word or "." in word.strip(".")


CHECKS: tuple[Check, ...] = (
    has_words,
    has_a_fit_length,
    keeps_the_fence_inside,
    is_free_of_debris,
    is_sendable,
    says_only_what_facts_say,
    promises_nothing,
    speaks_the_customers_script,
)
CHECK_NAMES = tuple(check.__name__ for check in CHECKS)


def find_faults(draft: Draft) -> list[str]:
    """Return what each check found that the draft does not pass."""
    return [finding for check in CHECKS if (finding := check(draft))]
