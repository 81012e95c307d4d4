"""What goes on at a place, and a project with its stakeholders, described for the OpenAPI document."""

from datetime import datetime

from pydantic import Field

from relhub.api.answer_cases import CaseItem
from relhub.api.answer_entries import EntryItem
from relhub.api.answer_managers import Reach
from relhub.api.answer_party import RELATION_ID, ContactPerson, Described
from relhub.api.answers import Kind, OtherParty, Referral, Summary, ViewSource

ABOUT = "Given of those whom the occasion involves, of entries that may be seen from `summary` on."


class PlaceCase(CaseItem):
    """A case (zaak) or project at this place, as far as `level` allows, with who is in it."""

    parties: list[OtherParty] | None = Field(
        default=None,
        title="Betrokkenen",
        description="Its parties in the order of the source, 20 at most, each with the relation that it is. From `summary` on.",
    )
    more_parties: bool | None = Field(
        default=None,
        title="Meer betrokkenen",
        description="True when there are more parties: `GET /cases/{ref}` has all, `GET /projects/{ref}` those of a project in pages.",
    )


class PlaceView(Described):
    """What your application may know of what goes on at a place (plek) now: through the cases that it may see, and through nothing else."""

    complete: bool = Field(
        title="Volledig", description="False when a source that counts here could not be asked or is behind; `sources` says which."
    )
    sources: list[ViewSource] = Field(title="Bronnen", description="What each visible source contributed.")
    summary: Summary = Field(title="Samenvatting", description="The open cases at this place that your application may see.")
    results: list[PlaceCase] = Field(title="Zaken", description="The cases and projects, the newest open ones first.")
    next: str | None = Field(default=None, title="Volgende", description="The cursor of the next page; null on the last.")
    referral: Referral | None = Field(
        default=None, title="Doorverwijzing", description="There when a colleague is involved of whom no more may be shown."
    )


class SpokenTo(Described):
    """Who of us speaks with a stakeholder (wie met wie spreekt)."""

    department: str = Field(title="Afdeling", description="The department.", examples=["Projecten"])
    official: str = Field(title="Medewerker", description="The account of the official; empty when the application asked in its own name.")
    last_at: datetime = Field(title="Laatst", description="When they last had contact about this project (UTC).")


class Stakeholder(Described):
    """Who has a part in a project (belanghebbende), as a relation."""

    relation: str = Field(title="Relatienummer", description="The id of the relation that it is, to ask for.", pattern=RELATION_ID)
    kind: Kind = Field(title="Soort partij", description="person, organisation, branch or contact_person.")
    role: str = Field(title="Rol", description="Its part in the project.", examples=["local-resident"])
    name: str | None = Field(
        default=None,
        title="Naam",
        description="Its name as the project has it. Given when the project is the occasion or seen in full, and where no occasion is needed.",
    )
    contact_persons: list[ContactPerson] | None = Field(
        default=None,
        title="Contactpersonen",
        description="Who speaks for it in this project; with its name, and with the field group `contact-details`.",
    )
    summary: Summary | None = Field(
        default=None,
        title="Samenvatting",
        description="What else we have to do with it: its open cases, this project included, as in its view. Given of those whom the occasion involves.",
    )
    contact_moments: list[EntryItem] | None = Field(
        default=None,
        title="Contactmomenten",
        description=f"{ABOUT} Contacts about this project, the last first, three at most; its view has all.",
    )
    planned: list[EntryItem] | None = Field(
        default=None,
        title="Gepland",
        description=f"{ABOUT} What is still to be done with it about this project: open tasks and commitments, due first, three at most.",
    )
    spoken_to_by: list[SpokenTo] | None = Field(
        default=None,
        title="Gesproken door",
        description=f"{ABOUT} Who of us had those contacts, the last first, three at most.",
    )
    relation_manager: Reach | None = Field(
        default=None,
        title="Relatiebeheerder",
        description="Who is its relation manager for projects, or else for the whole of it. Given of those whom the occasion involves.",
    )
    referral: Referral | None = Field(
        default=None, title="Doorverwijzing", description="There when a colleague is involved of whom no more may be shown."
    )


class ProjectView(Described):
    """A project as a set of relations (project met omgeving)."""

    project: CaseItem = Field(
        title="Het project", description="The project, as far as its level allows, with the colleagues who deal with it."
    )
    results: list[Stakeholder] = Field(title="Belanghebbenden", description="Who has a part in it, in the order of the source.")
    next: str | None = Field(default=None, title="Volgende", description="The cursor of the next page; null on the last.")
