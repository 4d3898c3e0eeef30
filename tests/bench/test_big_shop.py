"""The large shop holds together: what it writes in bulk is what the verbs of Pilito would have left."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from bench.big_shop import Plan, fill
from pilito.database import is_sqlite
from pilito.models import Conversation, Customer, Delivery, Draft, Event, Message, Proof, Share, Turn, db
from pilito.queries.summary import summary

NOW = datetime(2026, 11, 29, 18, 0, tzinfo=UTC)


@pytest.fixture
def shop(app):
    with app.app_context():
        fill(Plan(60, 600, 10, 3, has_ledger=True, has_pictures=False, until=NOW))
        yield app
        db.session.remove()


def count(model, *where):
    return db.session.scalar(select(func.count()).select_from(model).where(*where))


def test_the_large_shop_has_what_was_asked_for_and_points_nowhere_else(shop):
    assert count(Customer) == count(Conversation) == 60
    assert 600 <= count(Message) == count(Event) <= 620
    for model in (Share, Turn, Delivery, Draft, Proof):
        assert count(model) > 0, model
    assert count(Message, Message.sent_at > NOW) == 0
    assert _lost_references() == []


def test_its_ids_rise_with_time(shop):
    times = db.session.scalars(select(Message.sent_at).order_by(Message.id)).all()
    late = sum(later < earlier for earlier, later in zip(times, times[1:], strict=False))

    assert late < 10  # where one day goes over into the next


def test_a_second_shop_is_not_put_into_the_same_database(shop):
    with pytest.raises(SystemExit):
        fill(Plan(5, 20, 2, 1, has_ledger=False, has_pictures=False, until=NOW))


def test_what_is_written_next_gets_a_free_id(shop):
    newest = db.session.scalar(select(func.max(Event.id)))
    shares = summary()["shares"]

    with db.engine.begin() as connection:
        row = connection.execute(Event.__table__.select().where(Event.id == newest)).one()._asdict()
        row.pop("id")
        added = connection.execute(Event.__table__.insert().values({**row, "position": 1})).inserted_primary_key[0]

    assert added > newest
    assert shares["received"] == count(Share) == shares["combined"] + shares["expired"] + shares["superseded"]


def _lost_references():
    """Every foreign key is looked up: nothing was checked while the rows were written."""
    if is_sqlite():
        return db.session.execute(text("PRAGMA foreign_key_check")).all()
    lost = []
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            for key in column.foreign_keys:
                target = key.column.table.alias()
                missing = select(table.c.id).where(
                    column.is_not(None), ~select(target.c.id).where(target.c.id == column).exists()
                )
                lost += [(table.name, column.name, id_) for id_ in db.session.scalars(missing)]
    return lost
