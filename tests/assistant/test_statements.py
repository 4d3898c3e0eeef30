"""What is said of terms is said in one statement of the facts: with its numbers whole, and in their direction."""

import time

import pytest

from pilito.assistant.check import Draft, find_faults, says_it_in_known_words
from pilito.assistant.quantities import unify
from pilito.assistant.sayings import bounds_in, sayings_of, stated
from pilito.assistant.statements import find_misstated, is_stated
from pilito.assistant.types import Fact, TurnInput
from pilito.spelling import plain

SHOP = (
    "هزینه و زمان ارسال\nپست پیشتاز به سراسر ایران ۶۵٬۰۰۰ تومان، ۲ تا ۴ روز کاری. خرید بالای ۳٬۰۰۰٬۰۰۰ تومان ارسال رایگان"
    " دارد. در تهران پیک همان روز هم هست.",
    "تعویض و مرجوعی تا ۷ روز پس از تحویل، اگر استفاده نشده باشد. پول تا ۳ روز برمی‌گردد.",
    "آدرس: تهران، خیابان بهار، پلاک ۸. ساعت کار ۱۰ تا ۲۱.",
    "تلفن فروشگاه: ۰۲۱۸۸۷۷۶۶۵۵",
    "Standard delivery takes 3 to 5 working days and costs $6. Free over $150. Cakes: order from 24 hours before.",
    "Returns within 30 days of arrival; we refund your money in 3 days.",
    "الشحن خلال 6 إلى 8 أيام والتكلفة 20 درهم. الشحن مجاني فوق 400 درهم. الدفع عند الاستلام.",
)


def faults(reply: str) -> list[str]:
    facts = tuple(Fact("faq", text, str(number)) for number, text in enumerate(SHOP))
    return find_faults(Draft(reply, TurnInput("گالری", ("؟",), facts=facts), "0" * 16))


@pytest.mark.parametrize(
    ("told", "turned"),
    [
        ("Returns within 30 days", "Return it after 30 days"),
        ("Returns: 30 days", "Returns are fine, 30 days later"),
        ("Returns up to 30 days", "Returns from 30 days"),
        ("تعویض تا ۷ روز بعد از تحویل", "تعویض بعد از ۷ روز"),
        ("تعویض تا ۷ روز", "تعویض تا ۷ روز، حتی استفاده شده"),
        ("Delivery takes 3 to 5 working days", "Delivery takes 3 days"),
        ("Delivery takes up to 5 working days", "Delivery takes up to 3 working days"),
        ("Delivery takes between 3 and 5 working days", "Delivery takes 24 hours"),
        ("Delivery is free over $150", "Delivery is free under $150"),
        ("Delivery is free on all orders over $150", "Delivery is free on all orders, $150"),
        ("Order 24 hours before", "Order 24 hours later"),
        ("We refund your money in 3 days", "We refund your money in 30 days"),
        ("ارسال با پست پیشتاز ۶۵ هزار تومان است", "ارسال با پیک ۶۵ هزار تومان است"),
        ("در تهران با پیک همان روز", "ارسال با پست پیشتاز همان روز"),
        ("ارسال به سراسر ایران با پست پیشتاز", "ارسال با پیک به سراسر ایران"),
        ("پلاک ۸، خیابان بهار", "پلاک ۲۱، خیابان بهار"),
        ("Bahar street, No. 8", "آدرس: تهران، خیابان ۸"),
        ("Delivery is free for $150 or more", "Delivery is free for $150 or less"),
        ("از ساعت ۱۰ تا ۲۱", "Delivered by 10"),
        ("تلفن ما ۰۲۱۸۸۷۷۶۶۵۵ است", "کارت ۸۸۷۷۶۶۵۵"),
        ("الشحن خلال 6 إلى 8 أيام", "الشحن بعد 8 أيام"),
        ("الشحن مجاني فوق 400 درهم", "الشحن مجاني تحت 400 درهم"),
        ("الدفع عند الاستلام", "الدفع قبل الاستلام"),
    ],
)
def test_a_number_keeps_its_direction_and_its_matter(told, turned):
    assert faults(told) == []
    assert faults(turned) != []


@pytest.mark.parametrize(
    ("told", "turned"),
    [
        ("الشحن 25 ريال", "الشحن 52 ريال"),
        ("الشحن مجاني فوق 400 ريال", "الشحن مجاني تحت 400 ريال"),
        ("الشحن مجاني فوق 400 ريال سعودي", "الشحن مجاني فوق 400 ريال قطري"),
    ],
)
def test_a_riyal_of_terms_is_told_without_its_country_too(told, turned):
    facts = (Fact("faq", "الشحن 25 ريال سعودي. الشحن مجاني فوق 400 ريال سعودي.", "1"),)

    found = [find_faults(Draft(one, TurnInput("متجر", ("؟",), facts=facts), "0" * 16)) for one in (told, turned)]

    assert [bool(faults) for faults in found] == [False, True]


@pytest.mark.parametrize(
    "reply",
    [
        "Order now, pay later",
        "I know you",
        "We have you on video",
        "می‌دانم کجا هستید",
        "I am your friend",
        "یک پیراهن بخرید، یکی هم برای دوست",
        "قیمتش مناسب شماست، هر چه باشد",
    ],
)
def test_what_no_shop_says_to_a_customer_does_not_leave(reply):
    assert faults(reply) != []


@pytest.mark.parametrize(
    "reply",
    [
        "I'm the shop's assistant",
        "I know you prefer",
        "I'm a bit unsure about it",
        "یک سایز بزرگتر",
        "نمی‌دانم کجا هست",
        "I don't know where it is",
    ],
)
def test_what_sounds_like_it_does(reply):
    assert faults(reply) == []


def test_a_first_sentence_is_no_heading():
    shop = "We deliver to all of Iran. Returns are possible within 7 days."

    assert find_faults(Draft("Delivery within 7 days", TurnInput("x", ("?",), facts=(Fact("faq", shop),)), "0")) != []


@pytest.mark.parametrize("part", ["ارسال تا ۷ روز، ", "between 2 and ", "no shipping abroad. ", "اگر استفاده نشده، "])
def test_many_statements_take_little_time(part):
    text = part * (3900 // len(part))
    facts = tuple(Fact("faq", f"{number} {text}") for number in range(4))
    draft = Draft(text, TurnInput("گالری", ("؟",), facts=facts), "0" * 16)
    started = time.thread_time()

    says_it_in_known_words(draft)

    assert time.thread_time() - started < 1.5  # pairs held against pairs took minutes


# --- one number against one number -----------------------------------------------------------------------------------


def is_told(fact, reply):
    """Whether the fact's numbers carry the first one of the reply."""
    known, said = (list(bounds_in(unify(plain(text)))) for text in (fact, reply))
    return is_stated(stated(known), said[0])


@pytest.mark.parametrize(
    ("fact", "told", "other"),
    [
        ("7 days", "7 days", "7 hours"),
        ("within 7 days", "7 days", "after 7 days"),
        ("2 to 4 pieces", "2 pieces", "3 pieces"),
        ("over 80 pieces", "80 pieces", "under 80 pieces"),
        ("over 80 days", "80 days", "within 80 days"),
        ("80 dollars", "80", "80 days"),
        ("80", "80 dollars", "80 days"),
        ("80 days", "80 days", "80"),
        ("floor 8", "8", "street 8"),
        ("8", "floor 8", "8 days"),
        ("10 hours", "10:00", "10 days"),
        ("10", "10:00", "11:00"),
        ("10:00", "10", "11"),
        ("over $80", "over $80", "$80"),
        *(
            (f"2 to 4 {unit}", f"2 to 4 {unit}", f"2 {unit}")
            for unit in ("minutes", "hours", "days", "weeks", "months")
        ),
        ("2 to 4 years", "up to 4 years", "2 years"),
    ],
)
def test_a_number_is_carried_in_its_unit_and_its_direction(fact, told, other):
    assert is_told(fact, told)
    assert not is_told(fact, other)


FROM_80 = "Bags from $80. Ring: price between $100 and $150. Scarf up to 40 USD, hat 30 USD."


@pytest.mark.parametrize(
    ("facts", "told", "half"),
    [
        (FROM_80, "Bags are from $80.", "The bag is $80."),
        ("Bags start at $80.", "Bags start at $80.", "It costs $80."),
        ("Ring: $100 to $150.", "The ring is $100 to $150.", "The ring is $150."),
        ("Ring: €100-€150.", "The ring is €100-€150.", "The ring is €100."),
        (FROM_80, "The ring is between $100 and $150.", "The ring is $100."),
        (FROM_80, "The hat is $30.", "The ring costs $150."),
        ("قیمت کیف‌ها از ۸۰۰ هزار تومان شروع می‌شود.", "کیف از ۸۰۰ هزار تومان داریم.", "کیف ۸۰۰ هزار تومان است."),
        ("قیمت کیف‌ها از ۸۰۰ هزار تومان شروع می‌شود.", "شروع قیمت ۸۰۰ هزار تومان است.", "کیف ۸۰۰٬۰۰۰ تومنه."),
        ("قیمت کیف ۸۰۰ هزار تومان به بالا", "کیف ۸۰۰ هزار تومان به بالا است.", "قیمت کیف ۸۰۰ هزار تومان است."),
        ("سعر الحقيبة من 80 درهم.", "سعر الحقيبة من 80 درهم.", "سعر الحقيبة 80 درهم."),
    ],
)
def test_a_price_from_which_it_begins_is_not_the_price(facts, told, half):
    def stopped(reply):
        return find_faults(Draft(reply, TurnInput("Shop", ("?",), facts=(Fact("faq", facts),)), "0" * 16))

    assert stopped(told) == []
    assert stopped(half) != []


def test_where_one_fact_names_the_price_itself_it_may_be_told():
    facts = Fact("faq", "Bags from $80."), Fact("catalogue", "Leather bag\nPrice: 80 USD")

    assert find_faults(Draft("The leather bag is $80.", TurnInput("Shop", ("?",), facts=facts), "0" * 16)) == []


def misstated(fact, reply):
    return list(find_misstated(unify(plain(reply)), list(sayings_of(fact))))


@pytest.mark.parametrize(
    ("fact", "reply", "found"),
    [
        ("Returns within 7 days. Delivery takes 3 days.", "Returns within 3 days", ["3 days"]),
        ("Delivery costs $6.", "Delivery costs $7", ["7"]),
        ("Delivery costs $6.", "Delivery 10% off", ["10%"]),
        ("Delivery costs $6.", "Delivery price $7", []),  # a price: which sum is whose is looked at in terms.py
        ("ارسال ۶ دلار است.", "قیمت با ارسال ۷ دلار است", []),
        ("ارسال ۶ دلار است.", "ارسال ۷ دلار است", ["7 دلار"]),
        ("Delivery costs $6.", "The bag is $7", []),
        ("Delivery costs $6.", "Delivery with the bag $7", []),
        ("Delivery is free over $80", "All orders over $80: delivery is free", []),
        ("Delivery is free over $80", "Delivery of all orders is free", ["all"]),
        ("Delivery is free over $80", "Delivery of the bag is free over $90", ["90"]),
        ("Returns 7 days. Delivery 3 days.", "Delivery in 3 days, 7 days", ["7 days"]),
        ("Open 10 to 20", "Open until 22", ["22"]),
        ("Delivery takes 3 days", "It takes 3 weeks", ["3 weeks"]),
        ("Delivery takes 3 days", "Delivery to floor 3", ["3"]),
        ("Delivery takes 3 days", "Size 3", []),
        ("Delivery takes 3 days", "3 pieces", []),
        ("Delivery takes 3 days", "Delivery of the 40 cm bag", []),
        ("Delivery: $6", "The delivery fee is $6", []),
        ("Delivery: $6", "The delivery fee is $7", ["7"]),
        ("Delivery: $6", "The price of delivery is up to $20", ["20"]),
        ("Delivery: $6", "The price with delivery is $20", []),
        # a statement without terms goes on about those before it, or is of those of its sentence
        ("Delivery 3 days. Returns 30 days.", "Delivery takes 3 days, returns are fine, within 30 days", []),
        ("Delivery 3 days. Returns 30 days.", "Within 30 days, delivery", ["30 days"]),
        ("Returns within 30 days", "Returns within 30 days even used", ["even"]),
    ],
)
def test_what_no_statement_of_the_same_terms_has_is_named(fact, reply, found):
    assert misstated(fact, reply) == found


@pytest.mark.parametrize(
    ("fact", "told", "open_for"),
    [
        ("تحویل ظرف ۲۴ ساعت در تهران.", "تحویل ظرف ۲۴ ساعت است.", "ما ۲۴ ساعت باز هستیم."),
        ("تحویل ظرف ۲۴ ساعت.", "ظرف ۲۴ ساعت به دستتون میرسه.", "۲۴ ساعت بازیم."),
        ("تحویل ظرف ۲۴ ساعت.", "سفارش شما ظرف ۲۴ ساعت تحویل می‌شود.", "ساعت کاری ما ۲۴ ساعت است."),
        ("Delivery within 24 hours.", "It is delivered within 24 hours.", "We are open 24 hours."),
        ("Delivery within 24 hours.", "Within 24 hours.", "Opening hours: 24 hours."),
        ("التوصيل خلال 24 ساعة.", "التوصيل خلال 24 ساعة.", "ساعات العمل 24 ساعة."),
        ("Open daily.\nReturns within 24 hours.", "Returns within 24 hours.", "Open for 24 hours."),
    ],
)
def test_hours_that_a_parcel_takes_are_no_hours_of_the_shop(fact, told, open_for):
    assert misstated(fact, told) == []
    assert misstated(fact, open_for) != []


@pytest.mark.parametrize(
    ("fact", "reply"),
    [
        ("۲۴ ساعته باز هستیم.", "۲۴ ساعته باز هستیم."),
        ("Open 24 hours, and delivery too.", "We are open 24 hours."),
        ("Answers within 24 hours.", "We are open 24 hours."),  # which speaks of no terms
        ("ارسال ظرف ۲۴ ساعت کاری.", "ارسال ظرف ۲۴ ساعت کاری انجام می‌شود."),
        ("ارسال ظرف ۲۴ ساعت کاری.", "ظرف ۲۴ ساعت کاری میرسه."),
        ("تحویل در فروشگاه ساعت ۱۰ تا ۲۰.", "ساعت ۱۰ تا ۲۰ باز هستیم."),
        ("Delivery within 24 hours.", "We are open: delivery within 24 hours."),
    ],
)
def test_hours_of_the_shop_may_be_told(fact, reply):
    assert misstated(fact, reply) == []
