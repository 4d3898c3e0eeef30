"""Which products a caption names, and whether its price is theirs."""

import pytest

from pilito.assistant.posts import Item, Match, Shelf, asks_price, differs
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
        ("السعر 250 ريال", "Price: 250 SAR", False),
        ("السعر 250 ريال", "Price: 205 SAR", True),
        ("سایز ۳۸", "قیمت: ۱٬۸۵۰٬۰۰۰ تومان", False),
        ("قیمت: ۱٬۸۵۰٬۰۰۰ تومان", "پیراهن", False),
    ],
)
def test_whether_the_prices_differ(caption, product, is_other):
    assert differs(caption, product) is is_other


KARUN = "کیف کارون\nقیمت: ۹۵۰٬۰۰۰ تومان، موجود"
ON_SALE = "کفش طبی\nقیمت: ۶۹۰٬۰۰۰ تومان، قیمت قبلی ۸۹۰٬۰۰۰ تومان، موجود"
SCARF = "Silk scarf\nPrice: 19.99 USD, price before 29.99 USD, in stock (4 pieces)"
SIZES = "مانتو\nقیمت سایز M: ۹۰۰٬۰۰۰ تومان، موجود\nقیمت سایز L: ۹۵۰٬۰۰۰ تومان، موجود"


@pytest.mark.parametrize(
    ("caption", "product", "is_other"),
    [
        # Shops seldom write the currency.
        ("کیف کارون\nقیمت: ۸۵۰٬۰۰۰", KARUN, True),
        ("کیف کارون ۸۵۰ هزار", KARUN, True),
        ("قیمت: ۸۵۰", KARUN, True),
        ("قیمت فقط ۱ میلیون و ۶۵۰", KARUN, True),
        ("850k", KARUN, True),
        ("Bag 850,000", "Bag\nPrice: 950,000 toman", True),
        ("Price 15 only! DM to order", SCARF, True),
        ("السعر 75", "حقيبة\nPrice: 80 USD", True),
        ("قیمت ۸۵۰٬۰۰۰", "کیف\nقیمت: ۹۵۰٬۰۰۰، موجود", True),
        ("کیف کارون\nقیمت: ۹۵۰٬۰۰۰", KARUN, False),
        ("کیف کارون ۹۵۰ هزار ❤️", KARUN, False),
        ("قیمت: ۹۵۰", KARUN, False),
        ("کیف ۸۵۰ هزار", "کیف\nقیمت: ۸٬۵۰۰٬۰۰۰ ریال", False),
        ("90x90 cm, 100% silk. Price: 19.99", SCARF, False),
        ("قیمت ۹۵۰ هزار تومن", "کیف\nقیمت: ۹۵۰٬۰۰۰، موجود", False),
    ],
)
def test_a_price_without_a_currency_is_one_in_the_products(caption, product, is_other):
    assert differs(caption, product) is is_other


@pytest.mark.parametrize(
    "caption",
    [
        "برای سفارش ۰۹۱۲۱۲۳۴۵۶۷ پیام بدید",
        "واتساپ 00989121234567",
        "price 00989121234567",
        "price 0098 912 123 4567",
        "price 9121234567",
        "۹۱۲۱۲۳۴۵۶۷",
        "قیمت ۰۹۱۲۱۲۳",
        "قیمت ۰۹۱۲",
        "تلفن ۰۲۱ ۸۸۷۷۶۶۵۵",
        "تلفن ۸۸۷۷۶۶۵۵، تماس: ۸۸۷۷۶۶۵۶-۰۲۱",
        "Phone 88776655",
        "رنگ ۱۲۳۴۵، آرتیکل 112503",
        "۲۰ هزار شدیم ❤️ به ۳۰ هزار برسیم لایو داریم",
        "شماره کارت ۶۰۳۷۹۹۱۱۲۲۳۳۴۴۵۵",
        "کد کالا: ۱۲۳۴۵۶",
        "کد رهگیری: 123456789",
        "۱۰۰ هزار فالوور ❤️",
        "به مناسبت ۵۰ هزار تایی شدن پیج مسابقه داریم!",
        "Over 12000 happy customers since 2015",
        "instagram.com/p/12345678 @shop_99999 #5000000",
        "سایز ۳۸ تا ۴۴، قد ۱۱۰، ۳ رنگ، از سال ۱۳۹۵",
        "قیمت دایرکت، ساعت ۱۰ تا ۲۰",
        "۱۴۰۵/۰۷/۱۵ لایو ساعت ۲۱",
        "ارسال رایگان برای خرید بالای ۲ میلیون تومان",
        "هزینه ارسال ۹۵ هزار تومن",
    ],
)
def test_a_number_that_asks_nothing_for_the_product_is_no_price(caption):
    assert differs(caption, KARUN) is False


def test_a_number_of_the_products_name_is_no_price():
    assert differs("Powerbank 20000 black", "Powerbank 20000\nPrice: 950,000 toman, in stock") is False


@pytest.mark.parametrize(
    ("caption", "product", "is_other"),
    [
        ("Silk scarf $29.99", SCARF, True),
        ("Silk scarf, now 24.99 USD instead of 29.99 USD", SCARF, True),
        ("کفش طبی فقط ۸۹۰ تومن", ON_SALE, True),
        ("کیف کارون ۱۲۰۰ت تخفیف خورد ۸۵۰ت", "کیف\nقیمت: ۹۵۰٬۰۰۰ تومان، قیمت قبلی ۱٬۲۰۰٬۰۰۰ تومان", True),
        ("قیمت قبل ۹۵۰٬۰۰۰، الان ۸۵۰٬۰۰۰", KARUN, True),
        ("Silk scarf $19.99 (was $29.99) free worldwide shipping", SCARF, False),
        ("کفش طبی قیمت قبل از تخفیف ۸۹۰، با تخفیف ۶۹۰ تومن", ON_SALE, False),
        ("۲۰۰ تومن تخفیف! الان ۶۹۰ تومن", ON_SALE, False),
    ],
)
def test_a_price_of_before_is_no_price(caption, product, is_other):
    assert differs(caption, product) is is_other


@pytest.mark.parametrize(
    ("caption", "product", "is_other"),
    [
        ("۸۵۰ هزار تومن، هزینه ارسال ۹۵ هزار تومن", "کیف\nقیمت: ۹۵٬۰۰۰ تومان", True),
        ("Bag $75 + $80 shipping cost", "Bag\nPrice: 80 USD", True),
        ("الحقيبة 75 دولار، التوصيل 80 دولار", "Bag\nPrice: 80 USD", True),
        ("بیعانه ۹۵۰٬۰۰۰ تومان، قیمت ۱٬۸۵۰٬۰۰۰", KARUN, True),
        ("سایز M ۸۵۰٬۰۰۰ سایز L ۹۰۰٬۰۰۰ تومان", SIZES, True),
        ("سایز M ۹۰۰٬۰۰۰ سایز L ۹۵۰٬۰۰۰ تومان", SIZES, False),
        ("کیف ۹۵۰ هزار تومن، هزینه ارسال ۹۵ هزار تومن", KARUN, False),
        ("کیف ۸۵۰ تومن ارسال به سراسر کشور", KARUN, True),
        ("کیف ۹۵۰ تومن ارسال به سراسر کشور", KARUN, False),
        ("سایز M ۹۰۰ تومن، سایز L ۹۵۰ تومن، بسته بندی کادویی ۵۰ تومن", SIZES, False),
        ("سایز M ۹۰۰ تومن، سایز L ۹۸۰ تومن، بسته بندی کادویی ۵۰ تومن", SIZES, True),
        ("کیف ۹۵۰ هزار، شلوار ۶۵۰ هزار تومان", KARUN, False),
    ],
)
def test_one_sum_that_happens_to_agree_is_not_enough(caption, product, is_other):
    assert differs(caption, product) is is_other


@pytest.mark.parametrize(
    ("names", "caption", "products"),
    [
        (["کیف دوشی"], "کیف دوشی رسید", [0]),
        (["کیف دوشی"], "کیف یک دو سه دوشی", [0]),
        (["کیف دوشی"], "کیف یک دو سه چهار دوشی", []),
        (["کیف"], "کیف رسید", []),
        (["چراغ مطالعه", "مطالعه چراغ"], "چراغ مطالعه چراغ", [0, 1]),
    ],
)
def test_a_name_is_two_words_near_each_other(names, caption, products):
    shelf = Shelf([Item(number, name) for number, name in enumerate(names)])

    assert [match.product_id for match in shelf.matches(caption)] == products


@pytest.mark.parametrize(
    ("code", "caption", "is_found"), [("abc", "new abc", True), (" abc ", "new abc", True), ("ab", "new ab", False)]
)
def test_a_code_has_three_signs(code, caption, is_found):
    assert bool(Shelf([Item(1, "گلدان", frozenset({code}))]).matches(caption)) is is_found


@pytest.mark.parametrize(("count", "found_count"), [(6, 6), (7, 0)])
def test_six_products_are_no_list_yet(count, found_count):
    shelf = Shelf([Item(number, "گلدان", frozenset({f"code{number}"})) for number in range(count)])

    assert len(shelf.matches(" ".join(f"code{number}" for number in range(count)))) == found_count


@pytest.mark.parametrize(
    ("question", "is_asked"),
    [
        ("قیمت؟", True),
        ("چنده", True),
        ("بكم", True),
        ("How much is it", True),
        ("gheymat", True),
        ("ghimat in chande", True),
        ("ghimat", True),
        ("gheimat", True),
        ("keymat?", True),
        ("qeymatesh", True),
        ("[CONTEXT: پست کیف][/CONTEXT] قیمت؟", True),
        ("بكم[CONTEXT: حقيبة][/CONTEXT]", True),
        ("سایزش چیه؟", False),
        ("به کمد میخوره", False),
        ("kimono darid?", False),
        ("climate", False),
        # how long, and not how much
        ("چند روزه میرسه؟", False),
        ("چند‌روز طول میکشه", False),
        ("تا چند ساعت دیگه میاد", False),
        ("چند وقت طول میکشه", False),
        ("چقدر طول میکشه برسه", False),
        ("chand rooze mirese", False),
        ("كم يوم يستغرق التوصيل؟", False),
        ("How much longer does it take", False),
        ("چند روزه میرسه و چنده؟", True),
        ("چند روزه میرسه، قیمتش؟", True),
        ("این ساعت چند؟", True),
        ("چند تومنه", True),
        ("چند ماهور", True),
        ("چقدره", True),
        ("بكم ساعة اليد", True),
        ("كم السعر", True),
        ("chand toman", True),
        ("How much", True),
        ("[CONTEXT: قیمت ۸۵۰][/CONTEXT] سایزش چیه؟", False),
    ],
)
def test_whether_the_customer_asks_the_price_and_not_the_post(question, is_asked):
    assert asks_price(question) is is_asked


COAT = "Coat\nPrice size M: 900,000 toman\nPrice size L: 950,000 toman"
TOMAN_BAG = "Bag\nPrice: 950,000 toman"


@pytest.mark.parametrize(
    ("caption", "product", "is_other"),
    [
        # how much a bare number has to be
        ("Bag 10,000", TOMAN_BAG, True),
        ("Bag 9,999", TOMAN_BAG, False),
        ("Price 10", "Bag\nPrice: 12 USD", True),
        ("Price 9", "Bag\nPrice: 12 USD", False),
        ("5k", KARUN, True),
        ("کیف 850.000", KARUN, True),
        ("10000000000", KARUN, False),
        ("6037991122334455", KARUN, False),
        # how a phone begins, and how a sum does
        ("9200000000", KARUN, True),
        ("9121234000", KARUN, True),
        ("9121234500", KARUN, False),
        ("9,121,234,567", KARUN, True),
        ("price 912123456", KARUN, True),
        ("price 8121234567", KARUN, True),
        ("9121234567 toman", KARUN, True),
        ("price 0850 toman", KARUN, True),
        ("0850 هزار", KARUN, True),
        ("قیمت ۰/۸۵۰ میلیون", KARUN, True),
        ("قیمت ۰/۸۵۰", KARUN, True),
        ("00989121234567 850,000", KARUN, True),
        ("0098 912 123 4567 850,000", KARUN, True),
        # what it is of
        ("850000 متر", KARUN, False),
        ("SKU 88000", KARUN, False),
        ("قیمت سایز ۳۸", KARUN, False),
        ("Bag 850,000, 950,000 for shipping", TOMAN_BAG, True),
        ("هزینه ارسال #تهران ۹۵ هزار تومن", KARUN, False),
        ("ارسال ۰۹۱۲۱۲۳۴۵۶۷ ۹۵ هزار تومن", KARUN, False),
        # thousands left out, and rials
        ("۹۹۹۹ تومان", "کیف\nقیمت: ۹٬۹۹۹٬۰۰۰ تومان", False),
        ("۱۰۰۰۰ تومان", "کیف\nقیمت: ۱۰٬۰۰۰٬۰۰۰ تومان", True),
        ("۸۵۰ ریال", "کیف\nقیمت: ۸۵۰٬۰۰۰ ریال", True),
        ("قیمت ۸۵۰٬۰۰۰", "کیف\nقیمت: ۸۵۰٬۰۰۰ ریال", False),
        ("قیمت ۸۵۰", "کیف\nقیمت: ۸۵۰٬۰۰۰", False),
        # numbers of the product's text
        ("Powerbank 20000 toman", "Powerbank 20000\nPrice: 950,000 toman", True),
        ("Cable 20000, adapter 30000", "Cable 20000\nPrice: 20,000 toman", False),
        ("Bag 850k", "Bag 850k\nPrice: 950,000 toman", True),
        ("قیمت 850 000", "کیف 850 000\nقیمت: 950,000 تومان", True),
        ("کفش طبی ۸۹۰٬۰۰۰", ON_SALE, True),
        ("قیمت ۹۰۰٬۰۰۰", "کیف\nقیمت: ۸۵۰٬۰۰۰ تومان\nقیمت قبل: ۹۰۰۰۰۰ تومان", True),
        # which of the product's sums is its price
        ("900,000 toman", COAT, False),
        ("$38", "Shoe\nPrice size 38: 20 USD", True),
        ("$38", "Shoe\nPrice size 38: 20", True),
        ("Bag 750,000 toman", "Bag\n750,000 toman each\nPrice: 850,000 toman", True),
        ("Bag 750,000 toman", "Bag for 850,000 toman", True),
        ("Bag 750,000", "Bag 850,000", False),
        ("Bag 850,000", "Bag\nPrice: on request, ready in 3 days", False),
        ("Coat $900 or €900", "Coat\nPrice size M: 900 USD\nPrice size L: 950 USD", False),
    ],
)
def test_which_numbers_are_held_against_each_other(caption, product, is_other):
    assert differs(caption, product) is is_other
