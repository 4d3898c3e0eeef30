"""What a reply says must stand in a fact; beside each claim that does, one that does not."""

import pytest

from pilito.assistant.grounding import Ground, claims_of

FACT = """پیراهن نخی 🌸
قیمت: ۱٬۸۵۰٬۰۰۰ تومان
سایز ۳۸ تا ۴۴
ارسال ۲ تا ۳ روز کاری، شنبه تا پنجشنبه
تماس: ۰۹۱۲ ۳۴۵ ۶۷۸۹ / 021-88887777
سایت: https://www.niloofar.ir/dress/
@gallery.niloofar کد تخفیف NOWRUZ20 تا ۱۵ آذر
ساعت کار ۱۰ تا ۲۱"""
QUESTION = "سایز ۴۰ دارید؟"


def lacks(reply, fact=FACT, question=QUESTION):
    return [kind for kind, _ in Ground((claims_of(fact),), claims_of(question)).lacks(reply)]


@pytest.mark.parametrize(
    ("said", "unsaid", "kind"),
    [
        ("قیمتش ۱۸۵۰۰۰۰ تومانه", "قیمتش ۱۹۵۰۰۰۰ تومانه", "number"),
        ("یک میلیون و هشتصد و پنجاه هزار تومان", "یک میلیون و هشتصد هزار تومان", "number"),
        ("۱۸٬۵۰۰٬۰۰۰ ریال", "۱٬۸۵۰٬۰۰۰ ریال", "number"),
        ("۱٬۸۵۰٬۰۰۰ تومان", "۱۸٬۵۰۰٬۰۰۰ تومان", "number"),
        ("سایز ۴۰ داریم", "سایز ۴۶ داریم", "number"),
        ("۳ روز کاری", "۳ هفته", "number"),
        ("از 10:00 تا 21:00", "از ۹ تا ۲۱", "number"),
        ("09123456789", "09123456780", "contact"),
        ("+98 912 345 6789", "+98 912 345 6700", "contact"),
        ("88887777", "88887770", "number"),
        ("niloofar.ir", "niloofar.com", "link"),
        ("www.niloofar.ir/dress", "niloofar.ir/sale", "link"),
        ("@gallery.niloofar", "@gallery.nilofar", "handle"),
        ("کد NOWRUZ20", "کد NOWRUZ25", "code"),
        ("nowruz-20", "کد WINTER", "code"),
        ("تا ۱۵ آذر", "تا ۲۵ آذر", "date"),
        ("1405/09/15", "1405/09/16", "date"),
        ("یکشنبه", "جمعه", "day"),
        ("Monday", "فردا", "day"),
    ],
)
def test_what_a_fact_says_may_be_said_and_nothing_near_it(said, unsaid, kind):
    assert lacks(said) == []
    assert lacks(unsaid) == [kind]


@pytest.mark.parametrize(
    "reply",
    [
        "۲۰٪ تخفیف دارید",
        "مبلغ ۳٬۷۰۰٬۰۰۰ تومان برای دو تا",
        "شماره کارت 6037-9911-2233-4455",
        "info@niloofar.ir",
        "t.me/niloofar",
        "wa.me/989120000000",
        "https://evil.example/niloofar.ir",
        "niloofar .com",
        "IR06 0960 0000 0010 0324 2000 01",
    ],
)
def test_what_no_fact_says_is_found(reply):
    assert lacks(reply) != []


@pytest.mark.parametrize("reply", ["سلام! خوش اومدید 🌸", "یک پیراهن نخی زیباست.", "S, M, L", "ممنون از شما"])
def test_words_without_claims_need_no_fact(reply):
    assert lacks(reply, fact="") == []


def test_the_price_a_customer_offers_is_no_fact():
    assert lacks("بله، ۵۰۰ هزار تومان", question="۵۰۰ هزار تومان می‌دید؟") == ["number"]


def test_a_size_inside_the_range_counts_only_if_it_was_asked_for():
    assert lacks("سایز ۴۲ داریم") == ["number"]
    assert lacks("سایز ۴۲ داریم", question="۴۲ دارید؟") == []


def test_unseen_marks_hide_nothing():
    assert lacks("evil\u200b.com") == ["link"]
    assert lacks("۹\u200d۹\u200d۹٬۰۰۰ تومان") == ["number"]
    assert lacks("ｅｖｉｌ．ｃｏｍ") == ["link"]
