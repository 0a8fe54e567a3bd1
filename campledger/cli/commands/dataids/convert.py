"""Convert a set to another format."""

from __future__ import annotations

from pathlib import Path

import click

from campledger.cli.ledger_options import space_or_none
from campledger.cli.set_output import ENDING, tell_change, write_result
from campledger.cli.write_options import WriteOptions, write_options


@click.command()
@click.argument("name", metavar="SET")
@click.argument("form", metavar="FORMAT", type=click.Choice(list(ENDING)))
@click.option(
    "--out",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write there, and commit nothing.",
)
@click.option(
    "--partly", is_flag=True, help="Leave out what the format has no place for: in CSV name, purpose, origin."
)
@write_options(branch=True)
def convert(name: str, form: str, out: Path | None, partly: bool, options: WriteOptions) -> None:
    """Write a set as json, csv or ecsv, sorted and each member once: in the ledger, which is one commit, or to --out.

    \b
    Examples:
      campledger dataids convert comcam-bad-exposures ecsv
      campledger dataids convert comcam-bad-exposures csv --partly
      campledger dataids convert exclusions.json ecsv --out exclusions.ecsv
    """
    from campledger.operations.sets import edit_sets, find_sets

    if out is not None:
        write_result(find_sets.find(space_or_none(), name).value, ENDING[form], out, partly=partly)
        return
    writing = options.writing()
    with writing.stage() as staged:
        change = edit_sets.convert(staged, name, ENDING[form], partly=partly)
    tell_change(change, writing, options)


COMMANDS = (convert,)
