"""Who is let in as what, who may decide about it, and that a shop keeps an owner."""

import threading
import time
from contextlib import suppress

import pyotp
import pytest
from rows import NOON, add_operator

from pilito import passwords
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import Role
from pilito.models import Audit, Operator, OperatorSession, RecoveryCode, db
from pilito.passwords import check_password, find_weakness
from pilito.people import links, profile, second_step, sessions, team
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


@pytest.mark.sqlite_only
@pytest.mark.parametrize("target", [Role.ADMIN, Role.OWNER])
def test_an_admin_makes_nobody_admin_or_owner(people, target):
    assert refusal(team.change_role, people[Role.AGENT], target, people[Role.ADMIN], NOON) == "not_allowed"
    assert refusal(team.change_role, people[Role.ADMIN], target, people[Role.ADMIN], NOON) == "not_allowed"
    assert operator(people[Role.AGENT]).role is Role.AGENT


def test_an_admin_shuts_no_owner_out_and_an_agent_nobody(people):
    assert refusal(team.deactivate, people[Role.OWNER], people[Role.ADMIN], NOON) == "not_allowed"
    assert refusal(team.deactivate, people[Role.VIEWER], people[Role.AGENT], NOON) == "not_allowed"


def test_a_second_step_is_taken_away_by_rank_too(people):
    for whom, by in ((Role.OWNER, Role.ADMIN), (Role.ADMIN, Role.ADMIN), (Role.VIEWER, Role.AGENT)):
        with transaction():
            other = add_operator(whom).id

        set_up_second_step(other)

        assert refusal(second_step.switch_off, other, people[by], NOON) == "not_allowed"
        assert operator(other).totp_at == NOON


def test_the_second_step_of_one_who_is_not_there_and_ones_own_is_not_taken_away_so(people):
    assert refusal(second_step.switch_off, 999, people[Role.OWNER], NOON) == "operator_not_found"
    assert refusal(second_step.switch_off, people[Role.OWNER], people[Role.OWNER], NOON) == "own_access"


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


@pytest.mark.sqlite_only
def test_deactivation_ends_every_log_in_and_nobody_elses(people):
    assert len(open_sessions(people[Role.AGENT])) == 1

    team.deactivate(people[Role.AGENT], people[Role.ADMIN], NOON)

    assert open_sessions(people[Role.AGENT]) == []
    assert len(open_sessions(people[Role.VIEWER])) == 1


@pytest.mark.sqlite_only
def test_one_who_was_deactivated_can_be_let_in_again(people):
    team.deactivate(people[Role.AGENT], people[Role.ADMIN], NOON)

    team.activate(people[Role.AGENT], people[Role.ADMIN], NOON)

    assert operator(people[Role.AGENT]).active
    assert open_sessions(people[Role.AGENT]) == []  # old log-ins stay over


@pytest.mark.sqlite_only
def test_a_changed_password_ends_all_log_ins_but_this_one(app):
    person_id = team.add_operator("sara@shop.test", "Sara", Role.AGENT, PASSWORD, "fa", NOON)
    with transaction():
        for _ in range(2):
            begin_session(db.session.get_one(Operator, person_id), "127.0.0.1", "x", utc_now())
    here, _elsewhere = open_sessions(person_id)

    team.change_password(person_id, PASSWORD, "another long sentence of mine", here.id, NOON)

    assert [one.id for one in open_sessions(person_id)] == [here.id]
    assert check_password(operator(person_id).password_hash, "another long sentence of mine")


@pytest.mark.sqlite_only
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


@pytest.mark.sqlite_only
def test_the_old_password_has_to_be_known(app):
    person_id = team.add_operator("sara@shop.test", "Sara", Role.AGENT, PASSWORD, "fa", NOON)

    assert (
        refusal(team.change_password, person_id, "not the old one", "another long one", None, NOON) == "wrong_password"
    )
    assert check_password(operator(person_id).password_hash, PASSWORD)


# --- what was begun with the old password ----------------------------------------------------------------------------

RESET = "a sentence that only Sara knows"


@pytest.fixture
def sara(app):
    """Somebody who is logged in: their number and their log-in's."""
    person_id = team.add_operator("sara@shop.test", "Sara", Role.ADMIN, PASSWORD, "fa", NOON)
    with transaction():
        begin_session(db.session.get_one(Operator, person_id), "127.0.0.1", "x", utc_now())
    return person_id, open_sessions(person_id)[0].id


@pytest.fixture
def while_it_is_compared(app, monkeypatch):
    """Let something happen while the next password is held against its hash."""

    def choose(happens):
        class Slow(passwords.PasswordHasher):
            def verify(self, hash, password):
                monkeypatch.undo()
                with app.app_context():
                    happens()
                return passwords._hasher.verify(hash, password)

        monkeypatch.setattr(passwords, "_hasher", Slow())

    return choose


def set_up_second_step(person_id):
    """By NOON, by somebody whose password nobody has to guess for that."""
    own = team.OwnPassword(person_id, operator(person_id).password_hash, None)
    secret = second_step.offer_secret(own, NOON)
    second_step.confirm(person_id, None, pyotp.TOTP(secret).at(NOON), NOON)


def change_password(person_id, session_id):
    team.change_password(person_id, PASSWORD, "the old one by another name", session_id, NOON)


def change_email(person_id, session_id):
    profile.change_email(person_id, "thief@home.test", PASSWORD, session_id, NOON)


def offer_secret(person_id, session_id):
    second_step.offer_secret(team.check_own_password(person_id, PASSWORD, session_id), NOON)


def renew_recovery_codes(person_id, session_id):
    second_step.renew_recovery_codes(team.check_own_password(person_id, PASSWORD, session_id), NOON)


def switch_own_off(person_id, session_id):
    second_step.switch_own_off(team.check_own_password(person_id, PASSWORD, session_id), NOON)


DEEDS = [change_password, change_email, offer_secret, renew_recovery_codes, switch_own_off]
NEEDS_SECOND_STEP = (renew_recovery_codes, switch_own_off)


def kept(person_id):
    """What of the person a thief would change."""
    row = operator(person_id)
    codes = db.session.scalars(db.select(RecoveryCode.code_hash).order_by(RecoveryCode.id)).all()
    return row.password_hash, row.email, row.totp_at, row.totp_encrypted, codes


@pytest.mark.parametrize("deed", DEEDS)
def test_what_waited_with_the_old_password_changes_nothing_once_a_link_has_set_a_new_one(
    sara, while_it_is_compared, deed
):
    person_id, session_id = sara
    if deed in NEEDS_SECOND_STEP:
        set_up_second_step(person_id)
    token, _ = links.offer_password(person_id, None, lambda token: ("x", token), NOON)
    after = []

    def reset():
        links.choose_password(token, RESET, NOON)
        after.append(kept(person_id))

    while_it_is_compared(reset)

    assert refusal(deed, person_id, session_id) == "wrong_password"
    assert kept(person_id) == after[0]
    assert check_password(operator(person_id).password_hash, RESET)
    assert open_sessions(person_id) == []


def test_a_reset_that_is_just_being_written_is_waited_for(app, sara):
    person_id, session_id = sara
    new_hash, is_writing = passwords.hash_password(RESET), threading.Event()

    def reset():
        with app.app_context(), transaction() as tx:
            row = db.session.get_one(Operator, person_id, with_for_update=True)
            team.set_hash(tx, row, new_hash, NOON)
            is_writing.set()
            time.sleep(0.4)  # longer than a compare takes

    thread = threading.Thread(target=reset)
    thread.start()
    is_writing.wait(20)
    reason = refusal(change_email, person_id, session_id)
    thread.join(20)

    assert reason == "wrong_password"
    assert operator(person_id).email == "sara@shop.test"


@pytest.mark.sqlite_only
@pytest.mark.parametrize("deed", DEEDS)
def test_nor_once_its_log_in_has_ended(sara, while_it_is_compared, deed):
    person_id, session_id = sara
    if deed in NEEDS_SECOND_STEP:
        set_up_second_step(person_id)
    before = kept(person_id)
    while_it_is_compared(lambda: sessions.end_other_sessions(person_id, None, NOON))

    assert refusal(deed, person_id, session_id) == "session_not_found"
    assert kept(person_id) == before


@pytest.mark.sqlite_only
@pytest.mark.parametrize("deed", DEEDS)
def test_undisturbed_each_of_them_does_what_it_is_for(sara, deed):
    person_id, session_id = sara
    if deed in NEEDS_SECOND_STEP:
        set_up_second_step(person_id)
    before = kept(person_id)

    deed(person_id, session_id)

    assert kept(person_id) != before
    assert [one.id for one in open_sessions(person_id)] == [session_id]


def test_a_second_step_that_was_begun_with_the_old_password_is_not_finished_with_the_new_one(sara):
    """Else a thief would lock the person out with a phone of their own."""
    person_id, _ = sara
    secret = second_step.offer_secret(team.check_own_password(person_id, PASSWORD, None), NOON)
    token, _ = links.offer_password(person_id, None, lambda token: ("x", token), NOON)

    links.choose_password(token, RESET, NOON)

    assert refusal(second_step.confirm, person_id, None, pyotp.TOTP(secret).at(NOON), NOON) == "offer_over"


@pytest.mark.sqlite_only
def test_one_that_counts_stays_with_a_new_password(sara):
    person_id, session_id = sara
    set_up_second_step(person_id)

    team.change_password(person_id, PASSWORD, RESET, session_id, NOON)

    assert second_step.has_second_step(operator(person_id))
    assert operator(person_id).totp_encrypted


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
