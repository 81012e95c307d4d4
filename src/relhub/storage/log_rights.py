"""Who may do what with the consultation log: the service adds to it and reads it, and nothing else; its seals likewise."""

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass

import asyncpg

from relhub.errors import DatabaseUnusable
from relhub.storage.database import Driver, Store

APPEND_ONLY = ("consultation_log", "log_seal")


@dataclass(frozen=True, slots=True)
class WrongRight:
    """Something that the service may do and should not, and the SQL by which an administrator of the database mends it."""

    what: str
    sql: str


async def give_rights(store: Store, user: str, password: str) -> None:
    """As the owner of the tables: makes this user of the service where there is none, and gives it what relhub needs.

    Raises DatabaseUnusable with what to run by hand where the owner may not make users.
    """
    quoted = quote(user)
    if not await store.driver.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", user):
        await _make_user(store, quoted, password)
    await store.driver.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}")
    await store.driver.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}")
    await store.driver.execute(f"GRANT EXECUTE ON FUNCTION make_log_partitions, log_rows_astray TO {quoted}")
    for table in await _partitions(store.driver):
        await store.driver.execute(f"REVOKE ALL ON {quote(table)} FROM {quoted}")
    for table in APPEND_ONLY:
        await store.driver.execute(f"REVOKE ALL ON {table} FROM {quoted}")
        await store.driver.execute(f"GRANT SELECT, INSERT ON {table} TO {quoted}")


async def _make_user(store: Store, quoted: str, password: str) -> None:
    try:
        await store.driver.execute(f"CREATE ROLE {quoted} LOGIN PASSWORD '{_verifier(password)}'")
    except asyncpg.InsufficientPrivilegeError:
        raise DatabaseUnusable(
            f"the owner of the database may not make the user of RELHUB_DATABASE_URL; have an administrator run: CREATE ROLE {quoted} LOGIN PASSWORD '…'; "
            "and run relhub migrate again"
        ) from None
    except asyncpg.UniqueViolationError:
        pass  # another installation in this cluster made it just now


def _verifier(password: str) -> str:
    """The password as PostgreSQL keeps it (RFC 5803), so that it is in no log of the server."""
    salt, rounds = os.urandom(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    parts = (base64.b64encode(part).decode() for part in (salt, stored, hmac.digest(salted, b"Server Key", "sha256")))
    return "SCRAM-SHA-256${}:{}${}:{}".format(rounds, *parts)


async def wrong_rights(driver: Driver) -> list[WrongRight]:
    """What the user of this connection may do with the log beyond adding and reading, and guards that are not there; empty when all is well."""
    user, superuser = await driver.fetchrow("SELECT current_user::text, rolsuper FROM pg_roles WHERE rolname = current_user")
    if superuser:
        return [WrongRight(f"the service connects as {user}, a superuser, whom nothing is refused", _own_user(user))]
    owners = await driver.fetch(_OWNERS, list(APPEND_ONLY))
    if owners:
        return [
            WrongRight(
                f"the service connects as {user}, who owns {', '.join(row['name'] for row in owners)} or acts for its owner",
                _own_user(user),
            )
        ]
    if await driver.fetchval("SELECT pg_has_role('pg_write_all_data', 'USAGE')"):
        return [
            WrongRight(
                f"{user} may write to every table, as a member of pg_write_all_data", f"REVOKE pg_write_all_data FROM {quote(user)};"
            )
        ]
    tables = [*APPEND_ONLY, *await _partitions(driver)]
    rights = [
        WrongRight(
            f"{user} may {row['rights']} {row['name']}", f"REVOKE {row['rights']} ON {quote(row['name'])} FROM PUBLIC, {quote(user)};"
        )
        for row in await driver.fetch(_RIGHTS, tables, list(APPEND_ONLY))
    ]
    asleep = [
        WrongRight(
            f"the trigger that keeps {row['name']} as it is can be passed by",
            f"ALTER TABLE {quote(row['name'])} ENABLE ALWAYS TRIGGER {quote(row['tgname'])};",
        )
        for row in await driver.fetch(_ASLEEP, tables)
    ]
    missing = [
        WrongRight(f"the trigger that refuses {row['event']} of {row['name']} is missing", _GUARD.format(**row))
        for row in await driver.fetch(_UNGUARDED, tables, list(APPEND_ONLY))
    ]
    return rights + asleep + missing


def _own_user(user: str) -> str:
    return (
        "CREATE ROLE relhub LOGIN PASSWORD '…'; -- then RELHUB_DATABASE_URL with that user, "
        f"RELHUB_DATABASE_OWNER_URL with {user}, and run relhub migrate"
    )


_OWNERS = "SELECT c.relname name FROM pg_class c WHERE c.oid = ANY($1::text[]::regclass[]) AND pg_has_role(c.relowner, 'MEMBER') ORDER BY 1"
_RIGHTS = """
SELECT t.name, string_agg(r.name, ', ' ORDER BY r.name) rights FROM unnest($1::text[]) t (name)
CROSS JOIN (VALUES ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('TRIGGER'), ('REFERENCES'), ('INSERT')) r (name)
WHERE (r.name <> 'INSERT' OR t.name <> ALL ($2)) AND (has_table_privilege(t.name, r.name)
    OR r.name IN ('UPDATE', 'REFERENCES') AND has_any_column_privilege(t.name, r.name)) GROUP BY 1 ORDER BY 1
"""
# 'A': also for who replicates.
_ASLEEP = """
SELECT c.relname name, p.tgname FROM pg_trigger p JOIN pg_proc f ON f.oid = p.tgfoid JOIN pg_class c ON c.oid = p.tgrelid
WHERE c.oid = ANY($1::text[]::regclass[]) AND f.proname = 'refuse_log_change' AND p.tgenabled <> 'A' ORDER BY 1, 2
"""
# Bits of tgtype: 1 for each row, 2 before, 8 DELETE, 16 UPDATE, 32 TRUNCATE. Partitions have the triggers for rows from their table.
_UNGUARDED = """
SELECT t.name, g.event, g.each FROM unnest($1::text[]) t (name)
JOIN (VALUES ('UPDATE OR DELETE', 'ROW', 27), ('TRUNCATE', 'STATEMENT', 34)) g (event, each, bits) ON g.each = 'STATEMENT' OR t.name = ANY($2)
WHERE NOT EXISTS (SELECT FROM pg_trigger p JOIN pg_proc f ON f.oid = p.tgfoid
    WHERE p.tgrelid = t.name::regclass AND f.proname = 'refuse_log_change' AND p.tgtype = g.bits) ORDER BY 1, 2
"""
_GUARD = (
    "CREATE TRIGGER log_guard_{each} BEFORE {event} ON {name} FOR EACH {each} EXECUTE FUNCTION refuse_log_change(); "
    "ALTER TABLE {name} ENABLE ALWAYS TRIGGER log_guard_{each};"
)


async def _partitions(driver: Driver) -> list[str]:
    rows = await driver.fetch(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'consultation_log'::regclass ORDER BY 1"
    )
    return [row["relname"] for row in rows]


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
