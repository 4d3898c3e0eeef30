"""What the judge knows: what was done, what the provider saw, what the database holds in the end."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Said:
    """A message of a customer, as the provider took it."""

    mid: str
    customer: str
    kind: str  # share, question
    word: str
    at_ms: int  # the provider's time
    lone: bool = False
    share_mid: str = ""  # of a question: the share it is about
    older_mid: str = ""  # of a question: a share that stood before that one
    batch: str = ""  # what has the same came in one webhook


@dataclass(frozen=True)
class Changed:
    """A customer took a message back, or corrected it."""

    mid: str
    customer: str
    kind: str  # unsend, edit
    word: str  # of an edit: what it says now
    at_ms: int
    known_ms: int = 0  # of an edit: when Pilito surely had read it, where the run waited for that


@dataclass(frozen=True)
class Acted:
    """A person did something, and the API said that it is done, or that it will not do it."""

    customer: str
    kind: str  # take_over, say, give_back
    asked_ms: int
    done_ms: int
    word: str = ""
    is_taken: bool = True


@dataclass(frozen=True)
class Posted:
    """A try of the provider to post a webhook."""

    mid: str
    customer: str
    event: str  # message, echo, unsend, edit
    status: int | None
    at_ms: int  # when it was answered, or given up
    began_ms: int = 0

    @property
    def first_ms(self) -> int:
        """The earliest moment at which the server can have had it."""
        return self.began_ms or self.at_ms

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class Accepted:
    """A message that the provider accepted from us: the customer got it."""

    mid: str
    customer: str
    text: str
    at_ms: int


@dataclass(frozen=True)
class Row:
    """A message as the database holds it in the end."""

    id: int
    external_id: str | None
    customer: str
    sender: str
    text: str
    content: str
    is_deleted: bool
    answered_by: int | None
    waits_for: str  # who is to answer in its conversation in the end: person, or "" for the assistant
    parts: list[str] = field(default_factory=list)  # of a reply: what leaves, in its order
    states: list[str] = field(default_factory=list)  # what became of each of them
    at_ms: int = 0  # when Pilito wrote it down, by its own clock; 0: not known


@dataclass
class History:
    seed: int = 0
    wait_ms: int = 120_000  # how long a share waits for a question
    lookback_ms: int = 10_000  # how long before its share a question may stand
    quiet_max_ms: int = 120_000  # how long a burst may last before its answer goes out without what comes meanwhile
    said: list[Said] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    acted: list[Acted] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    # What an event is, and the id of its message -> the outcomes of all such events in the ledger
    outcomes: dict[str, list[str]] = field(default_factory=dict)
    told_of: list[str] = field(default_factory=lambda: ["message"])  # the events that `outcomes` has
    unread: int = 0  # webhooks in the ledger that were not read
    kept_words: list[str] = field(default_factory=list)  # words of unsent messages that still stand somewhere
    unfinished: dict[str, int] = field(default_factory=dict)  # rows that nobody finished, by what they are
    drained_seconds: float | None = 0.0  # from the last fault until all was finished; None: never
    seen: dict[str, list[str]] = field(default_factory=dict)  # conversation -> what a panel showed that stayed open
    shown: dict[str, list[str]] = field(default_factory=dict)  # conversation -> what a panel shows that is opened now
    panels: int = 0  # how many were to stay open
    handed_over: dict[str, int] = field(default_factory=dict)  # reason -> how often people were called for it
    met: list[str] = field(default_factory=list)  # the customers of the sends that met a fault of the provider
    model_failures: int = 0  # calls of the model that failed
    blows: dict[str, list[int]] = field(default_factory=dict)  # what was to die -> how often, and how often it did
    nemesis_error: str = ""  # what ended the hand that breaks things
    is_calm: bool = True  # nothing was to die, nobody to fail

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=0), encoding="utf-8")


EVENTS = ["message", "edit", "unsend", "echo"]  # of which a run tells now; earlier histories tell of messages alone


def key_of(event: str, mid: str) -> str:
    """Under which `outcomes` has the events of this kind that are about this message."""
    return mid if event == "message" else f"{event} {mid}"


def load(path: Path) -> History:
    """Read what `save` wrote, to judge it again."""
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    kinds = {"said": Said, "changed": Changed, "acted": Acted, "posted": Posted, "accepted": Accepted, "rows": Row}
    return History(**{name: _rows(kinds.get(name), value) for name, value in values.items()})


def _rows(kind: Any, value: Any) -> Any:
    return [kind(**row) for row in value] if kind else value
