"""The prices of products that a composer put into a reply."""

import json

from flask import abort, request

from pilito.blueprints.numbers import whole

MOST_QUOTES = 20


def read_quotes() -> dict[int, str]:
    """The prices that were put into a reply, by their products: `[[12, "1,850,000 toman"]]`."""
    try:
        pairs = json.loads(request.form.get("quotes") or "[]")
        return {whole(str(number)): str(price) for number, price in pairs[:MOST_QUOTES]}
    except (ValueError, TypeError, KeyError, RecursionError):
        abort(400)
