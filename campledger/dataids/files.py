"""The files that hold sets of data IDs: JSON, CSV and ECSV, read with all their problems and written canonically."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campledger.dataids.dimensions import DIMENSIONS, keys_of
from campledger.dataids.sets import DataIdSet, Row
from campledger.errors import DataError, UsageError
from campledger.files import replace
from campledger.problems import Problem, Severity, report_text

ENDINGS = (".json", ".csv", ".ecsv")
"""What the name of a set's file ends with, by its format."""


@dataclass(frozen=True)
class SetFile:
    """A file of a set, as read."""

    path: str
    value: DataIdSet | None
    """None where errors stand in the way, and where the set is derived from others."""
    derived: Mapping[str, Any] | None = None
    """How the set is made from others; see schemas/dataids.schema.json."""
    about: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    _place: Callable[[Row], tuple[int, int]] = lambda _: (0, 0)

    def place(self, row: Row) -> tuple[int, int]:
        """Return line and column, from 1, of a member in the file; (0, 0) for a row that it does not hold."""
        return self._place(row)


def read(path: str, data: bytes) -> SetFile:
    """Read a file whose format its ending names; everything wrong with it is in ``problems``, under this path."""
    ending = Path(path).suffix
    try:
        if ending == ".json":
            value = json.loads(data)
        elif ending == ".csv":
            value = [
                {k: int(v) if k in DIMENSIONS and DIMENSIONS[k].type is int else v for k, v in row.items() if v}
                for row in csv.DictReader(io.StringIO(data.decode()))
            ]
        else:
            from astropy.table import Table

            table = Table.read(data.decode().splitlines(), format="ascii.ecsv")
            value = [
                dict(zip(table.colnames, row, strict=True))
                for row in zip(*(table[n].tolist() for n in table.colnames), strict=True)
            ]
        about: dict[str, Any] = {}
        entries = value
        if isinstance(value, dict):
            about = {
                k: v for k, v in value.items() if k not in {"format", "dimensions", "members", "derived", "pending"}
            }
            if "derived" in value:
                return SetFile(path, None, value["derived"], about)
            entries = value["members"]
        names = keys_of(
            [
                k
                for k in (value["dimensions"] if isinstance(value, dict) and "dimensions" in value else entries[0])
                if k in DIMENSIONS
            ]
        )
        rows = [tuple(e[n] for n in names) for e in entries]
        said = {
            r: {k: v for k, v in e.items() if k not in names and v not in (None, "")}
            for r, e in zip(rows, entries, strict=True)
            if len(e) > len(names)
        }
        pending = value.get("pending", []) if isinstance(value, dict) else []
        return SetFile(path, DataIdSet.of(names, rows, said, pending, about), None, about)
    except (ValueError, KeyError, UsageError) as error:
        return SetFile(path, None, problems=(Problem(path, 0, 0, "unreadable", str(error)),))


def read_file(file: Path) -> DataIdSet:
    """Return the set that a file holds. Raise DataError with the report of its errors, or where it is derived."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise DataError(f"{file}: {error.strerror}") from error
    found = read(str(file), data)
    errors = [one for one in found.problems if one.severity is Severity.ERROR]
    if errors:
        raise DataError(report_text(errors))
    if found.value is None:
        raise DataError(f"{file}: the set is derived from others: evaluate it in its ledger")
    return found.value


def format_set(value: DataIdSet, ending: str) -> bytes:
    """Return a set as a file's bytes, canonically: sorted, one member a line. ``ending`` is .json, .csv or .ecsv."""
    if ending == ".json":
        lines = [
            json.dumps({**one, **value.attributes.get(row, {})}, ensure_ascii=False)
            for row, one in zip(value.members, value.data_ids(), strict=True)
        ]
        body = "[\n" + ",\n".join(lines) + "\n]"
        if value.about or value.pending or not value.members:
            head = {"format": 1, **value.about, "dimensions": list(value.dimensions)}
            if value.pending:
                head["pending"] = list(value.pending)
            return (json.dumps(head, ensure_ascii=False)[:-1] + ', "members": ' + body + "}\n").encode()
        return (body + "\n").encode()
    stream = io.StringIO()
    names = sorted({k for said in value.attributes.values() for k in said})
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*value.dimensions, *names])
    for row in value.members:
        writer.writerow([*row, *(value.attributes.get(row, {}).get(n, "") for n in names)])
    if ending == ".csv":
        return stream.getvalue().encode()
    types = [
        f"# - {{name: {n}, datatype: {'int64' if n in DIMENSIONS and DIMENSIONS[n].type is int else 'string'}}}"
        for n in (*value.dimensions, *names)
    ]
    head = "\n".join(["# %ECSV 1.0", "# ---", "# datatype:", *types, "# delimiter: ','", "# schema: astropy-2.0"])
    return f"{head}\n{stream.getvalue()}".encode()


def write_file(value: DataIdSet, file: Path) -> None:
    """Write a set in the format that the file's ending names, atomically. Raise UsageError where it cannot be."""
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    replace(file, format_set(value, file.suffix), mode)
