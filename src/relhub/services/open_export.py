"""What an export holds, for who asked for it and until it expires."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

from relhub.errors import ExportExpired
from relhub.services.admit import Admitted, not_found
from relhub.services.ask_export import NO_EXPORT, admit_export, find_own
from relhub.services.asked import Asked
from relhub.services.hub import Hub
from relhub.services.look import look_with
from relhub.services.show_numbers import with_numbers
from relhub.storage import exports
from relhub.storage.exported_cases import glimpse
from relhub.storage.exports import Export
from relhub.storage.log import add_look
from relhub.storage.sealed_columns import about_export

_NOT_DONE = "This export is not done, so it holds nothing yet; GET /v1/exports/{id} says how far it is, or why it failed."
_EXPIRED = "This export has expired, and what it held is deleted. Ask for a new one with POST /v1/relations/{id}/exports."
_APART = "What this export was made of is no longer one relation, so it is not given any more. Ask for a new one with POST /v1/relations/{id}/exports."
_Sealed = tuple[int, str, bytes]
Section = Literal["cases", "contactMoments", "tasks", "commitments", "relationManagers", "alerts", "consultations"]
"""A list in an export, of any length."""
SECTIONS: Final[tuple[Section, ...]] = ("cases", "contactMoments", "tasks", "commitments", "relationManagers", "alerts", "consultations")


@dataclass(frozen=True, slots=True)
class _Looked:
    """What may be given now, sealed. `outcome` as of a view."""

    outcome: str
    parts: Sequence[_Sealed] = ()


class Opened:
    """What an export holds. Its pieces are opened one by one, so that no more than one is in memory."""

    def __init__(self, hub: Hub, export: Export, parts: Sequence[_Sealed]) -> None:
        """Raises SealLost, and InvalidTag for a piece of something else: before anything of it is given."""
        self._hub, self._export, self._parts = hub, export, parts
        self.head = next(self._section("head"))
        """All but its long lists, as JSON."""

    def section(self, name: Section) -> Iterator[list[dict[str, Any]]]:
        """One of these lists, piece by piece."""
        return map(orjson.loads, self._section(name))

    def _section(self, name: str) -> Iterator[bytes]:
        of = self._export
        return (self._hub.sealer.open(sealed, about_export(of.id, of.attempt, n)) for n, section, sealed in self._parts if section == name)

    async def content(self) -> AsyncIterator[bytes]:
        """All of it as one JSON object, piece by piece."""
        yield self.head[:-1]
        for name in SECTIONS:
            yield f',"{name}":['.encode()
            for n, piece in enumerate(self._section(name)):
                yield (b"," if n else b"") + piece[1:-1]
            yield b"]"
        yield b"}"


async def open_export(hub: Hub, asked: Asked, export_id: str, operation: Literal["export-content", "export-page"]) -> Opened:
    """What this export holds, when the activity and the occasion still open the relation. Raises NotAllowed, NotFound, ExportExpired."""
    admitted = with_numbers(await admit_export(hub, asked, operation))
    async with hub.database.begin() as store:
        export = await find_own(store, asked, export_id)
        over = _over(export, asked)
        if export and over:
            await add_look(store.driver, admitted.look, "expired", [export.relation_id], [export_id])
    if export is None or export.state != "done":
        await not_found(hub, admitted.look, _NOT_DONE if export else NO_EXPORT)
    if over:
        raise ExportExpired(over)
    looked = await look_with(hub, admitted, lambda: _look(hub, admitted, export, asked))
    if not looked.parts:  # it expired just now
        raise ExportExpired(_EXPIRED)
    return Opened(hub, export, looked.parts)


def _over(export: Export | None, asked: Asked) -> str:
    """Why it is no longer given; empty when it is."""
    if export is None or export.expires_at is None:
        return ""
    if export.expires_at <= asked.at:
        return _EXPIRED
    return _APART if export.apart else ""


async def _look(hub: Hub, admitted: Admitted, export: Export, asked: Asked) -> _Looked:
    async with hub.database.begin() as store:
        asked_for = (export.relation_id, admitted.profile, admitted.occasion_case, admitted.look)
        seen = await glimpse(store.driver, *asked_for, [export.id])
        return _Looked(seen.outcome, await exports.parts(store, export, asked.at) if seen.outcome == "shown" else ())
