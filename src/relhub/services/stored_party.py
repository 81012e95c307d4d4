"""A party record as it was kept (services/keep_records.py): what relhub wrote itself, so it is not checked again."""

from collections.abc import Mapping
from typing import Any

from relhub.domain.record import Address, PartyKind, PartyRecord, PersonName


def stored_party(body: Mapping[str, Any], kind: PartyKind, source: str = "", key: str = "") -> PartyRecord:
    """The record that a stored body says; without its numbers, which are kept elsewhere."""
    name = body.get("name")
    return PartyRecord(
        source,
        key,
        kind,
        name=PersonName(**name) if name is not None else None,
        organisation_names=tuple(body.get("organisation_names", ())),
        legal_form=body.get("legal_form", ""),
        birth=body.get("birth", ""),
        addresses=tuple(Address(**address) for address in body.get("addresses", ())),
        phones=tuple(body.get("phones", ())),
        emails=tuple(body.get("emails", ())),
        flags=frozenset(body.get("flags", ())),
        contact_of=body.get("contact_of", ""),
        function=body.get("function", ""),
    )
