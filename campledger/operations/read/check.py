"""Checking a ledger: the work tree, what is staged, or a commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from campledger.errors import UsageError
from campledger.ledger.checks import check, check_some, rewritten
from campledger.ledger.ledger import Ledger
from campledger.ledger.reviewing import problems_between
from campledger.operations.as_of import commit_as_of
from campledger.operations.roots import find_root
from campledger.operations.workspace import Workspace
from campledger.problems import Problem
from campledger.repository.file_trees import GitTree
from campledger.repository.git_commands import Repository


def check_work_tree(workspace: Workspace, paths: Sequence[Path]) -> list[Problem]:
    """Return what is wrong on disk: everywhere, or with the campaigns that the paths lie in."""
    ledger = workspace.ledger()
    if not paths:
        return check(ledger, datetime.now(UTC))
    return check_some(ledger, datetime.now(UTC), [_relative(workspace, path) for path in paths])


def _relative(workspace: Workspace, path: Path) -> str:
    absolute = path.absolute()
    if not absolute.exists():
        raise UsageError(f"file or directory not found: {path}")
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
    problems = check_some(staged, datetime.now(UTC), paths)
    if head is not None:
        problems += rewritten(GitTree(workspace.repository, head), staged.files, paths)
    return sorted(problems)


def commit_to_check(start: Path, as_of: str) -> tuple[Repository, str]:
    """Return the commit that a revision, day or time names; ``start`` is in a ledger, or a bare repository."""
    repository = repository_at(start)
    return repository, commit_as_of(repository, repository.root, as_of)


def check_commit(
    repository: Repository,
    commit: str,
    since: str | None = None,
    *,
    new: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[Problem]:
    """Return what is wrong in a commit; ``progress`` is told how many campaigns of how many were read.

    With ``since``, an earlier commit, events that it has and this one tells otherwise are problems too; with ``new``,
    only problems that the earlier one does not have are returned.
    """
    after, now = GitTree(repository, commit), datetime.now(UTC)
    if since is None:
        return sorted(check(Ledger(after, progress), now))
    old = repository.commit_of(since)
    before, paths = GitTree(repository, old), repository.changed_paths(old, commit)
    if new:
        return problems_between(Ledger(before), Ledger(after), paths, now)[0]
    return sorted([*check(Ledger(after, progress), now), *rewritten(before, after, paths)])


def repository_at(start: Path) -> Repository:
    """Return the repository of the ledger that a directory is in, or the bare repository that it is."""
    repository = Repository(start)
    if repository.exists() and repository.is_bare:
        return repository
    return Workspace(find_root(start)).repository


def place_in_repository(start: Path) -> str:
    """Return the path of a ledger in its repository, with a slash at the end; empty at its top, or outside of any."""
    repository = Repository(start)
    if not repository.exists() or repository.is_bare:
        return ""
    return Repository(find_root(start)).prefix
