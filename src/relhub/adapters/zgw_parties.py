"""The parties in the rollen of a zaak: read from `betrokkeneIdentificatie`, in which a party has no id of its own."""

from collections.abc import Callable
from typing import Any

from relhub.adapters import Keyed
from relhub.adapters.fields import birth, text, texts
from relhub.adapters.parties import Numbers, with_key
from relhub.domain.addresses import address
from relhub.domain.names import name_parts, organisation_name, person_name
from relhub.domain.record import Address, AddressFunction, PartyRecord, PersonName
from relhub.errors import RecordRejected

Rol = dict[str, Any]


class RolParties:
    """`party(rol, …)` and `contact(rol, …)`: the party records of one rol."""

    def __init__(self, source: str, nnp_id: str) -> None:
        self._source, self._nnp_id = source, nnp_id
        self._readers: dict[str, Callable[[dict[str, Any]], PartyRecord]] = {
            "natuurlijk_persoon": self._natural,
            "niet_natuurlijk_persoon": self._legal,
            "vestiging": self._branch,
        }

    def party(self, rol: Rol, rol_ref: str, case_id: str, keyed: Keyed) -> PartyRecord:
        """Raises RecordRejected with the place and the reason."""
        said, kind = rol.get("betrokkeneIdentificatie"), rol.get("betrokkeneType")
        if kind not in self._readers:
            raise RecordRejected("rollen.betrokkeneType: a value that is not known")
        if not isinstance(said, dict):
            raise RecordRejected("rollen.betrokkeneIdentificatie: nothing there: a party that is only an address elsewhere can't be read")
        try:
            record = self._readers[kind](said)
        except ValueError as error:
            raise RecordRejected(f"rollen.betrokkeneIdentificatie ({kind}): {error}") from None
        if not (record.name or record.organisation_names or record.identifiers):
            raise RecordRejected(f"rollen.betrokkeneIdentificatie ({kind}): neither a name nor a number")
        own = next((number.value for number in record.identifiers if number.scheme.startswith("own:")), "")
        return with_key(record, keyed, own, f"{case_id}/{rol_ref}")

    def contact(self, rol: Rol, organisation: PartyRecord, rol_ref: str, keyed: Keyed) -> PartyRecord | None:
        """The contact person of an organisation, where the rol names one. Raises RecordRejected."""
        said = rol.get("contactpersoonRol")
        if not isinstance(said, dict) or organisation.kind == "person" or not text(said.get("naam")):
            return None
        try:
            name = person_name(text(said["naam"]))
        except ValueError as error:
            raise RecordRejected(f"rollen.contactpersoonRol.naam: {error}") from None
        record = PartyRecord(
            self._source,
            "",
            "contact_person",
            name=name,
            phones=tuple(texts(said.get("telefoonnummer"))),
            emails=tuple(texts(said.get("emailadres"))),
            contact_of=organisation.key,
            function=text(said.get("functie")),
        )
        return with_key(record, keyed, "", f"{rol_ref}/contact")

    def _natural(self, said: dict[str, Any]) -> PartyRecord:
        numbers = Numbers("person")
        for scheme, key in (("bsn", "inpBsn"), ("a_number", "inpA_nummer"), (f"own:{self._source}", "anpIdentificatie")):
            _add(numbers, scheme, said, key)
        return PartyRecord(
            self._source,
            "",
            "person",
            tuple(numbers.found),
            _name(said),
            birth=_at("geboortedatum", birth, said),
            addresses=_addresses(said, "residence"),
        )

    def _legal(self, said: dict[str, Any]) -> PartyRecord:
        if text(said.get("vestigingsNummer")):
            return self._branch(said)
        numbers = Numbers("organisation")
        _add(numbers, self._nnp_scheme(said), said, "innNnpId")
        if not any(number.scheme == "kvk" for number in numbers.found):
            _add(numbers, "kvk", said, "kvkNummer")
        _add(numbers, f"own:{self._source}", said, "annIdentificatie")
        names, form = _names(said), text(said.get("innRechtsvorm"))
        return PartyRecord(
            self._source, "", "organisation", tuple(numbers.found), None, names, form, addresses=_addresses(said, "visiting")
        )

    def _nnp_scheme(self, said: dict[str, Any]) -> str:
        """An RSIN that lost its leading zero looks like a KVK number, and one in eleven passes as the other."""
        if self._nnp_id == "rsin" and len(text(said.get("innNnpId"))) == 8:
            raise ValueError('innNnpId has 8 digits, an RSIN 9: if KVK numbers are written there, set nnp_id = "kvk" in [zgw]')
        return self._nnp_id

    def _branch(self, said: dict[str, Any]) -> PartyRecord:
        numbers = Numbers("branch")
        try:
            numbers.add_branch(text(said.get("kvkNummer")), text(said.get("vestigingsNummer")))
        except ValueError as error:
            raise ValueError(f"vestigingsNummer: {error}") from None
        return PartyRecord(self._source, "", "branch", tuple(numbers.found), None, _names(said), addresses=_addresses(said, "visiting"))


def _at(key: str, parse: Callable[[Any], str], said: dict[str, Any]) -> str:
    try:
        return parse(said.get(key))
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _add(numbers: Numbers, scheme: str, said: dict[str, Any], key: str) -> None:
    value = said.get(key)
    if not value:
        return
    try:
        numbers.add(scheme, text(value))
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _name(said: dict[str, Any]) -> PersonName | None:
    keys = ("voornamen", "voorletters", "voorvoegselGeslachtsnaam", "geslachtsnaam")
    return name_parts(*(_at(key, text, said) for key in keys))


def _names(said: dict[str, Any]) -> tuple[str, ...]:
    written = [*texts(said.get("statutaireNaam")), *texts(said.get("handelsnaam"))]
    return tuple(dict.fromkeys(organisation_name(name) for name in written))


def _addresses(said: dict[str, Any], function: AddressFunction) -> tuple[Address, ...]:
    at_home, abroad = said.get("verblijfsadres"), said.get("subVerblijfBuitenland")
    found = [_at_home(at_home, function)] if isinstance(at_home, dict) else []
    if isinstance(abroad, dict):
        lines = [text(abroad.get(f"subAdresBuitenland_{number}")) for number in (1, 2, 3)]
        country = text(abroad.get("lndLandnaam")) or text(abroad.get("lndLandcode"))
        if any(lines):
            found.append(Address(function, ", ".join(line for line in lines if line), country=country))
    return tuple(one for one in found if one)


def _at_home(said: dict[str, Any], function: AddressFunction) -> Address | None:
    keys = ("gorOpenbareRuimteNaam", "aoaHuisnummer", "aoaHuisletter", "aoaHuisnummertoevoeging", "aoaPostcode", "wplWoonplaatsNaam")
    try:
        street, number, letter, addition, postal_code, city = (text(said.get(key)) for key in keys)
        return address(function, street, number, letter, addition, postal_code, city, text(said.get("aoaIdentificatie")))
    except ValueError as error:
        raise ValueError(f"verblijfsadres: {error}") from None
