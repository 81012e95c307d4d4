"""Searching is a right with a budget: so often a day and official, and the privacy officer hears of who spends it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.towns import by_contact_centre, rows, with_activity

from relhub.errors import NotAllowed, TooManyRequests
from relhub.services.asked import Asked, SearchQuery
from relhub.services.hub import Hub
from relhub.services.search_relations import search_relations

JOHANNA = SearchQuery(name="van den Berg", birth_date="1980-02-17")
TODAY = datetime(2026, 11, 25, 12, tzinfo=UTC)


def limited(hub: Hub, most: int) -> Hub:
    return with_activity(hub, "answering-questions", searches_per_day=most)


def at(moment: datetime, official: str = "official-1") -> Asked:
    return replace(by_contact_centre(), at=moment, official=official)


async def test_a_search_beyond_the_budget_is_refused_until_tomorrow_and_told(hub: Hub) -> None:
    few = limited(hub, 2)
    for _ in range(2):
        await search_relations(few, at(TODAY), JOHANNA)
    with pytest.raises(TooManyRequests, match="as often as this processing activity may") as refused:
        await search_relations(few, at(TODAY), JOHANNA)
    assert refused.value.retry_after == pytest.approx(11 * 3600, abs=2)  # midnight in the Netherlands
    [notice] = await rows(hub, "SELECT kind, body->>'official' official FROM notice")
    assert (notice["kind"], notice["official"]) == ("search-budget-spent", "official-1")
    [row] = await rows(hub, "SELECT outcome, relation_ids FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert (row["outcome"], row["relation_ids"]) == ("over-budget", [])


async def test_the_budget_is_of_one_official_and_one_day(hub: Hub) -> None:
    one = limited(hub, 1)
    await search_relations(one, at(TODAY), JOHANNA)
    await search_relations(one, at(TODAY, "official-2"), JOHANNA)
    await search_relations(one, at(TODAY + timedelta(days=1)), JOHANNA)
    with pytest.raises(TooManyRequests):
        await search_relations(one, at(TODAY), JOHANNA)


async def test_unusual_searching_is_told_once_and_goes_on(hub: Hub) -> None:
    usual = with_activity(hub, "answering-questions", unusual_searches=2)
    for minute in range(4):
        await search_relations(usual, at(TODAY + timedelta(minutes=minute)), JOHANNA)
    [notice] = await rows(hub, "SELECT kind, times, body->>'reason' reason FROM notice")
    assert (notice["kind"], notice["times"], notice["reason"]) == ("unusual-searching", 2, "more than 2 searches within an hour")


async def test_as_many_searches_over_more_than_an_hour_are_not_unusual(hub: Hub) -> None:
    usual = with_activity(hub, "answering-questions", unusual_searches=2)
    for hour in range(4):
        await search_relations(usual, at(TODAY + timedelta(minutes=40 * hour)), JOHANNA)
    assert await rows(hub, "SELECT FROM notice") == []


async def test_who_sees_no_contact_details_can_not_search_by_them(hub: Hub) -> None:
    blind = with_activity(hub, "answering-questions", groups=frozenset())
    with pytest.raises(NotAllowed, match="can't search by them"):
        await search_relations(blind, by_contact_centre(), replace(JOHANNA, phone="0612345678"))
    await search_relations(blind, by_contact_centre(), JOHANNA)


async def test_who_spends_it_before_and_after_midnight_is_told_of_twice(hub: Hub) -> None:
    """In the Netherlands, where the budget begins anew; by universal time both are one day."""
    one = limited(hub, 1)
    for moment in (datetime(2026, 11, 25, 22, 30, tzinfo=UTC), datetime(2026, 11, 25, 23, 30, tzinfo=UTC)):
        await search_relations(one, at(moment), JOHANNA)
        with pytest.raises(TooManyRequests):
            await search_relations(one, at(moment), JOHANNA)
    assert len(await rows(hub, "SELECT FROM notice")) == 2
