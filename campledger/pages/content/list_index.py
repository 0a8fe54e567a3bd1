"""All campaigns by column, for the list's script: small to send, quick to read, quick to sort and filter.

Each column holds its distinct values once, in the order in which people expect them (`g2` before `g10`), and for each
campaign the number of its value. So a sort compares small numbers and a filter asks each distinct value once, however
many campaigns share it. A campaign without a value has the last number; its value is null.

The texts that bare words are looked for in are ten times as large as all the rest, and have a file of their own.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from campledger.model import columns, query
from campledger.model.states import GROUP_STATES, State
from campledger.model.text_format import spans
from campledger.pages.content import people_pages
from campledger.pages.content.links import filled
from campledger.pages.engine.gather import Readable, Survey, kept

BASE, FIRST = 92, 35
"""A number is written in digits of one character each, from # to ~ (35 to 126) for 0 to 91."""

_NUMBER = re.compile(r"([0-9]+)")
Value = Any
"""A text or a number; several are a list; null for none."""


def index(survey: Survey) -> dict[str, Any]:
    """Return what the list's script reads: columns, and what it has to know of the language and the ledger."""
    every = ordered(survey)
    facts = [one.facts for one in every]
    shown = [_cells(one) for one in every]
    template = survey.ledger.settings.links.get("ticket")
    document = by_column(facts, shown, _names(survey), template if filled(template, key="DM-1") else None)
    document["language"]["saved"] = {one.name: one.expression for one in survey.queries.readable}
    return document


def ordered(survey: Survey) -> list[Readable]:
    """Return the campaigns in the order of the list, which is that of `campledger list`."""
    return [survey.by_id[row["id"]] for row in columns.in_order(_place(one) for one in survey.readable)]


@kept
def _place(one: Readable) -> columns.Row:
    """Return what the order of campaigns goes by."""
    row = columns.row_of(one.campaign, one.history, one.facts)
    return {name: row[name] for name in ("id", "name", "state", "need", "changed")}


@kept
def _cells(one: Readable) -> dict[str, tuple[Any, ...]]:
    """Return what stands in the columns that are no attribute of the language."""
    found = {name: cell(one) for name, (cell, _) in _SHOWN.items()}
    if _BY_ROW:
        row = columns.row_of(one.campaign, one.history, one.facts)
        found |= {name: tuple(value) if isinstance(value := row[name], list) else _filled(value) for name in _BY_ROW}
    return found


def by_column(
    facts: Sequence[query.Facts],
    shown: Sequence[Mapping[str, tuple[Any, ...]]],
    names: Mapping[str, str],
    ticket: str | None,
) -> dict[str, Any]:
    """Return the columns of campaigns whose facts and further cells are given, with people's names by handle."""
    return {
        "count": len(facts),
        "language": {
            "attributes": query.ATTRIBUTES,
            "numbers": sorted(query.NUMBERS),
            "choices": query.CHOICES,
            "connectives": query.CONNECTIVES,
            "saved": {},
        },
        "columns": {
            name: {"label": one.label, "single": one.single, "code": one.code, "down": one.down_first}
            for name, one in columns.ALL_COLUMNS.items()
        },
        "usual": _usual(facts, shown),
        "facets": columns.FACETS,
        "grouped_by": columns.GROUPED_BY,
        "group_states": list(GROUP_STATES),
        "final": [str(state) for state in State if state.is_final],
        "people": names,
        "ticket": ticket,
        "facts": {
            attribute: _column([one[attribute] for one in facts], _ORDERS.get(attribute, natural))
            for attribute in query.ATTRIBUTES
            if attribute != "text"
        },
        "shown": {
            **{name: _column([one[name] for one in shown], order) for name, (_, order) in _SHOWN.items()},
            **{name: _column([one[name] for one in shown], _ORDERS.get(name, natural)) for name in _BY_ROW},
        },
    }


def usual(survey: Survey) -> list[str]:
    """Return the columns that the list shows unless somebody chose: not those in which no campaign has anything."""
    return _usual([one.facts for one in survey.readable], [_cells(one) for one in survey.readable])


def _usual(facts: Sequence[query.Facts], shown: Sequence[Mapping[str, tuple[Any, ...]]]) -> list[str]:
    cells = [{**attributes, **others} for attributes, others in zip(facts, shown, strict=True)]
    return [name for name in columns.USUAL_ON_SITE if any(one[name] for one in cells)]


def texts(survey: Survey) -> str:
    """Return what bare words are looked for in, a text for each campaign, as JSON."""
    return json.dumps([one.facts["text"][0] for one in ordered(survey)])


def scope(one: Readable) -> str:
    """Return in one line which data a campaign is about: days, tracts, bands, program."""
    facts = one.facts
    parts = [days(facts["day_obs"])]
    if facts["tract"]:
        tracts = spans(str(tract) for tract in facts["tract"])
        parts.append(f"{'tract' if len(facts['tract']) == 1 else 'tracts'} {tracts}")
    bands = [str(band) for band in facts["band"]]
    parts.append(("" if all(len(band) == 1 for band in bands) else ", ").join(bands))
    parts.append(spans(str(program) for program in facts["program"]))
    return "; ".join(filter(None, parts))


def days(values: Sequence[str | int]) -> str:
    """Return a range of days in words; one without an end says where it begins."""
    if not values:
        return ""
    first, last = values[0], values[-1]
    if first == last:
        return str(first)
    if (first, last) == (query.FIRST_DAY, query.LAST_DAY):
        return ""
    if last == query.LAST_DAY:
        return f"from {first}"
    return f"until {last}" if first == query.FIRST_DAY else f"{first}\N{EN DASH}{last}"


def natural(value: Sequence[str | int]) -> tuple[Any, ...]:
    """Return what sorts values as people expect: numbers inside them by size, small and capital letters alike."""
    return tuple(_pieces(str(one)) for one in value)


def _pieces(value: str) -> tuple[Any, ...]:
    pieces = _NUMBER.split(value.casefold())
    # Digits alternate with the rest; a number of any length is compared by its length first.
    return tuple(
        (1, piece) if place % 2 == 0 else (0, len(piece.lstrip("0")), piece.lstrip("0"))
        for place, piece in enumerate(pieces)
        if piece
    )


def _column(cells: Sequence[Sequence[Any]], order: Callable[[Any], Any]) -> dict[str, Any]:
    distinct = {tuple(cell) for cell in cells}
    values = sorted((value for value in distinct if value), key=lambda value: (order(value), str(value)))
    codes = {value: code for code, value in enumerate(values)}
    codes[()] = len(values)
    plain = [_plain(value) for value in values] + ([None] if () in distinct else [])
    return {
        # JSON within a script: a browser passes over a text at once, and reads a column when it is asked for.
        "values": json.dumps(plain, separators=(",", ":")),
        "codes": packed((codes[tuple(cell)] for cell in cells), len(codes)),
        "width": width(len(codes)),
    }


def _plain(value: Sequence[Any]) -> Value:
    return value[0] if len(value) == 1 else list(value)


def width(count: int) -> int:
    """Return how many digits a number below ``count`` takes."""
    digits = 1
    while BASE**digits < count:
        digits += 1
    return digits


def packed(codes: Iterable[int], count: int) -> str:
    """Write numbers below ``count`` one after the other, all with the same number of digits, the lowest one first."""
    digits = range(width(count))
    known: dict[int, str] = {}
    for code in (codes := list(codes)):
        if code not in known:
            known[code] = "".join(chr(FIRST + code // BASE**digit % BASE) for digit in digits)
    return "".join(known[code] for code in codes)


def _names(survey: Survey) -> dict[str, str]:
    """Return the names of the people, each of whom has a page."""
    return {handle: survey.directory.person(handle)["name"] for handle in people_pages.handles(survey)}


def _groups(one: Readable) -> tuple[Any, ...]:
    """Return accepted, all, and how many are in each state."""
    states = one.progress.states
    if not states:
        return ()
    tally = Counter(states.values())
    return (one.progress.accepted, len(states), " ".join(f"{state}:{tally[state]}" for state in sorted(tally)))


def _filled(value: Any) -> tuple[Any, ...]:
    return (value,) if value else ()


def _order_of(values: Sequence[str]) -> Callable[[Any], Any]:
    return lambda value: values.index(value[0])


_ORDERS = {name: _order_of(values) for name, values in columns.ORDERS.items()}

_SHOWN: dict[str, tuple[Callable[[Readable], tuple[Any, ...]], Callable[[Any], Any]]] = {
    "title": (lambda one: _filled(one.campaign.subtitle), natural),
    "scope": (lambda one: _filled(scope(one)), natural),
    "step": (lambda one: _filled(one.progress.current), natural),
    "groups": (_groups, lambda value: (value[0] / value[1], value[1])),
    "changed": (lambda one: (one.history.last.at,) if one.history.last else (), lambda value: value),
    "awaiting": (lambda one: _filled(len(one.progress.awaiting)), natural),
    "problems": (lambda one: _filled(len(one.problems)), natural),
}
"""Columns that are no attribute of the language, or show more than it: what stands in them, and their order."""

_BY_ROW = [name for name in columns.ALL_COLUMNS if name not in {*query.ATTRIBUTES, *_SHOWN, "steps"}]
"""The other columns that are no attribute: what stands in them is what the command line shows."""
