"""The catalogue of a Shopify shop, by the GraphQL Admin API. Why not REST: docs/decisions/0023.

The key is an access token of a custom app; or a client id and secret of an app of the Dev Dashboard, which are
exchanged for a token of a day. Sources: https://shopify.dev/docs/api/admin-graphql (products, productVariants),
https://shopify.dev/docs/apps/build/authentication-authorization (client credentials grant).
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

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
from pilito.knowledge.feeds import PRODUCTS, Caller, Json, Shop, choose, currency_of, origin_of, units_of

# Lives a year after its quarter; Shopify answers an older one with the oldest that lives.
VERSION = "2026-10"
HOST = "myshopify.com"  # a key is sent nowhere else
THROTTLE_SECONDS = 5.0
THROTTLED_TRIES = 20

# Small pages: a query is priced by what it could bring, and a shop's budget is 1,000 points for one query.
VARIANT = """
  pageInfo { hasNextPage endCursor }
  nodes {
    id sku price compareAtPrice availableForSale inventoryQuantity
    inventoryItem { tracked } selectedOptions { name value }
  }
"""
PRODUCTS_QUERY = """
query Catalogue($after: String) {
  shop { currencyCode }
  products(first: 10, after: $after, query: "status:active", sortKey: ID) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id title descriptionHtml productType tags status onlineStoreUrl
      images(first: 5) { nodes { url } }
      variants(first: 40) { VARIANTS_HERE }
    }
  }
}""".replace("VARIANTS_HERE", VARIANT)
VARIANTS_QUERY = """
query Variants($id: ID!, $after: String) {
  product(id: $id) { variants(first: 100, after: $after) { VARIANTS_HERE } }
}""".replace("VARIANTS_HERE", VARIANT)


def read_shop(shop: Shop, caller: Caller) -> list[ProductDraft]:
    """Return all active products with their variants. Raises SourceError; then nothing was read."""
    api = _Api(shop, caller)
    found = []
    for product, currency in api.products():
        found.append(_product(product, currency))
        if len(found) > PRODUCTS:
            raise SourceError("too_many_products", str(PRODUCTS))
    return found


class _Api:
    def __init__(self, shop: Shop, caller: Caller) -> None:
        self._shop, self._caller = shop, caller
        self._origin = shop_origin(shop.address)
        self._token = self._exchange() if shop.secret else shop.key

    def _exchange(self) -> str:
        asked = {"client_id": self._shop.key, "client_secret": self._shop.secret, "grant_type": "client_credentials"}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        url = f"{self._origin}/admin/oauth/access_token"
        try:
            said, _headers = self._caller.get_json(url, headers, urlencode(asked).encode(), (HOST,))
        except SourceError as error:
            raise SourceError("key_refused", error.detail) if error.reason == "not_a_shop" else error from None
        token = said.get("access_token") if isinstance(said, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise SourceError("key_refused")
        return token

    def products(self) -> Iterator[tuple[Json, tuple[str, int]]]:
        after = None
        while True:
            data = self._query(PRODUCTS_QUERY, {"after": after})
            currency = currency_of(_dict(data, "shop").get("currencyCode"))
            if currency is None:
                raise SourceError("no_currency")
            page = _dict(data, "products")
            for product in _nodes(page):
                yield product | {"variants": self._variants(product)}, currency
            after = _next(page)
            if after is None:
                return

    def _variants(self, product: Json) -> list[Json]:
        page = _dict(product, "variants")
        found = _nodes(page)
        while (after := _next(page)) and len(found) < VARIANTS:
            data = self._query(VARIANTS_QUERY, {"id": product["id"], "after": after})
            page = _dict(_dict(data, "product"), "variants")
            found += _nodes(page)
        return found

    def _query(self, query: str, variables: Json) -> Json:
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {
            "X-Shopify-Access-Token": self._token,
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        for _ in range(THROTTLED_TRIES):
            url = f"{self._origin}/admin/api/{VERSION}/graphql.json"
            said, _headers = self._caller.get_json(url, headers, body, (HOST,))
            errors = said.get("errors") if isinstance(said, dict) else "no object"
            if not errors:
                return _dict(said, "data")
            codes = {_dict(one, "extensions").get("code") for one in errors if isinstance(one, dict)}
            if "THROTTLED" not in codes:
                text = clean_line(json.dumps(errors, ensure_ascii=False), 200)
                raise SourceError("key_refused" if "ACCESS_DENIED" in codes else "not_a_shop", text)
            self._caller.pause(THROTTLE_SECONDS)
        raise SourceError("shop_busy", "THROTTLED", may_pass=True)


def shop_origin(address: str) -> str:
    """`my-shop`, `my-shop.myshopify.com` or an address of its admin pages."""
    typed = clean_line(address, 500)
    named = re.search(r"admin\.shopify\.com/store/([a-z0-9-]+)", typed)
    if named or re.fullmatch(r"[a-z0-9-]+", typed):
        return f"https://{named[1] if named else typed}.{HOST}"
    origin = origin_of(typed)
    parts = urlsplit(origin)
    return f"{parts.scheme}://{parts.netloc}"


def _product(product: Json, currency: tuple[str, int]) -> ProductDraft:
    pictures = [
        found for one in _nodes(_dict(product, "images"))[:PICTURES] if (found := clean_address(one.get("url")))
    ]
    tags = product.get("tags") if isinstance(product.get("tags"), list) else []
    words = [clean_line(one, 100) for one in (product.get("productType"), *(tags or []))]
    variants = tuple(_variant(one, currency) for one in product["variants"][:VARIANTS]) or (VariantDraft(),)
    return ProductDraft(
        name=clean_line(product.get("title"), NAME_LENGTH) or "?",
        external_id=_id(product["id"]),
        description=clean_text(without_tags(str(product.get("descriptionHtml") or "")), DESCRIPTION_LENGTH),
        category=clean_line("، ".join(dict.fromkeys(filter(None, words))), NAME_LENGTH),
        sku=variants[0].sku if len(variants) == 1 else None,
        link=clean_address(product.get("onlineStoreUrl")),
        picture_url=pictures[0] if pictures else None,
        more_pictures=tuple(pictures[1:]),
        currency=currency[0] if any(one.price is not None for one in variants) else None,
        variants=variants,
    )


def _variant(one: Json, currency: tuple[str, int]) -> VariantDraft:
    price = units_of(one.get("price"), currency)
    before = units_of(one.get("compareAtPrice"), currency)
    count = one.get("inventoryQuantity") if _dict(one, "inventoryItem").get("tracked") else None
    available = one.get("availableForSale") if isinstance(one.get("availableForSale"), bool) else None
    options = [
        (str(each.get("name")), str(each.get("value")))
        for each in one.get("selectedOptions") or []
        if isinstance(each, dict)
    ]
    variant = VariantDraft(
        external_id=_id(one["id"]),
        sku=or_none(clean_line(one.get("sku"), SKU_LENGTH)),
        price=price,
        old_price=before if before is not None and price is not None and before > price else None,
        stock=max(0, min(count, STOCK_LIMIT)) if isinstance(count, int) else None,
        available=available,
    )
    return choose(variant, options)


def _id(name: object) -> str:
    """`gid://shopify/Product/42` is 42."""
    return str(name).rpartition("/")[2][:100]


def _dict(of: Any, name: str) -> Json:
    found = of.get(name) if isinstance(of, dict) else None
    return found if isinstance(found, dict) else {}


def _nodes(page: Json) -> list[Json]:
    found = page.get("nodes")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise SourceError("not_a_shop", "The answer has no list.")
    return list(found)


def _next(page: Json) -> str | None:
    info = _dict(page, "pageInfo")
    return str(info["endCursor"]) if info.get("hasNextPage") and info.get("endCursor") else None
