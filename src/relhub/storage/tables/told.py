"""The tables of being told. F: a fact, kept."""

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from relhub.storage.tables.base import TIME, metadata

# F. Who is to be told of which changes, and where; `base`: of the API as the consumer knows it. `transaction`, `event`: all up to there is done with,
# or is in `delivery`. `taken_until`: a process is at it; `round`: how often one was, and only what the last of them writes counts.
# `expires_at`: of one that was made with the token of an official; the default is for processes that do not know of it yet.
# `gone_at`: when a purge first found that its consumer is no longer agreed on.
subscription = Table(
    "subscription",
    metadata,
    Column("id", Text, primary_key=True),
    Column("consumer", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("official", Text, nullable=False),
    Column("activity", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("base", Text, nullable=False),
    Column("relation_id", Text, nullable=False),
    Column("bag_id", Text, nullable=False),
    Column("case_kind", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("former_secret", LargeBinary),
    Column("former_until", TIME),
    Column("created_at", TIME, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("paused", Boolean, nullable=False, server_default="false"),
    Column("challenged_at", TIME, nullable=False),
    Column("verified_at", TIME),
    Column("transaction", BigInteger, nullable=False),
    Column("event", BigInteger, nullable=False),
    Column("next_at", TIME, nullable=False),
    Column("taken_until", TIME, nullable=False, server_default="-infinity"),
    Column("round", BigInteger, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", TIME),
    Column("trouble", Text, nullable=False, server_default=""),
    Column("last_told_at", TIME),
    Column("missed_at", TIME),
    Column("expires_at", TIME, server_default=text("(now() + '90 days'::interval)")),
    Column("warned_at", TIME),
    Column("gone_at", TIME),
)
Index("subscription_next_at_idx", subscription.c.next_at)
Index("subscription_consumer_idx", subscription.c.consumer, subscription.c.id)

# F. What could not be delivered yet, or waits behind that; `lane`: the relation or case, of which all is told in order. `held_at`: not tried any more.
delivery = Table(
    "delivery",
    metadata,
    Column("subscription", ForeignKey("subscription.id", ondelete="CASCADE"), primary_key=True),
    Column("event", ForeignKey("event.id", ondelete="CASCADE"), primary_key=True),
    Column("lane", Text, nullable=False),
    Column("first_at", TIME, nullable=False),
    Column("next_at", TIME, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("held_at", TIME),
)
Index("delivery_event_idx", delivery.c.event)
Index("delivery_waiting_idx", delivery.c.subscription, delivery.c.next_at, postgresql_where=text("held_at IS NULL"))
Index("delivery_held_idx", delivery.c.held_at, postgresql_where=text("held_at IS NOT NULL"))
