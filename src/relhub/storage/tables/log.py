"""The tables of who looked at whom, and why. F: a fact, kept. C: computed from facts, and made again by `relhub rebuild`."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, JSONB

from relhub.storage.tables.base import TIME, metadata

_NEXT_LOOK = text("nextval('consultation_log_id_seq')")

# F. Who looked at whom, and why. Only ever added to: by rights, and by triggers (migration 0009). A partition for each month of `at` (UTC);
# what has none is in the partition `consultation_log_other` until `make_log_partitions` makes it.
consultation_log = Table(
    "consultation_log",
    metadata,
    Column("id", BigInteger, Sequence("consultation_log_id_seq", metadata=metadata), nullable=False, server_default=_NEXT_LOOK),
    Column("at", TIME, nullable=False),
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
    Column("written_at", TIME, nullable=False, server_default=text("clock_timestamp()")),
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
    Column("first_at", TIME, nullable=False),
    Column("last_at", TIME, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("leaves", LargeBinary, nullable=False),
    Column("floor", BigInteger, nullable=False),
    Column("made_at", TIME, nullable=False),
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
    Column("failing_since", TIME),
    Column("tried_at", TIME),
)
