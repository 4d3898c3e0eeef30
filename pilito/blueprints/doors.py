"""Doors for people who have no log-in yet, or lost it: the first start, an invitation, a new password."""

import logging
from functools import partial

from flask import Blueprint, copy_current_request_context, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select

from pilito.blueprints.auth import enter_new
from pilito.blueprints.i18n import LANGUAGES, current_language
from pilito.blueprints.letters import password_letter
from pilito.blueprints.panel import sentences
from pilito.blueprints.throttle import forget_tries, may_be_mailed, may_try, take_back
from pilito.clock import utc_now
from pilito.database import DATABASE_AWAY
from pilito.errors import Busy, Refused
from pilito.extensions import db, socketio
from pilito.mail import is_set_up
from pilito.models import Operator
from pilito.people import links, set_up

log = logging.getLogger(__name__)
bp = Blueprint("doors", __name__)


# --- the first start -------------------------------------------------------------------------------------------------


@bp.get("/set-up")
def show_set_up() -> ResponseReturnValue:
    """Says where the link is; once somebody owns the shop it leads to the log-in."""
    if not set_up.has_nobody():
        return redirect(url_for("auth.show_login"))
    return render_template("doors/set_up.html", has_token=False)


@bp.get("/set-up/<token>")
def show_set_up_form(token: str) -> ResponseReturnValue:
    return _show_set_up(token)


@bp.post("/set-up/<token>")
def create_owner(token: str) -> ResponseReturnValue:
    if not may_try("set-up"):
        return _say_it_is_over()
    email, name, password = (request.form.get(field, "") for field in ("email", "name", "password"))
    try:
        owner = set_up.create_owner(token, email, name, password, current_language(), utc_now())
    except Refused as refusal:
        if isinstance(refusal, Busy):
            take_back("set-up")
        return _show_set_up(token, refusal)
    forget_tries("set-up")
    enter_new(owner)
    return redirect(url_for("panel.show_first_steps"))


def _show_set_up(token: str, refusal: Refused | None = None) -> ResponseReturnValue:
    if not (set_up.has_nobody() and set_up.is_right(token)):
        return _say_it_is_over()
    page = render_template("doors/set_up.html", has_token=True, problem=_explain(refusal), form=request.form)
    return _private(page, refusal)


# --- invitations -----------------------------------------------------------------------------------------------------


@bp.get("/join/<token>")
def show_invitation(token: str) -> ResponseReturnValue:
    return _show_invitation(token)


@bp.post("/join/<token>")
def accept_invitation(token: str) -> ResponseReturnValue:
    name, password = request.form.get("name", ""), request.form.get("password", "")
    language = request.form.get("language", "")
    language = language if language in LANGUAGES else current_language()
    try:
        operator = links.accept_invitation(token, name, password, language, utc_now())
    except Refused as refusal:
        return _show_invitation(token, refusal)
    enter_new(operator)
    flash(gettext("Welcome! You are in."))
    return redirect(url_for("panel.show_list"))


def _show_invitation(token: str, refusal: Refused | None = None) -> ResponseReturnValue:
    link = links.find_link(token, utc_now())
    if link is None or link.role is None:
        return _say_it_is_over()
    page = render_template("doors/join.html", link=link, problem=_explain(refusal), form=request.form)
    return _private(page, refusal)


# --- a new password --------------------------------------------------------------------------------------------------


@bp.get("/new-password/<token>")
def show_new_password(token: str) -> ResponseReturnValue:
    return _show_new_password(token)


@bp.post("/new-password/<token>")
def choose_password(token: str) -> ResponseReturnValue:
    try:
        links.choose_password(token, request.form.get("password", ""), utc_now())
    except Refused as refusal:
        return _show_new_password(token, refusal)
    flash(gettext("Your new password counts. Log in with it."))
    return redirect(url_for("auth.show_login"))


def _show_new_password(token: str, refusal: Refused | None = None) -> ResponseReturnValue:
    link = links.find_link(token, utc_now())
    if link is None or link.role is not None:
        return _say_it_is_over()
    return _private(render_template("doors/new_password.html", link=link, problem=_explain(refusal)), refusal)


@bp.get("/forgot-password")
def show_forgotten() -> ResponseReturnValue:
    return render_template("doors/forgotten.html", has_mail=is_set_up())


@bp.post("/forgot-password")
def mail_password() -> ResponseReturnValue:
    """The same words, and no later, whether or not there is such a person: they are looked for after the answer."""
    email = request.form.get("email", "").replace("\0", "").strip().lower()[:254]
    if not is_set_up():
        return redirect(url_for("doors.show_forgotten"))
    if not may_try(email):
        sentence = gettext("Too many tries. Wait a quarter of an hour, then try again.")
        return render_template("doors/forgotten.html", has_mail=True, problem=sentence), 429
    if not may_be_mailed(email):
        sentence = gettext("Several links were asked for with this address. Look into its mailbox, or wait an hour.")
        return render_template("doors/forgotten.html", has_mail=True, problem=sentence), 429
    flash(gettext("If somebody logs in with this address, a link is on its way to it."))
    answer = redirect(url_for("auth.show_login"))
    # In a task of its own: the next request on the same line would wait for it else, and tell by that.
    offer = copy_current_request_context(_offer_password)
    answer.call_on_close(partial(socketio.start_background_task, offer, email))
    return answer


def _offer_password(email: str) -> None:
    try:
        operator_id = db.session.scalar(select(Operator.id).where(Operator.email == email, Operator.active))
        if operator_id is not None:
            links.offer_password(operator_id, None, password_letter, utc_now())
    except (Refused, *DATABASE_AWAY) as error:
        # Nobody waits for it any more; whoever gets no mail asks again.
        log.warning("A link to a new password was asked for and not made: %s", type(error).__name__)


# --- what they share -------------------------------------------------------------------------------------------------


def _say_it_is_over() -> ResponseReturnValue:
    title, next_step = gettext("This link has ended"), gettext("It was used, or its time is over. Ask for a new one.")
    way = {"way": url_for("auth.show_login"), "way_label": gettext("Back to the log-in")}
    return render_template("error.html", title=title, next_step=next_step, **way), 410


def _explain(refusal: Refused | None) -> str:
    return sentences.explain_refusal(refusal.reason) if refusal else ""


def _private(page: str, refusal: Refused | None) -> ResponseReturnValue:
    """The address is a key: it is kept in no cache, and told to no other page. The site's name is: without it nothing
    that is posted by HTTPS is taken for our own form's."""
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "strict-origin"}
    if isinstance(refusal, Busy):
        return page, 503, {**headers, "Retry-After": str(refusal.retry_after_seconds)}
    return page, 400 if refusal else 200, headers
