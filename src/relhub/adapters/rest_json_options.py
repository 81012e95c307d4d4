"""The tables of a `rest_json` source file. Unknown keys are refused."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from relhub.config.sources import SourceConfig
from relhub.config.toml import explain
from relhub.domain.record import AddressFunction
from relhub.errors import ConfigurationError

Transform = Literal["text", "amount", "date", "moment"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Value(_Strict):
    """One value: where it stands (JMESPath), what its codes mean, how it is read; or a fixed `value`."""

    from_: Annotated[str | None, Field(alias="from")] = None
    values: dict[str, str] | None = None
    as_: Annotated[Transform | None, Field(alias="as")] = None
    value: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: object) -> object:
        return {"from": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_origin(self) -> "Value":
        if (self.from_ is None) == (self.value is None):
            raise ValueError("either `from` (where it stands) or `value` (always the same) is needed")
        return self


class Pages(_Strict):
    """Where the list is and how one page leads to the next."""

    path: Annotated[str, Field(pattern=r"^/")]
    paging: Literal["none", "next_url", "link_header", "cursor", "page_number", "offset"]
    items: str = "@"
    next: str | None = None
    total: str | None = None
    total_header: str | None = None
    parameters: dict[str, str] = {}
    size: Annotated[int, Field(ge=1)] | None = None
    size_parameter: str | None = None
    cursor_parameter: str = "cursor"
    page_parameter: str = "page"
    first_page: int = 1
    offset_parameter: str = "offset"

    @model_validator(mode="after")
    def _next_where_needed(self) -> "Pages":
        if self.paging in ("next_url", "cursor") and self.next is None:
            raise ValueError(
                f"next: paging = {self.paging} needs the place of the next {'address' if self.paging == 'next_url' else 'cursor'}"
            )
        return self


class One(_Strict):
    """How one case is asked for by its id."""

    path: Annotated[str, Field(pattern=r"^/.*\{id\}")]
    item: str = "@"


class Case(_Strict):
    id: Value
    kind: Value
    capacity: Value
    phase: Value
    title: Value | None = None
    description: Value | None = None
    status: Value | None = None
    started: Value | None = None
    due: Value | None = None
    ended: Value | None = None
    department: Value | None = None
    confidentiality: Value | None = None
    retention: Value | None = None
    link: Value | None = None
    zaak_organisation: Value | None = None
    zaak_identification: Value | None = None
    modified_at: Value | None = None


class OfficialTable(_Strict):
    each: str
    part: Value
    name: Value | None = None
    department: Value | None = None
    phone: Value | None = None
    email: Value | None = None
    account: Value | None = None


class AddressTable(_Strict):
    """On one line (`line`), or in parts."""

    function: AddressFunction | None = None
    line: Value | None = None
    street: Value | None = None
    number: Value | None = None
    letter: Value | None = None
    addition: Value | None = None
    postcode: Value | None = None
    city: Value | None = None
    bag_id: Value | None = None


class PlaceTable(AddressTable):
    each: str = "@"
    label: Value | None = None
    geometry: Value | None = None


class FindingTable(_Strict):
    each: str
    sort: Literal["decision", "inspection", "sanction"]
    label: Value
    on: Value | None = None
    until: Value | None = None
    outcome: Value | None = None
    reference: Value | None = None


class LinkTable(_Strict):
    each: str
    title: Value
    link: Value


class ContactTable(_Strict):
    """Contact persons of an organisation; `each` is looked for within the party."""

    each: str
    role: str = "contact-person"
    name: Value | None = None
    given: Value | None = None
    initials: Value | None = None
    prefix: Value | None = None
    family: Value | None = None
    function: Value | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


class Flags(_Strict):
    """Each gives "yes", "no" or nothing; `values` says which code is which."""

    non_disclosure: Value | None = None
    deceased: Value | None = None
    shielded: Value | None = None
    dissolved: Value | None = None
    bankrupt: Value | None = None


class PartyTable(_Strict):
    each: str
    kind: Value
    role: Value
    own_number: Value | None = None
    acting_for: Value | None = None  # the own number of another party of the case
    bsn: Value | None = None
    a_number: Value | None = None
    rsin: Value | None = None
    kvk: Value | None = None
    oin: Value | None = None
    vestiging: Value | None = None
    name: Value | None = None  # on one line: of a person or of an organisation
    given: Value | None = None
    initials: Value | None = None
    prefix: Value | None = None
    family: Value | None = None
    partner_prefix: Value | None = None
    partner_family: Value | None = None
    organisation_names: tuple[str, ...] = ()
    legal_form: Value | None = None
    birth: Value | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    addresses: tuple[AddressTable, ...] = ()
    flags: Flags = Flags()
    contacts: tuple[ContactTable, ...] = ()


class RestJsonOptions(_Strict):
    pages: Pages
    one: One | None = None
    headers: dict[str, str] = {}
    case: Case
    officials: tuple[OfficialTable, ...] = ()
    parties: tuple[PartyTable, ...] = ()
    places: tuple[PlaceTable, ...] = ()
    findings: tuple[FindingTable, ...] = ()
    documents: tuple[LinkTable, ...] = ()
    properties: dict[str, Value] = {}


def read_options(config: SourceConfig) -> RestJsonOptions:
    """The adapter's own tables. Raises ConfigurationError naming file and key."""
    try:
        return RestJsonOptions.model_validate(config.options)
    except ValidationError as error:
        raise ConfigurationError(f"{config.path}: {explain(error)}") from None
