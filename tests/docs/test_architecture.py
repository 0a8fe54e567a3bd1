"""What docs/architecture.md and docs/decisions name exists: files, functions and tests; and the map lacks no room."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAP = ROOT / "docs/architecture.md"
PAGES = [MAP, *sorted((ROOT / "docs/decisions").glob("*.md"))]

_PLACE = re.compile(r"`([\w.-]*/[\w./-]*|[\w-]+\.(?:py|js|css|toml)|CHANGELOG\.md)(?:::([\w.]+))?`")
"""A path, perhaps with a name in it; a word without a slash is one only with the ending of a program."""


def places(text: str) -> list[tuple[str, str]]:
    """Return the paths of a page, each with the name that is looked for in the file, or nothing."""
    return _PLACE.findall(text)


def found(path: str) -> Path | None:
    """Return the file or folder of a path from the top of the repository, or from the package."""
    return next((place for top in (ROOT, ROOT / "campledger") if (place := top / path).exists()), None)


@cache
def names(file: Path) -> frozenset[str]:
    """Return the functions, classes, methods and constants of a module."""
    found: set[str] = set()

    def take(body: list[ast.stmt], before: str) -> None:
        for one in body:
            if isinstance(one, ast.FunctionDef | ast.ClassDef):
                found.add(before + one.name)
            if isinstance(one, ast.ClassDef):
                take(one.body, f"{before}{one.name}.")
            for target in one.targets if isinstance(one, ast.Assign) else [getattr(one, "target", None)]:
                if isinstance(target, ast.Name):
                    found.add(before + target.id)

    take(ast.parse(file.read_text("utf-8")).body, "")
    return frozenset(found)


def missing(text: str) -> list[str]:
    """Return what a page names and what is not there."""
    wrong = []
    for path, name in places(text):
        place = found(path)
        if place is None:
            wrong.append(path)
        elif name and name not in names(place):
            wrong.append(f"{path}::{name}")
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page: Path) -> None:
    assert not missing(page.read_text("utf-8"))


def test_the_map_has_every_room_and_every_module_at_the_top() -> None:
    text = MAP.read_text("utf-8")
    package = ROOT / "campledger"
    rooms = {f"{file.parent.relative_to(ROOT)}/" for file in package.rglob("__init__.py")} - {"campledger/"}
    rooms = {room for room in rooms if any(file.stem != "__init__" for file in (ROOT / room).glob("*.py"))}
    modules = {str(file.relative_to(ROOT)) for file in package.glob("*.py") if file.stem != "__init__"}
    assert not {one for one in rooms | modules if f"`{one}" not in text}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("`model/states.py::State.RUNNING`, `campledger/model/`, `problems.py`, `a word`, `campaign.yaml`", []),
        ("`model/stats.py`", ["model/stats.py"]),
        ("`model/states.py::Staet`", ["model/states.py::Staet"]),
        ("`tests/docs/test_architecture.py::test_nothing`", ["tests/docs/test_architecture.py::test_nothing"]),
    ],
)
def test_what_is_not_there_is_found(text: str, wrong: list[str]) -> None:
    assert missing(text) == wrong
