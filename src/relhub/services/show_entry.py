"""One entry with its thread, for the departments that are in it; and those that are still to be dealt with."""

from datetime import date
from typing import Any

import orjson

from relhub.domain.access import Refusal
from relhub.domain.compartments import Level
from relhub.domain.entries import Entry, Sort, entry_part, side_of
from relhub.services.admit import Admitted, admit, not_found, refuse, restricted
from relhub.services.asked import Asked, EntryQuery, View
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.storage.database import Store
from relhub.storage.entries import Assigned, KeptStep, assigned_entries, find_entry, is_barred, steps_of, unidentified
from relhub.storage.log import add_look

NO_ENTRY = "There is no such entry, or none that your department is in."


def may_not_see(sort: Sort) -> Refusal:
    return Refusal(f'This processing activity may not see this; name one of which the access rule says records = ["{sort}"].')


async def show_entry(hub: Hub, asked: Asked, sort: Sort, id_: str) -> View:
    """The entry with how it went on. Raises NotAllowed, NotFound, Restricted."""
    admitted = await admit(hub, asked, sort, own_work=True)
    if sort not in admitted.profile.activity.records:
        await refuse(hub, admitted.look, may_not_see(sort))
    async with hub.database.begin() as store:
        entry = await visible_entry(hub, store, admitted, sort, id_)
        body = orjson.dumps(await describe(store, admitted, entry))
        await add_look(store.driver, admitted.look, "shown", [entry.relation_id] if entry.relation_id else [], [f"entry/{entry.id}"])
    return View("", body, tag_of(entry))


def tag_of(entry: Entry) -> str:
    """By which a change says what it has seen (If-Match)."""
    return f"{entry.id}-{entry.version}"


async def visible_entry(hub: Hub, store: Store, admitted: Admitted, sort: Sort, id_: str, *, to_change: bool = False) -> Entry:
    """An entry that the consumer's department is in. Raises NotFound, Restricted (logged)."""
    look = admitted.look
    entry = await find_entry(store, id_, to_change=to_change)
    if entry is None or entry.sort != sort or not side_of(entry, look.organisation, look.department):
        await not_found(hub, look, NO_ENTRY)
    if await is_barred(store, entry, admitted.profile.bars):
        await restricted(hub, admitted)
    return entry


async def describe(store: Store, admitted: Admitted, entry: Entry) -> dict[str, Any]:
    """As answers show it to a department that is in it."""
    look = admitted.look
    sides = side_of(entry, look.organisation, look.department)
    outside = entry.through and "handler" not in sides
    thread = [_step(step, outside=outside) for step in await steps_of(store.driver, entry.id)]
    relation = {"relation": entry.relation_id} if entry.relation_id else {}
    return {**entry_part(entry, Level.full, outside=outside), **relation, "version": entry.version, "thread": thread}


def _step(step: KeptStep, *, outside: bool) -> dict[str, Any]:
    """Who asked through the coordinator learns what was answered or remarked, not by whom, and nothing of how it went from one to another."""
    shown: dict[str, Any]
    if outside and step.inside:
        text = step.text if step.step in ("answered", "remarked") else ""
        shown = {"step": step.step, "at": at_utc(step.at), "via": "coordinator", "text": text}
    else:
        who = {"department": step.department, "official": step.official}
        shown = {"step": step.step, "at": at_utc(step.at), **who, "text": step.text, "before": step.before}
    return {key: value for key, value in shown.items() if value not in ("", {})}


async def list_assigned(hub: Hub, asked: Asked, sort: Sort, query: EntryQuery) -> bytes:
    """Tasks or commitments of the consumer's department (or official), what is due first goes first. Raises NotAllowed, InvalidInput."""
    admitted = await admit(hub, asked, f"{sort}s", own_work=True)
    look = admitted.look
    if sort not in admitted.profile.activity.records:
        await refuse(hub, look, may_not_see(sort))
    about = f"cursor/{sort}s/{orjson.dumps([look.organisation, look.department, look.official, query.whose, query.is_open]).hex()}"
    place = open_cursor(hub.sealer, about, query.cursor)
    after = (date.fromisoformat(place[0]), int(place[1])) if place else None
    mine = look.official if query.whose in ("me", "by-me") else ""
    wanted = Assigned(sort, look.organisation, look.department, mine, query.whose in ("by-me", "by-department"), query.is_open)
    async with hub.database.begin() as store:
        found = await assigned_entries(store, wanted, admitted.profile.bars, after, query.limit + 1)
        shown = found[: query.limit]
        relations = sorted({relation_id for _, relation_id, _ in shown if relation_id})
        await add_look(store.driver, look, "shown", relations, [])
    following = seal_cursor(hub.sealer, about, [shown[-1][2][0].isoformat(), shown[-1][2][1]]) if len(found) > query.limit else None
    items = [part[:-1] + b',"relation":' + orjson.dumps(relation_id) + b"}" for part, relation_id, _ in shown]
    return b'{"results":[' + b",".join(items) + b'],"next":' + orjson.dumps(following) + b"}"


async def list_unidentified(hub: Hub, asked: Asked, query: EntryQuery) -> bytes:
    """The contacts of the consumer's department of which it is not known with whom they were. Raises NotAllowed, InvalidInput."""
    admitted = await admit(hub, asked, "contact-moments", own_work=True)
    look = admitted.look
    if "contact-moment" not in admitted.profile.activity.records:
        await refuse(hub, look, may_not_see("contact-moment"))
    about = f"cursor/contact-moments/{look.organisation}/{look.department}"
    place = open_cursor(hub.sealer, about, query.cursor)
    async with hub.database.begin() as store:
        found = await unidentified(store, look.organisation, look.department, place[0] if place else None, query.limit + 1)
        await add_look(store.driver, look, "shown", [], [])
    shown = found[: query.limit]
    following = seal_cursor(hub.sealer, about, [shown[-1][1]]) if len(found) > query.limit else None
    return b'{"results":[' + b",".join(part for part, _ in shown) + b'],"next":' + orjson.dumps(following) + b"}"
