"""Which commit of a branch last changed each file, worked out once and brought up to date from there.

The walk goes by first parents: what a merge brought in counts as changed by the merge, the commit in which it
reached the branch. So what a commit answers follows from its parent's answer and its own difference alone, and an
answer that is brought up to date is the one that a walk over everything gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from campledger.repository.git_commands import Repository, literal


@dataclass(frozen=True, slots=True)
class CommitPaths:
    """One commit on the way, and the paths from the ledger's root in which it differs from its first parent."""

    commit: str
    time: int
    """Committer date, in seconds since 1970."""
    parent: str
    """Empty for the first commit of all, and where a shallow clone ends."""
    paths: tuple[str, ...]


def steps(repository: Repository, tip: str, since: str | None = None) -> list[CommitPaths] | None:
    """Return the commits from a tip back to, and without, an earlier one, or back to the first; the latest first.

    None if the way does not lead past the earlier one.
    """
    if tip == since:
        return []
    span = tip if since is None else f"{since}..{tip}"
    form = ("--first-parent", "-m", "--raw", "-z", "--no-renames", "--no-abbrev", "--relative")
    # log.showRoot and log.diffMerges are the user's own; neither may change what a page says.
    fixed = ("-c", "log.showRoot=true", "-c", "log.showSignature=false", "-c", "log.diffMerges=separate")
    out = repository.run(*fixed, "log", *form, "--format=%H %ct %P", "--end-of-options", span, "--").out
    found = list(_parse(out))
    if since is not None and (not found or found[-1].parent != since):
        return None
    return found


def _parse(out: bytes) -> Iterator[CommitPaths]:
    head: list[str] = []
    paths: list[str] = []
    tokens = iter(out.decode("utf-8", "surrogateescape").split("\0"))
    for token in tokens:
        stripped = token.lstrip("\n")
        if stripped.startswith(":"):
            paths.append(next(tokens))
        elif stripped:
            if head:
                yield _step(head, paths)
            head, paths = stripped.split(" "), []
    if head:
        yield _step(head, paths)


def _step(head: list[str], paths: list[str]) -> CommitPaths:
    commit, time, *parents = head
    return CommitPaths(commit, int(time), parents[0] if parents else "", tuple(paths))


def tips(repository: Repository, branch: str) -> list[str]:
    """Return the commits at which a branch is: here, then where it was fetched from. Where it is neither, HEAD's."""
    for refs in ((f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"), ("HEAD",)):
        answers = [repository.ask("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}") for ref in refs]
        found = [answer.text for answer in answers if answer.status == 0]
        if found:
            return found
    return []


def last_until(repository: Repository, branch: str, seconds: int) -> str | None:
    """Return the last commit of a branch, by first parents, that was committed until a time; None if none was.

    Where there is no such branch, here or at origin, HEAD is looked at.
    """
    for tip in tips(repository, branch)[:1]:
        return repository.run("rev-list", "-1", "--first-parent", f"--min-age={seconds}", tip).text or None
    return None


def time_of(repository: Repository, paths: Iterable[str], without: Iterable[str] = ()) -> int | None:
    """Return when HEAD's history last changed one of the paths, files or folders, in seconds since 1970.

    None if it never did. ``without`` are paths among them that do not count.
    """
    left_out = [f":(exclude,literal){path}" for path in without]
    answer = repository.run(
        "log", "-1", "--no-show-signature", "--format=%ct", "HEAD", "--", *literal(paths), *left_out
    )
    return int(answer.text) if answer.text else None
