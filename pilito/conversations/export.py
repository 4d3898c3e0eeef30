"""Everything that is stored of a customer, as plain data: what they may ask to see."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Table, select

from pilito.channels.base import Channel
from pilito.conversations.erase import bodies_with, comments_of, known_as, owned_tables, whose
from pilito.database import transaction
from pilito.errors import Refused
from pilito.extensions import channels
from pilito.models import Audit, Comment, Conversation, Customer, Webhook, db

Json = dict[str, Any]


def export_customer(customer_id: int) -> Json:
    """Return every row that belongs to the customer, by table, and their raw items on the ledger.

    Raises Refused when there is no such customer.
    """
    customer = _get_customer(customer_id)
    tables, channel = owned_tables(Customer.__table__), channels[customer.inbox.channel]
    known = known_as(customer.inbox_id, customer.provider_id)
    found = {table.name: _rows(table, whose(table, Customer.__table__, customer_id)) for table in tables}
    found["comment"] = _rows(Comment.__table__, comments_of(customer.inbox_id, known))
    return {**found, "ledger": _raw_items(channel, known)}


def take_along(customer_id: int, operator_id: int | None, now: datetime) -> Json:
    """Export the customer, and write down before who takes it along; None: the command line.

    Raises Refused when there is no such customer.
    """
    with transaction():
        _get_customer(customer_id)
        conversation_id = db.session.scalar(select(Conversation.id).where(Conversation.customer_id == customer_id))
        values = {"operator_id": operator_id, "conversation_id": conversation_id}
        db.session.add(Audit(at=now, action="exported_customer", **values))
    return export_customer(customer_id)


def _get_customer(customer_id: int) -> Customer:
    customer = db.session.get(Customer, customer_id)
    if customer is None:
        raise Refused("customer_not_found", f"There is no customer {customer_id}.")
    return customer


def _rows(table: Table, theirs: ColumnElement[bool]) -> list[Json]:
    rows = db.session.execute(select(table).where(theirs).order_by(table.c.id)).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _raw_items(channel: Channel, known: Sequence[str]) -> list[Any]:
    items: list[Any] = []
    for ids in bodies_with(channel.name, known):
        for body in db.session.scalars(select(Webhook.body).where(Webhook.id.in_(ids)).order_by(Webhook.id)):
            items += [item for person_id in known for item in channel.items_about(body, person_id)]
    return items
