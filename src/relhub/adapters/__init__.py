"""How one kind of system is spoken to. An adapter does the HTTP, and reads records from what was sent; it decides nothing and stores nothing."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from relhub.domain.record import Capacity, RecordSet


@dataclass(frozen=True, slots=True)
class Document:
    """One thing as the source sent it. Documents of one `set_key` are read together; `id` is unique within the source.

    The document that closes a set (the zaak, the dossier) has the set key as its id. `listed`: pages list it by itself;
    False for what is only ever fetched with its set.
    """

    id: str
    set_key: str
    body: dict[str, Any]
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """What one request gave. `closing`: after this page the sets of its documents are complete and can be read."""

    documents: Sequence[Document]
    cursor: dict[str, Any]  # where to go on when the next page fails; opaque to all but the adapter
    closing: bool = True
    rejected: Sequence[tuple[str, str, Any]] = ()  # (id or "", reason without values, body): could not even be cut into documents
    expected: int | None = None  # closing documents in the whole pull, where the source says so


Keyed = Callable[[str], str]
"""A keyed one-way hash: an opaque key for a party that has no id of its own."""


class Adapter(Protocol):
    """One source, opened. `async with` closes its connections."""

    @property
    def mapping_version(self) -> str:
        """Changes when the same documents would be read otherwise; after `pull` began it includes the source's reference data."""
        ...

    @property
    def keeps_documents(self) -> bool:
        """True when a set has several documents, which are then kept (sealed) so that a change of one can be read with the others."""
        ...

    @property
    def capacities(self) -> frozenset[Capacity]:
        """In which capacities this source can say that someone is met."""
        ...

    @property
    def tells_non_disclosure(self) -> bool:
        """Whether this source says of people that they have non-disclosure (geheimhouding): then who it does not say it of has none."""
        ...

    def pull(self, cursor: dict[str, Any] | None) -> AsyncIterator[Page]:
        """All documents, page by page, from `cursor` on (None: from the start). Raises SourceUnavailable, SourceRefused."""
        ...

    async def complete(self, changed: Sequence[Document]) -> list[Document]:
        """Further documents that the sets of these changed closing documents need and no page gives."""
        ...

    async def fetch_one(self, case_id: str) -> list[Document] | None:
        """The whole set of one case by its id; None when the source says it does not exist (404, 410)."""
        ...

    def to_records(self, documents: Sequence[Document], keyed: Keyed) -> RecordSet:
        """Pure and strict: reads one complete set. Raises RecordRejected with places and reasons, never values."""
        ...

    async def __aenter__(self) -> "Adapter": ...

    async def __aexit__(self, *exc: object) -> None: ...
