"""Whether two systems know one zaak of a relation is found by an index. Only adds; it takes seconds per million involvements, during which no pull writes."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None
works_with = "0006"


def upgrade() -> None:
    op.create_index(
        "involvement_zaak_idx",
        "involvement",
        ["relation_id", "zaak", "case_id"],
        postgresql_include=["compartment"],
        postgresql_where=sa.text("zaak <> ''"),
    )


def downgrade() -> None:
    op.drop_index("involvement_zaak_idx", table_name="involvement")
