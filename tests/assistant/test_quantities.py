"""Quantities are read in every way people write them."""

from decimal import Decimal

import pytest

from pilito.assistant.quantities import read_quantities, read_spans
from pilito.spelling import plain


def read(text):
    return [(sorted(map(int, one.values)), one.unit) for one in read_quantities(plain(text))]


@pytest.mark.parametrize(
    "text",
    [
        "۱٬۸۵۰٬۰۰۰ تومان",
        "١٬٨٥٠٬٠٠٠ تومان",
        "1,850,000 toman",
        "1.850.000 تومن",
        "1 850 000 تومان",
        "1850000 تومانه",
        "۱ میلیون و ۸۵۰ هزار تومان",
        "یک میلیون و هشتصد و پنجاه هزار تومان",
        "1.85 million tomans",
        "۱٫۸۵ میلیون تومان",
        "1850k toman",
    ],
)
def test_an_amount_is_the_same_however_it_is_written(text):
    assert read(text) == [([1850000], "toman")]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("دو میلیون و نیم تومان", [2500000]),
        ("یک و نیم میلیون تومان", [1500000]),
        ("هزار تومان", [1000]),
        ("چهارصد و نود و نه هزار تومان", [499000]),
        ("850T", [850, 850000]),  # shops leave out the thousands
        ("two hundred thousand toman", [200000]),
    ],
)
def test_an_amount_in_words_or_in_shorthand_is_read(text, values):
    assert read(text) == [(values, "toman")]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("$20", "dollar"),
        ("AED 20", "dirham"),
        ("20%", "percent"),
        ("۲۰ درصد", "percent"),
        ("20 business days", "day"),
        ("۲۰ روز کاری", "day"),
        ("بیست رنگ", "colour"),
        ("20 سانت", "cm"),
        ("20 م", ""),
    ],
)
def test_a_number_has_the_unit_that_stands_beside_it(text, unit):
    assert read(text) == [([20], unit)]


@pytest.mark.parametrize("text", ["یک پیراهن زیبا", "one of our dresses", "نه، روز خوش!", "هزار بار ممنون", "سلام 🌸"])
def test_words_that_only_look_like_numbers_are_none(text):
    assert [one for one in read(text) if one != ([1000], "")] == []


def test_the_marks_of_a_list_are_no_numbers():
    assert read("1. قیمت ۲۰ تومان\n2) سایز ۴۰\n۳- ارسال") == [([20], "toman"), ([40], "")]


def test_both_ends_of_a_range_have_its_unit():
    text = plain("ارسال ۲ تا ۳ روز، سایز 38-44، ۸۰۰ تا ۹۰۰ هزار تومان")

    quantities = read_quantities(text)

    assert [one.unit for one in quantities] == ["day", "day", "", "", "toman", "toman"]
    assert Decimal(800000) in quantities[4].values
    assert [(int(span.low), int(span.high)) for span in read_spans(quantities, text)[:2]] == [(2, 3), (38, 44)]


def test_a_list_of_sizes_is_not_one_number():
    assert read("38,40,42") == [([38], ""), ([40], ""), ([42], "")]


def test_a_time_of_day_is_a_clock():
    assert read("10:00–21:30") == [([10], "clock"), ([21], "clock")]
