"""People of the shop and the machines they let in."""

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import BigInteger, Enum, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pilito.extensions import db
from pilito.lifecycle import ROLE_RANK, Digest, Role
from pilito.models.types import Id, UtcDateTime, state_column


class Operator(UserMixin, db.Model):
    __tablename__ = "operator"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(254), unique=True)  # lower case
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(state_column(Role))
    language: Mapped[str] = mapped_column(String(8), default="fa")
    theme: Mapped[str] = mapped_column(String(8), default="system")
    calendar: Mapped[str] = mapped_column(String(16), default="language")  # language, jalali, gregorian
    digits: Mapped[str] = mapped_column(String(16), default="language")  # language, persian, latin
    # How long one's replies wait before they leave, so that they can be taken back; 0: not at all.
    undo_seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    active: Mapped[bool] = mapped_column(default=True)
    # Nobody reads it any more: sessions have rows now. It goes with the next tables that are made anew.
    session_epoch: Mapped[int] = mapped_column(default=0)
    password_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when it was last changed
    # The secret of the second step, encrypted. It counts once a first code has shown that the app has it.
    totp_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)  # of the newest code taken: each is taken once
    code_tries: Mapped[int] = mapped_column(default=0)  # wrong codes since
    code_tries_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What they are told of, and how (people/notices.py). Quiet hours are times of day in their zone: 22:00.
    notify_sound: Mapped[bool] = mapped_column(default=False, server_default=db.false())
    notify_names: Mapped[bool] = mapped_column(default=True, server_default=db.true())  # of customers
    quiet_from: Mapped[str | None] = mapped_column(String(5))
    quiet_until: Mapped[str | None] = mapped_column(String(5))
    zone: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[Digest] = mapped_column(
        Enum(Digest, native_enum=False, length=32, values_callable=lambda names: [name.value for name in names]),
        default=Digest.OFF,
        server_default="off",
    )
    alert_mail: Mapped[bool] = mapped_column(default=True, server_default=db.true())  # of accounts that stop
    digested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the last such mail was written
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # who they were is gone, what they did stays

    session_key = ""  # of the log-in at hand (people/sessions.py); no column

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        """What the session cookie carries."""
        return self.session_key

    def may(self, role: Role) -> bool:
        """Whether this person has at least this role."""
        return ROLE_RANK[self.role] >= ROLE_RANK[role]


class OperatorSession(db.Model):
    """A log-in, from its beginning to its end. Of the secret in the browser's cookie only the SHA-256 is kept."""

    __tablename__ = "operator_session"
    __table_args__ = (Index("ix_operator_session_operator_id", "operator_id", "ended_at"),)

    id: Mapped[Id]
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str | None] = mapped_column(String(45))
    browser: Mapped[str | None] = mapped_column(String(200))  # what it says of itself
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[str | None] = mapped_column(String(32))  # a slug

    operator: Mapped[Operator] = relationship()


class EntryLink(db.Model):
    """A link that lets somebody in once: an invitation, or a new password. Only the SHA-256 of its token is kept."""

    __tablename__ = "entry_link"
    __table_args__ = (Index("ix_entry_link_email", "email"), Index("ix_entry_link_operator_id", "operator_id"))

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[Role | None] = mapped_column(state_column(Role))  # of an invitation
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))  # whose password; or who came in by it
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    operator: Mapped[Operator | None] = relationship(foreign_keys=[operator_id])
    made_by: Mapped[Operator | None] = relationship(foreign_keys=[made_by_id])


class RecoveryCode(db.Model):
    """Opens the second step once when the phone is gone. It goes when it is used."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index("ix_recovery_code_operator_id", "operator_id"),)

    id: Mapped[Id]
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"))
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)


class Shop(db.Model):
    """What holds for the whole shop: one row, made when the first of it is chosen."""

    __tablename__ = "shop"

    id: Mapped[Id]
    admins_need_codes: Mapped[bool] = mapped_column(default=False)  # the second step, for admins and owners
    first_steps_hidden_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words_erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # until the search's files are rid of them


class ApiToken(db.Model):
    """A bearer token; only its SHA-256 is kept."""

    __tablename__ = "api_token"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # For /metrics and /api/v1/stats: whoever reads the files of a Prometheus reads no conversation by them.
    only_numbers: Mapped[bool] = mapped_column(default=False, server_default=db.false())
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    created_by: Mapped[Operator | None] = relationship()
