"""When a document was asked for, so that an older answer never takes the place of a newer one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
works_with = "0002"


def upgrade() -> None:
    op.add_column("document", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("document", "asked_at")
