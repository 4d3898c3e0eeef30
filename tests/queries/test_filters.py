"""Each filter is answered from an index that holds what it asks for, in the order of the list."""

import pytest
from rows import NOON

from pilito.database import is_sqlite
from pilito.models import Conversation, db
from pilito.queries import filters
from pilito.queries.filters import Filter, narrowed, query_of, read_filter, read_query
from pilito.queries.panel import Zone, in_zone, unanswered_for_too_long

ME = 7
PLANS = {
    "inbox": (Filter(inbox=1), "ix_conversation_inbox_id"),
    "unread": (Filter(unread=True), "ix_conversation_unread"),
    "mine": (Filter(holder="me"), "ix_conversation_operator_id"),
    "label": (Filter(label=1), "ix_conversation_label_label_id"),
    "share": (Filter(share=True), "share"),
}


def plan_of(statement):
    if not is_sqlite():
        # Counted while other tests had rows in one inbox, an inbox is no choice to PostgreSQL; uncounted, it is.
        db.session.execute(db.text("DELETE FROM pg_statistic WHERE starelid = 'conversation'::regclass"))
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):  # a table of no row is read whole
            db.session.execute(db.text(f"SET LOCAL {setting} = off"))
    sql = str(statement.compile(db.engine, compile_kwargs={"literal_binds": True}))
    rows = db.session.connection().exec_driver_sql(("EXPLAIN QUERY PLAN " if is_sqlite() else "EXPLAIN ") + sql)
    return "\n".join(str(tuple(row)) for row in rows)


def list_of(wanted, zone=Zone.OPEN):
    where = in_zone(zone, lambda: unanswered_for_too_long(NOON))
    return (
        db.select(Conversation.id)
        .where(where, Conversation.last_message_at.is_not(None), *narrowed(wanted, ME))
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(41)
    )


@pytest.mark.parametrize("name", PLANS)
def test_each_filter_has_its_index(app, name):
    wanted, index = PLANS[name]

    plan = plan_of(list_of(wanted))

    assert index in plan
    assert "SCAN conversation" not in plan.replace("SCAN conversation USING", "")


@pytest.mark.parametrize("name", ["inbox", "unread"])
def test_the_order_of_the_list_is_that_of_the_index(app, name):
    plan = plan_of(list_of(PLANS[name][0])).lower()

    assert "temp b-tree for order by" not in plan
    assert "sort" not in plan


@pytest.mark.sqlite_only
def test_a_label_on_many_is_met_along_the_list(app, monkeypatch):
    monkeypatch.setattr(filters, "FEW", 0)

    assert "temp b-tree for order by" not in plan_of(list_of(Filter(label=1))).lower()


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter(inbox=3, label=4, holder="me", channel="x", unread=True, snoozed=True, share=True),
        Filter(holder="12"),
    ],
)
def test_a_view_keeps_what_the_address_said(wanted):
    assert read_query(query_of("waiting", wanted)) == ("waiting", wanted)
    assert read_filter(wanted.values()) == wanted


@pytest.mark.sqlite_only
def test_a_filter_is_taken_away_by_its_name():
    wanted = Filter(inbox=3, unread=True)

    assert wanted.without("unread") == Filter(inbox=3)
    assert wanted.names == ["inbox", "unread"]
    assert not Filter()


@pytest.mark.parametrize(
    "index", ["ix_conversation_returned_at", "ix_conversation_drafted_at", "ix_conversation_unanswered"]
)
def test_what_needs_a_person_is_found_by_the_marks_that_few_have(app, index):
    where = in_zone(Zone.NEEDS_YOU, lambda: unanswered_for_too_long(NOON))

    assert index in plan_of(db.select(Conversation.id).where(where))
