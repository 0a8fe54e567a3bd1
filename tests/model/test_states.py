"""The two tables of states: as data, complete and without surprises."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from campledger.model.states import (
    CAMPAIGN_ACTS,
    CAMPAIGN_STATES,
    CAMPAIGN_TABLE,
    CONCERN_OF_QUESTIONS,
    ENDED_FAILED,
    GROUP_STATES,
    SUBMISSION_TABLE,
    WAITING,
    State,
    SubmissionState,
    Transition,
    acts_from,
    campaign_transition,
    submission_transition,
)

CAMPAIGN = {
    ("defined", "running"): False,
    ("running", "paused"): True,
    ("paused", "running"): False,
    ("running", "completed"): False,
    ("running", "failed"): True,
    ("paused", "completed"): False,
    ("paused", "failed"): True,
    ("defined", "cancelled"): True,
    ("running", "cancelled"): True,
    ("paused", "cancelled"): True,
    ("completed", "paused"): True,
    ("failed", "paused"): True,
    ("cancelled", "paused"): True,
}
"""(from, to) and whether a reason is needed, as docs/reference/states.md draws it."""


def reached(table: Sequence[Transition[State]] | Sequence[Transition[SubmissionState]], first: str) -> set[str]:
    states = {first}
    for _ in table:
        states |= {str(row.target) for row in table if row.source in states}
    return states


def test_campaigns_change_their_state_as_the_design_says() -> None:
    assert {(str(row.source), str(row.target)): row.needs_reason for row in CAMPAIGN_TABLE} == CAMPAIGN


def test_every_state_of_a_campaign_is_reached_from_defined() -> None:
    assert reached(CAMPAIGN_TABLE, "defined") == set(State)


def test_every_state_of_a_submission_is_reached_from_planned() -> None:
    assert reached(SUBMISSION_TABLE, "planned") == set(SubmissionState)


def test_an_act_leads_from_a_state_to_one_other() -> None:
    acts = [(row.act, row.source) for row in CAMPAIGN_TABLE]
    assert len(acts) == len(set(acts))
    pairs = [(row.source, row.target) for row in CAMPAIGN_TABLE]
    assert len(pairs) == len(set(pairs))
    submission_pairs = [(row.source, row.target) for row in SUBMISSION_TABLE]
    assert len(submission_pairs) == len(set(submission_pairs))


def test_no_act_leaves_the_state_as_it_is() -> None:
    assert all(row.source is not row.target for row in CAMPAIGN_TABLE)
    assert all(row.source is not row.target for row in SUBMISSION_TABLE)


def test_what_ends_badly_or_starts_again_needs_a_reason() -> None:
    bad = {State.FAILED, State.CANCELLED}
    assert all(row.needs_reason for row in CAMPAIGN_TABLE if row.target in bad or row.source.is_final)
    for row in SUBMISSION_TABLE:
        if row.target in {SubmissionState.CANCELLED, SubmissionState.REJECTED}:
            assert row.needs_reason


def test_a_final_campaign_can_only_be_reopened() -> None:
    for state in State:
        assert (acts_from(state) == ["reopen"]) is state.is_final


def test_acts_are_listed_in_the_tables_order() -> None:
    assert acts_from(State.DEFINED) == ["start", "cancel"]
    assert acts_from(State.RUNNING) == ["pause", "complete", "fail", "cancel"]
    assert acts_from(State.PAUSED) == ["resume", "complete", "fail", "cancel"]


@pytest.mark.parametrize("source", State)
@pytest.mark.parametrize("target", State)
def test_a_transition_is_found_where_the_table_has_it(source: State, target: State) -> None:
    row = campaign_transition(source, target)
    assert (row is not None) is ((str(source), str(target)) in CAMPAIGN)
    assert row is None or (row.source, row.target) == (source, target)


def test_nobody_decides_on_what_has_not_ended() -> None:
    open_states = {
        SubmissionState.PLANNED,
        SubmissionState.SUBMITTED,
        SubmissionState.RUNNING,
        SubmissionState.HELD,
        SubmissionState.CANCELLED,
    }
    for state in open_states:
        for decision in (SubmissionState.ACCEPTED, SubmissionState.REJECTED, SubmissionState.RESCUED):
            assert submission_transition(state, decision) is None


def test_a_decision_can_be_reversed_with_a_reason() -> None:
    for source, target in (("accepted", "rejected"), ("rejected", "accepted")):
        row = submission_transition(SubmissionState(source), SubmissionState(target))
        assert row is not None
        assert row.needs_reason


def test_the_tables_name_every_state_and_every_act() -> None:
    assert set(CAMPAIGN_STATES) == set(State)
    assert set(GROUP_STATES) == {*SubmissionState, ENDED_FAILED, WAITING}
    assert list(CAMPAIGN_ACTS) == list(dict.fromkeys(row.act for row in CAMPAIGN_TABLE))


def test_a_state_of_campaigns_and_of_groups_looks_the_same_if_it_has_the_same_name() -> None:
    for state in set(map(str, CAMPAIGN_STATES)) & set(map(str, GROUP_STATES)):
        one, other = CAMPAIGN_STATES[State(state)], GROUP_STATES[state]
        assert (one.colour, one.sign) == (other.colour, other.sign)


def test_a_night_is_shown_in_one_state() -> None:
    concerns = [CONCERN_OF_QUESTIONS, *(one.concern for one in CAMPAIGN_STATES.values())]
    assert len(concerns) == len(set(concerns))


def test_a_status_of_another_system_means_one_state() -> None:
    known = [status for state, one in CAMPAIGN_STATES.items() for status in (str(state), *one.synonyms)]
    assert len(known) == len(set(known))
    assert all(status == status.lower() for status in known)


def test_a_campaign_is_under_way_between_its_start_and_its_end() -> None:
    assert {state for state in State if state.is_under_way} == {State.RUNNING, State.PAUSED}
