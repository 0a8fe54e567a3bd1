"""The commands that change the state of a campaign: start, pause, complete and the others."""

from __future__ import annotations

import click

from campledger.cli.act_options import ActOptions, act_options
from campledger.cli.parameter_types import Words
from campledger.model.states import CAMPAIGN_ACTS, CAMPAIGN_TABLE


def _command(name: str) -> click.Command:
    about = CAMPAIGN_ACTS[name].about
    rows = [row for row in CAMPAIGN_TABLE if row.act == name]
    reason = any(row.needs_reason for row in rows)
    example = ' --reason "file system trouble"' if reason else ""
    sources = ", ".join(row.source for row in rows)

    @click.command(
        name,
        short_help=about,
        help=f"{about}\n\nFrom {sources} to {rows[0].target}.\n\n\b\nExample:\n  campledger {name} k7mq{example}",
    )
    @click.argument("campaign")
    @click.option("--reason", required=reason, type=Words(), help="Why, in words.")
    @act_options
    def command(campaign: str, reason: str | None, entry: ActOptions) -> None:
        from campledger.operations.acts.change_state import change_state

        entry.make(lambda staged, how: change_state(staged, campaign, name, reason, how))

    return command


COMMANDS = tuple(_command(name) for name in CAMPAIGN_ACTS)
