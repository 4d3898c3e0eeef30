"""The list's head: what it is narrowed to, the views that are kept, and the menus of the desk."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from pilito.blueprints import i18n
from pilito.blueprints.auth import FRAGMENT_HEADER
from pilito.blueprints.panel import bp, sentences, snoozes
from pilito.clock import utc_now
from pilito.conversations.views import delete_view, save_view
from pilito.errors import Refused
from pilito.extensions import channels
from pilito.lifecycle import Role
from pilito.models import Label, SavedView
from pilito.queries import desk as queries
from pilito.queries import labels, panel
from pilito.queries.filters import ME, NOBODY, NOTHING, Filter, narrowed, query_of, read_filter, read_query
from pilito.queries.inboxes import all_inboxes
from pilito.queries.panel import Zone

COUNTED_VIEWS = 12  # more would make the list slower with each
COUNTED_ZONES = (Zone.OPEN, Zone.NEEDS_YOU)
MENUS = ("assign", "label", "snooze", "filter")
MOST_ROWS = 200


@dataclass(frozen=True)
class Chip:
    """One thing that the list is narrowed to, with the address without it."""

    label: str
    without: dict[str, str]


@dataclass(frozen=True)
class View:
    row: SavedView
    address: dict[str, str]
    count: int | None  # of what needs a person in it
    is_current: bool


@dataclass(frozen=True)
class Choice:
    """Something that the list can be narrowed to."""

    words: str
    address: dict[str, str]
    is_on: bool
    label: Label | None = None


@dataclass(frozen=True)
class Group:
    title: str
    choices: list[Choice]


_ON = {"unread": "1", "snoozed": "1", "share": "waiting"}


@bp.app_context_processor
def list_place() -> dict[str, Any]:
    return {"list_query": list_query}


def list_query() -> dict[str, str]:
    """What the list beside this page shows, for every link that leads back to it."""
    return {"zone": asked_zone().value, **asked_filter().values()}


def asked_filter() -> Filter:
    """What the list is narrowed to. A search has its own words in the address, some of the same name."""
    return NOTHING if request.endpoint == "panel.show_search" else read_filter(request.args)


def asked_zone() -> Zone:
    try:
        return Zone(request.args.get("zone", Zone.OPEN))
    except ValueError:
        return Zone.OPEN


def head_words(zone: Zone, wanted: Filter, counts: dict[Zone, int], now: datetime) -> dict[str, Any]:
    """What stands over the list, and in the rail under the zones."""
    views = queries.views_for(current_user.id)
    places = [read_query(view.query) for view in views]
    counted = [
        narrowed(filter_, current_user.id, is_along=False)
        for name, filter_ in places[:COUNTED_VIEWS]
        if name in COUNTED_ZONES
    ]
    here = [narrowed(wanted, current_user.id, is_along=False)] if wanted else []
    found = panel.count_before_people(now, here + counted)
    outside = max(0, counts[Zone.NEEDS_YOU] - found[0]) if wanted else 0
    numbers = iter(found[len(here) :])
    current = query_of(zone.value, wanted)
    return {
        "wanted": wanted,
        "chips": _chips(zone, wanted) if wanted else [],
        "outside": outside,
        "views": [
            View(
                view,
                {"zone": name, **filter_.values()},
                next(numbers) if number < COUNTED_VIEWS and name in COUNTED_ZONES else None,
                view.query == current,
            )
            for number, (view, (name, filter_)) in enumerate(zip(views, places, strict=True))
        ],
    }


def _chips(zone: Zone, wanted: Filter) -> list[Chip]:
    return [
        Chip(_chip_words(name, wanted), {"zone": zone.value, **wanted.without(name).values()}) for name in wanted.names
    ]


def _chip_words(name: str, wanted: Filter) -> str:
    if name == "label":
        return next((one.name for one in labels.all_labels() if one.id == wanted.label), str(gettext("Deleted label")))
    if name == "inbox":
        return next((one.name for one in all_inboxes() if one.id == wanted.inbox), str(gettext("Erased account")))
    if name == "channel":
        channel = channels.get(wanted.channel or "")
        return channel.title if channel else wanted.channel or ""
    if name == "holder":
        return _holder_words(wanted.holder or "")
    return str(sentences.FILTERS[name])


def _holder_words(holder: str) -> str:
    if holder == ME:
        return str(gettext("Mine"))
    if holder == NOBODY:
        return str(gettext("Nobody's"))
    names = {str(one.operator.id): one.operator.name for one in queries.people()}
    return names.get(holder) or str(gettext("Somebody"))


# --- menus -----------------------------------------------------------------------------------------------------------


@bp.get("/conversations/menus/<name>")
def show_menu(name: str) -> ResponseReturnValue:
    """A dialog with the people, labels, times or filters as they are now; `row=17:93.4.0` are the chosen ones."""
    if name not in MENUS:
        abort(404)
    if name != "filter" and not current_user.may(Role.AGENT):
        abort(403)
    rows = request.args.getlist("row")[:MOST_ROWS]
    numbers = [row.partition(":")[0] for row in rows]
    ids = [int(number) for number in numbers if number.isdecimal() and len(number) < 19]
    return render_template(f"panel/menu_{name}.html", rows=rows, **MENU_WORDS[name](ids))


def _assign_words(ids: list[int]) -> dict[str, Any]:
    holders = {one.operator_id for one in queries.conversations_by_id(ids)}
    return {"people": queries.people(), "holder": holders.pop() if len(holders) == 1 else None}


def _label_words(ids: list[int]) -> dict[str, Any]:
    on = labels.labels_of(ids)
    carried = [label.id for found in on.values() for label in found]
    counts = {label_id: carried.count(label_id) for label_id in set(carried)}
    return {
        "labels": labels.all_labels(),
        "pressed": {label_id: "true" if count == len(ids) else "mixed" for label_id, count in counts.items()},
    }


def _snooze_words(_ids: list[int]) -> dict[str, Any]:
    now, zone = utc_now(), i18n.operator_zone()
    return {
        "choices": snoozes.choices(now, zone, i18n.current_language()),
        "days": [(day.isoformat(), snoozes.day_words(day, now, zone)) for day in snoozes.days(now, zone)],
    }


def _filter_words(_ids: list[int]) -> dict[str, Any]:
    wanted, inboxes = asked_filter(), all_inboxes()
    used = {inbox.channel: channels[inbox.channel].title for inbox in inboxes if inbox.channel in channels}
    colleagues = [one.operator for one in queries.people() if one.operator.id != current_user.id]
    people = {ME: gettext("Mine"), NOBODY: gettext("Nobody's"), **{str(one.id): one.name for one in colleagues}}
    states = {name: sentences.FILTERS[name] for name in ("unread", "snoozed", "share")}
    groups = [
        Group(gettext("State"), [_choice(wanted, name, _ON[name], words) for name, words in states.items()]),
        Group(gettext("Who holds it"), [_choice(wanted, "holder", value, words) for value, words in people.items()]),
        Group(
            gettext("Label"),
            [_choice(wanted, "label", str(one.id), one.name, one) for one in labels.all_labels()],
        ),
        Group(gettext("Account"), [_choice(wanted, "inbox", str(one.id), one.name) for one in inboxes[1:] and inboxes]),
        Group(
            gettext("Channel"),
            [_choice(wanted, "channel", name, title) for name, title in used.items() if len(used) > 1],
        ),
    ]
    return {
        "wanted": wanted,
        "groups": [group for group in groups if group.choices],
        "views": queries.views_for(current_user.id),
    }


def _choice(wanted: Filter, name: str, value: str, words: object, label: Label | None = None) -> Choice:
    """One choice of the filter: pressed, it is taken away again."""
    zone, is_on = asked_zone().value, wanted.values().get(name) == value
    rest = wanted.without(name).values()
    return Choice(str(words), {"zone": zone, **rest} if is_on else {"zone": zone, **rest, name: value}, is_on, label)


MENU_WORDS = {"assign": _assign_words, "label": _label_words, "snooze": _snooze_words, "filter": _filter_words}


# --- views -----------------------------------------------------------------------------------------------------------


@bp.post("/conversations/views")
def keep_view() -> ResponseReturnValue:
    """The list as it is, under a name; whatever stands in the form beside zone and filter is left out."""
    zone, wanted = request.form.get("zone", ""), read_filter(request.form)
    place = {"zone": zone if zone in list(Zone) else Zone.OPEN.value, **wanted.values()}
    for_all = request.form.get("for_all") == "1"
    query = query_of(place["zone"], wanted)
    try:
        save_view(request.form.get("name", ""), query, current_user.id, for_all, utc_now())
    except Refused as refusal:
        return _refuse(refusal.reason, place)
    return _done(str(gettext("The view is kept.")), place)


@bp.post("/conversations/views/<int:view_id>/delete")
def drop_view(view_id: int) -> ResponseReturnValue:
    try:
        delete_view(view_id, current_user.id)
    except Refused as refusal:
        return _refuse(refusal.reason, {})
    return _done(str(gettext("The view is deleted.")), {})


def _refuse(reason: str, place: dict[str, str]) -> ResponseReturnValue:
    words = str(sentences.explain_refusal(reason))
    if request.headers.get(FRAGMENT_HEADER):
        return jsonify(message=words, undo=[]), 403 if reason == "not_allowed" else 409
    flash(words, "problem")
    return redirect(_list_of(place))


def _done(words: str, place: dict[str, str]) -> ResponseReturnValue:
    if request.headers.get(FRAGMENT_HEADER):
        return jsonify(message=words, undo=[])
    return redirect(_list_of(place))


def _list_of(place: dict[str, str]) -> str:
    return f"{url_for('panel.show_list')}?{urlencode(place)}"
