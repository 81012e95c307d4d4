"""The directory of officials. Only adds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None
works_with = "0006"


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _lists(*names: str) -> list[sa.Column[list[str]]]:
    return [sa.Column(name, postgresql.ARRAY(sa.Text()), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "official",
        *_texts("organisation", "account", "name", "department"),
        *_lists("roles"),
        *_texts("phone", "email"),
        *_lists("accounts"),
        *(sa.Column(name, sa.Date()) for name in ("away_from", "away_until", "left_on")),
        *_texts("replaced_by"),
        sa.PrimaryKeyConstraint("organisation", "account", name=op.f("official_pkey")),
    )
    op.create_index("official_accounts_idx", "official", ["accounts"], postgresql_using="gin")
    op.create_index("official_email_idx", "official", [sa.literal_column("lower(email)")])


def downgrade() -> None:
    op.drop_table("official")
