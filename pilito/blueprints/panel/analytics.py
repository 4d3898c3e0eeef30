"""The analytics page: what happened in a period and how it compares with the one before, as plots, tables and CSV."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_login import current_user

from pilito import hints, keys
from pilito.blueprints.i18n import (
    clock_hour,
    current_language,
    day,
    digits,
    figure,
    figures,
    lasting,
    operator_zone,
    percent,
    short_day,
    weekday_names,
)
from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import analytics_csv, bp, open_questions, plots, sentences
from pilito.blueprints.panel.access import for_admins
from pilito.blueprints.panel.facts_words import field_of_day
from pilito.blueprints.panel.plots import Series
from pilito.clock import utc_now
from pilito.conversations import tally
from pilito.knowledge.cells import CellError, last_moment
from pilito.models import OwnPost
from pilito.queries import analytics as queries
from pilito.queries import posts as post_queries
from pilito.queries import tallies
from pilito.queries.analytics import Period, Report, quantile, sum_of
from pilito.queries.posts import find_post

ARGUMENTS = ("period", "from", "until", "inbox")
PERIODS = {"today": 1, "7": 7, "30": 30, "90": 90}
TOP_POSTS, TOP_QUESTIONS = 6, 8
READ_QUESTIONS = 60  # of a post, the newest, to tell what is typical
TYPICAL = 3
SHOWN_SHARES = 40
# How long customers waited, in bins that one has a feeling for; seconds.
WAITS = (5, 10, 30, 60, 300, 900, 3600, 4 * 3600)
MICRO = 1_000_000


@dataclass(frozen=True)
class Stack:
    """A plot of columns: a measure of the tallies, and which of its keys are shown."""

    name: str
    measure: str
    title: LazyString
    about: LazyString
    keys: Sequence[tuple[str, str, LazyString]]  # key, tint, label
    in_micros: bool = False


STACKS = (
    Stack(
        "messages", "messages", _("Messages"), _("Who wrote, in both directions."),
        (("customer", "ink", _("Customers")), ("assistant", "violet", _("Assistant")),
         ("operator", "teal", _("People, here")), ("phone", "amber", _("People, on the phone"))),
    ),
    Stack(
        "answers", "turns", _("Questions to the assistant"), _("What it did with each burst of messages."),
        (("answered", "violet", _("Answered")), ("drafted", "teal", _("Wrote a draft")),
         ("handed_over", "amber", _("Handed over"))),
    ),
    Stack(
        "shares", "shares", _("Shared posts"), _("Posts and reels that customers sent, and what became of them."),
        (("combined", "violet", _("With a question")), ("expired", "ink", _("No question came")),
         ("superseded", "amber", _("Another post followed")), ("waiting", "teal", _("Still waiting"))),
    ),
    Stack(
        "drafts", "drafts", _("Drafts"), _("What people did with what the assistant wrote."),
        (("applied", "violet", _("Sent as it was")), ("edited", "teal", _("Sent in other words")),
         ("discarded", "amber", _("Discarded"))),
    ),
    Stack("cost", "use", _("Cost"), _("What the model cost, in dollars."), (("micros", "violet", _("Cost")),), True),
)  # fmt: skip


@bp.get("/analytics")
def show_analytics() -> ResponseReturnValue:
    now = utc_now()
    period, chosen = _period(now)
    inboxes = queries.inboxes()
    inbox_id = _inbox_id([inbox.id for inbox in inboxes])
    report = queries.report(period, inbox_id)
    if not report.is_kept:
        hints.hint(keys.UPKEEP, keys.ZONE_JOB, period.zone.key)
    start, end = tallies.stretch_of(period.first, period.last, period.zone)
    return render_template(
        "analytics/page.html",
        chosen=chosen,
        periods=_period_links(chosen),
        fields={"from": _field(period.first, period.zone), "until": _field(period.last, period.zone)},
        is_wrong=chosen == "wrong",
        inboxes=inboxes,
        inbox_id=inbox_id,
        arguments=_arguments(chosen, inbox_id),
        report=report,
        counted_at=queries.counted_at(),
        said=said_of(period),
        heads=_heads(report),
        stacks=_stacks(report),
        hand_overs=_hand_overs(report),
        waits=_waits(report),
        hours=_hours(report),
        posts=_posts(report, start, end),
        questions=queries.open_groups(start, end, inbox_id, TOP_QUESTIONS),
        may_settle=current_user.may("admin"),
        sum_of=sum_of,
    )


@bp.get("/analytics/<name>.csv")
def download_analytics(name: str) -> ResponseReturnValue:
    """One plot, or `everything`, as a table."""
    period, chosen = _period(utc_now())
    if chosen == "wrong":
        abort(400)
    inbox_id = _inbox_id([inbox.id for inbox in queries.inboxes()])
    report = queries.report(period, inbox_id)
    rows = _csv_rows(name, report, inbox_id) or abort(404)
    file = f"pilito-{name}-{period.first}-{period.last}.csv"
    return Response(
        analytics_csv.written(rows),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{file}"', "Cache-Control": "no-store"},
    )


@bp.get("/analytics/posts/<int:own_post_id>")
def show_demand(own_post_id: int) -> ResponseReturnValue:
    """One post: what was asked about it, and in which conversations."""
    now = utc_now()
    period, chosen = _period(now)
    post = find_post(own_post_id) or abort(404)
    start, end = tallies.stretch_of(period.first, period.last, period.zone)
    shares, older = queries.shares_of(post.id, start, end, SHOWN_SHARES, request.args.get("before", type=whole))
    return render_template(
        "analytics/post.html",
        post=post,
        said=said_of(period),
        arguments=_arguments(chosen, None),
        products=post_queries.products_of([post.id]).get(post.id, []),
        typical=_typical(queries.questions_about(post.id, start, end, 10 * READ_QUESTIONS), 12),
        shares=shares,
        older=older,
        texts=queries.texts_of(share.combined_with_id for share in shares if share.combined_with_id),
        now=now,
    )


@bp.post("/analytics/questions/<int:question_id>/settle")
@for_admins
def settle_question(question_id: int) -> ResponseReturnValue:
    """It needs no answer: the question and all that are like it leave the list."""
    open_questions.settle(question_id, _inbox_id([inbox.id for inbox in queries.inboxes()]))
    flash(gettext("It is off the list. If it is asked again, it comes back."), "good")
    kept: dict[str, Any] = {name: request.args[name] for name in ARGUMENTS if name in request.args}
    return redirect(url_for("panel.show_analytics", **kept, _anchor="questions"))


# --- the period ------------------------------------------------------------------------------------------------------


def _period(now: datetime) -> tuple[Period, str]:
    """What was asked for, in the operator's own days; `wrong` where the dates cannot be read."""
    zone = operator_zone()
    zone = zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")
    today = now.astimezone(zone).date()
    asked = request.args.get("period", "30")
    if asked == "own":
        own = _own_dates(zone, today)
        if own is not None:
            return Period(*own, zone, now), "own"
        asked = "wrong"
    days = PERIODS.get(asked, 30)
    return Period(today - timedelta(days=days - 1), today, zone, now), asked if asked in PERIODS else _default(asked)


def _default(asked: str) -> str:
    return "wrong" if asked == "wrong" else "30"


def _own_dates(zone: ZoneInfo, today: date) -> tuple[date, date] | None:
    """The dates of the form, as Jalali or Gregorian; at most a year, none in the future. None: no dates."""
    try:
        ends = [last_moment(request.args.get(name, ""), zone) for name in ("from", "until")]
    except CellError:
        return None
    days = [(end - timedelta(seconds=1)).astimezone(zone).date() for end in ends if end is not None]
    if len(days) != 2:
        return None
    first, last = min(days), min(max(days), today)
    return (max(first, last - timedelta(days=queries.LONGEST_DAYS - 1)), last) if first <= last else None


def _period_links(chosen: str) -> list[tuple[str, str, bool]]:
    names = {"today": gettext("Today"), "7": gettext("7 days"), "30": gettext("30 days"), "90": gettext("90 days")}
    return [(key, str(name), key == chosen) for key, name in names.items()]


def _inbox_id(known: Sequence[int]) -> int | None:
    asked = request.args.get("inbox", type=whole)
    return asked if asked in known else None


def _arguments(chosen: str, inbox_id: int | None) -> dict[str, Any]:
    """What a link of this page must carry to stay in its period."""
    kept: dict[str, Any] = {"period": chosen if chosen != "wrong" else "30"}
    if chosen == "own":
        kept |= {name: request.args.get(name, "") for name in ("from", "until")}
    return kept | ({"inbox": inbox_id} if inbox_id else {})


def _field(when: date, zone: ZoneInfo) -> str:
    return field_of_day(datetime(when.year, when.month, when.day, 12, tzinfo=zone), zone)


def said_of(period: Period) -> str:
    """The period in words: one day by its name, several from the first to the last."""
    if period.days == 1:
        return day(datetime(period.first.year, period.first.month, period.first.day, 12, tzinfo=period.zone))
    return f"{short_day(period.first)} – {short_day(period.last)}"


# --- numbers and how they changed ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Head:
    """A big number with its change; `sign` is up, down or same, empty where there is nothing to compare with."""

    label: str
    value: str
    change: str = ""
    sign: str = ""
    note: str = ""


def _heads(report: Report) -> list[Head]:
    return [
        _head(gettext("Messages from customers"), report, _customers),
        _rate_head(
            gettext("Answered by the assistant"), report, "turns", "answered",
            gettext("of %(count)s questions", count=_number(_decided(report.total))),
        ),
        _wait_head(gettext("Median wait for the assistant"), report, "wait_assistant"),
        _wait_head(gettext("Median wait for people"), report, "wait_people"),
    ]  # fmt: skip


def _heads_of(stack: Stack, report: Report) -> Head:
    """The big number of a plot."""
    label = str(stack.title)
    if stack.name == "cost":
        return _cost_head(label, report)
    if stack.name == "drafts":
        return _rate_head(label, report, "drafts", "applied", gettext("were sent as they were"))
    note = ""
    if stack.name == "shares":
        rate = _part(report.total, "cache", "hit")
        note = gettext("Redis still knew %(percent)s of those that a question took", percent=_percent(rate)) if (
            rate is not None
        ) else ""  # fmt: skip
    return _head(label, report, lambda numbers: _shown(stack, numbers), note=note)


def _shown(stack: Stack, numbers: tallies.Numbers) -> int:
    """The sum of what its columns show, and of nothing else that was counted with it."""
    counted = numbers.get(stack.measure, {})
    return sum(counted.get(key, 0) for key, _tint, _label in stack.keys)


def _cost_head(label: str, report: Report) -> Head:
    """What an answer costs is told of those whose price is known, and no sum where none is."""
    use = report.total.get("use", {})
    answers, micros, unpriced = (use.get(key, 0) for key in ("answers", "micros", "without_price"))
    tokens = str(gettext("%(count)s tokens", count=_number(use.get("tokens", 0))))
    if answers and answers == unpriced:
        return Head(label, "–", note=f"{gettext('not known: MODEL_PRICES has no price for this model')} · {tokens}")
    priced, notes = answers - unpriced, [tokens]
    if unpriced:
        left_out = ngettext("(%(num)s answer has no known price)", "(%(num)s answers have no known price)", unpriced)
        notes.insert(0, digits(left_out))
    if priced:
        notes.insert(0, str(gettext("%(cost)s an answer", cost=_dollars(micros / priced / MICRO, 4))))
    return _head(label, report, _micros, lambda value: _dollars(value / MICRO, 2), " · ".join(notes))


def _micros(numbers: tallies.Numbers) -> int:
    return numbers.get("use", {}).get("micros", 0)


def _head(
    label: str,
    report: Report,
    sum_up: Callable[[tallies.Numbers], int],
    shown: Callable[[float], str] | None = None,
    note: str = "",
) -> Head:
    said, compared, before = (shown or _number)(sum_up(report.total)), sum_up(report.compared), sum_up(report.before)
    if not before:
        return Head(str(label), said, note=str(note))
    change = round((compared - before) / before * 100)
    return Head(str(label), said, _signed(change, "%"), _sign(change), str(note))


def _rate_head(label: str, report: Report, measure: str, key: str, note: str) -> Head:
    rate, compared, before = (_part(sums, measure, key) for sums in (report.total, report.compared, report.before))
    if rate is None:
        return Head(str(label), "–")
    if compared is None or before is None:
        return Head(str(label), _percent(rate), note=str(note))
    change = round((compared - before) * 100)
    return Head(str(label), _percent(rate), _signed(change, str(gettext("points"))), _sign(change), str(note))


def _wait_head(label: str, report: Report, measure: str) -> Head:
    median, compared, before = (quantile(sums, measure, 0.5) for sums in (report.total, report.compared, report.before))
    if median is None:
        return Head(str(label), "–")
    late = lasting(quantile(report.total, measure, 0.9) or 0)
    note = str(gettext("nine of ten within %(time)s", time=late))
    if compared is None or not before:
        return Head(str(label), lasting(median), note=note)
    change = round((compared - before) / before * 100)
    return Head(str(label), lasting(median), _signed(change, "%"), _sign(change), note)


def _part(numbers: tallies.Numbers, measure: str, key: str) -> float | None:
    """Which part of all this key is; None where there is nothing."""
    counted = {name: count for name, count in numbers.get(measure, {}).items() if name != "dropped"}
    total = sum(counted.values())
    return counted.get(key, 0) / total if total else None


def _decided(numbers: tallies.Numbers) -> int:
    return sum(count for key, count in numbers.get("turns", {}).items() if key != "dropped")


def _customers(numbers: tallies.Numbers) -> int:
    return numbers.get("messages", {}).get("customer", 0)


def _signed(change: int, unit: str) -> str:
    """`unit` is % or a word. What has signs is kept in its own order, whatever the words around it do."""
    number = f"{'+' if change > 0 else '−' if change < 0 else ''}{abs(change)}"
    return isolated(percent(f"{number}%")) if unit == "%" else f"{isolated(figure(number))} {unit}"


def isolated(text: str) -> str:
    return f"\u2066{text}\u2069"


def _sign(change: int) -> str:
    return "up" if change > 0 else "down" if change < 0 else "same"


def _number(value: float) -> str:
    return figure(f"{value:,.0f}" if value == int(value) else f"{value:,.1f}")


def _percent(part: float) -> str:
    return isolated(percent(f"{part * 100:.0f}%"))


def _dollars(value: float, places: int) -> str:
    return isolated(figure(f"${value:,.{places}f}"))


# --- plots -----------------------------------------------------------------------------------------------------------


def _stacks(report: Report) -> list[tuple[Stack, plots.Plot, Head]]:
    labels, written = _labels(report), figures()

    def counted(value: float) -> str:
        return written(f"{value:,.0f}" if value == int(value) else f"{value:,.1f}")

    def in_dollars(value: float) -> str:
        return isolated(written(f"${value:,.2f}"))

    return [
        (stack, _plot(stack, report, labels, in_dollars if stack.in_micros else counted), _heads_of(stack, report))
        for stack in STACKS
    ]


def _plot(
    stack: Stack, report: Report, labels: tuple[list[str], list[str]], shown: Callable[[float], str]
) -> plots.Plot:
    unit = MICRO if stack.in_micros else 1
    series = [
        Series(tint, str(label), [numbers.get(stack.measure, {}).get(key, 0) / unit for _at, numbers in report.steps])
        for key, tint, label in stack.keys
        if key != "waiting" or report.total.get(stack.measure, {}).get(key)
    ]
    return plots.stacked(*labels, series, shown)


def _labels(report: Report) -> tuple[list[str], list[str]]:
    """Below the plot, and in full."""
    step = report.period.step
    if step == "hour":
        hours = [clock_hour(at.hour) for at, _numbers in report.steps]
        return hours, hours
    short = [short_day(at.date()) for at, _numbers in report.steps]
    if step == "week":
        return short, [str(gettext("Week from %(day)s", day=label)) for label in short]
    names = weekday_names("wide")
    return short, [f"{names[at.weekday()]} {label}" for (at, _numbers), label in zip(report.steps, short, strict=True)]


def _hand_overs(report: Report) -> list[tuple[str, str, float]]:
    """Each reason with how often, and its length beside the longest."""
    counted = sorted(report.total.get("hand_overs", {}).items(), key=lambda pair: -pair[1])
    most = counted[0][1] if counted else 1
    return [(_reason(reason), _number(count), count / most) for reason, count in counted]


def _reason(reason: str) -> str:
    return str(next((words for key, words in sentences.HAND_OVER_SHORT.items() if key == reason), reason))


def _waits(report: Report) -> list[tuple[str, float, float]]:
    """What part of all waited so long: for the assistant, for people. Empty where nobody was answered."""
    parts = [_binned(report.total, measure) for measure in ("wait_assistant", "wait_people")]
    if not any(map(any, parts)):
        return []
    names = [str(gettext("up to %(time)s", time=lasting(limit))) for limit in WAITS] + [str(gettext("longer"))]
    return list(zip(names, *parts, strict=True))


def _binned(numbers: tallies.Numbers, measure: str) -> list[float]:
    bins = [0] * (len(WAITS) + 1)
    for bucket, count in numbers.get(measure, {}).items():
        low, high = tallies.bounds_of(int(bucket))
        middle = (low * high) ** 0.5
        bins[next((place for place, limit in enumerate(WAITS) if middle <= limit), len(WAITS))] += count
    total = sum(bins)
    return [count / total if total else 0.0 for count in bins]


def _hours(report: Report) -> dict[str, Any]:
    """The week as a table; it begins on Saturday in Persian, else on Monday."""
    order = [(5 + place) % 7 for place in range(7)] if current_language() == "fa" else list(range(7))
    rows = [report.by_hour[weekday] for weekday in order]
    names, short = weekday_names("wide"), weekday_names("abbreviated")
    most = max(((value, row, hour) for row, line in enumerate(rows) for hour, value in enumerate(line)), default=None)
    busiest = ""
    if most and most[0]:
        busiest = str(gettext("%(day)s at %(hour)s", day=names[order[most[1]]], hour=clock_hour(most[2])))
    written, hours = figures(), [clock_hour(hour) for hour in range(24)]
    counted = str(gettext("Messages: %(count)s", count="{}"))
    table = [
        (
            names[weekday],
            short[weekday],
            [
                (shade, f"{names[weekday]} {hours[hour]}\n{counted.format(written(count))}", written(count))
                for hour, (count, shade) in enumerate(zip(counts, dark, strict=True))
            ],
        )
        for weekday, counts, dark in zip(order, rows, plots.shades(rows), strict=True)
    ]
    return {"rows": table, "busiest": busiest, "hours": hours}


# --- posts -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Demand:
    post: OwnPost
    shares: int
    questions: int
    length: float
    typical: Sequence[tuple[str, int]]
    products: Sequence[Any]


def _posts(report: Report, start: datetime, end: datetime) -> list[Demand]:
    """The posts that were shared most, with what was typically asked."""
    shared, asked = report.total.get("post_shares", {}), report.total.get("post_questions", {})
    top = sorted(shared.items(), key=lambda pair: (-pair[1], -int(pair[0])))[:TOP_POSTS]
    found = queries.posts([int(post_id) for post_id, _count in top])
    mapped = post_queries.products_of(list(found))
    return [
        Demand(
            found[int(post_id)],
            count,
            asked.get(post_id, 0),
            count / top[0][1],
            _typical(queries.questions_about(int(post_id), start, end, READ_QUESTIONS), TYPICAL),
            mapped.get(int(post_id), []),
        )
        for post_id, count in top
        if int(post_id) in found
    ]


def _typical(questions: Sequence[str], most: int) -> list[tuple[str, int]]:
    """The questions that were asked most, each in the words of the newest, with how many are like it."""
    likenesses = [tally.likeness_of(question) for question in questions]
    words = dict(reversed(list(zip(likenesses, questions, strict=True))))
    return [(words[likeness], count) for likeness, count in Counter(likenesses).most_common(most)]


# --- tables ----------------------------------------------------------------------------------------------------------


def _csv_rows(name: str, report: Report, inbox_id: int | None) -> list[list[Any]] | None:
    """Dates and numbers as machines read them, headings in the operator's language."""
    period = report.period
    stack = next((one for one in STACKS if one.name == name), None)
    if stack is not None:
        return analytics_csv.of_stack(stack, report)
    start, end = tallies.stretch_of(period.first, period.last, period.zone)
    if name == "posts":
        return analytics_csv.of_posts(report, queries.posts)
    if name == "questions":
        return analytics_csv.of_questions(queries.open_groups(start, end, inbox_id, 1000))
    tables: dict[str, Callable[[], list[list[Any]]]] = {
        "hand-overs": lambda: [[gettext("Reason"), gettext("Count")],
                               *([_reason(reason), count] for reason, count in
                                 report.total.get("hand_overs", {}).items())],
        "waits": lambda: analytics_csv.of_waits(report),
        "hours": lambda: [[gettext("Weekday"), *range(24)],
                          *([weekday, *row] for weekday, row in zip(weekday_names("wide"), report.by_hour,
                                                                    strict=True))],
        "everything": lambda: analytics_csv.of_everything(report),
    }  # fmt: skip
    return tables[name]() if name in tables else None
