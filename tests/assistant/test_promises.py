"""A promise in a reply is found; what the shop does anyway, or cannot do, is none."""

import pytest

from pilito.assistant.promises import find_promise


@pytest.mark.parametrize(
    "reply",
    [
        "بررسی می‌کنم و خبرتون می‌کنم",
        "نتیجه را اطلاع می‌دهیم",
        "الان براتون می‌فرستم",
        "همکارم تا یک ساعت دیگه تماس می‌گیره",
        "براتون رزرو کردم",
        "سفارش شما ثبت شد.",
        "تخفیف براتون اعمال می‌کنم",
        "سفارش شما فردا ارسال می‌شود",
        "I'll check with the warehouse and get back to you",
        "Let me check that for you",
        "Your order has been placed",
        "We will contact you soon.",
        "سأتواصل معك لاحقًا",
        "تم حجز القطعة لك",
    ],
)
def test_a_promise_is_found(reply):
    assert find_promise(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "ارسال به سراسر کشور با پست انجام می‌شود",
        "متاسفانه نمی‌دونم.",
        "نمی‌توانم براتون رزرو کنم",
        "We ship worldwide.",
        "We can ship to Dubai in 3 days.",
        "I can't reserve it for you.",
        "You can order on our site.",
        "برای ثبت سفارش به سایت بروید",
        "مبلغ ارسال ۵۰ هزار تومان است",
        "خوشحال می‌شیم کمکتون کنیم",
    ],
)
def test_what_is_no_promise_passes(reply):
    assert find_promise(reply) == ""


def test_what_a_fact_promises_may_be_repeated():
    promise = "بعد از پرداخت، کد رهگیری را می‌فرستیم؛ الان ارسال می‌کنیم"

    assert find_promise("الان ارسال می‌کنیم") != ""
    assert find_promise("الان ارسال می‌کنیم", facts=(promise,)) == ""
