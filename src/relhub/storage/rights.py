"""What the user of a connection may do with tables that are only ever added to."""

from collections.abc import Sequence
from dataclasses import dataclass

from relhub.storage.database import Store

APPEND_ONLY = ("consultation_log",)  # and their partitions


@dataclass(frozen=True, slots=True)
class Rights:
    """`may`: UPDATE, DELETE, TRUNCATE as far as this user has them; `through`: to whom they were granted, empty for a role of PostgreSQL's own."""

    table: str
    user: str
    is_superuser: bool
    is_owner: bool
    may: tuple[str, ...]
    through: tuple[str, ...]


_RIGHTS = """
SELECT c.oid::regclass::text "table", quote_ident(current_user) "user", (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) is_superuser,
    pg_has_role(c.relowner, 'USAGE') is_owner,
    array_remove(ARRAY[CASE WHEN has_table_privilege(c.oid, 'UPDATE') OR has_any_column_privilege(c.oid, 'UPDATE') THEN 'UPDATE' END,
        CASE WHEN has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END, CASE WHEN has_table_privilege(c.oid, 'TRUNCATE') THEN 'TRUNCATE' END], NULL) may,
    ARRAY(SELECT DISTINCT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END FROM aclexplode(c.relacl) g
        WHERE g.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE') AND (g.grantee = 0 OR pg_has_role(g.grantee, 'USAGE')) ORDER BY 1) through
FROM pg_class c WHERE c.oid IN (
    SELECT to_regclass(name) FROM unnest($1::text[]) name
    UNION SELECT p.relid FROM unnest($1::text[]) name CROSS JOIN LATERAL pg_partition_tree(to_regclass(name)) p
) ORDER BY 1
"""


async def rights_on(store: Store, tables: Sequence[str] = APPEND_ONLY) -> list[Rights]:
    """The rights of this connection's user on these tables and their partitions, as far as they are there."""
    rows = await store.driver.fetch(_RIGHTS, list(tables))
    return [
        Rights(row["table"], row["user"], row["is_superuser"], row["is_owner"], tuple(row["may"]), tuple(row["through"])) for row in rows
    ]
