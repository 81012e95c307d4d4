"""What is not seen makes no alert of what is."""

from datetime import UTC, datetime

from relhub.domain.alert_causes import Known, KnownParty, OpenCase, causes_of
from relhub.domain.alerts import Alert, AlertRules, RuleSettings, Seen, told
from relhub.domain.compartments import Level
from relhub.domain.record import Capacity

TODAY = datetime.now(UTC).date()
APPLICANT, OWNER = frozenset({"applicant"}), frozenset({"owner"})
CASES: list[tuple[int, int, Capacity, str, frozenset[str], tuple[str, ...]]] = [
    (1, 1, "licensing", "Vergunningen", APPLICANT, ()),
    (2, 1, "licensing", "Vergunningen", APPLICANT, ("restricted",)),
    (3, 2, "enforcement", "Handhaving", OWNER, ()),
]


def test_two_who_agree_on_where_somebody_lives_tell_of_no_move_by_a_third_that_is_not_seen() -> None:
    parties = [
        KnownParty(number, f"source:{number}", frozenset(), frozenset({home}), register)
        for number, home, register in ((1, "X", True), (2, "Y", True), (3, "Z", False), (4, "Y", False))
    ]
    permit = OpenCase(9, "permits/V-1", 1, "licensing", "Vergunningen", TODAY, frozenset({"applicant"}), (), register=False)
    rules = AlertRules("1", {"register-says": RuleSettings()})
    causes = causes_of(Known([permit], parties=parties), rules, str)

    def told_to_who_sees(*numbers: int) -> list[Alert]:
        seen = [Seen(cause, Level.full, "", "") for cause in causes if cause.number in (*numbers, 9)]
        return told(seen, rules.rules, datetime.now(UTC))[0]

    assert told_to_who_sees(2, 4) == []
    [alert] = told_to_who_sees(1, 4)
    assert {one.cause.number for one in alert.causes} == {1, 4, 9}


def test_a_newer_case_that_is_restricted_takes_no_alert_away_from_who_sees_the_older_one() -> None:
    cases = [
        OpenCase(number, f"source/{number}", compartment, capacity, department, TODAY, roles, (), register=False, apart=apart)
        for number, compartment, capacity, department, roles, apart in CASES
    ]
    rules = AlertRules("1", {"case-elsewhere": RuleSettings()})
    seen = [Seen(cause, Level.existence if cause.number == 2 else Level.full, "", "") for cause in causes_of(Known(cases), rules, str)]
    [alert] = told(seen, rules.rules, datetime.now(UTC))[0]
    assert {one.cause.number for one in alert.causes} == {1, 3}
