"""The keys of a feed: sealed at rest, opened for one reading."""

import json

from cryptography.fernet import InvalidToken

from pilito.errors import SourceError
from pilito.extensions import vault
from pilito.knowledge.feeds import Shop
from pilito.models import Source


def seal(shop: Shop) -> bytes:
    return vault.encrypt(json.dumps({"key": shop.key, "secret": shop.secret}).encode())


def open_shop(source: Source) -> Shop:
    """The shop with its keys. Raises SourceError `key_unreadable`."""
    try:
        said = json.loads(vault.decrypt(source.secret_encrypted or b""))
    except (InvalidToken, ValueError):
        raise SourceError("key_unreadable") from None
    return Shop(source.address or "", said["key"], said["secret"], source.currency)
