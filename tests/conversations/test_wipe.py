"""What was erased is in no file of the database: not in its pages, not in the search's index, not in the log of changes."""

from pathlib import Path

import pytest
from desk import Desk
from rows import NOON
from shop import CUSTOMER, seconds, text, unsent

from pilito import keys
from pilito.conversations.erase import erase_customer
from pilito.database import transaction
from pilito.jobs.periodic import wake_search
from pilito.models import Customer, SearchEntry, Shop, db
from pilito.models.search_entry import SearchKind
from pilito.queries.search import ANYWHERE, find_places
from pilito.search import wipe
from pilito.search.terms import read_question

pytestmark = pytest.mark.sqlite_only

OTHER = "600000000000002"
CANARY, SPARROW = "qzkanarienvogel", "qysperling"
# FTS5 leaves out what a word has in common with the one before it.
TRACE = CANARY[3:].encode()


@pytest.fixture
def desk(shop):
    desk = Desk(shop)
    for number in range(10):  # a transaction each, and so a segment of the index each
        for customer, word in ((CUSTOMER, CANARY), (OTHER, SPARROW)):
            mid = f"{word}-{number}"
            desk.take(text(f"{word} سلام {number}", NOON + seconds(number), mid=mid, customer=customer))
    desk.take(unsent(f"{CANARY}-3", NOON + seconds(60)))
    return desk


def erase(desk):
    db.session.rollback()
    customer = db.session.scalars(db.select(Customer).filter_by(external_id=CUSTOMER)).one()
    desk.call(erase_customer, customer.id, NOON + seconds(90))


def files():
    """The bytes of everything that the database has on the disk."""
    path = Path(db.engine.url.database)
    return {name.name: name.read_bytes() for name in path.parent.glob(f"{path.name}*")}


def where_it_stands():
    return [name for name, content in files().items() if TRACE in content]


def marked():
    db.session.rollback()
    return db.session.scalar(db.select(Shop.words_erased_at))


def found(word):
    try:
        return len(find_places(SearchKind.MESSAGE, read_question(word), ANYWHERE, None, 50).found)
    finally:
        db.session.rollback()


def test_no_file_of_the_database_holds_an_erased_word(desk):
    erase(desk)
    assert where_it_stands(), "It was gone at once; then there is nothing to wipe."

    assert desk.call(wipe.wipe, 60)

    assert where_it_stands() == []
    assert found(CANARY) == 0
    assert marked() is None
    assert found(SPARROW) == 10
    assert any(SPARROW[3:].encode() in content for content in files().values())


def test_the_clock_has_it_done(desk):
    erase(desk)

    desk.call(wake_search)
    desk.shop.work(keys.UPKEEP)

    assert where_it_stands() == []
    desk.call(wake_search)
    assert desk.app.extensions["pilito_redis"].llen(f"rq:queue:{keys.UPKEEP}") == 0


def test_it_goes_on_where_it_was_broken_off_and_others_write_in_between(desk, monkeypatch):
    monkeypatch.setattr(wipe, "PAGES", 1)
    monkeypatch.setattr(wipe, "REST_SECONDS", 0)
    for number in range(20):
        words = " ".join(f"w{number}x{one}" for one in range(150))
        desk.take(text(words, NOON + seconds(70), mid=f"long-{number}", customer=OTHER))
    erase(desk)

    ticks, written = [], []

    def look_at_the_clock():
        """Two looks a run; and at some somebody writes."""
        ticks.append(len(ticks))
        if len(ticks) % 5 == 3:
            written.append(len(ticks))
            desk.take(text("پرستو", NOON + seconds(100 + len(ticks)), mid=f"new-{len(ticks)}", customer=OTHER))
        return ticks[-1] % 2

    runs = 1
    while not desk.call(wipe.wipe, 1, look_at_the_clock):
        runs += 1
        assert runs < 50

    assert runs > 1
    assert where_it_stands() == []
    assert (found(SPARROW), found("پرستو")) == (10, min(len(written), 50))
    assert db.session.scalar(db.text("SELECT count(*) FROM search_index WHERE search_index MATCH 'qysperling'")) == 10


def test_whoever_reads_meanwhile_puts_it_off_and_no_more(desk):
    erase(desk)
    with db.engine.connect() as reader:
        assert reader.scalar(db.select(db.func.count(SearchEntry.id)))
        # So that something stands in the log which the reader does not know, whatever was merged and written back before.
        desk.take(text("پرستو", NOON + seconds(95), mid="meanwhile", customer=OTHER))

        assert not desk.call(wipe.wipe, 60)

        assert marked()
    assert desk.call(wipe.wipe, 60)
    assert where_it_stands() == []


def test_what_is_erased_meanwhile_is_the_next_ones(desk, monkeypatch):
    erase(desk)
    cut_off = wipe._cut_off_log

    def erased_just_then():
        with transaction():
            wipe.mark_erased(NOON + seconds(200))
        return cut_off()

    monkeypatch.setattr(wipe, "_cut_off_log", erased_just_then)

    assert desk.call(wipe.wipe, 60)

    assert marked() == NOON + seconds(200)


def test_where_nothing_was_erased_nothing_is_done(desk, monkeypatch):
    monkeypatch.setattr(wipe, "_merge", pytest.fail)

    desk.call(wake_search)

    assert desk.call(wipe.wipe, 60)
    assert desk.app.extensions["pilito_redis"].llen(f"rq:queue:{keys.UPKEEP}") == 0
