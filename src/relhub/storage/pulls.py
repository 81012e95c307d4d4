"""pull: each time that a source is pulled. At most one of a source is open (waiting or running); the database sees to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relhub.errors import PullLost
from relhub.storage.database import Store


@dataclass(frozen=True, slots=True)
class Pull:
    """One row. `attempt`: how many processes have taken it; only what the last of them writes counts."""

    id: str
    source: str
    state: str
    asked_by: str
    asked_at: datetime
    scheduled_for: datetime | None
    accept_loss: bool
    started_at: datetime | None
    ended_at: datetime | None
    attempt: int
    documents: int
    changed: int
    quarantined: int
    gone: int
    seen: int
    expected: int | None
    error: str


_COLUMNS = ", ".join(Pull.__dataclass_fields__)
_OPEN = "state IN ('waiting', 'running')"
_NEXT_ID = "$1 || '-' || (SELECT coalesce(max(substring(id from '[0-9]+$')::bigint), 0) + 1 FROM pull WHERE source = $1)"


async def ask(store: Store, source: str, asked_by: str, at: datetime, *, accept_loss: bool) -> Pull:
    """The open pull of this source: a new one, unless there is one already."""
    while True:
        await store.driver.execute(
            f"""
            INSERT INTO pull (id, source, state, asked_by, asked_at, accept_loss) VALUES ({_NEXT_ID}, $1, 'waiting', $2, $3, $4)
            ON CONFLICT DO NOTHING
            """,
            source, asked_by, at, accept_loss,
        )  # fmt: skip
        row = await store.driver.fetchrow(f"SELECT {_COLUMNS} FROM pull WHERE source = $1 AND {_OPEN} FOR SHARE", source)
        if row:  # otherwise the one that stood in the way has just ended
            return _pull(row)


async def ask_scheduled(store: Store, source: str, moment: datetime, at: datetime) -> None:
    """A pull for this moment, once, whichever process asks first; none when the source was tried or pulled since."""
    await store.driver.execute(
        f"""
        INSERT INTO pull (id, source, state, asked_by, asked_at, scheduled_for) SELECT {_NEXT_ID}, $1, 'waiting', 'schedule', $2, $3
        WHERE NOT EXISTS (SELECT FROM source_state WHERE source = $1 AND last_attempt_at >= $3)
        AND NOT EXISTS (SELECT FROM pull WHERE source = $1 AND ended_at >= $3)
        ON CONFLICT DO NOTHING
        """,
        source, at, moment,
    )  # fmt: skip


async def open_sources(store: Store) -> list[str]:
    """The sources with an open pull, the longest waiting first."""
    return [row["source"] for row in await store.driver.fetch(f"SELECT source FROM pull WHERE {_OPEN} ORDER BY asked_at")]


async def take(store: Store, source: str, at: datetime, *, accept_loss: bool = False) -> Pull | None:
    """Makes the open pull this process's own, whoever had it before; None when there is none."""
    row = await store.driver.fetchrow(
        f"""
        UPDATE pull SET state = 'running', attempt = attempt + 1, started_at = coalesce(started_at, $2), accept_loss = accept_loss OR $3
        WHERE source = $1 AND {_OPEN} RETURNING {_COLUMNS}
        """,
        source, at, accept_loss,
    )  # fmt: skip
    return _pull(row) if row else None


async def add_page(store: Store, pull: Pull, documents: int, changed: int, quarantined: int, seen: int, expected: int | None) -> None:
    """How far it is; part of the transaction of the page. Raises PullLost when another process has taken it: nothing of the page is kept."""
    _still_ours(await store.driver.execute(
        """
        UPDATE pull SET documents = documents + $3, changed = changed + $4, quarantined = quarantined + $5, seen = $6, expected = coalesce($7, expected)
        WHERE id = $1 AND attempt = $2 AND state = 'running'
        """,
        pull.id, pull.attempt, documents, changed, quarantined, seen, expected,
    ))  # fmt: skip


async def end(store: Store, pull: Pull, at: datetime, *, gone: int = 0, error: str = "") -> None:
    """It is over: done, or with an error failed. Raises PullLost."""
    _still_ours(await store.driver.execute(
        """
        UPDATE pull SET state = CASE WHEN $5 = '' THEN 'done' ELSE 'failed' END, ended_at = $3, gone = $4, error = $5
        WHERE id = $1 AND attempt = $2 AND state = 'running'
        """,
        pull.id, pull.attempt, at, gone, error,
    ))  # fmt: skip


async def give_back(store: Store, pull: Pull) -> None:
    """Unfinished, for another process to go on with at once. Raises PullLost."""
    _still_ours(await store.driver.execute(
        "UPDATE pull SET state = 'waiting' WHERE id = $1 AND attempt = $2 AND state = 'running'", pull.id, pull.attempt
    ))  # fmt: skip


async def find(store: Store, source: str, id_: str) -> Pull | None:
    row = await store.driver.fetchrow(f"SELECT {_COLUMNS} FROM pull WHERE source = $1 AND id = $2", source, id_)
    return _pull(row) if row else None


async def latest(store: Store, source: str) -> Pull | None:
    """The open pull of this source, or else the last one."""
    row = await store.driver.fetchrow(f"SELECT {_COLUMNS} FROM pull WHERE source = $1 ORDER BY {_OPEN} DESC, asked_at DESC LIMIT 1", source)
    return _pull(row) if row else None


async def waiting_since(store: Store) -> datetime | None:
    """Since when the longest waiting pull has been waiting for a worker."""
    found: datetime | None = await store.driver.fetchval("SELECT min(asked_at) FROM pull WHERE state = 'waiting'")
    return found


async def forget_pulls(store: Store, before: datetime) -> None:
    """Those that ended before, but for the last of each source: ids are not given again."""
    await store.driver.execute(
        "DELETE FROM pull p WHERE ended_at < $1 AND EXISTS (SELECT FROM pull n WHERE n.source = p.source AND n.asked_at > p.asked_at)",
        before,
    )


def _still_ours(updated: str) -> None:
    if updated == "UPDATE 0":
        raise PullLost("another process has taken this pull over")


def _pull(row: Any) -> Pull:
    return Pull(**dict(row))
