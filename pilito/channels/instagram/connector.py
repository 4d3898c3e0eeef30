"""How Instagram accounts are connected and stay so; each call is one of oauth.py, subscription.py, callbacks.py."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pilito.channels.base import Account, Callback, Grant, Subscription, Token
from pilito.channels.instagram import callbacks, oauth, subscription
from pilito.config import Settings

CHALLENGE = "1158201444"  # a number, as Meta's own


class InstagramConnector:
    """For both ways in: Instagram Login, and a Facebook Page (`options["login"]`)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def can_log_in(self) -> bool:
        return bool(self._settings.instagram_app_id and self._settings.instagram_app_secret)

    def login_address(self, redirect_uri: str, state: str, with_comments: bool = False) -> str:
        return oauth.login_address(self._settings, redirect_uri, state, with_comments)

    def redeem(self, code: str, redirect_uri: str, now: datetime) -> Grant:
        return oauth.redeem(self._settings, code, redirect_uri, now)

    def adopt(self, token: str) -> Grant:
        return oauth.adopt(self._settings, token)

    def identify(self, account: Account) -> Grant:
        return oauth.identify(self._settings, account)

    def missing_scopes(self, options: Mapping[str, str], scopes: Sequence[str]) -> tuple[str, ...]:
        return oauth.missing_scopes(options, scopes)

    def missing_comment_scopes(self, options: Mapping[str, str], scopes: Sequence[str]) -> tuple[str, ...]:
        return oauth.missing_comment_scopes(options, scopes)

    def renews(self, options: Mapping[str, str]) -> bool:
        return oauth.renews(options)

    def renew(self, account: Account, now: datetime) -> Token:
        return oauth.renew(self._settings, account, now)

    def subscription(self, account: Account, known: Sequence[str]) -> Subscription:
        return subscription.read(self._settings, account, known)

    def subscribe(self, account: Account) -> Subscription:
        return subscription.subscribe(self._settings, account)

    def unsubscribe(self, account: Account) -> None:
        subscription.unsubscribe(self._settings, account)

    def try_reading(self, account: Account) -> None:
        oauth.try_reading(self._settings, account)

    def probe(self) -> tuple[dict[str, str], str]:
        token = self._settings.instagram_verify_token
        return {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": CHALLENGE}, CHALLENGE

    def read_callback(self, signed: str, now: datetime) -> Callback | None:
        return callbacks.read(signed, self._settings.instagram_app_secret, now)
