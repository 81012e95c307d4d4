"""Break-glass: what an emergency opens, who answers for it, and that the privacy officer hears of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.towns import asked, rows, with_activity

from relhub.domain.compartments import Level, Opening
from relhub.domain.record import CAPACITIES
from relhub.errors import InvalidInput, NotAllowed
from relhub.services.asked import Asked, ViewOptions
from relhub.services.decide_access import Access
from relhub.services.hub import Hub
from relhub.services.tell_privacy_officer import tell_waiting
from relhub.services.view_relation import view_relation

REASON = "Mevrouw is niet bereikbaar en haar woning staat onder water"


@dataclass
class Officer:
    """An address that takes what it is told, or answers with another status."""

    told: list[dict[str, Any]] = field(default_factory=list)
    status: int = 204

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        body = await reader.readexactly(length)
        if self.status < 300:
            self.told.append(json.loads(body))
        writer.write(f"HTTP/1.1 {self.status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def officer() -> AsyncIterator[tuple[Officer, str]]:
    async with listening() as found:
        yield found


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[Officer, str]]:
    officer = Officer()
    server = await asyncio.start_server(officer.take, "127.0.0.1", 0)
    async with server:
        yield officer, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/told"


def in_an_emergency(hub: Hub, tell: str) -> Hub:
    """The same hub where the contact centre may break the glass, and sees the summary of everything then."""
    seen = (Opening(Level.summary, frozenset(CAPACITIES)),)
    changed = with_activity(hub, "answering-questions", occasions=frozenset({"break-glass"}), openings=seen)
    rules = replace(changed.access.rules, tell=tell)
    return replace(hub, access=Access(rules, hub.sources, {name: adapter.capacities for name, adapter in hub.adapters.items()}))


def in_need(reason: str = REASON) -> Asked:
    return asked("contact-centre", "answering-questions", f"break-glass:{reason}")


async def someone(hub: Hub) -> str:
    [row] = await rows(hub, "SELECT relation_id FROM involvement ORDER BY relation_id LIMIT 1")
    return str(row["relation_id"])


async def test_the_glass_opens_without_a_case_and_the_reason_is_on_the_log_row(hub: Hub, officer: tuple[Officer, str]) -> None:
    emergency, relation = in_an_emergency(hub, officer[1]), await someone(hub)
    assert (await view_relation(emergency, in_need(), relation, ViewOptions())).relation_id == relation
    [row] = await rows(hub, "SELECT occasion, outcome FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert (row["occasion"], row["outcome"]) == (f"break-glass:{REASON}", "shown")


async def test_the_privacy_officer_is_told_once_however_many_questions_follow(hub: Hub, officer: tuple[Officer, str]) -> None:
    emergency, relation = in_an_emergency(hub, officer[1]), await someone(hub)
    for _ in range(3):
        await view_relation(emergency, in_need(), relation, ViewOptions())
    assert sorted(await asyncio.gather(tell_waiting(emergency), tell_waiting(emergency))) == [0, 1]
    [told] = officer[0].told
    assert (told["kind"], told["official"], told["reason"]) == ("break-glass", "official-1", REASON)
    [row] = await rows(hub, "SELECT times, told_at FROM notice")
    assert row["times"] == 3


async def test_what_could_not_be_told_is_told_later(hub: Hub, officer: tuple[Officer, str]) -> None:
    emergency, relation = in_an_emergency(hub, officer[1]), await someone(hub)
    await view_relation(emergency, in_need(), relation, ViewOptions())
    officer[0].status = 503
    assert await tell_waiting(emergency) == 0
    officer[0].status = 204
    assert await tell_waiting(emergency) == 0  # not at once again
    await rows(hub, "UPDATE notice SET next_at = now() - interval '1 second'")
    assert await tell_waiting(emergency) == 1


async def test_nobody_breaks_the_glass_without_answering_for_it(hub: Hub, officer: tuple[Officer, str]) -> None:
    emergency, relation = in_an_emergency(hub, officer[1]), await someone(hub)
    with pytest.raises(NotAllowed, match="X-Official"):
        await view_relation(emergency, replace(in_need(), official=""), relation, ViewOptions())
    with pytest.raises(NotAllowed, match="break-glass with the reason in words"):
        await view_relation(emergency, asked("contact-centre", "answering-questions"), relation, ViewOptions())
    assert await rows(hub, "SELECT FROM notice") == []


@pytest.mark.parametrize("reason", ["", "haast", " " * 40, "x" * 19])
async def test_a_reason_that_says_nothing_is_no_reason(hub: Hub, officer: tuple[Officer, str], reason: str) -> None:
    with pytest.raises(InvalidInput, match="reason in words"):
        await view_relation(in_an_emergency(hub, officer[1]), in_need(reason), await someone(hub), ViewOptions())


@pytest.mark.parametrize("number", ["999990019", "9999.90.019", "999 990 019"])
async def test_a_reason_names_nobody_by_number(hub: Hub, officer: tuple[Officer, str], number: str) -> None:
    """It is kept in clear, and told to the privacy officer."""
    with pytest.raises(InvalidInput, match="must not hold a citizen service number"):
        await view_relation(in_an_emergency(hub, officer[1]), in_need(f"{REASON}, bsn {number}"), await someone(hub), ViewOptions())
    assert await rows(hub, "SELECT FROM notice") == []


async def test_a_telephone_number_in_a_reason_is_no_citizen_service_number(hub: Hub, officer: tuple[Officer, str]) -> None:
    assert await view_relation(in_an_emergency(hub, officer[1]), in_need(f"{REASON}, bel 0612345678"), await someone(hub), ViewOptions())
