"""The entries of lists: what each says, and its line; what their columns are; and those of a list in JSON."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campledger.dataids.json_form import parse
from campledger.dataids.members import ALTERNATES, KNOWN
from campledger.documents.strict_json import JsonText
from campledger.documents.text import Report, decode, finds_conflict, shown

NUMBER = re.compile(r"0|-?[1-9][0-9]{0,18}")
RANGE = re.compile(r"-?[0-9]+\.\.-?[0-9]+(?::[0-9]+)?")
NAMES = frozenset(KNOWN) | ALTERNATES | {"id"}
"""What a column may be called to be understood, in any case."""


@dataclass(frozen=True)
class Entry:
    """An entry of a list; its ranges and lists of numbers stand for several."""

    line: int
    """Counted from 1."""
    values: Mapping[str, Any]
    """By the names that the list gives; `id`, `band` and `comment` where it gives none."""


class Naming:
    """What the columns of a list are: by their own names in any case, or as somebody says."""

    def __init__(self, given: Mapping[str, str] | None = None):
        self._given = {name.strip().lower(): key for name, key in (given or {}).items()}
        self.unused = dict.fromkeys(self._given)
        """What was said of columns that the list does not have (yet)."""

    def knows(self, name: str) -> bool:
        """Whether it is said or known what a column is."""
        return name.strip().lower() in self._given or name.strip().lower() in NAMES

    def of(self, name: str) -> str:
        """Return what a column is: nothing for one to leave out, its own name where nobody knows."""
        lower = name.strip().lower()
        return self._given.get(lower, lower if lower in NAMES else name.strip())

    def columns(self, names: Sequence[str], line: int, report: Report) -> tuple[str, ...] | None:
        """Return what several columns are, or None, reported, where two are the same."""
        found = [self.of(name) for name in names]
        for name in names:
            self.unused.pop(name.strip().lower(), None)
        for number, name in enumerate(found):
            if name and name in found[:number]:
                first = names[found.index(name)]
                both = f"`{shown(first)}` and `{shown(names[number])}` both are `{shown(name)}`"
                report.add("schema", f"duplicate column: {both}", (line, 1), "--column NAME= leaves a column out")
                return None
        return tuple(found)


def list_text(data: bytes, report: Report) -> str | None:
    """Return the text of a list, its lines ending in a line feed, or None with the problem reported."""
    text = decode(data.removeprefix(codecs.BOM_UTF8), report)  # spreadsheets begin their CSV with one
    return None if text is None or finds_conflict(text, report) else text.replace("\r\n", "\n")


def in_json(data: bytes, report: Report, naming: Naming) -> Iterator[Entry]:
    """Yield the entries of a JSON list."""
    text = list_text(data, report)
    if text is None:
        return
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
            names = naming.columns(list(one), line, report)
            if names is not None:
                yield Entry(line, {name: below for name, below in zip(names, one.values(), strict=True) if name})
        elif isinstance(one, str) or type(one) is int:
            yield Entry(line, {"id": one})
        else:
            report.add("schema", f"entry {index + 1:,} is no data ID", (line, column))
