"""The directory of officials: taking in a file, and whom the sources name that it does not have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from relhub.config.officials_file import Aside, OfficialsFile
from relhub.domain.officials import Listed, family_key
from relhub.errors import ConfigurationError
from relhub.services.hub import Hub
from relhub.services.own_look import own_look
from relhub.storage.log import add_look
from relhub.storage.officials import Named, directory_of, drop_officials, named_in_cases, save_officials
from relhub.storage.subscriptions import end_with, end_with_the_left


@dataclass(frozen=True, slots=True)
class Imported:
    """How many officials are new, changed, as they were, and gone; and what of the file was set aside."""

    new: int
    changed: int
    same: int
    gone: int
    aside: tuple[Aside, ...]

    def counts(self) -> list[str]:
        """For the log: nobody's account."""
        return [f"{name}: {getattr(self, name)}" for name in ("new", "changed", "same", "gone")] + [f"set aside: {len(self.aside)}"]


def organisation_named(hub: Hub, name: str) -> str:
    """This organisation, or the only one there is. Raises ConfigurationError."""
    known = sorted(hub.access.rules.organisations)
    if name in known:
        return name
    if not name and len(known) == 1:
        return known[0]
    raise ConfigurationError(f"name the organisation whose officials these are, one of: {', '.join(known)}")


async def import_officials(hub: Hub, organisation: str, file: OfficialsFile, *, whole: bool = False, dry_run: bool = False) -> Imported:
    """From now on the directory says of whom the file names what the file says; others stay.

    `whole`: who is not in the file goes, for which every row must have been understood. Raises ConfigurationError otherwise.
    """
    async with hub.database.begin() as store:
        before = await directory_of(store, organisation)
        rows, aside = _together(hub, file, {} if whole else before)
        if whole and aside:
            raise ConfigurationError("not every row was understood, so nobody may go: " + "; ".join(_in_words(aside)))
        gone = before.keys() - {one.account for one in rows} if whole else set()
        changed = [one for one in rows if before.get(one.account) != one]
        new = sum(one.account not in before for one in rows)
        found = Imported(new, len(changed) - new, len(rows) - len(changed), len(gone), tuple(aside))
        if not dry_run:
            await drop_officials(store, organisation, gone)
            await save_officials(store, changed)
            await end_with_the_left(store)  # nothing that was made with their token goes on
            await end_with(store, organisation, gone, datetime.now(UTC))
            await add_look(store.driver, own_look(hub, "import-officials"), "done", [], found.counts())
    return found


def _in_words(aside: list[Aside]) -> Iterator[str]:
    return (f"line {one.line}: {one.reason}" for one in aside)


def _together(hub: Hub, file: OfficialsFile, before: Mapping[str, Listed]) -> tuple[list[Listed], list[Aside]]:
    """The rows that hold beside each other and those that stay, and what is wrong with the others."""
    aside = list(file.aside)
    rows = list(file.rows)
    while wrong := dict(_contradictions(hub, rows, before)):
        aside += [Aside(line, reason) for line, reason in wrong.items()]
        rows = [(line, one) for line, one in rows if line not in wrong]
    return [one for _, one in rows], sorted(aside, key=lambda one: one.line)


def _contradictions(hub: Hub, rows: list[tuple[int, Listed]], before: Mapping[str, Listed]) -> Iterator[tuple[int, str]]:
    named = {one.account for _, one in rows}
    taken = {account: one.account for one in before.values() if one.account not in named for account in one.accounts}
    seen: set[str] = set()
    for line, one in rows:
        if one.account in seen:
            yield line, "account: an earlier row is about the same official"
        elif unknown := [account for account in one.accounts if account.partition("/")[0] not in hub.sources]:
            yield line, f"accounts: there is no source {unknown[0].partition('/')[0]}; there are {', '.join(sorted(hub.sources))}"
        elif any(taken.get(account, one.account) != one.account for account in one.accounts):
            yield line, "accounts: names an account that another official has already"
        elif one.replaced_by and one.replaced_by not in named and one.replaced_by not in before:
            yield line, "replaced_by: is nobody in the directory or in a row that was understood"
        seen.add(one.account)
        taken |= dict.fromkeys(one.accounts, one.account)


async def unlisted_officials(hub: Hub, organisation: str) -> list[dict[str, Any]]:
    """Whom open cases name and the directory does not have: a row for each, ready but for the account in the organisation itself.

    Accounts of several sources are one row where the e-mail address and the family name are the same.
    """
    sources = sorted(name for name, config in hub.sources.items() if config.organisation == organisation)
    async with hub.database.begin() as store:
        listed = {account for one in (await directory_of(store, organisation)).values() for account in one.accounts}
        named = await named_in_cases(store, sources)
        await add_look(store.driver, own_look(hub, "list-officials"), "done", [], [])
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    of_account: dict[str, tuple[str, ...]] = {}
    for one in named:
        account = f"{one.source}/{one.account}"
        if account not in listed:
            key = of_account.setdefault(account, (one.email.lower(), family_key(one.name)) if one.email else (account,))
            _add(rows.setdefault(key, {"accounts": ""}), account, one)
    return list(rows.values())


def _add(row: dict[str, Any], account: str, one: Named) -> None:
    accounts = [known for known in row["accounts"].split("|") if known]
    row["accounts"] = "|".join(dict.fromkeys([*accounts, account]))
    for name in ("name", "department", "phone", "email"):
        row[name] = row.get(name) or getattr(one, name)
