"""The settings: their pages by name, and what an operator chooses for themself."""

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pilito.blueprints.auth import safe_path
from pilito.blueprints.i18n import LANGUAGES, THEMES
from pilito.blueprints.panel import bp
from pilito.database import transaction
from pilito.models import Operator, db


@bp.get("/settings")
def show_settings() -> ResponseReturnValue:
    return render_template("settings/index.html")


@bp.post("/settings/language")
def choose_language() -> ResponseReturnValue:
    return _choose("language", list(LANGUAGES))


@bp.post("/settings/theme")
def choose_theme() -> ResponseReturnValue:
    return _choose("theme", list(THEMES))


def _choose(name: str, allowed: list[str]) -> ResponseReturnValue:
    value = request.form.get(name, "")
    if value not in allowed:
        abort(400)
    operator_id = current_user.id
    with transaction():
        setattr(db.session.get_one(Operator, operator_id), name, value)
    return redirect(safe_path(request.form.get("next")))
