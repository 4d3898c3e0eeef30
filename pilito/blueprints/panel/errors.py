"""Error pages for people; programs keep the plain answer of their own route."""

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

PAGES = {
    403: (_("This is not for your role"), _("Ask an admin of your shop to open it for you.")),
    404: (_("There is nothing here"), _("The address is wrong, or what was here is gone.")),
    413: (_("That is too large"), _("Send something smaller.")),
    500: (_("Something broke"), _("It was written down. Try again in a moment.")),
}
OTHERWISE = (_("That did not work"), _("Go back, reload the page and try again."))


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, show_error)
    app.register_error_handler(CSRFError, ask_to_reload)


def show_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or "text/html" not in request.headers.get("Accept", ""):
        return error
    title, next_step = PAGES.get(error.code or 500, OTHERWISE)
    return render_template("error.html", title=title, next_step=next_step), error.code or 500


def ask_to_reload(error: CSRFError) -> ResponseReturnValue:
    """The token belongs to a session that is over: somebody logged out in another tab."""
    page = render_template("error.html", title=_("This page is too old"), next_step=_("Reload it and try again."))
    return page, error.code or 400
