"""An account of a channel is connected, or connected again with a new token."""

import logging
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from pilito.channels.base import Grant
from pilito.conversations.comments import ON, OPTION
from pilito.conversations.data_deletion import is_being_erased
from pilito.conversations.subscriptions import subscribe
from pilito.database import transaction
from pilito.errors import ChannelError, Refused
from pilito.extensions import channels, settings, vault
from pilito.lifecycle import AssistantMode, InboxState
from pilito.models import Audit, Inbox, db

log = logging.getLogger(__name__)

NAME_CHARACTERS = 200


def connect(
    channel: str,
    name: str,
    account_id: str,
    token: str,
    options: dict[str, str],
    assistant_mode: AssistantMode | None,
    now: datetime,
) -> int:
    """Store the account with its token encrypted; return the inbox's id. What waited to be sent goes on.

    A mode of None leaves who answers in an account known already as it is.
    """
    grant = Grant(account_id=account_id, token=token, name=name, options=options)
    return _admit(channel, grant, None, now, name, assistant_mode)


def connect_by_code(
    channel: str, code: str, redirect_uri: str, operator_id: int | None, now: datetime, with_comments: bool = False
) -> int:
    """End a log-in at the provider: store the account, have its events posted to us, return the inbox's id.

    `with_comments` switches its comments on, for which the log-in asked.

    Raises ChannelError when the provider refuses the log-in. A subscription that fails is kept as the inbox's problem:
    the account is connected then, and the healing goes on with it.
    """
    grant = channels[channel].connector.redeem(code, redirect_uri, now)
    if with_comments:
        grant = replace(grant, options={**grant.options, OPTION: ON})
    return _take(channel, grant, operator_id, now)


def connect_by_token(channel: str, token: str, operator_id: int | None, now: datetime) -> int:
    """Connect the account that a pasted token belongs to. Raises ChannelError when the provider does not know it."""
    return _take(channel, channels[channel].connector.adopt(token.strip()), operator_id, now)


def _take(channel: str, grant: Grant, operator_id: int | None, now: datetime) -> int:
    inbox_id = _admit(channel, grant, operator_id, now)
    try:
        subscribe(inbox_id, now)
    except ChannelError as error:
        log.warning("Inbox %s is connected, but its events are not posted to us yet: %s", inbox_id, error)
    return inbox_id


def _admit(
    channel: str,
    grant: Grant,
    operator_id: int | None,
    now: datetime,
    name: str | None = None,
    mode: AssistantMode | None = None,
) -> int:
    """Store the grant; an account known already keeps its row and all its conversations.

    It keeps its name too, and who answers in it, unless a person gave a `name` or `mode`. Raises Refused while it is
    being erased (being_erased): its row is the last to go, and would take the new token and every new message with it.
    """
    _check(channel, grant)
    with transaction():
        inbox = db.session.scalar(
            select(Inbox).where(Inbox.channel == channel, Inbox.external_id == grant.account_id).with_for_update()
        )
        if inbox is not None and is_being_erased(inbox.id):
            raise Refused("being_erased", f"Inbox {inbox.id} is being erased; connect it again in some minutes.")
        is_new = inbox is None
        if inbox is None:
            inbox = Inbox(channel=channel, external_id=grant.account_id, created_at=now)
            inbox.name = grant.name[:NAME_CHARACTERS]
            db.session.add(inbox)
        if name is not None:
            inbox.name = name
        if mode is not None:
            inbox.assistant_mode = mode
        _write(inbox, grant, now)
        db.session.flush()
        action = "inbox_connected" if is_new else "inbox_reconnected"
        db.session.add(Audit(at=now, action=action, operator_id=operator_id, details={"inbox_id": inbox.id}))
        return inbox.id


def _write(inbox: Inbox, grant: Grant, now: datetime) -> None:
    inbox.options = {**(inbox.options or {}), **grant.options}  # what the shop chose since then stays
    inbox.token_encrypted = vault.encrypt(grant.token.encode())
    inbox.state, inbox.stop_reason = InboxState.ACTIVE, None
    inbox.username = grant.username or inbox.username
    inbox.app_user_id = grant.app_user_id or inbox.app_user_id
    inbox.scopes = None if grant.scopes is None else list(grant.scopes)
    inbox.connected_at = now
    # A token whose end nobody told us is asked about by the first renewal, a day from now: earlier ones are refused.
    inbox.token_expires_at, inbox.token_refreshed_at = grant.expires_at, None
    inbox.token_checked_at, inbox.token_error = now, None
    inbox.subscribed_fields, inbox.subscription_checked_at, inbox.subscription_error = None, None, None
    inbox.subscription_lost_at = None


def _check(channel: str, grant: Grant) -> None:
    if channel not in channels:
        raise Refused("unknown_channel", f"There is no channel {channel!r}; known: {', '.join(channels)}.")
    if not grant.account_id.strip() or not grant.token.strip():
        raise Refused("empty", "An account needs its id and its token.")
    if not settings.encryption_keys:
        raise Refused("no_keys", "Set ENCRYPTION_KEYS first: without a key the token could not be read again.")
