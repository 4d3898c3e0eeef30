"""Holds a reply against its facts: every number, date, phone, link, handle and code in it must stand in one of them.

By code, not by a model: a model that checks a model believes the same mistake. What a check cannot know is left out on
purpose: whether a colour is in stock, or which of two prices in the facts belongs to the question.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial
from itertools import chain, pairwise
from typing import Any

from pilito.assistant.quantities import (
    COUNTED,
    NAMING,
    PRICED,
    TO,
    WORDS,
    Quantity,
    Span,
    read_quantities,
    read_spans,
    unify,
)
from pilito.spelling import plain

TLDS = (
    "com|ir|net|org|io|me|co|shop|store|info|app|link|ly|site|online|xyz|biz|gg|tv|us|uk|de|ae|sa|tr|iq|eg|ru|cn|page"
    "|blog|top|club|vip|gl|to|cc|ws|کام|نت|ایران"
)
# How an address is written past whoever looks for one: "evil[.]com", "evil . com", "evil dot com", "evil نقطه کام".
DOT = r"(?:\.|dot|دات|نقطه)"
DISGUISED = re.compile(
    rf"(?<=[^\W_])(?:\s?[\[({{<]\s?{DOT}\s?[\])}}>]\s?(?=\w)|\s{DOT}\s(?=(?:com|ir|net|org|io|co|info|کام|نت|ای ار)\b))"
)
# "evil,com", "evil·com", "evil/com".
MISDOTTED = re.compile(r"(?<=[a-z0-9])[,·•|/](?=(?:com|ir|net|org)\b)")
# Letters of other alphabets that look like Latin ones; no shop of ours writes in them.
LOOKALIKES = str.maketrans("аеорсхуіѕјкмтвнοαενρτικ", "aeopcxyisjkmtbhoaevptik")
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+\.[\w.-]+\w")
LINK = re.compile(
    rf"(?<!\w)(?:\w{{1,20}}://|www\.)\S+|(?<![\w@.-])[^\W_](?:[\w-]|\s?\.(?=[^\W_])){{0,120}}\s?\.(?:{TLDS})\b(?:[/?#:]\S*)?"
    r"|(?<!\w)(?:[a-z0-9]\s){2,40}\.\s(?:[a-z]\s){1,8}[a-z](?!\w)"  # e v i l . c o m
)
# Endings are too many to be listed: whatever has the form of an address is held against the facts as it stands.
DOTTED = re.compile(r"(?<![\w@.-])(?![\d.]+[a-z])[a-z0-9][\w-]{1,62}(?:\.[\w-]{1,62}){0,4}\.[a-z]{2,24}(?![\w@-])")
HANDLE = re.compile(r"(?<![\w.+-])@\s?([a-z0-9_](?:[\w.]*\w)?)")
# A handle without its sign: "our page evil_shop", "آیدی evil_shop".
NAMED_HANDLE = re.compile(
    r"(?:(?:آیدی|ایدی|پیج|کانال|گروه|تلگرام|اینستاگرام|اینستا|واتساپ|واتس اپ|روبیکا|ایتا|حساب|تیلیجرام|تلیجرام|انستغرام"
    r"|انستقرام|صفحتنا|حسابنا|قناه|قناتنا)|\b(?:id|page|channel|telegram|instagram|insta|whatsapp|username|account|handle"
    r"|dm|follow|snapchat|tiktok|paypal|venmo|cashapp))\W{1,3}(?:(?:ما|جدید|جدیدمون|اصلی|فروش|تلگرام|اینستاگرام|الجدید|لنا|is|our|new|us|at|on)"
    r"\W{1,3}){0,3}([a-z][a-z0-9_.]{1,60}[a-z0-9])(?!\w)"
)
# Latin words with a low line are names of accounts; and "evilshop on Telegram", "evilshop در تلگرام".
LINED = re.compile(r"(?<![\w@#.-])[a-z][a-z0-9]{0,60}(?:_[a-z0-9]{1,60}){1,6}(?!\w)")
PLACED_HANDLE = re.compile(
    r"(?:(?<!\w)(?:به|از|با)|\b(?:to|message|contact|add|as|text|find))\s([a-z][a-z0-9_.]{2,60}[a-z0-9])\s"
    r"(?:(?:در|توی|تو)\s(?:تلگرام|اینستا\w*|واتس ?اپ|روبیکا|ایتا|بله)"
    r"|(?:on|at|in)\s(?:telegram|instagram|insta|whatsapp))"
)
DIGIT_WORDS = {
    word: str(digit)
    for digit, words in enumerate(
        (
            "صفر zero oh", "یک یه one واحد", "دو two اثنان", "سه three ثلاثه", "چهار چار four اربعه", "پنج five خمسه",
            "شش شیش six سته", "هفت seven سبعه", "هشت eight ثمانیه", "نه nine تسعه",
        )
    )
    for word in words.split()
}  # fmt: skip
# A phone in words: seven digits or more in a row, each said alone.
SPOKEN = re.compile(rf"(?<!\w)(?:(?:{'|'.join(DIGIT_WORDS)}|\d)(?:\W{{1,3}}|$)){{7,}}")
# The same in pairs and threes: "نهصد و دوازده سیصد و چهل و پنج", "double nine".
SPOKEN_IN_PARTS = re.compile(
    rf"(?<!\w)(?:(?:{'|'.join([*DIGIT_WORDS, *WORDS, 'double', 'triple'])}|\d)"
    r"(?:\s(?:و\s|and\s)?|[-،,]\s?|(?!\w))){7,}"
)
# Digits that name something and count nothing: phones, cards, accounts, tracking numbers.
LONG_NUMBER = re.compile(r"(?<![\w.,])(?:ir)?\+?\(?\d(?:[ \-().]{0,2}\d){6,25}(?![\w]|[.,]\d)|\d{27,}")
LONGEST_COUNTRY = 3  # digits of a country's code
LEAST_OF_PHONE = 7  # digits without its area code: so many as a phone has above, for fewer are the end of many another
# Sizes in a row, which name nothing either.
ROW = re.compile(r"[1-9]\d{0,2}(?:[ -]{1,2}[1-9]\d{0,2})+")
MOST_STEP = 10  # from one size to the next
LATIN = re.compile(r"(?<![\w@.-])[a-z0-9][a-z0-9_-]{2,}(?![\w-])")
NAMED_CODE = re.compile(
    r"(?:کد|کوپن|code|coupon|voucher|کود|رمز)\W{0,3}(?:تخفیف\W{0,3}|الخصم\W{0,3})?([a-z][a-z0-9_-]{3,})"
)
MEASURE = re.compile(
    r"\d+(?:\.\d+)?(?:x\d+)+(?:cm|mm)?$|\d+(?:\.\d+)?(?:k|t|cm|mm|ml|g|gr|kg|cc|am|pm|x|l|m|th|st|nd|rd|-(?:hour|day|week|month|year)s?)$"
)
DATE = re.compile(r"(?<![\d/.-])(\d{2,4})[/.-](\d{1,2})[/.-](\d{1,4})(?![\d/-])")
FIRST_YEAR = 1300
OPEN = 40  # characters in front of a date that are looked at
MONTHS = {
    name: number
    for names in (
        "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر ابان اذر دی بهمن اسفند",
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "ژانویه فوریه مارس اوریل مه ژوین ژوییه اوت سپتامبر اکتبر نوامبر دسامبر",
        "ینایر فبرایر مارس ابریل مایو یونیو یولیو اغسطس سبتمبر اکتوبر نوفمبر دیسمبر",
    )
    for number, name in enumerate(names.split(), start=1)
}
SOLAR, COMMON = "solar", "common"
SOLAR_MONTHS = frozenset(list(MONTHS)[:12])
YEARS_OF = {SOLAR: range(1300, 1500), COMMON: range(1900, 2100)}
MONTH = rf"({'|'.join(MONTHS)})(?:ه|ی|ماه| ماه)?(?!\w)"
YEAR = r"(?:,?\s+(\d{4})(?!\d))?"
NAMED_DATE = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH}{YEAR}|(?<!\w){MONTH}\s+(\d{{1,2}})(?!\d){YEAR}"
)
MONTH_OF_YEAR = re.compile(rf"(?<!\w){MONTH},?\s+(\d{{4}})(?!\d)")
WEEK = (  # from Saturday on
    ("شنبه", "saturday", "السبت"),
    ("یکشنبه", "یک شنبه", "sunday", "الاحد"),
    ("دوشنبه", "دو شنبه", "monday", "الاثنین"),
    ("سه شنبه", "tuesday", "الثلاثاء"),
    ("چهارشنبه", "چهار شنبه", "wednesday", "الاربعاء"),
    ("پنجشنبه", "پنج شنبه", "thursday", "الخمیس"),
    ("جمعه", "friday", "الجمعه"),
)
SOON = ("فردا", "پس فردا", "امشب", "tomorrow", "tonight", "غدا", "اللیله")
DAYS = {name: names[0] for names in (*WEEK, *((name,) for name in SOON)) for name in names}
SHORT_DAYS = {"sat": 0, "sun": 1, "mon": 2, "tue": 3, "tues": 3, "wed": 4, "thu": 5, "thur": 5, "thurs": 5, "fri": 6}
DAYS |= {short: WEEK[number][0] for short, number in SHORT_DAYS.items()}
# The short ones are words of their own ("sun"), unless a time or another day stands beside them.
LONG = "|".join(name for name in DAYS if name not in SHORT_DAYS)
SHORT = "|".join(SHORT_DAYS)
DAY = re.compile(
    rf"(?<!\w)(?:(?P<day>{LONG})(?:s|ها|ا|ه)?"
    rf"|(?P<short>{SHORT})(?=\s*(?:[-–—,&:]|to\b|and\b|\d)|\s*$)|(?<=[-–—])(?P<last>{SHORT}))(?!\w)"
)
# "Colours: tan, black and cream": what a reply may count, on one line: below a comma at its end stands something else.
BETWEEN_COLOURS = re.compile(r"[^\S\n]*[,،/][^\S\n]*|[^\S\n](?:و|and)[^\S\n]")
UNLABELLED_LINE = re.compile(r"[^\S\n]*\n\s*[^\s:][^\n:]*(?:\n|\Z)")
LINE_THAT_GOES_ON = re.compile(r"[^\S\n]*\n\s*(?:[,،/]|(?:و|and)\s)")
COLOURS = re.compile(
    r"(?:رنگ\w*(?: ها\w*)?|colou?rs?|الالوان|الوان)\s*:?\s+"
    rf"(?P<listed>[^\n.:]+(?:{BETWEEN_COLOURS.pattern})[^\n.:]+)"
)
# Latin words that follow "page" or "Instagram" and name nobody.
PLAIN_WORDS = frozenset(
    re.findall(
        r"\w+",
        "about after again also and are around available before below bio call can contact details direct "
        "directly dm for from have here highlight highlights instagram instead just like link live message "
        "messages name number online only order orders page please post posts price prices profile send shop "
        "shopping shops size soon stories story support telegram that the their them there these this today "
        "tomorrow what whatsapp when where which will with you your ",
    )
)
# "Up to 50%", which most things are not off by; also the upper end of a range.
UP_TO = re.compile(
    r"(?:\b(?:up ?to|as (?:much|high) as)|\d%? to|(?<!\w)(?:تا(?: سقف| حدود| حداکثر)?|حتی|الی|لغایه)"
    r"|(?:\b(?:max(?:imum)?|at most)|(?<!\w)(?:حداکثر|بیشترین))(?:\W{1,3}\w{1,20}){0,3})\W{0,3}$"
    r"|\d[-–—~]$|%\s{0,2}[-–—~]\s{0,2}$"
)
# What a customer may name first: a size, how many, an age.
ASKABLE = {"", "piece", "person", "cm", "mm", "inch", "metre", "gram", "kilo", "ml", "litre", "month", "year"}
CLAUSE = re.compile(r"[.!?؟؛\n]+|[،,](?!\d)")
UNKNOWING = re.compile(
    r"نمی\s?دون|نمی\s?دان|اطلاع(?:ی|اتی)? ندار|خبر ندار|مطمین نیست|\b(?:i|we) (?:don't|do not) know\b|\bnot sure\b"
    r"|\b(?:i|we) (?:don't|do not) have (?:\w+ ){0,3}(?:info\w*|details?|answers?|dates?)\b"
    r"|\bno information\b|لا اعرف|لا اعلم|لیس لدی"
)


class Date(tuple[int, ...]):
    """(day, month) or (day, month, year), day 0 for a whole month; `calendar` is empty where the text does not tell."""

    calendar: str

    def __new__(cls, numbers: tuple[int, ...], calendar: str = "") -> "Date":
        date = super().__new__(cls, numbers)
        date.calendar = calendar
        return date


@dataclass(frozen=True)
class Claims:
    """What a text says that can be held against another.

    `gives_addresses`: whether the links, handles, phones and accounts in it are such as the shop may give away; with a
    `home`, of the links only those of that site.
    """

    text: str  # in the form of `claims_of`
    gives_addresses: bool = True
    home: str = ""

    @cached_property
    def emails(self) -> list[str]:
        return EMAIL.findall(self.text)

    @cached_property
    def links(self) -> list[str]:
        return [_address(match[0]) for match in LINK.finditer(EMAIL.sub(" ", self.text))]

    @cached_property
    def _without_links(self) -> str:
        return LINK.sub(" ", EMAIL.sub(" ", self.text))

    @cached_property
    def handles(self) -> list[str]:
        named = [one for one in NAMED_HANDLE.findall(self._without_links) if one not in PLAIN_WORDS and len(one) > 3]
        placed = [one for one in PLACED_HANDLE.findall(self._without_links) if one not in PLAIN_WORDS]
        signed, lined = HANDLE.findall(self._without_links), LINED.findall(self._without_links)
        return list(dict.fromkeys([*signed, *named, *placed, *lined]))

    @cached_property
    def dotted(self) -> list[str]:
        return DOTTED.findall(self._without_links)

    @cached_property
    def _words(self) -> str:
        return HANDLE.sub(" ", self._without_links)

    @cached_property
    def dates(self) -> list[Date]:
        numbered = (_date(*map(int, match.groups())) for match in DATE.finditer(self._words) if _is_date(match))
        named = (_named_date(match) for match in NAMED_DATE.finditer(self._words))
        rest = NAMED_DATE.sub(" ", self._words)
        months = (_of_month(match[1], 0, int(match[2])) for match in MONTH_OF_YEAR.finditer(rest))
        return [*numbered, *named, *months]

    @cached_property
    def days(self) -> list[str]:
        """The days that are named, and those between them where it says "Saturday to Thursday"."""
        found = list(DAY.finditer(self._words))
        between: list[str] = []
        for first, last in pairwise(found):
            if self._words[first.end() : last.start()].strip() in TO:
                between += _days_between(_day(first), _day(last))
        return [_day(match) for match in found] + between

    @cached_property
    def _without_dates(self) -> str:
        return MONTH_OF_YEAR.sub(" ، ", NAMED_DATE.sub(" ، ", DATE.sub(_blanked_date, self._words)))

    @cached_property
    def long_numbers(self) -> list[str]:
        words = SPOKEN.sub(" ", self._without_dates)
        spoken = [_spoken(match[0]) for match in SPOKEN.finditer(self._without_dates)]
        spoken += [re.sub(r"\W+", " ", match[0]).strip() for match in SPOKEN_IN_PARTS.finditer(words)]
        found = (match[0] for match in LONG_NUMBER.finditer(self._without_dates))
        return [_digits(one) for one in found if _names_something(one)] + spoken

    @cached_property
    def _without_names(self) -> str:
        return LONG_NUMBER.sub(lambda match: " ، " if _names_something(match[0]) else match[0], self._without_dates)

    @cached_property
    def codes(self) -> list[str]:
        mixed = filter(_is_code, LATIN.findall(self._without_names))
        named = NAMED_CODE.findall(self._without_names)
        return list(dict.fromkeys(re.sub(r"[-_]", "", code) for code in [*mixed, *named]))

    @cached_property
    def countable(self) -> str:
        return LATIN.sub(lambda match: " ، " if _is_code(match[0]) else match[0], self._without_names)

    @cached_property
    def quantities(self) -> list[Quantity]:
        return read_quantities(self.countable)

    def is_phone(self, quantity: Quantity) -> bool:
        """Whether it may be one without its area code, and not "the price: 88887777"."""
        before = self.countable[max(0, quantity.start - OPEN) : quantity.start]
        return not quantity.unit and not PRICED.search(before)

    def is_most(self, quantity: Quantity) -> bool:
        return UP_TO.search(self.countable[max(0, quantity.start - OPEN) : quantity.start]) is not None

    @cached_property
    def colours(self) -> list[int]:
        """How many colours each list of them names."""
        whole = (match for match in COLOURS.finditer(self.text) if not _goes_on(match))
        lists = (BETWEEN_COLOURS.split(match["listed"].strip()) for match in whole)
        return [sum(map(bool, names)) for names in lists]  # nothing stands behind a comma at the end

    @cached_property
    def spans(self) -> list[Span]:
        return read_spans(self.quantities, self.countable)


def claims_of(text: str, gives_addresses: bool = True, home: str = "") -> Claims:
    """Read a text as it was written."""
    read = DISGUISED.sub(".", unify(plain(text)).translate(LOOKALIKES))
    return Claims(MISDOTTED.sub(".", read), gives_addresses, home)


@dataclass(frozen=True)
class Stated:
    """One claim of a reply, and how it is looked for."""

    kind: str
    text: str
    stands_in: "Callable[[Ground], bool]"


@dataclass(frozen=True)
class Ground:
    """The facts of a turn, the words of the customer, and the shop's name: what a reply may rest on."""

    facts: tuple[Claims, ...]
    question: Claims

    def lacks(self, reply: str) -> list[tuple[str, str]]:
        """Return (what kind of claim, the claim) for everything in the reply that no fact says."""
        return [(one.kind, one.text) for one in self._stated(reply) if not one.stands_in(self)]

    def footing(self, reply: str) -> list[tuple[str, str, int | None]]:
        """Return (kind, claim, number of the first fact that carries it alone) for everything that the reply claims.

        None where no single fact does: the parts of a list that stand in several, or what no fact says.
        """
        alone = [Ground((fact,), self.question) for fact in self.facts]
        return [
            (one.kind, one.text, next((number for number, fact in enumerate(alone) if one.stands_in(fact)), None))
            for one in self._stated(reply)
        ]

    def _stated(self, reply: str) -> "list[Stated]":
        """All claims of a reply but those that it says it knows nothing of."""
        said = claims_of(reply)
        unknowing = [Claims(clause) for clause in CLAUSE.split(said.text) if UNKNOWING.search(clause)]
        open_days = {day for clause in unknowing for day in clause.days if day in self.question.days}
        open_values = {
            value for clause in unknowing for one in clause.quantities if _may_be_open(one) for value in one.values
        } & {value for one in self.question.quantities for value in one.values}
        return [
            *(
                Stated("number", _shown(one), _found_in(said, one))
                for one in said.quantities
                if not (_may_be_open(one) and one.values & open_values)
            ),
            *(
                Stated("contact", one, partial(Ground._has_contact, contact=one))
                for one in [*said.long_numbers, *said.emails]
            ),
            *(Stated("date", "/".join(map(str, one)), partial(Ground._has_date, date=one)) for one in said.dates),
            *(Stated("day", one, partial(Ground._has, "days", one)) for one in said.days if one not in open_days),
            *(Stated("link", one, partial(Ground._has_link, link=one)) for one in said.links),
            *(Stated("link", one, partial(Ground._has_dotted, dotted=one)) for one in said.dotted),
            *(Stated("handle", f"@{one}", partial(Ground._has_handle, handle=one)) for one in said.handles),
            *(Stated("code", one, partial(Ground._has_code, code=one)) for one in said.codes),
        ]

    @staticmethod
    def _has(kind: str, claim: str, ground: "Ground") -> bool:
        return claim in ground._all(kind)

    def _all(self, kind: str) -> list[Any]:
        return list(chain.from_iterable(getattr(fact, kind) for fact in self.facts))

    def _addresses(self, kind: str) -> list[str]:
        """The links, handles, … of the facts that may give them away."""
        return [
            one
            for fact in self.facts
            if fact.gives_addresses
            for one in getattr(fact, kind)
            if kind != "links" or not fact.home or _site(one) == fact.home
        ]

    def _has_whole(self, percent: Quantity) -> bool:
        """Whether a fact takes so much off, and not only "up to" so much."""
        return any(
            _agrees(percent, known) and not fact.is_most(known) for fact in self.facts for known in fact.quantities
        )

    def _has_quantity(self, quantity: Quantity, is_phone: bool) -> bool:
        if any(_agrees(quantity, known) for fact in self.facts for known in fact.quantities):
            return True
        if quantity.unit == "colour" and any(count in quantity.values for count in self._all("colours")):
            return True
        if quantity.parts and not quantity.is_money and all(self._has_part(part, quantity) for part in quantity.parts):
            return True
        if is_phone and any(self._has_contact(f"{value:f}") for value in quantity.values):
            return True
        return self._was_asked_for(quantity)

    def _has_part(self, part: Decimal, whole: Quantity) -> bool:
        """One of "136,138", where that is a list of sizes; a price is no part of it: "12,500" is not 12 and $500."""
        one = Quantity(frozenset({part}), whole.unit)
        known = (other for fact in self.facts for other in fact.quantities if not other.is_money)
        return any(_agrees(one, other) for other in known) or self._was_asked_for(one)

    def _was_asked_for(self, quantity: Quantity) -> bool:
        """A size or a count that the customer named, inside a range that a fact gives ("40" of "38 to 44")."""
        if quantity.unit not in ASKABLE:
            return False
        asked = any(quantity.values & one.values for one in self.question.quantities)
        return asked and any(
            _is_of(span, quantity.unit) and any(span.low <= value <= span.high for value in quantity.values)
            for fact in self.facts
            for span in fact.spans
        )

    def _has_contact(self, contact: str) -> bool:
        known = [*self._addresses("long_numbers"), *self._addresses("emails")]
        whole = {
            str(int(value))
            for fact in self.facts
            if fact.gives_addresses
            for one in fact.quantities
            for value in one.values
        }
        if contact in known:
            return True
        own = contact.lstrip("0")  # a phone without its area code, or with a zero in front
        is_phone = own.isdigit() and len(own) >= LEAST_OF_PHONE
        return is_phone and (own in whole or any(_is_end_of(contact, one) for one in known))

    def _has_date(self, date: Date) -> bool:
        return any(_same_date(date, known) for fact in self.facts for known in fact.dates)

    def _has_handle(self, handle: str) -> bool:
        return handle in self._addresses("handles")

    def _has_link(self, link: str) -> bool:
        """The link of a fact, or the bare site of one."""
        known = self._addresses("links")
        return link in known or any(one.partition("/")[0] == link for one in known)

    def _has_dotted(self, dotted: str) -> bool:
        stands = re.compile(rf"(?<![\w.-]){re.escape(dotted)}(?![\w-])")
        facts = (fact for fact in self.facts if fact.gives_addresses and fact.home in ("", dotted))
        return any(stands.search(fact.text) for fact in facts)

    def _has_code(self, code: str) -> bool:
        return any(code in re.sub(r"[-_]", "", fact.text) for fact in self.facts)


def _found_in(said: Claims, one: Quantity) -> Callable[[Ground], bool]:
    """How a number of a reply is looked for."""
    if one.unit == "percent" and not said.is_most(one):
        return partial(Ground._has_whole, percent=one)
    return partial(Ground._has_quantity, quantity=one, is_phone=said.is_phone(one))


def _is_of(span: Span, unit: str) -> bool:
    """Whether a range may be of this unit: without one it may be of sizes or hours, and counts nothing."""
    return span.unit == unit or (not span.unit and unit not in COUNTED)


def _is_end_of(contact: str, known: str) -> bool:
    """Whether this is the end of a phone that is known: one that begins with a zero is whole but for the country.

    "00912…" is none of "0912…": it calls another country.
    """
    own = contact.lstrip("0")
    if not known.endswith(own):
        return False
    is_local = known.startswith("0") and not known.startswith("00")
    rest = len(known.lstrip("0")) - len(own)
    return not contact.startswith("0") or (not is_local and rest <= LONGEST_COUNTRY)


def _may_be_open(quantity: Quantity) -> bool:
    """What a customer named may be said again in "I do not know …", but never a price: it would be heard as one."""
    return not quantity.is_money and quantity.unit != "percent"


def _agrees(said: Quantity, known: Quantity) -> bool:
    if not said.is_paid_as(known):
        return False
    if said.unit == known.unit or not known.unit or not said.unit:
        # "36,38,40" may be a list of sizes, but "1,850,000 toman" is one price, and 850 toman none of it.
        listed = set() if said.is_money or known.is_money else set(known.parts)
        return _is_unit_free(said, known) and bool(said.values & (known.values | listed))
    if {said.unit, known.unit} == {"toman", "rial"}:
        factor = Decimal(10) if known.unit == "toman" else Decimal("0.1")
        return bool(said.values & {value * factor for value in known.values})
    if {said.unit, known.unit} == {"rial", "riyal"}:
        # One word in Arabic, and 250 of it is told as 250 of it; whose it is, a fact alone says.
        return not said.coin and bool(said.values & known.values)
    if said.unit == "clock" or known.unit == "clock":
        return {said.unit, known.unit} <= {"clock", "hour"} and bool(said.values & known.values)
    return False


def _is_unit_free(said: Quantity, known: Quantity) -> bool:
    """Whether a number without a unit may stand for one with: a price for a bare price, never three days for "3"."""
    if said.unit == known.unit or not said.unit:
        return True
    return not known.is_name and (said.is_money or said.unit in ("piece", "clock"))


def _is_code(word: str) -> bool:
    """Letters and digits in one word that are no measure ("nowruz20", not "38cm")."""
    return any(map(str.isalpha, word)) and any(map(str.isdigit, word)) and not MEASURE.match(word)


def _shown(quantity: Quantity) -> str:
    value = max(quantity.values).normalize()
    return f"{value:f} {quantity.coin or quantity.unit}".strip()


def _day(match: re.Match[str]) -> str:
    return DAYS[match["day"] or match["short"] or match["last"]]


def _days_between(first: str, last: str) -> list[str]:
    week = [names[0] for names in WEEK]
    if first not in week or last not in week:
        return []
    start, end = week.index(first), week.index(last)
    return [week[(start + step) % 7] for step in range(1, (end - start) % 7)]


def _site(link: str) -> str:
    return re.split(r"[/?#:]", link)[0]


def _address(link: str) -> str:
    link = re.sub(r"^\w+://", "", re.sub(r"\s", "", link)).removeprefix("www.")
    return link.rstrip(".,;:!?)]}»\"'،؛؟/")


def _digits(text: str) -> str:
    """A phone in one form: `+98 912…` and `0098912…` as `0912…`."""
    digits = re.sub(r"\D", "", text)
    if text.startswith("ir"):
        return f"ir{digits}"
    return re.sub(r"^(?:00|\+)?98(?=9\d{9}$|[1-8]\d{9}$)", "0", digits)


def _names_something(text: str) -> bool:
    """Whether these digits are a name and no amount: they begin with 0, + or `ir`, or are too many for a price."""
    digits = re.sub(r"\D", "", text)
    is_amount = bool(re.fullmatch(r"\d{1,3}(?:[ .]\d{3})+", text)) and digits[0] != "0"
    return not (is_amount or _is_row(text)) and (
        text[0] in "0+i(" or len(digits) >= 10 or bool(re.search(r"\d[ -]\d{3,}", text))
    )


def _is_row(text: str) -> bool:
    """Whether each is a little more than the one before, as sizes are: "36-38-40-42-44" is no phone."""
    numbers = map(int, re.findall(r"\d+", text))
    return bool(ROW.fullmatch(text)) and all(0 < more - less <= MOST_STEP for less, more in pairwise(numbers))


def _goes_on(colours: re.Match[str]) -> bool:
    """Whether the list may go on below, where no label begins a line: nobody knows how many, and a person counts."""
    below = colours.string[colours.end() :]
    ends_open = colours["listed"].rstrip().endswith((",", "،", "/"))
    return bool((UNLABELLED_LINE if ends_open else LINE_THAT_GOES_ON).match(below))


def _spoken(text: str) -> str:
    return _digits("".join(DIGIT_WORDS.get(word, word) for word in re.findall(r"[^\W\d_]+|\d", text)))


def _date(first: int, second: int, third: int) -> Date:
    """(day, month, year) of year/month/day or day/month/year; the larger end is the year."""
    day, year = min(first, third), max(first, third)
    calendar = next((calendar for calendar, years in YEARS_OF.items() if year in years), "")
    return Date((day, second, year % 100), calendar)


def _is_date(match: re.Match[str]) -> bool:
    """Whether three numbers are a day of some calendar: "36-38-40" is none, and "sizes 10/12/14" neither."""
    first, month, third = map(int, match.groups())
    if max(first, third) >= FIRST_YEAR:
        return True
    is_possible = month <= 12 and min(first, third) <= 31
    return is_possible and not NAMING.search(match.string[max(0, match.start() - OPEN) : match.start()])


def _blanked_date(match: re.Match[str]) -> str:
    return " ، " if _is_date(match) else match[0]


def _named_date(match: re.Match[str]) -> Date:
    year = match[3] or match[6]
    return _of_month(match[2] or match[4], int(match[1] or match[5]), *([int(year)] if year else []))


def _of_month(name: str, day: int, *year: int) -> Date:
    return Date((day, MONTHS[name], *(one % 100 for one in year)), SOLAR if name in SOLAR_MONTHS else COMMON)


def _same_date(said: Date, known: Date) -> bool:
    """Whether a fact has this day: the year that it names too, and in the same calendar."""
    days = {said[0], known[0]}
    return (
        said[1] == known[1]
        and (len(days) == 1 or said[0] == 0)
        and (len(said) == 2 or said[2:] == known[2:])
        and len({said.calendar, known.calendar} - {""}) < 2
    )
