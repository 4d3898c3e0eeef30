"""The page of the accounts: the whole walk of connecting, over HTTP to the demo's Instagram; and who may walk it."""

import html
import re
import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from meta import ACCOUNT, USERNAME
from rows import FreshClient, add_conversation, add_inbox, add_message, add_operator

from pilito.blueprints.panel import connecting, inboxes
from pilito.clock import utc_now
from pilito.config import ROOT
from pilito.database import transaction
from pilito.extensions import vault
from pilito.lifecycle import InboxState, Role
from pilito.models import Audit, Inbox, db

pytestmark = pytest.mark.sqlite_only

BEGIN = "/inboxes/connect/instagram"
RETURN = "/inboxes/connect/instagram/return"


@pytest.fixture
def log_in(meta_app):
    """Return a browser in which a person of this role is logged in."""
    meta_app.config["WTF_CSRF_ENABLED"] = False

    def make(role=Role.OWNER, language="en"):
        with transaction():
            operator = add_operator(role)
            operator.language = language
            session_id = operator.get_id()
        client = FreshClient(meta_app)
        with client.session_transaction() as session:
            session.update({"_user_id": session_id, "_fresh": True})
        return client

    return make


@pytest.fixture
def browser(log_in):
    return log_in()


def only_inbox():
    db.session.rollback()
    return db.session.scalars(db.select(Inbox).execution_options(populate_existing=True)).one()


def begin(browser, path=BEGIN):
    answer = browser.get(path)
    assert answer.status_code == 302
    return answer.headers["Location"]


def walk(browser, meta, answer="allow", path=BEGIN):
    """Press "Connect", press a button at Instagram, come back; return the page one ends on."""
    query = meta.press(begin(browser, path), answer)
    return browser.get(f"{RETURN}?{query}", follow_redirects=True)


def words_of(page):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


# --- the walk --------------------------------------------------------------------------------------------------------


def test_an_owner_connects_instagram_without_a_developer(browser, meta):
    assert "No account is connected yet" in words_of(browser.get("/inboxes"))

    page = walk(browser, meta)

    assert "The account is connected" in words_of(page)
    assert page.request.path.endswith("/check")
    inbox = only_inbox()
    assert (inbox.external_id, inbox.username, inbox.state) == (ACCOUNT, USERNAME, InboxState.ACTIVE)
    connected = Audit.query.filter_by(action="inbox_connected").one()
    assert connected.operator_id is not None
    listed = words_of(browser.get("/inboxes"))
    assert f"@{USERNAME}" in listed
    assert "59 days" in listed or "60 days" in listed


@pytest.mark.parametrize(("language", "sentence"), [("en", "You cancelled the log-in."), ("fa", "ورود را لغو کردید.")])
def test_a_cancelled_log_in_is_told_in_both_languages(log_in, meta, language, sentence):
    page = walk(log_in(language=language), meta, "cancel")

    assert sentence in words_of(page)
    assert Inbox.query.count() == 0


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "You did not allow everything that is needed: read and send messages."),
        ("fa", "همهٔ دسترسی‌های لازم را ندادید: خواندن و فرستادن پیام‌ها."),
    ],
)
def test_a_missing_permission_is_named_in_both_languages(log_in, meta, language, sentence):
    meta.script(missing_scopes=["instagram_business_manage_messages"])

    page = walk(log_in(language=language), meta)

    assert sentence in words_of(page)
    assert Inbox.query.count() == 0


def test_who_wants_comments_allows_them_at_instagram_and_has_them_switched_on(browser, meta):
    page = walk(browser, meta, path=f"{BEGIN}?comments=on")

    inbox = only_inbox()
    assert "instagram_business_manage_comments" in inbox.scopes
    assert inbox.options["comments"] == "on"
    assert "Comments may be read and answered privately." in words_of(page)


def test_who_does_not_want_them_is_not_asked(browser, meta):
    walk(browser, meta)

    inbox = only_inbox()
    assert "instagram_business_manage_comments" not in inbox.scopes
    assert inbox.options.get("comments") != "on"


def test_comments_without_their_permission_are_told_with_what_to_do(browser, meta):
    meta.script(missing_scopes=["instagram_business_manage_comments"])

    page = walk(browser, meta, path=f"{BEGIN}?comments=on")

    assert "Comments are switched on here, but not allowed at Instagram" in words_of(page)


def test_connecting_again_revives_a_stopped_inbox_with_its_conversations(browser, meta):
    walk(browser, meta)
    inbox = only_inbox()
    with transaction():
        stopped = db.session.get_one(Inbox, inbox.id)
        stopped.state, stopped.stop_reason = InboxState.STOPPED, "token_dead"
        add_conversation(stopped)

    walk(browser, meta, path=f"{BEGIN}?inbox={inbox.id}")

    assert only_inbox().id == inbox.id
    assert only_inbox().state is InboxState.ACTIVE


def test_another_account_than_the_wanted_one_is_told(browser, meta, meta_app):
    with transaction():
        wanted = add_inbox(external_id="178000", token_encrypted=vault.encrypt(b"IGx")).id

    page = walk(browser, meta, path=f"{BEGIN}?inbox={wanted}")

    assert "You logged in with another account" in words_of(page)
    assert Inbox.query.count() == 2


# --- the state -------------------------------------------------------------------------------------------------------


def test_a_log_in_that_another_session_began_is_refused(browser, log_in, meta):
    """Else a stranger could have an owner connect the stranger's account."""
    query = meta.press(begin(log_in()))

    page = browser.get(f"{RETURN}?{query}", follow_redirects=True)

    assert "was not begun here" in words_of(page)
    assert Inbox.query.count() == 0


def test_a_log_in_comes_back_once(browser, meta):
    query = meta.press(begin(browser))
    browser.get(f"{RETURN}?{query}")

    page = browser.get(f"{RETURN}?{query}", follow_redirects=True)

    assert "was not begun here" in words_of(page)


def test_a_wrong_state_uses_the_log_in_up(browser, meta):
    query = meta.press(begin(browser))

    wrong = browser.get(f"{RETURN}?code=x&state=wrong", follow_redirects=True)
    late = browser.get(f"{RETURN}?{query}", follow_redirects=True)

    assert "was not begun here" in words_of(wrong)
    assert "was not begun here" in words_of(late)
    assert Inbox.query.count() == 0


def test_a_log_in_that_took_too_long_is_refused(browser, meta):
    query = meta.press(begin(browser))
    with browser.session_transaction() as session:
        session["log_in_at_provider"] = {**session["log_in_at_provider"], "at": int(time.time()) - 3601}

    assert "was not begun here" in words_of(browser.get(f"{RETURN}?{query}", follow_redirects=True))


def test_every_log_in_has_a_state_of_its_own(browser):
    states = {parse_qs(urlsplit(begin(browser)).query)["state"][0] for _ in range(3)}

    assert len(states) == 3
    assert all(len(state) >= 32 for state in states)


@pytest.mark.parametrize(
    "query", ["", "?code=", "?state=", "?error=server_error", "?code=" + "x" * 3000, "?code=%00&state=%00"]
)
def test_a_return_without_sense_is_a_sentence_not_an_error(browser, query):
    begin(browser)

    page = browser.get(f"{RETURN}{query}", follow_redirects=True)

    assert page.status_code == 200
    assert 'class="banner is-problem"' in page.text


def test_a_server_without_an_app_says_who_sets_it_up(meta, make_settings, make_app, log_in):
    browser = log_in()
    make_app(make_settings(**{**meta.settings, "instagram_app_id": ""})).config["WTF_CSRF_ENABLED"] = False

    page = browser.get(BEGIN, follow_redirects=True)

    assert "The log-in with Instagram is not set up on this server." in words_of(page)


# --- a Page's token --------------------------------------------------------------------------------------------------


def test_a_pages_token_connects_the_linked_account(browser, meta):
    page = browser.post(f"{BEGIN}/token", data={"token": f" {meta.page_token}\n"}, follow_redirects=True)

    assert "The account is connected" in words_of(page)
    inbox = only_inbox()
    assert (inbox.external_id, inbox.options["login"]) == (ACCOUNT, "facebook")
    assert meta.page_token not in page.text


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("", "That is no token."),
        ("two words", "That is no token."),
        ("x" * 5000, "That is no token."),
        ("مهم", "That is no token."),
        ("EAAnonsense", "The connection to the account has ended."),
    ],
)
def test_a_token_that_does_not_do_is_a_sentence(browser, token, sentence):
    page = browser.post(f"{BEGIN}/token", data={"token": token}, follow_redirects=True)

    assert sentence in words_of(page)
    assert Inbox.query.count() == 0


# --- looking after ---------------------------------------------------------------------------------------------------


@pytest.fixture
def inbox(browser, meta):
    walk(browser, meta)
    return only_inbox().id


def test_a_lost_subscription_is_shown_with_what_to_do_and_had_again_by_a_button(browser, meta, inbox):
    with transaction():
        db.session.get_one(Inbox, inbox).subscription_error = "subscription_missing"
    meta.script(drop_subscription=True)
    assert "Instagram does not post this account's messages to us." in words_of(browser.get("/inboxes"))

    page = browser.post(f"/inboxes/{inbox}/subscribe", follow_redirects=True)

    assert "posted to us again" in words_of(page)
    assert meta.access.is_subscribed("messages")
    assert only_inbox().subscription_error is None


def test_voice_may_ask_about_a_post_by_a_button_and_no_more_by_another(browser, inbox):
    on = browser.post(f"/inboxes/{inbox}/voice", data={"may_ask": "on"}, follow_redirects=True)
    assert "text and voice" in words_of(on)
    assert only_inbox().voice_takes_share

    browser.post(f"/inboxes/{inbox}/voice", follow_redirects=True)

    assert not only_inbox().voice_takes_share


def test_a_token_is_renewed_by_a_button_and_a_refusal_is_a_sentence(browser, meta, inbox):
    assert "The connection was renewed." in words_of(browser.post(f"/inboxes/{inbox}/renew", follow_redirects=True))

    meta.script(refuse_refresh=True)
    page = browser.post(f"/inboxes/{inbox}/renew", follow_redirects=True)

    assert "Instagram had a problem with this." in words_of(page)


def test_an_account_is_disconnected_and_its_conversations_stay(browser, meta, inbox):
    page = browser.post(f"/inboxes/{inbox}/disconnect", follow_redirects=True)

    assert "Its conversations are still here." in words_of(page)
    assert "It was disconnected here." in words_of(page)
    assert only_inbox().token_encrypted == b""
    gone = Audit.query.filter_by(action="inbox_disconnected").one()
    assert gone.details["reason"] == "disconnected"
    assert gone.operator_id is not None


@pytest.mark.parametrize(("days", "is_told"), [(6, True), (8, False)])
def test_admins_are_told_on_every_page_before_the_end(log_in, meta, meta_app, browser, days, is_told):
    walk(browser, meta)
    with transaction():
        db.session.get_one(Inbox, only_inbox().id).token_expires_at = utc_now() + timedelta(days=days)

    assert ("The connection ends soon." in words_of(browser.get("/conversations/"))) is is_told
    assert "The connection ends soon." not in words_of(log_in(Role.AGENT).get("/conversations/"))


# --- the check -------------------------------------------------------------------------------------------------------


def test_the_check_shows_a_message_that_arrives(browser, inbox):
    page = browser.get(f"/inboxes/{inbox}/check")
    url = html.unescape(re.search(r'data-url="([^"]+)"', page.text)[1])
    assert "Waiting for the message" in words_of(browser.get(url))

    with transaction():
        conversation = add_conversation(db.session.get_one(Inbox, inbox), {"name": "<b>سارا</b>"})
        add_message(conversation, text="سلام", created_at=utc_now())
    arrived = browser.get(url)

    assert "It arrived: a message from <b>سارا</b>" in words_of(arrived)
    assert "<b>" not in arrived.text


def test_a_message_from_before_or_of_another_inbox_is_not_the_test(browser, inbox):
    url = f"/inboxes/{inbox}/check/arrived?since={int(time.time())}"
    with transaction():
        own = add_conversation(db.session.get_one(Inbox, inbox))
        add_message(own, created_at=utc_now() - timedelta(minutes=5))
        add_message(add_conversation(), created_at=utc_now())

    assert "Waiting for the message" in words_of(browser.get(url))


@pytest.mark.parametrize("since", ["", "x", "-1", "99999999999999999999", "0"])
def test_a_strange_time_breaks_nothing(browser, inbox, since):
    assert browser.get(f"/inboxes/{inbox}/check/arrived?since={since}").status_code == 200


def test_the_texts_for_metas_review_are_english_and_explained(log_in, browser, inbox):
    page = log_in(language="fa").get(f"/inboxes/{inbox}/check")

    assert page.text.count('<blockquote lang="en" dir="ltr"') == len(connecting.REVIEW)
    assert "بازبینی برنامه نزد متا" in page.text


def test_every_finding_of_the_check_has_its_sentences():
    source = (ROOT / "pilito" / "conversations" / "check_inbox.py").read_text()
    reasons = set(re.findall(r'"([a-z]+_[a-z_]+|alive|heard|silent|lasts|ending)"', source))

    known = set(connecting.FOUND) | set(connecting.PROBLEMS)
    assert {"alive", "scopes_missing", "certificate_wrong", "never_heard"} <= reasons
    assert reasons - known - {"inbox_not_found", "token_unreadable"} == set()


# --- machines --------------------------------------------------------------------------------------------------------


def test_the_api_lists_the_accounts_with_their_state_and_no_token(meta, meta_app, browser):
    walk(browser, meta)
    token = meta_app.test_cli_runner().invoke(args=["token", "add", "test"]).output.strip()

    (one,) = FreshClient(meta_app).get("/api/v1/inboxes", headers={"Authorization": f"Bearer {token}"}).json["data"]

    assert (one["external_id"], one["state"], one["token_is_ending"]) == (ACCOUNT, "active", False)
    assert "IGdemo" not in str(one)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"token_expires_at": utc_now() + timedelta(days=6)}, "Its token ends on"),
        ({"subscription_error": "subscription_missing"}, "Its messages are not posted to us"),
        ({"state": InboxState.STOPPED, "stop_reason": "deauthorized"}, "It cannot send (deauthorized)"),
    ],
)
def test_the_doctor_names_what_is_wrong_with_an_account(meta, meta_app, browser, values, said):
    walk(browser, meta)
    with transaction():
        inbox = db.session.get_one(Inbox, only_inbox().id)
        for name, value in values.items():
            setattr(inbox, name, value)

    assert said in meta_app.test_cli_runner().invoke(args=["doctor"]).output


# --- who may ---------------------------------------------------------------------------------------------------------

ROUTES = [
    ("GET", "/inboxes"),
    ("GET", BEGIN),
    ("GET", RETURN),
    ("POST", f"{BEGIN}/token"),
    ("GET", "/inboxes/1/check"),
    ("GET", "/inboxes/1/check/arrived"),
    ("POST", "/inboxes/1/subscribe"),
    ("POST", "/inboxes/1/renew"),
    ("POST", "/inboxes/1/voice"),
    ("POST", "/inboxes/1/disconnect"),
]


def test_every_route_of_the_accounts_is_in_this_table(meta_app):
    views = meta_app.view_functions
    own = [rule for rule in meta_app.url_map.iter_rules() if views[rule.endpoint].__module__ == inboxes.__name__]
    rules = {rule.rule for rule in own}

    assert len(rules) == len({path for _method, path in ROUTES})


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_agents_and_viewers_are_kept_out(log_in, role):
    browser = log_in(role)
    with transaction():
        add_inbox()

    assert {browser.open(path, method=method).status_code for method, path in ROUTES} == {403}
    assert 'href="/inboxes"' not in browser.get("/conversations/").text


def test_admins_may_as_owners_do(log_in):
    assert log_in(Role.ADMIN).get("/inboxes").status_code == 200


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if "/1/" in route[1]])
def test_an_account_that_is_not_there_is_not_found(browser, method, path):
    assert browser.open(path, method=method).status_code == 404


@pytest.mark.parametrize("path", [BEGIN, RETURN])
def test_a_channel_that_is_not_there_is_not_found(browser, path):
    assert browser.get(path.replace("instagram", "pigeon")).status_code == 404
