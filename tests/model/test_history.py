"""Replay: what events make of a campaign."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campledger.documents.lines import format_event, parse_events
from campledger.documents.schema import event_findings
from campledger.model.campaign import Campaign
from campledger.model.history import Event, History, replay
from campledger.model.states import CAMPAIGN_TABLE, State, SubmissionState, acts_from, submission_transition

STEPS = [
    {"name": "step1", "groups": [{"name": "1"}, {"name": "2"}, {"name": "3"}]},
    {"name": "step2", "prerequisites": ["step1"], "operators": ["annie"]},
]
CAMPAIGN = Campaign("2026-11-22-alpha-aaaa", {"name": "alpha", "steps": STEPS, "operators": ["vera"]})
GROUPS = list(CAMPAIGN.groups)


class Writer:
    """Writes the events of one campaign, each later than the last."""

    def __init__(self, branch: str = "a", start: int = 0):
        self.branch = branch
        self.minute = start
        self.events: list[dict[str, Any]] = []

    def add(self, kind: str, **own: Any) -> str:
        self.minute += 1
        name = f"{self.branch}{self.minute:011d}"
        hours, minutes = divmod(self.minute, 60)
        stamps = {
            "id": name,
            "time": f"2026-11-{22 + hours // 24}T{hours % 24:02d}:{minutes:02d}:00.000000Z",
            "by": "vera",
        }
        event = {**stamps, "type": kind, **own}
        assert event_findings(event) == []
        self.events.append(event)
        return name

    def status(self, source: str, target: str, **own: Any) -> str:
        return self.add("status", **{"from": source, "to": target}, **own)

    def submit(self, *groups: str, parents: Sequence[str] = (), state: str = "submitted") -> str:
        own = {"parents": list(parents)} if parents else {}
        return self.add(
            "submission", state=state, relation="rescue" if parents else "first", groups=list(groups), **own
        )

    def outcome(self, submission: str, state: str, **own: Any) -> str:
        return self.add("outcome", submission=submission, state=state, **own)

    def end(self, submission: str, result: str = "succeeded") -> None:
        self.outcome(submission, "ended", result=result)

    def decide(self, submission: str, decision: str) -> str:
        return self.add("decision", submission=submission, decision=decision, reason="because")

    def history(self) -> History:
        return history(self.events)


def history(events: Sequence[dict[str, Any]]) -> History:
    return replay(CAMPAIGN, [Event(event, line) for line, event in enumerate(events, 1)])


def running() -> Writer:
    writer = Writer()
    writer.status("defined", "running")
    return writer


def faults(made: History) -> list[tuple[str, str]]:
    return [(fault.event.id, fault.rule) for fault in made.faults]


def states(made: History) -> dict[str, str]:
    return {name: str(one.state) for name, one in made.submissions.items()}


# The campaign's state


def test_no_events_mean_defined() -> None:
    made = history([])
    assert (made.state, made.since, made.last, made.faults) == (State.DEFINED, None, None, ())


@pytest.mark.parametrize("row", CAMPAIGN_TABLE, ids=lambda row: f"{row.source}-{row.target}")
def test_every_row_of_the_table_is_followed_and_its_reason_wanted(row: Any) -> None:
    writer = Writer()
    path = {
        State.DEFINED: [],
        State.RUNNING: ["running"],
        State.PAUSED: ["running", "paused"],
        State.COMPLETED: ["running", "completed"],
        State.FAILED: ["running", "failed"],
        State.CANCELLED: ["cancelled"],
    }[row.source]
    source = "defined"
    for target in path:
        writer.status(source, target, reason="x")
        source = target
    bare = Writer(start=100)
    bare.status(row.source, row.target)
    made = history([*writer.events, *bare.events])
    assert [rule for _, rule in faults(made)] == (["missing-reason"] if row.needs_reason else [])
    assert made.state is (row.source if row.needs_reason else row.target)
    last = writer.status(row.source, row.target, reason="x")
    made = writer.history()
    assert (made.state, made.faults) == (row.target, ())
    assert made.since is not None
    assert made.since.id == last


def test_the_second_of_two_that_leave_one_state_is_a_fork() -> None:
    writer = running()
    writer.status("running", "paused", reason="x")
    second = writer.status("running", "completed")
    made = writer.history()
    assert made.state is State.PAUSED
    assert faults(made) == [(second, "illegal-transition")]
    assert "reconcile" in made.faults[0].hint


def test_replay_goes_by_time_whatever_the_order_of_the_lines() -> None:
    writer = running()
    writer.status("running", "paused", reason="x")
    writer.status("paused", "completed")
    for seed in range(6):
        shuffled = random.Random(seed).sample(writer.events, 3)
        assert history(shuffled).state is State.COMPLETED


# Submissions and groups


def test_a_submission_takes_its_outcomes_and_the_latest_facts() -> None:
    writer = running()
    one = writer.add(
        "submission", state="submitted", relation="first", groups=["step1/1"], run_id="7", deviations={"memory": "1"}
    )
    writer.outcome(one, "running")
    writer.outcome(one, "running", quanta={"succeeded": 5})
    writer.outcome(one, "held", reason="quota")
    writer.outcome(one, "running")
    writer.outcome(one, "ended", result="failed", quanta={"succeeded": 9, "failed": 1}, run_id="8")
    made = writer.history()
    submission = made.submissions[one]
    assert made.faults == ()
    assert submission.facts == {
        "run_id": "8", "deviations": {"memory": "1"}, "quanta": {"succeeded": 9, "failed": 1}, "result": "failed"
    }  # fmt: skip
    assert (submission.state, submission.result, submission.reason) == (SubmissionState.ENDED, "failed", "quota")
    assert len(submission.events) == 6


def test_only_a_running_campaign_takes_submissions_but_plans_are_free() -> None:
    writer = Writer()
    planned = writer.submit("step1/1", state="planned")
    early = writer.submit("step1/1")
    too_early = writer.outcome(planned, "submitted")
    made = writer.history()
    assert faults(made) == [(early, "illegal-transition"), (too_early, "illegal-transition")]
    assert states(made) == {planned: "planned"}
    writer.status("defined", "running")
    writer.outcome(planned, "submitted")
    assert states(writer.history()) == {planned: "submitted"}


@pytest.mark.parametrize("state", ["paused", "completed"])
def test_outcomes_decisions_and_notes_are_legal_in_every_state(state: str) -> None:
    writer = running()
    one = writer.submit("step1/1")
    writer.status("running", state, reason="x")
    writer.end(one)
    writer.decide(one, "accepted")
    writer.add("note", text="x", on="step1")
    writer.add("link", link={"type": "qa", "url": "https://example.org"})
    writer.add("assigned", person="annie")
    made = writer.history()
    assert made.faults == ()
    assert made.group("step1/1").state == "accepted"


def test_a_group_waits_then_has_the_state_of_its_latest_submission() -> None:
    writer = running()
    assert writer.history().group("step1/1").state == "waiting"
    one = writer.submit("step1/1", "step1/2")
    assert writer.history().group("step1/1").state == "submitted"
    assert writer.history().group("step1/3").state == "waiting"
    writer.outcome(one, "running")
    assert writer.history().group("step1/2").state == "running"
    writer.end(one)
    assert writer.history().group("step1/2").state == "ended"
    writer.decide(one, "accepted")
    assert writer.history().group("step1/2").state == "accepted"


def test_a_rescue_of_all_groups_makes_its_parent_rescued() -> None:
    writer = running()
    parent = writer.submit("step1/1", "step1/2")
    writer.end(parent, "failed")
    rescue = writer.submit("step1/1", "step1/2", parents=[parent])
    made = writer.history()
    assert states(made) == {parent: "rescued", rescue: "submitted"}
    assert made.group("step1/1").state == "submitted"
    writer.end(rescue)
    writer.decide(rescue, "accepted")
    made = writer.history()
    assert states(made) == {parent: "rescued", rescue: "accepted"}
    assert made.group("step1/1").state == "accepted"
    assert made.faults == ()


def test_a_partial_rescue_leaves_the_rest_to_its_parent() -> None:
    writer = running()
    parent = writer.submit("step1/1", "step1/2")
    writer.end(parent, "failed")
    first = writer.submit("step1/1", parents=[parent])
    made = writer.history()
    assert states(made)[parent] == "ended"
    assert made.submissions[parent].superseded == {"step1/1"}
    assert [made.group(group).state for group in ("step1/1", "step1/2")] == ["submitted", "ended"]
    writer.end(first)
    writer.decide(first, "accepted")
    writer.decide(parent, "accepted")
    made = writer.history()
    assert made.faults == ()
    assert [made.group(group).state for group in ("step1/1", "step1/2")] == ["accepted", "accepted"]


def test_two_partial_rescues_together_rescue_their_parent() -> None:
    writer = running()
    parent = writer.submit("step1/1", "step1/2")
    writer.end(parent, "failed")
    first = writer.submit("step1/1", parents=[parent])
    second = writer.submit("step1/2", parents=[parent])
    assert states(writer.history())[parent] == "rescued"
    writer.end(second, "failed")
    writer.decide(second, "rejected")
    made = writer.history()
    assert states(made) == {parent: "ended", first: "submitted", second: "rejected"}
    assert made.submissions[parent].superseded == {"step1/1"}


def test_one_rescue_may_have_several_parents() -> None:
    writer = running()
    one, two = writer.submit("step1/1"), writer.submit("step1/2", "step1/3")
    writer.end(one, "failed")
    writer.end(two, "failed")
    rescue = writer.submit("step1/1", "step1/2", parents=[one, two])
    made = writer.history()
    assert states(made) == {one: "rescued", two: "ended", rescue: "submitted"}
    assert made.submissions[two].superseded == {"step1/2"}
    writer.end(rescue)
    writer.decide(rescue, "accepted")
    made = writer.history()
    assert [made.group(group).state for group in GROUPS] == ["accepted", "accepted", "ended", "waiting"]


def test_a_rescue_while_its_parent_runs_counts_once_the_parent_ended() -> None:
    writer = running()
    parent = writer.submit("step1/1")
    rescue = writer.submit("step1/1", parents=[parent])
    assert states(writer.history()) == {parent: "submitted", rescue: "submitted"}
    writer.end(parent, "failed")
    assert states(writer.history()) == {parent: "rescued", rescue: "submitted"}


def test_a_planned_rescue_takes_over_when_it_is_submitted() -> None:
    writer = running()
    parent = writer.submit("step1/1")
    writer.end(parent, "failed")
    rescue = writer.submit("step1/1", parents=[parent], state="planned")
    made = writer.history()
    assert states(made) == {parent: "ended", rescue: "planned"}
    status = made.group("step1/1")
    assert (status.state, status.failed, status.deciding) == ("ended", True, made.submissions[parent])
    assert status.planned == made.submissions[rescue]
    writer.outcome(rescue, "submitted")
    assert states(writer.history()) == {parent: "rescued", rescue: "submitted"}


@pytest.mark.parametrize("end", ["rejected", "cancelled"])
def test_a_rescue_that_comes_to_nothing_gives_its_groups_back(end: str) -> None:
    writer = running()
    parent = writer.submit("step1/1")
    writer.end(parent, "failed")
    rescue = writer.submit("step1/1", parents=[parent])
    if end == "cancelled":
        writer.outcome(rescue, "cancelled", reason="wrong image")
    else:
        writer.end(rescue, "failed")
        writer.decide(rescue, "rejected")
    made = writer.history()
    assert states(made) == {parent: "ended", rescue: end}
    assert (made.group("step1/1").deciding, made.group("step1/1").failed) == (made.submissions[parent], True)
    assert made.submissions[parent].superseded == frozenset()
    assert made.submissions[parent].reason is None
    writer.decide(parent, "accepted")
    made = writer.history()
    assert (made.faults, made.group("step1/1").state) == ((), "accepted")


def test_a_parent_that_was_rejected_before_its_rescue_is_rejected_again() -> None:
    writer = running()
    parent = writer.submit("step1/1")
    writer.end(parent, "failed")
    writer.decide(parent, "rejected")
    rescue = writer.submit("step1/1", parents=[parent])
    assert states(writer.history())[parent] == "rescued"
    writer.outcome(rescue, "cancelled", reason="x")
    assert states(writer.history())[parent] == "rejected"


def test_a_rescue_accepted_after_all_takes_over_again() -> None:
    writer = running()
    parent = writer.submit("step1/1")
    writer.end(parent, "failed")
    rescue = writer.submit("step1/1", parents=[parent])
    writer.end(rescue)
    writer.decide(rescue, "rejected")
    writer.decide(rescue, "accepted")
    made = writer.history()
    assert states(made) == {parent: "rescued", rescue: "accepted"}
    assert made.group("step1/1").state == "accepted"


def test_a_second_rescue_after_a_rejected_one_rescues_the_whole_chain() -> None:
    writer = running()
    parent = writer.submit("step1/1")
    writer.end(parent, "failed")
    first = writer.submit("step1/1", parents=[parent])
    writer.end(first, "failed")
    writer.decide(first, "rejected")
    second = writer.submit("step1/1", parents=[first])
    assert states(writer.history()) == {parent: "rescued", first: "rescued", second: "submitted"}
    writer.outcome(second, "cancelled", reason="x")
    assert states(writer.history()) == {parent: "ended", first: "rejected", second: "cancelled"}


def test_an_accepted_submission_that_is_rescued_no_longer_counts() -> None:
    writer = running()
    parent = writer.submit("step1/1")
    writer.end(parent)
    writer.decide(parent, "accepted")
    writer.submit("step1/1", parents=[parent])
    made = writer.history()
    assert states(made)[parent] == "accepted"
    assert made.group("step1/1").state == "submitted"


def test_a_group_is_accepted_when_any_live_submission_over_it_is() -> None:
    writer = running()
    one, two = writer.submit("step1/1"), writer.submit("step1/1", "step1/2")
    writer.end(one)
    writer.decide(one, "accepted")
    writer.end(two, "failed")
    made = writer.history()
    assert [made.group(group).state for group in ("step1/1", "step1/2")] == ["accepted", "ended"]


@pytest.mark.parametrize(
    ("own", "rule"),
    [
        ({"groups": ["step1/9"]}, "unknown-step"),
        ({"groups": ["step9/all"]}, "unknown-step"),
        ({"groups": ["step1/1"], "parents": ["z" * 12]}, "unknown-event"),
    ],
)
def test_a_submission_of_what_is_not_there_has_no_effect(own: dict[str, Any], rule: str) -> None:
    writer = running()
    one = writer.add("submission", state="submitted", relation="first", **own)
    made = writer.history()
    assert faults(made) == [(one, rule)]
    assert made.submissions == {}


@pytest.mark.parametrize("source", SubmissionState)
@pytest.mark.parametrize("target", ["submitted", "running", "held", "ended", "cancelled", "accepted", "rejected"])
def test_a_submission_moves_as_its_table_says(source: SubmissionState, target: str) -> None:
    writer = running()
    one = writer.submit("step1/1", state="planned")
    path = {
        "planned": [], "submitted": ["submitted"], "running": ["submitted", "running"], "held": ["submitted", "held"],
        "ended": ["submitted", "ended"], "cancelled": ["cancelled"], "accepted": ["submitted", "ended", "accepted"],
        "rejected": ["submitted", "ended", "rejected"], "rescued": ["submitted", "ended"],
    }[source]  # fmt: skip
    for state in path:
        _move(writer, one, state)
    if source is SubmissionState.RESCUED:
        writer.submit("step1/1", parents=[one])
    assert writer.history().submissions[one].state is source
    _move(writer, one, target)
    made = writer.history()
    legal = submission_transition(source, SubmissionState(target)) is not None
    repeated = target == source and target not in {"accepted", "rejected"}
    assert (made.faults == ()) is (legal or repeated)
    assert made.submissions[one].state == (target if legal or repeated else source)


def _move(writer: Writer, submission: str, state: str) -> None:
    if state in {"accepted", "rejected"}:
        writer.decide(submission, state)
    else:
        writer.outcome(submission, state, reason="because")


# Operators, places, links


def test_operators_are_planned_then_assigned_and_unassigned() -> None:
    writer = Writer()
    assert writer.history().operators == {"": ("vera",), "step2": ("annie",)}
    writer.add("assigned", person="cecilia")
    writer.add("assigned", person="vera")
    writer.add("unassigned", person="annie", on="step2")
    writer.add("assigned", person="annie", on="step1/1")
    writer.add("unassigned", person="nobody", on="step2")
    made = writer.history()
    assert made.operators == {"": ("cecilia", "vera"), "step2": (), "step1/1": ("annie",)}
    assert made.faults == ()


@pytest.mark.parametrize("kind", ["note", "link", "assigned", "unassigned"])
def test_a_place_that_is_not_there_is_told(kind: str) -> None:
    writer = Writer()
    others: dict[str, dict[str, Any]] = {
        "note": {"text": "x"},
        "link": {"link": {"type": "qa", "url": "https://example.org"}},
    }
    own = others.get(kind, {"person": "x"})
    writer.add(kind, **own, on="step2/all")
    writer.add(kind, **own, on="step2")
    wrong = writer.add(kind, **own, on="step2/1")
    assert faults(writer.history()) == [(wrong, "unknown-step")]


def test_a_link_that_no_page_may_have_is_told() -> None:
    writer = Writer()
    wrong = writer.add("link", link={"type": "qa", "url": "javascript:alert(1)"})
    made = writer.history()
    assert faults(made) == [(wrong, "url-scheme")]
    assert made.effective == []


# Taking back


def test_a_retracted_event_does_not_count() -> None:
    writer = running()
    pause = writer.status("running", "paused", reason="x")
    writer.add("retracted", event=pause, reason="it was another campaign")
    writer.status("running", "completed")
    made = writer.history()
    assert (made.state, made.faults, made.dropped) == (State.COMPLETED, (), frozenset({pause}))
    assert pause not in {event.id for event in made.effective}
    assert len(made.effective) == 3


def test_a_retraction_can_itself_be_retracted() -> None:
    writer = running()
    pause = writer.status("running", "paused", reason="x")
    retraction = writer.add("retracted", event=pause, reason="x")
    writer.add("retracted", event=retraction, reason="x")
    made = writer.history()
    assert (made.state, made.faults, made.dropped) == (State.PAUSED, (), frozenset({retraction}))


def test_what_built_on_a_retracted_event_is_told() -> None:
    writer = running()
    one = writer.submit("step1/1")
    ended = writer.outcome(one, "ended", result="succeeded")
    accepted = writer.decide(one, "accepted")
    writer.add("retracted", event=ended, reason="x")
    assert faults(writer.history()) == [(accepted, "illegal-transition")]


def test_a_retracted_rescue_gives_its_groups_back() -> None:
    writer = running()
    parent = writer.submit("step1/1")
    writer.end(parent, "failed")
    rescue = writer.submit("step1/1", parents=[parent])
    writer.add("retracted", event=rescue, reason="x")
    made = writer.history()
    assert (states(made), made.faults) == ({parent: "ended"}, ())


@pytest.mark.parametrize("named", ["own", "later", "unknown"])
def test_only_earlier_events_can_be_taken_back(named: str) -> None:
    writer = running()
    target = {"own": f"a{2:011d}", "later": f"a{3:011d}", "unknown": "z" * 12}[named]
    retraction = writer.add("retracted", event=target, reason="x")
    writer.status("running", "paused", reason="x")
    made = writer.history()
    assert faults(made) == [(retraction, "unknown-event")]
    assert (made.state, made.dropped) == (State.PAUSED, frozenset())


def test_a_fork_is_settled_by_naming_the_losers() -> None:
    writer = running()
    writer.status("running", "paused", reason="x")
    loser = writer.status("running", "completed")
    writer.add("reconciled", dropped=[loser], state="paused", reason="x")
    made = writer.history()
    assert (made.state, made.faults, made.dropped) == (State.PAUSED, (), frozenset({loser}))


def test_a_reconciliation_that_says_another_state_is_told() -> None:
    writer = running()
    writer.status("running", "paused", reason="x")
    loser = writer.status("running", "completed")
    wrong = writer.add("reconciled", dropped=[loser], state="completed", reason="x")
    assert faults(writer.history()) == [(wrong, "illegal-transition")]


# Properties


@st.composite
def legal_acts(
    draw: st.DrawFn, branch: str = "a", start: int = 0, before: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Acts that people could take one after the other, each legal in the state reached."""
    writer = Writer(branch, start)
    for _ in range(draw(st.integers(0, 12))):
        made = history([*before, *writer.events])
        choices = ["status", "note", "assigned"]
        choices += ["submission"] if made.state is State.RUNNING else []
        choices += ["move"] if made.submissions else []
        choices += ["retracted"] if made.effective else []
        match draw(st.sampled_from(choices)):
            case "status":
                act = draw(st.sampled_from(acts_from(made.state)))
                row = next(row for row in CAMPAIGN_TABLE if row.act == act and row.source is made.state)
                writer.status(row.source, row.target, reason="x")
            case "note":
                writer.add("note", text="x", on=draw(st.sampled_from(["step1", *GROUPS])))
            case "assigned":
                writer.add(
                    draw(st.sampled_from(["assigned", "unassigned"])), person=draw(st.sampled_from(["vera", "annie"]))
                )
            case "submission":
                parents = (
                    draw(st.lists(st.sampled_from(sorted(made.submissions)), unique=True, max_size=2))
                    if made.submissions
                    else []
                )
                groups = draw(st.lists(st.sampled_from(GROUPS), unique=True, min_size=1, max_size=3))
                writer.submit(*groups, parents=parents, state=draw(st.sampled_from(["planned", "submitted"])))
            case "move":
                _legal_move(draw, writer, made)
            case "retracted":
                last = made.effective[-1]
                if last.type in {"note", "assigned", "unassigned"}:
                    writer.add("retracted", event=last.id, reason="x")
    return writer.events


def _legal_move(draw: st.DrawFn, writer: Writer, made: History) -> None:
    one = made.submissions[draw(st.sampled_from(sorted(made.submissions)))]
    targets = ["submitted", "running", "held", "ended", "cancelled", "accepted", "rejected"]
    legal = [state for state in targets if submission_transition(one.state, SubmissionState(state)) is not None]
    if made.state is not State.RUNNING and "submitted" in legal:
        legal.remove("submitted")
    if legal:
        _move(writer, one.id, draw(st.sampled_from(legal)))


def whole(made: History) -> tuple[Any, ...]:
    """Return everything that replay found out, but for the lines' numbers."""
    submissions = {
        name: (one.state, one.superseded, one.facts, [event.id for event in one.events])
        for name, one in made.submissions.items()
    }
    return (
        made.state,
        made.since.id if made.since else None,
        submissions,
        made.operators,
        faults(made),
        made.dropped,
        [event.id for event in made.events],
        [made.group(group).state for group in GROUPS],
    )


@given(legal_acts())
def test_legal_acts_replay_without_faults(events: list[dict[str, Any]]) -> None:
    made = history(events)
    assert made.faults == ()
    for submission in made.submissions.values():
        assert submission.superseded <= set(submission.groups)
        everything = submission.superseded == set(submission.groups)
        assert submission.state is not SubmissionState.RESCUED or everything
        assert submission.state is not SubmissionState.ENDED or not everything


@given(legal_acts(), st.randoms(use_true_random=False))
def test_any_order_of_the_lines_gives_the_same_history(events: list[dict[str, Any]], random_: random.Random) -> None:
    lines = [format_event(event) for event in events]
    shuffled = random_.sample(lines, len(lines))
    made = []
    for order in (lines, shuffled):
        read, problems = parse_events("e", "".join(order).encode())
        assert problems == []
        made.append(whole(replay(CAMPAIGN, read)))
    assert made[0] == made[1]


@given(legal_acts())
def test_adding_an_event_changes_nothing_that_came_before(events: list[dict[str, Any]]) -> None:
    for length in range(len(events)):
        assert whole(history(events[:length]))[6] == [event["id"] for event in events[:length]]


@given(st.data())
@settings(max_examples=150)
def test_the_union_of_two_branches_replays_and_reports_every_fault_once(data: st.DataObject) -> None:
    base = data.draw(legal_acts())
    ours = data.draw(legal_acts(branch="b", start=20, before=base))
    theirs = data.draw(legal_acts(branch="c", start=20, before=base))
    text = "".join(map(format_event, [*base, *ours, *theirs]))
    read, problems = parse_events("e", text.encode())
    assert problems == []
    made = replay(CAMPAIGN, read)
    again = replay(CAMPAIGN, parse_events("e", "".join(map(format_event, [*base, *theirs, *ours])).encode())[0])
    assert whole(made) == whole(again)
    counted = Counter(fault.event.id for fault in made.faults)
    assert set(counted.values()) <= {1}
    assert not counted.keys() & made.dropped
    assert {fault.event.line for fault in made.faults} <= set(range(1, len(read) + 1))
    branch = {event["id"] for event in [*ours, *theirs]}
    assert counted.keys() <= branch


@given(st.data())
def test_a_fork_can_be_settled_by_dropping_what_is_at_fault(data: st.DataObject) -> None:
    base = data.draw(legal_acts())
    ours = data.draw(legal_acts(branch="b", start=20, before=base))
    theirs = data.draw(legal_acts(branch="c", start=20, before=base))
    events = [*base, *ours, *theirs]
    made = history(events)
    if not made.faults:
        return
    writer = Writer("d", 100)
    writer.add("reconciled", dropped=[fault.event.id for fault in made.faults], state=made.state, reason="x")
    settled = history([*events, *writer.events])
    assert settled.state is made.state
    assert settled.faults == ()


EVENT_PARTS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("status"), "from": st.sampled_from(list(State)), "to": st.sampled_from(list(State))},
        optional={"reason": st.just("x")},
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("submission"),
            "state": st.sampled_from(["planned", "submitted"]),
            "relation": st.just("rescue"),
            "groups": st.lists(st.sampled_from([*GROUPS, "step9/1"]), min_size=1, unique=True),
        },
        optional={"parents": st.lists(st.integers(0, 9), unique=True, max_size=3)},
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("outcome"),
            "submission": st.integers(0, 9),
            "state": st.sampled_from(["submitted", "running", "held", "ended", "cancelled"]),
        },
        optional={"reason": st.just("x")},
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("decision"),
            "submission": st.integers(0, 9),
            "decision": st.sampled_from(["accepted", "rejected"]),
        },
        optional={"reason": st.just("x")},
    ),
    st.fixed_dictionaries({"type": st.just("retracted"), "event": st.integers(0, 9), "reason": st.just("x")}),
    st.fixed_dictionaries(
        {
            "type": st.just("reconciled"),
            "dropped": st.lists(st.integers(0, 9), min_size=1, unique=True),
            "state": st.sampled_from(list(State)),
            "reason": st.just("x"),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("note"), "text": st.just("x")}, optional={"on": st.sampled_from(["step1", "step9"])}
    ),
)


def _named(value: Any) -> Any:
    if isinstance(value, int):
        return f"a{value:011d}"
    return [_named(one) for one in value] if isinstance(value, list) else value


@given(st.lists(EVENT_PARTS, max_size=10))
@settings(max_examples=300)
def test_no_sequence_of_events_raises(parts: list[dict[str, Any]]) -> None:
    writer = Writer(start=-1)
    for part in parts:
        writer.add(part["type"], **{key: _named(value) for key, value in part.items() if key != "type"})
    made = writer.history()
    counted = Counter(fault.event.id for fault in made.faults)
    assert set(counted.values()) <= {1}
    assert not counted.keys() & made.dropped
    for group in GROUPS:
        assert made.group(group).state


# Speed


def seconds_of(events: Sequence[dict[str, Any]], campaign: Campaign = CAMPAIGN) -> float:
    before = time.process_time()
    replay(campaign, [Event(event) for event in events])
    return time.process_time() - before


def stamped(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"id": f"{n:012d}", "time": f"2026-11-22T08:00:00.{n:06d}Z", "by": "v", **part} for n, part in enumerate(parts)
    ]


def test_many_retractions_are_replayed_in_a_moment() -> None:
    notes: list[dict[str, Any]] = [{"type": "note", "text": "x"}] * 20_000
    retractions = [{"type": "retracted", "event": f"{n:012d}", "reason": "x"} for n in range(20_000)]
    assert seconds_of(stamped([*notes, *retractions])) < 10


def test_many_notes_on_one_of_many_groups_are_replayed_in_a_moment() -> None:
    groups = [{"name": str(number)} for number in range(10_000)]
    campaign = Campaign("x", {"name": "a", "steps": [{"name": "s", "groups": groups}]})
    notes: list[dict[str, Any]] = [{"type": "note", "text": "x", "on": f"s/{n}"} for n in range(10_000)]
    assert seconds_of(stamped(notes), campaign) < 10


def test_a_long_chain_of_rejected_rescues_is_replayed_in_a_moment() -> None:
    parts: list[dict[str, Any]] = [{"type": "status", "from": "defined", "to": "running"}]
    parent: dict[str, Any] = {}
    for _ in range(500):
        one = f"{len(parts):012d}"
        parts.append({"type": "submission", "state": "submitted", "relation": "first", "groups": ["step1/1"], **parent})
        parts.append({"type": "outcome", "submission": one, "state": "ended"})
        parts.append({"type": "decision", "submission": one, "decision": "rejected", "reason": "x"})
        parent = {"parents": [one]}
    assert seconds_of(stamped(parts)) < 10
