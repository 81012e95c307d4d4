"""Which place is asked about, as the body of a request."""

from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, Field, model_validator

from relhub.api.questions import Strict, bounded
from relhub.domain.places import PlaceName, asked_address
from relhub.errors import InvalidInput, Problem

BAG_ID: Final = r"^[0-9]{4}(01|02|03|10|20|30)[0-9]{10}$"


class AskedAddress(Strict):
    """An address (adres) by its postal code and house number, in one piece or with letter and addition by themselves."""

    postal_code: Annotated[str, Field(pattern=r"^[1-9][0-9]{3} ?[A-Za-z]{2}$")] = Field(
        title="Postcode", description="Postal code.", examples=["3701 AC"]
    )
    house_number: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}([ -]?[A-Za-z])?([ /-]?[A-Za-z0-9]{1,4})?$")] = Field(
        title="Huisnummer", description="House number; its letter and addition may follow.", examples=["12A"]
    )
    house_letter: Annotated[str, Field(pattern=r"^[A-Za-z]$")] = Field(
        default="", title="Huisletter", description="The letter, where it is not in `houseNumber`.", examples=["A"]
    )
    house_number_addition: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,4}$")] = Field(
        default="", title="Huisnummertoevoeging", description="The addition, where it is not in `houseNumber`.", examples=["bis"]
    )

    def place(self) -> PlaceName:
        """Raises InvalidInput."""
        try:
            return asked_address(self.postal_code, self.house_number, self.house_letter, self.house_number_addition)
        except ValueError as error:
            raise InvalidInput(Problem("body address", f"{error}; give postalCode and houseNumber as the BAG has them")) from None


def _one_of_two(schema: dict[str, Any]) -> None:
    bounded(schema, minProperties=1, maxProperties=1)


class PlaceBody(Strict):
    """A place (plek). Exactly one of the two."""

    model_config = ConfigDict(json_schema_extra=_one_of_two)

    address: AskedAddress = Field(default=None, title="Adres", description="An address.")  # type: ignore[assignment]  # absent, never null
    bag_id: Annotated[str, Field(pattern=BAG_ID)] = Field(
        default="",
        title="BAG-identificatie",
        description="The identification in the BAG of a nummeraanduiding, verblijfsobject, ligplaats, standplaats, pand or openbare ruimte.",
        examples=["0355200000000001"],
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("must have exactly one of: address, bagId")
        return self

    def place(self) -> PlaceName:
        """Raises InvalidInput for an address that can't be."""
        return PlaceName(bag_id=self.bag_id) if self.bag_id else self.address.place()
