"""The fourth pane: who the customer is, who else they may be, and what may be done with them."""

import re
from datetime import timedelta

import pytest
from rows import NOON, add, add_conversation, add_facts, add_inbox, add_media, add_message, record_statements
from test_panel import FRAGMENT, add_shared, now_of, post

from pilito.blueprints.panel.aside import scripts_in
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import ConversationState, LabelColour, MediaKind, MessageType, Role, Sender, ShareState
from pilito.models import (
    Attachment,
    Audit,
    ConversationLabel,
    Customer,
    Label,
    Message,
    Note,
    Product,
    Proof,
    db,
)
from pilito.queries.person import phones_in

HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def conversation(app):
    with transaction():
        customer = {"name": "علی کریمی", "username": "ali.karimi", "created_at": utc_now() - timedelta(days=40)}
        return add_conversation(customer=customer, last_message_at=utc_now(), last_customer_message_at=utc_now())


def aside(browser, conversation, **asked):
    answer = browser.get(f"/conversations/{conversation.id}/aside", headers=FRAGMENT, query_string=asked)
    assert answer.status_code == 200
    return answer.text


def add_other(name="علي كريمي", username="someone.else", **values):
    """In another inbox; the name is the same in Arabic spelling."""
    return add_conversation(add_inbox(name="Boutique"), customer={"name": name, "username": username}, **values)


def accounts(page):
    return re.findall(r'href="/conversations/(\d+)\?zone=open"(?: aria-current="true")?>', page)


# --- what is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_who_it_is_with_a_link_to_their_page(log_in, conversation):
    page = aside(log_in(), conversation)

    assert "علی کریمی" in page
    assert 'href="https://www.instagram.com/ali.karimi/"' in page


@pytest.mark.sqlite_only
def test_a_username_that_is_none_is_no_link(log_in, app):
    with transaction():
        strange = add_conversation(customer={"name": HOSTILE, "username": HOSTILE})

    page = aside(log_in(), strange)

    assert "<script>" not in page
    assert "www.instagram.com" not in page


def test_what_was_spoken_of_is_beside_it(log_in, conversation):
    with transaction():
        add_facts(conversation.inbox_id)
        product = db.session.scalars(db.select(Product)).first()
        reply = add_message(conversation, sender=Sender.ASSISTANT, external_id=None)
        footing = [{"kind": "price", "reference": f"product:{product.id}"}]
        add(Proof(message_id=reply.id, model="m", prompt_hash="h", rests_on=footing, milliseconds=1))
        share = add_shared(conversation, ShareState.EXPIRED)
        picture = add_message(conversation, message_type=MessageType.IMAGE)
        copy = add_media(conversation.inbox_id, MediaKind.IMAGE, "image/jpeg")
        add(Attachment(message_id=picture.id, position=0, kind="image", copy_id=copy.id))
        add(Note(conversation_id=conversation.id, text="pays by card", seq=1, created_at=utc_now()))
        label = add(Label(name="VIP", colour=LabelColour.PURPLE, created_at=NOON))
        add(ConversationLabel(conversation_id=conversation.id, label_id=label.id, created_at=NOON))

    page = aside(log_in(), conversation)

    assert f'href="/catalogue/{product.id}"' in page
    assert f'href="#m{share.message_id}"' in page
    assert f'href="#m{picture.id}"' in page
    assert "pays by card" in page
    assert "VIP" in page


def test_a_note_leads_to_its_place_and_holds_no_link_of_its_own(log_in, conversation):
    """A link in a link ends the first one, and with it the row."""
    with transaction():
        words = "see https://shop.example/a and call 0912 345 6789"
        note = add(Note(conversation_id=conversation.id, text=words, seq=1, created_at=utc_now()))

    page = aside(log_in(), conversation)

    row = re.search(r'<a class="aside-note" href="([^"]+)"(.*?)</a>', page, re.DOTALL)
    assert row[1].endswith(f"note={note.id}#n{note.id}")
    assert "https://shop.example/a" in row[2]
    assert "<a" not in row[2]
    assert "<small>" in row[2]


def test_what_was_taken_back_is_not(log_in, conversation):
    with transaction():
        share = add_shared(conversation, ShareState.EXPIRED)
        db.session.get_one(Message, share.message_id).deleted_at = utc_now()
        add(Note(conversation_id=conversation.id, text="", seq=1, created_at=NOON, deleted_at=NOON))

    page = aside(log_in(), conversation)

    assert f"#m{share.message_id}" not in page
    assert "Newest notes" not in page


@pytest.mark.parametrize(
    ("texts", "scripts"),
    [
        (["سلام", "قیمت چنده؟"], ["Persian"]),
        (["hello", "how much", "چنده"], ["Latin letters", "Persian"]),
        (["مرحبا"], ["Arabic letters"]),
        (["👍", "123"], []),
    ],
)
@pytest.mark.usefixtures("app")
def test_the_letters_in_which_somebody_writes(texts, scripts):
    assert [str(script) for script in scripts_in(texts)] == scripts


@pytest.mark.parametrize(
    ("text", "phones"),
    [("۰۹۱۲ ۳۴۵ ۶۷۸۹", ["09123456789"]), ("call +98 912 345 6789!", ["989123456789"]), ("1,850,000 or 38", [])],
)
def test_telephone_numbers_are_the_same_however_they_are_written(text, phones):
    assert phones_in(text) == phones


@pytest.mark.sqlite_only
def test_the_pane_asks_the_database_few_things_however_much_there_is(log_in, conversation):
    browser = log_in()
    aside(browser, conversation)
    with transaction():
        for _ in range(30):
            add_shared(conversation, ShareState.EXPIRED)
            add_message(conversation, text="سلام")

    statements = record_statements()
    aside(browser, conversation)

    assert len(statements) <= 20


@pytest.mark.sqlite_only
def test_without_scripts_it_is_a_page_with_the_thread(log_in, conversation):
    page = log_in().get(f"/conversations/{conversation.id}/aside").text

    assert 'id="thread"' in page
    assert 'id="aside-content"' in page


def test_nobody_else_sees_it_and_there_is_none_of_what_is_not_there(client, log_in, conversation):
    assert client.get(f"/conversations/{conversation.id}/aside").status_code == 302
    assert log_in().get("/conversations/9999/aside").status_code == 404


# --- the same person -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "alike", [{}, {"name": "A. K.", "username": "ali.karimi"}], ids=["name in another spelling", "username"]
)
def test_who_may_be_the_same_person_is_suggested_and_not_merged(log_in, conversation, alike):
    with transaction():
        other = add_other(**alike)
        add_other(name="علی کریمی‌پور", username="ali.karimi2")

    page = aside(log_in(), conversation)

    assert re.findall(r"with=(\d+)", page) == [str(other.id)]
    assert not db.session.scalars(db.select(Customer).where(Customer.same_as_id.is_not(None))).all()


def test_the_same_telephone_number_suggests_too(log_in, conversation):
    with transaction():
        other = add_other(name="کسی دیگر")
        for one, text in ((conversation, "۰۹۱۲۳۴۵۶۷۸۹"), (other, "شماره من 09123456789 است")):
            add_message(one, text=text)

    assert f"with={other.id}" in aside(log_in(), conversation)


def test_somebody_is_found_by_name_and_shown_beside_this_one_before_it_is_done(log_in, conversation):
    with transaction():
        other = add_other(name="Sahar Moradi")

    found = aside(log_in(), conversation, who="sahar")
    asked = aside(log_in(), conversation, **{"with": other.id})

    assert f"with={other.id}" in found
    assert "Nobody else" in aside(log_in(), conversation, who="zzzz")
    assert "Are these two the same person?" in asked
    assert f'action="/conversations/{conversation.id}/merge/{other.id}"' in asked


@pytest.mark.sqlite_only
def test_merged_their_conversations_stand_together_until_they_are_separated(log_in, conversation):
    with transaction():
        other = add_other(last_message_at=NOON)
        add_message(other, text="سلام")
    browser = log_in()

    assert post(browser, f"/conversations/{conversation.id}/merge/{other.id}").status_code == 204
    assert accounts(aside(browser, conversation)) == [str(conversation.id), str(other.id)]
    assert accounts(aside(browser, other)) == [str(other.id), str(conversation.id)]
    assert "1 message" in aside(browser, other)

    assert post(browser, f"/conversations/{conversation.id}/unmerge/{other.id}").status_code == 204
    assert accounts(aside(browser, conversation)) == []


@pytest.mark.sqlite_only
def test_a_thread_says_who_was_merged_by_whom(log_in, conversation):
    with transaction():
        other = add_other()
    browser = log_in()
    post(browser, f"/conversations/{conversation.id}/merge/{other.id}")

    assert "is the same person as another one" in browser.get(f"/conversations/{other.id}", headers=FRAGMENT).text


# --- blocking --------------------------------------------------------------------------------------------------------


def test_a_blocked_customer_is_plainly_so_in_list_thread_and_pane(log_in, conversation):
    browser = log_in()

    assert post(browser, f"/conversations/{conversation.id}/block").status_code == 204

    assert now_of(conversation).state is ConversationState.CLOSED
    thread = browser.get(f"/conversations/{conversation.id}", headers=FRAGMENT).text
    assert "This customer is blocked." in thread
    assert re.search(r'id="composer"[^>]* hidden', thread)
    assert "Unblock them beside the conversation" in thread
    assert "Blocked since" in aside(browser, conversation)
    assert "Blocked" in browser.get("/conversations/list?zone=done").text

    assert post(browser, f"/conversations/{conversation.id}/unblock").status_code == 204
    assert "Blocked since" not in aside(browser, conversation)


def test_a_blocked_customer_gets_no_reply_and_the_refusal_says_what_to_do(log_in, conversation):
    browser = log_in()
    post(browser, f"/conversations/{conversation.id}/block")

    refused = post(browser, f"/conversations/{conversation.id}/replies", text="hello", client_id="1")

    assert refused.status_code == 409
    assert "Unblock them" in refused.json["message"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("deed", ["block", "unblock", "merge/{other}", "unmerge/{other}"])
def test_a_viewer_sees_the_pane_and_changes_nothing(log_in, conversation, deed):
    with transaction():
        other = add_other()
    viewer = log_in(Role.VIEWER)

    answer = post(viewer, f"/conversations/{conversation.id}/{deed.format(other=other.id)}")

    assert answer.status_code == 403
    assert "<form" not in aside(viewer, conversation)


# --- export and erase ------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
@pytest.mark.parametrize("deed", ["export", "erase"])
def test_only_admins_take_along_and_erase(log_in, conversation, deed):
    agent = log_in()

    assert post(agent, f"/conversations/{conversation.id}/{deed}", sure="yes").status_code == 403
    assert f"/{deed}" not in aside(agent, conversation)
    assert f"/{deed}" in aside(log_in(Role.ADMIN), conversation)


def test_the_export_is_a_file_and_who_took_it_is_written_down(log_in, conversation):
    with transaction():
        add_message(conversation, text="my words")

    answer = post(log_in(Role.ADMIN), f"/conversations/{conversation.id}/export")

    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.json["message"][0]["text"] == "my words"
    db.session.rollback()
    assert db.session.scalar(db.select(Audit.action)) == "exported_customer"


def test_erasing_asks_twice(log_in, conversation):
    admin, path = log_in(Role.ADMIN), f"/conversations/{conversation.id}/erase"

    assert "There is no way back" in admin.get(path).text
    assert post(admin, path, headers={}).location.endswith("/erase")
    assert now_of(conversation)

    assert post(admin, path, headers={}, sure="yes").location.endswith("/conversations/")
    db.session.rollback()
    assert db.session.scalar(db.select(db.func.count(Customer.id))) == 0
    assert "was erased" in admin.get("/conversations/").text


def test_the_erase_page_names_the_accounts_that_stay(log_in, conversation):
    with transaction():
        other = add_other(name="Ali of the boutique")
        db.session.get_one(Customer, other.customer_id).same_as_id = conversation.customer_id

    page = log_in(Role.ADMIN).get(f"/conversations/{conversation.id}/erase").text

    assert "Only this account is erased" in page
    assert "Ali of the boutique" in page
