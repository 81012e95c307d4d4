"""Working together through the console: a contact, a question and its answer, a promise, as officials without another application do it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.console_browsing import Browser, Page, browsing
from tests.test_entries import applicant
from tests.towns import rows

from relhub.domain.identifiers import bsn
from relhub.services.hub import Hub

NEXT_WEEK, LATER = ((datetime.now(UTC) + timedelta(days=days)).date().isoformat() for days in (7, 9))
QUESTION = {"entry_kind": "question", "subject": "Komt er nog een controle?", "text": "Belt over de dakkapel.", "capacity": "licensing"}


@pytest.fixture
async def browser(hub: Hub, sources_dir: Path) -> AsyncIterator[Browser]:
    async with browsing(hub, sources_dir) as opened:
        yield opened


async def at(browser: Browser, person: str, activity: str, *occasion: str, official: str = "j.jansen") -> Browser:
    """Somebody else takes the seat."""
    browser.client.cookies.clear()
    await browser.sign_in(person, official)
    await browser.work(activity, *occasion)
    return browser


async def centre(browser: Browser) -> Browser:
    return await at(browser, "contact-centre", "answering-questions", "none", official="k.bakker")


async def permits(browser: Browser, official: str = "r.dehaan") -> Browser:
    """At permits, with no case in mind: at their tasks."""
    browser.client.cookies.clear()
    await browser.sign_in("permits-desk", official)
    await browser.send(browser.page.form("/work", "'to': 'tasks'"))
    return browser


async def fill_in(browser: Browser, relation: str, sort: str, **fields: str) -> Page:
    page = await browser.open(f"/console/{browser.work_id}/relations/{relation}/new/{sort}")
    return await browser.send(page.form(f"/new/{sort}"), **fields)


async def take(browser: Browser, step: str, **fields: str) -> Page:
    return await browser.send(browser.page.form("/steps", f"'step': '{step}'"), **fields)


async def open_task(browser: Browser, subject: str) -> Page:
    await browser.open(f"/console/{browser.work_id}/tasks")
    assert subject in browser.page.text
    return await browser.open(next(link for link in browser.page.links() if "/entries/tsk_" in link))


async def test_a_question_is_asked_accepted_answered_and_closed(browser: Browser, hub: Hub) -> None:
    relation = await applicant(hub)
    page = await fill_in(await centre(browser), relation, "task", **QUESTION, to="department", department="Vergunningen", due=NEXT_WEEK)
    assert "/entries/tsk_" in browser.path
    assert "Vastgelegd." in page.text
    assert "Vastgelegd." not in (await browser.open(browser.path)).text  # said once
    page = await open_task(await permits(browser), QUESTION["subject"])
    page = await take(browser, "accepted")
    assert "Gewijzigd." in page.text
    page = await take(browser, "answered", text="Ja, op 12 december.", opens="yes")
    assert "Ja, op 12 december." in page.text
    await centre(browser)
    page = await browser.open(f"/console/{browser.work_id}/tasks")
    assert QUESTION["subject"] in page.text
    page = await browser.open(next(link for link in page.links() if "/entries/tsk_" in link))
    assert {"Beantwoord", "Ja, op 12 december."} <= {text.strip() for text in page.said}
    page = await take(browser, "closed")
    assert "afgesloten" in page.text
    assert "'step'" not in str([form.fields for form in page.forms])


async def test_being_asked_is_a_reason_to_look(browser: Browser, hub: Hub) -> None:
    relation = await applicant(hub)
    await fill_in(await centre(browser), relation, "task", **QUESTION, to="department", department="Vergunningen")
    page = await open_task(await permits(browser), QUESTION["subject"])
    page = await browser.send(page.form("/work", "'occasion': 'task'"))
    assert (browser.response.status_code, browser.path.endswith(relation)) == (200, True)
    assert "Aanleiding: een taak of vraag" in page.text


async def test_a_question_through_the_coordinator_does_not_tell_of_whom(browser: Browser, hub: Hub) -> None:
    relation = await applicant(hub)
    page = await (await centre(browser)).open(f"/console/{browser.work_id}/relations/{relation}")
    link = next(link for link in page.links() if link.endswith("/new/task?to=coordinator"))
    page = await browser.open(link)
    page = await browser.send(page.form("/new/task"), **QUESTION)
    asked = browser.path.rpartition("/")[2]
    assert "via de coördinator" in page.text
    browser.client.cookies.clear()
    await browser.sign_in("coordinator", "c.vos")
    await browser.send(browser.page.form("/work", "'to': 'tasks'"))
    await open_task(browser, QUESTION["subject"])
    await take(browser, "handed-over", department="Handhaving", assignee="")
    browser.client.cookies.clear()
    await browser.sign_in("enforcement-desk", "a.vrolijk")
    await browser.send(browser.page.form("/work", "'to': 'tasks'"))
    await open_task(browser, QUESTION["subject"])
    await take(browser, "answered", text="Daar is niets over te zeggen.")
    await centre(browser)
    page = await browser.open(f"/console/{browser.work_id}/entries/{asked}")
    assert "Daar is niets over te zeggen." in page.text
    assert "a.vrolijk" not in browser.response.text
    assert "Handhaving" not in page.text.replace(page.text[page.text.index("Wat u kunt doen") :], "")


async def test_a_contact_is_recorded_corrected_and_seen_on_the_one_face(browser: Browser, hub: Hub) -> None:
    relation = await applicant(hub)
    said = {"channel": "desk", "direction": "inbound", "subject": "Dakkapel", "text": "Vraagt naar het besluit.", "capacity": "licensing"}
    page = await fill_in(
        await centre(browser), relation, "contact-moment", **said, spoken_name="M. de Vries", spoken_authority="machtiging"
    )
    assert {"M. de Vries (machtiging)", "Vraagt naar het besluit."} <= {text.strip() for text in page.said}
    page = await take(browser, "corrected", text="Vraagt naar het bezwaar.", why="verkeerd verstaan")
    assert "Vraagt naar het bezwaar." in page.text
    page = await browser.open(f"/console/{browser.work_id}/relations/{relation}")
    assert {"Dakkapel", "balie, inkomend", "Vraagt naar het bezwaar."} <= {text.strip() for text in page.said}


async def test_a_promise_is_made_moved_and_kept(browser: Browser, hub: Hub) -> None:
    relation = await applicant(hub)
    promise = {"subject": "Terugbellen over het besluit", "capacity": "licensing", "due": NEXT_WEEK}
    await fill_in(await centre(browser), relation, "commitment", **promise)
    page = await take(browser, "moved", due=LATER)
    assert "Gewijzigd." in page.text
    page = await browser.open(f"/console/{browser.work_id}/tasks")
    assert promise["subject"] in page.text
    await browser.open(next(link for link in page.links() if "/entries/com_" in link))
    assert "nagekomen" in (await take(browser, "kept")).text


async def test_what_is_wrong_is_listed_with_where_and_what_was_typed_is_still_there(browser: Browser, hub: Hub) -> None:
    relation, number = await applicant(hub), bsn("999990019")
    page = await fill_in(
        await centre(browser), relation, "task", **{**QUESTION, "subject": f"Over {number}"}, to="department", due="2020-01-01"
    )
    assert browser.response.status_code == 400
    assert {"#subject", "#due"} <= set(page.links())
    wrong = {given["id"]: given for _, given in page.elements if given.get("aria-invalid") == "true"}
    assert {id_: f"{id_}-error" in given["aria-describedby"] for id_, given in wrong.items()} == {"subject": True, "due": True}
    assert page.form("/new/task").fields["text"] == QUESTION["text"]
    assert await rows(hub, "SELECT FROM entry") == []


async def test_a_form_that_is_sent_twice_records_once(browser: Browser, hub: Hub) -> None:
    relation = await applicant(hub)
    page = await (await centre(browser)).open(f"/console/{browser.work_id}/relations/{relation}/new/task")
    form = page.form("/new/task")
    for _ in range(2):
        await browser.send(form, **QUESTION, to="department", department="Vergunningen")
    assert len(await rows(hub, "SELECT FROM entry")) == 1


async def test_who_is_too_late_sees_what_it_says_now_and_loses_nothing(browser: Browser, hub: Hub) -> None:
    relation = await applicant(hub)
    await fill_in(await centre(browser), relation, "task", **QUESTION, to="department", department="Vergunningen")
    page = await open_task(await permits(browser), QUESTION["subject"])
    form = page.form("/steps", "'step': 'answered'")
    await take(browser, "remarked", text="Ik zoek het uit.")
    page = await browser.send(form, text="Ja, op 12 december.")
    assert (browser.response.status_code, "Een collega was u voor" in page.text) == (412, True)
    assert "Ik zoek het uit." in page.text
    assert page.form("/steps", "'step': 'answered'").fields["text"] == "Ja, op 12 december."
    assert "Ja, op 12 december." in (await take(browser, "answered")).text


async def test_an_entry_of_others_is_answered_as_one_that_is_not_there(browser: Browser, hub: Hub) -> None:
    relation = await applicant(hub)
    await fill_in(await centre(browser), relation, "task", **QUESTION, to="department", department="Vergunningen")
    asked = browser.path.rpartition("/")[2]
    browser.client.cookies.clear()
    await browser.sign_in("enforcement-desk")
    await browser.send(browser.page.form("/work", "'to': 'tasks'"))
    for id_ in (asked, "tsk_" + "0" * 32, "xyz_1"):
        await browser.open(f"/console/{browser.work_id}/entries/{id_}")
        assert browser.response.status_code == 404


async def test_what_an_activity_may_not_record_is_refused_in_words(browser: Browser, hub: Hub) -> None:
    relation = await applicant(hub)
    await at(browser, "enforcement-desk", "enforcement-handling", "case", "HH-2026-00001", "enforcement")
    page = await fill_in(browser, relation, "task", **{**QUESTION, "capacity": "policy"}, to="department")
    assert (browser.response.status_code, "Dit mag niet" in page.text) == (403, True)
    assert page.form("/new/task").fields["text"] == QUESTION["text"]


async def test_a_task_for_a_relation_manager_that_there_is_not_says_so(browser: Browser, hub: Hub) -> None:
    page = await fill_in(await centre(browser), await applicant(hub), "task", **QUESTION, to="manager")
    assert (browser.response.status_code, "Er is geen relatiebeheerder" in page.text) == (400, True)
    assert "#to" in set(page.links())
