"""The catalogues of WooCommerce and Shopify shops, over real HTTP: whole or not at all, and never by two at once."""

from datetime import UTC, datetime, timedelta

import pytest
from fake_shops import KEY, SECRET, TOKEN, FakeShopify, FakeWoo
from rows import NOON, add_inbox

from pilito.conversations.fact_text import product_fact
from pilito.conversations.rotate_keys import KeyState, rotate_keys
from pilito.conversations.warn import warn_of_source
from pilito.database import transaction
from pilito.errors import Refused, SourceError
from pilito.extensions import vault
from pilito.knowledge.connect_feed import change_keys, connect_feed
from pilito.knowledge.feeds import Shop, origin_of
from pilito.knowledge.read import LEASE, read_soon, read_source, wake_due
from pilito.knowledge.shopify import shop_origin
from pilito.lifecycle import SourceKind, SourceState
from pilito.models import Inbox, Product, Source, db
from pilito.queries.facts import quoted_products

WOO, SHOPIFY = SourceKind.WOOCOMMERCE, SourceKind.SHOPIFY


@pytest.fixture
def woo():
    with FakeWoo().serve() as shop:
        yield shop


@pytest.fixture
def shopify():
    with FakeShopify().serve() as shop:
        yield shop


@pytest.fixture
def start(make_settings, make_app):
    """Start Pilito so that it may reach this fake; return its only inbox."""

    def begin(shop):
        make_app(make_settings(**shop.settings))
        with transaction():
            return add_inbox().id

    return begin


def connect(shop, kind=WOO, inbox_id=None, key=KEY, secret=SECRET, every_hours=6, currency=None):
    where = Shop(shop.url, key, secret, currency)
    return connect_feed(kind, inbox_id, where, every_hours, None, NOON)


def read(source_id, at=NOON):
    waits = []
    read_source(source_id, lambda: at, warn_of_source, waits.append)
    db.session.rollback()
    return waits


def row(source_id):
    db.session.rollback()
    return db.session.get(Source, source_id, populate_existing=True)


def products():
    db.session.rollback()
    return db.session.scalars(db.select(Product).order_by(Product.id).execution_options(populate_existing=True)).all()


def version(inbox_id):
    db.session.rollback()
    return db.session.scalar(db.select(Inbox.facts_version).where(Inbox.id == inbox_id))


# --- WooCommerce -----------------------------------------------------------------------------------------------------


def test_a_woocommerce_shop_is_read_with_its_variations(woo, start):
    inbox_id = start(woo)
    woo.sell(1, "کیف &amp; کفش", "2400000", description="<p>چرم<br>دست‌دوز</p>", categories=[{"name": "کیف"}],
             images=[{"src": "https://shop.test/1.jpg"}], manage_stock=True, stock_quantity=4)  # fmt: skip
    woo.sell(2, "پیراهن", type="variable", attributes=[{"name": "سایز", "options": ["38", "40"], "variation": True}])
    woo.variations[2] = [
        {"id": 21, "sku": "D-38", "price": "1650000", "regular_price": "1850000", "stock_status": "instock",
         "attributes": [{"name": "سایز", "option": "38"}, {"name": "رنگ", "option": "کرم"}]},
        {"id": 22, "sku": "D-40", "price": "1850000", "stock_status": "outofstock",
         "attributes": [{"name": "pa_size", "option": "40"}, {"name": "جنس", "option": "لینن"}]},
    ]  # fmt: skip
    source_id = connect(woo, inbox_id=inbox_id)

    read(source_id)

    bag, dress = products()
    assert (bag.name, bag.description, bag.category) == ("کیف & کفش", "چرم\nدست‌دوز", "کیف")
    assert (bag.currency, bag.variants[0].price, bag.variants[0].stock) == ("IRT", 2_400_000, 4)
    assert bag.link == "https://shop.test/p/1"
    small, large = dress.variants
    assert (small.size, small.colour, small.price, small.old_price) == ("38", "کرم", 1_650_000, 1_850_000)
    assert (small.stock, small.available) == (None, True)
    assert (large.size, large.other, large.stock, large.available) == ("40", "جنس: لینن", 0, False)
    assert (row(source_id).state, row(source_id).due_at) == (SourceState.READY, NOON + timedelta(hours=6))
    assert version(inbox_id) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("values", "is_read"),
    [
        ({"catalog_visibility": "hidden"}, False),
        ({"post_password": "of our best customers"}, False),
        ({"catalog_visibility": "visible", "post_password": ""}, True),
        ({"catalog_visibility": "catalog"}, True),
        ({"catalog_visibility": "search"}, True),
        ({"post_password": None}, True),
        ({}, True),  # before WooCommerce 8.1 no password is told
    ],
)
def test_what_the_shop_shows_nobody_is_no_fact(woo, start, values, is_read):
    start(woo)
    woo.sell(1, "a", "1")
    found = woo.sell(2, "b", "1", type="variable")
    woo.variations[2] = [{"id": 21, "price": "1"}]
    source_id = connect(woo)
    read(source_id)

    found.update(values)
    read(source_id, NOON + timedelta(hours=6))

    assert [(one.name, one.active) for one in products()] == [("a", True), ("b", is_read)]


@pytest.mark.sqlite_only
def test_a_group_of_products_has_no_price_of_its_own(woo, start):
    """WooCommerce gives it the one of the cheapest in it, and calls it in stock whatever is."""
    start(woo)
    woo.sell(1, "Set", "80000", type="grouped", grouped_products=[2, 3], regular_price="", purchasable=False)
    woo.sell(2, "Cup", "80000")
    woo.sell(3, "Pot", "900000")

    read(connect(woo))

    group, cup, pot = products()
    assert (group.name, cup.variants[0].price, pot.variants[0].price) == ("Set", 80_000, 900_000)
    [only] = group.variants
    assert (only.price, only.old_price, only.stock, only.available, group.currency) == (None, None, None, None, None)
    assert "80" not in product_fact(group, NOON.date()).text


@pytest.mark.sqlite_only
def test_what_is_hidden_but_for_its_group_is_read(woo, start):
    start(woo)
    woo.sell(2, "Cup", "80000", catalog_visibility="hidden")
    woo.sell(1, "Set", "80000", type="grouped", grouped_products=[2, 3], regular_price="")
    woo.sell(3, "Pot", "900000", catalog_visibility="hidden")
    woo.sell(4, "Lid", "1000", catalog_visibility="hidden")
    woo.sell(5, "Gift", "2000", type="grouped", grouped_products=[4], catalog_visibility="hidden")
    woo.sell(6, "Tray", "3000", type="grouped", grouped_products=None)

    read(connect(woo))

    assert [(one.name, one.variants[0].price) for one in products()] == [
        ("Set", None),
        ("Tray", None),
        ("Cup", 80_000),
        ("Pot", 900_000),
    ]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("values", "stock"),
    [
        ({"stock_status": "onbackorder"}, 0),
        ({"stock_status": "onbackorder", "manage_stock": True, "stock_quantity": -3}, 0),
        ({"stock_status": "onbackorder", "manage_stock": True, "stock_quantity": 0, "backorders": "notify"}, 0),
        ({"stock_status": "instock", "manage_stock": True, "stock_quantity": 2, "backorders": "yes"}, 2),
    ],
)
def test_what_is_sold_by_back_order_can_be_had(woo, start, values, stock):
    inbox_id = start(woo)
    woo.sell(1, "کیف", "2400000", **values)

    read(connect(woo, inbox_id=inbox_id))

    [bag] = products()
    assert (bag.variants[0].stock, bag.variants[0].available) == (stock, True)
    assert "تمام شد" not in product_fact(bag, NOON.date()).text


def test_the_price_of_a_sale_is_quoted_until_its_end_and_then_only_what_was_read_again(woo, start):
    inbox_id = start(woo)
    sale = woo.sell(1, "a", "90", on_sale=True, regular_price="100", date_on_sale_to_gmt="2026-03-01T20:29:59")
    woo.sell(2, "b", "5", on_sale=True, date_on_sale_to_gmt=None)
    woo.sell(3, "c", "5", on_sale=False, date_on_sale_to_gmt="2020-01-01T00:00:00")
    woo.sell(4, "d", type="variable")
    woo.variations[4] = [
        {"id": 41, "price": "7", "on_sale": True, "date_on_sale_to_gmt": "2026-03-05T00:00:00"},
        {"id": 42, "price": "7", "on_sale": True, "date_on_sale_to_gmt": "2026-03-04T00:00:00"},
    ]
    source_id = connect(woo, inbox_id=inbox_id)
    read(source_id)
    end = datetime(2026, 3, 1, 20, 29, 59, tzinfo=UTC)
    ids = [product.id for product in products()]

    assert [product.valid_until for product in products()] == [end, None, None, datetime(2026, 3, 4, tzinfo=UTC)]
    assert list(quoted_products(inbox_id, ids[:2], end - timedelta(seconds=1))) == ids[:2]
    assert list(quoted_products(inbox_id, ids[:2], end)) == ids[1:2]

    sale.update(price="100", on_sale=False, date_on_sale_to_gmt=None)
    read(source_id, NOON + timedelta(hours=6))

    assert list(quoted_products(inbox_id, ids[:1], end)) == ids[:1]


def test_a_price_is_quoted_until_a_sale_that_is_planned_begins(woo, start):
    inbox_id = start(woo)
    begin = NOON + timedelta(hours=2)
    planned = {"on_sale": False, "sale_price": "90", "date_on_sale_from_gmt": begin.strftime("%Y-%m-%dT%H:%M:%S")}
    sale = woo.sell(1, "a", "100", **planned)
    woo.sell(2, "b", "100", **planned | {"sale_price": ""})
    woo.sell(3, "c", "100", **planned | {"date_on_sale_from_gmt": "2020-01-01T00:00:00"})
    source_id = connect(woo, inbox_id=inbox_id, every_hours=24)
    read(source_id)
    ids = [product.id for product in products()]

    assert sorted(quoted_products(inbox_id, ids, begin - timedelta(seconds=1))) == ids
    assert sorted(quoted_products(inbox_id, ids, begin)) == ids[1:]
    assert row(source_id).due_at == begin  # not a day later: until then nobody could say what it costs

    sale.update(price="90", on_sale=True)
    read(source_id, begin)

    assert sorted(quoted_products(inbox_id, ids, begin)) == ids
    assert products()[0].variants[0].price == 90
    assert row(source_id).due_at == begin + timedelta(hours=24)


def test_a_product_that_has_gone_is_put_aside_and_one_that_is_back_is_back(woo, start):
    inbox_id = start(woo)
    woo.sell(1, "a", "1")
    gone = woo.sell(2, "b", "1")
    source_id = connect(woo, inbox_id=inbox_id)
    read(source_id)

    woo.products.remove(gone)
    read(source_id, NOON + timedelta(hours=6))
    assert [product.active for product in products()] == [True, False]

    woo.products.append(gone)
    read(source_id, NOON + timedelta(hours=12))
    assert [product.active for product in products()] == [True, True]


def test_a_shop_that_has_not_changed_counts_no_change(woo, start):
    inbox_id = start(woo)
    woo.sell(1, "a", "1")
    source_id = connect(woo, inbox_id=inbox_id)
    read(source_id)

    read(source_id, NOON + timedelta(hours=6))

    assert version(inbox_id) == 1


@pytest.mark.sqlite_only
def test_many_products_are_read_page_by_page(woo, start):
    start(woo)
    for number in range(1, 251):
        woo.sell(number, f"p{number}", "5")

    read(connect(woo))

    assert len(products()) == 250
    assert [query.get("page") for path, query in woo.asked if path.endswith("/products")] == ["1", "2", "3"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("count", "after", "deleted", "pages"), [(250, 1, 1, "12123"), (201, 2, 1, "12323"), (301, 1, 101, "12123")]
)
def test_what_moves_to_an_earlier_page_meanwhile_is_not_taken_for_gone(woo, start, count, after, deleted, pages):
    start(woo)
    for number in range(1, count + 1):
        woo.sell(number, f"p{number}", "5")
    source_id = connect(woo)
    read(source_id)
    woo.asked.clear()
    woo.pages_read = 0
    woo.when_read[after] = lambda: woo.products.__delitem__(slice(deleted))

    read(source_id, NOON + timedelta(hours=6))

    there = {product["name"] for product in woo.products}
    assert [product.name for product in products() if not product.active and product.name in there] == []
    assert "".join(query["page"] for path, query in woo.asked if path.endswith("/products")) == pages


@pytest.mark.sqlite_only
def test_what_was_added_before_hides_nothing_that_moves(woo, start):
    start(woo)
    for number in range(1, 251):
        woo.sell(number, f"p{number}", "5")
    source_id = connect(woo)
    read(source_id)
    woo.asked.clear()
    woo.pages_read = 0
    woo.when_read = {1: lambda: woo.sell(251, "p251", "5"), 2: lambda: woo.products.pop(0)}

    read(source_id, NOON + timedelta(hours=6))

    assert [product.name for product in products() if not product.active] == []
    assert [query["page"] for path, query in woo.asked if path.endswith("/products")] == list("12323")


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("counted", "pages"), [({"X-WP-Total": "250"}, "12123"), ({}, "1212323")])
def test_a_page_that_is_kept_in_a_cache_with_an_old_count_turns_us_in_no_circle(woo, start, counted, pages):
    start(woo)
    rows = [woo.sell(number, f"p{number}", "5") for number in range(1, 251)]
    old = (200, rows[:100], {"X-WP-Total": "251", "X-WP-TotalPages": "3"})
    woo.script = [None, old, None, old, (200, rows[100:200], {"X-WP-TotalPages": "3"} | counted)]

    read(connect(woo))

    assert len(products()) == 250
    assert [query.get("page") for path, query in woo.asked if path.endswith("/products")] == list(pages)


@pytest.mark.sqlite_only
def test_a_variation_that_moves_meanwhile_comes_once_too(woo, start):
    start(woo)
    woo.sell(1, "a", type="variable")
    woo.variations[1] = [{"id": number, "price": str(number)} for number in range(10, 130)]
    woo.when_read[2] = lambda: woo.variations[1].pop(0)

    read(connect(woo))

    assert sorted(variant.price for variant in products()[0].variants) == list(range(10, 130))


def test_a_reading_that_fails_midway_keeps_the_old_facts_and_says_why(woo, start):
    inbox_id = start(woo)
    for number in range(1, 102):
        woo.sell(number, f"p{number}", "5")
    source_id = connect(woo, inbox_id=inbox_id)
    read(source_id)
    woo.products[0]["price"] = "9"
    woo.script = [None, None, *[(503, b"busy")] * 4]

    read(source_id, NOON + timedelta(hours=6))

    failed = row(source_id)
    assert (failed.state, failed.error, failed.failures) == (SourceState.FAILED, "shop_busy", 1)
    assert failed.due_at == NOON + timedelta(hours=6, minutes=5)
    assert products()[0].variants[0].price == 5
    assert version(inbox_id) == 1

    read(source_id, failed.due_at)
    assert (row(source_id).state, row(source_id).error, products()[0].variants[0].price) == ("ready", None, 9)


@pytest.mark.sqlite_only
def test_a_busy_shop_is_waited_for(woo, start):
    start(woo)
    woo.sell(1, "a", "1")
    woo.script = [(429, b"", {"Retry-After": "7"}), (502, b"")]

    waits = read(connect(woo))

    assert (waits, len(products())) == ([7.0, 4.0], 1)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("takes_header", "has_plain_links"), [(False, False), (True, True), (False, True)])
def test_hosts_that_drop_the_header_and_plain_permalinks_are_read_too(woo, start, takes_header, has_plain_links):
    start(woo)
    woo.takes_header, woo.has_plain_links = takes_header, has_plain_links
    woo.sell(1, "a", "1")

    read(connect(woo))

    assert len(products()) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([(401, {"message": "no"})] * 4, "key_refused"),
        ([(404, b"<html>")] * 4, "not_a_shop"),
        ([(200, b"<html>hello")], "not_a_shop"),
        ([(200, {"code": "IRT"}), (200, {"not": "a list"})], "not_a_shop"),
        ([(200, {"code": "IRT"}), (200, b"[" * 100_000)], "not_a_shop"),
        ([(200, {"code": ""})], "no_currency"),
        ([(302, b"", {"Location": "https://www.shop.test/"})], "shop_moved"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_taken(woo, start, said, reason):
    start(woo)
    woo.sell(1, "a", "1")
    source_id = connect(woo)
    woo.script = said

    read(source_id)

    assert (row(source_id).error, row(source_id).state, products()) == (reason, SourceState.FAILED, [])


def test_a_shop_that_suddenly_has_nothing_is_not_believed(woo, start):
    start(woo)
    woo.sell(1, "a", "1")
    source_id = connect(woo)
    read(source_id)
    woo.products.clear()

    read(source_id, NOON + timedelta(hours=6))

    assert (row(source_id).error, products()[0].active) == ("feed_empty", True)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("name", "price", "code", "amount"), [("IRHT", "85", "IRT", 85_000), ("IRR", "85", "IRR", 85)])
def test_currencies_of_iranian_shops(woo, start, name, price, code, amount):
    start(woo)
    woo.currency = name
    woo.sell(1, "a", price)

    read(connect(woo))

    assert (products()[0].currency, products()[0].variants[0].price) == (code, amount)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("price", ["0", "0.00"])
def test_a_price_of_0_is_none_that_could_be_told(woo, start, price):
    start(woo)
    woo.sell(1, "a", price)
    woo.sell(2, "b", "5", regular_price=price)

    read(connect(woo))

    assert [(one.variants[0].price, one.variants[0].old_price) for one in products()] == [(None, None), (5, None)]
    told, _ = (product_fact(product, NOON.date()).text for product in products())
    assert "Price" not in told
    assert "in stock" in told


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("every_hours", "days"), [(6, 7), (168, 21)])
def test_a_shop_that_could_not_be_read_for_long_is_not_quoted_with_price_and_stock(woo, start, every_hours, days):
    inbox_id = start(woo)
    woo.sell(1, "Bag", "100", manage_stock=True, stock_quantity=3, description="Leather.<br>Now 90 toman!")
    source_id = connect(woo, inbox_id=inbox_id, every_hours=every_hours)
    read(source_id)
    [bag] = products()

    def told(after, hours=0):
        db.session.rollback()
        now = NOON + timedelta(days=after, hours=hours)
        return product_fact(quoted_products(inbox_id, [bag.id], now)[bag.id], now.date()).text

    fresh = told(days + 1)  # its reading is only late: nothing says that it cannot be read
    assert "Price: 100 toman, in stock (3 pieces)" in fresh
    woo.script = [(403, {"message": "blocked"})] * 4
    read(source_id, row(source_id).due_at)
    assert row(source_id).error == "key_refused"

    assert told(days) == fresh
    stale = told(days + 1)
    assert ("Bag" in stale, "Leather." in stale, "Code: W-1" in stale) == (True, True, True)
    assert not any(word in stale for word in ("100", "90", "stock", "pieces"))

    read(source_id, row(source_id).due_at)
    assert told(days + 1) == fresh


# --- one reader ------------------------------------------------------------------------------------------------------


def test_a_source_is_read_when_it_is_due_and_by_one_reader(woo, start):
    start(woo)
    source_id = connect(woo)
    read(source_id)
    calls = len(woo.asked)

    read(source_id, NOON + timedelta(hours=5))
    assert len(woo.asked) == calls
    with transaction():
        db.session.get(Source, source_id).lease_until = NOON + timedelta(hours=6, minutes=1)
    read(source_id, NOON + timedelta(hours=6))
    assert len(woo.asked) == calls

    read(source_id, NOON + timedelta(hours=6, minutes=1))
    assert len(woo.asked) > calls


def test_who_lost_the_lease_writes_nothing(woo, start):
    inbox_id = start(woo)
    woo.sell(1, "a", "1")
    source_id = connect(woo, inbox_id=inbox_id)

    def steal(*_args):
        with transaction():
            db.session.get(Source, source_id).lease_until = NOON + LEASE * 2

    woo.script = [(503, b"")]
    read_source(source_id, lambda: NOON, warn_of_source, steal)

    assert products() == []
    assert row(source_id).lease_until == NOON + LEASE * 2
    assert version(inbox_id) == 0


def test_keys_that_are_changed_while_the_old_ones_are_tried_are_tried_next(woo, start):
    start(woo)
    woo.sell(1, "a", "1")
    source_id = connect(woo, key="ck_old")
    woo.script = [(503, b"")]
    at = NOON + timedelta(seconds=5)

    read_source(source_id, lambda: NOON, warn_of_source, lambda _seconds: change_keys(source_id, KEY, SECRET, None, at))

    assert (row(source_id).state, row(source_id).due_at) == (SourceState.FAILED, at)
    read(source_id, at)
    assert [product.name for product in products()] == ["a"]
    assert row(source_id).due_at == at + timedelta(hours=6)


def test_a_source_that_is_deleted_meanwhile_comes_not_back(woo, start):
    from pilito.knowledge.sources import delete_source

    start(woo)
    woo.sell(1, "a", "1")
    source_id = connect(woo)
    woo.script = [(503, b"")]

    read_source(source_id, lambda: NOON, warn_of_source, lambda _seconds: delete_source(source_id, None, NOON))

    assert products() == []
    assert row(source_id) is None


@pytest.mark.sqlite_only
def test_what_is_due_gets_a_job_and_a_person_may_ask_for_it(woo, start):
    start(woo)
    source_id = connect(woo, every_hours=None)
    assert wake_due(NOON) == 1
    read(source_id)

    assert wake_due(NOON + timedelta(days=9)) == 0
    read_soon(source_id, NOON + timedelta(days=9))

    assert wake_due(NOON + timedelta(days=9)) == 1


# --- Shopify ---------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_shopify_shop_is_read_with_all_its_variants(shopify, start):
    inbox_id = start(shopify)
    many = [shopify.variant(n, "19.99", selectedOptions=[{"name": "Size", "value": str(n)}]) for n in range(1, 131)]
    shopify.sell(1, "Mug", shopify.variant(900, "12.50", compareAtPrice="15.00", inventoryQuantity=3,
                                           inventoryItem={"tracked": True}))  # fmt: skip
    shopify.sell(2, "Shirt", *many)
    for number in range(3, 14):
        shopify.sell(number, f"p{number}", shopify.variant(1000 + number, "1"))
    source_id = connect(shopify, SHOPIFY, inbox_id, TOKEN, "")

    read(source_id)

    mug, shirt, *rest = products()
    assert row(source_id).error is None
    assert (mug.name, mug.description, mug.category, mug.sku) == ("Mug", "Soft", "Mug، clay", "S-900")
    assert [(one.price, one.old_price, one.stock, one.size) for one in mug.variants] == [(1250, 1500, 3, None)]
    assert (mug.currency, mug.external_id) == ("USD", "1")
    assert len(shirt.variants) == 130
    assert (shirt.variants[0].size, shirt.variants[0].stock, shirt.variants[0].available) == ("1", None, True)
    assert len(rest) == 11


@pytest.mark.sqlite_only
def test_a_price_of_0_of_shopify_is_none_that_could_be_told(shopify, start):
    start(shopify)
    shopify.sell(1, "Mug", shopify.variant(1, "0.00"), shopify.variant(2, "0.50", compareAtPrice="0.00"))

    read(connect(shopify, SHOPIFY, key=TOKEN, secret=""))

    assert [(one.price, one.old_price) for one in products()[0].variants] == [(None, None), (50, None)]


@pytest.mark.sqlite_only
def test_what_goes_on_being_sold_without_stock_can_be_had(shopify, start):
    start(shopify)
    tracked = {"inventoryItem": {"tracked": True}, "inventoryQuantity": 0}
    shopify.sell(1, "Mug", shopify.variant(1, "1", **tracked))
    shopify.sell(2, "Cup", shopify.variant(2, "1", **tracked, availableForSale=False))

    read(connect(shopify, SHOPIFY, key=TOKEN, secret=""))

    mug, cup = (product_fact(product, NOON.date()).text.splitlines() for product in products())
    assert "Price: 1 USD, available to order" in mug
    assert "Price: 1 USD, sold out" in cup


@pytest.mark.sqlite_only
def test_a_client_id_and_secret_are_exchanged_for_a_token(shopify, start):
    start(shopify)
    shopify.sell(1, "Mug", shopify.variant(1, "1"))

    read(connect(shopify, SHOPIFY))

    assert len(products()) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("key", "secret"), [("shpat_wrong", ""), (KEY, "wrong")])
def test_a_wrong_key_is_told_apart(shopify, start, key, secret):
    start(shopify)
    source_id = connect(shopify, SHOPIFY, key=key, secret=secret)

    read(source_id)

    assert row(source_id).error == "key_refused"


@pytest.mark.sqlite_only
def test_a_throttled_query_is_asked_again(shopify, start):
    start(shopify)
    shopify.sell(1, "Mug", shopify.variant(1, "1"))
    shopify.script = [(200, {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]})]

    waits = read(connect(shopify, SHOPIFY, key=TOKEN, secret=""))

    assert (waits, len(products())) == ([5.0], 1)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("my-shop", "https://my-shop.myshopify.com"),
        ("my-shop.myshopify.com", "https://my-shop.myshopify.com"),
        ("https://admin.shopify.com/store/my-shop/products", "https://my-shop.myshopify.com"),
        ("https://my-shop.myshopify.com/admin", "https://my-shop.myshopify.com"),
    ],
)
def test_a_shopify_address_in_all_its_forms(typed, origin):
    assert shop_origin(typed) == origin


def test_a_shopify_key_goes_to_shopify_alone(start, shopify):
    start(shopify)
    source_id = connect(shopify, SHOPIFY, key=TOKEN, secret="")
    with transaction():
        db.session.get(Source, source_id).address = "https://shop.evil.test"

    read(source_id)

    assert (row(source_id).error, shopify.asked) == ("address_refused", [])


# --- keys and addresses ----------------------------------------------------------------------------------------------


def test_a_shop_that_is_connected_again_gets_the_new_keys_and_no_product_twice(start, woo):
    inbox_id = start(woo)
    woo.sell(1, "Mug", price="10")
    first = connect(woo, key="ck_old", currency="USD")
    read(first)

    again, elsewhere = connect(woo, every_hours=24), connect(woo, inbox_id=inbox_id)
    read(again)

    assert (again == first, elsewhere == first) == (True, False)
    assert (row(first).error, row(first).currency, row(first).every_hours) == (None, "USD", 24)
    assert [product.source_id for product in products()] == [first]


INNER = ("https://127.0.0.1/", "http://shop.test", "https://169.254.169.254/", "https://10.0.0.1:8443")


@pytest.mark.sqlite_only
@pytest.mark.parametrize("address", INNER)
def test_an_inner_address_is_refused_before_anything_is_kept(woo, start, address):
    start(woo)

    with pytest.raises(Refused) as refused:
        connect_feed(WOO, None, Shop(address, KEY, SECRET), 6, None, NOON)

    assert refused.value.reason == "address_refused"
    assert db.session.scalars(db.select(Source)).all() == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("address", INNER)
def test_one_that_an_earlier_version_kept_is_not_read_either(woo, start, address):
    start(woo)
    source_id = connect(woo)
    with transaction():
        db.session.get(Source, source_id).address = address

    read(source_id)

    assert (row(source_id).error, woo.asked) == ("address_refused", [])


@pytest.mark.sqlite_only
def test_a_shopify_shop_is_not_sought_at_its_own_name(shopify, start):
    start(shopify)

    with pytest.raises(Refused) as refused:
        connect_feed(SHOPIFY, None, Shop("https://shop.test", TOKEN), 6, None, NOON)

    assert refused.value.reason == "not_shopify"
    assert connect_feed(SHOPIFY, None, Shop("https://my-shop.myshopify.com/admin", TOKEN), 6, None, NOON)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "address", ["", "https://user:pass@shop.test", "ftp:", "https://", "https://localhost", "https://[::1]/"]
)
def test_what_is_no_address_is_refused_at_once(woo, start, address):
    start(woo)

    with pytest.raises(Refused) as refused:
        connect_feed(WOO, None, Shop(address, KEY, SECRET), 6, None, NOON)

    assert refused.value.reason == "no_address"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("key", "secret"), [("", "x"), ("x", ""), ("x y", "x"), ("x\n", "x"), ("کلید", "x")])
def test_what_is_no_key_is_refused(woo, start, key, secret):
    start(woo)

    with pytest.raises(Refused) as refused:
        connect_feed(WOO, None, Shop(woo.url, key, secret), 6, None, NOON)

    assert refused.value.reason == "no_key"


@pytest.mark.sqlite_only
def test_keys_are_sealed_changed_and_move_with_the_others(woo, start):
    start(woo)
    source_id = connect(woo)
    sealed = row(source_id).secret_encrypted

    assert SECRET.encode() not in sealed
    assert SECRET.encode() in vault.decrypt(sealed)
    assert rotate_keys()[f"source {source_id}"] is KeyState.FIRST
    change_keys(source_id, "ck_new", "cs_new", None, NOON)
    assert b"ck_new" in vault.decrypt(row(source_id).secret_encrypted)


def test_a_key_that_no_key_opens_is_told(woo, start):
    start(woo)
    source_id = connect(woo)
    with transaction():
        db.session.get(Source, source_id).secret_encrypted = b"x"

    read(source_id)

    assert (row(source_id).error, woo.asked) == ("key_unreadable", [])
    assert rotate_keys()[f"source {source_id}"] is KeyState.UNREADABLE


@pytest.mark.sqlite_only
def test_a_shops_address_in_all_its_forms():
    assert origin_of("shop.test") == "https://shop.test"
    assert origin_of(" https://shop.test/fa/shop/ ") == "https://shop.test/fa"
    assert origin_of("https://shop.test/wp-json/wc/v3") == "https://shop.test"
    with pytest.raises(SourceError):
        origin_of("https://")
