"""DataId sets of a ledger, made and changed: each change is one commit, with its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from campledger.dataids import DataIdSet
from campledger.dataids.dimensions import DIMENSIONS
from campledger.dataids.files import ENDINGS, format_derived, format_set, read
from campledger.dataids.sets import Row
from campledger.errors import DataError, RefusedError, UsageError
from campledger.ledger.reading import Ledger
from campledger.ledger.sets import SHARED, Reference, Sets, derive, sources
from campledger.operations.sets import combine, located, path_of, sets_of
from campledger.operations.workspace import Draft, Workspace, Written, subject_line, write
from campledger.problems import Severity, report_text

_RANGE = re.compile(r"(-?[0-9]+)(?:\.\.(-?[0-9]+)(?::([1-9][0-9]*))?)?")


@dataclass(frozen=True)
class Change:
    """A change of a set of the ledger, committed."""

    name: str
    path: str
    before: DataIdSet | None
    after: DataIdSet
    commit: str | None
    """None after a dry run, or where nothing changed."""


Prepared = tuple[str, bytes, DataIdSet]
"""What a change makes of a set: path, content, members."""


@dataclass(frozen=True)
class Purpose:
    """Why and how a set is changed."""

    reason: str
    dry_run: bool = False


def save(
    workspace: Workspace, name: str, derived: Mapping[str, Any], purpose: Purpose, *, members: bool = False
) -> Change:
    """Define a shared set by others of the ledger, pinned by their digests, and commit it; or commit its members.

    It is for what the first of them is for: what is left of an inclusion is one, and so is a part of it.
    """

    def prepare(ledger: Ledger, sets: Sets) -> Prepared:
        path = _new_path(ledger, name, ".json")
        about = about_new(workspace, name, why=purpose.reason, **_purpose_of(sets, derived))
        if members:
            value = replace(combine(workspace, derived), about=about)
            return path, format_set(value, ".json"), value
        pinned = _pinned(sets, derived)
        value = derive(pinned, lambda text: sets.evaluate(text).value)
        return path, format_derived(pinned, about), value

    return _change(workspace, name, prepare, purpose, f"define the set {name}: {purpose.reason}")


def _purpose_of(sets: Sets, derived: Mapping[str, Any]) -> dict[str, str]:
    reference = sources(derived)[0]
    about = sets.evaluate(reference).file.about if sets.path_of(Reference.parse(reference).name) else {}
    return {"purpose": about["purpose"]} if "purpose" in about else {}


def _pinned(sets: Sets, derived: Mapping[str, Any]) -> dict[str, Any]:
    pins = {}
    for text in sources(derived):
        reference = Reference.parse(text)
        if sets.path_of(reference.name) is None:
            raise UsageError(f"there is no shared set `{reference.name}`: only those can define another one")
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
        raise RefusedError(f"there is a set `{name}` already: {present[0]}")
    return f"{SHARED}{name}{ending}"


def add(workspace: Workspace, text: str, extra: DataIdSet, purpose: Purpose) -> Change:
    """Add members, with what is said of them, to a set of the ledger."""

    def edit(value: DataIdSet) -> DataIdSet:
        if extra.dimensions != value.dimensions:
            have, name = ", ".join(value.dimensions), ", ".join(extra.dimensions)
            raise UsageError(f"the set `{text}` has the dimensions {have}, and what is to be added has {name}")
        # What is said now counts more than what was said before.
        return replace(extra.union(value), about=value.about, pending=value.pending)

    def words(before: DataIdSet, after: DataIdSet) -> str:
        added = len(after) - len(before)
        known = len(extra) - added
        what = f"add {added:,} data ID{'s' * (added != 1)} to" if added or not known else f"say more of {known:,} in"
        return f"{what} the set {text}: {purpose.reason}"

    return _edit(workspace, text, edit, purpose, words)


def add_new(workspace: Workspace, text: str, members: DataIdSet, ending: str, purpose: Purpose, use: str) -> Change:
    """Commit a new shared set with its members, to ``include`` or ``exclude``."""
    about = about_new(workspace, text, purpose=use, why=purpose.reason)
    return save_new(workspace, text, replace(members, about=about, pending=()), ending, purpose)


def save_new(workspace: Workspace, name: str, value: DataIdSet, ending: str, purpose: Purpose) -> Change:
    """Commit a new shared set with its members."""

    def prepare(ledger: Ledger, _sets: Sets) -> Prepared:
        return _new_path(ledger, name, ending), format_set(value, ending), value

    return _change(workspace, name, prepare, purpose, f"define the set {name}, {_counted(value)}: {purpose.reason}")


def subtract(workspace: Workspace, text: str, less: DataIdSet, purpose: Purpose) -> Change:
    """Take the members of another set, which may have fewer dimensions, out of a set of the ledger."""
    return _edit(
        workspace, text, lambda value: replace(value.minus(less), about=value.about), purpose, _removal(text, purpose)
    )


def _removal(text: str, purpose: Purpose) -> Callable[[DataIdSet, DataIdSet], str]:
    def words(before: DataIdSet, after: DataIdSet) -> str:
        return f"remove {len(before) - len(after):,} of {_counted(before)} from the set {text}: {purpose.reason}"

    return words


def remove(workspace: Workspace, text: str, given: Mapping[str, str], purpose: Purpose) -> Change:
    """Take out the members that agree with all values given, which may be of some dimensions only."""

    def edit(value: DataIdSet) -> DataIdSet:
        gone = set(_matching(value, given))
        if not gone:
            words = ", ".join(f"{key}={one}" for key, one in given.items())
            raise RefusedError(f"`{text}` has no member with {words}")
        return replace(value.minus(DataIdSet.of(value.dimensions, gone)), about=value.about)

    return _edit(workspace, text, edit, purpose, _removal(text, purpose))


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
    file = read("given.json", json.dumps([entry]).encode())
    errors = [one for one in file.problems if one.severity is Severity.ERROR]
    if errors or file.value is None:
        raise UsageError("\n".join(f"{one.message}\n    {one.hint}".rstrip() for one in errors))
    return file.value


def edit_text(workspace: Workspace, text: str, change: Callable[[str], str | None], purpose: Purpose) -> Change | None:
    """Change a set's file by hand: ``change`` takes its text, and returns another, or None to leave it."""
    ledger = workspace.ledger()
    path, campaign = located(workspace, ledger, text)
    before = ledger.files.read([path])[path]
    try:
        after = change(before.decode())
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text") from None
    if after is None or after.encode() == before:
        return None
    content = after.encode()
    file = read(path, content)

    def prepare(current: Ledger, sets: Sets) -> Prepared:
        if current.files.read([path]).get(path) != before:
            raise RefusedError(f"{path} changed in the meantime: look at it, then edit again")
        return path, content, sets.evaluate_file(file, campaign)

    return _change(workspace, text, prepare, purpose, f"edit the set {text}: {purpose.reason}")


def convert(workspace: Workspace, text: str, ending: str, purpose: Purpose, *, partly: bool = False) -> Change:
    """Write a set of the ledger in another format, or in order, and commit that; its members stay.

    Raise UsageError where the format has no place for what is said of the set, unless that may go (``partly``).
    """
    ledger = workspace.ledger()
    path, campaign = located(workspace, ledger, text)
    target = f"{path.rpartition('.')[0]}{ending}"

    def prepare(_: Ledger, sets: Sets) -> Prepared:
        file = sets.file(path)
        if file.derived is not None:
            raise RefusedError(f"{path} is made from other sets, and has no members to write in another form")
        value = sets.evaluate_file(file, campaign)
        return target, format_set(value, ending, partly=partly), value

    words = f"write the set {text} as {ending[1:].upper()}"
    return _change(workspace, text, prepare, purpose, words, gone=path if path != target else None)


def change_set(
    workspace: Workspace, text: str, make: Callable[[Ledger, Sets], DataIdSet], purpose: Purpose, words: str
) -> Change:
    """Commit what ``make`` makes of a set of the ledger, in the format that its file has."""
    path = path_of(workspace, text)

    def prepare(ledger: Ledger, sets: Sets) -> Prepared:
        value = make(ledger, sets)
        return path, format_set(value, Path(path).suffix), value

    return _change(workspace, text, prepare, purpose, words)


def _edit(
    workspace: Workspace,
    text: str,
    edit: Callable[[DataIdSet], DataIdSet],
    purpose: Purpose,
    words: Callable[[DataIdSet, DataIdSet], str],
) -> Change:
    path, campaign = located(workspace, workspace.ledger(), text)
    said: list[str] = []

    def prepare(_: Ledger, sets: Sets) -> Prepared:
        file = sets.file(path)
        if file.derived is not None:
            raise RefusedError(f"{path} is made from other sets: change those, or `campledger dataids edit` it")
        value = sets.evaluate_file(file, campaign)
        after = edit(value)
        said.append(words(value, after))
        return path, format_set(after, Path(path).suffix), after

    return _change(workspace, text, prepare, purpose, lambda: said[-1])


def _change(
    workspace: Workspace,
    name: str,
    prepare: Callable[[Ledger, Sets], Prepared],
    purpose: Purpose,
    words: str | Callable[[], str],
    *,
    gone: str | None = None,
) -> Change:
    """Commit what ``prepare`` makes of the ledger: path, content and value of a set."""
    made: list[tuple[str, DataIdSet | None, DataIdSet]] = []

    def draft(ledger: Ledger) -> Draft | None:
        sets = sets_of(workspace, ledger)
        path, content, value = prepare(ledger, sets)
        present = ledger.files.read([path]).get(path)
        made.append((path, _value(sets, gone or path), value))
        if present == content:
            return None
        files: dict[str, bytes | None] = {path: content, **({gone: None} if gone else {})}
        campaigns = tuple(one for one, (home, _) in ledger.directories.items() if path.startswith(f"{home}/"))
        return Draft(files, _message(words if isinstance(words, str) else words(), path, campaigns), campaigns)

    written: Written | None = write(workspace, draft, dry_run=purpose.dry_run)
    path, before, after = made[-1]
    return Change(name, path, before, after, written.commit if written else None)


def _value(sets: Sets, path: str) -> DataIdSet | None:
    if path not in sets.ledger.files.paths:
        return None
    try:
        return sets.evaluate_file(sets.file(path), sets.own.get(path))
    except (DataError, UsageError):
        return None


def _message(words: str, path: str, campaigns: Sequence[str]) -> str:
    subject = subject_line(words)
    # A reason that is longer than a subject stands nowhere else.
    body = f"{words}\n\n" if subject.endswith("…") else ""
    trailers = "".join(f"Campledger-Campaign: {one}\n" for one in campaigns)
    return f"{subject}\n\n{body}{trailers}Campledger-Set: {path.rpartition('.')[0]}\n"


def _stem(name: str) -> str:
    return name.rpartition("/")[2]


def _counted(value: DataIdSet) -> str:
    return f"{len(value):,} data ID{'' if len(value) == 1 else 's'}"


def about_new(workspace: Workspace, name: str, **said: str) -> dict[str, str]:
    """Return what is said of a set that is made now: its name, who made it, when, and what else is told."""
    return {"name": _stem(name), **said, "by": workspace.user(workspace.ledger()), "made": today()}


def today() -> str:
    """Return the date in UTC, for the record of how a set was made."""
    return datetime.now(UTC).date().isoformat()


def check_text(path: str, text: str) -> str:
    """Return what the format has against a set's text, as a report; empty where it is fine."""
    return report_text(one for one in read(path, text.encode()).problems if one.severity is Severity.ERROR)
