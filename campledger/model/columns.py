"""Campaigns as the rows of a table: which columns there are, what stands in them, how they are sorted.

`campledger list`, saved queries and the site show the same columns under the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campledger.model.campaign import Campaign
from campledger.model.history import History
from campledger.model.progress import Progress
from campledger.model.query import ATTRIBUTES, Facts, QueryError
from campledger.model.states import CAMPAIGN_STATES, State
from campledger.model.todo import DECISIONS, decision
from campledger.suggestions import did_you_mean

Row = dict[str, Any]
"""A campaign's values by column: one value as it is or None, several as a list, groups as [accepted, all]."""


@dataclass(frozen=True, slots=True)
class Column:
    """How a column is shown, on the command line and on the site."""

    label: str
    """Its head on the site."""
    meaning: str
    """What it shows."""
    width: float = 8
    """Of the site's list, in units of the text's size."""
    single: bool = False
    """Whether it holds one value at the most."""
    code: bool = False
    """Whether its values are for machines."""
    down_first: bool = False
    """Whether its largest values are looked for first."""
    site_only: bool = False
    """Whether the command line and saved queries lack it."""


def _attribute(name: str, label: str, width: float = 8, *, single: bool = False, **shown: bool) -> tuple[str, Column]:
    return name, Column(label, ATTRIBUTES[name], width, single, **shown)


ALL_COLUMNS: dict[str, Column] = dict([
    _attribute("state", "State", 8.2, single=True),
    _attribute("name", "Campaign", 15, single=True),
    _attribute("kind", "Kind", 7.4, single=True),
    _attribute("owner", "Owner", 6.9, single=True),
    _attribute("stack", "Stack", 6, code=True),
    _attribute("instrument", "Instrument", 7.2),
    ("scope", Column("Scope", "summary of days, tracts, bands and program", 11, single=True, site_only=True)),
    _attribute("site", "Site", 4.6),
    _attribute("output", "Output chain", 13, code=True),
    ("step", Column("Current step", "first step not done, while the campaign runs or is paused", 10.4, single=True)),
    ("need", Column("Need", "the most pressing decision it awaits: twice, failed, held or decide", 5.5, single=True)),
    ("groups", Column("Groups", "groups accepted, of all", 5.6, down_first=True)),
    _attribute("changed", "Last event", 10.5, single=True, down_first=True),
    _attribute("deadline", "Deadline", 5.9, single=True),
    _attribute("ticket", "Tickets", 6.2),
    _attribute("id", "Id", 15, single=True, code=True),
    ("title", Column("Title", "one line for people", 15, single=True)),
    _attribute("production", "Production", single=True),
    _attribute("operator", "Operators"),
    _attribute("tag", "Tags"),
    ("steps", Column("All steps", ATTRIBUTES["step"], site_only=True)),
    _attribute("skymap", "Skymap"),
    _attribute("tract", "Tracts"),
    _attribute("band", "Bands"),
    _attribute("detector", "Detectors"),
    _attribute("day_obs", "Days", down_first=True),
    _attribute("program", "Program"),
    _attribute("image", "Image", 15, code=True),
    _attribute("butler", "Butler", code=True),
    _attribute("wms", "WMS", code=True),
    _attribute("parent", "Parent", 15, single=True, code=True),
    _attribute("run_id", "Run ids", code=True),
    _attribute("started", "Started", single=True, down_first=True),
    ("awaiting", Column("To decide", "submissions that await a decision", 5.5, down_first=True, site_only=True)),
    ("problems", Column("Problems", "problems in its files", 5.5, down_first=True, site_only=True)),
])  # fmt: skip
"""Every column, in the order in which the site offers them: the attributes of the query language, and a few more.

What stands in a column that is no attribute comes from :func:`row_of`, on the site as on the command line, unless the
site shows more.
"""

COLUMNS = {name: column.meaning for name, column in ALL_COLUMNS.items() if not column.site_only}
"""The columns of lists and saved queries, each with what it shows."""

USUAL = ("state", "name", "step", "need", "groups", "changed", "owner", "kind", "stack", "id", "title")
"""What is shown unless somebody chose. 80 columns show what is under way and what it needs."""

USUAL_ON_SITE = (
    "state", "name", "step", "groups", "changed", "deadline", "owner", "stack", "ticket",
)  # fmt: skip
"""What the site's list shows unless somebody chose: no wider together than a window of 1,280 px."""

FACETS = {
    "kind": "Kind", "production": "Production", "owner": "Owner", "operator": "Operator", "instrument": "Instrument",
    "stack": "Stack", "site": "Site", "band": "Band", "butler": "Butler", "step": "Step", "tag": "Tag",
}  # fmt: skip
"""The attributes by which the site's list offers to filter, each with the head of its menu."""

GROUPED_BY = (
    "state", "kind", "production", "owner", "operator", "stack", "instrument", "skymap", "site", "butler", "step",
    "deadline", "changed", "ticket", "tag",
)  # fmt: skip
"""The columns by which the site's list offers to group."""

STATE_ORDER = tuple(str(state) for state in CAMPAIGN_STATES)
"""The order of campaigns sorted by state."""

ORDERS: dict[str, tuple[str, ...]] = {"state": STATE_ORDER, "need": DECISIONS}
"""The order of the values of columns whose values have one of their own."""

_OPEN = tuple(str(state) for state in CAMPAIGN_STATES if not state.is_final)


def unknown_column(name: str) -> QueryError | None:
    """Return why there is no such column (`-` in front turns an order round), or None if there is."""
    name = name.removeprefix("-")
    if name in COLUMNS:
        return None
    hint = did_you_mean(name, COLUMNS) or f"expected one of {', '.join(COLUMNS)}"
    return QueryError(f"unknown column `{name}`", hint)


def row_of(campaign: Campaign, history: History, facts: Facts) -> Row:
    """Return a campaign as a row."""
    row: Row = {
        name: (values[0] if values else None) if ALL_COLUMNS[name].single else list(values)
        for name, values in facts.items()
        if name != "text"
    }
    progress = Progress(campaign, history)
    return row | {
        "title": campaign.title,
        "steps": list(facts["step"]),
        "step": progress.current or None,
        "need": decision(progress) or None,
        "groups": [progress.accepted, len(campaign.groups)],
    }


def in_order(rows: Iterable[Row], sort: Sequence[str] = (), group: str | None = None) -> list[Row]:
    """Return rows sorted by columns, the first one first, and those of one group together.

    Where no column is given, what needs a decision comes first, the most pressing before the rest; then what runs, what
    is paused, what is defined, and what is final; among these what was changed last, and campaigns of one day by name.
    Rows without a value come last in both directions.
    """
    ordered = list(rows)
    if not sort:
        ordered.sort(key=lambda row: row["name"].lower())
        ordered.sort(key=lambda row: row["id"][: len("2026-11-22")], reverse=True)
        ordered = _sorted(ordered, "changed", reverse=True)
        ordered.sort(key=_urgency)
    for name in reversed(sort):
        ordered = _sorted(ordered, name.removeprefix("-"), reverse=name.startswith("-"))
    if group is not None:
        ordered.sort(key=lambda row: words(row, group).lower())
        ordered = _sorted(ordered, group)
    return ordered


def _urgency(row: Row) -> int:
    if row["need"]:
        return DECISIONS.index(row["need"])
    state = State(row["state"])
    return len(DECISIONS) + (len(_OPEN) if state.is_final else _OPEN.index(state))


def _sorted(rows: Sequence[Row], name: str, *, reverse: bool = False) -> list[Row]:
    full = [row for row in rows if row[name] not in (None, [])]
    empty = [row for row in rows if row[name] in (None, [])]
    return sorted(full, key=lambda row: _key(row[name], name), reverse=reverse) + empty


def _key(value: Any, name: str) -> tuple[int, Any]:
    if name in ORDERS:
        return (0, ORDERS[name].index(value))
    if isinstance(value, list):
        value = value[0]
    return (0, value) if isinstance(value, int) else (1, str(value).lower())


def words(row: Mapping[str, Any], name: str, most: int | None = None) -> str:
    """Return a cell's value as text; of many values only the first ``most``."""
    value = row[name]
    if name == "groups":
        return f"{value[0]}/{value[1]}"
    if isinstance(value, list):
        shown = ", ".join(str(one) for one in value[:most])
        return f"{shown}, …" if most is not None and len(value) > most else shown
    return "" if value is None else str(value)
