"""relation_manager: who is, or was, the face of the organisation to a relation."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime
from typing import Any

import orjson

from relhub.domain.access import Profile
from relhub.domain.compartments import OWN, Level
from relhub.domain.officials import Directory, Listed
from relhub.domain.relation_managers import CONFIDENTIALITY, KIND, RelationManager
from relhub.storage.compartments import keep_compartments
from relhub.storage.database import Driver, Store
from relhub.storage.events import Change, add_events
from relhub.storage.log import Look
from relhub.storage.officials import COLUMNS as LISTED
from relhub.storage.officials import listed_of
from relhub.storage.seen import ID, see, statement

_FIELDS = tuple(field.name for field in fields(RelationManager))

# Who is on the way from the manager to who takes over: of a relation without a manager nothing is looked for.
_DIRECTORY = f"""(WITH RECURSIVE known AS (
        SELECT o.* FROM official o WHERE (o.organisation, o.account) = (m.organisation, m.official)
        UNION SELECT n.* FROM known k JOIN official n ON (n.organisation, n.account) = (k.organisation, k.replaced_by)
    ) SELECT json_agg(json_build_object({", ".join(f"'{name}', {name}" for name in LISTED)})) FROM known)"""
_SAID = ", ".join(f"'{name}', m.{name}" for name in _FIELDS)
_ROW = f"json_build_array(json_build_object({_SAID}), {_DIRECTORY})"


def _kept(relation: str) -> str:
    """What was ever said of a relation and of what was merged into it; OFFSET 0: found by its index, also by a plan that was made while there was nothing yet."""
    return f"""LATERAL (SELECT {relation} id UNION ALL SELECT r.id FROM relation r WHERE r.merged_into = {relation}) own
        CROSS JOIN LATERAL (SELECT * FROM relation_manager WHERE relation_id = own.id OFFSET 0) m"""


def managers_of(condition: str, relation: str = "t.id") -> str:
    """Those of a relation and of what was merged into it that meet this condition, as JSON for `managers_in`: its own first, the present ones first, the last first."""
    order = f"m.until_at IS NULL DESC, m.relation_id = {relation} DESC, m.from_at DESC, m.number DESC"
    return f"(SELECT json_agg({_ROW} ORDER BY {order}) FROM {_kept(relation)} WHERE {condition})::text"


NOW_SEEN = "m.until_at IS NULL AND m.compartments && $3"
"""The condition of those who are it now and may be seen, in a statement about one relation (storage/seen.py)."""

WHOLE_NOW = managers_of(f"m.capacity = '' AND {NOW_SEEN}")
"""The managers of the whole relation, for a view."""

ANY_MANAGER = (
    f"EXISTS (SELECT FROM (SELECT * FROM relation_manager WHERE relation_id = {ID} OFFSET 0) m WHERE m.capacity = '' AND {NOW_SEEN})"
)
"""The condition that there are any, of a relation to which none was merged."""


def managers_in(column: str | None) -> tuple[list[RelationManager], Directory]:
    """What such a column says: the managers, and of the directory whom they and their replacements are."""
    found: list[RelationManager] = []
    directory: dict[tuple[str, str], Listed] = {}
    for said, listed in orjson.loads(column or "[]"):
        moments = {name: datetime.fromisoformat(said[name]) if said[name] else None for name in ("from_at", "until_at")}
        found.append(RelationManager(**said | moments))
        directory |= {(one.organisation, one.account): one for one in map(_listed, listed or ())}
    return found, directory


def _listed(said: Mapping[str, Any]) -> Listed:
    days = {name: date.fromisoformat(said[name]) if said[name] else None for name in ("away_from", "away_until", "left_on")}
    return listed_of({**said, **days})


@dataclass(frozen=True, slots=True)
class SeenManagers:
    """`outcome` as of a view; `hidden`: of someone with non-disclosure, who may be described in any words."""

    outcome: str
    relation_id: str
    managers: list[RelationManager]
    directory: Directory
    hidden: bool


_SEEN = managers_of("m.compartments && CASE WHEN m.until_at IS NULL THEN $3 ELSE $2 END")
_LIST = statement("", "SELECT unnest($8::text[]) WHERE false", f"{_SEEN} managers, t.hidden", 15)


async def seen_managers(driver: Driver, relation_id: str, profile: Profile, occasion: tuple[str, str], look: Look) -> SeenManagers:
    """Who is it, from `existence` on, and who was, from `summary` on; logged."""
    row = await see(driver, _LIST, relation_id, profile, occasion, look)
    managers, directory = managers_in(row["managers"]) if row["outcome"] == "shown" else ([], {})
    return SeenManagers(row["outcome"], row["id"] or "", managers, directory, bool(row["hidden"]))


_NOW = (
    f"SELECT {managers_of('m.until_at IS NULL AND m.organisation = $3 AND m.compartments && $2', 'q.id')} FROM (VALUES ($1::text)) q (id)"
)


async def managers_now(driver: Driver, relation_id: str, profile: Profile) -> tuple[list[RelationManager], Directory]:
    """Who is it now for this organisation, of those that may be seen; `relation_id`: as it is now."""
    shown = profile.at_least(Level.existence)
    return managers_in(await driver.fetchval(_NOW, relation_id, shown, profile.organisation))


async def lock_managers(store: Store, relation_id: str) -> None:
    """Until this transaction ends nobody else says who is it of this relation."""
    await store.driver.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 7264006))", relation_id)


async def find_manager(store: Store, relation_id: str, id_: str, profile: Profile) -> tuple[RelationManager | None, Directory]:
    """The one with this id, present or past, of this relation and organisation, when a present one may be seen: who sends again what they sent gets the same answer."""
    condition = "m.id = $3 AND m.organisation = $4 AND m.compartments && $2"
    found = await store.driver.fetchval(
        f"SELECT {managers_of(condition, 'q.id')} FROM (VALUES ($1::text)) q (id)",
        relation_id,
        profile.at_least(Level.existence),
        id_,
        profile.organisation,
    )
    managers, directory = managers_in(found)
    return next(iter(managers), None), directory


async def directory_from(driver: Driver, organisation: str, account: str) -> Directory:
    """Of the directory this official and who takes over from them, and so on."""
    found = await driver.fetchval(
        f"SELECT {_DIRECTORY}::text FROM (VALUES ($1::text, $2::text)) m (organisation, official)", organisation, account
    )
    return {(one.organisation, one.account): one for one in map(_listed, orjson.loads(found or "[]"))}


async def add_manager(store: Store, manager: RelationManager) -> None:
    """Keeps who is it from now on, and that the relation changed."""
    compartments = await _compartments(store, manager)
    values = ", ".join(f"${n}" for n in range(1, len(_FIELDS) + 2))
    statement = f"INSERT INTO relation_manager ({', '.join(_FIELDS)}, compartments) VALUES ({values})"
    await store.driver.execute(statement, *astuple(manager), compartments)
    await _tell(store, manager, compartments, manager.from_at)


async def end_manager(store: Store, ended: RelationManager) -> None:
    """Keeps until when this one was it, and that the relation changed."""
    await store.driver.execute(
        "UPDATE relation_manager SET until_at = $2, ended_department = $3, ended_official = $4, ended_text = $5 WHERE id = $1",
        ended.id, ended.until_at, ended.ended_department, ended.ended_official, ended.ended_text,
    )  # fmt: skip
    assert ended.until_at is not None  # it has ended
    await _tell(store, ended, await _compartments(store, ended), ended.until_at)


async def _compartments(store: Store, manager: RelationManager) -> list[int]:
    keys = [(OWN + manager.organisation, capacity, KIND, CONFIDENTIALITY) for capacity in manager.capacities]
    return sorted((await keep_compartments(store, keys)).values())


async def _tell(store: Store, manager: RelationManager, compartments: Sequence[int], at: datetime) -> None:
    await add_events(store, OWN.rstrip(":"), [Change("relation.changed", manager.relation_id, None, compartments)], at)


async def forget_managers(store: Store, before: datetime) -> int:
    """Those who ceased to be it before, and those of relations that ended before. Returns how many went."""
    ended = "SELECT FROM relation r WHERE r.id = m.relation_id AND r.merged_into IS NULL AND r.retired_at < $1"
    done = await store.driver.execute(f"DELETE FROM relation_manager m WHERE m.until_at < $1 OR EXISTS ({ended})", before)
    return int(done.rpartition(" ")[2])
