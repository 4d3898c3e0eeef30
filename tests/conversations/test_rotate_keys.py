"""Tokens move under the first key; what no key opens is named and left as it is."""

import pytest
from cryptography.fernet import Fernet
from rows import NOON, add, add_inbox

from pilito.conversations.account import open_account
from pilito.conversations.connect import connect
from pilito.conversations.rotate_keys import KeyState, key_state, rotate_keys
from pilito.database import transaction
from pilito.extensions import settings
from pilito.lifecycle import AssistantMode
from pilito.models import Inbox, Mail, db

OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture
def use_keys(make_settings, make_app):
    return lambda *keys: make_app(make_settings(encryption_keys=list(keys)))


def store(account_id="1"):
    return connect("instagram", "Shop", account_id, "the token", {}, AssistantMode.AUTO, NOON)


def row(inbox_id):
    db.session.rollback()
    return db.session.get_one(Inbox, inbox_id, populate_existing=True)


def test_a_token_under_an_old_key_moves_and_is_readable_without_that_key(use_keys):
    use_keys(OLD)
    inbox_id = store()
    use_keys(NEW, OLD)
    assert key_state(row(inbox_id)) is KeyState.OLD

    assert rotate_keys() == {inbox_id: KeyState.OLD}

    use_keys(NEW)
    assert key_state(row(inbox_id)) is KeyState.FIRST
    assert open_account(row(inbox_id)).token == "the token"


def test_a_token_under_the_first_key_is_left_as_it_is(use_keys):
    use_keys(NEW, OLD)
    inbox_id = store()
    before = row(inbox_id).token_encrypted

    assert rotate_keys() == {inbox_id: KeyState.FIRST}

    assert row(inbox_id).token_encrypted == before


def test_what_no_key_opens_is_named_and_does_not_hold_up_the_others(use_keys):
    use_keys(FOREIGN)
    lost = store("1")
    use_keys(OLD)
    kept = store("2")
    with transaction():
        empty = add_inbox(token_encrypted=b"").id

    use_keys(NEW, OLD)

    assert rotate_keys() == {lost: KeyState.UNREADABLE, kept: KeyState.OLD, empty: KeyState.NONE}
    assert open_account(row(lost)) is None


def test_the_command_and_the_doctor_say_it(use_keys):
    use_keys(OLD)
    store()
    app = use_keys(NEW, OLD)
    runner = app.test_cli_runner()

    assert "under an old key: `flask rotate-keys`" in runner.invoke(args=["doctor"]).output
    result = runner.invoke(args=["rotate-keys"])

    assert result.exit_code == 0
    assert "under the first key now" in result.output
    assert "under an old key" not in runner.invoke(args=["doctor"]).output
    assert settings.encryption_keys[0] not in result.output


def test_the_command_fails_where_a_token_is_lost(use_keys):
    use_keys(FOREIGN)
    store()

    result = use_keys(NEW).test_cli_runner().invoke(args=["rotate-keys"])

    assert result.exit_code == 1
    assert "put the key it was stored with back" in result.output


def test_a_mail_that_waits_moves_too_and_is_still_readable_without_the_old_key(use_keys):
    use_keys(NEW, OLD)
    with transaction():
        sealed = Fernet(OLD).encrypt(b"words")
        mail_id = add(Mail(recipient="a@shop.test", content_encrypted=sealed, due_at=NOON, created_at=NOON)).id
        add(Mail(recipient="b@shop.test", content_encrypted=None, due_at=NOON, created_at=NOON))  # one that was sent

    assert rotate_keys() == {f"mail {mail_id}": KeyState.OLD}

    db.session.rollback()
    assert Fernet(NEW).decrypt(db.session.get_one(Mail, mail_id, populate_existing=True).content_encrypted) == b"words"
