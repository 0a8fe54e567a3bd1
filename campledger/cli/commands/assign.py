"""Make somebody an operator, or no longer one."""

from __future__ import annotations

import click

from campledger.cli.act_options import ActOptions, act_options


def _command(name: str, about: str) -> click.Command:
    @click.command(
        name,
        help=f"{about}\n\nPERSON is a handle, or `me`.\n\n\b\nExample:\n  campledger {name} k7mq vrubin --on step1",
    )
    @click.argument("campaign")
    @click.argument("person")
    @click.option("--on", metavar="STEP[/GROUP]", help="The step or group, if not the whole campaign.")
    @act_options
    def command(campaign: str, person: str, on: str | None, entry: ActOptions) -> None:
        from campledger.operations.acts.operators import assign

        remove = name == "unassign"
        entry.make(lambda staged, how: assign(staged, campaign, person, on, how, remove=remove))

    return command


COMMANDS = (
    _command("assign", "Make somebody an operator of a campaign, a step or a group."),
    _command("unassign", "Say that somebody no longer operates a campaign, a step or a group."),
)
