"""What the rest of the read API selects by: one zaak in two systems, cases by department, events in the order of their commits.

Only adds, so that the version before this one goes on working beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
works_with = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("involvement", sa.Column("zaak", sa.Text(), server_default="", nullable=False))
    op.execute("UPDATE involvement i SET zaak = c.zaak FROM case_record c WHERE c.id = i.case_id AND c.zaak <> ''")
    op.add_column("event", sa.Column("capacities", sa.ARRAY(sa.Text()), server_default="{}", nullable=False))
    now = sa.text("(pg_current_xact_id()::text)::bigint")
    op.add_column("event", sa.Column("transaction", sa.BigInteger(), server_default=now, nullable=False))
    op.create_index("event_transaction_idx", "event", ["transaction", "id"], unique=False)
    op.create_index("relation_kind_idx", "relation", ["kind", "id"], unique=False, postgresql_where=sa.text("retired_at IS NULL"))
    op.create_index("membership_former_idx", "membership", ["relation_id"], unique=False, postgresql_where=sa.text("until_at IS NOT NULL"))
    op.create_index(
        "case_record_department_idx",
        "case_record",
        ["department", sa.literal_column("open DESC"), sa.literal_column("on_date DESC"), sa.literal_column("id DESC")],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("case_record_department_idx", table_name="case_record")
    op.drop_index("membership_former_idx", table_name="membership", postgresql_where=sa.text("until_at IS NOT NULL"))
    op.drop_index("relation_kind_idx", table_name="relation", postgresql_where=sa.text("retired_at IS NULL"))
    op.drop_index("event_transaction_idx", table_name="event")
    op.drop_column("event", "transaction")
    op.drop_column("event", "capacities")
    op.drop_column("involvement", "zaak")
