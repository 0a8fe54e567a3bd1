"""Which commit a ledger is read from, where people name a day, a time or a revision."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from campledger.errors import UsageError
from campledger.ledger.ledger import Ledger
from campledger.model import times
from campledger.repository import last_change
from campledger.repository.file_trees import Files, GitTree, WorkTree
from campledger.repository.git_commands import Repository

_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?")


def commit_as_of(repository: Repository, root: Path, text: str) -> str:
    """Return the full hash of the commit that people mean by a day, a time, or a revision of git's.

    A bare day means the state at its end, a time that of this time; both in UTC unless they say otherwise, and on the
    main branch (HEAD, where there is none): the last commit by first parents that was committed until then. What has
    the form of a day is one: a branch of such a name is `refs/heads/NAME`.

    Raise UsageError if there is no such commit, or no such time.
    """
    if not _DATED.fullmatch(text):
        try:
            return repository.commit_of(text)
        except UsageError as error:
            raise UsageError(f"{error}; a day is written 2026-11-22, a time 2026-11-22T08:00 (UTC)") from None
    try:
        moment = times.latest(text)
    except ValueError:
        raise UsageError(times.invalid_time(text, datetime.now(UTC))) from None
    branch = _main_branch(repository, root)
    found = last_change.last_until(repository, branch, int(moment.timestamp()))
    if found is None:
        shallow = "; the clone lacks a part of the history, `git fetch --unshallow` gets it"
        raise UsageError(
            f"no commit of `{branch}` is as early as {text}: `git log --first-parent {branch}` lists them"
            + (shallow if repository.is_shallow else "")
        )
    return found


def tips_of_main(repository: Repository, root: Path) -> list[str]:
    """Return the commits at which the main branch is, here and where it was fetched from; HEAD, where there is none."""
    return last_change.tips(repository, _main_branch(repository, root))


def committed(repository: Repository, commit: str) -> str:
    """Return when a commit was made, as events have it: 2026-11-22T08:01:02Z."""
    return times.happened(datetime.fromtimestamp(repository.commit_time(commit), UTC))


def _main_branch(repository: Repository, root: Path) -> str:
    """Return the name of the main branch, as the files on disk or, in a bare repository, HEAD says."""
    files: Files = WorkTree(root, tops=())
    if repository.is_bare:
        files = GitTree(repository, repository.commit_of("HEAD"))
    return Ledger(files).settings.main_branch
