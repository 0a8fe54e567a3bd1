"""`campledger dataids`, and those of its commands that read sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.ledger_options import as_of_commit, as_of_option, clean, ledger_option, table, workspace
from campledger.cli.terminal import page
from campledger.errors import UsageError
from campledger.model.text_format import counted

if TYPE_CHECKING:
    from campledger.dataids import DataIdSet
    from campledger.operations.sets.find_sets import Shown
    from campledger.operations.workspace import Workspace

SHOWN = 10
"""How many members or values are shown unless told otherwise."""


@click.group()
def dataids() -> None:
    """Keep sets of data IDs: what goes into a campaign, and what is left out.

    SET is the name of a shared set in dataids/, CAMPAIGN:PATH for one in a campaign's directory, or a file anywhere.
    NAME@COMMIT and NAME@sha256:DIGEST are versions of it.

    \b
    Examples:
      campledger dataids add bad instrument=HSC visit=1228 reason=slew --reason "seen in QA" --new exclude
      campledger dataids show bad
      campledger dataids diff bad@v1 bad
    """


def space_or_none() -> Workspace | None:
    """Return the ledger, or None where there is none: files can be looked at all the same."""
    try:
        return workspace()
    except UsageError:
        return None


_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@dataids.command("list")
@_json
@as_of_option
@ledger_option
def list_(as_json: bool, as_of: str | None) -> None:
    """List the shared sets: members, dimensions, who uses them, where they were uploaded.

    \b
    Example:
      campledger dataids list
    """
    from campledger.operations.sets import find_sets

    space = workspace()
    listed = find_sets.list_sets(space, as_of_commit(space, as_of))
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
    from campledger.cli.commands.list import tell_problems
    from campledger.operations.sets import find_sets

    problems = find_sets.check(space_or_none(), names)
    raise click.exceptions.Exit(tell_problems(problems, "json" if as_json else form, strict=strict))


@dataids.command()
@click.argument("name", metavar="SET")
@click.option("--members", type=click.IntRange(0), default=SHOWN, show_default=True, help="Show this many members.")
@_json
@as_of_option
@ledger_option
def show(name: str, members: int, as_json: bool, as_of: str | None) -> None:
    """Show a set: where it is from, its digest, and its members counted by day, band, detector and reason.

    \b
    Examples:
      campledger dataids show comcam-bad-exposures
      campledger dataids show comcam-bad-exposures@v1 --members 0
      campledger dataids show bad.ecsv --json
    """
    from campledger.operations.sets import find_sets

    space = space_or_none() if as_of is None else workspace()
    shown = find_sets.show(space, name, as_of_commit(space, as_of) if space is not None else None)
    value = shown.wanted.value
    if as_json:
        result: dict[str, Any] = {"name": shown.wanted.name, "path": shown.wanted.path, **_facts(value)}
        result["derived"] = shown.wanted.file.derived
        result["counts"] = {
            by: [{"value": key, "count": count} for key, count in counts.items()]
            for by, counts in find_sets.breakdowns(value).items()
        }
        result |= {"used_by": list(shown.used_by), "receipts": [dict(event.data) for event in shown.receipts]}
        click.echo(json.dumps(result, indent=2, ensure_ascii=False))
        return
    page(_as_lines(shown, members))


def _as_lines(shown: Shown, members: int) -> Iterator[str]:
    from campledger.cli.campaign_text import event_line
    from campledger.operations.sets import find_sets

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
    for name, counts in find_sets.breakdowns(value).items():
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
@click.argument("before", metavar="SET")
@click.argument("after", metavar="SET")
@click.option("--limit", type=click.IntRange(0), default=SHOWN, show_default=True, help="Show this many of each.")
@_json
@ledger_option
def diff(before: str, after: str, limit: int, as_json: bool) -> None:
    """Compare two sets, or two versions of one: what came, what went, of what something else is said.

    Lines begin with + for what only the second has, - for what only the first has, ~ for what both have and say
    something else of.

    \b
    Examples:
      campledger dataids diff bad@v1 bad
      campledger dataids diff bad-r bad-i --json
    """
    from campledger.dataids.differences import difference
    from campledger.operations.sets import find_sets

    space = space_or_none()
    first, second = (find_sets.find(space, name).value for name in (before, after))
    found = difference(first, second)
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


COMMANDS: list[click.Command] = [dataids]
