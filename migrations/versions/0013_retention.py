"""What was purged, so that it does not come back; how far events were trimmed, and when the last purge ended. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
works_with = "0006"


def upgrade() -> None:
    op.create_table(
        "purged_document",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("set_token", sa.LargeBinary(), nullable=False),
        sa.Column("closing", sa.Boolean(), nullable=False),
        sa.Column("seen_pull", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "token", name=op.f("purged_document_pkey")),
    )
    op.create_index("purged_document_set_idx", "purged_document", ["source", "set_token"])
    op.create_index("membership_until_idx", "membership", ["until_at"], postgresql_where=sa.text("until_at IS NOT NULL"))
    op.create_table(
        "purge_state",
        sa.Column("one", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True)),
        sa.Column("event_transaction", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("event_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("one", name=op.f("purge_state_one_check")),
        sa.PrimaryKeyConstraint("one", name=op.f("purge_state_pkey")),
    )
    op.execute("INSERT INTO purge_state DEFAULT VALUES")


def downgrade() -> None:
    op.drop_table("purge_state")
    op.drop_index("membership_until_idx", table_name="membership")
    op.drop_table("purged_document")
