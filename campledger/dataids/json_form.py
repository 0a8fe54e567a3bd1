"""Sets in JSON: a plain list of entries, or an object that says more of the set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from campledger.dataids.dimensions import DIMENSIONS, keys_of
from campledger.dataids.members import ABSENT, ALTERNATES, KNOWN, Columns
from campledger.dataids.sets import REMARKS
from campledger.dataids.values import HIGHEST, LOWEST, MAX_COMMENT, Numbers, Wrong, is_date, remark, text_fault
from campledger.documents.schema import findings, schema
from campledger.documents.strict_json import (
    MAX_DEPTH,
    Decoder,
    JsonError,
    JsonText,
    may_repeat_keys,
    repeated_keys,
)
from campledger.documents.text import Lines, Place, Report, finds_conflict, shown
from campledger.problems import Finding, Pointer
from campledger.suggestions import did_you_mean

OPERATORS = ("union", "minus", "intersect", "filter")
"""How a set is made from others."""
_MAX_HEAD = 5_000
_SAMPLE: Mapping[str, Any] = {"union": ["x"]}
_WRAPPED = "dataId"
"""Where Butler's serialised data coordinates have their values."""


@dataclass(frozen=True)
class Form:
    """What a file says, before its members are judged."""

    columns: Columns | None = None
    declared: tuple[str, ...] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    pending: tuple[Mapping[str, Any], ...] = ()
    derived: Mapping[str, Any] | None = None
    complaint: str = ""
    """Why another reader refused the file: a problem, if no other is found."""


def about_keys() -> tuple[str, ...]:
    """Return the keys that tell name, purpose and origin of a set, in the order in which they are written."""
    return tuple(schema("dataids")["$defs"]["about"]["properties"])


def read_json(text: str, report: Report) -> Form:
    """Read a JSON file as far as its form goes."""
    value = parse(text, report)
    document = JsonText(text)
    if isinstance(value, list):
        if not value:
            hint = 'write {"dimensions": ["instrument", "visit"], "members": []}'
            report.add("schema", "an empty list says nothing of its dimensions", document.place(()), hint)
        return Form(_columns(value, (), document, report))
    if isinstance(value, dict):
        return _Head(value, document, report).form()
    if value is not None:
        report.add("schema", "a set is a list of entries, or an object with `members`", document.place(()))
    return Form()


def parse(text: str, report: Report) -> Any:
    """Return the value of a JSON text, or None where it is none; keys that stand twice are reported."""
    lines = Lines(text)
    try:
        value = Decoder(parse_int=Numbers().__getitem__, lenient=True).decode(text)
    except JsonError as error:
        if error.number:
            report.add("member-type", error.message, lines.place(error.offset))
        elif not text.strip(" \t\r\n"):
            report.add("unreadable", "the file is empty", (1, 1), "an empty set names its `dimensions`")
        elif not finds_conflict(text, report):
            message = "the file ends too early" if error.ends else error.message
            report.add("unreadable", message, lines.place(error.offset), error.hint)
        return None
    if value is None:
        report.add("schema", "the file holds nothing but null", (1, 1))
    if may_repeat_keys(value, text):
        for repeated in repeated_keys(text):
            report.add("schema", repeated.message, lines.place(repeated.offset), repeated.hint)
    return value


class _Head:
    """The full form."""

    def __init__(self, value: dict[str, Any], document: JsonText, report: Report):
        self.value = value
        self.document = document
        self.report = report

    def form(self) -> Form:
        self.judge_keys()
        about = {key: self.value[key] for key in about_keys() if key in self.value}
        if "derived" in self.value:
            return Form(about=about, derived=self.value["derived"])
        members, pending = self.value.get("members"), self.value.get("pending", [])
        declared = self.declared()
        columns = None
        if isinstance(members, list):
            if not members and declared is None and "dimensions" not in self.value:
                message, hint = "an empty set says nothing of its dimensions", "name its `dimensions`"
                self.report.add("schema", message, self.document.place(("members",)), hint)
            columns = _columns(members, ("members",), self.document, self.report)
        kept = self.pending(pending) if isinstance(pending, list) else ()
        return Form(columns, declared, about, kept)

    def judge_keys(self) -> None:
        """Hold all but members, pending entries and derivation to the schema."""
        part = "derived_set" if "derived" in self.value else "set"
        known = schema("dataids")["$defs"][part]["properties"]
        head = {key: value if key in known else None for key, value in self.value.items()}
        if "members" in head and "derived" in head:
            self.add(Finding(("members",), "schema", "a set has members or is derived, not both", key=True))
            del head["members"]
        for key in ("members", "pending"):
            head.update({key: []} if isinstance(head.get(key), list) else {})
        derived = head.get("derived")
        head.update({"derived": _SAMPLE} if isinstance(derived, dict) else {})
        if not _is_small(head, MAX_DEPTH, [_MAX_HEAD]) or not _is_small(derived, MAX_DEPTH, [_MAX_HEAD]):
            message = f"what is said of the set has more than {_MAX_HEAD:,} values, or more than {MAX_DEPTH} levels"
            self.report.add("schema", message, self.document.place(()))
            return
        for finding in findings(head, "dataids", part):
            self.add(finding)
        if isinstance(derived, dict):
            self.judge_derivation(derived)
        self.judge_date(("made",), head.get("made"))

    def judge_derivation(self, derived: dict[str, Any]) -> None:
        chosen = [one for one in OPERATORS if one in derived]
        if len(chosen) != 1:
            message = f"`derived` says {' and '.join(chosen) if chosen else 'nothing'}"
            hint = f"a set is made by one of {', '.join(OPERATORS)}; sets in between have files of their own"
            self.add(Finding(("derived",), "schema", message, hint))
            return
        for one in findings(derived, "dataids", chosen[0]):
            self.add(Finding(("derived", *one.pointer), one.rule, one.message, one.hint, one.key))
        self.judge_date(("derived", "unexpired"), derived.get("unexpired"))
        days = derived.get("day_obs")
        first, last = (days.get("from"), days.get("to")) if isinstance(days, dict) else (None, None)
        if isinstance(first, int) and isinstance(last, int) and last < first:
            self.add(Finding(("derived", "day_obs"), "reversed-range", "`day_obs` ends before it begins"))

    def judge_date(self, pointer: Pointer, text: Any) -> None:
        """Report a day that looks like one to the schema, and is in no calendar."""
        if (
            isinstance(text, str)
            and re.fullmatch(schema("campaign")["$defs"]["date"]["pattern"], text)
            and not is_date(text)
        ):
            self.add(Finding(pointer, "schema", f"`{pointer[-1]}` is `{shown(text)}`, which is no day of the calendar"))

    def declared(self) -> tuple[str, ...] | None:
        """Return the keys of the dimensions that the file names, if it does."""
        names = self.value.get("dimensions")
        if not isinstance(names, list) or not names or len(names) > len(DIMENSIONS):
            return None
        strange = [index for index, name in enumerate(names) if not isinstance(name, str) or name not in DIMENSIONS]
        for index in strange:
            if isinstance(names[index], str):
                message = f"`{shown(names[index])}` is no dimension"
                hint = did_you_mean(names[index], DIMENSIONS, 0.7)
                self.add(Finding(("dimensions", index), "unknown-dimension", message, hint))
        return None if strange else keys_of(names)

    def pending(self, entries: list[Any]) -> tuple[Mapping[str, Any], ...]:
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict) or not entry:
                self.pending_problem(index, None, Wrong("schema", "a pending entry is an object with keys"))
                continue
            for name, value in entry.items():
                wrong = _pending_fault(name, value)
                if wrong:
                    self.pending_problem(index, name, wrong)
        return tuple(entries)

    def pending_problem(self, index: int, name: str | None, wrong: Wrong) -> None:
        pointer: Pointer = ("pending", index) if name is None else ("pending", index, name)
        is_name = wrong.rule == "unknown-key"
        hint = (
            did_you_mean(name, [*KNOWN, *ALTERNATES], 0.7)
            if name and is_name and self.report.lists(wrong.rule)
            else wrong.hint
        )
        self.report.add(wrong.rule, wrong.message, lambda: self.document.place(pointer, key=is_name), hint)

    def add(self, finding: Finding) -> None:
        place = self.document.place(finding.pointer, key=finding.key)
        self.report.add(finding.rule, finding.message, place, finding.hint)


def _pending_fault(name: str, value: Any) -> Wrong | None:
    if name in REMARKS:
        return remark(name, value)
    if name not in DIMENSIONS and name not in ALTERNATES:
        return Wrong("unknown-key", f"`{shown(name)}` is no key that a registry could know")
    if type(value) is int and LOWEST <= value <= HIGHEST:
        return None
    fault = text_fault(value, MAX_COMMENT) if isinstance(value, str) else "is neither a text nor a whole number"
    return Wrong("member-type", f"`{name}` {fault}") if fault else None


def _is_small(value: Any, depth: int, budget: list[int]) -> bool:
    """Whether a value is small enough to be held to a schema, some of whose checks are slow."""
    budget[0] -= 1
    if isinstance(value, dict | list):
        below = value.values() if isinstance(value, dict) else value
        return depth > 0 and len(value) <= budget[0] and all(_is_small(one, depth - 1, budget) for one in below)
    return budget[0] >= 0


def _columns(entries: list[Any], base: Pointer, document: JsonText, report: Report) -> Columns:
    """Return what a list says, column by column; entries that are no objects are reported."""
    numbers: Sequence[int] = range(len(entries))
    if set(map(type, entries)) - {dict}:
        for index in [index for index in numbers if type(entries[index]) is not dict]:
            pointer = (*base, index)
            message = f"entry {index + 1:,} is no object"
            report.add("schema", message, lambda pointer=pointer: document.place(pointer), 'write {"instrument": ...}')  # type: ignore[misc]
        numbers = [index for index in numbers if type(entries[index]) is dict]
        entries = [entries[index] for index in numbers]
    values, first, partial, wrapped = _by_name(entries)

    def place(index: int, name: str | None, *, key: bool = False) -> Place:
        if not numbers:
            return document.place(base)
        inner = () if name is None else (_WRAPPED, name) if wrapped else (name,)
        return document.place((*base, numbers[index], *inner), key=key)

    known = {name: column for name, column in values.items() if name in _KNOWN}
    return Columns(
        values=known,
        count=len(entries),
        place=place,
        place_of_name=lambda name: place(first[name], name, key=True),
        strangers=[name for name in first if name not in _KNOWN],
        partial=partial,
    )


_KNOWN = frozenset(KNOWN)


def _by_name(entries: list[dict[str, Any]]) -> tuple[dict[str, Sequence[Any]], dict[str, int], frozenset[str], bool]:
    """Return columns, the first entry that has each, those that some entries lack, and whether Butler wrote them."""
    names = tuple(entries[0]) if entries else ()
    if _WRAPPED not in names and set(map(len, entries)) == {len(names)}:
        try:
            # Tuples: the garbage collector goes through those once, and through lists again and again.
            columns: dict[str, Sequence[Any]] = {name: tuple(map(itemgetter(name), entries)) for name in names}
            return columns, dict.fromkeys(names, 0), frozenset(), False
        except KeyError:
            pass  # another key in some entry
    shapes = list(map(tuple, entries))
    first_of_shape = dict(zip(reversed(shapes), range(len(shapes) - 1, -1, -1), strict=True))
    wrapped = any(_WRAPPED in shape for shape in first_of_shape)
    if wrapped:
        columns, first, partial, _ = _by_name([_unwrapped(entry) for entry in entries])
        return columns, first, partial, True
    first = {}
    for shape, index in sorted(first_of_shape.items(), key=itemgetter(1)):
        for name in shape:
            first.setdefault(name, index)
    columns = {name: [entry.get(name, ABSENT) for entry in entries] for name in first if name in _KNOWN}
    partial = frozenset(name for name, column in columns.items() if ABSENT in column)
    return columns, first, partial, False


def _unwrapped(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a serialised data coordinate; its records say nothing that the registry does not."""
    inner = entry.get(_WRAPPED)
    outer = {key: value for key, value in entry.items() if key not in {_WRAPPED, "records"}}
    within = {key: value for key, value in inner.items() if key != _WRAPPED} if isinstance(inner, dict) else {}
    return {**within, **outer}
