"""What the list of conversations is narrowed to: read from the address, asked of the database by an index each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import ColumnElement, Select, and_, func, select, union

from pilito.lifecycle import ConversationState, ShareState
from pilito.models import Conversation, ConversationLabel, Inbox, Share, db

ME, NOBODY = "me", "nobody"
LARGEST_ID = 2**63 - 1
# A label on more conversations than this is met often enough on a walk along the list.
FEW = 10_000


@dataclass(frozen=True)
class Filter:
    """`holder` is "me", "nobody" or the id of a person as text."""

    inbox: int | None = None
    label: int | None = None
    holder: str | None = None
    channel: str | None = None
    unread: bool = False
    snoozed: bool = False
    share: bool = False  # a post waits for its question

    def __bool__(self) -> bool:
        return self != NOTHING

    def without(self, name: str) -> "Filter":
        return replace(self, **{name: getattr(NOTHING, name)})

    @property
    def names(self) -> list[str]:
        """What it narrows."""
        return [part.name for part in fields(self) if getattr(self, part.name) != getattr(NOTHING, part.name)]

    def values(self) -> dict[str, str]:
        """As in the address."""
        return {name: _written(name, getattr(self, name)) for name in self.names}


NOTHING = Filter()


def read_filter(values: Mapping[str, str]) -> Filter:
    """Whatever is no filter is passed over: an address typed by hand shows a list, not an error."""
    holder = values.get("holder", "")
    return Filter(
        inbox=_number(values.get("inbox", "")),
        label=_number(values.get("label", "")),
        holder=holder if holder in (ME, NOBODY) or _number(holder) is not None else None,
        channel=(values.get("channel") or "")[:32] or None,
        unread=values.get("unread") == "1",
        snoozed=values.get("snoozed") == "1",
        share=values.get("share") == "waiting",
    )


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) <= 19 and 0 < int(text) <= LARGEST_ID
    return int(text) if is_number else None


def _written(name: str, value: Any) -> str:
    if name == "share":
        return "waiting"
    return "1" if value is True else str(value)


def query_of(zone: str, wanted: Filter) -> str:
    """What a saved view keeps: the address in one form, so that two of the same are seen to be the same."""
    return urlencode({"zone": zone, **wanted.values()})


def read_query(query: str) -> tuple[str, Filter]:
    """The zone's name and the filter of a saved view."""
    values = dict(parse_qsl(query))
    return values.get("zone", ""), read_filter(values)


# --- conditions ------------------------------------------------------------------------------------------------------


def narrowed(wanted: Filter, operator_id: int, is_along: bool = True) -> list[ColumnElement[bool]]:
    """The conditions of the filter, for the person who looks.

    `is_along`: for a walk along the list, which asks the database once more where a label is wanted.
    """
    made: dict[str, Callable[[], ColumnElement[bool]]] = {
        "inbox": lambda: Conversation.inbox_id == wanted.inbox,
        "label": lambda: _carries(wanted.label or 0, is_along),
        "holder": lambda: _is_held_by(wanted.holder or "", operator_id),
        "channel": lambda: _comes_through(wanted.channel or ""),
        "unread": lambda: Conversation.unread_count > 0,
        "snoozed": lambda: Conversation.snoozed_until.is_not(None),
        "share": lambda: Conversation.id.in_(select(Share.conversation_id).where(Share.state == ShareState.WAITING)),
    }
    return [made[name]() for name in wanted.names]


def _comes_through(channel: str) -> ColumnElement[bool]:
    """In one of the channel's inboxes; of several by a walk along the list, and not by one inbox after the other."""
    ids = db.session.scalars(select(Inbox.id).where(Inbox.channel == channel)).all()
    return Conversation.inbox_id == ids[0] if len(ids) == 1 else (Conversation.inbox_id + 0).in_(ids)


def _carrying(label_id: int) -> Select[int]:
    return select(ConversationLabel.conversation_id).where(ConversationLabel.label_id == label_id)


def _carries(label_id: int, is_along: bool) -> ColumnElement[bool]:
    """Found from the label where few carry it; on a walk along the list, newest first, where many do."""
    few = select(func.count()).select_from(_carrying(label_id).limit(FEW).subquery())
    if not is_along or (db.session.scalar(few) or 0) < FEW:
        return Conversation.id.in_(_carrying(label_id))
    this_one = ConversationLabel.conversation_id == Conversation.id
    return _carrying(label_id).where(this_one).correlate(Conversation).exists()


def _is_held_by(holder: str, operator_id: int) -> ColumnElement[bool]:
    """Nobody holds what needs a person and has none; of what is closed, or the assistant's, nobody asks."""
    if holder != NOBODY:
        return and_(
            Conversation.operator_id == (operator_id if holder == ME else int(holder)),
            # Not by its index: SQLite may take that one for the person's, and walk through what everybody holds.
            func.lower(Conversation.state) == ConversationState.OPERATOR.value,
        )
    state, without = Conversation.state, Conversation.operator_id.is_(None)
    parts = (state == ConversationState.HANDED_OVER, and_(state == ConversationState.OPERATOR, without))
    return Conversation.id.in_(union(*(select(Conversation.id).where(part) for part in parts)))
