"""What the privacy officer is told. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
works_with = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), server_default="1", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("key", name=op.f("notice_pkey")),
    )
    op.create_index("notice_untold_idx", "notice", ["next_at"], postgresql_where=sa.text("told_at IS NULL"))


def downgrade() -> None:
    op.drop_table("notice")
