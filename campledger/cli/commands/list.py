"""List campaigns."""

from __future__ import annotations

import csv
import io
import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.expressions import EXPRESSION_SETTINGS, expression_of, split, view_options
from campledger.cli.ledger_options import as_of_commit, as_of_option, ledger_option, workspace
from campledger.cli.printing import clean, table
from campledger.cli.terminal import page
from campledger.model.text_format import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from campledger.operations.read.find_campaigns import Listing


@click.command("list", context_settings=EXPRESSION_SETTINGS)
@click.argument("expression", nargs=-1)
@view_options
@click.option("--limit", type=click.IntRange(1), help="Show this many at the most.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True,
    help="How campaigns are printed.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@as_of_option
@ledger_option
def list_(
    expression: tuple[str, ...], columns: str | None, sort: str | None, group: str | None, limit: int | None,
    form: str, as_json: bool, as_of: str | None,
) -> None:  # fmt: skip
    """List campaigns: all, or those that an expression finds.

    An expression is words that must all hold. attribute:value (several values with commas: any of them),
    attribute>=value, also > < <=; any other word is looked for in names, titles, descriptions, tags and notes;
    - before a word turns it round. @NAME is a saved query. Attributes: {attributes}.

    Unless --sort says otherwise, what needs a decision comes first (twice, failed, held, decide), then what is running,
    paused, defined and final, each by its last event.

    \b
    Examples:
      campledger list state:running owner:me
      campledger list instrument:LSSTCam tract:3828 'day_obs>=20260101' -kind:nightly-validation
      campledger list --sort -changed --columns id,state,groups --limit 10
      campledger list @running-drp tract:3828 --group owner
      campledger list state:running --as-of 2026-11-22
    """
    from campledger.operations.read import find_campaigns

    view = find_campaigns.View(split(columns), split(sort), group)
    space, words = workspace(), expression_of(expression)
    listing = find_campaigns.find(space, words, view, revision=as_of_commit(space, as_of), limit=limit)
    if as_json or form == "json":
        click.echo(json.dumps(listing.rows, indent=2, ensure_ascii=False))
    elif form == "csv":
        click.echo(_csv(listing.rows, listing.columns), nl=False)
    elif listing.rows:
        page(["\n\n".join(_tables(listing))])
    if form == "table" and not as_json:
        click.echo(f"{len(listing.rows)} of {listing.total} campaigns", err=True)
    for problem in listing.unreadable:
        click.echo(f"left out: {clean(problem.as_text())}", err=True)


def _tables(listing: Listing) -> Iterator[str]:
    """Yield the table, or the table of each part below its value."""
    from campledger.model.columns import words

    names, group = listing.columns, listing.group
    header = [name.upper() for name in names]
    for value, rows in groupby(listing.rows, lambda row: words(row, group) if group else ""):
        part = [[clean(words(row, name, 3)) for name in names] for row in rows]
        head = f"{group} {clean(value) or 'not said'}: {counted(len(part), 'campaign')}\n" if group else ""
        yield head + table(part, header)


def _csv(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        cells = [_all(row, name) for name in names]
        # A spreadsheet runs a cell that begins like a formula; a quote in front makes it text.
        writer.writerow([f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell for cell in cells])
    return stream.getvalue()


def _all(row: dict[str, Any], name: str) -> str:
    value = row[name]
    if isinstance(value, list):
        return "/".join(map(str, value)) if name == "groups" else " ".join(map(str, value))
    return "" if value is None else str(value)


def _fill_in_attributes() -> None:
    from campledger.model.query import ATTRIBUTES

    list_.help = (list_.help or "").replace("{attributes}", ", ".join(ATTRIBUTES))


_fill_in_attributes()


COMMANDS = (list_,)
