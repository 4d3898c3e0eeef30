"""The phone page serves itself and forwards a fixed list of calls, nothing else."""

import re
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from flask_wtf import CSRFProtect

sys.path.insert(0, str(Path(__file__).parent))
from fake_instagram_tools import Webhook, running, running_fake

from pilito.demo import phone, shapes, shop
from pilito.demo.control import EVENTS, KINDS
from pilito.demo.service import create_service
from pilito.demo.words import EN, FA

ROOT = Path(phone.__file__).resolve().parent.parent
SCRIPT = (ROOT / "static" / "demo" / "phone.js").read_text()


def bare_app():
    app = Flask("pilito", root_path=str(ROOT))
    app.secret_key = "phone tests"
    app.register_blueprint(phone.bp)
    return app


@pytest.fixture
def browser():
    return bare_app().test_client()


@pytest.fixture
def phone_on_a_fake(tmp_path, monkeypatch):
    """The page's calls, with a running fake behind them."""
    webhook = Webhook()
    with ExitStack() as stack:
        hook_url = stack.enter_context(running(webhook.app()))
        fake = stack.enter_context(running_fake(tmp_path / "demo.sqlite3", f"{hook_url}/webhooks/instagram"))
        monkeypatch.setenv("PILITO_DEMO_URL", stack.enter_context(running(create_service(fake.app))))
        yield bare_app().test_client(), webhook


@pytest.mark.parametrize(
    ("query", "language", "direction", "label"),
    [
        ("", "fa", "rtl", "مدل نمایشی است، هوش مصنوعی نیست"),
        ("?lang=en", "en", "ltr", "demo model, not an AI"),
        ("?lang=<script>", "fa", "rtl", "مدل نمایشی است، هوش مصنوعی نیست"),
    ],
)
def test_the_page_speaks_both_languages_and_says_that_its_model_is_no_ai(browser, query, language, direction, label):
    page = browser.get(f"/demo{query}").text

    assert f'<html lang="{language}" dir="{direction}">' in page
    assert label in page


def test_the_page_offers_every_post(browser):
    page = browser.get("/demo").text

    assert all(f'data-post="{post.id}"' in page for post in shop.POSTS)


def test_the_page_holds_under_a_strict_policy(browser):
    page = browser.get("/demo").text

    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert not re.search(r"(src|href)=\"(https?:)?//", page)


def test_the_script_never_builds_markup_from_data():
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", SCRIPT)


def test_every_word_the_page_uses_exists_in_both_languages():
    template = (ROOT / "templates" / "demo" / "phone.html").read_text()
    used = set(re.findall(r"\bwords\.(\w+)", template + SCRIPT)) | set(re.findall(r'say\("(\w+)"', SCRIPT))

    assert set(FA) == set(EN)
    assert used <= set(FA)


def test_pictures_are_served_from_a_fixed_list(browser):
    picture = browser.get("/demo/media/dress.svg")

    assert picture.mimetype == "image/svg+xml"
    assert browser.get("/demo/media/voice.wav").mimetype == "audio/wav"
    for name in ("phone.css", "nothing.svg", "..%2f..%2fconfig.py", "../media/dress.svg"):
        assert browser.get(f"/demo/media/{name}").status_code == 404


def test_a_message_goes_from_the_page_to_the_webhook_and_back_into_the_thread(phone_on_a_fake):
    browser, webhook = phone_on_a_fake

    made = browser.post("/demo/customers", json={"language": "en"})
    customer = made.json["customer"]["id"]
    sent = browser.post("/demo/send", json={"customer": customer, "kind": "ig_post", "post_id": "dress"})
    webhook.wait_for(1)
    state = browser.get(f"/demo/state?customer={customer}")

    assert (made.status_code, sent.status_code, state.status_code) == (201, 201, 200)
    [message] = state.json["messages"]
    assert (message["mid"], message["post_id"], message["media"]) == (sent.json["mid"], "dress", "dress.svg")
    assert made.json["customer"]["name"] == "Sara Ahmadi"


def test_hold_release_unsend_and_reset_are_forwarded(phone_on_a_fake):
    browser, webhook = phone_on_a_fake
    customer = browser.post("/demo/customers", json={}).json["customer"]["id"]
    sent = browser.post("/demo/send", json={"customer": customer, "text": "سلام", "hold": True}).json

    assert browser.post("/demo/release", json={"customer": customer, "order": "swapped"}).json == {"released": 1}
    webhook.wait_for(1)
    assert browser.post("/demo/unsend", json={"customer": customer, "mid": sent["mid"]}).json["unsent"] is True
    assert browser.post("/demo/reset", json={}).json == {"reset": True}
    assert browser.get("/demo/state").json["customers"] == []


def test_the_page_offers_every_shape_and_what_happens_around_messages(browser):
    page = browser.get("/demo").text

    assert {*shapes.SHAPES, "story_mention", "unsupported"} <= set(re.findall(r'data-more="(\w+)"', page))
    assert set(re.findall(r'data-event="(\w+)"', page)) == {"opening", "seen", "taken", "opted_in", "warning"}
    assert all(f"kind_{kind}" in EN for kind in KINDS)


def test_an_event_is_forwarded(phone_on_a_fake):
    browser, webhook = phone_on_a_fake
    customer = browser.post("/demo/customers", json={}).json["customer"]["id"]

    assert browser.post("/demo/event", json={"customer": customer, "kind": "opening"}).status_code == 201
    assert "referral" in webhook.wait_for(1)[0].item


def test_a_refusal_reaches_the_page_with_its_reason(phone_on_a_fake):
    browser, _ = phone_on_a_fake

    answer = browser.post("/demo/send", json={"customer": "nobody", "text": "سلام"})

    assert answer.status_code == 404
    assert "nobody" in answer.json["error"]["message"]


@pytest.mark.parametrize("path", ["faults", "log", "../control/faults", "control/send"])
def test_nothing_else_of_the_control_api_can_be_reached(phone_on_a_fake, path):
    browser, _ = phone_on_a_fake

    assert browser.post(f"/demo/{path}", json={"code": 190}).status_code == 404


def test_the_page_is_told_when_the_service_is_away(browser, monkeypatch):
    monkeypatch.setenv("PILITO_DEMO_URL", "http://127.0.0.1:9")

    answer = browser.get("/demo/state")

    assert answer.status_code == 502
    assert answer.json["error"]["code"] == "demo_away"


def test_a_call_without_the_csrf_token_is_refused():
    app = bare_app()
    CSRFProtect(app)

    assert app.test_client().post("/demo/reset", json={}).status_code == 400


def test_the_label_names_a_real_model_when_one_answers(monkeypatch):
    monkeypatch.setenv("PILITO_DEMO_URL", "http://127.0.0.1:8001")
    app = bare_app()

    class Settings:
        pilito_demo_url = "http://127.0.0.1:8001"
        openai_base_url = "https://api.openai.com/v1"
        openai_model = "gpt-<b>"
        share_wait_seconds = 45

    app.extensions["pilito_settings"] = Settings()

    page = app.test_client().get("/demo?lang=en").text

    assert "gpt-&lt;b&gt;" in page
    assert ">demo model, not an AI<" not in page
    assert "waits 45 seconds" in page


def test_the_phone_offers_every_kind_of_message_and_event_that_the_fake_can_post(browser):
    page = browser.get("/demo?lang=en").text

    offered = set(re.findall(r'data-(?:more|event|send)="(\w+)"', page))
    shares = set(re.findall(r'kind: "(\w+)"', SCRIPT))
    assert set(KINDS) <= offered | shares
    assert set(EVENTS) <= offered | shares
    assert 'id="as-comment"' in page
