"""Who is, or was, the relation manager. Only adds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None
works_with = "0006"

_TIME = sa.DateTime(timezone=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "relation_manager",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_texts("id", "relation_id", "organisation", "capacity", "official", "department"),
        sa.Column("from_at", _TIME, nullable=False),
        *_texts("by_department", "by_official", "text"),
        sa.Column("until_at", _TIME),
        *_texts("ended_department", "ended_official", "ended_text"),
        sa.Column("compartments", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.ForeignKeyConstraint(["relation_id"], ["relation.id"], name=op.f("relation_manager_relation_id_fkey")),
        sa.PrimaryKeyConstraint("number", name=op.f("relation_manager_pkey")),
        sa.UniqueConstraint("id", name=op.f("relation_manager_id_key")),
    )
    op.create_index("relation_manager_relation_idx", "relation_manager", ["relation_id"])
    op.create_index(
        "relation_manager_one_now_key",
        "relation_manager",
        ["relation_id", "organisation", "capacity"],
        unique=True,
        postgresql_where=sa.text("until_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("relation_manager")
