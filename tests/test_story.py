"""A story, over HTTP only: a baker extends the bakery, enforcement has a case about its noise, a project will close the street, and the phone rings.

The same is played by `make run` (src/relhub/demo/story.py), so that what is told here can be looked at.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from relhub.demo.story import ANSWER, BAKERY, CALL, HAND_OVER, MANAGER, PROMISE, QUESTION, Cast

IN_A_WEEK = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()


def ok(response: httpx2.Response) -> Any:
    assert response.status_code < 300, response.text
    return response.json()


def capacities(view: dict[str, Any]) -> set[str]:
    return {case["capacity"] for case in view["cases"]["items"]}


async def test_a_baker_calls_and_meets_one_face(demo: str) -> None:
    async with httpx2.AsyncClient(base_url=demo, trust_env=False) as client:
        cast = Cast(client)
        desk, manager = cast.desk, cast.manager

        # The desk finds the baker, and sees permits and projects; that there is something else as well, but not what.
        view = ok(await desk.post("/relations/_lookup", {"case": BAKERY}))
        baker = f"/relations/{view['id']}"
        assert {"licensing", "project", "policy"} == capacities(view)
        assert view["referral"]["via"] == "coordinator"
        assert "enforcement" not in str(view["cases"])

        # The permits desk had found that the baker meets many of us, and made somebody their one face.
        ok(await cast.permits.post(f"{baker}/managers", MANAGER))
        assert ok(await desk.get(baker))["summary"]["relationManager"]["account"] == "m.bos"

        # The desk writes down what the baker asked, and asks whoever is behind that referral.
        call = ok(await desk.post(f"{baker}/contact-moments", CALL))
        question = ok(await desk.post(f"{baker}/tasks", QUESTION))
        assert question["assignedTo"] == {"via": "coordinator"}

        # The coordinator knows who that is. Enforcement may look because it was asked, sees its own case about the noise, and answers.
        steps = f"/tasks/{question['id']}/steps"
        [asked] = ok(await cast.coordinator.get("/tasks", assignee="department", state="open"))["results"]
        assert asked["id"] == question["id"]
        ok(await cast.coordinator.post(steps, {"step": "handed-over", "to": {"department": "Handhaving"}}, "*"))
        seen = ok(await cast.enforcement.on(f"task:{question['id']}").get(baker))
        assert "Geluidsoverlast door een bedrijf" in [case.get("title") for case in seen["cases"]["items"]]
        ok(await cast.enforcement.post(steps, {"step": "answered", "text": ANSWER}, "*"))
        assert (await cast.enforcement.on(f"task:{question['id']}").get(baker)).status_code == 403  # answered, it opens nothing more

        # The desk has its answer and does not know from whom; it promises to call back, and hands over to the one face.
        answered = ok(await desk.get(f"/tasks/{question['id']}"))
        assert (answered["thread"][-1]["text"], answered["thread"][-1]["via"]) == (ANSWER, "coordinator")
        assert "Handhaving" not in str(answered)
        promise = ok(await desk.post(f"{baker}/commitments", PROMISE | {"due": IN_A_WEEK}))
        task = ok(await desk.post(f"{baker}/tasks", HAND_OVER))
        assert task["assignedTo"] == {"department": "Relatiebeheer", "official": "m.bos"}
        ok(await desk.post(f"/commitments/{promise['id']}/steps", {"step": "handed-over", "to": {"relationManager": True}}, "*"))

        # The relation manager has it on the list, and sees every side of the baker on one face.
        assert task["id"] in [one["id"] for one in ok(await manager.get("/tasks", assignee="me", state="open"))["results"]]
        working = manager.on(f"task:{task['id']}")
        face = ok(await working.get(baker))
        assert {"licensing", "enforcement", "project", "policy"} <= capacities(face)
        assert "referral" not in face
        assert (face["summary"]["openTasks"], face["summary"]["commitmentsDue"]) == (2, 1)
        assert [one["subject"] for one in face["contactMoments"]["items"]] == [call["subject"]]
        told = {moment["what"] for moment in ok(await working.get(f"{baker}/timeline", limit="100"))["results"]}
        assert {"contact-moment", "task", "commitment", "case-started"} <= told
        officials = ok(await working.get(f"{baker}/officials", limit="100"))["results"]
        assert {"Vergunningen", "Handhaving", "Projecten", "Klantcontact", "Relatiebeheer"} <= {one["department"] for one in officials}
        ok(await manager.post(f"/tasks/{task['id']}/steps", {"step": "accepted"}, "*"))
        ok(await manager.post(f"/commitments/{promise['id']}/steps", {"step": "kept"}, "*"))

        # For the social domain there is no such relation: nothing of all this is its business, and nothing tells that there is anything.
        assert (await cast.social.get(baker)).status_code == 404
        missing = await cast.social.get("/relations/rel_00000000000000000000000000")
        told_nothing = (await cast.social.get(baker)).json()
        assert {**told_nothing, "instance": ""} == {**missing.json(), "instance": ""}
        for part in ("officials", "managers", "contact-moments", "timeline"):
            assert (await cast.social.get(f"{baker}/{part}")).status_code == 404

        # The baker may read who looked, when and what for: departments, never officials.
        looks = ok(await cast.portal.get(f"{baker}/consultation-log", limit="100"))["results"]
        assert {"Klantcontact", "Vergunningen", "Handhaving", "Relatiebeheer"} <= {look["department"] for look in looks}
        assert not [account for account in ("m.bos", "s.meijer", "a.vrolijk") if account in str(looks)]
