"""What an answer costs, by the operator's table."""

import pytest

from pilito.assistant.prices import cost_micros, read_prices

TABLE = "gpt-4o=2.5/10, GPT-4o-mini=0.15/0.60, llama3:8b = 0/0,"


@pytest.mark.parametrize(
    ("model", "cost"),
    [
        ("gpt-4o-mini", 150 + 60),
        ("gpt-4o-mini-2024-07-18", 150 + 60),
        ("GPT-4o", 2500 + 1000),
        ("gpt-4o-2024-11-20", 2500 + 1000),
        ("llama3:8b", 0),
        ("llama3:8b-instruct", 0),
        ("llama3", None),
        ("gpt-4", None),
        ("gpt-4o2", None),
        ("gpt-4o@eu", 2500 + 1000),
        ("gpt-4o:free", 2500 + 1000),
        ("my-gpt-4o", None),
    ],
)
def test_a_model_costs_what_the_longest_fitting_name_says(model, cost):
    assert cost_micros(read_prices(TABLE), model, 1000, 100) == cost


def test_no_price_and_no_tokens_are_no_cost_and_not_nothing():
    assert cost_micros({}, "gpt-4o", 1000, 100) is None
    assert cost_micros(read_prices(TABLE), "gpt-4o", None, None) is None
    assert cost_micros(read_prices(TABLE), "gpt-4o", 1000, None) == 2500
    assert cost_micros(read_prices(TABLE), "gpt-4o", None, 100) == 1000
    assert cost_micros(read_prices(TABLE), "gpt-4o-mini", 10, 0) == 2  # to the whole millionth


@pytest.mark.parametrize("text", ["gpt-4o", "gpt-4o=2.5", "gpt-4o=a/b", "=1/2", "gpt-4o=1/-2", "gpt-4o=1/2; x"])
def test_a_wrong_table_is_refused(text):
    with pytest.raises(ValueError, match="pairs"):
        read_prices(text)
