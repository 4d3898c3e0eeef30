"""Reading what the model said: the JSON object it was asked for, or what models make of that wish."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pilito.lifecycle import HandOverReason

# An answer is a few hundred characters. In a longer text nothing is searched: the model would decide how long it takes.
LONGEST_ANSWER = 10_000
MOST_FACTS = 50
# What a model may give as a reason; anything else means that it does not know.
REASONS = {
    reason.value: reason
    for reason in (
        HandOverReason.NOT_KNOWN,
        HandOverReason.ASKED_FOR_PERSON,
        HandOverReason.COMPLAINT,
        HandOverReason.REFUND,
        HandOverReason.HEALTH,
        HandOverReason.LAW,
        HandOverReason.REPEATED_MISUNDERSTANDING,
    )
}
YES = {"true", "yes", "1"}
# What servers that can hold a model to a form are given. All is required: that is how their strict mode wants it.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "reply": {"type": "string"},
        "facts_used": {"type": "array", "items": {"type": "integer"}},
        "asks_which": {"type": "boolean"},
        "hand_over": {"type": "boolean"},
        "reason": {"type": "string", "enum": ["", *REASONS]},
    },
    "required": ["reply", "facts_used", "asks_which", "hand_over", "reason"],
    "additionalProperties": False,
}
# strict=False: line breaks inside strings, which many models write, are let through.
DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True)
class Answer:
    """What the model wants: a reply, or a hand-over where `hand_over` holds its reason."""

    reply: str = ""
    hand_over: HandOverReason | None = None
    facts_used: tuple[int, ...] = ()  # numbers of blocks of the prompt, as the model gave them
    asks_which: bool = False


def read_answer(text: str) -> Answer | None:
    """Return the model's answer, or None when it is too long or in a form of its own.

    Takes the JSON object, the object in a code fence or between other words, and a plain text, which is then the reply.
    Whether the reply is fit to be sent is not asked here (check.py).
    """
    text = _without_thoughts(text).strip()
    if len(text) > LONGEST_ANSWER:
        return None
    objects = list(_objects(text))
    return _from_objects(objects) if objects else Answer(text)


def _without_thoughts(text: str) -> str:
    """Some models think aloud before they answer; nothing is left of one that never came to its answer."""
    return text.rpartition("</think>")[2].partition("<think>")[0]


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects that stand in a text, outermost only."""
    position = text.find("{")
    while position >= 0:
        value, position = _decoded(text, position)
        if isinstance(value, dict):
            yield value
        position = text.find("{", position)


def _decoded(text: str, position: int) -> tuple[Any, int]:
    """Return the JSON value at a position and where it ends; None and the next position when there is none."""
    try:
        return DECODER.raw_decode(text, position)
    except (ValueError, RecursionError):
        return None, position + 1


def _from_objects(objects: list[dict[str, Any]]) -> Answer | None:
    """Return the answer among some objects; None when all are something else.

    Of several the one that hands over: a person can still answer, but nobody can take a reply back. Else the last: a
    model that drafts aloud ends with its result.
    """
    answers = [answer for value in objects if (answer := _answer(value))]
    hand_overs = [answer for answer in answers if answer.hand_over]
    return next(reversed(hand_overs or answers), None)


def _answer(value: dict[str, Any]) -> Answer | None:
    """Return the answer in an object, or None when it is some other object."""
    if reason := _wanted_hand_over(value):
        return Answer(hand_over=reason)
    reply = _text(value.get("reply"))
    if reply is None:
        return None
    return Answer(reply, None, _numbers(value.get("facts_used")), _means_yes(value.get("asks_which")))


def _wanted_hand_over(value: dict[str, Any]) -> HandOverReason | None:
    """A yes, the reason in its place (`"hand_over": "refund"`), or a reason beside an empty reply."""
    wish = value.get("hand_over")
    if isinstance(wish, dict):
        is_wanted = next((one for one in wish.values() if isinstance(one, bool)), bool(wish))
        return _wanted_hand_over({**value, "hand_over": is_wanted, "reason": wish.get("reason")})
    reason = REASONS.get(str(value.get("reason")).strip().lower())
    if _means_yes(wish):
        return reason or HandOverReason.NOT_KNOWN
    if isinstance(wish, str) and wish.strip().lower() in REASONS:
        return REASONS[wish.strip().lower()]
    return reason if value.get("reply") in ("", None) else None


def _text(value: Any) -> str | None:
    """A text, or a list of its lines."""
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        value = "\n".join(value)
    return value.strip() if isinstance(value, str) else None


def _numbers(value: Any) -> tuple[int, ...]:
    """The numbers in whatever form they came: [2, 3], ["2"], "fact 2 and fact 3", 2."""
    parts = value if isinstance(value, list) else [value]
    texts = (str(part) for part in parts[:MOST_FACTS] if isinstance(part, int | str) and not isinstance(part, bool))
    found = (int(digits) for text in texts for digits in re.findall(r"(?<!\d)\d{1,4}(?!\d)", text))
    return tuple(dict.fromkeys(found))[:MOST_FACTS]


def _means_yes(value: Any) -> bool:
    return str(value).lower() in YES
