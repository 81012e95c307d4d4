"""The tables of what relhub needs for itself: keys, what it answered, exports. F: a fact, kept. C: computed from facts, and made again by `relhub rebuild`."""

from sqlalchemy import ARRAY, Boolean, CheckConstraint, Column, Date, Index, Integer, LargeBinary, Table, Text, text

from relhub.storage.tables.base import TIME, metadata

# What was answered to a request that may be sent again (Idempotency-Key), sealed: key and request as hashes, kept for a day.
kept_answer = Table(
    "kept_answer",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("at", TIME, nullable=False),
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
    Column("asked_at", TIME, nullable=False),
    Column("next_at", TIME, nullable=False),
    Column("ended_at", TIME),
    Column("expires_at", TIME),
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
    Column("created_at", TIME, nullable=False),
    Column("expires_at", TIME, nullable=False),
    Column("revoked_at", TIME),
    Column("last_used_on", Date),
)

# Officials who signed in on the console: their access token and what they work on, sealed; found by a hash of the key in their cookie.
console_session = Table(
    "console_session",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", TIME, nullable=False),
)
Index("console_session_expires_idx", console_session.c.expires_at)

# One row: the oldest version of relhub, by its newest migration, that can work with these tables.
compatibility = Table("compatibility", metadata, Column("oldest", Text, primary_key=True))

# One row: a keyed hash by which another keys file is recognised before it finds nobody.
keys_check = Table(
    "keys_check",
    metadata,
    Column("one", Boolean, CheckConstraint("one", name="one"), primary_key=True, server_default="true"),
    Column("token", LargeBinary, nullable=False),
)
