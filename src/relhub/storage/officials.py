"""official: the directory, and what the cases of sources say of officials beside it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date
from typing import Any

from relhub.domain.officials import Listed
from relhub.storage.database import Store

COLUMNS = tuple(field.name for field in fields(Listed))
_LISTS = ("roles", "accounts")


def listed_of(row: Mapping[str, Any]) -> Listed:
    """The official that a row says."""
    values = {name: row[name] for name in COLUMNS}
    return Listed(**values | {name: tuple(values[name]) for name in _LISTS})


async def directory_of(store: Store, organisation: str) -> dict[str, Listed]:
    """The officials of this organisation by account; nobody else changes them meanwhile."""
    await store.driver.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 7264005))", organisation)
    rows = await store.driver.fetch(f"SELECT {', '.join(COLUMNS)} FROM official WHERE organisation = $1 ORDER BY account", organisation)
    return {row["account"]: listed_of(row) for row in rows}


async def last_day_of(store: Store, organisation: str, account: str) -> date | None:
    """Of an official who has left or will, as the directory says."""
    statement = "SELECT left_on FROM official WHERE (organisation, account) = ($1, $2)"
    found: date | None = await store.driver.fetchval(statement, organisation, account)
    return found


async def save_officials(store: Store, officials: Sequence[Listed]) -> None:
    """These officials are as is said here."""
    names = ", ".join(COLUMNS)
    values = ", ".join(f"${n}" for n in range(1, len(COLUMNS) + 1))
    kept = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in ("organisation", "account"))
    statement = f"INSERT INTO official ({names}) VALUES ({values}) ON CONFLICT (organisation, account) DO UPDATE SET {kept}"
    for one in officials:
        await store.driver.execute(statement, *(list(value) if isinstance(value, tuple) else value for value in astuple(one)))


async def drop_officials(store: Store, organisation: str, accounts: Collection[str]) -> None:
    await store.driver.execute("DELETE FROM official WHERE organisation = $1 AND account = ANY($2)", organisation, sorted(accounts))


@dataclass(frozen=True, slots=True)
class Named:
    """An official as the cases of a source name them; `cases`: how many open ones."""

    source: str
    account: str
    name: str
    department: str
    phone: str
    email: str
    cases: int


async def named_in_cases(store: Store, sources: Sequence[str]) -> list[Named]:
    """The officials with an account that open cases of these sources name, by source and account."""
    rows = await store.driver.fetch(
        """
        SELECT c.source, o->>'account' account, coalesce(o->>'name', '') "name", coalesce(o->>'department', c.department) department,
            coalesce(o->>'phone', '') phone, coalesce(o->>'email', '') email, count(*) cases
        FROM case_record c CROSS JOIN LATERAL jsonb_array_elements(c.body->'officials') o
        WHERE c.open AND c.source = ANY($1) AND o->>'account' <> '' GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, cases DESC, 3, 4, 5, 6
        """,
        list(sources),
    )
    return [Named(*row) for row in rows]
