"""Subscriptions and what could not be delivered, described for the OpenAPI document."""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from relhub.api.answer_events import CloudEvent, EventType
from relhub.api.answer_party import RELATION_ID, Described

SUBSCRIPTION_ID: Final = r"^sub_[0-9a-f]{32}$"


class Subscription(Described):
    """What an application is told of (abonnement), and where."""

    id: str = Field(title="Abonnement", description="The id.", pattern=SUBSCRIPTION_ID, examples=["sub_8e03978e40d543ddbc936894a57f9324"])
    state: Literal["unverified", "active", "paused"] = Field(
        title="Toestand",
        description="`unverified` (onbevestigd): the challenge was not answered yet. `active` (actief). `paused` (gepauzeerd): nothing is told until that ends.",
    )
    callback: str = Field(title="Afleveradres", description="Where it is told.", json_schema_extra={"format": "uri"})
    relation: str | None = Field(
        default=None, title="Relatienummer", description="Only changes of this relation, by whatever id it goes.", pattern=RELATION_ID
    )
    place: str | None = Field(
        default=None, title="BAG-identificatie", description="Only cases at this place (plek), as far as they may be found there."
    )
    case_kind: str | None = Field(default=None, title="Zaaksoort", description="Only changes by cases of this kind.")
    project: str | None = Field(default=None, title="Project", description="Only this project, and those who are in it.")
    types: list[EventType] | None = Field(default=None, title="Soorten gebeurtenis", description="Only events of these types.")
    created_at: datetime = Field(title="Gemaakt op", description="When it was made (UTC).")
    expires_at: datetime | None = Field(
        title="Verloopt op",
        description="Until when it is told anything (verlopen), unless it is renewed: of one that was made with an official's own token; null when it does not end (UTC).",
    )
    former_secret_until: datetime | None = Field(
        title="Vorig geheim tot",
        description="Until when deliveries are signed with the secret of before as well; null when they are not (UTC).",
    )
    version: int = Field(title="Versie", description="How often it was changed, and once for how it began.", ge=1)


class SubscriptionWithSecret(Subscription):
    """The same, with its secret: shown this once."""

    secret: str = Field(
        title="Geheim",
        description="With which deliveries are signed (Standard Webhooks). Shown once: keep it as a password.",
        pattern=r"^whsec_[A-Za-z0-9+/=]{44}$",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA="],
    )


class SubscriptionResults(Described):
    """A page of subscriptions."""

    results: list[Subscription] = Field(title="Abonnementen", description="The subscriptions, by id.")
    next: str | None = Field(title="Volgende", description="The cursor of the next page; null on the last.")


class Delivery(Described):
    """An event that could not be delivered (aflevering): it waits, or is held."""

    state: Literal["waiting", "held"] = Field(
        title="Toestand",
        description="`waiting` (wacht): it is tried again, or comes behind one that is. `held` (vastgehouden): not any more, after three days; see `cursor`.",
    )
    event: CloudEvent = Field(title="Gebeurtenis", description="What was to be told.")
    attempts: int = Field(title="Pogingen", description="How often it was tried.", ge=0)
    first_at: datetime = Field(title="Eerste poging", description="When it was first tried, or came behind another (UTC).")
    next_at: datetime | None = Field(title="Volgende poging", description="From when on it is tried again; null when it is held (UTC).")
    reason: str | None = Field(title="Reden", description="Why it failed when it was last tried, in words.", examples=["answered 500"])
    cursor: str = Field(title="Cursor", description="To have this one and all after it told again: `POST …/_replay`.")


class Deliveries(Described):
    """How telling a subscriber goes (afleveringen)."""

    last_told_at: datetime | None = Field(title="Laatst verteld", description="When something was last delivered (UTC).")
    failing_since: datetime | None = Field(title="Mislukt sinds", description="Since when nothing could be; null when it goes well (UTC).")
    trouble: str | None = Field(title="Reden", description="Why not, in words.", examples=["did not answer in time"])
    missed_at: datetime | None = Field(
        title="Gemist",
        description="When it turned out that events are no longer kept that were not told: read again what you follow. Null when there are none (UTC).",
    )
    results: list[Delivery] = Field(title="Afleveringen", description="Those that wait or are held, in the order of their events.")
    next: str | None = Field(title="Volgende", description="The cursor of the next page; null on the last.")
