"""The labels of the shop: made, renamed, recoloured, merged, deleted. For admins; agents make one while they work."""

from collections.abc import Callable
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
    return render_template(
        "settings/labels.html",
        labels=queries.all_labels(),
        carriers=queries.count_carriers(),
        colours=sentences.LABEL_COLOURS,
        longest=verbs.LONGEST_NAME,
        merging=request.args.get("merge", type=whole),  # the one label that is asked where it goes
    )


@bp.post("/settings/labels")
@for_admins
def make_label() -> ResponseReturnValue:
    name = request.form.get("name", "")
    return _do(lambda now: verbs.make_label(name, _colour(), current_user.id, now), str(gettext("The label is there.")))


@bp.post(LABEL)
@for_admins
def change_label(label_id: int) -> ResponseReturnValue:
    name, colour = request.form.get("name", ""), _colour() or LabelColour.GREY
    return _do(lambda now: verbs.change_label(label_id, name, colour, current_user.id, now), str(gettext("Saved.")))


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
