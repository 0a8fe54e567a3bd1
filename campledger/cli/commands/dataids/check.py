"""Check sets."""

from __future__ import annotations

import click

from campledger.cli.ledger_options import ledger_option, space_or_none


@click.command()
@click.argument("names", metavar="[SET]...", nargs=-1)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="How problems are printed.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@ledger_option
def check(names: tuple[str, ...], form: str, as_json: bool, strict: bool) -> None:
    """Check sets, all of the ledger or those named: types, dimensions, duplicates, order, what they are made from.

    Exit code 1 if there are errors (with --strict, warnings too).

    \b
    Examples:
      campledger dataids check
      campledger dataids check comcam-bad-exposures exclusions.csv
    """
    from campledger.cli.reports import tell_problems
    from campledger.operations.sets import find_sets

    problems = find_sets.check(space_or_none(), names)
    raise click.exceptions.Exit(tell_problems(problems, "json" if as_json else form, strict=strict))


COMMANDS = (check,)
