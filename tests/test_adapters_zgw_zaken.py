"""`zgw_zaken` against the demo's permit system: sets are complete or rejected, and every fault is named."""

import asyncio
import contextlib
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.adapter_servers import keyed

from relhub.adapters import Adapter, Document, Page
from relhub.adapters.registry import open_adapter
from relhub.config.sources import load_source
from relhub.demo import DEMO_SECRETS, RunningTown, appearances, prepare_town, running_town
from relhub.domain.record import PartyRecord, RecordSet
from relhub.errors import RecordRejected, SourceError, SourceRefused, SourceUnavailable

SOURCE = Path(__file__).resolve().parents[1] / "src" / "relhub" / "demo" / "sources" / "permits.toml"
LIMITS = (
    "[limits]\nread = 0.6\nconnect = 0.4\ntotal = 1.5\nretries = 1\nlongest_wait = 0.1\nconcurrency = 4\nbreaker_seconds = 0.2\n[expect]"
)
Sets = dict[str, list[Document]]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    os.environ.update(DEMO_SECRETS)
    return prepare_town(tmp_path_factory.mktemp("town"), relations=80)


@pytest.fixture
async def town(directory: Path) -> AsyncIterator[RunningTown]:
    async with running_town(directory) as running:
        yield running


@pytest.fixture
async def adapter(town: RunningTown, tmp_path: Path) -> AsyncIterator[Adapter]:
    async with _adapter(town.urls["permits"], tmp_path) as opened:
        yield opened


def _adapter(url: str, tmp_path: Path, old: str = "", new: str = "") -> Adapter:
    head, _, rest = SOURCE.read_text().replace("{base_url}", url).partition("[limits]")
    path = tmp_path / "permits.toml"
    path.write_text((head + LIMITS + rest.partition("[expect]")[2]).replace("page_size = 500", "page_size = 50").replace(old, new))
    return open_adapter(load_source(path))


async def _pages(adapter: Adapter, cursor: dict[str, Any] | None = None) -> list[Page]:
    return [page async for page in adapter.pull(cursor)]


async def _collect(adapter: Adapter, into: list[Page]) -> None:
    """Page by page, so that those before a fault are there."""
    async for page in adapter.pull(None):
        into.append(page)  # noqa: PERF401 - what came before the fault must stay


async def _sets(adapter: Adapter) -> Sets:
    """Every set with all of its documents."""
    found: Sets = defaultdict(list)
    closing: list[Document] = []
    for page in await _pages(adapter):
        for document in page.documents:
            found[document.set_key].append(document)
        closing += page.documents if page.closing else []
    for document in await adapter.complete(closing):
        found[document.set_key].append(document)
    return found


def _body(documents: list[Document], start: str) -> Document:
    return next(document for document in documents if document.id.startswith(start))


def _without(documents: list[Document], start: str) -> list[Document]:
    return [document for document in documents if not document.id.startswith(start)]


def _changed(documents: list[Document], start: str, **said: Any) -> list[Document]:
    """The set with the first document of this kind saying something else."""
    old = _body(documents, start)
    return [replace(old, body={**old.body, **said}) if document is old else document for document in documents]


def _a_party(documents: list[Document]) -> Document:
    return next(one for one in documents if one.id.startswith("rollen/") and one.body["betrokkeneType"] == "natuurlijk_persoon")


def _saying(documents: list[Document], **said: Any) -> list[Document]:
    """The set with its first person saying something else."""
    old = _a_party(documents)
    new = {**old.body, "betrokkeneIdentificatie": {**old.body["betrokkeneIdentificatie"], **said}}
    return [replace(old, body=new) if document is old else document for document in documents]


def _numbers(party: PartyRecord) -> dict[str, str]:
    return {number.scheme: number.value for number in party.identifiers}


def _set_of(sets: Sets, identification: str) -> list[Document]:
    return next(documents for documents in sets.values() if any(one.body.get("identificatie") == identification for one in documents))


async def test_zaken_come_last_and_close_their_sets(adapter: Adapter, town: RunningTown) -> None:
    pages = await _pages(adapter)
    zaken = len(list(town.items("permits")))
    closing = [page.closing for page in pages]
    assert closing == sorted(closing)
    assert all(page.expected == zaken for page in pages)
    assert sum(len(page.documents) for page in pages if page.closing) == zaken


async def test_every_party_of_the_demo_is_read_with_its_true_numbers(adapter: Adapter, directory: Path) -> None:
    sets = await _sets(adapter)
    shown: dict[str, list[list[tuple[str, str]]]] = defaultdict(list)
    for one in appearances(directory):
        if one["system"] == "permits":
            shown[one["case"]].append(sorted(one["numbers"].items()))
    for documents in sets.values():
        record = adapter.to_records(documents, keyed)
        case, by_key = record.cases[0], {party.key: party for party in record.parties}
        there = [by_key[one.party_key] for one in case.involvements if by_key[one.party_key].kind != "contact_person"]
        assert sorted(sorted(_numbers(party).items()) for party in there) == sorted(shown[case.id])
        assert case.department in ("Vergunningen", "Ruimtelijke Ordening")
        assert case.officials
        assert all(official.department == case.department for official in case.officials)
        assert case.zaak == ("002564440", case.id)


async def test_a_pull_goes_on_from_any_page(adapter: Adapter) -> None:
    pages = await _pages(adapter)
    for at in (0, len(pages) // 2, len(pages) - 1):
        again = await _pages(adapter, pages[at].cursor)
        assert [page.documents for page in pages[: at + 1] + again] == [page.documents for page in pages]


async def test_one_zaak_is_the_same_alone(adapter: Adapter) -> None:
    sets = await _sets(adapter)
    documents = _set_of(sets, "V-2026-00003")
    alone = await adapter.fetch_one("V-2026-00003")
    assert alone is not None
    assert {one.id for one in alone} == {one.id for one in documents}
    assert adapter.to_records(alone, keyed) == adapter.to_records(documents, keyed)


async def test_a_zaak_that_does_not_exist_is_none(adapter: Adapter) -> None:
    assert await adapter.fetch_one("V-2026-99999") is None
    assert await adapter.fetch_one("999993653-V-2026-00001") is None
    assert await adapter.fetch_one("002564440-V-2026-00001") is None  # its id is the short one


async def test_a_zaak_of_another_organisation_carries_its_number(adapter: Adapter) -> None:
    documents = _changed(_set_of(await _sets(adapter), "V-2026-00001"), "zaken/", bronorganisatie="890083605")
    assert adapter.to_records(documents, keyed).cases[0].id == "890083605-V-2026-00001"


@pytest.mark.parametrize("missing", ["rollen/", "statussen/", "zaakobjecten/"])
async def test_a_set_with_something_missing_is_rejected(adapter: Adapter, missing: str) -> None:
    documents = _set_of(await _sets(adapter), "V-2026-00001")
    with pytest.raises(RecordRejected, match=r"^incomplete: "):
        adapter.to_records(_without(documents, missing), keyed)


async def test_a_zaak_without_its_properties_is_incomplete(adapter: Adapter) -> None:
    documents = _set_of(await _sets(adapter), "V-2026-00001")
    with pytest.raises(RecordRejected, match=r"^incomplete: zaakeigenschappen"):
        adapter.to_records([one for one in documents if not one.id.endswith("/zaakeigenschappen")], keyed)


@pytest.mark.parametrize(("number", "bag_id"), [("0355300000000017", "0355300000000017"), ("W0123.456", ""), ("", "")])
async def test_a_street_is_a_place_by_its_bag_id_and_another_number_is_no_reason_to_refuse(
    adapter: Adapter, number: str, bag_id: str
) -> None:
    street = {"identificatie": number, "gorOpenbareRuimteNaam": "Dorpsstraat"}
    documents = _set_of(await _sets(adapter), "V-2026-00001")
    changed = _changed(documents, "zaakobjecten/", objectType="openbare_ruimte", objectIdentificatie=street)
    [place, *_] = adapter.to_records(changed, keyed).cases[0].places
    assert (place.bag_id, place.label) == (bag_id, "Dorpsstraat" if bag_id else "Locatie openbare_ruimte")


async def test_a_host_that_changes_changes_no_id(town: RunningTown, tmp_path: Path) -> None:
    url = town.urls["permits"]
    async with _adapter(url, tmp_path) as one, _adapter(url.replace("127.0.0.1", "localhost"), tmp_path) as other:
        first, second = await _sets(one), await _sets(other)
        assert {key: [document.id for document in documents] for key, documents in first.items()} == {
            key: [document.id for document in documents] for key, documents in second.items()
        }
        assert [one.to_records(first[key], keyed) for key in first] == [other.to_records(second[key], keyed) for key in first]


async def test_an_unknown_zaaktype_is_rejected(town: RunningTown, tmp_path: Path) -> None:
    async with _adapter(town.urls["permits"], tmp_path, '[case_kinds."ZT-OMG"]', '[case_kinds."ZT-UNMAPPED"]') as adapter:
        documents = _set_of(await _sets(adapter), "V-2026-00001")
        with pytest.raises(RecordRejected, match=r"zaaktype: no \[case_kinds\]"):
            adapter.to_records(documents, keyed)


async def test_reference_data_is_part_of_the_mapping_version(adapter: Adapter, town: RunningTown) -> None:
    before = adapter.mapping_version
    await _pages(adapter)
    known = adapter.mapping_version
    status = next(town.items("permits", "statustypen"))
    town.put("permits", {**status, "omschrijving": "Iets anders"}, "statustypen")
    await _pages(adapter)
    assert len({before, known, adapter.mapping_version}) == 3


async def _read(adapter: Adapter, **said: Any) -> RecordSet:
    return adapter.to_records(_saying(_set_of(await _sets(adapter), "V-2026-00001"), **said), keyed)


async def test_capitals_and_both_notations_of_a_date_say_the_same(adapter: Adapter) -> None:
    one = await _read(
        adapter, geboortedatum="1980-02-17", voornamen="Johanna Maria", geslachtsnaam="Berg", voorvoegselGeslachtsnaam="van den"
    )
    other = await _read(
        adapter, geboortedatum="19800217", voornamen="JOHANNA MARIA", geslachtsnaam="BERG", voorvoegselGeslachtsnaam="VAN DEN"
    )
    assert one == other


async def test_a_partial_birth_date_is_kept_as_far_as_it_goes(adapter: Adapter) -> None:
    assert (await _read(adapter, geboortedatum="19800200")).parties[0].birth == "1980-02"


async def test_a_person_with_a_name_only_is_known_in_that_zaak_only(adapter: Adapter) -> None:
    nobody = {
        "inpBsn": "",
        "voornamen": "",
        "geslachtsnaam": "Jansen",
        "voorvoegselGeslachtsnaam": "",
        "voorletters": "J.",
        "geboortedatum": "",
        "verblijfsadres": None,
    }
    sets = await _sets(adapter)
    first, second = (
        [d for d in sets.values() if any(r.id.startswith("rollen/") and r.body["betrokkeneType"] == "natuurlijk_persoon" for r in d)]
    )[:2]
    keys = [
        {party.key for party in adapter.to_records(_saying(documents, **nobody), keyed).parties if not party.identifiers}
        for documents in (first, second)
    ]
    assert keys[0]
    assert keys[1]
    assert not keys[0] & keys[1]


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"inpBsn": "999993654"}, r"natuurlijk_persoon.*inpBsn: .*11-test"),
        ({"geboortedatum": "19801399"}, "geboortedatum"),
        ({"verblijfsadres": {"aoaPostcode": "12"}}, "verblijfsadres"),
    ],
)
async def test_what_can_not_be_read_is_rejected_with_its_place(adapter: Adapter, said: dict[str, Any], place: str) -> None:
    with pytest.raises(RecordRejected, match=place) as error:
        await _read(adapter, **said)
    assert "999993654" not in str(error.value)


async def test_a_stand_in_for_a_number_is_no_number(adapter: Adapter) -> None:
    assert (await _read(adapter, inpBsn="999999999")).parties[0].identifiers == ()


def _legal(documents: list[Document], **said: Any) -> list[Document]:
    old = _a_party(documents)
    body = {**old.body, "betrokkeneType": "niet_natuurlijk_persoon", "betrokkeneIdentificatie": {"statutaireNaam": "Bouw B.V.", **said}}
    return [replace(old, body=body) if document is old else document for document in documents]


async def test_an_organisation_is_known_by_rsin_and_kvk_and_a_branch_by_both_its_numbers(adapter: Adapter) -> None:
    documents = _set_of(await _sets(adapter), "V-2026-00001")

    def numbers(**said: Any) -> dict[str, str]:
        return _numbers(adapter.to_records(_legal(documents, **said), keyed).parties[0])

    assert numbers(innNnpId="890083605", kvkNummer="99420756") == {"rsin": "890083605", "kvk": "99420756"}
    assert numbers(kvkNummer="99420756", vestigingsNummer="000099129250") == {"vestiging": "99420756/000099129250"}
    assert numbers(vestigingsNummer="000099129250") == {}
    with pytest.raises(RecordRejected, match='nnp_id = "kvk"'):
        numbers(innNnpId="99420756")


async def test_who_is_authorised_acts_for_the_one_who_authorised(adapter: Adapter) -> None:
    cases = [case for documents in (await _sets(adapter)).values() for case in adapter.to_records(documents, keyed).cases]
    acting = [(case, one) for case in cases for one in case.involvements if one.role == "authorised-representative"]
    assert acting
    for case, one in acting:
        assert one.acting_for in {other.party_key for other in case.involvements}


async def test_a_party_that_is_only_an_address_elsewhere_is_rejected(adapter: Adapter) -> None:
    documents = _set_of(await _sets(adapter), "V-2026-00001")
    old = _a_party(documents)
    documents = [replace(old, body={**old.body, "betrokkeneIdentificatie": None}) if one is old else one for one in documents]
    with pytest.raises(RecordRejected, match="betrokkeneIdentificatie: nothing there"):
        adapter.to_records(documents, keyed)


async def test_whatever_stands_somewhere_is_read_or_rejected(adapter: Adapter) -> None:
    documents = _set_of(await _sets(adapter), "V-2026-00001")
    wrongs: list[Any] = [None, 7, "x", [], ["x"], {}, {"x": []}, True]
    for wrong in wrongs:
        for start in ("zaken/", "rollen/", "statussen/", "zaakobjecten/"):
            for key in _body(documents, start).body:
                with contextlib.suppress(RecordRejected):
                    adapter.to_records(_changed(documents, start, **{key: wrong}), keyed)
        for key in _a_party(documents).body["betrokkeneIdentificatie"]:
            with contextlib.suppress(RecordRejected):
                adapter.to_records(_saying(documents, **{key: wrong}), keyed)


FAULTS = [
    ("down", SourceUnavailable), ("slow:5", SourceUnavailable), ("500", SourceUnavailable), ("429:9", SourceUnavailable),
    ("garbage", SourceRefused), ("truncated", SourceUnavailable), ("loop", SourceRefused),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "expected"), FAULTS)
async def test_each_fault_is_named_and_the_next_pull_is_whole(
    adapter: Adapter, town: RunningTown, fault: str, expected: type[SourceError]
) -> None:
    town.set_fault("permits", fault)
    with pytest.raises(expected, match=r"^permits: "):
        await _pages(adapter)
    with pytest.raises(SourceError, match=r"^permits: "):
        await adapter.fetch_one("V-2026-00001")
    town.set_fault("permits", None)
    await asyncio.sleep(0.25)  # it may have been left alone
    assert len(await _sets(adapter)) == len(list(town.items("permits")))


async def test_a_fault_halfway_leaves_a_cursor_to_go_on_from(adapter: Adapter, town: RunningTown) -> None:
    whole = await _pages(adapter)
    town.set_fault("permits", "500", only="/zaakobjecten")
    seen: list[Page] = []
    with pytest.raises(SourceUnavailable):
        await _collect(adapter, seen)
    town.set_fault("permits", None)
    await asyncio.sleep(0.25)
    assert seen
    rest = await _pages(adapter, seen[-1].cursor)
    assert [page.documents for page in seen + rest] == [page.documents for page in whole]


async def test_a_wrong_secret_is_for_a_person_to_mend(town: RunningTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELHUB_DEMO_PERMITS_SECRET", "another secret of at least thirty-two bytes")
    async with _adapter(town.urls["permits"], tmp_path) as adapter:
        with pytest.raises(SourceRefused, match=r"403 \(invalid-jwt-signature\)"):
            await _pages(adapter)
