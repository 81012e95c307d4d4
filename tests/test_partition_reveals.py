"""What the partition alone reveals: counted over the demo town, and as docs/dpia.md says it, to the last figure."""

import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

import pytest
from tests.rights_world import OUR, Drawn, Setting, build, open_hub
from tests.towns import NewDatabase, rows, seeing, settings_for

from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.domain.identity import OFFICIAL_SCHEMES, Member, partition
from relhub.services.hub import Hub
from relhub.storage import decisions, relations

DPIA = Path(__file__).resolve().parents[1] / "docs" / "dpia.md"


@dataclass(frozen=True)
class Revealed:
    """What one processing activity could learn of the whole store, by occasions or without, from which records are one relation."""

    shown: int  # relations of which it sees what a source says of the party
    joined: int  # of those: what it sees of the party would not be one relation without records of which it sees less
    joined_unnamed: int  # the same, where a record of which it sees nothing at all does the joining
    kept_apart: int  # groups of records that it sees in several relations, and that would be one without what it does not see
    ambiguous: int  # official numbers that it finds in several relations
    led_on: int  # retired ids that lead it to a relation, and that none of the records it sees ever had


async def reveals(hub: Hub, activity_id: str) -> Revealed:
    async with hub.database.begin() as store:
        await hub.access.renew(store.driver)
        members, present = await relations.members(store, [row["id"] for row in await store.driver.fetch("SELECT id FROM party_record")])
        decided = await decisions.decisions_between(store, {member.name for member in members})
    profile = hub.access.profile(hub.access.rules.activities[activity_id], OUR)
    at = {level: await _records(hub, profile, level) for level in (Level.summary, Level.referral)}
    seen = [member for member in members if member.id in at[Level.summary]]
    named = [member for member in members if member.id in at[Level.referral]]
    alone = {member.id: n for n, cluster in enumerate(partition(seen, decided)) for member in cluster.members}
    with_named = {member.id: n for n, cluster in enumerate(partition(named, decided)) for member in cluster.members}
    apart = {n: {present[member.id] for member in seen if alone[member.id] == n} for n in set(alone.values())}
    return Revealed(
        shown=len({present[member.id] for member in seen}),
        joined=_several(seen, present, alone),
        joined_unnamed=_several(seen, present, with_named),
        kept_apart=sum(len(ids) > 1 for ids in apart.values()),
        ambiguous=_ambiguous(seen, present),
        led_on=await _led_on(hub, list(at[Level.summary]), list(at[Level.referral])),
    )


async def _records(hub: Hub, profile: Profile, level: Level) -> set[int]:
    found = await rows(hub, "SELECT DISTINCT party_id FROM involvement WHERE compartment = ANY($1)", profile.at_least(level))
    return {row["party_id"] for row in found}


def _several(seen: Iterable[Member], present: dict[int, str | None], clusters: dict[int, int]) -> int:
    """How many relations are several clusters."""
    found: dict[str | None, set[int]] = {}
    for member in seen:
        found.setdefault(present[member.id], set()).add(clusters[member.id])
    return sum(len(each) > 1 for each in found.values())


def _ambiguous(seen: Iterable[Member], present: dict[int, str | None]) -> int:
    found: dict[tuple[str, bytes], set[str | None]] = {}
    for member in seen:
        for key in member.keys:
            if key.scheme in OFFICIAL_SCHEMES:
                found.setdefault((key.scheme, key.token), set()).add(present[member.id])
    return sum(len(each) > 1 for each in found.values())


async def _led_on(hub: Hub, seen: list[int], named: list[int]) -> int:
    found = await rows(
        hub,
        """
        SELECT count(*) n FROM relation r WHERE EXISTS (SELECT FROM party_record p WHERE p.relation_id = r.merged_into AND p.id = ANY($2))
            AND NOT EXISTS (SELECT FROM membership m JOIN party_record p ON (p.source, p.key) = (m.source, m.key)
                WHERE m.relation_id = r.id AND p.id = ANY($1))
        """,
        seen,
        named,
    )
    return int(found[0]["n"])


@pytest.fixture(scope="module")
async def demo_hub(new_database: NewDatabase, demo_template: str, demo_sources: Path) -> AsyncIterator[Hub]:
    hub = await Hub.open(settings_for(await new_database(demo_template), demo_sources))
    yield hub
    await hub.close()


def _stated() -> dict[str, tuple[int, ...]]:
    """The rows of the table in dpia.md whose first cell is the id of an activity."""
    found = re.findall(r"^\| `([a-z-]+)` \|((?: \d+ \|){6})$", DPIA.read_text(), re.MULTILINE)
    return {activity: tuple(int(cell) for cell in cells.split("|")[:-1]) for activity, cells in found}


async def test_what_the_partition_reveals_in_the_demo_is_what_dpia_md_says(demo_hub: Hub) -> None:
    activities = [activity.id for activity in demo_hub.access.rules.activities.values() if activity.openings]
    counted = {id_: astuple(await reveals(demo_hub, id_)) for id_ in activities}
    assert counted == _stated()


BSN = "999990019"
ANNA = Drawn("h", "anna", BSN, "", False)
NUMBER_ONLY, NAME_ONLY = Drawn("p", "", BSN, "", False), Drawn("q", "anna", "", "", False)


def _case(source: str, capacity: str, party: Drawn) -> tuple[object, ...]:
    return (source, capacity, "vergunning", "openbaar", "open", "Klantcontact", "", [party])


async def _counted(url: str, *cases: tuple[object, ...], enforcement: Level = Level.none) -> Revealed:
    plain = open_hub(url, Setting())
    try:
        await build(plain, list(cases), [])
        return await reveals(seeing(plain, Level.summary, enforcement=enforcement), "answering-questions")
    finally:
        await plain.database.close()


_BRIDGED = (_case("copy-a", "licensing", NUMBER_ONLY), _case("copy-b", "licensing", NAME_ONLY), _case("copy-b", "enforcement", ANNA))


async def test_two_records_that_a_withheld_one_joins_are_counted(migrated_url: str) -> None:
    counted = await _counted(migrated_url, *_BRIDGED)
    assert (counted.shown, counted.joined, counted.joined_unnamed) == (1, 1, 1)


async def test_what_joins_them_is_named_at_existence(migrated_url: str) -> None:
    counted = await _counted(migrated_url, *_BRIDGED, enforcement=Level.existence)
    assert (counted.shown, counted.joined, counted.joined_unnamed) == (1, 1, 0)


async def test_when_all_is_seen_nothing_is_counted(migrated_url: str) -> None:
    assert await _counted(migrated_url, *_BRIDGED, enforcement=Level.summary) == Revealed(1, 0, 0, 0, 0, 0)


async def test_two_records_that_withheld_ones_keep_apart_are_counted_and_their_number_is_ambiguous(migrated_url: str) -> None:
    other = Drawn("q", "", BSN, "", False)
    bram = Drawn("i", "bram", BSN, "", False)
    hidden = (_case("copy-a", "enforcement", ANNA), _case("copy-b", "enforcement", bram))
    counted = await _counted(migrated_url, *hidden, _case("copy-a", "licensing", NUMBER_ONLY), _case("copy-b", "licensing", other))
    assert (counted.shown, counted.kept_apart, counted.ambiguous) == (2, 1, 1)


async def test_an_id_that_only_a_withheld_record_had_is_counted_when_it_leads_to_what_is_seen(migrated_url: str) -> None:
    one, bridge = Drawn("r", "anna", "", "", False), _case("copy-b", "enforcement", ANNA)
    counted = await _counted(
        migrated_url,
        _case("copy-a", "licensing", NUMBER_ONLY),
        _case("copy-b", "licensing", Drawn("q", "", BSN, "", False)),
        _case("copy-b", "enforcement", one),
        bridge,
    )
    assert counted.led_on == 1
