"""subject_request: what somebody asked about their own data, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from relhub.domain.identity import PartyName
from relhub.domain.subject_requests import Sort, State
from relhub.storage.database import Driver, Store
from relhub.storage.sealed_columns import about_request
from relhub.storage.sealing import Sealer


@dataclass(frozen=True, slots=True)
class SubjectRequest:
    """One request. `record`: (source, key) of the party record it is about, `case`: (source, case id); two empty texts when there is none."""

    id: str
    sort: Sort
    state: State
    relation_id: str
    record: PartyName
    case: tuple[str, str]
    field: str
    activities: tuple[str, ...]
    organisation: str
    consumer: str
    official: str
    received_at: datetime
    due_on: date
    extended: bool
    decided_at: datetime | None
    decided_by: str


_COLUMNS = (
    "id, sort, state, relation_id, source, record, case_id, field, activities, organisation, consumer, official, received_at, due_on, extended, "
    "decided_at, decided_by"
)


def _request(row: Any) -> SubjectRequest:
    id_, sort, state, relation_id, source, record, case_id, field, activities, *rest = list(row)[:17]
    return SubjectRequest(
        id_,
        sort,
        state,
        relation_id,
        (source, record) if record else ("", ""),
        (source, case_id) if case_id else ("", ""),
        field,
        tuple(activities),
        *rest,
    )


async def add_request(store: Store, sealer: Sealer, request: SubjectRequest, words: str, said: bytes | None) -> None:
    """Keeps it; `said`: a hash of what the record or case says now."""
    await store.driver.execute(
        f"INSERT INTO subject_request ({_COLUMNS}, words, said_hash) VALUES ({', '.join(f'${n}' for n in range(1, 20))})",
        request.id,
        request.sort,
        request.state,
        request.relation_id,
        request.record[0] or request.case[0],
        request.record[1],
        request.case[1],
        request.field,
        list(request.activities),
        request.organisation,
        request.consumer,
        request.official,
        request.received_at,
        request.due_on,
        request.extended,
        request.decided_at,
        request.decided_by,
        sealer.seal(words.encode(), about_request("words", request.id)),
        said,
    )


async def find_request(store: Store, id_: str, *, to_change: bool = False) -> SubjectRequest | None:
    """`to_change`: nobody else decides on it meanwhile."""
    row = await store.driver.fetchrow(f"SELECT {_COLUMNS} FROM subject_request WHERE id = $1{' FOR UPDATE' if to_change else ''}", id_)
    return _request(row) if row else None


async def words_of(store: Store, sealer: Sealer, id_: str) -> tuple[str, str]:
    """What was asked and what was answered, in words."""
    row = await store.driver.fetchrow("SELECT words, answer FROM subject_request WHERE id = $1", id_)
    answer = sealer.open(row["answer"], about_request("answer", id_)).decode() if row["answer"] else ""
    return sealer.open(row["words"], about_request("words", id_)).decode(), answer


async def save_decision(
    store: Store, sealer: Sealer, id_: str, state: State, due_on: date, answer: str, by: str, at: datetime, *, extended: bool
) -> None:
    """What was decided on it, and the answer in words."""
    await store.driver.execute(
        "UPDATE subject_request SET state = $2, due_on = $3, extended = $4, answer = $5, decided_by = $6, decided_at = $7 WHERE id = $1",
        id_,
        state,
        due_on,
        extended,
        sealer.seal(answer.encode(), about_request("answer", id_)),
        by,
        at,
    )


async def list_requests(
    store: Store, organisation: str, state: str, sort: str, source: str, after: Sequence[Any] | None, limit: int
) -> list[SubjectRequest]:
    """The requests to this organisation after this place (due date, id), the first due first."""
    rows = await store.driver.fetch(
        f"""
        SELECT {_COLUMNS} FROM subject_request
        WHERE organisation = $1 AND ($2 = '' OR state = $2) AND ($3 = '' OR sort = $3) AND ($4 = '' OR source = $4)
            AND ($5::date IS NULL OR (due_on, id) > ($5, $6)) ORDER BY due_on, id LIMIT $7
        """,
        organisation,
        state,
        sort,
        source,
        *(after or (None, None)),
        limit,
    )
    return [_request(row) for row in rows]


async def said_now(driver: Driver, record: PartyName, case: tuple[str, str]) -> bytes | None:
    """A hash of what this party record says now, or this case; None when it is not there."""
    table, key, name = ("party_record", "key", record) if record[1] else ("case_record", "case_id", case)
    said: bytes | None = await driver.fetchval(
        f"SELECT sha256(convert_to(string_agg(body::text, '' ORDER BY id), 'UTF8')) FROM {table} WHERE source = $1 AND {key} = $2", *name
    )
    return said


async def changed_since(store: Store, request: SubjectRequest) -> bool:
    """Whether what it is about says otherwise than when it was made, or is gone."""
    before = await store.driver.fetchval("SELECT said_hash FROM subject_request WHERE id = $1", request.id)
    return before is not None and before != await said_now(store.driver, request.record, request.case)


async def overdue(driver: Driver, today: date) -> int:
    """How many are open past the day by which they had to be answered."""
    return int(await driver.fetchval("SELECT count(*) FROM subject_request WHERE state = 'open' AND due_on < $1", today))


async def forget_requests(store: Store, before: datetime) -> int:
    """Those that were decided before, but for what still holds. Returns how many went."""
    done = "DELETE FROM subject_request WHERE decided_at < $1 AND state IN ('refused', 'withdrawn', 'ended')"
    more = "DELETE FROM subject_request WHERE decided_at < $1 AND state = 'granted' AND sort IN ('contest', 'correction')"
    return sum([int((await store.driver.execute(statement, before)).rpartition(" ")[2]) for statement in (done, more)])
