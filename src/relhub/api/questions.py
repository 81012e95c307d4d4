"""What can be asked, as the bodies of requests. Strict: nothing unknown, nothing unbounded, nothing unprintable."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.alias_generators import to_camel

from relhub.api.answer_party import RELATION_ID
from relhub.services.asked import Reference, SearchQuery

SOURCE = r"^[a-z][a-z0-9-]{0,39}$"


def _calendar_date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("must be a date that exists, as yyyy-mm-dd") from None


PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]*$"  # no control characters
SourceName = Annotated[
    str,
    Field(pattern=SOURCE, max_length=40, title="Bron", description="The name of a source, as in `GET /sources`.", examples=["permits"]),
]


def _without_defaults(schema: dict[str, Any]) -> None:
    """An empty text stands for "not given" in here only; it is not what one may send."""
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


def bounded(schema: dict[str, Any], **bounds: object) -> None:
    _without_defaults(schema)
    schema.update(bounds)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, json_schema_extra=_without_defaults)


class OfficialNumber(Strict):
    """An official number (identificatienummer) with its scheme: the digits alone don't tell a BSN from an RSIN."""

    scheme: Literal["bsn", "rsin", "kvk", "vestiging", "oin", "a_number"] = Field(
        title="Soort nummer",
        description=(
            "`bsn` (burgerservicenummer), `rsin`, `kvk` (KVK-nummer), `vestiging` (`KVK-nummer/vestigingsnummer`), `oin`, "
            "`a_number` (A-nummer)."
        ),
    )
    value: Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)] = Field(
        title="Nummer",
        description="The number as typed; leading zeros may be missing. It is never logged, and never repeated in an answer or an error.",
    )


class SourceRecordKey(Strict):
    """What a source calls a party: its own number (bronsleutel), never an official one."""

    source: SourceName
    key: Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)] = Field(
        title="Bronsleutel", description="The source's own number of the party.", examples=["P-00012"]
    )


class LookupBody(Strict):
    """What you know a relation by. Exactly one of the three."""

    model_config = ConfigDict(json_schema_extra=lambda schema: bounded(schema, minProperties=1, maxProperties=1))

    case: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}/[!-.0-~][^\x00-\x1f\x7f-\x9f]{0,199}$", max_length=250)] = Field(
        default="",
        title="Zaak",
        description=(
            "A case (zaak) as `{source}/{case number}`, the same as `ref` in answers. The answer is about its applicant or, "
            "without an applicant, its main party; the others are in `otherParties`."
        ),
        examples=["permits/V-2026-00001"],
    )
    identifier: OfficialNumber = Field(default=None, title="Officieel nummer", description=("An official number."))  # type: ignore[assignment]  # absent, never null
    record: SourceRecordKey = Field(default=None, title="Bronregistratie", description=("The record of a party in a source."))  # type: ignore[assignment]

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"must have exactly one of: {', '.join(sorted(type(self).model_fields))}")
        return self

    def reference(self) -> Reference:
        if self.case:
            source, _, case_id = self.case.partition("/")
            return Reference(case=(source, case_id))
        if self.identifier:
            return Reference(identifier=(self.identifier.scheme, self.identifier.value))
        return Reference(record=(self.record.source, self.record.key))


class BatchReference(LookupBody):
    """What you know a relation by. Exactly one of the four."""

    relation: Annotated[str, Field(pattern=RELATION_ID)] = Field(
        default="", title="Relatienummer", description="The id of a relation, as answers give it."
    )

    def reference(self) -> Reference:
        return Reference(relation=self.relation) if self.relation else super().reference()


class BatchBody(Strict):
    """The relations of a list screen."""

    references: Annotated[list[BatchReference], Field(min_length=1, max_length=100)] = Field(
        title="Verwijzingen", description="What you know each relation by; at most 100."
    )


class SearchBody(Strict):
    """Facts that the one you look for has to meet.

    At least two of name, date of birth, address (postal code, with or without house number), e-mail address and phone number.
    """

    model_config = ConfigDict(
        json_schema_extra=lambda schema: bounded(schema, minProperties=2, dependentRequired={"houseNumber": ["postalCode"]})
    )

    name: Annotated[str, Field(min_length=2, max_length=200, pattern=PRINTABLE)] = Field(
        default="",
        title="Naam",
        description=(
            "Family name of a person (geslachtsnaam), with or without given names, or a name of an organisation. Capitals and"
            " accents don't matter."
        ),
        examples=["Van den Berg"],
    )
    birth_date: Annotated[
        str,
        Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
        AfterValidator(_calendar_date),
        WithJsonSchema(
            {"type": "string", "format": "date", "title": "Geboortedatum", "description": "Date of birth.", "examples": ["1980-02-17"]}
        ),
    ] = ""
    postal_code: Annotated[str, Field(pattern=r"^[1-9][0-9]{3} ?[A-Za-z]{2}$")] = Field(
        default="", title="Postcode", description="Postal code.", examples=["3701 AC"]
    )
    house_number: Annotated[str, Field(min_length=1, max_length=20, pattern=PRINTABLE)] = Field(
        default="", title="Huisnummer", description="House number, with its letter and addition.", examples=["12A"]
    )
    email: Annotated[str, Field(min_length=3, max_length=254, pattern=r"^[^\x00-\x20\x7f-\xa0]+@[^\x00-\x20\x7f-\xa0]+$")] = Field(
        default="", title="E-mailadres", description="An e-mail address, whole.", examples=["info@voorbeeld.example"]
    )
    phone: Annotated[str, Field(pattern=r"^\+?[0-9][0-9 ()-]{5,24}$")] = Field(
        default="", title="Telefoonnummer", description="A phone number, whole; written in any of the usual ways.", examples=["030-1234567"]
    )
    kind: Literal["person", "organisation", "branch", "contact_person"] = Field(
        default="",  # type: ignore[arg-type]  # absent, never null
        title="Soort partij",
        description="Only relations of this kind. Narrows what is found and counts as no fact.",
    )

    @model_validator(mode="after")
    def _two_facts(self) -> Self:
        if len(self.model_fields_set - {"kind", "house_number"}) < 2:
            raise ValueError("must have at least two of: name, birthDate, postalCode (with or without houseNumber), email, phone")
        if self.house_number and not self.postal_code:
            raise ValueError("must have postalCode when it has houseNumber")
        return self

    def query(self) -> SearchQuery:
        return SearchQuery(self.name, self.birth_date, self.postal_code, self.house_number, self.email, self.phone, self.kind)


class PullBody(Strict):
    """How a source is to be pulled."""

    accept_loss: bool = Field(
        default=False,
        strict=True,
        title="Verlies aanvaarden",
        description=(
            "Accept that the source has lost more cases than its file expects (`expect.max_loss`): they are then gone here too. Only after "
            "a pull was refused for that, and you know that it is right."
        ),
    )
