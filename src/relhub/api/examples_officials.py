"""Questions about officials and relation managers that the demo answers, for the OpenAPI document. The managers are of the bakery, so that they show in no other example."""

from collections.abc import Mapping
from typing import Final

from relhub.api.example import Example

_BY_PERMITS: Final = {
    "X-Processing-Activity": "permit-handling",
    "X-Occasion": "case:permits/V-2026-00002",
    "X-Official": "j.jansen",
}
_APPLICANT: Final = {"id": "rel_4G04NJKW8P033NPZ6FXCS4EHJT", "X-Occasion": "case:permits/V-2026-00001"}
_BAKER: Final = {"id": "rel_1EDWH82QHJ8QM5RMV7JQW33YCG"}
_MANAGER: Final = {"official": "m.bos", "department": "Relatiebeheer", "text": "Heeft met drie afdelingen te maken."}
_MADE: Final = frozenset({"id"})
OF_OFFICIALS: Final[Mapping[str, Mapping[str, Example]]] = {
    "listRelationOfficials": {"permits": Example("The permits desk", _BY_PERMITS | _APPLICANT)},
    "listRelationManagers": {"baker": Example("The permits desk", _BY_PERMITS | _BAKER, varies=frozenset({"results"}))},
    "setRelationManager": {"baker": Example("The permits desk", _BY_PERMITS | _BAKER, _MANAGER, varies=_MADE)},
    "changeRelationManager": {
        "over": Example(
            "The permits desk, somebody else takes it on",
            _BY_PERMITS | _BAKER | {"managerId": "mgr_0b9d6a1c52e84f7a93c04d5be8f21a67"},
            {"step": "handed-over", "official": "k.vos", "department": "Relatiebeheer", "text": "Werkt nu bij Projecten."},
            varies=_MADE,
            after="setRelationManager",
        )
    },
}
