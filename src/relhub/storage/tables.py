"""The tables. F: a fact, kept. C: computed from facts, and thrown away and made again by `relhub rebuild`."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, JSONB, ExcludeConstraint

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)
_Time = DateTime(timezone=True)
_NEXT_LOOK = text("nextval('consultation_log_id_seq')")


def not_a_partition(name: str | None, sort: str, _: object) -> bool:
    """For Alembic: the partitions of the log come and go with the months."""
    return not (sort == "table" and name and name.startswith("consultation_log_"))


# F. How each source is doing, and where its pull goes on.
source_state = Table(
    "source_state",
    metadata,
    Column("source", Text, primary_key=True),
    Column("cursor", JSONB),
    Column("complete_pulls", Integer, nullable=False, server_default="0"),
    Column("mapping_version", Text, nullable=False, server_default=""),
    Column("last_attempt_at", _Time),
    Column("last_success_at", _Time),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("unavailable_since", _Time),
    Column("expected", Integer),
)

# F. Each time that a source is pulled: asked for or scheduled, how far it is, how it ended. At most one of a source is open.
pull = Table(
    "pull",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", _Time, nullable=False),
    Column("scheduled_for", _Time),
    Column("accept_loss", Boolean, nullable=False, server_default="false"),
    Column("started_at", _Time),
    Column("ended_at", _Time),
    Column(
        "attempt", Integer, nullable=False, server_default="0"
    ),  # goes up when a process takes it: what an earlier one still writes is refused
    Column("documents", Integer, nullable=False, server_default="0"),
    Column("changed", Integer, nullable=False, server_default="0"),
    Column("quarantined", Integer, nullable=False, server_default="0"),
    Column("gone", Integer, nullable=False, server_default="0"),
    Column("seen", Integer, nullable=False, server_default="0"),
    Column("expected", Integer),
    Column("error", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
    UniqueConstraint("source", "scheduled_for"),
)
Index("pull_open_key", pull.c.source, unique=True, postgresql_where=text("state IN ('waiting', 'running')"))
Index("pull_source_idx", pull.c.source, pull.c.asked_at.desc())

# What was answered to a request that may be sent again (Idempotency-Key), sealed: key and request as hashes, kept for a day.
kept_answer = Table(
    "kept_answer",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("at", _Time, nullable=False),
    Column("answer", LargeBinary),
)
Index("kept_answer_at_idx", kept_answer.c.at)

# Exports: who asked for what is held of which relation, how far it is, until when it is there. Decided again, with what stands here, when it is made.
export = Table(
    "export",
    metadata,
    Column("id", Text, primary_key=True),
    Column("relation_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("consumer", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("official", Text, nullable=False),
    Column("activity", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("span_id", Text, nullable=False),
    Column("asked_at", _Time, nullable=False),
    Column("next_at", _Time, nullable=False),
    Column("ended_at", _Time),
    Column("expires_at", _Time),
    Column("record_sources", ARRAY(Text), nullable=False, server_default="{}"),  # the party records that it was made of, with the next
    Column("record_keys", ARRAY(Text), nullable=False, server_default="{}"),
    Column("attempt", Integer, nullable=False, server_default="0"),  # as of a pull: what an earlier process still writes is refused
    Column("steps_done", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state"),
)
Index("export_open_idx", export.c.asked_at, postgresql_where=text("state IN ('waiting', 'running')"))
Index("export_expires_idx", export.c.expires_at, postgresql_where=text("expires_at IS NOT NULL"))

# What an export holds, sealed, in pieces; gone when it expires. `attempt`: of which process it is.
export_part = Table(
    "export_part",
    metadata,
    Column("export_id", Text, primary_key=True),  # no foreign key: checking it would fail while another connection notes how far it is
    Column("attempt", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("section", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# F. Keys that were issued to consumers (`relhub keys`): as keyed hashes, with whom they are of.
api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("consumer", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", _Time, nullable=False),
    Column("expires_at", _Time, nullable=False),
    Column("revoked_at", _Time),
    Column("last_used_on", Date),
)

# One row: the oldest version of relhub, by its newest migration, that can work with these tables.
compatibility = Table("compatibility", metadata, Column("oldest", Text, primary_key=True))

# One row: a keyed hash by which another keys file is recognised before it finds nobody.
keys_check = Table(
    "keys_check",
    metadata,
    Column("one", Boolean, CheckConstraint("one", name="one"), primary_key=True, server_default="true"),
    Column("token", LargeBinary, nullable=False),
)

# F. What a source sent: its hash, and where a set has several documents, the sealed body.
document = Table(
    "document",
    metadata,
    Column("source", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("set_key", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("sealed", LargeBinary),
    Column("closing", Boolean, nullable=False),
    Column("seen_pull", Integer),  # NULL: fetched with its set, never listed by itself
    Column("asked_at", _Time),  # when the question was put to which this was the answer
)
Index("document_set_key_idx", document.c.set_key, document.c.source)  # not the source first: see case_record

# F. Sets with a document that changed since they were read.
unread_set = Table("unread_set", metadata, Column("source", Text, primary_key=True), Column("set_key", Text, primary_key=True))

# F. Documents of cases that are over time, so that they are not kept again while they stay as they are: keyed hashes of what was sent, and of
# the set's key, nothing else. Gone when the source has them no more.
purged_document = Table(
    "purged_document",
    metadata,
    Column("source", Text, primary_key=True),
    Column("token", LargeBinary, primary_key=True),
    Column("set_token", LargeBinary, nullable=False),
    Column("closing", Boolean, nullable=False),
    Column("seen_pull", Integer, nullable=False),
)
Index("purged_document_set_idx", purged_document.c.source, purged_document.c.set_token)

# One row: when the last purge came to its end, and the last event that was trimmed.
purge_state = Table(
    "purge_state",
    metadata,
    Column("one", Boolean, CheckConstraint("one", name="one"), primary_key=True, server_default="true"),
    Column("purged_at", _Time),
    Column("event_transaction", BigInteger, nullable=False, server_default="0"),
    Column("event_id", BigInteger, nullable=False, server_default="0"),
)

# F. What could not be read strictly: the reason in clear (it holds no values), what was sent sealed.
quarantine = Table(
    "quarantine",
    metadata,
    Column("source", Text, primary_key=True),
    Column("set_key", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("mapping_version", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", _Time, nullable=False),
)

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
    Column("retired_at", _Time),
    Column("non_disclosure", Boolean, nullable=False, server_default="false"),
    Column("marks", ARRAY(Text)),
    Column("created_at", _Time, nullable=False),
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
    Column("from_at", _Time, nullable=False),
    Column("until_at", _Time),
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

# C. Cases that no access rule tells apart. Ids stay: rows are only ever added.
compartment = Table(
    "compartment",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("source", Text, nullable=False),
    Column("capacity", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("confidentiality", Text, nullable=False),
    UniqueConstraint("source", "capacity", "kind", "confidentiality"),
)

# F. What one source says about one case. C: `compartment`; `protected`, whether a party in it has non-disclosure; `marks`, those on its parties that restrict it; `full`, `summary`,
# `existence`, the parts as they are shown, open at the end, and `discreet`, the part for who may not see what non-disclosure hides.
case_record = Table(
    "case_record",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("source", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("set_key", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("capacity", Text, nullable=False),
    Column("compartment", Integer, ForeignKey("compartment.id"), nullable=False),
    Column("protected", Boolean, nullable=False, server_default="false"),
    Column("marks", ARRAY(Text)),
    Column("open", Boolean, nullable=False),
    Column("department", Text, nullable=False),
    Column("departments", ARRAY(Text), nullable=False),
    Column("on_date", Date, nullable=False),
    Column("modified_at", _Time),
    Column("zaak", Text, nullable=False, server_default=""),
    Column("full", LargeBinary, nullable=False),
    Column("summary", LargeBinary, nullable=False),
    Column("existence", LargeBinary, nullable=False),
    Column("discreet", LargeBinary, nullable=False),
    UniqueConstraint("source", "case_id"),
    postgresql_with={"toast_tuple_target": 4080},  # a usual case is 3 kB: read and written in one place, two on a page
)
# The source is not first: of two indexes that begin with it a plan made for an empty table takes either, also the one that does not fit.
Index("case_record_set_key_idx", case_record.c.set_key, case_record.c.source)
Index("case_record_zaak_idx", case_record.c.zaak, postgresql_where=text("zaak <> ''"))
Index(
    "case_record_department_idx", case_record.c.department, case_record.c.open.desc(), case_record.c.on_date.desc(), case_record.c.id.desc()
)

# C. By which names the places of a case are known: a BAG id, an address (postcode/number), or both. In clear, as in the body of the case: a row
# says nothing of anyone. No foreign key: see match_key.
case_place = Table(
    "case_place",
    metadata,
    Column("case_id", BigInteger, primary_key=True),
    Column("bag_id", Text, primary_key=True),
    Column("address", Text, primary_key=True),
)
Index("case_place_bag_id_idx", case_place.c.bag_id, postgresql_where=text("bag_id <> ''"))
Index("case_place_address_idx", case_place.c.address, postgresql_where=text("address <> ''"))

# F. Which party has which part in which case. `relation_id` and what the view selects and sorts by: C.
involvement = Table(
    "involvement",
    metadata,
    Column("case_id", BigInteger, ForeignKey("case_record.id", ondelete="CASCADE"), primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    Column("party_id", BigInteger, ForeignKey("party_record.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("acting_for", Text, nullable=False, server_default=""),
    Column("relation_id", Text),
    Column("capacity", Text, nullable=False),
    Column("compartment", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("on_date", Date, nullable=False),
    Column("modified_at", _Time),
    Column("zaak", Text, nullable=False, server_default=""),
)
Index("involvement_party_idx", involvement.c.party_id, involvement.c.compartment, involvement.c.modified_at)
Index(
    "involvement_view_idx",
    involvement.c.relation_id,
    involvement.c.open.desc(),
    involvement.c.on_date.desc(),
    involvement.c.case_id.desc(),
    postgresql_include=["compartment", "capacity", "role"],  # so that a page and the counts are read from the index alone, in its order
)

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
    Column("decided_at", _Time, nullable=False),
    Column("withdrawn_by", Text),
    Column("withdrawn_at", _Time),
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
    Column("set_at", _Time, nullable=False),
    Column("lifted_at", _Time),
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
    Column("received_at", _Time, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("extended", Boolean, nullable=False, server_default="false"),
    Column("decided_at", _Time),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("words", LargeBinary, nullable=False),
    Column("answer", LargeBinary),
    CheckConstraint("sort IN ('contest', 'correction', 'restriction', 'objection')", name="sort"),
    CheckConstraint("state IN ('open', 'granted', 'refused', 'withdrawn', 'ended')", name="state"),
)
Index("subject_request_due_idx", subject_request.c.organisation, subject_request.c.due_on, subject_request.c.id)
Index("subject_request_relation_idx", subject_request.c.relation_id)

# F. What officials record here: contact moments, tasks, commitments, as they are now. C: `compartments` (its own and those of its cases: it is
# seen at the lowest level of these), `open`, and the parts as they are shown; `outside`, for who asked through the coordinator.
entry = Table(
    "entry",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("sort", Text, nullable=False),
    Column("relation_id", Text, ForeignKey("relation.id")),
    Column("organisation", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("official", Text, nullable=False),
    Column("capacity", Text, nullable=False),
    Column("confidentiality", Text, nullable=False),
    Column("at", _Time, nullable=False),
    Column("said", JSONB, nullable=False),
    Column("cases", ARRAY(Text), nullable=False),
    Column("state", Text, nullable=False),
    Column("due", Date),
    Column("assignee", Text, nullable=False),
    Column("assignee_department", Text, nullable=False),
    Column("through", Boolean, nullable=False),
    Column("opens", Boolean, nullable=False),
    Column("answered_at", _Time),
    Column("version", Integer, nullable=False),
    Column("compartments", ARRAY(Integer), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("departments", ARRAY(Text), nullable=False),
    Column("handlers", ARRAY(Text), nullable=False),
    Column("full", LargeBinary, nullable=False),
    Column("summary", LargeBinary, nullable=False),
    Column("existence", LargeBinary, nullable=False),
    Column("outside", LargeBinary),
    Column("changed_at", _Time, nullable=False),
)
Index("entry_relation_idx", entry.c.relation_id, entry.c.sort, entry.c.at.desc(), postgresql_where=text("state <> 'deleted'"))
Index("entry_assigned_idx", entry.c.organisation, entry.c.assignee_department, entry.c.due, postgresql_where=text("open"))
Index("entry_cases_idx", entry.c.cases, postgresql_using="gin", postgresql_where=text("cases <> '{}'"))
Index("entry_recorded_idx", entry.c.organisation, entry.c.department, entry.c.number)

# F. Each step of an entry: who did what, and how it was before.
entry_step = Table(
    "entry_step",
    metadata,
    Column("entry", BigInteger, ForeignKey("entry.number", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("step", Text, nullable=False),
    Column("at", _Time, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("official", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("inside", Boolean, nullable=False),
    Column("before", JSONB, nullable=False),
)

# F. That something changed, and where; never what. `compartments`: of the cases that changed. `transaction`: in which it was written,
# so that events can be given in the order in which they became visible.
event = Table(
    "event",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", _Time, nullable=False),
    Column("type", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("relation_id", Text),
    Column("case_id", Text),
    Column("compartments", ARRAY(Integer), nullable=False),
    Column("all_of", Boolean, nullable=False, server_default="false"),  # told to who sees all of these, not any
    Column("transaction", BigInteger, nullable=False, server_default=text("(pg_current_xact_id()::text)::bigint")),
)
Index("event_transaction_idx", event.c.transaction, event.c.id)

# F. What the privacy officer is to be told, or the owner of a source (`destination`), and when that was. `times`: how often the same happened.
notice = Table(
    "notice",
    metadata,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("destination", Text, nullable=False, server_default=""),
    Column("body", JSONB, nullable=False),
    Column("at", _Time, nullable=False),
    Column("times", Integer, nullable=False, server_default="1"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", _Time, nullable=False),
    Column("told_at", _Time),
)
Index("notice_untold_idx", notice.c.next_at, postgresql_where=text("told_at IS NULL"))

# F. Who looked at whom, and why. Only ever added to: by rights, and by triggers (migration 0009). A partition for each month of `at` (UTC);
# what has none is in the partition `consultation_log_other` until `make_log_partitions` makes it.
consultation_log = Table(
    "consultation_log",
    metadata,
    Column("id", BigInteger, Sequence("consultation_log_id_seq", metadata=metadata), nullable=False, server_default=_NEXT_LOOK),
    Column("at", _Time, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("consumer", Text, nullable=False),
    Column("application", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("official", Text, nullable=False),
    Column("activity", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    Column("rules_version", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("relation_ids", ARRAY(Text), nullable=False),
    Column("levels", JSONB, nullable=False),
    Column("records", ARRAY(Text), nullable=False),
    Column("written_at", _Time, nullable=False, server_default=text("clock_timestamp()")),
    Column("span_id", Text, nullable=False, server_default=""),
    Column("parent_span_id", Text, nullable=False, server_default=""),
    Column("register_uri", Text, nullable=False, server_default=""),
    Column("sections", ARRAY(Text), nullable=False, server_default="{}"),
    Column("disclosable", Boolean, nullable=False, server_default="true"),
    PrimaryKeyConstraint("id", "at"),
    postgresql_partition_by="RANGE (at)",
)
Index("consultation_log_relation_idx", consultation_log.c.relation_ids, postgresql_using="gin")
Index("consultation_log_official_idx", consultation_log.c.official, consultation_log.c.id)
Index(
    "consultation_log_search_idx",
    consultation_log.c.consumer,
    consultation_log.c.official,
    consultation_log.c.at,
    postgresql_where=text("operation IN ('search', 'place')"),
)
Index("consultation_log_trace_idx", consultation_log.c.trace_id, postgresql_using="hash")

# F. The seals of the log, each over the rows of one month that it names, chained by `previous` and authenticated by `mac`. Only ever added to.
# `leaves`: the first eight bytes of the hash of each row, to say which one is wrong. `floor`: no row up to there is still to come.
log_seal = Table(
    "log_seal",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("sort", Text, nullable=False),
    Column("form", SmallInteger, nullable=False),
    Column("month", Date, nullable=False),
    Column("ids", INT8MULTIRANGE, nullable=False),
    Column("first_id", BigInteger, nullable=False),
    Column("last_id", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("first_at", _Time, nullable=False),
    Column("last_at", _Time, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("leaves", LargeBinary, nullable=False),
    Column("floor", BigInteger, nullable=False),
    Column("made_at", _Time, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    CheckConstraint("sort IN ('rows', 'dropped')", name="sort"),
)
Index("log_seal_first_id_idx", log_seal.c.first_id, log_seal.c.number)
Index("log_seal_last_id_idx", log_seal.c.last_id)

# One row: up to which seal, and which row of it, the log was sent to the Logboek Dataverwerkingen.
log_export = Table(
    "log_export",
    metadata,
    Column("one", Boolean, CheckConstraint("one", name="one"), primary_key=True, server_default="true"),
    Column("seal", BigInteger, nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("failing_since", _Time),
    Column("tried_at", _Time),
)
