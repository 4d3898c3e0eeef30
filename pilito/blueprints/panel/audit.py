"""The audit log: who did what, when, from where."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from pilito.blueprints import i18n
from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import audit_words, bp
from pilito.blueprints.panel.access import for_admins
from pilito.blueprints.panel.audit_words import Names
from pilito.blueprints.panel.spreadsheet import harmless
from pilito.queries import audit as queries
from pilito.queries.audit import Filter

COLUMNS = ("at", "person", "action", "details", "address", "conversation", "position", "id")
ARGUMENTS = ("person", "action", "since", "until")  # of the address; any other name is not ours


@bp.get("/settings/audit")
@for_admins
def show_audit() -> ResponseReturnValue:
    wanted = _asked()
    rows = queries.read_audit(wanted, queries.PAGE + 1)
    people = queries.names_of_everybody()
    names = Names(people, queries.names_of_inboxes(), queries.names_of_products(audit_words.products_in(rows)))
    lines = [audit_words.line_of(row, names) for row in rows[: queries.PAGE]]
    return render_template(
        "settings/audit.html",
        lines=lines,
        older=rows[queries.PAGE - 1].id if len(rows) > queries.PAGE else None,
        names=people,
        actions=sorted(((one, audit_words.name_of(one)) for one in queries.known_actions()), key=lambda pair: pair[1]),
        asked=request.args,
        query={name: request.args[name] for name in ARGUMENTS if request.args.get(name)},
    )


@bp.get("/settings/audit.csv")
@for_admins
def download_audit() -> ResponseReturnValue:
    names = Names(queries.names_of_everybody(), queries.names_of_inboxes())
    lines = stream_with_context(_csv_lines(_asked(), names))
    headers = {"Content-Disposition": "attachment; filename=audit.csv"}
    return Response(lines, mimetype="text/csv", headers=headers)


def _csv_lines(wanted: Filter, names: Names) -> Iterator[str]:
    yield "\ufeff" + _csv_line(COLUMNS)  # so that spreadsheets read Persian
    for row in queries.stream_audit(wanted):
        who = names.people.get(row.operator_id or 0, "")
        about = audit_words.details_of(row, names)
        values = (row.at.isoformat(), who, row.action, about, row.address, row.conversation_id, row.position, row.id)
        yield _csv_line(values)


def _csv_line(values: tuple[Any, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(["" if value is None else harmless(str(value)) for value in values])
    return out.getvalue()


def _asked() -> Filter:
    """Days are those of whoever looks; what cannot be read counts for nothing."""
    return Filter(
        operator_id=request.args.get("person", type=whole),
        action=request.args.get("action", "")[:64],
        since=_asked_day("since"),
        until=_asked_day("until", after=1),
        before=request.args.get("before", type=whole),
    )


def _asked_day(name: str, after: int = 0) -> datetime | None:
    """The first moment of the day, or of one so many days after it."""
    try:
        day = date.fromisoformat(request.args.get(name, "")) + timedelta(days=after)
        return datetime.combine(day, time(), i18n.operator_zone()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
