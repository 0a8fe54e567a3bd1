"""Lists of data IDs made elsewhere, read as they are: any columns, no verdict on types.

CSV with or without a header, ECSV, JSON, and plain text with one id or `band id` a line, as Rubin's exclusion lists,
the visit lists of rc2_subset and prodstatus have them. Ranges are written out.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from campledger.dataids.json_form import parse
from campledger.dataids.members import ALTERNATES, KNOWN
from campledger.dataids.sets import REMARKS
from campledger.dataids.tables import read_header
from campledger.dataids.values import MAX_MEMBERS, Wrong, number
from campledger.documents.rows import Rows, RowsError
from campledger.documents.strict_json import JsonText
from campledger.documents.text import Report, decode, finds_conflict
from campledger.problems import Problem

_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_NAMES = frozenset(KNOWN) | ALTERNATES | {"id"}
_RANGE = re.compile(r"-?[0-9]+\.\.-?[0-9]+(?::[0-9]+)?")
_SEPARATORS = re.compile(r"[\s,;]+")

Value = str | int


@dataclass(frozen=True)
class ForeignList:
    """The rows of a list, with the line of each."""

    columns: tuple[str, ...]
    """Named as in the list; `id`, `band` and `comment` where it names none."""
    rows: list[dict[str, Value]]
    """What says nothing (an empty cell, null) is left out. Whole numbers are numbers, but in remarks."""
    lines: list[int]
    """The line, from 1, of each row; of a range all rows have one."""
    problems: tuple[Problem, ...] = ()
    """What could not be read."""


@dataclass(frozen=True)
class _Entry:
    line: int
    values: Mapping[str, Any]


def read_list(path: str, data: bytes) -> ForeignList:
    """Read a list by its ending: .json, .csv, .ecsv, or anything else as plain text."""
    report = Report(path)
    text = decode(data.removeprefix(codecs.BOM_UTF8), report)  # spreadsheets begin their CSV with one
    rows: list[dict[str, Value]] = []
    lines: list[int] = []
    if text is not None and not finds_conflict(text, report):
        readers = {".json": _json, ".csv": _csv, ".ecsv": _ecsv}
        for entry in readers.get(Path(path).suffix.lower(), _plain)(text.replace("\r\n", "\n"), report):
            made = _expanded(entry, len(rows), report)
            rows += made
            lines += [entry.line] * len(made)
    columns: dict[str, None] = {}
    for row in rows:
        columns.update(dict.fromkeys(row))
    return ForeignList(tuple(columns), rows, lines, report.problems())


def _json(text: str, report: Report) -> Iterator[_Entry]:
    value = parse(text, report)
    document = JsonText(text)
    base: tuple[str, ...] = ()
    if isinstance(value, dict) and isinstance(value.get("members"), list):
        value, base = value["members"], ("members",)
    if not isinstance(value, list):
        if value is not None:
            report.add("schema", "no list of data IDs", document.place(()), "it is a list, or `members` of an object")
        return
    for index, one in enumerate(value):
        line, column = document.place((*base, index))
        inner = one.get("dataId") if isinstance(one, dict) else None
        if isinstance(inner, dict):
            one = {**inner, **{key: below for key, below in one.items() if key not in {"dataId", "records"}}}  # noqa: PLW2901
        if isinstance(one, dict):
            yield _Entry(line, one)
        elif isinstance(one, str) or type(one) is int:
            yield _Entry(line, {"id": one})
        else:
            report.add("schema", f"entry {index + 1:,} is no data ID", (line, column))


def _csv(text: str, report: Report) -> Iterator[_Entry]:
    first = next((line for line in text.split("\n") if line.strip() and not line.startswith("#")), "")
    delimiter = max(",;\t", key=first.count)
    yield from _records(Rows(text, 0, delimiter, comments=True), None, report)


def _ecsv(text: str, report: Report) -> Iterator[_Entry]:
    header = read_header(text.split("\n"), report)
    if header is not None:
        yield from _records(Rows(text, header.end + 1, header.delimiter, comments=True), header.names, report)


def _records(rows: Rows, names: tuple[str, ...] | None, report: Report) -> Iterator[_Entry]:
    try:
        for line, record in rows.records():
            cells = [cell.strip() for cell in record]
            if names is None:
                if not any(map(_is_id, cells)):
                    names = tuple(cell or f"column {number}" for number, cell in enumerate(cells, 1))
                    continue
                names = tuple(_words(cells))
            while len(cells) > len(names) and not cells[-1]:
                cells.pop()  # spreadsheets leave commas behind
            if len(cells) > len(names) and names[-1] in {"comment", "reason"}:
                # A comment with commas in it that nobody put in quotes.
                last = len(names) - 1
                cells[last:] = [", ".join(cells[last:])]
            if len(cells) > len(names):
                report.add("schema", f"this line has {len(cells)} cells; {len(names)} have a name", (line + 1, 1))
                continue
            yield _Entry(line + 1, dict(zip(names, cells, strict=False)))
    except RowsError as error:
        report.add("unreadable", f"not CSV: {error}", error.place)


def _is_id(word: str) -> bool:
    return bool(_NUMBER.fullmatch(word) or _RANGE.fullmatch(word))


def _plain(text: str, report: Report) -> Iterator[_Entry]:
    names: list[str] | None = None
    for number_of_line, line in enumerate(text.split("\n"), 1):
        content = line.partition("#")[0].strip()
        words = [word for word in _SEPARATORS.split(content) if word]
        if not words:
            continue
        if names is None and all(word.lower() in _NAMES for word in words):
            names = [word.lower() for word in words]
            continue
        if names is None and len(words) > 1 and all(map(_is_id, words)):
            hint = "one id a line, or a first line that names the columns: `visit detector`"
            report.add("schema", "several numbers in a line, and nothing says what they are", (number_of_line, 1), hint)
        elif names and len(words) <= len(names):
            yield _Entry(number_of_line, dict(zip(names, words, strict=False)))
        else:
            yield _Entry(number_of_line, _words(words))


def _words(words: list[str]) -> dict[str, str]:
    """Return what the words of a line are that nothing names: an id, perhaps a band before it, a comment after it."""
    if list(map(_is_id, words[:2])) == [False, True]:
        named, rest = {"band": words[0], "id": words[1]}, words[2:]
    else:
        named, rest = {"id": words[0]}, words[1:]
    return {**named, **({"comment": " ".join(rest)} if rest else {})}


def _expanded(entry: _Entry, before: int, report: Report) -> list[dict[str, Value]]:
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
    if isinstance(value, str) and name not in REMARKS and _RANGE.fullmatch(value):
        return number(name, value, textual=True)
    return (_value(name, value),)


def _value(name: str, value: Any) -> Value:
    if isinstance(value, str):
        return int(value) if _NUMBER.fullmatch(value) and name not in REMARKS else value
    return value if type(value) is int else json.dumps(value)
