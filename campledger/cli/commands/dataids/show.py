"""Show a set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.ledger_options import (
    as_of_commit,
    as_of_option,
    json_option,
    ledger_option,
    space_or_none,
    workspace,
)
from campledger.cli.printing import clean, table
from campledger.cli.set_output import SHOWN, set_facts
from campledger.cli.terminal import page
from campledger.model.text_format import counted

if TYPE_CHECKING:
    from campledger.dataids import DataIdSet
    from campledger.operations.sets.find_sets import Shown, UsedBy


@click.command()
@click.argument("name", metavar="SET")
@click.option("--members", type=click.IntRange(0), default=SHOWN, show_default=True, help="Show this many members.")
@json_option
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
        result: dict[str, Any] = {"name": shown.wanted.name, "path": shown.wanted.path, **set_facts(value)}
        result["derived"] = shown.wanted.file.derived
        result["counts"] = {
            by: [{"value": key, "count": count} for key, count in counts.items()]
            for by, counts in find_sets.breakdowns(value).items()
        }
        result |= {"used_by": list(shown.used_by), "receipts": [dict(event.data) for event in shown.receipts]}
        result["runs"] = [vars(one) for one in shown.runs]
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
    if shown.runs:
        yield ""
        yield from (_run_line(one, value) for one in shown.runs)
    if shown.receipts:
        yield ""
        yield from (event_line(event) for event in reversed(shown.receipts))


def _run_line(one: UsedBy, value: DataIdSet) -> str:
    """Return which submission ran with the set, with how many members, and what it has now."""
    run = f"run {one.run_id} ({one.submission})" if one.run_id else f"submission {one.submission}"
    then = counted(one.count, "member")
    if one.digest == value.digest:
        now = "the same as now"
    elif one.count == len(value):
        now = f"now {len(value):,} others ({one.digest[:15]} then)"
    else:
        now = f"now {len(value):,} ({one.digest[:15]} then)"
    return f"used by {clean(run)} of {clean(one.campaign)}, {one.purpose}, with {then}; {now}"


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


COMMANDS = (show,)
