"""Which products a caption is about: by a SKU in it, or by a name, and only where that is sure enough to propose it.

And whether the prices of a caption and of a product agree.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from pilito.assistant.offers import PHONE
from pilito.assistant.quantities import Quantity, read_quantities, unify
from pilito.lifecycle import FoundBy
from pilito.spelling import plain

WORD = re.compile(r"[^\W_]+")
TOKEN = re.compile(r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?|[^\W_]+")
# A code of digits alone looks like a price, a size, a phone: it must be called a code.
CALLED = re.compile(r"(?:کد|کدکالا|شناسه|مدل|code|sku|ref|art|model|رمز)\W{0,3}(?:کالا|محصول|no|number)?\W{0,3}$")
LEAST_CODE = 3
LEAST_WORDS = 2  # "dress" is in every caption
BETWEEN = 3  # words that may stand between those of a name: «کیف دوشی چرم طبیعی کارون»
LONGEST_CAPTION = 4000
MOST_PRODUCTS = 6  # a caption that names more is a list


@dataclass(frozen=True)
class Item:
    """A product as it is looked for."""

    product_id: int
    name: str
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Match:
    product_id: int
    how: FoundBy


class Shelf:
    """Products by their codes and by the words of their names: made once, asked for many captions."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_code: dict[str, set[int]] = defaultdict(set)
        self._by_word: dict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
        for item in items:
            for code in item.codes:
                if len(read := plain(code).strip()) >= LEAST_CODE:
                    self._by_code[read].add(item.product_id)
            name = _words(item.name)
            if len(name) >= LEAST_WORDS:
                self._by_word[name[0]].append((name, item.product_id))

    def matches(self, caption: str) -> list[Match]:
        """Return the products that a caption names, those by a code first; none where it names very many."""
        text = plain(caption[:LONGEST_CAPTION])
        coded = dict.fromkeys(self._coded(text))
        named = [number for number in self._named(text) if number not in coded]
        found = [*(Match(number, FoundBy.SKU) for number in coded), *(Match(number, FoundBy.NAME) for number in named)]
        return found if len(found) <= MOST_PRODUCTS else []

    def _coded(self, text: str) -> list[int]:
        found: list[int] = []
        for match in TOKEN.finditer(text):
            numbers = self._by_code.get(match[0], set())
            is_named = not match[0].isdigit() or CALLED.search(text[: match.start()])
            if len(numbers) == 1 and is_named:  # a code that two products have tells neither
                found += numbers
        return found

    def _named(self, text: str) -> list[int]:
        names: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for line in text.splitlines():
            words = _words(line)
            for start, word in enumerate(words):
                for name, number in self._by_word.get(word, ()):
                    if _follow(name, words[start : start + len(name) + BETWEEN]):
                        names[name].add(number)
        whole = [name for name in names if not any(_is_part(name, other) for other in names)]
        # Two products of one name: which one is the owner's to say.
        return [next(iter(names[name])) for name in whole if len(names[name]) == 1]


def _words(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(plain(text)))


def _follow(name: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether the words of a name stand among these in their order."""
    rest = iter(words)
    return all(word in rest for word in name)


def _is_part(name: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return name != other and set(name) < set(other)


# --- prices ----------------------------------------------------------------------------------------------------------

CONTEXT = re.compile(r"\[CONTEXT:.*?\[/CONTEXT\]", re.DOTALL)
# Behind "how much" and "how many": then it asks how long. A watch is «ساعة» in Arabic: «بكم ساعة» asks its price.
LONG = (
    r"(?!\s*(?:روزه?|ساعته?|دقیقه|هفته|ماهه?|ساله?|وقت|طول|زمان|یوم|ایام|ساعه|اسبوع|شهر|time|longer"
    r"|r[ou]{1,2}ze?|sa'?ate?|hafte|mahe?|vaght)(?!\w))"
)
ASKS_PRICE = re.compile(
    rf"(?<!\w)(?:(?:چند|چقدر){LONG}\w*|(?:قیمت|هزینه|مبلغ|سعر|السعر|ثمن)\w*|بکم(?!\w)|کم(?!\w){LONG})"
    rf"|\b(?:(?:how much|chand){LONG}|price|cost|(?:gh?|[qk])(?:ey?|ei|[iy])mat)\w*"
)
RIALS: Mapping[str, int] = {"toman": 10, "rial": 1, "riyal": 1}  # «ريال» alone, of a shop of the Gulf, is its riyal
# Numbers that name: pages, accounts, tags.
NO_PRICE = re.compile(r"(?<!\S)\S*(?:://|www\.|@|[a-zA-Z]\.[a-z]{2,6}/)\S*|#\S+")
NEAR = 40  # characters around a sum that say what it is
PRICE_LINE = re.compile(r"\W*(?:قیمت|price|السعر|سعر)(?!\w)")
PRICE_OF = re.compile(
    r"(?:(?<!\w)(?:قیمت\w*|مبلغ|السعر|سعر\w*|ثمن|الثمن)|\bprices?)\W{0,6}(?:(?!دایرکت|دیرکت|پیام|dm|in)\w+\W{1,3}){0,2}\Z"
)
SENDING = r"(?:ارسال|پست|پیک|تیپاکس|باربری|الشحن|شحن|التوصیل|توصیل|shipping|delivery|postage|courier)"
ELSE = rf"(?:{SENDING}|کرایه|بیعانه|پیش ?پرداخت|بسته ?بندی|عربون|deposit|(?:gift )?(?:wrapping|packaging))"
# Right before a sum: what sending costs, what it cost before, from how much on something holds.
BESIDE = re.compile(
    rf"(?<!\w){ELSE}(?: (?:cost|fee|charge|is|of|هم|ان|پیشتاز|سفارشی|پستی|کادویی|هدیه))?"
    rf"(?: (?:به|با|الی|to|by|via|for) \w+)?[^\w\n،,.;|]{{1,4}}(?:فقط |only )?[$€£]?\Z"
    r"|(?<!\w)(?:قیمت )?(?:قبل|قبلی|قبلا|سابق|قدیم|به ?جای|قبل از تخفیف|بالای|بالاتر از|بیش از|بیشتر از|فوق|اکثر من"
    r"|السابق|بدلا من|بدل|کان|price before|old price|previous(?:ly)?(?: price)?|before|was|instead of|originally"
    r"|(?:reduced|down) from|over|above|more than)[^\w\n،,.;|]{1,3}[$€£]?\Z"
)
NUMBER_OF = re.compile(  # a parcel's, a shop's, a colour's
    r"(?<!\w)(?:کد|شماره|رمز|رنگ|ارتیکل|تلفن|تماس|موبایل|همراه|واتساپ|واتس ?اپ|هاتف|جوال|واتساب"
    r"|code|number|phone|tel|call|mobile|whats ?app|article|item)(?: \w+){0,2}\W{0,3}\Z"
)
# Right behind it: what is taken off it, and what it was taken off from.
FOR_ELSE = re.compile(
    rf"[^\w\n،,.;|]{{0,3}}(?:(?:هزینه|بابت|پول|for|کلفه)(?: ?ی)? {SENDING}|{SENDING} (?:cost|fee|charge)"
    r"|تخفیف(?! ?خورده)|off\b|discount|خصم|قبل از تخفیف)"
)
# What a large number counts, where it is no price.
COUNTED = re.compile(
    r"\W{0,2}(?:تایی|فالو|مشتری|ممبر|عضو|سفارش|خرید|لایک|ویو|بازدید|امتیاز|دنبال|میلی|امپر|وات|دور|ضربه|گیگ|بار\b|شدیم|برس\w{1,3}\b|متابع|عمیل|زبون"
    r"|mah\b|watt|rpm\b|followers?|happy|customers?|orders?|likes?|views?|sold|reviews?|members?|satisfied)"
)
LEAST_SUM = 10_000  # a bare number below it is a size, a count, a year
LEAST_SHORT = 10  # behind "price" shops leave out the thousands
LEAST_NUMBER = 10**10  # a card, a postal code
# A phone cut short begins with a zero, as no sum does; a mobile without its zero is no round number, as such a sum is.
CALLS = re.compile(r"0\d|9\d{9}(?<!000)(?!\d)")


def asks_price(question: str) -> bool:
    """Whether the customer asks what something costs; what a shared post says is no question."""
    return ASKS_PRICE.search(plain(CONTEXT.sub(" ", question))) is not None


def differs(caption: str, product_text: str) -> bool:
    """Whether the caption names other prices than the product has now; False where one of the two names none.

    Of several prices in a caption one may be of something beside it; where the product has several too, each has to be
    one of them.
    """
    known = _current_prices(product_text)
    named = {  # "Powerbank 20000"
        value
        for one in _read(product_text)
        if not (one.is_money or one.parts or one.multiplier > 1)
        for value in one.values
    }
    said = [one for one in prices_of(caption) if one.is_money or not one.values & named or _is_one_of(one, known)]
    if not said or not known:
        return False
    agree = [_is_one_of(one, known) for one in said]
    has_several = len({_largest(one) for one in known}) > 1 and len({_largest(one) for one in said}) > 1
    return not (all(agree) if has_several else any(agree))


def prices_of(text: str) -> list[Quantity]:
    """Return the sums of money that a post asks for what it shows, also those without a currency.

    Not what sending costs, what is taken off, what it cost before, nor from how much on something holds.
    """
    text = PHONE.sub(" ", unify(plain(NO_PRICE.sub(" ", text))))
    return [one for one in read_quantities(text) if _is_asked(one, text)]


def _is_asked(one: Quantity, text: str) -> bool:
    before, after = text[max(0, one.start - NEAR) : one.start], text[one.end : one.end + NEAR]
    if BESIDE.search(before) or FOR_ELSE.match(after):
        return False
    if one.is_money:
        return True
    if one.unit or one.is_name or CALLED.search(before) or NUMBER_OF.search(before) or COUNTED.match(after):
        return False
    value = _largest(one)
    if PHONE.match(text, one.start) or value >= LEAST_NUMBER:
        return False
    if one.multiplier > 1:
        return True
    is_priced = value >= LEAST_SUM or (value >= LEAST_SHORT and PRICE_OF.search(before) is not None)
    return is_priced and not CALLS.match(text, one.start)


def _current_prices(product_text: str) -> list[Quantity]:
    """What the catalogue asks today: its lines of prices, without the prices before; else what the text names."""
    lines = unify(plain(product_text)).splitlines()
    priced = "\n".join(line for line in lines if PRICE_LINE.match(line))
    found = [one for one in read_quantities(priced) if not BESIDE.search(priced[max(0, one.start - NEAR) : one.start])]
    told = [one for one in found if one.is_money] or [one for one in found if not (one.unit or one.is_name)]
    return told or [one for one in prices_of(product_text) if one.is_money]


def _read(text: str) -> list[Quantity]:
    return read_quantities(unify(plain(text)))


def _largest(quantity: Quantity) -> Decimal:
    return max(quantity.values)


def _is_one_of(said: Quantity, known: Iterable[Quantity]) -> bool:
    return any(_means(said, other.unit) & _means(other, said.unit) for other in known)


def _means(quantity: Quantity, other_unit: str) -> set[tuple[str, Decimal]]:
    """What the quantity can mean beside one of that unit: without a currency it has the other's, and who counts in
    rials writes tomans."""
    if quantity.unit:
        return _amounts(quantity)
    units = ("rial", "toman") if other_unit == "rial" else (other_unit or "toman",)
    return {amount for unit in units for amount in _amounts(replace(quantity, unit=unit))}


def _amounts(quantity: Quantity) -> set[tuple[str, Decimal]]:
    """What the quantity can mean, toman in rials; "850" of toman may mean thousands, as shops write it."""
    factor = RIALS.get(quantity.unit)
    if factor is None:
        return {(quantity.unit, value) for value in quantity.values}
    meant = quantity.values | ({value * 1000 for value in quantity.values if value < 10_000} if factor == 10 else set())
    return {("rial", value * factor) for value in meant}
