"""DataId sets of a ledger: found by what people call them, listed, shown, checked, compared, combined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campledger.dataids import DataIdSet
from campledger.dataids.files import ENDINGS, SetFile, read
from campledger.errors import DataError, UsageError
from campledger.ledger.ledger import Ledger, Record
from campledger.ledger.sets import Reference, Sets, derive, references_of
from campledger.model.history import Event
from campledger.operations.workspace import Workspace, resolve
from campledger.problems import Problem, Severity, report_text
from campledger.suggestions import did_you_mean


@dataclass(frozen=True)
class NamedSet:
    """A set as people name it: in a ledger, in one of its campaigns, or in a file anywhere."""

    name: str
    value: DataIdSet
    file: SetFile
    path: str | None = None
    """Where it stands in the ledger; None for a file elsewhere."""
    campaign: str | None = None


def find(workspace: Workspace | None, text: str, revision: str | None = None, ledger: Ledger | None = None) -> NamedSet:
    """Return the set that people mean: NAME[@PIN], CAMPAIGN:PATH[@PIN], or the path of a file.

    It is looked for on disk, in a commit, or in a ledger that is at hand. Without a workspace it can only be a file.
    Raise UsageError if there is none, DataError if it cannot be read.
    """
    file = Path(text)
    if text.endswith(ENDINGS) and file.is_file():
        return _outside(file)
    if workspace is None:
        raise UsageError(f"file not found: {text}")
    ledger = ledger or workspace.ledger(revision)
    sets = sets_of(workspace, ledger)
    campaign, name = _owner(ledger, text)
    reference = Reference.parse(name)
    if not reference.pin and sets.path_of(name, campaign) is None:
        raise _no_set(sets, text, name)
    found = sets.evaluate(name, campaign)
    return NamedSet(reference.name, found.value, found.file, found.path, campaign)


def _no_set(sets: Sets, text: str, name: str) -> UsageError:
    hint = did_you_mean(name, sets.ledger.shared_sets, 0.7) or "`campledger dataids list` shows them"
    return UsageError(f"unknown DataId set `{text}`: {hint}", value=text)


def _outside(path: Path) -> NamedSet:
    try:
        file = read(str(path), path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    errors = [one for one in file.problems if one.severity is Severity.ERROR]
    if errors:
        raise DataError(f"{path} cannot be read:\n{report_text(errors)}")
    if file.value is None:
        raise UsageError(f"{path} is made from other sets, which only a ledger has: name it as the ledger does")
    return NamedSet(path.stem, file.value, file)


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
        for name in _names_in(record):
            if name in ledger.shared_sets:
                users.setdefault(name, []).append(record.id)
    return users


def _names_in(record: Record) -> dict[str, None]:
    """Return the sets that a campaign's definition names, each once, in order."""
    return dict.fromkeys(Reference.parse(text).name for _, text in references_of(record))


@dataclass(frozen=True)
class Shown:
    """All that is known of a set."""

    wanted: NamedSet
    used_by: tuple[str, ...] = ()
    receipts: tuple[Event, ...] = ()
    runs: tuple[UsedBy, ...] = ()
    """The submissions that ran with it, oldest first."""


@dataclass(frozen=True)
class UsedBy:
    """A submission that ran with a set, by its pins."""

    campaign: str
    submission: str
    run_id: str
    """Empty where it has none."""
    purpose: str
    digest: str
    count: int


BREAKDOWNS = ("day_obs", "band", "physical_filter", "detector", "reason", "severity", "comment")
"""What members are counted by, where it is known of any."""


def show(workspace: Workspace | None, text: str, revision: str | None = None) -> Shown:
    """Return a set with who uses it and what became of it."""
    wanted = find(workspace, text, revision)
    if workspace is None or wanted.path is None:
        return Shown(wanted)
    ledger = workspace.ledger(revision)
    if wanted.campaign is not None:
        return Shown(wanted, runs=tuple(_runs(ledger.record(wanted.campaign), wanted.name)))
    users: list[str] = []
    runs: list[UsedBy] = []
    for record in ledger.records():
        if wanted.name in _names_in(record):
            users.append(record.id)
        runs += _runs(record, wanted.name)
    return Shown(wanted, tuple(users), Sets(ledger).receipts(wanted.name), tuple(runs))


def _runs(record: Record, name: str) -> Iterator[UsedBy]:
    """Yield the submissions of a campaign that ran with a set, whatever its definition names now."""
    for one in record.history.submissions.values() if record.history else ():
        for pinned in one.facts.get("pins", {}).get("sets", ()):
            if pinned["name"] == name:
                run_id = str(one.facts.get("run_id", ""))
                yield UsedBy(record.id, one.id, run_id, pinned["purpose"], pinned["digest"], pinned["count"])


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
            raise UsageError(f"file not found: {name}")
        else:
            chosen.add(located(ledger, name)[0])
    if ledger is not None and workspace is not None:
        problems += sets_of(workspace, ledger).check(chosen)
    elif not names:
        raise UsageError("no ledger here, and no files named")
    return sorted(problems)


def breakdowns(value: DataIdSet) -> dict[str, dict[Any, int]]:
    """Return the counts of a set by everything that is known of its members."""
    return {name: counts for name in BREAKDOWNS if (counts := value.tally(name))}


def combine(workspace: Workspace | None, derived: Mapping[str, Any], ledger: Ledger | None = None) -> DataIdSet:
    """Return the set that a derivation makes of sets as people name them, found as :func:`find` does."""
    return derive(derived, lambda text: find(workspace, text, ledger=ledger).value)


def path_of(workspace: Workspace, text: str) -> str:
    """Return the path, in the ledger, of a set's file. Raise UsageError if there is none."""
    return located(workspace.ledger(), text)[0]


def located(ledger: Ledger, text: str) -> tuple[str, str | None]:
    """Return the path of a set's file and the campaign that has it, if one does. Raise UsageError if there is none."""
    campaign, name = _owner(ledger, text)
    if "@" in name:
        raise UsageError(f"`{text}` is a version, and versions do not change: name the set without @", value=text)
    sets = Sets(ledger)
    path = sets.path_of(name, campaign)
    if path is None:
        raise _no_set(sets, text, name)
    return path, campaign
