"""Lists of data IDs made elsewhere, such as Rubin's exclusion lists, taken into a ledger as DataId sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from campledger.dataids import DataIdSet
from campledger.dataids.dimensions import DIMENSIONS, implied_by, keys_of
from campledger.dataids.lists import ForeignList, read_list
from campledger.dataids.sets import REMARKS, Row
from campledger.errors import DataError, UsageError
from campledger.operations.changing import Change, Purpose, save_new
from campledger.operations.workspace import Workspace
from campledger.problems import Severity, report_text

PLAIN = "id"
"""The column of a list that is nothing but ids, one a line."""


@dataclass(frozen=True)
class Meaning:
    """What a list leaves unsaid."""

    dimension: str | None = None
    """What its ids are: exposure, visit, tract ...; needed where no column says so."""
    common: Mapping[str, str] = field(default_factory=dict)
    """Dimensions that are the same for every row: instrument, skymap."""


@dataclass(frozen=True)
class Taken:
    """What was made of a list."""

    value: DataIdSet
    rows: int
    remarks: tuple[str, ...]
    """What was not as in a set: order, duplicates, columns that were left out."""


def read_foreign(path: Path) -> ForeignList:
    """Return the rows of a list. Raise UsageError or DataError if it cannot be read."""
    try:
        found = read_list(str(path), path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    errors = [one for one in found.problems if one.severity is Severity.ERROR]
    if errors:
        raise DataError(report_text(errors))
    if not found.rows:
        raise DataError(f"{path} holds no rows")
    return found


def take(found: ForeignList, meaning: Meaning) -> Taken:
    """Return the set that a list amounts to, with what is said of its rows.

    Raise UsageError where it is not clear which dimensions are meant, or where only a registry could tell.
    """
    rows = [_renamed(row, meaning) for row in found.rows]
    columns = dict.fromkeys(key for row in rows for key in row)
    named = [name for name in columns if name in DIMENSIONS]
    dimensions = keys_of(named) if named else ()
    missing = [name for name in dimensions if name not in columns]
    if not dimensions:
        words = ", ".join(columns)
        raise UsageError(f"no column of {words} is a dimension: --butler ALIAS looks up ids that are no keys")
    if missing:
        raise UsageError(f"no column says the {missing[0]}: give --{missing[0]} NAME")
    members: list[Row] = []
    said: dict[Row, dict[str, Any]] = {}
    known = (*REMARKS, *implied_by(dimensions))
    for row, line in zip(rows, found.lines, strict=True):
        member = tuple(_key(name, row.get(name), line) for name in dimensions)
        members.append(member)
        own = {key: row[key] for key in known if row.get(key) not in (None, "")}
        if own:
            said[member] = both_said(said.get(member, {}), own)
    value = DataIdSet.of(dimensions, members, said)
    return Taken(value, len(members), tuple(_remarks(members, found.lines, columns, known)))


def _renamed(row: Mapping[str, Any], meaning: Meaning) -> dict[str, Any]:
    renamed = {**meaning.common, **row}
    if PLAIN in renamed:
        if meaning.dimension is None:
            raise UsageError("the list has ids and does not say of what: --as exposure, --as visit, --as tract")
        renamed[meaning.dimension] = renamed.pop(PLAIN)
    elif meaning.dimension is not None and meaning.dimension not in renamed:
        pair = {"exposure": "visit", "visit": "exposure"}.get(meaning.dimension)
        if pair in renamed:
            raise UsageError(
                f"the list has {pair}s, and {'an' if pair == 'exposure' else 'a'} {pair} is not "
                f"{'an' if meaning.dimension == 'exposure' else 'a'} {meaning.dimension}: "
                "name the registry that can convert them with --butler ALIAS"
            )
        raise UsageError(f"the list has no column `{meaning.dimension}`, but {', '.join(row)}")
    return renamed


def _key(name: str, value: Any, line: int) -> int | str:
    kind = DIMENSIONS[name].type
    if kind is str and isinstance(value, int):
        value = str(value)
    if value in (None, "") or not isinstance(value, kind):
        what = "is empty" if value in (None, "") else f"is `{value}`, which is no key"
        raise UsageError(f"line {line}: {name} {what}: if it is another name of one, say --butler ALIAS to look it up")
    return value


def both_said(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return what two rows say of one member: comments are joined, of the rest the first word counts."""
    both = {**now, **before}
    comments = list(dict.fromkeys(one["comment"] for one in (before, now) if "comment" in one))
    return {**both, "comment": "; ".join(comments)} if comments else both


def _remarks(
    members: Sequence[Row], lines: Sequence[int], columns: Mapping[str, None], known: Sequence[str]
) -> list[str]:
    remarks = []
    first: dict[Row, int] = {}
    twice = []
    for member, line in zip(members, lines, strict=True):
        if first.setdefault(member, line) != line:
            twice.append(f"line {line} is line {first[member]} again")
    if twice:
        remarks.append(f"{len(twice):,} of {len(members):,} rows are there twice: {_some(twice)}")
    falls = [line for (one, other), line in zip(pairwise(members), lines[1:], strict=True) if other < one]
    if falls:
        remarks.append(f"not in order: {_some([f'line {line} is less than the one before it' for line in falls])}")
    strange = [name for name in columns if name not in DIMENSIONS and name not in known]
    if strange:
        remarks.append(f"left out, since a set has no place for them: {', '.join(strange)}")
    return remarks


def _some(words: Sequence[str], limit: int = 3) -> str:
    more = f" and {len(words) - limit:,} more" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more


def save(
    workspace: Workspace, name: str, taken: Taken, about: Mapping[str, Any], ending: str, purpose: Purpose
) -> Change:
    """Commit what was made of a list as a new shared set."""
    value = replace(taken.value, about={} if ending == ".csv" else about)
    return save_new(workspace, name, value, ending, purpose)
