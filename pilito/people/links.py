"""Links that let somebody in once: an invitation to the team, or a new password."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select, update

from pilito.database import Transaction, transaction
from pilito.errors import Refused
from pilito.extensions import db
from pilito.lifecycle import Role
from pilito.mail import write_mail
from pilito.models import Audit, EntryLink, Operator
from pilito.people.open_links import end_links, end_links_of, is_open
from pilito.people.team import (
    check_rank,
    insert_operator,
    is_founded,
    read_email,
    refuse_oneself,
    refuse_taken,
    set_hash,
    strong_hash,
)

INVITATION_LIFE = timedelta(hours=72)
PASSWORD_LIFE = timedelta(hours=24)
FORGET_AFTER = timedelta(days=90)
TOKEN_BYTES = 32

# What to write to the person, of the token: subject and text.
Letter = Callable[[str], tuple[str, str]]


def invite(email: str, role: Role, by_id: int | None, letter: Letter, now: datetime) -> tuple[str, bool]:
    """Make an invitation and return its token, which cannot be read again, and whether it is mailed.

    An earlier one to the same address ends. Raises Refused (bad_email, email_taken, not_allowed).
    """
    email = read_email(email)
    with transaction() as tx:
        check_rank(by_id, role)
        refuse_taken(email)
        end_links(EntryLink.email == email, EntryLink.operator_id.is_(None), now=now)
        token, is_mailed = _make(tx, email, role, None, by_id, INVITATION_LIFE, letter, now)
        details = {"email": email, "role": role}
        db.session.add(Audit(at=now, action="operator_invited", operator_id=by_id, details=details))
    return token, is_mailed


def offer_password(operator_id: int, by_id: int | None, letter: Letter, now: datetime) -> tuple[str, bool]:
    """Make a link by which the person chooses a new password; an earlier one ends. `by_id` None: asked for it
    themselves, or the command line. Raises Refused (operator_not_found, not_allowed, own_access)."""
    refuse_oneself(operator_id, by_id)
    with transaction() as tx:
        operator = db.session.get(Operator, operator_id, with_for_update=True, populate_existing=True)
        if operator is None or not operator.active:
            raise Refused("operator_not_found", f"There is no active operator {operator_id}.")
        check_rank(by_id, operator.role)
        end_links_of(operator_id, now)
        token, is_mailed = _make(tx, operator.email, None, operator_id, by_id, PASSWORD_LIFE, letter, now)
        details = {"whom": operator_id}
        db.session.add(Audit(at=now, action="password_offered", operator_id=by_id, details=details))
    return token, is_mailed


def find_link(token: str, now: datetime) -> EntryLink | None:
    """Return a link that still opens."""
    wanted = select(EntryLink).where(EntryLink.token_hash == _hash(token), *is_open(now))
    link = db.session.scalar(wanted.execution_options(populate_existing=True))
    return link if link is not None and is_founded(link) else None


def list_invitations(now: datetime) -> list[EntryLink]:
    """Invitations that nobody has taken yet, the newest first."""
    wanted = select(EntryLink).where(EntryLink.role.is_not(None), *is_open(now))
    return list(db.session.scalars(wanted.order_by(EntryLink.id.desc())))


def revoke_invitation(link_id: int, by_id: int, now: datetime) -> None:
    """End an invitation. Raises Refused (link_not_found, not_allowed)."""
    with transaction():
        link = db.session.get(EntryLink, link_id)
        if link is None or link.role is None:
            raise Refused("link_not_found", f"There is no invitation {link_id}.")
        check_rank(by_id, link.role)
        if end_links(EntryLink.id == link_id, now=now):
            details = {"email": link.email, "role": link.role}
            db.session.add(Audit(at=now, action="invitation_revoked", operator_id=by_id, details=details))


def accept_invitation(token: str, name: str, password: str, language: str, now: datetime) -> Operator:
    """Let the invited person in with a password of their own. Raises Refused (link_over, a weak password's slug)."""
    link = find_link(token, now)
    if link is None or link.role is None:
        raise Refused("link_over", "The invitation has ended or was used.")
    password_hash = strong_hash(password, link.email, name)
    with transaction():
        link = _take(token, now)
        operator = insert_operator(link.email, name, link.role or Role.VIEWER, password_hash, language, now)
        link.operator_id = operator.id
        details = {"role": operator.role}
        db.session.add(Audit(at=now, action="invitation_accepted", operator_id=operator.id, details=details))
    return operator


def choose_password(token: str, password: str, now: datetime) -> int:
    """Set the password of the link's person; all their log-ins end. Return who it is. Raises Refused."""
    link = find_link(token, now)
    operator = db.session.get(Operator, link.operator_id) if link and link.role is None and link.operator_id else None
    if operator is None or not operator.active:
        raise Refused("link_over", "The link has ended or was used.")
    password_hash, operator_id = strong_hash(password, operator.email, operator.name), operator.id
    with transaction() as tx:
        # Locked before the link, as by whoever deactivates the person or changes their password in this moment.
        operator = db.session.get_one(Operator, operator_id, with_for_update=True, populate_existing=True)
        _take(token, now)
        set_hash(tx, operator, password_hash, now)
        db.session.add(Audit(at=now, action="password_chosen", operator_id=operator_id))
    return operator_id


def forget_old(now: datetime) -> int:
    """Delete links that have long ended: they hold addresses. Return how many."""
    old = list(db.session.scalars(select(EntryLink.id).where(EntryLink.expires_at <= now - FORGET_AFTER).limit(500)))
    db.session.rollback()
    if old:
        with transaction():
            for link_id in old:
                link = db.session.get(EntryLink, link_id)
                if link is not None:
                    db.session.delete(link)
    return len(old)


# --- tokens ----------------------------------------------------------------------------------------------------------


def _make(
    tx: Transaction,
    email: str,
    role: Role | None,
    operator_id: int | None,
    by_id: int | None,
    life: timedelta,
    letter: Letter,
    now: datetime,
) -> tuple[str, bool]:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    times = {"made_at": now, "expires_at": now + life}
    who = {"email": email, "role": role, "operator_id": operator_id, "made_by_id": by_id}
    db.session.add(EntryLink(token_hash=_hash(token), **who, **times))
    return token, write_mail(tx, email, *letter(token), now)


def _take(token: str, now: datetime) -> EntryLink:
    """Use the link up: of two who come with it in the same moment, one does."""
    taken = update(EntryLink).where(EntryLink.token_hash == _hash(token), *is_open(now)).values(used_at=now)
    link = db.session.scalar(taken.returning(EntryLink).execution_options(synchronize_session=False))
    if link is None or not is_founded(link):
        raise Refused("link_over", "The link has ended or was used.")
    return link


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
