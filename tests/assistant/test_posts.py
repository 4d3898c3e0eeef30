"""Which products a caption names, and whether its price is theirs."""

import pytest

from pilito.assistant.posts import Item, Match, Shelf, differs
from pilito.lifecycle import FoundBy

DRESS, LONG_DRESS, BAG, SHOE, TWIN, TWIN_2, ONE_WORD = range(1, 8)
SHELF = Shelf(
    [
        Item(DRESS, "پیراهن لینن ماهور", frozenset({"NLF-101"})),
        Item(LONG_DRESS, "پیراهن لینن ماهور بلند", frozenset({"NLF-102"})),
        Item(BAG, "کیف دوشی کارون", frozenset({"4471"})),
        Item(SHOE, "Leather Loafer", frozenset({"ab12"})),
        Item(TWIN, "شال ابریشم", frozenset({"SH-1", "SAME-1"})),
        Item(TWIN_2, "شال ابریشم", frozenset({"SH-2", "SAME-1"})),
        Item(ONE_WORD, "گلدان"),
    ]
)


def found(caption):
    return {match.product_id: match.how for match in SHELF.matches(caption)}


@pytest.mark.parametrize(
    ("caption", "products"),
    [
        ("پیراهن لینن «ماهور» 🌸\nقیمت ۱٬۸۵۰٬۰۰۰ تومان", {DRESS: FoundBy.NAME}),
        ("پيراهن لينن ماهور", {DRESS: FoundBy.NAME}),
        ("پیراهن لینن ماهور بلند", {LONG_DRESS: FoundBy.NAME}),
        ("کیف دوشی چرم طبیعی «کارون» 👜", {BAG: FoundBy.NAME}),
        ("LEATHER LOAFER in brown", {SHOE: FoundBy.NAME}),
        ("new! nlf-102", {LONG_DRESS: FoundBy.SKU}),
        ("کد: ۴۴۷۱", {BAG: FoundBy.SKU}),
        ("Code 4471", {BAG: FoundBy.SKU}),
        ("پیراهن لینن ماهور\nکیف دوشی کارون", {DRESS: FoundBy.NAME, BAG: FoundBy.NAME}),
        ("پیراهن لینن ماهور (NLF-101)", {DRESS: FoundBy.SKU}),
        ("شال ابریشم SH-2", {TWIN_2: FoundBy.SKU}),
        # not sure enough
        ("شال ابریشم", {}),
        ("SAME-1", {}),
        ("قیمت ۴۴۷۱ تومان", {}),
        ("گلدان سفالی", {}),
        ("پیراهن لینن", {}),
        ("کیف چرم\nدوشی کارون", {}),
        ("ماهور لینن پیراهن", {}),
        ("پیراهن آبی و سفید و سبز و قرمز با پارچه لینن برای ماهور", {}),
        ("NLF-1012", {}),
        ("", {}),
    ],
)
def test_the_products_of_a_caption(caption, products):
    assert found(caption) == products


def test_a_caption_that_names_very_many_is_a_list():
    shelf = Shelf([Item(number, f"مدل شماره{number}", frozenset({f"code{number}"})) for number in range(10)])

    assert shelf.matches(" ".join(f"code{number}" for number in range(10))) == []
    assert shelf.matches("code1") == [Match(1, FoundBy.SKU)]


@pytest.mark.parametrize(
    ("caption", "product", "is_other"),
    [
        ("قیمت: ۱٬۸۵۰٬۰۰۰ تومان", "قیمت: ۱٬۸۵۰٬۰۰۰ تومان", False),
        ("قیمت ۱ میلیون و ۸۵۰ هزار تومان", "قیمت: ۱٬۸۵۰٬۰۰۰ تومان", False),
        ("۱۸٬۵۰۰٬۰۰۰ ریال", "قیمت: ۱٬۸۵۰٬۰۰۰ تومان", False),
        ("1850T", "قیمت: ۱٬۸۵۰٬۰۰۰ تومان", False),
        ("۱٬۸۵۰ تومان", "قیمت: ۱٬۸۵۰٬۰۰۰ تومان", False),
        ("$45", "Price: 45 USD", False),
        ("قیمت قبل ۲٬۰۰۰٬۰۰۰ تومان، حالا ۱٬۸۵۰٬۰۰۰ تومان", "قیمت: ۱٬۸۵۰٬۰۰۰ تومان", False),
        ("قیمت: ۱٬۹۵۰٬۰۰۰ تومان", "قیمت: ۱٬۸۵۰٬۰۰۰ تومان", True),
        ("۱٬۸۵۰٬۰۰۰ ریال", "قیمت: ۱٬۸۵۰٬۰۰۰ تومان", True),
        ("$45", "Price: 54 USD", True),
        ("سایز ۳۸", "قیمت: ۱٬۸۵۰٬۰۰۰ تومان", False),
        ("قیمت: ۱٬۸۵۰٬۰۰۰ تومان", "پیراهن", False),
    ],
)
def test_whether_the_prices_differ(caption, product, is_other):
    assert differs(caption, product) is is_other
