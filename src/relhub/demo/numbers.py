"""Official numbers that pass their checks and belong to nobody: each made from the position of its owner, so never made twice."""

from hashlib import sha256

SPACE = 499_979  # a prime below half a million: position -> number is one to one
LIMIT = SPACE  # more relations than this cannot be numbered
MUNICIPALITY_RSIN = "002564440"


def _scramble(seed: int, position: int, what: str) -> int:
    start = int.from_bytes(sha256(f"{seed}:{what}".encode()).digest()[:4], "big")
    return 1 + (position * 288_179 + start) % SPACE


def _eleven(prefix: str) -> str | None:
    """The number with its check digit under the 11-test, or None where no digit passes."""
    check = sum(int(digit) * weight for digit, weight in zip(prefix, range(9, 1, -1), strict=True)) % 11
    return None if check == 10 else f"{prefix}{check}"


def _nine_digits(seed: int, position: int, start: str) -> str:
    # Of two neighbours in one ten at most one has no check digit (the last weight is 2), so one of these two exists.
    pair = 2 * _scramble(seed, position, start)
    found = _eleven(f"{start}{pair:06d}") or _eleven(f"{start}{pair + 1:06d}")
    assert found is not None
    return found


def bsn(seed: int, position: int, *, leading_zero: bool) -> str:
    """A BSN from a range that is not given out: 99… or 00…."""
    return _nine_digits(seed, position, "00" if leading_zero else "99")


def rsin(seed: int, position: int) -> str:
    """An RSIN; passes the same test as a BSN and is another scheme."""
    return _nine_digits(seed, position, "89")


def kvk(seed: int, position: int) -> str:
    """A number of the trade register, eight digits."""
    return f"99{_scramble(seed, position, 'kvk'):06d}"


def branch(seed: int, position: int) -> str:
    """A vestigingsnummer, twelve digits."""
    return f"000099{_scramble(seed, position, 'branch'):06d}"
