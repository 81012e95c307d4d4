"""Alerts: by which records they hold, and which of them departments have done with. Only adds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None
works_with = "0006"

_TIME = sa.DateTime(timezone=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    key = ("relation_id", "rule", "topic", "side")
    op.create_table(
        "alert_cause",
        *_texts(*key),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("via", sa.BigInteger(), nullable=False),
        *_texts("sort"),
        sa.Column("needs", sa.SmallInteger(), nullable=False),
        *_texts("mark", "department"),
        sa.Column("from_at", _TIME),
        sa.Column("until_at", _TIME),
        sa.PrimaryKeyConstraint(*key, "number", "via", name=op.f("alert_cause_pkey")),
    )
    op.create_index("alert_cause_place_idx", "alert_cause", ["number"], postgresql_where=sa.text("sort = 'place'"))
    op.create_index("alert_cause_until_idx", "alert_cause", ["until_at"], postgresql_where=sa.text("until_at IS NOT NULL"))
    op.create_table(
        "alert_dismissal",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_texts("relation_id", "rule", "topic"),
        sa.Column("marks", postgresql.ARRAY(sa.Text()), nullable=False),
        *_texts("organisation", "department", "official", "reason", "text"),
        sa.Column("until", sa.Date()),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("alert_dismissal_pkey")),
    )
    op.create_index("alert_dismissal_relation_idx", "alert_dismissal", ["relation_id", "organisation", "department"])
    op.create_index("alert_dismissal_at_idx", "alert_dismissal", ["at"])
    op.create_table(
        "alert_state",
        sa.Column("one", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("event_transaction", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("event_id", sa.BigInteger(), server_default="0", nullable=False),
        *_texts("version"),
        sa.Column("again_after", sa.Text()),
        sa.CheckConstraint("one", name=op.f("alert_state_one_check")),
        sa.PrimaryKeyConstraint("one", name=op.f("alert_state_pkey")),
    )
    op.alter_column("alert_state", "version", server_default="")
    op.execute("INSERT INTO alert_state DEFAULT VALUES")


def downgrade() -> None:
    op.drop_table("alert_state")
    op.drop_table("alert_dismissal")
    op.drop_table("alert_cause")
