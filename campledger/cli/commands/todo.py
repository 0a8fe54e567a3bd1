"""List what waits for somebody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.expressions import EXPRESSION_SETTINGS, expression_of
from campledger.cli.ledger_options import as_of_commit, as_of_option, ledger_option, workspace
from campledger.cli.printing import clean
from campledger.cli.terminal import ago, page
from campledger.cli.todo_text import item_lines, item_value

if TYPE_CHECKING:
    from campledger.model.todo import TodoItem
    from campledger.operations.read.todo import Waiting

NEED_COLOURS = {"twice": "red", "failed": "red", "held": "yellow", "decide": "cyan", "paused": "yellow",
                "complete": "green", "late": "red"}  # fmt: skip


@click.command(context_settings=EXPRESSION_SETTINGS)
@click.argument("expression", nargs=-1)
@click.option("--me", "mine", is_flag=True, help="Only campaigns that I own or operate.")
@click.option("--limit", type=click.IntRange(1), help="Show this many at the most.")
@click.option("--json", "as_json", is_flag=True, help="Print what waits as JSON.")
@as_of_option
@ledger_option
def todo(expression: tuple[str, ...], mine: bool, limit: int | None, as_json: bool, as_of: str | None) -> None:
    """List what waits for somebody, the most pressing first, each with the commands that settle it.

    That is what was submitted twice, failed, is held or awaits a decision; campaigns that are paused, done, late or due
    to start; what may be submitted; and what has been silent for long. Campaigns of one night come after the others.

    \b
    Examples:
      campledger todo --me
      campledger todo production:data-release -kind:rehearsal
    """
    from campledger.operations.read.todo import what_waits

    space, words = workspace(), expression_of(expression)
    found = what_waits(space, words, mine=mine, revision=as_of_commit(space, as_of))
    shown = found.waiting[:limit]
    if as_json:
        click.echo(json.dumps([_waiting_value(one) for one in shown], indent=2, ensure_ascii=False))
    elif shown:
        page(_todo_lines(shown))
        if len(shown) < len(found.waiting):
            click.echo(f"{len(shown):,} of {len(found.waiting):,}", err=True)
    else:
        click.echo("nothing waits" + (f" for {clean(found.me)}" if found.me is not None else ""))
    for problem in found.unreadable:
        click.echo(f"left out: {clean(problem.as_text())}", err=True)


def _waiting_value(one: Waiting) -> dict[str, Any]:
    campaign = one.campaign
    return {
        "campaign": campaign.id,
        "name": campaign.name,
        "title": campaign.title,
        "state": str(one.history.state),
        "owner": campaign.owner,
        "operators": one.history.operators,
        **item_value(one.matter),
    }


def _todo_lines(waiting: Sequence[Waiting]) -> Iterator[str]:
    for number, one in enumerate(waiting):
        if number:
            yield ""
        owner = f"  {clean(one.campaign.owner)}" if one.campaign.owner else ""
        yield f"{_need(one.matter)}  {click.style(one.campaign.id, bold=True)}{owner}{_since(one.matter)}"
        yield from item_lines(one.matter)


def _need(matter: TodoItem) -> str:
    return click.style(f"{matter.need:8}", fg=NEED_COLOURS.get(matter.need))


def _since(matter: TodoItem) -> str:
    """Return since when something waits; of a plan's date there is only the day, which the words say."""
    if len(matter.since) <= len("2026-11-22"):
        return ""
    return f"  since {matter.since[:16].replace('T', ' ')}" + (f" ({age})" if (age := ago(matter.since)) else "")


COMMANDS = (todo,)
