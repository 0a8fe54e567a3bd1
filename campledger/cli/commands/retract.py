"""Retract an event."""

from __future__ import annotations

import click

from campledger.cli.act_options import ActOptions, act_options
from campledger.cli.parameter_types import Words


@click.command()
@click.argument("event")
@click.option("--reason", required=True, type=Words(), help="Why, in words.")
@act_options
def retract(event: str, reason: str, entry: ActOptions) -> None:
    """Take back an event that was wrong; it stays in the history, and does not count.

    EVENT is the beginning of its id, as `campledger log CAMPAIGN` shows it.

    \b
    Example:
      campledger retract k7mq2x --reason "meant the other campaign"
    """
    from campledger.operations.acts.corrections import retract as operation

    entry.make(lambda staged, how: operation(staged, event, reason, how))


COMMANDS = (retract,)
