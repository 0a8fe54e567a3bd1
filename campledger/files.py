"""Replacing a file at once, so that neither a reader nor a crash ever meets half of one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace(file: Path, data: bytes, mode: int) -> None:
    """Write a file through a temporary one beside it, with these permissions. Raise OSError, nothing changed."""
    handle, name = tempfile.mkstemp(prefix=".campledger-", suffix=".tmp", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).chmod(mode)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
