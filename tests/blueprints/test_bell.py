"""The bell and its page: one's own lines, read by oneself; and how one wants to be told."""

import re
from datetime import timedelta

import pytest
from rows import NOON, FreshClient, add, add_conversation, add_message, add_operator
from test_panel import FRAGMENT, post

from pilito import keys
from pilito.blueprints.panel.notifications import ON_PAGE
from pilito.conversations.notify import notify, unread_notifications
from pilito.database import transaction
from pilito.extensions import socketio
from pilito.lifecycle import Digest, NotificationKind, Role
from pilito.models import Note, Notification, Operator, db

HOSTILE = '"><script>alert(1)</script>'
ASSIGNED, MENTIONED, RETURNED = NotificationKind.ASSIGNED, NotificationKind.MENTIONED, NotificationKind.RETURNED


@pytest.fixture
def sara(log_in):
    """She has logged in."""
    browser = log_in()
    browser.operator_id = db.session.scalars(db.select(Operator.id)).one()
    return browser


@pytest.fixture
def ali(app):
    with transaction():
        ali = add_operator(Role.AGENT)
        ali.name = "Ali"
        return ali.id


def tell(sara, ali, kind=ASSIGNED, **customer):
    with transaction() as tx:
        conversation = add_conversation(customer={"name": "Maryam"} | customer)
        return notify(tx, getattr(sara, "operator_id", sara), kind, conversation, NOON, by_id=ali)


def bell(browser):
    return browser.get("/notifications", headers=FRAGMENT).text


@pytest.mark.sqlite_only
def test_the_bell_counts_and_lists_what_one_is_told_with_its_place(sara, ali):
    row = tell(sara, ali)
    tell(ali, sara.operator_id)  # his own

    assert re.search(r'id="bell"[^>]*data-unread="1"', sara.get("/conversations/").text)
    page = bell(sara)
    assert "Ali assigned the conversation with Maryam to you." in re.sub("[\u2068\u2069]", "", page)
    assert f'href="/conversations/{row.conversation_id}"' in page
    assert len(re.findall("data-notification", page)) == 1


def test_a_name_keeps_its_order_in_a_line_of_the_other_direction(sara, ali):
    """Else the sign of `@maryam` stands behind it, in a Persian line."""
    tell(sara, ali, name=None, username="maryam")

    page = bell(sara)

    assert "\u2068@maryam\u2069" in page
    assert "\u2068Ali\u2069" in page


def test_a_mention_shows_the_note_and_leads_to_it(sara, ali):
    with transaction() as tx:
        conversation = add_conversation()
        note = add(Note(conversation_id=conversation.id, text="pays by card", seq=1, created_at=NOON))
        notify(tx, sara.operator_id, MENTIONED, conversation, NOON, by_id=ali, note_id=note.id)

    page = bell(sara)

    assert f'href="/conversations/{conversation.id}?note={note.id}#n{note.id}"' in page
    assert "pays by card" in page


@pytest.mark.parametrize("path", ["", "/messages"])
@pytest.mark.parametrize("second", [-5, 3.5, 200])
def test_a_note_is_found_however_far_up_it_stands(sara, path, second):
    with transaction():
        conversation = add_conversation()
        for number in range(120):
            add_message(conversation, text=f"m{number}", sent_at=NOON + timedelta(seconds=number))
        at = NOON + timedelta(seconds=second)
        note = add(Note(conversation_id=conversation.id, text="pays by card", seq=1, created_at=at))
        other = add_conversation()
        add_message(other, text="other")

    page = sara.get(f"/conversations/{conversation.id}{path}?note={note.id}", headers=FRAGMENT).text

    assert f'id="n{note.id}"' in page
    assert page.count("data-message-id") <= 50
    elsewhere = sara.get(f"/conversations/{other.id}{path}?note={note.id}", headers=FRAGMENT).text
    assert "pays by card" not in elsewhere
    assert "other" in elsewhere


def test_names_stay_out_of_notes_of_the_system_where_one_wants_it_so(sara, ali):
    tell(sara, ali)
    assert re.search('data-told="[^"]*Maryam', bell(sara))

    with transaction():
        db.session.get_one(Operator, sara.operator_id).notify_names = False

    assert re.search('data-told="[^"]*a customer', bell(sara))
    assert not re.search('data-told="[^"]*Maryam', bell(sara))


def test_what_came_back_has_nobody_who_caused_it_and_hostile_names_run_nowhere(sara):
    tell(sara, None, RETURNED, name=HOSTILE)

    page = bell(sara)

    assert "that you put off is back" in page
    assert "<script>alert" not in page


def test_each_reads_their_own_and_nobody_elses(sara, ali):
    mine, his = tell(sara, ali), tell(ali, sara.operator_id)

    assert post(sara, f"/notifications/{his.id}/read").status_code == 204
    assert post(sara, "/notifications/read").status_code == 204
    db.session.rollback()

    assert [unread_notifications(one) for one in (sara.operator_id, ali)] == [0, 1]
    assert post(sara, f"/notifications/{mine.id}/read", headers={}).location == "/notifications"


@pytest.mark.sqlite_only
def test_looking_at_a_conversation_reads_what_was_told_of_it_alone(sara, ali):
    first = tell(sara, ali)
    tell(sara, ali)

    post(sara, "/notifications/read", conversation=first.conversation_id)

    db.session.rollback()
    assert unread_notifications(sara.operator_id) == 1


@pytest.mark.sqlite_only
def test_nothing_is_read_by_looking_at_the_list(sara, ali):
    tell(sara, ali)

    sara.get("/notifications")
    bell(sara)

    assert unread_notifications(sara.operator_id) == 1


def test_older_ones_are_on_the_next_page(sara, ali):
    for _ in range(ON_PAGE + 1):
        tell(sara, ali)

    first = sara.get("/notifications").text
    older = sara.get(re.search(r'href="(/notifications\?before=\d+)"', first)[1]).text

    assert [len(re.findall("data-notification", page)) for page in (first, older)] == [ON_PAGE, 1]


def test_an_erased_customer_takes_the_line_along(sara, ali):
    from pilito.conversations.erase import erase_customer

    row = tell(sara, ali)
    customer_id = row.conversation.customer_id

    erase_customer(customer_id, NOON)

    assert db.session.scalar(db.select(Notification.id)) is None
    assert "Nothing yet" in sara.get("/notifications").text


@pytest.mark.parametrize("path", ["/notifications", "/settings/notifications"])
def test_nobody_sees_it_without_a_log_in(app, path):
    assert FreshClient(app).get(path).status_code == 302


# --- how one is told -------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_what_is_chosen_is_kept_and_told_to_the_browser(sara):
    chosen = {"sound": "1", "quiet_from": "22:00", "quiet_until": "08:00", "zone": "Asia/Tehran", "digest": "daily"}

    post(sara, "/settings/notifications", **chosen)

    db.session.rollback()
    kept = db.session.get_one(Operator, sara.operator_id, populate_existing=True)
    assert (kept.notify_sound, kept.notify_names, kept.digest) == (True, False, Digest.DAILY)
    page = sara.get("/settings/notifications").text
    assert 'data-sound="1"' in page
    assert 'data-quiet-from="22:00" data-quiet-until="08:00" data-zone="Asia/Tehran"' in page
    assert "<option selected>Asia/Tehran</option>" in page


@pytest.mark.parametrize(("role", "kept"), [(Role.ADMIN, [True, False, True]), (Role.AGENT, [True, True, True])])
def test_whoever_can_connect_accounts_chooses_whether_mails_of_their_stops_come(log_in, role, kept):
    browser = log_in(role)
    chosen = []

    for form in ({"alerts": "1"}, {}, {"alerts": "1"}):
        post(browser, "/settings/notifications", **form)
        db.session.rollback()
        chosen.append(db.session.scalar(db.select(Operator.alert_mail).where(Operator.role == role)))

    assert chosen == kept
    assert ('name="alerts"' in browser.get("/settings/notifications").text) is (role is Role.ADMIN)


def test_a_wrong_hour_is_refused_with_a_sentence_and_nothing_is_kept(sara):
    page = post(sara, "/settings/notifications", sound="1", quiet_from="22:00", zone="Asia/Tehran", digest="daily")

    assert page.status_code == 422
    assert "Quiet hours are two times of day" in page.text
    for typed in ('name="sound" value="1" checked', 'value="22:00"', "selected>Asia/Tehran", 'value="daily" selected'):
        assert typed in page.text
    assert 'name="names" value="1" checked' not in page.text
    db.session.rollback()
    assert not db.session.get_one(Operator, sara.operator_id, populate_existing=True).notify_sound


def test_without_a_mail_server_the_page_says_so(sara):
    assert "No mail can leave yet" in sara.get("/settings/notifications").text


def test_viewers_are_told_too(log_in):
    viewer = log_in(Role.VIEWER)

    assert viewer.get("/notifications").status_code == viewer.get("/settings/notifications").status_code == 200


@pytest.mark.sqlite_only
def test_only_ones_own_browsers_hear_of_it(log_in, call):
    sara, ali = log_in(), log_in(Role.ADMIN)
    saras, alis = call(sara), call(ali)
    sara_id = db.session.scalars(db.select(Operator.id).order_by(Operator.id)).first()

    socketio.emit("notified", {"notification": 7}, room=keys.operator_room(sara_id))

    assert [event["args"] for event in saras.get_received()] == [[{"notification": 7}]]
    assert alis.get_received() == []
