"""The states of campaigns and submissions, and which acts lead from one to another: both tables, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar


class State(StrEnum):
    """State of a campaign. Never stored: replayed from its events."""

    DEFINED = "defined"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more is to come, short of a reopening."""
        return self in {State.COMPLETED, State.FAILED, State.CANCELLED}


class SubmissionState(StrEnum):
    """State of a submission: what the workflow system said, then what people decided."""

    PLANNED = "planned"
    SUBMITTED = "submitted"
    RUNNING = "running"
    HELD = "held"
    ENDED = "ended"
    ACCEPTED = "accepted"
    RESCUED = "rescued"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


StateT = TypeVar("StateT", State, SubmissionState)


@dataclass(frozen=True, slots=True)
class Transition(Generic[StateT]):
    """An act that leads from one state to another."""

    act: str
    source: StateT
    target: StateT
    needs_reason: bool = False


def _table(rows: str, states: type[StateT]) -> tuple[Transition[StateT], ...]:
    transitions = []
    for row in rows.strip().splitlines():
        act, sources, target, *reason = row.split()
        transitions += [Transition(act, states(source), states(target), bool(reason)) for source in sources.split(",")]
    return tuple(transitions)


CAMPAIGN_TABLE = _table(
    """
    start     defined                     running
    pause     running                     paused     reason
    resume    paused                      running
    complete  running,paused              completed
    fail      running,paused              failed     reason
    cancel    defined,running,paused      cancelled  reason
    reopen    completed,failed,cancelled  paused     reason
    """,
    State,
)
"""How a campaign changes its state."""

SUBMISSION_TABLE = _table(
    """
    submitted  planned                         submitted
    running    submitted,held                  running
    held       submitted,running               held
    ended      submitted,running,held          ended
    cancelled  planned,submitted,running,held  cancelled  reason
    accepted   ended,rescued                   accepted
    accepted   rejected                        accepted   reason
    rescued    ended,rejected                  rescued
    rejected   ended,rescued,accepted          rejected   reason
    """,
    SubmissionState,
)
"""How a submission changes its state. `rescued` follows by itself once others cover all its groups."""

OUTCOMES: dict[str, tuple[str, str | None]] = {
    "succeeded": ("ended", "succeeded"),
    "failed": ("ended", "failed"),
    "submitted": ("submitted", None),
    "running": ("running", None),
    "held": ("held", None),
    "cancelled": ("cancelled", None),
}
"""What people say of a run: the state that its submission enters by that, and the result."""


def acts_from(state: State) -> list[str]:
    """Return the acts that a campaign in this state allows, in the table's order."""
    return [row.act for row in CAMPAIGN_TABLE if row.source is state]


def campaign_transition(source: State, target: State) -> Transition[State] | None:
    """Return the table's row for this change of a campaign's state, or None where it is illegal."""
    return next((row for row in CAMPAIGN_TABLE if (row.source, row.target) == (source, target)), None)


def submission_transition(source: SubmissionState, target: SubmissionState) -> Transition[SubmissionState] | None:
    """Return the table's row for this change of a submission's state, or None where it is illegal."""
    return next((row for row in SUBMISSION_TABLE if (row.source, row.target) == (source, target)), None)
