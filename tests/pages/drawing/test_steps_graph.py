"""Pictures as numbers: steps in layers, and groups over time."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from campledger.model.campaign import Campaign
from campledger.model.history import Event, replay
from campledger.model.progress import Progress
from campledger.pages.drawing import run_chart, steps_graph

Entry = dict[str, Any]


def step(name: str, *before: str, accepted: int = 0) -> Entry:
    """Return a step as pages.steps has it."""
    return {
        "name": name,
        "prerequisites": [{"name": one} for one in before],
        "accepted": accepted,
        "total": 2,
        "state": {"class": "waiting", "word": "waits"},
        "bar": [{"state": "accepted", "x": 0, "width": 50}],
    }


def columns(graph: Entry) -> dict[str, int]:
    """Return the layer of each step."""
    lefts = sorted({node["x"] for node in graph["nodes"]})
    return {node["name"]: lefts.index(node["x"]) for node in graph["nodes"]}


def test_steps_stand_behind_those_that_they_wait_for() -> None:
    graph = steps_graph.graph([step("a", accepted=2), step("b", "a"), step("c", "a"), step("d", "b", "c"), step("e")])
    assert graph is not None
    assert columns(graph) == {"a": 0, "b": 1, "c": 1, "d": 2, "e": 0}
    assert [edge["done"] for edge in graph["edges"]] == [True, True, False, False]
    assert graph["nodes"][3]["label"] == "d, waits, 0 of 2 groups accepted, after b, c"
    for node in graph["nodes"]:
        assert 0 <= node["x"] <= graph["width"] - graph["node"]["width"]
        assert 0 <= node["y"] <= graph["height"] - graph["node"]["height"]


def test_no_two_steps_share_a_place() -> None:
    entries = [step(f"s{n}", *(f"s{m}" for m in range(n) if (n * 7 + m) % 3 == 0)) for n in range(40)]
    graph = steps_graph.graph(entries)
    assert graph is not None
    places = [(node["x"], node["y"]) for node in graph["nodes"]]
    assert len(set(places)) == len(places)
    assert steps_graph.graph(entries) == graph


def test_what_follows_from_others_is_not_drawn() -> None:
    graph = steps_graph.graph([step("a"), step("b", "a"), step("c", "a", "b")])
    assert graph is not None
    assert len(graph["edges"]) == 2


def test_a_long_edge_passes_between_steps() -> None:
    graph = steps_graph.graph([step("a"), step("b", "a"), step("c", "b"), step("d", "c", "x"), step("x")])
    assert graph is not None
    (long,) = [edge["path"] for edge in graph["edges"] if edge["path"].count("H") == 2]
    assert long.count("C") == 3


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [step("a"), step("b")],
        [step("a", "b"), step("b", "a")],
        [step("a", "a")],
        [step("a", "gone"), step("b")],
        [step("s0")] + [step(f"s{n}", "s0") for n in range(1, steps_graph.MAX_STEPS + 1)],
    ],
    ids=["none", "no edges", "circle", "itself", "unknown", "too many"],
)
def test_no_picture_of_nothing(steps: list[Entry]) -> None:
    assert steps_graph.graph(steps) is None


def history(groups: int, *events: Entry) -> Progress:
    """Return the progress of a campaign of two steps, the first with groups."""
    names = [{"name": f"g{number}"} for number in range(groups)]
    definition = {"name": "x", "steps": [{"name": "a", "groups": names}, {"name": "b", "prerequisites": ["a"]}]}
    campaign = Campaign("2026-11-22-x-aaaa", definition)
    timed = [
        Event({"id": f"{number:012}", "by": "v", "time": f"2026-11-22T{number:02}:00:00.000000Z", **event})
        for number, event in enumerate(events)
    ]
    return Progress(campaign, replay(campaign, timed))


START: Entry = {"type": "status", "from": "defined", "to": "running"}


def submit(*groups: str, **more: Any) -> Entry:
    return {"type": "submission", "state": "submitted", "relation": "first", "groups": list(groups), **more}


def end(submission: int, result: str) -> Entry:
    return {"type": "outcome", "submission": f"{submission:012}", "state": "ended", "result": result}


def accept(submission: int) -> Entry:
    return {"type": "decision", "submission": f"{submission:012}", "decision": "accepted"}


def test_groups_that_ran_together_share_a_row() -> None:
    made = run_chart.chart(history(4, START, submit("a/g0", "a/g1"), submit("a/g2"), end(1, "succeeded"), accept(1)))
    assert made is not None
    assert [row["full"] for row in made["rows"]] == ["a/g0, g1", "a/g2"]
    first, second = made["rows"]
    assert [part["state"] for part in first["parts"]] == ["running", "ended"]
    assert [part["words"] for part in second["parts"]] == ["000000000002, first: running from 2026-11-22 02:00 UTC on"]
    assert first["accepted"] is not None
    assert second["accepted"] is None
    assert first["line"]["x"] < first["parts"][0]["x"], "it waited from the start of the campaign"
    for one, other in pairwise(first["parts"]):
        assert one["x"] + one["width"] == pytest.approx(other["x"], abs=0.2)


def test_a_rescue_takes_over() -> None:
    rescue = submit("a/g0", relation="rescue", parents=[f"{1:012}"])
    made = run_chart.chart(history(1, START, submit("a/g0"), end(1, "failed"), rescue, end(3, "succeeded"), accept(3)))
    assert made is not None
    (row,) = made["rows"]
    assert [(part["state"], part["again"]) for part in row["parts"]] == [
        ("running", False),
        ("ended-failed", False),
        ("running", True),
        ("ended", True),
    ]
    assert [entry["word"] for entry in made["table"]][1] == "failed, awaits a decision"


def test_pauses_are_marked() -> None:
    pause = {"type": "status", "from": "running", "to": "paused", "reason": "x"}
    resume = {"type": "status", "from": "paused", "to": "running"}
    made = run_chart.chart(history(1, START, submit("a/g0"), pause, resume, end(1, "succeeded")))
    assert made is not None
    assert len(made["pauses"]) == 1


def test_many_rows_become_steps() -> None:
    groups = run_chart.MAX_ROWS + 1
    runs = [submit(f"a/g{number}", time=f"2026-11-22T10:00:{number:02}.000000Z") for number in range(groups)]
    made = run_chart.chart(history(groups, START, *runs, end(1, "succeeded") | {"time": "2026-11-22T12:00:00.000000Z"}))
    assert made is not None
    (row,) = made["rows"]
    assert row["full"] == "a"
    assert [part["state"] for part in row["parts"]] == ["ended", "running"]


def test_nothing_submitted_makes_no_chart() -> None:
    assert run_chart.chart(history(1, START)) is None
    assert run_chart.chart(history(1, START, submit("a/g0", state="planned"))) is None


def test_what_was_entered_at_one_go_makes_no_chart() -> None:
    events = [START, submit("a/g0"), end(1, "succeeded"), accept(1)]
    stamped = [{**event, "time": f"2026-11-22T10:00:0{number}.000000Z"} for number, event in enumerate(events)]
    assert run_chart.chart(history(1, *stamped)) is None


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_strange_dates_make_a_chart(at: str) -> None:
    made = run_chart.chart(history(1, START, submit("a/g0", at=at), end(1, "succeeded")))
    assert made is not None
    assert 0 < len(made["ticks"]) <= 20
    assert all(part["width"] > 0 for row in made["rows"] for part in row["parts"])


@pytest.mark.parametrize("hours", [0, 1, 5, 30, 100, 2_000, 100_000])
def test_ticks_are_few_and_inside(hours: int) -> None:
    first = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    last = datetime.fromtimestamp(first.timestamp() + hours * 3600, UTC)
    ticks = list(run_chart._Scale(first, last).ticks())
    assert len(ticks) <= 10
    assert ticks == sorted(ticks, key=lambda tick: tick["x"])
