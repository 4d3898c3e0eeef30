"""Of what is said that it is free: the delivery, returns, the wrapping, or something else."""

import pytest

from pilito.assistant.lexicon import terms_in
from pilito.assistant.matters import contrasts, is_of_others, matters_in, part_at, shares_words, told_in
from pilito.assistant.quantities import unify
from pilito.spelling import plain

DELIVERY, RETURNS = terms_in("delivery"), terms_in("return")


def matters(text):
    return matters_in(unify(plain(text)))


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        ("wrapping", "بسته‌بندی|کادوپیچی|جعبه|gift wrapping|wrap|gift box|packaging|تغليف|العلبة"),
        ("advice", "مشاوره|consultation|advice|استشارة"),
        ("fitting", "نصب|مونتاژ|installation|assembly|mounting|تركيب"),
        ("sample", "نمونه|تستر|sample|testers|trial|عينة|العينات"),
        ("work", "دوخت|خیاطی|حکاکی|تعمیر|شارژ مجدد|alterations|hemming|engraving|repair|cleaning|نقش|تصليح"),
        ("visit", "تحویل حضوری|تحویل در فروشگاه|حضوری|store pickup|pick-up|collection|استلام من المحل"),
    ],
)
def test_every_word_for_what_shops_give_for_nothing(thing, words):
    assert [word for word in words.split("|") if thing not in matters(word)] == []
    assert matters("چرم طبیعی, real leather") == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "Delivery",
        "ارسال",
        "by courier",
        "پست",
        "پست پیشتاز",
        "postage",
        "we send it",
        "dispatched",
        "التوصيل",
        "البريد",
    ],
)
def test_who_brings_it_is_of_the_delivery(text):
    assert matters(text) == DELIVERY


@pytest.mark.parametrize(
    "text",
    [
        "این پست",
        "پست‌های ما",
        "پست اینستاگرام",
        "تحویل حضوری",
        "return shipping",
        "exchange postage",
        "shipping of all returns",
        "delivery for exchanges",
        "ارسال مرجوعی",
        "ارسال کالای مرجوعی",
        "پست سفارش تعویضی",
        "7 days after delivery",
        "free",
        "discount",
        "payment",
    ],
)
def test_what_is_collected_sent_back_or_only_paid_is_of_no_delivery(text):
    assert not DELIVERY & matters(text)


def test_to_send_it_back_is_of_returns():
    assert matters("return shipping") >= RETURNS
    assert matters("shipping of all returns") >= RETURNS
    assert matters("shipping of returns") >= RETURNS
    assert matters("ارسال مرجوعی") >= RETURNS


# --- what facts tell -------------------------------------------------------------------------------------------------


def told(fact):
    return [(one.text.strip(), one.matters) for one in told_in(fact)]


def test_a_sentence_goes_on_about_the_one_before_it():
    assert told("Delivery costs $6. Over $80 it is free. Wrapping is free!") == [
        ("delivery costs $6", DELIVERY),
        ("over $80 it is free", DELIVERY),
        ("wrapping is free", frozenset({"wrapping"})),
    ]


def test_lines_without_a_matter_speak_of_the_heading_too():
    def of_last(fact):
        return told(fact)[-1][1]

    assert of_last("\n\nDelivery\nWrapping is free\nAlways") == DELIVERY | {"wrapping"}
    assert of_last("Delivery\nWrapping is free") == {"wrapping"}
    assert of_last("Delivery $6\nWrapping is free\nAlways") == {"wrapping"}
    assert of_last("Delivery 20\nWrapping\nAlways") == {"wrapping"}
    assert of_last("Delivery. Wrapping is free. Always") == {"wrapping"}


# --- what a reply says in one breath ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("returns and exchanges are free", RETURNS | terms_in("exchange")),
        ("the returns and all our exchanges are free", RETURNS | terms_in("exchange")),
        ("مرجوعی و تعویض رایگان است", RETURNS | terms_in("exchange")),
        ("delivery takes long, and wrapping is free", {"wrapping"}),
        ("delivery takes long, and it is free", DELIVERY),
        ("postage and wrapping are free", DELIVERY | {"wrapping"}),
        ("hello, it is free", set()),
        ("all returns and wrapping are free", RETURNS | {"wrapping"}),
        ("our returns and wrapping are free", RETURNS | {"wrapping"}),
        ("هر مرجوعی و بسته‌بندی رایگان است", RETURNS | {"wrapping"}),
        ("همه مرجوعی‌ها و بسته‌بندی رایگان است", RETURNS | {"wrapping"}),
        ("تعویض‌های مرجوعی و بسته‌بندی رایگان است", RETURNS | terms_in("exchange") | {"wrapping"}),
        ("mail and wrapping are free", DELIVERY | {"wrapping"}),
        ("one, two, three, four, five, it is free, wrapping comes later", set()),
    ],
)
def test_free_is_said_of_a_list_or_of_its_own_part(sentence, expected):
    sentence = unify(plain(sentence))
    start = max(sentence.find("free"), sentence.find("رایگان"))

    assert part_at(sentence, start).matters == expected


def test_the_same_words_twice_have_two_places():
    assert part_at("free, delivery, free", 16).text.strip() == "delivery  free"
    assert part_at("yes, free, free, delivery", 11).text.strip() == "free  delivery"
    assert part_at("free, delivery", 0).text == "free  delivery"


def test_a_list_ends_where_something_is_said():
    assert part_at("it is free, returns, wrapping takes long", 6).matters == RETURNS


# --- words beside it -------------------------------------------------------------------------------------------------


def test_a_word_of_another_sentence_on_the_same_matter_contrasts():
    fact = told_in("Delivery in Tehran is free. Delivery to Shiraz is $6. Wrapping in Yazd is free.")

    assert contrasts("delivery to shiraz is free", fact[0], fact)
    assert not contrasts("delivery in tehran is free", fact[0], fact)
    assert not contrasts("delivery to yazd is free", fact[0], fact)  # said of the wrapping
    assert not contrasts("delivery 6 is free", fact[0], fact)


def test_another_fact_contrasts_where_it_names_a_sum():
    fact = told_in("Bags: delivery is free.")

    def is_given_away(other):
        return contrasts("delivery of the shoes is free", fact[0], fact, told_in(other))

    assert is_given_away("Shoes: delivery $6.")
    assert is_given_away("Shoes: delivery 60k.")
    assert is_given_away("Shoes: delivery $6 in 3 days.")
    assert not is_given_away("Shoes: delivery in 3 days.")
    assert not is_given_away("Shoes: $60.")


@pytest.mark.parametrize(
    ("fact", "words", "is_others"),
    [
        ("free delivery only in Tehran", "delivery", True),
        ("free delivery only in Tehran", "delivery tehran", False),
        ("free delivery only in Tehran or Karaj", "karaj", False),
        ("free delivery for members only", "guest", True),
        ("free delivery for members only", "members", False),
        ("ارسال رایگان تنها در تهران", "شیراز", True),
        ("free delivery, only not in Tehran", "shiraz", False),
        ("free delivery, pay only in cash", "card", False),
        ("free delivery, you only tell us your address", "", False),
        ("free delivery. payment only in Tehran", "", False),
        ("free delivery in Tehran", "", False),
        ("only free delivery in Tehran", "", False),
        ("free only", "", False),
    ],
)
def test_what_is_said_of_some_only_is_of_no_others(fact, words, is_others):
    assert is_of_others(told_in(fact)[0], words.split()) is is_others


def test_a_reply_shares_the_words_that_tell_something():
    first = told_in("The first 20 minutes of parking are free")[0]

    assert shares_words("parking is free", first)
    assert not shares_words("the delivery of 20 is free", first)
    assert not shares_words("the a4 is free", told_in("The A4 print is free")[0])
