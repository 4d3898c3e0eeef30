"""A sum of the facts is said of what stands beside it there; each beside what may leave."""

import pytest

from pilito.assistant.check import Draft, find_faults
from pilito.assistant.quantities import unify
from pilito.assistant.refusals import unasked
from pilito.assistant.sums import find_sums_of_others
from pilito.assistant.types import Fact, TurnInput
from pilito.spelling import plain

SHOP = (
    "Standard delivery $5 (3 days), express $12 (next day).",
    "Gift wrapping $3. Engraving $10 per word.",
    "Bags $80, coats $200, belts from $30.",
    "Returns by post cost $6.",
)
GALLERY = (
    "ارسال با پیک در تهران ۴۵ هزار تومان و با پست به شهرستان ۶۵ هزار تومان است.",
    "بسته\u200cبندی کادویی ۳۰ هزار تومان. حکاکی هر کلمه ۲۰ هزار تومان.",
    "تیشرت ۴۵۰، شلوار ۹۰۰ و کاپشن ۲ میلیون تومان.",
    "قیمت\u200cها\nکیف بزرگ: ۸۰۰ هزار تومان\nکیف کوچک: ۶۰۰ هزار تومان",
)
STORE = ("التوصيل داخل الرياض 20 ريال، وخارجها 35 ريال.", "العباية 300 ريال، الطرحة 60 ريال.")


def others(reply, facts):
    return list(find_sums_of_others(unasked(unify(plain(reply))), facts))


@pytest.mark.parametrize(
    ("reply", "facts"),
    [
        ("Standard delivery is $5 and takes 3 days; express is $12.", SHOP),
        ("Wrapping costs $3, engraving $10 a word.", SHOP),
        ("For $12 we deliver it the next day (express).", SHOP),
        ("Bags are $80 and coats $200.", SHOP),
        ("A coat costs $200, delivery $5.", SHOP),
        ("The bag is $80, with gift wrapping $3 more.", SHOP),
        ("Belts start from $30.", SHOP),
        ("A bag with engraving: $80 and $10 per word.", SHOP),
        ("Sending it back by post costs $6.", SHOP),
        ("Express is $12, so next day.", SHOP),
        ("The coat, which is warm, is $200.", SHOP),
        ("Yes, engraving is possible for $10 per word.", SHOP),
        ("We can wrap it as a gift for $3.", SHOP),
        ("هزینه پیک تهران ۴۵ هزار تومان.", GALLERY),
        ("به شهرستان با پست ۶۵ هزار تومان میشه.", GALLERY),
        ("شیراز با پست ۶۵ هزار تومان.", GALLERY),
        ("بسته بندی کادو ۳۰ هزار تومن", GALLERY),
        ("ارسالش ۶۵ هزار تومنه و کادوپیچی ۳۰ هزار تومن", GALLERY),
        ("تیشرت ۴۵۰ هزار تومانه و شلوار ۹۰۰ هزار تومان.", GALLERY),
        ("کاپشن ۲ میلیون تومان.", GALLERY),
        ("کیف بزرگ ۸۰۰ و کوچیکش ۶۰۰ هزار تومنه.", GALLERY),
        ("کیف کوچک ۶۰۰ هزار تومان", GALLERY),
        ("هر کلمه حکاکی ۲۰ هزار تومان", GALLERY),
        ("کیف بزرگ ۸۰۰ هزار تومان به علاوه ۶۵ هزار تومان پست", GALLERY),
        ("پست ۶۵ هزار تومان", GALLERY),
        ("داخل الرياض 20 ريال.", STORE),
        ("خارج الرياض 35 ريال.", STORE),
        ("العباية بـ 300 ريال والطرحة بـ 60 ريال.", STORE),
        ("سعر الطرحة 60 ريال، والتوصيل داخل الرياض 20 ريال.", STORE),
        ("عباية 300 ريال", STORE),
    ],
)
def test_a_sum_is_told_of_its_own(reply, facts):
    assert others(reply, facts) == []


@pytest.mark.parametrize(
    ("reply", "facts"),
    [
        ("Express is $5.", SHOP),
        ("Coats are $80.", SHOP),
        ("Engraving is $3.", SHOP),
        ("Wrapping costs $10.", SHOP),
        ("Belts are $80.", SHOP),
        ("The bag is $200.", SHOP),
        ("با پیک ۶۵ هزار تومان", GALLERY),
        ("حکاکی ۳۰ هزار تومان", GALLERY),
        ("کیف کوچک ۸۰۰ هزار تومان", GALLERY),
        ("به شهرستان ۴۵ هزار تومان", GALLERY),
        ("الطرحة 300 ريال.", STORE),
    ],
)
def test_a_sum_is_not_told_of_another(reply, facts):
    assert others(reply, facts) != []


def test_the_operator_reads_of_which_word_it_is_not():
    turn = TurnInput("Shop", ("How much is a coat?",), facts=(Fact("faq", "Bags $80, coats $200."),))

    assert find_faults(Draft("Coats are $200.", turn, "0" * 16)) == []
    assert find_faults(Draft("Coats are $80.", turn, "0" * 16)) == ["words: coats"]


@pytest.mark.parametrize(
    ("reply", "facts", "found"),
    [
        ("coats are $80", ("Bags $80, coats $200",), ["coats"]),
        ("coats are $80", ("Bags $80", "Coats $200"), ["coats"]),
        ("coats are $80", ("Bags $80", "Coats"), []),  # nobody knows
        ("coats are $80", ("Coats $200",), []),  # a sum of nobody: held elsewhere
        ("coats are $80", ("Bags and coats $80, coats in red $200",), []),
        ("coats are $80", ("Coats\nPrice: 200 USD", "Bags $80"), []),  # the catalogue says itself whose each is
        ("velvet coats are $80", ("Coat\nPrice velvet: 200 USD", "Bags $80"), []),
        ("paltos are $80", ("Bags $80, coats $200",), []),
        ("پالتو 80 دلار", ("Bags $80, coats $200",), []),
        # words behind the sum, before it, and in front of a colon
        ("$80 for coats", ("$80 for bags, $200 for coats",), ["coats"]),
        ("coats: $80", ("Bags: $80, coats: $200",), ["coats"]),
        ("bags: $80", ("Bags: $80, coats: $200",), []),
        ("coats, $80", ("$80 for bags. $200 for coats",), ["coats"]),
        # of a list each may be any of its sums; the next sentence is of its own
        ("coats and bags: $80 and 200 usd", ("Bags $80, coats $200",), []),
        ("velvet coats and bags: $80", ("Bags $80, velvet coats $200",), ["coats", "velvet"]),
        ("we have coats. bags are $80", ("Bags $80, coats $200",), []),
        ("a coat in 300, bags $80", ("Bags $80, coat $200",), []),
        ("a coat in 99, bags $80", ("Bags $80, coat $200",), ["coat"]),
        ("a coat in 100, bags $80", ("Bags $80, coat $200",), []),
        ("a coat in 1.500, bags $80", ("Bags $80, coat $200",), []),
        ("a coat of 200 cm, bags $80", ("Bags $80, coat $200",), ["coat"]),
        ("a coat for 2 years, bags $80", ("Bags $80, coat $200",), ["coat"]),
        # terms, prices, days and months are gone on about
        ("shipping to canada is $12", ("Shipping: US $5. Canada $12.",), []),
        ("the price of the coat is $200", ("Price of bags $80. Coats $200.",), []),
        ("قیمت کفش 200 دلار", ("قیمت کیف 80 دلار، کفش 200 دلار",), []),
        ("coats 200 usd", ("Bags 80 usd. Coats $200.",), []),
        ("coats $200 until december", ("Coats $200. Bags $80 until December.",), []),
        ("coats $200 on friday", ("Coats $200. Bags $80 on Friday.",), []),
        ("a80 coats $200", ("Coats $200. Bags a80 $80.",), []),
        ("express $5", ("Post $5. Express $12.",), ["express"]),
        ("elsewhere than in tehran it is $12", ("In Tehran $5, elsewhere $12.",), []),
        ("it is $12 in tehran", ("In Tehran $5, in Shiraz $12.",), ["tehran"]),
    ],
)
def test_which_words_tell_of_which_sum(reply, facts, found):
    assert others(reply, facts) == found
