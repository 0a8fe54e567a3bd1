"""Add data IDs to a set."""

from __future__ import annotations

import click

from campledger.cli.set_options import entry_of, reason_option
from campledger.cli.set_output import ENDING, tell_change
from campledger.cli.write_options import WriteOptions, write_options
from campledger.dataids.formats import OWN


@click.command()
@click.argument("name", metavar="SET")
@click.argument("words", metavar="[COLUMN=VALUE]...", nargs=-1)
@click.option("--file", "file", metavar="SET", help="Add the members of another set or file.")
@click.option("--new", "use", type=click.Choice(["include", "exclude"]), help="Make the set, for this purpose.")
@click.option("--format", "form", type=click.Choice(OWN), default="json", help="With --new.")
@reason_option
@write_options(branch=True)
def add(
    name: str,
    words: tuple[str, ...],
    file: str | None,
    use: str | None,
    form: str,
    reason: str,
    options: WriteOptions,
) -> None:
    """Add data IDs to a set, with what is to be said of them, and commit that.

    Columns are dimensions, and reason, severity, expires, comment, band, day_obs.

    \b
    Examples:
      campledger dataids add bad instrument=LSSTComCam exposure=2024110500234 reason=donuts --reason "seen in QA"
      campledger dataids add bad instrument=HSC visit=1228..1232:2 detector=1,2 --reason "hot pixels" --new exclude
    """
    from campledger.operations.sets import edit_sets, find_sets

    if bool(words) == (file is not None):
        raise click.UsageError("give COLUMN=VALUE words, or --file")
    writing = options.writing()
    writing.catch_up()
    extra = edit_sets.entry_set(entry_of(words)) if file is None else find_sets.find(writing.workspace, file).value
    with writing.stage() as staged:
        if use is not None:
            change = edit_sets.add_new(staged, name, extra, ENDING[form], reason, use)
        else:
            change = edit_sets.add(staged, name, extra, reason)
    tell_change(change, writing, options)


COMMANDS = (add,)
