"""Error pages for people; programs keep the plain answer of their own route."""

import logging
import secrets
from typing import Any

from flask import Flask, Response, current_app, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, TooManyRequests

from pilito.blueprints.auth import FRAGMENT_HEADER, ask_to_log_in
from pilito.blueprints.origins import OtherSite
from pilito.database import DATABASE_AWAY
from pilito.extensions import db

log = logging.getLogger(__name__)
PAGES = {
    403: (_("This is not for your role"), _("Ask an admin of your shop to open it for you.")),
    404: (_("There is nothing here"), _("The address is wrong, or what was here is gone.")),
    413: (_("That is too large"), _("Send something smaller.")),
    500: (
        _("Something broke"),
        _("It was written down. Try again in a moment; if it stays, tell an admin the number."),
    ),
}
BUSY = (
    _("The database is busy"),
    _("Nothing was changed by this. Try again in a few seconds; if it stays so, tell an admin."),
)
CROSSED = (
    _("Somebody else was at the same at this moment"),
    _("Nothing was changed by this. Reload the page to see how it stands now."),
)
ELSEWHERE = (
    _("This came from a page of another address"),
    _("Nothing was changed. Do it in the panel; if you were there, tell an admin that PUBLIC_URL is not its address."),
)
OLD_PAGE = (
    _("This page is too old"),
    _("Somebody logged in or out in another tab meanwhile. Nothing was changed: reload the page, then do it again."),
)
FLOODED = (
    _("That was too much in one minute"),
    _("Wait a minute, then go on. If you did not do so much yourself, close the other tabs of the panel."),
)
# Where not even the language of whoever asks can be read.
BUSY_ANYHOW = (
    "The database is busy. Try again in a few seconds.\nپایگاه داده مشغول است. چند ثانیهٔ دیگر دوباره تلاش کنید."
)
TRY_AGAIN = {"Retry-After": "5", "Cache-Control": "no-store"}
OTHERWISE = (_("That did not work"), _("Go back, reload the page and try again."))


def init_app(app: Flask) -> None:
    app.log_exception = _tell  # type: ignore[method-assign]
    app.register_error_handler(HTTPException, show_error)
    app.register_error_handler(CSRFError, ask_to_reload)
    app.register_error_handler(TooManyRequests, ask_to_wait)
    app.register_error_handler(OtherSite, refuse_other_site)
    for away in DATABASE_AWAY:
        app.register_error_handler(away, show_busy)
    app.register_error_handler(IntegrityError, show_crossed)


def _tell(exc_info: Any) -> None:
    """Write a failure down by its route. Flask names the path, which may be a key (doors) or somebody's words."""
    log.error("%s %s failed.", request.method, request.endpoint, exc_info=exc_info)


def show_error(error: HTTPException) -> ResponseReturnValue:
    number = _write_down(error) if error.code == 500 else ""
    if error.response is not None or "text/html" not in request.headers.get("Accept", ""):
        return error
    title, next_step = PAGES.get(error.code or 500, OTHERWISE)
    return render_template("error.html", title=title, next_step=next_step, number=number), error.code or 500


def _write_down(error: HTTPException) -> str:
    """Give the failure a number that stands in the log beside it, so that one finds what somebody has seen."""
    number = secrets.token_hex(4)
    error.description = f"{error.description} (error {number})"
    log.error("Error %s: %s %s failed, as told above.", number, request.method, request.endpoint)
    return number


def ask_to_reload(_error: CSRFError) -> ResponseReturnValue:
    """The token belongs to a session that is over: somebody logged in or out in another tab."""
    if request.blueprint == "panel" and not current_user.is_authenticated:
        return ask_to_log_in()
    return _sentence(OLD_PAGE, "session_changed", 400)


def refuse_other_site(_error: OtherSite) -> ResponseReturnValue:
    return _sentence(ELSEWHERE, "other_site", 403)


def ask_to_wait(error: TooManyRequests) -> ResponseReturnValue:
    """A script or a tab that ran away (rates.py)."""
    answer = _sentence(FLOODED, "too_many_requests", 429)
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def show_busy(error: Exception) -> ResponseReturnValue:
    """The database is locked or away, which passes: a sentence, not a failure with a number."""
    log.warning("%s %s: the database is busy or away (%s).", request.method, request.endpoint, type(error).__name__)
    try:
        db.session.rollback()
        answer = _sentence(BUSY, "database_busy", 503)
        answer.headers.update(TRY_AGAIN)
        return answer
    except SQLAlchemyError:
        return _say_it_is_away()


def _say_it_is_away() -> ResponseReturnValue:
    """Without what every template is given, for that asks the database who looks."""
    if request.headers.get(FRAGMENT_HEADER):
        return BUSY_ANYHOW, 503, {**TRY_AGAIN, "Content-Type": "text/plain; charset=utf-8"}
    return current_app.jinja_env.get_template("database_away.html").render(), 503, TRY_AGAIN


def show_crossed(error: IntegrityError) -> ResponseReturnValue:
    """Two made the same, or one used what the other deleted: the database let one of them go first."""
    log.warning("%s %s: refused by the database (%s).", request.method, request.endpoint, type(error.orig).__name__)
    db.session.rollback()
    return _sentence(CROSSED, "moved_on", 409)


def _sentence(words: tuple[LazyString, LazyString], reason: str, status: int) -> Response:
    title, next_step = map(str, words)
    if request.headers.get(FRAGMENT_HEADER):
        return make_response(jsonify(reason=reason, message=f"{title}. {next_step}"), status)
    return make_response(render_template("error.html", title=title, next_step=next_step, number=""), status)
