"""The campaign files of ProdStat, which Rubin's trees keep beside submit files: which issue belongs to which step.

A mapping with `name` (version and ticket, joined by an underscore), `issue`, and `steps` with `name` and `issue_name`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from campledger.bps.tree import Tree
from campledger.documents.foreign import ForeignError

_TICKET = re.compile(r"[A-Za-z][A-Za-z0-9_]*-[0-9]+")


@dataclass(frozen=True, slots=True)
class ProdStatCampaign:
    """One such file."""

    path: str
    name: str
    issue: str
    steps: tuple[tuple[str, str], ...]
    """Names of steps and their issues."""


def read_prodstat(tree: Tree, path: str) -> ProdStatCampaign | None:
    """Return a file of the tree as ProdStat's, or None if it is none."""
    try:
        value = tree.value(path)
    except ForeignError:
        return None
    if not isinstance(value, Mapping) or not isinstance(value.get("steps"), list) or "name" not in value:
        return None
    steps = tuple(
        (str(step["name"]), _ticket(step.get("issue_name")))
        for step in value["steps"]
        if isinstance(step, Mapping) and "name" in step
    )
    if len(steps) != len(value["steps"]):
        return None
    found = ProdStatCampaign(path, str(value["name"]), _ticket(value.get("issue")), steps)
    return found if found.issue or any(issue for _, issue in steps) else None


def _ticket(value: object) -> str:
    return value if isinstance(value, str) and _TICKET.fullmatch(value) else ""
