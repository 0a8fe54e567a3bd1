"""The site of a ledger: which state of it is to be shown, and whether the site shows it already."""

from __future__ import annotations

from pathlib import Path

from campledger.errors import UsageError
from campledger.pages.engine.build_request import BuildRequest, BuildResult, OnProgress
from campledger.pages.engine.generator_version import program
from campledger.pages.engine.output_folder import content_id, locked, stamp
from campledger.problems import Problem, Severity
from campledger.repository.cache import Cache
from campledger.repository.git_commands import Repository


def build(
    root: Path,
    out: Path,
    *,
    commit: str | None = None,
    worktree: bool = False,
    public: bool = False,
    progress: OnProgress | None = None,
) -> BuildResult:
    """Build the site of the ledger in ``root`` into ``out``, from what changed since the last build.

    It shows HEAD, the commit that a revision, day or time names (see `moments.commit_as_of`), or the work tree;
    ``public`` leaves out embargoed campaigns. Campaigns that cannot be read are listed with their problems.

    Raise UsageError for an unknown commit, and for a folder that holds what no build made; DataError for a template
    of the ledger's own that is wrong. The site is then as it was.
    """
    if commit is not None and worktree:
        raise UsageError("--as-of and --worktree exclude each other: a site shows one state of the ledger")
    repository = Repository(root)
    shown = _commit(repository, root, commit, worktree=worktree)
    wanted = BuildRequest(shown, worktree, public, _present(repository, root, shown) if public and shown else ())
    in_git = wanted.commit is not None or repository.exists()
    cache = Cache(repository.common_dir / "campledger" if in_git else None)
    try:
        return _build(repository, root, out, wanted, cache, progress)
    finally:
        cache.close()


def _commit(repository: Repository, root: Path, commit: str | None, *, worktree: bool) -> str | None:
    """Return the commit that is to be shown, or None for a work tree without one. Raise UsageError."""
    if worktree:
        return repository.head() if repository.exists() else None
    if commit is None:
        return repository.commit_of("HEAD")
    from campledger.operations.as_of import commit_as_of

    return commit_as_of(repository, root, commit)


def _present(repository: Repository, root: Path, shown: str) -> tuple[str, ...]:
    """Return the commits at which the main branch is, here and at its origin, but those that the shown one follows."""
    from campledger.operations.as_of import tips_of_main

    tips = {*tips_of_main(repository, root)} - {shown}
    return tuple(sorted(tip for tip in tips if not repository.is_ancestor(tip, shown)))


def _build(
    repository: Repository, root: Path, out: Path, wanted: BuildRequest, cache: Cache, progress: OnProgress | None
) -> BuildResult:
    """Build, unless the site is as the last build of the same left it."""
    # A set may be pinned to a branch or a tag.
    in_git = f"{repository.prefix} {repository.boundary} {repository.refs}" if wanted.commit else ""
    named = f"{program({})} {wanted} {in_git}"
    key = content_id(f"{named} {out.absolute()}".encode("utf-8", "surrogateescape"))
    known = cache.get(key) if not wanted.worktree else None
    if isinstance(known, dict) and known["stamp"] == stamp(out):
        problems = tuple(Problem(**{**row, "severity": Severity(row["severity"])}) for row in known["problems"])
        return BuildResult(known["pages"], 0, 0, problems, wanted.commit, out, tuple(known["notes"]))
    # What is needed only to make pages takes longer to import than all of the above.
    from campledger.pages.engine.incremental_build import make

    with locked(out):
        result = make(repository, root, out, wanted, cache, progress)
        left = None if wanted.worktree else stamp(out)
    if left is not None:
        told = {
            "stamp": left,
            "pages": result.pages,
            "problems": [problem.as_dict() for problem in result.problems],
            "notes": result.notes,
        }
        cache.put(key, f"site {out.absolute()}", told)
    return result
