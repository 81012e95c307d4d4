"""Records as rows: what is kept of a party and a case, and what is computed from them at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import orjson
from pydantic import TypeAdapter

from relhub.domain.case_parts import case_parts, discreet_part
from relhub.domain.golden import display_name
from relhub.domain.identifiers import mask
from relhub.domain.identity import NAME_AND_BIRTH, family_of, full_birth, name_and_birth
from relhub.domain.places import PlaceName, place_names
from relhub.domain.record import CaseRecord, PartyRecord, RecordSet
from relhub.domain.search_terms import search_terms
from relhub.errors import RecordRejected
from relhub.storage.database import Store
from relhub.storage.record_rows import CaseRow, IdentifierRow, InvolvementRow, PartyRow, SetRows, Written
from relhub.storage.records import replace_sets
from relhub.storage.sealed_columns import about_number
from relhub.storage.sealing import Sealer

PARTY = TypeAdapter(PartyRecord)
CASE = TypeAdapter(CaseRecord)
LONGEST_ID, MOST_PARTIES = 200, 10_000
_NEVER = date(1, 1, 1)


def set_rows(set_key: str, records: RecordSet, sealer: Sealer, *, leaf: bool, tells_non_disclosure: bool) -> SetRows:
    """What this set says, as rows. `tells_non_disclosure`: whether its source says who has it."""
    hidden = personal_numbers(records.parties)
    rows = {party.key: party_row(party, sealer, hidden, leaf=leaf, tells_non_disclosure=tells_non_disclosure) for party in records.parties}
    named = {key: (row.key, row.variant) for key, row in rows.items()}
    return SetRows(
        tuple(case_row(case, set_key, hidden) for case in records.cases),
        tuple(rows.values()),
        tuple(
            InvolvementRow(case.id, position, named[part.party_key], part.role, part.acting_for)
            for case in records.cases
            for position, part in enumerate(case.involvements)
        ),
    )


async def keep_rows(store: Store, source: str, sets: Mapping[str, SetRows]) -> Written:
    """These sets of documents say this and nothing else any more."""
    cases = [case for rows in sets.values() for case in rows.cases]
    involvements = [involvement for rows in sets.values() for involvement in rows.involvements]
    parties = {(party.key, party.variant): party for rows in sets.values() for party in rows.parties}
    used = {involvement.party for involvement in involvements}
    return await replace_sets(store, source, list(sets), cases, [row for ref, row in parties.items() if ref in used], involvements)


def check_records(records: RecordSet, hidden: Collection[str]) -> None:
    """Raises RecordRejected for records that contradict themselves, whatever adapter read them. `hidden`: their `personal_numbers`."""
    keys = {party.key for party in records.parties}
    for party in records.parties:
        schemes = [number.scheme for number in party.identifiers]
        if len(set(schemes)) != len(schemes):
            raise RecordRejected("one party has two numbers of one scheme")
    if len(keys) != len(records.parties):
        raise RecordRejected("two parties have one key")
    for case in records.cases:
        if any(involvement.party_key not in keys for involvement in case.involvements):
            raise RecordRejected("a case names a party that its documents do not describe")
        if len(case.id) > LONGEST_ID:
            raise RecordRejected(f"the id of a case has more than {LONGEST_ID} characters")
        if len(case.involvements) > MOST_PARTIES:
            raise RecordRejected(f"a case has more than {MOST_PARTIES} parties")
        if any(number in case.id for number in hidden):
            raise RecordRejected("the id of a case holds the citizen service number of one of its parties")


def party_row(party: PartyRecord, sealer: Sealer, hidden: Mapping[str, str], *, leaf: bool, tells_non_disclosure: bool) -> PartyRow:
    """The party as kept. Its variant is a keyed hash of all it says, so the same words are the same row."""
    body: dict[str, Any] = PARTY.dump_python(
        party, mode="json", exclude_defaults=True, exclude={"source", "key", "identifiers", "modified_at"}
    )
    body["flags"] = sorted(body.pop("flags", ()))
    text = _rendered(body, hidden).decode()
    tokens = [
        (number.scheme, number.value, sealer.token(number.scheme, number.value))
        for number in sorted(party.identifiers, key=lambda n: n.scheme)
    ]
    said = text + f"|{leaf}|" + "|".join(f"{scheme}:{token.hex()}" for scheme, _, token in tokens)
    return PartyRow(
        key=party.key,
        variant=sha256(said.encode()).hexdigest()[:24],
        kind=party.kind,
        body=text,
        contact_of=party.contact_of,
        leaf=leaf,
        protected=_protected(party, tells_non_disclosure),
        birth=full_birth(party),
        family=family_of(party),
        display=str(_hide(display_name(party), hidden)),
        identifiers=tuple(
            IdentifierRow(scheme, token, sealer.seal(value.encode(), about_number(scheme)), _shown(party, scheme, value, hidden))
            for scheme, value, token in tokens
        ),
        match_keys=match_keys(party, sealer, [(scheme, token) for scheme, _, token in tokens]),
        search_terms=hashed_terms(party, sealer),
    )


def _protected(party: PartyRecord, tells_non_disclosure: bool) -> bool | None:
    """Whether non-disclosure holds; None where the source can't say, which it can of nobody but people."""
    if "non_disclosure" in party.flags:
        return True
    return False if tells_non_disclosure or party.kind in ("organisation", "branch") else None


def match_keys(party: PartyRecord, sealer: Sealer, numbers: Iterable[tuple[str, bytes]]) -> tuple[tuple[str, bytes], ...]:
    """What this record is found alike by: its numbers, and full name with birth date."""
    text = name_and_birth(party)
    return (*numbers, *([(NAME_AND_BIRTH, sealer.token(NAME_AND_BIRTH, text))] if text else []))


def hashed_terms(party: PartyRecord, sealer: Sealer) -> tuple[tuple[str, bytes], ...]:
    """What this record is searched by, as keyed hashes."""
    return tuple((field, sealer.token(f"search:{field}", term)) for field, term in sorted(search_terms(party)))


def case_row(case: CaseRecord, set_key: str, hidden: Mapping[str, str]) -> CaseRow:
    """The case as kept, and its parts as they are shown at each level."""
    modified = case.modified_at
    body = CASE.dump_python(case, mode="json", exclude_defaults=True)
    existence, summary, full = case_parts(case)
    return CaseRow(
        case_id=case.id,
        set_key=set_key,
        body=_rendered(body, hidden).decode(),
        capacity=case.capacity,
        kind=case.kind,
        confidentiality=case.confidentiality,
        open=case.phase != "closed",
        department=case.department,
        departments=sorted({case.department, *(official.department for official in case.officials)} - {""}),
        on_date=case.started or (modified.astimezone(UTC).date() if modified else _NEVER),
        modified_at=modified,
        zaak="/".join(case.zaak) if case.zaak else "",
        full=_part(full, hidden),
        summary=_part(summary, hidden),
        existence=_part(existence, hidden),
        discreet=_part(discreet_part(summary), hidden),
        places=tuple(PlaceName(*_hide([name.bag_id, name.address], hidden)) for name in place_names(case)),
    )


def _part(said: Mapping[str, Any], hidden: Mapping[str, str]) -> bytes:
    """JSON without its closing brace: the view adds the relation's own part in the case."""
    return _rendered(said, hidden, sort=False)[:-1]


def personal_numbers(parties: Sequence[PartyRecord]) -> dict[str, str]:
    """Personal numbers of these parties, and what stands for them in any text of the same documents."""
    numbers = {n.value: mask("bsn", n.value) for party in parties for n in party.identifiers if _is_personal(party, n.scheme)}
    return numbers | {short: shown for number, shown in numbers.items() if len(short := number.lstrip("0")) == len(number) - 1}


def _rendered(said: Any, hidden: Mapping[str, str], *, sort: bool = True) -> bytes:
    """As JSON, the numbers masked."""
    option = orjson.OPT_SORT_KEYS if sort else None
    plain = orjson.dumps(said, option=option)
    return orjson.dumps(_hide(said, hidden), option=option) if any(number.encode() in plain for number in hidden) else plain


def _hide(said: Any, hidden: Mapping[str, str]) -> Any:
    """The same with the numbers in its texts masked; a geometry holds numbers of another kind."""
    if isinstance(said, str):
        for number, shown in hidden.items():
            said = said.replace(number, shown)
        return said
    if isinstance(said, list):
        return [_hide(one, hidden) for one in said]
    if isinstance(said, dict):
        return {key: value if key == "geometry" else _hide(value, hidden) for key, value in said.items()}
    return said


def _is_personal(party: PartyRecord, scheme: str) -> bool:
    return scheme in ("bsn", "a_number") or (scheme == "rsin" and party.kind == "person")


def _shown(party: PartyRecord, scheme: str, value: str, hidden: Mapping[str, str]) -> str:
    """Numbers of people are masked; those of organisations are public, and a source's own mean nothing elsewhere unless they hold one."""
    return mask("bsn", value) if _is_personal(party, scheme) else str(_hide(value, hidden))


def at_utc(moment: datetime) -> str:
    """`2026-11-23T14:00:02Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
