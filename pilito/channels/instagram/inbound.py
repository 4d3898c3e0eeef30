"""Reads the body of a webhook: each event becomes one item, whatever its neighbours hold."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pilito.channels.base import STANDBY, Ignored, Item, Unreadable
from pilito.channels.instagram import events, messages
from pilito.channels.instagram.comments import FIELDS as COMMENT_FIELDS
from pilito.channels.instagram.comments import read_comment
from pilito.channels.instagram.parties import Entry, Unclear, came
from pilito.channels.instagram.values import (
    ACCOUNT_ID_LENGTH,
    id_of,
    list_of,
    load_json,
    mapping_of,
    text_of,
    word_of,
)

OUR_OBJECT = "instagram"
NOTHING = Ignored("empty", "the body announces nothing")
# The "Test" button of Meta's dashboard writes for an account of this id, to nobody.
DASHBOARD_ID = "0"
DASHBOARD_TEST = "a test from Meta's dashboard: the webhook works"

# What a messaging item may say that nobody needs to see in a conversation.
IGNORED_EVENTS = {
    "delivery": "a message reached the customer",
    "app_roles": "the roles of the connected apps",
    "policy-enforcement": "Meta warned or blocked the account",
    "response_feedback": "feedback on an answer",
}
# What of it the health page shows by itself: it is about the account, and somebody must know.
ALERTS = ("policy-enforcement", "app_roles")
ALERT_LENGTH = 300
# The same for the fields of `changes`.
IGNORED_FIELDS = {
    "mentions": "a mention of the account",
    "response_feedback": IGNORED_EVENTS["response_feedback"],
    "story_insights": "figures of a story",
}
# Fields of `changes` whose value has the form of a messaging item, and the key under which the item says it. The
# dashboard's test button writes so, and some webhooks in production; Meta's pages do not agree on the names.
MESSAGING_FIELDS = {
    "messages": "message",
    "message_echoes": "message",
    "messaging_postbacks": "postback",
    "message_reactions": "reaction",
    "messaging_reactions": "reaction",
    "message_edit": "message_edit",
    "message_edits": "message_edit",
    "messaging_edit": "message_edit",
    "messaging_seen": "read",
    "message_reads": "read",
    "message_deliveries": "delivery",
    "messaging_referral": "referral",
    "messaging_referrals": "referral",
    "messaging_optins": "optin",
    "messaging_handover": "handover",
    "messaging_handovers": "handover",
    "messaging_policy_enforcement": "policy-enforcement",
    "messaging_account_linking": "account_linking",
    "standby": "message",
}
UNKNOWN = "an event that this version does not know"
BARE_KEYS = ("mid", "title", "payload")  # a messaging item never has them itself, only what it holds
ENVELOPE_KEYS = ("sender", "recipient", "timestamp", "is_self")


def parse(body: bytes, received_at: datetime) -> list[Item]:
    """Return the items of a body in their order; never raises, and never returns an empty list."""
    try:
        root = load_json(body)
    except (ValueError, RecursionError) as error:
        return [Unreadable(f"The body: expected JSON, but reading it ended in {type(error).__name__}.")]
    envelopes = root if isinstance(root, list) else [root]
    return [item for envelope in envelopes for item in _in_envelope(envelope, received_at)] or [NOTHING]


def account_of(body: bytes) -> str:
    """Return the account that every entry of the body names; empty without one, or with several."""
    try:
        root = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    entries = [entry for envelope in list_of(root) for entry in _entries(envelope)]
    accounts = {_account_id(mapping_of(entry)) for entry in entries}
    return (accounts.pop() or "") if len(accounts) == 1 else ""


def _entries(envelope: Any) -> list[Any]:
    """Some tools send the entry alone, without the envelope around it."""
    return list_of(envelope.get("entry", envelope)) if isinstance(envelope, dict) else []


def _account_id(entry: Mapping[str, Any]) -> str | None:
    return id_of(entry.get("id"), ACCOUNT_ID_LENGTH)


def _in_envelope(envelope: Any, received_at: datetime) -> Iterator[Item]:
    if not isinstance(envelope, dict):
        yield _no_object("The body", envelope)
    elif (announced := word_of(envelope.get("object"), OUR_OBJECT)) != OUR_OBJECT:
        yield Ignored(f"{announced}_object", f"an event of another Meta product: {announced}")
    else:
        for entry in _entries(envelope):
            yield from _in_entry(entry, received_at)


def _in_entry(entry: Any, received_at: datetime) -> Iterator[Item]:
    if not isinstance(entry, dict):
        yield _no_object("An entry", entry)
        return
    about = Entry(_account_id(entry), entry.get("time"), received_at)
    items = _of_entry(entry, about)
    yield from (_dashboard_test(item) for item in items) if about.account_id == DASHBOARD_ID else items


def _of_entry(entry: Mapping[str, Any], about: Entry) -> Iterator[Item]:
    for name, read in LISTS.items():
        for item in list_of(entry.get(name)):
            yield from read(item, about) if isinstance(item, dict) else [_no_object(name, item, about)]
    if "field" in entry:  # Meta's page on Instagram Login prints a change's keys on the entry itself
        yield from _change(entry, about)


def _dashboard_test(item: Item) -> Item:
    return item if isinstance(item, Unreadable | Ignored) else Ignored("dashboard_test", DASHBOARD_TEST, DASHBOARD_ID)


def _no_object(place: str, value: Any, about: Entry | None = None) -> Unreadable:
    return Unreadable(f"{place}: expected an object, but {came(value)}.", about.account_id if about else None)


def _messaging(item: Mapping[str, Any], about: Entry) -> list[Item]:
    """One item may tell several things at once: a message, a reaction to it, a button."""
    said = [key for key in READERS if item.get(key) is not None]
    if "message" in said or "postback" in said:
        said = [key for key in said if key != "referral"]  # it belongs to them
    others = [key for key in IGNORED_EVENTS if item.get(key) is not None]
    read = [_guarded(key, item, about) for key in said]
    ignored = [Ignored(key, _why_ignored(key, item[key]), about.account_id) for key in others]
    return [*read, *ignored] or [_unknown(item, about)]


def _why_ignored(key: str, said: Any) -> str:
    """The reason; of what an admin must see also what Meta said."""
    if key not in ALERTS or not isinstance(said, dict):
        return IGNORED_EVENTS[key]
    words = [f"{name}: {', '.join(map(text_of, list_of(value)))}" for name, value in said.items()]
    return f"{IGNORED_EVENTS[key]} ({'; '.join(words)})"[:ALERT_LENGTH]


def _guarded(key: str, item: Mapping[str, Any], about: Entry) -> Item:
    try:
        return READERS[key](item, about)
    except Unclear as error:
        return Unreadable(str(error), about.account_id)
    except Exception as error:
        # Anything at all, on purpose: up to 999 good events stand beside this one, and a failed webhook loses them.
        return Unreadable(f"{key}: reading it ended in {type(error).__name__}.", about.account_id)


def _unknown(item: Mapping[str, Any], about: Entry) -> Ignored:
    unknown = next((key for key in item if key not in ENVELOPE_KEYS), "")
    return Ignored(word_of(unknown, "unknown"), UNKNOWN, about.account_id)


def _standby(item: Mapping[str, Any], about: Entry) -> list[Item]:
    """Another app holds the conversation: the same events, for our eyes only."""
    return _messaging(item, replace(about, origin=STANDBY))


def _change(change: Mapping[str, Any], about: Entry) -> list[Item]:
    field, value = word_of(change.get("field")), change.get("value")
    if field in MESSAGING_FIELDS and value != {}:
        read = _standby if field == "standby" else _messaging
        return read(_as_item(field, value), about) if isinstance(value, dict) else [_no_object(field, value, about)]
    if field in COMMENT_FIELDS and isinstance(value, dict):
        return [read_comment(field, value, about.account_id, about.time, about.received_at)]
    if not field:
        return [Unreadable("changes: expected the name of a field, but there is none.", about.account_id)]
    return [Ignored(field, _reason(field), about.account_id)]


def _reason(field: str) -> str:
    return NOTHING.reason if field in MESSAGING_FIELDS else IGNORED_FIELDS.get(field, UNKNOWN)


def _as_item(field: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The value is a messaging item, or only what the item would say under its key."""
    its_key = MESSAGING_FIELDS[field]
    # What came bare may hold a word of another event: a reaction its name, a message the link it came through.
    is_bare = any(key in value for key in BARE_KEYS)
    says_it = not is_bare and any(key in value for key in (*READERS, *IGNORED_EVENTS))
    return value if says_it else {**value, its_key: value}


# The tables stand last because they name the functions above.
LISTS: dict[str, Callable[[Mapping[str, Any], Entry], list[Item]]] = {
    "messaging": _messaging,
    "standby": _standby,
    "changes": _change,
}
READERS: dict[str, Callable[[Mapping[str, Any], Entry], Item]] = {
    "message": messages.read_message,
    "postback": messages.read_postback,
    "reaction": events.read_reaction,
    "message_edit": events.read_edit,
    "read": events.read_seen,
    "referral": events.read_opened,
    **{key: events.read_notice(key) for key in events.NOTICES},
}
