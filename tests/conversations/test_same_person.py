"""Two customers are one person when somebody says so; nothing is rewritten, and it can be taken back."""

import pytest
from desk import Desk
from rows import NOON, add_conversation, add_inbox
from sqlalchemy import update

from pilito.conversations.erase import erase_customer, erase_inbox
from pilito.conversations.merge import merge, unmerge
from pilito.database import transaction
from pilito.errors import Refused
from pilito.models import Audit, Conversation, Customer, db


@pytest.fixture
def desk(shop):
    """Four customers in two inboxes: conversations 1 to 4."""
    with transaction():
        for inbox in (add_inbox(), add_inbox()):
            for _ in range(2):
                add_conversation(inbox)
    return Desk(shop)


def same_as(desk):
    """Whom each customer points at, by the numbers of their conversations."""
    customers = desk.rows(Customer)
    place = {customer.id: number for number, customer in enumerate(customers, 1)}
    return [place.get(customer.same_as_id) for customer in customers]


def said(desk):
    rows = [(audit.action, audit.conversation_id, audit.details) for audit in desk.rows(Audit)]
    return [row for row in rows if row[1]]


def do(desk, verb, *numbers):
    ids = [one.id for one in desk.rows(Conversation)]
    desk.call(verb, *(ids[number - 1] for number in numbers), None, NOON)


@pytest.mark.sqlite_only
def test_the_other_one_points_at_the_one_that_was_looked_at(desk):
    do(desk, merge, 2, 3)

    assert same_as(desk) == [None, None, 2, None]
    conversations = desk.rows(Conversation)
    assert [one.seq for one in conversations] == [0, 1, 1, 0]  # whoever looks at either sees it
    assert said(desk) == [("merged", conversations[1].id, {}), ("merged", conversations[2].id, {})]


def test_never_a_chain_whoever_is_added_to_whom(desk):
    do(desk, merge, 1, 2)
    do(desk, merge, 3, 4)

    do(desk, merge, 4, 2)

    assert same_as(desk) == [3, 3, None, 3]


@pytest.mark.sqlite_only
def test_taking_one_out_leaves_the_others_together(desk):
    do(desk, merge, 1, 2)
    do(desk, merge, 1, 3)

    do(desk, unmerge, 2)

    assert same_as(desk) == [None, None, 1, None]


@pytest.mark.sqlite_only
def test_when_the_main_one_leaves_the_others_have_another(desk):
    do(desk, merge, 1, 2)
    do(desk, merge, 1, 3)

    do(desk, unmerge, 1)

    assert same_as(desk) == [None, None, 2, None]


@pytest.mark.sqlite_only
def test_taking_back_gives_what_was_before(desk):
    do(desk, merge, 3, 1)

    do(desk, unmerge, 1)
    do(desk, unmerge, 1)

    assert same_as(desk) == [None] * 4
    assert [action for action, *_ in said(desk)] == ["merged", "merged", "unmerged"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("others", [(1, 1), (1, 2), (2, 3)])
def test_who_is_one_person_already_is_not_merged_again(desk, others):
    do(desk, merge, 1, 2)
    do(desk, merge, 1, 3)

    with pytest.raises(Refused) as refused:
        do(desk, merge, *others)

    assert refused.value.reason == "same_person"


@pytest.mark.sqlite_only
def test_nobody_is_merged_with_who_is_not_there(desk):
    known = desk.rows(Conversation)[0].id

    with pytest.raises(Refused) as refused:
        desk.call(merge, known, known + 99, None, NOON)

    assert refused.value.reason == "not_found"


def test_two_people_who_merge_in_opposite_directions_make_no_ring(desk):
    ids = [one.id for one in desk.rows(Conversation)]

    ended = desk.together(lambda: merge(ids[0], ids[1], None, NOON), lambda: merge(ids[1], ids[0], None, NOON))

    assert [type(one) for one in ended if one is not None] == [Refused]
    pointing = [one for one in same_as(desk) if one is not None]
    assert pointing in ([1], [2])


def test_merges_that_meet_in_one_person_leave_no_chain(desk):
    ids = [one.id for one in desk.rows(Conversation)]

    ended = desk.together(
        lambda: merge(ids[0], ids[1], None, NOON),
        lambda: merge(ids[1], ids[2], None, NOON),
        lambda: merge(ids[2], ids[3], None, NOON),
    )

    assert {one.reason for one in ended if one is not None} <= {"changed_meanwhile"}
    customers = {customer.id: customer for customer in desk.rows(Customer)}
    roots = [customers[one.same_as_id] for one in customers.values() if one.same_as_id]
    assert roots
    assert all(root.same_as_id is None for root in roots)


def test_when_the_main_one_is_erased_the_others_stay_as_they_are(desk):
    do(desk, merge, 1, 2)
    with transaction():
        db.session.execute(update(Customer).values(external_id=Customer.external_id + "-of-theirs"))

    desk.call(erase_customer, desk.rows(Customer)[0].id, NOON)

    assert [one.same_as_id for one in desk.rows(Customer)] == [None] * 3
    assert len(desk.rows(Conversation)) == 3


def test_when_the_main_one_is_erased_the_others_stay_one_person(desk):
    do(desk, merge, 1, 2)
    do(desk, merge, 1, 3)
    main = desk.rows(Customer)[0].id

    desk.call(erase_customer, main, NOON)

    assert same_as(desk) == [None, 1, None]  # the second is the first now
    assert [one.seq for one in desk.rows(Conversation)] == [3, 2, 0]


def test_when_an_inbox_is_erased_those_of_the_other_stay_one_person(desk):
    do(desk, merge, 1, 2)
    do(desk, merge, 1, 3)
    do(desk, merge, 1, 4)
    inbox = desk.rows(Customer)[0].inbox_id

    desk.call(erase_inbox, inbox, NOON)

    assert same_as(desk) == [None, 1]
