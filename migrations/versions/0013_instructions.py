"""Instructions of an inbox in versions, what the model's answers cost, and more in the proof of a reply."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
TEXTS = ("role", "greeting", "hand_over", "promises", "own_words")
PROOF = (
    ("facts_used", sa.JSON()),
    ("rests_on", sa.JSON()),
    ("instructions_version", sa.Integer()),
    ("cost_micros", sa.BigInteger()),
)


def upgrade() -> None:
    op.create_table(
        "instructions",
        sa.Column("id", BIG, nullable=False),
        sa.Column("inbox_id", BIG, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("languages", sa.String(32), nullable=False),
        sa.Column("tone", sa.String(16), nullable=False),
        sa.Column("length", sa.String(16), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        sa.Column("restored_version", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("operator_id", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_instructions"),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_instructions_inbox_id"),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name="fk_instructions_operator_id"),
        sa.UniqueConstraint("inbox_id", "version", name="uq_instructions_inbox_id_version"),
    )
    op.create_table(
        "model_use",
        sa.Column("id", BIG, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("customer_id", BIG, nullable=True),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_model_use"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_model_use_customer_id"),
    )
    op.create_index("ix_model_use_at", "model_use", ["at"])
    op.create_index("ix_model_use_customer_id_at", "model_use", ["customer_id", "at"])
    for name, kind in PROOF:
        op.add_column("proof", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name, _ in PROOF:
        op.drop_column("proof", name)  # not a batch: SQLite's copy of a table would lose its checks
    op.drop_table("model_use")
    op.drop_table("instructions")
