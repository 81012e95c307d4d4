"""When Python looks for cycles among its objects: seldom, and while pages are kept hardly ever."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_USUAL, _WHILE_PULLING = 50_000, 500_000  # new objects: a page has tens of thousands that live as long as it does, and none in a cycle


def collect_seldom() -> None:
    gc.set_threshold(_USUAL, 20, 50)


@contextmanager
def hardly_collecting() -> Iterator[None]:
    """What is done in it does not pay for looking through the objects of its pages, which was a tenth of a pull."""
    gc.set_threshold(_WHILE_PULLING, 20, 50)
    try:
        yield
    finally:
        collect_seldom()  # also when another pull is still going on, for which it is only slower
