"""Checking a ledger: the work tree, what is staged, or a commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from campledger.errors import UsageError
from campledger.ledger.checks import campaigns_at, check, rewritten
from campledger.ledger.reading import EVENTS, Ledger
from campledger.ledger.sets import is_set_path
from campledger.operations.roots import find_root
from campledger.operations.workspace import Workspace
from campledger.problems import Problem
from campledger.repository.commands import Repository
from campledger.repository.trees import GitTree


def check_work_tree(workspace: Workspace, paths: Sequence[Path]) -> list[Problem]:
    """Return what is wrong on disk: everywhere, or with the campaigns that the paths lie in."""
    ledger = workspace.ledger()
    if not paths:
        return check(ledger, datetime.now(UTC))
    inside = [_relative(workspace, path) for path in paths]
    return _check_some(ledger, inside)


def _relative(workspace: Workspace, path: Path) -> str:
    absolute = path.absolute()
    if not absolute.exists():
        raise UsageError(f"there is no file or directory {path}")
    root = workspace.root.absolute()
    for base in (root, root.resolve()):
        for one in (absolute, absolute.resolve()):
            if one.is_relative_to(base):
                return one.relative_to(base).as_posix()
    raise UsageError(f"{path} is not in the ledger {workspace.root}")


def check_staged(workspace: Workspace) -> list[Problem]:
    """Return what is wrong in the index with the campaigns that differ from HEAD."""
    staged, head = workspace.staged(), workspace.repository.head()
    paths = workspace.repository.staged_paths()
    problems = _check_some(staged, paths)
    if head is not None:
        problems += rewritten(GitTree(workspace.repository, head), staged.files, paths)
    return sorted(problems)


def check_commit(start: Path, revision: str, since: str | None = None) -> list[Problem]:
    """Return what is wrong in a commit; ``start`` is in a ledger, or a bare repository.

    With ``since``, an earlier commit, events that it has and this one tells otherwise are problems too.
    """
    repository = Repository(start)
    if not (repository.exists() and repository.is_bare):
        repository = Workspace(find_root(start)).repository
    commit = repository.commit_of(revision)
    new = GitTree(repository, commit)
    problems = check(Ledger(new), datetime.now(UTC))
    if since is not None:
        old = repository.commit_of(since)
        problems += rewritten(GitTree(repository, old), new, repository.changed_paths(old, commit))
    return sorted(problems)


def _check_some(ledger: Ledger, paths: Sequence[str]) -> list[Problem]:
    """Check the campaigns that paths lie in; against each other only where a definition is among them."""
    chosen = campaigns_at(ledger, paths)
    now = datetime.now(UTC)
    if chosen is None:
        return check(ledger, now)
    across = not all(path.endswith(f"/{EVENTS}") or is_set_path(path) for path in paths)
    return check(ledger, now, chosen, across=across, files=_inside(ledger, paths))


def _inside(ledger: Ledger, paths: Sequence[str]) -> list[str]:
    """Return the files that paths name: themselves, and what is in directories."""
    below = tuple(f"{path.rstrip('/')}/" for path in paths)
    return [path for path in ledger.files.paths if path in paths or path.startswith(below)]
