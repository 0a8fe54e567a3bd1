"""Import campaigns from a table."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from campledger.cli.parameter_types import sides
from campledger.cli.printing import clean
from campledger.cli.write_options import WriteOptions, commit_words, print_branch, print_json, write_options
from campledger.model.text_format import counted


@click.command("table")
@click.argument("file", metavar="CSV", type=click.Path(path_type=Path))
@click.option(
    "--map", "columns", metavar="COLUMN=FIELD", multiple=True, callback=sides,
    help="What a column is: see below; a path as for --set; nothing to leave it out. Repeat for several.",
)  # fmt: skip
@click.option(
    "--status", "statuses", metavar="STATUS=STATE", multiple=True, callback=sides,
    help="The state that a status means; repeat for several.",
)  # fmt: skip
@click.option("--production", help="Class of the campaigns, where no column says it.")
@click.option("--kind", default="other", show_default=True, help="Sort of activity, where no column says it.")
@click.option("--date-format", metavar="FORMAT", help="How dates are written, as in `date`: '%m/%d/%Y'.")
@write_options(branch=True)
def import_table(
    file: Path,
    columns: dict[str, str],
    statuses: dict[str, str],
    production: str | None,
    kind: str,
    date_format: str | None,
    options: WriteOptions,
) -> None:
    """Define campaigns from a table, one a row, as Jira or a spreadsheet exports it.

    Headers such as Issue key, Summary, Status, Assignee, Description, Created, Resolved, Labels and Comment are known.
    A column is one of key, name, title, description, production, kind, owner, ticket, tag, status, created, started,
    ended, note, extra, or a dotted path of the definition; one that nobody maps is kept under `extra`. A second import
    of a row, known by its key, changes nothing. Commas, semicolons or tabs separate, as the first line has it; the
    text is UTF-8.

    \b
    Examples:
      campledger import table jira.csv --production data-release --dry-run
      campledger import table runs.csv --production other --map "Release=software.stack" --map "Watchers=" \\
          --status "In Validation=running"
    """
    from campledger.operations.define.import_table import Choices
    from campledger.operations.define.import_table import import_table as operation

    choices = Choices(columns, statuses, production, kind, date_format)
    writing = options.writing()
    done = operation(writing, file, choices)
    if options.as_json:
        print_json(writing, {"columns": done.columns, "rows": [asdict(one) for one in done.rows]})
        return
    for header, what in done.columns.items():
        click.echo(clean(f"column {header}: {what or 'left out'}"))
    for one in done.rows:
        verb = "was imported before" if one.known else f"{'would be' if writing.dry_run else 'is'} {one.state}"
        click.echo(clean(f"{file}:{one.line}: {one.key}: {one.campaign} {verb}"))
        for remark in one.remarks:
            click.echo(clean(f"    {remark}"))
    new = sum(not one.known for one in done.rows)
    verb = "would be defined" if writing.dry_run else "defined"
    known = len(done.rows) - new
    click.echo(f"{counted(new, 'campaign')} {verb}, {known} known{commit_words(writing)}", err=True)
    print_branch(writing)


COMMANDS = (import_table,)
