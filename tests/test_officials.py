"""Who of us deals with a relation: the directory, who takes over, and what a processing activity is told of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.towns import by_contact_centre, by_enforcement, by_permits, rows, seeing

from relhub.config.officials_file import OfficialsFile, as_csv, read_officials
from relhub.domain.compartments import Level
from relhub.domain.officials import Dealing, Directory, Listed, colleagues, who_takes_over
from relhub.errors import ConfigurationError, NotFound
from relhub.services.asked import Asked, PageQuery, Reference, ViewOptions
from relhub.services.hub import Hub
from relhub.services.import_officials import Imported, import_officials, unlisted_officials
from relhub.services.list_officials import list_officials
from relhub.services.lookup_relation import lookup_relation
from relhub.services.record_entry import EntryForm, To, record_entry

ORGANISATION = "Gemeente Voorbeeld"
TODAY = date(2026, 12, 1)
HEAD = "account;name;department;roles;phone;email;accounts;away_from;away_until;left_on;replaced_by\n"
VROLIJK = "a.vrolijk;mr. A. Vrolijk;Handhaving;jurist|mentor;030-1;a.vrolijk@voorbeeld.example;enforcement/hj07;;;;\n"


def listed(account: str, **said: Any) -> Listed:
    return Listed(ORGANISATION, account, **{"name": f"{account.title()} Bos", "department": "Handhaving", **said})


def directory(*officials: Listed) -> Directory:
    return {(one.organisation, one.account): one for one in officials}


def dealing(source: str, account: str = "", name: str = "", email: str = "", department: str = "Handhaving") -> Dealing:
    return Dealing(source, account, name, department, "", email, "case handler", "enforcement", "", now=True)


AWAY: dict[str, Any] = {"away_from": TODAY}


def test_who_takes_over_is_the_first_in_the_chain_who_is_there() -> None:
    a, b, c = listed("a", replaced_by="b", **AWAY), listed("b", replaced_by="c", left_on=TODAY - timedelta(1)), listed("c")
    assert who_takes_over(directory(a, b, c), a, TODAY) == c


def test_of_a_chain_that_comes_back_to_where_it_was_nobody_takes_over() -> None:
    a, b = listed("a", replaced_by="b", **AWAY), listed("b", replaced_by="a", **AWAY)
    assert who_takes_over(directory(a, b), a, TODAY) is None
    assert who_takes_over(directory(a), a, TODAY) is None


def test_a_day_of_absence_is_from_the_first_to_the_last() -> None:
    one = listed("a", away_from=TODAY, away_until=TODAY + timedelta(1), left_on=TODAY + timedelta(5))
    assert [one.is_away(TODAY + timedelta(day)) for day in (-1, 0, 1, 2)] == [False, True, True, False]
    assert [one.has_left(TODAY + timedelta(day)) for day in (5, 6)] == [False, True]


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.booleans()), min_size=1, max_size=5, unique_by=lambda each: each[0]), st.randoms())
def test_following_replacements_always_ends_with_somebody_who_is_there_or_nobody(chain: list[tuple[str, bool]], random: Any) -> None:
    officials = [listed(account, replaced_by=random.choice("abcde"), away_from=TODAY if away else None) for account, away in chain]
    found = who_takes_over(directory(*officials), officials[0], TODAY)
    assert found is None or not found.is_away(TODAY)


def test_one_name_alone_makes_nobody_the_same() -> None:
    found = colleagues([dealing("permits", "m1", "A. Bos"), dealing("projects", "u1", "A. Bos")], {})
    assert [len(one.dealings) for one in found] == [1, 1]


def test_one_e_mail_address_with_one_family_name_is_one_official_and_says_so() -> None:
    same = [dealing("permits", "m1", "A. Bos", "A.Bos@voorbeeld.example"), dealing("projects", "u1", "Anna Bos", "a.bos@voorbeeld.example")]
    [one] = colleagues([*same, dealing("permits", "m1", "A. Bos")], {})
    assert (len(one.dealings), one.linked_by) == (3, {"email-and-name"})


def test_an_address_that_several_people_share_joins_none_of_them() -> None:
    shared = [dealing("permits", "m1", "A. Bos", "team@voorbeeld.example"), dealing("projects", "u1", "B. Vos", "team@voorbeeld.example")]
    assert len(colleagues(shared, {})) == 2


def test_the_directory_says_which_accounts_are_one_official_and_which_are_not() -> None:
    a = listed("a", name="A. Bos", email="bos@voorbeeld.example", accounts=("permits/m1", "projects/u1"))
    b = listed("b", name="B. Bos", email="bos@voorbeeld.example", accounts=("enforcement/h1",))
    said = [("permits", "m1"), ("projects", "u1"), ("enforcement", "h1")]
    found = colleagues([dealing(source, account, "Bos", "bos@voorbeeld.example") for source, account in said], directory(a, b))
    assert [(one.listed, len(one.dealings), one.linked_by) for one in found] == [(a, 2, {"account"}), (b, 1, {"account"})]


def test_of_an_account_that_two_organisations_name_neither_has_the_official() -> None:
    ours, theirs = listed("a.bos", accounts=("permits/m1",)), replace(listed("x", accounts=("permits/m1",)), organisation="Omgevingsdienst")
    [found] = colleagues([dealing("permits", "m1", "A. Bos")], directory(ours, theirs))
    assert (found.listed, found.said("name")) == (None, "A. Bos")


def written(tmp_path: Path, text: str) -> OfficialsFile:
    (tmp_path / "officials.csv").write_text(text)
    return read_officials(tmp_path / "officials.csv", ORGANISATION)


async def imported(hub: Hub, tmp_path: Path, text: str, **how: bool) -> Imported:
    return await import_officials(hub, ORGANISATION, written(tmp_path, text), **how)


async def test_a_file_that_is_imported_again_changes_nothing(hub: Hub, tmp_path: Path) -> None:
    assert (await imported(hub, tmp_path, HEAD + VROLIJK)).new == 1
    again = await imported(hub, tmp_path, HEAD + VROLIJK)
    assert (again.new, again.changed, again.same) == (0, 0, 1)


async def test_whom_a_file_does_not_name_stays_unless_it_is_the_whole_directory(hub: Hub, tmp_path: Path) -> None:
    await imported(hub, tmp_path, HEAD + VROLIJK)
    other = "account,name,department\nb,B. Vos,Handhaving\n"
    assert (await imported(hub, tmp_path, other)).gone == 0
    assert (await imported(hub, tmp_path, other, whole=True)).gone == 1
    assert [row["account"] for row in await rows(hub, "SELECT account FROM official")] == ["b"]


async def test_a_dry_run_says_what_would_change_and_changes_nothing(hub: Hub, tmp_path: Path) -> None:
    assert (await imported(hub, tmp_path, HEAD + VROLIJK, dry_run=True)).new == 1
    assert await rows(hub, "SELECT FROM official") == []


WRONG = {
    ";A;Handhaving;;;;;;;;": "account: String should match",
    "x;;Handhaving;;;;;;;;": "name: ",
    "x;A;Handhaving;;;no address;;;;;": "email: ",
    "x;A;Handhaving;;;;hj07;;;;": "accounts.0: must be source/account",
    "x;A;Handhaving;;;;nowhere/hj07;;;;": "accounts: there is no source nowhere",
    "x;A;Handhaving;;;;enforcement/hj07;;;;": "accounts: names an account that another official has already",
    "x;A;Handhaving;;;;;2026-13-01;;;": "away_from: is not a date",
    "x;A;Handhaving;;;;;;2026-12-01;;": "away_until: says nothing without away_from",
    "x;A;Handhaving;;;;;2026-12-02;01-12-2026;;": "away_until: is before away_from",
    "x;A;Handhaving;;;;;;;;x": "replaced_by: is the official themselves",
    "x;A;Handhaving;;;;;;;;nobody": "replaced_by: is nobody in the directory",
    "x;A;Handhaving": "has 3 values, and there are 11 columns",
    "a.vrolijk;A;Handhaving;;;;;;;;": "account: an earlier row is about the same official",
}


@pytest.mark.parametrize(("row", "reason"), WRONG.items())
async def test_a_row_that_is_not_understood_is_set_aside_with_its_line_and_the_rest_is_taken_in(
    hub: Hub, tmp_path: Path, row: str, reason: str
) -> None:
    found = await imported(hub, tmp_path, f"{HEAD}{VROLIJK}\n{row}\nlast;L. Bos;Handhaving;;;;;;;;\n")
    [aside] = found.aside
    assert (aside.line, found.new) == (4, 2)
    assert aside.reason.startswith(reason)


async def test_when_a_row_is_set_aside_nobody_goes(hub: Hub, tmp_path: Path) -> None:
    await imported(hub, tmp_path, HEAD + VROLIJK)
    with pytest.raises(ConfigurationError, match="line 2: has 1 values"):
        await imported(hub, tmp_path, HEAD + "x\n", whole=True)
    assert len(await rows(hub, "SELECT FROM official")) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name;department\n", "missing: account"),
        (HEAD.replace("phone", "telephone"), "unknown columns: telephone"),
        ("account;name;name;department\n", "there twice"),
        (HEAD + 'x;"A;Handhaving;;;;;;;;\n', "line 2 can't be read as CSV"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_whole(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        written(tmp_path, text)


async def test_what_sources_say_makes_a_file_to_complete(hub: Hub, tmp_path: Path) -> None:
    await imported(hub, tmp_path, HEAD + VROLIJK)
    proposed = await unlisted_officials(hub, ORGANISATION)
    assert {"permits/m012", "projects/u31"} <= {row["accounts"] for row in proposed}
    assert "enforcement/hj07" not in {row["accounts"] for row in proposed}
    filled = [{**row, "account": f"official-{number}"} for number, row in enumerate(proposed)]
    taken = await imported(hub, tmp_path, "\n".join(as_csv(filled)) + "\n")
    assert (taken.new, taken.aside) == (len(proposed), ())
    assert await unlisted_officials(hub, ORGANISATION) == []


@pytest.fixture
async def johanna(hub: Hub) -> str:
    return (await lookup_relation(hub, by_permits(), Reference(case=("permits", "V-2026-00001")), ViewOptions())).relation_id


async def officials(hub: Hub, question: Asked, relation: str) -> dict[str, Any]:
    return dict(orjson.loads((await list_officials(hub, question, relation, PageQuery(limit=100))).body))


def named(found: dict[str, Any], name: str) -> dict[str, Any]:
    [one] = [one for one in found["results"] if one.get("name") == name]
    return dict(one)


async def test_everyone_who_deals_with_a_relation_is_told_with_the_capacity_and_how_to_reach_them(hub: Hub, johanna: str) -> None:
    found = await officials(hub, by_permits(), johanna)
    assert named(found, "R. de Haan") == {
        "now": True,
        "name": "R. de Haan",
        "department": "Vergunningen",
        "phone": "030-6987112",
        "email": "r.dehaan@voorbeeld.example",
        "dealings": [{"capacity": "licensing", "part": "case handler", "case": "permits/V-2026-00001", "now": True}],
    }
    assert {one["department"] for one in found["results"]} >= {"Vergunningen", "Handhaving", "Projecten"}


async def test_at_existence_it_is_told_who_deals_with_something_and_not_with_what(hub: Hub, johanna: str) -> None:
    found = named(await officials(hub, by_permits(), johanna), "mr. A. Vrolijk")
    assert found["dealings"] == [{"capacity": "enforcement", "part": "enforcement lawyer", "now": True}]


async def test_at_referral_it_is_told_that_there_is_somebody_and_no_more(hub: Hub, johanna: str) -> None:
    found = await officials(seeing(hub, Level.none, licensing=Level.full, enforcement=Level.referral), by_contact_centre(), johanna)
    assert found["referral"] == {"via": "coordinator", "ask": hub.access.rules.coordinator}
    assert {one["department"] for one in found["results"]} == {"Vergunningen"}
    only = await officials(seeing(hub, Level.none, enforcement=Level.referral), by_contact_centre(), johanna)
    assert (only["results"], "referral" in only) == ([], True)
    with pytest.raises(NotFound):
        await officials(seeing(hub, Level.none), by_contact_centre(), johanna)


async def test_who_is_away_is_told_with_who_takes_over(hub: Hub, johanna: str, tmp_path: Path) -> None:
    away = VROLIJK.replace(";;;;\n", ";2020-01-01;;;e.terpstra\n")
    await imported(hub, tmp_path, HEAD + away + "e.terpstra;mr. E. Terpstra;Handhaving;;030-2;;enforcement/hj03;;;;\n")
    found = named(await officials(hub, by_permits(), johanna), "mr. A. Vrolijk")
    assert (found["phone"], found["roles"], found["linkedBy"]) == ("030-1", ["jurist", "mentor"], ["account"])
    assert found["away"] == {"from": "2020-01-01"}
    assert found["takesOver"] == {"account": "e.terpstra", "name": "mr. E. Terpstra", "department": "Handhaving", "phone": "030-2"}


async def test_an_absence_to_come_is_told_and_one_that_is_over_is_not(hub: Hub, johanna: str, tmp_path: Path) -> None:
    coming = VROLIJK.replace(";;;;\n", ";2999-01-01;;;e.terpstra\n")
    await imported(hub, tmp_path, HEAD + coming + "e.terpstra;E;Handhaving;;;;;2020-01-01;2020-01-02;;\n")
    found = named(await officials(hub, by_permits(), johanna), "mr. A. Vrolijk")
    assert (found["away"], "takesOver" in found) == ({"from": "2999-01-01"}, False)


async def test_a_case_that_ended_counts_as_lately_for_so_long_as_is_set(hub: Hub) -> None:
    [row] = await rows(
        hub,
        """SELECT i.relation_id, (c.body->>'ended')::date ended, c.source || '/' || c.case_id ref FROM case_record c JOIN involvement i ON i.case_id = c.id
        WHERE NOT c.open AND c.source = 'permits' AND c.body ? 'ended' ORDER BY c.id LIMIT 1""",
    )
    asking = replace(
        by_contact_centre(), at=datetime(row["ended"].year, row["ended"].month, row["ended"].day, 12, tzinfo=UTC) + timedelta(30)
    )

    async def seen(days: int, level: Level) -> set[tuple[str, bool]]:
        found = await officials(seeing(replace(hub, lately=timedelta(days)), level), asking, row["relation_id"])
        return {(each.get("case"), each["now"]) for one in found["results"] for each in one["dealings"]}

    assert (row["ref"], False) in await seen(30, Level.summary)
    assert (row["ref"], False) not in await seen(29, Level.summary)
    assert all(now for _, now in await seen(30, Level.existence))


async def test_who_recorded_something_or_deals_with_a_task_deals_with_the_relation(hub: Hub, johanna: str, tmp_path: Path) -> None:
    await imported(hub, tmp_path, HEAD + "official-1;C. Visser;Klantcontact;;030-9;;;;;;\n")
    question = EntryForm("task", {"kind": "question", "subject": "Controle", "text": "Wanneer?"}, "licensing", to=To("Vergunningen"))
    made = orjson.loads(await record_entry(hub, by_contact_centre(), johanna, question, ""))
    found = await officials(hub, by_permits(), johanna)
    asker = named(found, "C. Visser")
    assert (asker["account"], asker["phone"]) == ("official-1", "030-9")
    assert asker["dealings"] == [{"capacity": "licensing", "part": "recorder of task", "entry": made["id"], "now": True}]
    handlers = [each for one in found["results"] for each in one["dealings"] if each["part"] == "handler of task"]
    assert handlers == [{"capacity": "licensing", "part": "handler of task", "entry": made["id"], "now": True}]


async def test_who_asks_through_the_coordinator_does_not_learn_who_deals_with_it(hub: Hub, johanna: str) -> None:
    question = EntryForm("task", {"kind": "question", "subject": "Controle", "text": "Wanneer?"}, "licensing", to=To(coordinator=True))
    await record_entry(hub, by_contact_centre(), johanna, question, "")
    found = await officials(hub, by_contact_centre(), johanna)
    assert [one for one in found["results"] if one.get("department") == "Relatiebeheer"] == []


async def test_a_question_is_one_row_of_the_log_with_the_cases_that_were_read(hub: Hub, johanna: str) -> None:
    await officials(hub, by_enforcement(), johanna)
    [row] = await rows(hub, "SELECT outcome, relation_ids, records FROM consultation_log WHERE operation = 'officials'")
    assert (row["outcome"], row["relation_ids"]) == ("shown", [johanna])
    assert {"permits/V-2026-00001", "enforcement/HH-2026-00001"} <= set(row["records"])


async def test_an_official_of_whom_no_more_is_known_than_the_department_is_told_as_the_department(hub: Hub, johanna: str) -> None:
    await rows(hub, "UPDATE case_record SET body = body - 'officials' WHERE case_id = 'HH-2026-00001'")
    found = await officials(hub, by_permits(), johanna)
    assert {"now": True, "department": "Handhaving", "dealings": [{"capacity": "enforcement", "now": True}]} in found["results"]
