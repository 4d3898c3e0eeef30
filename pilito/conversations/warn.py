"""Owners and admins are told by mail when an account stops, is about to, or is not heard any more, and when a shop or a
page that is read by the clock cannot be.

Once per occasion, in the transaction in which it happens: what is told is committed with what it tells of, and neither
a crash nor a second process makes it two. The banner in the panel, or its health page, says the same to whoever looks.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from flask_babel import force_locale, gettext, ngettext
from sqlalchemy import select

from pilito import mail
from pilito.conversations.fact_text import FEEDS, unread_patience
from pilito.database import Transaction
from pilito.extensions import channels, settings
from pilito.knowledge.reasons import WHY_UNREAD
from pilito.lifecycle import ROLE_RANK, Role
from pilito.models import Inbox, Operator, Source, db
from pilito.people.notices import quiet_until

# Who can connect an account again.
TOLD = [role for role in Role if ROLE_RANK[role] >= ROLE_RANK[Role.ADMIN]]

Letter = Callable[[], tuple[str, str]]  # subject and text, in the language of the moment


def warn_of_stop(tx: Transaction, inbox: Inbox, now: datetime) -> int:
    """Nothing can be sent from this account any more. Return how many people are told."""
    return _tell(tx, lambda: _of_stop(inbox), now)


def warn_of_erasing(tx: Transaction, inbox: Inbox, now: datetime) -> int:
    """The account had its data deleted at the provider; no button here brings it back."""
    return _tell(tx, lambda: _of_erasing(inbox), now)


def warn_of_end(tx: Transaction, inbox: Inbox, days: int, now: datetime) -> int:
    """The connection ends in so many days, and could not be renewed."""
    return _tell(tx, lambda: _of_end(inbox, days), now)


def warn_of_silence(tx: Transaction, inbox: Inbox, is_back: bool, now: datetime) -> int:
    """The provider did not post the account's messages to us any more; `is_back` says whether it does again."""
    return _tell(tx, lambda: _of_silence(inbox, is_back), now)


def warn_of_source(tx: Transaction, source: Source, is_back: bool, now: datetime) -> int:
    """What the assistant knows from there is that of some days ago; `is_back` says that it was read again."""
    return _tell(tx, lambda: _of_source_read(source) if is_back else _of_source(source, now), now)


def _tell(tx: Transaction, letter: Letter, now: datetime) -> int:
    if not mail.is_set_up():
        return 0
    told = _whom()
    for operator in told:
        with force_locale(operator.language):
            subject, text = letter()
            choice = _led(gettext("Whether such mails come to you:"), "/settings/notifications")
        mail.write_mail(tx, operator.email, subject, f"{text}\n\n{choice}", now, quiet_until(operator, now))
    return len(told)


def _whom() -> Sequence[Operator]:
    wanted = select(Operator).where(Operator.active, Operator.role.in_(TOLD), Operator.alert_mail)
    return db.session.scalars(wanted.order_by(Operator.id)).all()


# --- words: what happened, what it means, the one thing to do --------------------------------------------------------


def _of_stop(inbox: Inbox) -> tuple[str, str]:
    parts = [
        gettext("Nothing can be sent from %(inbox)s any more.", inbox=inbox.name),
        _why_stopped(inbox.stop_reason or ""),
        gettext(
            "Nothing is lost: messages are kept, replies wait, and what was missed meanwhile is read back. Customers"
            " get no answer until the account is connected again."
        ),
        _led(gettext("Connect it again here:"), _place(inbox)),
    ]
    return gettext("Pilito: %(inbox)s has stopped", inbox=inbox.name), "\n\n".join(parts)


def _why_stopped(reason: str) -> str:
    """In the words that the panel has for it (blueprints/panel/sentences.py)."""
    if reason == "token_expired":
        return gettext("The connection to the account was not renewed in time.")
    if reason == "app_removed":
        return gettext("Somebody took away our access in the account's settings.")
    if reason == "deauthorized":
        return gettext("The account removed the app in Instagram's settings.")
    if reason == "password_changed":
        return gettext("The account's password was changed, which ends every connection.")
    if reason == "checkpoint":
        return gettext("The account must be confirmed by its owner.")
    if reason == "role_lost":
        return gettext("The person who connected the account may not manage it any more.")
    return gettext("The connection to the account has ended.")


def _of_erasing(inbox: Inbox) -> tuple[str, str]:
    parts = [
        gettext("The owner of %(inbox)s asked %(channel)s to have its data deleted here.", **_names(inbox)),
        gettext("So the account is disconnected, and its conversations are being erased, as the rules there want it."),
        _led(gettext("If that was a mistake, connect the account again in some minutes; it begins anew:"), "/inboxes"),
    ]
    return gettext("Pilito: %(inbox)s is being erased", inbox=inbox.name), "\n\n".join(parts)


def _of_end(inbox: Inbox, days: int) -> tuple[str, str]:
    ends = ngettext(
        "The connection of %(inbox)s ends in %(num)s day.",
        "The connection of %(inbox)s ends in %(num)s days.",
        days,
        inbox=inbox.name,
    )
    if not days:
        ends = gettext("The connection of %(inbox)s ends today.", inbox=inbox.name)
    parts = [
        ends,
        gettext("Pilito could not renew it by itself. Until then everything goes on; afterwards replies wait."),
        _led(gettext("Connect it again here, so that it does not stop:"), _place(inbox)),
    ]
    return gettext("Pilito: the connection of %(inbox)s ends soon", inbox=inbox.name), "\n\n".join(parts)


def _of_silence(inbox: Inbox, is_back: bool) -> tuple[str, str]:
    if is_back:
        parts = [
            gettext("%(channel)s had stopped bringing the messages of %(inbox)s. It does again.", **_names(inbox)),
            gettext("What came meanwhile is read back; questions that are old by now are left to you."),
            _led(gettext("See who waits:"), "/conversations/?zone=needs_you"),
        ]
    else:
        parts = [
            gettext("%(channel)s has stopped bringing the messages of %(inbox)s.", **_names(inbox)),
            gettext(
                "It is asked again every ten minutes. Meanwhile the newest messages are read back, so that answers"
                " come late; replies can be sent."
            ),
            _led(gettext("Press “Have them posted again”, or connect it again:"), _place(inbox)),
        ]
    return gettext("Pilito: messages of %(inbox)s stayed away", inbox=inbox.name), "\n\n".join(parts)


def _of_source(source: Source, now: datetime) -> tuple[str, str]:
    unread = ngettext(
        "%(source)s could not be read for %(num)s day.",
        "%(source)s could not be read for %(num)s days.",
        (now - (source.read_at or source.created_at)).days,
        source=source.name,
    )
    parts = [
        f"{unread} {WHY_UNREAD.get(source.error or '', '')}".strip(),
        _what_counts(source),
        _led(gettext("It is tried again by itself. See why it fails, and what to do:"), _place_of_source(source)),
    ]
    return gettext("Pilito: %(source)s cannot be read", source=source.name), "\n\n".join(parts)


def _what_counts(source: Source) -> str:
    if source.read_at is None:
        return gettext("So far the assistant knows nothing of it.")
    if source.kind not in FEEDS:
        return gettext("Meanwhile the assistant rests on what was read last, and on nothing of a page that is gone.")
    return ngettext(
        "Meanwhile the assistant rests on what was read last. After %(num)s day without a reading it tells no price and"
        " no stock of this shop any more, and asks a person.",
        "Meanwhile the assistant rests on what was read last. After %(num)s days without a reading it tells no price"
        " and no stock of this shop any more, and asks a person.",
        unread_patience(source).days,
    )


def _of_source_read(source: Source) -> tuple[str, str]:
    parts = [
        gettext("%(source)s could not be read for a time. Now it was.", source=source.name),
        _led(gettext("What is there counts from now on; nothing is left to do:"), _place_of_source(source)),
    ]
    return gettext("Pilito: %(source)s is read again", source=source.name), "\n\n".join(parts)


def _place_of_source(source: Source) -> str:
    return f"/catalogue/feeds#source-{source.id}" if source.kind in FEEDS else f"/knowledge/sources/{source.id}"


def _names(inbox: Inbox) -> dict[str, str]:
    return {"inbox": inbox.name, "channel": channels[inbox.channel].title}


def _place(inbox: Inbox) -> str:
    return f"/inboxes#inbox-{inbox.id}"


def _led(words: str, path: str) -> str:
    """A sentence with the address that it leads to on a line of its own, which becomes a link."""
    return f"{words}\n{settings.public_url.rstrip('/')}{path}"
