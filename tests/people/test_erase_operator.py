"""A person of the shop leaves for good: nothing says who they were, and the audit log holds."""

import json
from datetime import timedelta

import pytest
from rows import NOON, add, add_operator

from pilito import audit
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import Role
from pilito.models import Audit, EntryLink, Mail, Operator, OperatorSession, RecoveryCode, db
from pilito.passwords import hash_password
from pilito.people import links, profile
from pilito.people.erase import erase_operator, export_operator

EMAIL, CANARY = "kanarienvogel@shop.test", "kanarienvogel"
ADDRESS, PASSWORD = "203.0.113.77", "a long enough one"
# Every column that points at somebody of the shop. Where the row is about them it goes; where it tells what they did, or
# were given to do, it stays by their number. A new column needs a line here, and where it goes, one in erase.py.
GOES = {
    ("operator_session", "operator_id"), ("recovery_code", "operator_id"), ("entry_link", "operator_id"),
    ("saved_view", "operator_id"), ("mention", "operator_id"), ("notification", "operator_id"),
}  # fmt: skip
STAYS = {
    ("api_token", "created_by_id"), ("assistant_stop", "stopped_by_id"), ("assistant_stop", "lifted_by_id"),
    ("canned_reply", "created_by_id"), ("entry_link", "made_by_id"), ("instructions", "operator_id"),
    ("conversation", "operator_id"), ("post_product", "operator_id"), ("audit", "operator_id"),
    ("comment", "operator_id"), ("conversation_label", "operator_id"), ("note", "operator_id"),
    ("message", "operator_id"), ("notification", "by_id"), ("open_question", "settled_by_id"),
    ("draft", "operator_id"),
}  # fmt: skip


def test_it_is_decided_of_every_column_what_becomes_of_it():
    found = {
        (table.name, column.name)
        for table in db.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "operator" for key in column.foreign_keys)
    }

    assert found == GOES | STAYS


@pytest.fixture
def owner(app):
    with transaction():
        return add_operator(Role.OWNER).id


@pytest.fixture
def person(owner):
    """Somebody with a row of each kind, sealed."""
    links.invite(EMAIL, Role.AGENT, owner, lambda token: ("x", token), NOON)
    with transaction():
        operator = add_operator(Role.AGENT, email=EMAIL, name=f"Sara {CANARY}", totp_encrypted=b"a secret")
        add(RecoveryCode(operator_id=operator.id, code_hash="0" * 64))
        add(Mail(recipient=EMAIL, content_encrypted=b"x", due_at=NOON, created_at=NOON))
        add(Audit(at=NOON, action="logged_in", operator_id=operator.id, address=ADDRESS))
    audit.seal(NOON)
    return operator.id


def everything():
    db.session.rollback()
    return "\n".join(
        str(tuple(row)) for table in db.metadata.sorted_tables for row in db.session.execute(db.select(table))
    )


def test_nothing_says_who_they_were_and_the_chain_holds(person):
    assert everything().count(CANARY) >= 4

    erase_operator(EMAIL, NOON)

    assert CANARY not in everything()
    assert ADDRESS not in everything()
    audit.seal(NOON)
    report = audit.verify()
    assert report.problems == []
    assert report.forgotten == 1  # the invitation, which named the address


@pytest.fixture
def moved(person):
    """They log in with another address since; to the old one there is a mail left, and a link from before."""
    links.offer_password(person, None, lambda token: ("x", token), NOON)
    with transaction():
        db.session.get_one(Operator, person).password_hash = hash_password(PASSWORD)
    session_id = db.session.scalars(db.select(OperatorSession.id).filter_by(operator_id=person)).one()
    profile.change_email(person, "sara@shop.test", PASSWORD, session_id, utc_now())
    with transaction():
        for link in db.session.scalars(db.select(EntryLink).filter_by(operator_id=None)):
            link.operator_id = person  # they came in by their invitation
    audit.seal(NOON)
    return person


@pytest.mark.parametrize("known_by", ["its line alone", "its links alone"])
def test_no_address_that_they_had_before_is_left(moved, known_by):
    """Links go ninety days after their end, and a line of before did not say it."""
    with transaction():
        if known_by == "its line alone":
            db.session.execute(db.delete(EntryLink))
        else:
            audit.forget_words(db.session.scalars(db.select(Audit.id).filter_by(action="email_changed")))
    assert everything().count(EMAIL) >= 3

    erase_operator("sara@shop.test", NOON)

    assert CANARY not in everything()
    audit.seal(NOON)
    assert audit.verify().problems == []


def test_the_export_tells_of_them_too(moved):
    found = export_operator("sara@shop.test", NOON)

    assert {EMAIL, "sara@shop.test"} <= {row["recipient"] for row in found["mail"]} | {found["operator"]["email"]}
    assert EMAIL in {row["email"] for row in found["links"]}
    assert EMAIL in {row["details"].get("email") for row in found["audit"]}


@pytest.mark.sqlite_only
def test_an_address_that_is_somebody_elses_by_now_stays_theirs(moved, owner):
    links.invite(EMAIL, Role.AGENT, owner, lambda token: ("x", token), NOON + timedelta(hours=1))
    with transaction():
        add_operator(Role.AGENT, email=EMAIL, name="Reza")
    audit.seal(NOON)

    erase_operator("sara@shop.test", NOON + timedelta(hours=2))

    invited = db.session.scalars(db.select(Audit).filter_by(action="operator_invited").order_by(Audit.id)).all()
    assert invited[-1].details["email"] == EMAIL
    assert db.session.scalars(db.select(Operator).filter_by(email=EMAIL)).one().name == "Reza"


def test_what_they_did_stays_by_their_number(person):
    erase_operator(EMAIL, NOON)

    entry = db.session.scalars(db.select(Audit).filter_by(action="logged_in")).one()
    assert (entry.operator_id, entry.at) == (person, NOON)
    assert not db.session.get_one(Operator, person).active


@pytest.mark.sqlite_only
def test_the_address_is_free_again(person, owner):
    erase_operator(EMAIL, NOON)

    links.invite(EMAIL, Role.VIEWER, owner, lambda token: ("x", token), NOON)


def test_a_profile_that_is_saved_in_that_moment_brings_no_name_back(person):
    """Its request was let in before, and waited for its turn to write."""
    erase_operator(EMAIL, NOON)

    with pytest.raises(Refused) as refusal:
        profile.change_profile(person, f"Sara {CANARY}", {})

    assert refusal.value.reason == "operator_not_found"
    assert CANARY not in everything()


def test_the_last_owner_is_not_erased(app, owner):
    email = db.session.get_one(Operator, owner).email

    with pytest.raises(Refused, match="own the shop"):
        erase_operator(email, NOON)


def test_they_may_see_what_is_stored_and_nothing_that_opens_a_door(person):
    found = export_operator(EMAIL, NOON)

    text = json.dumps(found, ensure_ascii=False)
    assert found["operator"]["name"] == f"Sara {CANARY}"
    assert [row["address"] for row in found["log_ins"]] == ["127.0.0.1"]
    assert ADDRESS in text
    assert not {"password_hash", "secret_hash", "token_hash", "totp_encrypted"} & set(str(text).split('"'))
