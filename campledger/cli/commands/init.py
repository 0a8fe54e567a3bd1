"""Make a new ledger."""

from __future__ import annotations

import shlex
from pathlib import Path

import click


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--example", is_flag=True, help="With a campaign and a template to play with.")
@click.option(
    "--ci", "host", type=click.Choice(["github", "gitlab"]), help="With what the host runs to check and review changes."
)
def init(directory: Path, example: bool, host: str | None) -> None:
    """Make a new ledger: settings, attributes, schemas, a hook and a first commit.

    In a directory of a git repository the ledger becomes part of that repository.

    \b
    Examples:
      campledger init ledger --example
      campledger init ledger --ci github
    """
    from campledger.operations.setup.init import init as operation
    from campledger.repository.environment import settle_environment

    settle_environment(in_hook=False)
    started = operation(directory, example=example, host=host)
    click.echo(f"a ledger in {started.root}, commit {started.commit[:10]}")
    if started.example:
        click.echo(f"  with the example {started.example}: try `campledger show {started.example}`")
    if started.hook is None:
        click.echo("  no hook was installed, since core.hooksPath is set: `campledger hooks install` says more")
    place = shlex.quote(f"./{directory}" if str(directory).startswith("-") else str(directory))
    there = "" if directory.resolve() == Path.cwd() else f"cd {place}; "
    click.echo(f"next: {there}edit campledger.yaml; campledger define my-first-campaign")


COMMANDS = (init,)
