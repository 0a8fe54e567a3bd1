"""A ledger's own templates and static files, in overrides/: they go before the packaged ones.

`overrides/templates/NAME.html` is taken instead of the packaged template of that name, which it extends as
`packaged/NAME.html`, block by block. Files in `overrides/static/` stand beside the packaged ones.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

from campledger.errors import DataError
from campledger.repository.file_trees import Files

FOLDER = "overrides/"
_TEMPLATES = f"{FOLDER}templates/"
_STATIC = f"{FOLDER}static/"
_MADE = ("built.js", "ledger.js", "definitions")
"""What every build makes in static/ itself, besides what it finds there."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a ledger has in overrides/."""

    templates: Mapping[str, str] = field(default_factory=dict)
    """Sources by name, such as campaign.html."""
    static: Mapping[str, bytes] = field(default_factory=dict)
    """Contents by path in the site, such as static/logo.svg."""


def read(files: Files) -> Overrides:
    """Read the overrides of a ledger. Raise DataError for what cannot be one, with its path."""
    paths = [path for path in files.paths if path.startswith(FOLDER) or path == FOLDER.rstrip("/")]
    for path in paths:
        _require(path, link=files.paths[path])
    contents = files.read(path for path in paths if not _is_furniture(path))
    templates = {
        path.removeprefix(_TEMPLATES): _decoded(path, content)
        for path, content in contents.items()
        if path.startswith(_TEMPLATES)
    }
    static = {
        f"static/{path.removeprefix(_STATIC)}": content
        for path, content in contents.items()
        if path.startswith(_STATIC)
    }
    return Overrides(templates, static)


def _require(path: str, *, link: bool) -> None:
    if link:
        raise DataError(f"{path}:0:0: path-outside: a symbolic link; copy the file that it names")
    if not path.startswith((_TEMPLATES, _STATIC)) and not _is_furniture(path):
        raise DataError(f"{path}:0:0: an override is in {_TEMPLATES} or {_STATIC}; move it there, or remove it")
    if path.startswith(_STATIC) and path.removeprefix(_STATIC).split("/")[0] in _MADE:
        raise DataError(f"{path}:0:0: a build makes this file of the site itself; give yours another name")
    # What would be no file name elsewhere would be none in the site's folder either.
    if "\\" in path or not path.isprintable():
        raise DataError(f"{path!a}:0:0: no name for a file of a site; rename it")


def _is_furniture(path: str) -> bool:
    name = posixpath.basename(path)
    return name.startswith(".") or name.upper().startswith("README")


def _decoded(path: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"{path}:{line}:0: unreadable: a template is UTF-8 text") from None
