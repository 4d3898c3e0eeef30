"""The catalogue of a WooCommerce shop, by its REST API (wc/v3) with a consumer key and secret that may only read.

Sources: https://woocommerce.github.io/woocommerce-rest-api-docs/ (products, product variations, data); `post_password`,
which is not in them, is told since WooCommerce 8.1 (https://github.com/woocommerce/woocommerce/pull/39438). A key goes
in the Authorization header; some hosts take that header away before PHP sees it, for which the documents allow the
query.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from typing import Any
from urllib.parse import quote, unquote, urlencode

from pilito.errors import SourceError
from pilito.knowledge.drafts import (
    DESCRIPTION_LENGTH,
    NAME_LENGTH,
    PICTURES,
    SKU_LENGTH,
    STOCK_LIMIT,
    VARIANTS,
    ProductDraft,
    VariantDraft,
    clean_address,
    clean_line,
    clean_text,
    or_none,
    without_tags,
)
from pilito.knowledge.feeds import PRODUCTS, Caller, Json, Shop, basic, choose, currency_of, origin_of, units_of

PER_PAGE = 100
IN_STOCK = {"instock": True, "onbackorder": True, "outofstock": False}  # whether it is sold
NOT_THERE = ("onbackorder", "outofstock")

Currency = tuple[str, int]


def read_shop(shop: Shop, caller: Caller) -> list[ProductDraft]:
    """Return all products that the shop shows, with their variations. Raises SourceError; then nothing was read."""
    api, now = _Api(shop, caller), caller.clock()
    currency = api.currency()
    found: list[ProductDraft] = []
    hidden: dict[str, ProductDraft] = {}
    in_groups: set[str] = set()
    for product in api.pages("products", status="publish"):
        if not _is_shown(product):
            if _may_be_in_group(product):
                hidden[str(product["id"])] = _product(product, [], currency, now)
            continue
        in_groups.update(_group_of(product))
        is_variable = product.get("type") in ("variable", "variable-subscription")
        variations = list(api.pages(f"products/{int(product['id'])}/variations")) if is_variable else []
        found.append(_product(product, variations, currency, now))
        if len(found) > PRODUCTS:
            raise SourceError("too_many_products", str(PRODUCTS))
    # Shops hide what is in a group, so that it is met there alone: the group's page shows it, with its price.
    return [*found, *(draft for number, draft in hidden.items() if number in in_groups)]


class _Api:
    """The calls; learns once how this shop wants to be asked."""

    def __init__(self, shop: Shop, caller: Caller) -> None:
        self._shop, self._caller = shop, caller
        self._origin = origin_of(shop.address)
        self._by_route = self._by_query = False

    def currency(self) -> Currency:
        """The first call: it also finds out how to ask."""
        for by_route, by_query in ((False, False), (False, True), (True, False), (True, True)):
            self._by_route, self._by_query = by_route, by_query
            try:
                said, _headers = self._get("data/currencies/current", {})
                break
            except SourceError as error:
                # 404: permalinks are plain, and the API has another address. 401: the header did not arrive.
                problem = error
                if error.reason not in ("key_refused", "not_found"):
                    raise
        else:
            raise SourceError("not_a_shop" if problem.reason == "not_found" else problem.reason, problem.detail)
        found = currency_of(said.get("code") if isinstance(said, dict) else "") or currency_of(self._shop.currency)
        if found is None:
            raise SourceError("no_currency")
        return found

    def pages(self, path: str, **query: str) -> Iterator[Json]:
        """Everything under a path, once. By id, so that what is added meanwhile moves nothing to another page.

        What is deleted meanwhile does, to an earlier one: where there are fewer than before, that is read again.
        """
        number, before = 1, 0
        seen: set[str] = set()
        gone_back: set[tuple[int, int]] = set()
        while True:
            asked = {"per_page": str(PER_PAGE), "page": str(number), "orderby": "id", "order": "asc"} | query
            found, headers = self._get(path, asked)
            if not isinstance(found, list) or not all(isinstance(one, dict) and "id" in one for one in found):
                raise SourceError("not_a_shop", f"{path} is no list.")
            new = {name: one for one in found if (name := str(one["id"])) not in seen}
            yield from new.values()
            seen.update(new)
            total = _number(headers.get("x-wp-total")) or before
            missing, before = before - total, total
            # Once from a page with a count: a cache that tells an old one now and then would turn us in circles.
            if missing > 0 and (number, total) not in gone_back:
                gone_back.add((number, total))
                number = max(1, number - ceil(missing / PER_PAGE))
                continue
            if len(found) < PER_PAGE and number >= _number(headers.get("x-wp-totalpages")):
                return
            if not found or number > PRODUCTS // PER_PAGE:
                return
            number += 1

    def _get(self, path: str, query: dict[str, str]) -> tuple[Any, Any]:
        keys = {"consumer_key": self._shop.key, "consumer_secret": self._shop.secret} if self._by_query else {}
        route = {"rest_route": f"/wc/v3/{path}"} if self._by_route else {}
        base = f"{self._origin}/" if self._by_route else f"{self._origin}/wp-json/wc/v3/{quote(path)}"
        asked = urlencode(route | query | keys)
        headers = {"Accept": "application/json"}
        if not self._by_query:
            headers["Authorization"] = basic(self._shop.key, self._shop.secret)
        return self._caller.get_json(f"{base}?{asked}" if asked else base, headers)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 6 else 0


def _is_shown(product: Json) -> bool:
    """Whether whoever looks through the shop comes upon it, without a password."""
    return product.get("catalog_visibility") != "hidden" and not product.get("post_password")


def _may_be_in_group(product: Json) -> bool:
    return product.get("type") == "simple" and not product.get("post_password")


def _group_of(product: Json) -> Iterator[str]:
    """The ids of the products in it, where it is a group."""
    members = product.get("grouped_products") if product.get("type") == "grouped" else None
    return map(str, members if isinstance(members, list) else [])


def _product(product: Json, variations: list[Json], currency: Currency, now: datetime) -> ProductDraft:
    pictures = [found for one in _list(product, "images")[: PICTURES + 1] if (found := clean_address(one.get("src")))]
    words = [clean_line(one.get("name"), 100) for one in (*_list(product, "categories"), *_list(product, "tags"))]
    offered = {
        str(one.get("name")): "، ".join(map(str, one.get("options") or [])) for one in _list(product, "attributes")
    }
    variants = [_variant(one, product, offered, currency) for one in variations if one.get("status") != "private"]
    if product.get("type") == "grouped":
        # Its price is that of the cheapest product in it, and its stock nobody's: each of them is read by itself.
        variants = [VariantDraft()]
    elif not variants:
        only = replace(_variant(product, product, {}, currency), external_id=None)
        variants = [only if product.get("type") == "variable" else choose(only, list(offered.items()))]
    text = product.get("description") or product.get("short_description") or ""
    return ProductDraft(
        name=clean_line(without_tags(str(product.get("name"))), NAME_LENGTH) or f"#{product['id']}",
        external_id=str(product["id"])[:100],
        description=clean_text(without_tags(str(text)), DESCRIPTION_LENGTH),
        category=clean_line("، ".join(dict.fromkeys(filter(None, words))), NAME_LENGTH),
        sku=or_none(clean_line(product.get("sku"), SKU_LENGTH)),
        link=clean_address(product.get("permalink")),
        picture_url=pictures[0] if pictures else None,
        more_pictures=tuple(pictures[1:]),
        currency=currency[0] if any(one.price is not None for one in variants) else None,
        valid_until=min(filter(None, (_price_until(one, now) for one in (product, *variations))), default=None),
        variants=tuple(variants[:VARIANTS]),
    )


def _price_until(one: Json, now: datetime) -> datetime | None:
    """When the price is no longer the one we read, as its sale ends, or begins: afterwards it is not quoted until the
    shop is read again."""
    if one.get("on_sale") is True:
        return _moment(one.get("date_on_sale_to_gmt"))
    begins = _moment(one.get("date_on_sale_from_gmt")) if one.get("sale_price") else None
    return begins if begins is not None and begins > now else None


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    except ValueError:  # a sale without an end, or a beginning
        return None


def _variant(one: Json, product: Json, offered: dict[str, str], currency: Currency) -> VariantDraft:
    price = units_of(one.get("price"), currency)
    before = units_of(one.get("regular_price"), currency)
    is_counted = one.get("manage_stock") in (True, "parent")
    counted = one if one.get("stock_quantity") is not None else product
    stock = counted.get("stock_quantity") if is_counted else None
    status = str(one.get("stock_status") or product.get("stock_status"))
    available = IN_STOCK.get(status)
    if status in NOT_THERE:
        stock = 0
    options = []
    for attribute in _list(one, "attributes") if one is not product else []:
        name = str(attribute.get("name") or "")
        # An empty option means any of what the product offers.
        options.append((unquote(name), str(attribute.get("option") or offered.get(name) or "")))
    variant = VariantDraft(
        external_id=str(one["id"])[:100],
        sku=or_none(clean_line(one.get("sku"), SKU_LENGTH)),
        price=price,
        old_price=before if before is not None and price is not None and before > price else None,
        stock=max(0, min(int(stock), STOCK_LIMIT)) if isinstance(stock, int | float) else None,
        available=available,
    )
    return choose(variant, options)


def _list(of: Json, name: str) -> list[Json]:
    found = of.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
