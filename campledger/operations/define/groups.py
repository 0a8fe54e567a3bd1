"""A step's groups cut from a list of exposures, visits or tracts: the table, and the definition that names it."""

from __future__ import annotations

import csv
import io
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from campledger.dataids.lists import ForeignList
from campledger.documents import schema, strict, writing
from campledger.documents.foreign import ForeignError
from campledger.errors import DataError, RefusedError, UsageError
from campledger.ledger.groups import MAX_GROUPS, placeholders_of
from campledger.ledger.ledger import DEFINITION, Ledger
from campledger.model import rules
from campledger.model.campaign import listed
from campledger.model.text_format import counted
from campledger.operations.sets.import_lists import PLAIN, SHOWN, read_foreign
from campledger.operations.workspace import read_bytes, require_readable, resolve
from campledger.operations.write.staging import StagedLedger
from campledger.problems import Problem, report_text

By = Literal["exposure", "visit", "tract"]

NUMBER = "GNUM"
"""The column that names the groups, if the template has no word of its own for it."""

_SAME = ("instrument", "skymap")
"""What all ids of a list have to share, since a group's range says nothing of it."""

_NUMBER_WORD = re.compile(r"G?NUM(?:BER)?|GROUP(?:_?NUM(?:BER)?)?|GRP")
_END_WORD = re.compile(
    r"(?P<end>LOW|MIN|FIRST|START|HIGH|MAX|LAST|END)_?(?:(?P<exposure>EXP(?:OSURE)?)|(?P<visit>VISIT)|(?P<tract>TRACT))"
)
_LOW = {"LOW", "MIN", "FIRST", "START"}


@dataclass(frozen=True)
class Slicing:
    """How a list becomes groups."""

    by: By
    size: int
    """Members of a group."""
    template: str | None = None
    """The BPS file, in the campaign's directory; that of the step unless named."""
    table: str | None = None


@dataclass(frozen=True)
class Source:
    """A list of ids that was read."""

    path: str
    """Its path, for messages."""
    found: ForeignList

    @classmethod
    def of(cls, path: Path, columns: Mapping[str, str] | None = None) -> Source:
        """Read a list; ``columns`` says what columns are. Raise UsageError or DataError if it cannot be read."""
        return cls(str(path), read_foreign(path, columns))

    @classmethod
    def of_ids(cls, by: By, ids: Sequence[int]) -> Source:
        """Return a list of ids that are at hand. Raise UsageError where there are none."""
        if not ids:
            raise UsageError("there are no ids to cut into groups")
        return cls("ids", ForeignList((by,), [{by: one} for one in ids], list(range(1, len(ids) + 1))))


@dataclass(frozen=True)
class Cut:
    """The groups that were made."""

    campaign: str
    step: str
    path: str
    """The table's, from the ledger's root."""
    text: str
    groups: int
    first: str
    """The name of the first of them."""
    members: int
    changed: bool = True


def cut(staged: StagedLedger, reference: str, step: str, source: Source, slicing: Slicing) -> Cut:
    """Stage a table of groups made of a list, and the definition in which the step takes its groups from it.

    Raise UsageError where the list or the template does not say what a group is, DataError for rows that are no ids,
    RefusedError where the step lists its groups itself.
    """
    campaign = resolve(staged, reference)
    record = staged.record(campaign)
    definition_path = record.path(DEFINITION)
    definition = _definition(staged, campaign, definition_path)
    index, document = _step(definition, campaign, step)
    template, table = _files(record.directory, definition, document, slicing)
    words = _words(staged, record.path(template), template)
    columns, rows = _rows(source, slicing, words, template)
    text = _csv(columns, rows)
    before = read_bytes(staged, definition_path).decode()
    named = {"template": template, "table": table}
    after = before if document.get("groups") == named else _renamed(before, index, named)
    drafted = {record.path(table): text.encode(), definition_path: after.encode()}
    files = {path: data for path, data in drafted.items() if read_bytes(staged, path) != data}
    if files:
        subject = f"cut {step} of {campaign} into {counted(len(rows), 'group')}"
        staged.define(campaign, definition_path, files, subject, act="groups")
    members = sum(len(row.members) for row in rows)
    first = rows[0].cells[columns[0]]
    return Cut(campaign, step, record.path(table), text, len(rows), first, members, changed=bool(files))


def _definition(ledger: Ledger, campaign: str, path: str) -> Mapping[str, Any]:
    """Return the definition as written; one whose table cannot be read gets a new table here."""
    document = strict.read(path, read_bytes(ledger, path))
    if document.problems or schema.findings(document.value, "campaign"):
        require_readable(ledger.record(campaign))
        raise DataError(f"{campaign} cannot be read: `campledger check` tells why")
    value: Mapping[str, Any] = document.value
    return value


def _step(definition: Mapping[str, Any], campaign: str, name: str) -> tuple[int, Mapping[str, Any]]:
    steps = definition.get("steps", ())
    for index, step in enumerate(steps):
        if step["name"] == name:
            if listed(step):
                raise RefusedError(
                    f"{name} lists its groups in the definition, and they may say more than a table can: "
                    f"take `groups` out with `campledger edit {campaign}` first"
                )
            return index, step
    known = ", ".join(step["name"] for step in steps) or "none"
    raise UsageError(f"{campaign} has no step `{name}`: its steps are {known}", value=name)


def _files(directory: str, definition: Mapping[str, Any], step: Mapping[str, Any], slicing: Slicing) -> tuple[str, str]:
    """Return the paths of template and table in the campaign's directory."""
    groups = step.get("groups", {})
    files = [one.get("processing", {}).get("bps", {}).get("file") for one in (step, definition)]
    template = next(filter(None, (slicing.template, groups.get("template"), *files)), None)
    if template is None:
        raise UsageError(f"which BPS file do the groups fill? --template PATH names it, in {directory}")
    template = posixpath.normpath(template)
    default = groups.get("table") or posixpath.join(posixpath.dirname(template), f"{step['name']}-groups.csv")
    table = posixpath.normpath(slicing.table or default)
    for path in (template, table):
        if rules.leaves_directory(path) or not rules.is_path(path):
            raise UsageError(f"`{path}` is not in the campaign's directory {directory}", value=path)
    return template, table


def _words(ledger: Ledger, path: str, template: str) -> tuple[str, ...]:
    if ledger.files.paths.get(path, True):
        raise UsageError(f"file not found: {path}: put the template there, then `git add` and commit it")
    try:
        return placeholders_of(read_bytes(ledger, path))
    except ForeignError as error:
        raise DataError(f"{path}:{error.line}:{error.column}: yaml-syntax: {error.message}") from None


@dataclass(frozen=True)
class _Row:
    cells: Mapping[str, str]
    members: Sequence[int]


def _rows(source: Source, slicing: Slicing, words: Sequence[str], template: str) -> tuple[list[str], list[_Row]]:
    """Return the columns that a template asks for, and a row for each group."""
    ends = {word: match for word in words if (match := _END_WORD.fullmatch(word))}
    ends = dict(sorted(ends.items(), key=lambda one: one[1]["end"] not in _LOW))
    for word, match in ends.items():
        if match[slicing.by] is None:
            raise UsageError(f"the template {template} asks for `{word}`, which is no {slicing.by}: --by says what is")
    every = f"{slicing.by.upper()}S"
    low, high = (next((w for w, m in ends.items() if (m["end"] in _LOW) is one), None) for one in (True, False))
    if every not in words and (low is None or high is None):
        short = {"exposure": "EXP"}.get(slicing.by, slicing.by.upper())
        raise UsageError(
            f"the template {template} has no words for what is in a group: write LOW{short} and HIGH{short} "
            f"where its first and last {slicing.by} go, or {every} where all of them do"
        )
    number = next((word for word in words if _NUMBER_WORD.fullmatch(word)), NUMBER)
    said = [word for word in words if word not in {number, every, *ends}]
    unknown = [word for word in said if word.lower() not in source.found.columns]
    if unknown:
        raise UsageError(
            f"the template {template} asks for {', '.join(unknown)} too, and the list has no such column: "
            f"it has {', '.join(source.found.columns)}"
        )
    rows: list[_Row] = []
    for key, ids in _parts(source, slicing.by, said):
        for some in _batched(ids, slicing.size):
            cells = {number: str(len(rows) + 1), **dict(zip(said, key, strict=True))}
            cells |= {word: str(some[0] if match["end"] in _LOW else some[-1]) for word, match in ends.items()}
            cells |= {every: ", ".join(map(str, some))} if every in words else {}
            rows.append(_Row(cells, some))
    if len(rows) > MAX_GROUPS:
        raise UsageError(f"{len(rows):,} groups; {MAX_GROUPS:,} are the limit: make --size larger")
    return list(rows[0].cells), rows


def _batched(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _parts(source: Source, by: By, said: Sequence[str]) -> Iterator[tuple[tuple[str, ...], list[int]]]:
    """Yield the ids of a list in order, each once; apart where they differ in a column that the template asks for."""
    found = source.found
    column = by if by in found.columns else PLAIN
    if column not in found.columns:
        hint = (
            f"--column NAME={by} says which it is; `campledger dataids resolve-keys LIST --butler ALIAS` converts names"
        )
        raise UsageError(f"the list has no column `{by}`, but {', '.join(found.columns)}: {hint}")
    for name in _SAME:
        values = sorted({str(row[name]) for row in found.rows if name in row})
        if len(values) > 1:
            raise UsageError(f"the list has {' and '.join(values[:2])}: one {name} at a time")
    parts: dict[tuple[str, ...], set[int]] = {}
    wrong: list[tuple[int, str]] = []
    for line, row in zip(found.lines, found.rows, strict=True):
        value = row.get(column)
        missing = next((word for word in said if word.lower() not in row), None)
        if not isinstance(value, int) or missing:
            wrong.append((line, f"no `{missing.lower()}`" if missing else f"`{value}` is no {by}"))
        else:
            parts.setdefault(tuple(str(row[word.lower()]) for word in said), set()).add(value)
    if wrong:
        problems = [Problem(source.path, line, 1, "member-type", message) for line, message in wrong[:SHOWN]]
        raise DataError(f"{len(wrong):,} rows of the list cannot be used:\n{report_text(problems)}")
    return ((key, sorted(ids)) for key, ids in parts.items())


def _csv(columns: Sequence[str], rows: Sequence[_Row]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.cells for row in rows)
    return stream.getvalue()


def _renamed(text: str, index: int, named: Mapping[str, str]) -> str:
    return writing.edit_text(text, {f"steps.{index}.groups": dict(named)})
