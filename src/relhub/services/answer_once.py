"""A request that may be sent again (Idempotency-Key) is answered once; the same request gets the same answer for a day."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import orjson

from relhub.errors import KeyReused
from relhub.services.admit import Admitted
from relhub.services.hub import Hub
from relhub.services.schedule_pulls import KEEP_ANSWERS
from relhub.storage.database import Store
from relhub.storage.kept_answers import claim_key, keep_answer
from relhub.storage.log import add_look
from relhub.storage.sealing import Sealer


async def write_once(
    hub: Hub,
    admitted: Admitted,
    key: str,
    request: tuple[object, ...],
    write: Callable[[Store], Awaitable[bytes]],
    *,
    outcome: str,
    relation_ids: Sequence[str] = (),
    records: Callable[[bytes], list[str]] = lambda _: [],
) -> bytes:
    """What `write` answers, and its log row, in one transaction; sent again with the same key it writes nothing. Raises KeyReused (logged).

    `records`: those that an answer is about, for the log.
    """
    look = admitted.look
    async with hub.database.begin() as store:
        try:
            answer = await answer_once(store, hub.sealer, look.consumer, key, request, look.at, lambda: write(store))
        except KeyReused:
            answer = None
        await add_look(store.driver, look, "refused" if answer is None else outcome, list(relation_ids), records(answer) if answer else [])
    if answer is None:
        raise KeyReused(KEY_REUSED)
    return answer


KEY_REUSED = "Use a new key for every new request, and the same one only to send the same request again."


async def answer_once(
    store: Store, sealer: Sealer, consumer: str, key: str, request: tuple[object, ...], at: datetime, answer: Callable[[], Awaitable[bytes]]
) -> bytes:
    """What `answer` gives, or gave the first time; without a key always the former. `request`: what makes two requests the same.

    Only hashes of key and request are kept, and the answer is sealed. Raises KeyReused for another request with the same key.
    """
    if not key:
        return await answer()
    hashed, asked = hashlib.sha256(key.encode()).digest(), hashlib.sha256(orjson.dumps(request)).digest()
    before = await claim_key(store, sealer, consumer, hashed, asked, at, at - KEEP_ANSWERS)
    if before is None:
        given = await answer()
        await keep_answer(store, sealer, consumer, hashed, given)
        return given
    if before[0] != asked:
        raise KeyReused(KEY_REUSED)
    return before[1]
