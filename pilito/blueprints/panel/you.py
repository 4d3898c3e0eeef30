"""What is one's own: profile, password, second step, and where one is logged in."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from pilito.blueprints.auth import this_session_id
from pilito.blueprints.i18n import CALENDARS, DIGITS, LANGUAGES, THEMES
from pilito.blueprints.panel import bp, sentences
from pilito.blueprints.throttle import forget_tries, may_try, take_back
from pilito.clock import utc_now
from pilito.conversations import retract
from pilito.errors import Busy, Refused
from pilito.people import profile, second_step, sessions, team

P = ParamSpec("P")
CHOICES = {"language": tuple(LANGUAGES), "theme": THEMES, "calendar": CALENDARS, "digits": DIGITS}


def own(endpoint: str) -> Callable[[Callable[P, None]], Callable[P, ResponseReturnValue]]:
    """Whoever is logged in changes what is their own; a refusal becomes its sentence; then the page is shown again."""

    def decorate(verb: Callable[P, None]) -> Callable[P, ResponseReturnValue]:
        @wraps(verb)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            try:
                verb(*args, **kwargs)
            except Refused as refusal:
                flash(sentences.explain_refusal(refusal.reason), "problem")
            return redirect(url_for(endpoint))

        return wrapper

    return decorate


# --- profile ---------------------------------------------------------------------------------------------------------


@bp.get("/settings/profile")
def show_profile() -> ResponseReturnValue:
    return _profile_page()


def _profile_page(shown: Mapping[str, Any] | None = None, email: str = "") -> str:
    """`shown` is the profile that was refused, `email` the address."""
    kept = {name: getattr(current_user, name) for name in ("name", "undo_seconds", *CHOICES)}
    words = {"choices": CHOICES, "undo_choices": retract.CHOICES, "now": utc_now()}
    return render_template("settings/profile.html", shown=shown or kept, email=email, **words)


@bp.post("/settings/profile")
def save_profile() -> ResponseReturnValue:
    chosen = {name: request.form.get(name, "") for name in CHOICES}
    if any(value not in CHOICES[name] for name, value in chosen.items()):
        abort(400)
    undo_seconds = request.form.get("undo_seconds", current_user.undo_seconds, type=int)
    if undo_seconds not in retract.CHOICES:
        abort(400)
    name = request.form.get("name", "")
    try:
        profile.change_profile(current_user.id, name, chosen, undo_seconds)
    except Refused as refusal:
        flash(sentences.explain_refusal(refusal.reason), "problem")
        return _profile_page({"name": name, "undo_seconds": undo_seconds, **chosen}), 422
    flash(gettext("Saved."))
    return redirect(url_for("panel.show_profile"))


@bp.post("/settings/email")
def change_email() -> ResponseReturnValue:
    email, password = request.form.get("email", ""), request.form.get("password", "")
    try:
        with _counted():
            profile.change_email(current_user.id, email, password, this_session_id(), utc_now())
    except Refused as refusal:
        flash(sentences.explain_refusal(refusal.reason), "problem")
        return _profile_page(email=email), 422
    flash(gettext("You log in with this address from now on. Everywhere else you are logged out."))
    return redirect(url_for("panel.show_profile"))


# --- security --------------------------------------------------------------------------------------------------------


@bp.get("/settings/security")
def show_security() -> ResponseReturnValue:
    return _show_security()


@bp.post("/settings/password")
@own("panel.show_security")
def change_password() -> None:
    old, new = request.form.get("old_password", ""), request.form.get("password", "")
    with _counted():
        team.change_password(current_user.id, old, new, this_session_id(), utc_now())
    flash(gettext("The new password counts. Everywhere else you are logged out."))


@bp.post("/settings/sessions/<int:session_id>/end")
@own("panel.show_security")
def end_session(session_id: int) -> None:
    sessions.end_session(session_id, current_user.id, utc_now())
    flash(gettext("Logged out there."))


@bp.post("/settings/sessions/end-others")
@own("panel.show_security")
def end_other_sessions() -> None:
    sessions.end_other_sessions(current_user.id, this_session_id(), utc_now())
    flash(gettext("You are logged in here only."))


@bp.post("/settings/second-step")
@own("panel.show_security")
def begin_second_step() -> None:
    second_step.offer_secret(_check_own_password(), utc_now())


@bp.get("/settings/second-step.svg")
def show_second_step() -> ResponseReturnValue:
    """The QR code, while the second step is being set up."""
    secret = second_step.offered_secret(current_user, this_session_id(), utc_now())
    if not secret:
        abort(404)
    import segno

    picture = io.BytesIO()
    segno.make(second_step.address_of(current_user, secret)).save(picture, kind="svg", scale=4, border=2, nl=False)
    return picture.getvalue(), {"Content-Type": "image/svg+xml"}


@bp.post("/settings/second-step/confirm")
def confirm_second_step() -> ResponseReturnValue:
    """The recovery codes stand on the page that answers, and nowhere else."""
    try:
        codes = second_step.confirm(current_user.id, this_session_id(), request.form.get("code", "")[:100], utc_now())
    except Refused as refusal:
        flash(sentences.explain_refusal(refusal.reason), "problem")
        return redirect(url_for("panel.show_security"))
    return _show_security(codes)


@bp.post("/settings/second-step/codes")
def renew_recovery_codes() -> ResponseReturnValue:
    try:
        codes = second_step.renew_recovery_codes(_check_own_password(), utc_now())
    except Refused as refusal:
        flash(sentences.explain_refusal(refusal.reason), "problem")
        return redirect(url_for("panel.show_security"))
    return _show_security(codes)


@bp.post("/settings/second-step/off")
@own("panel.show_security")
def switch_second_step_off() -> None:
    second_step.switch_own_off(_check_own_password(), utc_now())
    flash(gettext("The password alone is enough now."))


def _show_security(codes: list[str] | None = None) -> ResponseReturnValue:
    return render_template(
        "settings/security.html",
        sessions=sessions.list_sessions(current_user.id, utc_now()),
        here=this_session_id(),
        secret=second_step.offered_secret(current_user, this_session_id(), utc_now()),
        codes=codes,
        codes_left=second_step.count_recovery_codes(current_user.id),
        is_due=second_step.is_due(current_user),
    )


def _check_own_password() -> team.OwnPassword:
    """Whoever sits down at an open page neither takes the second step away nor sets up one of their own."""
    with _counted():
        return team.check_own_password(current_user.id, request.form.get("password", ""), this_session_id())


@contextmanager
def _counted() -> Iterator[None]:
    """Count a try at one's own password. A right one forgets the wrong ones; one that found no turn was none."""
    person = f"own {current_user.id}"
    if not may_try(person):
        raise Refused("too_many_tries", "Too many wrong passwords; wait a quarter of an hour.")
    try:
        yield
    except Busy:
        take_back(person)
        raise
    forget_tries(person)
