"""The price of one product, or of one size of it, is not told of another; each beside what may leave."""

import pytest

from pilito.assistant.check import Draft, find_faults
from pilito.assistant.lexicon import words_in
from pilito.assistant.product_prices import find_other_prices
from pilito.assistant.quantities import unify
from pilito.assistant.refusals import unasked
from pilito.assistant.types import Fact, TurnInput
from pilito.spelling import plain

SHOP = (
    "Leather bag\nPrice: 80 USD, in stock",
    "Wool coat\nPrice size M, black: 200 USD, in stock\nPrice size L, black: 220 USD, in stock\n"
    "Price size L, red: 240 USD, sold out",
    "Leather coat\nPrice: 300 USD, price before 350 USD, in stock",
    "Free delivery over $200.",
)
GALLERY = (
    "کیف چرم\nقیمت: ۸۰۰٬۰۰۰ تومان، موجود",
    "مانتو لاله\nقیمت سایز ۳۸: ۱٬۹۰۰٬۰۰۰ تومان، موجود\nقیمت سایز ۴۲: ۲٬۱۰۰٬۰۰۰ تومان، موجود",
    "شال لاله\nقیمت: ۳۵۰٬۰۰۰ تومان، موجود",
    "مانتو نرگس\nقیمت: ۱٬۵۰۰٬۰۰۰ تومان، موجود",
    "ارسال ۶۵ هزار تومان.",
)


def others(reply, facts, asked=""):
    return list(find_other_prices(unasked(unify(plain(reply))), facts, frozenset(words_in(asked))))


@pytest.mark.parametrize(
    ("reply", "facts", "asked"),
    [
        ("The leather bag is $80, the leather coat $300.", SHOP, ""),
        ("The leather bag is $80 and the wool coat from $200 in M.", SHOP, ""),
        ("Wool coat: M black $200, L black $220, L red $240 (sold out).", SHOP, ""),
        ("In size L it is $220.", SHOP, "wool coat price L?"),
        ("In L it's $220 in black and $240 in red.", SHOP, "How much is the wool coat in L?"),
        ("The leather coat is now $300 instead of $350.", SHOP, "leather coat?"),
        ("It is $300.", SHOP, "leather coat price?"),
        ("They are $80 and $300.", SHOP, "How much are the leather bag and leather coat?"),
        ("The bag is $80.", SHOP, "how much is the bag and the coat in M?"),
        ("The coats cost between $200 and $300.", SHOP, "coats?"),
        ("Our cheapest one is the leather bag, $80.", SHOP, "what is the cheapest?"),
        ("$80.", SHOP, "bag?"),
        ("For the bag $80; for the leather coat $300.", SHOP, "prices?"),
        ("It costs $80, and the leather coat costs $300.", SHOP, "bag price? and the leather coat?"),
        ("If you want leather, the coat is $300 and the bag $80.", SHOP, "leather?"),
        ("Besides the wool coat ($200 in M) there is a leather bag for $80.", SHOP, "?"),
        ("کیف چرم ۸۰۰ هزار تومنه.", GALLERY, "کیف چنده؟"),
        ("قیمتش ۸۰۰ هزار تومان است.", GALLERY, "کیف چرمتون چنده؟"),
        (
            "مانتو لاله سایز ۳۸ یک میلیون و نهصد هزار تومان و سایز ۴۲ دو میلیون و صد هزار تومان است.",
            GALLERY,
            "مانتو لاله؟",
        ),
        ("مانتو لاله از ۱٬۹۰۰٬۰۰۰ تومان و شال لاله ۳۵۰٬۰۰۰ تومان است.", GALLERY, "لاله چنده؟"),
        ("لاله ۳۵۰ هزار تومان.", GALLERY, "شال لاله چنده؟"),
        ("مانتو نرگس ۱٬۵۰۰٬۰۰۰ تومان، مانتو لاله سایز ۴۲ ۲٬۱۰۰٬۰۰۰ تومان.", GALLERY, "مانتوها چندن؟"),
        ("سایز ۴۲: ۲٬۱۰۰٬۰۰۰ تومان", GALLERY, "مانتو لاله سایز ۴۲ چنده؟"),
        ("مانتو ۱٬۵۰۰٬۰۰۰ تومان است.", GALLERY, "مانتو نرگس چند؟"),
        ("ارسال ۶۵ هزار تومان و کیف ۸۰۰ هزار تومان.", GALLERY, "کیف با ارسال چند؟"),
        ("The leather bag is 800,000 toman.", GALLERY, "leather bag?"),
        ("the Laleh coat in 38 is 1,900,000 toman", GALLERY, "manto laleh 38?"),
        ("Laleh scarf: 350,000 toman", GALLERY, "scarf price?"),
        ("قیمت مانتو لاله و نرگس به ترتیب ۱٬۹۰۰٬۰۰۰ و ۱٬۵۰۰٬۰۰۰ تومان است.", GALLERY, "؟"),
        ("هر دو ۳۵۰ هزار تومان نیستند؛ شال لاله ۳۵۰ هزار تومان و کیف چرم ۸۰۰ هزار تومان است.", GALLERY, "؟"),
        ("The leather bag and the leather coat are 80 and 300 USD.", SHOP, ""),
        ("The leather bag and the leather coat: $80 and $300.", SHOP, ""),
        ("M and L in black: $200 and $220.", SHOP, "wool coat?"),
        ("M: $200 (black), L: $220 (black).", SHOP, "wool coat?"),
        ("کیف چرم و شال لاله ۸۰۰ و ۳۵۰ هزار تومان.", GALLERY, ""),
        ("حقيبة جلد 800 ألف تومان.", GALLERY, "كم سعر الحقيبة؟"),
    ],
)
def test_a_products_own_price_may_be_told(reply, facts, asked):
    assert others(reply, facts, asked) == []


@pytest.mark.parametrize(
    ("reply", "facts", "asked"),
    [
        ("The leather bag is nice, the wool coat is $80.", SHOP, ""),
        ("L: $200.", SHOP, "wool coat"),
        ("The leather bag: $300. The leather coat: $80.", SHOP, ""),
        ("The wool coat is $80.", SHOP, ""),
        ("The leather coat is $80.", SHOP, ""),
        ("The leather bag costs $300.", SHOP, ""),
        ("In L it's $200.", SHOP, "wool coat L?"),
        ("The wool coat in L black is $240.", SHOP, ""),
        ("It is $200.", SHOP, "how much is the wool coat in L?"),
        ("It's $300", SHOP, "leather bag?"),
        ("مانتو لاله ۸۰۰ هزار تومنه.", GALLERY, ""),
        ("سایز ۴۲: ۱٬۹۰۰٬۰۰۰ تومان", GALLERY, "مانتو لاله"),
        ("شال لاله ۱٬۹۰۰٬۰۰۰ تومان است.", GALLERY, ""),
        ("قیمتش ۳۵۰ هزار تومنه", GALLERY, "کیف چنده؟"),
        ("مانتو نرگس ۱٬۹۰۰٬۰۰۰ تومان", GALLERY, ""),
        ("نرگس ۳۵۰ هزار تومان", GALLERY, ""),
        ("۳۵۰ هزار تومان", GALLERY, "مانتو نرگس چنده"),
    ],
)
def test_anothers_price_may_not(reply, facts, asked):
    assert others(reply, facts, asked) != []


def test_the_operator_reads_which_sum_it_is():
    facts = tuple(Fact("catalogue", fact, f"product:{number}") for number, fact in enumerate(SHOP))
    turn = TurnInput("Shop", ("How much is the wool coat?",), facts=facts)

    assert find_faults(Draft("The wool coat in M is $200.", turn, "0" * 16)) == []
    assert find_faults(Draft("The wool coat is $80.", turn, "0" * 16)) == ["words: 80"]


BAG, COAT = "Leather bag\nPrice: 80 USD", "Wool coat\nPrice: 200 USD"


@pytest.mark.parametrize(
    ("reply", "facts", "found"),
    [
        ("the wool coat is $80", (BAG, COAT), ["80"]),
        ("the wool coat is 80", (BAG, COAT), []),  # a number, no sum
        ("the wool coat is 80 usd. and it is 80 usd", (BAG, COAT), ["80 usd", "80 usd"]),
        ("the wool coat is $90", (BAG, COAT), []),  # nobody's: held elsewhere
        # what stands outside of the catalogue may be of anything, a sum from which something holds may not
        ("the wool coat is $80", (BAG, COAT, "Gift sets $80"), []),
        ("the wool coat is $80", (BAG, COAT, "Free delivery over $80"), ["80"]),
        ("the wool coat is $80", (BAG, COAT, "Free delivery under $80"), ["80"]),
        ("the wool coat is $80", (BAG, COAT, "Gift sets $80, free delivery over $80"), []),
        # what is no product: without a price, without a name
        ("the wool coat is $80", (BAG, "Wool coat\nSold out"), []),
        ("the wool coat is $80", (BAG, "Wool coat\nPrice 200 USD"), []),
        ("the wool coat is $80", (BAG, "Wool coat\nPrice: on request"), []),
        ("the wool coat is $80", ("Of the\nPrice: 80 USD", COAT), []),
        ("the wool coat is $80", ("Our shop\nBags are $80", COAT), []),
        ("the wool coat is $80", ("\n Leather bag\nPrice: 80 USD\n", COAT), ["80"]),
        ("the wool coat is $80", (BAG, "Wool coat\nPrice: 200 USD\nWith a pin for $80"), []),
        # sums in other words
        ("wool coat 9,500 toman", ("Leather bag\nPrice: 9,500 toman", COAT), ["9,500 toman"]),
        ("wool coat 95,000 rial", ("Leather bag\nPrice: 9,500 toman", COAT), ["95,000 rial"]),
        ("wool coat 10,000", ("Leather bag\nPrice: 10,000", COAT), ["10,000"]),
        ("wool coat 9,500", ("Leather bag\nPrice: 9,500", COAT), []),
        ("wool coat 10,000 usd", ("Leather bag\nPrice: 10,000", COAT), ["10,000 usd"]),
        ("wool coat 10.500", ("Leather bag\nPrice: 10.500", COAT), ["10.500"]),
        ("wool coat 95,000 rial", ("Leather bag\nPrice: 9,500", COAT), ["95,000 rial"]),
        ("the leather bag is $800", (BAG, "Wool coat\nPrice: 800 USD"), ["800"]),
        ("the wool coat is $800", (BAG, "Wool coat\nPrice: 800 USD"), []),
        ("the velvet is $200", ("The leather bag\nPrice: 80 USD", COAT), []),
        ("wool coat $80, به ترتیب leather bag $200", (BAG, COAT), []),
        ("wool coat 10,000 cm", ("Leather bag\nPrice: 10,000", COAT), []),
        ("the wool coat and leather bag are $200 and $80 respectively", (BAG, COAT), []),
        ("wool coat $80, respectively leather bag $200", (BAG, COAT), []),
    ],
)
def test_which_sums_are_held_against_their_product(reply, facts, found):
    assert others(reply, facts) == found


@pytest.mark.parametrize(
    ("reply", "asked", "is_stopped"),
    [
        ("it is $80", "wool coat?", True),
        ("it is $80", "leather bag?", False),
        ("it is $80", "leather bag and wool coat?", False),
        ("it is $80", "which one?", False),
        ("the bag is small, it is $200", "", True),
        ("the bag is small. it is $200", "", True),
        ("the bag is small, the coat is warm, it is $200", "", False),
        ("the bag, the coat: $200", "", False),
        ("the bag is lovely leather velvet, the coat $80", "", True),
        ("the coat $200 it is warm, $80", "bag", True),
    ],
)
def test_of_which_product_a_sum_is_said(reply, asked, is_stopped):
    assert bool(others(reply, (BAG, COAT), asked)) is is_stopped


SIZES = "Coat\nPrice size M, black: 80 USD\nPrice size M, dark red: 85 USD\nPrice size L: 95 USD, in stock (80 pieces)"


@pytest.mark.parametrize(
    ("reply", "asked", "is_stopped"),
    [
        ("M in black is $80", "", False),
        ("M in black is $85", "", True),
        ("M in dark red is $85", "", False),
        ("in dark red it is $80", "", True),
        ("M is $85", "", False),
        ("M is $95", "", True),
        ("L is $80", "", True),  # pieces are no price
        ("L is $95", "", False),
        ("the coat is $95", "size L?", False),
        ("the coat is $80", "size L?", True),
        ("M is black. it is $80", "size L?", False),  # the reply tells them apart itself
        ("size L: $80", "", True),
        ("size M and L: $80 and 95 usd", "", False),
        ("M is lovely velvet. it is $80", "size L?", False),
        # what stands in brackets is of the price before it
        ("the coat is $85 (M, dark red) or $95 (L)", "", False),
        ("the coat is 85 USD (M, dark red), 95 USD (L)", "", False),
        ("the coat is $85 (L) or $95 (M)", "", True),
        ("the coat is $95 (M)", "", True),
        ("the coat is $95 (lovely)", "", False),
        ("L: $80 (black)", "", True),
        ("M: $80 (black)", "", False),
        ("the coat is $85 (M is $95)", "", True),
        ("XL is $80", "", False),  # nobody knows of it: held elsewhere
    ],
)
def test_a_size_and_a_colour_have_their_own_price(reply, asked, is_stopped):
    assert bool(others(reply, (SIZES,), asked)) is is_stopped


def test_a_pair_that_has_no_line_is_not_known():
    assert others("the wool coat in M and red is $200", SHOP) == []


def test_a_size_in_brackets_is_of_the_price_before_it():
    facts = ("مانتو آوا\nقیمت سایز ۳۸: ۱٬۹۰۰٬۰۰۰ تومان\nقیمت سایز ۴۰: ۱٬۹۸۰٬۰۰۰ تومان",)

    assert others("مانتو آوا ۱٬۹۰۰٬۰۰۰ تومان (سایز ۳۸) و ۱٬۹۸۰٬۰۰۰ تومان (سایز ۴۰) است.", facts) == []
    assert others("مانتو آوا ۱٬۹۰۰٬۰۰۰ تومان (سایز ۴۰) است.", facts) != []


def test_what_another_product_may_cost_is_of_no_other_size():
    assert others("L is $80", (SIZES, BAG)) == []
    assert others("L is $80", (f"{SIZES}\nSize L: weighs 80 grams",)) == ["80"]
