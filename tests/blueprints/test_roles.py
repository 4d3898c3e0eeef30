"""Who may call what: every route and every event of the live line, for everybody. A new one needs a row here."""

import hashlib
import re

import pytest
from rows import FreshClient, add_conversation, add_facts, add_inbox, add_message, add_operator, add_webhook

from pilito import create_app
from pilito.blueprints.origins import UNASKED
from pilito.config import ROOT
from pilito.database import transaction
from pilito.extensions import socketio
from pilito.lifecycle import Role, WebhookState
from pilito.models import Operator, db

# No log-in is asked for; tests/test_architecture.py says of each why.
EVERYBODY = """
    api.describe auth.log_in auth.log_out auth.show_code auth.show_login auth.take_code doors.accept_invitation
    doors.choose_password doors.create_owner doors.mail_password doors.show_forgotten doors.show_invitation
    doors.show_new_password doors.show_set_up doors.show_set_up_form health.healthz health.readyz
    health.show_metrics meta_callbacks.show_deletion meta_callbacks.take_deletion meta_callbacks.take_leave
    sent_files.show static webhooks.shake_hands webhooks.take_event
"""
# A bearer token, and no cookie.
BEARER = """
    api.add_reply api.close_conversation api.give_back_conversation api.list_conversations api.list_inboxes
    api.list_messages api.show_conversation api.show_stats api.take_over_conversation
"""
# Whoever is logged in: reads, and keeps what is their own.
VIEWER = """
    media.show panel.begin_second_step panel.change_email panel.change_password panel.choose_language
    panel.choose_theme panel.confirm_second_step panel.download_analytics panel.drop_view
    panel.end_other_sessions panel.end_session panel.find_in_conversation panel.keep_view
    panel.lead_back panel.lead_to_comments panel.list_fragment panel.messages_fragment panel.open_passage
    panel.read_all panel.read_one panel.renew_recovery_codes panel.save_notifications panel.save_profile
    panel.show_analytics panel.show_aside panel.show_catalogue
    panel.show_comments panel.show_demand panel.show_feeds panel.show_knowledge panel.show_list panel.show_menu
    panel.show_notification_settings panel.show_notifications panel.show_posts panel.show_product
    panel.show_profile panel.show_search panel.show_second_step panel.show_security panel.show_settings
    panel.show_source panel.show_text panel.show_thread panel.start panel.suggest panel.switch_second_step_off
"""
# Answers customers.
AGENT = """
    panel.add_canned panel.add_note panel.ask_draft_again panel.ask_message_again panel.begin
    panel.block_customer panel.change_canned panel.change_many panel.change_note panel.choose_conversation_mode
    panel.choose_post_product panel.close_conversation panel.decide_draft panel.give_conversation_back
    panel.lead_to_canned panel.merge_customers panel.pick_canned panel.pick_person panel.pick_product
    panel.read_conversation panel.remove_canned panel.reply_to_comment panel.retract_reply panel.send_reply
    panel.see_missed_reply panel.settle_comment panel.settle_delivery panel.settle_product
    panel.show_canned panel.show_trial panel.take_conversation panel.take_note_back panel.take_upload panel.unblock_customer panel.undo_many panel.unmerge_customer
"""
# Configures; what only an owner may is asked by the verb (tests/people/test_team.py).
ADMIN = """
    panel.activate_operator panel.add_page panel.arrival_fragment panel.ask_to_erase panel.begin_log_in
    panel.bring_instructions_back panel.change_feed_keys panel.change_label panel.change_product
    panel.change_role panel.change_text panel.choose_columns panel.choose_inbox_comments panel.choose_quoting
    panel.choose_rule panel.connect_shop panel.connect_token panel.deactivate_operator panel.delete_label
    panel.delete_product panel.delete_source panel.delete_text panel.disconnect_inbox panel.download_audit
    panel.drop_import panel.end_log_in panel.end_token panel.erase_of_customer panel.export_of_customer
    panel.finish_import panel.hide_first_steps panel.invite_operator panel.let_voice_ask
    panel.lift_assistant_stop panel.make_label panel.make_product panel.make_text panel.make_token
    panel.merge_label panel.new_product panel.new_text panel.offer_password panel.read_source_now
    panel.read_webhook_again panel.renew_token panel.require_second_step panel.revoke_invitation
    panel.save_assistant panel.save_instructions panel.schedule_source panel.settle_data_deletion
    panel.settle_question panel.show_assistant panel.show_audit panel.show_check panel.show_first_steps
    panel.show_health panel.show_import panel.show_inboxes panel.show_instructions
    panel.show_instructions_version panel.show_labels panel.show_preview panel.show_team panel.show_tokens
    panel.show_webhook panel.stop_assistant panel.subscribe_again panel.take_second_step_away
    panel.upload_catalogue panel.upload_document rq_dashboard.compact_queue rq_dashboard.delete_job_view
    rq_dashboard.empty_queue rq_dashboard.favicon rq_dashboard.job_info rq_dashboard.job_view
    rq_dashboard.jobs_overview rq_dashboard.list_jobs rq_dashboard.list_queues rq_dashboard.list_workers
    rq_dashboard.queues_overview rq_dashboard.requeue_all rq_dashboard.requeue_job_view rq_dashboard.static
    rq_dashboard.workers_overview
"""

LEAST = {
    **dict.fromkeys(EVERYBODY.split(), None),
    **dict.fromkeys(BEARER.split(), "a bearer token"),
    **dict.fromkeys(VIEWER.split(), Role.VIEWER),
    **dict.fromkeys(AGENT.split(), Role.AGENT),
    **dict.fromkeys(ADMIN.split(), Role.ADMIN),
}
RANK = [None, Role.VIEWER, Role.AGENT, Role.ADMIN, Role.OWNER]
# Events of the live line. What comes over it changes nothing but who is seen where.
EVENTS = {"connect": Role.VIEWER, "disconnect": None, "viewing": Role.VIEWER, "typing": Role.AGENT}
# Changed by every request: when somebody was last here.
UNCOUNTED = {"operator_session"}


@pytest.fixture
def app(app):
    app.config["WTF_CSRF_ENABLED"] = False  # or a missing token would hide a missing role
    return app


def routes(app):
    """Every route with each of its methods and a path; the demo's are not there."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "1", rule.rule)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, path


def come_in(app, role):
    """A browser in which somebody of this role is logged in; None: nobody."""
    browser = FreshClient(app)
    if role is not None:
        with transaction():
            key = add_operator(role).get_id()
        with browser.session_transaction() as session:
            session.update({"_user_id": key, "_fresh": True})
    return browser


def call(app, role, method, path):
    """As a script of the page does: then a refusal is a status, and no page to go to."""
    return come_in(app, role).open(path, method=method, headers={"X-Fragment": "1"}, buffered=True).status_code


def contents():
    """A digest of each table."""
    db.session.rollback()
    found = {}
    for table in db.metadata.sorted_tables:
        if table.name not in UNCOUNTED:
            rows = sorted(str(tuple(row)) for row in db.session.execute(db.select(table)))
            found[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    db.session.rollback()
    return found


def test_every_route_has_its_row_and_every_row_its_route(app):
    endpoints = {endpoint for endpoint, _, _ in routes(app)}

    assert endpoints - set(LEAST) == set(), "new routes: say in this file who may call them"
    assert set(LEAST) - endpoints == set()


@pytest.mark.parametrize("role", RANK, ids=str)
def test_whoever_may_less_is_refused(app, role):
    expected = 401 if role is None else 403
    wrong = []
    for endpoint, method, path in routes(app):
        least = LEAST[endpoint]
        if least in RANK and RANK.index(least) > RANK.index(role):
            status = call(app, role, method, path)
            if status != expected and not (status == 405 and role is not None):
                wrong.append(f"{method} {path} ({endpoint}): {status}")

    assert wrong == []


@pytest.mark.parametrize("role", RANK[1:], ids=str)
def test_whoever_may_is_not(app, role):
    """The least role of each route; and owners everywhere."""
    wrong = []
    for endpoint, method, path in routes(app):
        least = LEAST[endpoint]
        if least is role or (role is Role.OWNER and least in RANK[1:]):
            status = call(app, role, method, path)
            if status in (401, 403):
                wrong.append(f"{method} {path} ({endpoint}): {status}")

    assert wrong == []


def test_a_log_in_opens_nothing_that_asks_for_a_bearer_token(app):
    for endpoint, method, path in routes(app):
        if LEAST[endpoint] == "a bearer token":
            assert call(app, Role.OWNER, method, path) == 401, endpoint


# --- forms and links -------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(app):
    """A row number 1 of what routes ask for, so that they come to their deeds."""
    with transaction():
        inbox = add_inbox()
        add_message(add_conversation(inbox))
        add_facts(inbox.id)
        add_webhook(WebhookState.FAILED)
    return app


def test_no_form_without_its_token_changes_anything_not_even_an_owners(shop):
    shop.config["WTF_CSRF_ENABLED"] = True
    owner = come_in(shop, Role.OWNER)
    before = contents()

    for endpoint, method, path in routes(shop):
        if method != "GET" and LEAST[endpoint] in RANK[1:]:
            status = owner.open(path, method=method, data={"name": "x", "role": "viewer"}).status_code
            assert status in (400, 404, 405), f"{method} {path}: {status}"

    assert contents() == before


def with_token(browser):
    """The headers with which a page of ours sends its forms; its address stands beside."""
    page = browser.get("/settings/profile").text
    return {"X-CSRFToken": re.search(r'name="csrf-token" content="([^"]+)"', page)[1], "X-Fragment": "1"}


def test_no_form_of_another_site_changes_anything_not_even_with_the_token(shop):
    shop.config["WTF_CSRF_ENABLED"] = True
    owner = come_in(shop, Role.OWNER)
    headers = with_token(owner) | {"Origin": "https://evil.test"}
    before = contents()

    for endpoint, method, path in routes(shop):
        if method != "GET" and LEAST[endpoint] in RANK and endpoint.split(".")[0] not in UNASKED:
            answer = owner.open(path, method=method, headers=headers, data={"name": "x", "role": "viewer"})
            assert (answer.status_code, answer.json["reason"]) == (403, "other_site"), f"{method} {path}"

    assert contents() == before


@pytest.mark.parametrize(
    "origin", ["null", "", "http://localhost.evil.test", "http://evil.test/http://localhost", "https://localhost", "*"]
)
def test_what_only_looks_like_our_address_is_another_site(shop, origin):
    owner = come_in(shop, Role.OWNER)

    answer = owner.post("/settings/profile", headers=with_token(owner) | {"Origin": origin})

    assert answer.json["reason"] == "other_site"
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "said",
    [
        {},  # no browser
        {"Origin": "http://localhost"},
        {"Origin": "http://127.0.0.1:8000"},  # PUBLIC_URL, where a proxy changes the Host
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},  # a page whose address must not be told
        {"Origin": "https://shop.test", "Sec-Fetch-Site": "same-origin"},  # a proxy of which the settings say nothing
    ],
    ids=str,
)
def test_forms_of_our_own_pages_are_taken(shop, said):
    shop.config["WTF_CSRF_ENABLED"] = True
    owner = come_in(shop, Role.OWNER)
    form = {"name": "Sara", "language": "en", "theme": "dark", "calendar": "jalali", "digits": "latin"}

    owner.post("/settings/profile", headers=with_token(owner) | said, data=form)

    db.session.rollback()
    assert db.session.scalars(db.select(Operator.theme)).one() == "dark"


def test_a_neighbours_page_or_a_token_alone_is_not_enough(shop):
    """Another name of the same domain is no page of ours either; and who says where they come from needs the token."""
    shop.config["WTF_CSRF_ENABLED"] = True
    owner = come_in(shop, Role.OWNER)
    near = {"Origin": "http://shop.localhost", "Sec-Fetch-Site": "same-site"}

    assert owner.post("/settings/profile", headers=with_token(owner) | near).json["reason"] == "other_site"
    assert owner.post("/settings/profile", headers={"Origin": "http://localhost"}).status_code == 400


def test_a_person_is_told_what_to_do_about_it(shop):
    page = come_in(shop, None).post("/logout?lang=en", headers={"Origin": "https://evil.test"})

    assert page.status_code == 403
    assert "This came from a page of another address" in page.text
    assert "PUBLIC_URL" in page.text


def test_webhooks_and_the_api_are_asked_by_programs_and_so_from_anywhere(shop):
    for endpoint, method, path in routes(shop):
        if endpoint.split(".")[0] in UNASKED:
            plain, from_elsewhere = (
                FreshClient(shop).open(path, method=method, headers=headers).status_code
                for headers in ({}, {"Origin": "https://evil.test"})
            )
            assert from_elsewhere == plain, f"{method} {path}"


def test_no_link_changes_anything(shop):
    """What a GET may do is look."""
    owner = come_in(shop, Role.OWNER)
    before = contents()

    for endpoint, method, path in routes(shop):
        if method == "GET" and LEAST[endpoint] != "a bearer token":
            owner.get(path, buffered=True)

    assert contents() == before


# --- the live line ---------------------------------------------------------------------------------------------------


@pytest.fixture
def line(app, make_settings, monkeypatch):
    """Open the live line as somebody of a role, on an app without Redis (see test_panel.py)."""
    for name in ("server", "sockio_mw"):
        monkeypatch.setattr(socketio, name, getattr(socketio, name))
    monkeypatch.setattr(socketio, "server_options", dict(socketio.server_options))
    alone = create_app(make_settings(redis_url=""))

    def make(role):
        browser = come_in(app, role)
        browser.application = alone
        return socketio.test_client(alone, flask_test_client=browser)

    return make


@pytest.mark.parametrize("role", RANK, ids=str)
def test_the_line_is_open_to_whoever_is_logged_in(line, role):
    assert line(role).is_connected() is (role is not None)


def test_there_is_no_event_without_its_row():
    """As the code registers them, anywhere: the server of the tests is made anew too often to be asked."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "pilito").rglob("*.py"))
    registered = re.findall(r"socketio\.(on|on_event|event|on_namespace)\b(?:\(\"(\w+)\"\))?", code)

    assert {way for way, _ in registered} == {"on"}
    assert sorted(name for _, name in registered) == sorted(EVENTS)
