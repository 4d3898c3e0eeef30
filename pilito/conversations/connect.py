"""An account of a channel is connected, or connected again with a new token."""

from datetime import datetime

from sqlalchemy import select

from pilito.database import transaction
from pilito.errors import Refused
from pilito.extensions import channels, settings, vault
from pilito.lifecycle import AssistantMode, InboxState
from pilito.models import Inbox, db


def connect(
    channel: str,
    name: str,
    account_id: str,
    token: str,
    options: dict[str, str],
    assistant_mode: AssistantMode,
    now: datetime,
) -> int:
    """Store the account with its token encrypted; return the inbox's id. What waited to be sent goes on."""
    if channel not in channels:
        raise Refused("unknown_channel", f"There is no channel {channel!r}; known: {', '.join(channels)}.")
    if not account_id.strip() or not token.strip():
        raise Refused("empty", "An account needs its id and its token.")
    if not settings.encryption_keys:
        raise Refused("no_keys", "Set ENCRYPTION_KEYS first: without a key the token could not be read again.")
    with transaction():
        inbox = db.session.scalar(select(Inbox).where(Inbox.channel == channel, Inbox.external_id == account_id))
        if inbox is None:
            inbox = Inbox(channel=channel, external_id=account_id, created_at=now)
            db.session.add(inbox)
        inbox.name, inbox.assistant_mode = name, assistant_mode
        inbox.options = {**(inbox.options or {}), **options}  # what was chosen for the inbox outlives a new token
        inbox.token_encrypted = vault.encrypt(token.encode())
        inbox.state, inbox.stop_reason = InboxState.ACTIVE, None
        db.session.flush()
        return inbox.id
