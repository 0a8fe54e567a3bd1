"""Reconcile a fork."""

from __future__ import annotations

import click

from campledger.cli.act_options import ActOptions, act_options
from campledger.cli.parameter_types import Words


@click.command()
@click.argument("campaign")
@click.option("--drop", metavar="EVENT", multiple=True, help="An event that loses.  [default: those that do not fit]")
@click.option("--reason", required=True, type=Words(), help="Why, in words.")
@act_options
def reconcile(campaign: str, drop: tuple[str, ...], reason: str, entry: ActOptions) -> None:
    """Settle a fork, where two branches both changed a campaign and were merged.

    The events that lose stay in the history, and do not count.

    \b
    Example:
      campledger reconcile k7mq --reason "the pause was right, the completion premature"
    """
    from campledger.operations.acts.corrections import reconcile as operation

    entry.make(lambda staged, how: operation(staged, campaign, drop, reason, how))


COMMANDS = (reconcile,)
