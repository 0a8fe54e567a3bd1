"""Write a note."""

from __future__ import annotations

import click

from campledger.cli.act_options import ActOptions, act_options
from campledger.cli.parameter_types import Words


@click.command()
@click.argument("campaign")
@click.argument("text", type=Words())
@click.option("--on", metavar="STEP[/GROUP]", help="The step or group that it is about.")
@act_options
def note(campaign: str, text: str, on: str | None, entry: ActOptions) -> None:
    """Write down something to remember.

    TEXT is Markdown. A note can be written in every state of the campaign.

    \b
    Example:
      campledger note k7mq "detector 53 is noisy since midnight" --on step1
    """
    from campledger.operations.acts.notes import note as operation

    entry.make(lambda staged, how: operation(staged, campaign, text, on, how))


COMMANDS = (note,)
