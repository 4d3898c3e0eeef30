"""What an answer costs, by a table of prices that the operator keeps.

A table is a text of `model=in/out` pairs with commas between, in dollars for a million tokens of the question and of
the answer. A model that is not in it has no known cost, which is shown as none and never guessed.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

PAIR = re.compile(r"(?P<model>[^=,]+?)\s*=\s*(?P<asked>\d+(?:\.\d+)?)/(?P<answered>\d+(?:\.\d+)?)")

Prices = Mapping[str, tuple[Decimal, Decimal]]


def read_prices(text: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Read a table. Raises ValueError with what was expected for a part that is no pair."""
    prices = {}
    for part in filter(None, map(str.strip, text.split(","))):
        pair = PAIR.fullmatch(part)
        if pair is None:
            raise ValueError("pairs such as gpt-4o-mini=0.15/0.60, with commas between")
        prices[pair["model"].lower()] = (Decimal(pair["asked"]), Decimal(pair["answered"]))
    return prices


def cost_micros(prices: Prices, model: str, input_tokens: int | None, output_tokens: int | None) -> int | None:
    """Return millionths of a dollar; None where the model's price or the tokens are not known.

    A dollar for a million tokens is a millionth of a dollar for one.
    """
    price = _price(prices, model.lower())
    if price is None or (input_tokens is None and output_tokens is None):
        return None
    return round(price[0] * (input_tokens or 0) + price[1] * (output_tokens or 0))


def _price(prices: Prices, model: str) -> tuple[Decimal, Decimal] | None:
    """The model's price, or that of the longest name it begins with: servers add a date to the name they were given."""
    known = [name for name in prices if model == name or re.match(rf"{re.escape(name)}[-@:]", model)]
    return prices[max(known, key=len)] if known else None
