"""Plain dicts -> bytes, by the packaged templates. The home of Jinja2."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import jinja2

_SITE = files("campledger").joinpath("site")


def environment() -> jinja2.Environment:
    """Return the environment of the packaged templates: everything is escaped, nothing may be undefined."""
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )


def _template(name: str) -> str | None:
    file = _SITE.joinpath("templates", name)
    return file.read_text("utf-8") if file.is_file() else None


def page(templates: jinja2.Environment, content: Mapping[str, Any]) -> bytes:
    """Return the page that the dict describes: a pure function of it."""
    # File names from git may hold lone surrogates, which UTF-8 has no bytes for.
    return templates.get_template(content["template"]).render(content).encode("utf-8", "replace")


def static_files() -> dict[str, bytes]:
    """Return the packaged styles and scripts by their paths in the site."""
    return dict(_below(_SITE.joinpath("static"), "static"))


def _below(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        here = f"{path}/{entry.name}"
        if entry.name.startswith("."):
            continue
        found += _below(entry, here) if entry.is_dir() else [(here, entry.read_bytes())]
    return found


def json_file(document: Mapping[str, Any]) -> bytes:
    """Return a document as JSON for other programs."""
    return (json.dumps(document, indent=1) + "\n").encode("ascii")


def script_file(name: str, document: Mapping[str, Any] | str) -> bytes:
    """Return a document as a script that sets a global: pages opened from a disk cannot fetch JSON."""
    # In ASCII, a script means the same whatever charset it is taken for.
    return f"window.{name} = {json.dumps(document, separators=(',', ':'))};\n".encode("ascii")
