"""A view reads its cases from one index: the capacity and the role are in it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
works_with = "0002"

_COLUMNS = ["relation_id", sa.text("open DESC"), sa.text("on_date DESC"), sa.text("case_id DESC")]


def upgrade() -> None:
    op.drop_index("involvement_view_idx", table_name="involvement")
    op.create_index("involvement_view_idx", "involvement", _COLUMNS, postgresql_include=["capacity", "role"])


def downgrade() -> None:
    op.drop_index("involvement_view_idx", table_name="involvement")
    op.create_index("involvement_view_idx", "involvement", _COLUMNS)
