"""Which cases each relation has, before any system writes them down in its own way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

from relhub.demo import people
from relhub.demo.people import BLOCK, Person, relation
from relhub.demo.places import Place
from relhub.demo.words import ENFORCEMENT_SUBJECTS, PERMIT_SUBJECTS, PROJECT_SUBJECTS, SUPERVISION_SUBJECTS

SUPERBLOCK = 400  # the part of the town that one architect works in
PROJECT_STARTERS = (0, 7, 14, 21, 28, 35)  # positions in a block at which a project begins
LAST_DAY = date(2026, 11, 20)  # nothing in the town is younger
Phase = Literal["open", "suspended", "closed"]


@dataclass(frozen=True, slots=True)
class Part:
    """A relation's part in a case; `acting_for` is the position of another part in the same case."""

    relation: int
    role: str
    acting_for: int | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A matter: its kind as the system calls it, who is in it, where and when."""

    kind: str
    subject: str
    phase: Phase
    started: date
    ended: date | None
    where: Place
    parts: tuple[Part, ...]
    copy_of_permit: int | None = None  # position among the permits of the same relation
    step: int = 0  # a number below 1000 that decides the details


@dataclass(frozen=True, slots=True)
class Plan:
    permits: tuple[Planned, ...]
    dossiers: tuple[Planned, ...]
    projects: tuple[Planned, ...]


def plans(seed: int, relations: int) -> Iterator[Plan]:
    """What each relation starts, in the order of the relations."""
    for index in range(relations):
        yield plan(seed, index, relations)


def plan(seed: int, index: int, relations: int) -> Plan:
    """What relation `index` starts; others (neighbours, administrators, the architect) come into it by their position."""
    if index == 0:
        return _first(seed, relations)
    if index == 1:
        return _second(seed, relations)
    rng = Random(f"{seed}:plan:{index}")
    permits, dossiers = rng.choices((0, 1, 2, 3), weights=(28, 47, 15, 10))[0], rng.choices((0, 1, 2), weights=(60, 30, 10))[0]
    if not permits and not dossiers:
        permits = 1
    permit_cases = tuple(_permit(seed, index, relations, rng) for _ in range(permits))
    dossier_cases = tuple(_dossier(seed, index, relations, rng, permit_cases) for _ in range(dossiers))
    projects = (_project(seed, index, relations, rng),) if index % BLOCK in PROJECT_STARTERS else ()
    return Plan(permit_cases, dossier_cases, projects)


def _dates(rng: Random, open_share: float = 0.6) -> tuple[Phase, date, date | None]:
    started = date(2026, 1, 5) + timedelta(days=rng.randrange(300))
    draw = rng.random()
    if draw < open_share:
        return "open", started, None
    if draw < open_share + 0.1:
        return "suspended", started, None
    return "closed", started, min(LAST_DAY, started + timedelta(days=rng.randint(20, 120)))


def _neighbour(rng: Random, index: int, relations: int, taken: set[int]) -> int | None:
    """Someone from the same block who is not yet in the case; never the two whom the documentation shows."""
    first = index - index % BLOCK
    candidate = first + rng.randrange(min(BLOCK, relations - first))
    return None if candidate in taken or candidate < 2 else candidate


def _agent(rng: Random, index: int, relations: int) -> int | None:
    """Who acts for this relation: the administrator for clients, often the architect for the others."""
    at, first = index % BLOCK, index - index % BLOCK
    if at in people.CLIENTS and first + people.ADMINISTRATOR < relations:
        return first + people.ADMINISTRATOR
    architect = index - index % SUPERBLOCK + people.ARCHITECT
    return architect if rng.random() < 0.16 and architect < relations and architect != index else None


def _permit(seed: int, index: int, relations: int, rng: Random) -> Planned:
    kind = rng.choices(("ZT-OMG", "ZT-EVE", "ZT-ADV", "ZT-WOP"), weights=(55, 20, 15, 10))[0]
    phase, started, ended = _dates(rng)
    parts = [Part(index, "initiator")]
    agent = _agent(rng, index, relations)
    if agent is not None:
        parts.append(Part(agent, "gemachtigde", 0))
    for role, chance in (("mede_initiator", 0.08), ("belanghebbende", 0.2)):
        neighbour = _neighbour(rng, index, relations, {part.relation for part in parts}) if rng.random() < chance else None
        if neighbour is not None:
            parts.append(Part(neighbour, role))
    return Planned(
        kind, rng.choice(PERMIT_SUBJECTS[kind]), phase, started, ended, relation(seed, index).home, tuple(parts), None, rng.randrange(1000)
    )


def _dossier(seed: int, index: int, relations: int, rng: Random, permits: tuple[Planned, ...]) -> Planned:
    supervision = rng.random() < 0.5
    copied = next((number for number, permit in enumerate(permits) if permit.kind == "ZT-OMG"), None) if rng.random() < 0.3 else None
    phase, started, ended = _dates(rng)
    parts = [Part(index, "eigenaar" if supervision else "overtreder")]
    agent = _agent(rng, index, relations)
    if agent is not None:
        parts.append(Part(agent, "gemachtigde", 0))
    for role, chance in (("melder", 0.3), ("belanghebbende", 0.15), ("eigenaar", 0.1)):
        neighbour = _neighbour(rng, index, relations, {part.relation for part in parts}) if rng.random() < chance else None
        if neighbour is not None:
            parts.append(Part(neighbour, role))
    subject, where = rng.choice(SUPERVISION_SUBJECTS if supervision else ENFORCEMENT_SUBJECTS), relation(seed, index).home
    if copied is not None:
        return _copy(permits[copied], copied, tuple(parts), rng)
    return Planned(
        "toezicht" if supervision else "handhaving", subject, phase, started, ended, where, tuple(parts), None, rng.randrange(1000)
    )


def _copy(permit: Planned, position: int, parts: tuple[Part, ...], rng: Random) -> Planned:
    """The same zaak in the other system: its subject, its dates, its phase."""
    owner = (Part(parts[0].relation, "eigenaar"), *parts[1:])
    return Planned(
        "toezicht", permit.subject, permit.phase, permit.started, permit.ended, permit.where, owner, position, rng.randrange(1000)
    )


def _stakeholder_role(seed: int, index: int, kind: str, rng: Random) -> str:
    if kind in ("consultatie", "adviesronde"):
        return rng.choice(("geconsulteerde", "adviseur"))
    party = relation(seed, index)
    if isinstance(party, Person):
        return rng.choice(("omwonende", "omwonende", "grondeigenaar"))
    if party.legal_form in ("Stichting", "Vereniging"):
        return rng.choice(("belangenvereniging", "grondeigenaar"))
    return rng.choice(("ondernemer", "aannemer", "adviseur", "grondeigenaar"))


def _project(seed: int, index: int, relations: int, rng: Random, kind: str | None = None, first: tuple[Part, ...] = ()) -> Planned:
    kind = kind or rng.choices(tuple(PROJECT_SUBJECTS), weights=(25, 25, 20, 15, 15))[0]
    phase, started, ended = _dates(rng, 0.7)
    parts = list(first)
    for _ in range(rng.randint(4, 12) - len(first)):
        neighbour = _neighbour(rng, index, relations, {part.relation for part in parts})
        if neighbour is not None:
            parts.append(Part(neighbour, _stakeholder_role(seed, neighbour, kind, rng)))
    where = relation(seed, index).home
    return Planned(kind, rng.choice(PROJECT_SUBJECTS[kind]), phase, started, ended, where, tuple(parts), None, rng.randrange(1000))


def _first(seed: int, relations: int) -> Plan:
    """Relation 0: applicant, subject of enforcement and resident beside a project."""
    home, rng = relation(seed, 0).home, Random(f"{seed}:plan:0")
    permit = Planned("ZT-OMG", "Dakkapel aan de voorzijde", "open", date(2026, 9, 14), None, home, (Part(0, "initiator"),), None, 412)
    dossier = Planned("handhaving", "Bouwen zonder vergunning", "open", date(2026, 8, 3), None, home, (Part(0, "overtreder"),), None, 205)
    stakeholders = (Part(0, "omwonende"), *((Part(1, "ondernemer"),) if relations > 1 else ()))
    project = _project(seed, 0, relations, rng, "gebiedsontwikkeling", stakeholders)
    begun = Planned(project.kind, "Herontwikkeling stationsgebied", "open", date(2026, 3, 2), None, home, project.parts, None, 217)
    return Plan((permit,), (dossier,), (begun,))


def _second(seed: int, relations: int) -> Plan:
    """Relation 1: a bakery that wants to extend, about whose noise there are complaints, and that is consulted (demo/story.py)."""
    home = relation(seed, 1).home
    permit = Planned("ZT-OMG", "Uitbouw van de bakkerij", "open", date(2026, 6, 22), None, home, (Part(1, "initiator"),), None, 77)
    dossier = Planned(
        "handhaving", "Geluidsoverlast door een bedrijf", "open", date(2026, 5, 11), None, home, (Part(1, "overtreder"),), None, 638
    )
    rng = Random(f"{seed}:plan:1")
    consulted = _project(seed, 1, relations, rng, "consultatie", (Part(1, "geconsulteerde"),))
    project = Planned(
        consulted.kind, "Consultatie terrassenbeleid", "open", date(2026, 4, 7), None, home, consulted.parts, None, consulted.step
    )
    return Plan((permit,), (dossier,), (project,))
