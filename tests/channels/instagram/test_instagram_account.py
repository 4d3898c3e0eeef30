"""Whose a body is, as the door can tell it: the one account that its items will name, or nobody's."""

import json

import pytest
from captures import CAPTURES, raw
from instagram_events import ACCOUNT, NOON

from pilito.channels.instagram.inbound import account_of, parse

OTHER = "17841400000000002"


def body(*entries):
    return json.dumps({"object": "instagram", "entry": list(entries)}).encode()


@pytest.mark.parametrize("name", sorted(CAPTURES))
def test_of_every_capture_it_is_what_its_items_name_or_nothing(name):
    named = {item.account_id for item in parse(raw(name), NOON) if item.account_id}

    account = account_of(raw(name))

    assert account == "" or named <= {account}
    assert account != "" or len(named) != 1 or name == "nothing_is_an_object"  # one entry of it names none


def test_several_entries_of_one_account_are_its():
    assert account_of(body({"id": ACCOUNT}, {"id": int(ACCOUNT), "messaging": []})) == ACCOUNT


def test_an_entry_without_its_envelope_is_read_as_one():
    assert account_of(json.dumps({"id": ACCOUNT, "time": 1, "messaging": []}).encode()) == ACCOUNT


@pytest.mark.parametrize(
    "raw_body",
    [
        body({"id": ACCOUNT}, {"id": OTHER}),
        body({"id": ACCOUNT}, {"messaging": []}),
        body({"id": ACCOUNT}, 7),
        body({"id": "9" * 129}),
        body(),
        b"",
        b"\xff nonsense",
        b"null",
        b"[7]",
        b'{"entry": {"id": {"id": "1"}}}',
        b"[" * 100_000,
        b'{"entry": [{"id": "1", "time": ' + b"9" * 5_000 + b"}]}",
    ],
)
def test_what_names_several_or_none_or_cannot_be_read_is_nobodys(raw_body):
    assert account_of(raw_body) == ""
