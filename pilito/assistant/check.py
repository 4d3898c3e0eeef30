"""The checks that a reply passes before it is sent: code, not a model.

A check takes a draft and tells what is wrong with it: a slug, with what was found behind a colon where that helps a
person to see it (`number: 1950000 toman`); empty when nothing is. Another check is another function in `CHECKS`.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from urllib.parse import urlsplit

from pilito.assistant.grounding import Claims, Ground, claims_of
from pilito.assistant.instructions import longest_reply
from pilito.assistant.lexicon import vocabulary_of, words_in
from pilito.assistant.orders import speaks_to_the_assistant
from pilito.assistant.promises import find_bargain, find_promise
from pilito.assistant.prompt import rules_text
from pilito.assistant.terms import find_turned
from pilito.assistant.types import Fact, Footing, TurnInput
from pilito.assistant.wording import find_strange_signs, find_strange_words

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
ADDRESS = re.compile(r"[@/]|\w\.\w")  # a link or a handle, whose letters are of no language
LONGEST_REPLY = 4000  # characters; in a longer one nothing else is looked for
MOST_SHOWN = 8  # of the words that nobody said
RUN = 8  # words in a row that nobody writes by chance
# What people of the shop typed into Pilito itself, always; of other sources a fact says so (`is_typed`).
TYPED_HERE = ("faq", "promise")
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
    """Long ones are split into many messages; the owner says how long a reply may be."""
    return "too_long" if len(draft.text) > longest_reply(draft.turn.instructions) else ""


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
    facts = _carriers(draft.turn)
    found = _ground(draft.turn).footing(draft.text)
    return tuple(
        Footing(kind, claim) if number is None else Footing(kind, claim, facts[number].source, facts[number].reference)
        for kind, claim, number in found
    )


def _ground(turn: TurnInput) -> Ground:
    return Ground(
        facts=tuple(_claims(fact) for fact in _carriers(turn)),
        question=claims_of(PICTURE.sub(" ", "\n".join(turn.questions))),
    )


@lru_cache(maxsize=64)
def _claims(fact: Fact) -> Claims:
    """Read once for the checks of a turn, its second try and its proof."""
    return claims_of(fact.text, fact.is_ours, _home(fact))


def _carriers(turn: TurnInput) -> list[Fact]:
    """What a reply may rest on: the shop's facts that do not speak to the assistant, and its name."""
    ours = [fact for fact in turn.facts if not fact.is_of_others]
    facts = [fact for fact in ours if fact.source in TYPED_HERE or fact.is_typed or not _is_order(fact.text)]
    return [*facts, Fact("shop", turn.shop_name)]


@lru_cache(maxsize=64)
def _is_order(text: str) -> bool:
    return speaks_to_the_assistant(text)


def _home(fact: Fact) -> str:
    """The site that a page was read from, which is its last line: what it links to elsewhere is not the shop's."""
    last = fact.text.strip().rpartition("\n")[2]
    is_address = fact.source == "page" and re.match(r"https?://\S+$", last)
    return urlsplit(last).netloc.lower().removeprefix("www.") if is_address else ""


def promises_nothing(draft: Draft) -> str:
    """Handing over is all the assistant can do: whoever reads that somebody will call, waits."""
    ours = tuple(fact.text for fact in _carriers(draft.turn) if fact.is_ours)
    promise = find_promise(draft.text, ours)
    return f"promise: {promise}" if promise else ""


def gives_nothing_away(draft: Draft) -> str:
    """Free, cheaper, a gift: a price without digits, which must stand in a fact as any other."""
    asked = "\n".join(map(_own_words, draft.turn.questions))
    bargain = find_bargain(draft.text, tuple(fact.text for fact in _carriers(draft.turn)), asked)
    return f"bargain: {bargain}" if bargain else ""


def says_it_in_known_words(draft: Draft) -> str:
    """Each word must be carried by a fact of this turn or be harmless: what no other check knows is found here.

    A shop may let words alone be; signs, and what is said of terms, are held all the same.
    """
    if len(draft.text) > LONGEST_REPLY:
        return ""
    own = draft.turn.instructions
    known = vocabulary_of((*(fact.text for fact in _carriers(draft.turn)), *([own.greeting] if own else [])))
    asked = frozenset(word for question in draft.turn.questions for word in words_in(_own_words(question)))
    said = claims_of(draft.text.replace("’", "'"))
    strange = list(find_strange_signs(draft.text, said, known))
    if draft.turn.holds_every_word:
        strange += find_strange_words(said, known, asked)
    found = list(dict.fromkeys([*strange, *find_turned(draft.text, known, asked)]))
    return f"words: {', '.join(found[:MOST_SHOWN])}" if found else ""


def _own_words(question: str) -> str:
    """What the customer wrote: without the post and the picture. Of one question at a time: up to its last end, for a
    caption may say that it ends there."""
    return PICTURE.sub(" ", CONTEXT.sub(" ", question))


def keeps_the_rules_inside(draft: Draft) -> str:
    """A reply that repeats the prompt's rules was made for somebody who wanted to see them."""
    words = re.findall(r"\w+", draft.text.lower())
    runs = (tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1))
    return "rules_leaked" if any(run in _rule_runs() for run in runs) else ""


@cache
def _rule_runs() -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", rules_text().lower())
    return frozenset(tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1))


def speaks_the_customers_script(draft: Draft) -> str:
    """A question in Persian or Arabic letters is not answered in Latin ones, nor an English one in Persian.

    Latin letters alone say nothing: many write Persian in them.
    """
    own = draft.turn.instructions
    if own and own.languages:
        return "" if _is_in(own.languages, draft.text) else "language"
    question = _own_words(draft.turn.questions[-1])
    asked, said = _arabic_share(question), _arabic_share(draft.text)
    is_other = (asked > MOSTLY and said < 1 - MOSTLY) or (_is_english(question) and said > MOSTLY)
    return "language" if is_other else ""


def _is_in(languages: tuple[str, ...], text: str) -> bool:
    """Whether a text is in one of the owner's languages, as far as letters tell."""
    share = _arabic_share(text)
    return (share > 1 - MOSTLY and bool({"fa", "ar"} & set(languages))) or (share < MOSTLY and "en" in languages)


def _is_english(text: str) -> bool:
    """Whether half of the words or more are such as no English sentence goes without; Finglish has none of them."""
    words = re.findall(r"[a-z']+", text.lower())
    known = sum(bool(ENGLISH.fullmatch(word)) for word in words)
    return known >= 2 and 2 * known >= len(words) and _arabic_share(text) == 0


def _arabic_share(text: str) -> float:
    """How much of the letters is Persian or Arabic; a half where there are hardly any."""
    letters = [char for word in text.split() if not ADDRESS.search(word) for char in word if char.isalpha()]
    if len(letters) < FEW_LETTERS:
        return 0.5
    return sum("\u0600" <= char <= "\u06ff" for char in letters) / len(letters)


CHECKS: tuple[Check, ...] = (
    has_words,
    has_a_fit_length,
    keeps_the_fence_inside,
    is_free_of_debris,
    is_sendable,
    says_only_what_facts_say,
    promises_nothing,
    gives_nothing_away,
    keeps_the_rules_inside,
    speaks_the_customers_script,
)
# Asked only where the others found nothing: it would name once more, word by word, what they have a name for.
LAST = says_it_in_known_words
CHECK_NAMES = tuple(check.__name__ for check in (*CHECKS, LAST))
# Every slug a finding begins with; "unreadable" is said of an answer that was none.
KINDS = frozenset(
    (
        *("number", "contact", "date", "day", "link", "handle", "code", "promise", "bargain", "words", "language"),
        *("empty", "too_long", "fence_leaked", "rules_leaked", "debris", "unsendable_characters", "unreadable"),
    )
)


def find_faults(draft: Draft) -> list[str]:
    """Return what each check found that the draft does not pass."""
    found = [finding for check in CHECKS if (finding := check(draft))]
    return found or [finding for finding in [LAST(draft)] if finding]


def kinds_of(finding: str) -> str:
    """What kinds of things were found, in the order of the finding, without what they were found in.

    A finding quotes the draft, which may quote the customer: it goes where the customer's words go, and no further.
    Only slugs of ours are kept, so nothing of a claim that itself has semicolons and colons is.
    """
    slugs = (part.partition(":")[0].strip() for part in finding.split(";"))
    return ", ".join(dict.fromkeys(slug for slug in slugs if slug in KINDS))
