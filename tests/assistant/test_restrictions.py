"""What the facts say of some only is not said of all; each beside what may leave."""

import pytest

from pilito.assistant.check import Draft, find_faults
from pilito.assistant.quantities import unify
from pilito.assistant.restrictions import find_unrestricted, restrictions_in
from pilito.assistant.types import Fact, TurnInput
from pilito.spelling import plain


def faults(reply, *shop, question="؟"):
    facts = tuple(Fact("faq", fact) for fact in shop)
    return find_faults(Draft(reply, TurnInput("گالری", (question,), facts=facts), "0" * 16))


@pytest.mark.parametrize(
    ("shop", "told", "left_out"),
    [
        ("مرجوعی فقط برای کالای معیوب.", "مرجوعی فقط برای کالای معیوب داریم.", "بله، مرجوعی داریم."),
        ("پرداخت در محل فقط در تهران.", "در تهران پرداخت در محل داریم.", "بله، پرداخت در محل داریم."),
        ("تعویض تنها با فاکتور ممکن است.", "تعویض با فاکتور ممکن است.", "تعویض ممکن است."),
        ("We accept returns only for damaged items.", "We accept returns of damaged items.", "Yes, we accept returns."),
        ("Express delivery is for members only.", "Express delivery is for members.", "Express delivery is for you."),
        ("We ship only within Iran.", "We ship within Iran.", "Yes, we ship."),
        ("نقبل الإرجاع فقط للقطع التالفة.", "نقبل الإرجاع للقطع التالفة.", "نعم، نقبل الإرجاع."),
        # as shops write their questions
        ("مرجوعی دارید؟\nفقط برای کالای معیوب.", "برای کالای معیوب مرجوعی داریم.", "بله، مرجوعی داریم."),
        ("Returns\nReturns only for damaged items.", "Damaged items: returns.", "Yes, returns."),
        ("Do you take returns?\nOnly for damaged items.", "We take returns of damaged items.", "We take returns."),
        ("No returns at all.\nReturns only for damaged items.", "Returns of damaged items.", "Yes, returns."),
    ],
)
def test_an_only_is_not_left_out(shop, told, left_out):
    assert faults(told, shop) == []
    assert faults(left_out, shop) != []


@pytest.mark.parametrize(
    ("shop", "question", "is_stopped"),
    [
        ("پرداخت در محل فقط در تهران.", "تهران هم پرداخت در محل دارید؟", False),
        ("پرداخت در محل فقط در تهران.", "شیراز هم پرداخت در محل دارید؟", True),
        ("پرداخت در محل فقط در تهران.\nپرداخت در محل برای همه سفارش‌ها.", "پرداخت در محل دارید؟", False),
    ],
)
def test_a_yes_is_said_of_whom_the_customer_asked_about(shop, question, is_stopped):
    assert bool(faults("بله، پرداخت در محل داریم.", shop, question=question)) is is_stopped


def left_out(reply, *facts, asked=""):
    return list(find_unrestricted(unify(plain(reply)), facts, frozenset(asked.split())))


ONLY_DAMAGED = "Returns only for damaged items."


@pytest.mark.parametrize(
    ("reply", "facts", "found"),
    [
        ("returns are fine", [ONLY_DAMAGED], ["returns"]),
        ("hello and returns are fine", [ONLY_DAMAGED], ["returns"]),
        ("a damaged bag? returns are fine", [ONLY_DAMAGED], []),
        ("کالای معیوب مرجوعی دارد", [ONLY_DAMAGED], []),  # in the customer's language
        ("returns are only for some", [ONLY_DAMAGED], []),
        ("returns are fine if it broke", [ONLY_DAMAGED], []),
        ("i do not know about returns", [ONLY_DAMAGED], []),
        ("ولا اعرف returns", [ONLY_DAMAGED], []),
        ("no returns", [ONLY_DAMAGED], []),
        ("delivery is fine", [ONLY_DAMAGED], []),
        ("returns are fine", [ONLY_DAMAGED, "Returns within 7 days."], []),
        ("returns are fine", [ONLY_DAMAGED, "No returns on Friday."], ["returns"]),
        ("returns are fine", ["No returns. Only for damaged items."], ["returns"]),
        ("returns of damaged items", ["No returns. Only for damaged items."], []),
        ("returns are fine", ["No returns. On any day."], []),  # held elsewhere
        ("returns are fine", [f"{ONLY_DAMAGED} Within 7 days."], ["returns"]),
        ("returns are fine", ["We take returns. Delivery only in Tehran."], []),
        ("returns and delivery are fine", ["We take returns. Delivery only in Tehran."], ["delivery"]),
        ("returns are fine", ["Delivery 3 days. Returns within 7 days, delivery only in Tehran."], []),
        ("delivery is fine", ["Returns within 7 days, delivery only in Tehran."], ["delivery"]),
        ("delivery is fine", ["Delivery\n\nDelivery only in Tehran."], ["delivery"]),
        ("delivery is fine", ["Delivery. Delivery only in Tehran."], []),
        ("delivery is fine", ["Delivery\nReturns only in Tehran."], []),
        ("delivery is fine", ["Delivery"], []),
        ("so delivery is fine", [" \nDelivery\nDelivery only in Tehran."], ["delivery"]),
        ("delivery is fine", ["Delivery. Delivery only in Tehran.\n"], []),
        ("delivery is fine", ["Delivery\nReturns only in Tehran.", "Delivery only in Tehran."], []),
        ("delivery is fine", ["Our shop\nDelivery in 3 days. Delivery only in Tehran."], []),
        ("delivery is fine", ["Our shop\nOnly in Tehran.\nDelivery in 3 days"], []),
        ("delivery is fine", ["", "Only in Tehran."], []),
    ],
)
def test_of_what_all_facts_say_of_some_only_the_word_is_named(reply, facts, found):
    assert left_out(reply, *facts) == found


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ("free delivery only in tehran", "tehran"),
        ("free delivery in tehran only", "tehran"),
        ("ارسال فقط تهران", "تهران"),
        ("التوصیل فی الریاض فقط", "الریاض"),
    ],
)
def test_whom_it_is_said_of_stands_behind_or_before(sentence, named):
    (found,) = restrictions_in(sentence)

    assert not found.leaves_out(frozenset({named}))
    assert found.leaves_out(frozenset({"shiraz", "delivery", "free", "in", "فی"}))


@pytest.mark.parametrize(
    "sentence",
    [
        "you only order, we deliver",
        "delivery for only 6 usd",
        "فقط کافیست سفارش بدید",
        "ارسال فقط 60 تومان",
        "فقط به شیراز ارسال نداریم",
        "delivery only in b52",
        "payment only with it",
        "delivery in tehran",
        "delivery only in 3 days",
    ],
)
def test_some_words_restrict_nothing(sentence):
    assert restrictions_in(sentence) == ()
