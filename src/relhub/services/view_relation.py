"""The view: one relation as this consumer may see it now."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.domain.dates import AMSTERDAM
from relhub.domain.entries import Sort
from relhub.domain.golden import Golden, Voice, golden_record
from relhub.domain.identity import shared_evidence
from relhub.domain.marks import CONTESTED
from relhub.domain.marks import shown as shown_marks
from relhub.domain.record import PartyRecord
from relhub.services.admit import Admitted, admit
from relhub.services.asked import Asked, View, ViewOptions
from relhub.services.cursors import write_cursor
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.services.list_entries import entry_page
from relhub.services.look import look
from relhub.services.refresh_relation import refresh_relation, stale_sources
from relhub.services.show_alerts import alert_items
from relhub.services.show_managers import summarised
from relhub.services.show_numbers import numbers_of, with_numbers
from relhub.services.stored_party import stored_party
from relhub.storage.relation_managers import managers_in
from relhub.storage.views import CasePart, ViewParts, view_parts

PAGE = 20


async def view_relation(hub: Hub, asked: Asked, relation_id: str, options: ViewOptions) -> View:
    """One relation. Raises NotAllowed, NotFound, and SourceError when the occasion can't be verified."""
    return await view_admitted(hub, await admit(hub, asked, "view", options.named, verified_with_the_look=True), relation_id, options)


async def view_admitted(
    hub: Hub, admitted: Admitted, relation_id: str, options: ViewOptions, more: Mapping[str, Any] | None = None, beside: Sequence[str] = ()
) -> View:
    """The same, for a question that is admitted already; `more`: further members of the answer; `beside`: relations that these name."""
    groups = admitted.profile.groups if "party" in options.sections else frozenset()
    admitted = with_numbers(admitted) if groups else admitted
    parts = await load(hub, admitted, relation_id, limit=PAGE, groups=groups, beside=beside)
    refreshed: set[str] = set()
    if stale := stale_sources(hub, parts, admitted.look.at, options.max_age):
        refreshed = await refresh_relation(hub, admitted.profile, parts.relation_id, stale)
        parts = await load(hub, admitted, parts.relation_id, limit=PAGE, groups=groups, beside=beside)
    head, cases = _sections(hub, admitted, parts, options, more or {}, refreshed)
    if "alerts" in options.sections:
        head["alerts"] = {"items": alert_items(hub, admitted, parts.alerts)}
    return View(parts.relation_id, _joined(head, cases), hub.sealer.tag(_joined(timeless(head), cases)))


async def load(hub: Hub, admitted: Admitted, relation_id: str, **which: Any) -> ViewParts:
    """The visible parts, logged; `which`: as of `view_parts`. Raises as `look` does."""
    return await look(
        hub, admitted, lambda driver: view_parts(driver, relation_id, admitted.profile, admitted.occasion_case, admitted.look, **which)
    )


def _sections(
    hub: Hub, admitted: Admitted, parts: ViewParts, options: ViewOptions, more: Mapping[str, Any], refreshed: set[str]
) -> tuple[dict[str, Any], bytes]:
    """The answer without its cases, and the cases as a page, empty when they were not asked for."""
    profile = admitted.profile
    sources = sources_of(hub, profile, parts.sources, parts.named_sources, refreshed)
    complete = is_complete(sources) and not parts.referral
    head: dict[str, Any] = {"id": parts.relation_id, "kind": parts.kind, "complete": complete, "sources": sources}
    if "summary" in options.sections:
        head["summary"] = _summary(admitted, parts)
    if "party" in options.sections:
        golden = golden_of(hub, profile, parts)
        head["party"] = golden and golden.record
        if options.origins:
            head["origins"] = golden.origins() if golden else {}
    for sort, name in _ENTRY_SECTIONS.items():
        if name[0] in options.sections:
            head[name[1]] = orjson.Fragment(entry_page(hub, sort, parts.relation_id, parts.entries.pages[sort], name="items"))
    head |= more
    if parts.referral:
        head["referral"] = {"via": "coordinator", "ask": profile.coordinator}
    return head, case_page(hub, parts, PAGE, name="items") if "cases" in options.sections else b""


_ENTRY_SECTIONS: Mapping[Sort, tuple[str, str]] = {
    "contact-moment": ("contact-moments", "contactMoments"),
    "task": ("tasks", "tasks"),
    "commitment": ("commitments", "commitments"),
}


def _summary(admitted: Admitted, parts: ViewParts) -> dict[str, Any]:
    entries = parts.entries
    managers, directory = managers_in(parts.managers)
    today = admitted.look.at.astimezone(AMSTERDAM).date()
    manager = summarised(managers, directory, admitted.profile.organisation, today)
    return {
        "openCases": parts.open_cases,
        "byCapacity": parts.by_capacity,
        "lastContactAt": at_utc(entries.last_contact) if entries.last_contact else None,
        "openTasks": entries.open_tasks,
        "commitmentsDue": entries.due_commitments,
        **({"relationManager": manager} if manager else {}),
    }


def _joined(head: Mapping[str, Any], cases: bytes) -> bytes:
    body = orjson.dumps(head)
    return body[:-1] + b',"cases":' + cases + b"}" if cases else body


def timeless(head: dict[str, Any]) -> dict[str, Any]:
    """Without the times at which sources were last read: they move at every pull, also when nothing was said."""
    return {**head, "sources": [{key: value for key, value in source.items() if key != "asOf"} for source in head["sources"]]}


def case_page(hub: Hub, parts: ViewParts, limit: int, *, name: str) -> bytes:
    """Cases as a page: `{"next": …, "items": […]}`."""
    shown = parts.cases[:limit]
    last = shown[-1].position if len(parts.cases) > limit else None
    following = write_cursor(hub.sealer, parts.relation_id, last) if last else None
    return b'{"next":' + orjson.dumps(following) + b',"' + name.encode() + b'":[' + b",".join(map(_case, shown)) + b"]}"


def _case(case: CasePart) -> bytes:
    """The rendered part, closed; in which role is part of the case, so not shown at `existence`."""
    if case.part.startswith(b'{"level":"existence"'):
        return case.part + b"}"
    also = b',"alsoKnownAs":[' + case.also + b"]" if case.also else b""
    return case.part + b',"partyRoles":' + orjson.dumps(case.roles) + also + b"}"


def is_complete(sources: Sequence[Mapping[str, Any]]) -> bool:
    """Whether each source that counts is up to date."""
    return all(source["state"] in ("found", "none") for source in sources)


def sources_of(
    hub: Hub, profile: Profile, states: Mapping[str, dict[str, Any]], named: Collection[str], refreshed: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Each source by name with one word for its state. One that is at most a referral is not listed, whatever it knows.

    `states`: how each is doing, as stored; `named`: those of which something is shown; `refreshed`: those that were asked just now.
    """
    listed = []
    for name, config in sorted(hub.sources.items()):
        level = profile.sources[name]
        if level == Level.none:
            listed.append({"source": name, "state": "withheld"})
        elif level > Level.referral:
            state = states.get(name) or {"asOf": None, "unavailableSince": None, "failing": False}
            as_of = at_utc(datetime.now(UTC)) if name in refreshed else _time(state["asOf"])
            listed.append(
                {
                    "source": name,
                    "mode": config.mode,
                    **_state(
                        as_of,
                        _time(state["unavailableSince"]),
                        found=name in named,
                        behind=state["failing"] and name not in refreshed,
                    ),
                }
            )
    return listed


def _state(as_of: str | None, since: str | None, *, found: bool, behind: bool) -> dict[str, Any]:
    """`behind`: it answers, and what it answers can't be used."""
    if since is None and as_of is not None and not behind:
        return {"state": "found" if found else "none", "asOf": as_of}
    state = {"state": "stale" if as_of or found else "unavailable", "asOf": as_of, "unavailableSince": since}
    return {key: value for key, value in state.items() if value}


def _time(text: str | None) -> str | None:
    """To the second; the database speaks UTC."""
    return f"{text[:19]}Z" if text else None


def golden_of(hub: Hub, profile: Profile, parts: ViewParts) -> Golden | None:
    """The golden record of the visible party records; None when there is none."""
    if not parts.parties:
        return None
    voices = [voice_of(hub, row) for row in parts.parties]
    golden = golden_record(voices, profile.groups, parts.non_disclosure)
    golden.record["flags"] = sorted({*golden.record["flags"], *shown_marks(mark for mark in parts.marks if _told(profile, mark))})
    golden.record["linkedBy"] = _evidence(voices, parts.parties) if len(voices) > 1 else []
    contacts = {orjson.dumps(body): body for row in parts.parties for body in row.get("contacts") or ()}
    if contacts:
        golden.record["contactPersons"] = [show_contact(body) for body in contacts.values()]
    return golden


def _told(profile: Profile, mark: str) -> bool:
    """An objection to another activity is not told here."""
    return mark == CONTESTED or profile.activity.restricted


def _evidence(voices: Sequence[Voice], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    numbers = [[(scheme, token) for scheme, _, token, _ in row["numbers"] or ()] for row in rows]
    return shared_evidence([voice.record for voice in voices], numbers)


def voice_of(hub: Hub, row: Mapping[str, Any]) -> Voice:
    """The party record that a stored row says, with the weight of its source."""
    said_at = datetime.fromisoformat(row["at"]) if row["at"] else None
    config = hub.sources.get(row["source"])
    return Voice(party_of(row), config.trust if config else 0, said_at, numbers_of(hub, row))


def party_of(row: Mapping[str, Any]) -> PartyRecord:
    """The party record that a stored row says."""
    return stored_party(row["body"], row["kind"], row["source"], row["key"])


def show_contact(body: dict[str, Any]) -> dict[str, Any]:
    """Who speaks for an organisation, and how to reach them: for who sees contact details."""
    record = stored_party(body, "contact_person")
    golden = golden_record([Voice(record, 0, None)], frozenset({"contact-details"}), False).record
    return {"name": golden["name"], "function": record.function, "phones": golden["phones"], "emails": golden["emails"]}
