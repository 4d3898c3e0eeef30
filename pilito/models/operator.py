"""People of the shop and the machines they let in."""

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.lifecycle import ROLE_RANK, Role
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
    active: Mapped[bool] = mapped_column(default=True)
    # Counts what ends all sessions of this person: a new password, a deactivation.
    session_epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        """What the session cookie carries; an old epoch logs out."""
        return f"{self.id}:{self.session_epoch}"

    def may(self, role: Role) -> bool:
        """Whether this person has at least this role."""
        return ROLE_RANK[self.role] >= ROLE_RANK[role]


class ApiToken(db.Model):
    """A bearer token; only its SHA-256 is kept."""

    __tablename__ = "api_token"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
