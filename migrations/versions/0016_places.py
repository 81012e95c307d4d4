"""By which names the places of cases are known, read from the cases that there are; asking about a place counts as searching. Only adds.

What a version before this one writes beside it has its places only when it is read again: run `relhub rebuild` when the last one is gone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
works_with = "0006"

# As domain/places.py says it. Goes through each case once and keeps nothing in memory: about 30 seconds per million cases.
_OF_CASES = """
INSERT INTO case_place (case_id, bag_id, address)
SELECT DISTINCT c.id, ids.id, named.address FROM case_record c
CROSS JOIN LATERAL jsonb_array_elements(c.body->'places') p (body)
CROSS JOIN LATERAL (SELECT coalesce(nullif(p.body->'address'->>'postcode', '') || '/' || upper(nullif(p.body->'address'->>'number', '')), '') address) named
CROSS JOIN LATERAL (
    SELECT id FROM (VALUES (p.body->>'bag_id'), (p.body->'address'->>'bag_id')) b (id) WHERE id <> ''
    UNION ALL SELECT '' WHERE named.address <> '' AND coalesce(p.body->>'bag_id', '') = '' AND coalesce(p.body->'address'->>'bag_id', '') = ''
) ids
"""


def upgrade() -> None:
    op.create_table(
        "case_place",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bag_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "bag_id", "address", name=op.f("case_place_pkey")),
    )
    op.execute(_OF_CASES)
    op.create_index("case_place_bag_id_idx", "case_place", ["bag_id"], postgresql_where=sa.text("bag_id <> ''"))
    op.create_index("case_place_address_idx", "case_place", ["address"], postgresql_where=sa.text("address <> ''"))
    _index_searches("operation IN ('search', 'place')")


def _index_searches(which: str) -> None:
    """A version before this one counts by an index of both too."""
    op.drop_index("consultation_log_search_idx", table_name="consultation_log")
    op.create_index("consultation_log_search_idx", "consultation_log", ["consumer", "official", "at"], postgresql_where=sa.text(which))


def downgrade() -> None:
    _index_searches("operation = 'search'")
    op.drop_table("case_place")
