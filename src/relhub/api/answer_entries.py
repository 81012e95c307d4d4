"""What officials record here, described for the OpenAPI document."""

from datetime import date, datetime
from typing import Any, Final, Literal

from pydantic import Field

from relhub.api.answer_cases import Capacity
from relhub.api.answer_party import Described

CONTACT_ID: Final = r"^con_[0-9a-f]{32}$"
TASK_ID: Final = r"^tsk_[0-9a-f]{32}$"
COMMITMENT_ID: Final = r"^com_[0-9a-f]{32}$"
CHANNELS: Final = (
    "telephone (telefoon), desk (balie), email (e-mail), letter (brief), chat, visit (huisbezoek), portal (portaal), other (anders)."
)
STATE: Final = (
    "Of a contact moment `recorded` (vastgelegd). Of a task `asked` (gevraagd), `accepted` (aangenomen), `answered` (beantwoord), `closed` (afgesloten). "
    "Of a commitment `promised` (toegezegd), `kept` (nagekomen), `broken` (niet nagekomen). Of both `withdrawn` (ingetrokken)."
)


class AssignedTo(Described):
    """Who deals with it (behandelaar)."""

    department: str | None = Field(default=None, title="Afdeling", description="The department.", examples=["Vergunningen"])
    official: str | None = Field(
        default=None, title="Medewerker", description="The account of the official; absent as long as nobody took it."
    )
    via: str | None = Field(
        default=None, title="Via", description="`coordinator`: it was asked through the coordinator, and it is not told of whom."
    )


class EntryStep(Described):
    """A step (stap) in how it went on."""

    step: str = Field(
        title="Stap",
        description=(
            "recorded (vastgelegd), corrected (gecorrigeerd), identified (geïdentificeerd), accepted (aangenomen), answered (beantwoord), remarked "
            "(opgemerkt), handed-over (overgedragen), closed (afgesloten), withdrawn (ingetrokken), kept (nagekomen), broken (niet nagekomen), moved (verzet)."
        ),
        examples=["answered"],
    )
    at: datetime = Field(title="Tijdstip", description="When (UTC).")
    department: str | None = Field(default=None, title="Afdeling", description="By which department.", examples=["Handhaving"])
    official: str | None = Field(
        default=None, title="Medewerker", description="By which official; absent when the application asked in its own name."
    )
    via: str | None = Field(default=None, title="Via", description="`coordinator`: by whoever was asked through the coordinator.")
    text: str | None = Field(default=None, title="Tekst", description="What was answered or remarked, or why.")
    before: dict[str, Any] | None = Field(default=None, title="Hiervoor", description="What it said before this step changed it.")


class EntryItem(Described):
    """An entry (vastlegging) as far as its level allows."""

    level: Literal["full", "summary", "existence"] = Field(
        title="Niveau",
        description="How much of it is shown; at `existence` no more than that the department has dealings with the relation.",
    )
    capacity: Capacity = Field(title="Hoedanigheid", description="In which capacity government meets the party in it.")
    department: str | None = Field(
        default=None, title="Afdeling", description="The department that recorded it.", examples=["Klantcontact"]
    )
    official: str | None = Field(default=None, title="Medewerker", description="The account of the official who recorded it.")
    id: str | None = Field(default=None, title="Nummer", description="From `summary` on: the id.", pattern=r"^(con|tsk|com)_[0-9a-f]{32}$")
    at: datetime | None = Field(default=None, title="Tijdstip", description="When it was (UTC).")
    state: str | None = Field(default=None, title="Stand", description=STATE, examples=["asked"])
    channel: str | None = Field(default=None, title="Kanaal", description=f"Of a contact moment: {CHANNELS}")
    direction: str | None = Field(
        default=None, title="Richting", description="Of a contact moment: `inbound` (inkomend) or `outbound` (uitgaand)."
    )
    kind: str | None = Field(default=None, title="Soort", description="Of a task: `question` (vraag) or `task` (taak).")
    subject: str | None = Field(default=None, title="Onderwerp", description="What it is about, in a line.")
    text: str | None = Field(default=None, title="Tekst", description="In full: what was said, asked or promised.")
    outcome: str | None = Field(default=None, title="Uitkomst", description="Of a contact moment, in full: what came of it.")
    spoken_with: dict[str, str] | None = Field(
        default=None,
        title="Gesproken met",
        description="Of a contact moment, in full: who spoke for the relation (gemachtigde), and on which ground.",
    )
    contact_moment: str | None = Field(
        default=None, title="Klantcontact", description="Of a commitment: the contact moment in which it was made."
    )
    due: date | None = Field(default=None, title="Uiterlijk", description="By which day it has to be done.")
    cases: list[str] | None = Field(
        default=None, title="Zaken", description="The cases that it is about, by their `ref`.", examples=[["permits/V-2026-00001"]]
    )
    assigned_to: AssignedTo | None = Field(default=None, title="Behandelaar", description="Of a task or commitment: who deals with it.")
    confidentiality: str | None = Field(
        default=None, title="Vertrouwelijkheid", description="In full: vertrouwelijkheidaanduiding.", examples=["zaakvertrouwelijk"]
    )
    opens: bool | None = Field(
        default=None,
        title="Geeft aanleiding",
        description="True when the answer is an occasion for who asked: `X-Occasion: question:{id}`, for thirty days.",
    )
    version: int | None = Field(default=None, title="Versie", description="How often it was changed, and once for how it began.")


class ListedEntry(EntryItem):
    """An entry (vastlegging) in a list of a department."""

    relation: str | None = Field(
        default=None, title="Relatienummer", description="The relation now; empty when it is not known whom it was with."
    )


class Entry(ListedEntry):
    """An entry (vastlegging), whole, for the departments that are in it."""

    thread: list[EntryStep] = Field(title="Verloop", description="How it went on, in order.")


class EntrySection(Described):
    """Entries (vastleggingen) in a view."""

    next: str | None = Field(
        default=None, title="Volgende", description="The cursor to go on with in the list of the relation; null when these are all."
    )
    items: list[EntryItem] = Field(title="Vastleggingen", description="The entries, the last first.")


class EntryResults(Described):
    """A page of entries of a relation."""

    results: list[EntryItem] = Field(title="Vastleggingen", description="The entries, the last first.")
    next: str | None = Field(default=None, title="Volgende", description="The cursor of the next page; null on the last.")


class ListedEntryResults(Described):
    """A page of entries of a department."""

    results: list[ListedEntry] = Field(
        title="Vastleggingen", description="The entries: what is due first goes first; of contacts the last."
    )
    next: str | None = Field(default=None, title="Volgende", description="The cursor of the next page; null on the last.")
