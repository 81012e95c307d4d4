"""The golden record: one value per attribute, chosen from the party records that a consumer may see (survivorship)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from relhub.domain.access import FieldGroup
from relhub.domain.names import name_key
from relhub.domain.record import Address, PartyRecord, PersonName

_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class Voice(NamedTuple):
    """One visible party record with the weight of its words."""

    record: PartyRecord
    trust: int  # 0-100, of the source
    said_at: datetime | None  # the latest change among its visible cases
    identifiers: tuple[tuple[str, str], ...] = ()  # (scheme, as it may be shown)
    linked_by: tuple[str, ...] = ()  # what it shares with other visible records


class Value(NamedTuple):
    """A chosen value, and who says so."""

    value: Any
    voice: Voice


@dataclass(frozen=True, slots=True)
class Golden:
    """The party as one record, and what each of its attributes was chosen from."""

    record: dict[str, Any]
    _chosen: dict[str, list[Value]]

    def origins(self) -> dict[str, list[dict[str, Any]]]:
        """Per attribute who says what, the chosen one first."""
        return {name: [_origin(name, value) for value in values] for name, values in self._chosen.items() if values}


def golden_record(voices: Sequence[Voice], groups: frozenset[FieldGroup], non_disclosure: bool) -> Golden:
    """Trust decides, then the later word, then (source, key). With non-disclosure no address, phone or e-mail is given without that group."""
    ordered = sorted(voices, key=_rank)
    person = ordered[0].record.kind in ("person", "contact_person")
    chosen: dict[str, list[Value]] = {"name": _names(ordered) if person else _organisation_names(ordered)}
    if person:
        chosen["birth"] = _births(ordered)
    else:
        chosen["legalForm"] = _each(ordered, lambda record: [record.legal_form] if record.legal_form else [])
    chosen["identifiers"] = [Value(number, voice) for voice in ordered for number in voice.identifiers]
    if "contact-details" in groups and (not non_disclosure or "non-disclosed" in groups):
        chosen["addresses"] = _each(ordered, lambda record: record.addresses)
        chosen["phones"] = _each(ordered, lambda record: record.phones)
        chosen["emails"] = _each(ordered, lambda record: record.emails)
    party = {name: shown for name, values in chosen.items() if (shown := _SHOWN[name](values)) is not None}
    party["nonDisclosure"] = non_disclosure
    party["flags"] = sorted({flag for voice in ordered for flag in voice.record.flags} - {"non_disclosure"})
    return Golden(party, chosen)


def display_name(record: PartyRecord) -> str:
    """The name as one writes it: `J.M. van den Berg`, `Bakkerij Van den Berg B.V.`."""
    if record.name is None:
        return record.organisation_names[0] if record.organisation_names else ""
    return _display(record.name)


def _rank(voice: Voice) -> tuple[int, float, str, str]:
    said = voice.said_at or _NEVER
    return (-voice.trust, -(said - _NEVER).total_seconds(), voice.record.source, voice.record.key)


def _each(voices: Iterable[Voice], read: Callable[[PartyRecord], Iterable[Any]]) -> list[Value]:
    return [Value(value, voice) for voice in voices for value in read(voice.record)]


def _names(voices: Sequence[Voice]) -> list[Value]:
    """The fuller name first: given names say more than initials, whoever says them."""
    values = [Value(voice.record.name, voice) for voice in voices if voice.record.name]
    return sorted(values, key=lambda value: (not value.value.family, not value.value.given, not value.value.initials))


def _organisation_names(voices: Sequence[Voice]) -> list[Value]:
    return [Value(voice.record.organisation_names, voice) for voice in voices if voice.record.organisation_names]


def _births(voices: Sequence[Voice]) -> list[Value]:
    return sorted((Value(voice.record.birth, voice) for voice in voices if voice.record.birth), key=lambda value: -len(value.value))


def _display(name: PersonName) -> str:
    first = name.initials or "".join(f"{given[0]}." for given in name.given.split())
    return " ".join(part for part in (first, name.prefix, name.family) if part)


def _show_name(values: Sequence[Value]) -> dict[str, Any] | None:
    if not values:
        return None
    if isinstance(values[0].value, tuple):
        statutory = values[0].value[0]
        known = {name_key(statutory)}
        others = [name for value in values for name in value.value if not (name_key(name) in known or known.add(name_key(name)))]  # type: ignore[func-returns-value]  # set.add gives None: the first of each spelling
        return {"display": statutory, "otherNames": others}
    return _show_person_name(values[0].value)


def _show_person_name(name: PersonName) -> dict[str, Any]:
    parts = {
        "givenNames": name.given,
        "initials": name.initials,
        "prefix": name.prefix,
        "familyName": name.family,
        "partnerPrefix": name.partner_prefix,
        "partnerFamilyName": name.partner_family,
    }
    return {"display": _display(name), **{key: part for key, part in parts.items() if part}}


def show_birth(birth: str) -> dict[str, str]:
    """`{"value": "1980-02", "precision": "month"}`."""
    return {"value": birth, "precision": {4: "year", 7: "month"}.get(len(birth), "day")}


def show_address(address: Address) -> dict[str, str]:
    parts = {
        "function": address.function,
        "street": address.street,
        "houseNumber": address.number,
        "postalCode": address.postcode,
        "city": address.city,
        "country": address.country,
        "bagId": address.bag_id,
    }
    return {key: part for key, part in parts.items() if part}


def _show_addresses(values: Sequence[Value]) -> list[dict[str, str]]:
    """The best of each function."""
    best: dict[str, Address] = {}
    for value in values:
        best.setdefault(value.value.function, value.value)
    return [show_address(best[function]) for function in sorted(best)]


def _show_distinct(values: Sequence[Value]) -> list[str]:
    return list(dict.fromkeys(value.value for value in values))


def _show_identifiers(values: Sequence[Value]) -> list[dict[str, str]]:
    shown = sorted(dict.fromkeys(value.value for value in values))
    return [{"scheme": scheme, "masked" if "*" in text else "value": text} for scheme, text in shown]


_SHOWN: dict[str, Callable[[Sequence[Value]], Any]] = {
    "name": _show_name,
    "birth": lambda values: show_birth(values[0].value) if values else None,
    "legalForm": lambda values: values[0].value if values else None,
    "identifiers": _show_identifiers,
    "addresses": _show_addresses,
    "phones": _show_distinct,
    "emails": _show_distinct,
}


def _origin(name: str, value: Value) -> dict[str, Any]:
    voice = value.voice
    shown = _SHOWN[name]([value])
    said_at = voice.said_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if voice.said_at else None
    return {
        "source": voice.record.source,
        "saidAt": said_at,
        "trust": voice.trust,
        "value": shown[0] if isinstance(shown, list) and shown else shown,
    }
