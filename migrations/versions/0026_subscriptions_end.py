"""What was made with the token of an official ends. Only adds.

Of those that there are it is not known whether an official made them: where one is named they end unless they are renewed. A process of
before, which does not say when one ends, makes them so as well.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None
works_with = "0006"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("subscription", sa.Column("expires_at", _TIME, server_default=sa.text("(now() + '90 days'::interval)")))
    op.add_column("subscription", sa.Column("warned_at", _TIME))
    op.execute("UPDATE subscription SET expires_at = NULL WHERE official = ''")


def downgrade() -> None:
    op.drop_column("subscription", "warned_at")
    op.drop_column("subscription", "expires_at")
