"""The comments page: what people write under the posts, and the one private reply that each may get."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from pilito.blueprints.auth import FRAGMENT_HEADER
from pilito.blueprints.panel import bp, sentences
from pilito.blueprints.panel.access import for_admins
from pilito.blueprints.panel.actions import changes, refuse
from pilito.clock import utc_now
from pilito.conversations import comments as verbs
from pilito.conversations.comments import choose_comments, reply_privately, settle_private_reply
from pilito.conversations.missed import see_missed
from pilito.errors import Refused
from pilito.extensions import channels
from pilito.lifecycle import CommentState, Role
from pilito.models import Comment, Inbox
from pilito.queries import comments as queries
from pilito.queries.panel import Cursor

PAGE = 30
HOW = {"arrived": True, "given-up": False}


@dataclass(frozen=True)
class Typed:
    """What was refused, as it was typed, and why."""

    of_id: int  # the comment that it answers, or the account whose comments it would answer
    text: str
    problem: str


@bp.get("/comments")
def show_comments() -> ResponseReturnValue:
    return _page()


def _page(unsent: Typed | None = None, unsaved: Typed | None = None) -> str:
    """What was refused is shown again, whatever became of its comment: nothing that somebody wrote is lost."""
    now = utc_now()
    found, following = queries.page(_asked_cursor(), PAGE)
    inboxes = queries.inboxes()
    return render_template(
        "upkeep/comments.html",
        rows=[_row(comment, now) for comment in found],
        next=following,
        inboxes=[_inbox_words(inbox) for inbox in inboxes],
        is_on=any(_is_on(inbox) for inbox in inboxes),
        may_choose=current_user.may(Role.ADMIN),
        unsent=unsent,
        is_unsent_here=unsent is not None and unsent.of_id in {comment.id for comment in found},
        unsaved=unsaved,
        before=request.args.get("before"),
        now=now,
    )


def _row(comment: Comment, now: datetime) -> dict[str, Any]:
    is_open = comment.state in (CommentState.OPEN, CommentState.FAILED)
    refusal = verbs.refusal(comment.inbox, comment, now) if is_open else ""
    return {
        "comment": comment,
        "may_reply": is_open and not refusal and current_user.may(Role.AGENT),
        "refusal": sentences.explain_refusal(refusal) if refusal else "",
        "problem": sentences.explain_delivery(comment.error) if comment.error else None,
        "limit_bytes": channels[comment.inbox.channel].text_limit_bytes,
    }


def _inbox_words(inbox: Inbox) -> dict[str, Any]:
    return {
        "inbox": inbox,
        "is_on": _is_on(inbox),
        "reply": (inbox.options or {}).get(verbs.REPLY_OPTION, ""),
        "limit_bytes": channels[inbox.channel].text_limit_bytes,
    }


def _is_on(inbox: Inbox) -> bool:
    return (inbox.options or {}).get(verbs.OPTION) == verbs.ON


def _asked_cursor() -> Cursor | None:
    text = request.args.get("before")
    try:
        return Cursor.read(text) if text else None
    except (ValueError, OverflowError):
        abort(400)


@bp.get("/comments/<int:comment_id>/reply")
@bp.get("/comments/inboxes/<int:inbox_id>")
def lead_to_comments(**_of_what: int) -> ResponseReturnValue:
    """The page of what was refused stands at the address of its form, and a language chosen there leads back to it."""
    return redirect(url_for("panel.show_comments", before=request.args.get("before")))


@bp.post("/comments/<int:comment_id>/reply")
def reply_to_comment(comment_id: int) -> ResponseReturnValue:
    """Refused, the page comes again with the words in their row."""
    if not current_user.may(Role.AGENT):
        return refuse("not_allowed")
    text, is_fragment = _typed("text"), request.headers.get(FRAGMENT_HEADER)
    try:
        reply_privately(comment_id, current_user.id, text, utc_now())
    except Refused as refusal:
        if is_fragment:
            return refuse(refusal.reason)
        return _page(unsent=Typed(comment_id, text, sentences.explain_comment_refusal(refusal.reason))), 422
    if is_fragment:
        return "", 204
    return redirect(url_for("panel.show_comments", before=request.args.get("before")))


def _typed(name: str) -> str:
    """With its line breaks as they are counted while one types: a form sends each as two bytes."""
    return request.form.get(name, "").replace("\r\n", "\n")


@bp.post("/comments/<int:comment_id>/settle/<how>")
@changes
def settle_comment(comment_id: int, how: str) -> None:
    if how not in HOW:
        raise Refused("not_found", f"There is no way {how!r} to settle it.")
    settle_private_reply(comment_id, HOW[how], current_user.id, utc_now())


@bp.post("/comments/<int:comment_id>/seen")
@changes
def see_missed_reply(comment_id: int) -> None:
    see_missed(comment_id)


@bp.post("/comments/inboxes/<int:inbox_id>")
@for_admins
def choose_inbox_comments(inbox_id: int) -> ResponseReturnValue:
    is_on, reply = request.form.get("comments") == verbs.ON, _typed("reply")
    try:
        choose_comments(inbox_id, is_on, reply, current_user.id, utc_now())
    except Refused as refusal:
        return _page(unsaved=Typed(inbox_id, reply, sentences.explain_comment_refusal(refusal.reason))), 422
    flash(gettext("Saved."))
    return redirect(url_for("panel.show_comments"))
