"""Compare two sets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.ledger_options import (
    json_option,
    ledger_option,
    space_or_none,
)
from campledger.cli.printing import clean
from campledger.cli.set_output import SHOWN

if TYPE_CHECKING:
    from campledger.dataids import DataIdSet


@click.command()
@click.argument("before", metavar="SET")
@click.argument("after", metavar="SET")
@click.option("--limit", type=click.IntRange(0), default=SHOWN, show_default=True, help="Show this many of each.")
@json_option
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


COMMANDS = (diff,)
