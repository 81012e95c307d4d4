"""The tables of what sources sent, and how each is doing. F: a fact, kept. C: computed from facts, and made again by `relhub rebuild`."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from relhub.storage.tables.base import TIME, metadata

# F. How each source is doing, and where its pull goes on.
source_state = Table(
    "source_state",
    metadata,
    Column("source", Text, primary_key=True),
    Column("cursor", JSONB),
    Column("complete_pulls", Integer, nullable=False, server_default="0"),
    Column("mapping_version", Text, nullable=False, server_default=""),
    Column("last_attempt_at", TIME),
    Column("last_success_at", TIME),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("unavailable_since", TIME),
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
    Column("asked_at", TIME, nullable=False),
    Column("scheduled_for", TIME),
    Column("accept_loss", Boolean, nullable=False, server_default="false"),
    Column("started_at", TIME),
    Column("ended_at", TIME),
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
    Column("asked_at", TIME),  # when the question was put to which this was the answer
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
    Column("purged_at", TIME),
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
    Column("at", TIME, nullable=False),
)
