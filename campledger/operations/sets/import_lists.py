"""Lists of data IDs made elsewhere, such as Rubin's exclusion lists, taken into a ledger as DataId sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from campledger.dataids import DataIdSet
from campledger.dataids.differences import difference
from campledger.dataids.dimensions import DIMENSIONS, implied_by, keys_of
from campledger.dataids.entries import NAMES
from campledger.dataids.formats import FORMATS
from campledger.dataids.lists import ForeignList, read_list
from campledger.dataids.members import ALTERNATES
from campledger.dataids.sets import REMARKS, Row
from campledger.dataids.values import MAX_COMMENT, remark
from campledger.errors import DataError, UsageError
from campledger.operations.sets.edit_sets import SetChange, about_new, save_imported, save_new
from campledger.operations.write.staging import StagedLedger
from campledger.problems import Problem, Severity, report_text
from campledger.suggestions import did_you_mean

PLAIN = "id"
"""The column of a list that is nothing but ids, one a line."""


SHOWN = 20
"""How many rows that name nothing a message lists."""


@dataclass(frozen=True)
class Meaning:
    """What a list leaves unsaid."""

    dimension: str | None = None
    """What its ids are: exposure, visit, tract ...; needed where no column says so."""
    common: Mapping[str, str] = field(default_factory=dict)
    """Dimensions that are the same for every row: instrument, skymap."""


@dataclass(frozen=True)
class ImportedList:
    """What was made of a list."""

    value: DataIdSet
    rows: int
    remarks: tuple[str, ...]
    """What was not as in a set: order, duplicates, columns that were left out."""


def read_foreign(path: Path, columns: Mapping[str, str] | None = None) -> ForeignList:
    """Return the rows of a list; ``columns`` says what columns are, as for :func:`read_list`.

    Raise UsageError or DataError if it cannot be read.
    """
    for key in (columns or {}).values():
        if key and key not in NAMES:
            raise UsageError(
                f"unknown key `{key}`: {did_you_mean(key, NAMES) or 'for example exposure, visit, detector'}"
            )
    try:
        found = read_list(str(path), path.read_bytes(), columns)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    errors = [one for one in found.problems if one.severity is Severity.ERROR]
    if errors:
        raise DataError(report_text(errors))
    if not found.rows:
        raise DataError(f"{path} holds no rows")
    return found


def take(found: ForeignList, meaning: Meaning, path: str) -> ImportedList:
    """Return the set that a list amounts to, with what is said of its rows.

    Raise UsageError where it is not clear which dimensions are meant, or where only a registry could tell; DataError
    with the line of each row that names nothing. ``path`` is the list's, for messages.
    """
    named = _columns(found, meaning)
    dimensions = keys_of([*named.values(), *meaning.common])
    missing = [name for name in dimensions if name not in named.values() and name not in meaning.common]
    if missing:
        raise UsageError(f"no column says the {missing[0]}: give --{missing[0]} NAME")
    known = (*REMARKS, *implied_by(dimensions))
    strange = [name for name in found.columns if name not in named and name not in known]
    _keeps_keys(strange, dimensions)
    members: list[Row] = []
    first: dict[Row, int] = {}
    said: dict[Row, dict[str, Any]] = {}
    problems: list[Problem] = []
    for number, line in enumerate(found.lines):
        row: dict[str, Any] = dict(meaning.common)
        row |= {named.get(column, column): value for column, value in found.rows[number].items()}
        own = {key: row[key] for key in known if row.get(key) not in (None, "")}
        complaints = [complaint for name in dimensions if (complaint := _complaint(name, row, meaning))]
        complaints += wrong_remarks(own)
        if not complaints:
            member = tuple(_key(name, row[name]) for name in dimensions)
            members.append(member)
            before = first.setdefault(member, number)
            complaints = _lost(strange, found, before, number)
            if own:
                said[member] = both_said(said.get(member, {}), own)
        problems += [Problem(path, line, 1, "member-type", complaint) for complaint in complaints[:1]]
    if problems:
        more = f"\nand {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else ""
        raise DataError(f"{len(problems):,} rows name no data ID:\n{report_text(problems[:SHOWN])}{more}")
    lines = {member: found.lines[number] for member, number in first.items()}
    cut = cut_comments(said, lines)
    value = DataIdSet.of(dimensions, members, said)
    return ImportedList(value, len(members), (*_remarks(members, found.lines, strange), *cut))


_LIKE = {
    "detector": ("ccd", "ccdid", "ccdnum", "ccd_id", "chip", "chipnum", "chip_id", "det", "detectorid", "detector_id",
                 "detnum", "sensor"),
    "exposure": ("expid", "expnum", "exp_id", "exposureid", "exposure_id"),
    "visit": ("obshistid", "visitid", "visit_id"),
    "tract": ("tractid", "tract_id"),
    "patch": ("patchid", "patch_id"),
}  # fmt: skip
"""What other tools call a key; a set without it would mean more than the list does."""


def _keeps_keys(strange: Sequence[str], dimensions: Sequence[str]) -> None:
    """Raise UsageError where a column that is left out looks like a key that the set has not."""
    for key, names in _LIKE.items():
        like = next((name for name in strange if name.lower() in names), None)
        have = {"exposure", "visit"} if key in {"exposure", "visit"} else {key}
        if like is not None and not have.intersection(dimensions):
            raise UsageError(
                f"unknown column `{like}`: --column {like}={key} says that it is the {key}, and --column {like}= "
                "leaves it out, so that the set means more than the list"
            )


def _lost(strange: Sequence[str], found: ForeignList, before: int, now: int) -> list[str]:
    """Return which number two rows of one data ID differ in, and nothing says what it is."""
    one, other = found.rows[before], found.rows[now]
    for name in strange:
        if one.get(name) != other.get(name) and isinstance(other.get(name, one.get(name)), int):
            where = f"same data ID as line {found.lines[before]}, but another `{name}`"
            return [f"{where}: --column {name}=KEY says what it is, --column {name}= leaves it out"]
    return []


def wrong_remarks(said: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the remarks on a row; a comment may be too long, for it can be cut."""
    own = ((name, said[name]) for name in REMARKS if name in said)
    wrong = (remark(name, value[:MAX_COMMENT] if name == "comment" else value) for name, value in own)
    return [one.message for one in wrong if one is not None]


def cut_comments(said: dict[Row, dict[str, Any]], lines: Mapping[Row, int]) -> list[str]:
    """Cut the comments that are longer than a set takes, and return the remarks on it, by the first line of each."""
    remarks = []
    for member, own in said.items():
        if len(own.get("comment", "")) > MAX_COMMENT:
            own["comment"] = own["comment"][: MAX_COMMENT - 3].rstrip() + "..."
            remarks.append(f"line {lines[member]}: comment cut to {MAX_COMMENT:,} characters")
    return remarks


def _columns(found: ForeignList, meaning: Meaning) -> dict[str, str]:
    """Return the dimension that each column names; a column that only implies something is none of them."""
    asked = meaning.dimension
    if asked is not None and asked not in DIMENSIONS:
        hint = did_you_mean(asked, DIMENSIONS)
        raise UsageError(f"`{asked}` is no dimension{hint and f': {hint}'}")
    named = {name: name for name in found.columns if name in DIMENSIONS}
    if PLAIN in found.columns:
        if asked is None:
            raise UsageError("the list has ids and does not say of what: --as exposure, --as visit, --as tract")
        named[PLAIN] = asked
    elif asked is not None and asked not in named:
        raise UsageError(_other(asked, found.columns))
    names = [name for name in found.columns if name in ALTERNATES]
    keys = set(keys_of(named.values())) if named else set()
    if names or not keys - set(meaning.common) - {"instrument", "skymap"}:
        none = f"no column of {', '.join(found.columns)} is a dimension: --column NAME=KEY says what a column is,"
        what = f"`{names[0]}` is no key:" if names else none
        raise UsageError(f"{what} --butler ALIAS looks up names in a registry, and --as says what plain ids are")
    return {column: name for column, name in named.items() if name in keys}


def _other(asked: str, columns: Sequence[str]) -> str:
    pair = {"exposure": "visit", "visit": "exposure"}.get(asked)
    if pair is None or pair not in columns:
        return f"the list has no column `{asked}`, but {', '.join(columns)}: --column NAME={asked} says which it is"
    articles = {"exposure": "an exposure", "visit": "a visit"}
    return (
        f"the list has {pair}s, and {articles[pair]} is not {articles[asked]}: "
        "name the registry that can convert them with --butler ALIAS"
    )


def _complaint(name: str, row: Mapping[str, Any], meaning: Meaning) -> str | None:
    """Return why a row says no value of a dimension, or None if it does."""
    value = row.get(name)
    if value in (None, ""):
        return f"`{name}` is empty"
    if name in meaning.common and str(value) != meaning.common[name]:
        return f"`{name}` is `{value}`, and `{meaning.common[name]}` was given for the whole list"
    if DIMENSIONS[name].type is str or isinstance(value, int):
        return None
    if str(value).isidentifier():
        return f"`{value}` is a name, and `{name}` is a number: --butler ALIAS looks names up"
    return f"`{name}` is `{value}`, which is no whole number"


def _key(name: str, value: Any) -> int | str:
    key: int | str = str(value) if DIMENSIONS[name].type is str else value
    return key


def both_said(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return what two rows say of one member: comments are joined, of the rest the first word counts."""
    both = {**now, **before}
    comments = list(dict.fromkeys(one["comment"] for one in (before, now) if "comment" in one))
    return {**both, "comment": "; ".join(comments)} if comments else both


def _remarks(members: Sequence[Row], lines: Sequence[int], strange: Sequence[str]) -> list[str]:
    remarks = []
    first: dict[Row, int] = {}
    twice = []
    for member, line in zip(members, lines, strict=True):
        if first.setdefault(member, line) != line:
            twice.append(f"line {line} is line {first[member]} again")
    if twice:
        verb = "is" if len(twice) == 1 else "are"
        remarks.append(f"{len(twice):,} of {len(members):,} rows {verb} there already: {_some(twice)}")
    falls = [line for (one, other), line in zip(pairwise(members), lines[1:], strict=True) if other < one]
    if falls:
        remarks.append(f"not in order: {_some([f'line {line} is less than the one before it' for line in falls])}")
    if strange:
        remarks.append(f"left out, since a set has no place for them: {', '.join(strange)}")
    return remarks


def _some(words: Sequence[str], limit: int = 3) -> str:
    more = f" and {len(words) - limit:,} more" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more


def save(staged: StagedLedger, name: str, taken: ImportedList, ending: str, reason: str, **about: str) -> SetChange:
    """Stage what was made of a list as a new shared set; ``about`` is said of it where its format has a place."""
    said = about_new(staged, name, **about) if FORMATS[ending].holds_about else {}
    return save_new(staged, name, replace(taken.value, about=said), ending, reason)


def save_list(
    staged: StagedLedger, name: str, taken: ImportedList, ending: str, reason: str, **about: str
) -> SetChange:
    """Stage what was made of a list as a shared set, or bring the set up to date that was imported before."""
    return save_imported(staged, name, replace(taken.value, about=about_new(staged, name, **about)), ending, reason)


def came_and_went(change: SetChange) -> list[str]:
    """Return what a set got and lost by a change, with the first few members, and how many are annotated otherwise."""
    if change.before is None or not change.changed:
        return []
    found = difference(change.before, change.after)
    told = []
    for word, value in (("came", found.added), ("went", found.removed)):
        if len(value):
            ids = [" ".join(f"{key}={one}" for key, one in data_id.items()) for data_id in value.data_ids()]
            told.append(f"{len(value):,} {word}: {_some(ids)}")
    return told + ([f"{len(found.changed):,} with another annotation"] if found.changed else [])
