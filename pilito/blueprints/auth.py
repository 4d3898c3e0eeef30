"""Log-in and log-out of operators."""

import hashlib
import logging
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user
from redis.exceptions import RedisError
from sqlalchemy import select

from pilito.database import transaction
from pilito.extensions import login, redis
from pilito.models import Audit, Operator, db
from pilito.passwords import check_password, hash_password, needs_new_hash

log = logging.getLogger(__name__)
bp = Blueprint("auth", __name__)

# A session ends this long after its log-in, however busy it is; idle ones end by PERMANENT_SESSION_LIFETIME.
SESSION_LIFE = timedelta(days=7)
STARTED_AT = "started_at"
FRAGMENT_HEADER = "X-Fragment"

# Failed tries per address and e-mail, and per address alone (one password against many people). Counted per address,
# so that nobody can lock a colleague out by failing in their name from elsewhere.
TRIES_PER_PERSON = 8
TRIES_PER_ADDRESS = 60
TRIES_SECONDS = 15 * 60
# Redis away: log-in stays possible, each try this much slower. Refusing was considered: the panel is where one sees
# that Redis is away.
UNCOUNTED_DELAY_SECONDS = 1.0


# --- who is it -------------------------------------------------------------------------------------------------------


def load_operator(session_id: str) -> Operator | None:
    """Return the person of a session cookie, unless they were deactivated or their sessions were ended since."""
    number, _, epoch = session_id.partition(":")
    if not number.isdigit() or not _is_young():
        return None
    operator = db.session.get(Operator, int(number))
    return operator if operator and operator.active and str(operator.session_epoch) == epoch else None


def _is_young() -> bool:
    started_at = session.get(STARTED_AT)
    return isinstance(started_at, float) and time.time() - started_at < SESSION_LIFE.total_seconds()


def ask_to_log_in() -> ResponseReturnValue:
    """A page leads to the log-in and back; a fragment gets 401, on which its page goes there itself."""
    if request.headers.get(FRAGMENT_HEADER) or request.method != "GET":
        return gettext("Your session has ended. Log in again."), 401
    return redirect(url_for("auth.show_login", next=safe_path(request.full_path.rstrip("?"))))


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
    return render_template("login.html", next=safe_path(request.args.get("next")))


@bp.post("/login")
def log_in() -> ResponseReturnValue:
    email = request.form.get("email", "").replace("\x00", "").strip().lower()[:254]
    counters = _counters(email)
    if not _may_try(counters):
        return _refuse(email, gettext("Too many tries. Wait a quarter of an hour, then try again."), 429)
    operator = db.session.scalar(select(Operator).where(Operator.email == email))
    password = request.form.get("password", "")
    if not check_password(operator.password_hash if operator else None, password):
        return _refuse(email, gettext("E-mail and password do not match. Check both and try again."), 401)
    if operator is None or not operator.active:
        return _refuse(email, gettext("E-mail and password do not match. Check both and try again."), 401)
    _forget_tries(email)
    _welcome(operator, password)
    return redirect(safe_path(request.form.get("next")))


@bp.post("/logout")
def log_out() -> ResponseReturnValue:
    language = session.get("language")
    logout_user()
    session.clear()
    if language:
        session["language"] = language
    flash(gettext("You are logged out."))
    return redirect(url_for("auth.show_login"))


def _refuse(email: str, sentence: str, status: int) -> ResponseReturnValue:
    page = render_template("login.html", next=safe_path(request.form.get("next")), email=email, problem=sentence)
    return page, status


def _welcome(operator: Operator, password: str) -> None:
    """Begin a new session: nothing of the anonymous one is kept."""
    operator_id = operator.id
    with transaction():
        found = db.session.get_one(Operator, operator_id)
        if needs_new_hash(found.password_hash):
            found.password_hash = hash_password(password)
        db.session.add(
            Audit(at=datetime.now(UTC), action="logged_in", operator_id=operator_id, details={"ip": _address()})
        )
    session.clear()
    session.permanent = True
    session[STARTED_AT] = time.time()
    login_user(db.session.get_one(Operator, operator_id))


# --- throttle --------------------------------------------------------------------------------------------------------


def _address() -> str:
    return request.remote_addr or "unknown"


def _counters(email: str) -> dict[str, int]:
    """The Redis keys that count tries, with their limits."""
    return {
        _person_key(email): TRIES_PER_PERSON,
        f"pilito:login_tries:address:{_digest(_address())}": TRIES_PER_ADDRESS,
    }


def _person_key(email: str) -> str:
    return f"pilito:login_tries:person:{_digest(f'{email} {_address()}')}"


def _digest(text: str) -> str:
    """E-mails are hashed: keys are seen by many eyes."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _may_try(counters: dict[str, int]) -> bool:
    """Count this try before the password is looked at, so that tries side by side are counted too."""
    try:
        with redis.pipeline() as pipe:
            for key in counters:
                pipe.incr(key)
                pipe.expire(key, TRIES_SECONDS, nx=True)
            counts = pipe.execute()[::2]
    except RedisError as error:
        log.warning("Redis does not count log-in tries (%s): each is slowed down instead.", error)
        time.sleep(UNCOUNTED_DELAY_SECONDS)
        return True
    return all(count <= limit for count, limit in zip(counts, counters.values(), strict=True))


def _forget_tries(email: str) -> None:
    """After a success; the count of the address stays, or one's own account would open the way to others'."""
    try:
        redis.delete(_person_key(email))
    except RedisError as error:
        log.warning("Redis did not forget log-in tries (%s); they end by themselves.", error)
