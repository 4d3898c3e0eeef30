"""Reading what the model said: the JSON object it was asked for, or what models make of that wish."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pilito.lifecycle import HandOverReason

# An answer is a few hundred characters. In a longer text nothing is searched: the model would decide how long it takes.
LONGEST_ANSWER = 10_000
# What a model may give as a reason; anything else means that it does not know.
REASONS = {reason.value: reason for reason in (HandOverReason.NOT_KNOWN, HandOverReason.ASKED_FOR_PERSON)}
YES = {"true", "yes", "1"}
# strict=False: line breaks inside strings, which many models write, are let through.
DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True)
class Answer:
    """What the model wants: a reply, or a hand-over where `hand_over` holds its reason."""

    reply: str = ""
    hand_over: HandOverReason | None = None


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
    if _means_yes(value.get("hand_over")):
        return Answer(hand_over=REASONS.get(str(value.get("reason")), HandOverReason.NOT_KNOWN))
    reply = value.get("reply")
    return Answer(reply.strip()) if isinstance(reply, str) else None


def _means_yes(value: Any) -> bool:
    return str(value).lower() in YES
