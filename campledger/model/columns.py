"""Campaigns as the rows of a table: which columns there are, what stands in them, how they are sorted.

`campledger list`, saved queries and the site show the same columns under the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from campledger.model.campaign import Campaign
from campledger.model.history import History
from campledger.model.progress import Progress
from campledger.model.query import ATTRIBUTES, Facts, QueryError
from campledger.model.states import CAMPAIGN_STATES
from campledger.suggestions import did_you_mean

Row = dict[str, Any]
"""A campaign's values by column: one value as it is or None, several as a list, groups as [accepted, all]."""

COLUMNS: dict[str, str] = {
    **{name: meaning for name, meaning in ATTRIBUTES.items() if name != "text"},
    "step": "the first step that is not done, while the campaign is running or paused",
    "title": "one line for people",
    "groups": "groups accepted, of all",
}
"""The columns, each with what it shows. They are the attributes of the query language, and three more."""

USUAL = ("state", "id", "kind", "owner", "instrument", "stack", "step", "groups", "changed", "title")
"""What is shown unless somebody chose."""

SINGLE = frozenset({"id", "name", "state", "production", "kind", "owner", "started", "changed", "deadline", "parent"})
"""The columns that hold one value at the most."""

STATE_ORDER = tuple(str(state) for state in CAMPAIGN_STATES)
"""The order of campaigns where nobody asked for another one."""


def unknown_column(name: str) -> QueryError | None:
    """Return why there is no such column (`-` in front turns an order round), or None if there is."""
    name = name.removeprefix("-")
    if name in COLUMNS:
        return None
    hint = did_you_mean(name, COLUMNS) or f"known are {', '.join(COLUMNS)}"
    return QueryError(f"there is no column `{name}`", hint)


def row_of(campaign: Campaign, history: History, facts: Facts) -> Row:
    """Return a campaign as a row."""
    row: Row = {
        name: (values[0] if values else None) if name in SINGLE else list(values)
        for name, values in facts.items()
        if name != "text"
    }
    progress = Progress(campaign, history)
    return row | {
        "title": campaign.title,
        "steps": row["step"],
        "step": progress.current or None,
        "groups": [progress.accepted, len(campaign.groups)],
    }


def in_order(rows: Iterable[Row], sort: Sequence[str] = (), group: str | None = None) -> list[Row]:
    """Return rows sorted by columns, the first one first, and those of one group together.

    Where no column is given, they are by state, what was changed last before the others, campaigns of one day by name.
    Rows without a value come last in both directions.
    """
    ordered = list(rows)
    if not sort:
        ordered.sort(key=lambda row: row["name"].lower())
        ordered.sort(key=lambda row: row["id"][: len("2026-11-22")], reverse=True)
    for name in reversed(sort or ("state", "-changed")):
        ordered = _sorted(ordered, name.removeprefix("-"), reverse=name.startswith("-"))
    if group is not None:
        ordered.sort(key=lambda row: words(row, group).lower())
        ordered = _sorted(ordered, group)
    return ordered


def _sorted(rows: Sequence[Row], name: str, *, reverse: bool = False) -> list[Row]:
    full = [row for row in rows if row[name] not in (None, [])]
    empty = [row for row in rows if row[name] in (None, [])]
    return sorted(full, key=lambda row: _key(row[name], name), reverse=reverse) + empty


def _key(value: Any, name: str) -> tuple[int, Any]:
    if name == "state":
        return (0, STATE_ORDER.index(value))
    if isinstance(value, list):
        value = value[0]
    return (0, value) if isinstance(value, int) else (1, str(value).lower())


def words(row: Mapping[str, Any], name: str, most: int | None = None) -> str:
    """Return what stands in a cell as text; of many values only the first ``most``."""
    value = row[name]
    if name == "groups":
        return f"{value[0]}/{value[1]}"
    if isinstance(value, list):
        shown = ", ".join(str(one) for one in value[:most])
        return f"{shown}, …" if most is not None and len(value) > most else shown
    return "" if value is None else str(value)
