"""Where a ledger is. Apart from the workspace, since asking for it should not load all that can be done with one."""

from __future__ import annotations

from pathlib import Path

from campledger.errors import UsageError
from campledger.ledger.settings import SETTINGS_FILE


def find_root(start: Path) -> Path:
    """Return the ledger's directory: the nearest one, from here up, with a campledger.yaml. Raise UsageError."""
    here = start.absolute()
    for directory in (here, *here.parents):
        if (directory / SETTINGS_FILE).is_file():
            return directory
    raise UsageError(
        f"no ledger here: neither {here} nor a directory above it has a {SETTINGS_FILE}; "
        "`campledger init DIR` makes one, `--ledger PATH` or CAMPLEDGER_LEDGER names one"
    )
