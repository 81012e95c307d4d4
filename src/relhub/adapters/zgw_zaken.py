"""Systems that speak ZGW (Zaken, Catalogi, Besluiten), as Open Zaak serves them: lists without expand, joined here.

What hangs on a zaak comes first and the zaken last, so that a zaak is read when everything it lists has been seen.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import orjson

from relhub.adapters import Document, Keyed, Page
from relhub.adapters.client import Answer, SourceClient, together
from relhub.adapters.zgw_catalogue import COLLECTIONS, Catalogue, read_types, ref
from relhub.adapters.zgw_options import read_options
from relhub.adapters.zgw_records import ZaakReader
from relhub.config.sources import SourceConfig
from relhub.domain.record import Capacity, RecordSet
from relhub.errors import RecordRejected, SourceRefused

READING = 1  # raised when the same documents are read otherwise by a newer relhub
DONE = {"done": True}
_HEADERS = {"Accept-Crs": "EPSG:4326"}  # demanded for zaken, harmless for the rest
_WITH_ORGANISATION = re.compile(r"(\d{9})-(.+)", re.ASCII)


class ZgwZaken:
    """The adapter `zgw_zaken`. Raises ConfigurationError when the source file's tables are wrong."""

    def __init__(self, config: SourceConfig) -> None:
        self._config, self._options = config, read_options(config)
        apis = self._options.zgw
        self._client, self._reader = SourceClient(config), ZaakReader(config, self._options)
        hanging = {name: f"{apis.zaken}/{name}" for name in ("rollen", "statussen", "zaakobjecten", "resultaten")}
        if apis.besluiten:
            hanging["besluiten"] = f"{apis.besluiten}/besluiten"
        self._hanging, self._paths = hanging, {**hanging, "zaken": f"{apis.zaken}/zaken"}
        self._capacities: frozenset[Capacity] = frozenset(kind.capacity for kind in self._options.case_kinds.values())
        self._catalogue: Catalogue | None = None
        self._loading = asyncio.Lock()
        read_by = [READING, config.options, config.departments, config.organisation_rsin, config.name]
        self._version = sha256(orjson.dumps(read_by, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]

    @property
    def mapping_version(self) -> str:
        return f"{self._version}-{self._catalogue.version}" if self._catalogue else self._version

    @property
    def keeps_documents(self) -> bool:
        return True

    @property
    def capacities(self) -> frozenset[Capacity]:
        return self._capacities

    @property
    def tells_non_disclosure(self) -> bool:
        return False  # a rol has no place for it

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.__aexit__(*exc)

    async def pull(self, cursor: dict[str, Any] | None) -> AsyncIterator[Page]:
        if cursor == DONE:
            return
        self._catalogue = await self._load_catalogue()
        expected = (await self._list("zaken", 1, size=1))[1]
        at = cursor or {"collection": next(iter(self._paths)), "page": 1}
        if at["collection"] not in self._paths:
            at = {"collection": next(iter(self._paths)), "page": 1}  # the source file changed since
        while at != DONE:
            collection, number = at["collection"], at["page"]
            results, count, more = await self._list(collection, number)
            at = {"collection": collection, "page": number + 1} if more else self._after(collection)
            if collection == "zaken":
                expected = count
            yield self._page(collection, results, at, expected)

    async def complete(self, changed: Sequence[Document]) -> list[Document]:
        """The zaakeigenschappen of these zaken: there is no list of those of all zaken."""
        if not self._options.zgw.properties:
            return []
        wanted = [document for document in changed if document.id == document.set_key and document.body.get("eigenschappen")]
        found = await together(self._properties(document) for document in wanted)
        return [document for document in found if document is not None]

    async def fetch_one(self, case_id: str) -> list[Document] | None:
        async with self._client.in_time():
            await self._know_catalogue()
            zaak = await self._find_zaak(case_id)
            if zaak is None:
                return None
            hanging = await together(self._hanging_on(zaak, name) for name in self._hanging)
            return [zaak, *(document for documents in hanging for document in documents), *await self.complete([zaak])]

    def to_records(self, documents: Sequence[Document], keyed: Keyed) -> RecordSet:
        try:
            return self._reader.read(documents, self._catalogue or Catalogue(), keyed)
        except (AttributeError, KeyError, TypeError, ValueError):  # a list where an object belongs, and the like
            raise RecordRejected("a document that has another shape than ZGW says") from None

    async def _know_catalogue(self) -> None:
        async with self._loading:
            if self._catalogue is None:
                self._catalogue = await self._load_catalogue()

    async def _load_catalogue(self) -> Catalogue:
        # One after the other: the first request after an outage decides whether the source is asked again.
        read = [await self._load(collection) for collection in COLLECTIONS]
        return Catalogue({key: value for types in read for key, value in types.items()})

    async def _load(self, collection: str) -> dict[str, dict[str, Any]]:
        path, number, more = f"{self._options.zgw.catalogi}/{collection}", 1, True
        found: dict[str, dict[str, Any]] = {}
        while more:
            answer = await self._client.get(path, {"page": str(number)}, _HEADERS, place=collection)
            results, _, more = self._read(answer, collection, number)
            found |= read_types(collection, results)
            number += 1
        return found

    async def _list(self, collection: str, number: int, size: int | None = None) -> tuple[list[dict[str, Any]], int | None, bool]:
        """(results, count, whether there is a next page) of one page; a page beyond the last is empty."""
        parameters = {"page": str(number), "pageSize": str(size or self._options.zgw.page_size)}
        ask = self._client.find if number > 1 else self._client.get
        answer = await ask(self._paths[collection], parameters, _HEADERS, place=collection)
        return ([], None, False) if answer is None else self._read(answer, collection, number)

    def _read(self, answer: Answer, collection: str, number: int) -> tuple[list[dict[str, Any]], int | None, bool]:
        body = answer.body
        if not isinstance(body, dict) or not isinstance(body.get("results"), list):
            raise SourceRefused(self._config.name, f"{collection}: no list in the answer: check the paths in [zgw]")
        more = body.get("next")
        if more:
            self._check_next(str(more), collection, number, empty=not body["results"])
        count = body.get("count")
        return body["results"], count if isinstance(count, int) else None, bool(more)

    def _check_next(self, url: str, collection: str, number: int, *, empty: bool) -> None:
        """Pages are asked by their number, so `next` only has to lead forward."""
        page = parse_qs(urlsplit(url).query).get("page", [""])[0]
        if empty or not page.isdigit() or int(page) <= number:
            raise SourceRefused(self._config.name, f"{collection}: the pages go round in a circle")
        if number >= self._config.limits.max_pages:
            raise SourceRefused(self._config.name, f"{collection}: more than {number} pages: raise [limits] max_pages if that is right")

    def _after(self, collection: str) -> dict[str, Any]:
        names = list(self._paths)
        at = names.index(collection) + 1
        return {"collection": names[at], "page": 1} if at < len(names) else DONE

    def _page(self, collection: str, results: list[Any], cursor: dict[str, Any], expected: int | None) -> Page:
        documents, rejected = [], []
        for body in results:
            set_url = body.get("url" if collection == "zaken" else "zaak") if isinstance(body, dict) else None
            if isinstance(set_url, str) and set_url and isinstance(body.get("url"), str):
                documents.append(Document(ref(body["url"]), ref(set_url), body))
            elif collection != "besluiten" or not isinstance(body, dict):  # a besluit may stand on its own
                rejected.append(("", f"{collection}: without url or zaak", body))
        return Page(documents, cursor, collection == "zaken", rejected, expected)

    async def _properties(self, zaak: Document) -> Document | None:
        path = f"{self._paths['zaken']}/{zaak.id.rsplit('/', 1)[1]}/zaakeigenschappen"
        answer = await self._client.find(path, None, _HEADERS, place="zaakeigenschappen")
        if answer is None:
            return None
        if not isinstance(answer.body, list):
            raise SourceRefused(self._config.name, "zaakeigenschappen: no list in the answer")
        return Document(f"{zaak.id}/zaakeigenschappen", zaak.id, {"results": answer.body}, listed=False)

    async def _find_zaak(self, case_id: str) -> Document | None:
        named = [(self._config.organisation_rsin, case_id)]
        if found := _WITH_ORGANISATION.fullmatch(case_id):
            named.insert(0, (found[1], found[2]))
        for organisation, identification in named:
            parameters = {"identificatie": identification, "bronorganisatie": organisation}
            answer = await self._client.get(self._paths["zaken"], parameters, _HEADERS, place="zaken")
            page = self._page("zaken", self._read(answer, "zaken", 1)[0], DONE, None)
            if len(page.documents) > 1:
                raise SourceRefused(self._config.name, "zaken: more than one zaak has this identificatie")
            if page.documents and self._reader.case_id(page.documents[0].body) == case_id:
                return page.documents[0]
        return None

    async def _hanging_on(self, zaak: Document, collection: str) -> list[Document]:
        found: list[Document] = []
        number, more = 1, True
        while more:
            # The url as the source itself gave it: it only knows itself by that host.
            parameters = {"zaak": zaak.body["url"], "page": str(number)}
            answer = await self._client.get(self._paths[collection], parameters, _HEADERS, place=collection)
            results, _, more = self._read(answer, collection, number)
            found += self._page(collection, results, DONE, None).documents
            number += 1
        return found
