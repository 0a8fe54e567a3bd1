"""Campaigns as rows: sorting, grouping, words."""

from __future__ import annotations

from typing import Any

import pytest

from campledger.model import query
from campledger.model.campaign import Campaign
from campledger.model.columns import ALL_COLUMNS, COLUMNS, STATE_ORDER, USUAL, in_order, row_of, unknown_column, words
from campledger.model.history import History
from campledger.model.states import State

Row = dict[str, Any]


def row(name: str, **values: Any) -> Row:
    return {
        "id": f"2026-11-22-{name}-k7mq",
        "name": name,
        "state": "running",
        "changed": None,
        "band": [],
        "groups": [0, 2],
        "need": None,
        **values,
    }


def names(rows: list[Row]) -> list[str]:
    return [one["name"] for one in rows]


ROWS = [
    row("a", state="completed", changed="2026-01-02", band=["g", "r"]),
    row("b", state="defined", band=["r"]),
    row("c", changed="2026-01-01", band=["g"]),
    row("d", changed="2026-01-03", band=["g", "r"]),
]


def test_what_is_in_no_order_is_by_need_state_change_day_and_name() -> None:
    assert names(in_order(ROWS)) == ["d", "c", "b", "a"]
    needs = [row(need, need=need, state="paused") for need in ("decide", "held", "failed", "twice")]
    over = [row(state, state=state, changed="2026-01-04") for state in ("cancelled", "failed")]
    paused = row("paused", state="paused", changed="2026-01-05")
    ordered = names(in_order([paused, *over, *ROWS, *needs]))
    assert ordered == ["twice", "failed", "held", "decide", "d", "c", "paused", "b", "cancelled", "failed", "a"]
    one_day = [row(name, changed="2026-01-03") for name in ("tract-2", "Tract-1", "x")]
    earlier = row("earlier", id="2025-11-22-earlier-k7mq", changed="2026-01-03")
    untouched = row("untouched", id="2026-12-01-untouched-k7mq")
    ordered = names(in_order([untouched, earlier, *reversed(one_day)]))
    assert ordered == ["Tract-1", "tract-2", "x", "earlier", "untouched"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (["changed"], "cadb"),
        (["-changed"], "dacb"),  # what has no value comes last both ways
        (["name"], "abcd"),
        (["-name"], "dcba"),
        (["state", "-name"], "dcba"),
        (["-state", "name"], "abcd"),
        (["band", "-changed"], "dacb"),
        (["need", "name"], "abcd"),
    ],
)
def test_sorting(sort: list[str], order: str) -> None:
    assert "".join(names(in_order(ROWS, sort))) == order


def test_rows_of_one_group_stand_together() -> None:
    ordered = in_order(ROWS, ["name"], "band")
    assert [words(one, "band") for one in ordered] == ["g", "g, r", "g, r", "r"]
    assert names(ordered) == ["c", "a", "d", "b"]


def test_words() -> None:
    one = row("x", tract=[1, 2, 3, 4], groups=[40, 65], owner=None)
    assert words(one, "tract", 3) == "1, 2, 3, …"
    assert words(one, "tract") == "1, 2, 3, 4"
    assert (words(one, "groups"), words(one, "owner")) == ("40/65", "")


def test_a_row_has_every_column() -> None:
    definition = {"name": "x", "production": "p", "kind": "k", "description": "d", "steps": [{"name": "step1"}]}
    campaign = Campaign("2026-11-22-x-aaaa", definition)
    made = row_of(campaign, History(), query.facts_of(campaign, History()))
    assert set(made) == {*COLUMNS, "steps"}
    assert (made["step"], made["steps"], made["groups"]) == (None, ["step1"], [0, 1])
    assert all(words(made, name) is not None for name in COLUMNS)


@pytest.mark.parametrize("state", State)
def test_a_step_is_next_while_a_campaign_runs_or_is_paused(state: State) -> None:
    definition = {"name": "x", "production": "p", "kind": "k", "description": "d"}
    campaign = Campaign("2026-11-22-x-aaaa", {**definition, "steps": [{"name": "a"}, {"name": "b"}]})
    history = History(state=state)
    expected = "a" if state in {State.RUNNING, State.PAUSED} else None
    assert row_of(campaign, history, query.facts_of(campaign, history))["step"] == expected


def test_columns() -> None:
    assert set(USUAL) <= set(COLUMNS)
    assert {*query.ATTRIBUTES, "steps"} - {"text"} <= set(ALL_COLUMNS)
    assert set(STATE_ORDER) == {str(state) for state in State}
    assert unknown_column("-changed") is None
    assert unknown_column("text") is not None
    error = unknown_column("nmae")
    assert error is not None
    assert (error.message, error.hint) == ("unknown column `nmae`", "did you mean `name`?")
    assert str(error) == "unknown column `nmae`: did you mean `name`?"
