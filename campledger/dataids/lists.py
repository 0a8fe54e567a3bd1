"""Lists of data IDs made elsewhere, read as they are: any columns, no verdict on types."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campledger.problems import Problem


@dataclass(frozen=True)
class ForeignList:
    """The rows of a list, with the line of each."""

    columns: tuple[str, ...]
    rows: list[dict[str, str | int]]
    lines: list[int]
    problems: tuple[Problem, ...] = ()


def read_list(path: str, data: bytes) -> ForeignList:
    """Read CSV, ECSV, JSON, or plain text with one id or `band id` a line. What cannot be read is in ``problems``."""
    text = data.decode("utf-8", "replace")
    ending = Path(path).suffix
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    if ending == ".json":
        value = json.loads(text)
        rows = value["members"] if isinstance(value, dict) else value
        lines = [1] * len(rows)
    elif ending in {".csv", ".ecsv"}:
        skipped = sum(line.startswith("#") for line in text.splitlines())
        reader = csv.DictReader(io.StringIO("\n".join(line for line in text.splitlines() if not line.startswith("#"))))
        for row in reader:
            rows.append({k: _value(v.strip()) for k, v in row.items()})
            lines.append(reader.line_num + skipped)
    else:
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split()
            if words and not line.startswith("#"):
                names = ("id",) if len(words) == 1 else ("band", "id")
                rows.append({k: _value(v) for k, v in zip(names, words, strict=False)})
                lines.append(number)
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    return ForeignList(columns, rows, lines)


def _value(text: str) -> str | int:
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text
