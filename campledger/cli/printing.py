"""Tables, colours of states, and text that is safe for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from campledger.model.states import CAMPAIGN_STATES, GROUP_STATES


def table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> str:
    """Return rows as columns; for a terminal lines are cut to its width, and states have their colours."""
    widths = [max(len(row[n]) for row in [header, *rows]) for n in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    if sys.stdout.isatty():
        import shutil

        width = shutil.get_terminal_size().columns
        lines = [line if len(line) <= width else f"{line[: width - 1]}…" for line in lines]
        if "STATE" in header:
            place = header.index("STATE")
            start = sum(widths[:place]) + 2 * place
            lines[1:] = [_with_state(line, start, row[place]) for line, row in zip(lines[1:], rows, strict=True)]
        lines[0] = click.style(lines[0], bold=True)
    return "\n".join(lines)


def _with_state(line: str, start: int, state: str) -> str:
    """Return a line with the state in it in its colour, unless the line was cut there."""
    end = start + len(state)
    return line[:start] + coloured(state) + line[end:] if line[start:end] == state else line


STATE_COLOURS = {
    str(state): one.colour.terminal for table in (CAMPAIGN_STATES, GROUP_STATES) for state, one in table.items()
}


def coloured(word: str) -> str:
    """Return a state in its colour; click takes colours out again where no terminal reads them."""
    return click.style(word, fg=STATE_COLOURS.get(word))


def clean(text: str) -> str:
    """Return text that cannot steer a terminal: control characters are shown as escapes."""
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)
