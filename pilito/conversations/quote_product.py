"""What a person tells a customer of a product: its price and stock as the catalogue has them at this moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pilito.assistant.posts import differs
from pilito.conversations.fact_text import EASTERN, product_fact
from pilito.errors import Refused
from pilito.models import Conversation, Inbox, Product, Share, Variant, db
from pilito.money import digits, written
from pilito.queries.facts import quoted_products

WORDS = {
    "fa": {
        "there": "موجود", "gone": "تمام شده", "sizes": "موجود در سایز", "comma": "،", "apart": "؛",
        "order": "موجود برای سفارش", "order_sizes": "موجود برای سفارش در سایز",
    },
    "en": {
        "there": "in stock", "gone": "sold out", "sizes": "in stock in size", "comma": ",", "apart": ";",
        "order": "available to order", "order_sizes": "available to order in size",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Quote:
    """`price` and `stock` are as they stand in `text`, empty where the catalogue does not tell."""

    product_id: int
    name: str
    price: str
    stock: str
    link: str
    text: str


def quote(product: Product) -> Quote:
    """Write the product in the language and the digits of its name."""
    language = "fa" if EASTERN.search(product.name) else "en"
    price, stock = price_in_words(product, language), stock_in_words(product, language)
    known = f"{WORDS[language]['comma']} ".join(filter(None, (price, stock)))
    line = f"{product.name}: {known}" if known else product.name
    return Quote(
        product.id, product.name, price, stock, product.link or "", "\n".join(filter(None, (line, product.link)))
    )


def price_in_words(product: Product, language: str) -> str:
    """From the lowest to the highest of what can be had; sold out, of all."""
    variants = [one for one in product.variants if not _is_gone(one)] or product.variants
    prices = sorted({one.price for one in variants if one.price is not None})
    ends = prices if len(prices) < 2 else [prices[0], prices[-1]]
    return " – ".join(written(price, product.currency, language) for price in ends)


def stock_in_words(product: Product, language: str) -> str:
    """Which sizes there are, and which can be ordered, where not all are alike; empty where nobody knows."""
    words = WORDS[language]
    ordered = [one for one in product.variants if one.stock == 0 and one.available]
    there = [
        one for one in product.variants if not _is_gone(one) and (one.stock or one.stock is None and one.available)
    ]
    is_mixed = len(product.variants) not in (len(there), len(ordered))
    if (there or ordered) and is_mixed and all(one.size for one in (*there, *ordered)):
        sizes, to_order = (dict.fromkeys(str(one.size) for one in some) for some in (there, ordered))
        told = {"sizes": list(sizes), "order_sizes": [size for size in to_order if size not in sizes]}
        lists = {name: f"{words['comma']} ".join(some) for name, some in told.items() if some}
        return digits(f"{words['apart']} ".join(f"{words[name]} {some}" for name, some in lists.items()), language)
    if there or ordered:
        return words["there" if there else "order"]
    return words["gone"] if product.variants and all(map(_is_gone, product.variants)) else ""


def _is_gone(variant: Variant) -> bool:
    return variant.available is False or (variant.stock == 0 and not variant.available)


def caption_differs(share: Share, products: Iterable[Product], inbox: Inbox, now: datetime) -> bool:
    """Whether the post names another price than these products."""
    today = now.astimezone(ZoneInfo(inbox.zone or "UTC")).date()
    facts = "\n".join(product_fact(product, today).text for product in products)
    return bool(facts) and differs(share.full_caption or "", facts)


def check_told(conversation_id: int, told: Mapping[int, str], text: str, now: datetime) -> None:
    """Hold what a reply says of products against the catalogue of this moment; `told` has the prices put into it.

    What the person has taken out or rewritten is theirs. Raises Refused (product_gone, price_changed).
    """
    standing = {product_id: price for product_id, price in told.items() if price and price in text}
    conversation = db.session.get(Conversation, conversation_id) if standing else None
    if conversation is None:
        return
    products = quoted_products(conversation.inbox_id, list(standing), now)
    for product_id, price in standing.items():
        if product_id not in products:
            raise Refused("product_gone", f"Product {product_id} is not offered any more.")
        if quote(products[product_id]).price != price:
            raise Refused("price_changed", f"Product {product_id} has another price by now.")
