"""What is answered about one source and its pulls, described for the OpenAPI document."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from relhub.api.answer_party import Described
from relhub.api.answers import SourceStatus

PULL_ID = r"^[a-z][a-z0-9-]{0,39}-[0-9]{1,18}$"


class Pull(Described):
    """One time that a source is pulled (ophaalronde): from asking to its end."""

    id: str = Field(title="Ophaalronde", description="The id of this pull.", pattern=PULL_ID, examples=["permits-1"])
    source: str = Field(title="Bron", description="The source.", examples=["permits"])
    state: Literal["waiting", "running", "done", "failed"] = Field(
        title="Toestand",
        description=(
            "`waiting` (wacht): no worker is at it yet, or one stopped halfway and another goes on. `running` (bezig). "
            "`done` (klaar): all of the source was seen. `failed` (mislukt): see `error`; the next pull goes on where this one got to."
        ),
    )
    asked_by: str = Field(
        title="Gevraagd door", description="`schedule`, `command line`, or the application that asked.", examples=["schedule"]
    )
    asked_at: datetime = Field(title="Gevraagd op", description="When it was asked for (UTC).")
    scheduled_for: datetime | None = Field(
        default=None, title="Gepland voor", description="The moment of the schedule that it is for (UTC); null when it was asked for."
    )
    started_at: datetime | None = Field(default=None, title="Begonnen op", description="When a worker began (UTC).")
    ended_at: datetime | None = Field(default=None, title="Geëindigd op", description="When it was done or failed (UTC).")
    accept_loss: bool = Field(title="Verlies aanvaard", description="Whether it may lose more cases than the source's file expects.")
    seen: int = Field(title="Gezien", description="How many cases were seen so far.")
    expected: int | None = Field(
        default=None,
        title="Verwacht",
        description="How many cases the source says it has; null when it does not say, or was not asked yet.",
    )
    documents: int = Field(title="Documenten", description="How many documents (zaken, rollen, dossiers) it sent.")
    changed: int = Field(title="Gewijzigd", description="How many of them were new or had changed.")
    quarantined: int = Field(title="In quarantaine", description="How many of its records could not be read strictly.")
    gone: int = Field(title="Verdwenen", description="How many cases are no longer there.")
    error: str | None = Field(default=None, title="Fout", description="Why it failed. Holds no personal data.")


class SourceDetail(SourceStatus):
    """A source (bron), how it is doing and how far its pull is. Nothing about anyone."""

    schedule: str | None = Field(
        default=None,
        title="Rooster",
        description="When it is pulled: five cron fields, in the time of Amsterdam; up to 30 seconds later. Null: only when asked.",
        examples=["*/15 * * * *"],
    )
    lag_seconds: int | None = Field(
        default=None, title="Achterstand", description="How many seconds ago all of it was last pulled; null when never."
    )
    seen: int = Field(title="Gezien", description="How many of its cases the pull that is under way, or else the last one, has seen.")
    pull: Pull | None = Field(default=None, title="Ophaalronde", description="The pull that is under way, or else the last one.")


class QuarantinedRecord(Described):
    """A record that could not be read strictly."""

    at: datetime = Field(title="Sinds", description="When it was last tried (UTC).")
    reason: str = Field(
        title="Reden", description="What is wrong with it: places and rules, never what was sent.", examples=["status: an unknown code"]
    )


class QuarantineResults(Described):
    """A page of what is in quarantine (quarantaine)."""

    results: list[QuarantinedRecord] = Field(title="In quarantaine", description="The newest first.")
    next: str | None = Field(default=None, title="Volgende", description="The cursor of the next page; null on the last.")
