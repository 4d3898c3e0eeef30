"""The labels of the shop: made, renamed, recoloured, merged, deleted. For admins; agents make one while they work."""

from collections.abc import Callable, Mapping
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import bp, sentences
from pilito.blueprints.panel.access import for_admins
from pilito.clock import utc_now
from pilito.conversations import labels as verbs
from pilito.errors import Refused
from pilito.lifecycle import LabelColour
from pilito.queries import labels as queries

LABEL = "/settings/labels/<int:label_id>"


@bp.get("/settings/labels")
@for_admins
def show_labels() -> ResponseReturnValue:
    return _page()


def _page(label_id: int | None = None, typed: Mapping[str, str] | None = None) -> str:
    """`typed` is what was refused: of this label, or of a new one."""
    return render_template(
        "settings/labels.html",
        labels=queries.all_labels(),
        carriers=queries.count_carriers(),
        colours=sentences.LABEL_COLOURS,
        longest=verbs.LONGEST_NAME,
        typed=typed or {},
        typed_id=label_id,
        merging=request.args.get("merge", type=whole),  # the one label that is asked where it goes
    )


@bp.post("/settings/labels")
@for_admins
def make_label() -> ResponseReturnValue:
    name = request.form.get("name", "")
    try:
        verbs.make_label(name, _colour(), current_user.id, utc_now())
    except Refused as refusal:
        return _refuse(refusal, None)
    flash(gettext("The label is there."))
    return redirect(url_for("panel.show_labels"))


@bp.post(LABEL)
@for_admins
def change_label(label_id: int) -> ResponseReturnValue:
    name, colour = request.form.get("name", ""), _colour() or LabelColour.GREY
    try:
        verbs.change_label(label_id, name, colour, current_user.id, utc_now())
    except Refused as refusal:
        return _refuse(refusal, label_id)
    flash(gettext("Saved."))
    return redirect(url_for("panel.show_labels"))


def _refuse(refusal: Refused, label_id: int | None) -> ResponseReturnValue:
    flash(str(sentences.explain_refusal(refusal.reason)), "problem")
    return _page(label_id, request.form), 422


@bp.post(f"{LABEL}/delete")
@for_admins
def delete_label(label_id: int) -> ResponseReturnValue:
    return _do(lambda now: verbs.delete_label(label_id, current_user.id, now), str(gettext("The label is deleted.")))


@bp.post(f"{LABEL}/merge")
@for_admins
def merge_label(label_id: int) -> ResponseReturnValue:
    into = request.form.get("into", 0, type=whole)
    return _do(
        lambda now: verbs.merge_labels(label_id, into, current_user.id, now), str(gettext("The two are one label now."))
    )


def _colour() -> LabelColour | None:
    text = request.form.get("colour", "")
    return LabelColour(text) if text in list(LabelColour) else None


def _do(deed: Callable[[datetime], object], done: str) -> ResponseReturnValue:
    try:
        deed(utc_now())
        flash(done)
    except Refused as refusal:
        flash(str(sentences.explain_refusal(refusal.reason)), "problem")
    return redirect(url_for("panel.show_labels"))
