"""A shop or a page that cannot be read for long is told to who can mend it: once, until it is read again."""

from datetime import timedelta

import pytest
from fake_shops import KEY, SECRET, FakeWoo
from rows import NOON, add_inbox, add_operator, add_source

from pilito import mail
from pilito.conversations.warn import warn_of_source
from pilito.database import transaction
from pilito.knowledge.connect_feed import connect_feed
from pilito.knowledge.feeds import Shop
from pilito.knowledge.overdue import find_overdue
from pilito.knowledge.read import read_soon, read_source
from pilito.knowledge.sources import schedule
from pilito.lifecycle import Role, SourceKind, SourceState
from pilito.models import Mail, Source, db

HOURS, DAY = timedelta(hours=1), timedelta(days=1)
REFUSED = (403, {"message": "blocked"})


@pytest.fixture
def woo():
    with FakeWoo().serve() as shop:
        shop.sell(1, "Bag", "100")
        yield shop


@pytest.fixture
def feed(woo, make_settings, make_app, mailbox):
    """A shop that was read at noon, with an owner who gets mail."""
    posts = {"smtp_url": f"smtp://{mailbox.url}", "mail_from": "inbox@shop.test"}
    make_app(make_settings(**woo.settings, **posts, public_url="https://inbox.example.com"))
    with transaction():
        inbox_id = add_inbox().id
        add_operator(Role.OWNER, language="en")
        add_operator(Role.AGENT)
    source_id = connect_feed(SourceKind.WOOCOMMERCE, inbox_id, Shop(woo.url, KEY, SECRET, None), 6, None, NOON)
    read(source_id, NOON)
    return source_id


def read(source_id, at):
    read_source(source_id, lambda: at, warn_of_source, lambda _seconds: None)
    db.session.rollback()


def read_until(source_id, end):
    """Whenever it is due."""
    while (due_at := db.session.get(Source, source_id, populate_existing=True).due_at) and due_at <= end:
        read(source_id, due_at)


def post(mailbox, now):
    for mail_id in db.session.scalars(db.select(Mail.id).order_by(Mail.id)).all():
        mail.send(mail_id, now)
    return [(one["Subject"], one.get_body(("plain",)).get_content().replace("\r\n", "\n")) for one in mailbox.mails]


def overdue():
    found = [source.id for source in find_overdue()]
    db.session.rollback()
    return found


def test_a_shop_that_cannot_be_read_for_a_day_is_told_once_until_it_is_read_again(woo, feed, mailbox):
    woo.script = [REFUSED] * 100
    read_until(feed, NOON + 29 * HOURS)
    before = overdue(), post(mailbox, NOON + 29 * HOURS)

    read_until(feed, NOON + 5 * DAY)

    [(subject, words)] = post(mailbox, NOON + 5 * DAY)
    assert before == ([], [])
    assert overdue() == [feed]
    assert subject.startswith("Pilito: 127.0.0.1")
    assert subject.endswith("cannot be read")
    assert "could not be read for 1 day. The shop did not accept the keys." in words
    assert "After 7 days without a reading it tells no price and no stock of this shop any more" in words
    assert f"\nhttps://inbox.example.com/catalogue/feeds#source-{feed}\n" in words

    woo.script = []
    read_until(feed, NOON + 6 * DAY)

    [_, (subject, words)] = post(mailbox, NOON + 6 * DAY)
    assert overdue() == []
    assert subject.endswith("is read again")
    assert "could not be read for a time. Now it was." in words


@pytest.mark.sqlite_only
def test_a_trouble_that_comes_again_is_another(woo, feed, mailbox):
    woo.script = [REFUSED] * 100
    read_until(feed, NOON + 2 * DAY)
    woo.script = []
    read_until(feed, NOON + 3 * DAY)

    woo.script = [REFUSED] * 100
    read_until(feed, NOON + 5 * DAY)

    assert len(post(mailbox, NOON + 5 * DAY)) == 3


@pytest.mark.sqlite_only
def test_a_night_without_the_shop_is_told_to_nobody(woo, feed, mailbox):
    woo.script = [REFUSED] * 2
    read_until(feed, NOON + 3 * DAY)

    assert (overdue(), post(mailbox, NOON + 3 * DAY)) == ([], [])


@pytest.mark.sqlite_only
def test_of_one_that_is_read_only_when_somebody_asks_nobody_hears(woo, feed, mailbox):
    woo.script = [REFUSED] * 100
    read_until(feed, NOON + 12 * HOURS)

    schedule(feed, None, None, NOON + 13 * HOURS)
    read_until(feed, NOON + 9 * DAY)

    assert (overdue(), post(mailbox, NOON + 9 * DAY)) == ([], [])


@pytest.mark.sqlite_only
def test_switched_off_afterwards_it_is_a_trouble_no_more(woo, feed):
    woo.script = [REFUSED] * 100
    read_until(feed, NOON + 2 * DAY)
    before = overdue()

    schedule(feed, None, None, NOON + 2 * DAY)

    assert (before, overdue()) == ([feed], [])


@pytest.mark.sqlite_only
def test_what_is_overdue_by_another_schedule_is_told_too(woo, feed, mailbox):
    schedule(feed, 168, None, NOON)
    woo.script = [(503, b"")] * 200
    read_until(feed, NOON + 7 * DAY + 12 * HOURS)
    before = overdue(), post(mailbox, NOON + 7 * DAY + 12 * HOURS)

    schedule(feed, 24, None, NOON + 7 * DAY + 12 * HOURS)
    read_until(feed, NOON + 10 * DAY)

    [(subject, _)] = post(mailbox, NOON + 10 * DAY)
    assert (before, overdue()) == (([], []), [feed])
    assert subject.endswith("cannot be read")


@pytest.mark.sqlite_only
def test_who_was_told_hears_of_its_end_whatever_the_schedule_is_by_then(woo, feed, mailbox):
    woo.script = [REFUSED] * 100
    read_until(feed, NOON + 2 * DAY)
    schedule(feed, 168, None, NOON + 2 * DAY)
    between = overdue()
    read_until(feed, NOON + 10 * DAY)
    again = overdue(), len(post(mailbox, NOON + 10 * DAY))

    woo.script = []
    schedule(feed, None, None, NOON + 10 * DAY)
    read_soon(feed, NOON + 10 * DAY)
    read(feed, NOON + 10 * DAY)

    assert (between, again) == ([], ([feed], 1))
    assert [subject[-14:] for subject, _ in post(mailbox, NOON + 10 * DAY)] == ["cannot be read", " is read again"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"kind": SourceKind.SITEMAP, "error": "no_sitemap"},
            "Meanwhile the assistant rests on what was read last, and on nothing of",
        ),
        ({"kind": SourceKind.PAGE, "read_at": None}, "So far the assistant knows nothing of it."),
        ({"kind": SourceKind.SHOPIFY, "every_hours": 168}, "After 21 days without a reading it tells no price"),
    ],
)
def test_a_mail_says_what_it_means_for_what_customers_hear(feed, mailbox, values, said):
    with transaction() as tx:
        source = add_source(state=SourceState.FAILED, **{"read_at": NOON, "error": "too_slow"} | values)
        warn_of_source(tx, source, False, NOON + 9 * DAY)

    [(_, words)] = post(mailbox, NOON + 9 * DAY)
    assert "could not be read for 9 days." in words
    assert said in words


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("error", "english", "persian"),
    [
        ("shop_moved", " The shop sends us to another address.", " فروشگاه ما را به نشانی دیگری می‌فرستد."),
        ("gone", " There is nothing at this address any more.", " دیگر در این نشانی چیزی نیست."),
        ("of a later version", "", ""),
    ],
)
def test_a_mail_says_why_in_the_words_of_the_panel_and_the_language_of_its_reader(
    feed, mailbox, error, english, persian
):
    with transaction() as tx:
        add_operator(Role.ADMIN, language="fa")
        warn_of_source(tx, add_source(state=SourceState.FAILED, error=error), False, NOON + 9 * DAY)

    begins = [words.partition("\n")[0] for _, words in post(mailbox, NOON + 9 * DAY)]
    assert sorted(begins) == [
        f"Shop 9 روز است که خوانده نمی‌شود.{persian}",
        f"Shop could not be read for 9 days.{english}",
    ]
