"""Options of every command that writes, and what it says of the commit."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.ledger_options import json_option, ledger_option, workspace

if TYPE_CHECKING:
    from campledger.operations.workspace import Workspace
    from campledger.operations.write.writing import Writing


@dataclass(frozen=True)
class WriteOptions:
    """How a command was asked to write."""

    push: bool = False
    branch: str | None = None
    dry_run: bool = False
    as_json: bool = False

    def writing(self, space: Workspace | None = None) -> Writing:
        """Return what writes like this, to a ledger or to the one that the command is about."""
        from campledger.operations.write.writing import Writing

        return Writing(space or workspace(), self.push, self.branch, self.dry_run)


def write_options(*, branch: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options of every command that writes; the command gets them together, as ``options``."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def command(*, push: bool, dry_run: bool, as_json: bool, branch: str | None = None, **given: Any) -> Any:
            return function(options=WriteOptions(push, branch, dry_run, as_json), **given)

        result: Callable[..., Any] = command
        for option in reversed([*([_branch] if branch else []), _push, _dry_run, json_option, ledger_option]):
            result = option(result)
        return result

    return decorate


_push = click.option("--push", is_flag=True, help="Fetch first and push after; redo it where others were faster.")
_branch = click.option(
    "--branch",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="Commit to a new branch instead, for a pull request; you stay where you are.  [NAME: the campaign's id]",
)
_dry_run = click.option("--dry-run", is_flag=True, help="Check it, say what would be written, and write nothing.")


def commit_words(writing: Writing) -> str:
    """Return the commit that was made, and where it was pushed, for the end of a line; nothing after a dry run."""
    if writing.commit is None:
        return ""
    pushed = f", pushed to {writing.pushed.where}" if writing.pushed and writing.pushed.commit else ""
    return f", commit {writing.commit[:10]}{pushed}"


def print_json(writing: Writing, result: Mapping[str, Any]) -> None:
    """Print what a command did as JSON, with the commit, and the branch if it got one."""
    branch = {"branch": writing.written.branch} if writing.written.branch else {}
    click.echo(json.dumps({**result, "commit": writing.commit, **branch}, indent=2, ensure_ascii=False))


def branch_words(writing: Writing) -> Iterator[str]:
    """Yield what to do next with the new branch, where the commit went to one."""
    import shlex

    from campledger.operations.setup.pull_request import proposal

    branch = writing.written.branch
    if branch is None:
        return
    found = proposal(writing.workspace, branch)
    name = shlex.quote(branch)
    if found.remote is None:
        yield "there is no remote to push to yet: git remote add origin ADDRESS"
    yield f"next: git push -u {shlex.quote(found.remote or 'origin')} {name}"
    if found.address is not None:
        yield f"then: {found.address}"
    yield f"or, to add to it first: git switch {name}"


def print_branch(writing: Writing) -> None:
    """Print what to do next with the new branch, where the commit went to one."""
    for line in branch_words(writing):
        click.echo(line)
