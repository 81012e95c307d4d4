"""Since when the consumer of a subscription is no longer there. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None
works_with = "0006"


def upgrade() -> None:
    op.add_column("subscription", sa.Column("gone_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("subscription", "gone_at")
