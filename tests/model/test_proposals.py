"""Whatever happened to a campaign: what is proposed is accepted and settles something, and nothing is passed over."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import Any

from hypothesis import event, given, settings

from campledger.model.campaign import Campaign
from campledger.model.history import History
from campledger.model.progress import Progress
from campledger.model.proposals import Proposal
from campledger.model.states import CAMPAIGN_TABLE, OUTCOMES, State, SubmissionState
from campledger.model.todo import matters, to_submit, todo, under_way
from tests.model.histories_for_tests import Lived, histories, new_faults

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DECISIONS = {"accept": "accepted", "reject": "rejected"}
NO_ACTS = {"show", "edit", "note"}


def groups_of(campaign: Campaign, proposal: Proposal) -> list[str]:
    """Return the groups that `campledger record` would take from a proposal."""
    assert proposal.arguments[0] == campaign.id
    found = [campaign.groups_of(place) for place in proposal.arguments[1:]]
    assert all(found), proposal
    return [group for groups in found for group in groups]


def event_of(proposal: Proposal, campaign: Campaign, history: History) -> dict[str, Any]:
    """Return the event that a proposed command would record; fail where the command would be refused before."""
    options = dict(proposal.options)
    reason = {"reason": options["reason"]} if "reason" in options else {}
    if proposal.act == "record":
        groups = groups_of(campaign, proposal)
        relation = options.get("relation") or ("rescue" if "parent" in options else "first")
        if relation == "first":
            assert [history.group(group).claims for group in groups] == [[]] * len(groups)
        parents = {"parents": [options["parent"]]} if "parent" in options else {}
        return {"type": "submission", "state": "submitted", "relation": relation, **parents, "groups": groups}
    if proposal.act == "outcome":
        submission, said = proposal.arguments
        state, result = OUTCOMES[said]
        facts = {"run_id": options["run-id"]} if "run-id" in options else {}
        own = {"type": "outcome", "submission": submission, "state": state, **reason, **facts}
        return own | ({"result": result} if result else {})
    if proposal.act in DECISIONS:
        return {"type": "decision", "submission": proposal.arguments[0], "decision": DECISIONS[proposal.act], **reason}
    row = next(row for row in CAMPAIGN_TABLE if row.act == proposal.act and row.source is history.state)
    return {"type": "status", "from": str(row.source), "to": str(row.target), **reason}


@given(histories())
@settings(max_examples=200)
def test_what_is_proposed_is_accepted_and_settles_something(lived: Lived) -> None:
    history = lived.history
    progress = Progress(lived.campaign, history)
    told = [*matters(progress), *todo(progress, NOW), *under_way(progress), *to_submit(progress)]
    for matter in told:
        for proposal in matter.proposals:
            if proposal.act in NO_ACTS:
                continue
            event(proposal.act)
            after = lived.after(event_of(proposal, lived.campaign, history)).history
            assert new_faults(history, after) == [], proposal
            if proposal.act == "record":
                named = groups_of(lived.campaign, proposal)
                assert set(named) <= set(matter.groups or named)
                for group in named:
                    before = history.group(group)
                    assert not before.is_accepted
                    assert not any(one.is_under_way for one in before.in_force if one is before.deciding)
                    assert after.group(group).state == "submitted"
            elif proposal.act in {"outcome", *DECISIONS}:
                one = proposal.arguments[0]
                assert after.submissions[one].state is not history.submissions[one].state
            else:
                assert after.state is not history.state


@given(histories())
@settings(max_examples=200)
def test_nothing_that_may_proceed_is_passed_over(lived: Lived) -> None:
    history, campaign = lived.history, lived.campaign
    progress = Progress(campaign, history)
    told = todo(progress, NOW)
    submissions = {one.submission for one in told}
    if not history.state.is_final:
        awaiting = {SubmissionState.ENDED, SubmissionState.HELD}
        assert {one.id for one in history.submissions.values() if one.state in awaiting} <= submissions
    accepted = {path for path in campaign.groups if history.group(path).state == "accepted"}
    needs = {one.need for one in told}
    if history.state is State.RUNNING:
        done = {step.name for step in campaign.steps if {group.path for group in step.groups} <= accepted}
        at_work = {
            group
            for one in history.submissions.values()
            if one.state in {"submitted", "running", "held", "ended"}
            for group in one.groups
            if group not in one.superseded
        }
        may_run = {
            group.path
            for step in campaign.steps
            if set(step.prerequisites) <= done
            for group in step.groups
            if group.path not in accepted | at_work
        }
        event(f"groups that may run: {min(len(may_run), 3)}")
        assert may_run <= {group for one in to_submit(progress) for group in one.groups}
        assert ("complete" in needs) == bool(campaign.steps and accepted == set(campaign.groups))
    assert ("paused" in needs) == (history.state is State.PAUSED)
    assert ("start" in needs) == (history.state is State.DEFINED)


@given(histories())
@settings(max_examples=30)
def test_a_command_is_made_of_its_words(lived: Lived) -> None:
    for matter in matters(Progress(lived.campaign, lived.history)):
        for proposal in matter.proposals:
            assert shlex.split(proposal.command) == ["campledger", *proposal.words]
