"""Log-in with Instagram, the tokens it gives, and what an account says of itself. Pure HTTP; facts: README.md.

Two ways lead to an account. Instagram Login gives a token of the account itself, which lasts sixty days and is
renewed. A Facebook Page gives a token of the Page, which does not end by time, and names the account linked to it.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

from pilito import failpoints
from pilito.channels.base import Account, Grant, Token
from pilito.channels.instagram import client
from pilito.channels.instagram.client import CONNECT_SECONDS, READ_SECONDS, Answer
from pilito.channels.instagram.request import FACEBOOK
from pilito.channels.instagram.values import ACCOUNT_ID_LENGTH, id_of, list_of, mapping_of, part_of, text_of
from pilito.config import Settings
from pilito.errors import ChannelError, Remedy

INSTAGRAM = "instagram"
# What we ask for, and what nothing works without. A scope that the app does not have makes Meta refuse the log-in.
SCOPES = {
    INSTAGRAM: ("instagram_business_basic", "instagram_business_manage_messages"),
    FACEBOOK: ("instagram_basic", "instagram_manage_messages", "pages_manage_metadata"),
}
# Asked for only where comments are wanted: an app that has not been given it could connect nobody any more.
COMMENT_SCOPES = {
    INSTAGRAM: ("instagram_business_manage_comments",),
    FACEBOOK: ("instagram_manage_comments",),
}
ACCOUNT_FIELDS = "id,user_id,username,name"
PAGE_FIELDS = "id,name,instagram_business_account{id,username,name}"
TOKEN_LIFE = timedelta(days=60)  # where Meta does not say
LONGEST_LIFE_SECONDS = 10 * 365 * 24 * 3600
INSTAGRAM_TOKEN = "IG"  # noqa: S105  (how tokens of Instagram Login begin; those of Facebook begin with EAA)
LEFT_BY_META = "#_"  # stands at the end of the address to which Meta sends the browser back

# What a refusal of the token endpoint says -> our reason. It has no codes, only sentences.
REFUSALS = (
    (("redirect_uri", "redirect uri"), "redirect_mismatch"),
    (("client_secret", "client secret", "client_id", "client id", "platform app"), "app_secret_wrong"),
    (("expired", "been used", "invalid verification code", "authorization code"), "code_used"),
)


def login_address(settings: Settings, redirect_uri: str, state: str, with_comments: bool = False) -> str:
    """Return where the owner's browser goes to allow us in; it comes back to `redirect_uri` with a code."""
    scopes = SCOPES[INSTAGRAM] + (COMMENT_SCOPES[INSTAGRAM] if with_comments else ())
    values = {
        "client_id": settings.instagram_app_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": ",".join(scopes),
        "state": state,
    }
    return f"{settings.instagram_oauth_url}/oauth/authorize?{urlencode(values)}"


def redeem(settings: Settings, code: str, redirect_uri: str, now: datetime) -> Grant:
    """Turn the code of a log-in into a token of sixty days, and ask whose it is.

    Raises ChannelError; `scopes_missing` names in its message what was not allowed.
    """
    short, scopes, secret = _short_token(settings, code.removesuffix(LEFT_BY_META), redirect_uri)
    if scopes is not None and (missing := missing_scopes({}, scopes)):
        raise ChannelError(Remedy.PERSON, "scopes_missing", message=",".join(missing))
    token = _long_token(settings, short, secret, now)
    grant = identify(settings, Account("", token.value, {"login": INSTAGRAM}))
    return replace(grant, scopes=scopes, expires_at=token.expires_at)


def adopt(settings: Settings, token: str) -> Grant:
    """Ask whose token this is: of an Instagram account, or of a Page. Raises ChannelError."""
    login = INSTAGRAM if token.startswith(INSTAGRAM_TOKEN) else FACEBOOK
    return identify(settings, Account("", token, {"login": login}))


def identify(settings: Settings, account: Account) -> Grant:
    """Ask who the account is. Raises ChannelError."""
    if account.options.get("login") == FACEBOOK:
        return _identify_page(settings, account)
    me = _only_row(client._json(_get(settings, account, "me", fields=ACCOUNT_FIELDS)))
    # `id` is the app's own id for the account, which the callbacks use; webhooks name it by `user_id`.
    account_id = id_of(me.get("user_id"), ACCOUNT_ID_LENGTH)
    if account_id is None:
        raise ChannelError(Remedy.PERSON, "not_professional", message="The account has no user_id.")
    username = part_of(me.get("username"))
    return Grant(
        account_id=account_id,
        token=account.token,
        name=part_of(me.get("name")) or username or account_id,
        username=username,
        app_user_id=id_of(me.get("id"), ACCOUNT_ID_LENGTH),
        options={"login": INSTAGRAM},
    )


def missing_scopes(options: Mapping[str, str], scopes: Sequence[str]) -> tuple[str, ...]:
    return tuple(scope for scope in SCOPES[_login(options)] if scope not in scopes)


def missing_comment_scopes(options: Mapping[str, str], scopes: Sequence[str]) -> tuple[str, ...]:
    return tuple(scope for scope in COMMENT_SCOPES[_login(options)] if scope not in scopes)


def _login(options: Mapping[str, str]) -> str:
    return FACEBOOK if options.get("login") == FACEBOOK else INSTAGRAM


def renews(options: Mapping[str, str]) -> bool:
    """A Page's token does not end by time."""
    return options.get("login") != FACEBOOK


def renew(settings: Settings, account: Account, now: datetime) -> Token:
    """Get sixty days more. Meta refuses it for a token younger than a day. Raises ChannelError."""
    values = {"grant_type": "ig_refresh_token", "access_token": account.token}
    answer = _ask("GET", f"{settings.instagram_graph_url}/refresh_access_token", params=values)
    return _token(answer, account.token, now)


def try_reading(settings: Settings, account: Account) -> None:
    """Read one conversation. Raises ChannelError where the account does not let us at its messages."""
    _get(settings, account, "me/conversations", platform=INSTAGRAM, limit="1")


# --- steps -----------------------------------------------------------------------------------------------------------


def _short_token(settings: Settings, code: str, redirect_uri: str) -> tuple[str, tuple[str, ...] | None, str]:
    """Return the token of an hour, its scopes, and the secret that Meta took: an app has several."""
    refusal = ChannelError(Remedy.PERSON, "app_secret_wrong", message="There is no secret.")
    for secret in settings.instagram_app_secret:
        answer = _exchange(settings, code, redirect_uri, secret)
        told = _only_row(client._json(answer))
        if answer.status == 200 and (token := part_of(told.get("access_token"))):
            return token, _scopes(told.get("permissions")), secret
        refusal = _refusal(answer)
        if refusal.reason != "app_secret_wrong":
            break  # another secret would not help, and the code is good for one use
    raise refusal


def _exchange(settings: Settings, code: str, redirect_uri: str, secret: str) -> Answer:
    values = {
        "client_id": settings.instagram_app_id,
        "client_secret": secret,
        "grant_type": "authorization_code",
        "redirect_uri": redirect_uri,
        "code": code,
    }
    return _ask("POST", f"{settings.instagram_token_url}/oauth/access_token", data=values)


def _scopes(value: Any) -> tuple[str, ...] | None:
    """Permissions come as a list or as one text with commas; None when they do not come."""
    if value is None:
        return None
    words = value if isinstance(value, list) else text_of(value).split(",")
    return tuple(word for one in words if (word := text_of(one).strip()))


def _long_token(settings: Settings, short: str, secret: str, now: datetime) -> Token:
    values = {"grant_type": "ig_exchange_token", "client_secret": secret, "access_token": short}
    answer = _ask("GET", f"{settings.instagram_graph_url}/access_token", params=values)
    return _token(answer, short, now)


def _token(answer: Answer, old: str, now: datetime) -> Token:
    told = _only_row(client._json(answer))
    value = part_of(told.get("access_token"))
    if answer.status != 200 or value is None:
        raise client._error(answer, old)
    return Token(value, now + _life(told.get("expires_in")))


def _life(value: Any) -> timedelta:
    digits = text_of(value)
    seconds = int(digits) if digits.isdecimal() and len(digits) < 12 else 0
    return timedelta(seconds=min(seconds, LONGEST_LIFE_SECONDS)) if seconds else TOKEN_LIFE


def _identify_page(settings: Settings, account: Account) -> Grant:
    try:
        page = client._json(_get(settings, account, "me", fields=PAGE_FIELDS))
    except ChannelError as error:
        if error.code.startswith("100"):  # a user has no such field: a user's token, not a Page's
            raise ChannelError(Remedy.PERSON, "not_a_page_token", error.code, error.message) from None
        raise
    linked = mapping_of(page.get("instagram_business_account"))
    account_id = id_of(linked.get("id"), ACCOUNT_ID_LENGTH)
    if account_id is None:
        raise ChannelError(Remedy.PERSON, "no_linked_account", message="The Page has no Instagram account.")
    username = part_of(linked.get("username"))
    return Grant(
        account_id=account_id,
        token=account.token,
        name=part_of(linked.get("name")) or username or part_of(page.get("name")) or account_id,
        username=username,
        options={"login": FACEBOOK, "page_id": text_of(page.get("id"))[:ACCOUNT_ID_LENGTH]},
    )


def _only_row(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Some versions answer with the object, others with a list that holds it."""
    return mapping_of(next(iter(list_of(told["data"])), None)) if "data" in told else told


# --- HTTP ------------------------------------------------------------------------------------------------------------


def _get(settings: Settings, account: Account, path: str, **params: str) -> Answer:
    answer = client._call("GET", f"{client._address(settings, account)}/{path}", account, params=params)
    if answer.status != 200 or "error" in client._json(answer):
        raise client._error(answer, account.token)
    return answer


def _ask(method: str, address: str, **content: Any) -> Answer:
    """Make a call that carries its secret in itself, as Meta's token endpoints want it."""
    import requests
    import urllib3

    from pilito.channels.instagram.line import cut_after

    try:
        with (
            failpoints.around("graph"),
            cut_after(client.WHOLE_ANSWER_SECONDS) as watch,
            client._session(os.getpid()).request(
                method,
                address,
                **content,
                auth=lambda prepared: prepared,  # or a `.netrc` of the server's user would add one
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            return Answer(response.status_code, response.headers, client._body(response, watch))
    except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError) as error:
        # `from None`, and only the error's name: what it says may quote the address with the token.
        raise ChannelError(
            Remedy.RETRY, "temporary", message=f"Meta could not be reached ({type(error).__name__})."
        ) from None


def _refusal(answer: Answer) -> ChannelError:
    """What the token endpoint's own form of error means; the Graph form, where it comes, as everywhere."""
    told = client._json(answer)
    if "error_message" not in told:
        error = client._error(answer, "")
        return error if "error" in told or answer.status >= 500 else ChannelError(Remedy.PERSON, "login_refused")
    said = text_of(told.get("error_message"))
    reasons = (reason for words, reason in REFUSALS if any(word in said.lower() for word in words))
    reason = next(reasons, "login_refused")
    return ChannelError(Remedy.PERSON, reason, text_of(told.get("code"))[:20], client._message({"message": said}, ""))
