"""Link a page to a campaign."""

from __future__ import annotations

import click

from campledger.cli.act_options import ActOptions, act_options
from campledger.model.vocabulary import LINK_TYPES


@click.command()
@click.argument("campaign")
@click.argument("url")
@click.option(
    "--type", "kind", default="other", show_default=True,
    type=click.Choice(LINK_TYPES), help="Kind of page.",
)  # fmt: skip
@click.option("--title", help="One line for people.")
@click.option("--on", metavar="STEP[/GROUP]", help="The step or group that it is about.")
@act_options
def link(campaign: str, url: str, kind: str, title: str | None, on: str | None, entry: ActOptions) -> None:
    """Link a page to a campaign.

    URL is an http or https address without a password.

    \b
    Example:
      campledger link k7mq https://panda.example.org/task/1234 --type monitor
    """
    from campledger.operations.acts.notes import link as operation

    target = {"type": kind, "url": url} | ({"title": title} if title else {})
    entry.make(lambda staged, how: operation(staged, campaign, target, on, how))


COMMANDS = (link,)
