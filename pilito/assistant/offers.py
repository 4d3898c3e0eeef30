"""Offers with an end: is the date over, in whichever calendar it was written? Then the price beside it is not quoted.

What cannot be told from the text alone ("until the weekend", "today only") counts as over too: a person knows.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from enum import StrEnum

import jdatetime

from pilito.assistant.quantities import Quantity, read_quantities, unify
from pilito.assistant.soon import END_OF, UNTIL, ends_of, may_end
from pilito.spelling import plain


class Offer(StrEnum):
    NONE = "none"  # no end is named
    RUNS = "runs"
    PASSED = "passed"
    VAGUE = "vague"  # an end that the text alone does not tell


def _numbered(*lines: str) -> dict[str, int]:
    return {plain(name): number for line in lines for number, name in enumerate(line.split(), start=1)}


JALALI = _numbered(
    "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند",
    "farvardin ordibehesht khordad tir mordad shahrivar mehr aban azar dey bahman esfand",
)
GREGORIAN = _numbered(
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر",
    "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
)
SPELLED = _numbered(
    "یکم دوم سوم چهارم پنجم ششم هفتم هشتم نهم دهم یازدهم دوازدهم سیزدهم چهاردهم پانزدهم شانزدهم هفدهم هجدهم نوزدهم"
    " بیستم",
    "یک دو سه چهار پنج شش هفت هشت نه ده یازده دوازده سیزده چهارده پانزده شانزده هفده هجده نوزده بیست",
) | {"سی ام": 30, "سی": 30, "سی و یکم": 31}
SPELLED |= {f"بیست و {word}": 20 + number for word, number in list(SPELLED.items()) if number < 10}

MONTH = rf"(?P<month>{'|'.join([*JALALI, *GREGORIAN])})(?: ?ماه)?(?!\w)"
YEAR = r"(?:[ ,،]{1,3}(?:سال )?(?P<year>\d{4}|\d{2}(?=\s|$|[.!،)]))(?!\d))?"
DAY = rf"(?P<day>\d{{1,2}}|{'|'.join(SPELLED)})"
WEEKDAY = r"(?:(?:(?:یک|دو|سه|چهار|پنج) ?)?شنبه|جمعه|(?:mon|tues|wednes|thurs|fri|satur|sun)day)?[ ,،]*"
NAMED = re.compile(rf"{UNTIL}{WEEKDAY}{DAY}(?:st|nd|rd|th)?(?: of)?\s*{MONTH}{YEAR}")
MONTH_FIRST = re.compile(
    rf"{UNTIL}{WEEKDAY}(?P<month>{'|'.join(GREGORIAN)})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d){YEAR}"
)
END_OF_MONTH = re.compile(rf"{UNTIL}{END_OF}{MONTH}{YEAR}")
ONLY = re.compile(rf"(?<!\w)(?:فقط|only|just)\s+(?:روز |on )?{WEEKDAY}{DAY}(?:st|nd|rd|th)?\s*{MONTH}{YEAR}")
YEAR_FIRST = re.compile(rf"{UNTIL}{WEEKDAY}(?P<a>\d{{4}})[/.-](?P<b>\d{{1,2}})[/.-](?P<c>\d{{1,2}})(?!\d)")
YEAR_LAST = re.compile(rf"{UNTIL}{WEEKDAY}(?P<a>\d{{1,2}})[/.-](?P<b>\d{{1,2}})[/.-](?P<c>\d{{4}})(?!\d)")
# From one day to another: the second is the end. "Sale 1-15 October", "Oct 1 - Oct 15, 2026".
TO = r"\s*(?:[-–—]|to|till|until)\s*"
NTH = r"(?:st|nd|rd|th)?"
RANGES = (
    re.compile(rf"(?:\d{NTH}|{'|'.join([*JALALI, *GREGORIAN])}){TO}{WEEKDAY}{DAY}{NTH}(?: of)?\s*{MONTH}{YEAR}"),
    re.compile(rf"(?P<month>{'|'.join(GREGORIAN)})\.?\s+\d{{1,2}}{NTH}{TO}(?P<day>\d{{1,2}}){NTH}(?!\d){YEAR}"),
    re.compile(rf"\d{NTH}{TO}(?P<month>{'|'.join(GREGORIAN)})\.?\s+(?P<day>\d{{1,2}}){NTH}(?!\d){YEAR}"),
)
# A day in numbers without a year. Not behind «تا»: "to 1/5 million" is one and a half.
ENDS_ON = r"(?<!\w)(?:until|till|through|thru|ends?|ending|expires?|valid (?:to|through)|حتی|ینتهی|تنتهی|لغایه)"
DATED = r"(?<!\w)(?:مهلت|اعتبار|انقضا|تاریخ)"
SHORT = r"[ :]*(?:(?:on|the|تا|تاریخ|یوم|فی)[ :]+){0,2}(?P<a>\d{1,2})(?:/(?P<b>\d{1,2})|\.(?P<c>\d{1,2})\.)(?![\d/.:])"
SHORT_GREGORIAN = re.compile(ENDS_ON + SHORT)
SHORT_JALALI = re.compile(DATED + SHORT)
# The year in two digits: first in a Persian date, last in another.
SHORT_YEAR = re.compile(
    rf"(?P<until>{UNTIL})(?P<a>\d{{1,2}})(?P<sign>[/.-])(?P<b>\d{{1,2}})(?P=sign)(?P<c>\d{{2}})(?!\d)"
)
PERSIAN = re.compile(r"تا|الی|لغایت|مهلت|اعتبار|انقضا")

SOON = (
    r"پایان هفته|اخر هفته|پایان ماه|اخر ماه|فردا|پس ?فردا|امشب|امروز|اخر شب|یلدا|شب یلدا|عید|نوروز|جمعه|شنبه"
    r"|(?:the )?(?:end of (?:the|this) (?:week|month|day)|weekend|tomorrow|tonight|midnight|today)"
    r"|نهایه (?:الاسبوع|الشهر)|غدا|اللیله"
)
VAGUE = re.compile(
    rf"{UNTIL}(?:\w+ )?(?:{SOON})(?!\w)|(?<!\w)(?:فقط|only|just)\s+(?:همین |برای |for )?(?:{SOON})(?!\w)"
    r"|(?<!\w)(?:today|tonight|this (?:week|weekend)) only(?!\w)|(?:تخفیف|حراج|افر|sale)[^\n]{0,20}\d+"
    r" (?:ساعته|hours?)(?!\w)"
)
# Who sends until tomorrow promises a date, not a price.
SENDING = re.compile(r"ارسال|تحویل|پست می|deliver|ship|شحن|توصیل")
# Who answers until midnight, or on all days to Friday, names an hour.
HOURS = re.compile(
    r"(?<!\w)(?:پاسخ ?گو|ساع(?:ت|ات) (?:کار|پاسخ)|در خدمت|انلاین هستیم|الدوام|نفتح|مفتوح)"
    r"|(?<!\w)(?:باز|تعطیل)(?: هستیم|یم)(?!\w)"
    r"|(?<!\w)(?:فروشگاه|مغازه|گالری|شوروم)[^\n]{0,40}(?<!\w)باز(?!\w)"
    r"|\b(?:we are|we're|shop is|store is) open\b"
    r"|\bopen(?:ing hours| daily| every ?day| from| until (?:midnight|tonight))\b"
    r"|\bclosed (?:on|every|until|till|today|tonight|tomorrow|(?:mon|tue|wed|thu|fri|sat|sun)\w*)\b"
    r"|(?:days?|\bis|\bare|\bwe're) closed\b|\b(?:working|business) hours\b|\bwe (?:answer|reply)\b"
    r"|شنبه(?: ها)? (?:تا|الی) (?:\w+ )?(?:شنبه|جمعه)[^\n\d]{0,20}\d{1,2}(?::\d\d)? ?(?:تا|الی|-) ?\d"
)
OFFERING = re.compile(r"تخفیف|حراج|افر|رایگان|جشنواره|ویژه|قیمت|sale|off|discount|free|price|خصم|عرض|سعر")
PRICED = re.compile(r"(?:قیمت|price|سعر)\D{0,20}\d")
PHONE = re.compile(r"(?:(?:\+|(?<!\d)00)\d\d[ -]?|(?<!\d)0)\d(?:[ -]?\d){6,9}")
# Hundreds of spaces behind "until" would be tried in every way there is.
RUN = re.compile(r"([ :,،])[ :,،]{2,}")
LEAST_PRICE = 1000  # a bare number below it is a size, a count, a day


def offer_of(text: str, today: date, posted_on: date | None = None) -> Offer:
    """Tell whether what the text offers still holds on `today`. Of several ends the last counts: offers are prolonged.

    A date without a year is the first one after the post; where nobody knows when that was, the one nearest to today.
    "Until Friday" is over where that Friday must have been, and else vague.
    """
    lines = [
        line for line in RUN.sub(r"\1 ", plain(text)).splitlines() if OFFERING.search(line) or not SENDING.search(line)
    ]
    hours = [line for line in lines if _tells_hours(line)]
    offers = [line for line in lines if line not in hours]
    ends = [end for line in offers for end in _ends(line, today, posted_on)]
    if not ends:
        # Only the day of the post tells what these mean.
        after = list(ends_of(offers, {line for line in offers if _has_price(line)}))
        is_vague = bool(after) or any(VAGUE.search(line) for line in offers)
        is_passed = after and posted_on is not None and posted_on + timedelta(days=max(after)) < today
        if is_vague:
            return Offer.PASSED if is_passed else Offer.VAGUE
    # What ends on a named day is hardly an hour, but hours prolong no offer.
    ends = ends or [end for line in hours for end in _ends(line, today, posted_on)]
    if not ends:
        return Offer.NONE
    return Offer.PASSED if max(ends) < today else Offer.RUNS


def quotable(text: str, today: date, posted_on: date | None = None) -> str:
    """Return the text without its prices where the offer is over, or where its end is not told."""
    if offer_of(text, today, posted_on) in (Offer.NONE, Offer.RUNS):
        return text
    return without_prices(text)


def without_passed_offer(text: str, today: date) -> str:
    """Return the text without its prices where it says that its offer is over.

    For what is no post: "Saturday to Friday" in an answer or on a page speaks of opening hours, not of an end.
    """
    return without_prices(text) if offer_of(text, today) is Offer.PASSED else text


def without_prices(text: str) -> str:
    """Return the text without the lines that name a price or a discount."""
    return "\n".join(line for line in text.splitlines() if not has_price(line)).strip()


def has_price(line: str) -> bool:
    read = unify(plain(line))
    if PRICED.search(read):
        return True
    return any(_is_price(one) for one in read_quantities(read))


def _is_price(quantity: Quantity) -> bool:
    is_bare = not quantity.unit and max(quantity.values) >= LEAST_PRICE
    return quantity.is_money or quantity.unit == "percent" or is_bare


def _tells_hours(line: str) -> bool:
    """Whether the line says when the shop is there, and offers nothing itself: what has a price is an offer."""
    return bool(HOURS.search(line)) and not (OFFERING.search(line) or _has_price(line))


def _has_price(line: str) -> bool:
    return has_price(PHONE.sub(" ", line))


def _ends(line: str, today: date, posted_on: date | None) -> Iterator[date]:
    for pattern in (NAMED, MONTH_FIRST, ONLY):
        for match in pattern.finditer(line):
            yield from _named(match, today, posted_on)
    for match in END_OF_MONTH.finditer(line):
        yield from _named(match, today, posted_on, is_end=True)
    for match in YEAR_FIRST.finditer(line):
        yield from _of_numbers(int(match["a"]), int(match["b"]), int(match["c"]))
    for match in YEAR_LAST.finditer(line):
        yield from _either(int(match["a"]), int(match["b"]), int(match["c"]))
    if not may_end(line, _has_price(line)):
        return
    for pattern in RANGES:
        for match in pattern.finditer(line):
            yield from _named(match, today, posted_on)
    for match in SHORT_YEAR.finditer(line):
        yield from _of_short(
            int(match["a"]), int(match["b"]), int(match["c"]), is_persian=PERSIAN.match(match["until"]) is not None
        )
    for pattern, is_jalali in ((SHORT_GREGORIAN, False), (SHORT_JALALI, True)):
        for match in pattern.finditer(line):
            yield from _without_year(int(match["a"]), int(match["b"] or match["c"]), is_jalali, today, posted_on)


def _named(match: re.Match[str], today: date, posted_on: date | None, is_end: bool = False) -> Iterator[date]:
    name = match["month"]
    is_jalali = name in JALALI
    month = JALALI[name] if is_jalali else GREGORIAN[name]
    day = None if is_end else SPELLED.get(match["day"]) or int(match["day"])
    if match["year"]:
        found = [_day_of(is_jalali, _whole_year(int(match["year"]), is_jalali), month, day)]
    else:
        found = [_day_of(is_jalali, year, month, day) for year in _years_around(today, is_jalali)]
    yield from _nearest(found, today, posted_on)


def _nearest(found: Iterable[date | None], today: date, posted_on: date | None) -> Iterator[date]:
    """Of one day in several years the first after the post, or the one nearest to today."""
    days = [one for one in found if one is not None]
    if not days:
        return
    if posted_on is not None:
        yield next((one for one in days if one >= posted_on - timedelta(days=1)), days[-1])
    else:
        yield min(days, key=lambda one: abs(one - today))


def _years_around(today: date, is_jalali: bool) -> Iterator[int]:
    year = jdatetime.date.fromgregorian(date=today).year if is_jalali else today.year
    return (year + step for step in (-1, 0, 1))


def _without_year(first: int, second: int, is_jalali: bool, today: date, posted_on: date | None) -> Iterator[date]:
    """Month and day in an order that nobody tells: the earlier of the two."""
    pairs = ((first, second), (second, first))
    ends = [
        end
        for pair in pairs
        for end in _nearest(
            (_day_of(is_jalali, year, *pair) for year in _years_around(today, is_jalali)), today, posted_on
        )
    ]
    if ends:
        yield min(ends)


def _of_short(first: int, second: int, third: int, is_persian: bool) -> Iterator[date]:
    """A date with its year in two digits, which a Persian one begins with."""
    if is_persian:
        yield from _of_numbers(_whole_year(first, is_jalali=True), second, third)
    else:
        yield from _either(first, second, _whole_year(third, is_jalali=False))


def _whole_year(year: int, is_jalali: bool) -> int:
    if year > 99:
        return year
    if is_jalali:
        return 1400 + year if year < 80 else 1300 + year
    return 2000 + year


def _of_numbers(year: int, month: int, day: int) -> Iterator[date]:
    found = _day_of(1300 <= year < 1500, year, month, day)
    if found is not None:
        yield found


def _either(first: int, second: int, year: int) -> Iterator[date]:
    """Day and month in an order that nobody tells: the earlier of the two, for a price too old is worse than none."""
    found = [_day_of(1300 <= year < 1500, year, *pair) for pair in ((second, first), (first, second))]
    days = [one for one in found if one is not None]
    if days:
        yield min(days)


def _day_of(is_jalali: bool, year: int, month: int, day: int | None) -> date | None:
    """The day in our calendar; without a day the last of the month; None where there is no such day."""
    try:
        if day is None:
            following = _day_of(is_jalali, year + month // 12, month % 12 + 1, 1)
            return following - timedelta(days=1) if following else None
        if not is_jalali:
            return date(year, month, day)
        found: date = jdatetime.date(year, month, day).togregorian()
        return found
    except ValueError:
        return None
