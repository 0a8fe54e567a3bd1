"""Times as a ledger writes them: UTC, in one fixed form, so that their order as text is their order in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far ahead of the clock a recorded time may be: clocks of well-kept machines differ by less."""


def recorded(moment: datetime) -> str:
    """Return an event's `time`: UTC with microseconds, such as 2026-11-22T08:01:02.123456Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def happened(moment: datetime) -> str:
    """Return an event's `at`: UTC to the second, such as 2026-11-22T08:01:02Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> datetime:
    """Read an ISO 8601 date or date and time; one without a zone is UTC. Raise ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def next_after(now: datetime, last: str | None) -> datetime:
    """Return the time of a new event: now, or just after the last event where the clock has not passed it."""
    return now if last is None else max(now, parse(last) + timedelta(microseconds=1))
