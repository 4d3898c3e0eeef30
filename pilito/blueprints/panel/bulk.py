"""One deed on one or many conversations: each by itself, and what became of each is told."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import current_user

from pilito.blueprints import i18n
from pilito.blueprints.auth import FRAGMENT_HEADER, safe_path
from pilito.blueprints.panel import bp, sentences, snoozes
from pilito.clock import utc_now
from pilito.conversations.assign import assign, assign_nobody
from pilito.conversations.close import close
from pilito.conversations.label import put_label, take_label
from pilito.conversations.labels import make_label
from pilito.conversations.mark_unread import mark_unread
from pilito.conversations.read import mark_read
from pilito.conversations.reopen import reopen
from pilito.conversations.seen import Seen
from pilito.conversations.snooze import bring_back, mark_seen_to, snooze
from pilito.conversations.take_over import give_back
from pilito.conversations.undo import undo
from pilito.errors import Refused
from pilito.lifecycle import Role

MOST = 200  # rows at once: as many as a list shows
Form = Mapping[str, str]


@dataclass(frozen=True)
class Task:
    """`deed` does it to one conversation; it returns the audit row by which it is taken back, where it can be.
    `words` tell to how many it was done."""

    deed: Callable[[int, Seen | None], object]
    words: Callable[[int], str]


@bp.post("/conversations/bulk")
def change_many() -> ResponseReturnValue:
    """`row=17:93.4.0` for each, `do=close`; answers with a sentence, and with what takes it back."""
    if not current_user.may(Role.AGENT):
        return _tell(str(sentences.explain_refusal("not_allowed")), [], status=403)
    try:
        rows = _read_rows()
        task = _read_task()
    except Refused as refusal:
        return _tell(str(sentences.explain_refusal(refusal.reason)), [], status=409)
    done: list[object] = []
    refused: Counter[str] = Counter()
    for conversation_id, seen in rows:
        try:
            done.append(task.deed(conversation_id, seen))
        except Refused as refusal:
            refused[refusal.reason] += 1
    said = [i18n.digits(task.words(len(done)))] if done else []
    said += [_refusal_words(reason, count, len(rows)) for reason, count in refused.items()]
    return _tell(" ".join(said), [one for one in done if isinstance(one, int)], status=200 if done else 409)


@bp.post("/conversations/undo")
def undo_many() -> ResponseReturnValue:
    if not current_user.may(Role.AGENT):
        return _tell(str(sentences.explain_refusal("not_allowed")), [], status=403)
    now, operator_id = utc_now(), current_user.id
    refused: Counter[str] = Counter()
    ids = [int(one) for one in request.form.getlist("undo")[:MOST] if one.isdecimal() and len(one) < 19]
    for audit_id in ids:
        try:
            undo(audit_id, operator_id, now)
        except Refused as refusal:
            refused[refusal.reason] += 1
    count = len(ids) - refused.total()
    said = [i18n.digits(ngettext("Taken back.", "%(num)s taken back.", count))] if count else []
    said += [_refusal_words(reason, number, len(ids)) for reason, number in refused.items()]
    return _tell(" ".join(said), [], status=200 if count else 409)


# --- what is asked ---------------------------------------------------------------------------------------------------


def _read_rows() -> list[tuple[int, Seen | None]]:
    """Each conversation once, with what was seen of it."""
    rows: dict[int, Seen | None] = {}
    for text in request.form.getlist("row")[:MOST]:
        number, _, seen = text.partition(":")
        try:
            rows[_id(number)] = Seen.read(seen) if seen else None
        except ValueError:
            raise Refused("nothing_chosen", f"Expected conversation:seen, not {text!r}.") from None
    if not rows:
        raise Refused("nothing_chosen", "Expected at least one row.")
    return list(rows.items())


def _id(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise ValueError(f"{text!r} is no id.")
    return int(text)


def _read_task() -> Task:
    now, operator_id, form = utc_now(), current_user.id, request.form
    read = DEEDS.get(form.get("do", ""))
    if read is None:
        raise Refused("nothing_chosen", f"There is nothing called {form.get('do')!r} to do.")
    return read(form, operator_id, now)


def _close(_form: Form, me: int, now: datetime) -> Task:
    return Task(
        lambda number, seen: close(number, me, now, seen),
        lambda count: ngettext("Closed.", "%(num)s closed.", count),
    )


def _snooze(form: Form, me: int, now: datetime) -> Task:
    zone, language = i18n.operator_zone(), i18n.current_language()
    until = snoozes.read_time(form.get("until", ""), form.get("day", ""), form.get("clock", ""), now, zone, language)
    return Task(
        lambda number, seen: snooze(number, me, until, now, seen),
        lambda count: gettext("%(num)s put off until %(time)s.", num=i18n.digits(count), time=i18n.coming(until)),
    )


def _label(form: Form, me: int, now: datetime) -> Task:
    name = form.get("new_label", "")
    label_id = make_label(name, None, me, now) if name else _label_id(form)
    return Task(
        lambda number, _seen: put_label(number, label_id, me, now),
        lambda count: ngettext("Label added.", "Label added to %(num)s.", count),
    )


def _unlabel(form: Form, me: int, now: datetime) -> Task:
    label_id = _label_id(form)
    return Task(
        lambda number, _seen: take_label(number, label_id, me, now),
        lambda count: ngettext("Label removed.", "Label removed from %(num)s.", count),
    )


def _label_id(form: Form) -> int:
    try:
        return _id(form.get("label", ""))
    except ValueError:
        raise Refused("label_gone", "Expected the id of a label.") from None


def _assign(form: Form, me: int, now: datetime) -> Task:
    to = form.get("to", "")
    if to == "assistant":
        return Task(
            lambda number, _seen: give_back(number, me, now),
            lambda count: ngettext(
                "Given back to the assistant.",
                "%(num)s given back to the assistant.",
                count,
            ),
        )
    if to == "nobody":
        return Task(
            lambda number, _seen: assign_nobody(number, me, now),
            lambda count: ngettext("Put before everybody.", "%(num)s put before everybody.", count),
        )
    try:
        person = me if to == "me" else _id(to)
    except ValueError:
        raise Refused("assignee_unknown", f"There is nobody {to!r}.") from None
    return Task(
        lambda number, _seen: assign(number, person, me, now),
        lambda count: ngettext("Assigned.", "%(num)s assigned.", count),
    )


def _read(_form: Form, _me: int, now: datetime) -> Task:
    return Task(
        lambda number, _seen: mark_read(number, now),
        lambda count: ngettext("Marked as read.", "%(num)s marked as read.", count),
    )


def _unread(_form: Form, _me: int, now: datetime) -> Task:
    return Task(
        lambda number, _seen: mark_unread(number, now),
        lambda count: ngettext("Marked as unread.", "%(num)s marked as unread.", count),
    )


def _reopen(_form: Form, me: int, now: datetime) -> Task:
    return Task(
        lambda number, _seen: reopen(number, me, now),
        lambda count: ngettext("Opened again.", "%(num)s opened again.", count),
    )


def _seen_to(_form: Form, me: int, now: datetime) -> Task:
    return Task(
        lambda number, _seen: mark_seen_to(number, me, now),
        lambda count: ngettext("Seen to.", "%(num)s seen to.", count),
    )


def _bring_back(_form: Form, me: int, now: datetime) -> Task:
    return Task(
        lambda number, _seen: bring_back(number, me, now),
        lambda count: ngettext("Brought back.", "%(num)s brought back.", count),
    )


DEEDS: dict[str, Callable[[Form, int, datetime], Task]] = {
    "close": _close,
    "snooze": _snooze,
    "label": _label,
    "unlabel": _unlabel,
    "assign": _assign,
    "read": _read,
    "unread": _unread,
    "reopen": _reopen,
    "seen_to": _seen_to,
    "bring_back": _bring_back,
}


# --- what is told ----------------------------------------------------------------------------------------------------


def _refusal_words(reason: str, count: int, all_rows: int) -> str:
    if all_rows == 1:
        return str(sentences.explain_refusal(reason))
    if reason == "moved_on":
        changed = ngettext(
            "%(num)s was changed meanwhile and left as it is.",
            "%(num)s were changed meanwhile and left as they are.",
            count,
        )
        return i18n.digits(changed)
    why = sentences.explain_refusal(reason)
    return str(gettext("%(num)s not done: %(why)s", num=i18n.digits(count), why=why))


def _tell(words: str, undo_ids: list[int], status: int) -> ResponseReturnValue:
    if request.headers.get(FRAGMENT_HEADER):
        return jsonify(message=words, undo=undo_ids), status
    flash(words, "problem" if status >= 400 else "message")
    return redirect(safe_path(request.form.get("next")))
