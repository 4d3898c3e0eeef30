"""What is put back is what was there, and things go on from it as they did."""

from desk import Desk
from kept import Kept
from rows import NOON, everything, everything_in_redis
from shop import CAPTION, echo, reel, seconds, text

from pilito.database import transaction
from pilito.models import Message, db
from pilito.search import fill

WHOLE = "INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)"


def two_days(shop):
    """Rows that point forwards and backwards, entries of the search, jobs that wait, a send."""
    desk = Desk(shop)
    desk.take(reel(NOON, mid="share", caption=CAPTION), text("چنده؟", NOON + seconds(1), mid="question"))
    desk.answer(NOON + seconds(5))
    desk.deliver(NOON + seconds(6))
    desk.call(fill.begin_anew)
    desk.call(fill.take_in, 1.0)


def go_on(shop):
    """Behind all that: what comes of it."""
    desk = Desk(shop)
    desk.take(text("ممنون", NOON + seconds(20), mid="thanks"), echo("سلام", NOON + seconds(21), "by-phone"))
    said = [(one.id, one.text, one.sender, one.answered_by_id) for one in desk.rows(Message)]
    return said, [one.id for one in desk.deliveries], shop.graph.sent, len(shop.model.calls)


def found(shop, redis):
    keys_of_redis = {key: sorted(map(repr, held)) for key, held in everything_in_redis(redis)}
    return everything(), keys_of_redis, shop.graph.sent, shop.model.calls


def test_what_is_put_back_is_what_was_there_and_goes_on_as_it_did(shop, redis_client):
    fakes = [shop.graph, shop.model]
    two_days(shop)
    kept, before = Kept(redis_client, fakes), found(shop, redis_client)
    assert all(before)
    assert "search_entry" in before[0]
    went_on = go_on(shop)
    assert found(shop, redis_client) != before

    kept.put_back(redis_client, fakes)

    assert found(shop, redis_client) == before
    assert go_on(shop) == went_on
    if db.engine.dialect.name == "sqlite":
        with transaction():
            db.session.execute(db.text(WHOLE))  # raises where the search has other words than its rows


def test_it_is_made_once_and_each_test_has_its_own(shop, begin):
    made = []

    def make(shop):
        made.append(shop)
        two_days(shop)

    begin(shop, make)
    shop.graph.sent.append("of this test")
    begin(shop, make)

    assert len(made) == 1
    assert len(shop.graph.sent) == 1
