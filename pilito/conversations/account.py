"""What a channel needs to act for an inbox: its id and its token, opened."""

from cryptography.fernet import InvalidToken

from pilito.channels.base import Account
from pilito.extensions import vault
from pilito.models import Inbox

NO_TOKEN = b""  # what stands in the column once a token was given up


def open_account(inbox: Inbox) -> Account | None:
    """Return the account with its token; None when it has none, or no key of ours opens it any more."""
    try:
        token = vault.decrypt(inbox.token_encrypted).decode()
    except InvalidToken:
        return None
    return Account(inbox.external_id, token, dict(inbox.options or {}))
