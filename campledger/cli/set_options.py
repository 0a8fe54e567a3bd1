"""Options of commands that make or change sets of data IDs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from campledger.cli.parameter_types import Words

reason_option = click.option("--reason", required=True, type=Words(), help="Why, in words: the commit says so.")
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write the result there, as its ending says.",
)
name_option = click.option(
    "--name", "new", metavar="NAME", help="Define a shared set of this name by it, and commit that."
)
members_option = click.option("--members", is_flag=True, help="With --name: commit the members, not how they are made.")
why_option = click.option("--reason", type=Words(), help="With --name: why, in words.")


def entry_of(words: tuple[str, ...]) -> dict[str, Any]:
    """Return the entry that COLUMN=VALUE words say; values are read as in a CSV file."""
    entry: dict[str, Any] = {}
    for word in words:
        column, equals, value = word.partition("=")
        if not equals or not column or not value:
            raise click.UsageError(f"`{word}` is not COLUMN=VALUE")
        if column in entry:
            raise click.UsageError(f"`{column}` stands twice; several values are written 1,2,5..9")
        entry[column] = value
    return entry
