"""Combine sets: union, minus, intersect."""

from __future__ import annotations

from typing import Any

import click

from campledger.cli.set_options import members_option, name_option, out_option, why_option
from campledger.cli.set_output import write_derived
from campledger.cli.write_options import write_options


def _command(operation: str, about: str, example: str) -> click.Command:
    @click.command(
        operation,
        short_help=about,
        help=f"{about}\n\nPrints the members as CSV, unless --out or --name say where they go. A set defined with "
        f"--name holds the digests of those that it is made from.\n\n\b\nExamples:\n  {example}\n"
        f'  {example} --name new-set --reason "for the rerun"',
    )
    @click.argument("names", metavar="SET...", nargs=-1, required=True)
    @out_option
    @name_option
    @members_option
    @why_option
    @write_options(branch=True)
    def command(names: tuple[str, ...], **where: Any) -> None:
        if len(names) < 2:
            raise click.UsageError(f"{operation} takes two sets at least")
        write_derived({operation: list(names)}, **where)

    return command


COMMANDS = (
    _command("union", "Make a set of the data IDs that any of some sets has.", "campledger dataids union bad-r bad-i"),
    _command(
        "minus",
        "Make a set of the data IDs of the first set that no other has; a visit takes all its detectors away.",
        "campledger dataids minus all-visits bad-visits",
    ),
    _command("intersect", "Make a set of the data IDs that all of some sets have.", "campledger dataids intersect a b"),
)
