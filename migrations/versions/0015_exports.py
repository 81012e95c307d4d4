"""Exports of all that is held of a relation: who asked, how far it is, and what it holds, sealed. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None
works_with = "0006"


def upgrade() -> None:
    op.create_table(
        "export",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "relation_id", "state", "consumer", "organisation", "department")),
        sa.Column("roles", sa.ARRAY(sa.Text()), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("official", "activity", "occasion", "trace_id", "span_id")),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("record_sources", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("record_keys", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("steps_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("export_state_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("export_pkey")),
    )
    op.create_index("export_open_idx", "export", ["asked_at"], postgresql_where=sa.text("state IN ('waiting', 'running')"))
    op.create_index("export_expires_idx", "export", ["expires_at"], postgresql_where=sa.text("expires_at IS NOT NULL"))
    op.create_table(
        "export_part",
        sa.Column("export_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("export_id", "attempt", "number", name=op.f("export_part_pkey")),
    )


def downgrade() -> None:
    op.drop_table("export_part")
    op.drop_table("export")
