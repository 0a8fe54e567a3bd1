"""The states of campaigns and submissions, and which acts lead from one to another: all of it as data.

A new state of a campaign is a member of :class:`State`, a row of :data:`CAMPAIGN_STATES`, rows of the table of acts,
and a word in schemas/event.schema.json; lists, colours, signs, help and imports go by the tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar


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
        return CAMPAIGN_STATES[self].final

    @property
    def is_under_way(self) -> bool:
        """Whether it was started, and more is to come."""
        return self is not State.DEFINED and not self.is_final


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


class Colour(NamedTuple):
    """A colour by its name in the site's styles, and by its name in a terminal."""

    site: str
    terminal: str | None


GREY, FADED, TEAL = Colour("grey", None), Colour("grey", "bright_black"), Colour("teal", None)
BLUE, AMBER, GREEN = Colour("blue", "blue"), Colour("amber", "yellow"), Colour("green", "green")
RED, VIOLET = Colour("red", "red"), Colour("violet", "cyan")


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown."""

    colour: Colour
    sign: str
    """Name of its sign in the site's styles."""
    words: str = ""
    """What the site says for it, where that is not its name."""


@dataclass(frozen=True, slots=True)
class CampaignState(Look):
    """How a state of campaigns is displayed, sorted and described."""

    concern: int = 0
    """How much it needs attention: of the campaigns of one night, the state that needs most is shown."""
    final: bool = False
    """Whether nothing more is to come, short of a reopening."""
    synonyms: tuple[str, ...] = ()
    """What other systems call it, in lower case."""


CAMPAIGN_STATES = {
    State.RUNNING: CampaignState(
        BLUE, "play", concern=3, synonyms=("in progress", "active", "started", "in review")
    ),
    State.PAUSED: CampaignState(AMBER, "pause", concern=4, synonyms=("on hold", "blocked", "waiting")),
    State.DEFINED: CampaignState(
        GREY, "circle", concern=2,
        synonyms=("to do", "open", "new", "backlog", "planned", "selected for development"),
    ),
    State.COMPLETED: CampaignState(
        GREEN, "check", concern=0, final=True, synonyms=("done", "closed", "resolved", "complete", "finished")
    ),
    State.FAILED: CampaignState(RED, "cross", concern=6, final=True),
    State.CANCELLED: CampaignState(
        FADED, "none", concern=1, final=True,
        synonyms=("canceled", "won't do", "won't fix", "abandoned", "invalid"),
    ),
}  # fmt: skip
"""The states of campaigns, in the order of lists."""

CONCERN_OF_QUESTIONS = 5
"""How much it needs attention that something in a campaign awaits a decision."""

ENDED_FAILED, WAITING = "ended-failed", "waiting"
"""What a group is besides: its submission ended and failed; nothing was submitted for it."""

GROUP_STATES: dict[str, Look] = {
    SubmissionState.ACCEPTED: Look(GREEN, "check"),
    SubmissionState.ENDED: Look(VIOLET, "ask", "awaits a decision"),
    ENDED_FAILED: Look(RED, "ask", "failed, awaits a decision"),
    SubmissionState.HELD: Look(AMBER, "pause"),
    SubmissionState.REJECTED: Look(RED, "cross"),
    SubmissionState.CANCELLED: Look(FADED, "none"),
    SubmissionState.RUNNING: Look(BLUE, "play"),
    SubmissionState.SUBMITTED: Look(BLUE, "up"),
    SubmissionState.RESCUED: Look(TEAL, "turn"),
    SubmissionState.PLANNED: Look(GREY, "circle"),
    WAITING: Look(GREY, "dot"),
}
"""The states of submissions, and so of groups, as a bar shows them from left to right."""


def words_of(state: str) -> str:
    """Return how a state of groups and submissions is displayed."""
    return GROUP_STATES[state].words or state


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


@dataclass(frozen=True, slots=True)
class StateAct:
    """An act that changes a campaign's state: its past tense and description."""

    past: str
    """Tells that it was done: started."""
    about: str
    """Says what it is for."""


CAMPAIGN_ACTS = {
    "start": StateAct("started", "Let a campaign run: it takes submissions from now on."),
    "pause": StateAct("paused", "Stop new submissions for a while, or wait for a decision."),
    "resume": StateAct("resumed", "Let a paused campaign run again."),
    "complete": StateAct("completed", "Close a campaign that has reached its goal."),
    "fail": StateAct("failed", "Close a campaign that has not reached its goal."),
    "cancel": StateAct("cancelled", "Close a campaign that is no longer wanted, started or not."),
    "reopen": StateAct("reopened", "Reopen a final campaign; it is paused then."),
}
"""The acts of the table above."""

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

RESULTS = {
    "succeeded": "succeeded",
    "partial": "succeeded in part",
    "failed": "failed",
    "nothing": "had nothing to do",
}
"""How a submission may end, in words."""

PHASES = {
    "graph": "when its graph was made",
    "init": "in the initial job",
    "payload": "in the payload",
    "final": "in the final job",
}
"""In which part of a run it may fail, in words."""

OUTCOMES: dict[str, tuple[str, str | None]] = {
    "succeeded": ("ended", "succeeded"),
    "partial": ("ended", "partial"),
    "failed": ("ended", "failed"),
    "nothing": ("ended", "nothing"),
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
