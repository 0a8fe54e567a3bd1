"""What a build of the site is asked for, and what it made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from campledger.problems import Problem

OnProgress = Callable[[int, int], None]
"""Told how many files of how many are done: made anew, or known to be as they should be."""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """Which state of a ledger a site is to show, and how much of it."""

    commit: str | None
    """In full; None for a work tree without commits."""
    worktree: bool
    """Whether the files on disk are shown, committed or not."""
    public: bool
    """Whether embargoed campaigns are left out."""
    present: tuple[str, ...] = ()
    """Commits with which the main branch goes beyond the one shown: by them too it is judged what is embargoed."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made of which commit."""

    pages: int
    written: int
    removed: int
    problems: tuple[Problem, ...]
    commit: str | None
    """None for the work tree of a ledger without commits."""
    out: Path
    notes: tuple[str, ...] = ()
    """What whoever builds should know."""
