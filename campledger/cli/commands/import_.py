"""The group `campledger import`."""

from __future__ import annotations

import click

from campledger.cli.lazy_commands import LazyCommands

_MODULES = {"bps": "import_bps", "table": "import_table", "exclusions": "import_lists", "inclusions": "import_lists"}


@click.group("import", commands=LazyCommands("campledger.cli.commands", _MODULES, _MODULES))
def import_() -> None:
    """Take in campaigns and lists of data IDs from elsewhere.

    \b
    Examples:
      campledger import bps dp02-processing --dry-run
      campledger import exclusions bad.ecsv --instrument LSSTComCam
    """


COMMANDS = (import_,)
