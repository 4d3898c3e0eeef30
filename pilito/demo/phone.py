"""The phone page at /demo, and the few calls it makes to the fake Instagram. Registered in demo mode only.

The page talks to Pilito's own origin; what it may reach behind it is a fixed list. It never touches Pilito's database:
all it can do to Pilito is what a customer can, through signed webhooks.
"""

import os
from typing import Any

import requests
from flask import Blueprint, abort, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pilito.blueprints.health import is_from_this_machine
from pilito.demo import shop
from pilito.demo.instagram import serve_media
from pilito.demo.words import WORDS

SERVICE_URL = "http://127.0.0.1:8001"
ANSWER_SECONDS = 5.0
SHAPES = ("auto", "ig_post", "ig_reel", "reel", "twin", "bare", "permalink", "link")
DELAYS_SECONDS = (0, 5, 15, 60)
# The "more" sheet: kinds of messages, then what happens without one.
MORE = (
    "story_reply",
    "story_mention",
    "ig_story",
    "carousel",
    "product",
    "web_link",
    "file",
    "video",
    "quick_reply",
    "ice_breaker",
    "button",
    "ad",
    "ephemeral",
    "unsupported",
    "unknown",
)
MORE_EVENTS = ("opening", "seen", "taken", "opted_in", "warning")
SCENARIOS = ("wait", "ask", "hello")
# What the scenarios share: a reel, and a post with a price in the language of the page.
WAIT_POST = "bag"
ASK_POSTS = {"fa": "dress", "en": "boots"}
PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")

bp = Blueprint("demo", __name__, url_prefix="/demo")


@bp.before_request
def let_in() -> None:
    """Only who sits at this machine, or is logged in: the phone reads its threads and spends the model's money."""
    if not (is_from_this_machine() or current_user.is_authenticated):
        abort(403)


@bp.get("")
def page() -> ResponseReturnValue:
    """The phone."""
    language = "en" if request.args.get("lang") == "en" else "fa"
    return render_template(
        "demo/phone.html",
        language=language,
        direction="rtl" if language == "fa" else "ltr",
        words=_words(language),
        model_name=_real_model(),
        posts=shop.POSTS,
        shapes=SHAPES,
        more=MORE,
        more_events=MORE_EVENTS,
        delays_seconds=DELAYS_SECONDS,
        scenarios=SCENARIOS,
        wait_post=WAIT_POST,
        ask_post=ASK_POSTS[language],
    )


def _words(language: str) -> dict[str, str]:
    """The page's words; how long a share waits is told in them as it is set."""
    seconds = f"{getattr(_settings(), 'share_wait_seconds', 120):g}"
    if language == "fa":
        seconds = seconds.translate(PERSIAN_DIGITS)
    words = dict(WORDS[language])
    words["scenario_wait_hint"] = words["scenario_wait_hint"].replace("{seconds}", seconds)
    return words


@bp.get("/media/<name>")
def media(name: str) -> ResponseReturnValue:
    """A picture or sound of the demo."""
    return serve_media(name)


@bp.get("/state")
def state() -> ResponseReturnValue:
    """What the phone shows."""
    wanted = {name: request.args.get(name, "") for name in ("customer", "known")}
    return _forward("GET", "state", params=wanted)


@bp.post("/customers")
def make_customer() -> ResponseReturnValue:
    """One more customer."""
    return _forward("POST", "customers", json=_body())


@bp.post("/send")
def send() -> ResponseReturnValue:
    """A message of a customer."""
    return _forward("POST", "send", json=_body())


@bp.post("/unsend")
def unsend() -> ResponseReturnValue:
    """A message taken back."""
    return _forward("POST", "unsend", json=_body())


@bp.post("/event")
def event() -> ResponseReturnValue:
    """A reaction, an edit, "seen", a tap on an advertisement."""
    return _forward("POST", "event", json=_body())


@bp.post("/comments")
def comment() -> ResponseReturnValue:
    """A comment under a post."""
    return _forward("POST", "comments", json=_body())


@bp.post("/release")
def release() -> ResponseReturnValue:
    """Let held messages go."""
    return _forward("POST", "release", json=_body())


@bp.post("/reset")
def reset() -> ResponseReturnValue:
    """Empty the phones."""
    return _forward("POST", "reset", json={})


def _body() -> dict[str, Any]:
    data = request.get_json(silent=True)
    return data if isinstance(data, dict) else {}


def _forward(method: str, call: str, **options: Any) -> ResponseReturnValue:
    """Make one call of the control API; its JSON and status are ours."""
    url = f"{_service_url()}/instagram/control/{call}"
    try:
        with requests.Session() as session:
            session.trust_env = False  # the service is on this machine: no proxy
            answer = session.request(method, url, timeout=ANSWER_SECONDS, allow_redirects=False, **options)
            data = answer.json()
    except requests.RequestException:
        return jsonify(error={"code": "demo_away", "message": "The demo service does not answer."}), 502
    response = jsonify(data)
    response.headers["Cache-Control"] = "no-store"
    return response, answer.status_code


def _settings() -> Any:
    return current_app.extensions.get("pilito_settings")


def _service_url() -> str:
    configured = getattr(_settings(), "pilito_demo_url", "") or os.environ.get("PILITO_DEMO_URL", "")
    return (configured or SERVICE_URL).rstrip("/")


def _real_model() -> str:
    """The name of the model that answers, or nothing while it is the demo's own stand-in."""
    settings = _settings()
    if settings is None or settings.openai_base_url.startswith(f"{_service_url()}/"):
        return ""
    return str(settings.openai_model)
