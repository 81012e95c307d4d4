"""What the view costs for a relation with many cases, and in a hub with many relations."""

from datetime import UTC, date, datetime, timedelta

import asyncpg

from bench.figures import Figure, alternating, ratio
from bench.load import wrk
from bench.stage import Stage, opened
from bench.view import a_median_relation, headers_for
from relhub.domain.record import CaseRecord, Identifier, Involvement, Official, PartyRecord, PersonName, RecordSet
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_all
from relhub.services.read_sets import replace

CASES = 872
_FILL = """
WITH n AS MATERIALIZED (SELECT g, 'rel_F' || lpad(g::text, 25, '0') id, 'fill' || g key FROM generate_series($1::int, $2::int) g),
    relations AS (INSERT INTO relation (id, kind, anchor_source, anchor_key, anchor_number, created_at) SELECT id, 'person', 'permits', key, 1, now() FROM n),
    members AS (INSERT INTO membership (relation_id, source, key, variant, from_at) SELECT id, 'permits', key, 'v', now() FROM n),
    parties AS (
        INSERT INTO party_record (source, key, variant, kind, body, leaf, protected, birth, family, display, relation_id)
        SELECT 'permits', key, 'v', 'person', p.body, false, false, '1980-01-01', key, key, n.id FROM n CROSS JOIN (SELECT body FROM party_record LIMIT 1) p
        RETURNING id, key, relation_id
    ), numbers AS (
        INSERT INTO party_identifier (party_id, scheme, token, sealed, shown, relation_id)
        SELECT id, 'bsn', sha256(key::bytea), sha256(key::bytea), '******000', relation_id FROM parties
    ), keys AS (INSERT INTO match_key SELECT id, 'bsn', sha256(key::bytea) FROM parties),
    cases AS (
        INSERT INTO case_record (source, case_id, set_key, body, capacity, compartment, open, department, departments, on_date, zaak, "full", summary, existence, discreet)
        SELECT 'permits', 'F-' || key, 'F-' || key, '{}', 'licensing', c.compartment, true, 'Vergunningen', '{Vergunningen}', '2026-01-01', '',
            c."full", c.summary, c.existence, c.discreet
        FROM n CROSS JOIN (SELECT * FROM case_record WHERE source = 'permits' AND capacity = 'licensing' LIMIT 1) c RETURNING id, case_id, compartment
    )
INSERT INTO involvement (case_id, position, party_id, role, relation_id, capacity, compartment, open, on_date)
SELECT c.id, 0, p.id, 'applicant', p.relation_id, 'licensing', c.compartment, true, '2026-01-01' FROM cases c JOIN parties p ON c.case_id = 'F-' || p.key
"""


async def measure_many_cases(stage: Stage) -> list[Figure]:
    """A relation with 872 cases, of which 20 are shown, against the median one."""
    url = await stage.database("growth")
    async with stage.town(400) as urls:
        settings = stage.settings(url, urls)
        async with opened(settings) as hub:
            await pull_all(hub)
            busy = await with_cases(hub, "busy", "999990019", CASES)
    connection = await asyncpg.connect(url)
    relation_id, case = await a_median_relation(connection)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    async with stage.serving(settings) as base:
        few, many = await alternating(
            lambda: wrk(f"{base}/v1/relations/{relation_id}", headers_for(case), 3),
            lambda: wrk(f"{base}/v1/relations/{busy}", headers_for("permits/busy-00001"), 3),
        )
    return [Figure("view with 872 cases: cost, as a multiple of the median view's", ratio(few[0], many[0]), 2.0, most=True)]


async def with_cases(hub: Hub, key: str, bsn: str, cases: int) -> str:
    """The id of a relation with so many open permits, of which the numbers begin with its key."""
    party = PartyRecord("permits", key, "person", (Identifier("bsn", bsn),), PersonName(given="Anna", family="Druk"))
    official = (Official("case handler", "R. de Haan", "Vergunningen", "030-6987112", "r.dehaan@voorbeeld.example"),)
    begun = date(2024, 1, 1)
    sets = {
        f"{key}/{n}": RecordSet(
            (
                CaseRecord(
                    "permits",
                    f"{key}-{n:05}",
                    "omgevingsvergunning",
                    "licensing",
                    "open",
                    title="Dakkapel aan de voorzijde",
                    started=begun + timedelta(days=n),
                    department="Vergunningen",
                    officials=official,
                    involvements=(Involvement(key, "applicant"),),
                ),
            ),
            (party,),
        )
        for n in range(1, cases + 1)
    }
    async with hub.database.begin() as store:
        await store.lock_resolve()
        await replace(store, hub, "permits", sets, datetime.now(UTC))
        return str(await store.driver.fetchval("SELECT relation_id FROM party_record WHERE key = $1", key))


async def measure_many_relations(stage: Stage) -> list[Figure]:
    """The median view among 200 000 relations against that among 10 000."""
    return await _among(stage, 10_000, 200_000)


async def measure_many_relations_full(stage: Stage) -> list[Figure]:
    """The same with a million."""
    return await _among(stage, 10_000, 1_000_000)


async def _among(stage: Stage, few: int, many: int) -> list[Figure]:
    bases, relation_id, case = [], "", ""
    async with stage.town(400) as urls:
        for count in (few, many):
            url = await stage.database(f"among_{count}")
            settings = stage.settings(url, urls)
            async with opened(settings) as hub:
                await pull_all(hub)
            connection = await asyncpg.connect(url)
            for start in range(0, count, 50_000):
                await connection.execute(_FILL, start, min(start + 50_000, count) - 1)
            await connection.execute("VACUUM ANALYZE")
            relation_id, case = await a_median_relation(connection)
            await connection.close()
            bases.append(settings)
    async with stage.serving(bases[0]) as small, stage.serving(bases[1]) as large:
        path, headers = f"/v1/relations/{relation_id}", headers_for(case)
        for base in (small, large):
            await wrk(base + path, headers, 2)
        less, more = await alternating(lambda: wrk(small + path, headers, 4), lambda: wrk(large + path, headers, 4))
    return [Figure(f"view among {many:,} relations: cost, as a multiple of that among {few:,}", ratio(less[0], more[0]), 1.2, most=True)]
