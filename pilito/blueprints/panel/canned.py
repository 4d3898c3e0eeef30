"""The page of canned replies: whoever answers customers writes them."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import bp, sentences
from pilito.blueprints.panel.opened import read_seen
from pilito.clock import utc_now
from pilito.conversations.canned import PLACES, delete_canned, list_canned, save_canned
from pilito.errors import Refused
from pilito.lifecycle import Role
from pilito.queries.catalogue import inboxes


@bp.get("/settings/canned-replies")
def show_canned() -> ResponseReturnValue:
    return _page()


@bp.post("/settings/canned-replies")
def add_canned() -> ResponseReturnValue:
    return _save(None)


@bp.get("/settings/canned-replies/<int:canned_id>")
def lead_to_canned(canned_id: int) -> ResponseReturnValue:  # noqa: ARG001  (of one that was refused)
    """As `lead_to_comments`."""
    _for_agents()
    return redirect(url_for("panel.show_canned"))


@bp.post("/settings/canned-replies/<int:canned_id>")
def change_canned(canned_id: int) -> ResponseReturnValue:
    return _save(canned_id)


@bp.post("/settings/canned-replies/<int:canned_id>/delete")
def remove_canned(canned_id: int) -> ResponseReturnValue:
    _for_agents()
    try:
        delete_canned(canned_id, current_user.id, utc_now())
    except Refused:
        abort(404)
    flash(gettext("Deleted."), "good")
    return redirect(url_for("panel.show_canned"))


def _save(canned_id: int | None) -> ResponseReturnValue:
    _for_agents()
    typed = {name: request.form.get(name, "") for name in ("shortcut", "text", "seen")}
    inbox_id = request.form.get("inbox", type=whole)
    try:
        save_canned(canned_id, typed["shortcut"], typed["text"], inbox_id, current_user.id, utc_now(), read_seen())
    except Refused as refusal:
        if refusal.reason == "page_is_old":
            typed["seen"] = ""  # the page has the newest of each reply, and the form takes it from there
        return _page({"id": canned_id, "inbox_id": inbox_id, **typed}, refusal.reason), 422
    flash(gettext("Saved. Type / in a reply to find it."), "good")
    return redirect(url_for("panel.show_canned"))


def _page(typed: dict[str, object] | None = None, reason: str = "") -> str:
    """`typed` is what was refused for `reason`: nothing that somebody wrote is lost."""
    _for_agents()
    return render_template(
        "settings/canned.html",
        canned=list_canned(),
        inboxes={inbox.id: inbox for inbox in inboxes()},
        places=PLACES,
        samples=_samples(),
        typed=typed,
        problem=sentences.explain_refusal(reason) if reason else "",
    )


def _samples() -> dict[str, str]:
    """What the preview puts into the places, by every name of theirs."""
    values = {
        "customer": gettext("Maryam"),
        "shop": next((inbox.name for inbox in inboxes()), gettext("Your shop")),
        "me": current_user.name,
        "product": gettext("Linen shirt “Mahoor”"),
        "price": gettext("1,850,000 toman"),
        "stock": gettext("in stock"),
        "link": "https://shop.example/mahoor",
    }
    return {name: values[place] for place, names in PLACES.items() for name in names}


def _for_agents() -> None:
    if not current_user.may(Role.AGENT):
        abort(403)
