"""Money as shops write it: whole numbers of a currency's smallest written unit, read from text and written again.

Toman and rial have no decimals in a shop; a dollar has two, so 19.99 USD is kept as 1999.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from math import prod

TOMAN, RIAL = "IRT", "IRR"
# code: (decimals, English, Persian). ISO 4217, and IRT for the toman, as shop software calls it. What is not listed has
# two decimals and goes by its code.
CURRENCIES = {
    TOMAN: (0, "toman", "تومان"),
    RIAL: (0, "rial", "ریال"),
    "USD": (2, "USD", "دلار"),
    "EUR": (2, "EUR", "یورو"),
    "GBP": (2, "GBP", "پوند"),
    "AED": (2, "AED", "درهم"),
    "TRY": (2, "TRY", "لیر"),
    "SAR": (2, "SAR", "ریال سعودی"),
    "QAR": (2, "QAR", "ریال قطر"),
    "OMR": (3, "OMR", "ریال عمان"),
    "KWD": (3, "KWD", "دینار کویت"),
    "BHD": (3, "BHD", "دینار بحرین"),
    "IQD": (0, "IQD", "دینار عراق"),
    "AFN": (0, "AFN", "افغانی"),
    "EGP": (2, "EGP", "جنیه"),
    "CAD": (2, "CAD", "دلار کانادا"),
    "AUD": (2, "AUD", "دلار استرالیا"),
    "INR": (2, "INR", "روپیه"),
    "PKR": (0, "PKR", "روپیه پاکستان"),
    "RUB": (2, "RUB", "روبل"),
    "CNY": (2, "CNY", "یوان"),
}
# As people write them in a cell. A bare «ریال» is Iran's: whoever means another one writes its code.
WORDS = {
    TOMAN: ("تومان", "تومن", "toman", "tomans", "tuman", "irt", "ت"),
    RIAL: ("ریال", "rial", "rials", "irr", "﷼"),
    "USD": ("دلار", "دولار", "dollar", "dollars", "usd", "us$", "$"),
    "EUR": ("یورو", "euro", "euros", "eur", "€"),
    "GBP": ("پوند", "pound", "pounds", "gbp", "£"),
    "AED": ("درهم", "dirham", "dirhams", "aed", "د.إ"),
    "TRY": ("لیر", "lira", "try", "tl", "₺"),
    "IQD": ("دینار", "iqd"),
    "EGP": ("جنیه", "egp"),
    "INR": ("روپیه", "inr", "₹"),
}
MULTIPLIERS = {"هزار": 10**3, "میلیون": 10**6, "ملیون": 10**6, "میلیارد": 10**9, "k": 10**3, "thousand": 10**3}
MULTIPLIER = re.compile(r"هزار|میلیون|ملیون|میلیارد|\b(?:k|thousand)(?=s?\b)")
BY_WORD = {word: code for code, words in WORDS.items() for word in words} | {code.lower(): code for code in CURRENCIES}

DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
LETTERS = str.maketrans({"ي": "ی", "ك": "ک", "\u0640": None})
# Around a number: spaces of every kind, joiners, marks of direction.
INVISIBLE = re.compile("[\u00a0\u2007\u2009\u202f\u200c-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
NUMBER = re.compile(r"\d[\d.,٫٬،'’/ ]*")
GROUPED = re.compile(r"\d{1,3}(?:\D\d{3})+")
LARGEST = 10**15  # below what a database's whole number holds

# Persian's own marks, so that a number is never read in two ways.
THOUSANDS, POINT = "٬", "٫"
PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@dataclass(frozen=True)
class Price:
    """What a text says: `value` as written, the currency where it names one."""

    value: Decimal
    currency: str | None = None


def decimals_of(currency: str | None) -> int:
    return CURRENCIES.get(currency or TOMAN, (2, "", ""))[0]


def currency_name(currency: str, language: str) -> str:
    _decimals, english, persian = CURRENCIES.get(currency, (2, currency, currency))
    return persian if language == "fa" else english


def written(amount: int, currency: str | None, language: str = "en") -> str:
    """Return an amount as a shop writes it: «۱٬۸۵۰٬۰۰۰ تومان», "19.99 USD"."""
    value = Decimal(amount).scaleb(-decimals_of(currency))
    number = f"{value:,f}".removesuffix(".00").removesuffix(".000")
    if language == "fa":
        number = digits(number, language).translate(str.maketrans(",.", f"{THOUSANDS}{POINT}"))
    return f"{number} {currency_name(currency, language)}" if currency else number


def digits(text: str, language: str) -> str:
    """The text with the digits that the language is written with."""
    return text.translate(PERSIAN_DIGITS) if language == "fa" else text


def read_currency(text: str) -> str | None:
    """Return the code of a currency by its code, name or sign; None for what is none."""
    word = _plain(text).strip().strip(".")
    return BY_WORD.get(word) or BY_WORD.get(word.replace(" ", ""))


def read_price(text: str, currency_if_unnamed: str | None = None) -> Price:
    """Read one price from a cell: digits of any script, separators, «هزار», «میلیون», a currency.

    What a point means depends on the currency: "1.850" is less than two dinars of Kuwait, but 1,850 toman.
    Raises ValueError for what is not one price: words, a range, a negative number, a number that reads in two ways.
    """
    plain = _plain(text).strip()
    numbers = NUMBER.findall(plain)
    if len(numbers) != 1 or re.search(r"[-−–]\s*\d", plain):
        raise ValueError("not one price")
    before, _, after = plain.partition(numbers[0])
    multiplier, currency = 1, None
    for word in [*before.split(), *after.split()]:
        if word in MULTIPLIERS:
            multiplier *= MULTIPLIERS[word]
        elif (code := BY_WORD.get(word) or BY_WORD.get(word.strip("."))) and currency in (None, code):
            currency = code
        else:
            raise ValueError("words that are no currency")
    return Price(_number(numbers[0].strip(), decimals_of(currency or currency_if_unnamed)) * multiplier, currency)


def multiplier_in(text: str) -> int:
    """What the words of a text multiply a number with: 1000 of «هزار تومان», also where they are written as one."""
    return prod(MULTIPLIERS[word] for word in MULTIPLIER.findall(_plain(text)))


def in_units(value: Decimal, currency: str | None) -> int:
    """Return a written value in whole units of its currency. Raises ValueError where it has too many decimals."""
    amount = value.scaleb(decimals_of(currency))
    if amount != amount.to_integral_value() or not 0 <= amount < LARGEST:
        raise ValueError("not a price in this currency")
    return int(amount)


def _plain(text: str) -> str:
    text = text[:100].translate(DIGITS).translate(LETTERS).lower()
    text = INVISIBLE.sub(" ", text)
    return re.sub(r"(?<=\d)(?=[^\W\d_]|[$€£₺₹﷼])|(?<=[^\W\d_])(?=\d)|(?<=[$€£₺₹﷼])(?=\d)", " ", text)


def _number(text: str, decimals: int) -> Decimal:
    """Read digits with separators; one kind may part thousands, the last may be the decimal point."""
    text = text.rstrip(".,/'’٬،٫ ").replace("،", ",").replace(THOUSANDS, ",").replace("’", "'")
    marks = [mark for mark in text if not mark.isdigit()]
    if not marks:
        return Decimal(text)
    last = marks[-1]
    if last == POINT or (last in ".," and marks.count(last) == 1 and len(set(marks)) > 1):
        whole, _, part = text.rpartition(last)
        return Decimal(f"{_whole(whole)}.{part or 0}")
    if marks == ["."] and len(text.partition(".")[2]) == decimals:
        return Decimal(text)
    if GROUPED.fullmatch(text) and len(set(marks)) == 1:
        return Decimal(_whole(text))  # 1.850.000 and 1,850
    if len(marks) == 1 and last in ".,":
        whole, _, part = text.partition(last)
        if len(part) <= 2 or not part.strip("0"):  # 1850000.0000, as some shop software exports
            return Decimal(f"{whole}.{part}")
    raise ValueError("a number that reads in two ways")


def _whole(text: str) -> str:
    marks = {mark for mark in text if not mark.isdigit()}
    if marks and (len(marks) > 1 or not GROUPED.fullmatch(text)):
        raise ValueError("a number that reads in two ways")
    return re.sub(r"\D", "", text)
