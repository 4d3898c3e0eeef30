"""The owner's instructions as the model reads them: below the fixed rules, which they cannot lift.

They are believed more than a customer's words and less than the rules; the checks of a reply do not know them, but for
three things that an owner may decide: the languages, how long a reply may be, and what may be promised.
"""

from pilito.assistant.types import Fact, Instructions

LANGUAGES = {"fa": "Persian", "en": "English", "ar": "Arabic"}
TONES = {
    "friendly": "Speak warmly and informally, as a friend behind the counter does.",
    "formal": "Speak politely and formally, with full forms; in Persian say \u00ab\u0634\u0645\u0627\u00bb.",
    "plain": "Speak plainly and to the point, with no small talk.",
}
LENGTHS = {
    "one": "Answer in one sentence.",
    "short": "Answer in one to three sentences.",
    "long": "Answer in up to six short sentences where the question needs them.",
}
# The longest reply in characters that may leave, by the length that was chosen; one that is longer was not asked for.
LONGEST = {"one": 600, "short": 1200, "long": 2400}
DEFAULT_LENGTH = "short"


def text_of(instructions: Instructions) -> str:
    """Return the instructions as lines, without the promises: those are facts."""
    languages = " or ".join(LANGUAGES[name] for name in instructions.languages if name in LANGUAGES)
    lines = [
        instructions.role and f"Who you are: {instructions.role}",
        languages and f"Answer in {languages} only, in whatever language the customer writes.",
        TONES.get(instructions.tone, ""),
        LENGTHS.get(instructions.length, ""),
        instructions.greeting and f"How you greet, in your first reply of a conversation: {instructions.greeting}",
        *(f"Hand over to a person: {rule}" for rule in instructions.hand_over),
        instructions.own_words,
    ]
    return "\n".join(filter(None, lines))


def promise_facts(instructions: Instructions | None) -> tuple[Fact, ...]:
    """What the owner allows to be promised, as facts: the checks let through what a fact says, and nothing else."""
    if instructions is None:
        return ()
    reference = f"instructions:{instructions.version}"
    return tuple(Fact("promise", promise, reference) for promise in instructions.promises)


def longest_reply(instructions: Instructions | None) -> int:
    chosen = instructions.length if instructions else ""
    return LONGEST.get(chosen, LONGEST[DEFAULT_LENGTH])
