"""How much of a turn fits into a prompt: what is cut first, and what never is.

Tokens are estimated by script, on the high side: the vocabularies' own counters want a download at run time
(docs/decisions/0025).
"""

from collections.abc import Iterator
from dataclasses import replace

from pilito.assistant.types import Fact, TurnInput

PROMPT_TOKENS = 12_000
BLOCK_TOKENS = 40  # the two border lines of a block
# Tokens for a character, by the UTF-8 bytes it has: Latin, Arabic and Persian, other scripts, emojis.
TOKENS_FOR_BYTES = {1: 0.4, 2: 0.85, 3: 1.6, 4: 3.0}
# These are cut before the facts that were looked up; what the customer asks about now is never cut.
EARLIER = {"earlier_caption"}
LOOKED_UP = {"catalogue", "faq", "page"}


def tokens(text: str) -> int:
    """Estimate how many tokens a text has; rather too many than too few."""
    ascii_count = sum(char.isascii() for char in text)
    other = sum(TOKENS_FOR_BYTES[len(char.encode("utf-8", "replace"))] for char in text if not char.isascii())
    return round(ascii_count * TOKENS_FOR_BYTES[1] + other) + 1


def fit(turn: TurnInput, room: int) -> TurnInput:
    """Return the turn with what fits into `room` tokens.

    The questions, what stands around them and the post they are about stay whole, even beyond the room. Lines of the
    history go first, the oldest before the others, then earlier posts, then looked-up facts from the last found on.
    """
    over = _size(turn) - room
    if over <= 0:
        return turn
    history = list(turn.history)
    while over > 0 and history:
        over -= _block(history.pop(0).content)
    gone = set()
    for fact in _expendable(turn.facts):
        if over <= 0:
            break
        over -= _block(fact.text)
        gone.add(id(fact))
    kept = tuple(fact for fact in turn.facts if id(fact) not in gone)
    return replace(turn, history=tuple(history), facts=kept)


def _size(turn: TurnInput) -> int:
    texts = [turn.shop_name, *turn.questions, *(fact.text for fact in turn.facts), *(one.text for one in turn.contexts)]
    return sum(map(_block, [*texts, *(line.content for line in turn.history)]))


def _block(text: str) -> int:
    return tokens(text) + BLOCK_TOKENS


def _expendable(facts: tuple[Fact, ...]) -> Iterator[Fact]:
    for sources in (EARLIER, LOOKED_UP):
        yield from (fact for fact in reversed(facts) if fact.source in sources)
