"""A mail is sent."""

from pilito import mail
from pilito.clock import utc_now
from pilito.jobs import patient


@patient
def send_mail(mail_id: int) -> None:
    mail.send(mail_id, utc_now())
