"""What waits for somebody: from definition, history and clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from campledger.model.campaign import Campaign
from campledger.model.history import Event, replay
from campledger.model.progress import Progress
from campledger.model.todo import is_silent, people_of, to_submit, todo, under_way

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STEPS = [{"name": "a", "groups": [{"name": "1"}, {"name": "2"}]}, {"name": "b", "prerequisites": ["a"]}]

START = {"type": "status", "from": "defined", "to": "running"}
PAUSE = {"type": "status", "from": "running", "to": "paused", "reason": "disk"}
CANCEL = {"type": "status", "from": "defined", "to": "cancelled", "reason": "x"}
RUN = {"type": "submission", "state": "submitted", "relation": "first", "groups": ["a/1", "a/2"]}
REJECT = {"type": "decision", "submission": "e2", "decision": "rejected", "reason": "x"}
PLAN = {**RUN, "state": "planned"}
AGAIN = {**RUN, "relation": "replacement", "parents": ["e2"], "groups": ["a/1"]}


def outcome(state: str, result: str | None = None) -> dict[str, Any]:
    return {"type": "outcome", "submission": "e2", "state": state, **({"result": result} if result else {})}


def progress(*happened: dict[str, Any], day: int = 22, **definition: Any) -> Progress:
    campaign = Campaign("2026-11-01-x-aaaa", {"name": "x", "steps": STEPS, **definition})
    events = [
        Event({"id": f"e{number}", "by": "vera", "time": f"2026-11-{day:02}T08:00:00.{number:06}Z", **data})
        for number, data in enumerate(happened, 1)
    ]
    return Progress(campaign, replay(campaign, events))


@pytest.mark.parametrize(
    ("happened", "definition", "day", "needs"),
    [
        ((), {}, 22, ["start"]),
        ((), {"plan": {"start": "2026-11-22"}}, 22, ["start"]),
        ((), {"plan": {"start": "2026-11-23"}}, 22, []),
        ((), {"plan": {"start": "2026-12-01", "deadline": "2026-11-21"}}, 22, ["late"]),
        ((CANCEL,), {"plan": {"deadline": "2026-11-21"}}, 22, []),
        ((START,), {}, 22, ["submit"]),
        ((START,), {}, 14, ["submit"]),
        ((START,), {"steps": []}, 14, ["silent"]),
        ((START,), {"plan": {"deadline": "2026-11-21"}}, 22, ["late", "submit"]),
        ((START,), {"plan": {"deadline": "2026-11-22"}}, 22, ["submit"]),
        ((START, RUN), {}, 22, []),
        ((START, RUN), {}, 14, ["silent"]),
        ((START, RUN, outcome("held")), {}, 22, ["held"]),
        ((START, RUN, outcome("ended", "failed")), {}, 22, ["failed"]),
        ((START, RUN, outcome("ended", "succeeded")), {}, 22, ["decide"]),
        ((START, RUN, outcome("ended", "succeeded"), PAUSE), {}, 22, ["decide", "paused"]),
        ((START, PAUSE), {"plan": {"deadline": "2026-11-21"}}, 1, ["paused", "late"]),
        ((START, RUN, outcome("ended", "failed"), REJECT), {}, 22, ["submit"]),
        ((START, RUN, outcome("ended", "failed"), REJECT, AGAIN), {}, 22, ["submit"]),
        ((START, RUN, outcome("ended", "failed"), REJECT, PAUSE), {}, 22, ["paused"]),
        ((START, {**RUN, "groups": ["a/1"]}), {}, 22, ["submit"]),
        ((START, {**RUN, "groups": ["a/1"]}), {}, 14, ["submit", "silent"]),
        ((START, {**RUN, "groups": ["a/1"]}, outcome("ended", "failed")), {}, 22, ["failed", "submit"]),
        ((START, PLAN), {}, 22, ["submit"]),
        ((START, RUN, RUN), {}, 22, ["twice"]),
        ((START, RUN, {**RUN, "relation": "rescue", "parents": ["e2"]}), {}, 22, []),
    ],
)
def test_todo(happened: tuple[dict[str, Any], ...], definition: dict[str, Any], day: int, needs: list[str]) -> None:
    found = todo(progress(*happened, day=day, **definition), NOW)
    assert [one.need for one in found] == needs
    assert all(command.startswith("campledger ") for one in found for command in one.commands)
    assert all(one.commands for one in found)


def test_what_was_rejected_needs_another_submission() -> None:
    rejected = START, RUN, outcome("ended", "failed"), REJECT
    (one,) = to_submit(progress(*rejected))
    assert one.words == "a (all 2): rejected, and nothing was submitted after it."
    (one,) = to_submit(progress(*rejected, AGAIN))
    assert one.words == "a/2: rejected, and nothing was submitted after it."
    assert one.commands == ["campledger record 2026-11-01-x-aaaa a/2 --relation replacement --parent e2 --run-id RUN"]
    assert to_submit(progress(*rejected, {**AGAIN, "groups": ["a/1", "a/2"]})) == []
    (one,) = to_submit(progress(*rejected, {**AGAIN, "state": "planned", "groups": ["a/1", "a/2"]}))
    assert one.commands == ["campledger outcome e5 submitted --run-id RUN"]


@pytest.mark.parametrize(
    ("count", "words", "places"),
    [
        (17, "a may run: 17 groups wait, first a/3\N{EN DASH}8 and 11 more.", "a/3 a/4 a/5 a/6 a/7 a/8"),
        (6, "a may run: 6 groups wait.", "a/3 a/4 a/5 a/6 a/7 a/8"),
    ],
)
def test_many_groups_are_named_in_part_and_the_words_say_which(count: int, words: str, places: str) -> None:
    steps = [{"name": "a", "groups": [{"name": str(number)} for number in range(1, count + 3)]}]
    (one,) = to_submit(progress(START, RUN, steps=steps))
    assert (one.words, len(one.groups)) == (words, count)
    assert one.commands == [f"campledger record 2026-11-01-x-aaaa {places} --run-id RUN"]


def test_a_step_of_which_nothing_was_submitted_is_named_as_one() -> None:
    steps = [{"name": "a", "groups": [{"name": str(number)} for number in range(20)]}]
    (one,) = to_submit(progress(START, steps=steps))
    assert one.words == "a may run: 20 groups wait."
    assert one.commands == ["campledger record 2026-11-01-x-aaaa a --run-id RUN"]


def test_what_is_accepted_or_taken_over_is_not_rescued() -> None:
    rescue = {**RUN, "relation": "rescue", "groups": ["a/1"], "parents": ["e2"]}
    done = [{"type": "outcome", "submission": "e4", "state": "ended", "result": "succeeded"}]
    done += [{"type": "decision", "submission": "e4", "decision": "accepted"}]
    (one,) = todo(progress(START, RUN, outcome("ended", "failed"), rescue, *done), NOW)
    assert one.words == "a/2: ended, failed, and awaits a decision."
    assert one.commands[-1] == "campledger record 2026-11-01-x-aaaa a/2 --parent e2 --run-id RESCUE"
    planned = {**rescue, "state": "planned", "groups": ["a/1", "a/2"]}
    failed, submit = todo(progress(START, RUN, outcome("ended", "failed"), planned), NOW)
    assert [command.split()[1] for command in failed.commands] == ["accept", "reject"]
    assert submit.commands == ["campledger outcome e4 submitted --run-id RUN"]
    failed, _ = todo(progress(START, RUN, outcome("ended", "failed"), PAUSE), NOW)
    assert [command.split()[1] for command in failed.commands] == ["accept", "reject"]


def test_what_two_clones_submitted_is_given_up_once() -> None:
    other = {**RUN, "groups": ["a/2"]}
    (one, failed) = todo(progress(START, RUN, other, outcome("ended", "failed")), NOW)
    assert one.words == "a/2: submitted twice, as e2 and e3; neither follows the other."
    assert one.commands == ['campledger reject e2 --reason "..."', 'campledger outcome e3 cancelled --reason "..."']
    # What the other one is at work on is not rescued.
    assert failed.commands[-1] == "campledger record 2026-11-01-x-aaaa a/1 --parent e2 --run-id RESCUE"
    cancelled = {"type": "outcome", "submission": "e3", "state": "cancelled", "reason": "x"}
    assert [one.need for one in todo(progress(START, RUN, other, outcome("ended"), cancelled), NOW)] == ["decide"]


def test_what_cannot_start_is_not_proposed_to() -> None:
    (one,) = todo(progress(), NOW, blocked=2)
    assert one.words == "Defined, and cannot start: 2 problems to settle before."
    assert one.commands == ["campledger show 2026-11-01-x-aaaa"]


def test_what_is_under_way_names_how_it_may_end() -> None:
    (one,) = under_way(progress(START, RUN))
    assert (one.words, one.commands) == (
        "a (all 2): submitted.", ["campledger outcome e2 succeeded", "campledger outcome e2 failed"],
    )  # fmt: skip
    assert under_way(progress(START, RUN, outcome("ended", "failed"))) == []


def test_a_rescue_of_many_groups_is_not_proposed() -> None:
    many = {"name": "a", "groups": [{"name": str(number)} for number in range(7)]}
    run = {**RUN, "groups": [f"a/{number}" for number in range(7)]}
    (one,) = todo(progress(START, run, outcome("ended", "failed"), steps=[many]), NOW)
    assert [command.split()[1] for command in one.commands] == ["accept", "reject"]


def test_ready_steps_wait_for_their_prerequisites() -> None:
    accepted = {"type": "decision", "submission": "e2", "decision": "accepted"}
    before = progress(START)
    assert [one.groups for one in to_submit(before)] == [("a/1", "a/2")]
    assert before.missing(before.campaign.steps[1]) == ["a"]
    after = progress(START, RUN, outcome("ended", "succeeded"), accepted)
    assert [one.groups for one in to_submit(after)] == [("b/all",)]


def test_silence_begins_after_a_week() -> None:
    assert not is_silent("2026-11-15T12:00:00Z", NOW)
    assert is_silent("2026-11-15T11:59:59Z", NOW)
    assert not is_silent("", NOW)


def test_people_own_and_operate() -> None:
    assigned = {"type": "assigned", "person": "bob", "on": "a"}
    one = progress(assigned, owner="vera", operators=["ann"])
    assert people_of(one.campaign, one.history) == ["ann", "bob", "vera"]
