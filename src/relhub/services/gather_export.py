"""What an export holds: everything that its processing activity opens of one relation, with where it is from, what for and for how long."""

import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from relhub.domain.access import Profile
from relhub.domain.entries import SORTS, Sort
from relhub.domain.record import PartyRecord
from relhub.domain.redaction import PartyNames, without_names
from relhub.domain.retention import kept
from relhub.services.admit import Admitted
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.services.list_source_records import ToldRecord, records_of, show_record
from relhub.services.show_alerts import exported_alerts
from relhub.services.show_consultations import show_look
from relhub.services.show_history import place_of, show_period
from relhub.services.show_managers import show_manager
from relhub.services.view_relation import golden_of, is_complete, party_of, sources_of
from relhub.storage.alerts import dismissals_of
from relhub.storage.alerts_seen import listed_alerts
from relhub.storage.database import Driver, Store
from relhub.storage.entries_seen import listed_entries
from relhub.storage.exported_cases import ExportedCase, exported_cases
from relhub.storage.log import Look
from relhub.storage.log_search import disclosed_looks
from relhub.storage.memberships import RecordParts, periods, records_one_by_one
from relhub.storage.relation_managers import seen_managers
from relhub.storage.views import ViewParts, view_parts

NOTICE = (
    "What the law keeps from the one it is about, such as an investigation that is going on, is never in an export, and an export never says "
    "whether there is any. Other people and organisations in a case are named by their role only."
)
_LISTS: Final[Mapping[Sort, str]] = {"contact-moment": "contactMoments", "task": "tasks", "commitment": "commitments"}
_CASES, _LOOKS = 200, 500  # in one piece: so much is in memory at once

KeepPiece = Callable[[str, bytes], Awaitable[None]]
"""Keeps a piece of this section: the head, or one of the lists."""
Stepped = Callable[[], Awaitable[None]]
"""Told after each step. Raises to break off."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """`records`: the party records that it was made of. `outcome` as of a view: nothing was kept unless shown."""

    outcome: str
    relation_id: str = ""
    records: frozenset[tuple[str, str]] = frozenset()


@dataclass(slots=True)
class Gathering:
    """One relation in one transaction, of which all statements see the store at the same moment."""

    hub: Hub
    admitted: Admitted
    store: Store
    export_id: str
    keep: KeepPiece
    stepped: Stepped
    own: tuple[PartyRecord, ...] = ()
    others: set[PartyNames] = field(default_factory=set)  # all that its cases name

    async def run(self, relation_id: str) -> Gathered:
        """Keeps everything, piece by piece; each part is a row of the log."""
        parts = await view_parts(
            *self._of(relation_id), self._look("party"), limit=0, groups=self.admitted.profile.groups & {"identifiers"}
        )
        if parts.outcome != "shown":
            return Gathered(parts.outcome)
        id_ = parts.relation_id
        records = await records_one_by_one(*self._of(id_), self._look("source-records"))
        self.own = tuple(party_of(row) for row in parts.parties)
        await self.stepped()
        head = self._head(parts, records) | {"history": await self._history(id_), "purposes": [*purposes(self.hub)]}
        await self.keep("head", orjson.dumps(head))
        await self.stepped()
        await self._cases(id_)
        await self._entries(id_)
        await self._managers(id_)
        await self._alerts(id_)
        await self.stepped()
        await self._looks(id_)
        await self.stepped()
        return Gathered("shown", id_, frozenset((record.source, record.key) for record in self.own))

    def _of(self, relation_id: str) -> tuple[Driver, str, Profile, tuple[str, str]]:
        return self.store.driver, relation_id, self.admitted.profile, self.admitted.occasion_case

    def _look(self, section: str) -> Look:
        """A row of its own: an action within the question that asked for the export."""
        return replace(self.admitted.look, sections=(section,), span_id=os.urandom(8).hex())

    def _head(self, parts: ViewParts, records: RecordParts) -> dict[str, Any]:
        profile, rules = self.admitted.profile, self.hub.access.rules
        golden = golden_of(self.hub, profile, parts)
        sources = [state for state in sources_of(self.hub, profile, parts.sources, parts.named_sources) if state["state"] != "withheld"]
        head: dict[str, Any] = {
            "id": self.export_id,
            "madeAt": at_utc(self.admitted.look.at),
            "relation": parts.relation_id,
            "kind": parts.kind,
            "notice": NOTICE,
            "madeFor": {
                "organisation": profile.organisation,
                "purpose": profile.activity.purpose,
                "legalBasis": profile.activity.legal_basis,
                "registerUri": profile.activity.register_uri,
                "rulesVersion": profile.rules_version,
            },
            "complete": is_complete(sources) and not parts.referral,
            "sources": [state | self._whose(state["source"]) for state in sources],
            "party": golden and golden.record,
            "origins": golden.origins() if golden else {},
            "sourceRecords": [self._record(records, told) for told in records_of(self.hub, records)],
        }
        return head | ({"referral": {"via": "coordinator", "ask": rules.coordinator}} if parts.referral else {})

    def _whose(self, source: str, kind: str = "") -> dict[str, str]:
        config = self.hub.sources[source]  # a source without a file shows nothing
        return {"organisation": config.organisation, "controller": config.controller_of(kind)}

    def _record(self, records: RecordParts, told: ToldRecord) -> dict[str, Any]:
        """A party record goes with the last case that speaks of it."""
        retention = {"until": None, "because": "last-case"}
        return show_record(self.admitted, records, told) | self._whose(told.voice.record.source) | {"retention": retention}

    async def _history(self, relation_id: str) -> list[dict[str, Any]]:
        """Which ids there were; not which id somebody else has now that a record turned out to be of."""
        found = await periods(*self._of(relation_id), self._look("history"))
        shown = [show_period(period, relation_id) for period in sorted(found.periods, key=place_of)]
        return [period | ({"now": None} if period["what"] == "split" else {}) for period in shown]

    async def _cases(self, relation_id: str) -> None:
        after = None
        while True:
            batch = await exported_cases(*self._of(relation_id), self._look("cases"), limit=_CASES, after=after)
            if batch.cases:
                await self.keep("cases", orjson.dumps([self._case(case) for case in batch.cases]))
                after = batch.cases[-1].position
            if len(batch.cases) < _CASES:
                return

    def _case(self, case: ExportedCase) -> dict[str, Any]:
        if case.age is None:
            return case.part
        self.others.update(case.names)
        until = kept(self.hub.sources[case.source].retention_rules, case.age)
        retention: dict[str, Any] = {"until": until.until and until.until.isoformat(), "because": until.because}
        if until.rule:
            retention |= {"years": until.rule.years, "days": until.rule.days}
        return {
            **without_names(case.part, case.names, self._own_names()),
            "source": case.source,
            **self._whose(case.source, case.age.kind),
            "retention": retention,
            "partyRoles": sorted(case.roles),
            "otherParties": [{"role": role, "number": number} for role, number in (case.others or {}).items()],
        }

    def _own_names(self) -> list[PartyNames]:
        return [(record.name, record.organisation_names) for record in self.own]

    def _entry(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Its words may name whoever is in any of the cases."""
        return without_names(_without_people(entry), self.others, self._own_names())

    async def _entries(self, relation_id: str) -> None:
        """What officials recorded here; which of them is for the organisation to say."""
        for sort in SORTS:
            after = None
            while True:
                look = self._look(f"{sort}s")
                found = await listed_entries(*self._of(relation_id), look, sort=sort, is_open=None, after=after, limit=_CASES)
                if found.page.parts:
                    await self.keep(_LISTS[sort], orjson.dumps([self._entry(orjson.loads(part)) for part in found.page.parts]))
                if (after := found.page.last) is None:
                    break

    async def _managers(self, relation_id: str) -> None:
        """From when until when which department had the relation manager; who that was is for the organisation to say."""
        found = await seen_managers(*self._of(relation_id), self._look("managers"))
        shown = [show_manager(manager, {}, self.admitted.look.at.date()) for manager in found.managers]
        told = ("capacity", "department", "from", "until")
        if shown:
            await self.keep("relationManagers", orjson.dumps([{name: one[name] for name in told if name in one} for one in shown]))

    async def _alerts(self, relation_id: str) -> None:
        found = await listed_alerts(*self._of(relation_id), self._look("alerts"))
        alerts = exported_alerts(self.hub, self.admitted, found.alerts, await dismissals_of(self.store.driver, relation_id))
        if alerts:
            await self.keep("alerts", orjson.dumps([without_names(alert, self.others, self._own_names()) for alert in alerts]))

    async def _looks(self, relation_id: str) -> None:
        before = None
        while True:
            found = await disclosed_looks(*self._of(relation_id), self._look("consultations"), before=before, limit=_LOOKS)
            if found.entries:
                await self.keep("consultations", orjson.dumps([show_look(self.hub, entry) for entry in found.entries]))
                before = found.entries[-1].id
            if len(found.entries) < _LOOKS:
                return


def _without_people(entry: dict[str, Any]) -> dict[str, Any]:
    """Without officials, and without the name of who spoke for the relation."""
    shown = {name: said for name, said in entry.items() if name not in ("official", "spokenWith")}
    if "assignedTo" in entry:
        shown["assignedTo"] = {name: word for name, word in entry["assignedTo"].items() if name != "official"}
    return shown


def purposes(hub: Hub) -> Iterator[dict[str, Any]]:
    """Which processing activities may see which capacities, by the rules in force; without those of which the one it is about may not learn."""
    rules = hub.access.rules
    for activity in rules.activities.values():
        if not activity.disclosable:
            continue
        for organisation in sorted(activity.organisations or rules.organisations):
            if reach := hub.access.reach(activity, organisation):
                yield {
                    "organisation": organisation,
                    "departments": sorted(activity.departments),
                    "purpose": activity.purpose,
                    "legalBasis": activity.legal_basis,
                    "registerUri": activity.register_uri,
                    "capacities": {capacity: level.name for capacity, level in reach.items()},
                    "fields": sorted(activity.groups),
                }
