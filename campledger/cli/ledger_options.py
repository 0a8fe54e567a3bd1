"""What the commands share: options, and the printing of tables and acts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from campledger.cli.terminal import Reading
from campledger.model.states import CAMPAIGN_STATES, GROUP_STATES

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

    return Workspace(ledger_root(in_hook=in_hook), Reading(), tell_newer)


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
    from campledger.operations.read.as_of import committed

    if commit != as_of:
        click.echo(f"as of commit {commit[:10]}, {committed(repository, commit)}", err=True)


class Moment(click.ParamType):  # type: ignore[type-arg]  # it takes no argument before click 8.4
    """A date, or a date and time; UTC unless it says otherwise. Of a bare day its beginning is meant, or its end."""

    name = "TIME"

    def __init__(self, *, end: bool = False):
        self.end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the time."""
        from campledger.model.times import latest, parse

        try:
            moment = latest(value) if self.end else parse(value)
        except (ValueError, OverflowError):
            moment = None
        if moment is None or moment.year < 1900:
            self.fail(f"`{value}` is no time: write 2026-11-22 or 2026-11-22T08:00 (UTC)", param, ctx)
        return moment


class Words(click.ParamType):  # type: ignore[type-arg]
    """Text that says something: `--reason "$UNSET"` is a slip."""

    name = "TEXT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse blanks."""
        if not str(value).strip():
            self.fail("it is empty: say it in words", param, ctx)
        return str(value)


def table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> str:
    """Return rows as columns; for a terminal lines are cut to its width, and states have their colours."""
    widths = [max(len(row[n]) for row in [header, *rows]) for n in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    if sys.stdout.isatty():
        import shutil

        width = shutil.get_terminal_size().columns
        lines = [line if len(line) <= width else f"{line[: width - 1]}…" for line in lines]
        if "STATE" in header:
            place = header.index("STATE")
            start = sum(widths[:place]) + 2 * place
            lines[1:] = [_with_state(line, start, row[place]) for line, row in zip(lines[1:], rows, strict=True)]
        lines[0] = click.style(lines[0], bold=True)
    return "\n".join(lines)


def _with_state(line: str, start: int, state: str) -> str:
    """Return a line with the state in it in its colour, unless the line was cut there."""
    end = start + len(state)
    return line[:start] + coloured(state) + line[end:] if line[start:end] == state else line


STATE_COLOURS = {
    str(state): one.colour.terminal for table in (CAMPAIGN_STATES, GROUP_STATES) for state, one in table.items()
}


def coloured(word: str) -> str:
    """Return a state in its colour; click takes colours out again where no terminal reads them."""
    return click.style(word, fg=STATE_COLOURS.get(word))


def clean(text: str) -> str:
    """Return text that cannot steer a terminal: control characters are shown as escapes."""
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)
