"""Finding campaigns: list, show, log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from campledger.errors import GitError, UsageError
from campledger.ledger.reading import Record
from campledger.model import query
from campledger.model.history import Event, History
from campledger.model.states import SubmissionState
from campledger.operations.workspace import Workspace, resolve
from campledger.problems import Problem

COLUMNS = ("state", "id", "kind", "owner", "instrument", "stack", "step", "groups", "changed", "title")
"""What `list` shows unless told otherwise."""

EXTRA_COLUMNS = ("title", "groups", "step")
"""Columns that are no attribute of the query language, or mean something else as a column."""

STATE_ORDER = ("running", "paused", "defined", "completed", "failed", "cancelled")


@dataclass(frozen=True)
class Listing:
    """Campaigns that were found."""

    rows: list[dict[str, Any]]
    """Each with every attribute of the query language, title, current step, groups as [accepted, all]."""
    unreadable: list[Problem]
    """The first problem of each campaign that could not be read."""
    total: int


def find(
    workspace: Workspace,
    expression: str = "",
    *,
    revision: str | None = None,
    sort: Sequence[str] = (),
    limit: int | None = None,
) -> Listing:
    """Return the campaigns that satisfy an expression, sorted. Raise UsageError for one that cannot be read."""
    ledger = workspace.ledger(revision)
    me = None
    if "me" in expression:
        with suppress(GitError):  # an expression that does not ask for `me` needs no identity
            me = workspace.user(ledger)
    try:
        terms = query.parse(expression, me)
    except query.QueryError as error:
        raise UsageError(f"{error}\n`campledger list --help` shows the attributes") from None
    for name in sort:
        _require_column(name.lstrip("-"))
    rows: list[dict[str, Any]] = []
    unreadable: list[Problem] = []
    total = 0
    for record in ledger.records():
        total += 1
        if record.campaign is None:
            unreadable += record.problems[:1]
            continue
        facts = query.facts_of(record.campaign, record.history or History())
        if query.matches(terms, facts):
            rows.append(row_of(record, facts))
    for name in reversed(sort):
        rows.sort(key=lambda row: _sort_key(row, name.lstrip("-")), reverse=name.startswith("-"))
    if not sort:
        rows.sort(key=lambda row: STATE_ORDER.index(row["state"]))
    return Listing(rows[:limit], unreadable, total)


def _require_column(name: str) -> None:
    if name not in query.ATTRIBUTES and name not in EXTRA_COLUMNS:
        raise UsageError(f"there is no column `{name}`: known are {', '.join([*query.ATTRIBUTES, *EXTRA_COLUMNS])}")


def require_columns(names: Sequence[str]) -> None:
    """Raise UsageError if one of the names is no column."""
    for name in names:
        _require_column(name)


def _sort_key(row: dict[str, Any], name: str) -> tuple[int, Any]:
    value = row[name]
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None:
        return (2, "")
    return (0, value) if isinstance(value, int) else (1, str(value).lower())


def row_of(record: Record, facts: query.Facts) -> dict[str, Any]:
    """Return a campaign as list and JSON show it: single values as they are, several as a list."""
    campaign, history = record.campaign, record.history or History()
    if campaign is None:
        raise UsageError(f"{record.id} cannot be read")
    single = {
        "id", "name", "state", "production", "kind", "owner", "started", "changed", "deadline", "parent"
    }  # fmt: skip
    row: dict[str, Any] = {
        name: (values[0] if values else None) if name in single else list(values)
        for name, values in facts.items()
        if name != "text"
    }
    states = {group: history.group_state(group) for group in campaign.groups}
    done = [group for group, state in states.items() if state == SubmissionState.ACCEPTED]
    current = next((step.name for step in campaign.steps if any(g.path not in done for g in step.groups)), None)
    row |= {
        "title": campaign.title,
        "steps": row["step"],
        "step": current,
        "groups": [len(done), len(states)],
    }
    row["problems"] = len(record.problems)
    return row


def show(workspace: Workspace, reference: str, revision: str | None = None) -> Record:
    """Return a campaign, by what people call it, as it is on disk or in a commit."""
    ledger = workspace.ledger(revision)
    return ledger.record(resolve(ledger, reference))


def log(workspace: Workspace, references: Sequence[str]) -> Iterator[tuple[Record, Event]]:
    """Yield the events of some campaigns, or of all, newest first."""
    ledger = workspace.ledger()
    ids = [resolve(ledger, one) for one in references] or None
    pairs = [
        (record, event)
        for record in ledger.records(ids)
        if record.history is not None
        for event in record.history.events
    ]
    yield from sorted(pairs, key=lambda pair: (pair[1].time, pair[1].id), reverse=True)
