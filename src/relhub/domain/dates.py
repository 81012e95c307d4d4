"""Dates as Dutch systems write them: dd-mm-yyyy, yyyymmdd and ISO 8601. Error texts never hold the value."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_DUTCH = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?", re.ASCII)
_DUTCH_MOMENT = re.compile(r"(\d{1,2}-\d{1,2}-\d{4})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)


@lru_cache(maxsize=4096)  # the days of some years: all cases of a source have the same
def day(text: str) -> date:
    """A whole date. ValueError."""
    year, month, of_month = _numbers(text)
    try:
        return date(year, month, of_month)
    except ValueError:
        raise ValueError("is not a date that exists") from None


def moment(text: str) -> datetime:
    """A date and time in UTC; without an offset it is the time in Amsterdam, the earlier one when the clock went back. ValueError."""
    text = text.strip()
    if found := _DUTCH_MOMENT.fullmatch(text):
        on = day(found[1])
        hour, minute, second = int(found[2]), int(found[3]), int(found[4] or 0)
        try:
            return datetime(on.year, on.month, on.day, hour, minute, second, tzinfo=AMSTERDAM).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError("is not a time that exists") from None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a date and time: ISO 8601 or dd-mm-yyyy hh:mm:ss expected") from None
    try:
        return (read if read.tzinfo else read.replace(tzinfo=AMSTERDAM)).astimezone(UTC)
    except OverflowError:
        raise ValueError("is not a time that can be: at the edge of the calendar") from None


def birth(text: str) -> str:
    """A birth date as far as it is known: "1980-02-17", "1980-02", "1980"; wholly unknown (zeros) is "". ValueError."""
    text = text.strip()
    if partial := _PARTIAL.fullmatch(text):
        year, month, of_month = int(partial[1]), int(partial[2] or 0), 0
    else:
        year, month, of_month = _numbers(text)
    if not year:
        return ""
    if not 1850 <= year <= 2100:
        raise ValueError("is not a birth date: the year can't be right")
    if not month:
        return f"{year}"  # a day without a month says nothing
    if not of_month:
        if month > 12:
            raise ValueError("is not a date that exists")
        return f"{year}-{month:02d}"
    return day(f"{year}-{month:02d}-{of_month:02d}").isoformat()


def _numbers(text: str) -> tuple[int, int, int]:
    text = text.strip()
    if found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _DUTCH.fullmatch(text):
        return int(found[3]), int(found[2]), int(found[1])
    raise ValueError("is not a date: dd-mm-yyyy, yyyymmdd or yyyy-mm-dd expected")
