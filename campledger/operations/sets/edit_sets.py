"""DataId sets of a ledger, made and changed on a staged ledger, each with its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from campledger.dataids import DataIdSet
from campledger.dataids.differences import difference
from campledger.dataids.dimensions import DIMENSIONS
from campledger.dataids.files import ENDINGS, format_derived, format_set, read
from campledger.dataids.sets import Row
from campledger.errors import DataError, RefusedError, UsageError
from campledger.ledger.ledger import Ledger
from campledger.ledger.sets import SHARED, Reference, Sets, derive, sources
from campledger.model import times
from campledger.operations.sets.find_sets import combine, located, sets_of
from campledger.operations.workspace import read_bytes
from campledger.operations.write.staging import StagedLedger
from campledger.problems import Severity, report_text

_RANGE = re.compile(r"(-?[0-9]+)(?:\.\.(-?[0-9]+)(?::([1-9][0-9]*))?)?")


@dataclass(frozen=True)
class SetChange:
    """A change of a set of the ledger, staged."""

    name: str
    path: str
    before: DataIdSet | None
    after: DataIdSet
    changed: bool
    """Whether anything was staged."""


def save(
    staged: StagedLedger, name: str, derived: Mapping[str, Any], reason: str, *, members: bool = False
) -> SetChange:
    """Stage a shared set defined by others of the ledger, pinned by their digests; or by its members.

    It inherits the purpose (include or exclude) of its first source.
    """
    sets = sets_of(staged.workspace, staged)
    path = _new_path(staged, name, ".json")
    act = f"dataids_{next(iter(derived))}"
    about = about_new(staged, name, why=reason, **_purpose_of(sets, derived))
    subject = f"define the set {name}: {reason}"
    if members:
        value = replace(combine(staged.workspace, derived, staged), about=about)
        return _put(staged, name, path, format_set(value, ".json"), value, subject, act=act)
    pinned = _pinned(sets, derived)
    value = derive(pinned, lambda text: sets.evaluate(text).value)
    return _put(staged, name, path, format_derived(pinned, about), value, subject, act=act)


def _purpose_of(sets: Sets, derived: Mapping[str, Any]) -> dict[str, str]:
    reference = sources(derived)[0]
    about = sets.evaluate(reference).file.about if sets.path_of(Reference.parse(reference).name) else {}
    return {"purpose": about["purpose"]} if "purpose" in about else {}


def _pinned(sets: Sets, derived: Mapping[str, Any]) -> dict[str, Any]:
    pins = {}
    for text in sources(derived):
        reference = Reference.parse(text)
        if sets.path_of(reference.name) is None:
            raise UsageError(
                f"unknown shared set `{reference.name}`: a set can be derived from shared sets only", value=text
            )
        pins[text] = text if reference.pin else f"{text}@{sets.evaluate(text).digest}"
    return {
        key: [pins[one] for one in value]
        if key in {"union", "minus", "intersect"}
        else pins[value]
        if key == "filter"
        else value
        for key, value in derived.items()
    }


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)*")


def _new_path(ledger: Ledger, name: str, ending: str) -> str:
    """Return the path of a new shared set. Raise UsageError for a name that none can have, RefusedError if taken."""
    if len(name) > 200 or not _NAME.fullmatch(name) or name.endswith((*ENDINGS, ".events")):
        raise UsageError(f"{name!r} is no name of a set: letters, digits and ._+-, in words separated by slashes")
    above = [f"{SHARED}{name}"[:index] for index, char in enumerate(f"{SHARED}{name}") if char == "/"]
    blocked = next((path for path in above if path in ledger.files.paths), None)
    if blocked is not None:
        raise RefusedError(f"{blocked} is a file, and no folder that could hold a set")
    present = ledger.shared_sets.get(name)
    if present:
        raise RefusedError(f"duplicate set `{name}`: {present[0]}", value=name)
    return f"{SHARED}{name}{ending}"


def add(staged: StagedLedger, text: str, extra: DataIdSet, reason: str) -> SetChange:
    """Stage a set of the ledger with more members, and what is said of them."""
    path, before = _members(staged, text)
    if extra.dimensions != before.dimensions:
        have, name = ", ".join(before.dimensions), ", ".join(extra.dimensions)
        raise UsageError(f"the set `{text}` has the dimensions {have}, and what is to be added has {name}")
    # What is said now counts more than what was said before.
    after = replace(extra.union(before), about=before.about, pending=before.pending)
    added = len(after) - len(before)
    known = len(extra) - added
    what = f"add {added:,} data ID{'s' * (added != 1)} to" if added or not known else f"say more of {known:,} in"
    return _put_value(staged, text, path, after, f"{what} the set {text}: {reason}")


def add_new(staged: StagedLedger, name: str, members: DataIdSet, ending: str, reason: str, purpose: str) -> SetChange:
    """Stage a new shared set with its members, to ``include`` or ``exclude``."""
    about = about_new(staged, name, purpose=purpose, why=reason)
    return save_new(staged, name, replace(members, about=about, pending=()), ending, reason)


def save_new(staged: StagedLedger, name: str, value: DataIdSet, ending: str, reason: str) -> SetChange:
    """Stage a new shared set with its members."""
    path = _new_path(staged, name, ending)
    return _put_value(staged, name, path, value, f"define the set {name}, {_counted(value)}: {reason}")


IMPORTED = "imported from "
"""How the origin of an imported set begins: importing its list again updates it."""


def save_imported(staged: StagedLedger, name: str, value: DataIdSet, ending: str, reason: str) -> SetChange:
    """Stage a list as a shared set; one that was imported before is updated, and left alone where nothing changed.

    Raise RefusedError where the set was made in another way or for another purpose, UsageError where its dimensions
    are others.
    """
    if not staged.shared_sets.get(name):
        return save_new(staged, name, value, ending, reason)
    path, before = _members(staged, name)
    if not str(before.about.get("how", "")).startswith(IMPORTED):
        raise RefusedError(f"duplicate set `{name}`: {path}, which was not imported from a list", value=name)
    if before.about.get("purpose") != value.about.get("purpose"):
        raise RefusedError(
            f"the set `{name}` is to {before.about.get('purpose')}: give the list another --name", value=name
        )
    found = difference(before, value)
    if not found.added and not found.removed and not found.changed and before.pending == value.pending:
        return SetChange(name, path, before, before, changed=False)
    after = replace(value, about={**before.about, **value.about})
    subject = f"bring the set {name} up to date, {len(found.added):,} came and {len(found.removed):,} went: {reason}"
    return _put_value(staged, name, path, after, subject)


def subtract(staged: StagedLedger, text: str, less: DataIdSet, reason: str) -> SetChange:
    """Stage a set of the ledger without the members of another one, which may have fewer dimensions."""
    path, before = _members(staged, text)
    return _less(staged, text, path, before, less, reason)


def remove(staged: StagedLedger, text: str, given: Mapping[str, str], reason: str) -> SetChange:
    """Stage a set without the members that agree with all values given, which may be of some dimensions only."""
    path, before = _members(staged, text)
    gone = set(_matching(before, given))
    if not gone:
        words = ", ".join(f"{key}={one}" for key, one in given.items())
        raise RefusedError(f"`{text}` has no member with {words}", value=text)
    return _less(staged, text, path, before, DataIdSet.of(before.dimensions, gone), reason)


def _less(staged: StagedLedger, text: str, path: str, before: DataIdSet, less: DataIdSet, reason: str) -> SetChange:
    after = replace(before.minus(less), about=before.about)
    subject = f"remove {len(before) - len(after):,} of {_counted(before)} from the set {text}: {reason}"
    return _put_value(staged, text, path, after, subject)


def _members(staged: StagedLedger, text: str) -> tuple[str, DataIdSet]:
    """Return the path and the members of a set that holds them itself. Raise RefusedError if it does not."""
    path, campaign = located(staged, text)
    sets = sets_of(staged.workspace, staged)
    file = sets.file(path)
    if file.derived is not None:
        raise RefusedError(f"{path} is made from other sets: change those, or `campledger dataids edit` it")
    return path, sets.evaluate_file(file, campaign)


def _matching(value: DataIdSet, given: Mapping[str, str]) -> Iterable[Row]:
    strange = [key for key in given if key not in value.dimensions]
    if strange:
        raise UsageError(f"`{strange[0]}` is no dimension of the set: they are {', '.join(value.dimensions)}")
    wanted = [(value.dimensions.index(key), _accepted(key, text)) for key, text in given.items()]
    return (row for row in value.members if all(any(row[n] in one for one in values) for n, values in wanted))


def _accepted(dimension: str, text: str) -> list[Collection[Any]]:
    """Return the values of a dimension that words such as ``1,2,5..9`` mean, in parts. Raise UsageError."""
    parts = text.split(",")
    if DIMENSIONS[dimension].type is str:
        return [parts]
    ranges: list[Collection[Any]] = []
    for part in parts:
        match = _RANGE.fullmatch(part)
        if match is None:
            raise UsageError(f"`{part}` is no whole number and no range FIRST..LAST, which `{dimension}` takes")
        first, last, step = match.groups()
        ranges.append(range(int(first), int(last or first) + 1, int(step or 1)))
    return ranges


def entry_set(given: Mapping[str, str]) -> DataIdSet:
    """Return the set that COLUMN=VALUE words mean, as a line of a file would: ``1,2,5..9`` are several values.

    Raise UsageError with what is wrong.
    """
    entry: dict[str, Any] = dict(given)
    for key in entry.keys() & DIMENSIONS.keys():
        parts = given[key].split(",")
        if DIMENSIONS[key].type is int:
            parts = [int(part) if part.isdecimal() else part for part in parts]  # type: ignore[misc]
        entry[key] = parts if len(parts) > 1 else parts[0]
    return entries_set([entry])


def entries_set(entries: Sequence[Mapping[str, Any]]) -> DataIdSet:
    """Return the set that entries mean, as those of a JSON file would. Raise UsageError with what is wrong."""
    file = read("given.json", json.dumps([dict(entry) for entry in entries]).encode())
    errors = [one for one in file.problems if one.severity is Severity.ERROR]
    if errors or file.value is None:
        raise UsageError("\n".join(f"{one.message}\n    {one.hint}".rstrip() for one in errors))
    return file.value


@dataclass(frozen=True)
class Text:
    """The file of a set as somebody found it, to change it by hand."""

    name: str
    path: str
    content: str


def text_of(ledger: Ledger, name: str) -> Text:
    """Return the file of a set. Raise UsageError if there is none, DataError if it is no text."""
    path, _ = located(ledger, name)
    try:
        return Text(name, path, ledger.files.read([path])[path].decode())
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text") from None


def edit(staged: StagedLedger, found: Text, after: str, reason: str) -> SetChange:
    """Stage another text of a set's file. Raise RefusedError where the file is another one by now."""
    path, campaign = located(staged, found.name)
    if read_bytes(staged, path) != found.content.encode():
        raise RefusedError(f"{path} changed in the meantime: look at it, then edit again")
    content = after.encode()
    value = sets_of(staged.workspace, staged).evaluate_file(read(path, content), campaign)
    return _put(staged, found.name, path, content, value, f"edit the set {found.name}: {reason}")


def convert(staged: StagedLedger, text: str, ending: str, *, partly: bool = False) -> SetChange:
    """Stage a set of the ledger in another format, or in order; its members stay.

    Raise UsageError where the format has no place for what is said of the set, unless that may go (``partly``).
    """
    path, campaign = located(staged, text)
    target = f"{path.rpartition('.')[0]}{ending}"
    sets = sets_of(staged.workspace, staged)
    file = sets.file(path)
    if file.derived is not None:
        raise RefusedError(f"{path} is made from other sets, and has no members to write in another form")
    value = sets.evaluate_file(file, campaign)
    content = format_set(value, ending, partly=partly)
    subject = f"write the set {text} as {ending[1:].upper()}"
    gone = path if path != target else None
    return _put(staged, text, target, content, value, subject, gone=gone, act="dataids_convert")


def replace_members(
    staged: StagedLedger, name: str, path: str, before: bytes, value: DataIdSet, subject: str
) -> SetChange:
    """Stage other members of a set, in the format that its file has. Raise RefusedError where that has changed."""
    if read_bytes(staged, path) != before:
        raise RefusedError(f"{path} changed in the meantime: try again")
    return _put_value(staged, name, path, value, subject)


def _put_value(staged: StagedLedger, name: str, path: str, value: DataIdSet, subject: str) -> SetChange:
    return _put(staged, name, path, format_set(value, Path(path).suffix), value, subject)


def _put(
    staged: StagedLedger,
    name: str,
    path: str,
    content: bytes,
    value: DataIdSet,
    subject: str,
    *,
    gone: str | None = None,
    act: str = "",
) -> SetChange:
    sets = sets_of(staged.workspace, staged)
    before = _value(sets, gone or path)
    changed = path not in staged.files.paths or read_bytes(staged, path) != content
    if changed:
        for one in [act] if act else _acts(before, value):
            staged.require_permitted(one)
        staged.put_set(path, content, subject, gone=gone)
    return SetChange(name, path, before, value, changed)


def _acts(before: DataIdSet | None, after: DataIdSet) -> list[str]:
    """Return the acts, as permissions name them, by which members come and go; other words about them are added."""
    if before is None or before.dimensions != after.dimensions:
        return ["dataids_add"] if before is None else ["dataids_add", "dataids_remove"]
    fewer = set(before.members) - set(after.members)
    more = set(after.members) - set(before.members)
    return [*(["dataids_add"] if more or not fewer else []), *(["dataids_remove"] if fewer else [])]


def _value(sets: Sets, path: str) -> DataIdSet | None:
    if path not in sets.ledger.files.paths:
        return None
    try:
        return sets.evaluate_file(sets.file(path), sets.own.get(path))
    except (DataError, UsageError):
        return None


def _stem(name: str) -> str:
    return name.rpartition("/")[2]


def _counted(value: DataIdSet) -> str:
    return f"{len(value):,} data ID{'' if len(value) == 1 else 's'}"


def about_new(staged: StagedLedger, name: str, **said: str) -> dict[str, str]:
    """Return what is said of a set that is made now: its name, who made it, when, and what else is told."""
    return {"name": _stem(name), **said, "by": staged.user, "made": times.today()}


def check_text(path: str, text: str) -> str:
    """Return what the format has against a set's text, as a report; empty where it is fine."""
    return report_text(one for one in read(path, text.encode()).problems if one.severity is Severity.ERROR)
