"""Alembic's way in: `relhub migrate` (storage/migrate.py) hands over an open connection."""

from alembic import context

from relhub.storage.tables import metadata, not_a_partition

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, compare_server_default=False, include_name=not_a_partition)
with context.begin_transaction():
    context.run_migrations()
