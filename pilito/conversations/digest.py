"""A mail that gathers what somebody has not seen: who called them, and how many conversations wait."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import force_locale, gettext, ngettext
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload

from pilito import mail
from pilito.database import transaction
from pilito.extensions import settings
from pilito.lifecycle import ConversationState, Digest, NotificationKind, Sender
from pilito.models import Audit, Comment, Conversation, Message, Notification, Operator, db
from pilito.people.notices import is_quiet, local_time
from pilito.queries.comments import count_missed
from pilito.queries.panel import Zone, in_zone, unanswered_for_too_long

log = logging.getLogger(__name__)

HOURLY = timedelta(hours=1)
MORNING = 8  # o'clock, where the person is: when the daily one goes out
SHOWN = 15
CALLS = ("handed_over", "assigned")  # deeds by which a conversation comes before people


@dataclass(frozen=True)
class Waiting:
    """What is in *Needs you* for one person, up to SHOWN and more."""

    theirs: int
    nobodys: int
    missed: int  # private replies of theirs that were not sent, or nobody knows

    @property
    def count(self) -> int:
        return self.theirs + self.nobodys + self.missed


def send_digests(now: datetime) -> int:
    """Write the mails that are due; return how many. Safe to stop and to repeat: what was told is marked with it."""
    if not mail.is_set_up():
        return 0
    wanted = select(Operator.id).where(Operator.active, Operator.digest != Digest.OFF)
    ids = list(db.session.scalars(wanted.order_by(Operator.id)))
    db.session.rollback()
    return sum(_send_one(operator_id, now) for operator_id in ids)


def is_due(operator: Operator, now: datetime) -> bool:
    """Whether this person's next mail may go out; in their quiet hours it waits."""
    if operator.digest is Digest.OFF or is_quiet(operator, now):
        return False
    last = operator.digested_at
    if operator.digest is Digest.HOURLY:
        return last is None or now - last >= HOURLY
    here = local_time(operator, now)
    is_todays = last is not None and local_time(operator, last).date() >= here.date()
    return (here.hour >= MORNING or _rests_from_morning_on(operator)) and not is_todays


def _rests_from_morning_on(operator: Operator) -> bool:
    """Whether their quiet hours begin by then and go over midnight: what waits for a later hour never comes."""
    begin, end = operator.quiet_from, operator.quiet_until
    return bool(begin and end) and str(end) < str(begin) <= f"{MORNING:02}:00"


def _send_one(operator_id: int, now: datetime) -> bool:
    with transaction() as tx:
        # The row's lock lets one of two schedulers go first; the other finds that nothing is due.
        operator = db.session.get_one(Operator, operator_id, with_for_update=True, populate_existing=True)
        if not operator.active or not is_due(operator, now):
            return False
        unseen = _unseen(operator)
        waiting = _count_waiting(operator, now)
        is_new = bool(unseen) or _has_new_waiting(operator, now) or _has_new_missed(operator)
        operator.digested_at = now
        if not is_new and not (operator.digest is Digest.DAILY and waiting.count):
            return False
        for row in unseen:
            row.mailed_at = now
        with force_locale(operator.language):
            subject, text = _write(operator, unseen, waiting)
        return mail.write_mail(tx, operator.email, subject, text, now)


def _unseen(operator: Operator) -> Sequence[Notification]:
    """What nobody has read or mailed yet, the oldest first."""
    return db.session.scalars(
        select(Notification)
        .where(
            Notification.operator_id == operator.id,
            Notification.read_at.is_(None),
            Notification.mailed_at.is_(None),
        )
        .options(joinedload(Notification.by), joinedload(Notification.conversation).joinedload(Conversation.customer))
        .order_by(Notification.id)
        .limit(SHOWN)
    ).all()


def _count_waiting(operator: Operator, now: datetime) -> Waiting:
    needs_you = in_zone(Zone.NEEDS_YOU, lambda: unanswered_for_too_long(now))
    theirs, nobodys = (
        db.session.scalar(
            select(func.count()).select_from(select(Conversation.id).where(needs_you, whose).limit(1_000).subquery())
        )
        for whose in (Conversation.operator_id == operator.id, Conversation.operator_id.is_(None))
    )
    return Waiting(theirs or 0, nobodys or 0, count_missed(operator.id))


def _has_new_waiting(operator: Operator, now: datetime) -> bool:
    """Whether a conversation of theirs, or of nobody's, came before people since the last look."""
    since = operator.digested_at or operator.created_at
    whose = (Conversation.operator_id == operator.id) | Conversation.operator_id.is_(None)
    needs_you = in_zone(Zone.NEEDS_YOU, lambda: unanswered_for_too_long(now))
    newer = select(Conversation.id).where(needs_you, whose, _came_before_people(since))
    return db.session.scalar(newer.limit(1)) is not None


def _has_new_missed(operator: Operator) -> bool:
    since = operator.digested_at or operator.created_at
    newer = select(Comment.id).where(Comment.operator_id == operator.id, Comment.missed_at > since)
    return db.session.scalar(newer.limit(1)) is not None


def _came_before_people(since: datetime) -> ColumnElement[bool]:
    """Of what needs a person: whether it began to after this moment, which may be long after the customer wrote."""
    called = Audit.conversation_id == Conversation.id, Audit.at > since, Audit.action.in_(CALLS)
    is_first_waiting = Message.conversation_id == Conversation.id, Message.sent_at == Conversation.unanswered_since
    came_late = *is_first_waiting, Message.sender == Sender.CUSTOMER, Message.created_at > since
    is_undrafted = and_(Conversation.state == ConversationState.ASSISTANT, Conversation.drafted_at.is_(None))
    return or_(
        Conversation.unanswered_since > since,
        Conversation.drafted_at > since,
        Conversation.returned_at > since,
        and_(is_undrafted, ~unanswered_for_too_long(since)),  # it was in time still, and is here for that alone
        select(Audit.id).where(*called).exists(),
        select(Message.id).where(*came_late).exists(),  # read back at the provider
    )


# --- words -----------------------------------------------------------------------------------------------------------


def _write(operator: Operator, unseen: Sequence[Notification], waiting: Waiting) -> tuple[str, str]:
    """Subject and text: names only where the person wants them, and never what a customer wrote."""
    parts = [_led(_line(operator, row), f"/conversations/{row.conversation_id}") for row in unseen]
    if waiting.theirs:
        parts.append(
            ngettext(
                "%(num)s conversation that you hold waits for you.",
                "%(num)s conversations that you hold wait for you.",
                waiting.theirs,
            )
        )
    if waiting.nobodys:
        parts.append(
            ngettext(
                "%(num)s conversation waits for whoever comes first.",
                "%(num)s conversations wait for whoever comes first.",
                waiting.nobodys,
            )
        )
    if waiting.missed:
        line = ngettext(
            "%(num)s private reply of yours to a comment was not sent, or nobody knows if it was.",
            "%(num)s private replies of yours to comments were not sent, or nobody knows if they were.",
            waiting.missed,
        )
        parts.append(_led(line, "/notifications"))
    parts.append(_led(gettext("All that waits:"), "/conversations/?zone=needs_you"))
    parts.append(_led(gettext("How often this mail comes:"), "/settings/notifications"))
    count = len(unseen) + waiting.count
    return ngettext("Pilito: %(num)s thing waits", "Pilito: %(num)s things wait", count), "\n\n".join(parts)


def _line(operator: Operator, row: Notification) -> str:
    by = _isolated(row.by.name) if row.by else gettext("Somebody")
    whom = _isolated(row.conversation.customer.label) if operator.notify_names else gettext("a customer")
    if row.kind is NotificationKind.MENTIONED:
        return gettext("%(name)s mentioned you in a note about %(customer)s.", name=by, customer=whom)
    if row.kind is NotificationKind.ASSIGNED:
        return gettext("%(name)s assigned the conversation with %(customer)s to you.", name=by, customer=whom)
    return gettext("The conversation with %(customer)s that you put off is back.", customer=whom)


def _isolated(name: str) -> str:
    """A name keeps its own direction inside a sentence of the other one: plain text has no marks for that but these."""
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"


def _led(words: str, path: str) -> str:
    """A sentence with the address that it leads to on a line of its own, which becomes a link."""
    return f"{words}\n{settings.public_url.rstrip('/')}{path}"
