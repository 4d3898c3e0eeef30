"""Whom somebody means who types a number of ours, an id of the channel's, or a user name."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select

from pilito.channels.base import by_name
from pilito.errors import Refused
from pilito.models import Comment, Conversation, Customer, db
from pilito.models.customer import GOING


@dataclass(frozen=True)
class Person:
    """A customer; and whoever is called the same and only commented: the inbox, and their id there or `by_name`."""

    customer_id: int | None
    commenters: list[tuple[int, str]]


def find_person(name: str) -> Person:
    """Return everybody whom this means, with what they wrote under posts.

    Raises Refused (customer_not_found, several_customers).
    """
    if (ours := _number(name)) is not None:
        return Person(ours, [])
    commenters = find_commenters(name)
    try:
        customer = db.session.get_one(Customer, find_customer(name))
    except Refused as refusal:
        if refusal.reason == "customer_not_found" and commenters:
            return Person(None, commenters)
        raise
    theirs = {(customer.inbox_id, customer.provider_id), (customer.inbox_id, by_name(_username(name)))}
    customer_id = customer.id
    db.session.rollback()
    return Person(customer_id, [one for one in commenters if one not in theirs])


def find_customer(name: str) -> int:
    """Return the id of the customer. Raises Refused (customer_not_found, several_customers)."""
    ids = _customers(name)
    db.session.rollback()
    if not ids:
        raise Refused("customer_not_found", f"There is no customer {name}.")
    if len(ids) > 1:
        numbers = ", ".join(map(str, ids))
        raise Refused("several_customers", f"Several customers are called {name}: {numbers}. Say which, by the number.")
    return ids[0]


def find_commenters(name: str) -> list[tuple[int, str]]:
    """Who wrote comments under this id or user name: the inbox, and the provider's id of the person, or `by_name`."""
    theirs = or_(Comment.author_external_id == name, _is_signed(name))
    rows = db.session.execute(
        select(Comment.inbox_id, Comment.author_external_id).where(theirs).distinct().order_by(Comment.inbox_id)
    ).all()
    db.session.rollback()
    return [(inbox_id, person_id or by_name(_username(name))) for inbox_id, person_id in rows]


def _username(name: str) -> str:
    return name.strip().removeprefix("@").lower()


def _number(name: str) -> int | None:
    digits = int(name) if name.isdecimal() and len(name) <= 18 else 0
    return digits if db.session.get(Customer, digits) is not None else None


def _customers(name: str) -> list[int]:
    """The first of these that means anybody: our number, the channel's id, the user name."""
    if (ours := _number(name)) is not None:
        return [ours]
    is_going = and_(Customer.external_id.startswith(GOING), Customer.external_id.endswith(f":{name}", autoescape=True))
    by_id = select(Customer.id).where(or_(Customer.external_id == name, is_going))
    return list(db.session.scalars(by_id.order_by(Customer.id))) or _called(name)


def _called(name: str) -> list[int]:
    """The customers of this user name: as it was told of them, or of a comment of theirs."""
    called = select(Customer.id).where(func.lower(Customer.username) == _username(name), Customer.username != "")
    wrote = (
        select(Customer.id)
        .join(
            Comment,
            and_(Comment.inbox_id == Customer.inbox_id, Comment.author_external_id == Customer.external_id),
        )
        .where(_is_signed(name))
    )
    reached = (
        select(Conversation.customer_id)
        .join(Comment, Comment.conversation_id == Conversation.id)
        .where(_is_signed(name), Comment.author_external_id.is_(None))
    )
    return sorted({one for query in (called, wrote, reached) for one in db.session.scalars(query)})


def _is_signed(name: str) -> ColumnElement[bool]:
    return and_(func.lower(Comment.author_username) == _username(name), Comment.author_username != "")
