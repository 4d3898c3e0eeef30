"""The health page, and what can be settled from it."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from rows import (
    NOON,
    add,
    add_conversation,
    add_delivery,
    add_inbox,
    add_message,
    add_share,
    add_source,
    add_webhook,
    record_statements,
)

from pilito import keys, mail
from pilito.backup import restore
from pilito.blueprints.i18n import commands
from pilito.blueprints.panel import health as health_page
from pilito.blueprints.panel import sentences
from pilito.clock import utc_now
from pilito.conversations.data_deletion import find_deletion, request_deletion
from pilito.conversations.media_mark import Hold, hold
from pilito.conversations.receive import receive
from pilito.conversations.record import record
from pilito.database import transaction
from pilito.factory import bind_services
from pilito.lifecycle import (
    DeletionState,
    DeliveryState,
    EventOutcome,
    InboxState,
    MessageType,
    Role,
    Sender,
    ShareState,
    SourceKind,
    SourceState,
    WebhookState,
)
from pilito.models import Audit, Delivery, Event, Inbox, Mail, ModelUse, Upkeep, Webhook, db

pytestmark = pytest.mark.sqlite_only
BODY = b'{"object": "instagram", "text": "<script>alert(1)</script>"}'


@pytest.fixture
def log_in(app, log_in):
    """Without the token of a page's forms, which other tests look at."""
    app.config["WTF_CSRF_ENABLED"] = False
    return lambda role=Role.ADMIN, language="en": log_in(role, language)


@pytest.fixture
def admin(log_in):
    return log_in()


def page(client, path="/health"):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.text


def fail_webhook():
    with transaction():
        webhook = add_webhook(WebhookState.FAILED, (EventOutcome.FAILED,))
        webhook.body, webhook.error = BODY, "sender: expected an id"
        return webhook.id


def unknown_send(text="قیمت آن دو میلیون است", looks=3, since=timedelta(0)):
    with transaction():
        conversation = add_conversation(customer={"name": "Sara"}, last_customer_message_at=utc_now())
        message = add_message(conversation, sender=Sender.ASSISTANT, external_id=None, text=text)
        return add_delivery(message, DeliveryState.UNKNOWN, text=text, unknown_at=utc_now() - since, looks=looks)


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
@pytest.mark.parametrize("path", ["/health", "/health/webhooks/1"])
def test_it_is_for_admins(log_in, role, path):
    assert log_in(role).get(path).status_code == 403


def test_somebody_who_waits_too_long_is_not_well(admin, monkeypatch):
    monkeypatch.setattr(health_page.health, "readiness", lambda: {"database": "ok"})
    assert "All is well." in page(admin)

    with transaction():
        conversation = add_conversation(customer={"name": "Sara"}, unanswered_since=utc_now() - timedelta(hours=1))
        conversation.drafted_at = utc_now()

    html = page(admin)
    assert "All is well." not in html
    assert "Neither the assistant nor a person has answered them in time" in html  # also where a draft waits


def test_with_nothing_there_it_says_so(admin):
    shown = page(admin)

    assert "No account is connected." in shown
    assert "Nothing: everything that came was read." in shown


def test_it_is_there_in_persian(log_in):
    shown = page(log_in(language="fa"))

    assert "سلامت" in shown
    assert 'dir="rtl"' in shown


def test_what_became_of_an_event_is_told_in_the_language_of_the_page(log_in):
    shown = page(log_in(language="fa"), f"/health/webhooks/{fail_webhook()}")

    assert "ناموفق" in shown
    assert ">failed<" not in shown


def test_a_shop_that_could_not_be_read_for_long_stands_there_with_what_to_do(admin):
    now, hours = utc_now(), timedelta(hours=1)
    late = {"state": SourceState.FAILED, "failures": 5, "every_hours": 6, "error": "key_refused", "checked_at": now}
    with transaction():
        feed = add_source(kind=SourceKind.WOOCOMMERCE, name="shop.test", read_at=now - 31 * hours, **late)
        page_of = add_source(kind=SourceKind.PAGE, name="<b>Returns</b>", **late, created_at=now - 99 * hours)
        add_source(kind=SourceKind.SHOPIFY, name="only.since.noon", read_at=now - 8 * hours, **late)
        add_source(kind=SourceKind.PAGE, name="switched off", read_at=now - 99 * hours, **late | {"every_hours": None})

    shown = page(admin)

    assert "Something needs a look." in shown
    assert f'href="/catalogue/feeds#source-{feed.id}"' in shown
    assert f'href="/knowledge/sources/{page_of.id}"' in shown
    assert "The shop did not accept the keys. Make new ones that may read products" in shown
    assert "&lt;b&gt;Returns" in shown
    assert "only.since.noon" not in shown
    assert "switched off" not in shown


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (Hold.RESTORED, "A backup was put back, and another Pilito may have its files in the same bucket."),
        (Hold.OTHER_MARK, "Another Pilito has marked the bucket of files as its own."),
    ],
)
def test_a_bucket_from_which_nothing_is_dropped_stands_there_with_whom_to_ask(
    app, make_settings, bucket_server, admin, why, said
):
    bind_services(app, make_settings(**bucket_server.settings))
    assert "bucket" not in page(admin)
    assert "\npilito_bucket_held 0.0\n" in page(admin, "/metrics")
    with transaction():
        hold(why, NOON)

    shown = page(admin)

    assert "\npilito_bucket_held 1.0\n" in page(admin, "/metrics")
    assert "Something needs a look." in shown
    assert said in shown
    assert NOON.isoformat() in shown
    assert "flask doctor" in shown


def test_a_hold_of_before_the_files_went_into_a_folder_is_none(admin):
    with transaction():
        hold(Hold.RESTORED, NOON)

    assert "bucket" not in page(admin)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AGENT])
def test_admins_are_led_there_from_the_list(log_in, role):
    now = utc_now()
    late = {"state": SourceState.FAILED, "failures": 5, "every_hours": 6, "error": "key_refused", "checked_at": now}
    with transaction():
        add_source(kind=SourceKind.WOOCOMMERCE, name="<b>shop", **late, created_at=now - timedelta(hours=31))
    client = log_in(role)

    of_one = page(client, "/conversations/")
    with transaction():
        add_source(kind=SourceKind.PAGE, **late, created_at=now - timedelta(hours=31))
    of_two = page(client, "/conversations/")

    is_told = role is Role.ADMIN
    assert ("&lt;b&gt;shop</bdi>:</strong> The shop did not accept the keys." in of_one) == is_told
    assert ("2 shops and pages cannot be read." in of_two) == is_told
    assert ('href="/health#overdue-title"' in of_two) == is_told


def test_an_inbox_shows_how_far_it_was_read_and_what_stops_it(admin):
    now = utc_now()
    with transaction():
        inbox = add_inbox(name="Niloofar", state=InboxState.STOPPED, stop_reason="token_dead")
        add(Upkeep(inbox_id=inbox.id, read_at=now, posts_at=now))
        other = add_inbox(name="Second")
        add(Upkeep(inbox_id=other.id, error="rate_limited"))

    shown = page(admin)

    assert "Niloofar" in shown
    assert "The connection to the account has ended." in shown
    assert "The last look at the account failed." in shown


def test_what_is_known_of_an_accounts_connection_is_told(shop, admin):
    with transaction():
        inbox = db.session.get_one(Inbox, shop.inbox_id)
        inbox.token_expires_at = utc_now() + timedelta(days=6, hours=5)
        inbox.subscription_error = "permission"

    shown = admin.get("/health").text

    assert "Needs you" in shown
    assert "6 days" in shown


def test_queues_and_processes_are_shown(app, admin):
    assert set(sentences.QUEUES) == set(keys.QUEUES)
    app.extensions["pilito_redis"].set(keys.SCHEDULER_BEAT, "x")

    shown = page(admin)

    assert "Reading what came" in shown
    assert "A queue has no worker" in shown
    assert "It shows no sign of life" not in shown


def test_with_redis_away_nobody_is_told_to_start_what_may_well_run(app, admin, make_settings, free_port):
    bind_services(app, make_settings(redis_url=f"redis://127.0.0.1:{free_port}/0"))

    page = admin.get("/health").text

    assert page.count(">Not known while Redis is away.<") == 2
    assert ">flask " not in page


def test_a_command_in_a_sentence_is_shown_as_one_and_what_stands_around_it_is_escaped(app, admin):
    assert '<code dir="ltr">flask scheduler</code>' in admin.get("/health").text
    assert "`" not in re.sub(r'title="[^"]*"', "", page(admin))
    with app.app_context():
        assert str(commands("<b> `flask <i>` ` alone")) == '&lt;b&gt; <code dir="ltr">flask &lt;i&gt;</code> ` alone'


def test_events_are_counted_by_kind_with_the_reason(admin):
    with transaction():
        webhook = add_webhook(WebhookState.READ)
        event = {"webhook_id": webhook.id, "channel": "instagram", "created_at": utc_now()}
        for position in range(3):
            add(Event(position=position, kind="brand_new", outcome=EventOutcome.IGNORED, reason="not known", **event))
        add_message(add_conversation(), message_type=MessageType.OTHER, provider_type="hologram")

    shown = page(admin)

    assert "brand_new" in shown
    assert f"/health/webhooks/{webhook.id}" in shown
    assert "not known" in shown
    assert "hologram" in shown


def test_a_failed_event_is_listed_shown_raw_and_escaped(admin):
    number = fail_webhook()

    assert f"/health/webhooks/{number}" in page(admin)
    shown = page(admin, f"/health/webhooks/{number}")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert" not in shown


def test_a_failed_event_is_read_again_and_written_down(admin):
    number = fail_webhook()

    answer = admin.post(f"/health/webhooks/{number}/again")

    assert answer.status_code == 302
    db.session.rollback()
    assert db.session.get(Webhook, number).state is WebhookState.PENDING
    assert db.session.scalars(db.select(Audit)).all()[-1].action == "read_again"


@pytest.mark.parametrize("path", ["/health/webhooks/99", "/health/webhooks/9223372036854775807"])
def test_an_event_that_is_not_there(admin, path):
    assert admin.get(path).status_code == 404
    assert admin.post(f"{path}/again").status_code == 404


def test_waiting_posts_count_down(admin):
    now = utc_now()
    with transaction():
        add_share(add_conversation(), ShareState.WAITING, caption="پیراهن", expires_at=now + timedelta(seconds=100))

    shown = page(admin)

    assert "Posts that wait for a question" in shown
    assert "1:3" in shown


def test_an_uncertain_send_is_settled_from_here(admin):
    delivery = unknown_send()
    assert "Looked for 3 times" in page(admin)

    answer = admin.post(
        f"/conversations/{delivery.conversation_id}/deliveries/{delivery.id}/given_up", data={"back": "health"}
    )

    assert answer.location == "/health"
    db.session.rollback()
    assert db.session.get(Delivery, delivery.id, populate_existing=True).error == "given_up"


def test_in_the_thread_too_and_by_agents(log_in):
    delivery = unknown_send()
    agent = log_in(Role.AGENT)
    path = f"/conversations/{delivery.conversation_id}"
    shown = page(agent, path)
    assert "It was not found" in shown or "it was not found" in shown
    assert f"{path}/deliveries/{delivery.id}/arrived" in shown

    assert agent.post(f"{path}/deliveries/{delivery.id}/arrived", headers={"X-Fragment": "1"}).status_code == 204

    assert "said that the uncertain reply arrived" in page(agent, path)


def test_one_that_nobody_could_look_for_is_not_called_looked_for_for_ever(admin):
    old, new = unknown_send(looks=0, since=timedelta(days=1)), unknown_send(looks=0)
    shown = page(admin)
    lines = [page(admin, f"/conversations/{delivery.conversation_id}") for delivery in (old, new)]

    for words in ("could not be looked for", "being looked for by itself"):
        assert shown.count(words) == 1
    assert ["could not be looked for" in line for line in lines] == [True, False]
    assert ["being looked for by itself" in line for line in lines] == [False, True]


def test_one_of_which_a_look_found_nothing_before_the_others_broke_was_not_found(admin):
    delivery = unknown_send(looks=1, since=timedelta(days=1))

    shown = page(admin, f"/conversations/{delivery.conversation_id}")

    assert "it was not found in the conversation either" in shown


def test_a_viewer_sees_no_buttons_and_may_not(log_in):
    delivery = unknown_send()
    viewer = log_in(Role.VIEWER)
    path = f"/conversations/{delivery.conversation_id}"

    assert "/deliveries/" not in page(viewer, path)
    answer = viewer.post(f"{path}/deliveries/{delivery.id}/arrived", headers={"X-Fragment": "1"})
    assert answer.status_code == 403


def test_the_second_to_settle_it_is_told(log_in):
    delivery = unknown_send()
    agent = log_in(Role.AGENT)
    path = f"/conversations/{delivery.conversation_id}/deliveries/{delivery.id}"
    agent.post(f"{path}/arrived", headers={"X-Fragment": "1"})

    answer = agent.post(f"{path}/again", headers={"X-Fragment": "1"})

    assert (answer.status_code, answer.json["reason"]) == (409, "settled_already")
    assert agent.post(f"{path}/nonsense", headers={"X-Fragment": "1"}).status_code == 404


def test_it_asks_as_often_with_many_rows_as_with_one(admin):
    unknown_send()
    statements = record_statements()
    page(admin)
    few = len(statements)
    for number in range(8):
        unknown_send(f"words {number}")
        fail_webhook()
        with transaction():
            add_share(add_conversation(), ShareState.WAITING)

    del statements[:]
    page(admin)

    assert len(statements) == few


# --- what the provider says of an account ----------------------------------------------------------------------------


def test_a_warning_of_the_provider_is_told_with_what_to_do(app, log_in):
    with transaction():
        inbox = add_inbox(external_id="17841400000000001", name="Niloofar")
        assert inbox
    item = {"recipient": {"id": "17841400000000001"}, "timestamp": 1786500002000}
    said = {"policy-enforcement": {"action": "warning", "reason": "Spammy <automated> messaging"}}
    body = {"object": "instagram", "entry": [{"id": "17841400000000001", "time": 1, "messaging": [{**item, **said}]}]}
    webhook_id = record("instagram", json.dumps(body).encode(), utc_now())
    receive(webhook_id, utc_now())

    page = log_in(Role.ADMIN).get("/health").text

    assert "Instagram warned or blocked this account." in page
    assert "action: warning; reason: Spammy &lt;automated&gt; messaging" in page


def test_without_a_warning_there_is_no_such_card(log_in):
    assert "alerts-title" not in log_in(Role.ADMIN).get("/health").text


# --- a wish to be deleted that matches nobody ------------------------------------------------------------------------


def test_whom_a_deletion_means_is_settled_on_the_health_page(app, log_in):
    app.config["WTF_CSRF_ENABLED"] = False
    with transaction():
        add_conversation(add_inbox(name="Niloofar"), customer={"external_id": "6000"})
    code = request_deletion("instagram", "2999", NOON, NOON)
    admin = log_in(Role.ADMIN)
    page = admin.get("/health").text

    assert code in page
    assert "It is Niloofar: erase the account" in page
    path = re.search(r'action="(/health/deletions/\d+)"', page)[1]
    assert log_in(Role.AGENT).post(path).status_code == 403
    assert "no such customer" in admin.post(path, data={"customer": "nobody"}, follow_redirects=True).text
    admin.post(path, data={"customer": "6000"})
    assert "deletions-title" not in admin.get("/health").text
    assert find_deletion(code).state is DeletionState.DONE


def test_the_status_page_says_honestly_that_a_person_looks(client, app):
    with transaction():
        add_inbox()
    code = request_deletion("instagram", "2999", NOON, NOON)

    assert "a person of this service is looking for it" in client.get(f"/meta/data-deletion/{code}?lang=en").text


def test_what_the_model_cost_is_shown_and_that_its_budget_is_used_up(app, admin, monkeypatch):
    with transaction():
        db.session.add(ModelUse(at=utc_now(), model="small", tokens=1500, cost_micros=20_000))
        db.session.add(ModelUse(at=utc_now(), model="home", tokens=500, cost_micros=None))
        db.session.add(ModelUse(at=utc_now() - timedelta(hours=25), model="small", tokens=9_000_000))

    below = admin.get("/health").text
    limited = app.extensions["pilito_settings"].model_copy(update={"model_tokens_per_day": 2000})
    monkeypatch.setitem(app.extensions, "pilito_settings", limited)
    above = admin.get("/health").text

    assert "$0.0200" in below
    assert "(1 answer has no known price)" in below
    assert "Budget used up" not in below
    assert "Budget used up" in above
    assert "of 2,000" in above


# --- mails -----------------------------------------------------------------------------------------------------------


def add_mail(recipient, error, **values):
    defaults = {"due_at": NOON, "created_at": NOON, "attempts": 2, "content_encrypted": b"x"}
    with transaction():
        add(Mail(recipient=recipient, error=error, **defaults | values))


def test_mails_that_were_not_sent_are_shown_with_their_cause(admin):
    add_mail("waits@shop.test", "unreachable")
    add_mail("gone@shop.test", "recipient_refused", content_encrypted=None)
    add_mail("odd<b>@shop.test", "server_said_554")
    add_mail("fine@shop.test", None, content_encrypted=None, sent_at=NOON)
    add_mail("new@shop.test", None, attempts=0)

    shown = page(admin)

    assert "The mail server did not answer." in shown
    assert "There is no such mailbox." in shown
    assert "SMTP 554" in shown
    assert shown.count("Next try:") == 2
    assert shown.count("It was given up.") == 1
    assert "odd&lt;b&gt;@shop.test" in shown
    assert "Something needs a look" in shown
    for address in ("fine@shop.test", "new@shop.test"):
        assert address not in shown


def test_without_a_failed_mail_nothing_is_said_of_mails(admin):
    add_mail("fine@shop.test", None, content_encrypted=None, sent_at=NOON)

    assert "Mails that were not sent" not in page(admin)


def test_every_reason_that_a_mail_fails_for_has_a_sentence():
    """But for what a server says by a number, which is shown."""
    source = Path(mail.__file__).read_text(encoding="utf-8") + Path(restore.__file__).read_text(encoding="utf-8")
    slugs = {
        "recipient_refused", "log_in_refused", "not_encrypted", "certificate_wrong", "unreachable", "malformed",
        "unreadable", "restored", "no_try_ended",
    }  # fmt: skip

    assert all(f'"{slug}"' in source for slug in slugs)
    assert set(sentences.MAIL_ERRORS) == slugs
