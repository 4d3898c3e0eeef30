"""What goes into the assistant and what comes out: plain data, so that an answer can be replayed."""

from dataclasses import dataclass, field
from typing import Protocol

from pilito.lifecycle import HandOverReason, Sender


@dataclass(frozen=True)
class Line:
    """One earlier message of the conversation, as the assistant reads it."""

    sender: Sender
    content: str


@dataclass(frozen=True)
class Fact:
    """A line the assistant may rest on: a caption, a product, an answer the shop wrote."""

    source: str  # caption, earlier_caption, commented_caption, product, ad, catalogue, faq, page
    text: str
    reference: str = ""  # where a person finds it: a message id, a product id, an address
    is_ours: bool = True  # False: the shop may have written it or somebody else; it gives no address, phone or promise
    is_of_others: bool = False  # surely somebody else's: it tells what the customer means, and carries nothing
    is_typed: bool = False  # somebody of the shop typed it into Pilito itself: what it orders, the shop orders


@dataclass(frozen=True)
class Context:
    """What stands around one question: the message it answers, the story, the link it came through."""

    about: int  # which of the turn's questions, from 0
    label: str  # reply_to_shop, reply_to_customer, story, referral
    text: str


@dataclass(frozen=True)
class Instructions:
    """What the owner of an inbox tells its assistant, in one version. Every field may be empty."""

    version: int
    role: str = ""
    languages: tuple[str, ...] = ()  # fa, en, ar; none: the customer's own
    tone: str = ""
    length: str = ""
    greeting: str = ""
    hand_over: tuple[str, ...] = ()
    promises: tuple[str, ...] = ()
    own_words: str = ""


@dataclass(frozen=True)
class TurnInput:
    """A turn as the assistant sees it. `questions` are the contents of its messages in the order they were sent."""

    shop_name: str
    questions: tuple[str, ...]
    history: tuple[Line, ...] = ()
    facts: tuple[Fact, ...] = ()
    contexts: tuple[Context, ...] = ()
    instructions: Instructions | None = None
    holds_every_word: bool = True  # False: numbers, addresses, terms and promises alone
    prices_differ: bool = False  # a price that the post and the catalogue name differently was left out of the facts
    asks_about: tuple[str, ...] = ()  # the posts asked about now, as their facts name them; with a caption or none


@dataclass(frozen=True)
class Completion:
    """What a model said, with what it cost."""

    text: str
    model: str
    milliseconds: int
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_micros: int | None = None  # millionths of a dollar, by MODEL_PRICES; None where the price is not known


@dataclass(frozen=True)
class Footing:
    """A number, date, link, … of a reply, and the fact that carries it; an empty source: no single one does."""

    kind: str
    claim: str
    source: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Working:
    """How an answer came about: kept as its proof."""

    model: str
    prompt_hash: str
    milliseconds: int
    input_tokens: int | None = None
    output_tokens: int | None = None
    facts: tuple[Fact, ...] = ()
    checks: tuple[str, ...] = field(default=())
    facts_used: tuple[str, ...] = ()  # references, as the model named them
    rests_on: tuple[Footing, ...] = ()
    instructions_version: int | None = None  # of the inbox's instructions; None: it has none
    cost_micros: int | None = None


@dataclass(frozen=True)
class Reply:
    """A text for the customer. `asks_which`: it asks which product is meant, so what they share next answers it."""

    text: str
    working: Working
    facts_used: tuple[str, ...] = ()  # the references of the facts that the model says it used
    asks_which: bool = False


@dataclass(frozen=True)
class HandOver:
    reason: HandOverReason
    detail: str = ""
    working: Working | None = None
    text: str = ""  # the reply that the checks held back: a draft for the person


class Model(Protocol):
    def complete(self, messages: list[dict[str, str]]) -> Completion:
        """Ask the model. Raises ModelError when it gave no answer within its time."""
        ...
