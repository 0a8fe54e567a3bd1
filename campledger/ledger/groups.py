"""Groups that are not listed: a step names a BPS file as their template, and a table with a row for each.

The first column names the group; the row's cells are the group's BPS variables, which fill the template. What comes of
it is what somebody could have written into the definition, and counts as if it stood there.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from campledger.documents.foreign import ForeignError, load
from campledger.documents.rows import Rows, RowsError
from campledger.documents.schema import findings
from campledger.documents.text import UNSAFE, Place, Report, decode, finds_conflict, shown
from campledger.model import placeholders
from campledger.model.campaign import NAMED_BY_TABLE
from campledger.problems import Problem, Severity
from campledger.repository.file_trees import Files

MAX_GROUPS = 5_000
"""Rows of a table; the largest productions split a step into some hundred groups."""
MAX_BYTES = 8 * 1024 * 1024
MAX_CELL = 65_536

_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")

Group = Mapping[str, Any]
"""A group as a definition would list it."""


@dataclass(frozen=True)
class Tabled:
    """The groups that tables give the steps of a campaign."""

    groups: Mapping[str, tuple[Group, ...]] = field(default_factory=dict)
    """By the step's name."""
    problems: tuple[Problem, ...] = ()
    unfilled: tuple[Problem, ...] = ()
    """Placeholders that no column fills: how bad that is depends on the campaign's state."""
    complete: bool = True
    """False where a table cannot be read: nobody knows then which groups there are."""


def read_tables(files: Files, directory: str, definition: Mapping[str, Any], known: Mapping[str, bytes]) -> Tabled:
    """Return the groups that a definition, which has passed the schema, takes from tables beside it.

    ``known`` are contents that have been read already.
    """
    beside = _Beside(files, directory, known)
    groups: dict[str, tuple[Group, ...]] = {}
    problems: dict[Problem, None] = {}
    unfilled: dict[Problem, None] = {}
    complete = True
    for step in definition.get("steps", ()):
        named = step.get("groups")
        if not isinstance(named, Mapping):
            continue
        table, template = (posixpath.normpath(f"{directory}/{named[key]}") for key in NAMED_BY_TABLE)
        data = beside.content(table)
        if data is None:
            complete = False
            if files.paths.get(table):
                problem = Problem(
                    table, 0, 0, "path-outside", "the table of groups is a symbolic link", "replace it by a copy"
                )
                problems[problem] = None
            continue
        report = Report(table)
        found = read_table(data, report, named["template"])
        complete = complete and found is not None
        if found is not None:
            groups[step["name"]] = found.groups
            unfilled |= dict.fromkeys(_unfilled(beside, template, found, report))
        problems |= dict.fromkeys(report.problems())
    return Tabled(groups, tuple(problems), tuple(unfilled), complete)


@dataclass(frozen=True)
class _Beside:
    """The files beside a definition."""

    files: Files
    directory: str
    known: Mapping[str, bytes]

    def content(self, path: str) -> bytes | None:
        """Return a file; None if it is not there, lies outside, or is a link: the definition is told so."""
        if not path.startswith(f"{self.directory}/") or self.files.paths.get(path, True):
            return None
        return self.known[path] if path in self.known else self.files.read([path]).get(path)


@dataclass(frozen=True)
class Table:
    """A table of groups, as read."""

    columns: tuple[str, ...]
    groups: tuple[Group, ...]
    header: Place


def read_table(data: bytes, report: Report, template: str) -> Table | None:
    """Return the groups of a table; None where its header or size leaves open which there are."""
    if len(data) > MAX_BYTES:
        report.add("unreadable", f"{len(data):,} bytes; the limit is {MAX_BYTES:,}")
        return None
    text = decode(data, report)
    if text is None or report.has_errors or finds_conflict(text, report):
        return None
    rows = Rows(text.replace("\r\n", "\n"), 0)
    try:
        records = list(rows.records())
    except RowsError as error:
        report.add("unreadable", f"not CSV: {error}", error.place)
        return None
    if not records:
        report.add("unreadable", "the table is empty", (1, 1), "the first line names the columns, such as GNUM,LOWEXP")
        return None
    (line, columns), *records = records
    if not _judge_columns(columns, partial(rows.place_in_line, line), report):
        return None
    if len(records) > MAX_GROUPS:
        place = rows.place_in_line(records[MAX_GROUPS][0], 0)
        hint = "make the groups larger, or the steps more"
        report.add("unreadable", f"{len(records):,} rows; the limit is {MAX_GROUPS:,}", place, hint)
        return None
    if not records:
        report.add("schema", "the table has no rows", (line + 1, 1), "each row is a group")
        return None
    return Table(tuple(columns), tuple(_groups(columns, records, rows, report, template)), (line + 1, 1))


def _judge_columns(columns: Sequence[str], place: Callable[[int], Place], report: Report) -> bool:
    usable = True
    for number, name in enumerate(columns):
        if not _COLUMN.fullmatch(name):
            hint = "a name consists of letters, digits and _"
            report.add("schema", f"invalid column name `{shown(name)}`", place(number), hint)
            usable = False
        elif name in columns[:number]:
            report.add("schema", f"duplicate column `{name}`", place(number), "keep one of them")
            usable = False
    return usable


def _groups(
    columns: Sequence[str], records: Sequence[tuple[int, list[str]]], rows: Rows, report: Report, template: str
) -> Iterator[Group]:
    seen: set[str] = set()
    for line, cells in records:
        if len(cells) != len(columns):
            message = f"this line has {len(cells)} cell{'s' if len(cells) != 1 else ''}, the header {len(columns)}"
            hint = "quote what holds commas" if len(cells) > len(columns) else ""
            report.add("schema", message, (line + 1, 1), hint)
            continue
        complaints = [(number, complaint) for number, cell in enumerate(cells) if (complaint := _complaint(cell))]
        for number, complaint in complaints:
            message = f"`{columns[number]}` {complaint}"
            report.add("schema", message, rows.place_in_line(line, number))
        name = cells[0]
        if not complaints and findings(name, "campaign", "name"):
            hint = "a name consists of letters, digits and . _ + -"
            report.add("schema", f"invalid group name `{shown(name)}`", (line + 1, 1), hint)
        elif name in seen:
            report.add("duplicate-step", f"duplicate group `{shown(name)}`", (line + 1, 1))
        elif not complaints:
            seen.add(name)
            variables = {column: _value(cell) for column, cell in zip(columns, cells, strict=True)}
            yield {"name": name, "processing": {"bps": {"file": template, "variables": variables}}}


def _complaint(cell: str) -> str | None:
    if not cell.strip():
        return "is empty"
    if len(cell) > MAX_CELL:
        return f"is {len(cell):,} characters long; the limit is {MAX_CELL:,}"
    return "contains a line break or a control character" if UNSAFE.search(cell) else None


def _value(cell: str) -> str | int:
    return int(cell) if _NUMBER.fullmatch(cell) else cell


def _unfilled(beside: _Beside, template: str, table: Table, report: Report) -> Iterator[Problem]:
    """Yield the placeholders of a template that a table has no column for, and what else is wrong with it."""
    data = beside.content(template)
    if data is None:
        return
    try:
        words = placeholders_of(data)
    except ForeignError as error:
        yield Problem(template, error.line, error.column, "yaml-syntax", f"invalid template of groups: {error.message}")
        return
    for word in words:
        if word not in table.columns:
            message = (
                f"missing column for the placeholder `{shown(word)}` of {shown(template[len(beside.directory) + 1 :])}"
            )
            hint = "add the column, or write the value into the template"
            yield Problem(report.path, *table.header, "placeholder", message, hint, Severity.WARNING)


def placeholders_of(template: bytes) -> tuple[str, ...]:
    """Return the placeholders of a BPS file. Raise ForeignError where it is none."""
    value = load(template)
    if not isinstance(value, Mapping):
        raise ForeignError("not a mapping", 1, 1)
    return placeholders.words_of(value)
