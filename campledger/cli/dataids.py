"""Commands about the DataId sets of a ledger: `campledger dataids ...`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.defining import import_
from campledger.cli.editing import Editor
from campledger.cli.shared import Words, clean, ledger_option, table, workspace
from campledger.errors import UsageError
from campledger.model.words import counted

if TYPE_CHECKING:
    from campledger.dataids import DataIdSet
    from campledger.operations.sets import Change, Shown
    from campledger.operations.workspace import Workspace

ENDING = {"json": ".json", "csv": ".csv", "ecsv": ".ecsv"}
SHOWN = 10
"""How many members or values are shown unless told otherwise."""


@click.group()
def dataids() -> None:
    """Keep sets of data IDs: what goes into a campaign, and what is left out.

    SET is the name of a shared set in dataids/, CAMPAIGN:PATH for one in a campaign's directory, or a file anywhere.
    NAME@COMMIT and NAME@sha256:DIGEST are versions of it.
    """


def _space() -> Workspace | None:
    """Return the ledger, or None where there is none: files can be looked at all the same."""
    try:
        return workspace()
    except UsageError:
        return None


_commit = click.option("--commit", metavar="REV", help="Read a commit instead of the work tree.")
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
_reason = click.option("--reason", required=True, type=Words(), help="Why, in words: the commit says so.")
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")


@dataids.command("list")
@_json
@_commit
@ledger_option
def list_(as_json: bool, commit: str | None) -> None:
    """List the shared sets: members, dimensions, who uses them, where they were uploaded.

    \b
    Example:
      campledger dataids list
    """
    from campledger.operations import sets

    listed = sets.list_sets(workspace(), commit)
    if as_json:
        rows: list[Any] = [
            {
                "name": one.name, "path": one.path, "derived": one.derived, "used_by": list(one.used_by),
                "uploads": sum(event.type == "uploaded" for event in one.receipts),
                **(_facts(one.value) if one.value is not None else {}),
            }
            for one in listed
        ]  # fmt: skip
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    rows = [
        [
            clean(one.name),
            f"{len(one.value):,}" if one.value is not None else "?",
            ", ".join(one.value.dimensions) if one.value is not None else "cannot be read",
            str(one.value.about.get("purpose", "")) if one.value is not None else "",
            str(len(one.used_by)),
            ", ".join(sorted({str(event.data["butler"]) for event in one.receipts if event.type == "uploaded"})),
        ]
        for one in listed
    ]
    if rows:
        click.echo(table(rows, ["NAME", "MEMBERS", "DIMENSIONS", "PURPOSE", "CAMPAIGNS", "UPLOADED TO"]))
    click.echo(counted(len(rows), "set"), err=True)


def _facts(value: DataIdSet) -> dict[str, Any]:
    return {
        "digest": value.digest, "count": len(value), "dimensions": list(value.dimensions),
        "pending": len(value.pending), **({"about": dict(value.about)} if value.about else {}),
    }  # fmt: skip


@dataids.command()
@click.argument("names", metavar="[SET]...", nargs=-1)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@ledger_option
def check(names: tuple[str, ...], form: str, strict: bool) -> None:
    """Check sets, all of the ledger or those named: types, dimensions, duplicates, order, what they are made from.

    Exit code 1 if there are errors (with --strict, warnings too).

    \b
    Examples:
      campledger dataids check
      campledger dataids check comcam-bad-exposures exclusions.csv
    """
    from campledger.cli.reading import tell_problems
    from campledger.operations import sets

    raise click.exceptions.Exit(tell_problems(sets.check(_space(), names), form, strict=strict))


@dataids.command()
@click.argument("name", metavar="SET")
@click.option("--members", type=click.IntRange(0), default=SHOWN, show_default=True, help="Show this many members.")
@_json
@_commit
@ledger_option
def show(name: str, members: int, as_json: bool, commit: str | None) -> None:
    """Show a set: where it is from, its digest, and its members counted by day, band, detector and reason.

    \b
    Examples:
      campledger dataids show comcam-bad-exposures
      campledger dataids show comcam-bad-exposures@v1 --members 0
      campledger dataids show bad.ecsv --json
    """
    from campledger.operations import sets

    shown = sets.show(_space(), name, commit)
    value = shown.wanted.value
    if as_json:
        result: dict[str, Any] = {"name": shown.wanted.name, "path": shown.wanted.path, **_facts(value)}
        result["derived"] = shown.wanted.file.derived
        result["counts"] = {
            by: [{"value": key, "count": count} for key, count in counts.items()]
            for by, counts in sets.breakdowns(value).items()
        }
        result |= {"used_by": list(shown.used_by), "receipts": [dict(event.data) for event in shown.receipts]}
        click.echo(json.dumps(result, indent=2, ensure_ascii=False))
        return
    click.echo("\n".join(_as_lines(shown, members)))


def _as_lines(shown: Shown, members: int) -> Iterator[str]:
    from campledger.cli.showing import event_line
    from campledger.operations import sets

    wanted, value = shown.wanted, shown.wanted.value
    about = wanted.file.about
    yield click.style(clean(wanted.name), bold=True) + f"  {clean(wanted.path or wanted.file.path)}"
    purpose = f", to {about['purpose']}" if "purpose" in about else ""
    yield f"{counted(len(value), 'data ID')} of {', '.join(value.dimensions)}{purpose}"
    yield value.digest
    for key in ("description", "why", "how", "by", "made", "query", "butler"):
        if key in about:
            yield f"{key}: {clean(str(about[key])).rstrip()}"
    if wanted.file.derived is not None:
        yield f"made from: {clean(json.dumps(wanted.file.derived, ensure_ascii=False))}"
    if value.pending:
        yield f"{counted(len(value.pending), 'id')} pending: no registry knew them yet"
    for name, counts in sets.breakdowns(value).items():
        yield ""
        yield f"by {name}:"
        yield from _counts(counts)
    if members and len(value):
        yield ""
        yield from _members(value, members)
    if shown.used_by:
        yield ""
        yield f"used by {', '.join(shown.used_by)}"
    if shown.receipts:
        yield ""
        yield from (event_line(event) for event in reversed(shown.receipts))


def _counts(counts: dict[Any, int]) -> Iterator[str]:
    width = max(len(f"{count:,}") for count in counts.values())
    largest = sorted(counts.items(), key=lambda pair: -pair[1])[: 2 * SHOWN]
    kept = dict(largest)
    for key, count in counts.items():
        if key in kept:
            yield f"  {count:>{width},}  {clean(str(key)) if key is not None else '(not known)'}"
    if len(counts) > len(kept):
        rest = sum(counts.values()) - sum(kept.values())
        yield f"  {rest:>{width},}  in {counted(len(counts) - len(kept), 'other')}"


def _members(value: DataIdSet, limit: int) -> Iterator[str]:
    names = [*value.dimensions, *dict.fromkeys(key for said in value.attributes.values() for key in said)]
    rows = [
        [clean(str(cell)) if cell is not None else "" for cell in (value.value(row, name) for name in names)]
        for row in value.members[:limit]
    ]
    yield table(rows, [name.upper() for name in names])
    if len(value) > limit:
        yield f"and {len(value) - limit:,} more"


@dataids.command()
@click.argument("name", metavar="SET")
@click.argument("form", metavar="FORMAT", type=click.Choice(list(ENDING)))
@click.option(
    "--out",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write there, and commit nothing.",
)
@_dry_run
@ledger_option
def convert(name: str, form: str, out: Path | None, dry_run: bool) -> None:
    """Write a set as json, csv or ecsv, sorted and each member once: in the ledger, which is one commit, or to --out.

    \b
    Examples:
      campledger dataids convert comcam-bad-exposures csv
      campledger dataids convert exclusions.json ecsv --out exclusions.ecsv
    """
    from campledger.operations import sets

    if out is not None:
        _write(sets.find(_space(), name).value, ENDING[form], out)
        return
    purpose = sets.Purpose("another format", dry_run)
    _tell(sets.convert(workspace(), name, ENDING[form], purpose), dry_run=dry_run)


def _write(value: DataIdSet, ending: str, out: Path | None) -> None:
    from campledger.dataids.files import format_set
    from campledger.operations import sets

    if out is None or str(out) == "-":
        click.echo(format_set(value, ending).decode(), nl=False)
        return
    sets.write_out(value, out, ending)
    click.echo(f"{out}: {counted(len(value), 'data ID')}", err=True)


def _tell(change: Change, *, dry_run: bool) -> None:
    before, after = change.before, change.after
    verb = "would be" if dry_run else "is"
    size = counted(len(after), "data ID")
    was = f" (was {len(before):,})" if before is not None and len(before) != len(after) else ""
    if change.commit is None and not dry_run:
        click.echo(f"{clean(change.path)}: nothing was changed")
        return
    click.echo(
        f"{clean(change.path)}: {verb} {size}{was}" + (f", commit {change.commit[:10]}" if change.commit else "")
    )
    click.echo(f"  {after.digest}")


@dataids.command()
@click.argument("before", metavar="SET")
@click.argument("after", metavar="SET")
@click.option("--limit", type=click.IntRange(0), default=SHOWN, show_default=True, help="Show this many of each.")
@_json
@ledger_option
def diff(before: str, after: str, limit: int, as_json: bool) -> None:
    """Compare two sets, or two versions of one: what came, what went, of what something else is said.

    \b
    Examples:
      campledger dataids diff bad@v1 bad
      campledger dataids diff bad-r bad-i --json
    """
    from campledger.operations import sets

    space = _space()
    first, second = (sets.find(space, name).value for name in (before, after))
    found = sets.difference(first, second)
    if as_json:
        result = {
            "added": list(found.added.data_ids()),
            "removed": list(found.removed.data_ids()),
            "changed": [dict(zip(first.dimensions, row, strict=True)) for row in found.changed],
        }
        click.echo(json.dumps(result, indent=2, ensure_ascii=False))
        return
    for sign, one in (("+", found.added), ("-", found.removed)):
        for row in one.members[:limit]:
            click.echo(clean(f"{sign} {_words(one, row)}"))
        if len(one) > limit > 0:
            click.echo(f"{sign} and {len(one) - limit:,} more")
    for row in found.changed[:limit]:
        click.echo(clean(f"~ {_words(first, row)}: {_said(first, row)} -> {_said(second, row)}"))
    if len(found.changed) > limit > 0:
        click.echo(f"~ and {len(found.changed) - limit:,} more")
    click.echo(f"{len(found.added):,} added, {len(found.removed):,} removed, {len(found.changed):,} changed", err=True)


def _words(value: DataIdSet, row: Any) -> str:
    return ", ".join(f"{name}={cell}" for name, cell in zip(value.dimensions, row, strict=True))


def _said(value: DataIdSet, row: Any) -> str:
    return json.dumps(dict(value.attributes.get(row, {})), ensure_ascii=False)


_out = click.option(
    "--out",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write the result there, as its ending says.",
)
_save = click.option("--name", "new", metavar="NAME", help="Define a shared set of this name by it, and commit that.")
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
    @_out
    @_save
    @_members_too
    @_why
    @_dry_run
    @ledger_option
    def command(names: tuple[str, ...], **where: Any) -> None:
        if len(names) < 2:
            raise click.UsageError(f"{operation} takes two sets at least")
        _result({operation: list(names)}, **where)

    return command


def _result(
    derived: dict[str, Any], out: Path | None, new: str | None, members: bool, reason: str | None, dry_run: bool
) -> None:
    from campledger.operations import sets

    if new is None:
        ending = ".csv" if out is None or str(out) == "-" else out.suffix
        _write(sets.combine(_space(), derived), ending, out)
        return
    if reason is None:
        raise click.UsageError("--name needs a reason: --reason TEXT")
    space = workspace()
    change = sets.save(space, new, derived, sets.Purpose(reason, dry_run), members=members)
    _tell(change, dry_run=dry_run)


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


@dataids.command("filter")
@click.argument("name", metavar="SET")
@click.option("--because", "reasons", metavar="CODE", multiple=True, help="Only entries with this reason; repeat.")
@click.option("--severity", "severities", multiple=True, help="Only entries of this severity; repeat.")
@click.option("--band", "bands", multiple=True, help="Only members of this band; repeat.")
@click.option("--day-obs", metavar="FIRST[..LAST]", help="Only members of these observing days, YYYYMMDD.")
@click.option("--unexpired", metavar="DATE", help="Only entries that have not expired at this date.")
@_out
@_save
@_members_too
@_why
@_dry_run
@ledger_option
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
    if not days or not all(word.isdecimal() and len(word) == 8 for word in days.values()):
        raise click.BadParameter(f"`{text}` is not YYYYMMDD or YYYYMMDD..YYYYMMDD", param_hint="--day-obs")
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
@click.option("--new", "form", type=click.Choice(list(ENDING)), help="Make the set, in this format.")
@_reason
@_dry_run
@ledger_option
def add(name: str, words: tuple[str, ...], file: str | None, form: str | None, reason: str, dry_run: bool) -> None:
    """Add data IDs to a set, with what is to be said of them, and commit that.

    Columns are dimensions, and reason, severity, expires, comment, band, day_obs.

    \b
    Examples:
      campledger dataids add bad instrument=LSSTComCam exposure=2024110500234 reason=donuts --reason "seen in QA"
      campledger dataids add bad instrument=HSC visit=1228..1232:2 detector=1,2 --reason "hot pixels" --new json
    """
    from campledger.operations import sets

    if bool(words) == (file is not None):
        raise click.UsageError("give COLUMN=VALUE words, or --file")
    extra = sets.entry_set(_entry(words)) if file is None else sets.find(_space(), file).value
    purpose = sets.Purpose(reason, dry_run)
    _tell(sets.add(workspace(), name, extra, purpose, new=ENDING[form] if form else None), dry_run=dry_run)


@dataids.command()
@click.argument("name", metavar="SET")
@click.argument("words", metavar="[DIMENSION=VALUE]...", nargs=-1)
@click.option("--file", "file", metavar="SET", help="Take out the members of another set or file.")
@_reason
@_dry_run
@ledger_option
def remove(name: str, words: tuple[str, ...], file: str | None, reason: str, dry_run: bool) -> None:
    """Take data IDs out of a set, all that agree with the dimensions named, and commit that.

    \b
    Examples:
      campledger dataids remove bad exposure=2024110500234 --reason "looked at again: fine"
      campledger dataids remove bad --file reprieved.csv --reason "DM-10003"
    """
    from campledger.operations import sets

    if bool(words) == (file is not None):
        raise click.UsageError("give DIMENSION=VALUE words, or --file")
    purpose = sets.Purpose(reason, dry_run)
    if file is not None:
        change = sets.subtract(workspace(), name, sets.find(_space(), file).value, purpose)
    else:
        change = sets.remove(workspace(), name, _entry(words), purpose)
    _tell(change, dry_run=dry_run)


@dataids.command()
@click.argument("name", metavar="SET")
@_reason
@_dry_run
@ledger_option
def edit(name: str, reason: str, dry_run: bool) -> None:
    """Change a set's file in an editor, and commit it.

    \b
    Example:
      campledger dataids edit bad --reason "comments made clearer"
    """
    from campledger.operations import sets

    space = workspace()
    path = sets.path_of(space, name)
    editor = Editor(space, lambda text: sets.check_text(path, text), Path(path).suffix)
    with editor.keeping():
        made = sets.edit_text(space, name, editor, sets.Purpose(reason, dry_run))
    if made is None:
        click.echo("nothing was changed")
    else:
        _tell(made, dry_run=dry_run)


def _import_command(name: str, purpose: str) -> None:
    words = "leave out" if purpose == "exclude" else "restrict the data to"

    @import_.command(
        name,
        short_help=f"Take in a list of data IDs to {words}.",
        help=f"""Take in a list of data IDs to {words}, as a shared DataId set, and commit it.

        FILE is CSV or ECSV (columns such as exposure and comment), JSON, or plain text with an id a line, also behind a
        band. Comments and reasons are kept; the report says what was out of order, twice, or left out.

        \b
        Examples:
          campledger import {name} bad.ecsv --instrument LSSTComCam --name comcam-bad-exposures
          campledger import {name} visits.txt --instrument HSC --as visit
        """,
    )
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--instrument", help="The instrument, where no column says it.")
    @click.option("--skymap", help="The skymap, where no column says it.")
    @click.option("--as", "dimension", metavar="DIMENSION", help="What is meant by the ids: exposure, visit, tract ...")
    @click.option("--name", "new", metavar="NAME", help="Name of the set.  [default: the file's]")
    @click.option("--format", "form", type=click.Choice(list(ENDING)), default="json", show_default=True)
    @_dry_run
    @ledger_option
    def command(
        file: Path, instrument: str | None, skymap: str | None, dimension: str | None, new: str | None, form: str,
        dry_run: bool,
    ) -> None:  # fmt: skip
        from campledger.operations import lists

        common = {key: value for key, value in (("instrument", instrument), ("skymap", skymap)) if value}
        meaning = lists.Meaning(purpose, dimension, common)
        taken = lists.take(lists.read_foreign(file), meaning)
        change = lists.import_list(
            workspace(), new or file.stem, taken, file.name, meaning, ENDING[form], dry_run=dry_run
        )
        for remark in taken.remarks:
            click.echo(f"{file}: {clean(remark)}", err=True)
        _tell(change, dry_run=dry_run)
        click.echo(f"  from {counted(taken.rows, 'row')} of {clean(str(file))}")


_import_command("exclusions", "exclude")
_import_command("inclusions", "include")

COMMANDS: list[click.Command] = [dataids]
