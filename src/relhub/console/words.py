"""The words of the console in each language, from one catalogue per language; what it calls codes, days and moments."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

from relhub.domain.dates import AMSTERDAM

LANGUAGES: Final = ("nl", "en")  # the first is what who says nothing gets


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, str):
            yield before + key, value
        else:
            yield from _flat(value, f"{before}{key}.")


def catalogue(language: str) -> dict[str, str]:
    """All its words by their keys: `capacity.licensing`."""
    return dict(_flat(tomllib.loads((files("relhub.console") / "words" / f"{language}.toml").read_text())))


class Words:
    """One language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._words = catalogue(language)
        self._months = self._words["months"].split()

    def __call__(self, key: str, **values: object) -> str:
        """The words for this key, with these values in them. KeyError when the catalogue has none."""
        return self._words[key].format(**values)

    def has(self, key: str) -> bool:
        return key in self._words

    def code(self, sort: str, code: object) -> str:
        """What a code is called; one that nobody has a word for (of a source, of a newer relhub) as it is."""
        return self._words.get(f"{sort}.{code}", str(code).replace("-", " ").replace("_", " "))

    def day(self, text: str | None) -> str:
        """`2026-11-25` as 25 november 2026; a date that is known in part as far as it is."""
        if not text:
            return ""
        year, *rest = text[:10].split("-")
        names = [str(int(rest[1]))] if len(rest) > 1 else []
        return " ".join([*names, *([self._months[int(rest[0]) - 1]] if rest else []), year])

    def moment(self, text: str | None) -> str:
        """A moment as the day and the time in the Netherlands."""
        if not text:
            return ""
        local = datetime.fromisoformat(text).astimezone(AMSTERDAM)
        return self("moment", day=self.day(local.date().isoformat()), time=f"{local:%H:%M}")


WORDS: Final[Mapping[str, Words]] = {language: Words(language) for language in LANGUAGES}
