"""Print or write the workflows of a git host."""

from __future__ import annotations

import click

from campledger.cli.ledger_options import ledger_option, workspace


@click.command()
@click.argument("host", type=click.Choice(["github", "gitlab", "github-pages"]))
@click.option("--write", is_flag=True, help="Write the files into the repository; they are yours to read and commit.")
@ledger_option
def ci(host: str, write: bool) -> None:
    """Print what a git host runs for a ledger: a check of each pull request, and a comment that tells what it means.

    The comment is written by a job that has a token, and runs nothing of the pull request; the files say how, and why.
    `github-pages` is what publishes the site with each push to the main branch.

    \b
    Examples:
      campledger ci github
      campledger ci gitlab --write
      campledger ci github-pages --write
    """
    from campledger.operations.setup.ci import of_ledger, write_workflows

    if not write:
        click.echo("---\n".join(f"# {path}\n{text}" for path, text in of_ledger(workspace(), host).items()), nl=False)
        return
    placed = write_workflows(workspace(), host)
    for path in placed.known:
        click.echo(f"{path}: is there already")
    for path in placed.written:
        click.echo(f"{path}: written")
    if placed.written:
        click.echo("next: read them; git add and commit them; push them to the main branch")


COMMANDS = (ci,)
