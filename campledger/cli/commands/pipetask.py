"""Run pipetask for a group."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from campledger.cli.butler_options import group_options
from campledger.cli.ledger_options import workspace
from campledger.cli.terminal import steps_bar


@click.command()
@group_options
@click.argument("arguments", metavar="[-- ARGS]...", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--command", type=click.Choice(["run", "qgraph"]), default="run", show_default=True,
    help="Which command of pipetask.",
)  # fmt: skip
@click.option("--print", "only_print", is_flag=True, help="Print the arguments, for a shell, and do not run it.")
def pipetask(
    campaign: str,
    place: str,
    arguments: tuple[str, ...],
    command: Any,
    only_print: bool,
    tables: Path | None,
    **choice: Any,
) -> None:
    """Run the installed pipetask for a group, with its pipeline, inputs, query and sets, and record that.

    Sets are uploaded first. What is included goes to pipetask as a table of data IDs; what exclusions leave is gathered
    in a TAGGED collection, which takes the place of the inputs: with --print too, which only does not run pipetask.
    ARGS are further arguments of it. The campaign has to be running, unless only the arguments are wanted. The exit
    code is pipetask's.

    \b
    Examples:
      campledger pipetask k7mq step1 -- --register-dataset-types -j 4
      campledger pipetask k7mq step1/g --command qgraph -- --save-qgraph step1.qg
      eval "pipetask $(campledger pipetask k7mq step1 --print)"
    """
    from campledger.operations.registry import group_data, pipetask
    from campledger.operations.write.writing import Writing

    writing = Writing(workspace())
    chosen = group_data.Choice(**choice)
    if only_print:
        with steps_bar() as progress:
            ready = group_data.make_ready(writing, campaign, place, chosen, tables, progress)
        click.echo(shlex.join(pipetask.arguments_of(ready, writing.workspace.root.absolute(), command, arguments)))
        return
    done = pipetask.execute(writing, campaign, place, chosen, command, arguments, tables=tables)
    click.echo(f"receipt: commit {(done.receipts.commit or '')[:10]}", err=True)
    raise click.exceptions.Exit(done.status)


COMMANDS = (pipetask,)
