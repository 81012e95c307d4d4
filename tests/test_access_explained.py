"""`relhub access explain`: what somebody would see, and which rule says so."""

import pytest
from tests.towns import CONSUMERS, rows, with_activity

from relhub.errors import NotFound
from relhub.services.explain_access import explain_access
from relhub.services.hub import Hub

DESK = CONSUMERS["permits-desk"]


async def applicant(hub: Hub) -> str:
    [row] = await rows(
        hub,
        "SELECT i.relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = 'V-2026-00001' AND i.role = 'applicant'",
    )
    return str(row["relation_id"])


async def test_every_case_of_the_relation_is_named_with_its_level_and_the_rule(hub: Hub) -> None:
    found = await explain_access(hub, DESK, "permit-handling", "case:permits/V-2026-00001", await applicant(hub))
    assert found.refused == ""
    [permit] = [case for case in found.cases if case.ref == "permits/V-2026-00001"]
    assert (permit.level, permit.rule) == ("full", 1)
    assert "Gemeente Voorbeeld, licensing, omgevingsvergunning" in permit.where
    assert {case.ref for case in found.cases} == {
        row["ref"]
        for row in await rows(
            hub,
            "SELECT c.source || '/' || c.case_id ref FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE i.relation_id = $1",
            await applicant(hub),
        )
    }


async def test_a_case_that_no_rule_fits_is_said_to_be_so(hub: Hub) -> None:
    closed = with_activity(hub, "permit-handling", openings=())
    found = await explain_access(closed, DESK, "permit-handling", "case:permits/V-2026-00001", await applicant(hub))
    assert {(case.level, case.rule) for case in found.cases} == {("none", None)}


@pytest.mark.parametrize(
    ("activity", "occasion", "reason"),
    [
        ("permit-handling", "case:permits/V-2026-00002", "occasion does not hold"),
        ("permit-handling", "none", "accepts as occasion"),
        ("enforcement-handling", "case:permits/V-2026-00001", "may not use this processing activity"),
    ],
)
async def test_it_says_why_nothing_would_be_seen(hub: Hub, activity: str, occasion: str, reason: str) -> None:
    assert reason in (await explain_access(hub, DESK, activity, occasion, await applicant(hub))).refused


async def test_who_explains_has_looked(hub: Hub) -> None:
    relation = await applicant(hub)
    await explain_access(hub, DESK, "permit-handling", "case:permits/V-2026-00001", relation)
    [row] = await rows(hub, "SELECT operation, relation_ids, records, consumer FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert (row["operation"], row["relation_ids"], row["consumer"]) == ("explain-access", [relation], "command line")
    assert "permits/V-2026-00001" in row["records"]
    with pytest.raises(NotFound):
        await explain_access(hub, DESK, "permit-handling", "none", "rel_" + "0" * 26)
