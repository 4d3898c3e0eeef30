"""What the audit log calls its rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _

from pilito.blueprints.i18n import digits, moment
from pilito.blueprints.panel import sentences
from pilito.blueprints.panel.facts_words import KINDS
from pilito.lifecycle import Role
from pilito.models import Audit

Words = Any

ACTIONS: dict[str, Words] = {
    # who comes in
    "logged_in": _("logged in"),
    "logged_out": _("logged out"),
    "log_in_refused": _("log-in refused: wrong e-mail or password"),
    "code_refused": _("log-in refused: wrong code"),
    "session_ended": _("ended a log-in of their own"),
    "sessions_ended": _("ended all other log-ins of their own"),
    "password_changed": _("changed their password"),
    "password_offered": _("made a link to a new password"),
    "password_chosen": _("chose a new password by a link"),
    "password_set": _("password set from the command line"),
    "email_changed": _("changed their e-mail"),
    "second_step_on": _("switched the second step on"),
    "second_step_off": _("switched the second step off"),
    "second_step_required": _("chose whether admins need the second step"),
    "recovery_codes_made": _("made new recovery codes"),
    "recovery_code_used": _("came in by a recovery code"),
    # the team
    "shop_set_up": _("set the shop up"),
    "first_steps_hidden": _("put the first steps away"),
    "operator_added": _("somebody was let in from the command line"),
    "operator_invited": _("invited somebody"),
    "invitation_accepted": _("came in by an invitation"),
    "invitation_revoked": _("took an invitation back"),
    "role_changed": _("changed a role"),
    "operator_deactivated": _("deactivated somebody"),
    "operator_activated": _("let somebody in again"),
    "operator_erased": _("somebody of the team was erased"),
    "operator_exported": _("somebody's own data were exported"),
    "token_made": _("made an API token"),
    "token_revoked": _("revoked an API token"),
    # accounts
    "inbox_connected": _("connected an account"),
    "inbox_reconnected": _("connected an account again"),
    "inbox_disconnected": _("disconnected an account"),
    "inbox_stopped": _("an account stopped sending"),
    "inbox_subscribed": _("had messages posted to us again"),
    "inbox_erased": _("an account was erased with everything of it"),
    "token_renewed": _("the connection of an account was renewed"),
    "voice_asks": _("chose whether voice may ask about a post"),
    "chose_comments": _("chose what happens with comments"),
    # the jobs, at /rq
    "job_deleted": _("deleted a job"),
    "job_requeued": _("queued a job again"),
    "jobs_requeued": _("queued the failed jobs of a queue again"),
    "queue_emptied": _("emptied a list of jobs"),
    "queue_compacted": _("took jobs that are gone off a queue"),
    # the assistant
    "assistant_stopped": _("stopped the assistant everywhere"),
    "assistant_resumed": _("let the assistant work again"),
    "assistant_rules": _("changed the assistant's rules"),
    "instructions_written": _("changed the assistant's instructions"),
    "mode_chosen": _("chose the assistant's mode for a conversation"),
    "discarded_draft": _("discarded the assistant's draft"),
    "sent_draft": _("sent the assistant's draft"),
    # conversations
    "handed_over": _("the assistant handed over"),
    "took_over": _("took a conversation over"),
    "gave_back": _("gave a conversation back"),
    "closed": _("closed a conversation"),
    "reopened": _("a conversation was opened again"),
    "assigned": _("assigned a conversation"),
    "snoozed": _("put a conversation off"),
    "unsnoozed": _("took a conversation up again"),
    "came_back": _("a conversation came back"),
    "seen_to": _("saw to a conversation that had come back"),
    "labelled": _("added a label"),
    "unlabelled": _("took a label away"),
    "label_made": _("made a label"),
    "label_changed": _("changed a label"),
    "label_merged": _("merged two labels"),
    "label_deleted": _("deleted a label"),
    "note_written": _("wrote a note"),
    "note_edited": _("changed a note"),
    "note_deleted": _("deleted a note"),
    "canned_reply_saved": _("saved a canned reply"),
    "canned_reply_deleted": _("deleted a canned reply"),
    "undone": _("took back what they had done to a conversation"),
    "undid_reply": _("took a reply back before it left"),
    "asked_again": _("the assistant looked at a question again"),
    "settled_send": _("settled what became of a reply"),
    "private_reply": _("answered a comment privately"),
    "replied_privately": _("answered a comment privately"),
    "settled_private_reply": _("settled what became of a private reply"),
    "blocked": _("blocked a customer"),
    "unblocked": _("unblocked a customer"),
    "merged": _("merged two customers"),
    "unmerged": _("took two customers apart"),
    "referred": _("a customer came by an ad or a link"),
    "thread_passed": _("a conversation was passed between apps"),
    "thread_taken": _("another app took a conversation, or lost it"),
    "thread_requested": _("another app asked for a conversation"),
    "opted_in": _("a customer agreed to notifications"),
    "linked": _("a customer linked or unlinked an account"),
    "read_again": _("had a webhook read again"),
    # people's data
    "customer_erased": _("a customer was erased"),
    "commenter_erased": _("somebody who had commented was erased"),
    "asked_to_erase": _("had a customer erased"),
    "exported_customer": _("exported a customer's data"),
    "settled_deletion": _("settled a request to delete data"),
    # facts
    "product_saved": _("saved a product"),
    "product_deleted": _("deleted a product"),
    "product_shown": _("showed a product again"),
    "product_put_aside": _("put a product aside"),
    "price_rule": _("chose which price counts"),
    "post_product": _("said which product a post is about"),
    "text_saved": _("saved an answer or a text"),
    "text_deleted": _("deleted an answer or a text"),
    "source_added": _("added a source"),
    "source_deleted": _("deleted a source"),
    "source_moved": _("moved a source"),
    "source_scheduled": _("chose when a source is read"),
    "catalogue_imported": _("imported a catalogue"),
    "feed_connected": _("connected a shop's catalogue"),
    "feed_keys_changed": _("changed the keys of a shop's catalogue"),
}
ROLES: dict[str, Words] = {
    Role.OWNER: _("owner"),
    Role.ADMIN: _("admin"),
    Role.AGENT: _("agent"),
    Role.VIEWER: _("viewer"),
}
YES_NO = {True: _("yes"), False: _("no")}
# Values that have words of their own.
VALUES: dict[str, dict[Any, Words]] = {
    "mode": sentences.MODES,
    "reason": sentences.HAND_OVER_SHORT,
    "undone": ACTIONS,
    "kind": KINDS,
    "state": {
        "applied": _("as it was"),
        "edited": _("in other words"),
        "discarded": _("thrown away"),
        "proposed": _("proposed"),
        "confirmed": _("confirmed"),
        "refused": _("not this one"),
    },
    "how": {
        "arrived": _("it had arrived"),
        "again": _("sent again"),
        "given_up": _("given up"),
        "given-up": _("given up"),
    },
    "why": {"customer": _("the customer wrote"), "time": _("the time had come")},
    "rule": {"ask": _("a person is asked"), "catalogue": _("the catalogue's price counts")},
    "comments": {"on": _("on"), "off": _("off")},
    "mistaken_echo": {True: _("what seemed to come from the phone was its own reply")},
    "colour": sentences.LABEL_COLOURS,
}
# What stands before a value that does not speak for itself.
KEYS: dict[str, Words] = {
    "until": _("until"),
    "from": _("from"),
    "to": _("to"),
    "mode": _("assistant"),
    "version": _("version"),
    "restored": _("taken from version"),
    "added": _("new"),
    "changed": _("changed"),
    "gone": _("put aside"),
    "into": _("taken up into"),
    "count": _("count"),
    "required": _("needed"),
    "may_ask": _("may ask"),
    "by_itself": _("answered by itself"),
    "comments": _("comments"),
    "reason": _("reason"),
    "why": _("because"),
    "how": _("outcome"),
    "queue": _("queue"),
    "job": _("job"),
    "list": _("list"),
    "rule_hours": _("hours without a person"),
}
# Values that need no name before them: each is a name itself, or a word of its own.
ALONE = {"name", "title", "email", "shortcut", "file", "comment", "detail", "kind", "role", "state", "undone", "rule"}
ALONE |= {"whom", "operator_id", "inbox_id", "product_id", "text", "mistaken_echo", "colour", "ref", "ad_title"}
# Kept for taking a deed back, or for finding a row in the database: it tells nobody anything. What it belongs to is
# named beside it, or stands in the conversation that the line leads to.
UNTOLD = {"before", "epoch", "label", "note_id", "source_id", "passage_id", "canned_reply_id", "draft_id"}
UNTOLD |= {
    "delivery_id",
    "message_id",
    "session_id",
    "comment_id",
    "deletion_id",
    "webhook_id",
    "own_post_id",
    "customer",
    "fields",
    "account_digest",
    "source",
    "ad_id",
    "picture_url",
    "post_id",
}
PEOPLE = {"whom", "operator_id", "to"}
LONGEST_VALUE = 160


@dataclass(frozen=True)
class Names:
    """What ids are called: of people, of accounts, and of the products that the rows at hand speak of."""

    people: Mapping[int, str]
    inboxes: Mapping[int, str] = field(default_factory=dict)
    products: Mapping[int, str] = field(default_factory=dict)

    def find(self, name: str, number: int) -> str | None:
        """What a number is called; None where it is no id of these, `#7` where nobody knows it any more."""
        known = {"inbox_id": self.inboxes, "product_id": self.products} | dict.fromkeys(PEOPLE, self.people)
        return known[name].get(number, f"#{number}") if name in known else None


@dataclass(frozen=True)
class Line:
    """One row as it is shown."""

    row: Audit
    who: str
    what: str
    about: str


def line_of(row: Audit, names: Names) -> Line:
    return Line(row, names.people.get(row.operator_id or 0, ""), name_of(row.action), details_of(row, names))


def name_of(action: str) -> str:
    """In words; one that this version has no words for, as it is."""
    return str(ACTIONS.get(action, action.replace("_", " ")))


def products_in(rows: Iterable[Audit]) -> set[int]:
    """The products that these rows name by nothing but their id."""
    ids = ((row.details or {}).get("product_id") for row in rows if not (row.details or {}).get("name"))
    return {one for one in ids if isinstance(one, int)}


def details_of(row: Audit, names: Names) -> str:
    """What else is known, in one line of words; names instead of ids. Lists are of words of the code."""
    details = (row.details or {}).items()
    told = {name: value for name, value in details if name not in UNTOLD and not isinstance(value, list)}
    if told.get("name"):
        told.pop("product_id", None)
    return " · ".join(_part(name, value, names) for name, value in told.items() if value not in (None, ""))


def _part(name: str, value: Any, names: Names) -> str:
    shown, speaks = _shown(name, value, names)
    text = " ".join(shown.split())
    text = text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
    if speaks or name in ALONE:
        return text
    return f"{KEYS.get(name, name.replace('_', ' '))}: {text}"


def _shown(name: str, value: Any, names: Names) -> tuple[str, bool]:
    """The value in words, and whether it speaks for itself."""
    if isinstance(value, bool):
        return str((YES_NO | VALUES.get(name, {}))[value]), False
    if isinstance(value, int):
        called = names.find(name, value)
        return (digits(value), False) if called is None else (called, name != "to")
    if isinstance(value, str) and value in VALUES.get(name, {}):
        return str(VALUES[name][value]), name in ("mode", "reason")
    if name in ("role", "from", "to") and value in ROLES:
        return str(ROLES[value]), False
    if name == "until" and isinstance(value, str):
        return _time(value), False
    if name == "detail" and isinstance(value, str):
        return _found(value), True
    return str(value), False


def _found(detail: str) -> str:
    """What the checks held against an answer, by its kinds; anything else, and what older versions wrote, as it is."""
    kinds = detail.split(", ")
    if not all(kind in sentences.FINDINGS for kind in kinds):
        return detail
    return " ".join(f"{str(sentences.FINDINGS[kind]).rstrip(':.')}." for kind in kinds)


def _time(text: str) -> str:
    try:
        return moment(datetime.fromisoformat(text))
    except ValueError:
        return text
