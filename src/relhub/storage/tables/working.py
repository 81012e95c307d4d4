"""The tables of what officials record here, and who is told of what. F: a fact, kept. C: computed from facts, and made again by `relhub rebuild`."""

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, ForeignKey, Identity, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from relhub.storage.tables.base import TIME, metadata

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
    Column("at", TIME, nullable=False),
    Column("said", JSONB, nullable=False),
    Column("cases", ARRAY(Text), nullable=False),
    Column("state", Text, nullable=False),
    Column("due", Date),
    Column("assignee", Text, nullable=False),
    Column("assignee_department", Text, nullable=False),
    Column("through", Boolean, nullable=False),
    Column("opens", Boolean, nullable=False),
    Column("answered_at", TIME),
    Column("version", Integer, nullable=False),
    Column("compartments", ARRAY(Integer), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("departments", ARRAY(Text), nullable=False),
    Column("handlers", ARRAY(Text), nullable=False),
    Column("full", LargeBinary, nullable=False),
    Column("summary", LargeBinary, nullable=False),
    Column("existence", LargeBinary, nullable=False),
    Column("outside", LargeBinary),
    Column("changed_at", TIME, nullable=False),
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
    Column("at", TIME, nullable=False),
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
    Column("at", TIME, nullable=False),
    Column("type", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("relation_id", Text),
    Column("case_id", Text),
    Column("compartments", ARRAY(Integer), nullable=False),
    Column("all_of", Boolean, nullable=False, server_default="false"),  # told to who sees all of these, not any
    # … and these of them at these levels, and has these rights (of alerts: domain/alert_news.py)
    Column("at_summary", ARRAY(Integer), nullable=False, server_default="{}"),
    Column("at_full", ARRAY(Integer), nullable=False, server_default="{}"),
    Column("rights", ARRAY(Text), nullable=False, server_default="{}"),
    Column(
        "unless", ARRAY(Text), nullable=False, server_default="{}"
    ),  # … and does not see all of any of these compartments, with spaces between
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
    Column("at", TIME, nullable=False),
    Column("times", Integer, nullable=False, server_default="1"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", TIME, nullable=False),
    Column("told_at", TIME),
)
Index("notice_untold_idx", notice.c.next_at, postgresql_where=text("told_at IS NULL"))
