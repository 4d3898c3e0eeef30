"""What the facts refuse is not offered; each beside what may leave."""

import pytest

from pilito.assistant.check import Draft, find_faults
from pilito.assistant.types import Fact, TurnInput


def faults(reply: str, shop: str) -> list[str]:
    return find_faults(Draft(reply, TurnInput("گالری", ("؟",), facts=(Fact("faq", shop),)), "0" * 16))


@pytest.mark.parametrize(
    ("shop", "told", "offered"),
    [
        ("پرداخت\nکارت به کارت. پرداخت در محل نداریم.", "پرداخت در محل نداریم.", "پرداخت در محل داریم."),
        ("تا ۵ روز تعویض، با برچسب. مرجوعی نداریم.", "متأسفانه مرجوعی نداریم.", "مرجوعی داریم."),
        (
            "تعویض تا ۷ روز، اگر استفاده نشده باشد.",
            "تعویض تا ۷ روز، اگر استفاده نشده باشه.",
            "تعویض تا ۷ روز، استفاده شده.",
        ),
        ("Shipping\nTo all of Iran. We do not ship abroad.", "Sorry, we don't ship abroad.", "We ship abroad."),
        ("Do you ship abroad?\nNot yet: to every city in Iran.", "We ship to every city in Iran.", "We ship abroad."),
        ("Delivery $6. Express is not available.", "Express is not available.", "Express delivery is available."),
        ("Shipping in the EU. No shipping to the UK.", "There is no shipping to the UK.", "We ship to the UK."),
        ("Desk lamp. E14 bulb, not included.", "The bulb is not included.", "The bulb is included."),
        ("Returns within 7 days, unused.", "Returns within 7 days, unused.", "Returns within 7 days, used or unused."),
        ("کرم آلوئه‌ورا، بدون عطر.", "بدون عطر است.", "عطر دارد."),
        ("الدفع عند الاستلام غير متوفر.", "الدفع عند الاستلام غير متوفر.", "الدفع عند الاستلام."),
        ("لا نشحن خارج إيران.", "لا نشحن خارج إيران.", "نشحن خارج إيران."),
    ],
)
def test_what_the_shop_says_with_a_not_is_not_said_without_one(shop, told, offered):
    assert faults(told, shop) == []
    assert faults(offered, shop) != []


def test_what_it_refuses_here_and_offers_there_may_be_said():
    shop = "پرداخت در محل نداریم.\nپرداخت در محل فقط در تهران با پیک."

    assert faults("پرداخت در محل فقط در تهران با پیک.", shop) == []


def test_a_question_offers_nothing():
    assert faults("Express delivery? It is not available.", "Delivery. Express is not available.") == []
