"""From one item of a `rest_json` system to a case and its parties. Compiled from the source file; pure and strict."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from relhub.adapters import Keyed
from relhub.adapters.fields import TRANSFORMS, Reader, each_of, geometry, listed, moment, search, text, whole_date
from relhub.adapters.parties import as_one
from relhub.adapters.rest_json_options import FindingTable, LinkTable, OfficialTable, PlaceTable, RestJsonOptions, Value
from relhub.adapters.rest_json_parties import AddressReader, PartiesReader
from relhub.adapters.rest_json_values import coded, many, one_text, typed
from relhub.config.sources import SourceConfig
from relhub.domain.identifiers import Placeholder, bag_id, rsin
from relhub.domain.record import CAPACITIES, Capacity, CaseRecord, Finding, Involvement, Official, PartyRecord, Phase, Place
from relhub.errors import RecordRejected

_PHASES = ("open", "suspended", "closed")


class ItemMapping:
    """`read(item, keyed)`: everything that one item says."""

    def __init__(self, config: SourceConfig, options: RestJsonOptions) -> None:
        self._source, case = config.name, options.case
        self._case_id = one_text(case.id, "case.id")
        self._kind = one_text(case.kind, "case.kind")
        self._capacity, self._phase = coded(case.capacity, CAPACITIES, "case.capacity"), coded(case.phase, _PHASES, "case.phase")
        said = [case.capacity.value] if case.capacity.value else list((case.capacity.values or {}).values())
        self.capacities = frozenset(cast(Capacity, capacity) for capacity in said or CAPACITIES)
        names = ("title", "description", "status", "confidentiality", "link")
        self._texts = [(name, one_text(value, f"case.{name}")) for name in names if (value := getattr(case, name))]
        dates = ("started", "due", "ended", "retention")
        self._dates = [(name, typed(value, whole_date, None, f"case.{name}")) for name in dates if (value := getattr(case, name))]
        self._modified = typed(case.modified_at, moment, None, "case.modified_at")
        self._department = _department(case.department, config.departments, "case.department")
        self._zaak = (
            one_text(case.zaak_organisation, "case.zaak_organisation"),
            one_text(case.zaak_identification, "case.zaak_identification"),
        )
        self._officials = [_Officials(table, config.departments) for table in options.officials]
        self._parties = [PartiesReader(config.name, table, f"parties[{at}]") for at, table in enumerate(options.parties)]
        self._places = [_Places(table) for table in options.places]
        self._findings = [_Findings(table) for table in options.findings]
        self._documents = [_Links(table) for table in options.documents]
        self._properties = [(name, _property(value, f"properties.{name}")) for name, value in options.properties.items()]

    def case_id(self, item: Any) -> str:
        """The id of the case that the item is. RecordRejected when it has none."""
        found = self._case_id.read(item)
        if not found:
            raise RecordRejected(f"{self._case_id.place}: a case without an id")
        return found

    def read(self, item: Any, keyed: Keyed) -> tuple[CaseRecord, tuple[PartyRecord, ...]]:
        """Raises RecordRejected with the place and the reason."""
        case_id = self.case_id(item)
        parties, involvements = self._read_parties(item, case_id, keyed)
        department = self._department.read(item)
        values: dict[str, Any] = {name: reader.read(item) for name, reader in self._texts}
        values |= {name: reader.read(item) for name, reader in self._dates}
        case = CaseRecord(
            self._source,
            case_id,
            self._kind.read(item),
            cast(Capacity, self._capacity.read(item)),
            cast(Phase, self._phase.read(item)),
            **values,
            department=department,
            officials=tuple(official for table in self._officials for official in table.read(item, department)),
            involvements=involvements,
            places=tuple(place for table in self._places for place in table.read(item)),
            findings=tuple(finding for table in self._findings for finding in table.read(item)),
            properties=tuple((name, found) for name, reader in self._properties if (found := reader.read(item))),
            documents=tuple(link for table in self._documents for link in table.read(item)),
            zaak=self._read_zaak(item),
            modified_at=self._modified.read(item),
        )
        return case, parties

    def _read_zaak(self, item: Any) -> tuple[str, str] | None:
        organisation, identification = (reader.read(item) for reader in self._zaak)
        if not organisation or not identification:
            return None
        try:
            return rsin(organisation), identification
        except ValueError as error:
            raise RecordRejected(f"{self._zaak[0].place}: {error}") from None

    def _read_parties(self, item: Any, case_id: str, keyed: Keyed) -> tuple[tuple[PartyRecord, ...], tuple[Involvement, ...]]:
        read = [(table, at, one, *table.read(one, at, case_id, keyed)) for table in self._parties for at, one in table.items(item)]
        by_number = {own: record.key for _, _, _, record, own in read if own}
        parties: list[PartyRecord] = []
        involvements: list[Involvement] = []
        for table, at, one, record, _ in read:
            parties.append(record)
            involvements.append(Involvement(record.key, table.role.read(one, at), _acting_for(table, one, at, by_number)))
            for contact, involvement in table.contacts(one, at, case_id, record, keyed):
                parties.append(contact)
                involvements.append(involvement)
        return as_one(parties), tuple(dict.fromkeys(involvements))


def _acting_for(table: PartiesReader, item: Any, at: str, by_number: Mapping[str, str]) -> str:
    number = table.acting_for.read(item, at)
    if number and number not in by_number:
        raise RecordRejected(f"{at}{table.acting_for.place}: acts for a party that is not in the case")
    return by_number[number] if number else ""


def _department(value: Value | None, departments: Mapping[str, str], key: str) -> Reader[str]:
    """The hub's name of a department; one that [departments] does not know is an error, where the file has any."""
    place = one_text(value, key)
    if value is None or not departments:
        return place

    def known(found: Any) -> str:
        written = text(found)
        if written and written not in departments:
            raise ValueError("a department that [departments] in the source file does not know")
        return departments[written] if written else ""

    return Reader(place.place, search(value.from_), known) if value.from_ else place


def _property(value: Value, key: str) -> Reader[str]:
    """Lists are joined; all else is as for any text."""
    plain = one_text(value, key)
    if value.from_ is None or value.values is not None:
        return plain
    return Reader(value.from_, search(value.from_), each_of(TRANSFORMS[value.as_]) if value.as_ else listed)


class _Officials:
    def __init__(self, table: OfficialTable, departments: Mapping[str, str]) -> None:
        self._each, self._place = many(table.each, "officials.each"), table.each
        names = ("part", "name", "phone", "email", "account")
        self._texts = [(name, one_text(value, f"officials.{name}")) for name in names if (value := getattr(table, name))]
        self._department = _department(table.department, departments, "officials.department")

    def read(self, item: Any, of_case: str) -> list[Official]:
        found = []
        for position, one in enumerate(self._each(item, "")):
            at = f"{self._place}[{position}]."
            department = self._department.read(one, at) or of_case
            found.append(Official(department=department, **{name: reader.read(one, at) for name, reader in self._texts}))
        return found


class _Places:
    def __init__(self, table: PlaceTable) -> None:
        self._each, self._place = many(table.each, "places.each"), table.each
        self._address = AddressReader(table.model_copy(update={"bag_id": None}), "places")
        self._label = one_text(table.label, "places.label")
        self._geometry = typed(table.geometry, geometry, "", "places.geometry")
        self._bag = typed(table.bag_id, _bag, "", "places.bag_id")

    def read(self, item: Any) -> list[Place]:
        found = []
        for position, one in enumerate(self._each(item, "")):
            at = "" if self._place == "@" else f"{self._place}[{position}]."
            bag = self._bag.read(one, at)
            address = self._address.read(one, at, "visiting")
            if address and bag[4:6] == "20":
                address = replace(address, bag_id=bag)
            place = Place(address, bag, self._geometry.read(one, at), self._label.read(one, at))
            if place != Place():
                found.append(place)
        return found


def _bag(found: Any) -> str:
    written = text(found)
    try:
        return bag_id(written) if written else ""
    except Placeholder:
        return ""


class _Findings:
    def __init__(self, table: FindingTable) -> None:
        self._each, self._place, self._sort = many(table.each, "findings.each"), table.each, table.sort
        self._texts = [
            (name, one_text(value, f"findings.{name}")) for name in ("label", "outcome", "reference") if (value := getattr(table, name))
        ]
        self._dates = [
            (name, typed(value, whole_date, None, f"findings.{name}")) for name in ("on", "until") if (value := getattr(table, name))
        ]

    def read(self, item: Any) -> list[Finding]:
        found = []
        for position, one in enumerate(self._each(item, "")):
            at = f"{self._place}[{position}]."
            values: dict[str, Any] = {name: reader.read(one, at) for name, reader in self._texts}
            values |= {name: reader.read(one, at) for name, reader in self._dates}
            found.append(Finding(self._sort, **values))
        return found


class _Links:
    def __init__(self, table: LinkTable) -> None:
        self._each, self._place = many(table.each, "documents.each"), table.each
        self._title, self._link = one_text(table.title, "documents.title"), one_text(table.link, "documents.link")

    def read(self, item: Any) -> list[tuple[str, str]]:
        places = [(f"{self._place}[{position}].", one) for position, one in enumerate(self._each(item, ""))]
        return [(self._title.read(one, at), self._link.read(one, at)) for at, one in places]
