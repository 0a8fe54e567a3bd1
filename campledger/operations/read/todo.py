"""Following campaigns: what waits for somebody, and what may be done with one of them now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from campledger.errors import DataError
from campledger.ledger.ledger import Ledger, Record
from campledger.model import query, times
from campledger.model.campaign import Campaign
from campledger.model.history import History
from campledger.model.ids import CAMPAIGN_ID
from campledger.model.progress import Progress
from campledger.model.proposals import Proposal, on_campaign
from campledger.model.states import CAMPAIGN_TABLE, State, Transition
from campledger.model.text_format import counted
from campledger.model.todo import (
    TodoItem,
    is_of_one_night,
    matters,
    people_of,
    pressing,
    to_submit,
    todo,
    under_way,
)
from campledger.operations.as_of import committed
from campledger.operations.read.find_campaigns import terms_of
from campledger.operations.workspace import Workspace, resolve
from campledger.problems import Problem, report_text


@dataclass(frozen=True)
class Waiting:
    """A campaign, and something that it asks for."""

    campaign: Campaign
    history: History
    matter: TodoItem


@dataclass(frozen=True)
class Todo:
    """What waits, the most pressing first; campaigns of one night come after the others."""

    waiting: list[Waiting]
    me: str | None
    """Whose campaigns were looked at; None for everybody's."""
    unreadable: list[Problem]
    """The first problem of each campaign that could not be read."""


def what_waits(workspace: Workspace, expression: str = "", *, mine: bool = False, revision: str | None = None) -> Todo:
    """Return what waits in the campaigns that an expression finds, or in those that I own or operate.

    Silence and dates are told by the clock, or by the time of the commit that is read. Raise UsageError for an
    expression that cannot be understood, GitError where git does not know who I am.
    """
    ledger = workspace.ledger(revision)
    terms, _ = terms_of(workspace, ledger, expression)
    me = workspace.user(ledger) if mine else None
    now = datetime.now(UTC)
    if revision is not None:
        now = times.parse(committed(workspace.repository, workspace.commit_of(revision)))
    found: list[tuple[bool, Waiting]] = []
    unreadable: list[Problem] = []
    for record in ledger.records():
        if record.campaign is None or record.history is None or not CAMPAIGN_ID.fullmatch(record.id):
            unreadable += record.problems[:1]
            continue
        if me is not None and me not in people_of(record.campaign, record.history):
            continue
        if record.history.state.is_final:
            continue  # nothing more is to come
        asking = todo(Progress(record.campaign, record.history), now, len(record.blocking))
        facts = query.facts_of(record.campaign, record.history) if asking else {}
        if asking and query.matches(terms, facts):
            night = is_of_one_night(facts["day_obs"])
            found += [(night, Waiting(record.campaign, record.history, matter)) for matter in asking]
    found.sort(key=lambda one: (one[0], one[1].matter.rank, one[1].matter.since, one[1].campaign.id))
    return Todo([one for _, one in found], me, unreadable)


@dataclass(frozen=True)
class Next:
    """What may be done with a campaign now."""

    campaign: Campaign
    history: History
    deciding: list[TodoItem]
    """What needs a person, the most pressing first."""
    ready: list[TodoItem]
    """What may be submitted: what is planned, what came to nothing and is to be repeated, groups that wait."""
    under_way: list[TodoItem]
    """What the workflow system is at work on."""
    later: list[tuple[str, list[str]]]
    """Steps that may not run yet, each with the steps that they wait for."""
    acts: list[tuple[Transition[State], Proposal]]
    """What may become of the campaign's state, each with its command."""
    withheld: list[tuple[str, str]]
    """Acts that its state allows and something else forbids, each with what that is."""


def what_next(workspace: Workspace, reference: str, revision: str | None = None) -> Next:
    """Return what may be done with a campaign. Raise UsageError if there is none, DataError if it cannot be read."""
    ledger = workspace.ledger(revision)
    record = ledger.record(resolve(ledger, reference))
    campaign, history = _readable(record)
    progress = Progress(campaign, history)
    open_ = not history.state.is_final
    running = history.state is State.RUNNING
    later = [
        (step.name, progress.missing(step))
        for step in campaign.steps
        if open_ and progress.open_groups(step) and not (running and not progress.missing(step))
    ]
    withheld = dict(_withheld(ledger, record))
    acts = [row for row in CAMPAIGN_TABLE if row.source is history.state and row.act not in withheld]
    return Next(
        campaign,
        history,
        pressing(matters(progress)),
        to_submit(progress),
        under_way(progress) if open_ else [],
        later,
        [(row, on_campaign(row.act, campaign.id, reason=row.needs_reason)) for row in acts],
        list(withheld.items()),
    )


def _readable(record: Record) -> tuple[Campaign, History]:
    if record.campaign is None or record.history is None:
        raise DataError(f"{record.id} cannot be read:\n{report_text(record.problems)}")
    return record.campaign, record.history


def _withheld(ledger: Ledger, record: Record) -> Iterator[tuple[str, str]]:
    """Yield the acts that a campaign's state allows and that would be refused, each with the reason."""
    campaign, history = _readable(record)
    if history.state is State.DEFINED and record.blocking:
        count = counted(len(record.blocking), "problem")
        yield "start", f"{count} to settle before, which `campledger show {record.id}` lists"
    if history.state.is_final:
        name = campaign.name.encode()
        near = [one for one, text in ledger.definitions().items() if one != record.id and name in text]
        for other in (one for one in ledger.records(near) if one.is_open):
            if other.campaign is not None and other.campaign.name == campaign.name:
                yield "reopen", f"{other.id} has its name, and is not final"
