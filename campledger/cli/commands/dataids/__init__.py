"""The group `campledger dataids`; its commands are modules of this folder."""

from __future__ import annotations

import click

from campledger.cli.lazy_commands import LazyCommands

_NAMES = (
    "list",
    "check",
    "show",
    "diff",
    "convert",
    "union",
    "minus",
    "intersect",
    "filter",
    "add",
    "remove",
    "edit",
    "resolve-keys",
)


@click.group(commands=LazyCommands(__name__, _NAMES, dict.fromkeys(("union", "minus", "intersect"), "algebra")))
def dataids() -> None:
    """Keep sets of data IDs: what goes into a campaign, and what is left out.

    SET is the name of a shared set in dataids/, CAMPAIGN:PATH for one in a campaign's directory, or a file anywhere.
    NAME@COMMIT and NAME@sha256:DIGEST are versions of it.

    \b
    Examples:
      campledger dataids add bad instrument=HSC visit=1228 reason=slew --reason "seen in QA" --new exclude
      campledger dataids show bad
      campledger dataids diff bad@v1 bad
    """


COMMANDS = (dataids,)
