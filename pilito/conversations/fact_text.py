"""A product or a passage as a text that the model reads and the checks can hold a reply against."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from pilito.assistant.grounding import claims_of
from pilito.assistant.offers import Offer, has_price, offer_of, without_passed_offer, without_prices
from pilito.assistant.types import Fact
from pilito.lifecycle import PassageKind, SourceKind, SourceState
from pilito.models import Passage, Product, Source, Variant
from pilito.money import digits, written

LONGEST_FACT = 1500  # characters of what no person typed: eight of them leave room for the conversation
LONGEST_DESCRIPTION = 600
MOST_LINES = 24  # of variants; what is not shown is not known, and a person is asked
SOURCES = {PassageKind.FAQ: "faq", PassageKind.TEXT: "page", PassageKind.PAGE: "page"}
FEEDS = (SourceKind.WOOCOMMERCE, SourceKind.SHOPIFY)
# A shop that is away for some days is asked about as before; afterwards a person tells its prices.
LONG_UNREAD, UNREAD_ROUNDS = timedelta(days=7), 3
EASTERN = re.compile(r"[\u0600-\u06ff]")
WORDS = {
    "fa": {
        "price": "قیمت", "size": "سایز", "there": "موجود", "gone": "تمام شد", "pieces": "عدد", "was": "قیمت قبلی",
        "order": "موجود برای سفارش",
        "code": "کد", "link": "لینک", "category": "دسته", "comma": "،",
    },
    "en": {
        "price": "Price", "size": "size", "there": "in stock", "gone": "sold out", "pieces": "pieces",
        "order": "available to order",
        "was": "price before", "code": "Code", "link": "Link", "category": "Category", "comma": ",",
    },
}  # fmt: skip


def product_fact(product: Product, today: date) -> Fact:
    """The product on this day: its prices are those of the catalogue, but its description may tell of an old offer."""
    lines = "\n".join(line for line in _product_lines(product, today) if line)
    is_typed = product.external_id is None
    return Fact("catalogue", _cut(lines, LONGEST_FACT), f"product:{product.id}", is_typed=is_typed)


def passage_fact(passage: Passage, today: date) -> Fact:
    """The passage on this day. Its end may stand in its title or heading alone: "Autumn sale until 30 October"."""
    heading = passage.heading if passage.heading and passage.heading != passage.title else ""
    is_typed = passage.kind is not PassageKind.PAGE
    # What a person typed is told whole: the exceptions stand at its end. Pages come in pieces that are shorter.
    text = passage.text.strip() if is_typed else _cut(passage.text, LONGEST_FACT)
    above = [passage.title, heading]
    if offer_of("\n".join([*above, text]), today) is Offer.PASSED:
        text = without_prices(text)
        # The year of a date is no price.
        above = [line for line in above if not has_price(claims_of(line).countable)]
    lines = [*above, text, passage.address or ""]
    return Fact(
        SOURCES[passage.kind], "\n".join(line for line in lines if line), f"passage:{passage.id}", is_typed=is_typed
    )


def _product_lines(product: Product, today: date) -> Iterator[str]:
    language = "fa" if EASTERN.search(product.name) else "en"
    words = WORDS[language]
    yield product.name
    tells = not _is_long_unread(product.source, today)
    prices = {(one.price, one.old_price) for one in product.variants}
    is_one_price = tells and len(product.variants) > 1 and len(prices) == 1 and product.variants[0].price is not None
    if is_one_price:
        yield f"{words['price']}: {_price(product.variants[0], product.currency, language)}"
    variants = (
        _variant_line(
            one,
            language,
            _price(one, product.currency, language) if tells and not is_one_price else "",
            digits(_stock(one, words), language) if tells else "",
        )
        for one in product.variants
    )
    yield from list(dict.fromkeys(filter(None, variants)))[:MOST_LINES]
    code = product.sku or (product.variants[0].sku if len(product.variants) == 1 else None)
    yield f"{words['code']}: {code}" if code else ""
    yield f"{words['link']}: {product.link}" if product.link else ""
    yield f"{words['category']}: {product.category}" if product.category else ""
    description = _cut(product.description, LONGEST_DESCRIPTION)
    yield without_passed_offer(description, today) if tells else without_prices(description)


def _is_long_unread(source: Source | None, today: date) -> bool:
    """Whether a shop could not be read for so long that nobody knows what its price and stock are by now."""
    if source is None or source.kind not in FEEDS or source.state is not SourceState.FAILED or source.read_at is None:
        return False
    return today - source.read_at.date() > unread_patience(source)


def unread_patience(source: Source) -> timedelta:
    return max(LONG_UNREAD, UNREAD_ROUNDS * timedelta(hours=source.every_hours or 0))


def _variant_line(variant: Variant, language: str, price: str, stock: str) -> str:
    """`قیمت سایز ۳۸، کرم: ۱٬۹۰۰٬۰۰۰ تومان، موجود`; the price only where variants differ in it."""
    words = WORDS[language]
    is_bare = bool(variant.size) and words["size"] not in str(variant.size).lower()  # not "free size"
    size = f"{words['size']} {variant.size}" if is_bare else variant.size
    # A reply is often this line word for word: digits of two scripts in it would look careless.
    which = digits(f"{words['comma']} ".join(part for part in (size, variant.colour, variant.other) if part), language)
    known = f"{words['comma']} ".join(filter(None, (price, stock)))
    label = " ".join(filter(None, (words["price"] if price else "", which)))
    return ": ".join(filter(None, (label, known)))


def _price(variant: Variant, currency: str | None, language: str) -> str:
    if variant.price is None:
        return ""
    price = written(variant.price, currency, language)
    if not variant.old_price or variant.old_price <= variant.price:
        return price
    words = WORDS[language]
    return f"{price}{words['comma']} {words['was']} {written(variant.old_price, currency, language)}"


def _stock(variant: Variant, words: dict[str, str]) -> str:
    if variant.stock == 0 and variant.available:
        return words["order"]  # by back-order, or made when it is ordered
    if variant.stock == 0 or variant.available is False:
        return words["gone"]
    if variant.stock:
        return f"{words['there']} ({variant.stock} {words['pieces']})"
    return words["there"] if variant.available else ""


def _cut(text: str, limit: int) -> str:
    """The beginning, cut at the end of a line or a word."""
    if len(text) <= limit:
        return text.strip()
    beginning = text[:limit]
    for border in ("\n", " "):
        if (cut := beginning.rfind(border)) > limit // 2:
            return beginning[:cut].rstrip()
    return beginning
