"""People choose what the assistant does: in one conversation, or in an inbox with its hours and rules."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pilito.conversations import turns
from pilito.conversations.drafts import go_stale
from pilito.conversations.duty import duty_of
from pilito.conversations.hours import DAY_END, read_time
from pilito.conversations.lock import get_locked, mark_changed
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import MODE_RANK, AssistantMode, ConversationState, OutsideHours, Role
from pilito.models import Audit, Inbox, Operator, db

LONGEST_LINE = 300  # characters: one line, not a letter
MOST_SPANS = 4  # of a day
MOST_HOLIDAYS = 100
MOST_HOURS = 24 * 30
MOST_MINUTES = 24 * 60

Hours = dict[str, list[list[str]]]


@dataclass(frozen=True)
class Rules:
    """How the assistant of an inbox works; see models/inbox.py."""

    assistant_mode: AssistantMode
    hours: Hours | None = None
    zone: str | None = None
    holidays: list[str] | None = None
    outside_hours: OutsideHours = OutsideHours.ANSWER
    hand_over_line: str | None = None
    outside_hours_line: str | None = None
    machine_line: str | None = None
    give_back_hours: int | None = None
    needs_you_minutes: int = 15
    holds_every_word: bool = True


class PageIsOld(Refused):
    """Somebody else has changed rules meanwhile to something else: `met`, of `mine`, all that were changed here."""

    def __init__(self, mine: list[str], met: list[str]) -> None:
        super().__init__("page_is_old", f"Somebody else has changed {', '.join(met)}.")
        self.mine, self.met = mine, met


def choose_mode(conversation_id: int, mode: AssistantMode | None, operator_id: int | None, now: datetime) -> None:
    """Let a conversation have a mode of its own; None: as its inbox.

    Switched off, a person has it; switched on, what waits is asked anew, where the assistant holds the conversation.
    Raises Refused (mode_of_admins).
    """
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        if conversation.assistant_mode is mode:
            return
        operator = db.session.get(Operator, operator_id) if operator_id is not None else None
        if operator is not None and not may_choose(operator, conversation.inbox, mode):
            raise Refused("mode_of_admins", f"A person who is {operator.role} lets the assistant do less, not more.")
        conversation.assistant_mode = mode
        details = {"mode": mode.value if mode else None}
        db.session.add(
            Audit(
                at=now, action="mode_chosen", operator_id=operator_id, conversation_id=conversation.id, details=details
            )
        )
        if conversation.state is ConversationState.ASSISTANT:
            go_stale(conversation, "mode_chosen")
            turns.drop(conversation, "mode chosen", now)
            conversation.epoch += 1
            duty = duty_of(conversation, now)
            if duty.mode is AssistantMode.OFF:
                turns.leave_to_people(tx, conversation, duty, now)
            else:
                turns.ask_unanswered(tx, conversation, now)
        mark_changed(tx, conversation)


def may_choose(operator: Operator, inbox: Inbox, mode: AssistantMode | None) -> bool:
    """How far the assistant of an account goes is for who sets it up; who answers may hold it back in a conversation,
    and let go again. A mode of its own that is the account's of today would outlast it: None says the same."""
    return mode is None or operator.may(Role.ADMIN) or MODE_RANK[mode] < MODE_RANK[inbox.assistant_mode]


def choose_rules(
    inbox_id: int, rules: Rules, operator_id: int | None, now: datetime, opened: Rules | None = None
) -> None:
    """Change how the assistant of an inbox works. Conversations keep who holds them.

    `opened` is how it worked when the page was opened: what was left so is left as it is by now, whoever changed it.

    Raises Refused (not_found, zone_unknown, hours_wrong, holiday_wrong, line_too_long, number_wrong), PageIsOld.
    """
    _check(rules)
    with transaction():
        inbox = db.session.get(Inbox, inbox_id, with_for_update=True, populate_existing=True)
        if inbox is None:
            raise Refused("not_found", f"There is no inbox {inbox_id}.")
        before, then = {name: getattr(inbox, name) for name in asdict(rules)}, asdict(opened) if opened else None
        changed = [
            name
            for name, value in asdict(rules).items()
            if value != before[name] and (then is None or not _are_same(value, then[name]))
        ]
        if then is not None and (met := [name for name in changed if not _are_same(before[name], then[name])]):
            raise PageIsOld(changed, met)
        for name in changed:
            setattr(inbox, name, getattr(rules, name))
        if changed:
            details = {"inbox_id": inbox_id, "changed": changed, "mode": inbox.assistant_mode.value}
            db.session.add(Audit(at=now, action="assistant_rules", operator_id=operator_id, details=details))


def _are_same(one: Any, other: Any) -> bool:
    """A day off may stand among the hours without any, or not at all."""
    if isinstance(one, dict) and isinstance(other, dict):
        one, other = ({day: spans for day, spans in hours.items() if spans} for hours in (one, other))
    return bool(one == other)


def read_hours(spans: Mapping[str, str]) -> Hours:
    """Return the hours that a form gives by weekday: "10:00-14:00, 17:00-21:30"; an empty text is a day off.

    Raises Refused (hours_wrong) for anything else.
    """
    return {day: [_read_span(part) for part in text.split(",") if part.strip()] for day, text in spans.items()}


def _read_span(text: str) -> list[str]:
    start, dash, end = text.replace("–", "-").partition("-")
    try:
        span = [read_time(start.strip()), read_time(end.strip())]
    except ValueError:
        raise Refused("hours_wrong", f"Expected 10:00-14:00, got {text!r}.") from None
    if not dash or span[0] == span[1] or span[0] == DAY_END:
        raise Refused("hours_wrong", f"Expected a beginning and another end, got {text!r}.")
    return span


def _check(rules: Rules) -> None:
    if rules.hours is not None and any(len(spans) > MOST_SPANS for spans in rules.hours.values()):
        raise Refused("hours_wrong", f"A day has at most {MOST_SPANS} spans.")
    if rules.zone is not None and not _is_zone(rules.zone):
        raise Refused("zone_unknown", f"There is no time zone {rules.zone!r}.")
    if len(rules.holidays or []) > MOST_HOLIDAYS or not all(map(_is_date, rules.holidays or [])):
        raise Refused("holiday_wrong", f"Expected at most {MOST_HOLIDAYS} days like 2027-03-21.")
    lines = (rules.hand_over_line, rules.outside_hours_line, rules.machine_line)
    if any(len(line or "") > LONGEST_LINE for line in lines):
        raise Refused("line_too_long", f"A line has at most {LONGEST_LINE} characters.")
    if rules.give_back_hours is not None and not 1 <= rules.give_back_hours <= MOST_HOURS:
        raise Refused("number_wrong", f"Expected 1 to {MOST_HOURS} hours.")
    if not 1 <= rules.needs_you_minutes <= MOST_MINUTES:
        raise Refused("number_wrong", f"Expected 1 to {MOST_MINUTES} minutes.")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name that is a folder, or too long
        return False
    return True


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
