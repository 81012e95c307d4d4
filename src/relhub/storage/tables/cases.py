"""The tables of cases, where they are and who is in them. F: a fact, kept. C: computed from facts, and made again by `relhub rebuild`."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from relhub.storage.tables.base import TIME, metadata

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
    Column("modified_at", TIME),
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
    Column("modified_at", TIME),
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
Index(
    "involvement_zaak_idx",
    involvement.c.relation_id,
    involvement.c.zaak,
    involvement.c.case_id,
    postgresql_include=["compartment"],  # so that whether two systems know one zaak is read from the index alone
    postgresql_where=text("zaak <> ''"),
)
