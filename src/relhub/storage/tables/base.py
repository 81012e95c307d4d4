"""What all tables have in common."""

from sqlalchemy import DateTime, MetaData

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)
TIME = DateTime(timezone=True)


def not_a_partition(name: str | None, sort: str, _: object) -> bool:
    """For Alembic: the partitions of the log come and go with the months."""
    return not (sort == "table" and name and name.startswith("consultation_log_"))
