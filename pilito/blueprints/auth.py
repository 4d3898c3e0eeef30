"""Log-in and log-out of operators."""

import hashlib
import time
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user
from sqlalchemy import select

from pilito.blueprints.throttle import caller_address, forget_tries, may_try, take_back
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.errors import Busy, Refused
from pilito.extensions import login, settings
from pilito.models import Audit, Operator, db
from pilito.passwords import check_password, hash_password, needs_new_hash
from pilito.people import second_step, sessions, set_up

bp = Blueprint("auth", __name__)

FRAGMENT_HEADER = "X-Fragment"
# Who gave the right password and still owes the code: kept in the cookie, signed, for so long.
HALF_WAY = "half_way"
HALF_WAY_SECONDS = 5 * 60
# What stays open to somebody who must set the second step up before anything else.
SETTING_UP = {
    "panel.show_security",
    "panel.begin_second_step",
    "panel.show_second_step",
    "panel.confirm_second_step",
    "panel.choose_language",
    "panel.choose_theme",
}


# --- who is it -------------------------------------------------------------------------------------------------------


def load_operator(session_key: str) -> Operator | None:
    """Return the person of a session cookie, unless the log-in has ended or they may not log in any more."""
    now = utc_now()
    found = sessions.find_session(session_key, now)
    if found is None:
        return None
    if _is_by_hand():
        sessions.note_use(found, now)
    g.operator_session_id = found.id
    operator: Operator = found.operator
    operator.session_key = session_key
    g.operator_id = operator.id
    return operator


def _is_by_hand() -> bool:
    """Whether a person did this: an open page that fetches what changed is not somebody who is there."""
    if request.path.startswith("/socket.io/"):
        return False
    is_fragment = request.method == "GET" and FRAGMENT_HEADER in request.headers
    return not is_fragment or request.endpoint == "panel.show_thread"


def this_session_id() -> int | None:
    """The row of the log-in at hand."""
    found: int | None = g.get("operator_session_id")
    return found


def ask_to_log_in() -> ResponseReturnValue:
    """A page leads to the log-in and back; a fragment gets 401, on which its page goes there itself."""
    if request.headers.get(FRAGMENT_HEADER):
        return gettext("Your session has ended. Log in again."), 401
    if request.method != "GET":
        sentence = gettext("Nothing was changed by this. Log in, then do it again.")
        way = url_for("auth.show_login", next=_page_of_form())
        return _turn_away(gettext("Your session has ended"), sentence, way, gettext("Log in"))
    return redirect(url_for("auth.show_login", next=safe_path(request.full_path.rstrip("?"))))


def ask_for_second_step() -> ResponseReturnValue | None:
    """Whoever has to set up the second step sees nothing but the page for it.

    An open page hears the same as when its log-in has ended, and goes to the log-in, which leads to that page.
    """
    if request.endpoint in SETTING_UP or not second_step.is_due(current_user):
        return None
    if request.headers.get(FRAGMENT_HEADER):
        return gettext("Set up the second step first."), 401
    if request.method != "GET":
        sentence = gettext("Nothing was changed by this. Your shop asks it of you; then do it again.")
        way = url_for("panel.show_security")
        return _turn_away(gettext("Set up the second step first"), sentence, way, gettext("Set it up"))
    return redirect(url_for("panel.show_security"))


def _turn_away(title: str, sentence: str, way: str, label: str) -> ResponseReturnValue:
    """What a form gets that may not be taken, with the way on."""
    return render_template("error.html", title=title, next_step=sentence, way=way, way_label=label), 401


def _page_of_form() -> str:
    came_from, here = request.referrer or "", request.host_url
    return safe_path(came_from.removeprefix(here[:-1]) if came_from.startswith(here) else None)


login.user_loader(load_operator)
login.unauthorized_handler(ask_to_log_in)


def safe_path(target: str | None) -> str:
    """Return `target` if it is a path on this server, else the start page.

    Browsers read `//host`, `/\\host` and control characters in a path as another server.
    """
    start = "/conversations/"
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return start
    if any(ord(letter) < 32 or letter == "\\" for letter in target):
        return start
    parts = urlsplit(target)
    return start if parts.scheme or parts.netloc else target


# --- pages -----------------------------------------------------------------------------------------------------------


@bp.get("/login")
def show_login() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(safe_path(request.args.get("next")))
    if settings.in_production and set_up.has_nobody():
        return redirect(url_for("doors.show_set_up"))
    return render_template("login.html", next=safe_path(request.args.get("next")))


@bp.post("/login")
def log_in() -> ResponseReturnValue:
    email = request.form.get("email", "").replace("\x00", "").strip().lower()[:254]
    if not may_try(email):
        return _refuse(email, gettext("Too many tries. Wait a quarter of an hour, then try again."), 429)
    password = request.form.get("password", "")
    try:
        operator_id, password_hash, fits = _compare(email, password)
    except Busy as busy:
        take_back(email)
        sentence = gettext("Many people are logging in at this moment. Try again in a few seconds.")
        return *_refuse(email, sentence, 503), {"Retry-After": str(busy.retry_after_seconds)}
    operator = db.session.get(Operator, operator_id) if fits else None
    if operator is None or not operator.active or operator.password_hash != password_hash:  # a new one meanwhile
        _note_refusal(operator_id, "log_in_refused")
        return _refuse(email, gettext("E-mail and password do not match. Check both and try again."), 401)
    fitted = operator.password_hash
    forget_tries(email)
    if needs_new_hash(fitted):
        fitted = _renew_hash(operator.id, fitted, password)
    target = safe_path(request.form.get("next"))
    if second_step.has_second_step(operator):
        return _ask_for_code(operator.id, fitted, target)
    if not enter(operator.id, _mark_of(fitted)):
        _note_refusal(operator_id, "log_in_refused")
        return _refuse(email, gettext("E-mail and password do not match. Check both and try again."), 401)
    return redirect(target)


@bp.get("/login/code")
def show_code() -> ResponseReturnValue:
    if _half_way() is None:
        return redirect(url_for("auth.show_login"))
    return render_template("login_code.html")


@bp.post("/login/code")
def take_code() -> ResponseReturnValue:
    half_way = _half_way()
    operator = db.session.get(Operator, half_way["operator"]) if half_way else None
    if half_way is None or operator is None or not operator.active:
        return _begin_again()
    operator_id = operator.id
    try:
        fits = second_step.check_code(operator_id, request.form.get("code", "")[:100], utc_now())
    except Refused:
        sentence = gettext("Too many wrong codes. Wait a quarter of an hour, then log in again.")
        return render_template("login_code.html", problem=sentence), 429
    if not fits:
        _note_refusal(operator_id, "code_refused")
        sentence = gettext("This code does not fit, or was used already. Wait for the next one.")
        return render_template("login_code.html", problem=sentence), 401
    if not enter(operator_id, half_way.get("password", "")):
        return _begin_again()
    return redirect(safe_path(half_way["next"]))


def _begin_again() -> ResponseReturnValue:
    flash(gettext("That took too long. Log in again."))
    return redirect(url_for("auth.show_login"))


@bp.post("/logout")
def log_out() -> ResponseReturnValue:
    language = session.get("language")
    session_id = this_session_id() if current_user.is_authenticated else None
    if session_id is not None:
        sessions.log_out(session_id, current_user.id, utc_now())
    logout_user()
    session.clear()
    if language:
        session["language"] = language
    flash(gettext("You are logged out."))
    return redirect(url_for("auth.show_login"))


def enter_new(operator: Operator) -> None:
    """Let somebody in who has just chosen their password."""
    enter(operator.id, _mark_of(operator.password_hash))


def enter(operator_id: int, mark: str) -> bool:
    """Begin a new session: nothing of the anonymous one is kept. False, and none begins, where the password that was
    given is not theirs any more: it would outlive the reset that ended all log-ins."""
    now = utc_now()
    with transaction():
        # Locked, as by whoever sets a password or shuts the person out in this moment.
        operator = db.session.get_one(Operator, operator_id, with_for_update=True, populate_existing=True)
        if not operator.active or _mark_of(operator.password_hash) != mark:
            return False
        sessions.begin_session(operator, caller_address(), request.headers.get("User-Agent"), now)
        db.session.add(Audit(at=now, action="logged_in", operator_id=operator_id))
    session.clear()
    session.permanent = True
    login_user(operator)
    return True


def _mark_of(password_hash: str) -> str:
    """By which a password is known to be the same, also in a cookie that its browser can read."""
    return hashlib.sha256(password_hash.encode()).hexdigest()


def _compare(email: str, password: str) -> tuple[int | None, str | None, bool]:
    """Whose e-mail this is, the hash that the password was compared with, and whether it fits. Raises Busy.

    Where the hash is another by then it is compared once more: a log-in beside this one may have made it anew.
    """
    found = _find_hash(email)
    fits = check_password(found[1], password)
    if fits and (changed := _find_hash(email)) != found:
        found, fits = changed, check_password(changed[1], password)
    return *found, fits


def _find_hash(email: str) -> tuple[int | None, str | None]:
    found = db.session.execute(select(Operator.id, Operator.password_hash).where(Operator.email == email)).first()
    db.session.rollback()  # whoever waits for their turn holds no connection
    return (found.id, found.password_hash) if found else (None, None)


def _refuse(email: str, sentence: str, status: int) -> tuple[str, int]:
    page = render_template("login.html", next=safe_path(request.form.get("next")), email=email, problem=sentence)
    return page, status


def _note_refusal(operator_id: int | None, action: str) -> None:
    """On the audit log, also for unknown people: then both take the same time. What was typed is not kept."""
    with transaction():
        db.session.add(Audit(at=utc_now(), action=action, operator_id=operator_id, address=caller_address()[:45]))


def _renew_hash(operator_id: int, old: str, password: str) -> str:
    """Keep the password as it is hashed today, unless it was changed meanwhile. Without a turn: at the next log-in.
    Return the hash that stands for it now."""
    db.session.rollback()
    try:
        renewed = hash_password(password)
    except Busy:
        return old
    with transaction():
        operator = db.session.get_one(Operator, operator_id, with_for_update=True, populate_existing=True)
        if operator.password_hash != old:
            return old
        operator.password_hash = renewed
    return renewed


# --- between password and code ---------------------------------------------------------------------------------------


def _ask_for_code(operator_id: int, password_hash: str, target: str) -> ResponseReturnValue:
    session.clear()
    mark = _mark_of(password_hash)
    session[HALF_WAY] = {"operator": operator_id, "password": mark, "at": time.time(), "next": target}
    return redirect(url_for("auth.show_code"))


def _half_way() -> dict[str, Any] | None:
    found: dict[str, Any] | None = session.get(HALF_WAY)
    return found if found and time.time() - found["at"] < HALF_WAY_SECONDS else None
