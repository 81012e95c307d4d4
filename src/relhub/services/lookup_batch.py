"""Many look-ups at once, for list screens: of each relation the summary, and each with its own outcome."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import orjson

from relhub.domain import identifiers
from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.errors import InvalidInput, Problem
from relhub.services.admit import Admitted, admit
from relhub.services.asked import Asked, Reference
from relhub.services.hub import Hub
from relhub.services.lookup_relation import know_occasion, main_party
from relhub.storage.batches import Candidate, Glance, candidates, glances
from relhub.storage.log import add_looks


async def lookup_batch(hub: Hub, asked: Asked, references: Sequence[Reference]) -> bytes:
    """One result per reference, in their order: found, not-found, restricted, refused or ambiguous. Asks no source but for the occasion.

    Raises NotAllowed, InvalidInput (numbers that can't be), SourceError when the occasion can't be verified.
    """
    admitted = await admit(hub, asked, "batch")
    numbers, cases = _read(hub, references)
    await know_occasion(hub, admitted)
    async with hub.database.begin() as store:
        found = await candidates(store.driver, admitted.profile.at_least(Level.summary), numbers, cases)
        meant = _meant(references, found)
        ids = sorted({relation_id for each in meant for relation_id in each})
        seen = await glances(store.driver, ids, admitted.profile, admitted.occasion_case, admitted.look.department)
        results = [_result(admitted, [seen[relation_id] for relation_id in each]) for each in meant]
        await add_looks(store.driver, admitted.look, _looks(results, meant))
    return orjson.dumps({"results": results})


def _read(hub: Hub, references: Sequence[Reference]) -> tuple[list[tuple[int, str, bytes]], list[tuple[int, str, str]]]:
    """Numbers as (place, scheme, token), and cases as (place, source, case id). Raises InvalidInput with all that is wrong."""
    numbers: list[tuple[int, str, bytes]] = []
    problems: list[Problem] = []
    for place, reference in enumerate(references):
        if reference.identifier:
            scheme, value = reference.identifier
            try:
                numbers.append((place, scheme, hub.sealer.token(scheme, identifiers.identifier(scheme, value).value)))
            except ValueError as error:
                problems.append(Problem(f"body references.{place}.identifier.value", str(error)))
        elif reference.record:
            source, key = reference.record
            numbers.append((place, f"own:{source}", hub.sealer.token(f"own:{source}", key)))
    if problems:
        raise InvalidInput(*problems)
    return numbers, [(place, *reference.case) for place, reference in enumerate(references) if reference.case]


def _meant(references: Sequence[Reference], found: Sequence[Candidate]) -> list[list[str]]:
    """The relations that each reference may mean; by case: that of its main party."""
    by_place: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in found:
        by_place[candidate.place].append(candidate)
    meant = []
    for place, reference in enumerate(references):
        parties = by_place[place]
        if reference.case and parties:
            parties = [parties[main_party([party.role for party in parties])]]
        meant.append([reference.relation] if reference.relation else list(dict.fromkeys(party.relation_id for party in parties)))
    return meant


def _result(admitted: Admitted, meant: Sequence[Glance]) -> dict[str, Any]:
    """With an occasion, what is not there is answered as what the occasion does not involve: nobody learns who is known."""
    if admitted.on_case and not any(glance.holds for glance in meant):
        return {"status": "refused"}
    meant = [glance for glance in meant if not glance.restricted] or meant[:1]
    if len(meant) > 1:
        return {"status": "ambiguous", "relations": sorted(glance.relation_id for glance in meant)}
    if not any(glance.seen for glance in meant):
        return {"status": "not-found"}
    [glance] = meant
    if glance.restricted:
        return {"status": "restricted"}
    return {"status": "found", "id": glance.relation_id, "kind": glance.kind, **show_glance(admitted.profile, glance)}


def show_glance(profile: Profile, glance: Glance) -> dict[str, Any]:
    """The summary of a relation, and whether a colleague is involved of whom no more may be shown."""
    summary = {"openCases": glance.open_cases, "byCapacity": glance.by_capacity}
    referral = {"referral": {"via": "coordinator", "ask": profile.coordinator}} if glance.referral else {}
    return {"summary": summary, **referral}


def _looks(results: Sequence[dict[str, Any]], meant: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """(outcome, relation): one for each relation that was looked at, and one for each reference that led to none."""
    nobody = [(result["status"], "") for result, ids in zip(results, meant, strict=True) if not ids]
    looked = [
        ("shown", result["id"]) if result["status"] == "found" else (result["status"], relation_id)
        for result, ids in zip(results, meant, strict=True)
        for relation_id in ids
    ]
    return nobody + list(dict.fromkeys(looked))
