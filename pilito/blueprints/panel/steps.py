"""What people did with a conversation, as the lines of its thread."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext

from pilito.blueprints import i18n
from pilito.models import Audit

Names = Mapping[int, str]
# Several of these in a row become one line that opens. What a person must read (a hand-over and its reason) is not one.
FOLDED = {
    "assigned",
    "closed",
    "gave_back",
    "labelled",
    "mode_chosen",
    "reopened",
    "seen_to",
    "snoozed",
    "took_over",
    "came_back",
    "undone",
    "unlabelled",
    "unsnoozed",
}


def is_folded(activity: Audit) -> bool:
    return activity.action in FOLDED


def step_line(activity: Audit, names: Names) -> str | None:
    """The sentence, or None for what is none of these."""
    write = LINES.get(activity.action)
    if write is None:
        return None
    name = names.get(activity.operator_id or 0) or str(gettext("Somebody"))
    return write(activity.details or {}, name, names, activity)


def _assigned(details: dict[str, Any], name: str, names: Names, activity: Audit) -> str:
    to = details.get("to")
    if to is None:
        return str(gettext("%(name)s put it before everybody", name=name))
    if to == activity.operator_id:
        return str(gettext("%(name)s took over", name=name))
    return str(gettext("%(name)s gave it to %(other)s", name=name, other=names.get(to) or gettext("Somebody")))


def _snoozed(details: dict[str, Any], name: str, _names: Names, _activity: Audit) -> str:
    until = datetime.fromisoformat(details["until"])
    return str(gettext("%(name)s put it off until %(time)s", name=name, time=i18n.moment(until)))


def _came_back(details: dict[str, Any], _name: str, _names: Names, _activity: Audit) -> str:
    if details.get("why") == "customer":
        return str(gettext("It came back: the customer wrote"))
    return str(gettext("It came back: the time had come"))


def _undone(details: dict[str, Any], name: str, _names: Names, _activity: Audit) -> str:
    if details.get("undone") == "snoozed":
        return str(gettext("%(name)s took back that it was put off", name=name))
    return str(gettext("%(name)s took back that it was closed", name=name))


def _reopened(_details: dict[str, Any], name: str, _names: Names, activity: Audit) -> str:
    if activity.operator_id is None:
        return str(gettext("The conversation was opened again"))
    return str(gettext("%(name)s opened it again", name=name))


LINES: dict[str, Callable[[dict[str, Any], str, Names, Audit], str]] = {
    "assigned": _assigned,
    "snoozed": _snoozed,
    "came_back": _came_back,
    "undone": _undone,
    "reopened": _reopened,
    "unsnoozed": lambda _d, name, _n, _a: str(gettext("%(name)s brought it back early", name=name)),
    "seen_to": lambda _d, name, _n, _a: str(gettext("%(name)s has seen to it", name=name)),
    "labelled": lambda d, name, _n, _a: str(
        gettext("%(name)s added the label “%(label)s”", name=name, label=d["name"])
    ),
    "unlabelled": lambda d, name, _n, _a: str(
        gettext("%(name)s removed the label “%(label)s”", name=name, label=d["name"])
    ),
}
