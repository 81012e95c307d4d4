"""Addresses on one line and in parts."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relhub.domain.addresses import address, addressable, house_number, one_line, postcode
from relhub.domain.record import Address


@pytest.mark.parametrize(
    ("line", "street", "number"),
    [
        ("Dorpsstraat 12 A, 3701 AC Zeist", "Dorpsstraat", "12A"),
        ("Dorpsstraat 12A, 3701AC Zeist", "Dorpsstraat", "12A"),
        ("Dorpsstraat 12A-bis, 3701AC Zeist", "Dorpsstraat", "12A-bis"),
        ("1e Hogeweg 12 A hs, 3701 AC Zeist", "1e Hogeweg", "12A-hs"),
        ("2e Dorpsstraat 5 1, 3701 AC Zeist", "2e Dorpsstraat", "5-1"),
        ("Laan van Beek en Royen 3 bis, 3701 ac Zeist", "Laan van Beek en Royen", "3-bis"),
    ],
)
def test_an_address_on_one_line_is_read(line: str, street: str, number: str) -> None:
    assert one_line(line, "residence") == Address("residence", street, number, "3701AC", "Zeist")


def test_a_place_name_of_two_words_stays_whole() -> None:
    found = one_line("Kerkstraat 1, 3734 XX Den Dolder", "visiting")
    assert found is not None
    assert found.city == "Den Dolder"


def test_a_post_box_is_a_postal_address() -> None:
    found = one_line("Postbus 12, 3700 AA Zeist", "visiting")
    assert found is not None
    assert found.function == "postal"


def test_nothing_is_no_address() -> None:
    assert one_line(" ", "residence") is None
    assert address("residence", "", "") is None


@pytest.mark.parametrize("line", ["Dorpsstraat, Zeist", "Dorpsstraat 12", "onbekend", "Dorpsstraat 12, 3701 SS Zeist"])
def test_what_can_not_be_read_is_not_guessed_at(line: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        one_line(line, "residence")


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ((12, "", ""), "12"),
        (("12", "a", ""), "12A"),
        ((12, "A", "3"), "12A-3"),
        (("12", "", "bis"), "12-bis"),
        (("12", "", "A"), "12A"),
        (("12", "", "A-3"), "12A-3"),
        (("12-A", "", ""), "12A"),
    ],
)
def test_a_house_number_has_one_form(parts: tuple[str | int, str, str], whole: str) -> None:
    assert house_number(*parts) == whole


def test_a_letter_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        house_number("12A", "A")


def test_a_postcode_has_one_form() -> None:
    assert postcode(" 3701 ac") == "3701AC"
    assert postcode("") == ""
    with pytest.raises(ValueError, match="postcode"):
        postcode("0701AC")


def test_only_the_bag_id_of_a_nummeraanduiding_is_kept_with_an_address() -> None:
    assert addressable("0344200000595087") == "0344200000595087"
    assert addressable("0344010000595087") == ""
    with pytest.raises(ValueError, match="BAG"):
        addressable("0344100000595087")


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        found = one_line(text, "residence")
        assert found is None or found.street
