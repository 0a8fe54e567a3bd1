"""Save, list and remove queries: `campledger query`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from campledger.cli.expressions import EXPRESSION_SETTINGS, expression_of, require_words, split, view_options
from campledger.cli.ledger_options import as_of_commit, as_of_option, ledger_option, workspace
from campledger.cli.parameter_types import Words
from campledger.cli.printing import clean, table
from campledger.cli.write_options import WriteOptions, commit_words, print_branch, print_json, write_options

if TYPE_CHECKING:
    from campledger.operations.define.saved_queries import Saved
    from campledger.operations.write.writing import Writing


@click.group("query")
def query_() -> None:
    """Keep queries that people ask again and again.

    Each has a name: `campledger list @NAME` asks it, and the site has a page for it.

    \b
    Examples:
      campledger query save running-drp state:running production:data-release
      campledger list @running-drp
    """


@query_.command(context_settings=EXPRESSION_SETTINGS)
@click.argument("name")
@click.argument("expression", nargs=-1)
@click.option("--description", type=Words(), default=None, help="What it is for, in a line.")
@view_options
@click.option("--replace", is_flag=True, help="Overwrite the query of that name.")
@write_options(branch=True)
def save(
    name: str, expression: tuple[str, ...], description: str | None, columns: str | None, sort: str | None,
    group: str | None, replace: bool, options: WriteOptions,
) -> None:  # fmt: skip
    """Save an expression under a name, with the columns to show, and commit it.

    The expression is written as for `campledger list`; `me` in it is whoever asks.

    \b
    Examples:
      campledger query save running-drp state:running production:data-release
      campledger query save mine owner:me -state:completed --columns state,name,groups --sort -changed
    """
    from campledger.operations.define.saved_queries import save as operation
    from campledger.operations.read.find_campaigns import View

    require_words((name, *expression))
    if not expression:
        raise click.UsageError(
            "what is to be found? `campledger query save NAME EXPRESSION`, for example state:running"
        )
    words, view = expression_of(expression), View(split(columns), split(sort), group)
    writing = options.writing()
    with writing.stage() as staged:
        saved = operation(staged, name, words, view, description=description or "", replace=replace)
    if _told(saved, writing, options, "saved"):
        return
    if writing.dry_run:
        click.echo(saved.text, nl=False)
    elif not writing.written.branch:
        click.echo(f"next: campledger list @{name}")


def _told(saved: Saved, writing: Writing, options: WriteOptions, verb: str) -> bool:
    """Tell what became of a query; return whether all is told."""
    if options.as_json:
        print_json(writing, {"name": saved.name, "path": saved.path, "changed": saved.changed})
    elif not saved.changed:
        click.echo(f"{saved.name}: it says so already; nothing was changed")
    else:
        done = f"would be {verb}" if writing.dry_run else verb
        click.echo(f"{saved.name}: {done}, {saved.path}{commit_words(writing)}")
        print_branch(writing)
    return options.as_json or not saved.changed


@query_.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the queries as JSON.")
@as_of_option
@ledger_option
def list_(as_json: bool, as_of: str | None) -> None:
    """List the saved queries.

    \b
    Example:
      campledger query list
    """
    from campledger.operations.define.saved_queries import as_value, listed

    space = workspace()
    queries = listed(space, as_of_commit(space, as_of))
    if as_json:
        click.echo(json.dumps([as_value(one) for one in queries.readable], indent=2, ensure_ascii=False))
    elif queries.readable:
        rows = [[one.name, clean(one.expression), clean(one.description)] for one in queries.readable]
        click.echo(table(rows, ["NAME", "EXPRESSION", "DESCRIPTION"]))
    else:
        click.echo("no saved queries; `campledger query save NAME EXPRESSION` makes one", err=True)
    for problem in queries.problems:
        click.echo(f"left out: {clean(problem.as_text())}", err=True)


@query_.command()
@click.argument("name")
@write_options(branch=True)
def remove(name: str, options: WriteOptions) -> None:
    """Remove a saved query, and commit that.

    \b
    Example:
      campledger query remove running-drp
    """
    from campledger.operations.define.saved_queries import remove as operation

    writing = options.writing()
    with writing.stage() as staged:
        saved = operation(staged, name)
    _told(saved, writing, options, "removed")


COMMANDS = (query_,)
