"""A CSV file as shops have it: whatever its encoding, its delimiter, the names of its columns. Plain data in and out.

A cell is text and nothing else: a formula stays the characters it is written with.
"""

import csv
import io
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import partial
from typing import Any

from pilito.errors import Refused
from pilito.knowledge import cells
from pilito.knowledge.cells import CellError
from pilito.knowledge.drafts import (
    CHOICE_LENGTH,
    DESCRIPTION_LENGTH,
    EXTERNAL_ID_LENGTH,
    NAME_LENGTH,
    OTHER_LENGTH,
    PICTURES,
    SKU_LENGTH,
    VARIANTS,
    Problem,
    ProductDraft,
    VariantDraft,
    clean_line,
    clean_text,
    or_none,
    without_tags,
)
from pilito.knowledge.feeds import choose
from pilito.money import multiplier_in

FILE_BYTES = 10 * 1024 * 1024
LINES = 20_000
COLUMNS = 80
PROBLEMS = 200  # told at once; nobody mends more before trying again
SAMPLE = 30
YIELD_EVERY = 100  # lines

# In the order in which they are tried: Windows-1256 reads any bytes at all.
ENCODINGS = ("utf-8", "cp1256")
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
PARTING = " \t\r\n\u00a0,،|"
# Looks at one character before each address: a cell of a hundred thousand spaces is as quick as any other.
PICTURE_BEGINS = re.compile(r"\n|(?<=[\s,،|])(?=https?://)")
DELIMITERS = (",", ";", "\t", "|", "،")

# What a column may mean, and how shops name it: Persian, English, Arabic, and the exports of common shop software.
NAMES: dict[str, tuple[str, ...]] = {
    "name": ("نام", "نام محصول", "نام کالا", "عنوان", "محصول", "کالا", "name", "title", "product", "product name",
             "الاسم", "اسم المنتج", "المنتج"),
    "id": ("شناسه", "شناسه محصول", "کد گروه", "handle", "id", "product id", "parent", "معرف"),
    "sku": ("کد", "کد کالا", "کد محصول", "sku", "variant sku", "code", "product code", "رمز المنتج", "کود"),
    "price": ("قیمت", "قیمت فروش", "مبلغ", "بها", "price", "variant price", "regular price", "unit price", "السعر",
              "سعر"),
    "old_price": ("قیمت قبل", "قیمت قبلی", "قیمت قبل از تخفیف", "old price", "compare at price",
                  "variant compare at price", "السعر القدیم"),
    "sale_price": ("قیمت ویژه", "قیمت با تخفیف", "قیمت فروش ویژه", "قیمت حراج", "sale price", "special price",
                   "discounted price"),
    "currency": ("ارز", "واحد پول", "واحد", "currency", "العمله"),
    "stock": ("موجودی", "تعداد", "موجودی انبار", "stock", "quantity", "qty", "variant inventory qty",
              "inventory", "المخزون", "الکمیه"),
    "available": ("وضعیت موجودی", "in stock?", "availability", "stock status", "variant inventory policy"),
    "counted": ("variant inventory tracker",),
    "size": ("سایز", "اندازه", "قواره", "size", "القیاس", "المقاس", "مقاس"),
    "colour": ("رنگ", "colour", "color", "اللون", "لون"),
    "other": ("ویژگی", "مدل", "جنس", "طرح", "option", "variant", "material", "model"),
    "category": ("دسته", "دسته بندی", "گروه", "برچسب", "category", "categories", "product category", "product type",
                 "tags", "الفئه", "التصنیف"),
    "description": ("توضیح", "توضیحات", "شرح", "description", "body (html)", "short description", "الوصف"),
    "link": ("لینک", "آدرس", "نشانی", "پیوند", "link", "url", "product url", "الرابط"),
    "picture": ("عکس", "تصویر", "تصاویر", "image", "images", "image src", "picture", "photo", "الصوره", "صوره"),
    "valid_from": ("از تاریخ", "شروع", "تاریخ شروع", "valid from", "from", "start", "start date"),
    "valid_until": ("تا تاریخ", "پایان", "تاریخ پایان", "اعتبار", "valid until", "until", "end", "end date", "expires"),
    "sale_from": ("شروع تخفیف", "sale start date", "date sale price starts"),
    "sale_until": ("پایان تخفیف", "sale end date", "date sale price ends"),
    "status": ("وضعیت انتشار", "status"),
    "published": ("منتشر شده", "published"),
}  # fmt: skip
# What a name means only where no other column does: a type is "simple" or "variable" to WooCommerce.
LAST = {"type": "category"}
WHOLE = ("variant",)  # not "Variant Grams"
# What tells variants apart, in two columns: "Option1 Name", "Attribute 1 value(s)".
CHOICE = re.compile(r"(option|attribute) ?(\d+) (name|value)(?:\(s\))?")
PRICES = ("price", "old_price", "sale_price")
# What makes a line of a known product a variant: one that has a further picture only is none.
OF_VARIANT = (*PRICES, "sku", "size", "colour", "other", "stock", "available")
FIELDS = tuple(NAMES)
# What makes another number of it than the one a customer is told: what the shop pays, what resellers pay, the
# postage, an old price that is crossed out.
ANOTHER = {
    "price": {"خرید", "عمده", "همکار", "همکاران", "ارسال", "پست", "خط", "wholesale", "purchase", "cost", "dealer",
              "reseller", "shipping", "postage", "الجمله", "الشراء"},
    "stock": {"فروش", "کارتن", "بسته", "sold", "carton", "box", "pack"},
}  # fmt: skip
FOLD = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "أ": "ا", "إ": "ا", "آ": "ا", "\u200c": " ", "_": " "})

# What stands once for the whole product; a later line that says it differently is a mistake worth telling.
OF_PRODUCT = ("name", "category", "description", "link", "valid_from", "valid_until")


@dataclass(frozen=True)
class Table:
    headers: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]  # each with the line of the file on which it ends
    encoding: str
    delimiter: str


@dataclass(frozen=True)
class Reading:
    """What a table says: products, each with the line it begins on, and what cannot be read."""

    products: tuple[tuple[int, ProductDraft], ...]
    problems: tuple[Problem, ...]


@dataclass
class _Group:
    """The lines of one product, as they are read."""

    line: int
    values: dict[str, Any] = field(default_factory=dict)
    pictures: list[str] = field(default_factory=list)
    variants: list[VariantDraft] = field(default_factory=list)
    currency: str | None = None
    price_until: datetime | None = None  # when a sale begins or ends, and one of the prices is another
    choices: dict[int, str] = field(default_factory=dict)  # their names, by the column of their values
    is_offered: bool | None = None  # until a line of it was read


@dataclass(frozen=True)
class _Terms:
    """What counts for every line of a table; `factors`: what its columns of prices count in; `choices`: the columns of
    the values that tell variants apart, each with that of its name."""

    currency: str | None
    zone: tzinfo
    now: datetime
    factors: Mapping[str, int]
    choices: Mapping[int, int]

    def first_moment(self, text: str) -> datetime | None:
        return cells.first_moment(text, self.zone)

    def last_moment(self, text: str) -> datetime | None:
        return cells.last_moment(text, self.zone)


Cell = Callable[[str, Callable[..., Any]], Any]


# --- the file --------------------------------------------------------------------------------------------------------


def read_table(content: bytes) -> Table:
    """Read a file. Raises Refused: `file_empty`, `file_too_large`, `not_a_table`, `too_many_lines`."""
    if len(content) > FILE_BYTES:
        raise Refused("file_too_large", f"It has more than {FILE_BYTES} bytes.")
    text, encoding = _decode(content)
    if not text.strip():
        raise Refused("file_empty", "There is nothing in it.")
    delimiter = _delimiter(text)
    rows = _rows(text, delimiter)
    if not rows or len(rows[0][1]) > COLUMNS or "\x00" in text:
        raise Refused("not_a_table", "There is no line with the names of columns.")
    if len(rows) == 1:
        raise Refused("file_empty", "There is no line below the names of the columns.")
    headers = tuple(clean_line(name, 100) for name in rows[0][1])
    return Table(headers, tuple(rows[1:]), encoding, delimiter)


def _decode(content: bytes) -> tuple[str, str]:
    for mark, encoding in MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding), encoding
            except UnicodeDecodeError:
                raise Refused("not_a_table", f"It says that it is {encoding}, but it is not.") from None
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise Refused("not_a_table", "It is not text.")


def _delimiter(text: str) -> str:
    """The one that cuts the first lines into the same number of cells, the more the better."""

    def score(delimiter: str) -> tuple[int, int]:
        counts = [len(row) for _line, row in _rows(text[:64_000], delimiter, SAMPLE)]
        if not counts or counts[0] < 2:
            return 0, 0
        return sum(1 for count in counts if count == counts[0]), counts[0]

    return max(DELIMITERS, key=score)


def _rows(text: str, delimiter: str, limit: int = LINES + 1) -> list[tuple[int, tuple[str, ...]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                found.append((reader.line_num, tuple(row[:COLUMNS])))
            if len(found) > limit:
                if limit == SAMPLE:
                    return found
                raise Refused("too_many_lines", f"It has more than {LINES} lines.")
    except csv.Error as error:
        if limit == SAMPLE:
            return found
        raise Refused("not_a_table", f"Line {reader.line_num}: {error}") from None
    return found


# --- the columns -----------------------------------------------------------------------------------------------------


def guess_columns(headers: Sequence[str], remembered: Mapping[str, str] | None = None) -> dict[int, str]:
    """Return what each column means, by its number: as it was chosen last time, else by its name."""
    remembered = remembered or {}
    chosen: dict[int, str] = {}
    for match in (lambda name: remembered.get(fold(name), ""), _named, _named_before, _named_in_part, _named_last):
        for number, header in enumerate(headers):
            found = match(header)
            if number not in chosen and found in FIELDS and found not in chosen.values():
                chosen[number] = found
    return chosen


def fold(name: str) -> str:
    """A header as it is compared: one spelling of the letters, no marks."""
    return re.sub(r"\s+", " ", clean_line(name, 100).translate(FOLD)).strip().lower()


FOLDED = {fold(name): field for field, names in NAMES.items() for name in names}


def _named(header: str) -> str:
    return FOLDED.get(fold(header), "")


def _before_brackets(header: str) -> str:
    return fold(re.sub(r"[(\[:].*", "", header))


def _named_before(header: str) -> str:
    """«قیمت فروش (تومان)»: before another column that only begins with a known name."""
    return FOLDED.get(_before_brackets(header), "")


def _named_in_part(header: str) -> str:
    """«قیمت به تومان», "Price in toman": the longest known name with which it begins."""
    name = _before_brackets(header)
    known = (one for one in FOLDED if len(one) > 2 and one not in WHOLE)
    found = [one for one in known if name == one or name.startswith(f"{one} ")]
    if not found:
        return ""
    longest = max(found, key=len)
    means = FOLDED[longest]
    return "" if ANOTHER.get(means, set()) & set(name.removeprefix(longest).split()) else means


def _named_last(header: str) -> str:
    return LAST.get(fold(header), "")


def currency_in(headers: Iterable[str]) -> str | None:
    """The currency that a header names: «قیمت (تومان)»."""
    for header in headers:
        for word in re.findall(r"[^\s()\[\]:/]+", header):
            try:
                if len(word) > 1 and (found := cells.currency_of(word)):
                    return found
            except CellError:
                continue
    return None


# --- the products ----------------------------------------------------------------------------------------------------


def read_products(
    table: Table, columns: Mapping[int, str], currency: str | None, zone: tzinfo, now: datetime
) -> Reading:
    """Read every line as of `now`; those with the same id, or without one the same name, are variants of a product."""
    problems = [Problem("column_twice", name) for name in _repeated(columns.values())]
    if "name" not in columns.values():
        problems.append(Problem("no_name_column", "name"))
    if problems:
        return Reading((), tuple(problems))
    headers = dict(enumerate(table.headers))
    if (problem := _of_two_currencies(headers, columns)) is not None:
        return Reading((), (problem,))
    choices = {value: name for value, name in _choices(table.headers).items() if value not in columns}
    factors = {name: multiplier_in(headers.get(column, "")) for column, name in columns.items() if name in PRICES}
    groups: dict[str, _Group] = {}
    skus: dict[str, int] = {}
    for number, (line, row) in enumerate(table.rows):
        if number % YIELD_EVERY == 0:
            time.sleep(0)  # a web process has other requests to answer meanwhile
        read = {name: row[column] if column < len(row) else "" for column, name in columns.items()}
        problems += _take_line(groups, skus, line, row, read, _Terms(currency, zone, now, factors, choices))
        if len(problems) >= PROBLEMS:
            return Reading((), tuple(problems[:PROBLEMS]))
    products = [(group.line, _product(group)) for group in groups.values() if group.variants]
    problems += [Problem("no_name", "name", "", line) for line, draft in products if not draft.name]
    problems += [
        Problem("too_many_variants", "name", draft.name, line)
        for line, draft in products
        if len(draft.variants) > VARIANTS
    ]
    return Reading(tuple(products), tuple(sorted(problems, key=lambda problem: problem.line)[:PROBLEMS]))


def _of_two_currencies(headers: Mapping[int, str], columns: Mapping[int, str]) -> Problem | None:
    """A column of prices that names another currency than the one before it: read in one, a price would be ten times
    too low."""
    named = [
        (name, header, currency)
        for column, name in columns.items()
        if name in PRICES and (currency := currency_in([header := headers.get(column, "")]))
    ]
    others = [(name, header) for name, header, currency in named if currency != named[0][2]]
    return Problem("two_currencies", *others[0]) if others else None


def _repeated(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]


def _take_line(
    groups: dict[str, _Group],
    skus: dict[str, int],
    line: int,
    row: Sequence[str],
    read: Mapping[str, str],
    by: _Terms,
) -> list[Problem]:
    problems: list[Problem] = []

    def cell(name: str, reader: Callable[[str], Any]) -> Any:
        try:
            return reader(read.get(name, ""))
        except CellError as error:
            problems.append(Problem(error.reason, name, clean_line(read[name], 80), line))
            return None

    said = {
        "id": clean_line(read.get("id", ""), EXTERNAL_ID_LENGTH),
        "name": clean_line(read.get("name", ""), NAME_LENGTH),
        "category": clean_line(read.get("category", ""), NAME_LENGTH),
        "description": clean_text(without_tags(read.get("description", "")), DESCRIPTION_LENGTH),
        "link": cell("link", cells.link_of),
        "valid_from": cell("valid_from", by.first_moment),
        "valid_until": cell("valid_until", by.last_moment),
    }
    group = _group_of(groups, said, line)
    if group is None:
        return [*problems, Problem("no_name", "name", "", line)]
    if not _is_offered(group, read):
        return []
    problems += _join(group, said, line)
    group.pictures += cell("picture", _pictures) or []
    if group.variants and not any(read.get(name, "").strip() for name in OF_VARIANT):
        return problems
    used = cell("currency", cells.currency_of) or group.currency or by.currency
    prices: dict[str, int | None] = {}
    for name in PRICES:
        read_price = partial(cells.price_of, currency=used, factor=by.factors.get(name, 1))
        prices[name], used = cell(name, read_price) or (None, used)
    price, old_price, sale_price = (prices[name] for name in PRICES)
    begins, ends = cell("sale_from", by.first_moment), cell("sale_until", by.last_moment)
    if sale_price and (price is None or sale_price < price) and not (ends and ends <= by.now):  # 0 is no sale
        if begins and begins > by.now:
            group.price_until = _earlier(group.price_until, begins)
        else:
            price, old_price = sale_price, old_price or price
            group.price_until = _earlier(group.price_until, ends)
    if group.currency and used and used != group.currency:
        problems.append(Problem("other_currency", "currency", used, line))
    stock, available = _stock(cell, read)
    chosen = choose(VariantDraft(), _chosen(group, row, by))
    sku = clean_line(read.get("sku", ""), SKU_LENGTH)
    if sku and skus.setdefault(sku.lower(), line) != line:
        problems.append(Problem("sku_twice", "sku", sku, line))
    group.currency = group.currency or used
    group.variants.append(
        VariantDraft(
            sku=or_none(sku),
            size=clean_line(read.get("size", ""), CHOICE_LENGTH) or chosen.size,
            colour=clean_line(read.get("colour", ""), CHOICE_LENGTH) or chosen.colour,
            other=clean_line(read.get("other", ""), OTHER_LENGTH) or chosen.other,
            price=price,
            old_price=old_price if old_price != price else None,
            stock=stock,
            available=available,
        )
    )
    return problems


def _is_offered(group: _Group, read: Mapping[str, str]) -> bool:
    """Whether a line is of something published: a draft is no offer. The first line of a product speaks for it all."""
    told = cells.is_offered(read.get("status", ""))
    is_offered = (cells.is_offered(read.get("published", "")) if told is None else told) is not False
    if group.is_offered is None:
        group.is_offered = is_offered
    return group.is_offered and is_offered


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(filter(None, (one, other)), default=None)


def _choices(headers: Sequence[str]) -> dict[int, int]:
    """The columns of values, each with the column of its name."""
    found = {match.groups(): number for number, name in enumerate(headers) if (match := CHOICE.fullmatch(fold(name)))}
    return {
        column: found[kind, number, "name"]
        for (kind, number, part), column in found.items()
        if part == "value" and (kind, number, "name") in found
    }


def _chosen(group: _Group, row: Sequence[str], by: _Terms) -> list[tuple[str, str]]:
    """What tells this variant apart, by name; Shopify writes the names in the first line of a product only."""
    cells_of = dict(enumerate(row))
    for value, name in by.choices.items():
        group.choices[value] = cells_of.get(name, "").strip() or group.choices.get(value, "")
    return [(name, cells_of.get(value, "")) for value, name in group.choices.items() if name]


def _stock(cell: Cell, read: Mapping[str, str]) -> tuple[int | None, bool | None]:
    """How many there are, and whether it is sold: a count, a yes or a no, or both beside each other."""
    if not read.get("counted", "-").strip():
        return None, True  # nobody counts it: the number beside is none
    count, is_there = cell("stock", cells.stock_of) or (None, None)
    other_count, is_sold = cell("available", cells.availability_of) or (None, None)
    if is_sold is False:
        return 0, False  # whatever was counted
    return other_count if count is None else count, is_there if is_sold is None else is_sold


def _group_of(groups: dict[str, _Group], said: Mapping[str, Any], line: int) -> _Group | None:
    key = f"id:{said['id']}" if said["id"] else f"name:{fold(said['name'])}" if said["name"] else ""
    return groups.setdefault(key, _Group(line)) if key else None


def _join(group: _Group, said: Mapping[str, Any], line: int) -> list[Problem]:
    """Keep what the product's first line with it says."""
    problems = []
    for name, value in said.items():
        if not value:
            continue
        known = group.values.setdefault(name, value)
        if name in ("name", "valid_until") and known != value:
            problems.append(Problem("says_otherwise", name, str(value)[:80], line))
    return problems


def _pictures(text: str) -> list[str]:
    """Addresses, each on a line of its own, or parted by spaces or commas where the next begins with its scheme."""
    parts = (one.strip(PARTING) for one in PICTURE_BEGINS.split(text))
    return [found for one in parts if one and (found := cells.link_of(one))]


def _product(group: _Group) -> ProductDraft:
    variants, values = tuple(group.variants), group.values
    pictures = list(dict.fromkeys(group.pictures))[: PICTURES + 1]
    draft = ProductDraft(
        name=values.get("name", ""),
        external_id=or_none(values.get("id", "")),
        description=values.get("description", ""),
        category=values.get("category", ""),
        link=values.get("link"),
        picture_url=pictures[0] if pictures else None,
        more_pictures=tuple(pictures[1:]),
        currency=group.currency if any(one.price is not None for one in variants) else None,
        valid_from=values.get("valid_from"),
        valid_until=_earlier(values.get("valid_until"), group.price_until),
        variants=variants,
    )
    return replace(draft, sku=variants[0].sku) if len(variants) == 1 else draft
