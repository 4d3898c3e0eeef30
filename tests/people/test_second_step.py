"""Codes of an app: the right one at the right time, once."""

import threading
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from rows import NOON, add_operator

from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import Role
from pilito.models import Operator, RecoveryCode, db
from pilito.people import second_step
from pilito.people.team import OwnPassword

WRONG = "000000"
LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def person(app):
    with transaction():
        return add_operator(Role.ADMIN).id


@pytest.fixture
def set_up(person):
    """The secret in the app and the recovery codes of somebody who has the second step since NOON."""
    secret = offer(person)
    codes = second_step.confirm(person, None, code_at(secret, NOON), NOON)
    return secret, codes


def own(person):
    """As if they had just given their password."""
    return OwnPassword(person, operator(person).password_hash, None)


def offer(person):
    return second_step.offer_secret(own(person), NOON)


def code_at(secret, when):
    return pyotp.TOTP(secret).at(when)


def refusal(verb, *args):
    with pytest.raises(Refused) as refused:
        verb(*args)
    return refused.value.reason


def operator(operator_id):
    db.session.expire_all()
    return db.session.get_one(Operator, operator_id)


@pytest.mark.sqlite_only
def test_it_counts_once_a_first_code_was_right(person):
    secret = offer(person)
    assert not second_step.has_second_step(operator(person))

    assert refusal(second_step.confirm, person, None, WRONG, NOON) == "wrong_code"
    assert not second_step.has_second_step(operator(person))
    codes = second_step.confirm(person, None, code_at(secret, NOON), NOON)

    assert second_step.has_second_step(operator(person))
    assert len(set(codes)) == 10


def test_each_offer_is_a_new_secret_and_ends_the_one_before(person):
    old = offer(person)
    new = offer(person)

    assert new != old
    assert refusal(second_step.confirm, person, None, code_at(old, NOON), NOON) == "wrong_code"
    assert second_step.confirm(person, None, code_at(new, NOON), NOON)


def test_an_offer_counts_for_ten_minutes(person):
    secret, end = offer(person), NOON + timedelta(minutes=10)
    assert second_step.offered_secret(operator(person), None, end) == secret

    assert second_step.confirm(person, None, code_at(secret, end), end)


@pytest.mark.sqlite_only
def test_and_then_it_is_shown_to_nobody_and_sets_nothing_up(person):
    secret, after = offer(person), NOON + timedelta(minutes=10, seconds=1)
    assert second_step.offered_secret(operator(person), None, after) == ""

    assert refusal(second_step.confirm, person, None, code_at(secret, after), after) == "offer_over"
    assert not second_step.has_second_step(operator(person))


def test_another_log_in_of_the_same_person_neither_reads_nor_finishes_it(person):
    """Nobody gave the password there: it may be a thief's, who would lock the person out."""
    secret = second_step.offer_secret(replace(own(person), session_id=1), NOON)

    for other in (2, 11, None):
        assert second_step.offered_secret(operator(person), other, NOON) == ""
        assert refusal(second_step.confirm, person, other, code_at(secret, NOON), NOON) == "offer_over"

    assert second_step.offered_secret(operator(person), 1, NOON) == secret
    assert second_step.confirm(person, 1, code_at(secret, NOON), NOON)
    later = NOON + timedelta(minutes=1)
    assert second_step.check_code(person, code_at(secret, later), later)


def test_new_keys_make_no_old_offer_young(app, person):
    offer(person)
    with transaction():
        row = db.session.get_one(Operator, person)
        row.totp_encrypted = app.extensions["pilito_vault"].rotate(row.totp_encrypted)

    assert second_step.offered_secret(operator(person), None, NOON + timedelta(minutes=11)) == ""


def test_a_second_step_that_counts_has_no_end(person, set_up):
    next_year = NOON + timedelta(days=400)

    assert second_step.check_code(person, code_at(set_up[0], next_year), next_year)


@pytest.mark.sqlite_only
def test_afterwards_it_is_shown_to_nobody(person, set_up):
    assert refusal(second_step.offer_secret, own(person), NOON) == "second_step_there"


def test_neither_secret_nor_codes_can_be_read_in_the_database(person, set_up):
    secret, codes = set_up

    assert secret.encode() not in operator(person).totp_encrypted
    assert not set(codes) & set(db.session.scalars(db.select(RecoveryCode.code_hash)))


@pytest.mark.parametrize("seconds", [-30, 0, 59])
def test_a_code_opens_half_a_minute_early_or_late(person, set_up, seconds):
    assert second_step.check_code(person, code_at(set_up[0], LATER), LATER + timedelta(seconds=seconds))


def test_but_not_longer(person, set_up):
    assert not second_step.check_code(person, code_at(set_up[0], LATER), LATER + timedelta(seconds=61))


def test_each_code_opens_once(person, set_up):
    assert second_step.check_code(person, code_at(set_up[0], LATER), LATER)
    assert not second_step.check_code(person, code_at(set_up[0], LATER), LATER)


def test_not_even_twice_in_the_same_moment(app, person, set_up):
    opened, barrier = [], threading.Barrier(4)

    def try_it():
        with app.app_context():
            barrier.wait()
            opened.append(second_step.check_code(person, code_at(set_up[0], LATER), LATER))
            db.session.remove()

    threads = [threading.Thread(target=try_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(opened) == [False, False, False, True]


def test_persian_digits_and_a_space_do_too(person, set_up):
    code = code_at(set_up[0], LATER).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))

    assert second_step.check_code(person, f"{code[:3]} {code[3:]}", LATER)


@pytest.mark.sqlite_only
def test_a_recovery_code_opens_once(person, set_up):
    _, codes = set_up

    assert second_step.check_code(person, codes[0].upper().replace("-", " "), NOON)
    assert not second_step.check_code(person, codes[0], NOON)
    assert second_step.count_recovery_codes(person) == 9


def test_another_persons_recovery_code_does_not(person, set_up):
    with transaction():
        other = add_operator(Role.AGENT).id

    assert not second_step.check_code(other, set_up[1][0], NOON)


def test_ten_wrong_codes_shut_the_door_for_a_quarter_of_an_hour(person, set_up):
    for _ in range(second_step.TRIES):
        assert not second_step.check_code(person, WRONG, LATER)

    assert refusal(second_step.check_code, person, code_at(set_up[0], LATER), LATER) == "too_many_codes"
    after = LATER + second_step.TRIES_TIME
    assert second_step.check_code(person, code_at(set_up[0], after), after)


def test_new_recovery_codes_end_the_old_ones(person, set_up):
    fresh = second_step.renew_recovery_codes(own(person), NOON)

    assert not second_step.check_code(person, set_up[1][0], NOON)
    assert second_step.check_code(person, fresh[0], NOON)


def test_switched_off_nothing_of_it_is_left(person, set_up):
    second_step.switch_own_off(own(person), NOON)

    assert not second_step.has_second_step(operator(person))
    assert operator(person).totp_encrypted is None
    assert second_step.count_recovery_codes(person) == 0


# --- required for admins ---------------------------------------------------------------------------------------------


def promote(operator_id):
    with transaction():
        db.session.get_one(Operator, operator_id).role = Role.OWNER


def test_required_it_is_due_for_admins_without_it_and_for_nobody_else(person, set_up):
    promote(person)
    with transaction():
        owner, agent = add_operator(Role.OWNER).id, add_operator(Role.AGENT).id
    assert not second_step.is_due(operator(owner))

    second_step.require_for_admins(True, person, NOON)

    assert second_step.is_due(operator(owner))
    assert not second_step.is_due(operator(agent))
    assert not second_step.is_due(operator(person))


def test_an_admin_requires_nothing_of_others(person, set_up):
    with transaction():
        owner = add_operator(Role.OWNER).id

    assert refusal(second_step.require_for_admins, True, person, NOON) == "not_allowed"
    assert not second_step.is_due(operator(owner))


def test_whoever_requires_it_has_it(person):
    promote(person)
    assert refusal(second_step.require_for_admins, True, person, NOON) == "second_step_missing"
