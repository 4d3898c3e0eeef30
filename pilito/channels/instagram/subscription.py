"""Which events of an account Meta posts to us: asked for, read back, given up. Pure HTTP."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from pilito.channels.base import Account, Subscription
from pilito.channels.instagram import client
from pilito.channels.instagram.values import list_of, mapping_of, text_of
from pilito.config import Settings
from pilito.errors import ChannelError

# Each field with its spellings: Meta's pages do not agree, so both are tried, and what counts is what is read back.
NEEDED = (("messages",), ("messaging_postbacks",))
WISHED = (
    ("message_reactions", "messaging_reactions"),
    ("messaging_seen", "message_reads"),
    ("messaging_referral", "messaging_referrals"),
    ("message_edit", "message_edits"),
    ("messaging_handover", "messaging_handovers"),
    ("message_echoes", "message_echoes"),
    ("standby", "standby"),
)
# Comments need a permission of their own, so they are asked for afterwards: their refusal costs nothing else.
ALSO = ("comments",)
ATTEMPTS = (
    tuple(names[0] for names in NEEDED + WISHED),
    tuple(names[-1] for names in NEEDED + WISHED),
    tuple(names[0] for names in NEEDED),
)
WORD_LENGTH = 64


def read(settings: Settings, account: Account, known: Sequence[str] = ()) -> Subscription:
    """Read what is posted to us. A wished field is missing only if we had it once (`known`). Raises ChannelError."""
    answer = _call(settings, "GET", account)
    fields = _fields(settings, client._json(answer))
    wanted = NEEDED + tuple(names for names in (*WISHED, ALSO) if any(name in known for name in names))
    return Subscription(fields, tuple(names[0] for names in wanted if not any(name in fields for name in names)))


def subscribe(settings: Settings, account: Account) -> Subscription:
    """Ask for all we can use, then for less where Meta does not know a name; return what it then posts."""
    for number, names in enumerate(ATTEMPTS, start=1):
        try:
            _call(settings, "POST", account, subscribed_fields=",".join(names))
            break
        except ChannelError as error:
            if not error.code.startswith("100") or number == len(ATTEMPTS):
                raise
    with suppress(ChannelError):
        _call(settings, "POST", account, subscribed_fields=",".join((*names, *ALSO)))
    return read(settings, account)


def unsubscribe(settings: Settings, account: Account) -> None:
    _call(settings, "DELETE", account)


def _call(settings: Settings, method: str, account: Account, **params: str) -> client.Answer:
    address = f"{client._address(settings, account)}/me/subscribed_apps"
    answer = client._call(method, address, account, params=params)
    if answer.status != 200 or "error" in client._json(answer):
        raise client._error(answer, account.token)
    return answer


def _fields(settings: Settings, told: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of our app; of all apps listed where ours is not among them, for its id may be another there."""
    apps = [mapping_of(app) for app in list_of(told.get("data"))]
    ours = [app for app in apps if settings.instagram_app_id and text_of(app.get("id")) == settings.instagram_app_id]
    names = [_name(field) for app in ours or apps for field in list_of(app.get("subscribed_fields"))]
    return tuple(dict.fromkeys(name for name in names if name))


def _name(field: Any) -> str:
    """A field is a word, or an object that has one."""
    return text_of(field.get("name") if isinstance(field, dict) else field)[:WORD_LENGTH]
