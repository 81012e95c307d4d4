"""Dutch names on one line and in parts, and the form in which they are compared."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relhub.domain.names import initials_of, joined_key, name_key, name_parts, organisation_name, person_name, sensible_case
from relhub.domain.record import PersonName


@pytest.mark.parametrize(
    ("line", "given", "initials", "prefix", "family"),
    [
        ("Dhr. J.P. van den Berg", "", "J.P.", "van den", "Berg"),
        ("Mevr. drs. A. de Vries-Jansen", "", "A.", "de", "Vries-Jansen"),
        ("Johannes Pieter van den Berg", "Johannes Pieter", "", "van den", "Berg"),
        ("BERG, J. van den", "", "J.", "van den", "Berg"),
        ("DHR. J. VAN DEN BERG", "", "J.", "van den", "Berg"),
        ("Van den Berg, Jan Pieter", "Jan Pieter", "", "van den", "Berg"),
        ("de heer Th. de Boer", "", "Th.", "de", "Boer"),
        ("Noëlle Yılmaz", "Noëlle", "", "", "Yılmaz"),
        ("Fatima El Amrani", "Fatima", "", "", "El Amrani"),
        ("Anna Maria Timmermans-van 't Hof", "Anna Maria", "", "", "Timmermans-van 't Hof"),
        ("Mevr. Ö.J. in 't Veld", "", "Ö.J.", "in 't", "Veld"),
        ("'t Hart, G.", "", "G.", "'t", "Hart"),
        ("Dhr. C.S. El Amrani", "", "C.S.", "", "El Amrani"),
        ("J P Jansen", "", "J.P.", "", "Jansen"),
        ("JOHANNA IJSSEL-DE VRIES", "Johanna", "", "", "IJssel-de Vries"),
        ("Mevr. Jansen", "", "", "", "Jansen"),
        ("mr. E. Terpstra MSc", "", "E.", "", "Terpstra"),
    ],
)
def test_a_name_on_one_line_is_read(line: str, given: str, initials: str, prefix: str, family: str) -> None:
    assert person_name(line) == PersonName(given, initials, prefix, family)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "  ",
        "Jansen",
        "Fam. de Vries",
        "Dhr. en mevr. Jansen",
        "Bakkerij 3",
        "J. Jansen c.s.",
        "Jansen B.V.",
        "van den",
        "J.P. (Jan) Jansen",
        "Berg,",
        "a@b.nl",
    ],
)
def test_what_is_not_the_name_of_one_person_is_not_guessed_at(line: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        person_name(line)


def test_an_error_does_not_repeat_the_name() -> None:
    with pytest.raises(ValueError, match="not a name") as error:
        person_name("Fam. Zonderling")
    assert "Zonderling" not in str(error.value)


def test_capitals_are_softened_in_parts_too() -> None:
    assert name_parts("JOHANNA MARIA", "JM", "VAN DEN", "BERG") == PersonName("Johanna Maria", "J.M.", "van den", "Berg")
    assert name_parts() is None


def test_initials_have_one_form() -> None:
    assert {initials_of(text) for text in ("JP", "J.P.", "j p", "J. P.")} == {"J.P."}
    assert initials_of("Th.J.") == "Th.J."


def test_what_is_not_all_capitals_stays_as_it_is_written() -> None:
    assert sensible_case("McDonald") == "McDonald"
    assert sensible_case("VAN DER MEER") == "Van der Meer"


def test_an_organisation_keeps_its_capitals() -> None:
    assert organisation_name("  KPN   B.V. ") == "KPN B.V."
    with pytest.raises(ValueError, match="no letter"):
        organisation_name("--")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bakkerij Van den Berg B.V.", "BAKKERIJ VAN DEN BERG BV"),
        ("Yılmaz", "YILMAZ"),
        ("de Vries-Jansen", "De Vries Jansen"),
        ("'t Hart", "t hart"),
    ],
)
def test_two_ways_of_writing_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@given(st.text(max_size=40))
def test_a_key_is_its_own_key(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)


@given(st.text(max_size=40))
def test_any_text_is_a_name_or_is_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert person_name(text).family


@given(st.lists(st.text(max_size=8), max_size=3))
def test_the_key_of_texts_together_is_that_of_each_joined(texts: list[str]) -> None:
    assert joined_key(*map(name_key, texts)) == name_key(" ".join(texts))
