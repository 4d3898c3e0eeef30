"""One person's items are found in a stored body and emptied; nothing else of it changes."""

import json

import pytest
from rows import NOON

from pilito.channels.base import Ignored
from pilito.channels.instagram import redact
from pilito.channels.instagram.inbound import parse

ACCOUNT, SARA, MARYAM = "17841400000000001", "600000000000001", "600000000000002"


def item(person, words="سلام", **more):
    return {"sender": {"id": person}, "recipient": {"id": ACCOUNT}, "message": {"mid": "m", "text": words}, **more}


def body(*items, name="messaging", account=ACCOUNT):
    return json.dumps({"object": "instagram", "entry": [{"id": account, name: list(items)}]}).encode()


@pytest.mark.parametrize("name", ["messaging", "standby", "changes"])
def test_the_items_of_one_person_are_emptied_and_the_neighbours_stay(name):
    cleaned = json.loads(redact.without(body(item(SARA, "canary"), item(MARYAM), name=name), SARA))

    assert cleaned["entry"][0][name] == [redact.EMPTIED, item(MARYAM)]


def test_the_positions_stay_so_that_the_ledger_still_fits():
    whole = body(item(MARYAM), item(SARA), item(MARYAM))

    assert len(parse(redact.without(whole, SARA), NOON)) == len(parse(whole, NOON)) == 3


@pytest.mark.parametrize("name", ["messaging", "standby", "changes"])
def test_an_emptied_item_that_is_read_again_is_ignored(name):
    cleaned = redact.without(body(item(SARA), name=name), SARA)

    assert [type(one) for one in parse(cleaned, NOON)] == [Ignored]


@pytest.mark.parametrize(
    "hidden",
    [
        {"sender": {"id": int(SARA)}},
        {"value": {"from": {"id": SARA, "username": "canary"}}},
        {"recipient": {"id": SARA}, "message": {"is_echo": True, "text": "canary"}},
    ],
)
def test_the_person_is_found_wherever_the_id_stands(hidden):
    assert redact.items_about(body(hidden), SARA) == [hidden]
    assert b"canary" not in redact.without(body(hidden), SARA)


def test_a_comment_on_the_entry_itself_is_found():
    raw = json.dumps({"entry": [{"id": ACCOUNT, "field": "comments", "value": {"from": {"id": SARA}}}]}).encode()

    assert json.loads(redact.without(raw, SARA))["entry"][0]["value"] == redact.EMPTIED


def test_of_an_account_everything_in_its_entry_goes_and_other_accounts_stay():
    entries = [{"id": ACCOUNT, "messaging": [item(SARA)]}, {"id": "2", "messaging": [{"sender": {"id": MARYAM}}]}]

    cleaned = redact.without(json.dumps({"entry": entries}).encode(), ACCOUNT)

    assert ACCOUNT.encode() not in cleaned
    assert json.loads(cleaned)["entry"][1] == entries[1]


def test_a_body_that_cannot_be_read_goes_as_a_whole_only_where_it_holds_the_id():
    assert redact.without(b"{broken " + SARA.encode(), SARA) == b"{}"
    assert redact.without(b"{broken", SARA) == b"{broken"
    assert redact.without(json.dumps({"odd": SARA}).encode(), SARA) == b"{}"
