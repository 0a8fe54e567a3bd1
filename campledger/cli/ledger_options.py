"""Options that name the ledger and the commit to read, and the workspace that they mean."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from campledger.cli.terminal import ReadingProgress
from campledger.errors import UsageError

if TYPE_CHECKING:
    from campledger.operations.workspace import Workspace
    from campledger.repository.git_commands import Repository

F = TypeVar("F", bound=Callable[..., Any])

_KEY = "campledger.ledger"
_TOLD = "campledger.told_newer"


def _remember(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.find_root().meta[_KEY] = value


ledger_option = click.option(
    "--ledger",
    type=click.Path(path_type=Path),
    envvar="CAMPLEDGER_LEDGER",
    callback=_remember,
    expose_value=False,
    is_eager=True,
    help="The ledger's directory, if it is not this one or above.  [env: CAMPLEDGER_LEDGER]",
)


def workspace(*, in_hook: bool = False) -> Workspace:
    """Return the ledger that the command is about. Raise UsageError if there is none."""
    from campledger.operations.workspace import Workspace

    return Workspace(ledger_root(in_hook=in_hook), ReadingProgress(), tell_newer)


def tell_newer(words: str) -> None:
    """Say once that the ledger is of a newer format."""
    told = click.get_current_context().find_root().meta
    if not told.get(_TOLD):
        told[_TOLD] = True
        click.echo(f"the ledger was {words}", err=True)


def ledger_root(*, in_hook: bool = False) -> Path:
    """Return the directory of the ledger that the command is about. Raise UsageError if there is none."""
    from campledger.operations.roots import find_root

    return find_root(start(in_hook=in_hook))


def start(*, in_hook: bool = False) -> Path:
    """Return the directory to look for the ledger from: as named, or the current one."""
    from campledger.repository.environment import settle_environment

    settle_environment(in_hook=in_hook)
    named: Path | None = click.get_current_context().find_root().meta.get(_KEY)
    return named or Path.cwd()


as_of_option = click.option(
    "--as-of",
    "--commit",
    "as_of",
    metavar="DATE|REV",
    help="Read the main branch as it was at the end of a day or at a time (UTC), or a commit.  [default: the files]",
)


def as_of_commit(space: Workspace, as_of: str | None) -> str | None:
    """Return the commit that --as-of means, and name it to people; None where the files on disk are to be read."""
    if as_of is None:
        return None
    commit = space.commit_of(as_of)
    tell_commit(space.repository, as_of, commit)
    return commit


def tell_commit(repository: Repository, as_of: str, commit: str) -> None:
    """Name the commit that --as-of turned out to mean, unless it was given in full."""
    from campledger.operations.as_of import committed

    if commit != as_of:
        click.echo(f"as of commit {commit[:10]}, {committed(repository, commit)}", err=True)


def space_or_none() -> Workspace | None:
    """Return the ledger, or None where there is none: files can be looked at all the same."""
    try:
        return workspace()
    except UsageError:
        return None


json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
