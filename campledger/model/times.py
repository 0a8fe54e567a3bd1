"""Times as a ledger writes them: UTC, in one fixed form, so that their order as text is their order in time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of the clock a recorded time may be: clocks of well-kept machines differ by less."""

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile("(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?")
_TO_THE_END = timedelta(days=1) - timedelta(microseconds=1)


def recorded(moment: datetime) -> str:
    """Return an event's `time`: UTC with microseconds, such as 2026-11-22T08:01:02.123456Z."""
    return _plain(moment).isoformat(timespec="microseconds") + "Z"


def happened(moment: datetime) -> str:
    """Return an event's `at`: UTC to the second, such as 2026-11-22T08:01:02Z."""
    return _plain(moment).isoformat(timespec="seconds") + "Z"


def today() -> str:
    """Return the present day, YYYY-MM-DD in UTC."""
    return datetime.now(UTC).date().isoformat()


def _plain(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def parse(text: str) -> datetime:
    """Read an ISO 8601 date or date and time; one without a zone is UTC. Raise ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text} is out of range") from None


def invalid_time(text: str, today: datetime) -> str:
    """Return what is wrong with a time that cannot be read, and how to write it."""
    example = f"{today:%Y-%m-%d}T{text}" if _CLOCK.fullmatch(text) else "2026-11-22 or 2026-11-22T08:00"
    return f"invalid time `{text}`: write {example} (UTC)"


def latest(text: str) -> datetime:
    """Read a date or time as the end of what it names: of a bare day its last moment. Raise ValueError as `parse`."""
    moment = parse(text)
    return moment + _TO_THE_END if _DAY.fullmatch(text) else moment


def next_after(now: datetime, last: str | None) -> datetime:
    """Return the time of a new event: now, or just after the last event where the clock has not passed it."""
    if last is None:
        return now
    before = parse(last)
    end = datetime.max.replace(tzinfo=UTC)
    return max(now, before + timedelta(microseconds=1) if before < end else end)
