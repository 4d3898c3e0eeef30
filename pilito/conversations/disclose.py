"""Say that a machine answers, in the shop's own line, in front of what the assistant says.

Outside of the model and of the checks on its words: the line is put before a reply when the reply is recorded, in the
same transaction, and belongs to it from then on; whatever sends it again sends the same text.
"""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from pilito.conversations.said import NEVER_LEFT
from pilito.models import Conversation, Message, db

# "After a significant lapse of time", as Meta's rules for automated chats have it:
# https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages
SAY_AGAIN_AFTER = timedelta(days=30)

LAST_SAID = (
    select(Message.sent_at)
    .where(
        Message.conversation_id == bindparam("conversation"),
        Message.machine_line.is_not(None),
        Message.deleted_at.is_(None),
        ~NEVER_LEFT,
    )
    .order_by(Message.sent_at.desc())
    .limit(1)
)


def line_due(conversation: Conversation, now: datetime) -> str | None:
    """The line that an answer of the assistant begins with now; None where there is none, or it was said lately.

    It is said at the beginning, after a long silence of it, and when the assistant follows a person: each time the
    customer may take the machine for somebody. A line that never left was not said.
    """
    line = (conversation.inbox.machine_line or "").strip()
    if not line:
        return None
    said_at = db.session.scalar(LAST_SAID, {"conversation": conversation.id})
    if said_at is None or now - said_at >= SAY_AGAIN_AFTER:
        return line
    person_at = conversation.person_at
    return line if person_at is not None and person_at > said_at else None
