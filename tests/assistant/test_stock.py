"""What the catalogue says is gone is not offered as in stock; each beside what may be said."""

import pytest

from pilito.assistant.check import Draft, find_faults
from pilito.assistant.lexicon import WORD
from pilito.assistant.quantities import unify
from pilito.assistant.stock import find_sold_out
from pilito.assistant.types import Fact, TurnInput
from pilito.spelling import plain

MANTEAU = (
    "مانتو لاله\nقیمت: ۱٬۹۰۰٬۰۰۰ تومان\nسایز ۳۸، کرم: تمام شد\nسایز ۳۸، مشکی: موجود\n"
    "سایز ۴۰، کرم: موجود (۲ عدد)\nسایز ۴۲، مشکی: تمام شد"
)
COAT = (
    "Coat\nPrice size M, black: 80 USD, sold out\nPrice size M, red: 80 USD, in stock\n"
    "Price size L, black: 95 USD, in stock (2 pieces)\nPrice size XL, red: 95 USD, sold out"
)


def faults(reply: str, *facts: str, question: str = "?") -> list[str]:
    known = tuple(Fact("catalogue", fact, f"product:{number}") for number, fact in enumerate(facts))
    return find_faults(Draft(reply, TurnInput("گالری", (question,), facts=known), "0" * 16))


@pytest.mark.parametrize(
    ("product", "told", "offered"),
    [
        ("کیف چرم\nناموجود", "کیف چرم ناموجود است.", "کیف چرم موجود است."),
        ("کیف چرم\nقیمت: ۵۰۰٬۰۰۰ تومان، تمام شد", "کیف چرم تمام شده.", "بله، کیف چرم داریم."),
        ("Leather bag\nsold out", "The leather bag is not in stock.", "Yes, the leather bag is in stock."),
        ("Coat\nPrice: 80 USD, sold out", "The coat is sold out.", "The coat is available."),
        ("Coat\nsold out", "The coat is not available.", "المعطف متوفر."),
        ("Desk\navailable to order", "The desk is available to order.", "Yes, the desk is in stock."),
        ("میز\nموجود برای سفارش", "میز موجود برای سفارش است.", "میز موجود است."),
    ],
)
def test_what_is_sold_out_is_not_offered(product, told, offered):
    assert faults(told, product) == []
    assert faults(offered, product) != []


@pytest.mark.parametrize(
    ("product", "told", "offered"),
    [
        (MANTEAU, "سایز ۳۸ مشکی موجود است.", "سایز ۳۸ کرم موجود است."),
        (MANTEAU, "سایز ۳۸ و ۴۰ موجود است.", "سایز ۴۲ موجود است."),
        (MANTEAU, "سایز ۳۸ و ۴۰ موجود است، ۴۲ تمام شده.", "سایز ۴۰ و ۴۲ موجود است."),
        (MANTEAU, "سایزهای موجود: ۳۸ و ۴۰", "سایزهای موجود: ۳۸، ۴۰ و ۴۲"),
        (MANTEAU, "بله، سایز ۴۰ رو داریم.", "بله، سایز ۴۲ رو داریم."),
        (COAT, "Size M is available in red.", "Size M is in stock in black."),
        (COAT, "Size L is in stock for 95 USD.", "Size XL is in stock for 95 USD."),
        (COAT, "XL is sold out, but M and L are in stock.", "The coat is in stock in M and XL."),
    ],
)
def test_a_size_or_a_colour_is_offered_by_its_own_line(product, told, offered):
    assert faults(told, product) == []
    assert faults(offered, product) != []


@pytest.mark.parametrize(
    ("asked", "is_offered"),
    [("سایز ۴۲ دارید؟", False), ("۳۸ کرم موجوده؟", False), ("سایز ۴۰ دارید؟", True), ("سایز ۴۲ یا ۴۰ دارید؟", True)],
)
def test_a_yes_alone_is_of_what_was_asked_for(asked, is_offered):
    assert (faults("بله، موجود است.", MANTEAU, question=asked) == []) is is_offered


@pytest.mark.parametrize(
    ("facts", "reply"),
    [
        (("Coat\nsold out", "Bag\nin stock"), "The coat is sold out. The bag is in stock."),
        (("Leather bag\nsold out", "Leather coat\nin stock"), "The leather coat is in stock."),
        (("Coat\nsold out", "Coat\nin stock"), "The coat is in stock."),  # one of two shops has it
        (("Coat\nsold out", "Express\nExpress delivery is available."), "Express delivery is available."),
        (("Coat\nsold out\nAvailable in three colours",), "The coat is available in three colours."),
        (("Coat\nsold out",), "I do not know whether the coat is available."),
        (("کیف\nتمام شد", "ارسال به تهران داریم"), "بله، ارسال به تهران داریم."),
    ],
)
def test_of_another_thing_it_is_said(facts, reply):
    assert faults(reply, *facts) == []


def test_one_of_two_is_gone():
    assert faults("The coat and the bag are in stock.", "Coat\nsold out", "Bag\nin stock") != []
    assert faults("The leather bag is in stock.", "Leather bag\nsold out", "Leather coat\nin stock") != []


SCARVES = ("Silk scarf\nPrice: 30 USD, sold out", "Cotton scarf\nPrice: 15 USD, in stock")
SHAWL = "شال ابریشم\nقیمت: ۶۵۰٬۰۰۰ تومان\nآبی: تمام شد\nسبز: موجود"


@pytest.mark.parametrize(
    ("told", "offered"),
    [
        ("آبی تموم شده، سبز موجوده.", "سبز تموم شده، آبی موجوده."),
        ("سبز موجوده و آبی تموم شده.", "آبی موجوده و سبز تموم شده."),
        ("آبیش تموم شد ولی سبزش موجوده.", "سبز تموم شد ولی آبی موجوده."),
        ("از آبی چیزی نمونده، سبز موجود است.", "از سبز چیزی نمونده، آبی موجود است."),
        ("آبی به اتمام رسیده، سبز موجود است.", "سبز به اتمام رسیده، آبی موجود است."),
    ],
)
def test_what_is_gone_is_known_as_it_is_spoken(told, offered):
    facts = (Fact("catalogue", SHAWL, "product:1"),)
    turn = TurnInput("گالری", ("؟",), facts=facts, holds_every_word=False)

    assert find_faults(Draft(told, turn, "0" * 16)) == []
    assert find_faults(Draft(offered, turn, "0" * 16)) != []


@pytest.mark.parametrize(
    "reply", ["Yes, we have scarves. The cotton scarf is in stock for $15.", "Yes, the scarf is available."]
)
def test_what_two_have_in_common_is_said_of_both(reply):
    assert faults(reply, *SCARVES, question="Do you have scarves?") == []
    assert faults(reply, *SCARVES, question="Do you have the cotton scarf?") == []


def test_of_two_the_one_that_was_asked_for_is_meant():
    assert faults("Yes, the scarf is available.", *SCARVES, question="Is the silk scarf available?") != []
    assert faults("Yes, the scarves are available.", *(fact.replace("in stock", "sold out") for fact in SCARVES)) != []


@pytest.mark.parametrize(
    ("asked", "is_offered"), [("مانتو لاله دارید؟", False), ("مانتو نرگس دارید؟", True), ("مانتو دارید؟", True)]
)
def test_a_yes_alone_is_of_the_product_that_was_asked_for(asked, is_offered):
    facts = "مانتو لاله\nقیمت: ۹۰۰٬۰۰۰ تومان، تمام شد", "مانتو نرگس\nقیمت: ۹۵۰٬۰۰۰ تومان، موجود"

    assert (faults("بله، موجود است.", *facts, question=asked) == []) is is_offered


# --- statement by statement ------------------------------------------------------------------------------------------


def offered(reply, *facts, asked=""):
    return list(find_sold_out(unify(plain(reply)), facts, frozenset(WORD.findall(unify(plain(asked))))))


COAT_GONE = "Coat\nsold out"
BAG = "Bag\nin stock"


@pytest.mark.parametrize("reply", ["We have the coat", "We've got the coat", "In stock: the coat", "Coat رو داریم"])
def test_it_is_the_whole_statement_that_offers(reply):
    assert [one.split() for one in offered(f"{reply}.", COAT_GONE)] == [unify(plain(reply.replace(":", ""))).split()]


@pytest.mark.parametrize(
    "reply",
    [
        "If the coat is available, we send it.",
        "The coat will be available.",
        "The coat is available again from May.",
        "Coat به زودی موجود است.",
        "Coat قریبا متوفر.",
        "Delivery of the coat is available.",
        "Will be available: the coat",
        "Sold out: the coat",
        "نمی‌دانم Coat موجود است.",
        "ولا أعرف إن كان Coat متوفر.",
        "No information whether we have it: coat",
    ],
)
def test_what_is_not_there_now_is_not_offered(reply):
    assert offered(reply, COAT_GONE) == []


@pytest.mark.parametrize(
    "reply",
    [
        "آبی تموم نشده، موجوده.",
        "آبی هنوز تمام نشده است.",
        "آبی تموم نمیشه.",
        "Blue آبی is not sold out.",
        "آبی isn't out of stock.",
        "آبی لم ينفد.",
    ],
)
def test_not_gone_is_there(reply):
    assert offered(reply, SHAWL) != []
    assert offered(reply.replace("آبی", "سبز"), SHAWL) == []


def test_without_its_name_it_is_the_one_that_was_spoken_of():
    assert offered("The coat is blue. It is in stock.", COAT_GONE, BAG) == ["it is in stock"]
    assert offered("The bag is blue. It is in stock.", COAT_GONE, BAG) == []
    assert offered("We have many friends.", COAT_GONE) == []


SIZES = "Coat\nM: in stock\nL: sold out"


@pytest.mark.parametrize(
    "reply",
    [
        "M is in stock. The coat is available.",
        "Not that one. The coat is available.",
        "That is sold out. It is in stock.",
    ],
)
def test_a_reply_that_tells_them_apart_does_not_mean_what_was_asked_for(reply):
    assert offered(reply, SIZES, asked="size L?") == []
    assert offered("The coat is available.", SIZES, asked="size L?") == ["the coat is available"]


def test_nor_the_product_that_was_asked_for():
    asked = "Is the silk scarf there?"

    assert offered("The scarf is available.", *SCARVES, asked=asked) == ["the scarf is available"]
    assert offered("Not that one. The scarf is available.", *SCARVES, asked=asked) == []


def test_another_line_knows_better_only_of_what_it_speaks_of():
    express = "Express\nThe express delivery is available."

    assert offered("The coat is available.", COAT_GONE, express) == ["the coat is available"]
    assert offered("The express coat is available.", COAT_GONE, express) == []


def test_a_value_of_two_words_is_read_whole():
    coat = "Coat\nDark blue: sold out\nRed: in stock"

    assert offered("The coat is in stock in dark blue.", coat) == ["the coat is in stock in dark blue"]
    assert offered("The coat is in stock in red.", coat) == []


def test_lines_are_read_whatever_blanks_stand_around_them():
    assert offered("The coat is in stock.", "\n Coat\n  sold out \n", BAG) == ["the coat is in stock"]


def test_the_nearest_name_is_meant():
    assert offered("The coat is in stock.", COAT_GONE, "Coat hook\nin stock") == ["the coat is in stock"]
    # Words of grammar are no part of a name: both are a coat and one thing more.
    assert offered("The coat is in stock.", "Coat with a belt\nin stock", "Coat hook\nsold out") == []
    assert offered("The bag is in stock.", "🔥\nsold out", BAG) == []


def test_a_pair_that_has_no_line_is_not_known_to_be_gone():
    assert offered("سایز ۴۰ مشکی موجود است.", MANTEAU) == []


def test_of_several_that_were_asked_for_all_may_be_gone():
    asked = "M or L?"

    assert offered("Yes, it is in stock.", "Coat\nM: sold out\nL: sold out", asked=asked) == ["yes  it is in stock"]
    assert offered("Yes, it is in stock.", SIZES, asked=asked) == []


def test_a_sum_is_no_size():
    shoe = "Shoe\nSize 80: sold out\nSize 90: in stock"

    assert offered("The shoe is in stock for 80 USD.", shoe) == []
    assert offered("The shoe is in stock in 80.", shoe) == ["the shoe is in stock in 80"]
