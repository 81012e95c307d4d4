"""A case of someone with non-disclosure is protected in whichever system it is known, and no longer than they are in it; relations are of the kind of their records."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
works_with = "0006"


def upgrade() -> None:
    op.execute(
        """
        WITH secret AS MATERIALIZED (
            SELECT DISTINCT c.id, c.zaak FROM case_record c JOIN involvement i ON i.case_id = c.id
            JOIN relation r ON r.id = i.relation_id WHERE r.non_disclosure
        ), alike AS MATERIALIZED (
            SELECT id FROM secret UNION SELECT c.id FROM case_record c WHERE c.zaak IN (SELECT zaak FROM secret WHERE zaak <> '')
        )
        UPDATE case_record c SET protected = NOT c.protected WHERE c.protected <> (c.id IN (SELECT id FROM alike))
        """
    )
    op.execute("UPDATE relation r SET kind = p.kind FROM party_record p WHERE p.relation_id = r.id AND r.kind <> p.kind")


def downgrade() -> None:
    """What is protected stays so until its case changes: the safe side."""
