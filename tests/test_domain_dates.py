"""Dates in the notations of Dutch systems."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relhub.domain.dates import birth, day, moment


@pytest.mark.parametrize("text", ["17-02-1980", "17-2-1980", "19800217", "1980-02-17", " 1980-02-17 "])
def test_a_date_is_read_in_each_notation(text: str) -> None:
    assert day(text) == date(1980, 2, 17)


@pytest.mark.parametrize("text", ["", "17/02/1980", "30-02-1980", "1980-13-01", "1980", "17-02-80", "１９８００２１７"])
def test_what_is_no_date_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="is not a date") as error:
        day(text)
    assert not text or text not in str(error.value)


def test_a_time_without_an_offset_is_the_time_in_amsterdam() -> None:
    assert moment("20-11-2026 14:03:22") == datetime(2026, 11, 20, 13, 3, 22, tzinfo=UTC)
    assert moment("20-07-2026 14:03:22") == datetime(2026, 7, 20, 12, 3, 22, tzinfo=UTC)
    assert moment("2026-11-20T14:03:22") == datetime(2026, 11, 20, 13, 3, 22, tzinfo=UTC)


def test_when_the_clock_went_back_the_earlier_hour_is_meant() -> None:
    assert moment("25-10-2026 02:30:00") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_time_with_an_offset_is_that_time() -> None:
    assert moment("2026-11-20T10:00:00Z") == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert moment("2026-11-20T15:52:52.783737+02:00") == datetime(2026, 11, 20, 13, 52, 52, 783737, tzinfo=UTC)


@pytest.mark.parametrize("text", ["gisteren", "20-11-2026 25:00:00", "31-02-2026 10:00:00", ""])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        moment(text)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("17-02-1980", "1980-02-17"), ("19800217", "1980-02-17"), ("1980-02", "1980-02"), ("1980", "1980"), ("19800000", "1980"),
        ("19800200", "1980-02"),
        ("00-02-1980", "1980-02"), ("00-00-1980", "1980"), ("1980-00-00", "1980"), ("00000000", ""), ("19800017", "1980"),
    ],
)  # fmt: skip
def test_a_birth_date_is_kept_as_far_as_it_is_known(text: str, known: str) -> None:
    assert birth(text) == known


@pytest.mark.parametrize("text", ["1701-01-01", "19801300", "19800230", "onbekend", "12"])
def test_a_birth_date_that_can_not_be_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        birth(text)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2090, 1, 1)))
def test_every_notation_of_a_day_says_the_same(on: date) -> None:
    notations = (on.isoformat(), on.strftime("%d-%m-%Y"), on.strftime("%Y%m%d"))
    assert {day(text) for text in notations} == {on}
    assert {birth(text) for text in notations} == {on.isoformat()}
