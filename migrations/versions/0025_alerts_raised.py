"""That an alert is raised is an event, for who sees all of its causes as well as the rule asks; causes know the id of their alert. Only adds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None
works_with = "0006"


def upgrade() -> None:
    for name, of in (("at_summary", sa.Integer()), ("at_full", sa.Integer()), ("rights", sa.Text())):
        op.add_column("event", sa.Column(name, postgresql.ARRAY(of), server_default="{}", nullable=False))
    op.add_column("alert_cause", sa.Column("alert", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("alert_cause", "alert")
    for name in ("rights", "at_full", "at_summary"):
        op.drop_column("event", name)
