"""The town on disk: everything the three systems say, prepared once as lines that only have to be sent."""

import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from relhub.demo.enforcement_documents import dossier
from relhub.demo.ids import ZAKEN
from relhub.demo.numbers import LIMIT, MUNICIPALITY_RSIN
from relhub.demo.people import Person, official_numbers, relation
from relhub.demo.permit_catalogue import CATALOGUE_COLLECTIONS, KINDS, catalogue
from relhub.demo.permit_documents import permit_documents
from relhub.demo.plan import Plan, Planned, plans
from relhub.demo.project_documents import project
from relhub.demo.store import Writer

FORMAT = 1  # raised when a directory of an older program must be prepared again
CHILDREN = ("rollen", "statussen", "zaakobjecten", "resultaten", "zaakeigenschappen", "besluiten")
COLLECTIONS = (*CATALOGUE_COLLECTIONS, "zaken", *CHILDREN, "dossiers", "projects", "truth")
GENERATOR = (
    "words", "places", "numbers", "people", "plan", "ids", "permit_catalogue", "permit_documents", "enforcement_documents",
    "project_documents", "store", "town",
)  # fmt: skip
Shown = tuple[int, str, dict[str, str]]


def prepare_town(directory: Path, relations: int = 400, seed: int = 1, on_progress: Callable[[int, int], None] | None = None) -> Path:
    """Writes the town into `directory`, unless it is there already with the same parameters; what was cut off halfway is made again."""
    if not 1 <= relations <= LIMIT:
        raise ValueError(f"relations must be between 1 and {LIMIT}")
    wanted = {"format": FORMAT, "relations": relations, "seed": seed, "sources": _program()}
    manifest = directory / "manifest.json"
    if manifest.is_file() and orjson.loads(manifest.read_bytes())["parameters"] == wanted:
        return directory
    manifest.unlink(missing_ok=True)
    unfinished = directory / "collections"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    counts = _Town(unfinished, seed).write(relations, on_progress)
    partial = directory / "manifest.partial"
    partial.write_bytes(orjson.dumps({"parameters": wanted, "counts": counts}, option=orjson.OPT_INDENT_2))
    partial.replace(manifest)
    return directory


def _program() -> str:
    """A fingerprint of the generator itself: a changed generator makes another town."""
    digest = sha256()
    for name in GENERATOR:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return digest.hexdigest()[:16]


class _Town:
    """The town while it is being written."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.seed = seed
        self.writers = {name: Writer(directory, name) for name in COLLECTIONS}
        self.types = (directory / "zaken.types").open("wb")

    def write(self, relations: int, on_progress: Callable[[int, int], None] | None) -> dict[str, int]:
        for collection, document in catalogue():
            self.writers[collection].add(document)
        for done, plan in enumerate(plans(self.seed, relations), start=1):
            self._relation(plan)
            if on_progress and (done % 500 == 0 or done == relations):
                on_progress(done, relations)
        for writer in self.writers.values():
            writer.close()
        self.types.close()
        return {name: writer.count for name, writer in self.writers.items()}

    def _relation(self, plan: Plan) -> None:
        first_permit = self.writers["zaken"].count
        for planned in plan.permits:
            self._permit(planned)
        for planned in plan.dossiers:
            copied = planned.copy_of_permit
            zaak = None if copied is None else {"bronorganisatie": MUNICIPALITY_RSIN, "identificatie": ZAKEN.make(first_permit + copied)}
            writer = self.writers["dossiers"]
            body, shown = dossier(self.seed, writer.count, planned, zaak)
            self._truth("enforcement", body["dossierNr"], shown)
            writer.add(body)
        for planned in plan.projects:
            writer = self.writers["projects"]
            body, shown = project(self.seed, writer.count, planned)
            self._truth("projects", body["id"], shown)
            writer.add(body)

    def _permit(self, planned: Planned) -> None:
        position = self.writers["zaken"].count
        documents = permit_documents(self.seed, position, planned, {name: self.writers[name].count for name in CHILDREN})
        for name in CHILDREN:
            self.writers[name].mark()
        for name, listed in documents.by_collection.items():
            for document in listed:
                self.writers[name].add(document)
        self.types.write(bytes([KINDS.index(planned.kind)]))
        self._truth("permits", ZAKEN.make(position), documents.shown)

    def _truth(self, system: str, case: str, shown: list[Shown]) -> None:
        for index, where, numbers in shown:
            self.writers["truth"].add({"relation": index, "system": system, "case": case, "party": where, "numbers": numbers})


def appearances(directory: Path) -> Iterator[dict[str, Any]]:
    """Every appearance of a relation in a case: {relation, system, case, party, numbers}.

    `party` is the uuid of the rol in permits, the position in `partijen` in enforcement and in `stakeholders` in projects;
    `numbers` are the official numbers shown there, as they truly are.
    """
    with (directory / "collections" / "truth.lines").open("rb") as file:
        for line in file:
            yield orjson.loads(line.rstrip(b",\n"))


def truth(directory: Path) -> list[dict[str, Any]]:
    """The true partition: per relation {relation, kind, numbers, name, birth, appearances}. In memory: for towns that tests use."""
    parameters = orjson.loads((directory / "manifest.json").read_bytes())["parameters"]
    found: dict[int, dict[str, Any]] = {}
    for one in appearances(directory):
        index = one.pop("relation")
        if index not in found:
            party = relation(parameters["seed"], index)
            kind = "person" if isinstance(party, Person) else "branch" if party.branch else "organisation"
            name = f"{party.given} {party.surname}" if isinstance(party, Person) else party.name
            birth = party.birth if isinstance(party, Person) else ""
            found[index] = {
                "relation": index,
                "kind": kind,
                "numbers": official_numbers(party),
                "name": name,
                "birth": birth,
                "appearances": [],
            }
        found[index]["appearances"].append(one)
    return [found[index] for index in sorted(found)]
