"""A form carries along when what it shows had been changed last: to save an old one would undo what others wrote."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import request

from pilito.blueprints.panel.facts_words import COLUMNS

NOTHING = "–"


def read_seen() -> datetime | None:
    """None where the form does not say it, or nothing that could be it."""
    try:
        return datetime.fromisoformat(request.form.get("seen", ""))
    except ValueError:
        return None


def theirs(kept: Mapping[str, str], typed: Mapping[str, str]) -> list[tuple[Any, str]]:
    """What stands in the row by now and was typed otherwise: the name of each field, and its value."""
    return [
        (COLUMNS[name], value or NOTHING)
        for name, value in kept.items()
        if name in COLUMNS and value.split() != typed.get(name, "").split()
    ]
