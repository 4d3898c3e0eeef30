"""Who the customer is: asked once, beside the message, and never waited for."""

import pytest
from shop import CUSTOMER, seconds, text

from pilito import keys
from pilito.clock import utc_now
from pilito.conversations import erase
from pilito.conversations.fetch_profile import fetch_profile
from pilito.database import transaction
from pilito.lifecycle import InboxState
from pilito.models import Customer, Inbox, MediaFile, db

SARA = {"id": CUSTOMER, "name": "سارا احمدی", "username": "sara.ahmadi", "profile_pic": "https://cdn.example/sara.jpg"}


def customer():
    db.session.rollback()
    return db.session.scalar(db.select(Customer).execution_options(populate_existing=True))


def waiting(shop):
    return shop.app.extensions["pilito_redis"].llen(f"rq:queue:{keys.PROFILES}")


@pytest.mark.sqlite_only
def test_a_new_customer_gets_a_name_and_the_panel_hears_of_it(shop):
    shop.graph.profiles[CUSTOMER] = SARA
    shop.receive(text("سلام", utc_now()))
    before = shop.conversation.seq

    shop.work(keys.PROFILES)

    assert (customer().name, customer().username) == ("سارا احمدی", "sara.ahmadi")
    assert customer().picture_url == "https://cdn.example/sara.jpg"
    assert shop.conversation.seq == before + 1


@pytest.mark.sqlite_only
def test_a_second_message_does_not_ask_again(shop):
    shop.graph.profiles[CUSTOMER] = SARA
    shop.receive(text("سلام", utc_now()))
    shop.work(keys.PROFILES)

    shop.receive(text("چنده؟", utc_now()))

    assert waiting(shop) == 0


@pytest.mark.sqlite_only
def test_without_consent_the_next_message_asks_again_however_soon(shop):
    shop.receive(text("سلام", utc_now()))
    shop.work(keys.PROFILES)
    assert customer().label == CUSTOMER

    shop.graph.profiles[CUSTOMER] = SARA
    shop.receive(text("چنده؟", utc_now()))
    shop.work(keys.PROFILES)

    assert customer().name == "سارا احمدی"


@pytest.mark.sqlite_only
def test_without_consent_the_customer_stays_nameless_and_the_answer_goes_out(shop):
    shop.receive(text("سلام", utc_now()))
    shop.work()

    assert (customer().name, customer().label) == (None, CUSTOMER)
    assert len(shop.graph.sent) == 1


@pytest.mark.sqlite_only
def test_a_nameless_customer_is_asked_for_again_after_an_hour(shop):
    shop.receive(text("سلام", utc_now()))
    shop.work(keys.PROFILES)
    with transaction():
        db.session.scalar(db.select(Customer)).profile_asked_at = utc_now() - seconds(3601)

    shop.receive(text("هستید؟", utc_now()))

    assert waiting(shop) == 1


def test_a_hostile_profile_is_kept_as_plain_text_and_its_address_dropped(shop):
    shop.graph.profiles[CUSTOMER] = {"name": "<b>\x00" + "x" * 999, "username": 7, "profile_pic": "javascript:alert(1)"}
    shop.receive(text("سلام", utc_now()))

    shop.work(keys.PROFILES)

    assert customer().name.startswith("<b>")
    assert len(customer().name) == 300
    assert customer().picture_url is None


@pytest.mark.sqlite_only
def test_a_name_is_one_line_whatever_breaks_it(shop):
    """In a mail a line that is an address alone becomes a link."""
    shop.graph.profiles[CUSTOMER] = {"name": "Sara\nhttps://evil.test/\u2028x\r\n", "username": "sara\x85ahmadi"}
    shop.receive(text("سلام", utc_now()))

    shop.work(keys.PROFILES)

    assert (customer().name, customer().username) == ("Sara https://evil.test/ x", "sara ahmadi")


def test_a_stopped_inbox_asks_nobody(shop):
    shop.graph.profiles[CUSTOMER] = SARA
    shop.receive(text("سلام", utc_now()))
    with transaction():
        db.session.get(Inbox, shop.inbox_id).state = InboxState.STOPPED

    shop.work(keys.PROFILES)

    assert customer().name is None


def test_what_comes_while_the_customer_is_being_erased_is_not_kept(shop, monkeypatch):
    """Their files have been gone through by then: nothing would drop this copy any more."""
    shop.graph.profiles[CUSTOMER] = SARA
    shop.receive(text("سلام", utc_now()))
    theirs, really = shop.conversation.id, erase._leave_copies

    def leave_copies(*args):
        really(*args)
        fetch_profile(theirs, utc_now())

    monkeypatch.setattr(erase, "_leave_copies", leave_copies)
    erase.erase_customer(customer().id, utc_now())

    assert customer() is None
    assert db.session.scalars(db.select(MediaFile.source_url)).all() == []
