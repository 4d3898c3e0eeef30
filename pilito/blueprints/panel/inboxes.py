"""The connected accounts: connect one, look after it, check it. For admins."""

import hmac
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import bp, connecting
from pilito.blueprints.panel.access import for_admins
from pilito.channels.base import Channel
from pilito.clock import utc_now
from pilito.conversations import voice
from pilito.conversations.check_inbox import check_inbox
from pilito.conversations.comments import ON
from pilito.conversations.connect import connect_by_code, connect_by_token
from pilito.conversations.disconnect import disconnect
from pilito.conversations.subscriptions import subscribe
from pilito.conversations.tokens import days_left, is_ending, renew_now
from pilito.errors import ChannelError, Refused
from pilito.extensions import channels, settings
from pilito.knowledge.overdue import find_overdue
from pilito.lifecycle import InboxState, Role
from pilito.models import Inbox, db
from pilito.queries import inboxes as queries

P = ParamSpec("P")

# Where a log-in at the provider is remembered until the browser comes back: in the session that began it.
LOG_IN = "log_in_at_provider"
LOG_IN_SECONDS = 3600  # as long as the provider's code lives
TOKEN_LENGTH = 4096
CODE_LENGTH = 2048
TEST_SECONDS = 15 * 60
INBOX = "/inboxes/<int:inbox_id>"


@bp.app_context_processor
def inbox_words() -> dict[str, Any]:
    is_admin = bool(current_user and current_user.is_authenticated and current_user.may(Role.ADMIN))
    return {
        "may_connect": is_admin,
        "connecting": connecting,
        "has_no_account": _has_no_account if is_admin else bool,
        "troubled_inboxes": _troubled if is_admin else list,
        "overdue_sources": find_overdue if is_admin else list,
    }


def _has_no_account() -> bool:
    """Nothing can come before one is connected, which an admin can do. For everybody else: no."""
    return not queries.all_inboxes()


def _troubled() -> list[Inbox]:
    """What an admin must hear of on every page: inboxes that cannot send, or soon cannot."""
    now = utc_now()
    return [
        inbox
        for inbox in queries.all_inboxes()
        if inbox.state is InboxState.STOPPED or is_ending(inbox, now) or inbox.subscription_error
    ]


# --- pages -----------------------------------------------------------------------------------------------------------


@bp.get("/inboxes")
@for_admins
def show_inboxes() -> ResponseReturnValue:
    now = utc_now()
    rows = [(inbox, channels[inbox.channel], days_left(inbox, now), is_ending(inbox, now)) for inbox in _all()]
    return render_template(
        "inboxes/list.html",
        rows=rows,
        channels=list(channels.values()),
        return_address=_return_address,
        public_url=settings.public_url,
        verify_token=settings.instagram_verify_token,
    )


@bp.get(f"{INBOX}/check")
@for_admins
def show_check(inbox_id: int) -> ResponseReturnValue:
    now = utc_now()
    checks = _or_404(check_inbox, inbox_id, now)
    inbox = _get(inbox_id)
    return render_template(
        "inboxes/check.html",
        inbox=inbox,
        channel=channels[inbox.channel],
        checks=checks,
        since=int(now.timestamp()),
        public_url=settings.public_url,
        review=connecting.REVIEW,
    )


@bp.get(f"{INBOX}/check/arrived")
@for_admins
def arrival_fragment(inbox_id: int) -> ResponseReturnValue:
    """The test message: has one come since the page was opened?"""
    now = utc_now()
    since = request.args.get("since", 0, type=whole)
    # Not further back than a test lasts: the page stays open for days in some browsers.
    begun = max(datetime.fromtimestamp(min(max(since, 0), 2**33), UTC), now - timedelta(seconds=TEST_SECONDS))
    found = queries.newest_arrival(_get(inbox_id).id, begun)
    return render_template("inboxes/arrived.html", arrival=found, inbox_id=inbox_id, since=since)


# --- connect ---------------------------------------------------------------------------------------------------------


@bp.get("/inboxes/connect/<channel_name>")
@for_admins
def begin_log_in(channel_name: str) -> ResponseReturnValue:
    """Lead the owner's browser to the provider.

    By GET, for our policy lets no form lead elsewhere. It changes nothing but this session.
    """
    channel = _get_channel(channel_name)
    if not channel.connector.can_log_in:
        return _refuse("log_in_not_set_up")
    state = secrets.token_urlsafe(32)
    wanted = request.args.get("inbox", type=whole)
    with_comments = request.args.get("comments") == ON
    begun = {"state": state, "channel": channel_name, "inbox_id": wanted, "at": int(time.time())}
    session[LOG_IN] = begun | {"comments": with_comments}
    return redirect(channel.connector.login_address(_return_address(channel_name), state, with_comments))


@bp.get("/inboxes/connect/<channel_name>/return")
@for_admins
def end_log_in(channel_name: str) -> ResponseReturnValue:
    """The browser comes back with a code, or with a refusal; either way the state is used up."""
    channel = _get_channel(channel_name)
    begun = session.pop(LOG_IN, None)
    if not _is_ours(begun, channel_name):
        return _refuse("state_lost")
    if request.args.get("error"):
        return _refuse("denied" if request.args.get("error") == "access_denied" else "login_refused")
    code = request.args.get("code", "")
    if not 0 < len(code) <= CODE_LENGTH:
        return _refuse("login_refused")
    address, operator_id = _return_address(channel_name), current_user.id
    return _finish(
        lambda: connect_by_code(channel.name, code, address, operator_id, utc_now(), bool(begun.get("comments"))),
        begun["inbox_id"],
    )


@bp.post("/inboxes/connect/<channel_name>/token")
@for_admins
def connect_token(channel_name: str) -> ResponseReturnValue:
    channel = _get_channel(channel_name)
    token = request.form.get("token", "").strip()
    if not 0 < len(token) <= TOKEN_LENGTH or not token.isascii() or not token.isprintable() or " " in token:
        return _refuse("no_token")
    operator_id = current_user.id
    return _finish(lambda: connect_by_token(channel.name, token, operator_id, utc_now()), None)


def _is_ours(begun: Any, channel_name: str) -> bool:
    """Whether this session began the log-in that comes back: one that somebody else began would connect theirs."""
    if not isinstance(begun, dict) or begun.get("channel") != channel_name:
        return False
    is_same = hmac.compare_digest(str(begun.get("state")).encode(), request.args.get("state", "").encode())
    return is_same and time.time() - float(begun.get("at", 0)) < LOG_IN_SECONDS


def _finish(connect: Callable[[], int], wanted_id: int | None) -> ResponseReturnValue:
    db.session.rollback()  # who is logged in was read; no session is open during the calls
    try:
        inbox_id = connect()
    except ChannelError as error:
        return _refuse(error.reason, error.message if error.reason == "scopes_missing" else "")
    except Refused as refusal:
        return _refuse(refusal.reason)
    if wanted_id not in (None, inbox_id):
        flash(gettext("You logged in with another account than the one to connect again; both are listed."), "problem")
        return redirect(url_for("panel.show_inboxes"))
    flash(gettext("The account is connected. Below is what was checked."), "good")
    return redirect(url_for("panel.show_check", inbox_id=inbox_id))


# --- look after ------------------------------------------------------------------------------------------------------


@bp.post(f"{INBOX}/subscribe")
@for_admins
def subscribe_again(inbox_id: int) -> ResponseReturnValue:
    return _do(inbox_id, lambda now: subscribe(inbox_id, now), gettext("Done: its messages are posted to us again."))


@bp.post(f"{INBOX}/renew")
@for_admins
def renew_token(inbox_id: int) -> ResponseReturnValue:
    return _do(inbox_id, lambda now: renew_now(inbox_id, now), gettext("The connection was renewed."))


@bp.post(f"{INBOX}/disconnect")
@for_admins
def disconnect_inbox(inbox_id: int) -> ResponseReturnValue:
    operator_id = current_user.id
    done = gettext("The account is disconnected. Its conversations are still here.")
    return _do(inbox_id, lambda now: disconnect(inbox_id, operator_id, now), done)


@bp.post(f"{INBOX}/voice")
@for_admins
def let_voice_ask(inbox_id: int) -> ResponseReturnValue:
    operator_id, may_ask = current_user.id, request.form.get("may_ask") == "on"
    done = gettext("From now on a voice message may ask about the post before it.") if may_ask else ""
    done = done or gettext("From now on only words that were typed ask about the post before them.")
    return _do(inbox_id, lambda now: voice.let_voice_ask(inbox_id, may_ask, operator_id, now), done)


def _do(inbox_id: int, verb: Callable[[datetime], None], done: str) -> ResponseReturnValue:
    _get(inbox_id)
    db.session.rollback()
    try:
        verb(utc_now())
    except (ChannelError, Refused) as error:
        return _refuse(error.reason)
    flash(done, "good")
    return redirect(url_for("panel.show_inboxes"))


# --- helpers ---------------------------------------------------------------------------------------------------------


def _refuse(reason: str, names: str = "") -> ResponseReturnValue:
    flash(connecting.explain(reason, names.split(",") if names else []), "problem")
    return redirect(url_for("panel.show_inboxes"))


def _return_address(channel_name: str) -> str:
    return settings.public_url + url_for("panel.end_log_in", channel_name=channel_name)


def _all() -> list[Inbox]:
    return [inbox for inbox in queries.all_inboxes() if inbox.channel in channels]


def _get(inbox_id: int) -> Inbox:
    return queries.find_inbox(inbox_id) or abort(404)


def _get_channel(name: str) -> Channel:
    channel: Channel = channels.get(name) or abort(404)
    return channel


def _or_404(verb: Callable[..., Any], *args: Any) -> Any:
    try:
        return verb(*args)
    except Refused:
        abort(404)
