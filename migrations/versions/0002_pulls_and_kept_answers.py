"""Pulls that are asked for, kept answers, and which versions of relhub may work on one database."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
works_with = "0002"


def upgrade() -> None:
    op.create_table(
        "compatibility", sa.Column("oldest", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("oldest", name=op.f("compatibility_pkey"))
    )
    op.create_table(
        "kept_answer",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("consumer", "key", name=op.f("kept_answer_pkey")),
    )
    op.create_index("kept_answer_at_idx", "kept_answer", ["at"], unique=False)
    op.create_table(
        "keys_check",
        sa.Column("one", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("one", name=op.f("keys_check_one_check")),
        sa.PrimaryKeyConstraint("one", name=op.f("keys_check_pkey")),
    )
    op.create_table(
        "pull",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accept_loss", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("documents", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quarantined", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gone", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("pull_state_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("pull_pkey")),
        sa.UniqueConstraint("source", "scheduled_for", name=op.f("pull_source_scheduled_for_key")),
    )
    op.create_index("pull_open_key", "pull", ["source"], unique=True, postgresql_where=sa.text("state IN ('waiting', 'running')"))
    op.create_index("pull_source_idx", "pull", ["source", sa.literal_column("asked_at DESC")], unique=False)


def downgrade() -> None:
    op.drop_index("pull_source_idx", table_name="pull")
    op.drop_index("pull_open_key", table_name="pull", postgresql_where=sa.text("state IN ('waiting', 'running')"))
    op.drop_table("pull")
    op.drop_index("kept_answer_at_idx", table_name="kept_answer")
    op.drop_table("kept_answer")
    op.drop_table("keys_check")
    op.drop_table("compatibility")
