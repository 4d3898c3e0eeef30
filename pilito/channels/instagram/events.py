"""Reads what happens around messages: reactions, edits, "seen", links into the thread, other apps at the same thread.

None of these can be a reason to call a webhook failed: what such an event lacks is told as its reason on the ledger.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pilito.channels.base import Edit, Ignored, Item, Notice, Opened, Reaction, Seen
from pilito.channels.instagram.parties import Entry, Parties, Unclear, parties
from pilito.channels.instagram.referrals import read_referral
from pilito.channels.instagram.shares import share_in_text
from pilito.channels.instagram.times import moment_of, sent_at
from pilito.channels.instagram.values import MESSAGE_ID_LENGTH, id_of, mapping_of, part_of, text_of, word_of

Event = Mapping[str, Any]

# Meta's words for a reaction, for where the emoji itself is missing.
EMOJIS = {"love": "❤️", "angry": "😠", "sad": "😢", "wow": "😮", "like": "👍", "laugh": "😂", "haha": "😂"}
UNKNOWN_EMOJI = "💬"
LONGEST_EMOJI = 32  # characters; a flag or a family of four has up to 14
# Meta's own page prints an emoji as `\\u{2764}\\u{FE0F}`.
ESCAPED = re.compile(r"\\u\{([0-9A-Fa-f]{1,6})\}")
LONGEST_DETAIL = 200

# Meta's word -> what happened, and the reason on the ledger.
NOTICES = {
    "pass_thread_control": ("thread_passed", "another app was given the conversation, or gave it back"),
    "take_thread_control": ("thread_taken", "another app took the conversation, or lost it"),
    "request_thread_control": ("thread_requested", "another app asks for the conversation"),
    "optin": ("opted_in", "a consent to notifications"),
    "account_linking": ("linked", "a customer linked or unlinked a log-in"),
}


def read_reaction(item: Event, about: Entry) -> Item:
    reaction = mapping_of(item["reaction"])
    external_id = id_of(reaction.get("mid"), MESSAGE_ID_LENGTH)
    who = _find_parties(item, reaction, about)
    if external_id is None or who is None:
        return Ignored("reaction", "a reaction that names no message of a conversation", about.account_id)
    name = word_of(reaction.get("reaction")) or None
    return Reaction(
        account_id=who.account_id,
        customer_id=who.customer_id,
        external_id=external_id,
        at=_at(item, about),
        by_shop=who.is_own,
        emoji=_emoji(reaction.get("emoji"), name),
        name=name,
        is_removed=word_of(reaction.get("action")) == "unreact",
    )


def _emoji(value: Any, name: str | None) -> str:
    emoji = ESCAPED.sub(_unescaped, text_of(value)).strip()
    return emoji if 0 < len(emoji) <= LONGEST_EMOJI else EMOJIS.get(name or "", UNKNOWN_EMOJI)


def _unescaped(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else ""


def read_edit(item: Event, about: Entry) -> Item:
    """Meta sends this for new messages too, with `num_edit` 0, without text and sender: no message comes of it."""
    edit = mapping_of(item["message_edit"])
    external_id, text = id_of(edit.get("mid"), MESSAGE_ID_LENGTH), text_of(edit.get("text"))
    number = _number(edit.get("num_edit"))
    if external_id is None or not text.strip() or number == 0 or about.account_id is None:
        return Ignored("edit", "an edit without a new text; Meta sends it for new messages too", about.account_id)
    _link, rest = share_in_text(text)
    who = _find_parties(item, edit, about)
    return Edit(about.account_id, external_id, _at(item, about), text, number, rest, who.customer_id if who else "")


def _number(value: Any) -> int | None:
    digits = text_of(value)
    return int(digits) if digits.isdecimal() and len(digits) < 9 else None


def read_seen(item: Event, about: Entry) -> Item:
    read = mapping_of(item["read"])
    who = _find_parties(item, read, about)
    if who is None or who.is_own:
        return Ignored("seen", "somebody saw a message, but no customer is named", about.account_id)
    at = moment_of(read.get("watermark")) or _at(item, about)
    return Seen(who.account_id, who.customer_id, at, id_of(read.get("mid"), MESSAGE_ID_LENGTH))


def read_opened(item: Event, about: Entry) -> Item:
    referral = read_referral(item["referral"])
    who = _find_parties(item, {}, about)
    if referral is None or who is None or who.is_own:
        return Ignored("referral", "a link or advertisement that says nothing of itself", about.account_id)
    return Opened(who.account_id, who.customer_id, _at(item, about), referral)


def read_notice(key: str) -> Callable[[Event, Entry], Item]:
    """Return the reader of one kind of notice."""
    what, reason = NOTICES[key]

    def read(item: Event, about: Entry) -> Item:
        who = _find_parties(item, {}, about)
        if who is None or who.is_own:
            return Ignored(key, reason, about.account_id)
        detail = part_of(mapping_of(item[key]).get("metadata")) or ""
        return Notice(
            key, reason, what, who.account_id, who.customer_id, _at(item, about), detail[:LONGEST_DETAIL].strip()
        )

    return read


def _find_parties(item: Event, said: Event, about: Entry) -> Parties | None:
    try:
        return parties(item, said, about)
    except Unclear:
        return None


def _at(item: Event, about: Entry) -> datetime:
    return sent_at(item.get("timestamp"), about.time, about.received_at)
