"""The mail that gathers what somebody has not seen: in their language, at their hours, each thing once."""

import re
from datetime import timedelta

import pytest
from rows import NOON, add, add_conversation, add_inbox, add_message, add_operator
from sqlalchemy import update

from pilito import mail
from pilito.conversations.digest import is_due, send_digests
from pilito.conversations.hand_over import call_people
from pilito.conversations.lock import get_locked
from pilito.conversations.notify import notify, read_notifications
from pilito.database import transaction
from pilito.lifecycle import CommentState, ConversationState, Digest, HandOverReason, NotificationKind, Role
from pilito.models import Comment, Mail, Notification, Operator, db

HOUR = timedelta(hours=1)
WORDS = "my secret words"


@pytest.fixture
def app(make_app, make_settings, mailbox):
    return make_app(
        make_settings(
            smtp_url=f"smtp://{mailbox.url}",
            mail_from="inbox@shop.test",
            public_url="https://inbox.example.com",
        )
    )


@pytest.fixture
def sara(app):
    """She wants a mail every hour."""
    with transaction():
        sara = add_operator(Role.AGENT)
        sara.language, sara.digest, sara.digested_at = "en", Digest.HOURLY, NOON - HOUR
        return sara.id


@pytest.fixture
def ali(app):
    with transaction():
        ali = add_operator(Role.AGENT)
        ali.name = "Ali"
        return ali.id


def call(sara, ali, kind=NotificationKind.ASSIGNED, **values):
    with transaction() as tx:
        customer = {"name": "Maryam", "username": "maryam"}
        conversation = add_conversation(customer=customer, preview=WORDS, **values)
        return notify(tx, sara, kind, conversation, NOON, by_id=ali)


def post(now=NOON):
    """Write what is due, and send it."""
    count = send_digests(now)
    for mail_id in db.session.scalars(db.select(Mail.id).where(Mail.sent_at.is_(None))).all():
        mail.send(mail_id, now)
    return count


def words_of(came):
    return came.get_body(("plain",)).get_content()


def change(sara, **values):
    with transaction():
        db.session.execute(update(Operator).where(Operator.id == sara).values(**values))


def test_what_nobody_has_seen_comes_by_mail_and_only_once(mailbox, sara, ali):
    row = call(sara, ali)

    assert post() == 1
    assert post() == post(NOON + HOUR) == post(NOON + 2 * HOUR) == 0

    (came,) = mailbox.mails
    assert came["Subject"] == "Pilito: 1 thing waits"
    assert "\u2068Ali\u2069 assigned the conversation with \u2068Maryam\u2069 to you." in words_of(came)
    assert f"https://inbox.example.com/conversations/{row.conversation_id}\r\n" in words_of(came)
    assert db.session.get_one(Notification, row.id, populate_existing=True).mailed_at == NOON


def test_no_customers_words_are_in_it_nor_their_name_where_one_does_not_want_it(mailbox, sara, ali):
    call(sara, ali, state=ConversationState.HANDED_OVER, unanswered_since=NOON)
    change(sara, notify_names=False)

    post()

    assert WORDS not in words_of(mailbox.mails[0])
    assert "Maryam" not in words_of(mailbox.mails[0])
    assert "a customer" in words_of(mailbox.mails[0])


@pytest.mark.parametrize("kind", NotificationKind)
def test_a_name_keeps_its_own_direction_inside_the_sentence(mailbox, sara, ali, kind):
    change(sara, language="fa")
    with transaction() as tx:
        conversation = add_conversation(customer={"name": None, "username": "maryam.tehran_14"})
        notify(tx, sara, kind, conversation, NOON, by_id=ali)

    post()

    assert "\u2068@maryam.tehran_14\u2069" in words_of(mailbox.mails[0])


def test_what_was_read_is_not_mailed(mailbox, sara, ali):
    call(sara, ali)
    read_notifications(sara, NOON)

    assert post() == 0
    assert mailbox.mails == []


def test_customers_who_began_to_wait_come_too_and_once(mailbox, sara, ali):
    with transaction():
        add_conversation(state=ConversationState.HANDED_OVER, unanswered_since=NOON - timedelta(minutes=5))
        add_conversation(state=ConversationState.OPERATOR, operator_id=sara, unanswered_since=NOON)
        add_conversation(state=ConversationState.OPERATOR, operator_id=ali, unanswered_since=NOON)

    assert [post(), post(NOON + HOUR)] == [1, 0]

    assert "1 conversation that you hold waits for you." in words_of(mailbox.mails[0])
    assert "1 conversation waits for whoever comes first." in words_of(mailbox.mails[0])


def test_a_private_reply_of_theirs_that_was_not_sent_comes_too_and_once(mailbox, sara, ali):
    missed = {"state": CommentState.FAILED, "commented_at": NOON, "created_at": NOON, "missed_at": NOON}
    with transaction():
        inbox_id = add_inbox().id
        for number, whose in enumerate((sara, ali)):
            add(Comment(inbox_id=inbox_id, external_id=f"c{number}", operator_id=whose, **missed))

    assert [post(), post(NOON + HOUR)] == [1, 0]

    assert mailbox.mails[0]["Subject"] == "Pilito: 1 thing waits"
    assert "1 private reply of yours to a comment was not sent, or nobody knows if it was." in words_of(
        mailbox.mails[0]
    )
    assert "https://inbox.example.com/notifications\r\n" in words_of(mailbox.mails[0])


def change_row(row, **values):
    with transaction():
        for name, value in values.items():
            setattr(db.session.get_one(type(row), row.id, populate_existing=True), name, value)


def test_who_wrote_before_the_last_look_and_came_to_people_after_it_is_told_of_and_once(mailbox, sara):
    with transaction():
        wrote = {"state": ConversationState.ASSISTANT, "unanswered_since": NOON - timedelta(minutes=5)}
        handed_over, _too_long, drafted, answered = (add_conversation(**wrote) for _ in range(4))
    assert post() == 0

    with transaction() as tx:
        call_people(tx, get_locked(handed_over.id), HandOverReason.NOT_KNOWN, "", NOON + timedelta(minutes=1))
    change_row(drafted, drafted_at=NOON + timedelta(minutes=1))
    change_row(answered, unanswered_since=None)

    assert [post(NOON + number * HOUR) for number in (1, 2, 3)] == [1, 0, 0]
    assert "3 conversations wait for whoever comes first." in words_of(mailbox.mails[0])


@pytest.mark.parametrize("how", ["handed over", "too long", "drafted", "back", "found late"])
def test_each_way_to_people_after_the_last_look_is_new(mailbox, sara, how):
    early, later = NOON - 2 * HOUR, NOON + timedelta(minutes=1)
    with transaction():
        inbox = add_inbox(needs_you_minutes=130)
        row = add_conversation(inbox, state=ConversationState.ASSISTANT)
        if how != "found late":
            row.unanswered_since = early
            add_message(row, sent_at=early, created_at=early)
    assert post() == 0

    if how == "handed over":
        with transaction() as tx:
            call_people(tx, get_locked(row.id), HandOverReason.NOT_KNOWN, "", later)
    elif how == "drafted":
        change_row(row, drafted_at=later)
    elif how == "back":
        change_row(row, state=ConversationState.OPERATOR, unanswered_since=None, returned_at=later)
    elif how == "found late":
        change_row(row, state=ConversationState.OPERATOR, unanswered_since=early)
        with transaction():
            add_message(row, sent_at=early, created_at=later)

    assert [post(NOON + number * HOUR) for number in (1, 2)] == [1, 0]


def test_what_the_assistant_still_answers_in_time_is_no_news(mailbox, sara):
    with transaction():
        add_conversation(state=ConversationState.ASSISTANT, unanswered_since=NOON + HOUR - timedelta(minutes=5))

    assert [post(), post(NOON + HOUR)] == [0, 0]


@pytest.mark.parametrize(
    ("quiet_from", "hour", "posted"), [("07:00", 3, 1), ("07:00", 9, 0), ("22:00", 3, 0), ("22:00", 9, 1)]
)
def test_the_daily_one_comes_before_eight_to_who_wants_none_from_eight_on(mailbox, sara, quiet_from, hour, posted):
    change(sara, digest=Digest.DAILY, quiet_from=quiet_from, quiet_until="02:00", digested_at=NOON - 48 * HOUR)
    with transaction():
        add_conversation(state=ConversationState.HANDED_OVER, unanswered_since=NOON - 96 * HOUR)
    at = NOON.replace(hour=hour)

    assert [post(at), post(at + timedelta(minutes=30))] == [posted, 0]


def test_the_daily_one_comes_in_the_morning_of_ones_own_zone_and_says_again_what_waits(mailbox, sara, ali):
    change(sara, digest=Digest.DAILY, zone="Asia/Tehran", digested_at=NOON - 24 * HOUR)
    with transaction():
        add_conversation(state=ConversationState.HANDED_OVER, unanswered_since=NOON - 96 * HOUR)
    morning = NOON.replace(hour=4, minute=30)  # 8:00 in Tehran

    posted = [post(morning - HOUR), post(morning), post(NOON), post(morning + 23 * HOUR), post(morning + 24 * HOUR)]

    assert posted == [0, 1, 0, 0, 1]


def test_in_quiet_hours_the_mail_waits(mailbox, sara, ali):
    change(sara, quiet_from="22:00", quiet_until="08:00", zone="Asia/Tehran")
    call(sara, ali)
    night = NOON.replace(hour=23)  # 2:30 in Tehran

    assert [post(night), post(night + 2 * HOUR), post(night + 6 * HOUR)] == [0, 0, 1]


def test_nothing_is_written_to_who_does_not_want_it_or_may_not_log_in_or_without_news(mailbox, sara, ali):
    assert post() == 0
    call(sara, ali)
    change(sara, digest=Digest.OFF)
    assert post() == 0
    change(sara, digest=Digest.HOURLY, active=False)
    assert post(NOON + HOUR) == 0

    assert mailbox.mails == []


def test_it_is_in_the_language_of_who_reads_it(mailbox, sara, ali):
    call(sara, ali, NotificationKind.RETURNED)
    change(sara, language="fa")

    post()

    assert re.search("[پچژگکی]", mailbox.mails[0]["Subject"])
    assert "Maryam" in words_of(mailbox.mails[0])


def test_two_schedulers_write_one_mail(app, mailbox, sara, ali):
    import threading

    call(sara, ali)
    barrier, counts = threading.Barrier(2), []

    def run():
        with app.app_context():
            barrier.wait()
            counts.append(send_digests(NOON))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(counts) == [0, 1]


@pytest.mark.usefixtures("app")
def test_without_a_mail_server_nothing_is_marked_as_told(sara, ali, monkeypatch):
    row = call(sara, ali)
    monkeypatch.setattr(mail, "is_set_up", lambda: False)

    assert send_digests(NOON) == 0
    assert db.session.get_one(Notification, row.id, populate_existing=True).mailed_at is None


def test_the_hourly_one_comes_an_hour_after_the_last():
    sara = Operator(digest=Digest.HOURLY, digested_at=NOON)

    assert not is_due(sara, NOON + timedelta(minutes=59))
    assert is_due(sara, NOON + HOUR)
