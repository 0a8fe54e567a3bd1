"""Make the reference pages and the man pages from the code: `make docs`. With `--check`, only say what is out of date.

Pages come from the help of the commands, the JSON Schemas, the list of rules and the tables of states, so that what is
added there is added here. Whatever stands in the folders of generated pages and is not made any more is removed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from docs.generate import commands, formats, index, man, rules, states

DOCS = Path(__file__).parents[1]

FOLDERS = ("man", "reference")
"""Folders that hold nothing but generated pages."""


def main() -> int:
    """Write the pages, or check them; return the exit code."""
    made = {
        DOCS / path: text.encode()
        for part in (index, formats, commands, rules, states, man)
        for path, text in part.pages().items()
    }
    there = {file: file.read_bytes() for name in FOLDERS for file in (DOCS / name).rglob("*") if file.is_file()}
    stale = sorted(file for file in {*made, *there} if made.get(file) != there.get(file))
    if "--check" in sys.argv[1:]:
        for file in stale:
            print(f"{file.relative_to(DOCS.parent)} is out of date: run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    for file in stale:
        if file in made:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(made[file])
        else:
            file.unlink()
        print(file.relative_to(DOCS.parent))
    return 0


sys.exit(main())
