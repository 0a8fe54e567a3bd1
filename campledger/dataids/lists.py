"""Lists of data IDs made elsewhere, read as they are: any columns, no verdict on types.

CSV and tables of other separators with or without a header, ECSV, JSON, and plain text with one id or `band id` a
line, as Rubin's exclusion lists, the visit lists of rc2_subset and prodstatus have them. Ranges are written out. What
a line holds is named by its columns, or the line is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from campledger.dataids.entries import NUMBER, RANGE, Entry, Naming
from campledger.dataids.formats import FORMATS
from campledger.dataids.sets import REMARKS
from campledger.dataids.text_lists import in_text
from campledger.dataids.values import MAX_MEMBERS, Wrong, number
from campledger.documents.text import Report, shown
from campledger.problems import Problem

Value = str | int


@dataclass(frozen=True)
class ForeignList:
    """The rows of a list, with the line of each."""

    columns: tuple[str, ...]
    """Named as in the list, those that are known in lower case; `id`, `band` and `comment` where it names none."""
    rows: list[dict[str, Value]]
    """What says nothing (an empty cell, null) is left out. Whole numbers are numbers, but in remarks."""
    lines: list[int]
    """The line, from 1, of each row; of a range all rows have one."""
    problems: tuple[Problem, ...] = ()
    """What could not be read."""


def read_list(path: str, data: bytes, columns: Mapping[str, str] | None = None) -> ForeignList:
    """Read a list by its ending: one of a format of sets, or anything else as plain text.

    ``columns`` says what columns are whose names do not: `{"expnum": "exposure"}`, and nothing to leave one out.
    """
    report = Report(path)
    naming = Naming(columns)
    rows: list[dict[str, Value]] = []
    lines: list[int] = []
    ending = Path(path).suffix.lower()
    known = FORMATS.get(ending)
    for entry in known.read_list(data, report, naming) if known else in_text(data, report, naming, ending):
        made = _expanded(entry, len(rows), report)
        rows += made
        lines += [entry.line] * len(made)
    named: dict[str, None] = {}
    for row in rows:
        named.update(dict.fromkeys(row))
    if naming.unused and not report.has_errors:
        has = f"it has {', '.join(map(shown, named))}" if named else ""
        report.add("schema", f"unknown column `{shown(next(iter(naming.unused)))}`", (1, 1), has)
    return ForeignList(tuple(named), rows, lines, report.problems())


def _expanded(entry: Entry, before: int, report: Report) -> list[dict[str, Value]]:
    """Return the rows of an entry: several where it has ranges or lists."""
    columns: dict[str, Any] = {}
    for name, value in entry.values.items():
        parts = _parts(name, value)
        if isinstance(parts, Wrong):
            report.add(parts.rule, parts.message, (entry.line, 1), parts.hint)
            return []
        if len(parts):
            columns[name] = parts
    if not columns:
        return []
    if before + prod(map(len, columns.values())) > MAX_MEMBERS:
        report.add("member-type", f"ranges that make more than {MAX_MEMBERS:,} rows of the list", (entry.line, 1))
        return []
    return [dict(zip(columns, row, strict=True)) for row in product(*columns.values())]


def _parts(name: str, value: Any) -> Any:
    """Return the values that one cell stands for, none if it says nothing, or what is wrong with its range."""
    if value is None or value == "":
        return ()
    if isinstance(value, list):
        verdict = number(name, value, textual=True)
        return verdict if not isinstance(verdict, Wrong) else [_value(name, one) for one in value]
    if isinstance(value, str) and name not in REMARKS and RANGE.fullmatch(value):
        return number(name, value, textual=True)
    return (_value(name, value),)


def _value(name: str, value: Any) -> Value:
    if isinstance(value, str):
        if name in REMARKS:
            value = " ".join(value.split())  # a set keeps them in one line
        return int(value) if NUMBER.fullmatch(value) and name not in REMARKS else value
    return value if type(value) is int else json.dumps(value)
