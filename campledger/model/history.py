"""What happened to a campaign: events, and their replay into the state reached.

Replay goes by the events' `time`, whatever their order in the file (a union merge interleaves two branches). It
never fails: an event that does not follow from the state reached is reported and has no effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from campledger.model.campaign import Campaign
from campledger.model.event_kinds import kind_of
from campledger.model.states import (
    State,
    SubmissionState,
    Transition,
    acts_from,
    campaign_transition,
    submission_transition,
)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a history. ``data`` is the whole JSON object; see schemas/event.schema.json."""

    data: Mapping[str, Any]
    line: int = 0
    path: str = ""
    """Path of its file; empty before it is written."""
    newer: bool = False
    """Whether only a newer campledger understands it: it is kept, and has no effect."""

    @property
    def id(self) -> str:
        """The event's random identity."""
        return str(self.data["id"])

    @property
    def type(self) -> str:
        """What sort of event it is."""
        return str(self.data["type"])

    @property
    def time(self) -> str:
        """When it was recorded."""
        return str(self.data["time"])

    @property
    def at(self) -> str:
        """When it happened: `at`, or else `time`."""
        return str(self.data.get("at", self.data["time"]))

    @property
    def by(self) -> str:
        """Who did it."""
        return str(self.data["by"])


@dataclass(frozen=True, slots=True)
class Submission:
    """A BPS run, with what its events say of it."""

    id: str
    state: SubmissionState
    relation: str
    groups: tuple[str, ...]
    parents: tuple[str, ...]
    facts: Mapping[str, Any]
    """run_id, run, submit_dir, wms, file, deviations, pins, contents, result, phase, jobs, quanta, datasets, failures,
    counted: the latest of each."""
    events: tuple[Event, ...]
    superseded: frozenset[str] = frozenset()
    """Groups that a later rescue, restart or replacement took over."""

    @property
    def result(self) -> str | None:
        """One of :data:`states.RESULTS`, as the workflow system said; None before."""
        return self.facts.get("result")

    @property
    def reason(self) -> str | None:
        """The reason of its last event that gave one."""
        return next((event.data["reason"] for event in reversed(self.events) if "reason" in event.data), None)

    @property
    def is_planned(self) -> bool:
        """Whether nobody submitted it yet."""
        return self.state is SubmissionState.PLANNED

    @property
    def came_to_nothing(self) -> bool:
        """Whether it was rejected or cancelled."""
        return self.state in {SubmissionState.REJECTED, SubmissionState.CANCELLED}

    @property
    def stands(self) -> bool:
        """Whether it was submitted and did not come to nothing: it stands in for its parents."""
        return not self.is_planned and not self.came_to_nothing

    @property
    def is_under_way(self) -> bool:
        """Whether the workflow system is at work on it."""
        return self.state in {SubmissionState.SUBMITTED, SubmissionState.RUNNING}

    @property
    def groups_in_force(self) -> list[str]:
        """The groups that no later submission took over."""
        return [group for group in self.groups if group not in self.superseded]


@dataclass(frozen=True)
class GroupStatus:
    """Status of a group: the submissions that cover it, and the one that decides its state."""

    path: str
    """STEP/GROUP."""
    submissions: tuple[Submission, ...] = ()
    """Those that cover it, oldest first."""

    @cached_property
    def in_force(self) -> tuple[Submission, ...]:
        """The submissions that no later one took it over from, oldest first."""
        return tuple(one for one in self.submissions if self.path not in one.superseded)

    @cached_property
    def deciding(self) -> Submission | None:
        """The submission from which it has its state: the latest that is accepted; else the latest that was submitted.

        One that came to nothing gives the group back, so it decides only where no other one was submitted, and one that
        is only planned does not hide what came of those before.
        """
        ranks: tuple[Callable[[Submission], bool], ...] = (
            lambda one: one.state is SubmissionState.ACCEPTED,
            lambda one: one.stands,
            lambda one: one.came_to_nothing,
            lambda one: one.is_planned,
        )
        return next((one for rank in ranks for one in reversed(self.in_force) if rank(one)), None)

    @property
    def state(self) -> str:
        """The state of the submission that decides; `waiting` where none covers it."""
        return str(self.deciding.state) if self.deciding else "waiting"

    @property
    def is_accepted(self) -> bool:
        """Whether a submission in force over it is accepted."""
        return self.deciding is not None and self.deciding.state is SubmissionState.ACCEPTED

    @property
    def failed(self) -> bool:
        """Whether it ended with failures, and nobody has decided."""
        one = self.deciding
        return one is not None and one.state is SubmissionState.ENDED and one.result == "failed"

    @property
    def planned(self) -> Submission | None:
        """The latest submission in force over it that is only planned."""
        return next((one for one in reversed(self.in_force) if one.is_planned), None)

    @property
    def is_open(self) -> bool:
        """Whether it needs a submission: none was made, the last came to nothing, or the next is planned only."""
        one = self.deciding
        return one is None or one.is_planned or one.came_to_nothing or (self.failed and self.planned is not None)

    @property
    def claims(self) -> list[Submission]:
        """The submissions in force that did not come to nothing: where there is one, no first one may follow."""
        return [one for one in self.in_force if not one.came_to_nothing]


@dataclass(frozen=True, slots=True)
class Fault:
    """An event that has no effect, and why."""

    event: Event
    rule: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class History:
    """A campaign's events, replayed."""

    events: tuple[Event, ...] = ()
    state: State = State.DEFINED
    since: Event | None = None
    """The event that led to the present state; None while defined."""
    submissions: Mapping[str, Submission] = field(default_factory=dict)
    operators: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Handles by place: "" for the campaign, else STEP or STEP/GROUP."""
    ticked: Mapping[str, Event] = field(default_factory=dict)
    """The items of the checklist that are done, each with the event that said so."""
    faults: tuple[Fault, ...] = ()
    dropped: frozenset[str] = frozenset()
    """Ids of events that a retraction or reconciliation took back."""

    @property
    def last(self) -> Event | None:
        """The event recorded last."""
        return self.events[-1] if self.events else None

    @property
    def last_time(self) -> str | None:
        """The latest time that the next event has to be after.

        What was taken back does not count, nor does the taking back: both may carry the date of a wrong clock.
        """
        counting = (event for event in self.events if event.id not in self.dropped and event.type != "retracted")
        return max((event.time for event in counting), default=None)

    @cached_property
    def effective(self) -> list[Event]:
        """The events that count: understood, and neither taken back nor at fault."""
        at_fault = {fault.event.id for fault in self.faults}
        return [event for event in self.events if not event.newer and event.id not in self.dropped | at_fault]

    @cached_property
    def _covered(self) -> dict[str, GroupStatus]:
        """Status of each group that a submission covers."""
        covering: dict[str, list[Submission]] = {}
        for submission in self.submissions.values():
            for group in submission.groups:
                covering.setdefault(group, []).append(submission)
        return {path: GroupStatus(path, tuple(found)) for path, found in covering.items()}

    @cached_property
    def doubled(self) -> dict[tuple[str, ...], list[str]]:
        """The groups that submissions process side by side, neither following the other, by those submissions' ids."""
        found: dict[tuple[str, ...], list[str]] = {}
        for path, status in self._covered.items():
            standing = tuple(one.id for one in status.in_force if one.stands)
            if len(standing) > 1:
                found.setdefault(standing, []).append(path)
        return found

    def group(self, path: str) -> GroupStatus:
        """Return the status of a group, STEP/GROUP."""
        return self._covered.get(path) or GroupStatus(path)


def replay(campaign: Campaign, events: Iterable[Event]) -> History:
    """Return what the events, in the order of their `time`, make of the campaign."""
    ordered = tuple(sorted(events, key=lambda event: (event.time, event.id)))
    machine = Replay(campaign, ordered, _dropped(ordered))
    for event in ordered:
        if event.id not in machine.dropped:
            machine.take(event)
    return machine.history()


def _dropped(ordered: tuple[Event, ...]) -> frozenset[str]:
    """Return the ids taken back. A retraction can itself be retracted, so the latest word comes first."""
    taking = [(place, event.id, ids) for place, event in enumerate(ordered) if (ids := _taken_back(event))]
    places = _places(ordered) if taking else {}
    dropped: set[str] = set()
    for place, taker, ids in reversed(taking):
        if taker not in dropped:
            dropped.update(one for one in ids if places.get(one, place) < place)
    return frozenset(dropped)


def _places(ordered: tuple[Event, ...]) -> dict[str, int]:
    return {event.id: place for place, event in enumerate(ordered)}


def _taken_back(event: Event) -> Sequence[str]:
    """Return the ids of the events that this one takes back, whether or not they exist."""
    return kind_of(event).takes_back(event)


class Replay:
    """The state that replay builds up, event by event; :mod:`event_kinds` says what each kind does to it."""

    def __init__(self, campaign: Campaign, ordered: tuple[Event, ...], dropped: frozenset[str]):
        self.campaign = campaign
        self.ordered = ordered
        self.places = _places(ordered)
        self.dropped = dropped
        self.known = {"", *campaign.groups, *(step.name for step in campaign.steps)}
        self.state = State.DEFINED
        self.since: Event | None = None
        self.submissions: dict[str, Submission] = {}
        self.children: dict[str, list[str]] = {}
        self.operators: dict[str, tuple[str, ...]] = {}
        self.ticked: dict[str, Event] = {}
        self.faults: list[Fault] = []
        planned = {"": campaign.definition.get("operators", ())}
        for step in campaign.steps:
            planned[step.name] = step.definition.get("operators", ())
            planned |= {group.path: group.definition.get("operators", ()) for group in step.groups}
        self.operators = {place: tuple(people) for place, people in planned.items() if people}

    def history(self) -> History:
        """Return what the events taken so far made of the campaign."""
        return History(
            events=self.ordered,
            state=self.state,
            since=self.since,
            submissions=self.submissions,
            operators=self.operators,
            ticked=self.ticked,
            faults=tuple(self.faults),
            dropped=self.dropped,
        )

    def take(self, event: Event) -> None:
        """Take the next event into the state, or report why it has no effect."""
        kind_of(event).replay(self, event)

    def fault(self, event: Event, rule: str, message: str, hint: str = "") -> None:
        """Report that an event has no effect, and why."""
        self.faults.append(Fault(event, rule, message, hint))

    def change_state(self, event: Event) -> None:
        """Take a change of the campaign's state."""
        source, target = State(event.data["from"]), State(event.data["to"])
        transition = campaign_transition(source, target)
        settle = "`campledger reconcile` resolves a fork, `campledger retract` takes one event back"
        if source is not self.state:
            message = f"it goes from {source} to {target}, but the campaign is {self.state} at that time"
            self.fault(event, "illegal-transition", message, settle)
        elif transition is None:
            message = f"a campaign cannot go from {source} to {target}"
            self.fault(event, "illegal-transition", message, f"possible from {source}: {_words(source)}")
        elif transition.needs_reason and not event.data.get("reason"):
            self.fault(event, "missing-reason", f"`{transition.act}` needs a reason")
        else:
            self.state, self.since = target, event

    def submit(self, event: Event) -> None:
        """Take a new submission."""
        data = event.data
        state = SubmissionState(data["state"])
        parents = tuple(data.get("parents", ()))
        unknown = [group for group in data["groups"] if group not in self.campaign.groups]
        strangers = [parent for parent in parents if parent not in self.submissions]
        if unknown:
            self.fault(event, "unknown-step", f"unknown group {', '.join(unknown)}")
        elif strangers:
            self.fault(
                event,
                "unknown-event",
                f"unknown submission {', '.join(strangers)}: no event before this one records it",
            )
        elif state is SubmissionState.SUBMITTED and self.state is not State.RUNNING:
            message = f"a submission while the campaign is {self.state}"
            self.fault(event, "illegal-transition", message, "only a running campaign takes new submissions")
        else:
            self.submissions[event.id] = Submission(
                id=event.id,
                state=state,
                relation=data["relation"],
                groups=tuple(data["groups"]),
                parents=parents,
                facts=_facts(data),
                events=(event,),
            )
            for parent in parents:
                self.children.setdefault(parent, []).append(event.id)
            self._follow(event, self.submissions[event.id])

    def _follow(self, event: Event, child: Submission) -> None:
        """Work out anew what the submission that changed, and others beside it, took over from their parents."""
        waiting = [child]
        while waiting:
            one = waiting.pop()
            for parent in one.parents:
                before = self.submissions[parent]
                others = [self.submissions[one] for one in self.children[parent]]
                taken = frozenset(group for other in others if other.stands for group in other.groups)
                superseded = taken & frozenset(before.groups)
                if superseded == before.superseded:
                    continue
                taken_over = one is child and superseded > before.superseded and event.type != "decision"
                events = (*before.events, event) if taken_over else before.events
                after = _settled(replace(before, superseded=superseded, events=events))
                self.submissions[parent] = after
                if after.stands is not before.stands:
                    waiting.append(after)

    def take_outcome(self, event: Event) -> None:
        """Take what the workflow system says of a submission."""
        one = self._move(event, SubmissionState(event.data["state"]))
        if one is not None:
            self.submissions[one.id] = _settled(one)
            self._follow(event, one)

    def decide(self, event: Event) -> None:
        """Take a decision on a submission."""
        one = self._move(event, SubmissionState(event.data["decision"]))
        if one is not None:
            self._follow(event, one)

    def _move(self, event: Event, target: SubmissionState) -> Submission | None:
        """Change a submission's state; an outcome that repeats the state only adds facts."""
        submission = self.submissions.get(event.data["submission"])
        if submission is None:
            message = f"unknown submission {event.data['submission']}: no event before this one records it"
            self.fault(event, "unknown-event", message)
            return None
        transition: Transition[SubmissionState] | None = submission_transition(submission.state, target)
        repeats = submission.state is target and event.type == "outcome"
        if transition is None and not repeats:
            message = f"submission {submission.id} is {submission.state} and cannot become {target}"
            self.fault(event, "illegal-transition", message)
            return None
        if target is SubmissionState.SUBMITTED and not repeats and self.state is not State.RUNNING:
            message = f"a submission while the campaign is {self.state}"
            self.fault(event, "illegal-transition", message, "only a running campaign takes new submissions")
            return None
        if transition is not None and transition.needs_reason and not event.data.get("reason"):
            self.fault(event, "missing-reason", f"`{target}` needs a reason")
            return None
        moved = replace(
            submission,
            state=target,
            facts={**submission.facts, **_facts(event.data)},
            events=(*submission.events, event),
        )
        self.submissions[submission.id] = moved
        return moved

    def place_known(self, event: Event, place: str | None = None) -> bool:
        """Whether the campaign has a step or group, or else that which the event is on; report it if not."""
        place = event.data.get("on", "") if place is None else place
        if place in self.known:
            return True
        self.fault(event, "unknown-step", f"unknown step or group {place}")
        return False

    def all_earlier(self, event: Event) -> bool:
        """Whether the events that this one takes back came before it; report it if not."""
        place = self.places[event.id]
        unknown = [one for one in _taken_back(event) if self.places.get(one, place) >= place]
        if unknown:
            self.fault(event, "unknown-event", f"unknown event {', '.join(unknown)}: it is not before this one")
        return not unknown


def _facts(data: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "run_id", "run", "submit_dir", "wms", "file", "deviations", "pins", "contents", "result", "phase", "jobs",
        "quanta", "datasets", "failures", "counted", "text",
    )  # fmt: skip
    return {name: data[name] for name in names if name in data}


def _settled(one: Submission) -> Submission:
    """Return the submission as rescued, if it has ended and all its groups were taken over, or no longer as that."""
    everything = one.superseded == frozenset(one.groups)
    if everything and submission_transition(one.state, SubmissionState.RESCUED) is not None:
        return replace(one, state=SubmissionState.RESCUED)
    if not everything and one.state is SubmissionState.RESCUED:
        decisions = [event.data for event in one.events if event.type == "decision"]
        rejected = bool(decisions) and decisions[-1]["decision"] == "rejected"
        return replace(one, state=SubmissionState.REJECTED if rejected else SubmissionState.ENDED)
    return one


def _words(state: State) -> str:
    return " or ".join(acts_from(state)) or "do nothing"
