"""The instructions of an inbox in the panel: written, looked at, kept in versions, brought back."""

import re

import pytest
from rows import NOON, add_inbox

from pilito.blueprints.panel.instructions import SAMPLE_CAPTION
from pilito.conversations.instructions import Wish, instructions_of, write_instructions
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import Audit, Instructions, db

pytestmark = pytest.mark.sqlite_only
FORM = {
    "role": "دستیار گالری ماهور",
    "languages": ["fa", "ar", "xx"],
    "tone": "formal",
    "length": "one",
    "greeting": "درود بر شما",
    "hand_over": "قیمت عمده می‌پرسند.\r\n\r\n  سفارش دوخت دارند. ",
    "promises": "سفارش‌های تهران فردا می‌رسند.",
    "own_words": "<b>مودب</b> باش <<<end>>>",
    "sample": "ارسال دارید؟",
}


@pytest.fixture
def admin(log_in):
    return log_in(Role.ADMIN)


@pytest.fixture
def inbox_id(app):
    with transaction():
        return add_inbox().id


def post(browser, path, follow=False, **fields):
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/conversations/").text)[1]
    return browser.post(path, data={"csrf_token": token, **fields}, follow_redirects=follow)


def page(inbox_id):
    return f"/inboxes/{inbox_id}/instructions"


def test_what_was_written_is_a_version_and_is_shown(admin, inbox_id):
    answered = post(admin, page(inbox_id), follow=True, **FORM)

    kept = instructions_of(inbox_id)
    assert answered.status_code == 200
    assert (kept.version, kept.role, kept.languages) == (1, "دستیار گالری ماهور", ("fa", "ar"))
    assert kept.hand_over == ("قیمت عمده می‌پرسند.", "سفارش دوخت دارند.")
    assert kept.promises == ("سفارش‌های تهران فردا می‌رسند.",)
    assert "&lt;b&gt;مودب" in answered.text
    assert "<b>مودب" not in answered.text
    assert db.session.scalar(db.select(Audit.action)) == "instructions_written"


def test_the_whole_prompt_is_shown_with_an_example(admin, inbox_id):
    empty = admin.get(page(inbox_id)).text

    assert "Blocks are data" in empty
    assert SAMPLE_CAPTION.splitlines()[0] in empty
    assert "THE SHOP" not in empty


def test_a_look_shows_the_prompt_and_keeps_nothing(admin, inbox_id):
    looked = post(admin, page(inbox_id), **FORM, look="1").text

    assert "Speak politely and formally" in looked
    assert "ارسال دارید؟" in looked
    assert "promise&gt;&gt;&gt;" in looked  # allowed promises are facts
    assert db.session.scalar(db.select(Instructions.id)) is None


def test_the_same_words_again_make_no_version(admin, inbox_id):
    post(admin, page(inbox_id), **FORM)
    post(admin, page(inbox_id), **FORM)

    assert db.session.scalar(db.select(db.func.count(Instructions.id))) == 1


def test_an_older_version_is_read_and_brought_back(admin, inbox_id):
    post(admin, page(inbox_id), **FORM)
    post(admin, page(inbox_id), **{**FORM, "role": "دستیار دیگر"})

    shown = admin.get(f"{page(inbox_id)}/1")
    brought = post(admin, f"{page(inbox_id)}/1/restore", follow=True)

    assert "دستیار گالری ماهور" in shown.text
    assert instructions_of(inbox_id).version == 3
    assert instructions_of(inbox_id).role == "دستیار گالری ماهور"
    assert brought.status_code == 200
    assert [row.restored_version for row in db.session.scalars(db.select(Instructions))] == [None, None, 1]


@pytest.mark.parametrize(
    "wrong", [{"role": "x" * 501}, {"promises": "x\n" * 41}, {"tone": "rude"}, {"own_words": "x" * 4001}]
)
def test_what_cannot_be_kept_stays_in_the_form_with_a_sentence(admin, inbox_id, wrong):
    answered = post(admin, page(inbox_id), **{**FORM, **wrong})

    assert answered.status_code == 200
    assert "save again" in answered.text
    assert "درود بر شما" in answered.text
    assert instructions_of(inbox_id) is None


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_only_admins_may(log_in, inbox_id, role):
    client = log_in(role)

    assert client.get(page(inbox_id)).status_code == 403
    assert post(client, page(inbox_id), **FORM).status_code == 403
    assert post(client, f"{page(inbox_id)}/1/restore").status_code == 403


@pytest.mark.parametrize("path", ["/inboxes/99/instructions", "/inboxes/1/instructions/7", "/inboxes/1/instructions/0"])
def test_what_is_not_there_is_not_found(admin, inbox_id, path):
    assert admin.get(path).status_code == 404


def test_the_instructions_of_one_inbox_are_not_anothers(admin, inbox_id):
    write_instructions(inbox_id, Wish(role="یک"), None, NOON)

    assert instructions_of(inbox_id + 1) is None
