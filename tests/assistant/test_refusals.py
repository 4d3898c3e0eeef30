"""What the facts refuse is not offered; each beside what may leave."""

import pytest

from pilito.assistant.check import Draft, find_faults
from pilito.assistant.quantities import unify
from pilito.assistant.refusals import find_offered
from pilito.assistant.types import Fact, TurnInput
from pilito.spelling import plain

TO_SHIRAZ, TO_CANADA, TO_IRAQ = "بله، به شیراز ارسال داریم.", "Yes, we ship to Canada.", "نعم، نشحن الى العراق."


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


@pytest.mark.parametrize(
    ("shop", "told", "offered"),
    [
        ("لن نشحن إلى كندا.", "لا نشحن إلى كندا.", "نعم، نشحن إلى كندا."),
        ("لن نشحن إلى كندا أو المكسيك.", "لن نشحن إلى المكسيك.", "نعم، نشحن إلى المكسيك."),
        ("لم نعد نشحن إلى كندا.", "لم نعد نشحن إلى كندا.", "نعم، نشحن إلى كندا."),
        ("ما نشحن إلى كندا.", "لا نشحن إلى كندا.", "نعم، نشحن إلى كندا."),
        ("ما عندنا استرجاع.", "لا يوجد استرجاع.", "نعم، عندنا استرجاع."),
        ("ما في توصيل للكويت.", "لا يوجد توصيل للكويت.", "نعم، يوجد توصيل للكويت."),
        ("مفيش توصيل للكويت.", "مافيش توصيل للكويت.", "نعم، يوجد توصيل للكويت."),
        ("ماكو توصيل للبصرة.", "لا يوجد توصيل للبصرة.", "نعم، يوجد توصيل للبصرة."),
        ("توصيل للكويت مو متاح.", "توصيل للكويت غير متاح.", "نعم، توصيل للكويت متاح."),
        ("مش متوفر توصيل للكويت.", "لا يوجد توصيل للكويت.", "نعم، يوجد توصيل للكويت."),
    ],
)
def test_arabic_says_not_in_many_ways(shop, told, offered):
    assert faults(told, shop) == []
    assert faults(offered, shop) != []


@pytest.mark.parametrize(
    ("shop", "reply"),
    [
        ("كل ما عندنا قطن.", "عندنا قطن."),
        ("المنتج مثل ما في الصورة.", "المنتج مثل الصورة."),
        ("ما نظر شما را دوست داریم.", "نظر شما را دوست داریم."),
        ("رنگ مو موجود است.", "رنگ مو موجود است."),
    ],
)
def test_the_same_letters_deny_nothing_elsewhere(shop, reply):
    assert faults(reply, shop) == []


def test_what_it_refuses_here_and_offers_there_may_be_said():
    shop = "پرداخت در محل نداریم.\nپرداخت در محل فقط در تهران با پیک."

    assert faults("پرداخت در محل فقط در تهران با پیک.", shop) == []


def test_a_question_offers_nothing():
    assert faults("Express delivery? It is not available.", "Delivery. Express is not available.") == []


@pytest.mark.parametrize(
    ("shop", "told", "offered"),
    [
        ("مرجوعی و تعویض نداریم.", "خیر، مرجوعی و تعویض نداریم.", "بله، مرجوعی داریم."),
        ("مرجوعی، تعویض و لغو سفارش نداریم", "مرجوعی نداریم.", "بله، تعویض داریم."),
        ("مرجوعی یا تعویض نداریم", "تعویض نداریم.", "بله، مرجوعی داریم."),
        ("ارسال به شیراز، اهواز و بندرعباس نداریم", "به اهواز ارسال نداریم.", "بله، به شیراز ارسال داریم."),
        ("ارسال به شیراز، اهواز و بندرعباس نداریم", "به شیراز و اهواز ارسال نداریم.", "بله، به اهواز ارسال داریم."),
        ("ارسال به شیراز و اهواز امکان‌پذیر نیست", "به شیراز ارسال نداریم.", "بله، به شیراز ارسال داریم."),
        ("No returns or exchanges.", "No exchanges.", "Yes, exchanges."),
        ("No returns or exchanges.", "No returns or exchanges.", "Yes, returns."),
        ("Neither returns nor exchanges.", "Neither returns nor exchanges.", "Yes, we have exchanges."),
        ("Returns and exchanges are not possible.", "Returns are not possible.", "Returns are possible."),
        ("We don't ship to Canada and Mexico.", "We don't ship to Mexico.", "We ship to Mexico."),
        ("We do not ship to:\n- Canada\n- Mexico", "We do not ship to Canada.", "We ship to Mexico."),
        ("We do not ship to the following countries:\nCanada\nMexico\nReturns by post.", "Returns by post.", TO_CANADA),
        ("We do not ship to the following: Canada, Mexico", "No shipping to Mexico.", "We ship to Canada."),
        ("Not included: charger, case", "The charger is not included.", "Charger and case are included."),
        ("لا نشحن إلى العراق وسوريا.", "لا نشحن إلى سوريا.", "نعم، نشحن إلى العراق."),
        ("الإرجاع والاستبدال غير متاح", "الإرجاع غير متاح.", "الإرجاع متاح."),
    ],
)
def test_a_not_holds_for_every_item_of_its_list(shop, told, offered):
    assert faults(told, shop) == []
    assert faults(offered, shop) != []


@pytest.mark.parametrize(
    ("shop", "told", "offered"),
    [
        ("Shipping to Canada: no", "We do not ship to Canada.", "Yes, we ship to Canada."),
        ("Shipping to Canada: unavailable", "Shipping to Canada is unavailable.", "Yes, we ship to Canada."),
        ("ارسال به شیراز: خیر", "ارسال به شیراز نداریم.", "بله، به شیراز ارسال داریم."),
        ("Shipping\nCanada | No\nGermany | Yes", "Yes, shipping to Germany.", "Yes, we ship to Canada."),
        ("ارسال به شیراز ❌", "ارسال به شیراز نداریم.", "بله، به شیراز ارسال داریم."),
        ("✅ کارت به کارت\n❌ پرداخت در محل", "بله، کارت به کارت داریم.", "بله، پرداخت در محل داریم."),
        ("کارت به کارت ✅ پرداخت در محل ❌", "پرداخت در محل نداریم.", "بله، پرداخت در محل داریم."),
    ],
)
def test_a_no_behind_a_colon_or_as_a_sign_is_one(shop, told, offered):
    assert faults(told, shop) == []
    assert faults(offered, shop) != []


def test_a_sign_beside_an_old_price_denies_nothing():
    assert faults("کیف ۴۲۰ هزار تومان بود.", "کیف\n۴۲۰ هزار تومان ❌\n۳۱۵ هزار تومان ✅") == []


@pytest.mark.parametrize(
    ("shop", "told", "offered"),
    [
        ("به همه شهرها ارسال داریم جز شیراز", "به شیراز ارسال نداریم.", TO_SHIRAZ),
        ("به همه شهرها به جز اهواز و شیراز ارسال داریم", "به همه شهرها جز اهواز و شیراز ارسال داریم.", TO_SHIRAZ),
        ("به همه شهرها غیر از شیراز ارسال داریم", "به شیراز ارسال نداریم.", TO_SHIRAZ),
        ("به همه شهرها ارسال داریم مگر شیراز", "به همه شهرها ارسال داریم مگر شیراز.", TO_SHIRAZ),
        ("به همه شهرها ارسال داریم به استثنای شیراز", "به شیراز ارسال نداریم.", TO_SHIRAZ),
        ("ارسال به شیراز فعلا متوقف است", "ارسال به شیراز فعلا متوقف است.", TO_SHIRAZ),
        ("ارسال به شیراز مقدور نیست", "ارسال به شیراز نداریم.", TO_SHIRAZ),
        ("ارسال به شیراز قطع شده", "ارسال به شیراز قطع شده.", TO_SHIRAZ),
        ("We ship everywhere except Mexico and Canada", "We ship everywhere except Mexico and Canada.", TO_CANADA),
        ("We ship everywhere other than Canada", "We do not ship to Canada.", TO_CANADA),
        ("We ship everywhere but Canada", "We ship everywhere but Canada.", TO_CANADA),
        ("We ship everywhere, Canada excluded", "We do not ship to Canada.", TO_CANADA),
        ("Shipping to Canada is suspended", "Shipping to Canada is suspended.", TO_CANADA),
        ("We stopped shipping to Canada", "We do not ship to Canada.", TO_CANADA),
        ("نشحن الى كل الدول باستثناء العراق", "لا نشحن الى العراق.", TO_IRAQ),
        ("نشحن الى كل الدول ما عدا العراق", "نشحن الى كل الدول ما عدا العراق.", TO_IRAQ),
        ("نشحن إلى كل الدول إلا العراق", "لا نشحن الى العراق.", TO_IRAQ),
        ("نشحن الى كل الدول غير العراق", "لا نشحن الى العراق.", TO_IRAQ),
        ("Non-waterproof bag", "It is a non-waterproof bag.", "The bag is waterproof."),
        ("Non-waterproof bag", "It is a non-waterproof bag.", "It is waterproof."),
        (
            "Sale bags are non-returnable. Other bags are returnable.",
            "The other bags are returnable.",
            "Sale bags are returnable.",
        ),
        (
            "Sale bags are non-returnable. Other bags: returns within 7 days.",
            "The other bags are returnable within 7 days.",
            "Sale bags are returnable within 7 days.",
        ),
        ("Satin is non-washable. Velvet is washable.", "Velvet is washable.", "Satin is washable."),
        ("Satin is non-washable, velvet is washable.", "Velvet is washable.", "Satin is washable."),
        (
            "Delivery on Friday is not possible. Delivery on Monday.",
            "Delivery is possible on Monday.",
            "Delivery is possible on Friday.",
        ),
    ],
)
def test_what_is_excepted_is_not_offered(shop, told, offered):
    assert faults(told, shop) == []
    assert faults(offered, shop) != []


@pytest.mark.parametrize(
    ("shop", "reply"),
    [
        ("We ship everywhere except Canada. Germany takes 5 days.", "Yes, we ship to Germany."),
        ("Other than black, we have red.", "We have black and red."),
        ("به هیچ شهری جز تهران ارسال نداریم", "به هیچ شهری جز تهران ارسال نداریم."),
        ("غیر از پست، با پیک هم ارسال داریم", "بله، با پست ارسال داریم."),
        ("No returns or exchanges on sale items. Other items: exchange.", "Exchange of other items."),
        ("کیف چرم طبیعی، دست‌دوز، زیپ ندارد", "کیف چرم طبیعی و دست‌دوز است."),
        ("پرداخت کارت به کارت، مرجوعی و تعویض نداریم", "پرداخت کارت به کارت داریم."),
        ("لا نقبل التقسيط، الدفع بالبطاقة أو عند الاستلام.", "الدفع بالبطاقة أو عند الاستلام."),
    ],
)
def test_a_not_is_given_to_nothing_else(shop, reply):
    assert faults(reply, shop) == []


def offered(reply: str, shop: str) -> list[str]:
    return list(find_offered(unify(plain(reply)), (shop,)))


@pytest.mark.parametrize(
    ("shop", "reply", "found"),
    [
        ("Engraving if the strap is not velvet.", "The strap is velvet.", "the strap is velvet"),
        ("Soap without palm fat saponified cold.", "It has palm fat.", "it has palm fat"),  # two words behind "without"
        ("Delivery without extra cost.", "Delivery has an extra cost.", "delivery has an extra cost"),
        ("Delivery abroad. It is not possible.", "Delivery is possible.", "delivery is possible"),
        ("Velvet cover, not included here.", "The velvet is included.", "the velvet is included"),
        ("No velvet.", "Unused velvet bag.", "velvet bag"),
        ("No velvet in L.", "We have velvet.", "we have velvet"),
        ("پارچه مخمل نداریم.", "مخمل داریم.", "مخمل داریم"),
        ("And would you also have these with the longer velvet?\nNo.", "Yes, in velvet.", "in velvet"),
    ],
)
def test_the_words_that_a_not_is_of_are_named_where_they_are_offered(shop, reply, found):
    assert offered(reply, shop) == [found]


@pytest.mark.parametrize(
    ("shop", "reply"),
    [
        ("Soap without palm fat saponified cold.", "Palm green, low in fat."),  # each word, but of something else
        ("Delivery without extra cost.", "Delivery is possible."),
        ("Delivery without extra cost.", "Extra straps come with the bag."),
        ("It is not available.", "The lamp is lovely."),  # nobody knows what is not
        ("Delivery on Friday, no.", "Delivery on Monday."),
        ("Exchange of non-sale bags.", "The sale has satin bags."),
        ("Exchange. Non-velvet.", "Satin and velvet."),
        ("Do you have velvet?\nYes, in black.", "Velvet in black."),
        ("Velvet in black, satin in red. No exchange.", "Black velvet with red satin."),
        ("لا نشحن خارج إيران.", "ولا أعرف إن كنا نشحن خارج إيران."),
    ],
)
def test_a_not_refuses_no_more_than_its_own_words(shop, reply):
    assert offered(reply, shop) == []
