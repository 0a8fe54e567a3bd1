"""Decide on a submission: accept, reject."""

from __future__ import annotations

import click

from campledger.cli.act_options import ActOptions, act_options
from campledger.cli.parameter_types import Words


def _command(name: str, about: str, example: str) -> click.Command:
    @click.command(
        name,
        help=f"{about}\n\nSUBMISSION is the beginning of its id, or its run id.\n\n\b\nExample:\n  {example}",
    )
    @click.argument("submission")
    @click.option("--reason", required=name == "reject", type=Words(), help="Why, in words.")
    @act_options
    def command(submission: str, reason: str | None, entry: ActOptions) -> None:
        from campledger.operations.acts.submissions import decide

        entry.make(lambda staged, how: decide(staged, submission, f"{name}ed", reason, how))

    return command


COMMANDS = (
    _command("accept", "Say that what became of a submission is good enough.", "campledger accept x9r4"),
    _command(
        "reject",
        "Say that what became of a submission is not good enough.",
        'campledger reject x9r4 --reason "half the detectors are missing"',
    ),
)
