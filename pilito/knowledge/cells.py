"""What people write into a cell or a field, read into what the tables hold. Each raises CellError with a slug."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

import jdatetime

from pilito.knowledge.drafts import STOCK_LIMIT, clean_address, clean_line
from pilito.money import DIGITS, RIAL, decimals_of, in_units, multiplier_in, read_currency, read_price

NOT_KNOWN = {"", "-", "?", "parent", "نامشخص", "نمی دانم", "unknown", "n/a", "غير معروف", "غیر معروف"}
ASKED_FOR = {  # a price that the shop tells who asks
    *("تماس بگیرید", "تماس بگیر", "تماس", "استعلام", "استعلام بگیرید", "استعلام قیمت", "توافقی", "بدون قیمت"),
    *("call", "call us", "call for price", "contact us", "price on request", "اتصل بنا", "السعر عند الطلب"),
}
THERE = {"موجود", "موجود است", "دارد", "بله", "بلی", "yes", "true", "in stock", "instock", "available", "متوفر", "نعم"}
GONE = {
    *("ناموجود", "نا موجود", "تمام شد", "تمام شده", "ندارد", "خیر", "no", "false", "out of stock", "outofstock"),
    *("sold out", "unavailable", "غير متوفر", "غیر متوفر", "نفد", "لا"),
}
ORDERED = {
    *("موجود برای سفارش", "پیش سفارش", "پیش فروش", "backorder", "onbackorder", "on backorder", "preorder", "pre-order"),
    *("available on backorder", "available to order"),
}  # there is none, and it is sold
# "In stock?" of WooCommerce, and whether Shopify goes on selling without stock: "deny" leaves it to the count.
SOLD = {"1": True, "0": False, "continue": True, "deny": None}
HIDDEN = {"0", "-1", "false", "no", "draft", "archived", "private", "pending", "trash", "پیش نویس", "بایگانی", "خیر"}
# From where a number under a header in thousands is asked about; ten times as much in rial. A hundred million toman.
WHOLE, WHOLE_WITH_CURRENCY = 100_000, 10_000
DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?")
JALALI_BEFORE = 1700  # years below are Jalali


class CellError(ValueError):
    """`reason` is a slug that the panel puts into a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def price_of(text: str, currency: str | None, factor: int = 1) -> tuple[int | None, str | None]:
    """Return the amount in the currency's units with the currency: the one that is named, else `currency`.

    `factor` is what its column counts in, where the cell names nothing of that itself: 1000 for «قیمت (هزار تومان)».
    From WHOLE on (WHOLE_WITH_CURRENCY in «85000 تومان», which names its unit in full) the number looks whole already:
    which of the two it is, a thousand times apart, is not guessed.
    0 is what shops write while they have no price: told as one, a customer would be offered it for nothing.
    """
    if clean_line(text, 100) in NOT_KNOWN or _plain(text) in ASKED_FOR:
        return None, currency
    try:
        price = read_price(text, currency)
    except ValueError:
        raise CellError("no_price") from None
    if price.value == 0:
        return None, currency
    used = price.currency or currency
    if used is None:
        raise CellError("no_currency")
    if price.currency and currency and price.currency != currency:
        raise CellError("other_currency")
    value = price.value
    if factor > 1 and multiplier_in(text) == 1:
        if value >= (WHOLE_WITH_CURRENCY if price.currency else WHOLE) * (10 if used == RIAL else 1):
            raise CellError("whole_price")
        value *= factor
    try:
        return in_units(value, used), used
    except ValueError:
        raise CellError("price_decimals" if decimals_of(used) == 0 else "no_price") from None


def currency_of(text: str) -> str | None:
    if not clean_line(text, 40):
        return None
    currency = read_currency(clean_line(text, 40))
    if currency is None:
        raise CellError("no_such_currency")
    return currency


def stock_of(text: str) -> tuple[int | None, bool | None]:
    """Return how many there are, and whether there are any; None where it is not known."""
    said = _plain(text)
    if said in NOT_KNOWN:
        return None, None
    if said in THERE:
        return None, True
    if said in GONE:
        return 0, False
    if said in ORDERED:
        return 0, True
    plain = re.sub(r"(عدد|تا|pcs?|pieces?)$", "", said).strip().replace(",", "").replace("٬", "").removesuffix(".0")
    if re.fullmatch(r"-[0-9]+", plain):
        return 0, False  # so many were sold without being there
    if not plain.isascii() or not plain.isdecimal() or int(plain[:12]) > STOCK_LIMIT:
        raise CellError("no_stock")
    return int(plain), int(plain) > 0


def _plain(text: str) -> str:
    return clean_line(text, 40).translate(DIGITS).replace("ي", "ی").replace("ك", "ک").replace("\u200c", " ").lower()


def availability_of(text: str) -> tuple[int | None, bool | None]:
    """Return the same of a cell that tells whether something is sold: 1 is a yes there, not a piece."""
    said = clean_line(text, 40).translate(DIGITS).lower()
    if said in SOLD:
        return None, SOLD[said]
    return stock_of(text)


def is_offered(text: str) -> bool | None:
    """Return whether shop software calls a product published, or no draft; None where it says nothing."""
    said = clean_line(text, 40).translate(DIGITS).replace("\u200c", " ").lower()
    return said not in HIDDEN if said else None


def link_of(text: str) -> str | None:
    said = clean_line(text, 3000)
    if not said:
        return None
    found = clean_address(said if "://" in said else f"https://{said}")
    if found is None or "." not in found:
        raise CellError("no_address")
    return found


def first_moment(text: str, zone: tzinfo) -> datetime | None:
    """Return the beginning of the day that is named, in Gregorian or Jalali."""
    return _midnight(text, zone, 0)


def last_moment(text: str, zone: tzinfo) -> datetime | None:
    """Return the end of the day that is named: an offer "until the 30th" holds on the 30th."""
    return _midnight(text, zone, 1)


def _midnight(text: str, zone: tzinfo, days_later: int) -> datetime | None:
    said = clean_line(text, 40).translate(DIGITS)
    if not said:
        return None
    found = DATE.fullmatch(said)
    if not found:
        raise CellError("no_date")
    year, month, day_number = map(int, found.groups())
    try:
        if year < JALALI_BEFORE:
            day = jdatetime.date(year, month, day_number).togregorian()
        else:
            day = datetime(year, month, day_number, tzinfo=UTC).date()
        return datetime.combine(day + timedelta(days=days_later), time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CellError("no_date") from None
