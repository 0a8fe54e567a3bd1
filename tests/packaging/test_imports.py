"""Imports point one way, and each outside library has one home: docs/architecture.md draws it, this keeps it so."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "campledger"

BELOW = {
    "problems": set(),
    "errors": {"problems"},
    "files": set(),
    "suggestions": set(),
    "model": {"problems", "suggestions"},
    "documents": {"errors", "model", "problems", "suggestions"},
    "repository": {"errors", "files"},
    "dataids": {"documents", "errors", "files", "problems", "suggestions"},
    "ledger": {"dataids", "documents", "errors", "model", "problems", "repository", "suggestions"},
    "butler": {"dataids", "errors", "problems"},
    "bps": {"documents", "errors", "model", "problems"},
    "pages": {"documents", "errors", "files", "ledger", "model", "problems", "repository"},
    "operations": {
        "bps", "butler", "dataids", "documents", "errors", "files", "ledger", "model", "pages", "problems",
        "repository", "suggestions",
    },
    "cli": {"dataids", "documents", "errors", "ledger", "model", "operations", "problems", "repository", "suggestions"},
    "__main__": {"cli"},
    "__init__": {"butler", "dataids", "operations"},
}  # fmt: skip
"""What each part of the package may import of the others."""

HOMES = {
    "astro_metadata_translator": "butler",
    "astropy": "dataids",
    "click": "cli",
    "git": "repository",
    "jinja2": "pages",
    "jsonschema": "documents",
    "jsonschema_rs": "documents",
    "markdown_it": "pages",
    "psycopg": "butler",
    "referencing": "documents",
    "ruamel": "documents",
    "sqlalchemy": "butler",
    "yaml": "documents",
    "lsst": "butler",
    "lsst.ctrl.bps": "bps",
}
"""The one part that may import an outside library, or a package of one that has a longer row."""

GUESTS = {("butler/subcommands.py", "click"), ("butler/store.py", "astropy")}
"""Modules that name a library of another part: subcommands of `butler` are click's, and a type is astropy's."""


def imports_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= (
                {f"{node.module}.{alias.name}" for alias in node.names}
                if node.module == "campledger"
                else {node.module}
            )
    return found


def home_of(name: str) -> str:
    """Return the row of HOMES that a module falls under, the longest one; empty if there is none."""
    return max((one for one in HOMES if f"{name}.".startswith(f"{one}.")), key=len, default="")


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_module_imports_only_what_is_below_it(file: Path) -> None:
    own = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imports_of(file):
        first, _, rest = name.partition(".")
        if first == "campledger":
            part = rest.split(".")[0]
            assert part in {own, "__version__"} | BELOW[own], f"{own} may not import {name}"
        elif (library := home_of(name)) and (str(file.relative_to(PACKAGE)), library) not in GUESTS:
            assert HOMES[library] == own, f"{library} is imported in {HOMES[library]} only"


ROOMS = {
    "operations": {
        "as_of": set(),
        "roots": set(),
        "workspace": {"as_of"},
        "write": {"workspace"},
        "acts": {"workspace", "write"},
        "sets": {"registry", "workspace", "write"},
        "registry": {"sets", "workspace", "write"},
        "read": {"as_of", "roots", "sets", "workspace"},
        "define": {"read", "sets", "workspace", "write"},
        "setup": {"define", "workspace", "write"},
        "site": {"as_of"},
        "campaign": {"workspace"},
        "transaction": {"acts", "campaign", "define", "read", "registry", "sets", "write"},
        "api": {"campaign", "read", "roots", "transaction", "workspace", "write"},
        "batch": {"transaction", "workspace", "write"},
    },
    "pages": {
        "engine": {"content", "drawing"},
        "content": {"drawing", "engine"},
        "drawing": {"content"},
    },
}
"""What each room of operations and of pages imports of the others there."""


@pytest.mark.parametrize("part", ROOMS)
def test_a_room_imports_the_rooms_of_its_row_and_no_other(part: str) -> None:
    rooms = ROOMS[part]
    used: dict[str, set[str]] = {room: set() for room in rooms}
    for file in (PACKAGE / part).rglob("*.py"):
        own = file.relative_to(PACKAGE / part).parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        for name in imports_of(file):
            words = name.split(".")
            if words[:2] == ["campledger", part]:
                assert len(words) > 2, f"{file} names no room of {part}"
                used[own].add(words[2])
    assert {room: found - {room} for room, found in used.items()} == rooms


def test_the_table_names_every_part() -> None:
    parts = {file.relative_to(PACKAGE).parts[0].removesuffix(".py") for file in FILES}
    assert parts == set(BELOW)


def test_reading_a_ledger_loads_no_reader_of_sets() -> None:
    program = (
        "import sys, campledger.ledger.ledger; print(*(one for one in sys.modules if 'campledger.dataids' in one))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {one.rpartition(".")[2] for one in loaded} == {"dataids", "dimensions", "formats", "sets"}
