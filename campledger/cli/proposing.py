"""What commands share that leave a change on a branch of its own, ready for a pull request."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from campledger.operations.workspace import Workspace

branch_option = click.option(
    "--branch",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="Commit to a new branch instead, for a pull request; you stay where you are.  [NAME: the campaign's id]",
)


def require_no_push(branch: str | None, push: bool) -> None:
    """Raise UsageError where both are asked for: one proposes a change, the other makes it."""
    if branch is not None and push:
        raise click.UsageError("--branch and --push exclude each other: a branch is pushed for review")


def next_words(space: Workspace, branch: str) -> Iterator[str]:
    """Yield what to do next with a new branch."""
    from campledger.operations.proposing import proposal

    found = proposal(space, branch)
    name = shlex.quote(branch)
    if found.remote is None:
        yield "there is no remote to push to yet: git remote add origin ADDRESS"
    yield f"next: git push -u {shlex.quote(found.remote or 'origin')} {name}"
    if found.address is not None:
        yield f"then: {found.address}"
    yield f"or, to add to it first: git switch {name}"
