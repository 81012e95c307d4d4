"""Alerts, described for the OpenAPI document."""

from datetime import date, datetime
from typing import Final, Literal

from pydantic import Field

from relhub.api.answer_cases import Capacity
from relhub.api.answer_party import Described

ALERT_ID: Final = r"^alr_[0-9A-Z]{26}$"
_AN_ID: Final = "alr_6BZKGQH435MB3XA66EKA6TGGC5"
Rule = Literal["register-says", "commitment-due", "unanswered-contacts", "visits-meet", "case-elsewhere", "project-at-address"]
Reason = Literal["handled", "known", "not-useful", "wrong"]
REASONS: Final = "`handled` (opgepakt), `known` (was al bekend), `not-useful` (heb ik niets aan), `wrong` (klopt niet)."
_LEVEL: Final = "The lowest level at which its causes are seen"


class AlertCause(Described):
    """A record by which an alert holds (oorzaak), as far as it may be seen."""

    level: Literal["full", "summary", "existence"] = Field(title="Niveau", description="At which level it is seen.")
    capacity: Capacity | None = Field(default=None, title="Hoedanigheid", description="In which capacity government meets the party in it.")
    department: str | None = Field(
        default=None, title="Afdeling", description="The department that deals with it.", examples=["Handhaving"]
    )
    case: str | None = Field(
        default=None, title="Zaak", description="From `summary` on: the case, by its `ref`.", examples=["permits/V-2026-00001"]
    )
    entry: str | None = Field(
        default=None,
        title="Vastlegging",
        description="From `summary` on: the contact moment, task or commitment.",
        pattern=r"^(con|tsk|com)_[0-9a-f]{32}$",
    )
    source: str | None = Field(default=None, title="Bron", description="The source of a party record that says so.", examples=["permits"])
    href: str | None = Field(
        default=None,
        title="Verwijzing",
        description="In the list of alerts, from `summary` on: where to ask for it. An entry is shown to the departments that are in it.",
        json_schema_extra={"format": "uri-reference"},
    )


class Alert(Described):
    """What to know before picking up the phone (attendering): about work to be done, told by the causes that you may see."""

    level: Literal["full", "summary", "existence", "referral"] = Field(
        title="Niveau",
        description=f"{_LEVEL}; `referral` (doorverwijzing): there is something of which no more may be shown, ask through the coordinator.",
    )
    id: str | None = Field(
        default=None, title="Attendering", description="The id, by which it is dismissed.", pattern=ALERT_ID, examples=[_AN_ID]
    )
    rule: Rule | None = Field(
        default=None,
        title="Regel",
        description=(
            "`register-says` (basisregistratie meldt), `commitment-due` (toezegging loopt af), `unanswered-contacts` (herhaald contact zonder antwoord), "
            "`visits-meet` (bezoeken vallen samen), `case-elsewhere` (lopende zaak elders), `project-at-address` (project raakt het adres)."
        ),
    )
    says: str | None = Field(default=None, title="Melding", description="What it says, in a line.")
    about: Literal["deceased", "moved", "dissolved", "bankrupt"] | None = Field(
        default=None,
        title="Gebeurtenis",
        description="With `register-says`: deceased (overleden), moved (verhuisd), dissolved (opgeheven), bankrupt (failliet).",
    )
    from_: datetime | None = Field(
        default=None, alias="from", title="Van", description="From when it holds (UTC), where that is known; from `summary` on."
    )
    until: datetime | None = Field(
        default=None, title="Tot", description="Until when it holds (UTC), where that is known; from `summary` on."
    )
    why: str | None = Field(default=None, title="Waarom", description="In the list of alerts: why the rule is there.")
    causes: list[AlertCause] | None = Field(default=None, title="Oorzaken", description="The records by which it holds.")
    via: Literal["coordinator"] | None = Field(default=None, title="Via", description="With `referral`: through whom to ask.")
    ask: str | None = Field(
        default=None,
        title="Vragen aan",
        description="With `referral`: where to ask.",
        examples=["relatiecoordinator@voorbeeld.example"],
    )


class AlertSection(Described):
    """Alerts (attenderingen) in a view."""

    items: list[Alert] = Field(title="Attenderingen", description="Those that hold now, and that your department has not done with.")


class AlertResults(Described):
    """The alerts of a relation."""

    results: list[Alert] = Field(
        title="Attenderingen", description="Those that hold now, and that your department has not done with, by rule."
    )
    next: str | None = Field(default=None, title="Volgende", description="Always null: these are all.")


class AlertDismissed(Described):
    """That your department has done with an alert (afgehandelde attendering)."""

    alert: str = Field(title="Attendering", description="The alert.", pattern=ALERT_ID, examples=[_AN_ID])
    rule: Rule = Field(title="Regel", description="The rule by which it was told.")
    department: str = Field(title="Afdeling", description="The department that is not told again.", examples=["Vergunningen"])
    official: str | None = Field(default=None, title="Medewerker", description="The account of the official who said so.")
    at: datetime = Field(title="Tijdstip", description="When (UTC).")
    reason: Reason = Field(title="Reden", description=REASONS)
    text: str = Field(title="Toelichting", description="The reason in words.")
    until: date | None = Field(default=None, title="Tot en met", description="The last day on which it is not told; absent for good.")


class ExportedDismissal(Described):
    """That a department has done with it (afgehandeld)."""

    department: str = Field(title="Afdeling", description="The department.", examples=["Vergunningen"])
    at: datetime = Field(title="Tijdstip", description="When (UTC).")
    reason: Reason = Field(title="Reden", description=REASONS)
    text: str = Field(title="Toelichting", description="The reason in words.")
    until: date | None = Field(default=None, title="Tot en met", description="The last day on which it is not told; absent for good.")


class ExportedAlert(Alert):
    """What officials are told (attendering), and which departments have done with it."""

    dismissals: list[ExportedDismissal] = Field(title="Afhandelingen", description="Which departments have done with it, and why.")
