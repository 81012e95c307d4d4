"""What somebody asks about their own data, and the marks that follow from it; searches are counted from an index of their own. Only adds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
works_with = "0006"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    searches = sa.text("operation = 'search'")
    op.create_index("consultation_log_search_idx", "consultation_log", ["consumer", "official", "at"], postgresql_where=searches)
    op.create_table(
        "mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("set_at", _TIME, nullable=False),
        sa.Column("lifted_at", _TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("mark_pkey")),
    )
    op.create_index("mark_party_idx", "mark", ["source", "key"], postgresql_where=sa.text("lifted_at IS NULL"))
    op.create_index("mark_request_idx", "mark", ["request"])
    op.create_table(
        "subject_request",
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("sort", "state", "relation_id")),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in ("source", "record", "case_id", "field")),
        sa.Column("activities", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("said_hash", sa.LargeBinary()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("organisation", "consumer", "official")),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("extended", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("decided_at", _TIME),
        sa.Column("decided_by", sa.Text(), server_default="", nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary()),
        sa.CheckConstraint("sort IN ('contest', 'correction', 'restriction', 'objection')", name=op.f("subject_request_sort_check")),
        sa.CheckConstraint("state IN ('open', 'granted', 'refused', 'withdrawn', 'ended')", name=op.f("subject_request_state_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("subject_request_pkey")),
    )
    op.create_index("subject_request_due_idx", "subject_request", ["organisation", "due_on", "id"])
    op.create_index("subject_request_relation_idx", "subject_request", ["relation_id"])
    op.add_column("relation", sa.Column("marks", postgresql.ARRAY(sa.Text())))
    op.add_column("case_record", sa.Column("marks", postgresql.ARRAY(sa.Text())))
    op.add_column("notice", sa.Column("destination", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("notice", "destination")
    op.drop_column("case_record", "marks")
    op.drop_column("relation", "marks")
    op.drop_table("subject_request")
    op.drop_table("mark")
    op.drop_index("consultation_log_search_idx", table_name="consultation_log")
