"""The calendar of nights: campaigns of one observing day, each night in the colour and sign of what needs most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from campledger.model.states import CAMPAIGN_STATES, CONCERN_OF_QUESTIONS, SubmissionState, words_of
from campledger.model.text_format import counted
from campledger.pages.content.addresses import in_list
from campledger.pages.content.campaign_summaries import Brief

ASKS = "asks"
"""A campaign in which something awaits a decision."""
_CONCERN = {**{str(state): one.concern for state, one in CAMPAIGN_STATES.items()}, ASKS: CONCERN_OF_QUESTIONS}
_ORDER = sorted(_CONCERN, key=_CONCERN.__getitem__, reverse=True)
"""Of several campaigns of a night, the first of these is shown."""
_SIGNS = {**{str(state): one.sign for state, one in CAMPAIGN_STATES.items()}, ASKS: "ask"}
WORDS = {ASKS: words_of(SubmissionState.ENDED)}
_PITCH, _CELL, _LEFT, _TOP = 15, 12, 34, 20
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_WEEKDAYS = ((0, "Mon"), (3, "Thu"), (6, "Sun"))


def years(every: Sequence[Brief]) -> list[dict[str, Any]]:
    """Return the calendar of each year that has nights, the latest first."""
    nights: dict[date, list[Brief]] = {}
    for one in every:
        if one["night"]:
            with suppress(ValueError):  # a day that no calendar has is a problem that is told elsewhere
                nights.setdefault(_day(one["night"]), []).append(one)
    found = sorted({day.year for day in nights}, reverse=True)
    return [_year(year, {day: nights[day] for day in sorted(nights) if day.year == year}) for year in found]


def _day(number: int) -> date:
    return date(number // 10000, number // 100 % 100, number % 100)


def _year(year: int, nights: Mapping[date, Sequence[Brief]]) -> dict[str, Any]:
    first, last = date(year, 1, 1), date(year, 12, 31)
    origin = first.toordinal() - first.weekday()
    cells = [_night(day, found, origin) for day, found in nights.items()]
    tally = Counter(cell["state"] for cell in cells)
    told = ", ".join(f"{tally[state]} {WORDS.get(state, state)}" for state in _ORDER if tally[state])
    return {
        "year": year,
        "words": f"{counted(len(nights), 'night')}: {told}",
        "width": _LEFT + _PITCH * ((last.toordinal() - origin) // 7 + 1),
        "height": _TOP + _PITCH * 7,
        "cell": _CELL,
        "cells": cells,
        "empty": _squares(
            _place(day, origin)
            for day in (first + timedelta(days=number) for number in range((last - first).days + 1))
            if day not in nights
        ),
        "months": [
            {"x": _place(date(year, month, 1), origin)["x"], "name": _MONTHS[month - 1]} for month in range(1, 13)
        ],
        "weekdays": [
            {"y": _TOP + _PITCH * row + 10, "name": name} for row, name in ((0, "Mon"), (3, "Thu"), (6, "Sun"))
        ],
        "legend": [
            {"state": state, "sign": _SIGNS[state], "word": WORDS.get(state, state)} for state in _ORDER if tally[state]
        ],
    }


def _place(day: date, origin: int) -> dict[str, int]:
    week, weekday = divmod(day.toordinal() - origin, 7)
    return {"x": _LEFT + _PITCH * week, "y": _TOP + _PITCH * weekday}


def _squares(places: Iterable[Mapping[str, int]]) -> str:
    """Return the path that draws a square at each place: a year's days in one element."""
    return "".join(f"M{place['x']} {place['y']}h{_CELL}v{_CELL}h-{_CELL}z" for place in places)


def _night(day: date, found: Sequence[Brief], origin: int) -> dict[str, Any]:
    states = [_state(one) for one in found]
    state = min(states, key=_ORDER.index)
    if len(found) == 1:
        what = f"{found[0]['name']}, {WORDS.get(state, state)}"
    else:
        tally = Counter(states)
        counts = ", ".join(f"{tally[one]} {WORDS.get(one, one)}" for one in _ORDER if tally[one])
        what = f"{len(found)} campaigns, {counts}"
    href = found[0]["href"] if len(found) == 1 else in_list(f"day_obs:{day:%Y%m%d}")
    return {
        **_place(day, origin),
        "state": state,
        "sign": _SIGNS[state],
        "href": href,
        "label": f"{day.isoformat()}: {what}",
    }


def _state(one: Brief) -> str:
    asks = any(entry["need"] in {"twice", "failed", "held", "decide"} for entry in one["asking"])
    return ASKS if asks else str(one["state"])
