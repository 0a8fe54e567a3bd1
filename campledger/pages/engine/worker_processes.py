"""Work shared out among processes, each a copy of this one as it is: for builds from nothing, which take long.

What a process cannot finish, this one does itself: so a mistake shows here, and nothing depends on there being more
than one processor.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import IO, Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST = 8
"""Processes beyond which the disk and this process, which takes in all results, are what is waited for."""


def shared_out(
    items: Sequence[Item], do: Callable[[Item], Result], apart: Callable[[], None], *, alone: bool = False
) -> Generator[tuple[Item, Result], None, None]:
    """Yield each item with what ``do`` returns for it, in order; ``apart`` is called first in every other process.

    The first items are this process's own, which keeps what it holds of them; ``alone`` makes them all its own. To
    close the generator ends the other processes.
    """
    count = min(1 if alone else _processors(), len(items), _MOST)
    size = -(-len(items) // count) if count else 0
    shares = [items[start : start + size] for start in range(size, len(items), size)] if size else []
    others = [_Other(share, do, apart) for share in shares]
    try:
        for item in items[:size]:
            yield item, do(item)
        for other in others:
            done = other.results()
            for number, item in enumerate(other.share):
                yield item, done[number] if number < len(done) else do(item)
    finally:
        for other in others:
            other.end()


def _processors() -> int:
    """Return how many processes may work: one where a copy of this one would not be whole, having several threads."""
    if threading.active_count() > 1 or not hasattr(os, "sched_getaffinity"):
        return 1
    return len(os.sched_getaffinity(0))


class _Other:
    """A process with its share of the work; its results are in a file, so that it never waits for being read."""

    def __init__(self, share: Sequence[Any], do: Callable[[Any], Any], apart: Callable[[], None]):
        self.share = share
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in end()
        sys.stdout.flush()
        sys.stderr.flush()
        self._process = os.fork()
        if self._process == 0:
            self._work(do, apart)

    def _work(self, do: Callable[[Any], Any], apart: Callable[[], None]) -> None:
        """Do the share, and end without a word: whatever went wrong happens again in the first process."""
        status = 1
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            apart()
            for item in self.share:
                pickle.dump(do(item), self._file, pickle.HIGHEST_PROTOCOL)
                self._file.flush()  # what is done counts, whatever becomes of the rest
            status = 0
        finally:
            os._exit(status)

    def results(self) -> list[Any]:
        """Return what was done, once the process has ended; less than all if something went wrong."""
        self._wait()
        self._file.seek(0)
        found: list[Any] = []
        with suppress(EOFError, pickle.UnpicklingError):
            while True:
                found.append(pickle.load(self._file))  # noqa: S301 - our own copy wrote it, into a file of ours
        return found

    def _wait(self) -> None:
        if self._process:
            with suppress(ChildProcessError):
                os.waitpid(self._process, 0)
            self._process = 0

    def end(self) -> None:
        """Stop the process if it still works, and let go of its file."""
        if self._process:
            with suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGTERM)
        self._wait()
        self._file.close()
