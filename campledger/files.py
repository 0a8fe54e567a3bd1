"""Replacing files at once, so that neither a reader nor a crash ever meets half of one."""

from __future__ import annotations

import os
import re
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX, _SUFFIX = ".campledger-", ".tmp"
_LEFTOVER = re.compile(rf"{re.escape(_PREFIX)}[a-z0-9_]{{8}}{re.escape(_SUFFIX)}")


def replace(file: Path, data: bytes, mode: int) -> None:
    """Write a file through a temporary one beside it, with these permissions. Raise OSError, nothing changed."""
    handle, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).chmod(mode)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def is_leftover(name: str) -> bool:
    """Whether a file has the name of a temporary one, which stays where :func:`replace` was killed."""
    return _LEFTOVER.fullmatch(name) is not None


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back signals: whoever presses Ctrl-C twice still gets everything put in its place."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
