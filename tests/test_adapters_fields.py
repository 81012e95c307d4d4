"""Values are read as JMESPath would, also where it is not asked."""

import contextlib
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relhub.adapters.fields import Plain, Reader, search, text
from relhub.errors import RecordRejected

KEYS = st.sampled_from(["a", "b", "type"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "x", " x\ty ", "a\x00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("expression", ["a", "a.b", "a[?type=='x']", "a[?b == 'x']", "type[?type=='']"])
@given(VALUES)
def test_what_is_found_without_jmespath_is_what_it_would_find(expression: str, item: Any) -> None:
    assert search(expression)(item) == jmespath.search(expression, item)


@pytest.mark.parametrize("place", ["a", "a.b"])
@given(VALUES)
def test_a_plain_text_is_read_and_refused_as_any_text(place: str, item: Any) -> None:
    said: list[str] = []
    for reader in (Plain(place), Reader(place, search(place), text)):
        with contextlib.suppress(RecordRejected):
            said.append(reader.read(item, "here."))
    assert len(said) in (0, 2)
    assert len(set(said)) < 2
