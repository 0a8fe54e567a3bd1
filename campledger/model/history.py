"""What happened to a campaign: events, and their replay into the state reached.

Replay goes by the events' `time`, whatever their order in the file (a union merge interleaves two branches). It
never fails: an event that does not follow from the state reached is reported and has no effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from campledger.model.campaign import Campaign
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
    """One line of events.yaml. ``data`` is the whole JSON object; see schemas/event.schema.json."""

    data: Mapping[str, Any]
    line: int = 0

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
    """run_id, run, submit_dir, wms, file, deviations, result, jobs, quanta, failures: the latest of each."""
    events: tuple[Event, ...]
    superseded: frozenset[str] = frozenset()
    """Groups that a later rescue, restart or replacement took over."""

    @property
    def result(self) -> str | None:
        """`succeeded` or `failed`, as the workflow system said; None before."""
        return self.facts.get("result")

    @property
    def reason(self) -> str | None:
        """The reason of its last event that gave one."""
        return next((event.data["reason"] for event in reversed(self.events) if "reason" in event.data), None)


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
    faults: tuple[Fault, ...] = ()
    dropped: frozenset[str] = frozenset()
    """Ids of events that a retraction or reconciliation took back."""

    @property
    def last(self) -> Event | None:
        """The event recorded last."""
        return self.events[-1] if self.events else None

    @property
    def effective(self) -> list[Event]:
        """The events that count: neither taken back nor at fault."""
        at_fault = {fault.event.id for fault in self.faults}
        return [event for event in self.events if event.id not in self.dropped | at_fault]

    def covering(self, group: str) -> list[Submission]:
        """Return the submissions that cover a group, STEP/GROUP, oldest first."""
        return [submission for submission in self.submissions.values() if group in submission.groups]

    def group_state(self, group: str) -> str:
        """Return `accepted` once a submission in force is; else its latest submission's state, or `waiting`."""
        live = [one for one in self.covering(group) if group not in one.superseded]
        if any(one.state is SubmissionState.ACCEPTED for one in live):
            return str(SubmissionState.ACCEPTED)
        return str(live[-1].state) if live else "waiting"


def replay(campaign: Campaign, events: Iterable[Event]) -> History:
    """Return what the events, in the order of their `time`, make of the campaign."""
    ordered = tuple(sorted(events, key=lambda event: (event.time, event.id)))
    machine = _Replay(campaign, ordered, _dropped(ordered))
    for event in ordered:
        if event.id not in machine.dropped:
            machine.take(event)
    return machine.history()


def _dropped(ordered: tuple[Event, ...]) -> frozenset[str]:
    """Return the ids taken back. A retraction can itself be retracted, so the latest word comes first."""
    dropped: set[str] = set()
    for event in reversed(ordered):
        if event.id not in dropped:
            if event.type == "retracted":
                dropped.add(event.data["event"])
            elif event.type == "reconciled":
                dropped.update(event.data["dropped"])
    return frozenset(dropped)


class _Replay:
    """The state that replay builds up, event by event."""

    def __init__(self, campaign: Campaign, ordered: tuple[Event, ...], dropped: frozenset[str]):
        self.campaign = campaign
        self.ordered = ordered
        self.dropped = dropped
        self.known: set[str] = set()
        self.state = State.DEFINED
        self.since: Event | None = None
        self.submissions: dict[str, Submission] = {}
        self.operators: dict[str, tuple[str, ...]] = {}
        self.faults: list[Fault] = []
        planned = {"": campaign.definition.get("operators", ())}
        for step in campaign.steps:
            planned[step.name] = step.definition.get("operators", ())
            planned |= {group.path: group.definition.get("operators", ()) for group in step.groups}
        self.operators = {place: tuple(people) for place, people in planned.items() if people}

    def history(self) -> History:
        return History(
            events=self.ordered,
            state=self.state,
            since=self.since,
            submissions=self.submissions,
            operators=self.operators,
            faults=tuple(self.faults),
            dropped=self.dropped,
        )

    def take(self, event: Event) -> None:
        handlers: dict[str, Callable[[Event], None]] = {
            "status": self._status,
            "submission": self._submission,
            "outcome": self._outcome,
            "decision": self._decision,
            "assigned": self._assigned,
            "unassigned": self._assigned,
            "retracted": self._retracted,
            "reconciled": self._reconciled,
            "note": self._place,
            "link": self._place,
        }
        handlers[event.type](event)
        self.known.add(event.id)

    def _fault(self, event: Event, rule: str, message: str, hint: str = "") -> None:
        self.faults.append(Fault(event, rule, message, hint))

    def _status(self, event: Event) -> None:
        source, target = State(event.data["from"]), State(event.data["to"])
        transition = campaign_transition(source, target)
        settle = "`campledger reconcile` settles a fork, `campledger retract` takes one event back"
        if source is not self.state:
            message = f"goes from {source} to {target}, but the campaign is {self.state} at that time"
            self._fault(event, "illegal-transition", message, settle)
        elif transition is None:
            message = f"no campaign goes from {source} to {target}"
            self._fault(event, "illegal-transition", message, f"from {source} one may {_words(source)}")
        elif transition.needs_reason and not event.data.get("reason"):
            self._fault(event, "missing-reason", f"`{transition.act}` needs a reason")
        else:
            self.state, self.since = target, event

    def _submission(self, event: Event) -> None:
        data = event.data
        state = SubmissionState(data["state"])
        parents = tuple(data.get("parents", ()))
        unknown = [group for group in data["groups"] if group not in self.campaign.groups]
        strangers = [parent for parent in parents if parent not in self.submissions]
        if unknown:
            self._fault(event, "unknown-step", f"the campaign has no group {', '.join(unknown)}")
        elif strangers:
            self._fault(event, "unknown-event", f"no submission {', '.join(strangers)} before it")
        elif state is SubmissionState.SUBMITTED and self.state is not State.RUNNING:
            message = f"a submission while the campaign is {self.state}"
            self._fault(event, "illegal-transition", message, "only a running campaign takes new submissions")
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
            if state is SubmissionState.SUBMITTED:
                self._supersede(event, parents, data["groups"])

    def _supersede(self, event: Event, parents: Iterable[str], groups: Iterable[str]) -> None:
        """Take over the groups of the parents."""
        for parent in parents:
            one = self.submissions[parent]
            superseded = one.superseded | (frozenset(groups) & frozenset(one.groups))
            self.submissions[parent] = replace(one, superseded=superseded, events=(*one.events, event))
            self._settle(parent)

    def _settle(self, submission_id: str) -> None:
        """A submission that has ended, and whose groups were all taken over, is rescued."""
        one = self.submissions[submission_id]
        rescuable = submission_transition(one.state, SubmissionState.RESCUED) is not None
        if rescuable and one.superseded == frozenset(one.groups):
            self.submissions[submission_id] = replace(one, state=SubmissionState.RESCUED)

    def _give_back(self, submission: Submission) -> None:
        """A submission that came to nothing no longer stands in for its parents."""
        for parent in submission.parents:
            one = self.submissions[parent]
            siblings = [
                other
                for other in self.submissions.values()
                if parent in other.parents and other.id != submission.id and _stands(other)
            ]
            taken = frozenset(group for other in siblings for group in other.groups)
            self.submissions[parent] = replace(one, superseded=one.superseded & taken)

    def _outcome(self, event: Event) -> None:
        one = self._move(event, SubmissionState(event.data["state"]))
        if one is None:
            return
        if one.state is SubmissionState.SUBMITTED:
            self._supersede(event, one.parents, one.groups)
        elif one.state is SubmissionState.ENDED:
            self._settle(one.id)
        elif one.state is SubmissionState.CANCELLED:
            self._give_back(one)

    def _decision(self, event: Event) -> None:
        one = self._move(event, SubmissionState(event.data["decision"]))
        if one is not None and one.state is SubmissionState.REJECTED:
            self._give_back(one)

    def _move(self, event: Event, target: SubmissionState) -> Submission | None:
        """Change a submission's state; an outcome that repeats the state only adds facts."""
        submission = self.submissions.get(event.data["submission"])
        if submission is None:
            message = f"no submission {event.data['submission']} before it"
            self._fault(event, "unknown-event", message)
            return None
        transition: Transition[SubmissionState] | None = submission_transition(submission.state, target)
        repeats = submission.state is target and event.type == "outcome"
        if transition is None and not repeats:
            message = f"submission {submission.id} is {submission.state}: it cannot become {target}"
            self._fault(event, "illegal-transition", message)
            return None
        if target is SubmissionState.SUBMITTED and not repeats and self.state is not State.RUNNING:
            message = f"a submission while the campaign is {self.state}"
            self._fault(event, "illegal-transition", message, "only a running campaign takes new submissions")
            return None
        if transition is not None and transition.needs_reason and not event.data.get("reason"):
            self._fault(event, "missing-reason", f"`{target}` needs a reason")
            return None
        moved = replace(
            submission,
            state=target,
            facts={**submission.facts, **_facts(event.data)},
            events=(*submission.events, event),
        )
        self.submissions[submission.id] = moved
        return moved

    def _assigned(self, event: Event) -> None:
        if not self._place_known(event):
            return
        place, person = event.data.get("on", ""), event.data["person"]
        others = tuple(handle for handle in self.operators.get(place, ()) if handle != person)
        self.operators[place] = (*others, person) if event.type == "assigned" else others

    def _place(self, event: Event) -> None:
        self._place_known(event)

    def _place_known(self, event: Event) -> bool:
        place = event.data.get("on")
        if place is None or self.campaign.groups_of(place):
            return True
        self._fault(event, "unknown-step", f"the campaign has no step or group {place}")
        return False

    def _retracted(self, event: Event) -> None:
        self._earlier(event, [event.data["event"]])

    def _reconciled(self, event: Event) -> None:
        if self._earlier(event, event.data["dropped"]) and event.data["state"] != self.state:
            message = f"says that the campaign is {event.data['state']}, but it is {self.state}"
            self._fault(event, "illegal-transition", message)

    def _earlier(self, event: Event, named: list[str]) -> bool:
        seen = {other.id for other in self.ordered if other.time < event.time}
        unknown = [one for one in named if one not in seen]
        if unknown:
            self._fault(event, "unknown-event", f"no event {', '.join(unknown)} before it")
        return not unknown


def _facts(data: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "run_id", "run", "submit_dir", "wms", "file", "deviations", "result", "jobs", "quanta", "failures", "text"
    )  # fmt: skip
    return {name: data[name] for name in names if name in data}


def _stands(submission: Submission) -> bool:
    return submission.state not in {
        SubmissionState.PLANNED,
        SubmissionState.REJECTED,
        SubmissionState.CANCELLED,
    }


def _words(state: State) -> str:
    return " or ".join(acts_from(state)) or "do nothing"
