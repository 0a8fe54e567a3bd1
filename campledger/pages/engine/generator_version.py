"""Cache key of the site generator: a hash of its code and templates, so that a newer program rebuilds pages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

_LIBRARIES = ("jinja2", "markdown-it-py", "pyyaml", "jsonschema", "jsonschema-rs")
"""Libraries whose versions may change a page."""

_APART = {"__pycache__", "hooks", "butler", "bps", "cli"}
"""Parts of the package that have no part in a page."""


def program(templates: Mapping[str, str]) -> str:
    """Return what stands for all code and templates from which a page's bytes follow, the ledger's own included."""
    found = _packaged().copy()
    for name, source in sorted(templates.items()):
        found.update(f"{name}\0{source}\0".encode())
    return found.hexdigest()


@cache
def _packaged() -> hashlib.blake2b:
    """Return the digest of what came with the package, as it was when it was first asked for: so is the code."""
    libraries = " ".join(version(name) for name in _LIBRARIES)
    found = hashlib.blake2b(libraries.encode(), digest_size=12)
    for path, content in _files(files("campledger"), ""):
        found.update(f"{path}\0{len(content)}\0".encode())
        found.update(content)
    return found


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name in _APART:
            continue
        here = f"{path}/{entry.name}"
        if entry.is_dir():
            yield from _files(entry, here)
        else:
            yield here, entry.read_bytes()
