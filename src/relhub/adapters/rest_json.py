"""Any JSON system that lists its cases: paging, authentication and mapping are declared in the source file, nothing in Python."""

from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from typing import Any, Self
from urllib.parse import quote

import orjson

from relhub.adapters import Document, Keyed, Page
from relhub.adapters.client import SourceClient
from relhub.adapters.fields import search
from relhub.adapters.parties import as_one
from relhub.adapters.rest_json_mapping import ItemMapping
from relhub.adapters.rest_json_options import read_options
from relhub.adapters.rest_json_paging import Pager
from relhub.config.sources import SourceConfig
from relhub.domain.record import Capacity, CaseRecord, PartyRecord, RecordSet
from relhub.errors import ConfigurationError, RecordRejected, SourceRefused

READING = 1  # raised when the same documents are read otherwise by a newer relhub


class RestJson:
    """The adapter `rest_json`. Raises ConfigurationError when the source file's tables are wrong."""

    def __init__(self, config: SourceConfig) -> None:
        self._config, self._options = config, read_options(config)
        self._client = SourceClient(config)
        try:
            self._mapping = ItemMapping(config, self._options)
            self._pager = Pager(self._client, self._options.pages, self._options.headers, config.limits.max_pages)
            self._item = search(self._options.one.item) if self._options.one else None
        except ConfigurationError as error:
            raise ConfigurationError(f"{config.path}: {error}") from None
        read_by = [READING, config.options, config.departments, config.organisation_rsin, config.name]
        self._version = sha256(orjson.dumps(read_by, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]

    @property
    def mapping_version(self) -> str:
        return self._version

    @property
    def keeps_documents(self) -> bool:
        return False

    @property
    def capacities(self) -> frozenset[Capacity]:
        return self._mapping.capacities

    @property
    def tells_non_disclosure(self) -> bool:
        return any(table.flags.non_disclosure for table in self._options.parties)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.__aexit__(*exc)

    async def pull(self, cursor: dict[str, Any] | None) -> AsyncIterator[Page]:
        async for listed in self._pager.pages(cursor):
            documents: list[Document] = []
            rejected: list[tuple[str, str, Any]] = []
            for item in listed.items:
                try:
                    documents.append(self._document(item))
                except RecordRejected as error:
                    rejected.append(("", str(error), item))
            yield Page(documents, listed.following, True, rejected, listed.total)

    async def complete(self, changed: Sequence[Document]) -> list[Document]:
        """An item is all there is of a case."""
        return []

    async def fetch_one(self, case_id: str) -> list[Document] | None:
        one = self._options.one
        if one is None or self._item is None:
            raise SourceRefused(self._config.name, "can't be asked for one case: its source file has no [one]")
        async with self._client.in_time():
            answer = await self._client.find(one.path.replace("{id}", quote(case_id, safe="")), None, self._options.headers, place=one.path)
        if answer is None:
            return None
        try:
            document = self._document(self._item(answer.body))
        except RecordRejected as error:
            raise SourceRefused(self._config.name, f"{one.path}: {error}") from None
        if document.id != case_id:
            raise SourceRefused(self._config.name, f"{one.path}: answers with another case than was asked for")
        return [document]

    def to_records(self, documents: Sequence[Document], keyed: Keyed) -> RecordSet:
        cases: list[CaseRecord] = []
        parties: list[PartyRecord] = []
        for document in documents:
            case, of_case = self._mapping.read(document.body, keyed)
            cases.append(case)
            parties += of_case
        return RecordSet(tuple(cases), as_one(parties), frozenset(document.id for document in documents))

    def _document(self, item: Any) -> Document:
        if not isinstance(item, dict):
            raise RecordRejected("an item that is not an object")
        case_id = self._mapping.case_id(item)
        return Document(case_id, case_id, item)
