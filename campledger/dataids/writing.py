"""Sets written as files, canonically: the same set gives the same bytes, sorted, one member a line."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any

from campledger.dataids.dimensions import DIMENSIONS
from campledger.dataids.json_form import about_keys
from campledger.dataids.sets import REMARKS, DataIdSet
from campledger.dataids.values import runs_in_spreadsheets
from campledger.documents.text import shown
from campledger.errors import UsageError

_NOT_ASCII = re.compile(r"[^ -~]")


def format_json(value: DataIdSet) -> bytes:
    """Return a set as JSON."""
    return _json(value).encode()


def format_csv(value: DataIdSet) -> bytes:
    """Return a set as CSV. Raise UsageError for a text that spreadsheets would run."""
    return _table(value, _cell_of_csv).encode()


def format_ecsv(value: DataIdSet) -> bytes:
    """Return a set as ECSV."""
    # Readers of ECSV take a line that begins with # for a comment, unless it is quoted.
    quoted = any(str(text).startswith("#") for text in set(value.column(0)))
    return (_ecsv_header(value) + _table(value, str, quoted=quoted)).encode()


def format_derived(derived: Mapping[str, Any], about: Mapping[str, Any]) -> bytes:
    """Return the file of a set that is made from others."""
    return _object({"format": 1, **_in_order(about), "derived": derived}, {}).encode()


def _json(value: DataIdSet) -> str:
    members = _member_lines(value)
    if value.members and not value.about and not value.pending:
        return "[\n" + ",\n".join(members) + "\n]\n"
    head = {"format": 1, **_in_order(value.about), "dimensions": list(value.dimensions)}
    lists: dict[str, Iterable[str]] = {"members": members}
    if value.pending:
        lists["pending"] = map(_line, value.pending)
    return _object(head, lists)


def _in_order(about: Mapping[str, Any]) -> dict[str, Any]:
    known = {key: about[key] for key in about_keys() if key in about}
    return {**known, **about}


def _object(head: Mapping[str, Any], lists: Mapping[str, Iterable[str]]) -> str:
    parts = [f"  {_line(key)}: {_line(one)}" for key, one in head.items()]
    for key, lines in lists.items():
        body = ",\n".join(f"    {line}" for line in lines)
        parts.append(f"  {_line(key)}: [\n{body}\n  ]" if body else f"  {_line(key)}: []")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _member_lines(value: DataIdSet) -> Iterable[str]:
    names = [f'"{name}": ' for name in value.dimensions]
    texts = [index for index, name in enumerate(value.dimensions) if DIMENSIONS[name].type is str]
    form = ", ".join(name + ("%s" if index in texts else "%d") for index, name in enumerate(names))
    quoted = {text: _line(text) for index in texts for text in value.column(index)}
    rows: Iterable[tuple[Any, ...]] = value.members
    if texts:
        columns = [value.column(index) for index in range(len(names))]
        for index in texts:
            columns[index] = list(map(quoted.__getitem__, columns[index]))
        rows = zip(*columns, strict=True)
    if not value.attributes:
        return map(f"{{{form}}}".__mod__, rows)
    said = map(value.attributes.get, value.members)
    return (
        f"{{{form % row}, {_line(_cleaned(more))[1:]}" if more else f"{{{form % row}}}"
        for row, more in zip(rows, said, strict=True)
    )


def _cleaned(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a member's annotations in the order of writing, without blanks around texts."""
    return {name: said[name] for name in _attribute_names([said])}


def _attribute_names(said: Iterable[Mapping[str, Any]]) -> list[str]:
    names = set(chain.from_iterable(said))
    return [*sorted(names.difference(REMARKS)), *(name for name in REMARKS if name in names)]


def _table(value: DataIdSet, cell: Callable[[Any], str], *, quoted: bool = False) -> str:
    names = _attribute_names(value.attributes.values())
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC if quoted else csv.QUOTE_MINIMAL)
    writer.writerow([*value.dimensions, *names])
    rows: Iterable[tuple[Any, ...]] = value.members
    texts = {
        text
        for index, name in enumerate(value.dimensions)
        if DIMENSIONS[name].type is str
        for text in value.column(index)
    }
    for text in texts:
        cell(text)
    if names:
        nothing: Mapping[str, Any] = {}
        said = (value.attributes.get(row, nothing) for row in value.members)
        rows = (
            (*row, *(cell(more[name]) if name in more else "" for name in names))
            for row, more in zip(value.members, said, strict=True)
        )
    writer.writerows(rows)
    return stream.getvalue()


def _cell_of_csv(value: Any) -> str:
    if isinstance(value, str) and runs_in_spreadsheets(value):
        hint = "write JSON or ECSV, or reword it"
        raise UsageError(f"`{shown(value)}` in CSV would be run as a formula by spreadsheets: {hint}")
    return str(value)


def _yaml(value: Any) -> str:
    """Return a value as YAML: JSON, but for the characters that JSON escapes in two halves."""
    return _NOT_ASCII.sub(
        lambda char: f"\\U{ord(char[0]):08x}" if char[0] > "\uffff" else f"\\u{ord(char[0]):04x}", _line(value)
    )


def _ecsv_header(value: DataIdSet) -> str:
    names = [*value.dimensions, *_attribute_names(value.attributes.values())]
    lines = ["%ECSV 1.0", "---", "datatype:"]
    for name in names:
        is_number = name in DIMENSIONS and DIMENSIONS[name].type is int
        lines.append(f"- {{name: {name}, datatype: {'int64' if is_number else 'string'}}}")
    lines.append("delimiter: ','")
    if value.about:
        lines.append("meta:")
        lines += [f"  {key}: {_yaml(one)}" for key, one in _in_order(value.about).items()]
    lines.append("schema: astropy-2.0")
    return "".join(f"# {line}\n" for line in lines)
