"""What happened around the bakery: played over HTTP on a hub that runs, once, so that there is something to see.

A baker wants to extend the bakery, enforcement has a case about its noise, and a project will close the street. The contact centre takes a call.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import httpx2

BAKERY, PROJECT = "permits/V-2026-00002", "projects/PRJ-0001"

CALL: Final = {
    "channel": "telephone",
    "direction": "inbound",
    "subject": "Mag de verbouwing al beginnen?",
    "text": "De bakker wil na de zomer uitbouwen, en hoorde dat de straat dichtgaat. Vraagt of dat samengaat.",
    "outcome": "Wordt binnen een week teruggebeld",
    "cases": [BAKERY, PROJECT],
}
QUESTION: Final = {
    "capacity": "licensing",
    "kind": "question",
    "subject": "Verbouwing van de bakkerij",
    "text": "Is er iets waar de bakker rekening mee moet houden voordat er gebouwd wordt?",
    "to": {"coordinator": True},
}
ANSWER: Final = "Ja: laat de afzuiging meteen vernieuwen, dan is ook de klacht over geluid opgelost. De bakker kan ons daarover bellen."
PROMISE: Final = {"capacity": "licensing", "subject": "Terugbellen over verbouwing en afsluiting"}
HAND_OVER: Final = {
    "capacity": "licensing",
    "kind": "task",
    "subject": "Verbouwing en afsluiting van de straat op elkaar afstemmen",
    "text": "De bakker heeft met vergunningen, handhaving en het project te maken. Wil jij dit overnemen?",
    "to": {"relationManager": True},
}
MANAGER: Final = {"official": "m.bos", "department": "Relatiebeheer", "text": "Heeft met drie afdelingen te maken."}


@dataclass(frozen=True, slots=True)
class Official:
    """Somebody of the municipality at work: for an activity, on an occasion. What they send again they send with the same key."""

    client: httpx2.AsyncClient
    consumer: str
    activity: str
    account: str
    occasion: str = "none"

    def on(self, occasion: str) -> "Official":
        """The same official, on another occasion."""
        return Official(self.client, self.consumer, self.activity, self.account, occasion)

    async def get(self, path: str, **query: str) -> httpx2.Response:
        return await self.client.get(path, params=query, headers=self._headers())

    async def post(self, path: str, body: dict[str, Any], seen: str = "") -> httpx2.Response:
        key = {"Idempotency-Key": str(uuid5(NAMESPACE_URL, f"{path} {sorted(body.items())}"))}
        return await self.client.post(path, json=body, headers=self._headers() | key | ({"If-Match": seen} if seen else {}))

    def _headers(self) -> dict[str, str]:
        named = {"X-Official": self.account} if self.account else {}
        asking = {"X-Processing-Activity": self.activity, "X-Occasion": self.occasion}
        return {"Authorization": f"Bearer demo-{self.consumer}", **asking, **named}


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody in the story."""

    client: httpx2.AsyncClient

    @property
    def desk(self) -> Official:
        return Official(self.client, "contact-centre", "answering-questions", "s.meijer")

    @property
    def permits(self) -> Official:
        return Official(self.client, "permits-desk", "permit-handling", "f.ozturk", f"case:{BAKERY}")

    @property
    def enforcement(self) -> Official:
        return Official(self.client, "enforcement-desk", "enforcement-handling", "a.vrolijk")

    @property
    def coordinator(self) -> Official:
        return Official(self.client, "coordinator", "coordinating", "h.prins")

    @property
    def manager(self) -> Official:
        return Official(self.client, "coordinator", "relation-management", "m.bos")

    @property
    def social(self) -> Official:
        return Official(self.client, "social-support", "supporting-residents", "n.bouzid")

    @property
    def portal(self) -> Official:
        return Official(self.client, "resident-portal", "informing-residents", "")


async def play(url: str) -> str:
    """Plays it on the hub at this address, unless it was played there before. Returns the id of the bakery. Raises HTTPError."""
    async with httpx2.AsyncClient(base_url=f"{url}/v1", trust_env=False, timeout=30) as client:
        cast = Cast(client)
        bakery: str = (await _well(cast.desk.post("/relations/_lookup", {"case": BAKERY})))["id"]
        here = f"/relations/{bakery}"
        if (await _well(cast.desk.get(f"{here}/commitments")))["results"]:
            return bakery
        await _well(cast.permits.post(f"{here}/managers", MANAGER))
        await _well(cast.desk.post(f"{here}/contact-moments", CALL))
        question = await _well(cast.desk.post(f"{here}/tasks", QUESTION))
        steps = f"/tasks/{question['id']}/steps"
        await _well(cast.coordinator.post(steps, {"step": "handed-over", "to": {"department": "Handhaving"}}, "*"))
        await _well(cast.enforcement.post(steps, {"step": "answered", "text": ANSWER}, "*"))
        task = await _well(cast.desk.post(f"{here}/tasks", HAND_OVER))
        await _well(cast.manager.post(f"/tasks/{task['id']}/steps", {"step": "accepted"}, "*"))
        due = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()
        await _well(cast.desk.post(f"{here}/commitments", PROMISE | {"due": due}))  # the last: by this it is known to be played
        return bakery


async def _well(asked: Any) -> Any:
    response = await asked
    response.raise_for_status()
    return response.json()
