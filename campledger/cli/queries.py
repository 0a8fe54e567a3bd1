"""Commands about saved queries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from campledger.cli.expressions import EXPRESSION_SETTINGS, expression_of, require_words, split, view_options
from campledger.cli.shared import (
    Words,
    as_of_commit,
    as_of_option,
    clean,
    ledger_option,
    maybe_pushed,
    table,
    workspace,
)

if TYPE_CHECKING:
    from campledger.operations.queries import Saved

_push = click.option("--push", is_flag=True, help="Fetch first and push after.")
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")


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
@_push
@_dry_run
@ledger_option
def save(
    name: str, expression: tuple[str, ...], description: str | None, columns: str | None, sort: str | None,
    group: str | None, replace: bool, push: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Save an expression under a name, with the columns to show, and commit it.

    The expression is written as for `campledger list`; `me` in it is whoever asks.

    \b
    Examples:
      campledger query save running-drp state:running production:data-release
      campledger query save mine owner:me -state:completed --columns state,name,groups --sort -changed
    """
    from campledger.operations.finding import View
    from campledger.operations.queries import save as operation

    require_words((name, *expression))
    if not expression:
        raise click.UsageError(
            "what is to be found? `campledger query save NAME EXPRESSION`, for example state:running"
        )
    space, words = workspace(), expression_of(expression)
    view = View(split(columns), split(sort), group)
    saved, landed, told = maybe_pushed(
        space,
        lambda: operation(space, name, words, view, description=description or "", replace=replace, dry_run=dry_run),
        push and not dry_run,
    )
    if not saved.changed:
        click.echo(f"{name}: it says so already; nothing was changed")
        return
    _tell(saved, landed, told, "would be saved" if dry_run else "saved")
    if dry_run:
        click.echo(saved.text, nl=False)
    else:
        click.echo(f"next: campledger list @{name}")


def _tell(saved: Saved, landed: str | None, told: str, verb: str) -> None:
    commit = landed or saved.commit
    click.echo(f"{saved.name}: {verb}, {saved.path}" + (f", commit {commit[:10]}{told}" if commit else ""))


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
    from campledger.operations.queries import as_value, listed

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
@_push
@_dry_run
@ledger_option
def remove(name: str, push: bool, dry_run: bool) -> None:
    """Remove a saved query, and commit that.

    \b
    Example:
      campledger query remove running-drp
    """
    from campledger.operations.queries import remove as operation

    space = workspace()
    saved, landed, told = maybe_pushed(space, lambda: operation(space, name, dry_run=dry_run), push and not dry_run)
    _tell(saved, landed, told, "would be removed" if dry_run else "removed")


COMMANDS: list[click.Command] = [query_]
