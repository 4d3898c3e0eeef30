"""Persian and English: which language, which calendar, which digits, in which direction."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jdatetime
from babel.dates import format_date, get_day_names
from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel, get_locale, gettext
from flask_login import current_user
from markupsafe import Markup

from pilito.clock import utc_now

LANGUAGES = {"fa": "فارسی", "en": "English"}
RIGHT_TO_LEFT = {"fa"}
THEMES = ("system", "light", "dark")
# What a person may choose for themself; "language" is what goes with the language of the page.
CALENDARS = ("language", "jalali", "gregorian")
DIGITS = ("language", "persian", "latin")
# Until the browser has told its time zone (cookie `zone`, set by static/panel/zone.js).
DEFAULT_ZONES = {"fa": "Asia/Tehran", "en": "UTC"}
ZONE_COOKIE = "zone"

PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
LATIN_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")
PERSIAN_MONTHS = jdatetime.date.j_months_fa
ENGLISH_MONTHS = jdatetime.date.j_months_en

babel = Babel()


def init_app(app: Flask) -> None:
    babel.init_app(app, locale_selector=select_language)
    app.context_processor(page_words)
    for filter_ in (digits, figure, percent, clock, day, day_key, age, moment, coming, commands):
        app.jinja_env.filters[filter_.__name__] = filter_


def page_words() -> dict[str, Any]:
    """What every template may say about its own language."""
    language = current_language()
    return {
        "language": language,
        "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
        "languages": LANGUAGES,
        "digit_kind": "persian" if has_persian_digits() else "latin",
        "theme": current_user.theme if current_user and current_user.is_authenticated else "system",
        "themes": THEMES,
    }


def select_language() -> str:
    """The operator's choice; before log-in `?lang=`, kept in the session; else what the browser asks for."""
    if not has_request_context():
        return "en"
    if current_user and current_user.is_authenticated and current_user.language in LANGUAGES:
        return str(current_user.language)
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        session["language"] = asked
    kept = session.get("language")
    if kept in LANGUAGES:
        return str(kept)
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"


def current_language() -> str:
    locale = get_locale()
    return locale.language if locale else "en"


def _choice(name: str) -> str:
    """What the person who looks chose; before log-in, and in a job, what goes with the language."""
    is_somebody = has_request_context() and current_user and current_user.is_authenticated
    return str(getattr(current_user, name)) if is_somebody else "language"


def has_persian_digits() -> bool:
    chosen = _choice("digits")
    return current_language() == "fa" if chosen == "language" else chosen == "persian"


def has_jalali_dates() -> bool:
    chosen = _choice("calendar")
    return current_language() == "fa" if chosen == "language" else chosen == "jalali"


# --- numbers and times -----------------------------------------------------------------------------------------------


def digits(value: object) -> str:
    """The value with the digits of the page's language, or those that the person chose."""
    text = str(value)
    return text.translate(PERSIAN_DIGITS) if has_persian_digits() else text


def figure(value: object) -> str:
    """A number that is written as 1,850.5: in Persian its digits and its marks between them are Persian too."""
    text = str(value)
    return digits(text.replace(",", "٬").replace(".", "٫") if has_persian_digits() else text)


def figures() -> Callable[[object], str]:
    """`figure` for hundreds of numbers: who looks is asked once."""
    if not has_persian_digits():
        return str
    marks = PERSIAN_DIGITS | str.maketrans({",": "٬", ".": "٫"})
    return lambda value: str(value).translate(marks)


def percent(value: object) -> str:
    """A number that is written as 12%."""
    return figure(str(value).replace("%", "٪") if current_language() == "fa" else value)


def clock(when: datetime) -> str:
    """14:08, in the operator's time zone."""
    return digits(_local(when).strftime("%H:%M"))


def day_key(when: datetime) -> str:
    """The day as 2026-11-22, to tell whether two messages share one."""
    return _local(when).date().isoformat()


def day(when: datetime) -> str:
    """Today, Yesterday, or the day with its name; Jalali in Persian, unless the person chose otherwise."""
    local, today = _local(when).date(), _local(utc_now()).date()
    if local == today:
        return str(gettext("Today"))
    if local == today - timedelta(days=1):
        return str(gettext("Yesterday"))
    return long_day(local, today)


def long_day(local: date, today: date) -> str:
    """The day with its name, and its year if that is not today's; Jalali in Persian."""
    return f"{_weekday(local)}{_comma()} {_date(local, with_year=not _is_same_year(local, today))}"


def coming(when: datetime) -> str:
    """A time to come, as short as it can be told: 15:00, tomorrow 9:00, Saturday 9:00, 5 Jan."""
    local, today = _local(when).date(), _local(utc_now()).date()
    days = (local - today).days
    if days <= 0:
        return clock(when)
    if days == 1:
        return str(gettext("tomorrow %(clock)s", clock=clock(when)))
    if days < 7:
        return f"{_weekday(local)} {clock(when)}"
    return _date(local, with_year=not _is_same_year(local, today))


def moment(when: datetime) -> str:
    """The full time, for those who want to know exactly."""
    local = _local(when).date()
    return f"{_weekday(local)}{_comma()} {_date(local, with_year=True)}{_comma()} {clock(when)}"


def age(when: datetime) -> str:
    """How long ago, as short as a list needs it."""
    now = utc_now()
    passed = now - when
    if passed < timedelta(minutes=1):
        return str(gettext("now"))
    if passed < timedelta(hours=1):
        return str(gettext("%(count)sm", count=digits(passed // timedelta(minutes=1))))
    if passed < timedelta(days=1):
        return str(gettext("%(count)sh", count=digits(passed // timedelta(hours=1))))
    if passed < timedelta(days=7):
        return str(gettext("%(count)sd", count=digits(passed.days)))
    local, today = _local(when).date(), _local(now).date()
    return _date(local, with_year=not _is_same_year(local, today))


def short_day(when: date) -> str:
    """7 Azar, or 29 Nov: for the axis of a plot, which says its year elsewhere."""
    return _date(when, with_year=False)


def weekday_names(width: Literal["wide", "abbreviated"]) -> list[str]:
    """Monday first."""
    names = get_day_names(width, locale=current_language())
    return [str(names[number]) for number in range(7)]


def clock_hour(hour: int) -> str:
    """14:00"""
    return digits(f"{hour:02d}:00")


def lasting(seconds: float) -> str:
    """How long something took, in one unit or two: 8 s, 4 min, 1 h 20 min, 3 d."""
    if seconds < 59.5:
        return str(gettext("%(count)s s", count=digits(round(seconds))))
    minutes = round(seconds / 60)
    if minutes < 60:
        return str(gettext("%(count)s min", count=digits(minutes)))
    if minutes >= 48 * 60:
        return str(gettext("%(count)s d", count=digits(round(minutes / 1440))))
    hours, rest = divmod(minutes, 60)
    said = str(gettext("%(count)s h", count=digits(hours)))
    return said if not rest or hours > 9 else f"{said} {gettext('%(count)s min', count=digits(rest))}"


def operator_zone() -> tzinfo:
    """The time zone of whoever looks: their days begin and end in it."""
    return _zone()


def _local(when: datetime) -> datetime:
    return when.astimezone(_zone())


def _zone() -> tzinfo:
    """The browser's time zone, if it named one that exists."""
    if "zone" not in g:
        g.zone = _find_zone(request.cookies.get(ZONE_COOKIE, "")) or ZoneInfo(DEFAULT_ZONES[current_language()])
    zone: tzinfo = g.zone
    return zone


def _find_zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name that is a folder, or too long
        return None


def _weekday(local: date) -> str:
    return str(format_date(local, "EEEE", locale=current_language()))


def _comma() -> str:
    return "،" if current_language() == "fa" else ","


def _date(local: date, with_year: bool) -> str:
    if has_jalali_dates():
        jalali = jdatetime.date.fromgregorian(date=local)
        months = PERSIAN_MONTHS if current_language() == "fa" else ENGLISH_MONTHS
        year = f" {jalali.year}" if with_year else ""
        return digits(f"{jalali.day} {months[jalali.month - 1]}{year}")
    written = str(format_date(local, "d MMM y" if with_year else "d MMM", locale=current_language()))
    return digits(written.translate(LATIN_DIGITS))  # Babel's Persian has Persian digits already


def _is_same_year(local: date, today: date) -> bool:
    if has_jalali_dates():
        return bool(jdatetime.date.fromgregorian(date=local).year == jdatetime.date.fromgregorian(date=today).year)
    return local.year == today.year


def commands(words: object) -> Markup:
    """What stands between two backticks is a command, and runs from left to right in every language."""
    code = Markup('<code dir="ltr">{}</code>')
    parts = re.split("`([^`]+)`", str(words))
    return Markup("").join(code.format(part) if index % 2 else part for index, part in enumerate(parts))
