"""What helps while one writes: who may pick and keep what, and what a reply is held against before it is recorded."""

import json
import re
from datetime import timedelta

import pytest
from rows import NOON, add, add_conversation, add_inbox, add_message, add_operator, add_product, add_source, add_turn
from test_panel import FRAGMENT, post, thread

from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import ConversationState, Role, TurnState
from pilito.models import CannedReply, Conversation, Message, Operator, Variant, db

PRICE = "۱٬۸۵۰٬۰۰۰ تومان"


@pytest.fixture
def conversation(app):
    with transaction():
        now = utc_now()
        return add_conversation(
            add_inbox(name="Niloofar"), customer={"name": "مریم"}, last_message_at=now, last_customer_message_at=now
        )


@pytest.fixture
def product(conversation):
    with transaction():
        return add_product(add_source(conversation.inbox_id), ({"stock": 2},), name="پیراهن «<b>ماهور»")


def pick(browser, conversation, what, **query):
    return browser.get(f"/conversations/{conversation.id}/pick/{what}", query_string=query, headers=FRAGMENT)


def reply(browser, conversation, text, **fields):
    return post(browser, f"/conversations/{conversation.id}/replies", text=text, client_id="c-1", **fields)


def rows(model):
    db.session.rollback()
    return db.session.scalars(db.select(model).order_by(model.id)).all()


def add_canned(**values):
    with transaction():
        return add(CannedReply(**{"shortcut": "hello", "text": "سلام {مشتری}", "created_at": NOON, **values}))


# --- picked ----------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_canned_reply_comes_filled_and_says_what_is_open(log_in, conversation):
    add_canned(text='سلام {مشتری} "<i>" {price}')

    page = pick(log_in(), conversation, "canned", q="hel").text

    assert 'data-text="سلام مریم &#34;&lt;i&gt;&#34; {price}"' in page
    assert "to fill:" in page


@pytest.mark.sqlite_only
def test_a_product_comes_with_its_price_of_today(log_in, conversation, product):
    page = pick(log_in(), conversation, "products", q="ماهور").text

    assert f'data-product="{product.id}"' in page
    assert f'data-price="{PRICE}"' in page
    assert "<b>" not in page
    assert f'data-product="{product.id}"' in pick(log_in(), conversation, "products", ids=f"{product.id},x").text


def test_nothing_found_says_so(log_in, conversation):
    for what in ("canned", "products", "people"):
        page = pick(log_in(), conversation, what, q="zzz").text
        assert "pick-none" in page
        assert 'role="option"' not in page


def test_colleagues_are_found_but_not_those_who_left(log_in, conversation):
    browser = log_in()
    with transaction():
        gone = add_operator(Role.AGENT)
        gone.name, gone.active = "Gone", False

    page = pick(browser, conversation, "people").text

    assert "data-person" in page
    assert "Gone" not in page


@pytest.mark.sqlite_only
@pytest.mark.parametrize("what", ["canned", "products", "people"])
def test_a_viewer_picks_nothing(log_in, conversation, what):
    assert pick(log_in(Role.VIEWER), conversation, what).status_code == 403


@pytest.mark.sqlite_only
@pytest.mark.parametrize("what", ["canned", "products", "people"])
def test_where_there_is_no_conversation_there_is_nothing_to_pick(log_in, app, what):
    assert log_in().get(f"/conversations/999/pick/{what}").status_code == 404


# --- held against what is known --------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_place_that_is_open_is_never_sent(log_in, conversation):
    answer = reply(log_in(), conversation, "سلام {مشتری}")

    assert answer.status_code == 409
    assert "still open" in answer.json["message"]
    assert rows(Message) == []


@pytest.mark.sqlite_only
def test_a_price_that_changed_since_it_was_put_in_is_not_sent(log_in, conversation, product):
    browser = log_in()
    with transaction():
        db.session.scalars(db.select(Variant)).one().price = 1_950_000

    quotes = json.dumps([[product.id, PRICE]])
    answer = reply(browser, conversation, f"ماهور: {PRICE}", quotes=quotes)

    assert answer.status_code == 409
    assert "another price by now" in answer.json["message"]
    assert rows(Message) == []


@pytest.mark.sqlite_only
def test_a_price_that_holds_is(log_in, conversation, product):
    answer = reply(log_in(), conversation, f"ماهور: {PRICE}", quotes=json.dumps([[product.id, PRICE]]))

    assert answer.status_code == 204
    assert len(rows(Message)) == 1


@pytest.mark.sqlite_only
def test_a_reply_that_arrived_and_is_tried_again_is_sent_whatever_the_price_is_by_now(log_in, conversation, product):
    browser, quotes = log_in(), json.dumps([[product.id, PRICE]])
    reply(browser, conversation, f"ماهور: {PRICE}", quotes=quotes)
    with transaction():
        db.session.scalars(db.select(Variant)).one().price = 1_950_000

    answer = reply(browser, conversation, f"ماهور: {PRICE}", quotes=quotes)

    assert (answer.status_code, len(rows(Message))) == (204, 1)


@pytest.mark.parametrize("quotes", ["{", "[1]", '[["x", "y"]]', "7", "[[1]]", "[" * 5000])
def test_prices_that_no_composer_wrote_are_refused(log_in, conversation, quotes):
    assert reply(log_in(), conversation, "hello", quotes=quotes).status_code == 400
    assert rows(Message) == []


# --- the page of canned replies --------------------------------------------------------------------------------------


def test_an_agent_writes_mends_and_deletes_a_canned_reply(log_in, conversation):
    browser = log_in()
    inbox = str(conversation.inbox_id)

    post(browser, "/settings/canned-replies", headers={}, shortcut="/size", text="38 {price} <i>", inbox=inbox)
    one = rows(CannedReply)[0]
    page = browser.get("/settings/canned-replies").text
    assert (one.shortcut, one.inbox_id) == ("size", conversation.inbox_id)
    assert "38 {price} &lt;i&gt;" in page

    post(browser, f"/settings/canned-replies/{one.id}", headers={}, shortcut="size", text="40")
    assert [(one.text, one.inbox_id) for one in rows(CannedReply)] == [("40", None)]

    post(browser, f"/settings/canned-replies/{one.id}/delete", headers={})
    assert rows(CannedReply) == []


@pytest.mark.sqlite_only
def test_what_is_refused_is_still_there_to_mend(log_in, conversation):
    answer = post(log_in(), "/settings/canned-replies", headers={}, shortcut="two words", text="a long text of mine")

    assert answer.status_code == 422
    assert "a long text of mine" in answer.text
    assert "without spaces" in answer.text


@pytest.mark.sqlite_only
def test_an_old_page_of_canned_replies_puts_no_old_words_back(log_in, conversation):
    add_canned(shortcut="size", text="38")
    browser, address = log_in(), f"/settings/canned-replies/{rows(CannedReply)[0].id}"
    old = opened_at(browser.get("/settings/canned-replies").text)
    post(browser, address, headers={}, shortcut="size", text="40", seen=old)

    refused = post(browser, address, headers={}, shortcut="size", text="mine", seen=old)

    assert (refused.status_code, rows(CannedReply)[0].text) == (422, "40")
    assert "This was changed by somebody else since you opened it." in refused.text
    assert "mine</textarea>" in refused.text
    post(browser, address, headers={}, shortcut="size", text="mine", seen=opened_at(refused.text))
    assert rows(CannedReply)[0].text == "mine"


def opened_at(page):
    return next(filter(None, re.findall(r'name="seen" value="([^"]*)"', page)))


def test_from_the_page_of_what_was_refused_a_choice_leads_back_to_the_canned_replies(log_in, conversation):
    add_canned()
    browser = log_in()
    path = f"/settings/canned-replies/{rows(CannedReply)[0].id}"
    refused = post(browser, path, headers={}, shortcut="two words", text="a long text of mine")
    here = re.search(r'name="next" value="([^"]+)"', refused.text)[1]

    chosen = post(browser, "/settings/theme", headers={}, theme="dark", next=here)

    assert (refused.status_code, here) == (422, path)
    assert browser.get(chosen.location).location == "/settings/canned-replies"


@pytest.mark.sqlite_only
def test_a_viewer_has_no_canned_replies(log_in, conversation):
    add_canned()
    viewer = log_in(Role.VIEWER)

    assert viewer.get("/settings/canned-replies").status_code == 403
    assert post(viewer, "/settings/canned-replies", shortcut="a", text="b").status_code == 403
    number = rows(CannedReply)[0].id
    assert post(viewer, f"/settings/canned-replies/{number}/delete").status_code == 403
    assert len(rows(CannedReply)) == 1
    assert "canned-replies" not in viewer.get("/settings").text


def test_the_composer_knows_where_to_ask(log_in, conversation):
    page = thread(log_in(), conversation)

    for what in ("canned", "products", "people"):
        assert f"/conversations/{conversation.id}/pick/{what}" in page


# --- taken back ------------------------------------------------------------------------------------------------------


def hold(seconds):
    with transaction():
        db.session.execute(db.update(Operator).values(undo_seconds=seconds))


def retract(browser, conversation):
    return post(browser, f"/conversations/{conversation.id}/messages/{rows(Message)[-1].id}/retract")


def test_a_held_reply_comes_back_with_all_that_went_with_it(log_in, conversation):
    browser = log_in()
    hold(5)
    with transaction():
        add_message(db.session.get_one(Conversation, conversation.id), external_id="mid-7", text="Which?")
    reply(browser, conversation, "These", reply_to="mid-7", quick_replies="38 | 40")
    assert "retract-now" in thread(browser, conversation)

    taken = retract(browser, conversation).json

    assert (taken["text"], taken["reply_to"], taken["quick_replies"]) == ("These", "mid-7", "38 | 40")
    page = thread(browser, conversation)
    assert "retract-now" not in page
    assert f'data-message-id="{rows(Message)[-1].id}"' in page  # hidden: an open panel has to learn of it
    assert re.search(r'data-client-id="c-1" hidden>', page)


@pytest.mark.sqlite_only
def test_nothing_is_held_for_who_did_not_ask_for_it(log_in, conversation):
    browser = log_in()

    reply(browser, conversation, "These")

    assert "retract-now" not in thread(browser, conversation)


@pytest.mark.sqlite_only
def test_colleagues_and_viewers_cannot_take_it_back(log_in, conversation):
    writer = log_in()
    hold(5)
    reply(writer, conversation, "These")

    assert "retract-now" not in thread(log_in(), conversation)
    assert retract(log_in(), conversation).status_code == 404
    assert retract(log_in(Role.VIEWER), conversation).status_code == 403
    assert rows(Message)[-1].deleted_at is None


def test_the_time_is_chosen_in_the_profile(log_in, conversation):
    browser = log_in()
    fields = {"name": "Sara", "language": "en", "theme": "system", "calendar": "language", "digits": "language"}

    post(browser, "/settings/profile", headers={}, undo_seconds="10", **fields)
    assert rows(Operator)[0].undo_seconds == 10
    assert post(browser, "/settings/profile", headers={}, undo_seconds="3600", **fields).status_code == 400

    assert rows(Operator)[0].undo_seconds == 10


# --- the assistant is writing ----------------------------------------------------------------------------------------


def add_writing(conversation, state, lease):
    with transaction():
        add_turn(db.session.get_one(Conversation, conversation.id), state, lease_until=lease and utc_now() + lease)


@pytest.mark.sqlite_only
def test_the_assistant_is_seen_writing_as_long_as_its_worker_lives(log_in, conversation):
    add_writing(conversation, TurnState.GENERATING, timedelta(seconds=15))

    page = thread(log_in(), conversation)

    assert "The assistant is writing" in page
    assert 'role="status" data-ends="' in page


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("state", "lease"),
    [
        (TurnState.OPEN, None),
        (TurnState.GENERATING, timedelta(seconds=-1)),  # its worker was killed
        (TurnState.ANSWERED, timedelta(seconds=15)),
    ],
)
def test_nobody_is_seen_writing_who_does_not(log_in, conversation, state, lease):
    add_writing(conversation, state, lease)

    assert "data-ends" not in thread(log_in(), conversation)


@pytest.mark.sqlite_only
def test_nor_an_assistant_that_a_person_has_relieved(log_in, conversation):
    add_writing(conversation, TurnState.GENERATING, timedelta(seconds=15))
    with transaction():
        db.session.get_one(Conversation, conversation.id).state = ConversationState.OPERATOR

    assert "data-ends" not in thread(log_in(), conversation)


def test_who_begins_to_write_where_the_assistant_answers_can_take_over_at_once(log_in, conversation):
    assert 'form="take-now"' in thread(log_in(), conversation)

    with transaction():
        db.session.get_one(Conversation, conversation.id).state = ConversationState.OPERATOR

    assert 'form="take-now"' not in thread(log_in(), conversation)


@pytest.mark.sqlite_only
def test_words_of_strangers_become_no_link_but_an_address(log_in, conversation):
    with transaction():
        text = 'https://x.test/"onclick=alert(1) javascript:alert(1) @maryam <b>'
        add_message(db.session.get_one(Conversation, conversation.id), text=text)

    page = thread(log_in(), conversation)

    assert '<a class="link" href="https://x.test/" target="_blank" rel="noopener noreferrer nofollow">' in page
    assert '&#34;onclick=alert(1) javascript:alert(1) <bdi dir="ltr">@maryam</bdi> &lt;b&gt;' in page
