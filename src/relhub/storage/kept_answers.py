"""kept_answer: what was answered (sealed) to a request with an Idempotency-Key, so that the same request gets the same answer."""

from datetime import datetime

from relhub.storage.database import Store
from relhub.storage.sealed_columns import about_answer
from relhub.storage.sealing import Sealer


async def claim_key(
    store: Store, sealer: Sealer, consumer: str, key: bytes, request: bytes, at: datetime, forgotten: datetime
) -> tuple[bytes, bytes] | None:
    """None when the key is new to this consumer, or was last used before `forgotten`; it is then taken for this request.

    Otherwise (request, answer) of the first time. Waits while another transaction has the key.
    """
    taken = await store.driver.fetchval(
        """
        INSERT INTO kept_answer (consumer, key, request, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (consumer, key) DO UPDATE SET request = excluded.request, at = excluded.at, answer = NULL WHERE kept_answer.at < $5
        RETURNING true
        """,
        consumer, key, request, at, forgotten,
    )  # fmt: skip
    if taken:
        return None
    row = await store.driver.fetchrow("SELECT request, answer FROM kept_answer WHERE consumer = $1 AND key = $2", consumer, key)
    return row["request"], sealer.open(row["answer"], about_answer(consumer, key))


async def keep_answer(store: Store, sealer: Sealer, consumer: str, key: bytes, answer: bytes) -> None:
    """The answer to the request that claimed the key, in the same transaction."""
    sealed = sealer.seal(answer, about_answer(consumer, key))
    await store.driver.execute("UPDATE kept_answer SET answer = $3 WHERE consumer = $1 AND key = $2", consumer, key, sealed)


async def forget_answers(store: Store, before: datetime) -> None:
    """Those of requests before."""
    await store.driver.execute("DELETE FROM kept_answer WHERE at < $1", before)
