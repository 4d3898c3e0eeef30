from datetime import timedelta

import pytest
from instagram_events import CUSTOMER, NOON, body, entry, message

from pilito.channels import build_channels
from pilito.channels.base import Channel, Permission
from pilito.channels.instagram import Instagram
from pilito.config import load_settings
from pilito.errors import ConfigError

BODY = body(entry(message(text="سلام")))


def make(**settings):
    return Instagram(load_settings(**{"instagram_app_secret": ["first", "second"], **settings}))


def test_instagram_keeps_the_protocol():
    channel: Channel = make()

    assert (channel.name, channel.title, channel.shares_wait) == ("instagram", "Instagram", True)
    assert (channel.reply_window, channel.text_limit_bytes) == (timedelta(hours=24), 1000)


def test_instagram_is_among_the_channels():
    assert isinstance(build_channels(load_settings())["instagram"], Instagram)


def test_what_it_signs_it_verifies():
    channel = make()

    assert channel.verify(BODY, channel.sign(BODY))
    assert not channel.verify(BODY + b" ", channel.sign(BODY))


def test_without_a_secret_it_signs_and_verifies_nothing():
    channel = make(instagram_app_secret=[])

    with pytest.raises(ConfigError, match="INSTAGRAM_APP_SECRET"):
        channel.sign(BODY)
    assert not channel.verify(BODY, make().sign(BODY))


def test_it_answers_the_handshake_with_its_own_token():
    args = {"hub.mode": "subscribe", "hub.verify_token": "ours", "hub.challenge": "42"}

    assert make(instagram_verify_token="ours").handshake(args) == "42"
    assert make(instagram_verify_token="").handshake({**args, "hub.verify_token": ""}) is None


def test_it_reads_splits_and_knows_the_window():
    channel = make()

    [item] = channel.parse(BODY, NOON)
    assert item.customer_id == CUSTOMER
    assert channel.split("سلام") == ["سلام"]
    assert channel.may_send(False, NOON, NOON) == Permission()
