"""What officials record here: contact moments, tasks and commitments, with every step. Only adds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0016"
branch_labels = None
depends_on = None
works_with = "0006"

_TIME = sa.DateTime(timezone=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "entry",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_texts("id", "sort"),
        sa.Column("relation_id", sa.Text()),
        *_texts("organisation", "department", "official", "capacity", "confidentiality"),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("said", postgresql.JSONB(), nullable=False),
        sa.Column("cases", postgresql.ARRAY(sa.Text()), nullable=False),
        *_texts("state"),
        sa.Column("due", sa.Date()),
        *_texts("assignee", "assignee_department"),
        sa.Column("through", sa.Boolean(), nullable=False),
        sa.Column("opens", sa.Boolean(), nullable=False),
        sa.Column("answered_at", _TIME),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("compartments", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("departments", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("handlers", postgresql.ARRAY(sa.Text()), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("full", "summary", "existence")),
        sa.Column("outside", sa.LargeBinary()),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["relation_id"], ["relation.id"], name=op.f("entry_relation_id_fkey")),
        sa.PrimaryKeyConstraint("number", name=op.f("entry_pkey")),
        sa.UniqueConstraint("id", name=op.f("entry_id_key")),
    )
    there = sa.text("state <> 'deleted'")
    op.create_index("entry_relation_idx", "entry", ["relation_id", "sort", sa.literal_column("at DESC")], postgresql_where=there)
    op.create_index("entry_assigned_idx", "entry", ["organisation", "assignee_department", "due"], postgresql_where=sa.text("open"))
    about = sa.text("cases <> '{}'")
    op.create_index("entry_cases_idx", "entry", ["cases"], postgresql_using="gin", postgresql_where=about)
    op.create_index("entry_recorded_idx", "entry", ["organisation", "department", "number"])
    op.create_table(
        "entry_step",
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_texts("step"),
        sa.Column("at", _TIME, nullable=False),
        *_texts("organisation", "department", "official", "text"),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entry.number"], name=op.f("entry_step_entry_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry", "version", name=op.f("entry_step_pkey")),
    )
    op.add_column("event", sa.Column("all_of", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    op.drop_column("event", "all_of")
    op.drop_table("entry_step")
    op.drop_table("entry")
