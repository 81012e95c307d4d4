"""The directory of officials as a CSV file: read strictly, row by row; a row that is not understood is set aside with the reason."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from relhub.config.toml import explain, read
from relhub.domain.dates import day
from relhub.domain.officials import Listed
from relhub.domain.tokens import OFFICIAL
from relhub.errors import ConfigurationError

REQUIRED: Final = ("account", "name", "department")
COLUMNS: Final = (*REQUIRED, "roles", "phone", "email", "accounts", "away_from", "away_until", "left_on", "replaced_by")
_LIST_MARK: Final = "|"


@dataclass(frozen=True, slots=True)
class Aside:
    """A row that was not understood: where, and why; never what it says."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class OfficialsFile:
    """What a file says: (line, official) in its order, and what of it was not understood."""

    rows: tuple[tuple[int, Listed], ...]
    aside: tuple[Aside, ...]


def _listed_values(text: object) -> object:
    return [part for each in text.split(_LIST_MARK) if (part := each.strip())] if isinstance(text, str) else text


def _day(text: object) -> object:
    return (day(text) if text else None) if isinstance(text, str) else text


def _of_source(text: str) -> str:
    source, mark, account = text.partition("/")
    if not (source and mark and account):
        raise ValueError("must be source/account, several with | between")
    return text


_Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
_Day = Annotated[date | None, BeforeValidator(_day)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    account: Annotated[str, Field(pattern=f"^{OFFICIAL}$")]
    name: Annotated[_Text, Field(min_length=1)]
    department: Annotated[_Text, Field(min_length=1)]
    roles: Annotated[tuple[_Text, ...], BeforeValidator(_listed_values)] = ()
    phone: _Text = ""
    email: Annotated[str, Field(max_length=200, pattern=r"^([^\s@]+@[^\s@]+)?$")] = ""
    accounts: Annotated[tuple[Annotated[_Text, AfterValidator(_of_source)], ...], BeforeValidator(_listed_values)] = ()
    away_from: _Day = None
    away_until: _Day = None
    left_on: _Day = None
    replaced_by: Annotated[str, Field(pattern=f"^({OFFICIAL})?$")] = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.away_until and not self.away_from:
            raise ValueError("away_until: says nothing without away_from")
        if self.away_from and self.away_until and self.away_until < self.away_from:
            raise ValueError("away_until: is before away_from")
        if self.replaced_by == self.account:
            raise ValueError("replaced_by: is the official themselves")
        if len(set(self.accounts)) < len(self.accounts):
            raise ValueError("accounts: names one account twice")
        return self


def read_officials(path: Path, organisation: str) -> OfficialsFile:
    """What the file says of the officials of this organisation.

    Columns are separated by a semicolon or a comma, as its first line has them. Raises ConfigurationError for a file that is no such table.
    """
    try:
        text = read(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is not UTF-8; save it as CSV UTF-8") from None
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",", strict=True)
    try:
        columns = [name.strip() for name in next(reader, [])]
        _check_columns(path, columns)
        found = [_row(cells, columns, reader.line_num, organisation) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise ConfigurationError(f"{path}: line {reader.line_num} can't be read as CSV ({error}); nothing was imported") from None
    return OfficialsFile(tuple(one for one in found if isinstance(one, tuple)), tuple(one for one in found if isinstance(one, Aside)))


def _check_columns(path: Path, columns: list[str]) -> None:
    if missing := [name for name in REQUIRED if name not in columns]:
        raise ConfigurationError(f"{path}: the first line must name the columns; missing: {', '.join(missing)}")
    if unknown := sorted({name for name in columns if name not in COLUMNS}):
        raise ConfigurationError(f"{path}: unknown columns: {', '.join(unknown)}; known: {', '.join(COLUMNS)}")
    if len(set(columns)) < len(columns):
        raise ConfigurationError(f"{path}: a column is there twice")


def _row(cells: list[str], columns: list[str], line: int, organisation: str) -> tuple[int, Listed] | Aside:
    if len(cells) != len(columns):
        return Aside(line, f"has {len(cells)} values, and there are {len(columns)} columns")
    try:
        row = _Row.model_validate(dict(zip(columns, (cell.strip() for cell in cells), strict=True)))
    except ValidationError as error:
        return Aside(line, explain(error))
    return line, Listed(organisation, **row.model_dump())


def as_csv(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Such a file with these rows, line by line."""
    for cells in (COLUMNS, *([str(row.get(name, "")) for name in COLUMNS] for row in rows)):
        line = io.StringIO(newline="")
        csv.writer(line, delimiter=";", lineterminator="").writerow(cells)
        yield line.getvalue()
