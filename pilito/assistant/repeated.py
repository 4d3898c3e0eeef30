"""Whether customer and assistant talk past each other: the same was asked again, and again, after our answers."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from pilito.assistant.types import TurnInput
from pilito.lifecycle import Sender
from pilito.spelling import plain

TIMES = 2  # asked again so often
MOST_WORDS = 40  # of a question that are compared: how long that takes is not the customer's to say
SHARED = 0.6  # of the words of both
LONG_WORD, TYPO = 4, 0.8  # from this length on a word may be mistyped: so much of it is the same
CONTEXT = re.compile(r"\[CONTEXT:.*?\[/CONTEXT\]", re.DOTALL)
MARK = re.compile(r"^\[واکنش .*\]$", re.MULTILINE)  # a reaction, as conversations/context.py writes it


def asks_in_vain(turn: TurnInput) -> bool:
    """Whether this turn asks nearly the same as the two before it, each of which the assistant answered.

    One word put in the place of another is another question (a colour, a size); a word more or less is not. About
    another post the same words are another question too.
    """
    asked = ["\n".join(turn.questions), *_answered(turn)][: TIMES + 1]
    posts = {post for content in asked for post in CONTEXT.findall(content)}
    if len(asked) <= TIMES or len(posts) > 1:
        return False
    newest, *before = [_words(content) for content in asked]
    return all(_is_same(newest, words) for words in before)


def _answered(turn: TurnInput) -> Iterator[str]:
    """What the customer asked in the turns before, newest first, as far back as the assistant answered."""
    said: list[str] = []
    if turn.history and turn.history[-1].sender is not Sender.ASSISTANT:
        return  # the newest lines are unanswered: they belong to no turn before
    for line in reversed(turn.history):
        if line.sender is Sender.CUSTOMER:
            said.insert(0, line.content)
            continue
        if said:
            yield "\n".join(said)
        if line.sender is not Sender.ASSISTANT:
            return
        said = []
    if said:
        yield "\n".join(said)


def _words(content: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"\w+", plain(MARK.sub("", CONTEXT.sub("", content))))))[:MOST_WORDS]


def _is_same(one: list[str], other: list[str]) -> bool:
    few, many = sorted((one, other), key=len)
    shared = sum(any(_is_word(word, candidate) for candidate in many) for word in few)
    return bool(few) and shared == len(few) and shared >= SHARED * len(many)


def _is_word(one: str, other: str) -> bool:
    if one.isdigit() or min(len(one), len(other)) < LONG_WORD:
        return one == other
    return SequenceMatcher(None, one, other).ratio() >= TYPO
