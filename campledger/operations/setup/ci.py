"""What a git host runs for a ledger, as files for it: checks and reviews of pull requests, and the site."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from campledger import __version__
from campledger.errors import RefusedError
from campledger.files import replace
from campledger.operations.workspace import Workspace

FILES = {
    "github": {
        ".github/workflows/campledger-check.yml": "github-check.yml",
        ".github/workflows/campledger-review.yml": "github-review.yml",
    },
    "gitlab": {".gitlab-ci.yml": "gitlab.yml"},
    "github-pages": {".github/workflows/campledger-site.yml": "github-pages.yml"},
}
"""By host, or service of one, the path in the repository and the file in the package."""


def workflows(host: str, branch: str, ledger: str) -> dict[str, str]:
    """Return what a host runs, by path from the top of the repository in which the ledger is a directory."""
    filled = {
        "@BRANCH@": json.dumps(branch),
        "@LEDGER@": json.dumps(ledger.rstrip("/") or "."),
        "@VERSION@": __version__,
    }
    found = {}
    for path, name in FILES[host].items():
        text = files("campledger").joinpath("hooks", "ci", name).read_text("utf-8")
        for mark, value in filled.items():
            text = text.replace(mark, value)
        found[path] = text
    return found


@dataclass(frozen=True)
class Placed:
    """Workflow files in a repository, by path from its top."""

    written: tuple[str, ...]
    known: tuple[str, ...]
    """Those that were there as they are."""


def of_ledger(workspace: Workspace, host: str) -> dict[str, str]:
    """Return what a host runs for a ledger."""
    return workflows(host, workspace.ledger().settings.main_branch, workspace.repository.prefix)


def write_workflows(workspace: Workspace, host: str) -> Placed:
    """Write what a host runs into the work tree, for the user to read and to commit: it runs with their permissions.

    Raise RefusedError, nothing written, if one of the files is there and says something else.
    """
    found: Mapping[str, str] = of_ledger(workspace, host)
    top = workspace.root.resolve()
    for _ in filter(None, workspace.repository.prefix.split("/")):
        top = top.parent
    known = []
    for path, text in found.items():
        file = top / path
        if not file.parent.resolve().is_relative_to(top) or file.is_symlink():
            raise RefusedError(f"{path} is reached by a symbolic link, and is not written through")
        if file.exists():
            if file.read_bytes() != text.encode():
                raise RefusedError(
                    f"{path} is there already and says something else: `campledger ci {host}` prints what to add"
                )
            known.append(path)
    for path, text in found.items():
        if path not in known:
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            replace(top / path, text.encode(), 0o644)
    return Placed(tuple(path for path in found if path not in known), tuple(known))
