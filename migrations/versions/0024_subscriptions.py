"""Who is to be told of changes, and what could not be. Only adds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None
works_with = "0006"

_TIME = sa.DateTime(timezone=True)
_LONG_AGO = sa.text("'-infinity'::timestamp with time zone")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "subscription",
        *_texts("id", "consumer", "organisation", "department"),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        *_texts("official", "activity", "callback", "base", "relation_id", "bag_id", "case_kind", "project"),
        sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("former_secret", sa.LargeBinary()),
        sa.Column("former_until", _TIME),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("paused", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("challenged_at", _TIME, nullable=False),
        sa.Column("verified_at", _TIME),
        sa.Column("transaction", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("taken_until", _TIME, server_default=_LONG_AGO, nullable=False),
        sa.Column("round", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failing_since", _TIME),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("last_told_at", _TIME),
        sa.Column("missed_at", _TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("subscription_pkey")),
    )
    op.create_index("subscription_next_at_idx", "subscription", ["next_at"])
    op.create_index("subscription_consumer_idx", "subscription", ["consumer", "id"])
    op.create_table(
        "delivery",
        sa.Column("subscription", sa.Text(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        *_texts("lane"),
        sa.Column("first_at", _TIME, nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        *_texts("reason"),
        sa.Column("held_at", _TIME),
        sa.ForeignKeyConstraint(["event"], ["event.id"], name=op.f("delivery_event_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["subscription"], ["subscription.id"], name=op.f("delivery_subscription_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subscription", "event", name=op.f("delivery_pkey")),
    )
    op.create_index("delivery_event_idx", "delivery", ["event"])
    op.create_index("delivery_waiting_idx", "delivery", ["subscription", "next_at"], postgresql_where=sa.text("held_at IS NULL"))
    op.create_index("delivery_held_idx", "delivery", ["held_at"], postgresql_where=sa.text("held_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_table("delivery")
    op.drop_table("subscription")
