"""Tokens by which other programs use the API."""

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from pilito.blueprints.panel import bp, sentences
from pilito.blueprints.panel.access import for_admins
from pilito.clock import utc_now
from pilito.errors import Refused
from pilito.spelling import one_line
from pilito.tokens import is_open, issue_token, list_tokens, revoke_token

# The token that was just made, until its page is shown: it cannot be read again.
MADE_TOKEN = "made_token"  # noqa: S105  (a name)


@bp.get("/settings/tokens")
@for_admins
def show_tokens() -> ResponseReturnValue:
    made = session.pop(MADE_TOKEN, None)
    return render_template("settings/tokens.html", tokens=list_tokens(), is_open=is_open, made=made)


@bp.post("/settings/tokens")
@for_admins
def make_token() -> ResponseReturnValue:
    name = one_line(request.form.get("name", ""))
    try:
        token = issue_token(name, utc_now(), current_user.id)
    except Refused as refusal:
        flash(sentences.explain_refusal(refusal.reason), "problem")
    else:
        session[MADE_TOKEN] = {"name": name, "token": token}
    return redirect(url_for("panel.show_tokens"))


@bp.post("/settings/tokens/<int:token_id>/revoke")
@for_admins
def end_token(token_id: int) -> ResponseReturnValue:
    try:
        revoke_token(token_id, current_user.id, utc_now())
    except Refused as refusal:
        flash(sentences.explain_refusal(refusal.reason), "problem")
    else:
        flash(gettext("Revoked: it opens nothing any more."))
    return redirect(url_for("panel.show_tokens"))
