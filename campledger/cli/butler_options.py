"""Options of commands on Butler registries."""

from __future__ import annotations

from pathlib import Path

import click

from campledger.cli.ledger_options import F, ledger_option

butler_option = click.option("--butler", "alias", metavar="ALIAS", required=True, help="A Butler of campledger.yaml.")
allow_pending_option = click.option(
    "--allow-pending", is_flag=True, help="Take ids that the registry does not know yet as they are."
)


def split_values(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return values that were given by commas or by repetition."""
    return tuple(one for value in values for one in value.split(",") if one)


dataset_types_option = click.option(
    "--dataset-types", "dataset_types", metavar="TYPE,...", multiple=True, callback=split_values,
    help="What to gather.  [default: `dataset_types` of the definition, else raw]",
)  # fmt: skip


def group_options(command: F) -> F:
    """Add what names a group, and says where its data is made ready."""
    for option in reversed(
        [
            click.argument("campaign"),
            click.argument("place", metavar="STEP[/GROUP]"),
            click.option("--butler", "alias", metavar="ALIAS", help="A Butler of campledger.yaml.  [default: its own]"),
            dataset_types_option,
            click.option("--into", metavar="COLLECTION", help="The TAGGED collection of what exclusions leave."),
            click.option(
                "--tables",
                type=click.Path(path_type=Path, file_okay=False),
                help="A folder for the tables of data IDs that are included.  [default: below the git directory]",
            ),
            allow_pending_option,
            ledger_option,
        ]
    ):
        command = option(command)
    return command
