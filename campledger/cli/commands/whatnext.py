"""Show what can be done with a campaign now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from campledger.cli.ledger_options import as_of_commit, as_of_option, ledger_option, workspace
from campledger.cli.printing import clean, coloured
from campledger.cli.terminal import moment, page
from campledger.cli.todo_text import item_lines, item_value

if TYPE_CHECKING:
    from campledger.operations.read.todo import Next


@click.command()
@click.argument("campaign")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@as_of_option
@ledger_option
def whatnext(campaign: str, as_json: bool, as_of: str | None) -> None:
    """Say what may be done with a campaign now: decisions, steps and groups to submit, changes of its state.

    \b
    Example:
      campledger whatnext k7mq
    """
    from campledger.operations.read.todo import what_next

    space = workspace()
    found = what_next(space, campaign, as_of_commit(space, as_of))
    if as_json:
        click.echo(json.dumps(_next_value(found), indent=2, ensure_ascii=False))
    else:
        page(_next_lines(found))


def _next_value(found: Next) -> dict[str, Any]:
    return {
        "campaign": found.campaign.id,
        "state": str(found.history.state),
        "decide": [item_value(one) for one in found.deciding],
        "submit": [{**item_value(one), "groups": list(one.groups)} for one in found.ready],
        "under_way": [item_value(one) for one in found.under_way],
        "later": [{"step": step, "waits_for": missing} for step, missing in found.later],
        "acts": [{"act": row.act, "to": str(row.target), "command": one.command} for row, one in found.acts],
        "withheld": [{"act": act, "why": why} for act, why in found.withheld],
    }


def _next_lines(found: Next) -> Iterator[str]:
    history = found.history
    since = f" since {moment(history.since.at)}" if history.since else ""
    yield click.style(clean(found.campaign.title), bold=True)
    yield f"{found.campaign.id}  {coloured(str(history.state))}{since}"
    if found.deciding:
        yield from ("", "waits for somebody:")
    for one in found.deciding:
        yield from item_lines(one)
    if found.ready:
        yield from ("", "may be submitted:")
    for one in found.ready:
        yield from item_lines(one)
    if found.under_way:
        yield from ("", "under way:")
    for one in found.under_way:
        yield from item_lines(one)
    if found.later:
        yield from ("", "may not run yet:")
    for step, missing in found.later:
        why = f"after {', '.join(missing)}" if missing else f"the campaign is {history.state}"
        yield f"  {step}: {why}"
    yield from ("", "its state may change:")
    width = max((len(row.target) for row, _ in found.acts), default=0)
    yield from (f"  to {row.target:{width}}  {one.command}" for row, one in found.acts)
    yield from (f"  no {act}: {clean(why)}" for act, why in found.withheld)


COMMANDS = (whatnext,)
