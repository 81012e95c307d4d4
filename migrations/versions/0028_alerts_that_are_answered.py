"""That an alert is raised is not told to who sees that its contacts were answered. Only adds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None
works_with = "0006"


def upgrade() -> None:
    op.add_column("event", sa.Column("unless", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))


def downgrade() -> None:
    op.drop_column("event", "unless")
