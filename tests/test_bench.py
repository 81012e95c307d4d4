"""What `make bench` stands on, so that it does not first fail when somebody measures."""

from bench import growth, place
from tests.towns import rows

from relhub.services.hub import Hub


async def test_relations_that_the_bench_fills_in_are_like_those_that_were_pulled(hub: Hub) -> None:
    await rows(hub, growth._FILL, 0, 4)
    found = await rows(
        hub,
        "SELECT c.compartment = i.compartment same, length(c.discreet) > 0 shown FROM involvement i JOIN case_record c ON c.id = i.case_id "
        "WHERE i.relation_id LIKE 'rel_F0%'",
    )
    assert [tuple(row) for row in found] == [(True, True)] * 5


async def test_the_building_that_the_bench_asks_about_has_what_is_at_the_address(hub: Hub) -> None:
    [row] = await rows(hub, place._BUILDING, place._CASE)
    assert (row["id"][4:6], row["cases"]) == ("10", 3)
    assert len(await rows(hub, "SELECT FROM case_place WHERE bag_id = $1", row["id"])) == 3
    assert await rows(hub, place._APPLICANT, place._CASE)
