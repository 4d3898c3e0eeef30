"""What is known of a connected account, and what was erased."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

COLUMNS = (
    ('username', sa.String(length=128)),
    ('app_user_id', sa.String(length=128)),
    ('scopes', sa.JSON()),
    ('connected_at', sa.DateTime(timezone=True)),
    ('token_expires_at', sa.DateTime(timezone=True)),
    ('token_refreshed_at', sa.DateTime(timezone=True)),
    ('token_checked_at', sa.DateTime(timezone=True)),
    ('token_error', sa.String(length=64)),
    ('subscribed_fields', sa.JSON()),
    ('subscription_checked_at', sa.DateTime(timezone=True)),
    ('subscription_error', sa.String(length=64)),
    ('last_webhook_at', sa.DateTime(timezone=True)),
    ('newest_erasure_at', sa.DateTime(timezone=True)),
)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
ANSWERED = sa.text('answered_by_id IS NOT NULL')
REQUESTED = sa.text("state = 'requested'")


def upgrade() -> None:
    # Plain ADD COLUMN on both databases: no table is written anew, none is locked for long.
    for name, kind in COLUMNS:
        op.add_column('inbox', sa.Column(name, kind, nullable=True))
    op.create_table('erasure',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('inbox_id', BIG_ID, nullable=False),
    sa.Column('customer_digest', sa.String(length=64), nullable=False),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['inbox_id'], ['inbox.id'], name=op.f('fk_erasure_inbox_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_erasure')),
    sa.UniqueConstraint('inbox_id', 'customer_digest', name=op.f('uq_erasure_inbox_id_customer_digest'))
    )
    op.create_table('data_deletion',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('channel', sa.String(length=32), nullable=False),
    sa.Column('user_digest', sa.String(length=64), nullable=False),
    sa.Column('inbox_ids', sa.JSON(), nullable=False),
    sa.Column('state', sa.Enum('requested', 'done', name='deletionstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_data_deletion')),
    sa.UniqueConstraint('channel', 'user_digest', 'issued_at', name=op.f('uq_data_deletion_channel_user_digest_issued_at')),
    sa.UniqueConstraint('code', name=op.f('uq_data_deletion_code'))
    )
    op.create_index('ix_data_deletion_requested', 'data_deletion', ['requested_at'], unique=False, sqlite_where=REQUESTED, postgresql_where=REQUESTED)
    # Each message that goes asks who points to it; without an index that is a look at every message there is.
    op.create_index('ix_message_answered_by_id', 'message', ['answered_by_id'], unique=False, sqlite_where=ANSWERED, postgresql_where=ANSWERED)


def downgrade() -> None:
    op.drop_index('ix_message_answered_by_id', table_name='message')
    op.drop_table('data_deletion')
    op.drop_table('erasure')
    with op.batch_alter_table('inbox', schema=None) as batch_op:
        for name, _kind in reversed(COLUMNS):
            batch_op.drop_column(name)
