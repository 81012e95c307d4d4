"""Officials (medewerkers): who of us deals with a relation, which of those are one person, and who takes over when they are away."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from relhub.domain.names import name_key, person_name
from relhub.domain.record import Capacity

BY_ACCOUNT, BY_EMAIL = "account", "email-and-name"
"""Why two accounts are one official: the directory names both, or they have one e-mail address and one family name."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An official as the directory has them. `account`: by which the organisation itself knows them; `accounts`: those of sources, as `source/account`."""

    organisation: str
    account: str
    name: str
    department: str
    roles: tuple[str, ...] = ()
    phone: str = ""
    email: str = ""
    accounts: tuple[str, ...] = ()
    away_from: date | None = None
    away_until: date | None = None  # that day included; None: until further notice
    left_on: date | None = None  # the last day that they were there
    replaced_by: str = ""  # an account in the same organisation

    def is_away(self, day: date) -> bool:
        return self.away_from is not None and self.away_from <= day and (self.away_until is None or day <= self.away_until)

    def has_left(self, day: date) -> bool:
        return self.left_on is not None and self.left_on < day


Directory = Mapping[tuple[str, str], Listed]
"""By (organisation, account)."""


def who_takes_over(directory: Directory, of: Listed, day: date) -> Listed | None:
    """The first in the chain of replacements who is there on this day; None when nobody is, or the chain comes back to where it was."""
    passed, one = {of.account}, of
    while one.replaced_by and one.replaced_by not in passed:
        following = directory.get((one.organisation, one.replaced_by))
        if following is None or not (following.is_away(day) or following.has_left(day)):
            return following
        passed.add(following.account)
        one = following
    return None


@dataclass(frozen=True, slots=True)
class Dealing:
    """One matter in which somebody of us deals with a relation, and what that matter says of them.

    `accounts_of`: the source whose account it is, or `organisation:` and its name when it is the organisation's own; `matter`: as answers
    name it, empty where it may not be named.
    """

    accounts_of: str
    account: str
    name: str
    department: str
    phone: str
    email: str
    part: str
    capacity: Capacity | None  # None: of the whole relation
    matter: str
    now: bool


@dataclass(slots=True)
class Colleague:
    """One official with everything that they deal with, or a department of which no official is named. `linked_by`: why several accounts are one."""

    dealings: list[Dealing] = field(default_factory=list)
    listed: Listed | None = None
    linked_by: set[str] = field(default_factory=set)

    def said(self, what: str) -> str:
        """What the directory says, or else the first matter that says it."""
        known = [str(getattr(self.listed, what))] if self.listed else []
        return next(filter(None, (*known, *(str(getattr(dealing, what)) for dealing in self.dealings))), "")

    @property
    def now(self) -> bool:
        return any(dealing.now for dealing in self.dealings)

    @property
    def order(self) -> list[str]:
        """Who deals with it now goes first, then by department and name; the last part tells namesakes apart."""
        first = self.dealings[0]
        return [
            "" if self.now else "~",
            name_key(self.said("department")),
            name_key(self.said("name")),
            f"{first.accounts_of}/{first.account}",
        ]


OWN_ACCOUNTS = "organisation:"


def colleagues(dealings: Sequence[Dealing], directory: Directory) -> list[Colleague]:
    """The officials behind these dealings, in order. Never joined by name alone; whom the directory tells apart stay apart."""
    known = _Known(directory)
    groups = _Groups()
    keys = []
    for dealing in dealings:
        listed, reason = known.find(dealing)
        keys.append((groups.join(_names(dealing, listed)), listed, reason))
    found: dict[_Name, Colleague] = {}
    for dealing, (name, listed, reason) in zip(dealings, keys, strict=True):
        one = found.setdefault(groups.top(name), Colleague(listed=listed))
        one.dealings.append(dealing)
        one.linked_by |= {reason} - {""}
    for one in found.values():
        if one.listed is None and len({(dealing.accounts_of, dealing.account) for dealing in one.dealings}) > 1:
            one.linked_by = {BY_EMAIL}
    return sorted(found.values(), key=lambda one: one.order)


_Name = tuple[str, ...]
"""Something by which an official is known: the same for two dealings that are of one."""


def _names(dealing: Dealing, listed: Listed | None) -> list[_Name]:
    if listed:
        return [("listed", listed.organisation, listed.account)]
    names: list[_Name] = [("account", dealing.accounts_of, dealing.account)] if dealing.account else []
    if email := _email_key(dealing.email, dealing.name):
        names.append(("email", *email))
    return names or [("words", dealing.accounts_of, dealing.name, dealing.department)]


class _Groups:
    """Names that belong together."""

    def __init__(self) -> None:
        self._above: dict[_Name, _Name] = {}

    def top(self, name: _Name) -> _Name:
        while (above := self._above.get(name, name)) != name:
            name = above
        return name

    def join(self, names: Sequence[_Name]) -> _Name:
        first = self.top(names[0])
        for name in names[1:]:
            if (other := self.top(name)) != first:
                self._above[other] = first
        return first


class _Known:
    """The directory by what sources say: an account that it names, else an e-mail address with the family name that goes with it."""

    def __init__(self, directory: Directory) -> None:
        self._by_account: dict[str, Listed | None] = {}
        self._by_email: dict[tuple[str, str], Listed | None] = {}
        for listed in directory.values():
            for account in _accounts(listed):  # of two organisations that name one account it is neither's
                self._by_account[account] = None if account in self._by_account else listed
            if key := _email_key(listed.email, listed.name):
                self._by_email[key] = None if key in self._by_email else listed  # of two with one address and name it is neither

    def find(self, dealing: Dealing) -> tuple[Listed | None, str]:
        if dealing.account and (listed := self._by_account.get(f"{dealing.accounts_of}/{dealing.account}")):
            return listed, BY_ACCOUNT
        email = _email_key(dealing.email, dealing.name)
        listed = self._by_email.get(email) if email else None
        return listed, BY_EMAIL if listed else ""


def _accounts(listed: Listed) -> Iterator[str]:
    yield f"{OWN_ACCOUNTS}{listed.organisation}/{listed.account}"
    yield from listed.accounts


def _email_key(email: str, name: str) -> tuple[str, str] | None:
    """An address that several people share has several names, and joins none of them."""
    return (email.lower(), family_key(name)) if email and name else None


def family_key(name: str) -> str:
    """The family name for comparing; of a name that can't be read all of it."""
    try:
        return name_key(person_name(name).family)
    except ValueError:
        return name_key(name)
