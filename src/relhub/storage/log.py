"""consultation_log: who looked at whom, and why. In the transaction of the look itself."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from relhub import metrics
from relhub.storage.database import Driver


@dataclass(frozen=True, slots=True)
class Look:
    """One question, as the log keeps it."""

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
        ]


LOOK_COLUMNS = (
    "at, trace_id, consumer, application, organisation, department, official, activity, occasion, rules_version, operation, levels"
)
LOOK_TYPES = "timestamptz, text, text, text, text, text, text, text, text, text, text, jsonb"


def look_parameters(first: int) -> str:
    """`$9::timestamptz, $10::text, …` for a statement that writes a look from parameter `first` on."""
    return ", ".join(f"${first + n}::{type_}" for n, type_ in enumerate(LOOK_TYPES.split(", ")))


_ADD = f"INSERT INTO consultation_log ({LOOK_COLUMNS}, outcome, relation_ids, records) VALUES ({look_parameters(4)}, $1, $2, $3)"


async def add_look(driver: Driver, look: Look, outcome: str, relation_ids: list[str], records: list[str]) -> None:
    """Keeps one look; `records`: what was shown of which source records."""
    await driver.execute(_ADD, outcome, relation_ids, records, *look.values())
    metrics.consultations.labels(look.operation, outcome).inc()
