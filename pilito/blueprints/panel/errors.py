"""Error pages for people; programs keep the plain answer of their own route."""

import logging
import secrets

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

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
OTHERWISE = (_("That did not work"), _("Go back, reload the page and try again."))


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, show_error)
    app.register_error_handler(CSRFError, ask_to_reload)


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


def ask_to_reload(error: CSRFError) -> ResponseReturnValue:
    """The token belongs to a session that is over: somebody logged out in another tab."""
    page = render_template("error.html", title=_("This page is too old"), next_step=_("Reload it and try again."))
    return page, error.code or 400
