"""Who is the face of the organisation to a relation, described for the OpenAPI document."""

from datetime import date, datetime
from typing import Final

from pydantic import Field

from relhub.api.answer_cases import Capacity
from relhub.api.answer_party import Described

MANAGER_ID: Final = r"^mgr_[0-9a-f]{32}$"


class Away(Described):
    """That an official is away (afwezig), or will be. Why is not known here."""

    from_: date = Field(alias="from", title="Van", description="The first day.")
    until: date | None = Field(default=None, title="Tot en met", description="The last day; absent when it is not known.")


class TakesOver(Described):
    """Who deals with things meanwhile (vervanger)."""

    account: str = Field(title="Medewerker", description="The account, to ask or hand something over to.", examples=["a.smit"])
    name: str = Field(title="Naam", description="The name.")
    department: str | None = Field(default=None, title="Afdeling", description="The department.")
    phone: str | None = Field(default=None, title="Telefoonnummer", description="The phone at work.")
    email: str | None = Field(default=None, title="E-mailadres", description="The e-mail address at work.")


class Reach(TakesOver):
    """Who is it, and how to reach them."""

    account: str = Field(title="Medewerker", description="The account, to ask or hand something over to.", examples=["a.smit"])
    name: str | None = Field(default=None, title="Naam", description="The name, when the directory has it.")  # type: ignore[assignment]
    away: Away | None = Field(default=None, title="Afwezig", description="There while they are away, or when they will be.")
    left: date | None = Field(default=None, title="Vertrokken", description="The last day that they were there, when they have left.")
    takes_over: TakesOver | None = Field(
        default=None, title="Vervanger", description="Who takes over, of those who are there today; absent when nobody is named."
    )


class SaidBy(Described):
    """Who said so, and why."""

    department: str | None = Field(default=None, title="Afdeling", description="The department.", examples=["Relatiebeheer"])
    official: str | None = Field(default=None, title="Medewerker", description="The account of the official.")
    text: str | None = Field(default=None, title="Reden", description="Why, in words; from level `summary` on.")


class Manager(Reach):
    """A relation manager (relatiebeheerder): the face of the organisation to the relation, or to it in one capacity."""

    id: str = Field(title="Nummer", description="The id, which is also the tag that a change names (`If-Match`).", pattern=MANAGER_ID)
    capacity: Capacity | None = Field(
        default=None, title="Hoedanigheid", description="In which capacity; absent of who is it for the whole relation."
    )
    department: str = Field(title="Afdeling", description="The department.", examples=["Relatiebeheer"])
    now: bool = Field(title="Nu", description="Whether they are it now.")
    from_: datetime = Field(alias="from", title="Van", description="Since when (UTC).")
    set_by: SaidBy = Field(title="Ingesteld door", description="Who said that they are it.")
    until: datetime | None = Field(default=None, title="Tot", description="Until when (UTC), of who no longer is it.")
    ended_by: SaidBy | None = Field(default=None, title="Beëindigd door", description="Who said that they no longer are it.")


class ManagerResults(Described):
    """A page of relation managers (relatiebeheerders)."""

    results: list[Manager] = Field(title="Relatiebeheerders", description="Who is it now, then who was, the last first.")
    next: str | None = Field(default=None, title="Volgende", description="The cursor of the next page; null on the last.")
