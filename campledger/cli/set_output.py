"""Commands of `campledger dataids` that make sets, or change them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.commands.dataids.show import dataids, space_or_none
from campledger.cli.editor import Editor
from campledger.cli.ledger_options import Words, clean
from campledger.cli.write_options import WriteOptions, branch_words, commit_words, print_json, write_options
from campledger.dataids.formats import FORMATS, OWN
from campledger.model.text_format import counted

if TYPE_CHECKING:
    from campledger.dataids import DataIdSet
    from campledger.operations.sets.edit_sets import Change
    from campledger.operations.write.writing import Writing

LARGE = 100_000
"""Members from which on CSV is recommended."""

ENDING = {one.name: one.ending for one in FORMATS.values()}

_reason = click.option("--reason", required=True, type=Words(), help="Why, in words: the commit says so.")


def write_result(value: DataIdSet, ending: str, out: Path | None, *, partly: bool = False) -> None:
    """Write a set to a file, or print it where there is none."""
    from campledger.dataids.files import format_set, write_file

    if out is None or str(out) == "-":
        click.echo(format_set(value, ending, partly=partly).decode(), nl=False)
        return
    if out.suffix != ending:
        raise click.UsageError(f"{out} is to be {ending[1:].upper()}, and does not end with {ending}")
    write_file(value, out, partly=partly)
    click.echo(f"{out}: {counted(len(value), 'data ID')}", err=True)


def tell_change(change: Change, writing: Writing, options: WriteOptions) -> None:
    """Say what became of a set."""
    before, after = change.before, change.after
    if options.as_json:
        result = {"set": change.name, "path": change.path, "changed": change.changed}
        print_json(writing, {**result, "count": len(after), "digest": after.digest})
        return
    if not change.changed:
        click.echo(f"{clean(change.path)}: nothing was changed")
        return
    verb = "would have" if writing.dry_run else "has"
    size = counted(len(after), "data ID")
    was = f" (was {len(before):,})" if before is not None and len(before) != len(after) else ""
    click.echo(f"{clean(change.path)}: {verb} {size}{was}{commit_words(writing)}")
    click.echo(f"  {after.digest}")
    if len(after) > LARGE and change.path.endswith(".json"):
        form = "ecsv" if after.about else "csv"
        click.echo(
            f"  a set this large is better kept as {form.upper()}: `campledger dataids convert {change.name} {form}`"
        )
    for line in branch_words(writing):
        click.echo(line)


@dataids.command()
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


out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write the result there, as its ending says.",
)
name_option = click.option(
    "--name", "new", metavar="NAME", help="Define a shared set of this name by it, and commit that."
)
_members_too = click.option("--members", is_flag=True, help="With --name: commit the members, not how they are made.")
_why = click.option("--reason", type=Words(), help="With --name: why, in words.")


def _algebra(operation: str, about: str, example: str) -> click.Command:
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
    @_members_too
    @_why
    @write_options(branch=True)
    def command(names: tuple[str, ...], **where: Any) -> None:
        if len(names) < 2:
            raise click.UsageError(f"{operation} takes two sets at least")
        _result({operation: list(names)}, **where)

    return command


def _result(
    derived: dict[str, Any],
    out: Path | None,
    new: str | None,
    members: bool,
    reason: str | None,
    options: WriteOptions,
) -> None:
    from campledger.operations.sets import edit_sets, find_sets

    if new is None:
        ending = ".csv" if out is None or str(out) == "-" else out.suffix
        write_result(find_sets.combine(space_or_none(), derived), ending, out)
        return
    if reason is None:
        raise click.UsageError("--name needs a reason: --reason TEXT")
    writing = options.writing()
    with writing.stage() as staged:
        change = edit_sets.save(staged, new, derived, reason, members=members)
    tell_change(change, writing, options)


for _name, _about, _example in (
    ("union", "Make a set of the data IDs that any of some sets has.", "campledger dataids union bad-r bad-i"),
    (
        "minus",
        "Make a set of the data IDs of the first set that no other has; a visit takes all its detectors away.",
        "campledger dataids minus all-visits bad-visits",
    ),
    ("intersect", "Make a set of the data IDs that all of some sets have.", "campledger dataids intersect a b"),
):
    dataids.add_command(_algebra(_name, _about, _example))


def _date(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    try:
        return date.fromisoformat(value).isoformat() if value is not None else None
    except ValueError:
        raise click.BadParameter(f"`{value}` is no day: write 2026-11-22", ctx, param) from None


@dataids.command("filter")
@click.argument("name", metavar="SET")
@click.option("--because", "reasons", metavar="CODE", multiple=True, help="Only entries with this reason; repeat.")
@click.option("--severity", "severities", multiple=True, help="Only entries of this severity; repeat.")
@click.option("--band", "bands", multiple=True, help="Only members of this band; repeat.")
@click.option("--day-obs", metavar="FIRST[..LAST]", help="Only members of these observing days, YYYYMMDD.")
@click.option("--unexpired", metavar="DATE", callback=_date, help="Only entries that have not expired at this date.")
@out_option
@name_option
@_members_too
@_why
@write_options(branch=True)
def filter_(
    name: str,
    reasons: tuple[str, ...],
    severities: tuple[str, ...],
    bands: tuple[str, ...],
    day_obs: str | None,
    unexpired: str | None,
    **where: Any,
) -> None:
    """Make a set of the members that are of some reason, severity, day or band, or have not expired.

    A member has to satisfy each option that is given; of an option that is repeated, one value is enough. Prints the
    members as CSV, unless --out or --name say where they go.

    \b
    Example:
      campledger dataids filter bad --because slew --day-obs 20241101..20241130
    """
    derived: dict[str, Any] = {"filter": name}
    derived |= {"reason": list(reasons)} if reasons else {}
    derived |= {"severity": list(severities)} if severities else {}
    derived |= {"band": list(bands)} if bands else {}
    derived |= {"day_obs": _days(day_obs)} if day_obs else {}
    derived |= {"unexpired": unexpired} if unexpired else {}
    _result(derived, **where)


def _days(text: str) -> dict[str, int]:
    first, dots, last = text.partition("..")
    days = {key: word for key, word in (("from", first), ("to", last if dots else first)) if word}
    try:
        dates = [date.fromisoformat(word) for word in days.values() if len(word) == 8 and word.isdecimal()]
    except ValueError:
        dates = []
    if not days or len(dates) != len(days) or dates != sorted(dates):
        message = f"`{text}` is not YYYYMMDD or YYYYMMDD..YYYYMMDD, days of a calendar in order"
        raise click.BadParameter(message, param_hint="--day-obs")
    return {key: int(word) for key, word in days.items()}


def _entry(words: tuple[str, ...]) -> dict[str, Any]:
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


@dataids.command()
@click.argument("name", metavar="SET")
@click.argument("words", metavar="[COLUMN=VALUE]...", nargs=-1)
@click.option("--file", "file", metavar="SET", help="Add the members of another set or file.")
@click.option("--new", "use", type=click.Choice(["include", "exclude"]), help="Make the set, for this purpose.")
@click.option("--format", "form", type=click.Choice(OWN), default="json", help="With --new.")
@_reason
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
    extra = edit_sets.entry_set(_entry(words)) if file is None else find_sets.find(writing.workspace, file).value
    with writing.stage() as staged:
        if use is not None:
            change = edit_sets.add_new(staged, name, extra, ENDING[form], reason, use)
        else:
            change = edit_sets.add(staged, name, extra, reason)
    tell_change(change, writing, options)


@dataids.command()
@click.argument("name", metavar="SET")
@click.argument("words", metavar="[DIMENSION=VALUE]...", nargs=-1)
@click.option("--file", "file", metavar="SET", help="Take out the members of another set or file.")
@_reason
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
    given = _entry(words)
    with writing.stage() as staged:
        if less is not None:
            change = edit_sets.subtract(staged, name, less, reason)
        else:
            change = edit_sets.remove(staged, name, given, reason)
    tell_change(change, writing, options)


@dataids.command()
@click.argument("name", metavar="SET")
@_reason
@write_options(branch=True)
def edit(name: str, reason: str, options: WriteOptions) -> None:
    """Change a set's file in an editor, and commit it.

    \b
    Example:
      campledger dataids edit bad --reason "comments made clearer"
    """
    from campledger.operations.sets import edit_sets

    writing = options.writing()
    # The lock is not held while a person is typing.
    writing.catch_up()
    found = edit_sets.text_of(writing.open(), name)
    editor = Editor(writing.workspace, lambda text: edit_sets.check_text(found.path, text), Path(found.path).suffix)
    with editor.keeping():
        after = editor(found.content)
        if after is None or after == found.content:
            click.echo("nothing was changed")
            return
        with writing.stage() as staged:
            change = edit_sets.edit(staged, found, after, reason)
    tell_change(change, writing, options)


COMMANDS: list[click.Command] = []
"""Those of this module join the groups above as they are defined."""
