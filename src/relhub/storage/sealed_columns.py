"""Every column that holds sealed values, and for which place each of them is sealed; and the columns of bytes that are not sealed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """`key`: the primary key of its table, with the type of each column; `about`: from these to the place that a value is sealed for."""

    table: str
    column: str
    key: tuple[tuple[str, str], ...]
    about: Callable[..., str]

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


def about_number(scheme: str) -> str:
    """An official number of this scheme."""
    return scheme


def about_document(source: str, id_: str) -> str:
    """A document of this source; in quarantine, a set of documents."""
    return f"{source}/{id_}"


def about_answer(consumer: str, key: bytes) -> str:
    """What this consumer was answered to a request with this key."""
    return f"answer/{consumer}/{key.hex()}"


def about_export(export_id: str, attempt: int, number: int) -> str:
    """A piece of what an export holds."""
    return f"export/{export_id}/{attempt}/{number}"


def about_request(part: str, id_: str) -> str:
    """What was asked (`words`) or answered (`answer`) in this request of a subject."""
    return f"subject-request/{part}/{id_}"


def about_session(id_: bytes) -> str:
    """What is known of an official who signed in on the console."""
    return f"console-session/{id_.hex()}"


def about_secret(which: str, id_: str) -> str:
    """What the deliveries of this subscription are signed with: `now`, or `former` for a while after it was replaced."""
    return f"subscription/{which}/{id_}"


def _number(_party_id: Any, scheme: str) -> str:
    return about_number(scheme)


SEALED_COLUMNS = (
    SealedColumn("party_identifier", "sealed", (("party_id", "bigint"), ("scheme", "text")), _number),
    SealedColumn("document", "sealed", (("source", "text"), ("id", "text")), about_document),
    SealedColumn("quarantine", "sealed", (("source", "text"), ("set_key", "text")), about_document),
    SealedColumn("kept_answer", "answer", (("consumer", "text"), ("key", "bytea")), about_answer),
    SealedColumn("export_part", "sealed", (("export_id", "text"), ("attempt", "integer"), ("number", "integer")), about_export),
    SealedColumn("subject_request", "words", (("id", "text"),), partial(about_request, "words")),
    SealedColumn("subject_request", "answer", (("id", "text"),), partial(about_request, "answer")),
    SealedColumn("console_session", "sealed", (("id", "bytea"),), about_session),
    SealedColumn("subscription", "secret", (("id", "text"),), partial(about_secret, "now")),
    SealedColumn("subscription", "former_secret", (("id", "text"),), partial(about_secret, "former")),
)

# A new column of bytes belongs above or here; a test asks for it.
NOT_SEALED = {
    "document.hash": "a hash of what was sent",
    "kept_answer.key": "a hash of the Idempotency-Key",
    "kept_answer.request": "a hash of the request",
    "keys_check.token": "a keyed hash",
    "api_key.digest": "a keyed hash",
    "console_session.id": "a hash of the key in the cookie",
    "log_seal.root": "a hash of what was logged",
    "log_seal.leaves": "hashes of what was logged",
    "log_seal.previous": "a hash of the seal before",
    "log_seal.mac": "what only who has the index key can make",
    "subject_request.said_hash": "a hash of what a record said",
    "purged_document.token": "a keyed hash",
    "purged_document.set_token": "a keyed hash",
    "match_key.token": "a keyed hash",
    "party_identifier.token": "a keyed hash",
    "search_term.term": "a keyed hash",
    "entry.full": "what an official recorded, as it is shown; numbers of people are refused in it",
    "entry.summary": "what an official recorded, as it is shown; numbers of people are refused in it",
    "entry.existence": "what an official recorded, as it is shown; numbers of people are refused in it",
    "entry.outside": "what an official recorded, as it is shown; numbers of people are refused in it",
    "case_record.full": "the case as it is shown, numbers of its parties masked",
    "case_record.summary": "the case as it is shown, numbers of its parties masked",
    "case_record.existence": "the case as it is shown, numbers of its parties masked",
    "case_record.discreet": "the case as it is shown, numbers of its parties masked",
}
