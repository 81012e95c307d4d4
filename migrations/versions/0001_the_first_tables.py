"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "case_record",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("set_key", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("capacity", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("departments", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("zaak", sa.Text(), server_default="", nullable=False),
        sa.Column("full", sa.LargeBinary(), nullable=False),
        sa.Column("summary", sa.LargeBinary(), nullable=False),
        sa.Column("existence", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("case_record_pkey")),
        sa.UniqueConstraint("source", "case_id", name=op.f("case_record_source_case_id_key")),
    )
    op.create_index("case_record_set_key_idx", "case_record", ["source", "set_key"], unique=False)
    op.create_index("case_record_zaak_idx", "case_record", ["zaak"], unique=False, postgresql_where=sa.text("zaak <> ''"))
    op.create_table(
        "consultation_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("application", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("official", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("rules_version", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("relation_ids", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("levels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("records", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("consultation_log_pkey")),
    )
    op.create_index("consultation_log_relation_idx", "consultation_log", ["relation_ids"], unique=False, postgresql_using="gin")
    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("a_source", sa.Text(), nullable=False),
        sa.Column("a_key", sa.Text(), nullable=False),
        sa.Column("b_source", sa.Text(), nullable=False),
        sa.Column("b_key", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("verdict IN ('same', 'different')", name=op.f("decision_verdict_check")),
        sa.CheckConstraint("(a_source, a_key) < (b_source, b_key)", name=op.f("decision_ordered_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("decision_pkey")),
    )
    op.create_index("decision_b_idx", "decision", ["b_source", "b_key"], unique=False, postgresql_where=sa.text("withdrawn_at IS NULL"))
    op.create_index(
        "decision_pair_key",
        "decision",
        ["a_source", "a_key", "b_source", "b_key"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "document",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("set_key", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("closing", sa.Boolean(), nullable=False),
        sa.Column("seen_pull", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("source", "id", name=op.f("document_pkey")),
    )
    op.create_index("document_set_key_idx", "document", ["source", "set_key"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("relation_id", sa.Text(), nullable=True),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("event_pkey")),
    )
    op.create_table(
        "quarantine",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("set_key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("mapping_version", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "set_key", name=op.f("quarantine_pkey")),
    )
    op.create_table(
        "relation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("anchor_source", sa.Text(), nullable=False),
        sa.Column("anchor_key", sa.Text(), nullable=False),
        sa.Column("anchor_number", sa.Integer(), nullable=False),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("non_disclosure", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("relation_pkey")),
        sa.UniqueConstraint(
            "anchor_source", "anchor_key", "anchor_number", name=op.f("relation_anchor_source_anchor_key_anchor_number_key")
        ),
    )
    op.create_index("relation_merged_into_idx", "relation", ["merged_into"], unique=False)
    op.create_table(
        "source_state",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("cursor", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("complete_pulls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("mapping_version", sa.Text(), server_default="", nullable=False),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("unavailable_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("source", name=op.f("source_state_pkey")),
    )
    op.create_table(
        "unread_set",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("set_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "set_key", name=op.f("unread_set_pkey")),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("relation_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["relation_id"], ["relation.id"], name=op.f("membership_relation_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("membership_pkey")),
    )
    op.create_index(
        "membership_open_key", "membership", ["source", "key", "variant"], unique=True, postgresql_where=sa.text("until_at IS NULL")
    )
    op.create_index("membership_party_idx", "membership", ["source", "key"], unique=False)
    op.create_index("membership_relation_idx", "membership", ["relation_id"], unique=False, postgresql_where=sa.text("until_at IS NULL"))
    op.create_table(
        "party_record",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("contact_of", sa.Text(), server_default="", nullable=False),
        sa.Column("leaf", sa.Boolean(), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("birth", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("display", sa.Text(), nullable=False),
        sa.Column("relation_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["relation_id"], ["relation.id"], name=op.f("party_record_relation_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("party_record_pkey")),
        sa.UniqueConstraint("source", "key", "variant", name=op.f("party_record_source_key_variant_key")),
    )
    op.create_index(
        "party_record_contact_of_idx", "party_record", ["source", "contact_of"], unique=False, postgresql_where=sa.text("contact_of <> ''")
    )
    op.create_index("party_record_relation_id_idx", "party_record", ["relation_id"], unique=False)
    op.create_table(
        "involvement",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("acting_for", sa.Text(), server_default="", nullable=False),
        sa.Column("relation_id", sa.Text(), nullable=True),
        sa.Column("capacity", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"], name=op.f("involvement_case_id_fkey"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["party_id"], ["party_record.id"], name=op.f("involvement_party_id_fkey")),
        sa.PrimaryKeyConstraint("case_id", "position", name=op.f("involvement_pkey")),
    )
    op.create_index(
        "involvement_party_idx", "involvement", ["party_id", "capacity", sa.literal_column("modified_at DESC NULLS LAST")], unique=False
    )
    op.create_index(
        "involvement_view_idx",
        "involvement",
        ["relation_id", sa.literal_column("open DESC"), sa.literal_column("on_date DESC"), sa.literal_column("case_id DESC")],
        unique=False,
    )
    op.create_table(
        "match_key",
        sa.Column("party_id", sa.BigInteger(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party_record.id"], name=op.f("match_key_party_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("party_id", "scheme", name=op.f("match_key_pkey")),
    )
    op.create_index("match_key_token_idx", "match_key", ["token", "scheme"], unique=False)
    op.create_table(
        "party_identifier",
        sa.Column("party_id", sa.BigInteger(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("relation_id", sa.Text(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("relation_id"), "="),
            (sa.column("scheme"), "="),
            (sa.column("token"), "<>"),
            where=sa.text("scheme NOT LIKE 'own:%'"),
            deferrable=True,
            initially="DEFERRED",
            using="gist",
            name="party_identifier_one_number_per_scheme",
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party_record.id"], name=op.f("party_identifier_party_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("party_id", "scheme", name=op.f("party_identifier_pkey")),
    )
    op.create_index("party_identifier_token_idx", "party_identifier", ["token", "scheme"], unique=False)
    op.create_table(
        "search_term",
        sa.Column("party_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("term", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party_record.id"], name=op.f("search_term_party_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("party_id", "field", "term", name=op.f("search_term_pkey")),
    )
    op.create_index("search_term_term_idx", "search_term", ["term", "field"], unique=False)


def downgrade() -> None:
    op.drop_index("search_term_term_idx", table_name="search_term")
    op.drop_table("search_term")
    op.drop_index("party_identifier_token_idx", table_name="party_identifier")
    op.drop_table("party_identifier")
    op.drop_index("match_key_token_idx", table_name="match_key")
    op.drop_table("match_key")
    op.drop_index("involvement_view_idx", table_name="involvement")
    op.drop_index("involvement_party_idx", table_name="involvement")
    op.drop_table("involvement")
    op.drop_index("party_record_relation_id_idx", table_name="party_record")
    op.drop_index("party_record_contact_of_idx", table_name="party_record", postgresql_where=sa.text("contact_of <> ''"))
    op.drop_table("party_record")
    op.drop_index("membership_relation_idx", table_name="membership", postgresql_where=sa.text("until_at IS NULL"))
    op.drop_index("membership_party_idx", table_name="membership")
    op.drop_index("membership_open_key", table_name="membership", postgresql_where=sa.text("until_at IS NULL"))
    op.drop_table("membership")
    op.drop_table("unread_set")
    op.drop_table("source_state")
    op.drop_index("relation_merged_into_idx", table_name="relation")
    op.drop_table("relation")
    op.drop_table("quarantine")
    op.drop_table("event")
    op.drop_index("document_set_key_idx", table_name="document")
    op.drop_table("document")
    op.drop_index("decision_pair_key", table_name="decision", postgresql_where=sa.text("withdrawn_at IS NULL"))
    op.drop_index("decision_b_idx", table_name="decision", postgresql_where=sa.text("withdrawn_at IS NULL"))
    op.drop_table("decision")
    op.drop_index("consultation_log_relation_idx", table_name="consultation_log", postgresql_using="gin")
    op.drop_table("consultation_log")
    op.drop_index("case_record_zaak_idx", table_name="case_record", postgresql_where=sa.text("zaak <> ''"))
    op.drop_index("case_record_set_key_idx", table_name="case_record")
    op.drop_table("case_record")
