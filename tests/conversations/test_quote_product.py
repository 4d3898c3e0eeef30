"""What a person tells of a product is the catalogue's at this moment, and held against it when the reply is sent."""

from datetime import timedelta

import pytest
from rows import NOON, add_conversation, add_product, add_source

from pilito.conversations.quote_product import check_told, quote
from pilito.database import transaction
from pilito.errors import Refused
from pilito.models import Product, Variant, db
from pilito.queries.quotes import find_quotable

PRICE = "۱٬۸۵۰٬۰۰۰ تومان"
ORDER_40 = {"stock": 0, "available": True, "size": "40"}


def make(name="پیراهن لینن «ماهور»", variants=({},), inbox_id=None, **values):
    with transaction():
        stocked = tuple({"stock": 3, **one} for one in variants)
        product_id = add_product(add_source(inbox_id), stocked, name=name, **values).id
    return db.session.get_one(Product, product_id, populate_existing=True)


@pytest.fixture
def conversation(app):
    with transaction():
        return add_conversation()


def test_name_price_stock_and_link_stand_in_the_text(app):
    told = quote(make(link="https://shop.test/mahoor"))

    assert told.text == f"پیراهن لینن «ماهور»: {PRICE}، موجود\nhttps://shop.test/mahoor"
    assert (told.price, told.stock) == (PRICE, "موجود")


def test_in_the_language_of_its_name(app):
    assert quote(make("Linen shirt")).text == "Linen shirt: 1,850,000 toman, in stock"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("variants", "stock"),
    [
        (({"stock": 0},), "تمام شده"),
        (({"stock": None},), ""),  # nobody knows, so nothing is said
        (({"stock": None, "available": True},), "موجود"),
        (({"stock": 5, "available": False},), "تمام شده"),
        (({"stock": 0, "available": True},), "موجود برای سفارش"),
        (({"stock": 0, "available": True}, {"stock": 0, "available": False}), "موجود برای سفارش"),
        (({"stock": 0, "available": True}, {"stock": 2}), "موجود"),
        (({"stock": 5, "size": "38"}, ORDER_40), "موجود در سایز ۳۸؛ موجود برای سفارش در سایز ۴۰"),
        (
            ({"stock": 5, "size": "38"}, ORDER_40, {"stock": 0, "size": "42"}),
            "موجود در سایز ۳۸؛ موجود برای سفارش در سایز ۴۰",
        ),
        ((ORDER_40, {"stock": 0, "size": "42"}), "موجود برای سفارش در سایز ۴۰"),
        (({"stock": 1, "size": "40"}, ORDER_40, {"stock": 0, "size": "42"}), "موجود در سایز ۴۰"),
        (({"stock": 5, "size": "38"}, {"stock": 0, "size": "40"}, {"stock": 1, "size": "42"}), "موجود در سایز ۳۸، ۴۲"),
        (({"stock": 5, "size": "38"}, {"stock": 0, "size": "40"}, {"stock": 0, "size": "42"}), "موجود در سایز ۳۸"),
    ],
)
def test_the_stock_is_told_as_far_as_it_is_known(app, variants, stock):
    assert quote(make(variants=variants)).stock == stock


def test_what_is_sold_out_makes_no_price(app):
    told = quote(make(variants=({"price": 900_000, "stock": 0}, {"price": 1_850_000})))

    assert told.price == PRICE


def test_what_can_be_ordered_makes_one(app):
    told = quote(make(variants=({"price": 900_000, "stock": 0, "available": True}, {"price": 1_850_000, "stock": 0})))

    assert told.price == "۹۰۰٬۰۰۰ تومان"


def test_without_a_price_none_is_told(app):
    told = quote(make(variants=({"price": None, "stock": None},)))

    assert (told.price, told.text) == ("", "پیراهن لینن «ماهور»")


def test_only_what_is_offered_now_is_found(app, conversation):
    make("Green dress")
    make("Green hat", active=False)
    make("Green scarf", valid_until=NOON - timedelta(days=1))
    make("Red dress")

    found = find_quotable(conversation.inbox_id, "green", NOON, 8)

    assert [product.name for product in found] == ["Green dress"]


def test_nor_what_another_account_sells(app, conversation):
    with transaction():
        other = add_conversation()
    make("Green dress", inbox_id=other.inbox_id)

    assert list(find_quotable(conversation.inbox_id, "green", NOON, 8)) == []


def test_a_price_that_still_holds_may_be_sent(app, conversation):
    product = make()

    check_told(conversation.id, {product.id: PRICE}, quote(product).text, NOON)


def test_a_price_that_changed_is_not_sent(app, conversation):
    product = make()
    text = quote(product).text
    with transaction():
        db.session.get_one(Variant, product.variants[0].id).price = 1_950_000

    with pytest.raises(Refused) as refused:
        check_told(conversation.id, {product.id: PRICE}, text, NOON)

    assert refused.value.reason == "price_changed"


def test_unless_the_person_has_written_another(app, conversation):
    product = make()
    with transaction():
        db.session.get_one(Variant, product.variants[0].id).price = 1_950_000

    check_told(conversation.id, {product.id: PRICE}, "برای شما ۱٬۷۰۰٬۰۰۰ تومان", NOON)


def test_what_was_put_aside_meanwhile_is_not_sent(app, conversation):
    product = make()
    text = quote(product).text
    with transaction():
        db.session.get_one(Product, product.id).active = False

    with pytest.raises(Refused) as refused:
        check_told(conversation.id, {product.id: PRICE}, text, NOON)

    assert refused.value.reason == "product_gone"
