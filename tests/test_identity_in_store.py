"""Identity as it is kept in PostgreSQL: whatever happens in whatever order, the same relations, and ids that hold."""

import asyncio
import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.towns import bare_hub, bare_source, computed_columns

from relhub.adapters import Adapter
from relhub.domain.identity import Decision, partition
from relhub.domain.record import CAPACITIES, CaseRecord, Identifier, Involvement, PartyRecord, PersonName, RecordSet
from relhub.services.decide_match import decide_match
from relhub.services.read_sets import replace
from relhub.services.rebuild import rebuild
from relhub.storage import relations
from relhub.storage.database import Store

NAMES = {"": None, "anna": PersonName(given="Anna", family="Berg"), "bram": PersonName(given="Bram", family="Vries")}
BIRTHS = {"": "", "anna": "1980-02-17", "bram": "1951-06-30"}
BSNS = ("", "999990019", "999990044")
RSINS = ("", "002564440")
SOURCES = ("copy-a", "copy-b", "leaf-c")

Described = tuple[str, str, str, str, str, bool]
"""Key, two numbers, who, the source's own number, whether it has non-disclosure."""

parties = st.lists(
    st.tuples(
        st.sampled_from("pqrst"),
        st.sampled_from(BSNS),
        st.sampled_from(RSINS),
        st.sampled_from(sorted(NAMES)),
        st.sampled_from(["", "own-1", "own-2"]),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda party: party[0],
)


def records(source: str, case_id: str, described: list[Described], kind: str = "vergunning", zaak: str = "") -> RecordSet:
    found = []
    for key, bsn, rsin, who, own, secret in described:
        numbers = tuple(Identifier(scheme, value) for scheme, value in (("bsn", bsn), ("rsin", rsin), (f"own:{source}", own)) if value)
        found.append(
            PartyRecord(
                source,
                key,
                "organisation" if rsin and not who else "person",
                numbers,
                NAMES[who],
                birth=BIRTHS[who],
                flags=frozenset({"non_disclosure"} if secret else ()),
            )
        )
    case = CaseRecord(
        source,
        case_id,
        kind,
        "licensing",
        "open",
        zaak=("002564440", zaak) if zaak else None,
        involvements=tuple(Involvement(party.key, "applicant") for party in found),
    )
    return RecordSet((case,), tuple(found))


class Town(RuleBasedStateMachine):
    """Sets of documents come, change and go; stewards decide; in any order."""

    database_url: str
    loop: asyncio.AbstractEventLoop

    @initialize()
    def empty(self) -> None:
        self.hub = bare_hub(self.database_url, *(bare_source(name, "leaf" if name.startswith("leaf") else "full") for name in SOURCES))
        self.seen: set[str] = set()
        self.said: dict[tuple[str, str], RecordSet] = {}
        self.loop.run_until_complete(self.clear())

    async def clear(self) -> None:
        async with self.hub.database.begin() as store:
            for table in (
                "involvement",
                "case_record",
                "party_record",
                "match_key",
                "search_term",
                "membership",
                "decision",
                "event",
                "relation",
            ):
                await store.driver.execute(f"DELETE FROM {table}")

    def teardown(self) -> None:
        if hasattr(self, "hub"):
            self.loop.run_until_complete(self.hub.database.close())

    @rule(
        source=st.sampled_from(SOURCES),
        set_key=st.sampled_from(["1", "2", "3"]),
        described=parties,
        kind=st.sampled_from(["vergunning", "bibob"]),
        zaak=st.sampled_from(["", "Z-1"]),
    )
    def a_set_says(self, source: str, set_key: str, described: list[Described], kind: str, zaak: str) -> None:
        self.loop.run_until_complete(self.replace(source, set_key, records(source, set_key, described, kind, zaak)))

    @rule(source=st.sampled_from(SOURCES), tells=st.booleans(), when_unknown=st.booleans())
    def a_source_begins_or_ceases_to_tell_non_disclosure(self, source: str, tells: bool, when_unknown: bool) -> None:
        """As after an upgrade: its sets are read again; and after a change of the setting all is computed again."""
        self.loop.run_until_complete(self.tell(source, tells, when_unknown))

    async def tell(self, source: str, tells: bool, when_unknown: bool) -> None:
        changed = when_unknown != self.hub.protected_when_unknown
        teller = cast(Adapter, SimpleNamespace(capacities=frozenset(CAPACITIES), tells_non_disclosure=tells))
        self.hub = dataclasses.replace(self.hub, adapters={**self.hub.adapters, source: teller}, protected_when_unknown=when_unknown)
        for (name, set_key), said in self.said.items():
            if name == source:
                await self.replace(name, set_key, said)
        if changed:
            await rebuild(self.hub)

    @rule(source=st.sampled_from(SOURCES), set_key=st.sampled_from(["1", "2", "3"]))
    def a_set_is_gone(self, source: str, set_key: str) -> None:
        self.loop.run_until_complete(self.replace(source, set_key, RecordSet()))

    async def replace(self, source: str, set_key: str, said: RecordSet) -> None:
        self.said[source, set_key] = said
        async with self.hub.database.begin() as store:
            await store.lock_resolve()
            await replace(store, self.hub, source, {set_key: said}, datetime.now(UTC))

    @rule(
        a=st.tuples(st.sampled_from(SOURCES), st.sampled_from("pqrst")),
        b=st.tuples(st.sampled_from(SOURCES), st.sampled_from("pqrst")),
        verdict=st.sampled_from(["same", "different", None]),
    )
    def a_steward_decides(self, a: tuple[str, str], b: tuple[str, str], verdict: Any) -> None:
        if a != b:
            self.loop.run_until_complete(decide_match(self.hub, a, b, verdict, "seen at the desk", "steward"))

    @rule()
    def all_is_computed_again(self) -> None:
        async def check() -> None:
            async with self.hub.database.begin() as store:
                before = await computed_columns(store)
            await rebuild(self.hub)
            async with self.hub.database.begin() as store:
                assert await computed_columns(store) == before

        self.loop.run_until_complete(check())

    @invariant()
    def it_is_what_all_at_once_gives(self) -> None:
        async def check() -> None:
            async with self.hub.database.begin() as store:
                await self.check_partition(store)
                await self.check_ids(store)
                await self.check_protection(store)

        if hasattr(self, "hub"):
            self.loop.run_until_complete(check())

    async def check_partition(self, store: Store) -> None:
        ids = [row["id"] for row in await store.driver.fetch("SELECT id FROM party_record")]
        members, present = await relations.members(store, ids)
        decided = await store.driver.fetch("SELECT * FROM decision WHERE withdrawn_at IS NULL")
        decisions = [Decision((row["a_source"], row["a_key"]), (row["b_source"], row["b_key"]), row["verdict"]) for row in decided]
        expected = {frozenset(member.id for member in cluster.members) for cluster in partition(members, decisions)}
        wrong = await store.driver.fetch("SELECT r.id FROM relation r JOIN party_record p ON p.relation_id = r.id WHERE r.kind <> p.kind")
        assert not wrong, "a relation is of another kind than its records"
        stored: dict[str | None, set[int]] = {}
        for id_, relation_id in present.items():
            stored.setdefault(relation_id, set()).add(id_)
        assert {frozenset(group) for group in stored.values()} == expected

    async def check_protection(self, store: Store) -> None:
        """A relation has non-disclosure as its records say now, and each case is protected as its relations say, in whichever system it is known."""
        expected: dict[str, list[bool | None]] = {}
        for row in await store.driver.fetch("SELECT source, kind, relation_id, body->'flags' ? 'non_disclosure' secret FROM party_record"):
            tells = self.hub.adapters[row["source"]].tells_non_disclosure or row["kind"] == "organisation"  # which never is in doubt
            expected.setdefault(row["relation_id"], []).append(True if row["secret"] else False if tells else None)
        protected = {id_: any(said) if set(said) != {None} else self.hub.protected_when_unknown for id_, said in expected.items()}
        stored = await store.driver.fetch("SELECT id, non_disclosure FROM relation WHERE retired_at IS NULL")
        assert {row["id"]: row["non_disclosure"] for row in stored} == protected
        cases = await store.driver.fetch(
            """
            SELECT c.id, c.zaak, c.protected, c.compartment, array_agg(i.relation_id) relations, bool_and(coalesce(i.compartment = c.compartment, true)) agree
            FROM case_record c LEFT JOIN involvement i ON i.case_id = c.id GROUP BY c.id
            """
        )
        assert all(row["agree"] for row in cases), "an involvement is of another compartment than its case"
        secret = {row["zaak"] or row["id"] for row in cases if any(protected.get(id_) for id_ in row["relations"])}
        assert {row["id"]: row["protected"] for row in cases} == {row["id"]: (row["zaak"] or row["id"]) in secret for row in cases}

    async def check_ids(self, store: Store) -> None:
        rows = await store.driver.fetch(
            "SELECT r.id, r.merged_into, r.retired_at IS NOT NULL retired, EXISTS (SELECT FROM party_record p WHERE p.relation_id = r.id) used FROM relation r"
        )
        state = {row["id"]: row for row in rows}
        assert self.seen <= set(state), "an id was forgotten"
        self.seen = set(state)
        assert all(row["retired"] != row["used"] for row in rows), "an id is in use or retired, never both or neither"
        assert all(row["merged_into"] is None or (row["retired"] and state[row["merged_into"]]["merged_into"] is None) for row in rows), (
            "a redirect leads on"
        )
        await self.check_redirects(store, {row["id"]: row["merged_into"] for row in rows if row["retired"]})
        open_facts = await store.driver.fetch(
            "SELECT source, key, variant, relation_id FROM membership WHERE until_at IS NULL ORDER BY 1, 2, 3"
        )
        computed = await store.driver.fetch("SELECT source, key, variant, relation_id FROM party_record ORDER BY 1, 2, 3")
        assert [tuple(row) for row in open_facts] == [tuple(row) for row in computed]

    async def check_redirects(self, store: Store, retired: dict[str, str | None]) -> None:
        """A retired id leads to a relation that a record which had it last is in, whatever happened since, and nowhere when there is none."""
        rows = await store.driver.fetch(
            """
            SELECT m.relation_id id, array_agg(p.relation_id) FILTER (WHERE p.relation_id IS NOT NULL) present FROM membership m
            LEFT JOIN party_record p ON (p.source, p.key) = (m.source, m.key)
            WHERE m.until_at = (SELECT max(until_at) FROM membership e WHERE e.relation_id = m.relation_id) GROUP BY 1
            """
        )
        present = {row["id"]: row["present"] or [] for row in rows}
        assert all((successor in present[id_]) if present[id_] else (successor is None) for id_, successor in retired.items()), (
            "a redirect leads to somebody else"
        )


@pytest.fixture
def own_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_any_order_of_events_gives_the_same_relations_and_ids_that_hold(migrated_url: str, own_loop: asyncio.AbstractEventLoop) -> None:
    Town.database_url, Town.loop = migrated_url, own_loop
    run_state_machine_as_test(
        Town, settings=settings(max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    )


def test_who_was_kept_apart_by_a_record_comes_together_when_it_is_gone(migrated_url: str, own_loop: asyncio.AbstractEventLoop) -> None:
    town = Town()
    Town.database_url, Town.loop = migrated_url, own_loop
    town.empty()
    town.a_set_says("copy-b", "1", [("p", "999990019", "", "bram", "", False)], "vergunning", "")
    two = [("p", "999990044", "", "bram", "", False), ("q", "", "", "bram", "", False)]  # q fits two people: joined with neither
    town.a_set_says("copy-a", "1", two, "vergunning", "")
    town.it_is_what_all_at_once_gives()
    town.a_set_is_gone("copy-b", "1")
    town.it_is_what_all_at_once_gives()
    town.teardown()


def test_a_record_that_turns_out_to_be_of_a_person_makes_its_relation_one(migrated_url: str, own_loop: asyncio.AbstractEventLoop) -> None:
    """Else somebody would be listed among the organisations."""
    town = Town()
    Town.database_url, Town.loop = migrated_url, own_loop
    town.empty()
    for who in ("", "anna"):
        town.a_set_says("copy-a", "1", [("p", "", "002564440", who, "", False)], "vergunning", "")
        town.it_is_what_all_at_once_gives()
    town.teardown()


def test_nothing_of_a_record_that_is_gone_is_left_to_find_it_by(migrated_url: str, own_loop: asyncio.AbstractEventLoop) -> None:
    """No foreign key sees to it."""
    town = Town()
    Town.database_url, Town.loop = migrated_url, own_loop
    town.empty()
    town.a_set_says("copy-a", "1", [("p", "999990019", "", "bram", "", False)], "vergunning", "")
    assert own_loop.run_until_complete(left_to_find(town)) > 0
    town.a_set_is_gone("copy-a", "1")
    assert own_loop.run_until_complete(left_to_find(town)) == 0
    town.teardown()


async def left_to_find(town: Town) -> int:
    async with town.hub.database.driver() as driver:
        return int(await driver.fetchval("SELECT (SELECT count(*) FROM match_key) + (SELECT count(*) FROM search_term)"))
