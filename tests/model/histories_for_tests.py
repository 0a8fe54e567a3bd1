"""Campaigns and legal histories of them that hypothesis makes up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from campledger.documents.schema import event_findings
from campledger.model.campaign import Campaign
from campledger.model.history import Event, History, replay
from campledger.model.states import CAMPAIGN_TABLE, SUBMISSION_TABLE, State, SubmissionState, acts_from

RELATIONS = ("rescue", "restart", "replacement")


@dataclass
class Lived:
    """A campaign and its events; each is dated a minute after the last."""

    campaign: Campaign
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def history(self) -> History:
        return replay(self.campaign, [Event(event, line) for line, event in enumerate(self.events, 1)])

    def add(self, own: dict[str, Any]) -> None:
        number = len(self.events) + 1
        stamps = {"id": f"e{number:011d}", "time": f"2025-11-22T08:{number:02d}:00.000000Z", "by": "vera"}
        event = {**stamps, **own}
        assert event_findings(event) == []
        self.events.append(event)

    def after(self, own: dict[str, Any]) -> Lived:
        """Return the same campaign after one more event."""
        other = Lived(self.campaign, list(self.events))
        other.add(own)
        return other


@st.composite
def campaigns(draw: st.DrawFn) -> Campaign:
    steps: list[dict[str, Any]] = []
    for number in range(draw(st.sampled_from([1, 2, 3, 3, 0]))):
        before = [step["name"] for step in steps]
        step: dict[str, Any] = {"name": f"step{number}"}
        if before and (prerequisites := draw(st.lists(st.sampled_from(before), unique=True))):
            step["prerequisites"] = prerequisites
        count = draw(st.sampled_from([0, 1, 2, 3, 9]))
        if count:
            step["groups"] = [{"name": str(name)} for name in range(1, count + 1)]
        steps.append(step)
    definition: dict[str, Any] = {
        "name": "alpha",
        "production": "other",
        "kind": "other",
        "description": "d",
        "steps": steps,
    }
    if draw(st.booleans()):
        definition["plan"] = {"deadline": "2025-11-01"}
    return Campaign("2025-11-22-alpha-aaaa", definition)


@st.composite
def histories(draw: st.DrawFn, most: int = 20) -> Lived:
    """A campaign, and acts that people could take one after the other, each legal in the state reached."""
    made = Lived(draw(campaigns()))
    if draw(st.integers(0, 9)):
        made.add({"type": "status", "from": "defined", "to": "running"})
    for _ in range(draw(st.integers(0, most))):
        now = made.history
        # What happens most in a campaign: it runs, and submissions come and go.
        kinds = ["submission"] * 6 * bool(made.campaign.groups) + ["move"] * 9 * bool(now.submissions)
        kinds += ["status"] * (1 if now.state is State.RUNNING else 4) + ["retracted"] * bool(now.effective)
        own = draw(_ACTS[draw(st.sampled_from(kinds))](made.campaign, now))
        if own is not None:
            made.add(own)
    return made


@st.composite
def _status(draw: st.DrawFn, campaign: Campaign, now: History) -> dict[str, Any]:
    usual = {State.DEFINED: "start", State.PAUSED: "resume"}.get(now.state)
    act = usual if usual and draw(st.booleans()) else draw(st.sampled_from(acts_from(now.state)))
    row = next(row for row in CAMPAIGN_TABLE if row.act == act and row.source is now.state)
    return {"type": "status", "from": str(row.source), "to": str(row.target), "reason": "x"}


@st.composite
def _submission(draw: st.DrawFn, campaign: Campaign, now: History) -> dict[str, Any]:
    planned = now.state is not State.RUNNING or draw(st.integers(0, 3)) == 0
    event: dict[str, Any] = {"type": "submission", "state": "planned" if planned else "submitted", "relation": "first"}
    names: list[str] = sorted(now.submissions)
    parents: list[str] = draw(st.lists(st.sampled_from(names), unique=True, max_size=2)) if names else []
    follows: bool = draw(st.sampled_from([True, True, True, False]))
    if names and follows:
        event |= {"relation": draw(st.sampled_from(RELATIONS)), **({"parents": parents} if parents else {})}
    # Most cover a step, some groups of it, or what one before covered in whole or in part.
    wholes = [[group.path for group in step.groups] for step in campaign.steps]
    wholes += [list(now.submissions[one].groups) for one in parents] * 3
    whole: list[str] = draw(st.sampled_from(wholes))
    some = st.lists(st.sampled_from(whole), unique=True, min_size=1)
    return {**event, "groups": draw(st.just(whole) | some | st.just(whole[:1]))}


@st.composite
def _move(draw: st.DrawFn, campaign: Campaign, now: History) -> dict[str, Any] | None:
    names = sorted(now.submissions)
    one = now.submissions[draw(st.sampled_from([*names, *names[-1:] * 2]))]
    targets = [row.target for row in SUBMISSION_TABLE if row.source is one.state]
    barred = {SubmissionState.RESCUED, *([] if now.state is State.RUNNING else [SubmissionState.SUBMITTED])}
    legal = [target for target in targets if target not in barred]
    if not legal:
        return None
    likely = [one for one in legal if one in {SubmissionState.ENDED, SubmissionState.ACCEPTED}]
    target = draw(st.sampled_from([*legal, *likely * 3]))
    if target in {SubmissionState.ACCEPTED, SubmissionState.REJECTED}:
        return {"type": "decision", "submission": one.id, "decision": str(target), "reason": "x"}
    event = {"type": "outcome", "submission": one.id, "state": str(target), "reason": "x"}
    result = draw(st.sampled_from(["failed", "failed", "succeeded"]))
    return event | ({"result": result} if target is SubmissionState.ENDED else {})


@st.composite
def _retracted(draw: st.DrawFn, campaign: Campaign, now: History) -> dict[str, Any]:
    return {"type": "retracted", "event": draw(st.sampled_from(now.effective)).id, "reason": "x"}


_ACTS: dict[str, Any] = {"status": _status, "submission": _submission, "move": _move, "retracted": _retracted}


def new_faults(before: History, after: History) -> Sequence[str]:
    known = {(fault.event.id, fault.message) for fault in before.faults}
    return [fault.message for fault in after.faults if (fault.event.id, fault.message) not in known]
