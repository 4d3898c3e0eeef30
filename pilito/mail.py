"""Mail to people of the shop: a row, sent by a worker through SMTP_URL, tried again for a day.

Without SMTP_URL no row is made, and whoever asked shows a link for copying instead. A mail is sent until the server is
known to have taken it: it may arrive twice when a worker dies between the server's yes and the note of it. Both copies
carry the same Message-ID, by which a mailbox tells.
"""

import json
import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

from cryptography.fernet import InvalidToken
from markupsafe import escape
from sqlalchemy import delete, or_, select, update

from pilito import failpoints, hints, keys
from pilito.database import Transaction, transaction
from pilito.extensions import db, settings, vault
from pilito.models import Mail

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 20.0
LEASE = timedelta(minutes=2)
# After each failed try the next one; after the last it is given up: who waits a day for a link asks for another.
TRY_AGAIN = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720))
TRIES = len(TRY_AGAIN) + 1
FORGET_AFTER = timedelta(days=30)
BATCH = 50


def is_set_up() -> bool:
    return bool(settings.smtp_url)


def write_mail(
    tx: Transaction, to: str, subject: str, text: str, now: datetime, due_at: datetime | None = None
) -> bool:
    """Have a mail sent once `tx` is committed, not before `due_at`; tell whether it will be, which it is not without
    SMTP_URL.

    `text` is plain; an address that stands alone on its line becomes a link.
    """
    if not is_set_up():
        return False
    content = vault.encrypt(json.dumps({"subject": subject, "text": text}).encode())
    mail = Mail(recipient=to, content_encrypted=content, due_at=due_at or now, created_at=now)
    db.session.add(mail)
    db.session.flush()
    if mail.due_at <= now:
        tx.after_commit(hints.hint, keys.MAIL, keys.MAIL_JOB, mail.id)
    return True


def try_server() -> str:
    """Reach the mail server and log in, and send nothing; return why not, as a slug, or nothing."""
    try:
        with failpoints.around("post"), _connect() as server:
            server.noop()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return _reason(error)
    return ""


def wake_due(now: datetime) -> int:
    """Have workers send what is due, also what a crash left; forget the rows of old ones. Return how many are due."""
    is_free = or_(Mail.lease_until.is_(None), Mail.lease_until <= now)
    waits = (Mail.content_encrypted.is_not(None), Mail.due_at <= now, is_free)
    due = list(db.session.scalars(select(Mail.id).where(*waits).order_by(Mail.due_at).limit(BATCH)))
    old = db.session.scalar(select(Mail.id).where(Mail.created_at <= now - FORGET_AFTER).limit(1))
    db.session.rollback()
    if old is not None:
        with transaction():
            db.session.execute(delete(Mail).where(Mail.created_at <= now - FORGET_AFTER))
    for mail_id in due:
        hints.hint(keys.MAIL, keys.MAIL_JOB, mail_id)
    return len(due)


def drop_unsent(reason: str) -> None:
    """Send nothing of what waits: after a restore it may have been sent long ago."""
    with transaction():
        waiting = update(Mail).where(Mail.content_encrypted.is_not(None))
        db.session.execute(waiting.values(content_encrypted=None, error=reason))


def send(mail_id: int, now: datetime) -> None:
    """Send one mail, if it is due and nobody else is at it; no session is open meanwhile."""
    mail = _claim(mail_id, now)
    if mail is None:
        return
    if mail.attempts > TRIES:  # workers died over it again and again
        _give_up(mail, "no_try_ended")
        return
    try:
        message = _compose(mail)
        with failpoints.around("post"), _connect() as server:
            server.send_message(message)
    except InvalidToken:
        _give_up(mail, "unreadable")
    except (smtplib.SMTPException, OSError, ValueError) as error:
        log.warning("Mail %s was not sent: %s", mail_id, _reason(error))
        if _is_final(error) or mail.attempts >= TRIES:
            _give_up(mail, _reason(error))
        else:
            _put_off(mail, _reason(error), now)
    else:
        with transaction():
            sent = update(Mail).where(Mail.id == mail_id)
            db.session.execute(sent.values(sent_at=now, content_encrypted=None, lease_until=None, error=None))


# --- one mail --------------------------------------------------------------------------------------------------------


def _claim(mail_id: int, now: datetime) -> Mail | None:
    """The right to send this mail, as long as its row says the same number of attempts; the row as it was then."""
    is_free = or_(Mail.lease_until.is_(None), Mail.lease_until <= now)
    with transaction():
        claimed = db.session.scalar(
            update(Mail)
            .where(Mail.id == mail_id, Mail.content_encrypted.is_not(None), Mail.due_at <= now, is_free)
            .values(lease_until=now + LEASE, attempts=Mail.attempts + 1)
            .returning(Mail)
            .execution_options(synchronize_session=False, populate_existing=True)
        )
        if claimed is not None:
            db.session.expunge(claimed)  # else a look at it opens a session, for as long as the mail server takes
    return claimed


def _compose(mail: Mail) -> EmailMessage:
    content = json.loads(vault.decrypt(mail.content_encrypted or b""))
    sender = parseaddr(settings.mail_from)
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = mail.recipient
    message["Subject"] = " ".join(content["subject"].split())
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<pilito-{mail.id}-{int(mail.created_at.timestamp())}@{sender[1].partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # so that no holiday note answers
    message.set_content(content["text"])
    message.add_alternative(_as_html(content["text"]), subtype="html")
    return message


def _as_html(text: str) -> str:
    """The same words, each paragraph in its own direction: as plain text Persian stands on the wrong side."""
    paragraphs = [_paragraph(part) for part in text.strip().split("\n\n")]
    return f'<!doctype html><html><body dir="auto">{"".join(paragraphs)}</body></html>'


def _paragraph(text: str) -> str:
    lines = [
        f'<a dir="ltr" href="{escape(line)}">{escape(line)}</a>' if _is_address(line) else str(escape(line))
        for line in text.splitlines()
    ]
    return f'<p dir="auto">{"<br>".join(lines)}</p>'


def _is_address(line: str) -> bool:
    return line.startswith(("https://", "http://")) and " " not in line


@contextmanager
def _connect() -> Iterator[smtplib.SMTP]:
    """The server of SMTP_URL, logged in. A password goes over an encrypted line only, or to this machine."""
    address = urlsplit(settings.smtp_url)
    host, context = address.hostname or "", ssl.create_default_context()
    server: smtplib.SMTP
    if address.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, address.port or 465, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, address.port or 587, timeout=TIMEOUT_SECONDS)
    try:
        server.ehlo()
        is_private = address.scheme == "smtps"
        if not is_private and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
            is_private = True
        if address.username:
            if not is_private and not _is_this_machine(host):
                raise smtplib.SMTPNotSupportedError("The server offers no encryption, so it gets no password.")
            server.login(unquote(address.username), unquote(address.password or ""))
        yield server
    finally:
        # Nothing depends on how it says good-bye: what it took before that, it has.
        with closing(server), suppress(smtplib.SMTPException, OSError):
            server.quit()


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


# --- when it fails ---------------------------------------------------------------------------------------------------


def _reason(error: Exception) -> str:
    """A slug; what servers write may hold addresses."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "recipient_refused"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "log_in_refused"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "not_encrypted"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"server_said_{error.smtp_code}"
    if isinstance(error, ssl.SSLError):
        return "certificate_wrong"
    return "malformed" if isinstance(error, ValueError) else "unreachable"


def _is_final(error: Exception) -> bool:
    """A mailbox that does not exist will not exist in an hour; a wrong password of ours may be set right."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, ValueError)


def _put_off(mail: Mail, reason: str, now: datetime) -> None:
    with transaction():
        _note(mail, error=reason, lease_until=None, due_at=now + TRY_AGAIN[mail.attempts - 1])


def _give_up(mail: Mail, reason: str) -> None:
    with transaction():
        _note(mail, error=reason, lease_until=None, content_encrypted=None)


def _note(mail: Mail, **values: Any) -> None:
    """What became of this try. Whoever slept beyond the lease leaves what another did meanwhile."""
    is_ours = (Mail.id == mail.id, Mail.attempts == mail.attempts, Mail.content_encrypted.is_not(None))
    db.session.execute(update(Mail).where(*is_ours).values(**values).execution_options(synchronize_session=False))
