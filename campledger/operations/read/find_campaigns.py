"""Finding campaigns: list, show, log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campledger.errors import GitError, UsageError
from campledger.ledger.ledger import Ledger, Record
from campledger.ledger.queries import Queries, SavedQuery
from campledger.model import query, times
from campledger.model.columns import USUAL, Row, in_order, row_of, unknown_column
from campledger.model.history import Event, History
from campledger.operations.workspace import Workspace, resolve
from campledger.problems import Problem


@dataclass(frozen=True)
class Listing:
    """Campaigns that were found."""

    rows: list[Row]
    """Each with every column, and the names of all its steps and the number of its problems."""
    unreadable: list[Problem]
    """The first problem of each campaign that could not be read."""
    total: int
    columns: tuple[str, ...]
    """What to show of them."""
    group: str | None
    """The column that parts them; the rows of one part stand together."""


@dataclass(frozen=True)
class View:
    """How campaigns are shown; what is None is as a saved query has it, or as usual."""

    columns: Sequence[str] | None = None
    sort: Sequence[str] | None = None
    group: str | None = None

    def require(self) -> None:
        """Raise UsageError if one of the names is no column."""
        for name in (*(self.columns or ()), *(one.removeprefix("-") for one in self.sort or ()), self.group):
            complaint = unknown_column(name) if name is not None else None
            if complaint:
                raise UsageError(str(complaint))


AS_USUAL = View()


def find(
    workspace: Workspace,
    expression: str = "",
    view: View = AS_USUAL,
    *,
    revision: str | None = None,
    limit: int | None = None,
) -> Listing:
    """Return the campaigns that satisfy an expression, sorted; `@NAME` in it stands for a saved query.

    Raise UsageError for an expression or a view that cannot be understood, DataError for a saved query that cannot
    be read.
    """
    view.require()
    ledger = workspace.ledger(revision)
    terms, saved = terms_of(workspace, ledger, expression)
    rows: list[Row] = []
    unreadable: list[Problem] = []
    total = 0
    for record in ledger.records():
        total += 1
        if record.campaign is None:
            unreadable += record.problems[:1]
            continue
        history = record.history or History()
        facts = query.facts_of(record.campaign, history)
        if query.matches(terms, facts):
            rows.append(row_of(record.campaign, history, facts) | {"problems": len(record.problems)})
    # Of several saved queries, the first one that says something of the view is followed.
    said: dict[str, Any] = {}
    for one in reversed(saved):
        said |= {key: one.document[key] for key in ("columns", "sort", "group") if key in one.document}
    group = view.group or said.get("group")
    ordered = in_order(rows, view.sort or said.get("sort", ()), group)
    columns = tuple(view.columns or said.get("columns", USUAL))
    return Listing(ordered[:limit], unreadable, total, columns, group)


def terms_of(workspace: Workspace, ledger: Ledger, expression: str) -> tuple[tuple[query.Term, ...], list[SavedQuery]]:
    """Return what an expression and the saved queries in it ask for. Raise UsageError, DataError as `find` does."""
    try:
        names, rest = query.saved_names(expression)
        queries = Queries(ledger)
        saved = [queries.named(name) for name in names]
        parts = [*(one.expression for one in saved), rest]
        me = None
        if any("me" in part for part in parts):
            with suppress(GitError):  # an expression that does not ask for `me` needs no identity
                me = workspace.user(ledger)
        return tuple(term for part in parts for term in query.parse(part, me)), saved
    except query.QueryError as error:
        raise UsageError(f"{error}\n`campledger list --help` shows the attributes") from None


def show(workspace: Workspace, reference: str, revision: str | None = None) -> Record:
    """Return a campaign, by what people call it, as it is on disk or in a commit."""
    ledger = workspace.ledger(revision)
    return ledger.record(resolve(ledger, reference))


@dataclass(frozen=True)
class EventFilter:
    """Which events a log shows; what is empty or None does not matter."""

    types: Iterable[str] = ()
    by: str | None = None
    """A handle, or `me`."""
    on: str | None = None
    """A step or a group: what is about it, or about a part of it."""
    since: datetime | None = None
    until: datetime | None = None
    """Both go by when it happened."""


ALL = EventFilter()


def log(
    workspace: Workspace,
    references: Sequence[str] = (),
    expression: str = "",
    wanted: EventFilter = ALL,
    *,
    revision: str | None = None,
) -> Iterator[tuple[Record, Event]]:
    """Yield the events of some campaigns, or of all, that also satisfy an expression, newest first.

    Raise UsageError for a campaign that there is not, a step that none of them has, or an expression that cannot be
    understood.
    """
    ledger = workspace.ledger(revision)
    terms, _ = terms_of(workspace, ledger, expression)
    by = workspace.user(ledger) if wanted.by == "me" else wanted.by
    ids = dict.fromkeys(resolve(ledger, one) for one in references) or None
    pairs: list[tuple[Record, Event]] = []
    known = wanted.on is None
    for record in ledger.records(ids):
        campaign, history = record.campaign, record.history
        if campaign is None or history is None:
            continue
        if terms and not query.matches(terms, query.facts_of(campaign, history)):
            continue
        known = known or bool(campaign.groups_of(wanted.on or ""))
        pairs += [(record, event) for event in history.events if _is_wanted(event, history, wanted, by)]
    if not known:
        raise UsageError(f"no campaign here has a step or group `{wanted.on}`: `campledger show CAMPAIGN` lists them")
    yield from sorted(pairs, key=lambda pair: (pair[1].time, pair[1].id), reverse=True)


def _is_wanted(event: Event, history: History, wanted: EventFilter, by: str | None) -> bool:
    if wanted.types and event.type not in wanted.types:
        return False
    if by is not None and event.by.lower() != by.lower():
        return False
    if wanted.on is not None and not _is_about(event, history, wanted.on):
        return False
    if wanted.since is None and wanted.until is None:
        return True
    at = times.parse(event.at)
    return (wanted.since is None or at >= wanted.since) and (wanted.until is None or at <= wanted.until)


def _is_about(event: Event, history: History, place: str) -> bool:
    """Whether an event names a step or group, or is about a submission over it."""
    named = [event.data["on"]] if "on" in event.data else [*event.data.get("groups", ())]
    submission = history.submissions.get(event.data.get("submission", ""))
    named += submission.groups if submission is not None else ()
    return any(one == place or one.startswith(f"{place}/") for one in named)
