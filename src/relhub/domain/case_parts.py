"""What of a case is shown at each level. Rendered when the case changes, so that a view only joins what is ready."""

import json
from collections.abc import Mapping
from typing import Any

from relhub.domain.compartments import Level
from relhub.domain.golden import show_address
from relhub.domain.record import CaseRecord, Finding, Official, Place


def case_parts(case: CaseRecord) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The case as objects of the API, at `existence`, `summary` and `full`: each has what the one before has. Empty values are left out."""
    existence = {"level": Level.existence.name} | _there(
        {"capacity": case.capacity, "department": case.department, "officials": [_official(official) for official in case.officials]}
    )
    summary = existence | {"level": Level.summary.name} | _there(_of_summary(case))
    return existence, summary, summary | {"level": Level.full.name} | _there(_of_full(case))


def _of_summary(case: CaseRecord) -> dict[str, Any]:
    return {
        "ref": f"{case.source}/{case.id}",
        "kind": case.kind,
        "title": case.title,
        "status": {"label": case.status, "phase": case.phase},
        "started": case.started and case.started.isoformat(),
        "due": case.due and case.due.isoformat(),
        "ended": case.ended and case.ended.isoformat(),
        "zaak": {"organisation": case.zaak[0], "identification": case.zaak[1]} if case.zaak else None,
    }


def _of_full(case: CaseRecord) -> dict[str, Any]:
    return {
        "description": case.description,
        "places": [_place(place) for place in case.places],
        "findings": [_finding(finding) for finding in case.findings],
        "properties": [{"name": name, "value": value} for name, value in case.properties],
        "confidentiality": case.confidentiality,
        "documents": [{"title": title, "href": link} for title, link in case.documents],
        "href": case.link,
    }


def _there(part: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if value not in (None, "", [])}


def discreet_part(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The summary of a case of someone with non-disclosure (geheimhouding), for who may not see what that hides: nothing that says where, in a place or in words."""
    return {**{key: value for key, value in summary.items() if key != "title"}, "withheld": ["non-disclosure"]}


def _official(official: Official) -> dict[str, str]:
    parts = {
        "part": official.part,
        "name": official.name,
        "department": official.department,
        "phone": official.phone,
        "email": official.email,
    }
    return {key: value for key, value in parts.items() if value}


def _place(place: Place) -> dict[str, Any]:
    parts = {
        "label": place.label,
        "bagId": place.bag_id,
        "address": show_address(place.address) if place.address else None,
        "geometry": json.loads(place.geometry) if place.geometry else None,
    }
    return {key: value for key, value in parts.items() if value}


def _finding(finding: Finding) -> dict[str, str]:
    parts = {
        "sort": finding.sort,
        "label": finding.label,
        "on": finding.on.isoformat() if finding.on else "",
        "until": finding.until.isoformat() if finding.until else "",
        "outcome": finding.outcome,
        "reference": finding.reference,
    }
    return {key: value for key, value in parts.items() if value}
