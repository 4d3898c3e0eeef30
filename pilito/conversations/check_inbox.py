"""Look at one inbox from outside and inside: does everything work that it takes to receive and to send?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import requests

from pilito.channels.base import Account, Channel
from pilito.conversations.account import open_account
from pilito.conversations.comments import ON, OPTION
from pilito.conversations.tokens import days_left, is_ending
from pilito.errors import ChannelError, Refused
from pilito.extensions import channels, settings
from pilito.models import Inbox, db

PROBE_SECONDS = (3.05, 6.0)
SILENCE = timedelta(days=3)  # after which a shop should wonder


class CheckState(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One look: `reason` is a slug that the panel puts into sentences; `details` are what they name."""

    name: str
    state: CheckState
    reason: str
    details: tuple[str, ...] = ()


def check_inbox(inbox_id: int, now: datetime) -> list[Check]:
    """Ask the provider about the account, and the world about our address. Raises Refused for an unknown inbox."""
    inbox = db.session.get(Inbox, inbox_id)
    if inbox is None:
        raise Refused("inbox_not_found", f"There is no inbox {inbox_id}.")
    channel, account = channels[inbox.channel], open_account(inbox)
    known = [*_check_scopes(channel, inbox), _check_life(channel, inbox, now)]
    silence, fields = _check_silence(inbox, now), list(inbox.subscribed_fields or [])
    db.session.rollback()  # no session is open during the calls
    if account is None:
        return [_fail("token", inbox.stop_reason or "token_unreadable"), check_address(channel), silence]
    token = _check_token(channel, account)
    if any(check.state is CheckState.FAIL for check in token):
        return [*token, check_address(channel), silence]
    return [
        *token,
        *known,
        _check_access(channel, account),
        _check_subscription(channel, account, fields),
        check_address(channel),
        silence,
    ]


# --- the provider ----------------------------------------------------------------------------------------------------


def _check_token(channel: Channel, account: Account) -> list[Check]:
    try:
        grant = channel.connector.identify(account)
    except ChannelError as error:
        return [_fail("token", error.reason)]
    if grant.account_id != account.external_id:
        return [_ok("token", "alive"), _fail("account", "another_account", grant.username or grant.account_id)]
    return [_ok("token", "alive"), _ok("account", "same_account", grant.username or grant.account_id)]


def _check_scopes(channel: Channel, inbox: Inbox) -> list[Check]:
    """What messages need; and what comments need, where they are switched on."""
    if inbox.scopes is None:
        return [Check("scopes", CheckState.WARN, "scopes_unknown")]
    missing = channel.connector.missing_scopes(inbox.options, inbox.scopes)
    messages = _fail("scopes", "scopes_missing", *missing) if missing else _ok("scopes", "scopes_given")
    if (inbox.options or {}).get(OPTION) != ON:
        return [messages]
    missing = channel.connector.missing_comment_scopes(inbox.options, inbox.scopes)
    if missing:
        return [messages, _fail("comments", "comment_scopes_missing", *missing)]
    return [messages, _ok("comments", "comment_scopes_given")]


def _check_life(channel: Channel, inbox: Inbox, now: datetime) -> Check:
    left = days_left(inbox, now)
    if left is None and not channel.connector.renews(inbox.options):
        return _ok("life", "no_end")
    if left is None:
        return Check("life", CheckState.WARN, "end_unknown")
    state = CheckState.WARN if is_ending(inbox, now) else CheckState.OK
    return Check("life", state, "ending" if state is CheckState.WARN else "lasts", (str(left),))


def _check_access(channel: Channel, account: Account) -> Check:
    try:
        channel.connector.try_reading(account)
    except ChannelError as error:
        return _fail("access", error.reason)
    return _ok("access", "access_given")


def _check_subscription(channel: Channel, account: Account, known: Sequence[str]) -> Check:
    try:
        subscription = channel.connector.subscription(account, known)
    except ChannelError as error:
        return _fail("subscription", error.reason)
    if subscription.missing:
        return _fail("subscription", "subscription_missing", *subscription.missing)
    return _ok("subscription", "subscribed", *subscription.fields)


# --- ourselves -------------------------------------------------------------------------------------------------------


def check_address(channel: Channel) -> Check:
    """Ask our own public address what the provider asks it."""
    address = f"{settings.public_url}/webhooks/{channel.name}"
    params, wanted = channel.connector.probe()
    try:
        said = _ask(address, params)
    except requests.exceptions.SSLError:
        return _fail("address", "certificate_wrong", address)
    except requests.RequestException:
        return _fail("address", "address_unreachable", address)
    if said != wanted:
        return _fail("address", "address_answers_otherwise", address)
    is_safe = settings.public_url.startswith("https://")
    return (
        _ok("address", "address_answers", address)
        if is_safe
        else Check("address", CheckState.WARN, "address_without_https", (address,))
    )


def _ask(address: str, params: dict[str, Any]) -> str:
    with requests.get(address, params=params, timeout=PROBE_SECONDS, allow_redirects=False, stream=True) as answer:
        body: bytes = answer.raw.read(200, decode_content=True)
        return body.decode(errors="replace").strip() if answer.status_code == requests.codes.ok else ""


def _check_silence(inbox: Inbox, now: datetime) -> Check:
    if inbox.last_webhook_at is None:
        return Check("webhook", CheckState.WARN, "never_heard")
    silent = now - inbox.last_webhook_at > SILENCE
    return Check("webhook", CheckState.WARN if silent else CheckState.OK, "silent" if silent else "heard")


def _ok(name: str, reason: str, *details: str) -> Check:
    return Check(name, CheckState.OK, reason, details)


def _fail(name: str, reason: str, *details: str) -> Check:
    return Check(name, CheckState.FAIL, reason, details)
