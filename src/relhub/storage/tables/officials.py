"""The directory of officials, and relation managers. F: a fact, kept. C: computed."""

from sqlalchemy import ARRAY, BigInteger, Column, Date, ForeignKey, Identity, Index, Integer, Table, Text, func, text

from relhub.storage.tables.base import TIME, metadata

# F. An official as the file says that was imported last, by the account by which their organisation knows them. `accounts`: those of sources.
official = Table(
    "official",
    metadata,
    Column("organisation", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("phone", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("accounts", ARRAY(Text), nullable=False),
    Column("away_from", Date),
    Column("away_until", Date),
    Column("left_on", Date),
    Column("replaced_by", Text, nullable=False),
)
Index("official_accounts_idx", official.c.accounts, postgresql_using="gin")
Index("official_email_idx", func.lower(official.c.email))

# F. Who is, or was, the relation manager. C: `compartments`, in which it shows: any of them.
relation_manager = Table(
    "relation_manager",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("relation_id", Text, ForeignKey("relation.id"), nullable=False),
    Column("organisation", Text, nullable=False),
    Column("capacity", Text, nullable=False),
    Column("official", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("from_at", TIME, nullable=False),
    Column("by_department", Text, nullable=False),
    Column("by_official", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("until_at", TIME),
    Column("ended_department", Text, nullable=False),
    Column("ended_official", Text, nullable=False),
    Column("ended_text", Text, nullable=False),
    Column("compartments", ARRAY(Integer), nullable=False),
)
Index("relation_manager_relation_idx", relation_manager.c.relation_id)
Index(
    "relation_manager_one_now_key",
    relation_manager.c.relation_id,
    relation_manager.c.organisation,
    relation_manager.c.capacity,
    unique=True,
    postgresql_where=text("until_at IS NULL"),
)
