"""What each source says of one relation, record by record, and why each of them is this relation."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relhub.domain.explanation import Reason, explain
from relhub.domain.golden import Voice, golden_record
from relhub.services.admit import Admitted, admit
from relhub.services.asked import Asked, PageQuery, View
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.services.look import look
from relhub.services.pages import page
from relhub.services.show_numbers import with_numbers
from relhub.services.view_relation import voice_of
from relhub.storage.memberships import RecordParts, records_one_by_one


@dataclass(frozen=True, slots=True)
class ToldRecord:
    """A visible party record with what is told of it."""

    voice: Voice
    variant: str
    since: str | None
    reasons: list[Reason]


async def list_source_records(hub: Hub, asked: Asked, relation_id: str, query: PageQuery) -> View:
    """The visible party records, by source and key. Raises NotAllowed, NotFound, InvalidInput."""
    admitted = with_numbers(await admit(hub, asked, "source-records", verified_with_the_look=True))
    parts = await look(
        hub, admitted, lambda driver: records_one_by_one(driver, relation_id, admitted.profile, admitted.occasion_case, admitted.look)
    )
    body = page(
        hub,
        f"source-records/{parts.relation_id}",
        query,
        records_of(hub, parts),
        _place,
        lambda record: show_record(admitted, parts, record),
    )
    return View(parts.relation_id, body, hub.sealer.tag(body))


def records_of(hub: Hub, parts: RecordParts) -> list[ToldRecord]:
    """The visible records, by source and key."""
    voices = [voice_of(hub, row) for row in parts.parties]
    numbers = [[(scheme, token) for scheme, _, token, _ in row["numbers"] or ()] for row in parts.parties]
    reasons = explain([voice.record for voice in voices], numbers, parts.decided)
    told = zip(voices, parts.parties, reasons, strict=True)
    return sorted((ToldRecord(voice, row["variant"], parts.since.get(str(row["id"])), why) for voice, row, why in told), key=_place)


def _place(record: ToldRecord) -> list[Any]:
    return [record.voice.record.source, record.voice.record.key, record.variant]


def show_record(admitted: Admitted, parts: RecordParts, record: ToldRecord) -> dict[str, Any]:
    """As answers show it."""
    party, voice = record.voice.record, record.voice
    says = golden_record([voice], admitted.profile.groups, parts.non_disclosure).record
    return {
        "source": party.source,
        "key": party.key,
        "kind": party.kind,
        "since": at_utc(datetime.fromisoformat(record.since)) if record.since else None,
        "saidAt": at_utc(voice.said_at) if voice.said_at else None,
        "trust": voice.trust,
        "says": says,
        "links": [
            {"by": reason.by, "with": [{"source": source, "key": key} for source, key in reason.others]} for reason in record.reasons
        ],
    }
