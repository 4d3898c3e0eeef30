"""Mail to people of the shop, through a real mail server on this machine."""

import smtplib
from datetime import timedelta

import pytest
from rows import NOON

from pilito import mail
from pilito.config import load_settings
from pilito.database import transaction
from pilito.errors import ConfigError
from pilito.jobs.mail import send_mail
from pilito.models import Mail, db

LINK = "https://inbox.example.com/join/secret-token"
TEXT = f"سلام، شما دعوت شده‌اید.\n\n{LINK}"


@pytest.fixture
def app(make_app, make_settings, mailbox):
    return make_app(make_settings(smtp_url=f"smtp://{mailbox.url}", mail_from="نیلوفر <inbox@shop.test>"))


def write(to="sara@shop.test", subject="دعوت به پیلیتو", text=TEXT, now=NOON):
    with transaction() as tx:
        assert mail.write_mail(tx, to, subject, text, now)
    return db.session.scalars(db.select(Mail.id).order_by(Mail.id.desc())).first()


def row(mail_id):
    db.session.expire_all()
    return db.session.get_one(Mail, mail_id)


def test_a_mail_arrives_with_its_words_and_its_link(app, mailbox):
    mail.send(write(), NOON)

    (came,) = mailbox.mails
    assert (came["To"], came["Subject"]) == ("sara@shop.test", "دعوت به پیلیتو")
    assert came["From"] == "نیلوفر <inbox@shop.test>"
    assert came.get_body(("plain",)).get_content().split() == TEXT.split()
    html = came.get_body(("html",)).get_content()
    assert f'<a dir="ltr" href="{LINK}">' in html
    assert '<p dir="auto">سلام' in html


def test_it_is_sent_once_and_its_words_are_kept_no_longer(app, mailbox):
    mail_id = write()
    assert LINK.encode() not in row(mail_id).content_encrypted

    for _ in range(3):
        mail.send(mail_id, NOON)

    assert len(mailbox.mails) == 1
    assert row(mail_id).content_encrypted is None
    assert row(mail_id).sent_at == NOON


@pytest.mark.sqlite_only
@pytest.mark.parametrize("good_bye", ["250 OK", "421 Too many connections"])
def test_a_server_that_says_no_good_bye_after_taking_it_has_it(app, mailbox, good_bye):
    mailbox.good_bye = good_bye
    mail_id = write()

    mail.send(mail_id, NOON)
    mail.send(mail_id, NOON + timedelta(days=1))

    assert len(mailbox.mails) == 1
    assert (row(mail_id).sent_at, row(mail_id).error) == (NOON, None)


def test_markup_in_a_name_stays_words(app, mailbox):
    mail.send(write(text='<img src=x onerror=alert(1)> invites you.\n\nhttps://x.test/"onclick="'), NOON)

    html = mailbox.mails[0].get_body(("html",)).get_content()
    assert "<img" not in html
    assert '"onclick=' not in html


def test_a_line_break_in_a_subject_makes_no_header(app, mailbox):
    mail.send(write(subject="Hello\r\nBcc: everybody@evil.test"), NOON)

    (came,) = mailbox.mails
    assert came["Bcc"] is None
    assert came["Subject"] == "Hello Bcc: everybody@evil.test"


def test_a_mailbox_that_does_not_exist_is_given_up_at_once(app, mailbox):
    mailbox.refuses["sara@shop.test"] = "550 No such person"
    mail_id = write()

    mail.send(mail_id, NOON)

    assert row(mail_id).error == "recipient_refused"
    assert row(mail_id).content_encrypted is None


def test_one_that_is_full_is_tried_again_later(app, mailbox):
    mailbox.refuses["sara@shop.test"] = "452 Full"
    mail_id = write()
    mail.send(mail_id, NOON)
    assert row(mail_id).due_at == NOON + timedelta(minutes=1)

    mailbox.refuses.clear()
    mail.send(mail_id, NOON + timedelta(seconds=30))
    assert mailbox.mails == []
    mail.send(mail_id, NOON + timedelta(minutes=1))

    assert len(mailbox.mails) == 1


@pytest.mark.sqlite_only
def test_after_a_day_without_a_server_it_is_given_up(app, monkeypatch):
    def away(*_args, **_options):
        raise ConnectionRefusedError

    monkeypatch.setattr(smtplib, "SMTP", away)
    mail_id, now = write(), NOON
    for pause in (*mail.TRY_AGAIN, timedelta()):
        mail.send(mail_id, now)
        now += pause

    assert (row(mail_id).error, row(mail_id).content_encrypted) == ("unreachable", None)
    assert now - NOON < timedelta(days=1)


def test_what_a_crash_left_is_found_after_its_lease(app, mailbox):
    mail_id = write()
    with transaction():
        row(mail_id).lease_until = NOON + mail.LEASE

    assert mail.wake_due(NOON + timedelta(seconds=60)) == 0
    assert mail.wake_due(NOON + mail.LEASE) == 1
    mail.send(mail_id, NOON + mail.LEASE)
    assert len(mailbox.mails) == 1


def test_a_try_that_slept_beyond_its_lease_writes_nothing_over_what_another_did(app, mailbox, monkeypatch):
    """It wakes before its server was asked, and its own server does not answer."""
    mail_id = write()
    connect = mail._connect

    def asleep_and_then_away():
        monkeypatch.setattr(mail, "_connect", connect)
        mail.send(mail_id, NOON + mail.LEASE)
        raise ConnectionRefusedError

    monkeypatch.setattr(mail, "_connect", asleep_and_then_away)
    mail.send(mail_id, NOON)

    assert len(mailbox.mails) == 1
    assert (row(mail_id).sent_at, row(mail_id).error) == (NOON + mail.LEASE, None)


def test_no_session_is_open_while_the_server_is_spoken_to(app, mailbox, monkeypatch):
    mail_id, taken = write(), []
    db.session.remove()
    connect = mail._connect
    monkeypatch.setattr(mail, "_connect", lambda: (taken.append(db.engine.pool.checkedout()), connect())[1])

    mail.send(mail_id, NOON)

    assert taken == [0]
    assert len(mailbox.mails) == 1


def test_a_mail_over_which_every_worker_dies_is_given_up_and_says_that_it_may_have_arrived(app, monkeypatch):
    def die():
        raise SystemExit

    monkeypatch.setattr(mail, "_connect", die)
    mail_id, now = write(), NOON
    for _ in range(mail.TRIES):
        with pytest.raises(SystemExit):
            mail.send(mail_id, now)
        now += mail.LEASE

    mail.send(mail_id, now)

    assert (row(mail_id).error, row(mail_id).content_encrypted) == ("no_try_ended", None)
    assert mail.wake_due(now + mail.LEASE) == 0


def test_rows_of_old_mail_are_forgotten(app):
    mail_id = write()

    mail.wake_due(NOON + mail.FORGET_AFTER)

    assert db.session.get(Mail, mail_id) is None


def test_the_job_sends(app, mailbox):
    send_mail(write())

    assert len(mailbox.mails) == 1


def test_the_name_and_password_of_the_address_log_in(make_app, make_settings, mailbox):
    make_app(make_settings(smtp_url=f"smtp://shop%40mail:p%40ss%20word@{mailbox.url}", mail_from="inbox@shop.test"))

    mail.send(write(), NOON)

    assert mailbox.log_ins == [(b"shop@mail", b"p@ss word")]
    assert len(mailbox.mails) == 1


def test_a_wrong_password_is_a_reason_and_not_a_crash(make_app, make_settings, mailbox):
    make_app(make_settings(smtp_url=f"smtp://shop:wrong@{mailbox.url}", mail_from="inbox@shop.test"))
    mail_id = write()

    mail.send(mail_id, NOON)

    assert row(mail_id).error == "log_in_refused"
    assert row(mail_id).content_encrypted is not None


def test_another_machine_gets_no_password_without_encryption(make_app, make_settings, mailbox, monkeypatch):
    make_app(make_settings(smtp_url=f"smtp://shop:p%40ss@{mailbox.url}", mail_from="inbox@shop.test"))
    monkeypatch.setattr(mail, "_is_this_machine", lambda _host: False)
    mail_id = write()

    mail.send(mail_id, NOON)

    assert row(mail_id).error == "not_encrypted"
    assert mailbox.log_ins == []


def test_without_a_server_nothing_is_written(make_app, make_settings):
    make_app(make_settings())

    with transaction() as tx:
        assert mail.write_mail(tx, "sara@shop.test", "x", "y", NOON) is False

    assert db.session.scalar(db.select(Mail)) is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"smtp_url": "mail.example.com"}, "SMTP_URL: expected an address such as smtp://"),
        ({"smtp_url": "smtp://mail.example.com"}, "MAIL_FROM: SMTP_URL names a mail server"),
        ({"mail_from": "not an address"}, "MAIL_FROM: expected an e-mail address"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence(values, says):
    with pytest.raises(ConfigError, match=says):
        load_settings(_env_file=None, **values)


# --- what people see of it -------------------------------------------------------------------------------------------


def look(app, make_settings, **changes):
    from pilito.doctor import accounts
    from pilito.factory import bind_services

    bind_services(app, make_settings(**changes))
    return {finding.name: finding for finding in accounts.look_at_mail()}


@pytest.mark.sqlite_only
def test_the_doctor_logs_in_at_the_mail_server_and_sends_nothing(app, make_settings, mailbox):
    found = look(app, make_settings, smtp_url=f"smtp://sara:p%40ss%20word@{mailbox.url}", mail_from="inbox@shop.test")

    assert {name: finding.ok for name, finding in found.items()} == {"mail": True}
    assert mailbox.log_ins == [(b"sara", b"p@ss word")]
    assert mailbox.mails == []


@pytest.mark.sqlite_only
def test_the_doctor_says_what_to_do_about_a_wrong_password_and_about_a_server_that_is_not_there(
    app, make_settings, mailbox, free_port
):
    wrong = look(app, make_settings, smtp_url=f"smtp://sara:wrong@{mailbox.url}", mail_from="inbox@shop.test")
    away = look(app, make_settings, smtp_url="smtp://127.0.0.1:1", mail_from="inbox@shop.test")
    none = look(app, make_settings)

    assert not wrong["mail"].ok
    assert "name or the password" in wrong["mail"].text
    assert "wrong" not in wrong["mail"].text  # nor what it is
    assert not away["mail"].ok
    assert "host and the port" in away["mail"].text
    assert none["mail"].ok
    assert "SMTP_URL" in none["mail"].text


@pytest.mark.sqlite_only
def test_the_doctor_counts_what_waits_for_another_try(app, make_settings, mailbox):
    mailbox.refuses["later@shop.test"] = "451 try later"
    mail.send(write("later@shop.test"), NOON)

    found = look(app, make_settings, smtp_url=f"smtp://{mailbox.url}", mail_from="inbox@shop.test")

    assert found["mail"].ok
    assert not found["mails"].ok
    assert found["mails"].text.startswith("1 ")
