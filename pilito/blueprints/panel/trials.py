"""The playground of an inbox: ask the assistant, see everything, send nothing. Also: an old turn, asked again."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import bp, present, sentences
from pilito.blueprints.panel.inboxes import INBOX
from pilito.conversations.trials import Share, begin_again, begin_trial, read_trial
from pilito.errors import Refused
from pilito.lifecycle import Role
from pilito.models import Inbox
from pilito.queries import inboxes as queries

OWN_POSTS = 60  # the newest, to choose from


@bp.get(f"{INBOX}/try")
def show_trial(inbox_id: int) -> ResponseReturnValue:
    inbox = _inbox(inbox_id)
    name = request.args.get("run", "")
    try:
        trial: dict[str, Any] | None = read_trial(inbox.id, name) if name else None
    except Refused as refusal:
        return _refuse(inbox_id, refusal)
    result = trial.get("result") if trial else None
    return render_template(
        "inboxes/try.html",
        inbox=inbox,
        posts=queries.newest_posts(inbox.id, OWN_POSTS),
        run=name,
        trial=trial,
        result=result,
        why=present.why_of_trial(result) if result else None,
        old_why=present.why_of_trial(trial["old"]) if trial and trial.get("old") else None,
    )


@bp.post(f"{INBOX}/try")
def begin(inbox_id: int) -> ResponseReturnValue:
    inbox = _inbox(inbox_id)
    form = request.form
    own_post_id = form.get("own_post", type=whole)
    caption, link = form.get("caption", "").strip(), form.get("link", "").strip()[:500]
    share = Share(own_post_id, caption, link) if own_post_id or caption or link else None
    operator_id, asked_inbox_id = current_user.id, inbox.id
    try:
        name = begin_trial(asked_inbox_id, operator_id, form.get("question", ""), share, form.get("after") or None)
    except Refused as refusal:
        return _refuse(inbox_id, refusal)
    return redirect(url_for("panel.show_trial", inbox_id=inbox_id, run=name))


@bp.post("/conversations/<int:conversation_id>/messages/<int:message_id>/ask-again")
def ask_message_again(conversation_id: int, message_id: int) -> ResponseReturnValue:
    return _ask_again(conversation_id, message_id, None)


@bp.post("/conversations/<int:conversation_id>/drafts/<int:draft_id>/ask-again")
def ask_draft_again(conversation_id: int, draft_id: int) -> ResponseReturnValue:
    return _ask_again(conversation_id, None, draft_id)


def _ask_again(conversation_id: int, message_id: int | None, draft_id: int | None) -> Response:
    if not current_user.may(Role.AGENT):
        abort(403)
    try:
        inbox_id, name = begin_again(conversation_id, current_user.id, message_id, draft_id)
    except Refused as refusal:
        flash(sentences.explain_refusal(refusal.reason), "problem")
        return redirect(url_for("panel.show_thread", conversation_id=conversation_id))
    return redirect(url_for("panel.show_trial", inbox_id=inbox_id, run=name))


def _refuse(inbox_id: int, refusal: Refused) -> Response:
    flash(sentences.explain_refusal(refusal.reason), "problem")
    return redirect(url_for("panel.show_trial", inbox_id=inbox_id))


def _inbox(inbox_id: int) -> Inbox:
    if not current_user.may(Role.AGENT):
        abort(403)
    return queries.find_inbox(inbox_id) or abort(404)
