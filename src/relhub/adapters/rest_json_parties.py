"""The parties of a `rest_json` case, compiled from the tables of its source file."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from relhub.adapters import Keyed
from relhub.adapters.fields import Reader, birth, search, text, texts
from relhub.adapters.parties import Numbers, with_key
from relhub.adapters.rest_json_options import AddressTable, ContactTable, PartyTable, Value
from relhub.adapters.rest_json_values import coded, many, one_text
from relhub.domain.addresses import address, addressable, one_line
from relhub.domain.identifiers import identifier
from relhub.domain.names import name_parts, organisation_name, person_name
from relhub.domain.record import Address, AddressFunction, Flag, Involvement, PartyKind, PartyRecord, PersonName
from relhub.errors import ConfigurationError, RecordRejected

_KINDS = ("person", "organisation", "branch")
_NUMBERS = ("bsn", "a_number", "rsin", "kvk", "oin")
_FLAGS: tuple[Flag, ...] = ("non_disclosure", "deceased", "shielded", "dissolved", "bankrupt")
_EMPTY = "empty"


class AddressReader:
    """An address, on one line or in parts."""

    def __init__(self, table: AddressTable, key: str) -> None:
        self._function = table.function
        self._line = one_text(table.line, f"{key}.line")
        names = ("street", "number", "letter", "addition", "postcode", "city", "bag_id")
        self._parts = [one_text(getattr(table, name), f"{key}.{name}") for name in names]
        self._place = self._line.place if table.line else self._parts[0].place

    def read(self, item: Any, at: str, usual: AddressFunction) -> Address | None:
        function = self._function or usual
        try:
            line = self._line.read(item, at)
            if line:
                found = one_line(line, function)
                bag = addressable(self._parts[6].read(item, at))
                return replace(found, bag_id=bag) if found and bag else found
            street, number, letter, addition, postcode, city, bag = (part.read(item, at) for part in self._parts)
            return address(function, street, number, letter, addition, postcode, city, bag)
        except ValueError as error:
            raise RecordRejected(f"{at}{self._place}: {error}") from None


class NameReader:
    """A person's name, in parts or on one line."""

    def __init__(self, table: PartyTable | ContactTable, key: str) -> None:
        names = ("given", "initials", "prefix", "family", "partner_prefix", "partner_family")
        self._parts = [one_text(getattr(table, name, None), f"{key}.{name}") for name in names]
        self._line = Reader(one_text(table.name, key).place, search(table.name.from_ or "@"), _person) if table.name else None

    def read(self, item: Any, at: str) -> PersonName | None:
        found = name_parts(*(part.read(item, at) for part in self._parts))
        return found or (self._line.read(item, at) if self._line else None)


def _person(value: Any) -> PersonName | None:
    written = text(value)
    return person_name(written) if written else None


class ContactReader:
    """The contact persons of one organisation."""

    def __init__(self, table: ContactTable, key: str) -> None:
        self.role, self._each, self._place = table.role, many(table.each, f"{key}.each"), table.each
        self._name = NameReader(table, key)
        self._function = one_text(table.function, f"{key}.function")
        self._phones, self._emails = (_all_texts(places) for places in (table.phones, table.emails))

    def read(self, item: Any, at: str, case_id: str, organisation: PartyRecord, keyed: Keyed) -> list[PartyRecord]:
        found = []
        for position, one in enumerate(self._each(item, at)):
            here = f"{at}{self._place}[{position}]."
            name = self._name.read(one, here)
            if name is None:
                raise RecordRejected(f"{here.rstrip('.')}: a contact person without a name")
            phones, emails = self._phones(one, here), self._emails(one, here)
            record = PartyRecord(
                organisation.source, "", "contact_person", name=name, phones=phones, emails=emails, contact_of=organisation.key,
                function=self._function.read(one, here),
            )  # fmt: skip
            found.append(with_key(record, keyed, "", f"{case_id}/{here}"))
        return found


def _all_texts(places: tuple[str, ...]) -> Callable[[Any, str], tuple[str, ...]]:
    readers = [Reader(place, search(place), texts) for place in places]
    if not readers:
        return lambda item, at: ()
    return lambda item, at: tuple(dict.fromkeys(value for reader in readers for value in reader.read(item, at)))


class PartiesReader:
    """One table of parties: each member of a list becomes a party record and an involvement."""

    def __init__(self, source: str, table: PartyTable, key: str) -> None:
        self._source, self.place, self._each = source, table.each, many(table.each, f"{key}.each")
        self._kind = coded(table.kind, _KINDS, f"{key}.kind")
        self.role, self.acting_for = one_text(table.role, f"{key}.role"), one_text(table.acting_for, f"{key}.acting_for")
        self._own_number = one_text(table.own_number, f"{key}.own_number")
        self._numbers = [(scheme, one_text(value, f"{key}.{scheme}")) for scheme in _NUMBERS if (value := getattr(table, scheme))]
        self._kvk, self._branch = one_text(table.kvk, f"{key}.kvk"), one_text(table.vestiging, f"{key}.vestiging")
        self._name = NameReader(table, key)
        self._called = _all_texts((*table.organisation_names, *((table.name.from_,) if table.name and table.name.from_ else ())))
        self._form = one_text(table.legal_form, f"{key}.legal_form")
        self._birth = Reader(one_text(table.birth, f"{key}.birth").place, search(table.birth.from_ or "@"), birth) if table.birth else None
        self._phones, self._emails = (_all_texts(places) for places in (table.phones, table.emails))
        self._addresses = [AddressReader(one, f"{key}.addresses") for one in table.addresses]
        self._flags = [(name, _flag(name, value, f"{key}.flags.{name}")) for name in _FLAGS if (value := getattr(table.flags, name))]
        self._contacts = [ContactReader(one, f"{key}.contacts") for one in table.contacts]

    def items(self, case: Any) -> list[tuple[str, Any]]:
        """(where it stands, the item) of each party."""
        return [(f"{self.place}[{position}].", item) for position, item in enumerate(self._each(case, ""))]

    def read(self, item: Any, at: str, case_id: str, keyed: Keyed) -> tuple[PartyRecord, str]:
        """The record with its key, and the source's own number of it."""
        kind = cast(PartyKind, self._kind.read(item, at))
        own = self._own_number.read(item, at)
        person = kind == "person"
        names = () if person else tuple(dict.fromkeys(map(_organisation(at), self._called(item, at))))
        record = PartyRecord(
            self._source, "", kind, self._identifiers(item, at, kind, own), self._name.read(item, at) if person else None, names,
            "" if person else self._form.read(item, at), self._birth.read(item, at) if person and self._birth else "",
            self._where(item, at, "residence" if person else "visiting"), self._phones(item, at), self._emails(item, at),
            frozenset(flag for flag, reader in self._flags if reader.read(item, at) in (("yes", _EMPTY) if person else ("yes",))),
        )  # fmt: skip
        if not (record.name or record.organisation_names or record.identifiers):
            raise RecordRejected(f"{at.rstrip('.')}: a party without a name or a number")
        return with_key(record, keyed, own, f"{case_id}/{at}"), own

    def contacts(self, item: Any, at: str, case_id: str, organisation: PartyRecord, keyed: Keyed) -> list[tuple[PartyRecord, Involvement]]:
        return [
            (record, Involvement(record.key, reader.role, organisation.key))
            for reader in self._contacts
            for record in reader.read(item, at, case_id, organisation, keyed)
        ]

    def _identifiers(self, item: Any, at: str, kind: PartyKind, own: str) -> tuple[Any, ...]:
        numbers = Numbers(kind)
        reader = self._branch
        try:
            branch = reader.read(item, at)
            if branch and kind != "branch":
                raise RecordRejected(f"{at}{reader.place}: a party of kind {kind} has no vestiging number")
            numbers.add_branch(self._kvk.read(item, at), branch)
            for scheme, reader in self._numbers:
                numbers.add(scheme, reader.read(item, at))
            reader = self._own_number
            return (*numbers.found, identifier(f"own:{self._source}", own)) if own else tuple(numbers.found)
        except ValueError as error:
            raise RecordRejected(f"{at}{reader.place}: {error}") from None

    def _where(self, item: Any, at: str, usual: AddressFunction) -> tuple[Address, ...]:
        return tuple(found for reader in self._addresses if (found := reader.read(item, at, usual)))


def _flag(name: Flag, value: Value, key: str) -> Reader[str]:
    """Whoever may have non-disclosure has it: what a source leaves empty there counts as yes, of people. Raises ConfigurationError."""
    if name != "non_disclosure" or value.from_ is None:
        return coded(value, ("yes", "no"), key)
    values = value.values or {"yes": "yes", "no": "no"}
    if values.get("", "yes") != "yes":
        raise ConfigurationError(f"{key}: an empty value counts as yes, so values may not say otherwise")
    return coded(value.model_copy(update={"values": {**values, "": _EMPTY}}), ("yes", "no", _EMPTY), key)


def _organisation(at: str) -> Callable[[str], str]:
    def name(written: str) -> str:
        try:
            return organisation_name(written)
        except ValueError as error:
            raise RecordRejected(f"{at}name: {error}") from None

    return name
