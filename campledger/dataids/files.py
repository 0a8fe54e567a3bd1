"""The files that hold sets of data IDs: JSON, CSV and ECSV.

``docs/dataids.md`` describes them. Reading collects all that is wrong with a file, with line and column; writing is
canonical: the same set gives the same bytes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from campledger.dataids.formats import ENDINGS, FORMATS, format_set, left_out
from campledger.dataids.json_form import Form
from campledger.dataids.members import Columns, Members, first_places, read_members
from campledger.dataids.sets import DataIdSet, Row
from campledger.dataids.writing import format_derived
from campledger.documents.text import MAX_BYTES, Place, Report, shown
from campledger.errors import DataError, UsageError
from campledger.files import replace
from campledger.problems import Problem, Severity, report_text

__all__ = ["ENDINGS", "SetFile", "format_derived", "format_set", "left_out", "read", "read_file", "write_file"]


@dataclass(frozen=True)
class SetFile:
    """A file of a set, as read."""

    path: str
    value: DataIdSet | None
    """None where errors stand in the way, and where the set is derived from others."""
    derived: Mapping[str, Any] | None = None
    """How the set is made from others; see schemas/dataids.schema.json. None where that has errors."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """Name, purpose and origin, of derived sets too; empty where there are errors."""
    problems: tuple[Problem, ...] = ()
    _origin: tuple[Columns, Members] | None = field(default=None, repr=False, compare=False)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stand in the way."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    def place(self, row: Row) -> Place:
        """Return line and column, from 1, of a member in the file; (0, 0) for a row that it does not hold."""
        index = self._first.get(row)
        return (0, 0) if self._origin is None or index is None else self._origin[0].place(index, None)

    @cached_property
    def _first(self) -> dict[Row, int]:
        return first_places(self._origin[1]) if self._origin else {}


def read(path: str, data: bytes) -> SetFile:
    """Read a file whose format its ending names; everything wrong with it is in ``problems``, under this path."""
    report = Report(path)
    with no_collection():
        form = _form(path, data, report) or Form()
    members = read_members(form.columns, form.declared, report) if form.columns is not None else None
    if form.complaint and not report.has_errors:
        report.add("unreadable", f"astropy refuses the table: {shown(form.complaint)}", (1, 1))
    problems = report.problems()
    if report.has_errors:
        return SetFile(path, None, problems=problems)
    if members is None:
        return SetFile(path, None, form.derived, form.about, problems)
    value = DataIdSet(members.dimensions, members.rows, members.attributes, form.pending, form.about)
    origin = (form.columns, members) if form.columns is not None else None
    return SetFile(path, value, None, form.about, problems, origin)


def _form(path: str, data: bytes, report: Report) -> Form | None:
    reader = FORMATS.get(Path(path).suffix)
    if reader is None:
        report.add("unreadable", "no format of sets has this ending", hint=f"use {', '.join(ENDINGS)}")
        return None
    return reader.read(data, report)


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the garbage collector from going through millions of new objects again and again: none is garbage."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def read_file(file: Path) -> DataIdSet:
    """Return the set that a file holds.

    Raise DataError with the report of its errors, or where it cannot be opened or is derived from others.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{file}: {error.strerror}") from error
    found = read(str(file), data)
    if found.errors:
        raise DataError(report_text(found.errors))
    if found.value is None:
        raise DataError(f"{file}: the set is made from others, and read in its ledger only")
    return found.value


def write_file(value: DataIdSet, file: Path, *, partly: bool = False) -> None:
    """Write a set in the format that the file's ending names, atomically.

    Raise UsageError where the format cannot hold it, see :func:`format_set`, or the file cannot be written.
    """
    data = format_set(value, file.suffix, partly=partly)
    try:
        mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
        replace(file, data, mode)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
