"""Reactions, edits, referrals, what the customer has seen, and where a message came from."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
MESSAGE = (
    sa.Column('payload', sa.Text(), nullable=True),
    sa.Column('referral', sa.JSON(), nullable=True),
    sa.Column('origin', sa.String(length=16), nullable=True),
    sa.Column('edited_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('edit_number', sa.Integer(), nullable=True),
    sa.Column('earlier_texts', sa.JSON(), nullable=True),
)
CONVERSATION = (
    sa.Column('seen_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('customer_seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('referral', sa.JSON(), nullable=True),
    sa.Column('referred_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reacted_at', sa.DateTime(timezone=True), nullable=True),
)


def upgrade() -> None:
    # ADD COLUMN with a null: neither database rewrites or locks a long table for it.
    for column in MESSAGE:
        op.add_column('message', column.copy())
    for column in CONVERSATION:
        op.add_column('conversation', column.copy())
    op.create_table('reaction',
    sa.Column('id', ID, nullable=False),
    sa.Column('inbox_id', ID, nullable=False),
    sa.Column('conversation_id', ID, nullable=False),
    sa.Column('external_id', sa.String(length=512), nullable=False),
    sa.Column('by_shop', sa.Boolean(), nullable=False),
    sa.Column('emoji', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=32), nullable=True),
    sa.Column('is_removed', sa.Boolean(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['inbox_id'], ['inbox.id'], name=op.f('fk_reaction_inbox_id')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], name=op.f('fk_reaction_conversation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reaction')),
    sa.UniqueConstraint('inbox_id', 'external_id', 'by_shop', name=op.f('uq_reaction_inbox_id_external_id_by_shop'))
    )
    op.create_index('ix_reaction_conversation_id', 'reaction', ['conversation_id'], unique=False)
    op.create_table('early_edit',
    sa.Column('id', ID, nullable=False),
    sa.Column('inbox_id', ID, nullable=False),
    sa.Column('external_id', sa.String(length=512), nullable=False),
    sa.Column('webhook_id', ID, nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('question', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['inbox_id'], ['inbox.id'], name=op.f('fk_early_edit_inbox_id')),
    sa.ForeignKeyConstraint(['webhook_id'], ['webhook.id'], name=op.f('fk_early_edit_webhook_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_early_edit'))
    )
    op.create_index('ix_early_edit_inbox_id_external_id', 'early_edit', ['inbox_id', 'external_id'], unique=False)
    op.create_index('ix_early_edit_created_at', 'early_edit', ['created_at'], unique=False)


def downgrade() -> None:
    op.drop_table('early_edit')
    op.drop_table('reaction')
    for table, columns in (('conversation', CONVERSATION), ('message', MESSAGE)):
        for column in columns:
            op.drop_column(table, column.name)  # not a batch: SQLite's copy of a table would lose its checks
