"""What the assistant may do: modes, hours and rules of an inbox, a conversation's own mode, the stop, and drafts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import available_timezones

from babel.dates import get_day_names
from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_login import current_user

from pilito.blueprints.auth import safe_path
from pilito.blueprints.i18n import current_language, operator_zone
from pilito.blueprints.panel import bp, sentences
from pilito.blueprints.panel.access import for_admins
from pilito.blueprints.panel.actions import changes, undo_time
from pilito.blueprints.panel.inboxes import INBOX
from pilito.clock import utc_now
from pilito.conversations.approve import discard_draft, draft_again, send_draft
from pilito.conversations.choose_mode import PageIsOld, Rules, choose_mode, choose_rules, read_hours
from pilito.conversations.duty import is_stopped
from pilito.conversations.stop_all import lift_stop, stop_all
from pilito.errors import Refused
from pilito.lifecycle import AssistantMode, OutsideHours, PassageKind
from pilito.models import Inbox, Passage, db
from pilito.queries import inboxes as queries
from pilito.spelling import one_line

# The days as Python counts them, in the order of a shop's week: where it begins on Saturday, and on Monday.
WEEKS = {"fa": (5, 6, 0, 1, 2, 3, 4), "en": (0, 1, 2, 3, 4, 5, 6)}
# To begin with, in the languages that customers of a shop write: theirs counts, not the operator's.
MACHINE_LINES = (
    "این پاسخ را دستیار هوشمند فروشگاه نوشته است؛ هر وقت بخواهید همکارمان پاسخ می‌دهد.",
    "You are talking to the shop's automated assistant; ask for a person at any time.",
)
USUAL_HOURS = "10:00-20:00"
# In which fields of the form a rule stands, where not in one of its own name.
FIELDS = {"hours": ("has_hours", *(f"day_{day}" for day in range(7))), "holds_every_word": ("holds",)}
# Under which heading a rule stands; all others are the hours'.
HEADINGS = {
    "assistant_mode": _("What it does"),
    "holds_every_word": _("What leaves without a person"),
    "machine_line": _("Saying that a machine answers"),
    **dict.fromkeys(
        ("hand_over_line", "outside_hours_line", "give_back_hours", "needs_you_minutes"), _("When people are called")
    ),
}
DRAFTS = "/conversations/<int:conversation_id>/drafts/<int:draft_id>"
AS_INBOX = "inbox"


@bp.app_context_processor
def stop_words() -> dict[str, Any]:
    return {"assistant_stopped": _is_stopped}


def _is_stopped() -> bool:
    """Asked once a page."""
    if "assistant_stopped" not in g:
        g.assistant_stopped = is_stopped()
    return bool(g.assistant_stopped)


# --- an inbox --------------------------------------------------------------------------------------------------------


@bp.get(f"{INBOX}/assistant")
@for_admins
def show_assistant(inbox_id: int) -> ResponseReturnValue:
    inbox: Inbox = queries.find_inbox(inbox_id) or abort(404)
    return _show_rules(inbox, _kept(inbox), _as_opened(inbox))


def _show_rules(inbox: Inbox, shown: Mapping[str, str], opened: str) -> str:
    """The form with these values: what is kept, or what was just typed and could not be. It carries along how it was
    when it was opened."""
    language = current_language()
    names = get_day_names("wide", context="stand-alone", locale=language)
    return render_template(
        "inboxes/assistant.html",
        inbox=inbox,
        week=[(day, names[day]) for day in WEEKS[language]],
        shown=shown,
        opened=opened,
        zones=sorted(available_timezones()),
        machine_lines=MACHINE_LINES,
    )


def _kept(inbox: Inbox) -> dict[str, str]:
    """The values of the form as the inbox has them."""
    return {
        **{f"day_{day}": _spans(inbox, day) for day in range(7)},
        "assistant_mode": inbox.assistant_mode.value,
        "has_hours": "on" if inbox.hours is not None else "",
        "zone": inbox.zone or str(operator_zone()),
        "holidays": "\n".join(inbox.holidays or []),
        "outside_hours": inbox.outside_hours.value,
        "hand_over_line": inbox.hand_over_line or "",
        "outside_hours_line": inbox.outside_hours_line or "",
        "machine_line": inbox.machine_line or "",
        "give_back_hours": str(inbox.give_back_hours or ""),
        "needs_you_minutes": str(inbox.needs_you_minutes),
        "holds": "words" if inbox.holds_every_word else "numbers",
    }


def _as_opened(inbox: Inbox) -> str:
    """The same as JSON; a zone that is only offered is not yet chosen."""
    kept = _kept(inbox)
    return json.dumps(kept | {"zone": inbox.zone or "", "offered": kept["zone"]})


def _spans(inbox: Inbox, day: int) -> str:
    """The hours of a day as one types them; where none were ever chosen, the usual ones."""
    if inbox.hours is None:
        return USUAL_HOURS
    return ", ".join("-".join(span) for span in inbox.hours.get(str(day), ()))


@bp.post(f"{INBOX}/assistant")
@for_admins
def save_assistant(inbox_id: int) -> ResponseReturnValue:
    inbox: Inbox = queries.find_inbox(inbox_id) or abort(404)
    opened, has_zone = _read_opened(), inbox.zone is not None
    try:
        rules, then = _read_rules(request.form), _read_rules(opened) if opened is not None else None
        if has_zone and then is not None and then.zone is None and rules.zone == (opened or {}).get("offered"):
            rules = replace(rules, zone=None)  # nobody typed it, and somebody else has chosen one since
        choose_rules(inbox_id, rules, current_user.id, utc_now(), then)
    except PageIsOld as refusal:
        return _show_both(inbox, refusal), 422
    except Refused as refusal:
        if refusal.reason == "not_found":
            abort(404)
        flash(sentences.explain_refusal(refusal.reason), "problem")
        return _show_rules(
            inbox, request.form, request.form.get("opened", "")
        ), 422  # nothing of what was typed is lost
    flash(gettext("Saved. It counts from the next message on."), "good")
    return redirect(url_for("panel.show_assistant", inbox_id=inbox_id))


def _show_both(inbox: Inbox, refusal: PageIsOld) -> str:
    """What this person changed as they typed it, all else as others left it; and where the two met."""
    where = gettext(", ").join(dict.fromkeys(str(HEADINGS.get(name, _("Hours"))) for name in refusal.met))
    flash(
        gettext(
            "Somebody else has changed the same since you opened this page: %(where)s. Nothing was saved. What you"
            " typed stands below: save once more to let it count, or open the page anew to see theirs.",
            where=where,
        ),
        "problem",
    )
    typed = [field for name in refusal.mine for field in FIELDS.get(name, (name,))]
    shown = _kept(inbox) | {field: request.form.get(field, "") for field in typed}
    return _show_rules(inbox, shown, _as_opened(inbox))


def _read_opened() -> dict[str, str] | None:
    """How the form was when it was opened; None where it does not say."""
    text = request.form.get("opened")
    if not text:
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        abort(400)
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        abort(400)
    return values


def _read_rules(form: Mapping[str, str]) -> Rules:
    hours = read_hours({str(day): _ascii(form.get(f"day_{day}", "")) for day in range(7)})
    try:
        mode, outside = AssistantMode(form.get("assistant_mode", "")), OutsideHours(form.get("outside_hours", ""))
    except ValueError:
        abort(400)
    return Rules(
        assistant_mode=mode,
        hours=hours if form.get("has_hours") else None,
        zone=form.get("zone", "").strip() or None,
        holidays=[day.strip() for day in _ascii(form.get("holidays", "")).splitlines() if day.strip()] or None,
        outside_hours=outside,
        hand_over_line=_line(form, "hand_over_line"),
        outside_hours_line=_line(form, "outside_hours_line"),
        machine_line=_line(form, "machine_line"),
        give_back_hours=_number(form, "give_back_hours") if form.get("give_back_hours", "").strip() else None,
        needs_you_minutes=_number(form, "needs_you_minutes"),
        holds_every_word=form.get("holds") != "numbers",
    )


def _line(form: Mapping[str, str], name: str) -> str | None:
    return one_line(form.get(name, "")) or None


def _number(form: Mapping[str, str], name: str) -> int:
    text = _ascii(form.get(name, "")).strip()
    if not text.isdecimal() or len(text) > 6:
        raise Refused("number_wrong", f"{name}: expected a number, got {text!r}.")
    return int(text)


def _ascii(text: str) -> str:
    """Persian and Arabic digits and commas as they are typed there."""
    digits: Sequence[str] = ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩")
    return text.translate({ord(char): str(number) for row in digits for number, char in enumerate(row)}).replace(
        "،", ","
    )


# --- facts -----------------------------------------------------------------------------------------------------------


@bp.get("/knowledge/passages/<int:passage_id>")
def open_passage(passage_id: int) -> ResponseReturnValue:
    """Where a fact that an answer rests on is mended: a text typed here, or the source that it was read from."""
    passage = db.session.get(Passage, passage_id) or abort(404)
    if passage.kind is PassageKind.PAGE:
        return redirect(url_for("panel.show_source", source_id=passage.source_id))
    return redirect(url_for("panel.show_text", passage_id=passage_id))


# --- the stop --------------------------------------------------------------------------------------------------------


@bp.post("/settings/assistant/stop")
@for_admins
def stop_assistant() -> ResponseReturnValue:
    stop_all(current_user.id, utc_now())
    return redirect(safe_path(request.form.get("next")))


@bp.post("/settings/assistant/resume")
@for_admins
def lift_assistant_stop() -> ResponseReturnValue:
    lift_stop(current_user.id, utc_now())
    return redirect(safe_path(request.form.get("next")))


# --- a conversation --------------------------------------------------------------------------------------------------


@bp.post("/conversations/<int:conversation_id>/mode/<mode>")
@changes
def choose_conversation_mode(conversation_id: int, mode: str) -> None:
    if mode not in (AS_INBOX, *AssistantMode):
        raise Refused("not_found", f"There is no mode {mode!r}.")
    chosen = None if mode == AS_INBOX else AssistantMode(mode)
    choose_mode(conversation_id, chosen, current_user.id, utc_now())


@bp.post(f"{DRAFTS}/<how>")
@changes
def decide_draft(conversation_id: int, draft_id: int, how: str) -> None:
    now, operator_id = utc_now(), current_user.id
    if how in ("send", "send-anyway"):
        send_draft(conversation_id, draft_id, operator_id, now, is_confirmed=how == "send-anyway", hold=undo_time())
    elif how == "discard":
        discard_draft(conversation_id, draft_id, operator_id, now)
    elif how == "again":
        draft_again(conversation_id, now)
    else:
        raise Refused("not_found", f"There is no way {how!r} to decide about a draft.")
