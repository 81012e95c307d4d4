"""From the documents of one zaak and all that hangs on it to a case and its parties. Pure and strict."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from relhub.adapters import Document, Keyed
from relhub.adapters.fields import geometry, moment, text, whole_date
from relhub.adapters.parties import as_one
from relhub.adapters.zgw_catalogue import Catalogue, ref
from relhub.adapters.zgw_options import CaseKind, ZgwOptions
from relhub.adapters.zgw_parties import RolParties
from relhub.config.sources import SourceConfig
from relhub.domain.addresses import address
from relhub.domain.identifiers import Placeholder, bag_id, rsin
from relhub.domain.record import CaseRecord, Finding, Involvement, Official, PartyRecord, Phase, Place, RecordSet
from relhub.errors import RecordRejected

T = TypeVar("T")
ROLES = {
    "initiator": "applicant",
    "mede_initiator": "co-applicant",
    "belanghebbende": "interested-party",
    "adviseur": "adviser",
    "klantcontacter": "contact",
    "behandelaar": "handler",
    "zaakcoordinator": "coordinator",
    "beslisser": "decision-maker",
}
PARTS = {
    "behandelaar": "case handler", "zaakcoordinator": "coordinator", "beslisser": "decision maker", "adviseur": "adviser",
    "klantcontacter": "first contact", "initiator": "initiator", "mede_initiator": "initiator", "belanghebbende": "interested colleague",
}  # fmt: skip
REPRESENTATIVE, CONTACT = "authorised-representative", "contact-person"
_OFFICIALS = ("medewerker", "organisatorische_eenheid")


class ZaakReader:
    """`read(documents, catalogue, keyed)`: everything that one complete set says."""

    def __init__(self, config: SourceConfig, options: ZgwOptions) -> None:
        self._config, self._options = config, options
        self._parties = RolParties(config.name, options.zgw.nnp_id)

    def case_id(self, zaak: Mapping[str, Any]) -> str:
        """The identificatie; with the number of its organisation before it where that is another than the source file's. RecordRejected."""
        organisation, identification = _zaak_name(zaak)
        return identification if organisation == self._config.organisation_rsin else f"{organisation}-{identification}"

    def read(self, documents: Sequence[Document], catalogue: Catalogue, keyed: Keyed) -> RecordSet:
        """Raises RecordRejected with the place and the reason; a set that is not complete is one."""
        return _Zaak(self, documents, catalogue, keyed).records()

    def kind(self, catalogue: Catalogue, url: Any) -> CaseKind:
        found = catalogue.find(url)
        if not found:
            raise RecordRejected("zaaktype: not in the catalogue that this client may see")
        known = self._options.case_kinds.get(found["identificatie"])
        if known is None:
            raise RecordRejected("zaaktype: no [case_kinds] for it in the source file")
        return known

    @property
    def config(self) -> SourceConfig:
        return self._config

    @property
    def options(self) -> ZgwOptions:
        return self._options

    @property
    def parties(self) -> RolParties:
        return self._parties


class _Zaak:
    """One zaak with all that hangs on it."""

    def __init__(self, reader: ZaakReader, documents: Sequence[Document], catalogue: Catalogue, keyed: Keyed) -> None:
        self._reader, self._catalogue, self._keyed = reader, catalogue, keyed
        self._by_ref = {document.id: document.body for document in documents}
        zaken = [document for document in documents if document.id == document.set_key]
        if len(zaken) != 1:
            raise RecordRejected("incomplete: the zaak itself is not there")
        self._zaak, self._used = zaken[0].body, {zaken[0].id}
        self._id = reader.case_id(self._zaak)

    def records(self) -> RecordSet:
        zaak, reader = self._zaak, self._reader
        kind = reader.kind(self._catalogue, zaak.get("zaaktype"))
        rollen = self._listed("rollen")
        department, officials = self._officials(rollen)
        parties, involvements = self._read_parties(rollen)
        status, phase = self._status()
        result = self._result()
        case = CaseRecord(
            source=reader.config.name,
            id=self._id,
            kind=kind.kind,
            capacity=kind.capacity,
            phase=phase,
            title=_text(zaak, "omschrijving"),
            description=_text(zaak, "toelichting"),
            status=status,
            started=_read("startdatum", zaak, whole_date),
            due=_read("uiterlijkeEinddatumAfdoening", zaak, whole_date) or _read("einddatumGepland", zaak, whole_date),
            ended=_read("einddatum", zaak, whole_date),
            department=department,
            officials=officials,
            involvements=involvements,
            places=self._places(),
            findings=self._findings(result),
            properties=self._properties(result),
            confidentiality=_text(zaak, "vertrouwelijkheidaanduiding"),
            retention=_read("archiefactiedatum", zaak, whole_date),
            link=self._link(),
            zaak=_zaak_name(zaak),
            modified_at=_read("laatstGemuteerd", zaak, moment),
        )
        return RecordSet((case,), parties, frozenset(self._used))

    def _listed(self, key: str) -> list[tuple[str, dict[str, Any]]]:
        """(ref, body) of everything that the zaak lists under this key; all of it must be there."""
        urls = self._zaak.get(key) or []
        urls = [urls] if isinstance(urls, str) else urls
        refs = [ref(url) for url in urls]
        if missing := sum(one not in self._by_ref for one in refs):
            raise RecordRejected(f"incomplete: {key}: {missing} of {len(refs)} not there")
        self._used.update(refs)
        return [(one, self._by_ref[one]) for one in refs]

    def _general(self, rol: Mapping[str, Any]) -> tuple[str, str]:
        """(omschrijving, omschrijvingGeneriek) of the rol's type."""
        of_type = self._catalogue.find(rol.get("roltype"))
        return text(of_type.get("omschrijving") or rol.get("omschrijving")), text(
            of_type.get("omschrijvingGeneriek") or rol.get("omschrijvingGeneriek")
        )

    def _officials(self, rollen: Sequence[tuple[str, dict[str, Any]]]) -> tuple[str, tuple[Official, ...]]:
        """The department that deals with the zaak, and our people in it."""
        units: list[tuple[str, str]] = []
        people: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
        for _, rol in rollen:
            if rol.get("betrokkeneType") not in _OFFICIALS:
                continue
            name, generic = self._general(rol)
            part = self._reader.options.parts.get(name) or PARTS.get(generic)
            if part is None:
                raise RecordRejected("rollen.omschrijvingGeneriek: a value that is not known")
            said = rol.get("betrokkeneIdentificatie") or {}
            if rol["betrokkeneType"] == "medewerker":
                people.append((part, said, rol.get("contactpersoonRol") or {}))
            else:
                units.append((part, self._department(said)))
        units.sort(key=lambda unit: unit[0] != "case handler")
        department = units[0][1] if units else ""
        officials = [
            Official(
                part,
                _worker(said),
                department,
                text(contact.get("telefoonnummer")),
                text(contact.get("emailadres")),
                text(said.get("identificatie")),
            )
            for part, said, contact in people
        ]
        return department, (*officials, *(Official(part, department=name) for part, name in units[0 if not officials else 1 :] if name))

    def _department(self, said: Mapping[str, Any]) -> str:
        name, known = _text(said, "naam"), self._reader.config.departments
        if not known or not name:
            return name
        if name not in known:
            raise RecordRejected("rollen.betrokkeneIdentificatie.naam: a department that [departments] in the source file does not know")
        return known[name]

    def _read_parties(self, rollen: Sequence[tuple[str, dict[str, Any]]]) -> tuple[tuple[PartyRecord, ...], tuple[Involvement, ...]]:
        parties: list[PartyRecord] = []
        involvements: list[tuple[str, str, str]] = []  # key, role, mandate
        contacts: list[Involvement] = []
        for rol_ref, rol in rollen:
            if rol.get("betrokkeneType") in _OFFICIALS:
                continue
            party = self._reader.parties.party(rol, rol_ref, self._id, self._keyed)
            parties.append(party)
            involvements.append((party.key, self._role(rol), text(rol.get("indicatieMachtiging"))))
            if contact := self._reader.parties.contact(rol, party, rol_ref, self._keyed):
                parties.append(contact)
                contacts.append(Involvement(contact.key, CONTACT, party.key))
        givers = {key for key, _, mandate in involvements if mandate == "machtiginggever"}
        giver = givers.pop() if len(givers) == 1 else ""  # with several, nothing says who acts for whom
        acting = (Involvement(key, role, giver if mandate == "gemachtigde" and key != giver else "") for key, role, mandate in involvements)
        return as_one(parties), tuple(dict.fromkeys((*acting, *contacts)))

    def _role(self, rol: Mapping[str, Any]) -> str:
        name, generic = self._general(rol)
        if name in self._reader.options.roles:
            return self._reader.options.roles[name]
        if generic == "belanghebbende" and rol.get("indicatieMachtiging") == "gemachtigde":
            return REPRESENTATIVE
        if generic not in ROLES:
            raise RecordRejected("rollen.omschrijvingGeneriek: a value that is not known")
        return ROLES[generic]

    def _status(self) -> tuple[str, Phase]:
        listed = self._listed("status")
        of_type = self._catalogue.find(listed[0][1].get("statustype")) if listed else {}
        if listed and not of_type:
            raise RecordRejected("status.statustype: not in the catalogue that this client may see")
        if self._zaak.get("einddatum") or of_type.get("isEindstatus"):
            phase: Phase = "closed"
        else:
            phase = "suspended" if (self._zaak.get("opschorting") or {}).get("indicatie") else "open"
        return text(of_type.get("omschrijving")), phase

    def _result(self) -> str:
        listed = self._listed("resultaat")
        return text(self._catalogue.find(listed[0][1].get("resultaattype")).get("omschrijving")) if listed else ""

    def _findings(self, result: str) -> tuple[Finding, ...]:
        """Besluiten: the zaak does not list them, so they are those that are there."""
        found = []
        for one, body in sorted(self._by_ref.items()):
            if not one.startswith("besluiten/"):
                continue
            self._used.add(one)
            label = text(self._catalogue.find(body.get("besluittype")).get("omschrijving")) or "Besluit"
            on, until = _read("datum", body, whole_date), _read("vervaldatum", body, whole_date)
            found.append(Finding("decision", label, on, until, result, _text(body, "identificatie")))
        return tuple(found)

    def _properties(self, result: str) -> tuple[tuple[str, str], ...]:
        found = [("resultaat", result)] if result else []
        if self._reader.options.zgw.properties and self._zaak.get("eigenschappen"):
            at = f"{ref(self._zaak['url'])}/zaakeigenschappen"
            if at not in self._by_ref:
                raise RecordRejected("incomplete: zaakeigenschappen: not there")
            self._used.add(at)
            found += [(_text(one, "naam"), _text(one, "waarde")) for one in self._by_ref[at]["results"]]
        return tuple(found)

    def _places(self) -> tuple[Place, ...]:
        found = [_place(body) for _, body in self._listed("zaakobjecten")]
        if where := _read("zaakgeometrie", self._zaak, geometry):
            found.append(Place(geometry=where))
        return tuple(found)

    def _link(self) -> str:
        template = self._reader.options.zgw.link
        return template.replace("{identificatie}", quote(_text(self._zaak, "identificatie"), safe="")).replace(
            "{uuid}", _text(self._zaak, "uuid")
        )


def _zaak_name(zaak: Mapping[str, Any]) -> tuple[str, str]:
    identification = _text(zaak, "identificatie")
    if not identification:
        raise RecordRejected("identificatie: a zaak without one")
    return _read("bronorganisatie", zaak, lambda value: rsin(text(value))), identification


def _read(key: str, said: Mapping[str, Any], parse: Callable[[Any], T]) -> T:
    try:
        return parse(said.get(key))
    except ValueError as error:
        raise RecordRejected(f"{key}: {error}") from None


def _text(said: Mapping[str, Any], key: str) -> str:
    return _read(key, said, text)


def _worker(said: Mapping[str, Any]) -> str:
    return " ".join(part for key in ("voorletters", "voorvoegselAchternaam", "achternaam") if (part := _text(said, key)))


def _place(zaakobject: Mapping[str, Any]) -> Place:
    """An address, a building or a street; of any other object only what it is called."""
    kind, said = zaakobject.get("objectType"), zaakobject.get("objectIdentificatie") or {}
    label = _text(zaakobject, "relatieomschrijving")
    try:
        number = text(said.get("identificatie")) if kind in ("adres", "pand") else ""
        if kind == "adres":
            keys = ("gorOpenbareRuimteNaam", "huisnummer", "huisletter", "huisnummertoevoeging", "postcode", "wplWoonplaatsNaam")
            street, house, letter, addition, postal_code, city = (text(said.get(key)) for key in keys)
            return Place(address("visiting", street, house, letter, addition, postal_code, city, number), _bag(number), label=label)
        if kind == "pand":
            return Place(bag_id=_bag(number), label=label)
        if kind == "openbare_ruimte" and (found := _street(said)):
            return found
    except ValueError as error:
        raise RecordRejected(f"zaakobjecten.objectIdentificatie ({kind}): {error}") from None
    return Place(label=" ".join(part for part in (label, _text(zaakobject, "objectTypeOverige") or text(kind)) if part))


def _street(said: Mapping[str, Any]) -> Place | None:
    """A street, path or square, where it is given by its BAG id; None where by another number, which is no reason to refuse the zaak."""
    try:
        return Place(bag_id=bag_id(text(said.get("identificatie")), "openbare_ruimte"), label=text(said.get("gorOpenbareRuimteNaam")))
    except ValueError:
        return None


def _bag(number: str) -> str:
    try:
        return bag_id(number) if number else ""
    except Placeholder:
        return ""
