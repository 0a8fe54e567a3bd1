"""From the columns of a file to the members of a set, and to what is wrong with them.

Works column by column with functions that run at C's speed; single values are looked at only in columns that hold
something else than they should.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice, product, repeat
from math import prod
from typing import Any

from campledger.dataids.dimensions import ALTERNATE_KEYS, DIMENSIONS, keys_of
from campledger.dataids.sets import REMARKS, Attributes, Row, in_order
from campledger.dataids.values import (
    HIGHEST,
    LOWEST,
    MAX_MEMBERS,
    RESOLVE,
    Numbers,
    Wrong,
    number,
    remark,
    runs_in_spreadsheets,
    text,
)
from campledger.documents.text import Place, Report, shown
from campledger.problems import Severity
from campledger.suggestions import did_you_mean

ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "nothing"})()
"""What a column holds for an entry that says nothing there; null is something else."""

ALTERNATES = frozenset(ALTERNATE_KEYS) | {name for one in DIMENSIONS.values() for name in one.alternates}
KNOWN = (*DIMENSIONS, *REMARKS)
_MAX_SHAPES = 1000


@dataclass(frozen=True)
class Columns:
    """What a file says of its members, column by column, in the order in which the columns appear."""

    values: Mapping[str, Sequence[Any]]
    """The columns with a name of :data:`KNOWN`, all of one length."""
    count: int
    place: Callable[[int, str | None], Place]
    """Where an entry, or its value of a column, stands."""
    place_of_name: Callable[[str], Place]
    """Where a column's name stands (first)."""
    strangers: Sequence[str] = ()
    """Names of the other columns."""
    partial: frozenset[str] = frozenset()
    """Columns in which an entry may be ABSENT."""
    textual: bool = False
    """Whether numbers are written as text, as in CSV."""
    tabular: bool = False
    """Whether an empty cell says nothing, as in a table."""


@dataclass(frozen=True)
class Members:
    """The members of a file."""

    dimensions: tuple[str, ...]
    rows: tuple[Row, ...]
    """Sorted, each once."""
    attributes: Mapping[Row, Attributes]
    found: Callable[[], Iterator[Row]]
    """Yields them in the order of the file."""
    origins: Sequence[int]
    """The entry from which each of ``found`` comes."""


def read_members(columns: Columns, declared: tuple[str, ...] | None, report: Report) -> Members | None:
    """Return the members, or None where errors stand in the way; ``declared`` is what a file says they are keyed by."""
    if not columns.values and not columns.count:
        return Members(declared, (), {}, lambda: iter(()), ()) if declared else None
    reader = _Reader(columns, report)
    reader.judge_names()
    keys = reader.find_keys(declared)
    if keys is None:
        return None
    picked = {name: reader.key_column(name) for name in columns.values if name in keys}
    said = reader.attributes([name for name in columns.values if name not in keys])
    if columns.strangers or set(picked) != set(keys):
        return None  # the rows would be no data IDs, and alike
    origins, found = reader.rows([picked[name] for name in keys])
    if found is None:
        return None
    rows = list(found())
    if not reader.bad and not reader.spans and _ascend(list(picked.values())):
        # Mostly the order is another one only in what comes first; nothing stands twice.
        rest_is_in_order = keys[1:] == tuple(name for name in picked if name != keys[0])
        rows.sort(key=operator.itemgetter(0) if rest_is_in_order else None)
        members = tuple(rows)
        rows = rows if not said else list(found())
    else:
        names = tuple(picked)
        natural = rows if names == keys else list(map(operator.itemgetter(*map(keys.index, names)), rows))
        reader.judge_order(natural, origins)
        members = in_order(list(rows))
    # Of what is said of a member twice, the first word counts.
    attributes: dict[Row, Attributes] = {}
    if said:
        for row, origin in zip(rows, origins, strict=True):
            if origin in said:
                first = attributes.setdefault(row, said[origin])
                if first is not said[origin]:
                    attributes[row] = {**said[origin], **first}
    return Members(keys, members, attributes, found, origins)


@dataclass
class _Reader:
    columns: Columns
    report: Report
    bad: set[int] = field(default_factory=set)
    """Entries that are no members."""
    spans: set[int] = field(default_factory=set)
    """Entries that hold ranges or lists."""

    def judge_names(self) -> None:
        for name in self.columns.strangers:
            place = partial(self.columns.place_of_name, name)
            if name in ALTERNATES:
                self.report.add("alternate-key", f"`{name}` is no key of a dimension", place, RESOLVE)
                continue
            hint = ""
            if self.report.lists("unknown-dimension"):
                hint = did_you_mean(name, KNOWN, 0.7) or f"what is said of a member goes into {', '.join(REMARKS)}"
            self.report.add("unknown-dimension", f"`{shown(name)}` is no dimension", place, hint)

    def find_keys(self, declared: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Return the dimensions that key the members: those declared, or of most entries. Others are reported."""
        present = [name for name in self.columns.values if name in DIMENSIONS]
        if not present:
            if not self.columns.strangers:
                self.report.add("unknown-dimension", "no dimension is named", self.columns.place(0, None))
            return None
        keys = keys_of(present)
        if self.columns.partial.intersection(keys):
            keys = self._keys_of_most(present, declared)
        elif declared is not None and keys != declared:
            place = self.columns.place_of_name(present[0])
            message = f"the entries have {', '.join(keys)}; `dimensions` says {', '.join(declared)}"
            self.report.add("mixed-dimensions", message, place)
            return None
        for name in keys:
            self._require(name, keys, present)
        return keys

    def _keys_of_most(self, present: list[str], declared: tuple[str, ...] | None) -> tuple[str, ...]:
        there = [[value is not ABSENT for value in self.columns.values[name]] for name in present]
        shapes = list(zip(*there, strict=True))
        counts = Counter(shapes).most_common(_MAX_SHAPES)
        keys_by_shape = {}
        for shape, _ in counts:
            keys_by_shape[shape] = keys_of(name for name, is_there in zip(present, shape, strict=True) if is_there)
        most: Counter[tuple[str, ...]] = Counter()
        for shape, count in counts:
            most[keys_by_shape[shape]] += count if keys_by_shape[shape] else 0
        wanted = declared or most.most_common(1)[0][0]
        whose = "`dimensions` says" if declared else "most others have"
        for index, shape in enumerate(shapes):
            keys = keys_by_shape.get(shape)
            if keys != wanted:
                has = f"has {', '.join(keys) or 'no dimension'}" if keys is not None else "has other dimensions"
                message = f"this entry {has}; {whose} {', '.join(wanted)}"
                self.report.add("mixed-dimensions", message, self._at(index))
                self.bad.add(index)
        return wanted

    def _require(self, name: str, keys: tuple[str, ...], present: list[str]) -> None:
        """Report a key that is missing, from all entries or from some."""
        needing = [one for one in keys if one in present and name in DIMENSIONS[one].required]
        what = f"`{needing[0]}` says nothing without `{name}`" if needing else f"`{name}` is missing"
        if name not in present:
            place = self.columns.place_of_name(needing[0] if needing else present[0])
            self.report.add("unknown-dimension", what, place, f"add `{name}` to each entry")
        elif name in self.columns.partial:
            for index, value in enumerate(self.columns.values[name]):
                if value is ABSENT and index not in self.bad:
                    self.report.add("unknown-dimension", what, self._at(index), f"add `{name}`")
                    self.bad.add(index)

    def key_column(self, name: str) -> Sequence[Any]:
        """Return a key's values; wrong ones are reported, ranges and lists noted in ``spans``."""
        column = self.columns.values[name]
        if DIMENSIONS[name].type is int:
            column = self._as_numbers(column)
            if not set(map(type, column)) - {int}:
                different = set(column)
                if not different or (min(different) >= LOWEST and max(different) <= HIGHEST):
                    return column
            return self._judged(name, column, lambda value: self._number(name, value))
        if not set(map(type, column)) - {str}:
            different = set(column)
            if not any(isinstance(self._text(name, value), Wrong) for value in different):
                return _shared(column, different)
        return self._judged(name, column, lambda value: self._text(name, value))

    def _number(self, name: str, value: Any) -> int | Sequence[int] | Wrong:
        if self.columns.tabular and value is None:
            return Wrong("member-type", f"`{name}` is empty")
        verdict = number(name, value, textual=self.columns.textual)
        if isinstance(verdict, Wrong) and verdict.hint and self.columns.tabular and not self.columns.textual:
            return replace(verdict, hint="declare the column as int64") if verdict.rule == "member-type" else verdict
        return verdict

    def _text(self, name: str, value: Any) -> str | Sequence[str] | Wrong:
        if self.columns.tabular and value is None:
            return Wrong("member-type", f"`{name}` is empty")
        if self.columns.textual and runs_in_spreadsheets(value):
            return Wrong("member-type", f"`{name}` is `{shown(value)}`, which spreadsheets run as a formula")
        return text(name, value)

    def _as_numbers(self, column: Sequence[Any]) -> Sequence[Any]:
        if not self.columns.textual:
            return column
        try:
            numbers = tuple(map(Numbers().__getitem__, column))
        except ValueError:
            return column
        # What does not print back as written, such as 007 or 1_000, is looked at one by one.
        return numbers if all(map(operator.eq, map(str, numbers), column)) else column

    def _judged(self, name: str, column: Sequence[Any], judge: Callable[[Any], Any]) -> list[Any]:
        verdicts: dict[Any, Any] = {}
        values = list(column)
        for index, value in enumerate(values):
            if index in self.bad and value is ABSENT:
                continue
            if isinstance(value, str):
                verdict = verdicts[value] if value in verdicts else verdicts.setdefault(value, judge(value))
            else:
                verdict = judge(value)
            if isinstance(verdict, Wrong):
                self.report.add(verdict.rule, verdict.message, self._at(index, name), verdict.hint)
                self.bad.add(index)
            else:
                values[index] = verdict
                if isinstance(verdict, range | list):
                    self.spans.add(index)
        return values

    def rows(self, columns: list[Sequence[Any]]) -> tuple[Sequence[int], Callable[[], Iterator[Row]] | None]:
        """Return the entry of each row, and what yields the rows in the file's order; None if they are too many."""
        entries: Sequence[int] = range(self.columns.count)
        if self.bad:
            entries = [index for index in entries if index not in self.bad]
            columns = [[column[index] for index in entries] for column in columns]
        if not self.spans:
            return entries, lambda: zip(*columns, strict=True)
        origins: list[int] = []
        expanded: list[Row] = []
        for index, row in zip(entries, zip(*columns, strict=True), strict=True):
            if index not in self.spans:
                origins.append(index)
                expanded.append(row)
                continue
            count = prod(len(part) for part in row if isinstance(part, range | list))
            if len(expanded) + count > MAX_MEMBERS:
                message = f"ranges that make more than {MAX_MEMBERS:,} members of the file"
                self.report.add("member-type", message, self._at(index))
                return (), None
            expanded += product(*(part if isinstance(part, range | list) else (part,) for part in row))
            origins += repeat(index, count)
        return origins, lambda: iter(expanded)

    def judge_order(self, rows: Sequence[Row], origins: Sequence[int]) -> None:
        """Report rows that stand twice, or not in the order of the file's own columns; ranges have none."""
        late = 0
        first = -1
        for position, (before, row) in enumerate(zip(rows, islice(rows, 1, None), strict=False), 1):
            if row < before:
                late += 1
                first = position if first < 0 else first
        if late and not self.spans:
            places = f"here and in {late - 1:,} more place{'s' if late > 2 else ''}" if late > 1 else "here"
            hint = "`campledger dataids convert` writes a set in order"
            message = f"the members are out of order {places}"
            self.report.add("member-order", message, self._at(origins[first]), hint, Severity.WARNING)
        if len(set(rows)) != len(rows):
            self.judge_repeats(rows, origins)

    def judge_repeats(self, rows: Sequence[Row], origins: Sequence[int]) -> None:
        """Report rows that stand a second time."""
        seen: dict[Row, int] = {}
        for row, origin in zip(rows, origins, strict=True):
            if row in seen:
                self._report_repeat(row, seen[row], origin)
            else:
                seen[row] = origin

    def _report_repeat(self, row: Row, first: int, origin: int) -> None:
        # The line of the first is not looked for unless the problem is listed.
        def place() -> Place:
            return self.columns.place(origin, None)

        message = f"the data ID {', '.join(map(shown, row))} stands in entry {first + 1:,} already"
        self.report.add("duplicate-member", message, place, "", Severity.WARNING)

    def attributes(self, names: list[str]) -> dict[int, Attributes]:
        """Return each entry's annotations by index; report invalid ones."""
        if not names:
            return {}
        columns = [self._attribute_column(name) for name in names]
        # Mostly few things are said of many: they share one mapping.
        shared: dict[tuple[Any, ...], Attributes] = {}
        said: dict[int, Attributes] = {}
        for index, values in enumerate(zip(*columns, strict=True)):
            mapping = shared.get(values)
            if mapping is None:
                mapping = {name: value for name, value in zip(names, values, strict=True) if value is not ABSENT}
                shared[values] = mapping
            if mapping:
                said[index] = mapping
        return said

    def _attribute_column(self, name: str) -> Sequence[Any]:
        column = self.columns.values[name]
        empty: tuple[Any, ...] = ("", None) if self.columns.tabular else (None,) if name in DIMENSIONS else ()
        verdicts: dict[Any, Any] = {}
        values: list[Any] = []
        for index, value in enumerate(column):
            key = (type(value), value) if isinstance(value, str | int | float) else None
            if value is ABSENT or value in empty:
                verdict = ABSENT
            elif key is None:
                verdict = self._attribute(name, value)
            elif key in verdicts:
                verdict = verdicts[key]
            else:
                verdict = verdicts[key] = self._attribute(name, value)
            if isinstance(verdict, Wrong):
                self.report.add(verdict.rule, verdict.message, self._at(index, name), verdict.hint)
                verdict = ABSENT
            values.append(verdict)
        return values

    def _attribute(self, name: str, value: Any) -> Any:
        if self.columns.textual and runs_in_spreadsheets(value):
            return Wrong("schema", f"`{name}` is `{shown(value)}`, which spreadsheets run as a formula", "reword it")
        if name not in DIMENSIONS:
            return remark(name, value) or value.strip(" ")
        judged = (
            number(name, value, textual=self.columns.textual) if DIMENSIONS[name].type is int else text(name, value)
        )
        if isinstance(judged, range | list):
            return Wrong("member-type", f"`{name}` follows from the key, and is one value")
        return judged

    def _at(self, index: int, name: str | None = None) -> Callable[[], Place]:
        return lambda: self.columns.place(index, name)


def _shared(column: Sequence[str], different: set[str]) -> Sequence[str]:
    """Return a column in which equal texts are one object: less memory, and quicker to go through once sorted."""
    if len(different) == 1:
        return tuple(different) * len(column)
    if len(different) > len(column) // 2:
        return column
    return tuple(map({value: value for value in different}.__getitem__, column))


def _ascend(columns: list[Sequence[Any]]) -> bool:
    """Whether the rows of columns are sorted, each once; no row is kept, which is quicker for many."""
    return all(map(operator.lt, zip(*columns, strict=True), islice(zip(*columns, strict=True), 1, None)))


def first_places(members: Members) -> dict[Row, int]:
    """Return the entry in which each row stands first."""
    first: dict[Row, int] = {}
    for row, origin in zip(members.found(), members.origins, strict=True):
        first.setdefault(row, origin)
    return first
