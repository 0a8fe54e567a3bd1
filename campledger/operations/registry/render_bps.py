"""Render the BPS submit file of a group."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from campledger.bps.rendering import Rendering
from campledger.bps.tree import scan
from campledger.butler import pipetask
from campledger.documents.foreign import ForeignError
from campledger.errors import DataError, UsageError
from campledger.files import replace as replace_file
from campledger.model import rules
from campledger.model.campaign import Group
from campledger.operations.registry.group_data import Choice, make_ready
from campledger.operations.registry.upload import (
    OnProgress,
    group_of,
)
from campledger.operations.workspace import resolve
from campledger.operations.write.writing import Writing


def render(
    writing: Writing,
    campaign: str,
    place: str,
    choice: Choice,
    tables: Path | None = None,
    progress: OnProgress | None = None,
) -> str:
    """Return a group's BPS submit file: its variables filled in, and its data as the sets leave it; the rest stays.

    A registry is asked only where the group names sets, or ``choice`` a Butler.
    Raise UsageError where the definition names no such file, DataError where it cannot be read, or has placeholders
    that nothing fills.
    """
    writing.catch_up()
    workspace = writing.workspace
    ledger = workspace.ledger()
    found = ledger.record(resolve(ledger, campaign))
    group: Group = group_of(found, place)
    bps: Mapping[str, Any] = group.sections.get("processing", {}).get("bps", {})
    name = bps.get("file")
    if name is None or not rules.is_path(name) or rules.leaves_directory(name):
        raise UsageError(f"{group.path} has no BPS file in the campaign: `processing: bps: file` names it")
    data: Mapping[str, Any] = group.sections.get("data", {})
    tagged = None
    collections = [*data.get("inputs", ()), *data.get("ancillary", ())]
    selected = pipetask.select(collections, data.get("queries", ())) if data.get("inputs") else None
    try:
        file = Rendering.of(scan(workspace.root / found.directory), posixpath.normpath(name))
        file = file.filled(bps.get("variables", {}))
        if file.placeholders:
            words = ", ".join(file.placeholders)
            raise DataError(f"{found.path(name)}: nothing fills {words} for {group.path}: its variables do")
        if choice.alias is not None or data.get("include") or data.get("exclude"):
            ready = make_ready(writing, campaign, place, choice, tables, progress, for_bps=True)
            selected, tagged = ready.data, ready.tagged
        if selected is not None:
            file = file.with_data(pipetask.bps_substitutions(selected), replace_inputs=tagged is not None)
    except ForeignError as error:
        raise DataError(f"{found.path(name)}:{error.line}:{error.column}: unreadable: {error.message}") from None
    return file.text


def write(out: Path, text: str) -> None:
    """Write a rendered file at once. Raise UsageError where that cannot be."""
    try:
        replace_file(out, text.encode(), 0o644)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
