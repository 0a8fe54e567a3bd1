"""Commands that share a ledger: its site, and pushing acts that were made offline."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from campledger.cli.shared import ledger_option, workspace
from campledger.model.words import counted


@click.command()
@ledger_option
def push() -> None:
    """Push acts that were made without --push, on top of what others have pushed meanwhile.

    \b
    Example:
      campledger push
    """
    from campledger.errors import RefusedError
    from campledger.operations.pushing import push as operation
    from campledger.operations.pushing import tell

    result = operation(workspace())
    if result.commit:
        click.echo(f"pushed {counted(result.landed, 'act')}, up to commit {result.commit[:10]}")
    else:
        click.echo("nothing to push")
    if result.withdrawn:
        raise RefusedError(tell(result.withdrawn))


_out = click.option(
    "--out", type=click.Path(path_type=Path), default=Path("public"), show_default=True, help="The site's folder."
)


@click.group()
def site() -> None:
    """Make the ledger's web site: static pages that need no server."""


@site.command()
@_out
@click.option("--commit", metavar="REV", help="Build from a commit.  [default: HEAD]")
@click.option("--worktree", is_flag=True, help="Build from the files on disk, committed or not.")
@ledger_option
def build(out: Path, commit: str | None, worktree: bool) -> None:
    """Write the site: a list of the campaigns, and a page for each.

    \b
    Example:
      campledger site build --out public
    """
    from campledger.operations.site import build as operation

    if commit and worktree:
        raise click.UsageError("--commit and --worktree exclude each other")
    # Only a terminal gets to see the bar.
    with click.progressbar(length=1, label="building", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        result = operation(workspace().root, out, commit=commit, worktree=worktree, progress=progress)
    for problem in result.problems:
        click.echo(problem.as_text(), err=True)
    click.echo(f"{result.pages} pages in {out}: {result.written} files written, {result.removed} removed")
    click.echo(f"open {out / 'index.html'}")


@site.command()
@_out
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
def serve(out: Path, port: int) -> None:
    """Serve a built site on this machine, until interrupted.

    \b
    Example:
      campledger site serve --port 8000
    """
    from campledger.operations.site import serve as operation

    with operation(out, port) as server:
        click.echo(f"http://127.0.0.1:{server.server_address[1]}/ - Ctrl-C stops")
        server.serve_forever()


COMMANDS: list[click.Command] = [site, push]
