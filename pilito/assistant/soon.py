"""Ends of offers that only the day of the post tells: "until Friday", "24 hours only", "this weekend".

Works on `spelling.plain` text. Who sends within three days, takes back within seven or is open until midnight ends no
offer: an end counts where a sale is spoken of, or a price, or nothing else at all.
"""

import re
from collections.abc import Iterable, Iterator

UNTIL = (
    r"(?<!\w)(?:تا|الی|لغایت|مهلت|اعتبار|انقضا|حتی|لغایه|ینتهی|تنتهی|until|till|til|through|thru|by|before|ends?|ending"
    r"|expires?|valid (?:to|through))(?!\w)[ :]*(?:(?:on|the|تاریخ|روز|تا|شب|ساعت \d{1,2}(?::\d\d)?|midnight|of"
    r"|العرض|الخصم|التخفیضات|یوم|فی)[ :]+){0,3}"
)
END_OF = r"(?:پایان|اخر|انتهای|نهایه|(?:the )?end of)\s+"

NUMBERS = {"یک": 1, "دو": 2, "سه": 3, "چهار": 4, "پنج": 5, "شش": 6, "هفت": 7, "ده": 10, "چند": 7} | {
    "one": 1, "a": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10, "few": 7,
}  # fmt: skip
HOURS_EACH = {
    **dict.fromkeys(("ساعت", "ساعته", "hour", "hours", "hr", "hrs", "ساعه", "ساعات"), 1),
    **dict.fromkeys(("روز", "روزه", "day", "days", "یوم", "ایام"), 24),
    **dict.fromkeys(("هفته", "week", "weeks", "اسبوع", "اسابیع"), 7 * 24),
}
# Working days are of who sends, "48 hours before" of who orders; «یک ساعت» is a watch as well.
COUNTED = (
    rf"(?<![\w.,/])(?!یک ساعت)(?P<count>\d{{1,3}}|{'|'.join(NUMBERS)})[ -]?(?P<unit>{'|'.join(HOURS_EACH)})"
    r"(?!\w)(?! کاری| عمل| قبل| پیش| زودتر| before| earlier| ahead| in advance)"
    r"|(?<!\w)(?P<two>یومین|ساعتین|اسبوعین)(?!\w)"
)
TWO = {"یومین": 2, "ساعتین": 1, "اسبوعین": 14}  # days

# Days after the post on which an end of such words is over at the latest.
A_DAY, TWO_DAYS, A_WEEK, A_MONTH, A_SEASON, A_YEAR = 1, 3, 8, 32, 100, 370

TODAY = r"امروز|امشب|today|tonight|الیوم|اللیله"
TONIGHT = r"نیمه شب|(?:ساعت )?12 شب|midnight|منتصف اللیل"
TOMORROW = r"فردا|پس ?فردا|tomorrow|غدا"
WEEKDAY = (
    r"(?:(?:یک|دو|سه|چهار|پنج) ?)?شنبه|جمعه"
    r"|(?:this |next )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|tues?|wed|thurs?|fri)"
    r"|(?:ال)?(?:سبت|احد|اثنین|ثلاثا|اربعا|خمیس|جمعه)"
)
WEEK = r"(?:این|همین) هفته|(?:اخر|پایان) (?:این |همین )?هفته|this week(?:end)?|the weekend|هذا الاسبوع|نهایه الاسبوع"
MONTH = r"(?:این|همین) ماه|(?:اخر|پایان) (?:این |همین )?ماه|this month|هذا الشهر|نهایه الشهر"
# "The 15th", of whichever month it is.
DATE = (
    r"\d{1,2} ?(?:م|ام|ام ماه|(?:این|همین) ماه|(?:st|nd|rd|th)(?: of (?:this|the) month)?|من (?:هذا )?الشهر)"
    r"|(?:پنجم|دهم|پانزدهم|بیستم|بیست و پنجم|سی ام)(?: (?:این |همین )?ماه)?"
)
SEASON = r"بهار|تابستان|پاییز|زمستان|فصل|spring|summer|autumn|fall|winter|(?:the )?season|الموسم|الصیف|الشتا"
HOLIDAY = (
    r"عید|نوروز|یلدا|شب یلدا|ولنتاین|رمضان|ماه رمضان|محرم|کریسمس|سال نو|روز (?:مادر|پدر|زن|مرد|دختر|دانشجو|معلم)"
    r"|christmas|xmas|easter|eid|nowruz|norooz|yalda|new year|valentine|valentine's day|mother's day|father's day"
    r"|ramadan|halloween|black friday|العید|عید \w+|راس السنه|الکریسماس"
)
BOUNDS = {
    TODAY: A_DAY,
    TONIGHT: A_DAY,
    TOMORROW: TWO_DAYS,
    WEEKDAY: A_WEEK,
    WEEK: A_WEEK,
    MONTH: A_MONTH,
    DATE: A_MONTH,
    SEASON: A_SEASON,
    HOLIDAY: A_YEAR,
}
ONLY = r"(?<!\w)(?:فقط|تنها|only|just)(?!\w)[ :]*(?:(?:برای|تا|for|until|in|on|the|next|به مدت|لمده)[ ]+){0,2}"
LEFT = r"(?: دیگه| دیگر)? ?(?:مونده|مانده|باقی\w*|فرصت|only|left|remaining|فقط|متبقیه?)(?!\w)"


def _each(before: str, after: str, bounds: dict[str, int]) -> list[tuple[re.Pattern[str], int]]:
    """Patterns with the day on which what they find is over; 0 for "that is counted"."""
    return [*_listed(before, after, bounds), (re.compile(rf"{before}(?:{COUNTED}){after}"), 0)]


def _listed(before: str, after: str, bounds: dict[str, int]) -> list[tuple[re.Pattern[str], int]]:
    return [(re.compile(rf"{before}(?:{words})(?!\w){after}"), days) for words, days in bounds.items()]


# They say themselves that they end something.
ENDING = [
    *_each(ONLY, "", {one: BOUNDS[one] for one in (TODAY, TOMORROW, WEEKDAY, WEEK, MONTH)}),
    *_each(r"(?<!\w)", LEFT, {TODAY: A_DAY, WEEK: A_WEEK, MONTH: A_MONTH}),
    *_each(r"(?<!\w)(?:ends?|ending|expires?|ینتهی|تنتهی) (?:in|within|خلال|بعد) (?:the )?(?:next )?", "", {}),
    (
        re.compile(
            r"(?<!\w)(?:ساعات|ساعت های|روزهای|روز های) (?:پایانی|اخر)(?!\w)|\b(?:final|last) (?:hours?|days?)\b"
        ),
        A_DAY,
    ),
    (re.compile(r"(?<!\w)(?:اخرین|اخر) (?:روز|ساعت|یوم)\w*(?!\w)|\blast chance\b|(?<!\w)(?:اخر|اخرین) فرصت\w*"), A_DAY),
]
# A number of one or two digits that is no price begins a range: "3 to 5 days", "10 until midnight".
BEHIND_A_PRICE = r"(?<!(?<![\d$€£])\d )(?<!(?<![\d$€£])\d\d )(?<!\d)"
LASTING = [
    *_each(rf"{BEHIND_A_PRICE}{UNTIL}(?:{END_OF})?(?:\w+ )?", "", BOUNDS),
    # Until Friday no range goes: "price 85 until Friday". But "sizes 38 to 44 summer" speaks of no end.
    *_listed(rf"{UNTIL}(?:{END_OF})?(?:(?!\d)\w+ )?", "", {one: BOUNDS[one] for one in BOUNDS if one != TONIGHT}),
    *_each(r"(?<!\w)(?:به مدت|لمده|(?:for )?(?:the )?next|for) ", "", {}),
]
# They end something only beside the sale that they speak of.
BESIDE = _each(r"(?<!\w)", "", {"امروز و فردا|اخر هفته": A_WEEK, WEEK: A_WEEK, MONTH: A_MONTH, "weekend": A_WEEK})

SALE = re.compile(
    r"تخفیف|حراج|(?<!\w)افر(?!\w)|جشنواره|شگفت|فروش ویژه|قیمت ویژه|ویژه"
    r"|\b(?:sales?|discount\w*|offers?|deals?|promo\w*|off|clearance)\b"
    r"|خصم|خصومات|(?<!\w)(?:العرض|عروض|العروض)(?!\w)|عرض خاص|تنزیلات"
)
PRICE = re.compile(r"قیمت|\bprices?\b|سعر")
# From one day to another, without a word of a sale, the shop is there.
WEEKDAYS = rf"(?:{WEEKDAY})(?: ها)? ?(?:تا|الی|حتی|through|thru|until|till|to|-) ?(?:{WEEKDAY})(?!\w)"
# What else takes its time, or has its hours.
OTHER = re.compile(
    # sending
    r"ارسال|تحویل|پست می|پیک|deliver|ship|dispatch|arriv|شحن|توصیل"
    # taking back
    r"|مرجوع|تعویض|بازگشت|برگشت|عودت|ضمانت|گارانتی|\b(?:return|refund|exchange|warrant|guarantee)|استبدال|ارجاع|ضمان"
    # making
    r"|دوخت|اماده|ساخت|پیش ?فروش|\b(?:ready (?:in|within|by)|handmade|made (?:to|in \d)|prepar|pre-?order)|تجهیز|تفصیل"
    # lasting
    r"|ماندگار|شارژ|باتر|دوام|نتیجه|یخچال|\b(?:lasts|lasting|battery|charge|fridge|refrigerat\w+)|یدوم|بطاریه"
    # being lent
    r"|اجاره|کرایه|\brent\w*|ایجار|تاجیر"
    # being there
    r"|پاسخ|سرویس ?دهی|(?<!\w)باز(?!\w)|بازیم|تعطیل|هستیم|ساعت کار|مفتوح|مغلق|الدوام|نفتح"
    r"|\b(?:(?:open|closed?)\b(?![ -]?toe)|answer|reply|hours:)"
    # paying
    r"|رزرو|واریز|پرداخت|قسط|اقساط|\b(?:deposit|pay|paid|payment|reserve|holds?|instal\w+)\b|حجز|دفع"
    rf"|(?<!\w)(?:{WEEKDAYS})"
)
VALID = re.compile(r"اعتبار|مهلت|(?<!\w)تا(?!\w)|\b(?:valid|until|ends?|ending|expires?)\b|حتی|(?:ی|ت)نتهی")
CLAUSE = re.compile(r"[،؛;|!?؟•…]|[,.](?!\d)")
MOST_BESIDE = 1  # words beside an end that stands alone


def ends_of(lines: Iterable[str], priced: set[str]) -> Iterator[int]:
    """Yield, for each end that an offer has in these lines, after how many days it is over at the latest.

    `priced` are those of the lines that name a price.
    """
    lines = list(lines)
    is_sale = any(map(SALE.search, lines))
    for line in lines:
        is_sales_own = SALE.search(line) is not None
        is_offer = is_sales_own or line in priced or PRICE.search(line) is not None
        is_of_other = OTHER.search(line) is not None
        lasts = is_offer or (is_sale and not is_of_other) or _stands_alone(line)
        for clause in CLAUSE.split(line):
            if OTHER.search(clause) and not SALE.search(clause):
                continue
            if is_offer or not is_of_other:
                yield from _found(ENDING, clause)
            if OTHER.search(clause):
                yield from _found(LASTING, clause, is_counted=False)
                continue
            if lasts:
                yield from _found(LASTING, clause)
            if is_sales_own:
                yield from _found(BESIDE, clause)


def may_end(line: str, is_priced: bool) -> bool:
    """Whether days in a line can be those of an offer: "closed 1-15 October" and "returns until 10/15" are not."""
    if SALE.search(line):
        return True
    return not OTHER.search(line) and bool(is_priced or PRICE.search(line) or VALID.search(line) or _is_bare(line))


def _is_bare(line: str) -> bool:
    """Whether it has no word but its month."""
    return len(set(re.findall(r"[^\W\d]+", line))) <= 1


def _found(patterns: list[tuple[re.Pattern[str], int]], text: str, is_counted: bool = True) -> Iterator[int]:
    for pattern, days in patterns:
        for match in pattern.finditer(text):
            if days:
                yield days
            elif is_counted:
                yield _days_of(match)


def _days_of(match: re.Match[str]) -> int:
    if match["two"]:
        return TWO[match["two"]] + 1
    count = NUMBERS.get(match["count"]) or int(match["count"])
    return -(-count * HOURS_EACH[match["unit"]] // 24) + 1


def _stands_alone(line: str) -> bool:
    for pattern, _ in LASTING:
        if match := pattern.search(line):
            return len(re.findall(r"\w+", line[: match.start()] + line[match.end() :])) <= MOST_BESIDE
    return False
