"""The prepared town: the same everywhere, true to what it promises, and cheap."""

from collections import Counter
from datetime import date
from pathlib import Path

import orjson
import pytest

from relhub.demo import appearances, prepare_town, truth
from relhub.demo.people import FATHER_AND_SON, NAMESAKES, TWINS, Company, Person, relation


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_town(tmp_path_factory.mktemp("town"))


def _lines(town: Path, collection: str) -> list[dict[str, object]]:
    return [orjson.loads(line.rstrip(b",\n")) for line in (town / "collections" / f"{collection}.lines").read_bytes().splitlines()]


def _passes_eleven_test(number: str) -> bool:
    return (
        len(number) == 9 and sum(int(digit) * weight for digit, weight in zip(number, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True)) % 11 == 0
    )


def test_the_same_parameters_make_the_same_town(town: Path, tmp_path: Path) -> None:
    again = prepare_town(tmp_path)
    for file in sorted((town / "collections").iterdir()):
        assert file.read_bytes() == (again / "collections" / file.name).read_bytes(), file.name


def test_a_finished_town_is_reused_and_a_broken_off_one_is_made_again(tmp_path: Path) -> None:
    prepare_town(tmp_path, 30)
    lines = tmp_path / "collections" / "zaken.lines"
    written = lines.stat().st_mtime_ns
    prepare_town(tmp_path, 30)
    assert lines.stat().st_mtime_ns == written
    whole = lines.read_bytes()
    (tmp_path / "manifest.json").unlink()
    lines.write_bytes(whole[:1000])
    prepare_town(tmp_path, 30)
    assert lines.read_bytes() == whole


def test_official_numbers_pass_their_test_and_belong_to_one_relation_only() -> None:
    everyone = [relation(1, index) for index in range(8000)]
    bsns = [party.bsn for party in everyone if isinstance(party, Person) and party.bsn]
    companies = [party for party in everyone if isinstance(party, Company)]
    assert all(map(_passes_eleven_test, bsns))
    assert len(set(bsns)) == len(bsns)
    assert all(_passes_eleven_test(company.rsin) for company in companies if company.rsin)
    assert len({(company.kvk, company.branch) for company in companies}) == len(companies)
    assert any(bsn.startswith("0") for bsn in bsns)


def test_the_cast_is_what_identity_has_to_cope_with() -> None:
    people = [relation(1, index) for index in (*TWINS, *FATHER_AND_SON)]
    twin, other, father, son = (party for party in people if isinstance(party, Person))
    assert (twin.birth, twin.surname) == (other.birth, other.surname)
    assert twin.given != other.given
    assert twin.bsn != other.bsn
    assert (father.given, father.surname) == (son.given, son.surname)
    assert date.fromisoformat(son.birth).year - date.fromisoformat(father.birth).year > 10
    one, namesake = relation(1, NAMESAKES[0]), relation(1, NAMESAKES[1])
    assert isinstance(one, Company)
    assert isinstance(namesake, Company)
    assert one.name == namesake.name
    assert one.kvk != namesake.kvk
    assert one.home.city != namesake.home.city


def test_every_relation_appears_and_the_well_known_ones_where_the_documentation_says(town: Path) -> None:
    parts = truth(town)
    assert [part["relation"] for part in parts] == list(range(400))
    johanna, bakery = parts[0], parts[1]
    assert {one["case"] for one in johanna["appearances"]} == {"V-2026-00001", "HH-2026-00001", "PRJ-0001"}
    assert {"V-2026-00002", "HH-2026-00002", "PRJ-0001", "PRJ-0002"} == {one["case"] for one in bakery["appearances"]}
    assert max(len(part["appearances"]) for part in parts) >= 40


def test_all_kinds_of_cases_occur_open_suspended_and_closed(town: Path) -> None:
    zaken, dossiers, projects = _lines(town, "zaken"), _lines(town, "dossiers"), _lines(town, "projects")
    assert 430 < len(zaken) < 570
    assert 160 < len(dossiers) < 240
    assert len(projects) == 61
    assert len({zaak["zaaktype"] for zaak in zaken}) == 4
    assert {dossier["status"] for dossier in dossiers} == {
        "Ontvangen",
        "In onderzoek",
        "Begunstigingstermijn",
        "Aangehouden",
        "Afgesloten",
        "Ingetrokken",
    }
    assert len(Counter(project["type"] for project in projects)) == 5
    assert {project["phase"] for project in projects} == {"initiatief", "voorbereiding", "uitvoering", "on hold", "afgerond"}
    copies = {dossier["kenmerk"]["identificatie"] for dossier in dossiers if isinstance(dossier["kenmerk"], dict)}
    assert len(copies) > 5
    assert copies <= {zaak["identificatie"] for zaak in zaken}


def test_enforcement_loses_leading_zeros_and_knows_some_by_name_only(town: Path) -> None:
    parties = [party for dossier in _lines(town, "dossiers") for party in dossier["partijen"]]  # type: ignore[attr-defined]
    assert any(len(party["bsn"]) == 8 for party in parties)
    assert any(not (party["partijNr"] or party["bsn"] or party["kvk"]) for party in parties)
    assert any(party["geheim"] == "J" for party in parties)
    assert any(party["namens"] for party in parties)


def test_the_projects_never_hold_a_bsn(town: Path) -> None:
    text = (town / "collections" / "projects.lines").read_text()
    bsns = {part["numbers"]["bsn"] for part in truth(town) if "bsn" in part["numbers"]}
    assert not any(bsn in text for bsn in bsns)


def test_appearances_point_at_what_is_there(town: Path) -> None:
    rollen = {rol["uuid"]: rol for rol in _lines(town, "rollen")}
    dossiers = {dossier["dossierNr"]: dossier for dossier in _lines(town, "dossiers")}
    for one in appearances(town):
        if one["system"] == "permits":
            said = rollen[one["party"]]["betrokkeneIdentificatie"]
            assert one["numbers"].get("bsn", "") == said.get("inpBsn", "")  # type: ignore[attr-defined]
        elif one["system"] == "enforcement":
            said = dossiers[one["case"]]["partijen"][int(one["party"])]  # type: ignore[index]
            assert one["numbers"].get("bsn", "").lstrip("0") == said["bsn"].lstrip("0")
