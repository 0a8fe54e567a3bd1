"""A definition: what is in force for each step and group."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from campledger.model.campaign import Campaign, overlay

DEFINITION: dict[str, Any] = {
    "name": "alpha",
    "scope": {"instrument": "LSSTCam", "bands": ["g", "r"], "day_obs": {"from": 20260101, "to": 20260102}},
    "data": {"output": "a/b", "queries": ["visit > 1"]},
    "steps": [
        {"name": "step1", "scope": {"bands": ["i"]}, "groups": [{"name": "1", "data": {"queries": []}}, {"name": "2"}]},
        {
            "name": "step2",
            "prerequisites": ["step1"],
            "scope": {"day_obs": {"to": 20260103}},
            "compute": {"site": "USDF"},
        },
    ],
}
TREES = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), TREES, max_size=3)


def test_a_step_overrides_the_campaign_key_by_key() -> None:
    first, second = Campaign("x", DEFINITION).steps
    assert first.sections["scope"] == {**DEFINITION["scope"], "bands": ["i"]}
    assert first.sections["data"] == DEFINITION["data"]
    assert second.sections["scope"]["day_obs"] == {"from": 20260101, "to": 20260103}
    assert second.sections["compute"] == {"site": "USDF"}


def test_a_group_overrides_its_step() -> None:
    groups = Campaign("x", DEFINITION).groups
    assert groups["step1/1"].sections["data"] == {"output": "a/b", "queries": []}
    assert groups["step1/1"].sections["scope"]["bands"] == ["i"]
    assert groups["step1/2"].sections["data"]["queries"] == ["visit > 1"]


def test_a_step_without_groups_has_one_named_all() -> None:
    campaign = Campaign("x", DEFINITION)
    assert list(campaign.groups) == ["step1/1", "step1/2", "step2/all"]
    assert campaign.steps[1].groups[0].sections == campaign.steps[1].sections


def test_places_name_a_step_or_a_group() -> None:
    campaign = Campaign("x", DEFINITION)
    assert campaign.groups_of("step1") == ["step1/1", "step1/2"]
    assert campaign.groups_of("step1/2") == ["step1/2"]
    assert campaign.groups_of("step2") == ["step2/all"]
    for place in ("", "step", "step1/3", "1", "step1/", "/1"):
        assert campaign.groups_of(place) == []


def test_a_campaign_without_steps_has_no_groups() -> None:
    campaign = Campaign("x", {"name": "alpha"})
    assert (campaign.steps, campaign.groups, campaign.sections) == ((), {}, {})
    assert (campaign.title, campaign.owner) == ("alpha", None)


def test_the_title_falls_back_to_the_name() -> None:
    assert Campaign("x", {"name": "alpha", "title": "T"}).title == "T"


def test_prerequisites_are_the_steps_own() -> None:
    assert [step.prerequisites for step in Campaign("x", DEFINITION).steps] == [(), ("step1",)]


@given(MAPPINGS, MAPPINGS)
def test_overlaying_changes_neither_side(base: dict[str, Any], over: dict[str, Any]) -> None:
    before = (repr(base), repr(over))
    merged = overlay(base, over)
    assert (repr(base), repr(over)) == before
    assert merged.keys() == base.keys() | over.keys()
    assert overlay(merged, over) == merged


@given(MAPPINGS, MAPPINGS, MAPPINGS)
def test_overlaying_in_steps_is_overlaying_once_where_kinds_agree(
    base: dict[str, Any], over: dict[str, Any], last: dict[str, Any]
) -> None:
    whole = overlay(overlay(base, over), last)
    for key, value in last.items():
        assert isinstance(value, dict) or whole[key] == value


@given(MAPPINGS)
def test_nothing_laid_over_leaves_everything(base: dict[str, Any]) -> None:
    assert overlay(base, {}) == base
    assert overlay({}, base) == base
