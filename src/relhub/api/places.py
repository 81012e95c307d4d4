"""/places: what goes on at an address or object."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from relhub.api.answer_places import PlaceView
from relhub.api.errors import METHOD_NOT_ALLOWED, refused
from relhub.api.etag import tagged
from relhub.api.gate import Gated, Route
from relhub.api.parameters import place_query
from relhub.api.place_questions import BAG_ID, PlaceBody
from relhub.domain.places import PlaceName
from relhub.errors import InvalidInput, Problem
from relhub.services.asked import PlaceQuery
from relhub.services.show_place import show_place

router = APIRouter(prefix="/v1/places", route_class=Route, tags=["places"])
Query = Annotated[PlaceQuery, Depends(place_query)]
_OBJECT = r"^[0-9]{4}(10|30)[0-9]{10}$"
_ADDRESS = (
    "is of an address, which says something about who lives there and never goes in a URL: send it in the body of POST /places/_lookup"
)
_NO_BAG_ID = "must be the BAG id (16 digits) of a building (pand) or a public space (openbare ruimte)"


async def _object(
    bag_id: Annotated[
        str,
        Path(
            alias="bagId",
            title="BAG-identificatie",
            description=(
                "The identification in the BAG of a building (pand) or public space (openbare ruimte). That of an address (nummeraanduiding, "
                "verblijfsobject, ligplaats, standplaats) says something about who lives there, and goes in the body of `POST /places/_lookup`."
            ),
            json_schema_extra={"pattern": _OBJECT},
        ),
    ],
) -> PlaceName:
    if bag_id == "_lookup":  # an address of its own, for another method
        raise refused(METHOD_NOT_ALLOWED, Allow="POST")
    if not re.fullmatch(_OBJECT, bag_id):
        raise InvalidInput(Problem("path bagId", _ADDRESS if re.fullmatch(BAG_ID, bag_id) else _NO_BAG_ID))
    return PlaceName(bag_id=bag_id)


@router.post(
    "/_lookup",
    operation_id="lookupPlace",
    response_model=PlaceView,
    summary="What goes on at an address",
    description=(
        "By postal code and house number, or by any BAG id: the cases (zaken) and projects at an address (adres) that your application may see, in "
        "every system that knows the place by one of its names. The address goes in the body: it says something about who lives there. "
        "Who lives or is established there is not told, only who is in the cases that are shown. A case of someone with non-disclosure "
        "(geheimhouding) is not found by its place without the field group `non-disclosed`. For processing activities that may search, within "
        "their budget, or on a case of your own that lies there; and that see contact details."
    ),
)
async def lookup(gated: Gated, body: PlaceBody, query: Query) -> Response:
    view = await show_place(gated.hub, gated.asked(), body.place(), query)
    return Response(view.body, media_type="application/json")


@router.get(
    "/{bagId}",
    operation_id="getPlace",
    response_model=PlaceView,
    summary="What goes on at a building or in a street",
    description=(
        "The cases (zaken) and projects at a building (pand) or public space (openbare ruimte) that your application may see, the open ones first and "
        "then the newest, in pages; by the rules of `POST /places/_lookup`. A place of which you may be told nothing is answered as one where "
        "nothing goes on. The look is logged for all relations that it names."
    ),
)
async def get_place(request: Request, gated: Gated, place: Annotated[PlaceName, Depends(_object)], query: Query) -> Response:
    view = await show_place(gated.hub, gated.asked(), place, query)
    return tagged(request, view.body, view.tag)
