"""Official numbers at the border: checked, brought to one form, never repeated in an error."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relhub.domain.identifiers import Placeholder, a_number, bag_id, bsn, identifier, kvk, mask, oin, rsin, vestiging
from relhub.domain.record import Identifier


@pytest.mark.parametrize("number", ["999993653", "999990342", "999993847"])
def test_a_bsn_that_passes_the_11_test_is_kept_as_it_is(number: str) -> None:
    assert bsn(number) == number


def test_a_lost_leading_zero_is_restored() -> None:
    assert bsn("04520543") == "004520543"
    assert rsin("02564440") == "002564440"
    assert kvk("1234567") == "01234567"
    assert bag_id("344200000595087") == "0344200000595087"


def test_a_number_that_was_kept_as_a_number_is_read() -> None:
    assert bsn(999993653) == "999993653"


def test_spaces_and_dots_are_not_part_of_a_number() -> None:
    assert bsn(" 9999.93.653 ") == "999993653"


@pytest.mark.parametrize("wrong", ["999993654", "111252333", "99999364", "9999936530", "1234567", "", "abcdefghi", "９９９９９３６５３"])
def test_a_bsn_that_fails_is_refused_without_being_repeated(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not a BSN") as error:
        bsn(wrong)
    assert not isinstance(error.value, Placeholder)
    assert not wrong or wrong not in str(error.value)


@pytest.mark.parametrize(
    "stand_in", ["000000000", "999999999", "9999999999", "111111110", "123456782", "111222333", "999999990", "00000000"]
)
def test_a_stand_in_is_no_identifier(stand_in: str) -> None:
    with pytest.raises(Placeholder):
        bsn(stand_in)


def test_a_branch_is_known_by_both_its_numbers() -> None:
    assert vestiging("99438093", "000099129250") == "99438093/000099129250"
    assert vestiging("99438093", "99129250") == "99438093/000099129250"
    with pytest.raises(ValueError, match="branch number"):
        vestiging("99438093", "123")


def test_other_numbers_have_their_lengths() -> None:
    assert a_number("1234567890") == "1234567890"
    assert oin("00000001002564440000") == "00000001002564440000"
    with pytest.raises(ValueError, match="the first not 0"):
        a_number("0234567890")
    with pytest.raises(ValueError, match="20 digits"):
        oin("123")
    with pytest.raises(ValueError, match="8 digits"):
        kvk("123456")


def test_a_bag_id_must_be_of_the_right_kind_of_object() -> None:
    assert bag_id("0344200000595087", "nummeraanduiding") == "0344200000595087"
    with pytest.raises(ValueError, match="digits 5 and 6"):
        bag_id("0344100000595087", "nummeraanduiding")


def test_an_identifier_carries_its_scheme() -> None:
    assert identifier("vestiging", "99438093/99129250") == Identifier("vestiging", "99438093/000099129250")
    assert identifier("own:enforcement", " P-00012 ") == Identifier("own:enforcement", "P-00012")
    with pytest.raises(ValueError, match="unknown scheme"):
        identifier("passport", "1")
    with pytest.raises(ValueError, match="printable"):
        identifier("own:enforcement", " ")


def test_only_the_end_of_a_persons_number_is_shown() -> None:
    assert mask("bsn", "999993653") == "******653"
    assert mask("a_number", "1234567890") == "*******890"
    assert mask("kvk", "99438093") == "99438093"


@given(st.integers(0, 99_999_999))
def test_of_ten_numbers_that_differ_in_the_last_digit_at_most_one_passes(start: int) -> None:
    def passes(text: str) -> bool:
        try:
            return bool(bsn(text))
        except ValueError:
            return False

    assert sum(passes(f"{start:08d}{digit}") for digit in range(10)) <= 1


@given(st.text(max_size=30))
def test_no_text_at_all_makes_it_fail_otherwise_than_by_saying_no(text: str) -> None:
    for read in (bsn, rsin, kvk, a_number, oin, bag_id):
        with contextlib.suppress(ValueError):
            assert read(text).isascii()
