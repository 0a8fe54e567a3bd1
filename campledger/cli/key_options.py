"""Options of commands that read lists or convert names in them to keys, and the remarks on what they read."""

from __future__ import annotations

from collections.abc import Sequence

import click

from campledger.cli.parameter_types import sides
from campledger.cli.printing import clean

column_option = click.option(
    "--column", "columns", metavar="NAME=KEY", multiple=True, callback=sides,
    help="What a column is: expnum=exposure; nothing to leave it out. Repeat for several.",
)  # fmt: skip
instrument_option = click.option("--instrument", help="The instrument, where nothing says it.")
visit_system_option = click.option(
    "--visit-system", metavar="NAME", help="Which visits count, where there are several."
)
skip_unknown_option = click.option("--skip-unknown", is_flag=True, help="Leave out what cannot be converted.")
keep_pending_option = click.option(
    "--allow-pending", is_flag=True, help="Keep what the registry does not know yet, to be converted later."
)


def tell_remarks(source: str, remarks: Sequence[str]) -> None:
    """Print the remarks on a list."""
    for remark in remarks:
        click.echo(clean(f"{source}: {remark}"), err=True)
