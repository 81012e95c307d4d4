"""Who a relation is, described for the OpenAPI document."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

RELATION_ID = r"^rel_[0-9A-HJKMNP-TV-Z]{26}$"


class Described(BaseModel):
    """Describes an answer; never filled. The English name is the contract (docs/glossary.md), `title` gives the Dutch one."""

    model_config = ConfigDict(alias_generator=to_camel)


class PartyName(Described):
    """A name, split as the registers split it as far as a source does so."""

    display: str = Field(title="Weergavenaam", description="The name as one writes it.", examples=["J. van den Berg"])
    given_names: str | None = Field(default=None, title="Voornamen", description="Given names.")
    initials: str | None = Field(default=None, title="Voorletters", description="Initials.", examples=["J."])
    prefix: str | None = Field(default=None, title="Voorvoegsel", description="Prefix of the family name.", examples=["van den"])
    family_name: str | None = Field(default=None, title="Geslachtsnaam", description="Family name.", examples=["Berg"])
    partner_prefix: str | None = Field(default=None, title="Voorvoegsel partner", description="Prefix of the partner's name.")
    partner_family_name: str | None = Field(default=None, title="Geslachtsnaam partner", description="The partner's family name.")
    other_names: list[str] | None = Field(
        default=None, title="Andere namen", description="Of an organisation: other names, trade names (handelsnamen) among them."
    )


class Birth(Described):
    """A date of birth, no more precise than the source says it."""

    value: str = Field(title="Geboortedatum", description="yyyy, yyyy-mm or yyyy-mm-dd.", examples=["1980-02"])
    precision: Literal["year", "month", "day"] = Field(title="Nauwkeurigheid", description="How precise the value is.")


class ShownNumber(Described):
    """An official number (identificatienummer) as your application may see it."""

    scheme: str = Field(
        title="Soort nummer",
        description="bsn, rsin, kvk, vestiging, oin, a_number, or `own:{source}` for a source's own number (bronsleutel).",
        examples=["bsn"],
    )
    masked: str | None = Field(
        default=None,
        title="Gemaskeerd nummer",
        description="Of a number of a person only the end, enough to compare with: in full it is for activities with the field group `identifiers`.",
        examples=["******653"],
    )
    value: str | None = Field(
        default=None,
        title="Nummer",
        description="In full: a number that is public, or, with the field group `identifiers`, a number of a person.",
    )


class PostalAddress(Described):
    """An address (adres) with its function."""

    function: Literal["residence", "visiting", "postal"] | None = Field(
        default=None, title="Functie", description="residence (woonadres), visiting (bezoekadres) or postal (postadres)."
    )
    street: str | None = Field(default=None, title="Straat", description="Street (openbare ruimte).")
    house_number: str | None = Field(
        default=None, title="Huisnummer", description="House number with its letter and addition.", examples=["12A"]
    )
    postal_code: str | None = Field(default=None, title="Postcode", description="Postal code.", examples=["3701AC"])
    city: str | None = Field(default=None, title="Woonplaats", description="City.")
    country: str | None = Field(default=None, title="Land", description="ISO 3166-1, two letters.", examples=["NL"])
    bag_id: str | None = Field(default=None, title="BAG-nummeraanduiding", description="Identification in the BAG, 16 digits.")


class ContactPerson(Described):
    """Someone who acts for an organisation in a function (contactpersoon)."""

    name: PartyName | None = Field(default=None, title="Naam", description="The name.")
    function: str | None = Field(default=None, title="Functie", description="In which function; empty when unknown.")
    phones: list[str] | None = Field(default=None, title="Telefoonnummers", description="Phone numbers.")
    emails: list[str] | None = Field(default=None, title="E-mailadressen", description="E-mail addresses.")


class PartyPart(Described):
    """Who the relation is (partij): one value per attribute, chosen from the records that your application may see."""

    name: PartyName | None = Field(default=None, title="Naam", description="The name that the most trusted source gives.")
    birth: Birth | None = Field(default=None, title="Geboorte", description="Of a person: the date of birth.")
    legal_form: str | None = Field(default=None, title="Rechtsvorm", description="Of an organisation: the legal form.", examples=["BV"])
    identifiers: list[ShownNumber] | None = Field(
        default=None, title="Nummers", description="Official numbers; those of people masked without the field group `identifiers`."
    )
    addresses: list[PostalAddress] | None = Field(
        default=None,
        title="Adressen",
        description="The best address of each function; absent without the field group `contact-details`, and with non-disclosure.",
    )
    phones: list[str] | None = Field(
        default=None, title="Telefoonnummers", description="Phone numbers, the most trusted first; absent as the addresses are."
    )
    emails: list[str] | None = Field(
        default=None, title="E-mailadressen", description="E-mail addresses, the most trusted first; absent as the addresses are."
    )
    flags: list[str] | None = Field(
        default=None,
        title="Aanduidingen",
        description=(
            "deceased (overleden), shielded (afgeschermd), dissolved (opgeheven), bankrupt (failliet); contested (betwist: the one it is about says that not all of "
            "this is of one party); and, for activities that may use it all the same, restriction (beperking) and objection (bezwaar)."
        ),
    )
    non_disclosure: bool | None = Field(
        default=None,
        title="Geheimhouding",
        description="True when any source says that address and contact details may not be given to others.",
    )
    linked_by: list[str] | None = Field(
        default=None,
        title="Gekoppeld op",
        description=(
            "What the visible records behind this have in common, strongest first: schemes of official numbers, or name and "
            "birth date. Empty when it is one record."
        ),
        examples=[["bsn"]],
    )
    contact_persons: list[ContactPerson] | None = Field(
        default=None, title="Contactpersonen", description="Who acts for the organisation; absent as the addresses are."
    )
