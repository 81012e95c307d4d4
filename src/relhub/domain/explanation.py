"""Why records are one relation: what each has in common with which others."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from relhub.domain.identity import DECISION, NAME_AND_BIRTH, SAME_RECORD, PartyName, name_and_birth, strength
from relhub.domain.record import PartyRecord


@dataclass(frozen=True, slots=True)
class Reason:
    """What a record has in common with these others. With `same-record`: another wording of itself, so no others."""

    by: str
    others: tuple[PartyName, ...]


def explain(
    records: Sequence[PartyRecord], numbers: Sequence[Iterable[tuple[str, str]]], decided: Collection[tuple[PartyName, PartyName]]
) -> list[list[Reason]]:
    """Per record its reasons, strongest first: from these records alone, so that what is not among them explains nothing.

    `numbers`: (scheme, token) per record; `decided`: pairs that a steward said are the same.
    """
    names = [(record.source, record.key) for record in records]
    sharing: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        for number in set(numbers[index]):
            sharing[number].append(index)
        if text := name_and_birth(record):
            sharing[NAME_AND_BIRTH, text].append(index)
        sharing[SAME_RECORD, "\0".join(names[index])].append(index)
    found: list[dict[str, set[PartyName]]] = [defaultdict(set) for _ in records]
    for (by, _), indexes in sharing.items():
        for index in indexes if len(indexes) > 1 else ():
            found[index][by] |= {names[other] for other in indexes} - {names[index]}
    for a, b in decided:
        for index, name in enumerate(names):
            if name in (a, b):
                found[index][DECISION].add(b if name == a else a)
    return [
        [Reason(by, tuple(sorted(others))) for by, others in sorted(each.items(), key=lambda item: (strength(item[0]), item[0]))]
        for each in found
    ]
