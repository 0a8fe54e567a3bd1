"""Record submissions, their outcomes, and decisions on them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campledger.errors import RefusedError, UsageError
from campledger.ledger.ledger import Record
from campledger.model.history import Submission
from campledger.model.states import (
    OUTCOMES,
    SUBMISSION_TABLE,
    State,
    SubmissionState,
    acts_from,
    submission_transition,
)
from campledger.operations.acts.act import (
    Act,
    How,
    append_event,
    campaign_of,
    given,
    groups_at,
    history_of,
    made_before,
    with_reason,
)
from campledger.operations.acts.pinning import Pinned, pinned
from campledger.operations.workspace import find_event, is_beginning
from campledger.operations.write.staging import StagedLedger


@dataclass(frozen=True)
class Run:
    """A submission to record."""

    places: tuple[str, ...]
    """Steps, or STEP/GROUP, that it covers."""
    relation: str | None = None
    parents: tuple[str, ...] = ()
    """Submissions that it follows, by the beginning of their ids or by run id."""
    planned: bool = False
    facts: Mapping[str, Any] | None = None
    """run_id, run, submit_dir, wms, file, deviations, text."""


def record_run(staged: StagedLedger, reference: str, run: Run, how: How) -> Act:
    """Record a submission made by hand, or one that is planned."""
    record = staged.find(reference)
    if known := made_before(staged, record, how):
        return known
    state = history_of(record).state
    groups = groups_at(record, run.places)
    parents = [submission_of(record, parent).id for parent in run.parents]
    relation = run.relation or ("rescue" if parents else "first")
    if relation == "first":
        _require_free(record, groups)
    elif not parents:
        parents = _parents_by_default(record, groups, relation)
    if not run.planned and state is not State.RUNNING:
        raise RefusedError(
            f"{record.id} is {state}: only a running campaign takes submissions; "
            f"possible is {' or '.join(f'`campledger {one}`' for one in acts_from(state))}"
        )
    facts = run.facts or {}
    if "file" in facts and posixpath.normpath(facts["file"]) not in record.files:
        raise UsageError(f"missing file {facts['file']} in {record.directory}", value=facts["file"])
    took = Pinned() if run.planned else pinned(staged, record, groups, how.at, filter(None, [facts.get("file")]))
    own = {
        "type": "submission",
        "state": str(SubmissionState.PLANNED if run.planned else SubmissionState.SUBMITTED),
        "relation": relation,
        **given(parents=parents),
        "groups": groups,
        **facts,
        **given(pins=took.pins),
    }
    subject = f"{relation} run of {', '.join(run.places)} in {campaign_of(record).name}"
    return append_event(staged, record, own, subject, how, took.remarks)


def _require_free(record: Record, groups: Sequence[str]) -> None:
    for group in groups:
        claims = history_of(record).group(group).claims
        if claims and claims[-1].is_planned:
            raise RefusedError(
                f"{group} has the planned submission {claims[-1].id} already: "
                f"`campledger outcome {claims[-1].id} submitted --run-id RUN` says that it was submitted"
            )
        if claims:
            raise RefusedError(
                f"{group} has the {claims[-1].state} submission {claims[-1].id} already: "
                f"`--relation rescue --parent {claims[-1].id}` (or restart, replacement) says what this one is to it"
            )


def _parents_by_default(record: Record, groups: Sequence[str], relation: str) -> list[str]:
    """Return the submissions that decide where the groups stand: what a rescue without --parent must mean."""
    deciding = (history_of(record).group(group).deciding for group in groups)
    parents = dict.fromkeys(one.id for one in deciding if one is not None)
    if not parents:
        raise RefusedError(f"{', '.join(groups)}: no submission to {relation} yet; record a first one")
    return list(parents)


def submission_of(record: Record, reference: str) -> Submission:
    """Return the campaign's submission that the beginning of its id, or its run id, names."""
    submissions = history_of(record).submissions.values()
    found = [one for one in submissions if reference in {one.id, *_run_ids(one)}]
    found = found or [one for one in submissions if is_beginning(reference, one.id)]
    if len(found) == 1:
        return found[0]
    what = "no submission" if not found else f"{len(found)} submissions"
    raise UsageError(f"{record.id} has {what} `{reference}`: `campledger show {record.id}` lists them", value=reference)


def _run_ids(submission: Submission) -> list[str]:
    """Return the run ids that it was given over time; its events include those of what followed it."""
    own = [one.data for one in submission.events if submission.id in {one.id, one.data.get("submission")}]
    return [data["run_id"] for data in own if "run_id" in data]


def outcome(staged: StagedLedger, reference: str, state: str, facts: Mapping[str, Any], how: How) -> Act:
    """Record what the workflow system said about a submission; ``facts`` may hold result, jobs, quanta, reason."""
    record = staged.find(find_event(staged, reference, _RUNS)[0])
    if known := made_before(staged, record, how):
        return known
    one = submission_of(record, reference)
    if one.state != state:  # an outcome that repeats the state only adds facts
        _require_move(one, SubmissionState(state), facts.get("reason"))
    begins = one.is_planned and state == SubmissionState.SUBMITTED
    files = filter(None, [one.facts.get("file")])
    took = pinned(staged, record, one.groups, how.at, files) if begins else Pinned()
    own = {"type": "outcome", "submission": one.id, "state": state, **facts, **given(pins=took.pins)}
    subject = f"{facts.get('result', state)}: {_places(one)} of {campaign_of(record).name}"
    return append_event(staged, record, own, subject, how, took.remarks)


def decide(staged: StagedLedger, reference: str, decision: str, reason: str | None, how: How) -> Act:
    """Accept or reject what became of a submission."""
    record = staged.find(find_event(staged, reference, _RUNS)[0])
    if known := made_before(staged, record, how):
        return known
    one = submission_of(record, reference)
    _require_move(one, SubmissionState(decision), reason)
    own = {"type": "decision", "submission": one.id, "decision": decision, **given(reason=reason)}
    subject = f"{decision.removesuffix('ed')} {_places(one)} of {campaign_of(record).name}"
    return append_event(staged, record, own, with_reason(subject, reason), how)


def _require_move(one: Submission, target: SubmissionState, reason: str | None) -> None:
    """Raise RefusedError where a submission cannot become this, UsageError where that needs a reason."""
    transition = submission_transition(one.state, target)
    if transition is None:
        possible = [_command_to(row.target, one.id) for row in SUBMISSION_TABLE if row.source is one.state]
        may = " or ".join(filter(None, possible))
        how = f"is {target} already" if one.state is target else f"is {one.state} and cannot become {target}"
        raise RefusedError(
            f"submission {one.id} {how}; "
            + (f"possible is {may}" if may else "a new submission may follow it: `campledger record`")
        )
    if transition.needs_reason and not reason:
        raise UsageError(f"submission {one.id} is {one.state}: to become {target} it needs a reason: --reason TEXT")


def _command_to(target: SubmissionState, submission: str) -> str:
    """Return the command that says so of a submission; empty for `rescued`, which follows by itself."""
    if target in {SubmissionState.ACCEPTED, SubmissionState.REJECTED}:
        return f"`campledger {target.removesuffix('ed')} {submission}`"
    words = "|".join(said for said, (state, _) in OUTCOMES.items() if state == target)
    return f"`campledger outcome {submission} {words}`" if words else ""


_RUNS = ("submission", "outcome")
"""The events that can name a submission: by its id, or by a run id given later."""


def _places(submission: Submission) -> str:
    groups = submission.groups
    return groups[0] if len(groups) == 1 else f"{groups[0]} and {len(groups) - 1} more"
