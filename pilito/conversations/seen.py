"""What a person saw of a conversation when they decided about it: who closes must not close what came meanwhile."""

from dataclasses import dataclass

from sqlalchemy import select

from pilito.errors import Refused
from pilito.lifecycle import Sender
from pilito.models import Conversation, Message, db

LONGEST = 18  # digits: both databases hold them


@dataclass(frozen=True)
class Seen:
    seq: int
    epoch: int
    holder: int

    def __str__(self) -> str:
        return f"{self.seq}.{self.epoch}.{self.holder}"

    @classmethod
    def of(cls, conversation: Conversation) -> "Seen":
        return cls(conversation.seq, conversation.epoch, conversation.operator_id or 0)

    @classmethod
    def read(cls, text: str) -> "Seen":
        """Raises ValueError for anything that was not made by `str`."""
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isdecimal() and part.isascii() and len(part) <= LONGEST for part in parts):
            raise ValueError("Expected seq.epoch.holder.")
        return cls(*map(int, parts))


def refuse_if_changed(conversation: Conversation, seen: Seen | None) -> None:
    """Raise Refused if the customer wrote, or somebody else took the conversation, since a person looked.

    Not by `seq` alone: it counts also that our own reply was delivered.
    """
    if seen is None:
        return
    is_same_holder = (conversation.epoch, conversation.operator_id or 0) == (seen.epoch, seen.holder)
    if not is_same_holder or _has_written(conversation, seen):
        raise Refused("moved_on", "The conversation changed since you looked.")


def _has_written(conversation: Conversation, seen: Seen) -> bool:
    newer = select(Message.id).where(
        Message.conversation_id == conversation.id, Message.sender == Sender.CUSTOMER, Message.seq > seen.seq
    )
    return db.session.scalar(newer.limit(1)) is not None
