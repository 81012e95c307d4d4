"""The tables of parties, which of them are one relation, and what was decided and asked about that. F: a fact, kept. C: computed from facts, and made again by `relhub rebuild`."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint

from relhub.storage.tables.base import TIME, metadata

# C. A relation: one party as all its records together, with the marks on them. The row also keeps the fact which id was ever given to what.
relation = Table(
    "relation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("anchor_source", Text, nullable=False),
    Column("anchor_key", Text, nullable=False),
    Column("anchor_number", Integer, nullable=False),
    Column("merged_into", Text),
    Column("retired_at", TIME),
    Column("non_disclosure", Boolean, nullable=False, server_default="false"),
    Column("marks", ARRAY(Text)),
    Column("created_at", TIME, nullable=False),
    UniqueConstraint("anchor_source", "anchor_key", "anchor_number"),
)
Index("relation_merged_into_idx", relation.c.merged_into)
Index("relation_kind_idx", relation.c.kind, relation.c.id, postgresql_where=text("retired_at IS NULL"))

# F. Which id was given to which party, from when until when.
membership = Table(
    "membership",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("relation_id", Text, ForeignKey("relation.id"), nullable=False),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("from_at", TIME, nullable=False),
    Column("until_at", TIME),
)
Index("membership_party_idx", membership.c.source, membership.c.key)
Index("membership_relation_idx", membership.c.relation_id, postgresql_where=text("until_at IS NULL"))
Index("membership_until_idx", membership.c.until_at, postgresql_where=text("until_at IS NOT NULL"))
Index("membership_former_idx", membership.c.relation_id, postgresql_where=text("until_at IS NOT NULL"))
Index(
    "membership_open_key",
    membership.c.source,
    membership.c.key,
    membership.c.variant,
    unique=True,
    postgresql_where=text("until_at IS NULL"),
)

# F. What one source says about one party (without official numbers). `relation_id`, `birth`, `family`, `display`: C.
party_record = Table(
    "party_record",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("contact_of", Text, nullable=False, server_default=""),
    Column("leaf", Boolean, nullable=False),
    Column("protected", Boolean),  # non-disclosure; NULL: its source does not tell
    Column("birth", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("display", Text, nullable=False),
    Column("relation_id", Text, ForeignKey("relation.id")),
    UniqueConstraint("source", "key", "variant"),
)
Index("party_record_relation_id_idx", party_record.c.relation_id)
Index("party_record_contact_of_idx", party_record.c.source, party_record.c.contact_of, postgresql_where=text("contact_of <> ''"))

# F. Official numbers: found by a keyed hash, kept sealed. Two that differ within one scheme never share a relation.
party_identifier = Table(
    "party_identifier",
    metadata,
    Column("party_id", BigInteger, ForeignKey("party_record.id", ondelete="CASCADE"), primary_key=True),
    Column("scheme", Text, primary_key=True),
    Column("token", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("shown", Text, nullable=False),
    Column("relation_id", Text),
    ExcludeConstraint(
        ("relation_id", "="),
        ("scheme", "="),
        ("token", "<>"),
        name="party_identifier_one_number_per_scheme",
        using="gist",
        where=text("scheme NOT LIKE 'own:%'"),
        deferrable=True,
        initially="DEFERRED",
    ),
)
Index("party_identifier_token_idx", party_identifier.c.token, party_identifier.c.scheme)

# C. What records are found alike by. Here and in search_term no foreign key: checking it costs half of what a row does.
match_key = Table(
    "match_key",
    metadata,
    Column("party_id", BigInteger, primary_key=True),
    Column("scheme", Text, primary_key=True),
    Column("token", LargeBinary, nullable=False),
)
Index("match_key_token_idx", match_key.c.token, match_key.c.scheme)

# C. What records are searched by; terms are keyed hashes.
search_term = Table(
    "search_term",
    metadata,
    Column("party_id", BigInteger, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("term", LargeBinary, primary_key=True),
)
Index("search_term_term_idx", search_term.c.term, search_term.c.field)

# F. What stewards decided. Withdrawn, never deleted.
decision = Table(
    "decision",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("a_source", Text, nullable=False),
    Column("a_key", Text, nullable=False),
    Column("b_source", Text, nullable=False),
    Column("b_key", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", TIME, nullable=False),
    Column("withdrawn_by", Text),
    Column("withdrawn_at", TIME),
    CheckConstraint("verdict IN ('same', 'different')", name="verdict"),
    CheckConstraint("(a_source, a_key) < (b_source, b_key)", name="ordered"),
)
Index(
    "decision_pair_key",
    decision.c.a_source,
    decision.c.a_key,
    decision.c.b_source,
    decision.c.b_key,
    unique=True,
    postgresql_where=text("withdrawn_at IS NULL"),
)
Index("decision_b_idx", decision.c.b_source, decision.c.b_key, postgresql_where=text("withdrawn_at IS NULL"))

# F. What was put on a party to protect it, whatever the access rules open (domain/marks.py). Lifted, never deleted.
mark = Table(
    "mark",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("word", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("set_at", TIME, nullable=False),
    Column("lifted_at", TIME),
)
Index("mark_party_idx", mark.c.source, mark.c.key, postgresql_where=text("lifted_at IS NULL"))
Index("mark_request_idx", mark.c.request)

# F. What somebody asked about their own data: contest, correction, restriction, objection; what was asked and answered in words is sealed.
subject_request = Table(
    "subject_request",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sort", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("relation_id", Text, nullable=False),
    Column("source", Text, nullable=False, server_default=""),
    Column("record", Text, nullable=False, server_default=""),
    Column("case_id", Text, nullable=False, server_default=""),
    Column("field", Text, nullable=False, server_default=""),
    Column("activities", ARRAY(Text), nullable=False, server_default="{}"),
    Column("said_hash", LargeBinary),
    Column("organisation", Text, nullable=False),
    Column("consumer", Text, nullable=False),
    Column("official", Text, nullable=False),
    Column("received_at", TIME, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("extended", Boolean, nullable=False, server_default="false"),
    Column("decided_at", TIME),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("words", LargeBinary, nullable=False),
    Column("answer", LargeBinary),
    CheckConstraint("sort IN ('contest', 'correction', 'restriction', 'objection')", name="sort"),
    CheckConstraint("state IN ('open', 'granted', 'refused', 'withdrawn', 'ended')", name="state"),
)
Index("subject_request_due_idx", subject_request.c.organisation, subject_request.c.due_on, subject_request.c.id)
Index("subject_request_relation_idx", subject_request.c.relation_id)
