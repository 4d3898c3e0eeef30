"""Our own copies of files: one table, and who points to it."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
UNFINISHED = sa.text("state IN ('pending', 'dropped')")
# Who points to a copy: (table, column, whether rows are looked for by it).
POINTERS = (
    ('attachment', 'copy_id', True),
    ('share', 'copy_id', True),
    ('message', 'copy_id', True),
    ('customer', 'picture_id', False),
    ('customer', 'next_picture_id', True),
)


def upgrade() -> None:
    op.create_table('media_file',
    sa.Column('id', ID, nullable=False),
    sa.Column('inbox_id', ID, nullable=False),
    sa.Column('kind', sa.Enum('image', 'video', 'voice', 'file', 'preview', 'avatar', name='mediakind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('source_url', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum('pending', 'stored', 'failed', 'skipped', 'dropped', name='mediastate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('key', sa.String(length=128), nullable=True),
    sa.Column('mime_type', sa.String(length=64), nullable=True),
    sa.Column('size_bytes', sa.Integer(), nullable=True),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('width', sa.Integer(), nullable=True),
    sa.Column('height', sa.Integer(), nullable=True),
    sa.Column('error', sa.String(length=64), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['inbox_id'], ['inbox.id'], name=op.f('fk_media_file_inbox_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_media_file'))
    )
    op.create_index('ix_media_file_due_at', 'media_file', ['due_at'], sqlite_where=UNFINISHED, postgresql_where=UNFINISHED)
    op.create_index('ix_media_file_sha256', 'media_file', ['inbox_id', 'sha256'])
    for table, column, is_sought in POINTERS:
        # The reference stands in the column, so that SQLite adds it without making the table anew.
        key = sa.ForeignKey('media_file.id', name=op.f(f'fk_{table}_{column}'))
        op.add_column(table, sa.Column(column, ID, key, nullable=True), inline_references=True)
        if is_sought:
            op.create_index(f'ix_{table}_{column}', table, [column])


def downgrade() -> None:
    for table, column, is_sought in reversed(POINTERS):
        if is_sought:
            op.drop_index(f'ix_{table}_{column}', table_name=table)
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column(column)
    op.drop_table('media_file')
