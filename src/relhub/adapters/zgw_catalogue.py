"""What a ZGW catalogue says about the types that zaken refer to, and how things are named without their host."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson

COLLECTIONS = ("zaaktypen", "statustypen", "roltypen", "resultaattypen", "besluittypen")
# What is read of each; the rest does not matter to how a zaak is read.
_READ = {
    "zaaktypen": ("identificatie", "omschrijving"),
    "statustypen": ("omschrijving", "isEindstatus"),
    "roltypen": ("omschrijving", "omschrijvingGeneriek"),
    "resultaattypen": ("omschrijving",),
    "besluittypen": ("omschrijving",),
}


def ref(url: str) -> str:
    """ "rollen/56cb5fe4-…": the collection and the uuid. A host or a gateway in front may change, these do not."""
    parts = url.rsplit("/", 2)
    return f"{parts[-2]}/{parts[-1]}" if len(parts) == 3 else url


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The types by their ref."""

    types: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def version(self) -> str:
        return sha256(orjson.dumps(dict(self.types), option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]

    def find(self, url: Any) -> Mapping[str, Any]:
        """The type; empty when the catalogue does not have it."""
        return self.types.get(ref(url), {}) if isinstance(url, str) and url else {}


def read_types(collection: str, results: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {ref(one["url"]): {name: one.get(name) for name in _READ[collection]} for one in results if isinstance(one.get("url"), str)}
