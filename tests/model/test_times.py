"""Times: their order as text is their order in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campledger.model import times

MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 3),
    max_value=datetime(9999, 12, 29),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9))]),
)


@given(MOMENTS, MOMENTS)
def test_the_order_as_text_is_the_order_in_time(one: datetime, other: datetime) -> None:
    assert (times.recorded(one) < times.recorded(other)) is (one < other)
    assert len(times.recorded(one)) == len("2026-11-22T08:01:02.123456Z")


@given(MOMENTS)
def test_what_is_written_reads_back(moment: datetime) -> None:
    assert times.parse(times.recorded(moment)) == moment
    assert times.parse(times.happened(moment)) == moment.replace(microsecond=0)


def test_times_are_written_in_utc() -> None:
    moment = datetime(2026, 11, 22, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=2)))
    assert times.recorded(moment) == "2026-11-21T23:02:03.000004Z"
    assert times.happened(moment) == "2026-11-21T23:02:03Z"


def test_a_time_without_a_zone_is_utc() -> None:
    assert times.parse("2026-11-22") == datetime(2026, 11, 22, tzinfo=UTC)
    assert times.parse("2026-11-22T08:00") == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert times.parse("2026-11-22T08:00+02:00") == datetime(2026, 11, 22, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-02-30", "2026-11-22T25:00", "0001-01-01T00:00+10:00", "0000-01-01"]
)
def test_what_is_no_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        times.parse(text)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    try:
        moment = times.parse(text)
    except ValueError:
        return
    assert moment.tzinfo is UTC


def test_a_new_event_is_later_than_the_last() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert times.next_after(now, None) == now
    assert times.next_after(now, "2026-11-21T00:00:00.000000Z") == now
    assert times.next_after(now, times.recorded(now)) == now + timedelta(microseconds=1)
    assert times.next_after(now, "2026-11-22T00:01:00.000000Z") == now + timedelta(minutes=1, microseconds=1)


def test_an_event_at_the_end_of_time_does_not_crash_the_next() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert times.next_after(now, "9999-12-31T23:59:59.999999Z").year == 9999


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22", "2026-11-22T23:59:59.999999Z"),
        ("9999-12-31", "9999-12-31T23:59:59.999999Z"),
        ("2026-11-22T08:00", "2026-11-22T08:00:00.000000Z"),
        ("2026-11-22T08:00:00+02:00", "2026-11-22T06:00:00.000000Z"),
    ],
)
def test_a_day_reaches_to_its_end(text: str, moment: str) -> None:
    assert times.recorded(times.latest(text)) == moment
