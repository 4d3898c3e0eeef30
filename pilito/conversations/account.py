"""An inbox as its channel needs it: the account with its token opened."""

from cryptography.fernet import InvalidToken

from pilito.channels.base import Account
from pilito.extensions import vault
from pilito.models import Inbox


def open_account(inbox: Inbox) -> Account | None:
    """Return the account; None when no key of ours opens its token any more."""
    try:
        token = vault.decrypt(inbox.token_encrypted).decode()
    except InvalidToken:
        return None
    return Account(inbox.external_id, token, dict(inbox.options or {}))
