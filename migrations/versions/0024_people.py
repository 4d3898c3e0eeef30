"""People of the shop: log-ins as rows, links that let in once, the second step, and the chain of the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OPERATOR = (
    sa.Column("calendar", sa.String(16), server_default="language", nullable=False),
    sa.Column("digits", sa.String(16), server_default="language", nullable=False),
    sa.Column("password_at", MOMENT, nullable=True),
    sa.Column("totp_encrypted", sa.LargeBinary(), nullable=True),
    sa.Column("totp_at", MOMENT, nullable=True),
    sa.Column("totp_step", sa.BigInteger(), server_default="0", nullable=False),
    sa.Column("code_tries", sa.Integer(), server_default="0", nullable=False),
    sa.Column("code_tries_since", MOMENT, nullable=True),
    sa.Column("erased_at", MOMENT, nullable=True),
)
ROLE = sa.Enum(
    "owner", "admin", "agent", "viewer", name="role", native_enum=False, create_constraint=True, length=32
)


def upgrade() -> None:
    for column in OPERATOR:
        op.add_column("operator", column.copy())
    _make_sessions()
    _make_links()
    op.create_table(
        "recovery_code",
        sa.Column("id", BIG, nullable=False),
        sa.Column("operator_id", BIG, nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code"),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name="fk_recovery_code_operator_id"),
        sa.UniqueConstraint("code_hash", name="uq_recovery_code_code_hash"),
    )
    op.create_index("ix_recovery_code_operator_id", "recovery_code", ["operator_id"])
    op.create_table(
        "shop",
        sa.Column("id", BIG, nullable=False),
        sa.Column("admins_need_codes", sa.Boolean(), nullable=False),
        sa.Column("first_steps_hidden_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_shop"),
    )
    _chain_audit()


def _make_sessions() -> None:
    op.create_table(
        "operator_session",
        sa.Column("id", BIG, nullable=False),
        sa.Column("operator_id", BIG, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("address", sa.String(45), nullable=True),
        sa.Column("browser", sa.String(200), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("end_reason", sa.String(32), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_operator_session"),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name="fk_operator_session_operator_id"),
        sa.UniqueConstraint("secret_hash", name="uq_operator_session_secret_hash"),
    )
    op.create_index("ix_operator_session_operator_id", "operator_session", ["operator_id", "ended_at"])


def _make_links() -> None:
    op.create_table(
        "entry_link",
        sa.Column("id", BIG, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("role", ROLE, nullable=True),
        sa.Column("operator_id", BIG, nullable=True),
        sa.Column("made_by_id", BIG, nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_entry_link"),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name="fk_entry_link_operator_id"),
        sa.ForeignKeyConstraint(["made_by_id"], ["operator.id"], name="fk_entry_link_made_by_id"),
        sa.UniqueConstraint("token_hash", name="uq_entry_link_token_hash"),
    )
    op.create_index("ix_entry_link_email", "entry_link", ["email"])
    op.create_index("ix_entry_link_operator_id", "entry_link", ["operator_id"])


def _chain_audit() -> None:
    op.add_column("audit", sa.Column("address", sa.String(45), nullable=True))
    op.add_column("audit", sa.Column("position", sa.BigInteger(), nullable=True))
    # As an index, for SQLite adds no constraint to a table that is there.
    op.create_index("uq_audit_position", "audit", ["position"], unique=True)
    op.create_index("ix_audit_operator_id", "audit", ["operator_id", "id"])
    op.create_index("ix_audit_action", "audit", ["action", "id"])
    unsealed = sa.text("position IS NULL")
    op.create_index("ix_audit_unsealed", "audit", ["id"], sqlite_where=unsealed, postgresql_where=unsealed)
    op.create_table(
        "audit_seal",
        sa.Column("id", BIG, nullable=False),
        sa.Column("audit_id", BIG, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("details_salt", sa.String(32), nullable=True),
        sa.Column("details_digest", sa.String(64), nullable=False),
        sa.Column("address_salt", sa.String(32), nullable=True),
        sa.Column("address_digest", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.Column("sealed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_seal"),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_audit_seal_audit_id"),
        sa.UniqueConstraint("audit_id", name="uq_audit_seal_audit_id"),
    )


def downgrade() -> None:
    for table in ("audit_seal", "shop", "recovery_code", "entry_link", "operator_session"):
        op.drop_table(table)
    for name in ("ix_audit_unsealed", "ix_audit_action", "ix_audit_operator_id", "uq_audit_position"):
        op.drop_index(name, "audit")
    for name in ("position", "address"):
        op.drop_column("audit", name)
    for column in OPERATOR:
        op.drop_column("operator", column.name)
