"""Numbers in addresses and forms: whatever is larger than an id can be is none, instead of an error of the database."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST_ID = 2**63 - 1


class IdConverter(IntegerConverter):
    """`<int:…>` of every route: a number that no row can have leads nowhere."""

    def __init__(self, url_map: Map, **options: Any) -> None:
        super().__init__(url_map, **{"max": LARGEST_ID, **options})


def init_app(app: Flask) -> None:
    app.url_map.converters["int"] = IdConverter


def whole(text: str) -> int:
    """For `request.args.get(name, type=whole)`: ValueError, and so its default, for what the databases cannot hold."""
    number = int(text)
    if abs(number) > LARGEST_ID:
        raise ValueError(f"{text[:40]!r} is larger than any number we know.")
    return number
