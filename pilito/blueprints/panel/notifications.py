"""The bell: what somebody is told, what of it they have read, and how they want to be told."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from pilito import mail
from pilito.blueprints.auth import FRAGMENT_HEADER
from pilito.blueprints.i18n import ZONE_COOKIE
from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import bp, sentences
from pilito.blueprints.panel.connecting import isolated
from pilito.clock import utc_now
from pilito.conversations.missed import see_own
from pilito.conversations.notify import read_notifications, read_of_conversation
from pilito.errors import Refused
from pilito.lifecycle import CommentState, Digest, NotificationKind, Role
from pilito.models import Comment, Notification
from pilito.people.notices import choose_notices
from pilito.queries import comments
from pilito.queries import notifications as queries
from pilito.queries.panel import Cursor

IN_BELL = 12
ON_PAGE = 50


@bp.app_context_processor
def bell_words() -> dict[str, Any]:
    return {
        "unread_notifications": _count_unread,
        "told": tell,
        "told_missed": tell_missed,
        "place_of_comment": _place_of_comment,
    }


def _count_unread() -> int:
    return queries.count_unread(current_user.id) + comments.count_missed(current_user.id)


def _place_of_comment(comment: Comment) -> str:
    """Where it stands, however many came after it: on the page that begins with it."""
    before = Cursor(comment.commented_at, comment.id + 1)
    return url_for("panel.show_comments", before=before, _anchor=f"c{comment.id}")


@bp.get("/notifications")
def show_notifications() -> ResponseReturnValue:
    """A page; with the fragment header the newest, for the bell."""
    is_fragment = bool(request.headers.get(FRAGMENT_HEADER))
    before_id = request.args.get("before", type=whole)
    rows, is_more = queries.page(current_user.id, before_id, IN_BELL if is_fragment else ON_PAGE)
    missed = comments.missed_of(current_user.id) if before_id is None else ()
    words = {"rows": rows, "missed": missed, "is_more": is_more, "unread": _count_unread()}
    template = "panel/bell_list.html" if is_fragment else "panel/notifications.html"
    return render_template(template, **words, is_first=before_id is None)


@bp.post("/notifications/read")
def read_all() -> ResponseReturnValue:
    """All of one's own, or those of a conversation that one looks at."""
    conversation_id = request.form.get("conversation", type=whole)
    if conversation_id is not None:
        read_of_conversation(current_user.id, conversation_id, utc_now())
    else:
        read_notifications(current_user.id, utc_now())
        see_own(current_user.id)
    return _back()


@bp.post("/notifications/<int:notification_id>/read")
def read_one(notification_id: int) -> ResponseReturnValue:
    read_notifications(current_user.id, utc_now(), [notification_id])
    return _back()


def _back() -> ResponseReturnValue:
    return ("", 204) if request.headers.get(FRAGMENT_HEADER) else redirect(url_for("panel.show_notifications"))


# --- how one wants to be told ----------------------------------------------------------------------------------------


@bp.get("/settings/notifications")
def show_notification_settings() -> ResponseReturnValue:
    kept = {
        "sound": current_user.notify_sound,
        "names": current_user.notify_names,
        "quiet_from": current_user.quiet_from or "",
        "quiet_until": current_user.quiet_until or "",
        "zone": current_user.zone or request.cookies.get(ZONE_COOKIE, ""),
        "digest": current_user.digest,
        "alerts": current_user.alert_mail,
    }
    return _settings_page(kept)


def _settings_page(shown: Mapping[str, Any]) -> str:
    """The form as it is kept, or as it was just refused."""
    return render_template(
        "settings/notifications.html",
        zones=sorted(available_timezones()),
        shown=shown,
        digests={digest: sentences.DIGESTS[digest] for digest in Digest},
        has_mail=mail.is_set_up(),
        is_told=current_user.may(Role.ADMIN),
    )


@bp.post("/settings/notifications")
def save_notifications() -> ResponseReturnValue:
    form = request.form
    try:
        choose_notices(
            current_user.id,
            sound="sound" in form,
            names="names" in form,
            quiet=(form.get("quiet_from", ""), form.get("quiet_until", "")),
            zone=form.get("zone", ""),
            digest=form.get("digest", Digest.OFF),
            now=utc_now(),
            alerts="alerts" in form if current_user.may(Role.ADMIN) else None,
        )
    except Refused as refusal:
        flash(sentences.explain_refusal(refusal.reason), "problem")
        return _settings_page(form), 422
    flash(gettext("Saved."))
    return redirect(url_for("panel.show_notification_settings"))


# --- words -----------------------------------------------------------------------------------------------------------


def tell(row: Notification, names: bool = True) -> str:
    """Why somebody is told, in one sentence; without the customer's name where it may be seen by others.

    Names keep their order among words of the other direction.
    """
    by = isolated(row.by.name) if row.by else gettext("Somebody")
    whom = isolated(row.conversation.customer.label) if names else gettext("a customer")
    if row.kind is NotificationKind.MENTIONED:
        return gettext("%(name)s mentioned you in a note about %(customer)s.", name=by, customer=whom)
    if row.kind is NotificationKind.ASSIGNED:
        return gettext("%(name)s assigned the conversation with %(customer)s to you.", name=by, customer=whom)
    return gettext("The conversation with %(customer)s that you put off is back.", customer=whom)


def tell_missed(comment: Comment) -> str:
    """What became of a private reply of one's own; the name keeps its order among words from right to left."""
    name = isolated(f"@{comment.author_username}") if comment.author_username else gettext("Somebody")
    if comment.state is CommentState.UNKNOWN:
        return gettext("Nobody knows whether your private reply to the comment of %(name)s arrived.", name=name)
    return gettext("Your private reply to the comment of %(name)s was not sent.", name=name)
