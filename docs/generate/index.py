"""The page that leads to the others."""

from __future__ import annotations

from docs.generate import formats
from docs.generate import markdown as md
from docs.generate.manual import manual, sections


def pages() -> dict[str, str]:
    """Return the page, by its path below docs/."""
    commands = [
        [f"[{title}](commands/{title.lower()}.md)", ", ".join(md.code(one.words[-1]) for one in below)]
        for title, below in sections(manual()).items()
    ]
    files = [[f"[{title}]({page})", md.prose(about)] for page, title, about in formats.titles()]
    text = f"""\
# Reference

{md.GENERATED}
All of it is made from the code, so it says what this version does. `make docs` makes it anew.

## Commands

[All commands](commands/README.md), with exit codes; or by what one wants to do:

{md.table(["Section", "Commands"], commands)}
The same is in `campledger COMMAND --help`, and in man pages: `man campledger-list`, once campledger is installed in an
environment that is active.

## Formats

{md.table(["Format", "What it is"], files)}
## What is checked

[Rules](rules.md) lists what `campledger check` finds, with an example of each. [States](states.md) has the two tables
that say which act follows which.
"""
    return {"reference/README.md": text}
