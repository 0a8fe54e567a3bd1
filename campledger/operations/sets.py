"""DataId sets of a ledger: shown, compared, made from others, and changed; each change is one commit."""

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
from campledger.dataids.files import ENDINGS, SetFile, format_set, read
from campledger.dataids.sets import Row
from campledger.errors import DataError, RefusedError, UsageError
from campledger.files import replace as replace_file
from campledger.ledger.reading import Ledger
from campledger.ledger.sets import SHARED, Reference, Sets, derive, references_of, sources
from campledger.model.history import Event
from campledger.operations.workspace import Draft, Workspace, Written, resolve, subject_line, write
from campledger.problems import Problem, Severity, report_text

_RANGE = re.compile(r"(-?[0-9]+)(?:\.\.(-?[0-9]+)(?::([1-9][0-9]*))?)?")


@dataclass(frozen=True)
class Wanted:
    """A set as people name it: in a ledger, in one of its campaigns, or in a file anywhere."""

    name: str
    value: DataIdSet
    file: SetFile
    path: str | None = None
    """Where it stands in the ledger; None for a file elsewhere."""
    campaign: str | None = None


def find(workspace: Workspace | None, text: str, revision: str | None = None) -> Wanted:
    """Return the set that people mean: NAME[@PIN], CAMPAIGN:PATH[@PIN], or the path of a file.

    Without a workspace it can only be a file. Raise UsageError if there is none, DataError if it cannot be read.
    """
    file = Path(text)
    if text.endswith(ENDINGS) and file.is_file():
        return _outside(file)
    if workspace is None:
        raise UsageError(f"there is no file {text}")
    ledger = workspace.ledger(revision)
    sets = sets_of(workspace, ledger)
    campaign, name = _owner(ledger, text)
    found = sets.evaluate(name, campaign)
    return Wanted(Reference.parse(name).name, found.value, found.file, found.path, campaign)


def _outside(path: Path) -> Wanted:
    try:
        file = read(str(path), path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    errors = [one for one in file.problems if one.severity is Severity.ERROR]
    if errors:
        raise DataError(f"{path} cannot be read:\n{report_text(errors)}")
    if file.value is None:
        raise UsageError(f"{path} is made from other sets, which only a ledger has: name it as the ledger does")
    return Wanted(path.stem, file.value, file)


def _owner(ledger: Ledger, text: str) -> tuple[str | None, str]:
    """Split CAMPAIGN:PATH; ``sha256:`` in a pin is no campaign."""
    campaign, colon, name = text.partition(":")
    if not colon or "@" in campaign:
        return None, text
    return resolve(ledger, campaign), name


def sets_of(workspace: Workspace, ledger: Ledger) -> Sets:
    """Return the sets of a state of the ledger, with git's history behind them where there is any."""
    return Sets(ledger, workspace.repository if workspace.repository.exists() else None)


@dataclass(frozen=True)
class Listed:
    """A shared set in a listing."""

    name: str
    path: str
    value: DataIdSet | None
    """None where it cannot be read."""
    derived: bool
    used_by: tuple[str, ...]
    """Ids of the campaigns that name it."""
    receipts: tuple[Event, ...]


def list_sets(workspace: Workspace, revision: str | None = None) -> list[Listed]:
    """Return the shared sets, by name."""
    ledger = workspace.ledger(revision)
    sets = sets_of(workspace, ledger)
    users = _users(ledger)
    listed = []
    for name, paths in ledger.shared_sets.items():
        file = sets.file(paths[0])
        try:
            value: DataIdSet | None = sets.evaluate(name).value
        except (DataError, UsageError):
            value = None
        derived = file.derived is not None
        listed.append(Listed(name, paths[0], value, derived, tuple(users.get(name, ())), sets.receipts(name)))
    return listed


def _users(ledger: Ledger) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for record in ledger.records():
        for name in dict.fromkeys(Reference.parse(text).name for _, text in references_of(record)):
            if name in ledger.shared_sets:
                users.setdefault(name, []).append(record.id)
    return users


@dataclass(frozen=True)
class Shown:
    """All that is known of a set."""

    wanted: Wanted
    used_by: tuple[str, ...] = ()
    receipts: tuple[Event, ...] = ()


BREAKDOWNS = ("day_obs", "band", "physical_filter", "detector", "reason", "severity", "comment")
"""What members are counted by, where it is known of any."""


def show(workspace: Workspace | None, text: str, revision: str | None = None) -> Shown:
    """Return a set with who uses it and what became of it."""
    wanted = find(workspace, text, revision)
    if workspace is None or wanted.path is None or wanted.campaign is not None:
        return Shown(wanted)
    ledger = workspace.ledger(revision)
    users = _users(ledger).get(wanted.name, ())
    return Shown(wanted, tuple(users), Sets(ledger).receipts(wanted.name))


def check(workspace: Workspace | None, names: Sequence[str]) -> list[Problem]:
    """Return what is wrong with the sets of the ledger, or with those named: sets, or files anywhere."""
    problems: list[Problem] = []
    chosen: set[str] | None = set() if names else None
    ledger = workspace.ledger() if workspace is not None else None
    for name in names:
        file = Path(name)
        if name.endswith(ENDINGS) and file.is_file():
            problems += read(name, file.read_bytes()).problems
        elif workspace is None or ledger is None or chosen is None:
            raise UsageError(f"there is no file {name}")
        else:
            chosen.add(_path(workspace, ledger, name)[0])
    if ledger is not None and workspace is not None:
        problems += sets_of(workspace, ledger).check(chosen)
    elif not names:
        raise UsageError("no ledger here, and no files named")
    return sorted(problems)


def breakdowns(value: DataIdSet) -> dict[str, dict[Any, int]]:
    """Return the counts of a set by everything that is known of its members."""
    found = {name: value.breakdown(name) for name in BREAKDOWNS}
    return {name: counts for name, counts in found.items() if any(key is not None for key in counts)}


@dataclass(frozen=True)
class Difference:
    """What one set has and another lacks."""

    added: DataIdSet
    removed: DataIdSet
    changed: tuple[Row, ...]
    """Members of both of which something else is said."""


def difference(before: DataIdSet, after: DataIdSet) -> Difference:
    """Return what is in one of two sets only. Raise UsageError where their dimensions differ."""
    if before.dimensions != after.dimensions:
        raise UsageError(
            f"the sets have different dimensions: {', '.join(before.dimensions)} and {', '.join(after.dimensions)}"
        )
    said = before.attributes.keys() | after.attributes.keys()
    both = [row for row in said if row in before._index and row in after._index]
    changed = sorted(row for row in both if dict(before.attributes.get(row, {})) != dict(after.attributes.get(row, {})))
    return Difference(after.minus(before), before.minus(after), tuple(changed))


def combine(workspace: Workspace | None, derived: Mapping[str, Any]) -> DataIdSet:
    """Return the set that a derivation makes of sets as people name them."""
    return derive(derived, lambda text: find(workspace, text).value)


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
    """Define a shared set by others of the ledger, pinned by their digests, and commit it; or commit its members."""
    about = {"name": _stem(name), "why": purpose.reason, "made": today()}

    def prepare(ledger: Ledger, sets: Sets) -> Prepared:
        path = _new_path(ledger, name, ".json")
        if members:
            value = replace(combine(workspace, derived), about=about)
            return path, format_set(value, ".json"), value
        pinned = _pinned(sets, derived)
        value = derive(pinned, lambda text: sets.evaluate(text).value)
        document = {"format": 1, **about, "derived": pinned}
        return path, f"{json.dumps(document, indent=2, ensure_ascii=False)}\n".encode(), value

    return _change(workspace, name, prepare, purpose, f"define the set {name}: {purpose.reason}")


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


def _new_path(ledger: Ledger, name: str, ending: str) -> str:
    present = ledger.shared_sets.get(name)
    if present:
        raise RefusedError(f"there is a set `{name}` already: {present[0]}")
    return f"{SHARED}{name}{ending}"


def add(workspace: Workspace, text: str, extra: DataIdSet, purpose: Purpose, *, new: str | None = None) -> Change:
    """Add members, with what is said of them, to a set of the ledger; ``new`` is the ending of one to be made."""
    if new is not None:
        about = {} if new == ".csv" else {"name": _stem(text), "why": purpose.reason, "made": today()}
        return save_new(workspace, text, replace(extra, about=about, pending=()), new, purpose)

    def edit(value: DataIdSet) -> DataIdSet:
        # What is said now counts more than what was said before.
        return replace(extra.union(value), about=value.about, pending=value.pending)

    words = f"add {_counted(extra)} to the set {text}: {purpose.reason}"
    return _edit(workspace, text, edit, purpose, lambda _before, _after: words)


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


def path_of(workspace: Workspace, text: str) -> str:
    """Return the path, in the ledger, of a set's file. Raise UsageError if there is none."""
    return _path(workspace, workspace.ledger(), text)[0]


def check_text(path: str, text: str) -> str:
    """Return what the format has against a set's text, as a report; empty where it is fine."""
    return report_text(one for one in read(path, text.encode()).problems if one.severity is Severity.ERROR)


def edit_text(workspace: Workspace, text: str, change: Callable[[str], str | None], purpose: Purpose) -> Change | None:
    """Change a set's file by hand: ``change`` takes its text, and returns another, or None to leave it."""
    ledger = workspace.ledger()
    path, campaign = _path(workspace, ledger, text)
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


def convert(workspace: Workspace, text: str, ending: str, purpose: Purpose) -> Change:
    """Write a set of the ledger in another format, or in order, and commit that; its members stay."""
    ledger = workspace.ledger()
    path, campaign = _path(workspace, ledger, text)
    target = f"{path.rpartition('.')[0]}{ending}"

    def prepare(_: Ledger, sets: Sets) -> Prepared:
        file = sets.file(path)
        if file.derived is not None:
            raise RefusedError(f"{path} is made from other sets, and has no members to write in another form")
        value = sets.evaluate_file(file, campaign)
        return target, format_set(value, ending), value

    words = f"write the set {text} as {ending[1:].upper()}"
    return _change(workspace, text, prepare, purpose, words, gone=path if path != target else None)


def write_out(value: DataIdSet, target: Path, ending: str) -> None:
    """Write a set to a file outside of the ledger's care, in the format of an ending. Raise UsageError."""
    if ending not in ENDINGS:
        raise UsageError(f"{target}: the ending says the format, one of {', '.join(ENDINGS)}")
    content = format_set(value, ending)
    try:
        replace_file(target, content, 0o644)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from None


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
    path, campaign = _path(workspace, workspace.ledger(), text)
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


def _path(workspace: Workspace, ledger: Ledger, text: str) -> tuple[str, str | None]:
    campaign, name = _owner(ledger, text)
    if "@" in name:
        raise UsageError(f"`{text}` is a version, and versions do not change: name the set without @")
    path = Sets(ledger).path_of(name, campaign)
    if path is None:
        raise UsageError(f"there is no DataId set `{text}`: `campledger dataids list` shows them")
    return path, campaign


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
