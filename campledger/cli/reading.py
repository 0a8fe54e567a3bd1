"""Commands that read a ledger."""

from __future__ import annotations

import csv
import io
import json
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.shared import clean, ledger_option, start, table, workspace
from campledger.cli.showing import as_json_value, as_lines, event_line
from campledger.model.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campledger.problems import Problem


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--staged", is_flag=True, help="Check what is staged, not the work tree; the hook does.")
@click.option("--commit", metavar="REV", help="Check a commit.")
@click.option("--since", metavar="REV", help="With --commit: find recorded events of REV that were changed or removed.")
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@ledger_option
def check(
    paths: tuple[Path, ...], staged: bool, commit: str | None, since: str | None, strict: bool, form: str
) -> None:
    """Check definitions and histories: form, rules, and what lies between campaigns.

    Exit code 1 if there are errors (with --strict, warnings too).

    \b
    Examples:
      campledger check
      campledger check campaigns/2026/11
      campledger check --commit origin/main --since v1 --format json
    """
    from campledger.operations import checking

    if staged + (commit is not None) + bool(paths) > 1:
        raise click.UsageError("PATHS, --staged and --commit exclude each other")
    if since is not None and commit is None:
        raise click.UsageError("--since goes with --commit")
    if commit is not None:
        problems = checking.check_commit(start(in_hook=True), commit, since)
    else:
        space = workspace(in_hook=True)
        problems = checking.check_staged(space) if staged else checking.check_work_tree(space, paths)
    raise click.exceptions.Exit(tell_problems(problems, form, strict=strict))


def tell_problems(problems: Sequence[Problem], form: str, *, strict: bool) -> int:
    """Print a check's problems as text or JSON; return the exit code that they amount to."""
    from campledger.problems import Severity, report_json, report_text

    errors = [one for one in problems if strict or one.severity is Severity.ERROR]
    if form == "json":
        click.echo(report_json(problems))
    else:
        if problems:
            click.echo(clean(report_text(problems)))
        click.echo(f"{counted(len(errors), 'error')}, {counted(len(problems) - len(errors), 'warning')}", err=True)
    return 1 if errors else 0


@click.command(
    "list",
    # `-kind:nightly` is a word of the expression, and no bundle of short options.
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
)
@click.argument("expression", nargs=-1)
@click.option("--sort", help="Columns to sort by, with commas; - in front turns the order round.  [default: state]")
@click.option("--columns", help="Columns to show, with commas.")
@click.option("--limit", type=click.IntRange(1), help="Show this many at the most.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--commit", metavar="REV", help="Read a commit instead of the work tree.")
@ledger_option
def list_(
    expression: tuple[str, ...], sort: str | None, columns: str | None, limit: int | None, form: str, as_json: bool,
    commit: str | None,
) -> None:  # fmt: skip
    """List campaigns: all, or those that an expression finds.

    An expression is words that must all hold. attribute:value (several values with commas: any of them),
    attribute>=value, also > < <=; any other word is looked for in names, titles, descriptions, tags and notes;
    - before a word turns it round. Attributes: {attributes}.

    \b
    Examples:
      campledger list state:running owner:me
      campledger list instrument:LSSTCam tract:3828 'day_obs>=20260101' -kind:nightly-validation
      campledger list --sort -changed --columns id,state,groups --limit 10
    """
    from campledger.operations import finding

    _require_words(expression)
    names = columns.split(",") if columns else list(finding.COLUMNS)
    finding.require_columns(names)
    words = " ".join(
        f'"{word}"' if " " in word and '"' not in word and ":" not in word else word for word in expression
    )
    listing = finding.find(workspace(), words, revision=commit, sort=sort.split(",") if sort else (), limit=limit)
    if as_json or form == "json":
        click.echo(json.dumps(listing.rows, indent=2, ensure_ascii=False))
    elif form == "csv":
        click.echo(_csv(listing.rows, names), nl=False)
    elif listing.rows:
        click.echo(
            table(
                [[clean(_cell(row, name)) for name in names] for row in listing.rows],
                [n.upper() for n in names],
            )
        )
    if form == "table" and not as_json:
        click.echo(f"{len(listing.rows)} of {listing.total} campaigns", err=True)
    for problem in listing.unreadable:
        click.echo(f"left out: {clean(problem.as_text())}", err=True)


def _require_words(expression: tuple[str, ...]) -> None:
    """Answer what click would have answered, were it not told to let words with hyphens pass."""
    context = click.get_current_context()
    if "-h" in expression:
        click.echo(context.get_help())
        context.exit()
    slip = next((word for word in expression if word.startswith("--")), None)
    if slip is not None:
        options = [option for parameter in context.command.params for option in parameter.opts]
        raise click.NoSuchOption(slip, possibilities=get_close_matches(slip, options), ctx=context)


def _cell(row: dict[str, Any], name: str) -> str:
    value = row[name]
    if name == "groups":
        return f"{value[0]}/{value[1]}"
    if isinstance(value, list):
        shown = ", ".join(str(one) for one in value[:3])
        return f"{shown}, …" if len(value) > 3 else shown
    return "" if value is None else str(value)


def _csv(rows: list[dict[str, Any]], names: list[str]) -> str:
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
@click.option("--commit", metavar="REV", help="Read a commit instead of the work tree.")
@ledger_option
def show(campaign: str, as_json: bool, commit: str | None) -> None:
    """Show a campaign: state, steps, groups and submissions, and what happened last.

    CAMPAIGN is its id, the beginning of it, its last four characters, or its name.

    \b
    Example:
      campledger show k7mq
    """
    from campledger.operations import finding

    record = finding.show(workspace(), campaign, commit)
    if as_json:
        click.echo(json.dumps(as_json_value(record), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(as_lines(record)))


@click.command()
@click.argument("campaigns", nargs=-1)
@click.option("--limit", type=click.IntRange(1), help="Show this many at the most.")
@click.option("--json", "as_json", is_flag=True, help="Print the events as JSON.")
@ledger_option
def log(campaigns: tuple[str, ...], limit: int | None, as_json: bool) -> None:
    """Show what happened to some campaigns, or to all, newest first.

    \b
    Examples:
      campledger log k7mq
      campledger log --limit 20
    """
    from itertools import islice

    from campledger.operations import finding

    pairs = list(islice(finding.log(workspace(), campaigns), limit))
    if as_json:
        click.echo(
            json.dumps(
                [{"campaign": record.id, **event.data} for record, event in pairs],
                indent=2,
                ensure_ascii=False,
            )
        )
        return
    counting = {record.id: {event.id for event in record.history.effective} for record, _ in pairs if record.history}
    for record, event in pairs:
        name = record.id if len(campaigns) != 1 else event.id
        click.echo(event_line(event, faulty=event.id not in counting[record.id], name=clean(name)))


def _fill_in_attributes() -> None:
    from campledger.model.query import ATTRIBUTES

    list_.help = (list_.help or "").replace("{attributes}", ", ".join(ATTRIBUTES))


_fill_in_attributes()

COMMANDS = [check, list_, show, log]
