"""What only a terminal gets to see: the pager, ages of times, and how far a long reading has come."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_OLD = timedelta(days=60)
"""How far back people count in days."""

_MANY = 500
"""Campaigns from which on a reading may take so long that one asks how far it is."""

_PATIENCE = 0.5
"""Seconds before it is told."""


def page(lines: Iterable[str]) -> None:
    """Print lines; on a terminal through the pager: CAMPLEDGER_PAGER, PAGER, or less, which ends where all fits in."""
    command = _pager()
    if not command:
        text = "\n".join(lines)
        if text:
            click.echo(text)
        return
    # As git does: colours pass, the screen is left as it is, and what fits on it needs no key.
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}
    colour = click.get_current_context().color is not False
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as pager:
        if pager.stdin is None:
            return
        try:
            for line in lines:
                text = line if colour else click.unstyle(line)
                pager.stdin.write(f"{text}\n".encode("utf-8", "backslashreplace"))
        except BrokenPipeError:
            pass  # the reader has seen enough
        finally:
            with suppress(BrokenPipeError):
                pager.stdin.close()
            _wait(pager)


def _pager() -> list[str]:
    """Return the pager's command; nothing where lines are printed as they are."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return []
    named = os.environ.get("CAMPLEDGER_PAGER", os.environ.get("PAGER", "less"))
    try:
        words = shlex.split(named)
    except ValueError:
        words = []
    return words if words and words != ["cat"] and shutil.which(words[0]) else []


def _wait(pager: subprocess.Popen[bytes]) -> None:
    """Wait for a pager to end: Ctrl-C in it is meant for it."""
    while True:
        with suppress(KeyboardInterrupt):
            pager.wait()
            return


@contextmanager
def progress_bar(label: str) -> Iterator[Any]:
    """Give a progress bar, which only a terminal gets to see."""
    # click's own way to hide a bar came with 8.2; before that it prints the label where there is no terminal.
    with ExitStack() as stack:
        file = sys.stderr if sys.stderr.isatty() else stack.enter_context(io.StringIO())
        yield stack.enter_context(click.progressbar(length=1, label=label, file=file))


@contextmanager
def steps_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that shows each step of a task in a progress bar, which only a terminal gets to see."""
    with ExitStack() as stack:
        shown: list[Any] = []

        def progress(label: str, done: int, total: int) -> None:
            if not shown:  # where there is nothing to do, there is no bar
                shown.append(stack.enter_context(progress_bar(label)))
            shown[0].label = label
            shown[0].length = max(total, 1)
            shown[0].update(done - shown[0].pos)

        yield progress


def ago(text: str) -> str:
    """Return how long ago a time of a ledger was, in words for a terminal: `2 h ago`. Nothing where nobody looks."""
    if not sys.stdout.isatty():
        return ""
    age = datetime.now(UTC) - datetime.fromisoformat(text)
    if not timedelta(minutes=-1) < age < _OLD:
        return ""
    minutes = int(age.total_seconds()) // 60
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{age.days} d ago"


def moment(text: str) -> str:
    """Return a time of a ledger: 2026-11-22 08:01 UTC, and for a terminal how long ago, and local time that day."""
    age = ago(text)
    if not age:
        return f"{_minute(text)} UTC"
    local = datetime.fromisoformat(text).astimezone()
    clock = f", {local:%H:%M} here" if local.utcoffset() and not age.endswith("d ago") else ""
    return f"{_minute(text)} UTC ({age}{clock})"


def column(text: str) -> str:
    """Return a time of a ledger as it stands in a line of a log, all of one width: 2026-11-22 08:01."""
    return f"{_minute(text)}  {ago(text):>10}" if sys.stdout.isatty() else _minute(text)


def _minute(text: str) -> str:
    return text[:16].replace("T", " ")


class ReadingProgress:
    """Tells on a terminal how far the reading of many campaigns has come, and takes it away at the end."""

    def __init__(self) -> None:
        self._begun = self._told = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Take notice that so many campaigns of so many were read."""
        if total < _MANY or not sys.stderr.isatty():
            return
        now = time.monotonic()
        if done == total:
            if self._told > self._begun:
                click.echo("\r\x1b[K", err=True, nl=False)
            self._begun = self._told = now
        elif now - max(self._begun + _PATIENCE - 0.1, self._told) > 0.1:
            self._told = now
            click.echo(f"\rreading campaigns: {done:,} of {total:,}", err=True, nl=False)
