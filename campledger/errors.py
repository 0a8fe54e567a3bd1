"""The exceptions of a refused operation, one class for each exit code.

Bad data is no exception: it is a :class:`campledger.problems.Problem`. An exception here means that what was
asked for was not done, and its message says what was refused, why, and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable

from campledger.problems import Problem


class CampledgerError(Exception):
    """An operation was refused. Subclasses carry the process's exit code."""

    exit_code = 70

    def __init__(self, message: str = "", problems: Iterable[Problem] = (), *, value: str | None = None):
        super().__init__(message)
        self.problems = tuple(problems)
        """What stands in the way, where that is in files; the message tells it too."""
        self.value = value
        """Which of the values that were given it is about, as it was given."""


class DataError(CampledgerError):
    """The data read has problems that stand in the way (exit 1)."""

    exit_code = 1


class UsageError(CampledgerError):
    """What was asked for makes no sense as asked: an unknown id, a malformed option (exit 2)."""

    exit_code = 2


class RefusedError(CampledgerError):
    """A transition or a rule forbids the act (exit 3)."""

    exit_code = 3


class GitError(CampledgerError):
    """Git failed, or the repository's state forbids the act (exit 4)."""

    exit_code = 4


class ButlerError(CampledgerError):
    """A Butler registry or BPS failed, is not reachable, or is not installed (exit 5)."""

    exit_code = 5
