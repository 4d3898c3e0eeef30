"""Who is let in as what, who may decide about it, and that a shop keeps an owner."""

import threading
from contextlib import suppress

import pytest
from rows import NOON, add_operator

from pilito.clock import utc_now
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import Role
from pilito.models import Audit, Operator, OperatorSession, db
from pilito.passwords import check_password, find_weakness
from pilito.people import profile, team
from pilito.people.sessions import begin_session

PASSWORD = "a long enough password"


@pytest.fixture
def people(app):
    """One of each role: their ids."""
    with transaction():
        return {role: add_operator(role).id for role in Role}


def operator(operator_id):
    db.session.expire_all()
    return db.session.get_one(Operator, operator_id)


def open_sessions(operator_id):
    db.session.rollback()
    wanted = db.select(OperatorSession).filter_by(operator_id=operator_id, ended_at=None)
    return db.session.scalars(wanted.order_by(OperatorSession.id)).all()


def refusal(verb, *args):
    with pytest.raises(Refused) as refused:
        verb(*args)
    return refused.value.reason


# --- who may decide about whom ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", Role)
@pytest.mark.parametrize("whom", Role)
def test_owners_decide_about_everybody_and_admins_about_agents_and_viewers(who, whom):
    expected = who is Role.OWNER or (who is Role.ADMIN and whom in (Role.AGENT, Role.VIEWER))

    assert team.may_manage(who, whom) is expected


def test_a_new_role_counts_at_once_and_is_on_the_audit_log(people):
    team.change_role(people[Role.VIEWER], Role.AGENT, people[Role.ADMIN], NOON)

    assert operator(people[Role.VIEWER]).role is Role.AGENT
    entry = db.session.scalars(db.select(Audit).filter_by(action="role_changed")).one()
    assert entry.operator_id == people[Role.ADMIN]
    assert entry.details == {"whom": people[Role.VIEWER], "from": "viewer", "to": "agent"}


@pytest.mark.parametrize("target", [Role.ADMIN, Role.OWNER])
def test_an_admin_makes_nobody_admin_or_owner(people, target):
    assert refusal(team.change_role, people[Role.AGENT], target, people[Role.ADMIN], NOON) == "not_allowed"
    assert refusal(team.change_role, people[Role.ADMIN], target, people[Role.ADMIN], NOON) == "not_allowed"
    assert operator(people[Role.AGENT]).role is Role.AGENT


def test_an_admin_shuts_no_owner_out_and_an_agent_nobody(people):
    assert refusal(team.deactivate, people[Role.OWNER], people[Role.ADMIN], NOON) == "not_allowed"
    assert refusal(team.deactivate, people[Role.VIEWER], people[Role.AGENT], NOON) == "not_allowed"


# --- the last owner --------------------------------------------------------------------------------------------------


def test_the_last_owner_cannot_go(people):
    owner = people[Role.OWNER]

    assert refusal(team.deactivate, owner, owner, NOON) == "last_owner"
    assert refusal(team.change_role, owner, Role.ADMIN, owner, NOON) == "last_owner"
    assert refusal(team.deactivate, owner, None, NOON) == "last_owner"


def test_one_of_two_owners_can(people):
    with transaction():
        second = add_operator(Role.OWNER).id

    team.deactivate(people[Role.OWNER], second, NOON)

    assert not operator(people[Role.OWNER]).active
    assert refusal(team.change_role, second, Role.AGENT, second, NOON) == "last_owner"


def test_two_owners_who_take_each_others_role_at_once_leave_one(app, people):
    with transaction():
        second = add_operator(Role.OWNER).id
    barrier, refused = threading.Barrier(2), []

    def demote(whom, by):
        with app.app_context():
            barrier.wait()
            try:
                team.change_role(whom, Role.AGENT, by, NOON)
            except Refused as refusal:
                refused.append(refusal.reason)
            finally:
                db.session.remove()

    first = people[Role.OWNER]
    threads = [threading.Thread(target=demote, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    db.session.expire_all()
    assert db.session.scalar(db.select(db.func.count()).select_from(Operator).filter_by(role=Role.OWNER)) == 1
    assert len(refused) == 1


# --- what ends with it -----------------------------------------------------------------------------------------------


def test_deactivation_ends_every_log_in_and_nobody_elses(people):
    assert len(open_sessions(people[Role.AGENT])) == 1

    team.deactivate(people[Role.AGENT], people[Role.ADMIN], NOON)

    assert open_sessions(people[Role.AGENT]) == []
    assert len(open_sessions(people[Role.VIEWER])) == 1


def test_one_who_was_deactivated_can_be_let_in_again(people):
    team.deactivate(people[Role.AGENT], people[Role.ADMIN], NOON)

    team.activate(people[Role.AGENT], people[Role.ADMIN], NOON)

    assert operator(people[Role.AGENT]).active
    assert open_sessions(people[Role.AGENT]) == []  # old log-ins stay over


def test_a_changed_password_ends_all_log_ins_but_this_one(app):
    person_id = team.add_operator("sara@shop.test", "Sara", Role.AGENT, PASSWORD, "fa", NOON)
    with transaction():
        for _ in range(2):
            begin_session(db.session.get_one(Operator, person_id), "127.0.0.1", "x", utc_now())
    here, _elsewhere = open_sessions(person_id)

    team.change_password(person_id, PASSWORD, "another long sentence of mine", here.id, NOON)

    assert [one.id for one in open_sessions(person_id)] == [here.id]
    assert check_password(operator(person_id).password_hash, "another long sentence of mine")


@pytest.mark.parametrize(
    ("email", "password", "left"),
    [
        ("sara@home.test", PASSWORD, 1),
        ("SARA@shop.test ", PASSWORD, 2),  # the one that it is already
        ("sara@home.test", "not the password", 2),
        ("reza@shop.test", PASSWORD, 2),  # of somebody else
    ],
    ids=["another", "the same", "wrong password", "taken"],
)
def test_so_does_a_changed_e_mail_and_nothing_that_changes_none(app, email, password, left):
    """A thief in the mailbox may have come in by a link to it."""
    person_id = team.add_operator("sara@shop.test", "Sara", Role.AGENT, PASSWORD, "fa", NOON)
    team.add_operator("reza@shop.test", "Reza", Role.AGENT, PASSWORD, "fa", NOON)
    with transaction():
        for _ in range(2):
            begin_session(db.session.get_one(Operator, person_id), "127.0.0.1", "x", utc_now())
    here = open_sessions(person_id)[0]

    with suppress(Refused):
        profile.change_email(person_id, email, password, here.id, NOON)

    assert len(open_sessions(person_id)) == left
    assert open_sessions(person_id)[0].id == here.id


def test_the_old_password_has_to_be_known(app):
    person_id = team.add_operator("sara@shop.test", "Sara", Role.AGENT, PASSWORD, "fa", NOON)

    assert (
        refusal(team.change_password, person_id, "not the old one", "another long one", None, NOON) == "wrong_password"
    )
    assert check_password(operator(person_id).password_hash, PASSWORD)


# --- addresses and passwords -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["", "sara", "@shop.test", "a@b@c", "a b@c.test", "a\n@c.test", "x@" + "y" * 260])
def test_what_is_no_address_is_refused(app, email):
    assert refusal(team.add_operator, email, "", Role.AGENT, PASSWORD, "fa", NOON) == "bad_email"


def test_an_address_belongs_to_one_person_in_any_case(app):
    team.add_operator("sara@shop.test", "", Role.AGENT, PASSWORD, "fa", NOON)

    assert refusal(team.add_operator, " Sara@Shop.Test", "", Role.AGENT, PASSWORD, "fa", NOON) == "email_taken"


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        ("short", "short_password"),
        ("x" * 1001, "long_password"),
        ("password1234", "common_password"),
        ("123456789012", "common_password"),
        ("۱۲۳۴۵۶۷۸۹۰۱۲", "common_password"),
        ("qwertyuiop123", "common_password"),
        ("aaaaaaaaaaaa", "common_password"),
        ("شسیبلاتنمکگ۱", "common_password"),
        ("niloofar1234", "common_password"),
        ("niloofar@shop.test", "common_password"),
        ("pilitopilito", "common_password"),
        (PASSWORD, None),
        ("correct horse battery staple", None),
        ("پیراهن آبی در باران", None),
        ("xK9$mmQ2!vLp", None),
        ("correct horse battery staple " * 6, None),
    ],
)
def test_a_password_is_long_and_not_what_everybody_tries(password, weakness):
    assert find_weakness(password, "niloofar@shop.test", "Niloofar") == weakness
