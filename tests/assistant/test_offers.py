"""Offers whose date has passed: both calendars, every way to write a day; and what is no offer at all."""

from datetime import date

import pytest

from pilito.assistant.offers import Offer, offer_of, quotable, without_prices

TODAY = date(2026, 11, 22)  # 1405/09/01
NONE, RUNS, PASSED, VAGUE = Offer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Jalali, by name
        ("تخفیف تا ۱۵ آذر", RUNS),
        ("تخفیف تا ۳۰ آبان", PASSED),
        ("تخفیف تا ۱ آذر", RUNS),
        ("فقط تا ۱۵ آبان ماه ۱۴۰۵", PASSED),
        ("تا پانزدهم آبان", PASSED),
        ("تا بیست و پنجم آذر", RUNS),
        ("مهلت: ۲۹ آبان ۱۴۰۵", PASSED),
        ("اعتبار تا ۱۵ آذر ۱۴۰۴", PASSED),
        ("از ۱۰ تا ۱۵ آبان ۲۰٪ تخفیف", PASSED),
        ("تا جمعه ۲۹ آبان", PASSED),
        ("تا روز شنبه، ۷ آذر", RUNS),
        ("تا آخر آبان", PASSED),
        ("تا پایان آذر ماه", RUNS),
        ("تا ٢٩ آبان", PASSED),
        ("فقط ۳۰ آبان", PASSED),
        ("until 29 Aban", PASSED),
        # Jalali, in numbers
        ("تا ۱۴۰۵/۰۸/۳۰", PASSED),
        ("تا 1405/9/15", RUNS),
        ("اعتبار: 1404-12-29", PASSED),
        ("تا ۱۵/۰۸/۱۴۰۵", PASSED),
        # Gregorian
        ("Sale until November 21", PASSED),
        ("Sale until Nov 22nd", RUNS),
        ("valid through 5 December 2026", RUNS),
        ("ends on Friday, 20th of November", PASSED),
        ("until 2026-11-21", PASSED),
        ("until 2026-12-01", RUNS),
        ("offer expires 01/11/2026", PASSED),
        ("تا ۲۱ نوامبر", PASSED),
        ("تا ۵ دسامبر ۲۰۲۶", RUNS),
        ("العرض حتى 20 نوفمبر", PASSED),
        ("until the end of October", PASSED),
        # of a year that nobody wrote: the nearest
        ("تخفیف تا ۲۹ اسفند", RUNS),
        ("until January 5", RUNS),
        ("until May 30", PASSED),
        # the last end counts
        ("تا ۲۰ آبان\nتمدید شد تا ۱۰ آذر", RUNS),
        # an end that the text does not tell
        ("تا پایان هفته", VAGUE),
        ("فقط امروز ۳۰٪ تخفیف", VAGUE),
        ("تخفیف تا فردا شب", VAGUE),
        ("until the end of the week", VAGUE),
        ("Today only!", VAGUE),
        ("تخفیف ۲۴ ساعته", VAGUE),
        ("تا شب یلدا", VAGUE),
        # none at all
        ("قیمت: ۱٬۸۵۰٬۰۰۰ تومان\nسایز ۳۸ تا ۴۴", NONE),
        ("ارسال تا فردا", NONE),
        ("ارسال ۲ تا ۴ روز کاری", NONE),
        ("delivery by tomorrow", NONE),
        ("کالکشن ۱۵ آبان", NONE),
        ("تا اتمام موجودی", NONE),
        ("سایز 38 تا 44", NONE),
        ("از ۲ تا ۵ سال", NONE),
        ("تا ۳۲ آبان", NONE),
        ("", NONE),
    ],
)
def test_the_end_of_an_offer(text, expected):
    assert offer_of(text, TODAY) is expected


@pytest.mark.parametrize(
    ("posted_on", "expected"),
    [
        (date(2025, 11, 1), PASSED),  # 15 Azar of the year before
        (date(2026, 11, 1), RUNS),
        (None, RUNS),
    ],
)
def test_a_date_without_a_year_is_the_first_after_the_post(posted_on, expected):
    assert offer_of("تخفیف تا ۱۵ آذر", TODAY, posted_on) is expected


CAPTION = "پیراهن نخی گل‌دار\nقیمت با تخفیف: ۱٬۲۰۰٬۰۰۰ تومان\n۲۰٪ تخفیف تا {}\nسایز ۳۸ تا ۴۴\nرنگ: سبز"


def test_the_prices_of_a_passed_offer_go_and_the_rest_stays():
    assert quotable(CAPTION.format("۳۰ آبان"), TODAY) == "پیراهن نخی گل‌دار\nسایز ۳۸ تا ۴۴\nرنگ: سبز"
    assert "۱٬۲۰۰٬۰۰۰" not in quotable(CAPTION.format("آخر هفته"), TODAY)


def test_an_offer_that_runs_is_quoted_as_it_is():
    assert quotable(CAPTION.format("۱۵ آذر"), TODAY) == CAPTION.format("۱۵ آذر")
    assert quotable("قیمت: ۱٬۲۰۰٬۰۰۰ تومان", TODAY) == "قیمت: ۱٬۲۰۰٬۰۰۰ تومان"


@pytest.mark.parametrize("line", ["1,200 t", "فقط ۹۸۰ هزار تومن", "Price 45", "$45", "۳۰٪", "💰 1850000"])
def test_a_line_with_a_price_in_whatever_form_goes(line):
    assert without_prices(f"کیف\n{line}\nرنگ مشکی") == "کیف\nرنگ مشکی"
