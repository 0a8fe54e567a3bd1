"""Saved queries, made and removed on a staged ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from campledger.documents import strict
from campledger.documents.writing import format_document
from campledger.errors import RefusedError, UsageError
from campledger.ledger.queries import Queries, SavedQuery, expression_complaint, query_path
from campledger.model import query
from campledger.operations.read.find_campaigns import View
from campledger.operations.workspace import Workspace, read_bytes
from campledger.operations.write.staging import StagedLedger

_SCHEMA = "../schemas/query.schema.json"


@dataclass(frozen=True)
class Saved:
    """What became of a query."""

    name: str
    path: str
    text: str
    changed: bool = True


def save(
    staged: StagedLedger, name: str, expression: str, view: View, *, description: str = "", replace: bool = False
) -> Saved:
    """Stage a query under a name. Raise UsageError for one that cannot be saved, RefusedError if the name is taken."""
    _require_name(name)
    complaint = expression_complaint(expression)
    if complaint:
        raise UsageError(f"{complaint}\n`campledger list --help` shows the attributes")
    view.require()
    text = _text(name, expression, view, description)
    path = query_path(name)
    before = read_bytes(staged, path) if path in staged.files.paths else None
    if before is not None and _same(before, text):
        return Saved(name, path, text, changed=False)
    if before is not None and not replace:
        raise RefusedError(f"duplicate query `{name}`: --replace overwrites it", value=name)
    verb = "save" if before is None else "change"
    staged.put_query(name, text.encode(), f"{verb} the query {name}: {expression}")
    return Saved(name, path, text)


def _require_name(name: str) -> None:
    if not query.SAVED_NAME.fullmatch(name):
        raise UsageError(f"invalid name {name!r} of a query: a name consists of lower-case letters, digits, - and _")


def _text(name: str, expression: str, view: View, description: str) -> str:
    document: dict[str, Any] = {
        "name": name,
        "description": description,
        "expression": " ".join(expression.split()),
        "columns": list(view.columns or ()),
        "sort": list(view.sort or ()),
        "group": view.group,
    }
    return format_document({key: value for key, value in document.items() if value}, "query", _SCHEMA)


def _same(before: bytes, text: str) -> bool:
    """Whether a file says the same already, however it is written."""
    return bool(strict.read("", before).value == strict.read("", text.encode()).value)


def remove(staged: StagedLedger, name: str) -> Saved:
    """Stage the removal of a query. Raise UsageError if there is none."""
    _require_name(name)
    path = query_path(name)
    if path not in staged.files.paths:
        raise UsageError(f"unknown saved query `{name}`: `campledger query list` shows them", value=name)
    staged.put_query(name, None, f"remove the query {name}")
    return Saved(name, path, "")


def listed(workspace: Workspace, revision: str | None = None) -> Queries:
    """Return the saved queries on disk, or in a commit."""
    return Queries(workspace.ledger(revision))


def as_value(one: SavedQuery) -> Mapping[str, Any]:
    """Return a query as JSON has it."""
    return {**one.document, "path": one.path}
