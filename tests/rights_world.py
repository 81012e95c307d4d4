"""Worlds and rules made by hypothesis, every path to what is in them, and the same world without what may not be seen."""

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import orjson
from hypothesis import strategies as st
from tests.towns import DEMO, asked, bare_hub, bare_source, rows, with_activity

from relhub.adapters import Adapter
from relhub.adapters.subscriber import Answer
from relhub.api.export_page import rendered
from relhub.config.alerts import load_alert_rules
from relhub.config.consumers import Agreed
from relhub.domain.access import FIELD_GROUPS, FieldGroup, Profile, Refusal
from relhub.domain.compartments import CONFIDENTIALITIES, Level, Opening
from relhub.domain.entries import BEGINS, SORTS, Entry, Sort
from relhub.domain.identity import PartyName
from relhub.domain.occasions import WHOLE_CONDITION, CaseCondition
from relhub.domain.officials import Directory, Listed
from relhub.domain.places import PlaceName
from relhub.domain.record import (
    CAPACITIES,
    Address,
    Capacity,
    CaseRecord,
    Finding,
    Flag,
    Identifier,
    Involvement,
    Official,
    PartyRecord,
    PersonName,
    Place,
    RecordSet,
)
from relhub.domain.relation_managers import RelationManager
from relhub.domain.subscriptions import Wanted
from relhub.errors import RelhubError, SourceError
from relhub.services import compute_alerts
from relhub.services.ask_export import ask_export, read_export
from relhub.services.asked import (
    Asked,
    CaseQuery,
    DepartmentQuery,
    EntryQuery,
    EventQuery,
    PageQuery,
    PlaceQuery,
    Reference,
    RelationQuery,
    SearchQuery,
    View,
    ViewOptions,
)
from relhub.services.decide_match import decide_match
from relhub.services.deliver_round import Round
from relhub.services.hub import AlertsInForce, Hub
from relhub.services.list_cases import list_cases
from relhub.services.list_department_cases import list_department_cases
from relhub.services.list_entries import list_entries
from relhub.services.list_events import list_events
from relhub.services.list_officials import list_officials
from relhub.services.list_relations import list_relations
from relhub.services.list_source_records import list_source_records
from relhub.services.lookup_batch import lookup_batch
from relhub.services.lookup_relation import lookup_relation
from relhub.services.make_export import KnownConsumers, make_waiting_export
from relhub.services.make_subscription import new_secret, owner_of
from relhub.services.open_export import open_export
from relhub.services.read_sets import replace as replace_records
from relhub.services.record_entry import keep_entry
from relhub.services.search_relations import search_relations
from relhub.services.settle import settle
from relhub.services.show_alerts import show_alerts
from relhub.services.show_case import show_case
from relhub.services.show_history import show_history
from relhub.services.show_managers import list_managers
from relhub.services.show_place import show_place
from relhub.services.show_project import show_project
from relhub.services.show_subscriptions import show_deliveries
from relhub.services.show_timeline import show_timeline
from relhub.services.teller import Signing, Teller, may_tell
from relhub.services.view_relation import view_relation
from relhub.storage import relations
from relhub.storage.database import Store
from relhub.storage.entries import KeptStep, department_key
from relhub.storage.events import horizon
from relhub.storage.marks import put_marks
from relhub.storage.officials import save_officials
from relhub.storage.record_rows import Written
from relhub.storage.relation_managers import add_manager, end_manager, managers_in, managers_of
from relhub.storage.sealed_columns import about_secret
from relhub.storage.subscriptions import Subscription, Taken, add_subscription

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATELY = datetime.now(UTC) - timedelta(hours=1)  # when officials recorded something: alerts hold for some days
DOMAINS: tuple[Capacity, ...] = ("licensing", "enforcement", "policy", "project")
KINDS = ("vergunning", "dwangsom")
DEPARTMENTS = ("Klantcontact", "Handhaving")
PEOPLE = {
    "": None,
    "anna": (PersonName(given="Anna", family="Berg"), "1980-02-17"),
    "bram": (PersonName(given="Bram", family="Vries"), "1951-06-30"),
}
BSNS = ("", "999990019", "999990044")
KVKS = ("", "12345678")
OUR, THEIR = "Gemeente Voorbeeld", "Omgevingsdienst Voorbeeld"
DIRECTORY = (
    Listed(
        OUR,
        "a",
        "official 0",
        DEPARTMENTS[0],
        email="o0@voorbeeld.example",
        accounts=("copy-a/acc-0", "leaf-c/acc-1"),
        away_from=NOW.date(),
        replaced_by="b",
    ),
    Listed(
        OUR, "b", "official 1", DEPARTMENTS[1], accounts=("copy-b/acc-1",), left_on=date(2026, 1, 1), replaced_by="official of Handhaving"
    ),
    Listed(OUR, "official of Handhaving", "official 2", DEPARTMENTS[1], email="o2@voorbeeld.example"),
)
SOURCES = (
    bare_source("copy-a"),
    bare_source("copy-b").model_copy(update={"base_register": "brp"}),
    bare_source("leaf-c", "leaf").model_copy(update={"organisation": THEIR, "category": "criminal"}),
)
NAMES = tuple(source.name for source in SOURCES)


@dataclass(frozen=True)
class Drawn:
    """A party in a case: who it is about, its numbers, whether it has non-disclosure; `speaks_for`: of which party it is a contact person."""

    key: str
    who: str
    bsn: str
    kvk: str
    secret: bool
    speaks_for: str = ""


@dataclass(frozen=True)
class Later:
    """What happens when the cases are there: a set says something else or is gone (None), a steward decides on two parties, or one gets a mark."""

    at: int
    says: Any = None
    decides: tuple[PartyName, PartyName, Any] | None = None
    marks: tuple[PartyName, str] | None = None
    records: tuple[int, Any, Any, str, bool] | None = None
    """(the relation of which involvement, sort, capacity, department, whether it is about that case)."""
    manages: tuple[int, Any, str, bool] | None = None
    """(the relation of which involvement, capacity or none, department, whether it has ended)."""


party = st.builds(
    Drawn,
    st.sampled_from("pqr"),
    st.sampled_from(sorted(PEOPLE)),
    st.sampled_from(BSNS),
    st.sampled_from(KVKS),
    st.booleans(),
    st.sampled_from(("", "", "", "p", "q")),
)
case = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(DOMAINS),
    st.sampled_from(KINDS),
    st.sampled_from(("", "openbaar", "vertrouwelijk", "geheim")),
    st.sampled_from(("open", "closed")),
    st.sampled_from(DEPARTMENTS),
    st.sampled_from(("", "Z-1", "Z-2")),
    st.lists(party, min_size=1, max_size=3, unique_by=lambda drawn: drawn.key),
)
opening = st.builds(
    Opening,
    level=st.sampled_from(list(Level)),
    capacities=st.frozensets(st.sampled_from(CAPACITIES), min_size=2),
    kinds=st.frozensets(st.sampled_from(KINDS), max_size=1),
    organisations=st.sampled_from([frozenset(), frozenset({OUR, THEIR}), frozenset({THEIR})]),
    categories=st.sampled_from([frozenset({"ordinary"}), frozenset({"ordinary", "criminal"})]),
    confidentiality=st.sampled_from(CONFIDENTIALITIES),
)
groups = st.frozensets(st.sampled_from(FIELD_GROUPS))
condition = st.builds(CaseCondition, st.booleans(), st.booleans(), st.booleans())
_name = st.tuples(st.sampled_from(NAMES), st.sampled_from("pqr"))
later = st.one_of(
    st.builds(Later, st.integers(0, 5), st.one_of(st.none(), case)),
    st.builds(
        Later, st.just(0), st.none(), st.tuples(_name, _name, st.sampled_from(("same", "different", None))).filter(lambda d: d[0] != d[1])
    ),
    st.builds(
        Later,
        st.just(0),
        st.none(),
        st.none(),
        st.tuples(_name, st.sampled_from(("restriction", "objection:answering-questions", "objection:another", "contested"))),
    ),
    st.builds(
        Later,
        st.just(0),
        st.none(),
        st.none(),
        st.none(),
        st.tuples(st.integers(0, 8), st.sampled_from(SORTS), st.sampled_from(DOMAINS), st.sampled_from(DEPARTMENTS), st.booleans()),
    ),
    st.builds(
        Later,
        st.just(0),
        manages=st.tuples(st.integers(0, 8), st.sampled_from(("", *DOMAINS)), st.sampled_from(DEPARTMENTS), st.booleans()),
    ),
)


@dataclass(frozen=True)
class Setting:
    """Who asks, under which condition, and what the installation says of non-disclosure and sources."""

    organisation: str = OUR
    condition: CaseCondition = WHOLE_CONDITION
    when_unknown: bool = False
    silent: str = ""  # a source that does not tell who has non-disclosure
    removed: str = ""  # a source whose file was taken away after all that
    search: bool = True
    records: frozenset[Sort] = frozenset(SORTS)  # which entries the contact centre may record, and so sees its own of


setting = st.builds(
    Setting,
    st.sampled_from((OUR, OUR, THEIR)),
    condition,
    st.booleans(),
    st.sampled_from(("", *NAMES)),
    st.sampled_from(("", "", *NAMES)),
    st.sampled_from((True, True, False)),
    st.frozensets(st.sampled_from(SORTS)),
)


class Silent:
    """A source that does not answer."""

    capacities = frozenset(CAPACITIES)
    keeps_documents = False

    def __init__(self, name: str, *, tells: bool = True) -> None:
        self._name = name
        self.tells_non_disclosure = tells

    async def fetch_one(self, case_id: str) -> None:
        raise SourceError(self._name, "does not answer")


def open_hub(database_url: str, where: Setting) -> Hub:
    hub = bare_hub(database_url, *SOURCES)
    adapters = {name: cast(Adapter, Silent(name, tells=name != where.silent)) for name in NAMES}
    alerts = load_alert_rules(DEMO / "alerts.toml")
    often = replace(alerts.rules["unanswered-contacts"], count=2)
    in_force = AlertsInForce(replace(alerts, rules={**alerts.rules, "unanswered-contacts": often}))
    return replace(hub, adapters=adapters, protected_when_unknown=where.when_unknown, alerts=in_force)


def ruled(hub: Hub, openings: tuple[Opening, ...], given: frozenset[FieldGroup], where: Setting) -> Hub:
    """The same hub where the contact centre sees this, may follow changes and, unless it is said otherwise, search; without the source that was taken away."""
    left = {name: config for name, config in hub.sources.items() if name != where.removed}
    hub = replace(hub, sources=left, adapters={name: hub.adapters[name] for name in left})
    rights = {"search": where.search, "places": True, "follow": True, "export": True, "records": where.records}
    changes: dict[str, Any] = {"openings": openings, "groups": given, "departments": frozenset(), **rights}
    return with_activity(hub, "answering-questions", **changes, case=where.condition)


def _flags(drawn: Drawn) -> frozenset[Flag]:
    said: dict[Flag, bool] = {"non_disclosure": drawn.secret, "deceased": drawn.who == "bram"}
    return frozenset(flag for flag, holds in said.items() if holds)


def _record(source: str, at: int, drawn: Drawn) -> PartyRecord:
    known = PEOPLE[drawn.who]
    numbers = [("bsn", drawn.bsn), (f"own:{source}", f"own-{drawn.key}")] if known or not drawn.kvk else [("kvk", drawn.kvk)]
    return PartyRecord(
        source,
        drawn.key,
        "contact_person" if drawn.speaks_for and known else "person" if known or not drawn.kvk else "organisation",
        tuple(Identifier(scheme, value) for scheme, value in numbers if value),
        known[0] if known else None,
        () if known or not drawn.kvk else (f"Bakkerij {source} {at}",),
        birth=known[1] if known else "",
        addresses=(Address("residence", "Dorpsstraat", str(at), "1234AB", "Voorbeeld"),),
        phones=(f"06123456{at:02}",),
        emails=(f"{source}-{drawn.key}-{at}@voorbeeld.example",),
        flags=_flags(drawn),
        contact_of=drawn.speaks_for if known else "",
        function=f"function {at}" if drawn.speaks_for and known else "",
    )


def _place(at: int) -> Place:
    """One of two addresses, of which a case may know one name or both."""
    address = Address("visiting", "Dorpsstraat", str(at % 2), "1234AB") if at % 3 != 2 else None
    return Place(address, f"034401000000000{at % 2}" if at % 3 != 1 else "", label=f"place {at}")


def case_set(at: int, drawn: Any) -> tuple[str, str, RecordSet]:
    source, capacity, kind, confidentiality, phase, department, zaak, parties = drawn
    found = tuple(_record(source, at, each) for each in parties)
    record = CaseRecord(
        source,
        f"C-{at}",
        kind,
        capacity,
        phase,
        title=f"title {at}",
        description=f"description {at}",
        status=f"status {at}",
        started=date(2026, 1, 1 + at),
        ended=date(2026, 6, 1 + at) if phase == "closed" else None,
        department=department,
        officials=(Official("case handler", f"official {at % 4}", department, "030", f"o{at % 3}@voorbeeld.example", f"acc-{at % 2}"),),
        involvements=tuple(Involvement(each.key, "applicant" if n == 0 else "owner") for n, each in enumerate(found)),
        places=(_place(at),),
        findings=(
            Finding("sanction", f"finding {at}", date(2026, 3, 1 + at), outcome=f"outcome {at}"),
            *([Finding("inspection", f"visit {at}", LATELY.date() + timedelta(days=3 + at))] if at % 2 else []),
        ),
        properties=(("property", f"value {at}"),),
        confidentiality=confidentiality,
        zaak=("002564440", zaak) if zaak else None,
        modified_at=datetime(2026, 7, 1 + at, tzinfo=UTC),
    )
    return source, f"set-{at}", RecordSet((record,), found)


async def nothing(_: Hub) -> None:
    """Nothing is done in between."""


async def build(hub: Hub, cases: list[Any], happens: list[Later], between: Callable[[Hub], Awaitable[None]] = nothing) -> None:
    """An empty hub gets these cases, one after the other, and then what happens later; `between`: after each of these."""
    async with hub.database.begin() as store:
        for table in (
            "involvement",
            "case_place",
            "case_record",
            "party_record",
            "membership",
            "decision",
            "mark",
            "entry",
            "alert_cause",
            "alert_dismissal",
            "relation_manager",
            "event",
            "relation",
            "source_state",
            "official",
        ):
            await store.driver.execute(f"DELETE FROM {table}")
        await save_officials(store, DIRECTORY)
    for at, drawn in enumerate(cases):
        source, set_key, records = case_set(at, drawn)
        await _say(hub, source, set_key, records)
        await between(hub)
    said = dict(enumerate(cases))
    for number, event in enumerate(happens):
        if event.decides:
            await decide_match(hub, *event.decides, "seen at the desk", "steward")
        elif event.records:
            await _enter(hub, number, *event.records)
        elif event.manages:
            await _manage(hub, number, *event.manages)
        elif event.marks:
            await _mark(hub, *event.marks)
        elif event.at in said:
            await _say(hub, said[event.at][0], f"set-{event.at}", RecordSet())
            del said[event.at]
            if event.says is not None:
                said[event.at] = event.says
                await _say(hub, *case_set(event.at, event.says))
        await between(hub)


async def _involved(hub: Hub) -> list[Any]:
    """(relation, case) of every involvement, in a fixed order."""
    return await rows(
        hub,
        "SELECT i.relation_id, c.source || '/' || c.case_id ref FROM involvement i JOIN case_record c ON c.id = i.case_id ORDER BY 2, i.position",
    )


async def _manage(hub: Hub, number: int, where: int, capacity: Any, department: str, ended: bool) -> None:
    """Somebody is the relation manager of one of the relations, or was; the directory has them as well."""
    if not (found := await _involved(hub)):
        return
    relation = found[where % len(found)]["relation_id"]
    manager = RelationManager(f"mgr_{number:032x}", relation, OUR, capacity, "a", department, NOW, department, "official", f"text {where}")
    async with hub.database.begin() as store:
        managers, _ = await managers_of_all(store, relation)
        if not any(one.capacity == capacity for one in managers):
            await add_manager(store, manager)
            if ended:
                await end_manager(store, replace(manager, until_at=NOW, ended_department=department, ended_text="over"))


async def managers_of_all(store: Store, relation: str) -> tuple[list[RelationManager], Directory]:
    found = await store.driver.fetchval(f"SELECT {managers_of('m.until_at IS NULL', 'q.id')} FROM (VALUES ($1::text)) q (id)", relation)
    return managers_in(found)


async def _enter(hub: Hub, number: int, where: int, sort: Sort, capacity: Capacity, department: str, about_case: bool) -> None:
    """Something that a department recorded about one of the relations."""
    if not (found := await _involved(hub)):
        return
    of = found[where % len(found)]
    entry = Entry(
        id=f"{sort[:3]}_{number:032x}",
        sort=sort,
        relation_id=of["relation_id"],
        organisation=OUR,
        department=department,
        official=f"official of {department}",
        capacity=capacity,
        confidentiality="zaakvertrouwelijk",
        at=LATELY + timedelta(minutes=number),
        said={
            "subject": f"subject {where % 2}",
            "text": f"text {where}",
            **({"kind": "task"} if sort == "task" else {}),
            **({"direction": "outbound" if where % 5 == 4 else "inbound"} if sort == "contact-moment" else {}),
        },
        cases=(of["ref"],) if about_case else (),
        state=BEGINS[sort],
        due=LATELY.date() + timedelta(days=1),
        assignee_department=department if sort != "contact-moment" else "",
    )
    async with hub.database.begin() as store:
        await keep_entry(store, entry, KeptStep("recorded", NOW, OUR, department, entry.official, "", False, {}))


async def _mark(hub: Hub, name: PartyName, word: str) -> None:
    async with hub.database.begin() as store:
        await store.lock_resolve()
        await put_marks(store, [name], [word], "request", NOW)
        await settle(store, hub, "steward", Written(retold=await relations.numbers_of(store, [name])), (), NOW)


async def _say(hub: Hub, source: str, set_key: str, records: RecordSet) -> None:
    async with hub.database.begin() as store:
        await store.lock_resolve()
        await replace_records(store, hub, source, {set_key: records}, NOW)


Path = tuple[str, Callable[[Hub], Awaitable[Any]]]


async def paths(hub: Hub, occasion: str, organisation: str) -> list[Path]:
    """Every way to ask for everything that is there now, by name: to be asked again when it is not there any more."""
    question = asked("contact-centre", "answering-questions", occasion)
    question = replace(question, consumer=replace(question.consumer, organisation=organisation))
    ids = sorted(row["id"] for row in await rows(hub, "SELECT id FROM relation"))
    refs = [(row["source"], row["case_id"]) for row in await rows(hub, "SELECT source, case_id FROM case_record ORDER BY id")]
    return [*_of_relations(question, ids), *_of_cases(question, refs), *_of_finding(question, ids, refs)]


def _once(service: Any, *given: Any) -> Path:
    """One question; `given`: who asks, and what."""
    return f"{service.__name__} {given[1:]}", lambda hub: service(hub, *given)


def _paged(service: Any, *given: Any) -> Path:
    """All pages of a list; the last of `given` is the query, which takes the cursor."""
    *first, query = given
    return f"{service.__name__} {given[1:]}", lambda hub: pages(lambda cursor: service(hub, *first, replace(query, cursor=cursor)))


def _of_relations(question: Asked, ids: list[str]) -> Iterator[Path]:
    for id_ in [*ids, "rel_" + "0" * 26]:
        yield _once(view_relation, question, id_, ViewOptions(origins=True))
        yield _paged(list_cases, question, id_, CaseQuery(limit=1))
        yield _once(list_cases, question, id_, CaseQuery(phase="open"))
        yield _once(show_alerts, question, id_, "/v1")
        yield _paged(show_timeline, question, id_, PageQuery(limit=2))
        yield _paged(list_source_records, question, id_, PageQuery(limit=1))
        yield _paged(show_history, question, id_, PageQuery(limit=1))
        yield _paged(list_officials, question, id_, PageQuery(limit=1))
        yield _paged(list_managers, question, id_, PageQuery(limit=1))
        for sort in SORTS:
            yield _paged(list_entries, question, id_, sort, EntryQuery(limit=1))
        yield _once(export_of, question, id_)


def _of_cases(question: Asked, refs: list[tuple[str, str]]) -> Iterator[Path]:
    for ref in refs:
        yield _once(show_case, question, *ref)
        yield _once(lookup_relation, question, Reference(case=ref), ViewOptions())
        yield _paged(show_project, question, *ref, PageQuery(limit=1))
    for at in range(2):
        for place in (PlaceName(bag_id=f"034401000000000{at}"), PlaceName(address=f"1234AB/{at}")):
            yield _once(show_place, question, place, PlaceQuery())
            yield _paged(show_place, question, place, PlaceQuery(limit=1))
            yield _once(show_place, question, place, PlaceQuery(capacity="licensing", phase="open"))
    for department in DEPARTMENTS:
        yield _paged(list_department_cases, question, DepartmentQuery(department=department, limit=1))


def _of_finding(question: Asked, ids: list[str], refs: list[tuple[str, str]]) -> Iterator[Path]:
    numbers = [Reference(identifier=("bsn", bsn)) for bsn in BSNS[1:]] + [Reference(identifier=("kvk", KVKS[1]))]
    own = [Reference(record=(source, f"own-{key}")) for source in NAMES for key in "pqr"]
    for one in numbers + own:
        yield _once(lookup_relation, question, one, ViewOptions())
    everyone = [*numbers, *own, *(Reference(relation=id_) for id_ in ids), *(Reference(case=ref) for ref in refs)]
    yield _once(lookup_batch, question, everyone)
    for person in PEOPLE.values():
        if person:
            yield _once(search_relations, question, SearchQuery(name=person[0].family, birth_date=person[1]))
            for at in range(3):
                yield _once(search_relations, question, SearchQuery(name=person[0].family, postcode="1234AB", house_number=str(at)))
                yield _once(search_relations, question, SearchQuery(name=person[0].family, phone=f"06123456{at:02}"))
    for kind in ("organisation", "branch"):
        yield _paged(list_relations, question, RelationQuery(kind, limit=1))
    yield _once(list_events, question, EventQuery(), "/v1")
    yield _once(told_of, question, Wanted())
    yield _once(deliveries_of, question)
    for wanted in (
        *(Wanted(relation_id=id_) for id_ in ids),
        *(Wanted(project="/".join(ref)) for ref in refs),
        *(Wanted(bag_id=f"034401000000000{at}") for at in range(2)),
        *(Wanted(case_kind=kind) for kind in KINDS),
    ):
        yield _once(told_of, question, wanted)


async def told_of(hub: Hub, question: Asked, wanted: Wanted) -> bytes:
    """All that a subscription to this is told, from the beginning; why nothing when nothing may be."""
    known = KnownConsumers(DEMO / "consumers.toml")
    told: list[bytes] = []
    known.by_name = {question.consumer.name: Agreed(question.consumer)}
    teller = Teller(hub, known, lambda _, body, __: _taken(told, body))
    one = await _subscription(hub, question, wanted)
    if isinstance(admitted := may_tell(teller, one, NOW), Refusal):
        return orjson.dumps(admitted.reason)
    async with hub.database.begin() as store:
        before = await horizon(store.driver)
    while True:
        taken = Taken(one, NOW, waits=False, missed=False)
        await Round(teller, taken, admitted, Signing(hub, one, NOW), NOW).run(before)
        [row] = await rows(hub, "SELECT transaction, event FROM subscription WHERE id = $1", one.id)
        if row["transaction"] == before:
            break
        one = replace(one, place=(row["transaction"], row["event"]))
    await rows(hub, "DELETE FROM subscription")
    return b"\n".join(told)


async def deliveries_of(hub: Hub, question: Asked) -> bytes:
    """All that could not be told, page by page: as if nothing could."""
    one = await _subscription(hub, question, Wanted())
    await rows(
        hub,
        "INSERT INTO delivery (subscription, event, lane, first_at, next_at, attempts, reason) SELECT $1, id, '', at, at, 1, '' FROM event",
        one.id,
    )
    pages, cursor = [], ""
    while cursor is not None:
        page = orjson.loads(await show_deliveries(hub, question, one.id, PageQuery(cursor, 2)))
        pages.append([delivery["event"] for delivery in page["results"]])
        cursor = page["next"]
    await rows(hub, "DELETE FROM subscription")
    return orjson.dumps(pages)


async def _taken(told: list[bytes], body: bytes) -> Answer:
    told.append(body)
    return Answer(204, b"")


async def _subscription(hub: Hub, question: Asked, wanted: Wanted) -> Subscription:
    secret = hub.sealer.seal(new_secret().encode(), about_secret("now", "sub_1"))
    one = Subscription(
        "sub_1", owner_of(question), "http://127.0.0.1:1/", "/v1", wanted, NOW, secret, (0, 0), NOW, challenged_at=NOW, verified_at=NOW
    )
    async with hub.database.begin() as store:
        await store.driver.execute("DELETE FROM subscription")
        await add_subscription(store, one)
    return one


async def export_of(hub: Hub, question: Asked, relation_id: str) -> bytes | View:
    """All that an export of this relation holds, as JSON and as a page, but for who looked, its own id and times; why it failed when it did."""
    asked_for = await ask_export(hub, question, relation_id, "", "/v1")
    if asked_for.relation_id != relation_id:
        return asked_for
    known = KnownConsumers(DEMO / "consumers.toml")
    known.by_name = {question.consumer.name: Agreed(question.consumer)}
    assert await make_waiting_export(hub, known, lambda: False)
    export = orjson.loads(await read_export(hub, question, orjson.loads(asked_for.body)["id"], "/v1"))
    if export["error"]:
        return orjson.dumps(export["error"])
    opened = await open_export(hub, question, export["id"], "export-content")
    said = [piece for given in (opened.content(), rendered(opened)) async for piece in given]
    varies = r'exp_[0-9a-f]{32}|\d+ [a-z]+ 20\d\d, \d\d:\d\d uur|"consultations":.*?\]\}(?=<!)'
    return re.sub(varies, "…", re.sub(r'(?s)<h2 id="gekeken">.*?</section>', "", b"".join(said).decode())).encode()


async def pages(read: Callable[[str], Awaitable[bytes | View]]) -> list[bytes | View]:
    """All pages of a list."""
    found, cursor = [await read("")], ""
    while cursor := orjson.loads(_body(found[-1])).get("next") or "":
        found.append(await read(cursor))
    return found


def _body(answer: bytes | View) -> bytes:
    return answer.body if isinstance(answer, View) else answer


_TIMES = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")


async def answers(hub: Hub, asked_for: list[Path]) -> dict[str, str]:
    """What each path gives, byte for byte but for times; an error as its kind and text."""
    await rows(hub, "DELETE FROM source_state")
    return {name: await _answer(hub, path) for name, path in asked_for}


async def _answer(hub: Hub, path: Callable[[Hub], Awaitable[Any]]) -> str:
    try:
        given = await path(hub)
    except RelhubError as error:
        return f"{type(error).__name__}: {error}"
    if isinstance(given, list):
        return "\n".join(_shown(each) for each in given)
    return _shown(given)


def _shown(answer: bytes | View) -> str:
    body = _TIMES.sub("(time)", _body(answer).decode())
    if body.startswith(('{"results":[{"specversion"', '{"results":[],"next":"')):
        return body.rpartition('"next"')[0]  # of events: another cursor each time
    return f"{answer.relation_id} {answer.tag} {body}" if isinstance(answer, View) else body


async def profile(hub: Hub, organisation: str) -> Profile:
    """What the contact centre of this organisation sees."""
    async with hub.database.driver() as driver:
        await hub.access.renew(driver)
    return hub.access.profile(hub.access.rules.activities["answering-questions"], organisation)


async def compute(hub: Hub) -> None:
    """The alerts of everybody, from what there is now."""
    async with hub.database.begin() as store:
        await compute_alerts.compute_all(store, hub, datetime.now(UTC))


async def forget_withheld(hub: Hub, seen: Profile) -> None:
    """The world in which what this profile does not see never existed, with the same relations; what is seen in part keeps that part only."""
    summary, shown, named = (seen.at_least(level) for level in (Level.summary, Level.existence, Level.referral))
    visible = "EXISTS (SELECT FROM involvement i WHERE i.party_id = p.id AND i.compartment = ANY($1))"
    await rows(hub, "DELETE FROM case_record WHERE compartment <> ALL($1)", named)
    await rows(hub, "DELETE FROM case_place w WHERE NOT EXISTS (SELECT FROM case_record c WHERE c.id = w.case_id)")
    await rows(
        hub,
        "DELETE FROM membership m USING party_record p WHERE (p.source, p.key, p.variant) = (m.source, m.key, m.variant) AND NOT EXISTS (SELECT FROM involvement i WHERE i.party_id = p.id)",
    )
    await rows(hub, "DELETE FROM party_record p WHERE NOT EXISTS (SELECT FROM involvement i WHERE i.party_id = p.id)")
    seen_so_well = "compartments <@ $1::int[] AND at_summary <@ $2::int[] AND at_full <@ $3::int[]"
    await rows(hub, f"DELETE FROM event WHERE all_of AND NOT ({seen_so_well})", shown, summary, seen.at_least(Level.full))
    await rows(hub, "UPDATE event SET compartments = ARRAY(SELECT unnest(compartments) INTERSECT SELECT unnest($1::int[]))", named)
    await rows(hub, "DELETE FROM event WHERE compartments = '{}'")
    await _forget_entries(hub, seen)
    told = "compartments && CASE WHEN until_at IS NULL THEN $1::int[] ELSE $2::int[] END"
    await rows(hub, f"DELETE FROM relation_manager WHERE NOT ({told})", shown, summary)
    await rows(hub, f"DELETE FROM decision d WHERE NOT EXISTS ({_side('a', visible)}) OR NOT EXISTS ({_side('b', visible)})", summary)
    # What is known at existence or less: of the case only its existence part and who deals with it, of its parties nothing.
    await rows(
        hub,
        """
        UPDATE case_record SET body = jsonb_strip_nulls(jsonb_build_object('officials', body->'officials')), "full" = 'x', summary = 'x', discreet = 'x'
        WHERE compartment <> ALL($1)
        """,
        summary,
    )
    await rows(hub, "UPDATE case_record SET existence = 'x', body = '{}', department = '' WHERE compartment <> ALL($1)", shown)
    await rows(hub, f"UPDATE party_record p SET body = '{{}}', display = 'x', birth = 'x', family = 'x' WHERE NOT {visible}", summary)
    for table in ("party_identifier", "search_term", "match_key"):
        await rows(hub, f"DELETE FROM {table} n USING party_record p WHERE p.id = n.party_id AND NOT {visible}", summary)
    await _forget_parts(hub, seen)
    await compute(hub)


def own_entries(seen: Profile) -> str:
    """Which entries the contact centre is in, for what it may record."""
    keys = [f"'{department_key(sort, seen.organisation, DEPARTMENTS[0])}'" for sort in sorted(seen.activity.records)]
    return f"departments && ARRAY[{', '.join(keys)}]::text[]"


async def _forget_entries(hub: Hub, seen: Profile) -> None:
    """Of what departments recorded: all that is withheld, and of what is seen in part the rest. One's own department sees its own."""
    own = own_entries(seen)
    named, shown, told, whole = (seen.at_least(level) for level in (Level.referral, Level.existence, Level.summary, Level.full))
    await rows(hub, f"DELETE FROM entry WHERE NOT ({own} OR compartments <@ $1)", named)
    for part, compartments in (("existence", shown), ("summary", told), ('"full"', whole)):
        await rows(hub, f"UPDATE entry SET {part} = 'x' WHERE NOT ({own} OR compartments <@ $1)", compartments)


def _side(which: str, visible: str) -> str:
    return f"SELECT FROM party_record p WHERE (p.source, p.key) = (d.{which}_source, d.{which}_key) AND {visible}"


async def _forget_parts(hub: Hub, seen: Profile) -> None:
    """The parts of cases and the details of people that no level or field group shows."""
    await rows(
        hub,
        """UPDATE case_record SET "full" = 'x', body = body - '{places,properties,description,findings}'::text[] WHERE compartment <> ALL($1)""",
        seen.at_least(Level.full),
    )
    if not seen.shows_non_disclosed:
        await rows(
            hub,
            """
            UPDATE case_record SET "full" = 'x', summary = 'x', body = body - '{places,title,description,properties}'::text[] || jsonb_strip_nulls(jsonb_build_object(
                'findings', (SELECT jsonb_agg(f - '{label,outcome,reference}'::text[]) FROM jsonb_array_elements(body->'findings') f))) WHERE protected
            """,
        )
        await rows(hub, "DELETE FROM case_place w USING case_record c WHERE c.id = w.case_id AND c.protected")
        hidden = "p.relation_id IN (SELECT id FROM relation WHERE non_disclosure)"
        own = own_entries(seen)
        await rows(hub, f"""UPDATE entry p SET "full" = 'x', summary = 'x', said = '{{}}' WHERE {hidden} AND NOT {own}""")
        await _forget_details(hub, hidden)
    if "contact-details" not in seen.groups:
        await _forget_details(hub, "true")
    if "identifiers" not in seen.groups:
        await rows(hub, "UPDATE party_identifier SET sealed = 'x'")  # what is shown without the group is masked, or public


async def _forget_details(hub: Hub, whose: str) -> None:
    await rows(hub, f"UPDATE party_record p SET body = body - '{{addresses,phones,emails}}'::text[] WHERE {whose}")
    await rows(
        hub,
        f"DELETE FROM search_term s USING party_record p WHERE p.id = s.party_id AND s.field IN ('postcode', 'address', 'phone', 'email') AND {whose}",
    )
