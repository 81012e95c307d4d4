"""From what was read to party records with a key: shared by all kinds of systems, knows none of them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from relhub.adapters import Keyed
from relhub.domain.identifiers import Placeholder, identifier, vestiging
from relhub.domain.record import Identifier, PartyRecord


@dataclass(slots=True)
class Numbers:
    """The numbers of one party, as far as they are identifiers; placeholders and empty values leave no trace."""

    kind: str
    found: list[Identifier] = field(default_factory=list)

    def add(self, scheme: str, value: str) -> None:
        """ValueError when it is not a number of this scheme, or not one that this kind of party has."""
        if not value or (self.kind == "branch" and scheme in _OF_ITS_ORGANISATION):
            return
        if scheme not in _SCHEMES_OF[self.kind] and not scheme.startswith("own:"):
            raise ValueError(f"a party of kind {self.kind} has no {scheme} number")
        try:
            self.found.append(identifier(scheme, value))
        except Placeholder:
            return

    def add_branch(self, kvk: str, number: str) -> None:
        """A branch is known by both numbers together; one alone identifies nothing. ValueError."""
        if not (kvk and number):
            return
        try:
            self.found.append(Identifier("vestiging", vestiging(kvk, number)))
        except Placeholder:
            return


_SCHEMES_OF = {
    "person": ("bsn", "a_number"),
    "organisation": ("rsin", "kvk", "oin"),
    "branch": (),
    "contact_person": (),
}
_OF_ITS_ORGANISATION = ("rsin", "kvk", "oin")  # what stands beside a branch says who owns it, not who it is


def with_key(record: PartyRecord, keyed: Keyed, own_number: str, place: str) -> PartyRecord:
    """The record with its key: its own number's, or that of what is said of it.

    A record that identifies nobody (no number, and not a whole birth date with given and family name) is only known where it stands:
    `place` (the case, and where in it) goes into its key, so that two of them are never one.
    """
    if own_number:
        text = f"own\x1f{own_number}"
    elif identifies(record):
        text = content(record)
    else:
        text = f"{content(record)}\x1fat\x1f{place}"
    return replace(record, key=keyed(text))


def identifies(record: PartyRecord) -> bool:
    """Whether what is said can be of one party only."""
    if record.identifiers:
        return True
    if record.kind == "contact_person":
        return bool(record.contact_of)  # within its organisation, whose key stands in the content
    return (
        record.kind == "person" and len(record.birth) == 10 and record.name is not None and bool(record.name.given and record.name.family)
    )


def content(record: PartyRecord) -> str:
    """What is said of the party as one text. Empty values are not in it: a new attribute leaves the keys of those without it."""
    said = [f"kind={record.kind}"]
    said += [f"{number.scheme}={number.value}" for number in record.identifiers]
    if record.name is not None:
        said += [f"{part}={value}" for part, get in _NAME_PARTS if (value := get(record))]
    said += [f"called={name}" for name in record.organisation_names]
    for address in record.addresses:
        parts = (address.function, address.street, address.number, address.postcode, address.city, address.country, address.bag_id)
        said.append(f"address={'|'.join(parts)}")
    said += [f"phone={phone}" for phone in record.phones]
    said += [f"email={email}" for email in record.emails]
    said += [f"flag={flag}" for flag in sorted(record.flags)]
    said += [
        f"{part}={value}"
        for part, value in (("form", record.legal_form), ("birth", record.birth), ("of", record.contact_of), ("as", record.function))
        if value
    ]
    return "\x1f".join(said)


def _part(name: str) -> Callable[[PartyRecord], str]:
    return lambda record: str(getattr(record.name, name))


_NAME_PARTS = tuple((name, _part(name)) for name in ("given", "initials", "prefix", "family", "partner_prefix", "partner_family", "usage"))
