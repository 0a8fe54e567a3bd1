"""What differs between definitions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campledger.model.campaign import Campaign
from campledger.model.differences import ABSENT, differences, reached

BASE: dict[str, Any] = {
    "id": "2026-11-22-a-aaaa",
    "name": "a",
    "production": "other",
    "scope": {"tracts": [1, 2]},
    "steps": [
        {"name": "step1", "groups": [{"name": "1"}, {"name": "2", "compute": {"queue": "q"}}]},
        {"name": "step2", "prerequisites": ["step1"]},
    ],
}


def changed(**values: Any) -> dict[str, Any]:
    return {**BASE, **values}


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (changed(id="2026-11-22-b-bbbb"), []),
        (changed(name="b"), [("", "name", "a", "b")]),
        (changed(scope={"tracts": [2, 1]}), [("", "scope.tracts", [1, 2], [2, 1])]),
        (changed(scope={}), [("", "scope.tracts", [1, 2], ABSENT)]),
        (changed(extra={"a": {"b": None}}), [("", "extra.a.b", ABSENT, None)]),
        (changed(steps=BASE["steps"][::-1]), [("", "steps", ["step1", "step2"], ["step2", "step1"])]),
        (changed(steps=BASE["steps"][:1]), [("step2", "", BASE["steps"][1], ABSENT)]),
        (
            changed(steps=[{"name": "step0"}, *BASE["steps"]]),
            [("step0", "", ABSENT, {"name": "step0"})],
        ),
        (
            changed(steps=[{"name": "step1", "groups": [{"name": "1"}]}, BASE["steps"][1]]),
            [("step1/2", "", {"name": "2", "compute": {"queue": "q"}}, ABSENT)],
        ),
        (
            changed(steps=[BASE["steps"][0], {"name": "step2", "pause_after": True}]),
            [("step2", "prerequisites", ["step1"], ABSENT), ("step2", "pause_after", ABSENT, True)],
        ),
    ],
    ids=lambda value: "" if isinstance(value, dict) else str([row[:2] for row in value]),
)
def test_a_difference_is_found_at_its_place(after: dict[str, Any], found: list[tuple[Any, ...]]) -> None:
    assert [(one.place, one.key, *one.values) for one in differences(BASE, after)] == found
    back = [(one.place, one.key, *reversed(one.values)) for one in differences(after, BASE)]
    assert sorted(back, key=str) == sorted(found, key=str)


def test_a_step_without_groups_has_one_named_all() -> None:
    after = changed(steps=[BASE["steps"][0], {**BASE["steps"][1], "groups": [{"name": "all"}, {"name": "x"}]}])
    assert [(one.place, one.key) for one in differences(BASE, after)] == [("step2/x", "")]


def test_of_three_a_key_is_told_if_any_two_differ_and_a_missing_step_once() -> None:
    third = changed(steps=BASE["steps"][:1], name="c")
    found = {(one.place, one.key): one.values for one in differences(BASE, BASE, third)}
    assert found == {("", "name"): ("a", "a", "c"), ("step2", ""): (BASE["steps"][1], BASE["steps"][1], ABSENT)}


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, 1.0), (0, False), ("1", 1), (None, "null")])
def test_values_that_python_takes_for_equal_differ_where_they_are_written_differently(one: Any, other: Any) -> None:
    assert [row.key for row in differences(changed(extra={"a": one}), changed(extra={"a": other}))] == ["extra.a"]


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "steps", "groups", "a"]), inner)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["name", "steps", "a"]), DOCUMENTS))
def test_nothing_differs_from_itself_whatever_its_form(document: dict[str, Any]) -> None:
    assert differences(document, document) == []


def test_what_a_step_says_reaches_the_groups_that_do_not_say_otherwise() -> None:
    step = {**BASE["steps"][0], "compute": {"queue": "other"}, "plan": {"quanta": 5}}
    before, after = (Campaign("x", one) for one in (BASE, changed(steps=[step])))
    assert reached(before, after) == {"step1/1": ("compute.queue",), "step2/all": ()}
