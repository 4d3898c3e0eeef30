"""Which question takes which share: a function of the provider's times, and of what was answered already.

The rule in one line: a question takes the newest share that was sent before it and whose wait was not over,
`0 <= question.sent_at - share.sent_at < wait`. Beside it: a question typed up to `lookback` before a share, and still
unanswered, takes it too, as long as none follows that does. And a share that comes after the assistant asked "which
one?", before anything else was asked or said, answers that, as does a lone one that lay there when it was asked: it
needs no question of its own. No I/O here: the order in which events arrive, Redis and the scheduler cannot matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from pilito.channels.base import SharedMedia
from pilito.lifecycle import ShareState

CONTEXT_BEGIN = "[CONTEXT: پست/ریلز اینستاگرام که مشتری فرستاده است]"
CONTEXT_END = "[/CONTEXT]"
EMPTY_SHARE = "[پست/ریلز اینستاگرام]"


@dataclass(frozen=True)
class SharePoint:
    """A share on the time line. `fixed_to` is a question that was answered on it, or the share's own message where
    both came as one: that pair stays."""

    message_id: int
    sent_at: datetime
    expires_at: datetime
    fixed_to: int | None = None
    answers_id: int | None = None  # of one that is fixed: the reply that asked "which one?"
    may_answer: bool = True  # one that was answered by itself, or is another app's, leaves "which one?" to others


@dataclass(frozen=True)
class ReplyPoint:
    """What the shop said, or anything else that ends the time in which a share answers "which one?". `asked_at` is when
    the newest question was sent that it asks back about."""

    message_id: int
    sent_at: datetime
    asks_which: bool = False
    asked_at: datetime | None = None


@dataclass(frozen=True)
class QuestionPoint:
    message_id: int
    sent_at: datetime
    is_answered: bool


@dataclass(frozen=True)
class Place:
    """Where a share belongs: its state, and the question that took it. One that answers the reply `answers_id` is its
    own question."""

    state: ShareState
    question_id: int | None = None
    answers_id: int | None = None


def pair(
    shares: Iterable[SharePoint],
    questions: Iterable[QuestionPoint],
    now: datetime,
    lookback: timedelta,
    replies: Iterable[ReplyPoint] = (),
    which_wait: timedelta = timedelta(0),
) -> dict[int, Place]:
    """Return the place of every share, by its message id."""
    places: dict[int, Place] = {}
    which: ReplyPoint | None = None  # the reply that asks "which one?", while a share may still answer it
    last: SharePoint | None = None  # the newest share, while a question may still take it
    free: QuestionPoint | None = None  # the newest question that has no share and no answer
    for point in _in_order(shares, questions, replies):
        if isinstance(point, ReplyPoint):
            which = point if point.asks_which else None
            if which and last and last.message_id not in places and _lies_there(last, which):
                # The reply asks for what is there already.
                places[last.message_id] = Place(ShareState.COMBINED, last.message_id, which.message_id)
                last = which = None
        elif isinstance(point, SharePoint):
            if last and last.message_id not in places:
                places[last.message_id] = _left_at(last, point.sent_at)
            last = point
            if point.fixed_to is not None:
                places[point.message_id] = Place(ShareState.COMBINED, point.fixed_to, point.answers_id)
                last = None
            elif free and point.sent_at - free.sent_at <= lookback:
                # For now: a question that follows the share has the better right to it ("hello", post, "how much?").
                places[point.message_id] = Place(ShareState.COMBINED, free.message_id)
            elif which and point.sent_at - which.sent_at < which_wait:
                places[point.message_id] = Place(ShareState.COMBINED, point.message_id, which.message_id)
                last = None
            free = which = None
        elif last and point.sent_at < last.expires_at:
            places[last.message_id] = Place(ShareState.COMBINED, point.message_id)
            last = free = which = None
        else:
            free, which = None if point.is_answered else point, None
    if last and last.message_id not in places:
        is_over = now >= last.expires_at
        places[last.message_id] = Place(ShareState.EXPIRED if is_over else ShareState.WAITING)
    return places


Point = SharePoint | QuestionPoint | ReplyPoint
RANKS: dict[type, int] = {ReplyPoint: 0, SharePoint: 1, QuestionPoint: 2}


def _in_order(*points: Iterable[Point]) -> list[Point]:
    """Sort by the provider's time; at the same instant the share is first, so that the question takes it."""
    return sorted(chain(*points), key=lambda point: (point.sent_at, RANKS[type(point)], point.message_id))


def _lies_there(share: SharePoint, which: ReplyPoint) -> bool:
    """Whether a lone share before "which one?" answers it: it waits still, or it was sent after what is asked about,
    while the reply was written or lay as a draft, however long that took."""
    if not share.may_answer:
        return False
    return which.sent_at < share.expires_at or (which.asked_at is not None and which.asked_at <= share.sent_at)


def _left_at(share: SharePoint, newer_at: datetime) -> Place:
    """The place of a share that still waited when a newer one was sent."""
    return Place(ShareState.SUPERSEDED if newer_at < share.expires_at else ShareState.EXPIRED)


def share_content(share: SharedMedia) -> str:
    """The parts of a share as labelled lines; a fixed text when nothing of it is known."""
    parts = (
        ("عنوان", share.title),
        ("زیرعنوان", share.subtitle),
        ("کپشن", share.caption),
        ("لینک", share.permalink or share.url),
    )
    return "\n".join(f"{label}: {value}" for label, value in parts if value) or EMPTY_SHARE


def combined_content(share_contents: Iterable[str], question: str) -> str:
    """What the assistant reads for a question and its share: the context first, closed, then the question."""
    return "\n".join([CONTEXT_BEGIN, *map(without_marks, share_contents), CONTEXT_END, question])


def context_of(content: str) -> str:
    """What stood in the context of a combined content; another content is its own."""
    head, mark, _question = content.partition(f"\n{CONTEXT_END}\n")
    return head.removeprefix(f"{CONTEXT_BEGIN}\n") if mark and content.startswith(CONTEXT_BEGIN) else content


def question_of(content: str) -> str:
    """The question that a combined content closes with; another content is its own.

    The first mark that ends the context is ours, for captions hold none; any later one was typed by the customer.
    """
    _head, mark, question = content.partition(f"\n{CONTEXT_END}\n")
    return question if mark and content.startswith(CONTEXT_BEGIN) else content


def without_marks(content: str) -> str:
    """A caption is written by strangers: it must not be able to close its own context, nor open a picture's."""
    for mark in ("CONTEXT", "PICTURE"):
        content = content.replace(f"[{mark}", f"({mark}").replace(f"[/{mark}", f"(/{mark}")
    return content
