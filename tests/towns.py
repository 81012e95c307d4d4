"""What several tests need: the demo's files, a hub on a database, and what is computed in it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

from relhub.adapters import Adapter
from relhub.config.access_rules import load_access_rules
from relhub.config.authentication import NoAuth
from relhub.config.consumers import load_consumers
from relhub.config.keys import load_keys
from relhub.config.settings import Settings
from relhub.config.sources import SourceConfig
from relhub.domain.compartments import Level, Opening
from relhub.domain.record import CAPACITIES
from relhub.services.asked import Asked
from relhub.services.decide_access import Access
from relhub.services.hub import Hub
from relhub.storage.database import Database, Store
from relhub.storage.sealing import Sealer

DEMO = Path(__file__).resolve().parents[1] / "src" / "relhub" / "demo"
KEYS = load_keys(DEMO / "keys.toml")

NewDatabase = Callable[[str | None], Awaitable[str]]
"""Makes a database, from a template when its name is given; returns its URL."""

_COMPUTED = (
    "SELECT p.source, p.key, p.variant, p.relation_id, p.birth, p.family, p.display FROM party_record p ORDER BY 1, 2, 3",
    "SELECT p.source, p.key, p.variant, n.scheme, n.relation_id FROM party_identifier n JOIN party_record p ON p.id = n.party_id ORDER BY 1, 2, 3, 4",
    "SELECT c.source, c.case_id, i.position, i.relation_id, i.capacity, i.compartment = c.compartment, i.open, i.on_date FROM involvement i JOIN case_record c ON c.id = i.case_id ORDER BY 1, 2, 3",
    'SELECT c.source, c.case_id, c."full", c.summary, c.existence, c.discreet, c.protected, c.marks, k.capacity, k.kind, k.confidentiality FROM case_record c JOIN compartment k ON k.id = c.compartment ORDER BY 1, 2',
    "SELECT p.source, p.key, p.variant, m.scheme, m.token FROM match_key m JOIN party_record p ON p.id = m.party_id ORDER BY 1, 2, 3, 4",
    "SELECT p.source, p.key, p.variant, t.field, t.term FROM search_term t JOIN party_record p ON p.id = t.party_id ORDER BY 1, 2, 3, 4, 5",
    "SELECT c.source, c.case_id, w.bag_id, w.address FROM case_place w LEFT JOIN case_record c ON c.id = w.case_id ORDER BY 1, 2, 3, 4",
    'SELECT id, compartments, open, "full", summary, existence, outside FROM entry ORDER BY 1',
    "SELECT id, kind, merged_into, retired_at IS NULL, non_disclosure, marks FROM relation ORDER BY 1",
)


async def computed_columns(store: Store) -> list[list[tuple[Any, ...]]]:
    """All that is computed, by names that do not depend on the order in which it was stored."""
    return [[tuple(row) for row in await store.driver.fetch(statement)] for statement in _COMPUTED]


def bare_source(name: str, identity: Literal["full", "leaf"] = "full") -> SourceConfig:
    """A source that is never asked anything."""
    return SourceConfig(
        name=name,
        path=Path(f"{name}.toml"),
        adapter="rest_json",
        base_url="http://127.0.0.1:9",
        organisation="Gemeente Voorbeeld",
        organisation_rsin="002564440",
        controller="College van B en W",
        identity=identity,
        auth=NoAuth(kind="none"),
    )


class _Silent:
    """What is known of an adapter that nobody asks anything."""

    capacities = frozenset(CAPACITIES)
    tells_non_disclosure = True


def as_service(url: str) -> str:
    """The same database as the service uses it: with a user of its own, who can't change the log. Nobody's else's URL is changed."""
    return re.sub(r"//postgres:[^@]{20,}@", "//relhub_service:service@", url)


def bare_hub(database_url: str, *sources: SourceConfig) -> Hub:
    """A hub whose sources are never asked anything."""
    configs = {source.name: source for source in sources}
    access = Access(load_access_rules(DEMO / "access-rules.toml"), configs, {name: frozenset(CAPACITIES) for name in configs})
    return Hub(
        Database(as_service(database_url)),
        configs,
        dict.fromkeys(configs, cast(Adapter, _Silent())),
        access,
        Sealer(KEYS),
        AsyncExitStack(),
    )


def with_activity(hub: Hub, activity_id: str, **changes: Any) -> Hub:
    """The same hub with another access rule; `hub` itself stays as it is."""
    rules = hub.access.rules
    activity = replace(rules.activities[activity_id], **changes)
    changed = replace(rules, activities={**rules.activities, activity_id: activity})
    return replace(hub, access=Access(changed, hub.sources, {name: adapter.capacities for name, adapter in hub.adapters.items()}))


def seeing(hub: Hub, level: Level, activity_id: str = "answering-questions", /, **levels: Level) -> Hub:
    """The same hub where that activity sees every capacity at this level, but for those that are named."""
    openings = tuple(Opening(levels.get(capacity, level), frozenset({capacity}), confidentiality="zeer_geheim") for capacity in CAPACITIES)
    return with_activity(hub, activity_id, openings=openings)


def write_sources(directory: Path, urls: Mapping[str, str]) -> Path:
    """The demo's source files for a town at these addresses."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, url in urls.items():
        (directory / f"{name}.toml").write_text((DEMO / "sources" / f"{name}.toml").read_text().replace("{base_url}", url))
    return directory


def settings_for(database_url: str, sources_dir: Path) -> Settings:
    """The demo's settings on this database."""
    return Settings.load(
        database_url=as_service(database_url),
        database_owner_url=database_url,
        sources_dir=sources_dir,
        access_rules=DEMO / "access-rules.toml",
        alerts=DEMO / "alerts.toml",
        consumers=DEMO / "consumers.toml",
        keys_file=DEMO / "keys.toml",
        subscribers="afnemer.voorbeeld.example, http://127.0.0.1:*",
        subscriber_networks="127.0.0.0/8",
    )


CONSUMERS = {name: agreed.consumer for name, agreed in load_consumers(DEMO / "consumers.toml").by_name.items()}


def asked(consumer: str, activity: str, occasion: str = "none", department: str = "") -> Asked:
    """A question by one of the demo's consumers."""
    who = CONSUMERS[consumer]
    return Asked(replace(who, department=department) if department else who, "official-1", activity, occasion, "trace", datetime.now(UTC))


def by_permits(occasion: str = "case:permits/V-2026-00001") -> Asked:
    return asked("permits-desk", "permit-handling", occasion)


def by_enforcement(occasion: str = "case:enforcement/HH-2026-00001") -> Asked:
    return asked("enforcement-desk", "enforcement-handling", occasion)


def by_projects(occasion: str = "case:projects/PRJ-0001") -> Asked:
    return asked("project-office", "project-stakeholders", occasion)


def headers_of(question: Asked) -> dict[str, str]:
    """The same question as headers of a request."""
    return {
        "Authorization": f"Bearer demo-{question.consumer.name}",
        "X-Processing-Activity": question.activity,
        "X-Occasion": question.occasion,
        "X-Official": question.official,
    }


async def rows(hub: Hub, statement: str, *values: Any) -> list[Any]:
    """What the database has."""
    async with hub.database.begin() as store:
        return await store.driver.fetch(statement, *values)


def by_contact_centre() -> Asked:
    return asked("contact-centre", "answering-questions")
