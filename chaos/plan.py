"""What customers and operators do in a run, and when: a function of the seed, the number of events and the sizes."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

# Letters that make no word of a greeting, a number or a promise: what they spell is said by one message alone.
LETTERS = "بپتجچخدرزژسشعغفقکگلنو"
WORD_LETTERS = 6
SCATTER = 55_555_553  # has no divisor in common with the number of letters: no two numbers become one
MARGIN_SECONDS = 3.0  # between what belongs together and what does not: the machine may be late by that much
SILENT_EVENTS = 2  # of who only shares: each share waits alone, for long
AT_ONCE_SECONDS = 0.15  # between what is said in one breath
ACCOUNTS = 2
TALK_SECONDS = 40.0  # about as long takes what a customer has to say


class Do(StrEnum):
    SHARE = "share"
    ASK = "ask"
    UNSEND = "unsend"
    EDIT = "edit"
    TAKE_OVER = "take_over"
    SAY = "say"  # an operator writes
    GIVE_BACK = "give_back"


EVENTS = frozenset({Do.SHARE, Do.ASK, Do.UNSEND, Do.EDIT})  # what the provider tells us by a webhook


@dataclass(frozen=True)
class Step:
    """One thing that somebody does; `at` in seconds from the start.

    `word` stands in the words of this step and nowhere else in the run: whoever repeats it has read this step.
    """

    number: int
    at: float
    customer: int
    do: Do
    word: str = ""
    of: int | None = None  # of an unsend or an edit: the number of the step whose message it is about
    delay_seconds: float = 0.0  # its webhook comes so much later
    is_twice: bool = False  # its webhook comes two times
    lone: bool = False  # of a share: no question follows within its wait, and none stood just before it
    share: int | None = None  # of a question: the share it is about
    older: int | None = None  # of a question: a share that stood before that one, and is nobody's
    batch: int | None = None  # what has the same comes in one webhook
    is_swapped: bool = False  # the last of its batch stands first there


@dataclass(frozen=True)
class Sizes:
    """The shop's times in this run, and how the traffic is mixed."""

    wait_seconds: float = 8.0
    lookback_seconds: float = 1.0
    events_per_second: float = 33.0  # two thousand in a minute: what two free cores take, with the fakes and the kills
    duplicates: float = 0.05
    delayed: float = 0.05
    longest_delay_seconds: float = 8.0
    shares: float = 0.25
    early_questions: float = 0.1  # of the shares: what is asked about them was typed just before
    changes: float = 0.02  # unsends and edits
    early_changes: float = 0.3  # of those: the webhook of the message comes after that of its change
    batches: float = 0.25  # of what is said within moments: in one webhook
    silent: float = 0.04  # customers who only share
    operators: float = 0.05  # customers in whose conversation a person steps in
    events_a_customer: int = 7


@dataclass
class _Maker:
    seed: int
    sizes: Sizes
    steps: list[Step] = field(default_factory=list)
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 -- to be repeated, not to be secret

    def add(self, at: float, customer: int, do: Do, **more: object) -> Step:
        number = len(self.steps)
        words = {Do.SHARE, Do.ASK, Do.EDIT, Do.SAY}
        step = Step(number, at, customer, do, word_of(number) if do in words else "", **more)  # type: ignore[arg-type]
        self.steps.append(step)
        return step

    def change(self, step: Step, **values: object) -> None:
        """Say more of a step that was made."""
        self.steps[step.number] = replace(self.steps[step.number], **values)  # type: ignore[arg-type]

    def weather(self) -> dict[str, object]:
        """How the webhook of an event travels."""
        delay = self.chance.uniform(0.2, self.sizes.longest_delay_seconds)
        return {
            "delay_seconds": round(delay, 3) if self.chance.random() < self.sizes.delayed else 0.0,
            "is_twice": self.chance.random() < self.sizes.duplicates,
        }


def word_of(number: int) -> str:
    """A word that no other step has: the number, scattered and written in letters.

    Scattered, for words that differ in a letter are one word with a slip to the assistant, which hands over to a person
    what is asked again and again.
    """
    number = number * SCATTER % len(LETTERS) ** WORD_LETTERS
    letters = []
    for _ in range(WORD_LETTERS):
        number, digit = divmod(number, len(LETTERS))
        letters.append(LETTERS[digit])
    return "".join(reversed(letters))


def make_plan(seed: int, events: int, sizes: Sizes) -> list[Step]:
    """The steps in the order of their times; as many webhooks as `events`, not counting those that come twice."""
    maker = _Maker(seed, sizes)
    duration = events / sizes.events_per_second
    customers = max(1, events // sizes.events_a_customer)
    latest = max(duration / 2, duration - TALK_SECONDS)
    talks = [
        _Talk(maker, number, maker.chance.uniform(0, latest), maker.chance.random() < sizes.silent)
        for number in range(customers)
    ]
    made = 0
    while made < events:
        # Whoever has been silent longest goes on; but nobody without an end, or those with whom a long run begins would
        # say it all in its first minutes.
        talking = [talk for talk in talks if not talk.has_said_it and talk.free_at < duration] or talks
        talk = min(talking, key=lambda one: one.free_at)
        more = talk.go_on(events - made)
        talk.said += more
        made += more
    for customer in sorted({step.customer for step in maker.steps}):
        if maker.chance.random() < sizes.operators:
            times = [step.at for step in maker.steps if step.customer == customer]
            _step_in(maker, customer, maker.chance.uniform(min(times), max(times)) + 1.0)
    return sorted(maker.steps, key=lambda step: (step.at, step.number))


@dataclass
class _Talk:
    """One customer's messages, laid out in time."""

    maker: _Maker
    customer: int
    free_at: float  # before that, nothing new may begin
    is_silent: bool = False
    said: int = 0  # events so far

    @property
    def has_said_it(self) -> bool:
        return self.said >= (SILENT_EVENTS if self.is_silent else self.maker.sizes.events_a_customer)

    def go_on(self, room: int) -> int:
        """Add the next thing that this customer does; return how many events it is."""
        before = len(self.maker.steps)
        share_of_shares = self.maker.sizes.shares
        early = share_of_shares * self.maker.sizes.early_questions
        chance = self.maker.chance.random()
        if self.is_silent or chance < share_of_shares * 0.65:
            self._lone_share()
        elif chance < share_of_shares * 1.15 and room >= 2:
            self._share_and_question()
        elif chance < share_of_shares * 1.15 + early and room >= 2:
            self._question_and_share()
        elif chance < share_of_shares * 1.25 + early and room >= 3:
            self._two_shares_and_question()
        elif chance < share_of_shares * 1.3 + early + 0.15 and room >= 3:
            self._burst()
        else:
            self._question(self.free_at)
            self.free_at += self.maker.chance.uniform(1, 6)
        self._change(before)
        return len(self.maker.steps) - before

    def _question(self, at: float, share: Step | None = None, **more: object) -> Step:
        number = share.number if share else None
        return self.maker.add(at, self.customer, Do.ASK, share=number, **{**self.maker.weather(), **more})

    def _lone_share(self) -> None:
        sizes = self.maker.sizes
        at = self.free_at + sizes.lookback_seconds + MARGIN_SECONDS
        self.maker.add(at, self.customer, Do.SHARE, lone=True, **self.maker.weather())
        self.free_at = at + sizes.wait_seconds + MARGIN_SECONDS

    def _share_and_question(self) -> None:
        sizes = self.maker.sizes
        at = self.free_at + sizes.lookback_seconds + MARGIN_SECONDS
        share = self.maker.add(at, self.customer, Do.SHARE, **self.maker.weather())
        is_batch = self._is_batch()
        gap = self.maker.chance.uniform(0.1, max(0.2, sizes.wait_seconds - MARGIN_SECONDS))
        asked_at = at + (AT_ONCE_SECONDS if is_batch else gap)
        question = self._question(asked_at, share)
        if is_batch:
            self._put_together(share, question)
        self.free_at = asked_at + self.maker.chance.uniform(1, 6)

    def _question_and_share(self) -> None:
        """Typed just before the share; half of the time it comes after it."""
        chance, sizes = self.maker.chance, self.maker.sizes
        at = self.free_at + sizes.lookback_seconds + MARGIN_SECONDS
        shared_at = at + chance.uniform(0.05, 0.6) * sizes.lookback_seconds
        is_late = chance.random() < 0.5
        late = {"delay_seconds": round(shared_at - at + chance.uniform(0.3, 2.0), 3), "is_twice": False}
        question = self._question(at, **(late if is_late else {}))
        share = self.maker.add(shared_at, self.customer, Do.SHARE, **({} if is_late else self.maker.weather()))
        self.maker.change(question, share=share.number)
        self.free_at = shared_at + sizes.wait_seconds + MARGIN_SECONDS

    def _two_shares_and_question(self) -> None:
        """The question is about the newer one."""
        chance, sizes = self.maker.chance, self.maker.sizes
        at = self.free_at + sizes.lookback_seconds + MARGIN_SECONDS
        older = self.maker.add(at, self.customer, Do.SHARE, **self.maker.weather())
        share = self.maker.add(at + chance.uniform(0.2, 2.0), self.customer, Do.SHARE, **self.maker.weather())
        asked_at = share.at + chance.uniform(0.1, max(0.2, sizes.wait_seconds - MARGIN_SECONDS))
        self._question(asked_at, share, older=older.number)
        self.free_at = asked_at + chance.uniform(1, 6)

    def _burst(self) -> None:
        asked = [self._question(self.free_at + number * AT_ONCE_SECONDS) for number in range(3)]
        if self._is_batch():
            self._put_together(*asked)
        self.free_at += self.maker.chance.uniform(1, 6)

    def _is_batch(self) -> bool:
        return self.maker.chance.random() < self.maker.sizes.batches

    def _put_together(self, *steps: Step) -> None:
        """In one webhook, which goes when the last of it is said; the last first, now and then."""
        is_swapped = self.maker.chance.random() < 0.5
        for step in steps:
            self.maker.change(step, batch=steps[0].number, is_swapped=is_swapped)

    def _change(self, before: int) -> None:
        """Now and then, take back or correct a question that was just asked."""
        asked = [step for step in self.maker.steps[before:] if step.do is Do.ASK]
        if not asked or self.maker.chance.random() > self.maker.sizes.changes * 2:
            return
        chance = self.maker.chance
        step = chance.choice(asked)
        at = step.at + chance.uniform(0.05, 2.0) + (3 * AT_ONCE_SECONDS if step.batch is not None else 0)
        self.maker.add(at, self.customer, chance.choice((Do.UNSEND, Do.EDIT)), of=step.number)
        if step.batch is None and chance.random() < self.maker.sizes.early_changes:
            self.maker.change(step, delay_seconds=round(at - step.at + chance.uniform(0.3, 2.0), 3))


def _step_in(maker: _Maker, customer: int, at: float) -> None:
    """A person takes the conversation over, writes, and mostly gives it back."""
    maker.add(at, customer, Do.TAKE_OVER)
    maker.add(at + 0.5, customer, Do.SAY)
    if maker.chance.random() < 0.7:
        maker.add(at + maker.chance.uniform(3, 6), customer, Do.GIVE_BACK)


def events_of(steps: list[Step]) -> Iterator[Step]:
    return (step for step in steps if step.do in EVENTS)
