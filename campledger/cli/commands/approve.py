"""Approve a campaign."""

from __future__ import annotations

import click

from campledger.cli.act_options import ActOptions, act_options
from campledger.cli.parameter_types import Words


@click.command()
@click.argument("campaign")
@click.argument("steps", metavar="[STEP]...", nargs=-1)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The last day on which it holds (UTC)."
)
@click.option("--condition", type=Words(), help="Under which condition, in words.")
@click.option("--reason", type=Words(), help="Why, in words.")
@act_options
def approve(
    campaign: str, steps: tuple[str, ...], until: object, condition: str | None, reason: str | None, entry: ActOptions
) -> None:
    """Approve a campaign, or some of its steps, as defined now.

    An approval holds until the definition in force for these steps changes; undoing the change restores it. In the
    settings `permissions` say which roles may approve, and `approval` which campaigns need it to start.

    \b
    Examples:
      campledger approve k7mq
      campledger approve k7mq step1 --until 2026-12-31 --condition "the disk is enlarged first"
    """
    from campledger.operations.acts.approve import approve as operation

    day = str(until)[:10] if until else None
    entry.make(lambda staged, how: operation(staged, campaign, steps, day, condition, reason, how))


COMMANDS = (approve,)
