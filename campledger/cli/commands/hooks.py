"""Install hooks: `campledger hooks`."""

from __future__ import annotations

from pathlib import Path

import click

from campledger.cli.ledger_options import ledger_option, start, workspace
from campledger.errors import GitError


@click.group()
def hooks() -> None:
    """Check what is committed, before it is.

    \b
    Example:
      campledger hooks install
    """


@hooks.command("install")
@click.option(
    "--server",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Install the pre-receive hook in a bare repository.",
)
@ledger_option
def install(server: Path | None) -> None:
    """Copy the pre-commit hook into the repository; a hook that is there is kept, and runs first.

    With --server, copy the hook that refuses pushes with errors into a bare repository instead.

    \b
    Examples:
      campledger hooks install
      campledger hooks install --server /srv/git/ledger.git
    """
    from campledger.operations.setup.hooks import install_hook, install_server_hook

    if server is not None:
        start()
        click.echo(f"installed {install_server_hook(server)}")
        return
    hook, sentence = install_hook(workspace())
    if hook is None:
        raise GitError(sentence)
    click.echo(sentence)


COMMANDS = (hooks,)
