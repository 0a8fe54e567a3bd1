"""Commands that read a ledger."""

from __future__ import annotations

import csv
import io
import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.campaign_text import as_json_value, as_lines
from campledger.cli.expressions import EXPRESSION_SETTINGS, expression_of, split, view_options
from campledger.cli.ledger_options import (
    as_of_commit,
    as_of_option,
    clean,
    ledger_option,
    start,
    table,
    tell_commit,
    workspace,
)
from campledger.cli.terminal import Reading, page
from campledger.model.text_format import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from campledger.operations.read.find_campaigns import Listing
    from campledger.problems import Problem


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--staged", is_flag=True, help="Check what is staged, not the work tree; the hook does.")
@as_of_option
@click.option("--since", metavar="REV", help="With --as-of: find recorded events of REV that were changed or removed.")
@click.option("--new", is_flag=True, help="With --since: only problems that REV does not have.")
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github", "gitlab", "sarif"]), default="text",
    show_default=True,
    help="How problems are printed; github: annotations; gitlab: a code quality report; sarif: for code scanning.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@ledger_option
def check(
    paths: tuple[Path, ...], staged: bool, as_of: str | None, since: str | None, new: bool, strict: bool, form: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Check definitions and histories: form, rules, and what lies between campaigns.

    Exit code 1 if there are errors (with --strict, warnings too).

    \b
    Examples:
      campledger check
      campledger check campaigns/2026/11
      campledger check --as-of origin/main --since v1 --format json
      campledger check --as-of HEAD --since origin/main --new --format github
    """
    from campledger.operations.read import check

    if staged + (as_of is not None) + bool(paths) > 1:
        raise click.UsageError("PATHS, --staged and --as-of exclude each other")
    if since is not None and as_of is None:
        raise click.UsageError("--since goes with --as-of")
    if new and since is None:
        raise click.UsageError("--new goes with --since")
    if as_of is not None:
        repository, commit = check.commit_to_check(start(in_hook=True), as_of)
        tell_commit(repository, as_of, commit)
        problems = check.check_commit(repository, commit, since, new=new, progress=Reading())
    else:
        space = workspace(in_hook=True)
        problems = check.check_staged(space) if staged else check.check_work_tree(space, paths)
    form = "json" if as_json else form
    place = check.place_in_repository(start(in_hook=True)) if form in {"github", "gitlab", "sarif"} else ""
    raise click.exceptions.Exit(tell_problems(problems, form, strict=strict, place=place))


def tell_problems(problems: Sequence[Problem], form: str, *, strict: bool, place: str = "") -> int:
    """Print a check's problems in some form; return the exit code that they amount to.

    ``place`` is the ledger's path in its repository, with a slash at the end.
    """
    from campledger.problems import Severity, report_json, report_text

    errors = [one for one in problems if strict or one.severity is Severity.ERROR]
    if form == "json":
        click.echo(report_json(problems))
    elif form != "text":
        from campledger.cli.reports import REPORTS

        report = REPORTS[form](problems, place)
        click.echo(report, nl=bool(report))
    else:
        if problems:
            click.echo(clean(report_text(problems)))
        click.echo(f"{counted(len(errors), 'error')}, {counted(len(problems) - len(errors), 'warning')}", err=True)
    return 1 if errors else 0


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


@click.command()
@click.argument("campaign")
@click.option("--json", "as_json", is_flag=True, help="Print definition, state and events as JSON.")
@as_of_option
@ledger_option
def show(campaign: str, as_json: bool, as_of: str | None) -> None:
    """Show a campaign: state, steps, groups and submissions, and what happened last.

    CAMPAIGN is its id, the beginning of it, its last four characters, or its name.

    \b
    Examples:
      campledger show k7mq
      campledger show k7mq --as-of 2026-11-22
    """
    from campledger.operations.read import find_campaigns

    space = workspace()
    record = find_campaigns.show(space, campaign, as_of_commit(space, as_of))
    if as_json:
        click.echo(json.dumps(as_json_value(record), indent=2, ensure_ascii=False))
    else:
        page(as_lines(record))
        if record.history is not None:
            click.echo(f"next: campledger whatnext {clean(record.id)}", err=True)


def _fill_in_attributes() -> None:
    from campledger.model.query import ATTRIBUTES

    list_.help = (list_.help or "").replace("{attributes}", ", ".join(ATTRIBUTES))


_fill_in_attributes()

COMMANDS = [check, list_, show]
