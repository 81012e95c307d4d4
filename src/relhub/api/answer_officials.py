"""Who of us deals with a relation, described for the OpenAPI document."""

from datetime import date

from pydantic import Field

from relhub.api.answer_cases import Capacity
from relhub.api.answer_managers import Away, TakesOver
from relhub.api.answer_party import Described
from relhub.api.answers import Referral


class OfficialDealing(Described):
    """A matter in which an official deals with the relation (bemoeienis)."""

    capacity: Capacity | None = Field(
        default=None, title="Hoedanigheid", description="In which capacity; absent of who is the relation manager of the whole."
    )
    part: str | None = Field(
        default=None,
        title="Rol",
        description="The part in the case as its source says it, or `recorder` (vastlegger) or `handler` (behandelaar) of a contact-moment, task or commitment, or `relation manager` (relatiebeheerder).",
        examples=["case handler"],
    )
    case: str | None = Field(
        default=None,
        title="Zaakverwijzing",
        description="The case, as `ref` elsewhere; from `summary` on.",
        examples=["permits/V-2026-00001"],
    )
    entry: str | None = Field(default=None, title="Vastlegging", description="The id of what was recorded here; from `summary` on.")
    now: bool = Field(title="Nu", description="Whether it is open; else it was over lately.")


class OfficialItem(Described):
    """A colleague who deals with the relation (medewerker), or a department of which no official is named."""

    now: bool = Field(title="Nu", description="Whether they deal with something that is open; else they did so lately.")
    name: str | None = Field(default=None, title="Naam", description="The name.")
    department: str | None = Field(default=None, title="Afdeling", description="The department.", examples=["Vergunningen"])
    roles: list[str] | None = Field(default=None, title="Functies", description="What they are, as the directory says.")
    phone: str | None = Field(default=None, title="Telefoonnummer", description="The phone at work.")
    email: str | None = Field(default=None, title="E-mailadres", description="The e-mail address at work.")
    account: str | None = Field(
        default=None, title="Medewerker", description="The account in the organisation itself, to ask or hand something over to."
    )
    linked_by: list[str] | None = Field(
        default=None,
        title="Herkend door",
        description=(
            "Why what several systems say is of one official: `account` (the directory names the account that a system has for them), "
            "`email-and-name` (one e-mail address with one family name). Never by name alone."
        ),
        examples=[["account"]],
    )
    away: Away | None = Field(default=None, title="Afwezig", description="There while they are away, or when they will be.")
    left: date | None = Field(default=None, title="Vertrokken", description="The last day that they were there, when they have left.")
    takes_over: TakesOver | None = Field(
        default=None, title="Vervanger", description="Who takes over, of those who are there today; absent when nobody is named."
    )
    dealings: list[OfficialDealing] = Field(title="Bemoeienissen", description="What they deal with: what is open first, at most twenty.")


class OfficialResults(Described):
    """A page of officials (medewerkers)."""

    results: list[OfficialItem] = Field(
        title="Medewerkers", description="Those who deal with something now first, then by department and name."
    )
    next: str | None = Field(default=None, title="Volgende", description="The cursor of the next page; null on the last.")
    referral: Referral | None = Field(
        default=None, title="Doorverwijzing", description="There when a colleague is involved of whom no more may be shown."
    )
