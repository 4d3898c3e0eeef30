"""Reads the quantities in a text: "۱٬۸۵۰٬۰۰۰ تومان", "۱ میلیون و ۸۵۰ هزار", "two weeks", "38-44", "100%".

A number is written in many ways and some ways can be read in two ("1.850" is 1850 or 1.85), so a quantity holds every
value it can mean. Works on `spelling.plain` text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest

WORDS = {
    # Persian
    "یک": 1, "دو": 2, "سه": 3, "چهار": 4, "پنج": 5, "شش": 6, "شیش": 6, "هفت": 7, "هشت": 8, "نه": 9, "ده": 10,
    "یازده": 11, "دوازده": 12, "سیزده": 13, "چهارده": 14, "پانزده": 15, "پونزده": 15, "شانزده": 16, "شونزده": 16,
    "هفده": 17, "هجده": 18, "نوزده": 19, "بیست": 20, "سی": 30, "چهل": 40, "پنجاه": 50, "شصت": 60, "هفتاد": 70,
    "هشتاد": 80, "نود": 90, "صد": 100, "یکصد": 100, "دویست": 200, "سیصد": 300, "چهارصد": 400, "پانصد": 500,
    "پونصد": 500, "ششصد": 600, "شیشصد": 600, "هفتصد": 700, "هشتصد": 800, "نهصد": 900,
    # English
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
    # Arabic
    "واحد": 1, "اثنان": 2, "اثنین": 2, "ثلاثه": 3, "ثلاث": 3, "اربعه": 4, "اربع": 4, "خمسه": 5, "خمس": 5, "سته": 6,
    "ست": 6, "سبعه": 7, "سبع": 7, "ثمانیه": 8, "تسعه": 9, "تسع": 9, "عشره": 10, "عشرون": 20, "عشرین": 20,
    "ثلاثون": 30, "ثلاثین": 30, "اربعون": 40, "اربعین": 40, "خمسون": 50, "خمسین": 50, "مایه": 100, "مییه": 100,
    "میه": 100,
}  # fmt: skip
# "With three" is one word in Arabic.
ARABIC_ONES = ("ثلا", "ارب", "خمس", "ست", "سبع", "ثما", "تسع", "عشر")
WORDS |= {f"ب{word}": value for word, value in WORDS.items() if word.startswith(ARABIC_ONES)}
MULTIPLIERS = {
    "هزار": 10**3, "میلیون": 10**6, "ملیون": 10**6, "میلیارد": 10**9,
    "هزاره": 10**3, "هزارتا": 10**3, "میلیونه": 10**6, "ملیونه": 10**6,
    "thousand": 10**3, "million": 10**6, "billion": 10**9,
    "الف": 10**3, "الاف": 10**3, "ملایین": 10**6,
}  # fmt: skip
SHORT_MULTIPLIERS = {"k": 10**3}  # only right behind the digits, as "m", which is millions or metres
HUNDRED = "hundred"
HALF = {"نیم", "half", "نصف"}
AND = {"و", "and"}
TO = {"تا", "الی", "to", "until", "till", "یا", "or", "حتی", "-", "–", "—", "~", "/"}

CURRENCIES = {
    "تومان": "toman", "تومن": "toman", "ت": "toman", "toman": "toman",
    "tomans": "toman", "tuman": "toman", "t": "toman", "irt": "toman",
    "ریال": "rial", "rial": "rial", "rials": "rial", "irr": "rial",
    "درهم": "dirham", "dirham": "dirham", "dirhams": "dirham", "aed": "dirham",
    "دینار": "dinar", "dinar": "dinar", "dinars": "dinar", "iqd": "dinar", "kwd": "dinar", "bhd": "dinar",
    "دلار": "dollar", "دولار": "dollar", "dollar": "dollar", "dollars": "dollar", "usd": "dollar", "$": "dollar",
    "buck": "dollar", "bucks": "dollar", "quid": "pound", "cad": "dollar", "aud": "dollar",
    "یورو": "euro", "euro": "euro", "euros": "euro", "eur": "euro", "€": "euro",
    "پوند": "pound", "pound": "pound", "pounds": "pound", "gbp": "pound", "£": "pound",
    "لیر": "lira", "lira": "lira", "₺": "lira", "try": "lira", "tl": "lira", "جنیه": "egp", "egp": "egp",
    "riyal": "riyal", "riyals": "riyal", "sar": "riyal", "qar": "riyal", "omr": "riyal", "افغانی": "afn", "afn": "afn",
    "روپیه": "rupee", "rupee": "rupee", "rupees": "rupee", "₹": "rupee", "inr": "rupee", "pkr": "rupee",
    "روبل": "ruble", "ruble": "ruble", "rubles": "ruble", "rouble": "ruble", "roubles": "ruble", "rub": "ruble",
    "یوان": "yuan", "yuan": "yuan", "cny": "yuan",
}  # fmt: skip
# Several countries pay in what is called the same: by the word for the country beside it, in each language.
COUNTRIES = {
    "riyal": {
        "سعودی": "sar", "عربستان": "sar", "saudi": "sar", "قطر": "qar", "قطری": "qar", "qatari": "qar",
        "عمان": "omr", "عمانی": "omr", "omani": "omr",
    },
    "dinar": {
        "کویت": "kwd", "کویتی": "kwd", "kuwaiti": "kwd", "بحرین": "bhd", "بحرینی": "bhd", "bahraini": "bhd",
        "عراق": "iqd", "عراقی": "iqd", "iraqi": "iqd",
    },
    "dollar": {
        "امریکا": "usd", "امریکایی": "usd", "امریکی": "usd", "us": "usd", "کانادا": "cad", "کانادایی": "cad",
        "کندی": "cad", "canadian": "cad", "cad": "cad", "استرالیا": "aud", "استرالیایی": "aud", "استرالی": "aud",
        "australian": "aud", "aud": "aud",
    },
    "rupee": {
        "هند": "inr", "هندی": "inr", "indian": "inr", "پاکستان": "pkr", "پاکستانی": "pkr", "pakistani": "pkr",
    },
}  # fmt: skip
COINS = frozenset(coin for coins in COUNTRIES.values() for coin in coins.values())
OF_OTHERS = {"rial": "riyal"}  # a bare rial is Iran's, with a country it is another's
STUCK_TO_DOLLAR = {"c": "cad", "ca": "cad", "a": "aud", "au": "aud"}  # "C$20"; "a $20 bag" is nobody's
BARE = {"dollar": "usd", "rupee": "inr"}  # what these are without a country; a bare dinar is anybody's
# What has three decimals, and what is weighed or measured in small numbers: "1.500" of it is one and a half.
POINTED = {"kwd", "bhd", "omr", "kilo", "litre", "metre", "carat"}
UNITS = {
    "دقیقه": "minute", "minute": "minute", "minutes": "minute", "min": "minute",
    "ساعت": "hour", "ساعته": "hour", "hour": "hour", "hours": "hour", "ساعه": "hour", "ساعات": "hour",
    "روز": "day", "روزه": "day", "day": "day", "days": "day", "یوم": "day", "ایام": "day",
    "هفته": "week", "week": "week", "weeks": "week", "اسبوع": "week", "اسابیع": "week",
    "ماه": "month", "ماهه": "month", "month": "month", "months": "month", "شهر": "month", "اشهر": "month",
    "سال": "year", "ساله": "year", "year": "year", "years": "year", "سنه": "year", "سنوات": "year",
    "درصد": "percent", "%": "percent", "percent": "percent",
    "سانت": "cm", "سانتی": "cm", "سانتیمتر": "cm", "cm": "cm", "سم": "cm", "centimetres": "cm", "centimeters": "cm",
    "میلیمتر": "mm", "mm": "mm", "متر": "metre", "metre": "metre", "metres": "metre", "meter": "metre",
    "meters": "metre", "گرم": "gram", "گرمی": "gram", "gr": "gram", "g": "gram", "gram": "gram", "grams": "gram",
    "غرام": "gram", "کیلو": "kilo", "کیلوگرم": "kilo", "kg": "kilo", "kilo": "kilo", "kilos": "kilo",
    "لیتر": "litre", "litre": "litre", "liter": "litre", "litres": "litre", "ml": "ml", "cc": "ml",
    "اینچ": "inch", "inch": "inch", "inches": "inch", "درجه": "degree", "degrees": "degree", "عیار": "carat",
    "carat": "carat", "karat": "carat", "میلیلیتر": "ml", "کیلوگرمی": "kilo", "میلیگرم": "mg", "mg": "mg",
    "رنگ": "colour", "رنگه": "colour", "colour": "colour", "colours": "colour", "color": "colour",
    "colors": "colour", "الوان": "colour", "نفر": "person", "نفره": "person", "people": "person",
    "person": "person", "persons": "person",
    "عدد": "piece", "عددی": "piece", "دونه": "piece", "تیکه": "piece", "تکه": "piece",
    "جفت": "piece", "بسته": "piece", "piece": "piece", "pieces": "piece", "قطعه": "piece", "قطع": "piece",
    "مدل": "piece", "model": "piece", "models": "piece", "pairs": "piece",
}  # fmt: skip
BETWEEN = {"business", "working", "عمل", "full"}  # "3 business days"
COUNTED = {"colour", "piece", "person"}  # what a count counts, and the number of a size does not
LABELS = {"سایز", "سایزهای", "اندازه", "کد", "شماره", "size", "sizes", "no", "number", "code", "مقاس", "رقم"}
# Before these stands the number of no price and of nothing that is sold: "50,000 happy customers", "20000 mAh". To take
# no bare number for a price where a fact names a currency was refused: captions name it once, «کیف ۸۵۰، ارسال ۶۰ تومن».
COUNTING = re.compile(
    r"[+]?[^\S\n]{0,2}(?:"
    # Persian; in the singular, as behind a number: "850 مشتریان عزیز" is a price and who is spoken to
    r"مشتری|خریدار|فالوور|فالور|دنبال ?کننده|کاربر|میلی ?امپر|گیگ(?: ?ابایت)?|ترابایت|مگاپیکسل|وات|ولت|هرتز|لومن|صفحه"
    # English
    r"|(?:(?:happy|satisfied|loyal) )?(?:customers?|clients?|buyers?|followers?|subscribers?|reviews?|users?)"
    r"|mah|gb|tb|mp|megapixels?|watts?|volts?|hz|lumens?|pages?"
    # Arabic
    r"|زبون|عمیل|متابع|جیجا(?:بایت)?|صفحه"
    r")(?!\w)"
)
# Behind these stands a year.
SINCE = re.compile(r"(?:(?<!\w)(?:سال|تاسیس|منذ|عام|سنه)|\b(?:since|est|established|founded(?: in)?))[^\w\n]{1,3}\Z")
YEARS = ((1300, 1499), (1900, 2099))
# Behind these stands a price.
PRICE = r"(?:(?<!\w)(?:ال|ب)?(?:قیمت|هزینه|مبلغ|سعر)\w*|\b(?:costs?|prices?|pay))"
PRICE_WORD = re.compile(PRICE)
PRICED = re.compile(  # "for the price call 88887777" is no price
    rf"{PRICE}[^\w.,،؛!?؟\n]{{1,3}}"
    r"(?:(?!(?:با|به|call|at|on|to|via|شماره|تلفن|علی|الی)\b)\w{1,20}[^\w.,،؛!?؟\n]{1,3}){0,2}$"
)
FRONT = 20  # characters before a number that are looked at for the word of a year
FAR = 6  # words: so far from the word for a price its number may stand
# Behind these stands a name or a measure, which is no price; behind "each size", "free size" and "this model" one does.
NAMING = re.compile(
    r"(?<!\w)(?P<whose>(?:هر|همه(?: ی)?|تمام(?: ?ی)?|فری|تک|each|every|all(?: the)?|any|per|both|free"
    r"|(?:این|همین|this|these)(?= (?:مدل|مودیل|model|item|style))) |(?<=یک )|(?<=دو )|(?<=one ))?"
    r"(?:(?P<code>کد|شماره|پلاک|رقم|کود|codes?|numbers?|no(?=[^\S\n]|[.:#])|ref)"
    r"|سایز(?: ?های?| ?ها| ?بندی)?|اندازه|مدل|طبقه|مقاس|مودیل|sizes?|models?|items?|styles?"
    r"|(?:قد|دور|عرض|طول|ارتفاع|پهنا|bust|waist|hips?|chest|length|height|width|inseam|shoulders?)"
    r"(?: (?:سینه|کمر|باسن|بازو|مچ|گردن|یقه|ران|شانه|سرشانه|استین|لباس|کار|مانتو|پیراهن|شلوار|دامن))?)"
    r"(?:ها)?(?:ا?ش(?:ون)?)?(?: (?:موجود|محصول|کالا|کار|available))?"
    r"(?:[^\w\n]{0,3}|[^\w\n]{0,2}[:👇][^\w\n]{0,2}\n[^\w\n]{0,3})"
    r"(?:(?:eu|us|uk)[^\w\n]{1,3}|(?P<letter>x{0,3}[sml][^\w\n]{1,3}))?\Z"
)
LETTER = r"\(?(?:x{0,3}[sml]|free|eu|us|uk)\)?[^\S\n]{0,3}"
LISTED = re.compile(  # between two of a list or a range: "36(S), 38(M)", "M=38 L=40"
    rf"[^\S\n]{{0,3}}(?:{LETTER})?(?:[,،/~–—&-]|و|and|تا|الی|to|یا|or)?[^\S\n]{{0,3}}(?:{LETTER}[=:]?[^\S\n]{{0,3}})?"
)
BELOW = re.compile(rf"[^\S\n]{{0,3}}(?:{LETTER})?[,،]?[^\S\n]{{0,3}}\n[^\w\n]{{0,3}}")
NEAR = 50  # so near are two sizes of a list; a price stands further off from the code before it
STEP = 10  # so near is what follows "all sizes" or stands below a size, where it is one
LETTER_STEP = 4  # "S 36, M 38" are sizes, "S 45, M 50" prices
LEAST_SUM = 10_000  # no size, no model and no measure is so large; a code may be
LATER = {"pm", "شب", "عصر", "غروب", "مساء"}  # clock words that may mean twelve hours more
SHORTHAND = {"t", "ت", "تومن", "تومنه", "تومنی"}  # shops leave out the thousands: 850T is 850,000 tomans
LEAST_SHORT = 10
BEHIND_ONLY = SHORTHAND | {"try", "rub", "افغانی"}  # before a number they are other words: "try 38", «فرش افغانی ۸۵۰»

TOKEN = re.compile(
    r"(?P<clock>(?<![\d:])\d{1,2}:\d{2}(?![\d:]))"
    r"|(?P<number>\d{1,3}(?:[,'’،]\d{3}){1,8}(?!\d)(?:\.\d{1,9})?|\d{1,3}(?:\.\d{3}){1,8}(?!\d)|\d{1,26}\.\d{1,9}|\d{1,26})"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<sign>[%$€£₺₹])"
    r"|(?P<dash>[-–—~/])"
    r"|(?P<stop>[^\w\s]|\n)"
)
SPACED = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?: \d{3})+(?![\d.,])")
# What is written as one word, or as two, and read as the other.
STUCK = re.compile(r"(هزار|میلیون|ملیون|صد)(?=تومان|تومن|ریال|درصد)|(?<=\d)(?=هزار|میلیون|تومان|تومن|ریال|درصد)")
APART = re.compile(r"(میلی|سانتی|کیلو) (?=لیتر|متر|گرم)")
SLASHED = re.compile(r"(?<![\d/])(\d{1,3})((?:/\d{3})+)(?![\d/])")  # 315/000
SLASH_POINT = re.compile(r"(?<![\d/])(\d{1,3})/(\d{1,2})(?=\s*(?:میلیون|ملیون|میلیارد|هزار))")  # 1/25 million
# A number that is an article: "a hundred dollars", "یه تومن".
ARTICLE = re.compile(r"\ban? (?=(?:hundred|thousand|million|dollar|buck|euro|pound|quid|toman|rial|dirham|lira)s?\b)")
FA_ARTICLE = re.compile(r"(?<!\w)یه (?=(?:تومن|تومان|هزار|میلیون|ملیون|ریال|دلار)\w?(?!\w))")
ABOUT_NUMBER = re.compile(
    r"(?:(?<!\w)(?:قیمت|هزینه|مبلغ|سعر|سایز)\w*|\b(?:costs?|prices?|pay|for only|sizes?))"
    r"\W{1,3}(?:\w{1,20}\W{1,3}){0,2}$"
)
SUFFIXES = ("ه", "ست", "اند", "ها", "ای", "ی")  # "is", "are", plural, "a": they stick to the unit
# "38: chest 96" is a line of a table of sizes.
LIST_MARK = re.compile(r"^[^\S\n]*(?:\d{1,2}\s*[.)](?=\s*\D)|\d\s*[-:](?=\s+\D))", re.MULTILINE)


@dataclass(frozen=True)
class Quantity:
    """A number with what stands behind it. `values`: all it can mean; `parts`: the numbers of a list read as one."""

    values: frozenset[Decimal]
    unit: str = ""  # of UNITS or CURRENCIES, `clock`, or empty
    coin: str = ""  # whose dollar, dinar, riyal or rupee it is; empty where the text does not say
    parts: tuple[Decimal, ...] = ()
    multiplier: int = 1
    is_spelled: bool = False  # in words: "one" alone is no quantity
    is_name: bool = False  # of a size, a code, a door, or a measure: no price and no count
    start: int = 0
    end: int = 0

    @property
    def is_money(self) -> bool:
        return self.unit in MONEY

    def is_paid_as(self, other: "Quantity") -> bool:
        """Whether both are of one country, as far as they say it: a dollar of Canada is not one of America."""
        coins = {one.coin or BARE.get(one.unit, "") for one in (self, other)} - {""}
        return len(coins) < 2


MONEY = frozenset(CURRENCIES.values())


@dataclass(frozen=True)
class Span:
    """A range: from the lower to the higher value, both included."""

    low: Decimal
    high: Decimal
    unit: str


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


def read_quantities(text: str) -> list[Quantity]:
    """Return the quantities of a plain text in their order.

    One spelled in words only with a unit, from a hundred on, or where it can only be a price or a size: "one" is none.
    """
    return [one for one in read_all(text) if not one.is_spelled or one.unit or _is_meant(one, text)]


def _is_meant(spelled: Quantity, text: str) -> bool:
    value = max(spelled.values)
    return value >= 100 or (value >= 10 and bool(ABOUT_NUMBER.search(text[max(0, spelled.start - 40) : spelled.start])))


def unify(text: str) -> str:
    """Bring the spellings of numbers and units that differ by a space or a slash into one."""
    text = SLASH_POINT.sub(r"\1.\2", SLASHED.sub(lambda match: match[1] + match[2].replace("/", ","), text))
    text = FA_ARTICLE.sub("یک ", ARTICLE.sub("one ", text))
    return APART.sub(r"\1", STUCK.sub(lambda match: f"{match[1] or ''} ", text))


def read_spans(quantities: list[Quantity], text: str) -> list[Span]:
    """Return the ranges: two quantities with "to" or a dash between them."""
    spans = []
    for low, high in zip(quantities, quantities[1:], strict=False):
        if text[low.end : high.start].strip() in TO and min(low.values) < max(high.values):
            spans.append(Span(min(low.values), max(high.values), high.unit or low.unit))
    return spans


@lru_cache(maxsize=1024)  # one reply asks some thirty times, a statement several times
def read_all(text: str) -> tuple[Quantity, ...]:
    """Return every number, also one in words that may count nothing."""
    text = LIST_MARK.sub(lambda match: " " * len(match[0]), text)
    tokens = [
        Token(match.lastgroup or "", match[0], match.start(), match.end())
        for match in TOKEN.finditer(SPACED.sub(_joined, text))
    ]
    found, position = [], 0
    while position < len(tokens):
        quantity, position = _quantity(tokens, position)
        if quantity is not None:
            found.append(quantity)
    return tuple(_named(_inherited(found, text), text))


def _joined(match: re.Match[str]) -> str:
    """`1 850 000` as one number of the same length."""
    return match[0].replace(" ", ",")


def _quantity(tokens: list[Token], position: int) -> tuple[Quantity | None, int]:
    token = tokens[position]
    if token.kind == "clock":
        hours, minutes = map(int, token.text.split(":"))
        value = Decimal(hours) + Decimal(minutes) / 60
        quantity = Quantity(frozenset({value}), "clock", start=token.start, end=token.end)
        return _later(quantity, tokens, position + 1), position + 1
    number = _number(tokens, position)
    if number is None:
        return None, position + 1
    quantity, following = number
    quantity, following = _multiplied(quantity, tokens, following)
    return _with_unit(quantity, tokens, position, following)


def _number(tokens: list[Token], position: int) -> tuple[Quantity, int] | None:
    token = tokens[position]
    if token.kind == "number":
        values, parts = _values(token.text)
        return Quantity(values, parts=parts, start=token.start, end=token.end), position + 1
    if token.text in WORDS or token.text in HALF or token.text == HUNDRED:
        return _spelled(tokens, position)
    if token.text in MULTIPLIERS:
        one = frozenset({Decimal(1)})
        return Quantity(one, is_spelled=True, start=token.start), position  # its end is the multiplier's
    return None


def _values(text: str) -> tuple[frozenset[Decimal], tuple[Decimal, ...]]:
    """What the digits can mean, and the numbers of what may be a list."""
    groups = re.split(r"[,'’،]", text)
    if len(groups) > 1:
        parts = tuple(Decimal(group) for group in groups)
        return frozenset({Decimal("".join(groups))}), parts
    if "." in text:
        whole = Decimal(text.replace(".", ""))
        if text.count(".") > 1:
            return frozenset({whole}), ()
        is_thousands = len(text.partition(".")[2]) == 3
        return frozenset({Decimal(text), whole} if is_thousands else {Decimal(text)}), ()
    return frozenset({Decimal(text)}), ()


def _spelled(tokens: list[Token], position: int) -> tuple[Quantity, int]:
    """`هشتصد و پنجاه`, `twenty five`, `fifteen hundred`, `دو و نیم`."""
    start, total, last = tokens[position].start, Decimal(0), Decimal(10**9)
    while position < len(tokens):
        text = tokens[position].text
        if text in HALF:
            total, position = total + Decimal("0.5"), position + 1
            break
        if text == HUNDRED and total < 100:
            total, last = (total or Decimal(1)) * 100, Decimal(100)
        elif text in WORDS and WORDS[text] < last:
            total, last = total + WORDS[text], Decimal(WORDS[text])
        else:
            break
        position += 1
        if _is_and(tokens, position) and _continues(tokens, position + 1, last):
            position += 1
    return Quantity(frozenset({total}), is_spelled=True, start=start, end=tokens[position - 1].end), position


def _is_and(tokens: list[Token], position: int) -> bool:
    return position < len(tokens) and tokens[position].text in AND


def _continues(tokens: list[Token], position: int, last: Decimal) -> bool:
    if position >= len(tokens):
        return False
    text = tokens[position].text
    return text in WORDS and last >= 20 and WORDS[text] < last


def _multiplied(quantity: Quantity, tokens: list[Token], position: int) -> tuple[Quantity, int]:
    """`۱ میلیون و ۸۵۰ هزار`: each number times its multiplier, from the largest on."""
    multiplier = _multiplier(tokens, position, quantity.end)
    if multiplier is None:
        if _is_and(tokens, position) and _text(tokens, position + 1) in HALF:
            half = frozenset(value + Decimal("0.5") for value in quantity.values)
            quantity = replace(quantity, values=half, end=tokens[position + 1].end)
            return _multiplied(quantity, tokens, position + 2)
        return quantity, position
    while (further := _multiplier(tokens, position + 1, tokens[position].end)) is not None:  # two hundred thousand
        multiplier, position = multiplier * further, position + 1
    values = frozenset(value * multiplier for value in quantity.values)
    quantity = replace(
        quantity,
        values=values,
        parts=(),
        multiplier=max(multiplier, quantity.multiplier),
        end=tokens[position].end,
    )
    position += 1
    if _is_and(tokens, position) and _text(tokens, position + 1) in HALF:
        halved = frozenset(value + Decimal(multiplier) / 2 for value in values)
        return replace(quantity, values=halved, end=tokens[position + 1].end), position + 2
    return _added(quantity, multiplier, tokens, position)


def _added(quantity: Quantity, multiplier: int, tokens: list[Token], position: int) -> tuple[Quantity, int]:
    following = position + 1 if _is_and(tokens, position) else position
    number = _number(tokens, following) if following < len(tokens) else None
    if number is None:
        return quantity, position
    rest, after = _multiplied(number[0], tokens, number[1])
    is_smaller = max(rest.values) < multiplier
    is_large = max(rest.values) >= 100
    is_joined = following > position or rest.multiplier > 1 or (rest.is_spelled and is_large)  # "thousand five hundred"
    if not (is_smaller and is_joined and (multiplier <= 1000 or is_large)):
        return quantity, position
    values = frozenset(one + other for one in quantity.values for other in rest.values)
    return replace(quantity, values=values, end=rest.end), after


def _multiplier(tokens: list[Token], position: int, end: int) -> int | None:
    if position >= len(tokens):
        return None
    token = tokens[position]
    if token.text in SHORT_MULTIPLIERS and token.start == end:
        return SHORT_MULTIPLIERS[token.text]
    return MULTIPLIERS.get(token.text)


def _with_unit(quantity: Quantity, tokens: list[Token], first: int, position: int) -> tuple[Quantity, int]:
    before = tokens[first - 1] if first else None
    if _text(tokens, position) == "m" and tokens[position].start == quantity.end:
        values = quantity.values
        if _is_paid(tokens, first, position + 1):
            values |= {value * 10**6 for value in values}
        quantity, position = replace(quantity, values=values, end=tokens[position].end), position + 1
    following = position + _is_hyphened(tokens, position, quantity.end)
    while _text(tokens, following) in BETWEEN:
        following += 1
    following += _coin(tokens, following + 1, following) != ""  # "20 Canadian dollars"
    token = tokens[following] if following < len(tokens) else None
    unit = _unit(token, quantity) if token is not None and not _opens(tokens, following) else ""
    if before is not None and before.text in LABELS and unit in COUNTED:
        return quantity, position  # "size 40 colour cream" counts no colours
    if token is not None and unit:
        values = _pointed(quantity.values, unit)
        if token.text in SHORTHAND and quantity.multiplier == 1:
            values |= {value * 1000 for value in values if LEAST_SHORT <= value < 100_000}
        quantity = replace(quantity, values=values, unit=unit, end=token.end)
        return _minted(quantity, tokens, following, _alone(tokens, following + 1)), following + 1
    noun = first - 2 if _coin(tokens, first - 2, first - 1) else first - 1
    if noun >= 0 and tokens[noun].text in CURRENCIES and tokens[noun].text not in BEHIND_ONLY:
        quantity = replace(quantity, unit=CURRENCIES[tokens[noun].text])
        return _minted(quantity, tokens, noun, _alone(tokens, position)), position
    return _later(quantity, tokens, position), position


def _is_paid(tokens: list[Token], first: int, behind: int) -> bool:
    """Whether a number is money by what stands beside it: a currency, also behind the range it begins, or "price"."""
    if _text(tokens, behind) in TO:
        behind += 2
        behind += _text(tokens, behind) == "m"
    if _text(tokens, behind) in CURRENCIES:
        return True
    for place in range(first - 1, max(first - FAR, 0) - 1, -1):
        token = tokens[place]
        if token.text in CURRENCIES:
            return place == first - 1 and not (place and tokens[place - 1].kind == "number")
        if PRICE_WORD.fullmatch(token.text):
            return True
        if token.kind == "stop" and token.text != ":":
            return False
    return False


def _coin(tokens: list[Token], noun: int, country: int) -> str:
    """Whose currency the two words at these places are: `ریال` and `سعودی`; empty where they are none together."""
    if noun < 0 or country < 0 or (unit := CURRENCIES.get(_text(tokens, noun))) is None:
        return ""
    name = _text(tokens, country).removesuffix("ه")  # «ریال عمانه»: it is
    if tokens[noun].text == "$" and name in STUCK_TO_DOLLAR:
        return STUCK_TO_DOLLAR[name] if tokens[country].end == tokens[noun].start else ""
    return COUNTRIES.get(OF_OTHERS.get(unit, unit), {}).get(name, "")


def _alone(tokens: list[Token], position: int) -> int:
    """Where a word stands alone at this place, as in "$80 Canadian" or "$80 (CAD)"; in "$80 Canadian leather" at -1."""
    position += _text(tokens, position) == "("
    is_alone = position + 1 >= len(tokens) or tokens[position + 1].kind == "stop"
    return position if is_alone else -1


def _minted(quantity: Quantity, tokens: list[Token], noun: int, behind: int) -> Quantity:
    """With the country of its currency, which is a code, or stands on one side of it, or alone behind the number."""
    coin, end = tokens[noun].text if tokens[noun].text in COINS else "", quantity.end
    for country in (noun + 1, noun - 1, behind):
        if not coin and (coin := _coin(tokens, noun, country)):
            end = max(end, tokens[country].end)
    if not coin:
        return quantity
    unit = OF_OTHERS.get(quantity.unit, quantity.unit)
    return replace(quantity, values=_pointed(quantity.values, coin), unit=unit, coin=coin, end=end)


def _pointed(values: frozenset[Decimal], unit: str) -> frozenset[Decimal]:
    """Without the thousands, where "1.500" can only be one and a half."""
    return frozenset({min(values)}) if unit in POINTED else values


def _is_hyphened(tokens: list[Token], position: int, end: int) -> bool:
    """Whether a hyphen binds the unit to the number: `6-month`."""
    if position + 1 >= len(tokens) or tokens[position].text != "-" or tokens[position].start != end:
        return False
    following = tokens[position + 1]
    return following.start == tokens[position].end and following.text in UNITS


def _opens(tokens: list[Token], position: int) -> bool:
    """Whether the sign at this place belongs to the number behind it: `41 $89`."""
    token = tokens[position]
    following = tokens[position + 1] if position + 1 < len(tokens) else None
    return (
        token.kind == "sign" and following is not None and following.kind == "number" and following.start == token.end
    )


def _unit(token: Token, quantity: Quantity) -> str:
    if len(token.text) == 1 and token.kind == "word" and token.text != "ت" and token.start != quantity.end:
        return ""  # a lone letter is a unit only right behind the digits
    words = [token.text, *(token.text.removesuffix(suffix) for suffix in SUFFIXES if token.text.endswith(suffix))]
    return next((unit for word in words if (unit := CURRENCIES.get(word) or UNITS.get(word, ""))), "")


def _later(quantity: Quantity, tokens: list[Token], position: int) -> Quantity:
    if _text(tokens, position) in LATER:
        return replace(quantity, values=quantity.values | {value + 12 for value in quantity.values if value < 12})
    return quantity


def _text(tokens: list[Token], position: int) -> str:
    return tokens[position].text if position < len(tokens) else ""


def _inherited(found: list[Quantity], text: str) -> list[Quantity]:
    """In `۲ تا ۳ روز` both are days, in `800-900 هزار` both are thousands."""
    result: list[Quantity] = []
    for quantity, following in _pairs(found):
        if following is None or quantity.unit or text[quantity.end : following.start].strip() not in TO:
            result.append(quantity)
            continue
        values = quantity.values
        if quantity.multiplier == 1:
            values = _pointed(_pointed(values, following.coin), following.unit)
            values |= {value * following.multiplier for value in values}
        result.append(replace(quantity, values=values, unit=following.unit, coin=following.coin))
    return result


def _named(found: list[Quantity], text: str) -> Iterator[Quantity]:
    """Mark what names a size or a code, and what stands in a list or a range with one."""
    before = Quantity(frozenset())
    for one, following in _pairs(found):
        label = NAMING.search(text, before.end, one.start)
        is_labelled = label is not None and _is_name(label, one, following, text)
        is_name = is_labelled or (before.is_name and _goes_on(before, one, text))
        before = replace(one, is_name=is_name)
        yield replace(one, is_name=True) if _is_of_no_price(one, text) else before


def _is_name(label: re.Match[str], one: Quantity, following: Quantity | None, text: str) -> bool:
    """Whether this number behind a label is a name: "all sizes 38 to 44" are two, "all sizes 850" is a price."""
    if label["whose"] is not None or label["letter"]:
        step = LETTER_STEP if label["letter"] else STEP
        if following is None or not LISTED.fullmatch(text, one.end, following.start):
            return False
        return 0 < max(following.values) - max(one.values) <= step
    return bool(label["code"]) or min(one.values) < LEAST_SUM


def _is_of_no_price(one: Quantity, text: str) -> bool:
    """Whether this is a year, or counts or measures what we have no unit for: "since 2015", "256 GB", "5m"."""
    if COUNTING.match(text, one.end) or (len(one.values) == 1 and text[one.end - 1 : one.end] == "m"):
        return not one.unit
    is_year = any(first <= min(one.values) <= last for first, last in YEARS)
    return is_year and SINCE.search(text, max(0, one.start - FRONT), one.start) is not None


def _goes_on(before: Quantity, one: Quantity, text: str) -> bool:
    step = max(one.values) - max(before.values)
    if LISTED.fullmatch(text, before.end, one.start):
        return abs(step) <= NEAR
    return not one.unit and 0 < step <= STEP and BELOW.fullmatch(text, before.end, one.start) is not None


def _pairs(found: list[Quantity]) -> Iterator[tuple[Quantity, Quantity | None]]:
    yield from zip_longest(found, found[1:])
