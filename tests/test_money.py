"""Prices as people type them into a cell, and as a shop writes them."""

from decimal import Decimal

import pytest

from pilito.money import Price, in_units, read_currency, read_price, written


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("1850000", "1850000", None),
        ("۱٬۸۵۰٬۰۰۰ تومان", "1850000", "IRT"),
        ("١٬٨٥٠٬٠٠٠", "1850000", None),
        ("1,850,000 تومن", "1850000", "IRT"),
        ("۱،۸۵۰،۰۰۰ت", "1850000", "IRT"),
        ("1.850.000", "1850000", None),
        ("1 850 000 ریال", "1850000", "IRR"),
        ("1\u00a0850\u00a0000", "1850000", None),
        ("315/000", "315000", None),
        ("850 هزار تومان", "850000", "IRT"),
        ("۱٫۸۵ میلیون تومان", "1850000", "IRT"),
        ("850k", "850000", None),
        ("$19.99", "19.99", "USD"),
        ("19,99 €", "19.99", "EUR"),
        ("1.299,50 EUR", "1299.50", "EUR"),
        ("1,299.50", "1299.50", None),
        ("1850000.0000", "1850000", None),
        ("\u200f۲۵۰٬۰۰۰\u200c تومان", "250000", "IRT"),
    ],
)
def test_a_price_is_read_as_people_write_it(text, value, currency):
    assert read_price(text) == Price(Decimal(value), currency)


@pytest.mark.parametrize(
    ("text", "currency", "value"),
    [
        ("1.850", "KWD", "1.850"),
        ("۱٫۸۵۰ KWD", None, "1.850"),
        ("12.500 OMR", None, "12.5"),
        ("1,850.000", "KWD", "1850"),
        ("1.850.000", "KWD", "1850000"),
        ("1,850", "KWD", "1850"),
        ("1.850", "IRT", "1850"),
        ("1.850", None, "1850"),
        ("1.850 IRT", "KWD", "1850"),
    ],
)
def test_three_digits_behind_a_point_are_decimals_where_the_currency_has_three(text, currency, value):
    assert read_price(text, currency).value == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["", "تماس بگیرید", "100-200", "-5", "100 تا 200", "1.2.3", "12,34,5", "5 kg", "=1+1", "1 USD 2", "10 تومان دلار"],
)
def test_what_is_not_one_price_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  (its text is for people of this house only)
        read_price(text)


@pytest.mark.parametrize(
    ("value", "currency", "amount"),
    [("1850000", "IRT", 1850000), ("19.99", "USD", 1999), ("1.5", "KWD", 1500), ("1850000.00", "IRT", 1850000)],
)
def test_it_is_kept_in_the_smallest_written_unit(value, currency, amount):
    assert in_units(Decimal(value), currency) == amount


@pytest.mark.parametrize(("value", "currency"), [("10.5", "IRT"), ("1.999", "USD"), ("-1", "USD"), ("1e30", "IRT")])
def test_what_the_currency_cannot_hold_is_refused(value, currency):
    with pytest.raises(ValueError):  # noqa: PT011
        in_units(Decimal(value), currency)


def test_it_is_written_in_both_languages():
    assert written(1850000, "IRT", "fa") == "۱٬۸۵۰٬۰۰۰ تومان"
    assert written(1850000, "IRT") == "1,850,000 toman"
    assert written(1999, "USD") == "19.99 USD"
    assert written(1900, "USD", "fa") == "۱۹ دلار"
    assert written(5, None) == "5"


@pytest.mark.parametrize(("text", "code"), [("تومان", "IRT"), (" irr ", "IRR"), ("$", "USD"), ("دانه", None)])
def test_a_currency_is_known_by_name_and_sign(text, code):
    assert read_currency(text) == code
