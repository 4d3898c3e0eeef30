"""Tokens of machines end with the right of whoever made them: that person may have kept a copy."""

from functools import partial

import pytest
from in_order import in_order
from rows import NOON, FreshClient, add_operator

from pilito import tokens
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import Role
from pilito.models import ApiToken, Audit, Operator, db
from pilito.people import erase, team


@pytest.fixture
def owner(app):
    with transaction():
        return add_operator(Role.OWNER).id


@pytest.fixture
def reza(app):
    """An admin who is to leave, or to be less."""
    with transaction():
        return add_operator(Role.ADMIN, email="reza@shop.test").id


def opens(token):
    db.session.rollback()
    return tokens.find_by_bearer(token, NOON) is not None


def ended():
    """Who ended which token of whom, by the audit log."""
    lines = db.session.scalars(db.select(Audit).filter_by(action="token_revoked").order_by(Audit.id))
    return [(line.operator_id, line.details) for line in lines]


ENDS = pytest.mark.parametrize(
    "end",
    [
        lambda reza, by: team.deactivate(reza, by, NOON),
        lambda reza, by: team.change_role(reza, Role.AGENT, by, NOON),
        lambda reza, by: team.change_role(reza, Role.VIEWER, by, NOON),
    ],
    ids=["deactivated", "agent", "viewer"],
)


@ENDS
def test_a_token_ends_with_the_right_to_make_it(owner, reza, end):
    first, second = tokens.issue_token("accounting", NOON, reza), tokens.issue_token("robot", NOON, reza)
    of_owner, of_nobody = tokens.issue_token("shop", NOON, owner), tokens.issue_token("script", NOON)

    end(reza, owner)

    assert not opens(first)
    assert not opens(second)
    assert opens(of_owner)
    assert opens(of_nobody)
    assert ended() == [(owner, {"name": name, "whom": reza}) for name in ("accounting", "robot")]


def test_whoever_left_with_a_copy_reads_nothing_by_the_api(app, owner, reza):
    token = tokens.issue_token("robot", NOON, reza)
    browser, header = FreshClient(app), {"Authorization": f"Bearer {token}"}
    before = browser.get("/api/v1/conversations", headers=header).status_code

    team.deactivate(reza, owner, NOON)

    assert (before, browser.get("/api/v1/conversations", headers=header).status_code) == (200, 401)


@pytest.mark.sqlite_only
@ENDS
def test_nor_does_it_open_again_when_the_person_is_back(owner, reza, end):
    token = tokens.issue_token("robot", NOON, reza)

    end(reza, owner)
    team.activate(reza, owner, NOON)
    team.change_role(reza, Role.ADMIN, owner, NOON)

    assert not opens(token)
    assert opens(tokens.issue_token("robot", NOON, reza))


@pytest.mark.sqlite_only
def test_an_owner_who_becomes_admin_keeps_the_tokens(owner):
    with transaction():
        other = add_operator(Role.OWNER).id
    token = tokens.issue_token("shop", NOON, owner)

    team.change_role(owner, Role.ADMIN, other, NOON)

    assert opens(token)
    assert ended() == []


def test_a_deactivation_that_is_refused_ends_none(owner, reza):
    token = tokens.issue_token("shop", NOON, owner)

    with pytest.raises(Refused):
        team.deactivate(owner, reza, NOON)

    assert opens(token)


def test_a_token_that_had_been_revoked_is_not_told_twice(owner, reza):
    tokens.issue_token("robot", NOON, reza)
    tokens.revoke_token(tokens.list_tokens()[0].id, owner, NOON)

    team.deactivate(reza, owner, NOON)

    assert ended() == [(owner, {"name": "robot"})]


def test_who_is_erased_leaves_no_token_behind(reza):
    token = tokens.issue_token("robot", NOON, reza)

    erase.erase_operator("reza@shop.test", NOON)

    assert not opens(token)


def test_a_token_that_its_maker_could_not_make_any_more_opens_nothing_whatever_left_it_there(reza):
    """As one of somebody who was shut out before tokens ended with it."""
    token = tokens.issue_token("robot", NOON, reza)
    with transaction():
        db.session.get_one(Operator, reza).active = False

    assert not opens(token)
    assert tokens.open_by_maker() == {}


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_who_is_no_admin_makes_none(app, role):
    with transaction():
        person = add_operator(role).id

    with pytest.raises(Refused) as refused:
        tokens.issue_token("robot", NOON, person)

    assert refused.value.reason == "not_allowed"
    assert db.session.scalar(db.select(ApiToken)) is None


def of_its_own(app, verb, *args):
    """What the verb returns or how it refuses, in a context and a session of its own."""
    with app.app_context():
        try:
            return verb(*args)
        except Refused as refused:
            return refused
        finally:
            db.session.remove()


@pytest.mark.parametrize("first", ["issue", "deactivate"])
def test_of_a_token_made_in_the_moment_of_the_deactivation_none_is_left(app, owner, reza, first):
    issue = partial(of_its_own, app, tokens.issue_token, "robot", NOON, reza)
    deactivate = partial(of_its_own, app, team.deactivate, reza, owner, NOON)

    if first == "issue":
        ended = in_order("tokens.issue_token_before", issue, deactivate)
        assert ended is None
    else:
        ended = in_order("people.team.deactivate_before", deactivate, issue)
        assert ended.reason == "not_allowed"

    db.session.rollback()
    assert not db.session.get_one(Operator, reza).active
    made = db.session.scalars(db.select(ApiToken)).all()
    assert [one.revoked_at for one in made] == ([NOON] if first == "issue" else [])
