"""The tables of alerts. F: a fact, kept. C: computed from facts, and made again by `relhub rebuild`."""

from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Column, Date, Identity, Index, SmallInteger, Table, Text, text

from relhub.storage.tables.base import TIME, metadata

# C. By which records alerts of a relation hold, from when until when; what of it is told is decided when somebody looks. `number`: of a case, an
# entry or a party record; no foreign key: see match_key. `alert`, `topic` and `mark` are keyed hashes, or words of the rule.
alert_cause = Table(
    "alert_cause",
    metadata,
    Column("relation_id", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("side", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("via", BigInteger, primary_key=True),
    Column("sort", Text, nullable=False),
    Column("needs", SmallInteger, nullable=False),
    Column("mark", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("from_at", TIME),
    Column("until_at", TIME),
    Column("alert", Text, nullable=False, server_default=""),
)
Index("alert_cause_place_idx", alert_cause.c.number, postgresql_where=text("sort = 'place'"))
Index("alert_cause_until_idx", alert_cause.c.until_at, postgresql_where=text("until_at IS NOT NULL"))

# F. What a department has done with an alert: it is not told to that department again, until a day or for good, as long as it has no other causes
# than these `marks`.
alert_dismissal = Table(
    "alert_dismissal",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("relation_id", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("marks", ARRAY(Text), nullable=False),
    Column("organisation", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("official", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("until", Date),
    Column("at", TIME, nullable=False),
)
Index("alert_dismissal_relation_idx", alert_dismissal.c.relation_id, alert_dismissal.c.organisation, alert_dismissal.c.department)
Index("alert_dismissal_at_idx", alert_dismissal.c.at)

# One row: up to which event alerts were computed, by which rules; and, while all are computed again, up to which relation that is done.
alert_state = Table(
    "alert_state",
    metadata,
    Column("one", Boolean, CheckConstraint("one", name="one"), primary_key=True, server_default="true"),
    Column("event_transaction", BigInteger, nullable=False, server_default="0"),
    Column("event_id", BigInteger, nullable=False, server_default="0"),
    Column("version", Text, nullable=False, server_default=""),
    Column("again_after", Text),
)
