"""What the API refused, in words for the official: what is the matter and what helps, in their language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from relhub.console.ask import Refused
from relhub.console.words import Words

_DETAILS: Final = (
    ("is required", "detail.required"),
    ("say why, or what", "detail.text"),
    ("is needed", "detail.required"),
    ("must have at least 1 ", "detail.required"),
    ("citizen service number", "detail.number"),
    ("is past", "detail.past"),
    ("lies in the future", "detail.future"),
    ("date that exists", "detail.date"),
    ("moment that exists", "detail.date"),
    ("more than 20 relations", "detail.many"),
    ("too broad", "detail.broad"),
    ("must have at least two of", "detail.broad"),
    ("at most", "detail.long"),
    ("right form", "detail.form"),
    ("nobody that you may know of", "detail.manager"),
    ("is no department", "detail.department"),
    ("case that is not of this relation", "detail.case"),
    ("is no case of this relation", "detail.case"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """`api`: what the API said, in English, where it says more than we do; `fields`: (name of the field, what is wrong), in order."""

    title: str
    text: str
    api: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    instance: str = ""

    def of(self, name: str) -> str:
        """What is wrong with this field; empty when nothing is."""
        return next((wrong for found, wrong in self.fields if found == name), "")


def said(words: Words, refusal: Refused, names: Mapping[str, str] | None = None) -> Said:
    """`names`: of the fields of a form, by where the API says that something is wrong."""
    kind = refusal.kind if words.has(f"problem.{refusal.kind}.title") else "unexpected"
    errors = refusal.problem.get("errors", [])
    fields = tuple(_field(words, each["location"], each["detail"], names or {}) for each in errors)
    told = "" if fields or kind in ("unexpected", "invalid-input") else str(refusal.problem.get("detail", ""))
    instance = str(refusal.problem.get("instance", "")) if refusal.status >= 500 else ""
    return Said(words(f"problem.{kind}.title"), words(f"problem.{kind}.text"), told, fields, instance)


def _field(words: Words, location: str, detail: str, names: Mapping[str, str]) -> tuple[str, str]:
    key = next((key for part, key in _DETAILS if part in detail), "")
    return names.get(location, re.sub(r".* ", "", location)), words(key) if key else detail
