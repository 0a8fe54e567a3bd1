"""Remove data IDs from a set."""

from __future__ import annotations

import click

from campledger.cli.set_options import entry_of, reason_option
from campledger.cli.set_output import tell_change
from campledger.cli.write_options import WriteOptions, write_options


@click.command()
@click.argument("name", metavar="SET")
@click.argument("words", metavar="[DIMENSION=VALUE]...", nargs=-1)
@click.option("--file", "file", metavar="SET", help="Take out the members of another set or file.")
@reason_option
@write_options(branch=True)
def remove(name: str, words: tuple[str, ...], file: str | None, reason: str, options: WriteOptions) -> None:
    """Take data IDs out of a set, all that agree with the dimensions named, and commit that.

    \b
    Examples:
      campledger dataids remove bad exposure=2024110500234 --reason "looked at again: fine"
      campledger dataids remove bad --file reprieved.csv --reason "DM-10003"
    """
    from campledger.operations.sets import edit_sets, find_sets

    if bool(words) == (file is not None):
        raise click.UsageError("give DIMENSION=VALUE words, or --file")
    writing = options.writing()
    writing.catch_up()
    less = find_sets.find(writing.workspace, file).value if file is not None else None
    given = entry_of(words)
    with writing.stage() as staged:
        if less is not None:
            change = edit_sets.subtract(staged, name, less, reason)
        else:
            change = edit_sets.remove(staged, name, given, reason)
    tell_change(change, writing, options)


COMMANDS = (remove,)
