"""Which question takes which share: a function of the provider's times, and of what was answered already.

The rule in one line: a question takes the newest share that was sent before it and whose wait was not over,
`0 <= question.sent_at - share.sent_at < wait`. Beside it: a question typed up to `lookback` before a share, and still
unanswered, takes it too, as long as none follows that does. No I/O here: the order in which events arrive, Redis and
the scheduler cannot matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

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


@dataclass(frozen=True)
class QuestionPoint:
    message_id: int
    sent_at: datetime
    is_answered: bool


@dataclass(frozen=True)
class Place:
    """Where a share belongs: its state, and the question that took it."""

    state: ShareState
    question_id: int | None = None


def pair(
    shares: Iterable[SharePoint], questions: Iterable[QuestionPoint], now: datetime, lookback: timedelta
) -> dict[int, Place]:
    """Return the place of every share, by its message id."""
    places: dict[int, Place] = {}
    last: SharePoint | None = None  # the newest share, while a question may still take it
    free: QuestionPoint | None = None  # the newest question that has no share and no answer
    for point in _in_order(shares, questions):
        if isinstance(point, SharePoint):
            if last and last.message_id not in places:
                places[last.message_id] = _left_at(last, point.sent_at)
            last = point
            if point.fixed_to is not None:
                places[point.message_id] = Place(ShareState.COMBINED, point.fixed_to)
                last = None
            elif free and point.sent_at - free.sent_at <= lookback:
                # For now: a question that follows the share has the better right to it ("hello", post, "how much?").
                places[point.message_id] = Place(ShareState.COMBINED, free.message_id)
            free = None
        elif last and point.sent_at < last.expires_at:
            places[last.message_id] = Place(ShareState.COMBINED, point.message_id)
            last = free = None
        else:
            free = None if point.is_answered else point
    if last and last.message_id not in places:
        is_over = now >= last.expires_at
        places[last.message_id] = Place(ShareState.EXPIRED if is_over else ShareState.WAITING)
    return places


def _in_order(shares: Iterable[SharePoint], questions: Iterable[QuestionPoint]) -> list[SharePoint | QuestionPoint]:
    """Sort by the provider's time; at the same instant the share is first, so that the question takes it."""
    points: list[SharePoint | QuestionPoint] = [*shares, *questions]
    return sorted(points, key=lambda point: (point.sent_at, isinstance(point, QuestionPoint), point.message_id))


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


def without_marks(content: str) -> str:
    """A caption is written by strangers: it must not be able to close its own context, nor open a picture's."""
    for mark in ("CONTEXT", "PICTURE"):
        content = content.replace(f"[{mark}", f"({mark}").replace(f"[/{mark}", f"(/{mark}")
    return content
