"""The user's editor, on a file of the ledger. What was typed in it is never lost."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from campledger.cli.printing import clean
from campledger.errors import DataError

if TYPE_CHECKING:
    from campledger.operations.workspace import Workspace


class Editor:
    """Opens the editor on a text until its check, which returns a report, has nothing against what was typed."""

    def __init__(self, space: Workspace, check: Callable[[str], str], ending: str):
        self.space = space
        self.check = check
        self.ending = ending
        self.typed = ""

    def __call__(self, text: str) -> str | None:
        """Return what was typed; None if nothing was changed. Raise DataError if the user gives up."""
        while True:
            edited = click.edit(text, extension=self.ending)
            if edited is None or not edited.strip():
                return None
            self.typed = text = edited
            report = self.check(edited)
            if not report:
                return edited
            if sys.stdin.isatty():
                click.echo(clean(report), err=True)
            if not sys.stdin.isatty() or not click.confirm("Edit again?", default=True):
                raise DataError(f"not saved:\n{report}")

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep what was typed if it cannot be committed."""
        try:
            yield
        except BaseException:
            if self.typed:
                kept = self.space.repository.git_dir / f"campledger-rejected{self.ending}"
                kept.write_text(self.typed, "utf-8")
                click.echo(f"what you wrote is kept in {kept}", err=True)
            raise
