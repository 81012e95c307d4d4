"""Requests of whom it is about, described for the OpenAPI document."""

from datetime import date, datetime
from typing import Final, Literal

from pydantic import Field

from relhub.api.answer_party import RELATION_ID, Described

REQUEST_ID: Final = r"^req_[0-9a-f]{32}$"
SORT: Final = (
    "`contest` (betwisting: these records are not of one party), `correction` (verbetering, which goes back to the source: terugmelding), "
    "`restriction` (beperking van de verwerking, AVG art. 18), `objection` (bezwaar, AVG art. 21)."
)
_STATE: Final = "`open`; `granted` (toegewezen), `refused` (afgewezen), `withdrawn` (ingetrokken), `ended` (beëindigd: what was granted no longer holds)."


class ContestedRecord(Described):
    """A party record (partijgegeven), as `GET /relations/{id}/source-records` names it."""

    source: str = Field(title="Bron", description="The source that says it.", examples=["permits"])
    key: str = Field(title="Bronsleutel", description="Its name there.", examples=["P-00001"])


class RequestInShort(Described):
    """A request (verzoek van betrokkene), without what it says."""

    id: str = Field(title="Verzoeknummer", description="The id of the request.", pattern=REQUEST_ID)
    sort: Literal["contest", "correction", "restriction", "objection"] = Field(title="Soort", description=SORT)
    state: Literal["open", "granted", "refused", "withdrawn", "ended"] = Field(title="Stand", description=_STATE)
    relation: str = Field(title="Relatienummer", description="The relation, as it was when the request was made.", pattern=RELATION_ID)
    record: ContestedRecord | None = Field(
        default=None, title="Partijgegeven", description="The party record that it is about, where it names one."
    )
    case: str | None = Field(
        default=None, title="Zaak", description="The case that it is about, where it names one.", examples=["permits/V-2026-00001"]
    )
    activities: list[str] | None = Field(
        default=None, title="Verwerkingen", description="Of an objection: the processing activities that it is to; empty for all."
    )
    field: str | None = Field(default=None, title="Gegeven", description="Of a correction: what is wrong.", examples=["addresses"])
    received_at: datetime = Field(title="Ontvangen", description="When it was made (UTC).")
    due_on: date = Field(
        title="Uiterlijk",
        description="The day by which it has to be answered: a month later, or three when it was extended (AVG art. 12 lid 3).",
    )
    extended: bool = Field(title="Verlengd", description="Whether it was extended.")
    decided_at: datetime | None = Field(title="Beslist", description="When it was last decided on; null when that is still to come.")


class SubjectRequest(RequestInShort):
    """A request (verzoek van betrokkene), whole."""

    words: str = Field(title="Toelichting", description="What the one it is about says. Kept sealed.")
    answer: str | None = Field(title="Antwoord", description="The answer, in words; null when there is none yet.")
    changed_since: bool | None = Field(
        default=None,
        title="Sindsdien gewijzigd",
        description="Of a correction: whether the source says otherwise now than when it was made, or has it no more.",
    )


class RequestResults(Described):
    """A page of requests."""

    results: list[RequestInShort] = Field(title="Verzoeken", description="The requests, the first due first.")
    next: str | None = Field(default=None, title="Volgende", description="The cursor of the next page; null on the last.")
