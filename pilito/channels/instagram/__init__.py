"""Instagram's direct messages. The facts of the protocol, and where each lives: README.md."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from pilito.channels.base import (
    Account,
    Echo,
    FileRule,
    Inbound,
    Item,
    Limit,
    Outbound,
    Permission,
    Post,
    PostPage,
    PrivateReceipt,
    Problem,
    Profile,
    PublicComment,
    Receipt,
    SharedMedia,
    Signal,
    ThreadPage,
)
from pilito.channels.instagram import (
    attachments,
    client,
    comments,
    inbound,
    limits,
    reading,
    redact,
    signature,
    split,
    window,
)
from pilito.channels.instagram.connector import InstagramConnector
from pilito.channels.instagram.shares import share_in_text
from pilito.config import Settings
from pilito.errors import ConfigError
from pilito.lifecycle import MediaKind

USERNAME = re.compile(r"[A-Za-z0-9._]{1,30}")  # what Instagram lets people choose


class Instagram:
    """The channel of Instagram accounts, by Instagram Login or by a Facebook Page (`options["login"]`)."""

    name = "instagram"
    title = "Instagram"
    shares_wait = True
    reply_window: timedelta | None = window.REPLY_WINDOW
    person_window: timedelta | None = window.PERSON_WINDOW
    text_limit_bytes = split.LIMIT_BYTES
    media_hosts: tuple[str, ...] = attachments.MEDIA_HOSTS
    media_kinds: Mapping[str, MediaKind] = attachments.MEDIA_KINDS
    never_kept: Collection[str] = attachments.NEVER_KEPT
    sends: Mapping[str, FileRule] = limits.SENDS
    alerts: Collection[str] = inbound.ALERTS
    reads_back = True
    read_pause_seconds = reading.PAUSE_SECONDS
    private_reply_window: timedelta | None = comments.REPLY_WINDOW

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connector = InstagramConnector(settings)

    @property
    def connector(self) -> InstagramConnector:
        return self._connector

    def handshake(self, args: Mapping[str, str]) -> str | None:
        return signature.answer_handshake(args, self._settings.instagram_verify_token)

    def sign(self, body: bytes) -> dict[str, str]:
        secrets = self._settings.instagram_app_secret
        if not secrets:
            raise ConfigError("INSTAGRAM_APP_SECRET: expected a secret to sign with, but there is none.")
        return {signature.HEADER: signature.signature(body, secrets[0])}

    def verify(self, body: bytes, headers: Mapping[str, str]) -> bool:
        return signature.is_signed(body, headers, self._settings.instagram_app_secret)

    def account_of(self, body: bytes) -> str:
        return inbound.account_of(body)

    def parse(self, body: bytes, received_at: datetime) -> list[Item]:
        return inbound.parse(body, received_at)

    def items_about(self, body: bytes, person_id: str) -> list[Mapping[str, object]]:
        return redact.items_about(body, person_id)

    def without(self, body: bytes, person_id: str) -> bytes:
        return redact.without(body, person_id)

    def redact(self, body: bytes, external_id: str) -> bytes:
        return redact.redact(body, external_id)

    def may_send(self, by_person: bool, last_customer_message_at: datetime | None, now: datetime) -> Permission:
        return window.may_send(by_person, last_customer_message_at, now)

    def check(self, outbound: Outbound) -> Problem | None:
        return limits.check(outbound)

    def limits(self, outbound: Outbound) -> tuple[Limit, ...]:
        return limits.limits(outbound)

    def split(self, text: str) -> list[str]:
        return split.split(text)

    def profile(self, account: Account, customer_id: str) -> Profile:
        return client.profile(self._settings, account, customer_id)

    def customer_page(self, username: str) -> str | None:
        return f"https://www.instagram.com/{username}/" if USERNAME.fullmatch(username) else None

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        return client.send(self._settings, account, outbound)

    def signal(self, account: Account, customer_id: str, signal: Signal) -> None:
        client.signal(self._settings, account, customer_id, signal)

    def threads(self, account: Account, after: str | None) -> ThreadPage:
        return reading.threads(self._settings, account, after)

    def thread(self, account: Account, thread_id: str, now: datetime) -> list[Inbound | Echo]:
        return reading.thread(self._settings, account, thread_id, now)

    def thread_with(self, account: Account, customer_id: str, now: datetime) -> list[Inbound | Echo]:
        return reading.thread_with(self._settings, account, customer_id, now)

    def posts(self, account: Account, after: str | None) -> PostPage:
        return reading.posts(self._settings, account, after)

    def post(self, account: Account, media_id: str) -> Post | None:
        return reading.post(self._settings, account, media_id)

    def comments(self, account: Account, media_id: str, now: datetime, own_username: str | None) -> list[PublicComment]:
        return reading.comments(self._settings, account, media_id, now, own_username)

    def post_code(self, url: str | None) -> str | None:
        return reading.post_code(url)

    def typed_post(self, text: str) -> SharedMedia | None:
        return share_in_text(text)[0]

    def reply_privately(self, account: Account, comment_id: str, text: str) -> PrivateReceipt:
        return client.reply_privately(self._settings, account, comment_id, text)
