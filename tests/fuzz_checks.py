"""What schemathesis is told about this API (test_contract_fuzz.py): which requests are wrong though the schema can't say so."""

import json
import re
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response
from schemathesis.specs.openapi.checks import positive_data_acceptance

BEYOND_A_SCHEMA = {
    "query cursor": ("is not one that this list gave",),  # sealed by the hub
    "header X-Official": ("may not be sent by this application",),  # whether it may is agreed for each consumer
    "body": (
        "must have at least two of",
        "too broad",
        "must not have opens unless",
    ),  # `kind` is no fact, nor is a phone number of five digits; or too many meet them
    "body address": ("is not a house number", "is not a postcode"),  # a letter in both places; letters that are not given out
    "body record": ("is no record of this relation",),
    "body cases": ("names a case that is not of this relation",),
    "body to.case": ("is no case of this relation",),
    "body contactMoment": ("is no contact moment with this relation",),
    "body to.department": ("is no department that is known here",),
    "body to.coordinator": ("can't be",),
    "body to.relationManager": ("can't be",),
    "body department": ("is no department that is known here",),
    "body capacity": ("is needed where no case is named",),
    "body at": ("lies in the future", "must be a moment that exists"),
    "body due": ("is past", "must be a date that exists"),
    "body until": ("is past", "must be a date that exists"),
    "body text": ("must not hold a citizen service number",),
    "body subject": ("must not hold a citizen service number",),
    "body outcome": ("must not hold a citizen service number",),
    "body callback": ("is no address at which", "must not hold a citizen service number"),
    "body place": ("can't be given beside",),
    "body cursor": ("is not one that this list gave",),  # sealed by the hub
    "query recorder": ("can't be given beside assignee",),
    "body case": ("is no case of this relation",),
    "body activities": ("names a processing activity that is not known",),
    "body identifier.value": ("is not an", "is not a ", "is a placeholder"),  # check digits, by scheme
}


@schemathesis.check
def what_fits_the_schema_is_accepted(ctx: CheckContext, response: Response, case: "Case[Any]") -> bool | None:
    """As schemathesis checks it, but for what no schema can say: then that must be all that is wrong."""
    if response.status_code == 400 and all(_beyond(error) for error in json.loads(response.content)["errors"]):
        return None
    if response.status_code == 412:  # another tag than that of what there is
        return None
    return positive_data_acceptance(ctx, response, case)


def _beyond(error: dict[str, str]) -> bool:
    location = re.sub(r"references\.\d+\.", "", error["location"])  # each reference of a batch is as one of its own
    return location in BEYOND_A_SCHEMA and error["detail"].startswith(BEYOND_A_SCHEMA[location])
