"""consultation_log: who looked at whom, and why. In the transaction of the look itself."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from relhub import metrics
from relhub.storage.database import Driver, Store


@dataclass(frozen=True, slots=True)
class Look:
    """One question, as the log keeps it.

    `span_id`: of this question within its trace; `register_uri`: of its activity, in the register of processing activities; `sections`: those
    that were asked for, where an operation has any; `disclosable`: whether the one it is about may learn of it.
    """

    at: datetime
    trace_id: str
    consumer: str
    application: str
    organisation: str
    department: str
    official: str
    activity: str
    occasion: str
    rules_version: str
    operation: str
    levels: dict[str, str] = field(default_factory=dict)
    register_uri: str = ""
    sections: tuple[str, ...] = ()
    disclosable: bool = True
    span_id: str = ""
    parent_span_id: str = ""

    def values(self) -> list[Any]:
        """In the order of LOOK_COLUMNS."""
        who = [self.consumer, self.application, self.organisation, self.department, self.official]
        return [
            self.at,
            self.trace_id,
            *who,
            self.activity,
            self.occasion,
            self.rules_version,
            self.operation,
            orjson.dumps(self.levels).decode(),
            self.register_uri,
            f"{{{','.join(self.sections)}}}",  # names of ours; the driver takes longer for a list than for all the rest
            self.disclosable,
            self.parent_span_id,
            self.span_id,
        ]


LOOK_COLUMNS = (
    "at, trace_id, consumer, application, organisation, department, official, activity, occasion, rules_version, operation, levels, "
    "register_uri, sections, disclosable, parent_span_id, span_id"
)
LOOK_TYPES = "timestamptz, text, text, text, text, text, text, text, text, text, text, jsonb, text, text::text[], bool, text, text"


def look_parameters(first: int) -> str:
    """`$9::timestamptz, $10::text, …` for a statement that writes a look from parameter `first` on."""
    return ", ".join(f"${first + n}::{type_}" for n, type_ in enumerate(LOOK_TYPES.split(", ")))


_ADD = f"INSERT INTO consultation_log ({LOOK_COLUMNS}, outcome, relation_ids, records) VALUES ({look_parameters(4)}, $1, $2, $3)"


async def add_look(driver: Driver, look: Look, outcome: str, relation_ids: list[str], records: list[str]) -> None:
    """Keeps one look; `records`: what was shown of which source records."""
    await driver.execute(_ADD, outcome, relation_ids, records, *look.values())
    metrics.consulted(look.operation, outcome)


# Each row is an action of its own within the question, which is its parent; its span id follows from that of the question and its place.
_PARAMETERS, _, _SPAN = look_parameters(3).rpartition(", ")
_ADD_MANY = f"""
INSERT INTO consultation_log ({LOOK_COLUMNS}, outcome, relation_ids, records)
SELECT {_PARAMETERS}, left(encode(sha256(convert_to({_SPAN} || ' ' || l.place, 'UTF8')), 'hex'), 16),
    l.outcome, CASE l.relation_id WHEN '' THEN '{{}}'::text[] ELSE ARRAY[l.relation_id] END, '{{}}'
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY l (outcome, relation_id, place)
"""


async def add_looks(driver: Driver, look: Look, outcomes: list[tuple[str, str]]) -> None:
    """Keeps one row for each (outcome, relation id or empty): one data subject each."""
    *values, _, span_id = look.values()
    rows = [[row[place] for row in outcomes] for place in (0, 1)]
    await driver.execute(_ADD_MANY, *rows, *values, span_id, span_id)
    for outcome, _ in outcomes:
        metrics.consulted(look.operation, outcome)


async def searches_since(store: Store, consumer: str, official: str, *since: datetime) -> list[int]:
    """How often this official searched, by facts or by place, through this application since each of these moments; another search of theirs waits until this transaction ends."""
    await store.driver.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 7264003))", f"{consumer}\x1f{official}")
    counted = ", ".join(f"count(*) FILTER (WHERE at >= ${number})" for number in range(4, 4 + len(since)))
    row = await store.driver.fetchrow(
        f"""
        SELECT {counted} FROM consultation_log
        WHERE at >= $3 AND consumer = $1 AND official = $2 AND operation IN ('search', 'place') AND outcome <> 'refused'
        """,
        consumer,
        official,
        min(since),
        *since,
    )
    return list(row or ())
