"""The numbers of the analytics page as CSV."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext

from pilito.blueprints.panel.spreadsheet import harmless
from pilito.models import OwnPost
from pilito.queries import tallies
from pilito.queries.analytics import Group, Report

BYTE_ORDER_MARK = "\ufeff"  # by which Excel knows UTF-8
Rows = list[list[Any]]


def written(rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([[harmless(cell) for cell in row] for row in rows])
    return BYTE_ORDER_MARK + out.getvalue()


def of_stack(stack: Any, report: Report) -> Rows:
    """A row per hour, day or week."""
    head = [gettext("From"), *(str(label) for _key, _tint, label in stack.keys)]
    return [
        head,
        *(
            [_begin(report, at), *(_value(stack, numbers, key) for key, _tint, _label in stack.keys)]
            for at, numbers in report.steps
        ),
    ]


def _value(stack: Any, numbers: tallies.Numbers, key: str) -> float:
    value = numbers.get(stack.measure, {}).get(key, 0)
    return value / 1_000_000 if stack.in_micros else value


def _begin(report: Report, at: Any) -> str:
    return str(at.strftime("%Y-%m-%d %H:%M") if report.period.step == "hour" else at.date().isoformat())


def of_posts(report: Report, find: Callable[[Sequence[int]], Mapping[int, OwnPost]]) -> Rows:
    shared, asked = report.total.get("post_shares", {}), report.total.get("post_questions", {})
    found = find([int(post_id) for post_id in shared])
    ordered = sorted(shared.items(), key=lambda pair: -pair[1])
    head = [gettext("Post"), gettext("Caption"), gettext("Shares"), gettext("Questions")]
    return [
        head,
        *(
            [post.permalink or post.media_id, post.caption or "", count, asked.get(post_id, 0)]
            for post_id, count in ordered
            if (post := found.get(int(post_id))) is not None
        ),
    ]


def of_questions(groups: Sequence[Group]) -> Rows:
    head = [gettext("Question"), gettext("Count"), gettext("Last asked")]
    return [head, *([group.text, group.count, group.asked_at.isoformat(timespec="minutes")] for group in groups)]


def of_waits(report: Report) -> Rows:
    """Each bucket as it was counted."""
    rows: Rows = [[gettext("Answered by"), gettext("From seconds"), gettext("To seconds"), gettext("Count")]]
    for measure, who in (("wait_assistant", gettext("Assistant")), ("wait_people", gettext("People"))):
        for bucket, count in sorted(report.total.get(measure, {}).items(), key=lambda pair: int(pair[0])):
            low, high = tallies.bounds_of(int(bucket))
            rows.append([who, round(low, 1), round(high, 1), count])
    return rows


def of_everything(report: Report) -> Rows:
    """Every number there is, one a row, under the names that the tallies have."""
    head = ["from", "measure", "key", "count"]
    return [
        head,
        *(
            [_begin(report, at), measure, key, count]
            for at, numbers in report.steps
            for measure, keys in sorted(numbers.items())
            for key, count in sorted(keys.items())
        ),
    ]
