"""Kept answers are sealed: those that were not are forgotten, a day before they would have been."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
works_with = "0006"


def upgrade() -> None:
    op.execute("DELETE FROM kept_answer")


def downgrade() -> None:
    op.execute("DELETE FROM kept_answer")
