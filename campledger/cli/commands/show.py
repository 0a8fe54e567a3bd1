"""Show a campaign."""

from __future__ import annotations

import json

import click

from campledger.cli.campaign_text import as_json_value, as_lines
from campledger.cli.ledger_options import as_of_commit, as_of_option, ledger_option, workspace
from campledger.cli.printing import clean
from campledger.cli.terminal import page


@click.command()
@click.argument("campaign")
@click.option("--json", "as_json", is_flag=True, help="Print definition, state and events as JSON.")
@as_of_option
@ledger_option
def show(campaign: str, as_json: bool, as_of: str | None) -> None:
    """Show a campaign: state, description, plan, DataId sets, links, steps with submissions, and what happened last.

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


COMMANDS = (show,)
