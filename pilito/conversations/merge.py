"""Two customers are one person: somebody of the shop says so, and may take it back. Nothing is rewritten.

A group is a main customer and those whose `same_as_id` points at them; never a chain. Every customer has one
conversation, and the locks of a group's conversations, in the order of their ids, are what merges wait for.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import aliased

from pilito.conversations.lock import get_locked, mark_changed
from pilito.database import Transaction, transaction
from pilito.errors import Refused
from pilito.models import Audit, Conversation, Customer, db


def merge(conversation_id: int, other_id: int, operator_id: int | None, now: datetime) -> None:
    """Call the customers of two conversations one person, with everybody who was called the same as either.

    Raises Refused (not_found, same_person, changed_meanwhile).
    """
    with transaction() as tx:
        conversations = _lock({*_person_of(conversation_id), *_person_of(other_id)})
        mine, theirs = (_person_of(one) for one in (conversation_id, other_id))
        if set(mine) & set(theirs):
            raise Refused("same_person", f"Conversations {conversation_id} and {other_id} have one customer already.")
        _check_all_locked(conversations, {*mine, *theirs})
        main = _main_of(conversations[conversation_id].customer)
        for one in theirs:
            conversations[one].customer.same_as_id = main
        for one in (conversation_id, other_id):
            _note(tx, "merged", conversations[one], operator_id, now)
        for one in {*mine, *theirs} - {conversation_id, other_id}:
            mark_changed(tx, conversations[one])


def unmerge(conversation_id: int, operator_id: int | None, now: datetime) -> None:
    """Take the customer of this conversation out of their group; the others stay together.

    Raises Refused (not_found, changed_meanwhile).
    """
    with transaction() as tx:
        conversations = _lock(set(_person_of(conversation_id)))
        group = _person_of(conversation_id)
        _check_all_locked(conversations, group)
        leaving = conversations[conversation_id].customer
        others = sorted((conversations[one].customer for one in group if one != conversation_id), key=lambda c: c.id)
        if not others:
            return
        if leaving.same_as_id is None:  # the others need another main one
            for customer in others:
                customer.same_as_id = others[0].id if customer is not others[0] else None
        leaving.same_as_id = None
        _note(tx, "unmerged", conversations[conversation_id], operator_id, now)
        for one in set(group) - {conversation_id}:
            mark_changed(tx, conversations[one])


def hand_on_groups(leaving: ColumnElement[bool]) -> None:
    """Before these customers go for good: who was called the same as one of them stays one person with the others."""
    other = aliased(Customer)
    is_called_so = select(other.id).where(other.same_as_id == Customer.id).exists()
    mains = db.session.scalars(select(Customer.id).where(leaving, is_called_so)).all()
    db.session.rollback()
    for main in mains:
        _hand_on(main, leaving)


def _hand_on(main: int, leaving: ColumnElement[bool]) -> None:
    with transaction() as tx:
        group = select(Conversation.id).join(Conversation.customer).where(Customer.same_as_id == main)
        locked = _lock(db.session.scalars(group).all())
        staying = select(Customer.id).where(Customer.same_as_id == main, ~leaving)
        ids = set(db.session.scalars(staying))
        conversations = sorted((one for one in locked.values() if one.customer_id in ids), key=lambda c: c.customer_id)
        for conversation in conversations:
            first = conversations[0].customer_id
            conversation.customer.same_as_id = first if conversation.customer_id != first else None
            mark_changed(tx, conversation)


def get_locked_person(conversation_id: int) -> list[Conversation]:
    """Lock every conversation of this person, in the order of their ids. Raises Refused (not_found,
    changed_meanwhile)."""
    locked = _lock(_person_of(conversation_id))
    person = _person_of(conversation_id)  # without whom somebody took out while we waited
    _check_all_locked(locked, person)
    return [locked[one] for one in person]


def _lock(ids: Collection[int]) -> dict[int, Conversation]:
    return {one: get_locked(one) for one in sorted(ids)}


def _check_all_locked(locked: Collection[int], wanted: Collection[int]) -> None:
    """Between the look and the locks somebody else may have merged; to lock more now could be to wait in a ring."""
    if not set(wanted) <= set(locked):
        raise Refused("changed_meanwhile", "Another merge of the same people came first.")


def _person_of(conversation_id: int) -> list[int]:
    """The ids of all conversations of this one's person. Raises Refused where there is no such conversation."""
    main = (
        select(func.coalesce(Customer.same_as_id, Customer.id))
        .join(Conversation, Conversation.customer_id == Customer.id)
        .where(Conversation.id == conversation_id)
        .scalar_subquery()
    )
    ids = db.session.scalars(
        select(Conversation.id)
        .join(Conversation.customer)
        .where(or_(Customer.id == main, Customer.same_as_id == main))
        .order_by(Conversation.id)
    ).all()
    if not ids:
        raise Refused("not_found", f"There is no conversation {conversation_id}.")
    return list(ids)


def _main_of(customer: Customer) -> int:
    return customer.same_as_id or customer.id


def _note(tx: Transaction, action: str, conversation: Conversation, operator_id: int | None, now: datetime) -> None:
    """Without who the other one is: an audit line outlives an erased customer."""
    db.session.add(Audit(at=now, action=action, operator_id=operator_id, conversation_id=conversation.id))
    mark_changed(tx, conversation)
