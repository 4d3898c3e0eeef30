"""Everything that is stored of a customer, as plain data: what they may ask to see."""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Table, select

from pilito.conversations.erase import bodies_with, comments_of, owned_tables, whose
from pilito.errors import Refused
from pilito.extensions import channels
from pilito.models import Comment, Customer, Webhook, db

Json = dict[str, Any]


def export_customer(customer_id: int) -> Json:
    """Return every row that belongs to the customer, by table, and their raw items on the ledger.

    Raises Refused when there is no such customer.
    """
    customer = db.session.get(Customer, customer_id)
    if customer is None:
        raise Refused("customer_not_found", f"There is no customer {customer_id}.")
    tables = owned_tables(Customer.__table__)
    found = {table.name: _rows(table, whose(table, Customer.__table__, customer_id)) for table in tables}
    found["comment"] = _rows(Comment.__table__, comments_of(customer.inbox_id, customer.external_id))
    return {**found, "ledger": _raw_items(customer)}


def find_customer(name: str) -> int:
    """Return the id of a customer by our id or by the provider's. Raises Refused for none, and for several."""
    digits = int(name) if name.isdecimal() and len(name) <= 18 else 0
    if db.session.get(Customer, digits) is not None:
        return digits
    ids = list(db.session.scalars(select(Customer.id).where(Customer.external_id == name)))
    if len(ids) != 1:
        raise Refused("customer_not_found", f"There is no customer {name}." if not ids else f"Several: {ids}.")
    return ids[0]


def _rows(table: Table, theirs: ColumnElement[bool]) -> list[Json]:
    rows = db.session.execute(select(table).where(theirs).order_by(table.c.id)).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _raw_items(customer: Customer) -> list[Any]:
    channel, person_id = channels[customer.inbox.channel], customer.external_id
    items: list[Any] = []
    for ids in bodies_with(channel.name, person_id):
        for body in db.session.scalars(select(Webhook.body).where(Webhook.id.in_(ids)).order_by(Webhook.id)):
            items += channel.items_about(body, person_id)
    return items
