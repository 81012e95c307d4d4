"""Access rules: which rule decides, what one does not open unless it says so, and what is refused when the file is read."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rights_world import opening
from tests.towns import CONSUMERS, DEMO, bare_source

from relhub.config.access_rules import check_consumers, check_sources, load_access_rules
from relhub.domain.access import AccessRules
from relhub.domain.compartments import (
    CONFIDENTIALITIES,
    Compartment,
    Level,
    Opening,
    Scope,
    Sensitivity,
    highest_level,
    level_of,
    levels_of,
)
from relhub.domain.record import CAPACITIES
from relhub.errors import ConfigurationError
from relhub.services.describe_access import doubts

US, THEM = "Gemeente Voorbeeld", "Omgevingsdienst Voorbeeld"
ORDINARY = Compartment(1, "permits", US, "licensing", "omgevingsvergunning", "zaakvertrouwelijk")

RULES = """
coordinator = "c@voorbeeld.example"
[[organisation]]
name = "Gemeente Voorbeeld"
oin = "00000001002564440000"
controllers = ["College van B en W"]
[[organisation]]
name = "Omgevingsdienst Voorbeeld"
oin = "00000001002564440001"
controllers = ["Dagelijks bestuur"]
[privacy_officer]
tell = "https://fg.voorbeeld.example/relhub"
[[activity]]
id = "desk"
register_uri = "https://register.voorbeeld.example/desk"
purpose = "Helping"
legal_basis = "Gemeentewet, art. 160"
occasions = ["none"]
{activity}
"""


def rules_of(tmp_path: Path, activity: str, text: str = RULES) -> AccessRules:
    file = tmp_path / "access-rules.toml"
    file.write_text(text.replace("{activity}", activity))
    return load_access_rules(file)


def openings(tmp_path: Path, activity: str) -> tuple[Opening, ...]:
    return rules_of(tmp_path, activity).activities["desk"].openings


def test_the_first_rule_that_fits_decides(tmp_path: Path) -> None:
    found = openings(
        tmp_path,
        '[[activity.rule]]\ndomains = ["licensing"]\nkinds = ["evenementenvergunning"]\nlevel = "none"\n[activity.levels]\nlicensing = "full"',
    )
    assert level_of(found, ORDINARY, US) == Level.full
    event = Compartment(2, "permits", US, "licensing", "evenementenvergunning", "openbaar")
    assert level_of(found, event, US) == Level.none


@pytest.mark.parametrize(
    "other",
    [
        Compartment(2, "permits", THEM, "licensing", "omgevingsvergunning", "zaakvertrouwelijk"),
        Compartment(2, "permits", US, "licensing", "omgevingsvergunning", "geheim"),
        Compartment(2, "permits", US, "licensing", "omgevingsvergunning", "a word that nobody knows"),
        Compartment(2, "permits", US, "licensing", "omgevingsvergunning", "openbaar", Sensitivity("wpg")),
        Compartment(2, "permits", US, "licensing", "omgevingsvergunning", "openbaar", Sensitivity("avg", "criminal")),
        Compartment(2, "permits", US, "enforcement", "omgevingsvergunning", "openbaar"),
    ],
    ids=["another organisation", "more secret", "of unknown confidentiality", "police data", "criminal", "another domain"],
)
def test_a_rule_opens_nothing_that_it_does_not_name(tmp_path: Path, other: Compartment) -> None:
    found = openings(tmp_path, '[activity.levels]\nlicensing = "full"')
    assert (level_of(found, ORDINARY, US), level_of(found, other, US)) == (Level.full, Level.none)


def test_a_rule_that_closes_closes_whatever_it_does_not_name(tmp_path: Path) -> None:
    found = openings(
        tmp_path,
        '[[activity.rule]]\nkinds = ["dwangsom"]\nlevel = "none"\n'
        '[[activity.rule]]\nlevel = "full"\ncategories = ["criminal"]\nconfidentiality = "geheim"',
    )
    case = Compartment(1, "e", US, "enforcement", "dwangsom", "geheim", Sensitivity("avg", "criminal"))
    assert level_of(found, case, US) == Level.none


def test_sharing_between_organisations_is_written_in_a_rule(tmp_path: Path) -> None:
    found = openings(tmp_path, f'[[activity.rule]]\ndomains = ["enforcement"]\norganisations = ["{THEM}"]\nlevel = "existence"')
    theirs = Compartment(1, "e", THEM, "enforcement", "dwangsom", "openbaar")
    assert level_of(found, theirs, US) == Level.existence


@given(
    st.lists(opening, max_size=5),
    st.sampled_from(CAPACITIES),
    st.sampled_from(["vergunning", "dwangsom"]),
    st.sampled_from(CONFIDENTIALITIES),
    st.sampled_from([US, THEM]),
    st.sampled_from([Sensitivity(), Sensitivity("avg", "criminal"), Sensitivity("wpg")]),
)
def test_what_a_source_could_have_is_never_seen_at_more_than_is_said_of_the_source(
    rules: list[Opening], capacity: str, kind: str, confidentiality: str, organisation: str, sensitivity: Sensitivity
) -> None:
    case = Compartment(1, "s", organisation, capacity, kind, confidentiality, sensitivity)  # type: ignore[arg-type]  # sampled from CAPACITIES
    assert levels_of(rules, [case], US) == {1: level_of(rules, case, US)}
    scope = Scope(organisation, frozenset({case.capacity}), frozenset({sensitivity}))
    assert level_of(rules, case, US) <= highest_level(rules, scope, US)


@pytest.mark.parametrize(
    ("activity", "reason"),
    [
        ('[[activity.rule]]\nlevel = "full"\norganisations = ["Gemeente Elders"]', "no organisation of this file: Gemeente Elders"),
        ('[[activity.rule]]\nlevel = "most"', "level"),
        ('[[activity.rule]]\nlevel = "full"\nconfidentiality = "secret"', "confidentiality"),
        ("searches_per_day = 5", "searches_per_day: means nothing without search"),
        ("places = true", "places: .* add contact-details to groups"),
        ("unknown = 1", "unknown key"),
    ],
)
def test_a_rule_that_can_not_be_meant_is_refused_with_its_place(tmp_path: Path, activity: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        rules_of(tmp_path, activity)


def test_break_glass_is_an_activity_of_its_own_and_somebody_is_told(tmp_path: Path) -> None:
    alone = RULES.replace('occasions = ["none"]', 'occasions = ["break-glass"]')
    assert rules_of(tmp_path, "", alone).tell == "https://fg.voorbeeld.example/relhub"
    with pytest.raises(ConfigurationError, match="an activity of its own"):
        rules_of(tmp_path, "", RULES.replace('occasions = ["none"]', 'occasions = ["break-glass", "none"]'))
    with pytest.raises(ConfigurationError, match="privacy_officer"):
        rules_of(tmp_path, "", alone.replace('[privacy_officer]\ntell = "https://fg.voorbeeld.example/relhub"\n', ""))


def test_a_source_of_an_organisation_or_controller_that_the_rules_do_not_know_is_refused(tmp_path: Path) -> None:
    rules, good = rules_of(tmp_path, ""), bare_source("copy-a")
    check_sources(rules, {"copy-a": good})
    with pytest.raises(ConfigurationError, match="source copy-a: the access rules know no organisation 'Gemeente Elders'"):
        check_sources(rules, {"copy-a": good.model_copy(update={"organisation": "Gemeente Elders"})})
    with pytest.raises(ConfigurationError, match="has no controller Burgemeester"):
        check_sources(rules, {"copy-a": good.model_copy(update={"controller": "Burgemeester"})})


def test_a_consumer_of_an_organisation_or_with_an_activity_that_the_rules_do_not_know_is_refused(tmp_path: Path) -> None:
    rules, desk = rules_of(tmp_path, ""), replace(CONSUMERS["permits-desk"], activities=frozenset({"desk"}))
    check_consumers(rules, [desk])
    with pytest.raises(ConfigurationError, match="consumer permits-desk: the access rules know no organisation 'Gemeente Elders'"):
        check_consumers(rules, [replace(desk, organisation="Gemeente Elders")])
    with pytest.raises(
        ConfigurationError, match="consumer permits-desk: the access rules know no activity following-changes, permit-handling"
    ):
        check_consumers(rules, [CONSUMERS["permits-desk"]])


def test_the_privacy_officer_is_told_over_tls_or_on_this_machine(tmp_path: Path) -> None:
    assert rules_of(tmp_path, "", RULES.replace("https://fg.voorbeeld.example", "http://127.0.0.1:8110")).tell
    with pytest.raises(ConfigurationError, match="must begin with https://"):
        rules_of(tmp_path, "", RULES.replace("https://fg.", "http://fg."))


def test_a_rule_that_can_never_decide_is_pointed_out(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, '[[activity.rule]]\nlevel = "none"\n[activity.levels]\nlicensing = "full"')
    assert doubts(rules)[0] == "desk: rule 2 never decides: an earlier one fits all that it fits"


def test_access_check_prints_a_matrix_and_every_rule_in_words(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    values = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none", "SOURCES_DIR": tmp_path / "sources"}
    values |= {"CONSUMERS": DEMO / "consumers.toml", "ACCESS_RULES": DEMO / "access-rules.toml", "KEYS_FILE": DEMO / "keys.toml"}
    environment = os.environ | {f"RELHUB_{name}": str(value) for name, value in values.items()}
    command = [sys.executable, "-m", "relhub.cli", "access", "check", "permit-handling"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    for words in ("Omgevingswet, art. 5.1", "is open, is dealt with by your department and involves this relation", "up to vertrouwelijk"):
        assert words in answer.stdout
    assert "enforcement-handling" not in answer.stdout


def test_the_file_of_a_whole_organisation_in_the_docs_is_one_that_can_be_used(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "access-rules.md").read_text()
    file = tmp_path / "rules.toml"
    file.write_text(page.rpartition("```toml\n")[2].partition("```")[0])
    rules = load_access_rules(file)
    assert len(rules.activities) == 9
    permits, environment = rules.activities["vergunningverlening"].openings, rules.activities["milieutoezicht"].openings
    theirs = Compartment(1, "milieu", THEM, "enforcement", "dwangsom", "openbaar")
    assert level_of(permits, theirs, US) == Level.existence
    assert level_of(environment, ORDINARY, THEM) == Level.summary
    bibob = Compartment(2, "permits", US, "licensing", "bibob-onderzoek", "geheim", Sensitivity("avg", "criminal"))
    assert {level_of(activity.openings, bibob, US) for activity in rules.activities.values()} == {Level.none}
