"""Access rules tell cases apart by source, capacity, kind and confidentiality; non-disclosure hides where a case is.

The version before this one can't work with it: it knows no compartments. Run `relhub rebuild` afterwards, which writes the discreet parts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_VIEW = ["relation_id", sa.text("open DESC"), sa.text("on_date DESC"), sa.text("case_id DESC")]
_OF_CASES = """
INSERT INTO compartment (source, capacity, kind, confidentiality)
SELECT DISTINCT source, capacity, body->>'kind', coalesce(body->>'confidentiality', '') FROM case_record ORDER BY 1, 2, 3, 4
"""
_CASES = """
UPDATE case_record c SET compartment = k.id, discreet = c.existence FROM compartment k
WHERE (k.source, k.capacity, k.kind, k.confidentiality) = (c.source, c.capacity, c.body->>'kind', coalesce(c.body->>'confidentiality', ''))
"""
_PROTECTED = """
UPDATE case_record c SET protected = true WHERE EXISTS (
    SELECT FROM involvement i JOIN relation r ON r.id = i.relation_id WHERE i.case_id = c.id AND r.non_disclosure)
"""
# Of a case that is gone all that could have been its compartment is not known: such an event is heard by nobody.
_EVENTS = """
UPDATE event e SET compartments = CASE WHEN e.relation_id IS NULL
    THEN ARRAY(SELECT c.compartment FROM case_record c WHERE c.source || '/' || c.case_id = e.case_id)
    ELSE ARRAY(SELECT DISTINCT i.compartment FROM involvement i WHERE i.relation_id = e.relation_id AND i.capacity = ANY(e.capacities)) END
"""


def upgrade() -> None:
    op.create_table(
        "compartment",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("confidentiality", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="compartment_pkey"),
        sa.UniqueConstraint(
            "source", "capacity", "kind", "confidentiality", name=op.f("compartment_source_capacity_kind_confidentiality_key")
        ),
    )
    op.execute(_OF_CASES)
    op.add_column("case_record", sa.Column("compartment", sa.Integer()))
    op.add_column("case_record", sa.Column("protected", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("case_record", sa.Column("discreet", sa.LargeBinary()))
    op.add_column("involvement", sa.Column("compartment", sa.Integer()))
    op.add_column("event", sa.Column("compartments", sa.ARRAY(sa.Integer()), server_default="{}", nullable=False))
    op.execute(_CASES)
    op.execute("UPDATE involvement i SET compartment = c.compartment FROM case_record c WHERE c.id = i.case_id")
    op.execute(_PROTECTED)
    op.execute(_EVENTS)
    for table, column in (("case_record", "compartment"), ("case_record", "discreet"), ("involvement", "compartment")):
        op.alter_column(table, column, nullable=False)
    op.alter_column("event", "compartments", server_default=None)
    op.alter_column("party_record", "protected", nullable=True)
    op.create_foreign_key("case_record_compartment_fkey", "case_record", "compartment", ["compartment"], ["id"])
    op.drop_column("event", "capacities")
    op.drop_index("involvement_view_idx", table_name="involvement")
    op.create_index("involvement_view_idx", "involvement", _VIEW, postgresql_include=["compartment", "capacity", "role"])
    op.drop_index("involvement_party_idx", table_name="involvement")
    op.create_index("involvement_party_idx", "involvement", ["party_id", "compartment", "modified_at"])


def downgrade() -> None:
    op.drop_index("involvement_party_idx", table_name="involvement")
    op.create_index("involvement_party_idx", "involvement", ["party_id", "capacity", sa.text("modified_at DESC NULLS LAST")])
    op.drop_index("involvement_view_idx", table_name="involvement")
    op.create_index("involvement_view_idx", "involvement", _VIEW, postgresql_include=["capacity", "role"])
    op.execute("UPDATE party_record SET protected = false WHERE protected IS NULL")
    op.alter_column("party_record", "protected", nullable=False)
    op.add_column("event", sa.Column("capacities", sa.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.execute("UPDATE event e SET capacities = ARRAY(SELECT DISTINCT k.capacity FROM compartment k WHERE k.id = ANY(e.compartments))")
    op.drop_column("event", "compartments")
    op.drop_column("involvement", "compartment")
    op.drop_constraint("case_record_compartment_fkey", "case_record")
    for column in ("discreet", "protected", "compartment"):
        op.drop_column("case_record", column)
    op.drop_table("compartment")
