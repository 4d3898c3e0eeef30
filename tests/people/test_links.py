"""Links that let somebody in: once, in time, and only whom they were meant for."""

from datetime import timedelta

import pytest
from rows import NOON, add_operator

from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import Role
from pilito.models import Audit, EntryLink, Mail, Operator, OperatorSession, db
from pilito.passwords import check_password
from pilito.people import links, profile, team

PASSWORD = "a long enough password"
EMAIL = "sara@shop.test"


@pytest.fixture
def owner(app):
    with transaction():
        return add_operator(Role.OWNER).id


@pytest.fixture
def admin(app):
    with transaction():
        return add_operator(Role.ADMIN).id


@pytest.fixture
def sara(app):
    return team.add_operator(EMAIL, "Sara", Role.AGENT, PASSWORD, "fa", NOON)


def letter(token):
    return "Come in", f"https://inbox.example.com/join/{token}"


def invite(by_id, email=EMAIL, role=Role.AGENT, now=NOON):
    return links.invite(email, role, by_id, letter, now)[0]


def accept(token, now=NOON):
    return links.accept_invitation(token, "Sara", PASSWORD, "fa", now)


def refusal(verb, *args):
    with pytest.raises(Refused) as refused:
        verb(*args)
    return refused.value.reason


def test_an_invited_person_comes_in_with_the_role_and_a_password_of_their_own(owner):
    sara = accept(invite(owner))

    assert (sara.email, sara.name, sara.role) == (EMAIL, "Sara", Role.AGENT)
    assert check_password(sara.password_hash, PASSWORD)


def test_the_token_is_kept_as_a_hash(owner):
    token = invite(owner)

    assert token not in str(db.session.execute(db.select(EntryLink.__table__)).all())


@pytest.mark.sqlite_only
def test_an_invitation_lets_in_once(owner):
    token = invite(owner)
    accept(token)

    assert refusal(accept, token) == "link_over"


def test_it_lets_in_until_72_hours_are_over(owner):
    token = invite(owner)

    assert links.find_link(token, NOON + timedelta(hours=72, seconds=-1)) is not None
    assert refusal(accept, token, NOON + timedelta(hours=72)) == "link_over"


@pytest.mark.sqlite_only
def test_a_second_invitation_ends_the_first(owner):
    first, second = invite(owner), invite(owner)

    assert refusal(accept, first) == "link_over"
    assert accept(second).email == EMAIL


def test_a_revoked_invitation_lets_nobody_in(owner):
    token = invite(owner)
    (link,) = links.list_invitations(NOON)

    links.revoke_invitation(link.id, owner, NOON)

    assert refusal(accept, token) == "link_over"
    assert links.list_invitations(NOON) == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_an_admin_invites_no_admin_and_no_owner(admin, role):
    assert refusal(links.invite, EMAIL, role, admin, letter, NOON) == "not_allowed"


def test_an_admin_revokes_no_invitation_of_an_admin(owner, admin):
    invite(owner, role=Role.ADMIN)
    (link,) = links.list_invitations(NOON)

    assert refusal(links.revoke_invitation, link.id, admin, NOON) == "not_allowed"


@pytest.mark.sqlite_only
def test_a_weak_password_uses_nothing_up(owner):
    token = invite(owner)

    assert refusal(links.accept_invitation, token, "Sara", "password1234", "fa", NOON) == "common_password"
    assert accept(token).email == EMAIL


def test_nobody_is_invited_twice(owner):
    accept(invite(owner))

    assert refusal(links.invite, EMAIL, Role.AGENT, owner, letter, NOON) == "email_taken"


def test_where_mail_is_set_up_the_link_goes_out_by_it(make_app, make_settings):
    make_app(make_settings(smtp_url="smtp://127.0.0.1:1", mail_from="inbox@shop.test"))
    with transaction():
        owner = add_operator(Role.OWNER).id

    _token, is_mailed = links.invite(EMAIL, Role.AGENT, owner, letter, NOON)

    assert is_mailed
    assert db.session.scalars(db.select(Mail.recipient)).all() == [EMAIL]


# --- a new password --------------------------------------------------------------------------------------------------


def test_a_link_sets_a_new_password_and_ends_every_log_in(owner):
    with transaction():
        person = add_operator(Role.AGENT).id
    token, _ = links.offer_password(person, owner, letter, NOON)

    links.choose_password(token, "another long sentence", NOON)

    assert check_password(db.session.get_one(Operator, person).password_hash, "another long sentence")
    assert db.session.scalar(db.select(OperatorSession).filter_by(operator_id=person, ended_at=None)) is None
    assert refusal(links.choose_password, token, "yet another sentence", NOON) == "link_over"


def test_that_link_lasts_a_day(owner, sara):
    token, _ = links.offer_password(sara, owner, letter, NOON)

    assert refusal(links.choose_password, token, "another sentence", NOON + timedelta(hours=24)) == "link_over"


def test_an_admin_offers_an_owner_no_password(owner, admin):
    assert refusal(links.offer_password, owner, admin, letter, NOON) == "not_allowed"


@pytest.mark.sqlite_only
def test_a_link_of_one_kind_is_none_of_the_other(owner, sara):
    password, _ = links.offer_password(sara, owner, letter, NOON)
    invitation = invite(owner, email="reza@shop.test")

    assert refusal(accept, password) == "link_over"
    assert refusal(links.choose_password, invitation, "another sentence", NOON) == "link_over"


def test_whoever_was_deactivated_meanwhile_does_not_come_back_by_a_link(owner, sara):
    token, _ = links.offer_password(sara, owner, letter, NOON)
    team.deactivate(sara, owner, NOON)

    assert refusal(links.choose_password, token, "another long sentence", NOON) == "link_over"


# --- what ends a link before its time --------------------------------------------------------------------------------


@pytest.fixture
def reza(app):
    """An admin who is to leave, or to be less."""
    with transaction():
        return add_operator(Role.ADMIN).id


def choose(token):
    return links.choose_password(token, "another long sentence", NOON)


def change_own_password(operator_id):
    team.change_password(operator_id, PASSWORD, "a sentence of my own", None, NOON)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "mend",
    [
        change_own_password,
        lambda operator_id: team.set_password(EMAIL, "a sentence of my own", NOON),
        lambda operator_id: profile.change_email(operator_id, "sara@home.test", PASSWORD, None, NOON),
    ],
    ids=["password", "command line", "e-mail"],
)
def test_whoever_asked_from_a_stolen_mailbox_gets_nothing_once_the_person_has_changed_something(owner, sara, mend):
    stolen, _ = links.offer_password(sara, None, letter, NOON)
    invitation = invite(owner, email="reza@shop.test")

    mend(sara)

    assert refusal(choose, stolen) == "link_over"
    assert links.find_link(stolen, NOON) is None
    assert accept(invitation).email == "reza@shop.test"  # of somebody else: it stands


@pytest.mark.sqlite_only
def test_a_link_asked_for_afterwards_opens(sara):
    links.offer_password(sara, None, letter, NOON)
    change_own_password(sara)

    choose(links.offer_password(sara, None, letter, NOON)[0])

    assert check_password(db.session.get_one(Operator, sara).password_hash, "another long sentence")


@pytest.mark.sqlite_only
def test_a_password_that_was_not_changed_after_all_ends_no_link(sara):
    token, _ = links.offer_password(sara, None, letter, NOON)

    assert refusal(team.change_password, sara, "not the password", "a sentence of my own", None, NOON)

    assert choose(token) == sara


def test_a_link_from_before_a_deactivation_opens_nothing_after_the_person_is_back(owner, sara):
    token, _ = links.offer_password(sara, None, letter, NOON)

    team.deactivate(sara, owner, NOON)
    team.activate(sara, owner, NOON)

    assert refusal(choose, token) == "link_over"


@pytest.mark.sqlite_only
def test_an_owner_who_is_shut_out_does_not_come_back_by_an_invitation_of_their_own(owner):
    with transaction():
        other = add_operator(Role.OWNER).id
    own, of_other = invite(owner, "own@home.test", Role.OWNER), invite(other, "new@shop.test")

    team.deactivate(owner, other, NOON)

    assert refusal(accept, own) == "link_over"
    assert [link.email for link in links.list_invitations(NOON)] == ["new@shop.test"]
    ended = db.session.scalars(db.select(Audit).filter_by(action="invitation_revoked")).one()
    assert (ended.operator_id, ended.details) == (other, {"email": "own@home.test", "role": "owner"})
    assert accept(of_other).email == "new@shop.test"


@pytest.mark.sqlite_only
def test_nor_does_it_let_anybody_in_after_they_are_back(owner):
    with transaction():
        other = add_operator(Role.OWNER).id
    own = invite(owner, "own@home.test", Role.OWNER)

    team.deactivate(owner, other, NOON)
    team.activate(owner, other, NOON)

    assert refusal(accept, own) == "link_over"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "end",
    [
        lambda reza, owner: team.deactivate(reza, owner, NOON),
        lambda reza, owner: team.change_role(reza, Role.AGENT, owner, NOON),
    ],
    ids=["deactivated", "demoted"],
)
def test_a_link_to_somebody_elses_password_ends_with_the_right_to_make_it(owner, sara, reza, end):
    with transaction():
        agent = add_operator(Role.AGENT).id
    made, _ = links.offer_password(sara, reza, letter, NOON)
    of_owner, _ = links.offer_password(agent, owner, letter, NOON)

    end(reza, owner)

    assert refusal(choose, made) == "link_over"
    assert choose(of_owner) == agent


@pytest.mark.sqlite_only
def test_an_owner_who_becomes_admin_keeps_the_links_that_an_admin_may_make(owner):
    with transaction():
        other = add_operator(Role.OWNER).id
    for_admin, for_agent = invite(owner, "a@shop.test", Role.ADMIN), invite(owner, "b@shop.test", Role.AGENT)

    team.change_role(owner, Role.ADMIN, other, NOON)

    assert refusal(accept, for_admin) == "link_over"
    assert accept(for_agent).role is Role.AGENT


def test_an_agent_who_becomes_admin_is_not_taken_over_by_the_link_of_another_admin(owner, admin, sara):
    by_admin, _ = links.offer_password(sara, admin, letter, NOON)

    team.change_role(sara, Role.ADMIN, owner, NOON)

    assert refusal(choose, by_admin) == "link_over"


@pytest.mark.sqlite_only
def test_but_the_link_that_they_asked_for_themselves_stays(owner, sara):
    own, _ = links.offer_password(sara, None, letter, NOON)

    team.change_role(sara, Role.ADMIN, owner, NOON)

    assert choose(own) == sara


@pytest.mark.sqlite_only
def test_a_link_that_its_maker_could_not_make_any_more_does_not_open_whatever_left_it_there(owner, admin, sara):
    """As one that was committed in the moment in which its maker was shut out."""
    invitation, password = invite(owner, "x@y.test", Role.OWNER), links.offer_password(sara, admin, letter, NOON)[0]
    with transaction():
        for operator_id in (owner, admin):
            db.session.get_one(Operator, operator_id).active = False

    assert links.find_link(invitation, NOON) is None
    assert refusal(accept, invitation) == "link_over"
    assert refusal(choose, password) == "link_over"


def test_links_are_forgotten_after_a_while(owner):
    invite(owner)

    assert links.forget_old(NOON + timedelta(days=80)) == 0
    assert links.forget_old(NOON + links.INVITATION_LIFE + links.FORGET_AFTER) == 1
