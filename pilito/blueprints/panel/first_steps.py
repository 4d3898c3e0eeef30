"""The first steps of a new shop: a page, and a line on the start page until they are done."""

from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pilito.blueprints.panel import bp
from pilito.blueprints.panel.access import for_admins
from pilito.clock import utc_now
from pilito.lifecycle import Role
from pilito.people import first_steps
from pilito.queries import inboxes


@bp.app_context_processor
def steps_words() -> dict[str, Any]:
    return {"open_steps": open_steps}


def open_steps() -> first_steps.Steps | None:
    """What is still to be done, for those who can do it; nothing once it is done, or somebody put it away."""
    if not current_user.may(Role.ADMIN) or first_steps.are_hidden():
        return None
    steps = first_steps.read_steps()
    return steps if steps.done < steps.total else None


@bp.get("/first-steps")
@for_admins
def show_first_steps() -> ResponseReturnValue:
    accounts = inboxes.all_inboxes()
    words = {"steps": first_steps.read_steps(), "is_hidden": first_steps.are_hidden()}
    return render_template("settings/first_steps.html", account=accounts[0] if accounts else None, **words)


@bp.post("/first-steps/hide")
@for_admins
def hide_first_steps() -> ResponseReturnValue:
    first_steps.hide(current_user.id, utc_now())
    return redirect(url_for("panel.show_list"))
