"""The directory of officials. F: a fact, kept."""

from sqlalchemy import ARRAY, Column, Date, Index, Table, Text, func

from relhub.storage.tables.base import metadata

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
