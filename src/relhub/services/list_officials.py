"""Who of us deals with one relation now or lately, how to reach them, and who takes over from those who are away."""

from datetime import date
from typing import Any

import orjson

from relhub.domain.dates import AMSTERDAM
from relhub.domain.officials import OWN_ACCOUNTS, Colleague, Dealing, Directory, Listed, colleagues, who_takes_over
from relhub.services.admit import admit
from relhub.services.asked import Asked, PageQuery, View
from relhub.services.hub import Hub
from relhub.services.look import look
from relhub.services.pages import page
from relhub.storage.officials_seen import seen_officials

MOST_DEALINGS = 20


async def list_officials(hub: Hub, asked: Asked, relation_id: str, query: PageQuery) -> View:
    """The officials of all matters that may be seen, those who deal with one now first. Raises NotAllowed, NotFound, Restricted, InvalidInput."""
    admitted = await admit(hub, asked, "officials", verified_with_the_look=True)
    today = admitted.look.at.astimezone(AMSTERDAM).date()
    found = await look(
        hub,
        admitted,
        lambda driver: seen_officials(
            driver, relation_id, admitted.profile, admitted.occasion_case, admitted.look, since=today - hub.lately
        ),
    )
    body = page(
        hub,
        f"officials/{found.relation_id}",
        query,
        colleagues(found.dealings, found.directory),
        lambda one: one.order,
        lambda one: show_colleague(one, found.directory, today),
    )
    if found.referral:
        referral = {"via": "coordinator", "ask": admitted.profile.coordinator}
        body = body[:-1] + b',"referral":' + orjson.dumps(referral) + b"}"
    return View(found.relation_id, body, hub.sealer.tag(body))


def show_colleague(one: Colleague, directory: Directory, today: date) -> dict[str, Any]:
    """As answers show it; what is not known is left out."""
    shown: dict[str, Any] = {name: one.said(name) for name in ("name", "department", "phone", "email")}
    shown |= {
        "account": one.listed.account if one.listed else _own_account(one.dealings),
        "roles": list(one.listed.roles) if one.listed else [],
        "linkedBy": sorted(one.linked_by),
        **(show_absence(one.listed, directory, today) if one.listed else {}),
        "dealings": [_dealing(dealing) for dealing in one.dealings[:MOST_DEALINGS]],
    }
    return {"now": one.now, **{key: value for key, value in shown.items() if value}}


def show_absence(one: Listed, directory: Directory, today: date) -> dict[str, Any]:
    """From when until when they are away, or when they left, and who takes over today; nothing of an absence that is over."""
    shown: dict[str, Any] = {}
    if one.has_left(today):
        shown["left"] = one.left_on
    elif one.away_from and (one.away_until is None or one.away_until >= today):
        shown["away"] = {"from": one.away_from, **({"until": one.away_until} if one.away_until else {})}
    if (one.has_left(today) or one.is_away(today)) and (other := who_takes_over(directory, one, today)):
        shown["takesOver"] = show_listed(other)
    return shown


def show_listed(one: Listed) -> dict[str, str]:
    """How to reach somebody of the directory."""
    parts = {"account": one.account, "name": one.name, "department": one.department, "phone": one.phone, "email": one.email}
    return {key: value for key, value in parts.items() if value}


def _own_account(dealings: list[Dealing]) -> str:
    """By which the organisation itself knows them; accounts of sources are of no use to others."""
    return next((dealing.account for dealing in dealings if dealing.accounts_of.startswith(OWN_ACCOUNTS)), "")


def _dealing(dealing: Dealing) -> dict[str, Any]:
    matter = {"entry" if dealing.accounts_of.startswith(OWN_ACCOUNTS) else "case": dealing.matter}
    shown = {"capacity": dealing.capacity, "part": dealing.part, **matter, "now": dealing.now}
    return {key: value for key, value in shown.items() if value not in ("", None)}
