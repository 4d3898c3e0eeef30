"""What is said of terms is said in one statement of the facts: with its numbers whole, and in their direction."""

import time

import pytest

from pilito.assistant.check import Draft, find_faults, says_it_in_known_words
from pilito.assistant.types import Fact, TurnInput

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
