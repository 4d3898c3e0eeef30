"""What each person wants to be told of, when, and how."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

RHYTHMS = ("off", "hourly", "daily")


def upgrade() -> None:
    rhythm = sa.Enum(*RHYTHMS, name="digest", native_enum=False, create_constraint=False, length=32)
    for column in (
        sa.Column("notify_sound", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("notify_names", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("quiet_from", sa.String(5)),
        sa.Column("quiet_until", sa.String(5)),
        sa.Column("zone", sa.String(64)),
        sa.Column("digest", rhythm, nullable=False, server_default="off"),
        sa.Column("digested_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("operator", column)


def downgrade() -> None:
    with op.batch_alter_table("operator") as table:
        for name in ("digested_at", "digest", "zone", "quiet_until", "quiet_from", "notify_names", "notify_sound"):
            table.drop_column(name)
