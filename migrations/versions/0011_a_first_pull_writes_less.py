"""What a first pull paid for: foreign keys of computed rows, cases kept beside their table, and indexes that a plan for an empty table mixed up."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None
works_with = "0006"

_COMPUTED = ("match_key", "search_term")
_OF_SETS = ("document", "case_record")


def upgrade() -> None:
    for table in _COMPUTED:
        op.drop_constraint(f"{table}_party_id_fkey", table, type_="foreignkey")
    op.execute("ALTER TABLE case_record SET (toast_tuple_target = 4080)")
    for table in _OF_SETS:
        op.drop_index(f"{table}_set_key_idx", table_name=table)
        op.create_index(f"{table}_set_key_idx", table, ["set_key", "source"])


def downgrade() -> None:
    for table in _OF_SETS:
        op.drop_index(f"{table}_set_key_idx", table_name=table)
        op.create_index(f"{table}_set_key_idx", table, ["source", "set_key"])
    op.execute("ALTER TABLE case_record RESET (toast_tuple_target)")
    for table in _COMPUTED:
        op.execute(f"DELETE FROM {table} c WHERE NOT EXISTS (SELECT FROM party_record p WHERE p.id = c.party_id)")
        op.create_foreign_key(f"{table}_party_id_fkey", table, "party_record", ["party_id"], ["id"], ondelete="CASCADE")
