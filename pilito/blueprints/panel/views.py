"""Pages and fragments of the panel: they only read."""

import time
from typing import Any
from uuid import uuid4

from flask import abort, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from pilito.blueprints.auth import FRAGMENT_HEADER, ask_for_second_step, ask_to_log_in
from pilito.blueprints.numbers import LARGEST_ID, whole
from pilito.blueprints.panel import bp, present, sentences, steps
from pilito.blueprints.panel.desk import asked_filter, asked_zone, head_words
from pilito.blueprints.panel.spans import spans
from pilito.clock import utc_now
from pilito.conversations.disclose import line_due
from pilito.conversations.drafts import find_draft
from pilito.extensions import channels
from pilito.lifecycle import Role
from pilito.models import Conversation
from pilito.queries import panel as queries
from pilito.queries.filters import narrowed
from pilito.queries.labels import labels_of
from pilito.queries.notes import message_at
from pilito.queries.panel import Cursor, Zone

LIST_PAGE = 40
LIST_LIMIT = 200  # the longest list that is fetched again at once
THREAD_PAGE = 50


@bp.before_request
def require_login() -> ResponseReturnValue | None:
    """Every route of the panel, at one place."""
    if not current_user.is_authenticated:
        return ask_to_log_in()
    return ask_for_second_step()


@bp.after_request
def keep_private(response: Response) -> Response:
    """Customers' words stay out of every cache, the browser's own on a shared computer included."""
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.after_request
def say_who_looks(response: Response) -> Response:
    """A page that slept through a log-out and another's log-in learns whose it is by now (http.js)."""
    operator_id = g.get("operator_id")  # noted when they were found: the database may be away by now
    if FRAGMENT_HEADER in request.headers and operator_id is not None:
        response.headers["X-Operator"] = str(operator_id)
    return response


@bp.app_context_processor
def panel_words() -> dict[str, Any]:
    return {
        "present": present,
        "spans": spans,
        "sentences": sentences,
        "folds": steps.is_folded,
        "Zone": Zone,
        "demo": bool(current_app.config.get("PILITO_DEMO")),
        "may_change": bool(current_user and current_user.is_authenticated and current_user.may(Role.AGENT)),
    }


@bp.get("/")
def start() -> ResponseReturnValue:
    return redirect(url_for("panel.show_list"))


@bp.get("/conversations/")
def show_list() -> ResponseReturnValue:
    return render_template("panel/page.html", **list_words(), **clock_words(), conversation=None)


@bp.get("/conversations/list")
def list_fragment() -> ResponseReturnValue:
    return render_template("panel/list_fragment.html", **list_words(), **clock_words())


@bp.get("/conversations/<int:conversation_id>")
def show_thread(conversation_id: int) -> ResponseReturnValue:
    """The page; with the fragment header only its thread, for a browser that has the rest."""
    conversation = get_conversation(conversation_id)
    words = _thread_words(conversation)
    if request.headers.get(FRAGMENT_HEADER):
        return render_template("panel/thread.html", **words, **clock_words(), zone=asked_zone())
    return render_template("panel/page.html", **words, **list_words(), **clock_words())


@bp.get("/conversations/<int:conversation_id>/messages")
def messages_fragment(conversation_id: int) -> ResponseReturnValue:
    """`after_seq=93`: what changed since; `before=<cursor>`, `after=<cursor>`: the page of older or newer messages;
    `around=123`: those before and after one; `note=45`: those about a note; `newest=1`: the newest."""
    conversation = get_conversation(conversation_id)
    if after := _asked_cursor("after"):
        thread = queries.read_newer(conversation, after, THREAD_PAGE)
    elif {"before", "around", "note", "newest"} & set(request.args):
        thread = _asked_messages(conversation)
    else:
        thread = queries.read_changes(conversation, request.args.get("after_seq", 0, type=whole))
    words = _desk_words(conversation) | clock_words() | {"thread": thread, "zone": asked_zone()}
    return render_template("panel/messages_fragment.html", **words)


# --- for pages and fragments of other files ---------------------------------------------------------------------------


def page_words(conversation: Conversation) -> dict[str, Any]:
    """The whole page with this conversation open."""
    return _thread_words(conversation) | list_words() | clock_words()


def fragment_words() -> dict[str, Any]:
    return clock_words() | {"zone": asked_zone()}


# --- what the templates get ------------------------------------------------------------------------------------------


def get_conversation(conversation_id: int) -> Conversation:
    conversation = queries.find_conversation(conversation_id)
    if conversation is None:
        abort(404)
    return conversation


def list_words() -> dict[str, Any]:
    zone, wanted = asked_zone(), asked_filter()
    now = utc_now()
    limit = min(max(request.args.get("limit", LIST_PAGE, type=whole), 1), LIST_LIMIT)
    before = None if "conversation_id" in (request.view_args or {}) else _asked_cursor()
    counts = queries.count_zones(now)
    return {
        "zone": zone,
        "counts": counts,
        "count_limit": queries.COUNT_LIMIT,
        "page": queries.list_conversations(zone, before, limit, now, narrowed(wanted, current_user.id)),
        **head_words(zone, wanted, counts, now),
    }


def _asked_messages(conversation: Conversation) -> queries.Thread:
    around, note = (request.args.get(name, type=whole) for name in ("around", "note"))
    if note is not None and 0 < note <= LARGEST_ID:
        around = message_at(conversation, note)
    if around is not None and 0 < around <= LARGEST_ID:
        return queries.read_around(conversation, around, THREAD_PAGE)
    return queries.read_thread(conversation, _asked_cursor(), THREAD_PAGE)


def _thread_words(conversation: Conversation) -> dict[str, Any]:
    thread = _asked_messages(conversation)
    return _desk_words(conversation) | {"thread": thread, "client_id": uuid4()}


def _desk_words(conversation: Conversation) -> dict[str, Any]:
    desk = present.desk_of(conversation, current_user.may(Role.AGENT), utc_now())
    draft = find_draft(conversation)
    return {
        "conversation": conversation,
        "desk": desk,
        "draft": draft,
        "machine_line": line_due(conversation, utc_now()) if draft and not draft.finding else None,
        "writing_until": queries.writing_until(conversation, utc_now()),
        "channel": channels[conversation.inbox.channel],
        "labels": labels_of([conversation.id]).get(conversation.id, ()),
    }


def clock_words() -> dict[str, Any]:
    """The server's time, so that a browser whose clock is wrong still counts down rightly."""
    return {"now": utc_now(), "now_ms": time.time_ns() // 1_000_000}


def _asked_cursor(name: str = "before") -> Cursor | None:
    text = request.args.get(name)
    try:
        return Cursor.read(text) if text else None
    except (ValueError, OverflowError):
        abort(400)
