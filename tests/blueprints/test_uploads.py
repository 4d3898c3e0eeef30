"""The composer's files over HTTP: who may attach one, how large a body may be, and what the composer is told."""

import io

import pytest
from rows import add_conversation
from samples import HTML, JPEG

from pilito.clock import utc_now
from pilito.conversations.erase import erase_inbox
from pilito.conversations.public_file import public_address
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import Attachment, Delivery, MediaFile, db

pytestmark = pytest.mark.sqlite_only

FRAGMENT = {"X-Fragment": "1"}


@pytest.fixture
def settings(make_settings):
    return make_settings(public_url="https://pilito.shop.test")


@pytest.fixture
def conversation(app):
    with transaction():
        return add_conversation(last_customer_message_at=utc_now())


@pytest.fixture
def browser(app, log_in):
    app.config["WTF_CSRF_ENABLED"] = False
    return log_in()


def attach(browser, conversation, body=JPEG, kind="image", name="عکس.jpg"):
    fields = {"kind": kind, "file": (io.BytesIO(body), name)}
    return browser.post(f"/conversations/{conversation.id}/uploads", data=fields, headers=FRAGMENT)


def test_a_file_is_kept_and_goes_with_the_reply(browser, conversation):
    kept = attach(browser, conversation)
    fields = {"attachment": kept.json["id"], "client_id": "1", "text": "ببینید"}

    answer = browser.post(f"/conversations/{conversation.id}/replies", data=fields, headers=FRAGMENT)

    assert (kept.status_code, answer.status_code) == (201, 204)
    assert browser.get(kept.json["url"]).data == JPEG
    assert [row.payload and row.payload["file"]["url"] for row in rows(Delivery)] == [f"media:{kept.json['id']}", None]
    assert [file.copy_id for file in rows(Attachment)] == [kept.json["id"]]


def test_a_product_card_goes_with_its_picture(browser, conversation):
    picture = attach(browser, conversation).json["id"]
    card = {"card_title": "پیراهن", "card_subtitle": "نخی", "card_picture": picture, "card_url": "https://shop.test/1"}

    answer = browser.post(
        f"/conversations/{conversation.id}/replies", data={"client_id": "1", **card}, headers=FRAGMENT
    )

    assert answer.status_code == 204
    (delivery,) = rows(Delivery)
    assert delivery.payload["cards"][0]["title"] == "پیراهن"
    assert delivery.payload["cards"][0]["image_url"] == f"media:{picture}"


def test_a_card_without_a_name_is_refused_with_a_sentence(browser, conversation):
    fields = {"client_id": "1", "card_subtitle": "نخی", "text": "سلام"}

    answer = browser.post(f"/conversations/{conversation.id}/replies", data=fields, headers=FRAGMENT)

    assert answer.status_code == 409
    assert "name of 1 to 80 characters" in answer.json["message"]
    assert rows(Delivery) == []


def test_what_is_not_taken_is_told_in_a_sentence(browser, conversation):
    answer = attach(browser, conversation, HTML)

    assert answer.status_code == 409
    assert answer.json["reason"] == "file_format"
    assert "png or jpeg" in answer.json["message"]


def test_a_body_of_more_than_a_megabyte_is_taken_here_from_people_of_the_shop_only(app, browser, conversation):
    large = JPEG + bytes(2 * 1024 * 1024)

    assert attach(browser, conversation, large).status_code == 201
    assert attach(app.test_client(), conversation, large).status_code in (302, 401, 413)
    assert attach(browser, conversation, JPEG + bytes(27 * 1024 * 1024)).status_code == 413
    assert len(rows(MediaFile)) == 1


def test_an_account_that_is_erased_meanwhile_is_told_in_a_sentence(app, browser, conversation, monkeypatch):
    store = app.extensions["pilito_media_store"]
    inbox_id = conversation.inbox_id
    monkeypatch.setattr(type(store), "put", lambda *_file: erase_inbox(inbox_id, utc_now()))

    answer = attach(browser, conversation)

    assert answer.status_code == 404
    assert answer.json["reason"] == "not_found"
    assert answer.json["message"]


def test_who_may_only_look_attaches_nothing(app, log_in, conversation):
    app.config["WTF_CSRF_ENABLED"] = False

    assert attach(log_in(Role.VIEWER), conversation).status_code == 403


def test_without_the_token_of_the_page_nothing_is_taken(log_in, conversation):
    assert attach(log_in(), conversation).status_code == 400


def test_the_provider_needs_no_log_in_and_gets_the_one_file_only(app, browser, conversation):
    media_id = attach(browser, conversation).json["id"]
    path = public_address(media_id, utc_now()).removeprefix("https://pilito.shop.test")
    stranger = app.test_client()

    answer = stranger.get(path)

    assert (answer.status_code, answer.data) == (200, JPEG)
    assert stranger.get(path.replace("/sent/", "/sent/x")).status_code == 404
    assert stranger.get(f"/media/{media_id}").status_code in (302, 401)


def rows(model):
    db.session.rollback()
    return db.session.scalars(db.select(model).order_by(model.id)).all()
