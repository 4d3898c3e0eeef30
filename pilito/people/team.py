"""People of the shop who may log in: who is let in, as what, and who may decide about it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from pilito.database import Transaction, transaction
from pilito.errors import Refused
from pilito.lifecycle import ROLE_RANK, Role
from pilito.models import Audit, EntryLink, Operator, db
from pilito.passwords import MAXIMUM_LENGTH, MINIMUM_LENGTH, check_password, find_weakness, hash_password
from pilito.people.open_links import end_links_of, is_open
from pilito.people.sessions import close_lines, end_sessions, find_open
from pilito.spelling import one_line
from pilito.tokens import end_tokens_of, may_make

LONGEST_EMAIL, LONGEST_NAME = 254, 200
WEAK = {
    "short_password": f"A password has at least {MINIMUM_LENGTH} characters.",
    "long_password": f"A password has at most {MAXIMUM_LENGTH} characters.",
    "common_password": "This password is among the first that somebody would try.",
}


@dataclass(frozen=True)
class OwnPassword:
    """Who gave their own password, in which log-in, and the hash that it fitted. To be held against what there is by
    then when something is written for it (`lock_own`): a compare takes its time, and in that time a link may have set
    another password because this one was stolen."""

    operator_id: int
    password_hash: str
    session_id: int | None


def may_manage(who: Role, whom: Role) -> bool:
    """Only an owner makes or changes owners and admins; an admin does so with agents and viewers."""
    return who is Role.OWNER or (who is Role.ADMIN and ROLE_RANK[whom] < ROLE_RANK[Role.ADMIN])


def is_founded(link: EntryLink) -> bool:
    """Whether who made the link might make it today, too: of somebody who is shut out, or less than they were, no
    invitation and no new password is left. None made it: the command line, or whoever forgot their own password."""
    maker, whom = link.made_by, link.role or (link.operator.role if link.operator else Role.OWNER)
    return maker is None or (maker.active and may_manage(maker.role, whom))


def add_operator(email: str, name: str, role: Role, password: str, language: str, now: datetime) -> int:
    """Let a person in. Raises Refused for an address that is none or is taken, and for a weak password."""
    email = read_email(email)
    password_hash = strong_hash(password, email, name)
    with transaction():
        operator = insert_operator(email, name, role, password_hash, language, now)
        db.session.add(Audit(at=now, action="operator_added", details={"whom": operator.id, "role": role}))
        return operator.id


def insert_operator(email: str, name: str, role: Role, password_hash: str, language: str, now: datetime) -> Operator:
    """Add the row, inside an open transaction. Raises Refused (email_taken)."""
    refuse_taken(email)
    operator = Operator(
        email=email,
        name=read_name(name) or email.split("@")[0],
        role=role,
        password_hash=password_hash,
        password_at=now,
        language=language,
        created_at=now,
    )
    db.session.add(operator)
    db.session.flush()
    return operator


def change_role(operator_id: int, role: Role, by_id: int | None, now: datetime) -> None:
    """Give the person another role, at once: their open pages come back with it, and links and tokens that it does not
    allow any more end. `by_id` None: the command line.

    Raises Refused (operator_not_found, not_allowed, last_owner).
    """
    with transaction() as tx:
        operator = lock_managed(operator_id, by_id, role)
        if operator.role is role:
            return
        if operator.role is Role.OWNER:
            _refuse_last_owner(operator)
        details = {"whom": operator_id, "from": operator.role, "to": role}
        operator.role = role
        _end_unfounded(operator, by_id, now)
        close_lines(tx, operator_id)
        db.session.add(Audit(at=now, action="role_changed", operator_id=by_id, details=details))


def deactivate(operator_id: int, by_id: int | None, now: datetime) -> None:
    """Shut the person out, at once: log-ins and open lines end, the links that are theirs, and links and tokens that
    they made. What they did stays.

    Raises Refused (operator_not_found, not_allowed, last_owner).
    """
    with transaction() as tx:
        operator = lock_managed(operator_id, by_id)
        if not operator.active:
            return
        if operator.role is Role.OWNER:
            _refuse_last_owner(operator)
        operator.active = False
        shut_out(tx, operator_id, "deactivated", now)
        _end_unfounded(operator, by_id, now)
        details = {"whom": operator_id}
        db.session.add(Audit(at=now, action="operator_deactivated", operator_id=by_id, details=details))


def activate(operator_id: int, by_id: int | None, now: datetime) -> None:
    """Let the person in again. Raises Refused (operator_not_found, not_allowed)."""
    with transaction():
        operator = lock_managed(operator_id, by_id)
        if operator.active or operator.erased_at:
            return
        operator.active = True
        details = {"whom": operator_id}
        db.session.add(Audit(at=now, action="operator_activated", operator_id=by_id, details=details))


def change_password(operator_id: int, old: str, new: str, session_id: int | None, now: datetime) -> None:
    """Change one's own password; all log-ins but this one end.

    Raises Refused (wrong_password, session_not_found, or why it is weak), and Busy.
    """
    own = check_own_password(operator_id, old, session_id)
    operator = db.session.get_one(Operator, operator_id)
    password_hash = strong_hash(new, operator.email, operator.name)
    with transaction() as tx:
        set_hash(tx, lock_own(own, now), password_hash, now, session_id)
        db.session.add(Audit(at=now, action="password_changed", operator_id=operator_id))


def set_password(email: str, password: str, now: datetime) -> None:
    """Set a person's password from the command line; all their log-ins end. Raises Refused."""
    operator = get_by_email(email)
    password_hash = strong_hash(password, operator.email, operator.name)
    with transaction() as tx:
        set_hash(tx, db.session.get_one(Operator, operator.id), password_hash, now)
        db.session.add(Audit(at=now, action="password_set", details={"whom": operator.id}))


def set_hash(
    tx: Transaction, operator: Operator, password_hash: str, now: datetime, but_session_id: int | None = None
) -> None:
    """Keep the new password inside an open transaction; what the old one had opened is shut."""
    operator.password_hash, operator.password_at = password_hash, now
    if operator.totp_at is None:
        operator.totp_encrypted = None  # a second step that waits for its first code
    end_sessions(tx, operator.id, "password_changed", now, but_session_id)
    end_links_of(operator.id, now)


def shut_out(tx: Transaction, operator_id: int, reason: str, now: datetime) -> None:
    end_sessions(tx, operator_id, reason, now)
    end_links_of(operator_id, now)
    close_lines(tx, operator_id)


def list_operators() -> list[Operator]:
    """Everybody, those who may log in first, then by name."""
    everybody = select(Operator).where(Operator.erased_at.is_(None))
    return list(db.session.scalars(everybody.order_by(Operator.active.desc(), Operator.name, Operator.id)))


# --- what is asked for more than once --------------------------------------------------------------------------------


def read_email(text: str) -> str:
    """Return the address in lower case. Raises Refused (bad_email)."""
    email = text.replace("\0", "").strip().lower()
    before, at, after = email.partition("@")
    is_one = before and at and after and "@" not in after and email.isprintable() and not any(map(str.isspace, email))
    if not is_one or len(email) > LONGEST_EMAIL:
        raise Refused("bad_email", f"{text!r} is not an e-mail address.")
    return email


def read_name(text: str) -> str:
    return one_line(text)[:LONGEST_NAME]


def strong_hash(password: str, *about: str) -> str:
    """Return what is stored of the password. Not inside a transaction. Raises Refused with why it is weak, and Busy."""
    weakness = find_weakness(password, *about)
    if weakness:
        raise Refused(weakness, WEAK[weakness] + f" This one has {len(password)} characters.")
    db.session.rollback()  # whoever waits for their turn holds no connection
    return hash_password(password)


def check_own_password(operator_id: int, password: str, session_id: int | None) -> OwnPassword:
    """Not inside a transaction. Raises Refused (wrong_password), and Busy."""
    password_hash = db.session.get_one(Operator, operator_id).password_hash
    db.session.rollback()  # whoever waits for their turn holds no connection
    if not check_password(password_hash, password):
        raise Refused("wrong_password", "The password that is there now does not match.")
    return OwnPassword(operator_id, password_hash, session_id)


def lock_own(own: OwnPassword, now: datetime) -> Operator:
    """Return the person's row, locked as by whoever sets a password or shuts them out in this moment, inside an open
    transaction. Raises Refused where the password is another by now (wrong_password) or the log-in has ended
    (session_not_found)."""
    operator = db.session.get_one(Operator, own.operator_id, with_for_update=True, populate_existing=True)
    if operator.password_hash != own.password_hash:
        raise Refused("wrong_password", "Another password was set while this one was compared.")
    if own.session_id is not None and not find_open({own.session_id}, now):
        raise Refused("session_not_found", f"The log-in {own.session_id} has ended while its password was compared.")
    return operator


def refuse_taken(email: str) -> None:
    if db.session.scalar(select(Operator.id).where(Operator.email == email)):
        raise Refused("email_taken", f"{email} has a log-in already.")


def get_by_email(email: str) -> Operator:
    """Raises Refused (operator_not_found)."""
    operator = db.session.scalar(select(Operator).where(Operator.email == email.strip().lower()))
    if operator is None:
        raise Refused("operator_not_found", f"Nobody logs in as {email}.")
    return operator


def check_rank(by_id: int | None, *roles: Role) -> None:
    """Raises Refused (not_allowed) unless `by_id` may decide about people with these roles."""
    if by_id is None:
        return  # the command line, which only who runs the server has
    who = db.session.get_one(Operator, by_id, populate_existing=True)
    if not all(may_manage(who.role, role) for role in roles):
        raise Refused("not_allowed", f"A person who is {who.role} does not decide about {', '.join(roles)}.")


def refuse_oneself(operator_id: int, by_id: int | None) -> None:
    """What one's own pages ask the password for is not had without it by the page of the team. Raises Refused."""
    if operator_id == by_id:
        raise Refused("own_access", "One's own password and second step are changed with the password.")


def lock_managed(operator_id: int, by_id: int | None, *roles: Role) -> Operator:
    """Return the person's row, locked, inside an open transaction, where `by_id` may decide about them and about
    these roles. Raises Refused (operator_not_found, not_allowed)."""
    _lock_owners()
    operator = db.session.get(Operator, operator_id, with_for_update=True, populate_existing=True)
    if operator is None or operator.erased_at:
        raise Refused("operator_not_found", f"There is no operator {operator_id}.")
    check_rank(by_id, operator.role, *roles)
    return operator


def _end_unfounded(operator: Operator, by_id: int | None, now: datetime) -> None:
    """End what this person opened to others and might not open now."""
    _end_unfounded_links(operator.id, by_id, now)
    if not may_make(operator):
        end_tokens_of(operator.id, by_id, now)


def _end_unfounded_links(operator_id: int, by_id: int | None, now: datetime) -> None:
    """Of the open links that this person made, or that are for them, end those that their maker could not make now."""
    theirs = or_(EntryLink.made_by_id == operator_id, EntryLink.operator_id == operator_id)
    for link in db.session.scalars(select(EntryLink).where(theirs, *is_open(now))).all():
        if is_founded(link):
            continue
        link.revoked_at = now
        if link.role is not None:
            details = {"email": link.email, "role": link.role}
            db.session.add(Audit(at=now, action="invitation_revoked", operator_id=by_id, details=details))


def _lock_owners() -> list[int]:
    """The owners, locked before anything else: two who take each other's role at once must not both succeed."""
    is_owner = (Operator.role == Role.OWNER, Operator.active)
    return list(db.session.scalars(select(Operator.id).where(*is_owner).order_by(Operator.id).with_for_update()))


def _refuse_last_owner(operator: Operator) -> None:
    if operator.active and _lock_owners() == [operator.id]:
        raise Refused("last_owner", "Somebody has to own the shop: make another person owner before.")
