"""What is wrong with input, in words of ours: the place and what to do, never the value that was sent."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from relhub.errors import Problem

# By the error types of Pydantic; what stands between braces comes from our own models, not from the input.
_WORDS: Final[Mapping[str, str]] = {
    "missing": "is required",
    "extra_forbidden": "is not known here; leave it out",
    "string_type": "must be text",
    "string_too_short": "must have at least {min_length} character(s)",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "does not have the right form",
    "string_unicode": "must be valid Unicode",
    "literal_error": "must be one of: {expected}",
    "enum": "must be one of: {expected}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "json_invalid": "is not valid JSON",
    "value_error": "{error}",  # raised by validators of ours, whose words hold no values
}
_SHOWABLE_KEY = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}")


def problems_of(errors: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """The errors of Pydantic as problems, without what they echo."""
    return [Problem(_location(error), _detail(error)) for error in errors]


def shown_key(key: str) -> str:
    """An unknown key as it may be repeated: someone may have put a number where a name belongs."""
    return key if _SHOWABLE_KEY.fullmatch(key) else "(unknown)"


def _detail(error: Mapping[str, Any]) -> str:
    words = _WORDS.get(error["type"], "is not valid")
    try:
        return words.format(**error.get("ctx", {}))
    except (KeyError, IndexError):
        return "is not valid"


def _location(error: Mapping[str, Any]) -> str:
    """`body identifier.value`, `query limit`."""
    where, *parts = (str(part) if isinstance(part, int) else shown_key(part) for part in error["loc"])
    return where if error["type"] == "json_invalid" or not parts else f"{where} {'.'.join(parts)}"
