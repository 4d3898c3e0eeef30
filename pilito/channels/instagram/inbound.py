"""Reads the body of a webhook: each event becomes one item, whatever its neighbours hold."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pilito.channels.base import Echo, Ignored, Inbound, Item, Unreadable, Unsend
from pilito.channels.instagram.comments import FIELDS as COMMENT_FIELDS
from pilito.channels.instagram.comments import read_comment
from pilito.channels.instagram.content import Content, read_content
from pilito.channels.instagram.times import sent_at
from pilito.channels.instagram.values import (
    ACCOUNT_ID_LENGTH,
    CUSTOMER_ID_LENGTH,
    MESSAGE_ID_LENGTH,
    id_of,
    is_true,
    list_of,
    load_json,
    mapping_of,
    part_of,
    word_of,
)
from pilito.lifecycle import MessageType

OUR_OBJECT = "instagram"
NOTHING = Ignored("empty", "the body announces nothing")

# What a messaging item may say besides a message, and why no message comes of it.
IGNORED_EVENTS = {
    "reaction": "a reaction to a message",
    "read": "the customer saw a message",
    "delivery": "a message reached the customer",
    # Meta sends it for new messages too, without text and sender; the message itself comes by its own event.
    "message_edit": "an edit of a message",
    "optin": "a consent to notifications",
    "referral": "the customer opened the conversation from a link or an advertisement",
    "pass_thread_control": "another app was given the conversation, or gave it back",
    "take_thread_control": "another app took the conversation, or lost it",
    "request_thread_control": "another app asks for the conversation",
    "app_roles": "the roles of the connected apps",
    "policy-enforcement": "Meta warned or blocked the account",
    "account_linking": "a customer linked or unlinked a log-in",
    "response_feedback": "feedback on an answer",
}
# The same for the fields of `changes`.
IGNORED_FIELDS = {
    "mentions": "a mention of the account",
    "message_reactions": IGNORED_EVENTS["reaction"],
    "message_edit": IGNORED_EVENTS["message_edit"],
    "messaging_seen": IGNORED_EVENTS["read"],
    "messaging_optins": IGNORED_EVENTS["optin"],
    "messaging_referral": IGNORED_EVENTS["referral"],
    "messaging_handover": "another app took or gave the conversation",
    "messaging_policy_enforcement": IGNORED_EVENTS["policy-enforcement"],
    "standby": "another app holds the conversation",
    "response_feedback": IGNORED_EVENTS["response_feedback"],
    "story_insights": "figures of a story",
}
# Fields of `changes` whose value has the form of a messaging item (the dashboard's test button, among others).
MESSAGING_FIELDS = ("messages", "message_echoes", "messaging_postbacks")
UNKNOWN = "an event that this version does not know"
ENVELOPE_KEYS = ("sender", "recipient", "timestamp", "is_self")


class Unclear(Exception):
    """An item lacks what a message cannot be without; the text says what was expected and what came."""


@dataclass(frozen=True)
class Entry:
    """What an entry says of all its items."""

    account_id: str | None
    time: Any
    received_at: datetime


@dataclass(frozen=True)
class Parties:
    account_id: str
    customer_id: str
    is_own: bool  # written by the account, not by the customer


def parse(body: bytes, received_at: datetime) -> list[Item]:
    """Return the items of a body in their order; never raises, and never returns an empty list."""
    try:
        root = load_json(body)
    except (ValueError, RecursionError) as error:
        return [Unreadable(f"The body: expected JSON, but reading it ended in {type(error).__name__}.")]
    envelopes = root if isinstance(root, list) else [root]
    return [item for envelope in envelopes for item in _in_envelope(envelope, received_at)] or [NOTHING]


def _in_envelope(envelope: Any, received_at: datetime) -> Iterator[Item]:
    if not isinstance(envelope, dict):
        yield _no_object("The body", envelope)
    elif (announced := word_of(envelope.get("object"), OUR_OBJECT)) != OUR_OBJECT:
        yield Ignored(f"{announced}_object", f"an event of another Meta product: {announced}")
    else:
        # Some tools send the entry alone, without the envelope around it.
        for entry in list_of(envelope.get("entry", envelope)):
            yield from _in_entry(entry, received_at)


def _in_entry(entry: Any, received_at: datetime) -> Iterator[Item]:
    if not isinstance(entry, dict):
        yield _no_object("An entry", entry)
        return
    about = Entry(id_of(entry.get("id"), ACCOUNT_ID_LENGTH), entry.get("time"), received_at)
    for name, read in LISTS.items():
        for item in list_of(entry.get(name)):
            yield from read(item, about) if isinstance(item, dict) else [_no_object(name, item, about)]
    if "field" in entry:  # Meta's page on Instagram Login prints a change's keys on the entry itself
        yield from _change(entry, about)


def _no_object(place: str, value: Any, about: Entry | None = None) -> Unreadable:
    return Unreadable(f"{place}: expected an object, but {_came(value)}.", about.account_id if about else None)


def _came(value: Any) -> str:
    return "nothing came" if value is None else f"{type(value).__name__} came"


def _messaging(item: Mapping[str, Any], about: Entry) -> list[Item]:
    """One item may tell several things at once: a message, a reaction to it, a button."""
    messages = [key for key in READERS if item.get(key) is not None]
    others = [key for key in IGNORED_EVENTS if item.get(key) is not None and not (messages and key == "referral")]
    read = [_guarded(key, item, about) for key in messages]
    ignored = [Ignored(key, IGNORED_EVENTS[key], about.account_id) for key in others]
    return [*read, *ignored] or [_unknown(item, about)]


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


def _standby(_item: Mapping[str, Any], about: Entry) -> list[Item]:
    return [Ignored("standby", IGNORED_FIELDS["standby"], about.account_id)]


def _change(change: Mapping[str, Any], about: Entry) -> list[Item]:
    field, value = word_of(change.get("field")), change.get("value")
    if field in MESSAGING_FIELDS:
        return _messaging(value, about) if isinstance(value, dict) else [_no_object(field, value, about)]
    if field in COMMENT_FIELDS and isinstance(value, dict):
        return [read_comment(field, value, about.account_id, about.time, about.received_at)]
    if not field:
        return [Unreadable("changes: expected the name of a field, but there is none.", about.account_id)]
    return [Ignored(field, IGNORED_FIELDS.get(field, UNKNOWN), about.account_id)]


def _message(item: Mapping[str, Any], about: Entry) -> Item:
    message = _part(item, "message")
    parties = _parties(item, message, about)
    sent = sent_at(item.get("timestamp"), about.time, about.received_at)
    if is_true(message.get("is_deleted")):
        return Unsend(parties.account_id, parties.customer_id, _unsent_id(message), sent)
    make = _echo if parties.is_own else _inbound
    return make(parties, _external_id("message", item, about), sent, read_content(message))


def _inbound(parties: Parties, external_id: str, sent: datetime, content: Content) -> Inbound:
    return Inbound(
        account_id=parties.account_id,
        customer_id=parties.customer_id,
        external_id=external_id,
        sent_at=sent,
        message_type=content.message_type,
        provider_type=content.provider_type,
        text=content.text,
        share=content.share,
        files=content.files,
        reply_to_external_id=content.reply_to_external_id,
        question=content.question,
    )


def _echo(parties: Parties, external_id: str, sent: datetime, content: Content) -> Echo:
    return Echo(
        account_id=parties.account_id,
        customer_id=parties.customer_id,
        external_id=external_id,
        sent_at=sent,
        message_type=content.message_type,
        provider_type=content.provider_type,
        text=content.text,
        share=content.share,
        files=content.files,
    )


def _postback(item: Mapping[str, Any], about: Entry) -> Item:
    postback = _part(item, "postback")
    parties = _parties(item, postback, about)
    if parties.is_own:
        return Ignored("postback", "the account pressed its own button", about.account_id)
    return Inbound(
        account_id=parties.account_id,
        customer_id=parties.customer_id,
        external_id=_external_id("postback", item, about),
        sent_at=sent_at(item.get("timestamp"), about.time, about.received_at),
        message_type=MessageType.POSTBACK,
        provider_type="postback",
        text=part_of(postback.get("title")) or part_of(postback.get("payload")) or "",
    )


def _part(item: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = item[key]
    if not isinstance(part, dict):
        raise Unclear(f"{key}: expected an object, but {_came(part)}.")
    return part


def _parties(item: Mapping[str, Any], part: Mapping[str, Any], about: Entry) -> Parties:
    """Tell the account and the customer apart, which swap their places when the account writes."""
    sender, recipient = _party(item, "sender"), _party(item, "recipient")
    flags = (part.get("is_echo"), part.get("is_self"), item.get("is_self"))
    is_own = any(map(is_true, flags)) or (sender is not None and sender == about.account_id)
    account, customer = (sender, recipient) if is_own else (recipient, sender)
    # An event belongs to the account that its entry names; the recipient may be another of its ids.
    account = about.account_id or account or ""
    if is_own and customer == account:
        customer = sender  # an echo that did not swap them
    if customer is None:
        raise Unclear(f"{'recipient' if is_own else 'sender'}: expected the customer's id, but there is none.")
    return Parties(account, customer, is_own)


def _party(item: Mapping[str, Any], key: str) -> str | None:
    return id_of(mapping_of(item.get(key)).get("id"), CUSTOMER_ID_LENGTH)


def _external_id(key: str, item: Mapping[str, Any], about: Entry) -> str:
    """Meta's id of the message; without one, an id that the same event gets again when it comes again."""
    return id_of(item[key].get("mid"), MESSAGE_ID_LENGTH) or f"nomid-{_digest([about.account_id, key, item])}"


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _unsent_id(message: Mapping[str, Any]) -> str:
    if external_id := id_of(message.get("mid"), MESSAGE_ID_LENGTH):
        return external_id
    raise Unclear("message.mid: expected the id of the message that was taken back, but there is none.")


# The tables stand last because they name the functions above.
LISTS: dict[str, Callable[[Mapping[str, Any], Entry], list[Item]]] = {
    "messaging": _messaging,
    "standby": _standby,
    "changes": _change,
}
READERS: dict[str, Callable[[Mapping[str, Any], Entry], Item]] = {"message": _message, "postback": _postback}
