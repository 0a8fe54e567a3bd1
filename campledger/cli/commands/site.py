"""Build and serve the site: `campledger site`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from campledger.cli.ledger_options import as_of_option, ledger_option, ledger_root, tell_commit
from campledger.cli.printing import clean
from campledger.cli.terminal import progress_bar

_out = click.option(
    "--out", type=click.Path(path_type=Path), default=Path("public"), show_default=True, help="The site's folder."
)


@click.group()
def site() -> None:
    """Make the ledger's web site: static pages that need no server.

    \b
    Examples:
      campledger site build --out public
      campledger site serve --worktree
    """


def _which(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which state of the ledger a site shows."""
    options = (
        as_of_option,
        click.option("--worktree", is_flag=True, help="Show the files on disk, committed or not."),
        click.option("--public", is_flag=True, help="Leave out embargoed campaigns, and whatever names them."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@site.command()
@_out
@_which
@click.option("--watch", is_flag=True, help="Build again whenever the ledger changes, until interrupted.")
@ledger_option
def build(out: Path, watch: bool, worktree: bool, **which: Any) -> None:
    """Write the site, as far as it changed since the last build.

    Files in the folder that are none of the site's stay.

    \b
    Examples:
      campledger site build --out public
      campledger site build --public --out /var/www/campaigns
      campledger site build --as-of 2026-11-22 --out then
      campledger site build --worktree --watch
    """
    from campledger.operations.site.serve import changes

    root = ledger_root()
    rounds = changes(root, worktree=worktree)
    next(rounds)
    _build(root, out, worktree=worktree, **which)
    click.echo(f"open {out / 'index.html'}")
    if watch:
        _follow(rounds, root, out, worktree=worktree, **which)


@site.command()
@_out
@_which
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Listen there; 0 takes a free one."
)
@ledger_option
def serve(out: Path, port: int, worktree: bool, **which: Any) -> None:
    """Show the site on this machine, built again whenever the ledger changes, until interrupted.

    Only this machine reaches it.

    \b
    Example:
      campledger site serve --worktree --port 8000
    """
    from threading import Thread

    from campledger.operations.site.serve import changes
    from campledger.operations.site.serve import serve as operation

    root = ledger_root()
    rounds = changes(root, worktree=worktree)
    next(rounds)
    _build(root, out, worktree=worktree, **which)
    with operation(out, port, reloading=True) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        click.echo(f"http://127.0.0.1:{server.server_address[1]}/ - Ctrl-C stops")
        _follow(rounds, root, out, worktree=worktree, **which)


def _build(root: Path, out: Path, as_of: str | None, **which: Any) -> None:
    """Build a site, and say what became of it."""
    from campledger.operations.site.build import build as operation

    with progress_bar("building") as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        result = operation(root, out, commit=as_of, **which, progress=progress)
    if as_of is not None and result.commit is not None:
        from campledger.repository.git_commands import Repository

        tell_commit(Repository(root), as_of, result.commit)
    for problem in result.problems:
        click.echo(problem.as_text(), err=True)
    for note in result.notes:
        click.echo(note, err=True)
    click.echo(f"{result.pages} pages in {out}: {result.written} files written, {result.removed} removed")


def _follow(rounds: Iterable[None], root: Path, out: Path, **which: Any) -> None:
    """Build a site again in each round. What is wrong meanwhile is told, and the old site stays."""
    import gc

    from campledger.errors import CampledgerError

    gc.enable()  # this may go on for days
    for _ in rounds:
        try:
            _build(root, out, **which)
        except CampledgerError as error:
            click.echo(f"campledger: {clean(str(error))}", err=True)
        except BrokenPipeError:
            raise  # nobody listens any more
        except OSError as error:  # a disk that is full, a ledger that is gone
            click.echo(f"campledger: {clean(str(error))}", err=True)


COMMANDS = (site,)
