"""Comparing campaigns, and telling what a change of the ledger means. Nothing is checked out, and nothing of it run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from campledger.errors import DataError, UsageError
from campledger.ledger import reviewing
from campledger.ledger.differences import CampaignDifference, Effect, Side, compare, effect
from campledger.ledger.histories import histories
from campledger.ledger.ledger import DEFINITION
from campledger.ledger.reviewing import Review
from campledger.model.differences import ABSENT, Difference, differences
from campledger.operations.read.check import repository_at
from campledger.operations.sets.find_sets import sets_of
from campledger.operations.workspace import Workspace, resolve
from campledger.problems import report_text
from campledger.repository.file_trees import blob_id


def review(start: Path, span: str) -> Review:
    """Return what lies between two commits, ``BASE..HEAD``, or since the merge base of them, ``BASE...HEAD``.

    ``start`` is in a ledger, or a bare repository. Raise UsageError if the span names no two commits.
    """
    repository = repository_at(start)
    dots = "..." if "..." in span else ".."
    base, found, head = span.partition(dots)
    if not found:
        raise UsageError(f"`{span}` is no span of commits: write BASE..HEAD, or BASE...HEAD for what HEAD alone brings")
    old, new = (repository.commit_of(one or "HEAD") for one in (base, head))
    now = datetime.now(UTC)
    if dots == "..":
        return reviewing.review(repository, old, new, now)
    common = repository.merge_base(old, new)
    if common is None:
        hint = "a shallow clone lacks it: `git fetch --unshallow`" if repository.is_shallow else "use BASE..HEAD"
        raise UsageError(f"`{base or 'HEAD'}` and `{head or 'HEAD'}` have no commit in common: {hint}")
    return reviewing.review(repository, common, new, now, tip=old)


@dataclass(frozen=True)
class Comparison:
    """Two campaigns, or two states of one, and what differs."""

    before: Side
    after: Side
    found: CampaignDifference
    effect: Effect | None
    """What it means for groups that were submitted, where it is one campaign, and at work."""


def diff(workspace: Workspace, before: str, after: str) -> Comparison:
    """Compare two campaigns as people name them, each with ``@REV`` for a commit; else as it is on disk.

    Raise UsageError for a name that there is not, DataError for a definition that cannot be read.
    """
    old, new = sides(workspace, (before, after))
    found = compare(old, new)
    touched = [file.path for file in found.files] + [one.name for one in found.sets]
    meaning = effect(old.record, new.record, touched, new.record) if old.record.id == new.record.id else None
    return Comparison(old, new, found, meaning)


def sides(workspace: Workspace, references: Sequence[str]) -> list[Side]:
    """Return campaigns as people name them, ``CAMPAIGN[@REV]``. Raise UsageError, or DataError if one is unreadable."""
    found = []
    for reference in references:
        name, at, revision = reference.partition("@")
        if at and not revision:
            raise UsageError(f"`{reference}` names no commit after the @")
        ledger = workspace.ledger(revision or None)
        record = ledger.record(resolve(ledger, name))
        if record.campaign is None:
            raise DataError(f"{record.id} cannot be read, and not be compared:\n{report_text(record.problems)}")
        commit = workspace.repository.commit_of(revision) if revision else ""
        found.append(Side(record, ledger, sets_of(workspace, ledger), commit))
    return found


def side_by_side(some: Sequence[Side]) -> list[Difference]:
    """Return what differs between campaigns: states, keys of definitions, and files by git's id of their content."""
    found = differences(*(side.record.campaign.written_out for side in some if side.record.campaign is not None))
    states = tuple(str(side.record.history.state) if side.record.history else ABSENT for side in some)
    if len(set(states)) > 1:
        found.insert(0, Difference("", "state", states))
    names = {file for side in some for file in side.record.files}
    for name in sorted(names - {DEFINITION, *histories(names)}):
        contents = [side.read(name) for side in some]
        if len(set(contents)) > 1:
            values = tuple(ABSENT if content is None else blob_id(content)[:10] for content in contents)
            found.append(Difference("", name, values))
    return found
