"""Occasions (aanleidingen): what a consumer says that it is working on, and what must be true of that."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from relhub.domain.identifiers import bsn

Sort = Literal["none", "case", "break-glass", "task", "question", "contact-moment"]
SORTS: tuple[Sort, ...] = ("none", "case", "break-glass", "task", "question", "contact-moment")
ENTRIES: frozenset[Sort] = frozenset({"task", "question", "contact-moment"})
SHORTEST_REASON = 20  # characters: less says nothing


@dataclass(frozen=True, slots=True)
class Occasion:
    """`case:permits/V-2026-00123`, `task:tsk_…`, `question:tsk_…`, `contact-moment:con_…`, `break-glass:why, in words`, or `none`.

    `case_id`: of the case, or of the entry.
    """

    sort: Sort
    source: str = ""
    case_id: str = ""
    reason: str = ""

    def __str__(self) -> str:
        if self.sort == "case":
            return f"case:{self.source}/{self.case_id}"
        if self.sort in ENTRIES:
            return f"{self.sort}:{self.case_id}"
        return f"{self.sort}:{self.reason}" if self.reason else self.sort


@dataclass(frozen=True, slots=True)
class CaseCondition:
    """What a case must be to open anything. That it is known, and of the consumer's own organisation, goes without saying."""

    open: bool = True
    own_department: bool = True
    involves_relation: bool = True

    def __str__(self) -> str:
        return self.said("involves this relation")

    def said(self, last: str) -> str:
        """In words; `last`: the third condition, of what is asked about."""
        said = (
            ("is open", self.open),
            ("is dealt with by your department", self.own_department),
            (last, self.involves_relation),
        )
        words = [word for word, wanted in said if wanted] or ["is known"]
        return f"a case that {', '.join(words[:-1])}{' and ' if len(words) > 1 else ''}{words[-1]}"


_DIGITS = re.compile(r"(?<!\d)\d(?:[ .\-]?\d){7,8}(?!\d)")


def names_by_number(reason: str) -> bool:
    """Whether these words hold what can be a citizen service number, however its digits are grouped."""
    return any(_is_bsn("".join(filter(str.isdigit, found[0]))) for found in _DIGITS.finditer(reason))


def _is_bsn(digits: str) -> bool:
    try:
        bsn(digits)
    except ValueError:
        return False
    return True


WHOLE_CONDITION = CaseCondition()
_ENTRY_ID = re.compile(r"(con|tsk)_[0-9a-f]{32}")


def parse_occasion(text: str) -> Occasion | None:
    """The occasion that a header names; None when it can't be read. A reason may be percent-encoded (UTF-8)."""
    if text in ("", "none"):
        return Occasion("none")
    sort, _, rest = text.partition(":")
    if sort == "break-glass":
        reason = " ".join(unquote(rest).split())
        return Occasion("break-glass", reason=reason) if len(reason) >= SHORTEST_REASON and reason.isprintable() else None
    if sort in ENTRIES:
        return Occasion(sort, case_id=rest) if _ENTRY_ID.fullmatch(rest) else None
    source, _, case_id = rest.partition("/")
    return Occasion("case", source, case_id) if sort == "case" and source and case_id else None
