"""What is not seen makes no alert of what is."""

from datetime import UTC, datetime

from relhub.domain.alert_causes import Known, KnownParty, OpenCase, causes_of
from relhub.domain.alerts import Alert, AlertRules, RuleSettings, Seen, told
from relhub.domain.compartments import Level

TODAY = datetime.now(UTC).date()


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
