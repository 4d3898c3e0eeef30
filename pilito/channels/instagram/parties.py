"""Who an event is between: the account and the customer, which swap their places when the account acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pilito.channels.instagram.values import CUSTOMER_ID_LENGTH, id_of, is_true, mapping_of


class Unclear(Exception):
    """An item lacks what a message cannot be without; the text says what was expected and what came."""


@dataclass(frozen=True)
class Entry:
    """What an entry says of all its items."""

    account_id: str | None
    time: Any
    received_at: datetime
    origin: str | None = None


@dataclass(frozen=True)
class Parties:
    account_id: str
    customer_id: str
    is_own: bool  # done by the account, not by the customer


def parties(item: Mapping[str, Any], part: Mapping[str, Any], about: Entry) -> Parties:
    """Tell the account and the customer apart. Raises Unclear where no customer is named."""
    sender, recipient = _party(item, "sender"), _party(item, "recipient")
    flags = (part.get("is_echo"), part.get("is_self"), item.get("is_self"))
    is_own = any(map(is_true, flags)) or (sender is not None and sender == about.account_id)
    account, customer = (sender, recipient) if is_own else (recipient, sender)
    # An event belongs to the account that its entry names; the recipient may be another of its ids.
    account = about.account_id or account or ""
    if customer == account:
        customer = sender  # an echo that did not swap them
    if customer is None:
        raise Unclear(f"{'recipient' if is_own else 'sender'}: expected the customer's id, but there is none.")
    return Parties(account, customer, is_own)


def _party(item: Mapping[str, Any], key: str) -> str | None:
    return id_of(mapping_of(item.get(key)).get("id"), CUSTOMER_ID_LENGTH)


def part(item: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return an item's part as an object. Raises Unclear for anything else."""
    value = item[key]
    if not isinstance(value, dict):
        raise Unclear(f"{key}: expected an object, but {came(value)}.")
    return value


def came(value: Any) -> str:
    return "nothing came" if value is None else f"{type(value).__name__} came"
