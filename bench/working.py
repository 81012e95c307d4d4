"""What working together costs: a view with contact moments, tasks and commitments against one without."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from bench.figures import Figure, alternating, ratio
from bench.growth import with_cases
from bench.load import wrk
from bench.stage import Stage, opened
from bench.view import headers_for
from relhub.config.consumers import load_consumers
from relhub.services.asked import Asked
from relhub.services.compute_alerts import compute_alerts
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_all
from relhub.services.record_entry import EntryForm, To, record_entry

CASES, CONTACTS, OFFICIALS = 40, 60, 10


async def measure_working(stage: Stage) -> list[Figure]:
    """A relation with 40 cases, 60 contact moments of 10 officials, questions, promises and 5 alerts, against one with its cases only."""
    url = await stage.database("working")
    async with stage.town(400) as urls:
        settings = stage.settings(url, urls)
        async with opened(settings) as hub:
            await pull_all(hub)
            quiet = await with_cases(hub, "quiet", "999990019", CASES)
            busy = await with_cases(hub, "busy", "999990044", CASES)
            await _record(hub, settings.consumers, busy)
            await compute_alerts(hub, datetime.now(UTC))
    connection = await asyncpg.connect(url)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    async with stage.serving(settings) as base:
        with_them, without = await alternating(
            lambda: wrk(f"{base}/v1/relations/{busy}", headers_for("permits/busy-00001"), 3),
            lambda: wrk(f"{base}/v1/relations/{quiet}", headers_for("permits/quiet-00001"), 3),
        )
    return [Figure("view with 60 contact moments: requests per second, as a part of those without", ratio(with_them[0], without[0]), 0.8)]


async def _record(hub: Hub, consumers: Path, relation_id: str) -> None:
    desk = load_consumers(consumers).by_name["permits-desk"].consumer
    now = datetime.now(UTC)
    for n in range(CONTACTS):
        asked = Asked(desk, f"official-{n % OFFICIALS}", "permit-handling", "case:permits/busy-00001", "0" * 32, now)
        said = {
            "channel": "telephone",
            "direction": "inbound",
            "subject": f"Vraag {n}",
            "text": "Belt over de aanvraag en wil weten hoe het ermee staat. " * 4,
        }
        forms = [EntryForm("contact-moment", said, "licensing", at=now - timedelta(days=n), cases=(f"permits/busy-{n % CASES + 1:05}",))]
        if n < 5:
            due = (now + timedelta(days=n + 1)).date()
            asks = {"kind": "question", "subject": f"Vraag {n}", "text": "Hoe staat het ermee?"}
            forms.append(EntryForm("task", asks, "licensing", due=due, to=To("Handhaving")))
            forms.append(EntryForm("commitment", {"subject": "Terugbellen"}, "licensing", due=(now + timedelta(days=1)).date()))  # an alert
        for form in forms:
            await record_entry(hub, asked, relation_id, form, "")
