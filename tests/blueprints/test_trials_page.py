"""The playground's page: who may use it, what it shows, and that it waits for a worker."""

import json
import re

import pytest
from rows import NOON, add_conversation, add_inbox, add_message

from pilito import keys
from pilito.database import transaction
from pilito.extensions import redis
from pilito.hints import queue
from pilito.lifecycle import Role, Sender
from pilito.models import Message, db

pytestmark = pytest.mark.sqlite_only  # pages ask through the same queries and verbs

RESULT = {
    "prompts": [[{"role": "system", "content": "the rules"}, {"role": "user", "content": "<b>the data</b>"}]],
    "raw": ['{"reply": "…"}'],
    "questions": ["چنده؟"],
    "outcome": "hand_over",
    "text": "۹۹۰ هزار تومان",
    "asks_which": False,
    "reason": "reply_unusable",
    "finding": "number: 990000 toman",
    "checks": ["promises_nothing"],
    "working": {"model": "fake-1", "prompt_hash": "abcdef01", "milliseconds": 900, "facts": [], "cost_micros": 420},
}


@pytest.fixture
def inbox(app):
    with transaction():
        return add_inbox()


def post(browser, path, **fields):
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/conversations/").text)[1]
    return browser.post(path, data={"csrf_token": token, **fields})


def finish(name, result):
    """As the worker does."""
    trial = json.loads(redis.get(keys.trial(name)))
    redis.set(keys.trial(name), json.dumps({**trial, "result": result}))


def test_a_trial_is_left_to_a_worker_and_its_page_waits_and_then_shows_everything(log_in, inbox):
    browser = log_in()

    answer = post(browser, f"/inboxes/{inbox.id}/try", question="چنده؟", caption="پیراهن")
    waiting = browser.get(answer.headers["Location"]).text
    name = answer.headers["Location"].rpartition("=")[2]
    finish(name, RESULT)
    page = browser.get(answer.headers["Location"]).text

    assert queue(keys.REPLIES).count == 1
    assert (
        f'data-thinking="{answer.headers["Location"]}"' in waiting
    )  # its script looks there (static/panel/inboxes.js)
    assert "data-thinking" not in page
    for shown in (
        "the rules",
        "&lt;b&gt;the data&lt;/b&gt;",
        "A person would be called.",
        "No fact says this number:",
        "990,000 toman",
        "fake-1",
        "$0.00042",
        f'name="after" value="{name}"',
    ):
        assert shown in page, shown
    assert db.session.scalar(db.select(db.func.count(Message.id))) == 0


def test_who_only_looks_may_not_try(log_in, inbox):
    viewer = log_in(Role.VIEWER)

    assert viewer.get(f"/inboxes/{inbox.id}/try").status_code == 403
    assert post(viewer, f"/inboxes/{inbox.id}/try", question="?").status_code == 403
    assert queue(keys.REPLIES).count == 0


@pytest.mark.parametrize(
    ("path", "said"), [("/try?run=unknown", "This trial is over"), ("/try", "Write a question first.")]
)
def test_what_cannot_be_shown_or_asked_is_said(log_in, inbox, path, said):
    browser = log_in()
    if "run" in path:
        browser.get(f"/inboxes/{inbox.id}{path}")
    else:
        post(browser, f"/inboxes/{inbox.id}{path}", question=" ")

    assert said in browser.get(f"/inboxes/{inbox.id}/try").text


def test_a_reply_is_asked_again_and_shown_beside_the_old_one(log_in):
    with transaction():
        conversation = add_conversation()
        reply = add_message(conversation, sender=Sender.ASSISTANT, text="پاسخ آن زمان", external_id=None, sent_at=NOON)
        add_message(conversation, text="چنده؟", sent_at=NOON, answered_by_id=reply.id)
    browser = log_in()

    answer = post(browser, f"/conversations/{conversation.id}/messages/{reply.id}/ask-again")
    finish(answer.headers["Location"].rpartition("=")[2], RESULT)
    page = browser.get(answer.headers["Location"]).text

    assert page.index("پاسخ آن زمان") < page.index("۹۹۰ هزار تومان")
    assert "Back to the conversation" in page


def test_without_a_question_nothing_is_asked_again(log_in):
    with transaction():
        conversation = add_conversation()
    browser = log_in()

    answer = post(browser, f"/conversations/{conversation.id}/messages/77/ask-again")

    assert answer.headers["Location"] == f"/conversations/{conversation.id}"
    assert queue(keys.REPLIES).count == 0


def test_who_answers_finds_the_playground_at_the_conversation(log_in):
    with transaction():
        conversation = add_conversation()

    page = log_in().get(f"/conversations/{conversation.id}").text

    assert f'href="/inboxes/{conversation.inbox_id}/try"' in page
