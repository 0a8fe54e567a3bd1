"""Sets in tables: CSV with a header, and ECSV as astropy reads it."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from campledger.dataids.members import ALTERNATES, KNOWN, Columns
from campledger.documents.foreign import ForeignError, load
from campledger.documents.rows import Rows, RowsError
from campledger.documents.text import Lines, Place, Report, finds_conflict, shown

INSTALL = "pip install 'campledger[tables]'"

DATATYPES = frozenset(
    {"bool", "string", *(f"{sign}int{size}" for sign in ("", "u") for size in (8, 16, 32, 64))}
    | {f"float{size}" for size in (16, 32, 64, 128)}
)
"""The types of columns that ECSV 1.0 defines."""
_NAMES = frozenset(KNOWN) | ALTERNATES
_VERSION = re.compile(r"# %ECSV 1\.[0-9]+ *")
_DIGITS = re.compile(r"-?[0-9]{1,19}")


def read_csv(text: str, report: Report) -> Columns | None:
    """Return the columns of a CSV text, or None where it has none."""
    text = text.replace("\r\n", "\n")
    if finds_conflict(text, report) or _holds_returns(text, report):
        return None
    if text.startswith("# %ECSV"):
        report.add("schema", "this is ECSV", (1, 1), "give the file the ending .ecsv")
        return None
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        records = list(reader)
    except csv.Error as error:
        place = (_last_begun(text), 1)
        report.add("unreadable", f"not CSV: {error}", place, "a quotation mark is missing, or one is too many")
        return None
    header = next((number for number, record in enumerate(records) if record), None)
    if header is None:
        report.add("unreadable", "the file is empty", (1, 1), "the first line names the columns")
        return None
    names = records[header]
    rows = Rows(text, header + 1)
    if not _judge_header(names, rows, header, report):
        return None
    found = [record for record in records[header + 1 :] if record]
    return _columns(names, found, rows, report, textual=True)


def _last_begun(text: str) -> int:
    """Return the line, from 1, of the record at which reading stops."""
    reader = csv.reader(io.StringIO(text), strict=True)
    before = 0
    with contextlib.suppress(csv.Error):
        for _ in reader:
            before = reader.line_num
    return before + 1


def _holds_returns(text: str, report: Report) -> bool:
    """Whether there are line ends of a kind that Macintoshes had once."""
    if "\r" not in text:
        return False
    message, hint = "a carriage return that ends no line", "save the file with line ends of Unix or Windows"
    report.add("unreadable", message, Lines(text).place(text.index("\r")), hint)
    return True


def _judge_header(names: list[str], rows: Rows, line: int, report: Report) -> bool:
    """Report what is wrong with the names of columns; return whether they can be used."""
    if not _NAMES.intersection(names):
        one = names[0] if len(names) == 1 else ""
        hint = "separate the columns by commas" if {";", "\t"}.intersection(one) else "for example instrument,visit"
        if not any(name.strip().lower() in _NAMES for name in names):
            report.add("schema", "the first line names no dimension", (line + 1, 1), hint)
            return False
    usable = True
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name.strip() and name not in seen:
            seen.add(name)
            continue
        place = partial(rows.place_in_line, line, number)
        if not name.strip():
            report.add("schema", f"column {number + 1} has no name", place, "name it, or take it out")
        else:
            report.add("schema", f"the column `{shown(name)}` stands here a second time", place, "keep one of them")
        usable = False
    return usable


def _columns(names: Sequence[str], found: list[list[str]], rows: Rows, report: Report, *, textual: bool) -> Columns:
    """Return the columns of records; those of another length are reported."""
    numbers: Sequence[int] = range(len(found))
    if set(map(len, found)) - {len(names)}:
        for number in numbers:
            if len(found[number]) != len(names):
                cells = f"{len(found[number])} cell{'s' if len(found[number]) != 1 else ''}"
                message = f"this line has {cells}, the header {len(names)}"
                hint = "quote texts that hold commas" if len(found[number]) > len(names) else ""
                report.add("schema", message, lambda number=number: rows.place(number, 0), hint)  # type: ignore[misc]
        numbers = [number for number in numbers if len(found[number]) == len(names)]
        found = [found[number] for number in numbers]
    values = {name: list(map(itemgetter(number), found)) for number, name in enumerate(names) if name in KNOWN}
    return _table(names, values, numbers, rows, textual=textual)


def _table(
    names: Sequence[str], values: Mapping[str, Sequence[Any]], numbers: Sequence[int], rows: Rows, *, textual: bool
) -> Columns:
    where = {name: number for number, name in enumerate(names)}

    def place(index: int, name: str | None) -> Place:
        return rows.place(numbers[index] if numbers else 0, where.get(name or "", 0))

    return Columns(
        values=values,
        count=len(numbers),
        place=place,
        place_of_name=lambda name: rows.place_in_line(rows.begin - 1, where[name]),
        strangers=[name for name in names if name not in KNOWN],
        textual=textual,
        tabular=True,
    )


@dataclass(frozen=True)
class Header:
    """The header of an ECSV file."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    delimiter: str
    meta: Mapping[str, Any]
    end: int
    """The line, from 0, that names the columns."""


def read_ecsv(text: str, report: Report) -> tuple[Columns | None, Mapping[str, Any], str]:
    """Return the columns of an ECSV text, its ``meta``, and why astropy refuses it, if it does.

    Of a table that astropy refuses the columns are text, so that what is wrong is found, with its line.
    """
    text = text.replace("\r\n", "\n")
    if finds_conflict(text, report) or _holds_returns(text, report):
        return None, {}, ""
    lines = text.split("\n")
    header = read_header(lines, report)
    if header is None:
        return None, {}, ""
    rows = Rows(text, header.end + 1, header.delimiter, comments=True)
    if not _judge_header(list(header.names), rows, header.end, report):
        return None, header.meta, ""
    try:
        values, complaint = _by_astropy(lines)
    except ImportError:
        report.add("unreadable", "ECSV is read by astropy, which is not installed", (1, 1), INSTALL)
        return None, header.meta, ""
    if values is None:
        return _as_text(header, rows, report), header.meta, complaint
    for one in complaint.splitlines():
        report.add("schema", f"astropy says: {shown(one)}", (header.end + 1, 1))
    kept = {name: column for name, column in values.items() if name in KNOWN}
    count = len(next(iter(values.values()), ()))
    return _table(header.names, kept, range(count), rows, textual=False), header.meta, ""


def read_header(lines: Sequence[str], report: Report) -> Header | None:
    """Return what an ECSV header says, in so far as a set can use it, or None with the problem reported."""
    if not _VERSION.fullmatch(lines[0]):
        report.add("schema", "the first line is not `# %ECSV 1.0`", (1, 1), "astropy writes such files")
        return None
    length = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    end = next((number for number in range(length, len(lines)) if lines[number].strip()), len(lines))
    try:
        header = load("\n".join(line[2:] for line in lines[1:length]).encode("utf-8", "surrogatepass"))
    except ForeignError as error:
        place = (error.line + 1, error.column + 2) if error.line else (2, 1)
        report.add("unreadable", f"the header is no YAML: {shown(error.message)}", place)
        return None
    if end == len(lines):
        report.add("schema", "no line names the columns", (len(lines), 1), "the first line after the header does")
        return None
    columns = header.get("datatype") if isinstance(header, dict) else None
    if not isinstance(columns, list) or not all(isinstance(one, dict) for one in columns) or not columns:
        report.add("schema", "the header has no list `datatype`", (2, 1), "it gives each column's name and datatype")
        return None
    usable = True
    for one in columns:
        name, datatype = one.get("name"), one.get("datatype")
        if not isinstance(name, str) or not isinstance(datatype, str):
            message = "a column without `name` or `datatype`, or whose name is no text"
            report.add("schema", message, _place_in_header(lines[:length], "datatype"))
            usable = False
        elif datatype not in DATATYPES or "subtype" in one:
            kind = "arrays or objects" if "subtype" in one else f"`{shown(datatype)}`"
            message, hint = f"the column `{shown(name)}` holds {kind}", "a set has columns of int64 and string"
            report.add("member-type", message, _place_in_header(lines[:length], name), hint)
            usable = False
    delimiter = header.get("delimiter", " ")
    if delimiter not in {" ", ","}:
        message = "the delimiter of ECSV is a comma or a blank"
        report.add("schema", message, _place_in_header(lines[:length], "delimiter"))
        usable = False
    meta = _meta(header.get("meta", {}))
    if meta is None or "__serialized_columns__" in meta:
        message = "`meta` is no mapping" if meta is None else "columns of objects"
        report.add("schema", message, _place_in_header(lines[:length], "meta"))
        usable = False
    if not usable or meta is None:
        return None
    return Header(
        tuple(one["name"] for one in columns), tuple(one["datatype"] for one in columns), delimiter, meta, end
    )


def _meta(meta: Any) -> dict[str, Any] | None:
    """Return `meta` as a mapping; astropy writes it as an ordered one, which is a list of pairs."""
    if isinstance(meta, list):
        try:
            meta = dict(meta)
        except (TypeError, ValueError):
            return None
    return meta if isinstance(meta, dict) and all(isinstance(key, str) for key in meta) else None


def _place_in_header(lines: Sequence[str], word: str) -> Place:
    """Return where a word stands first in the header."""
    pattern = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(word)}(?![A-Za-z0-9_])")
    for number, line in enumerate(lines, 1):
        found = pattern.search(line)
        if found:
            return number, found.start() + 1
    return 1, 1


def place_of_meta(text: str, key: str) -> Place:
    """Return where a key of ``meta`` stands in an ECSV text."""
    lines = text.split("\n")
    end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    begin, _ = _place_in_header(lines[:end], "meta")
    line, column = _place_in_header(lines[begin - 1 : end], key)
    return line + begin - 1, column


def _by_astropy(lines: list[str]) -> tuple[dict[str, list[Any]] | None, str]:
    """Return the columns as astropy reads them, with its warnings, or None and why it refused the table.

    Raise ImportError without astropy, which is an extra: it and numpy are two thirds of an installation.
    """
    from astropy.table import Table

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            table = Table.read(lines, format="ascii.ecsv")
            values = {name: table[name].tolist() for name in table.colnames}
        except (ValueError, TypeError, OverflowError, LookupError) as error:
            return None, str(error)
    return values, "\n".join(dict.fromkeys(str(one.message) for one in caught))


def _as_text(header: Header, rows: Rows, report: Report) -> Columns | None:
    names = next(csv.reader([rows.text.split("\n")[header.end]], delimiter=header.delimiter, skipinitialspace=True))
    if [name.strip() for name in names] != list(header.names):
        message = f"the columns are named {shown(', '.join(names))}, and {shown(', '.join(header.names))} in the header"
        report.add("schema", message, (header.end + 1, 1))
        return None
    try:
        found = [[cell.strip() for cell in record] for _, record in rows.records()]
    except RowsError as error:
        report.add("unreadable", f"not CSV: {error}", error.place)
        return None
    columns = _columns(header.names, found, rows, report, textual=True)
    for name, datatype in zip(header.names, header.types, strict=True):
        if "int" in datatype and name in columns.values:
            _judge_size(name, datatype, columns, report)
    return columns


def _judge_size(name: str, datatype: str, columns: Columns, report: Report) -> None:
    """Report the numbers that do not fit the type which the header gives their column."""
    bits = int(datatype.lstrip("uint"))
    low, high = (0, 2**bits - 1) if datatype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for index, cell in enumerate(columns.values[name]):
        if _DIGITS.fullmatch(cell) and not low <= int(cell) <= high:
            message = f"`{name}` is {cell}, which is no {datatype}"
            report.add("member-type", message, lambda index=index: columns.place(index, name))  # type: ignore[misc]
