"""Acts on one campaign: each looks at a staged ledger, and stages one event for its history there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from campledger.errors import RefusedError, UsageError
from campledger.ledger.ledger import Record
from campledger.ledger.settings import SETTINGS_FILE
from campledger.model import times
from campledger.model.campaign import Campaign
from campledger.model.history import Event, History, Submission, replay
from campledger.model.ids import event_id, random_id
from campledger.model.progress import Progress
from campledger.model.rules import url_complaint
from campledger.model.states import (
    CAMPAIGN_TABLE,
    OUTCOMES,
    SUBMISSION_TABLE,
    State,
    SubmissionState,
    acts_from,
    submission_transition,
)
from campledger.model.text_format import counted, spans
from campledger.operations.workspace import find_event, is_beginning
from campledger.operations.write.staging import StagedLedger
from campledger.problems import report_text
from campledger.suggestions import did_you_mean


@dataclass(frozen=True)
class Act:
    """What was done, for the command line to tell."""

    campaign: str
    event: Mapping[str, Any]
    state: State
    """The campaign's state after it."""
    made_before: bool = False
    """Whether its key had made it before, and nothing was staged."""
    remarks: tuple[str, ...] = ()
    """What is allowed, and yet may be a slip."""


@dataclass(frozen=True)
class How:
    """How an act is entered."""

    at: datetime | None = None
    """When it happened, if that was not now."""
    key: str | None = None
    """What makes it idempotent: of the acts that have one key, the first one counts."""
    random: str = field(default_factory=random_id)
    """Identity of its event where there is no key; the same however often the act is made again."""

    @property
    def identity(self) -> str:
        """Identity of its event."""
        return event_id(self.key) if self.key else self.random


def key_of(act: str, key: str | None) -> str | None:
    """Return the key of an act by its name: each kind of act has keys of its own."""
    return f"{act} {key}" if key else None


def _made_before(staged: StagedLedger, record: Record, how: How) -> Act | None:
    """Return the act that the key has made already, if there is one."""
    if how.key is None:
        return None
    history = _history(record)
    known = next((event for event in history.events if event.id == how.identity), None)
    if known is not None:
        return Act(record.id, known.data, history.state, made_before=True)
    elsewhere = [one for one in staged.recorded(how.identity) if one != record.id]
    if elsewhere:
        raise RefusedError(
            f"the key was used for an act on {elsewhere[0]} already: an act of another campaign needs its own"
        )
    return None


def _append(staged: StagedLedger, record: Record, own: Mapping[str, Any], subject: str, how: How) -> Act:
    """Stage an act's event, and return the act with what may be a slip about it."""
    event = staged.append(record, own, subject, at=how.at, identity=how.identity)
    remarks = tuple(_remarks(record, event))
    if not staged.settings.document:
        remarks += (f"{SETTINGS_FILE} cannot be used, so nobody has a handle: `campledger check` says why",)
    return Act(record.id, event, _history(staged.record(record.id)).state, remarks=remarks)


def _campaign(record: Record) -> Campaign:
    if record.campaign is None:
        raise RefusedError(f"{record.id} cannot be read: `campledger check {record.directory}` tells why")
    return record.campaign


def _history(record: Record) -> History:
    return record.history or History()


def _remarks(record: Record, event: Mapping[str, Any]) -> Iterator[str]:
    """Yield what may be a slip about an event that follows on a campaign as it is."""
    campaign, history = _campaign(record), _history(record)
    before = _followed(history, event)
    if "at" in event and before is not None and times.parse(event["at"]) < times.parse(before.at):
        yield f"--at is earlier than what it follows, of {before.at[:16].replace('T', ' ')} UTC"
    if event["type"] == "submission":
        names = {place.partition("/")[0] for place in event["groups"]}
        for step in (one for one in campaign.steps if one.name in names and one.prerequisites):
            missing = Progress(campaign, history).missing(step)
            if missing:
                verb = "is" if len(missing) == 1 else "are"
                yield f"{step.name} is to run after {' and '.join(missing)}, which {verb} not accepted yet"
    if event.get("to") == State.COMPLETED:
        progress = Progress(campaign, history)
        if progress.under_way:
            yield f"{counted(len(progress.under_way), 'submission is', 'submissions are')} still under way"
        undone = len(progress.states) - progress.accepted
        if undone:
            yield f"{counted(undone, 'group is', 'groups are')} not accepted, of {len(progress.states):,}"


def _followed(history: History, event: Mapping[str, Any]) -> Event | None:
    """Return the event that another one cannot have happened before."""
    if event["type"] in {"status", "submission"}:
        return history.since
    submission = history.submissions.get(event.get("submission", ""))
    return submission.events[-1] if submission is not None else None


def change_state(staged: StagedLedger, reference: str, act: str, reason: str | None, how: How) -> Act:
    """Start, pause, resume, complete, fail, cancel or reopen a campaign."""
    record = staged.find(reference)
    if known := _made_before(staged, record, how):
        return known
    state = _history(record).state
    row = next((row for row in CAMPAIGN_TABLE if row.act == act and row.source is state), None)
    if row is None:
        allowed = " or ".join(f"`campledger {one}`" for one in acts_from(state))
        raise RefusedError(f"{record.id} is {state}: it cannot {act}; possible is {allowed}")
    if row.needs_reason and not reason:
        raise UsageError(f"`{act}` needs a reason: --reason TEXT")
    if act == "start":
        _require_startable(record)
    own = {"type": "status", "from": str(row.source), "to": str(row.target), **_given(reason=reason)}
    return _append(staged, record, own, _because(f"{act} {_campaign(record).name}", reason), how)


def _require_startable(record: Record) -> None:
    if record.blocking:
        raise RefusedError(f"{record.id} cannot start:\n{report_text(record.blocking)}", record.blocking)


def note(staged: StagedLedger, reference: str, text: str, on: str | None, how: How) -> Act:
    """Write down something to remember."""
    record = staged.find(reference)
    if known := _made_before(staged, record, how):
        return known
    own = {"type": "note", "text": text, **_on(record, on)}
    return _append(staged, record, own, f"note on {_campaign(record).name}: {text}", how)


def link(staged: StagedLedger, reference: str, target: Mapping[str, str], on: str | None, how: How) -> Act:
    """Link a page; ``target`` has type, url and perhaps title."""
    record = staged.find(reference)
    if known := _made_before(staged, record, how):
        return known
    complaint = url_complaint(target["url"])
    if complaint:
        raise RefusedError(f"{complaint}; link to an http or https address", value=target["url"])
    own = {"type": "link", "link": dict(target), **_on(record, on)}
    return _append(
        staged, record, own, f"link {_campaign(record).name} to {target.get('title') or target['type']}", how
    )


def assign(staged: StagedLedger, reference: str, person: str, on: str | None, how: How, *, remove: bool = False) -> Act:
    """Make somebody an operator of the campaign, a step or a group, or no longer so."""
    record = staged.find(reference)
    if known := _made_before(staged, record, how):
        return known
    people = staged.settings.people
    handle = staged.user if person == "me" else person
    if people and handle not in people and not remove:
        raise UsageError(f"nobody has the handle `{handle}`: known are {', '.join(people)}", value=person)
    present = _history(record).operators.get(on or "", ())
    where = f" of {on}" if on else ""
    if remove and handle not in present:
        raise RefusedError(f"{handle} is no operator{where} in {record.id}")
    if not remove and handle in present:
        raise RefusedError(f"{handle} is an operator{where} in {record.id} already")
    own = {"type": "unassigned" if remove else "assigned", "person": handle, **_on(record, on)}
    subject = f"{'unassign' if remove else 'assign'} {handle}: {_campaign(record).name} {on or ''}"
    return _append(staged, record, own, subject, how)


def _given(**facts: Any) -> dict[str, Any]:
    """Return the facts that are there."""
    return {name: value for name, value in facts.items() if value}


def _because(subject: str, reason: str | None) -> str:
    return f"{subject}: {reason}" if reason else subject


def _on(record: Record, place: str | None) -> dict[str, str]:
    if place is None:
        return {}
    _groups(record, [place])
    return {"on": place}


def _groups(record: Record, places: Sequence[str]) -> list[str]:
    campaign = _campaign(record)
    groups: list[str] = []
    for place in places:
        found = campaign.groups_of(place)
        if not found:
            raise UsageError(
                f"{record.id} has no step or group `{place}`: {_places_near(campaign, place)}", value=place
            )
        groups += [group for group in found if group not in groups]
    return groups


def _places_near(campaign: Campaign, place: str) -> str:
    """Return what may have been meant by a place that there is not, or what there is."""
    near = did_you_mean(place, [*(step.name for step in campaign.steps), *campaign.groups], 0.85)
    step = next((one for one in campaign.steps if one.name == place.partition("/")[0]), None)
    if step is not None:
        return f"the groups of {step.name} are {spans(one.name for one in step.groups)}"
    if near:
        return near
    if not campaign.steps:
        return f"it has no steps; add them with `campledger edit {campaign.id}`"
    return f"its steps are {spans(step.name for step in campaign.steps)}"


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
    if known := _made_before(staged, record, how):
        return known
    state = _history(record).state
    groups = _groups(record, run.places)
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
        raise UsageError(f"there is no file {facts['file']} in {record.directory}", value=facts["file"])
    own = {
        "type": "submission",
        "state": str(SubmissionState.PLANNED if run.planned else SubmissionState.SUBMITTED),
        "relation": relation,
        **_given(parents=parents),
        "groups": groups,
        **facts,
    }
    return _append(staged, record, own, f"{relation} run of {', '.join(run.places)} in {_campaign(record).name}", how)


def _require_free(record: Record, groups: Sequence[str]) -> None:
    for group in groups:
        claims = _history(record).group(group).claims
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
    deciding = (_history(record).group(group).deciding for group in groups)
    parents = dict.fromkeys(one.id for one in deciding if one is not None)
    if not parents:
        raise RefusedError(f"{', '.join(groups)}: there is no submission to {relation}; record a first one")
    return list(parents)


def submission_of(record: Record, reference: str) -> Submission:
    """Return the campaign's submission that the beginning of its id, or its run id, names."""
    submissions = _history(record).submissions.values()
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
    if known := _made_before(staged, record, how):
        return known
    one = submission_of(record, reference)
    if one.state != state:  # an outcome that repeats the state only adds facts
        _require_move(one, SubmissionState(state), facts.get("reason"))
    own = {"type": "outcome", "submission": one.id, "state": state, **facts}
    return _append(
        staged, record, own, f"{facts.get('result', state)}: {_places(one)} of {_campaign(record).name}", how
    )


def decide(staged: StagedLedger, reference: str, decision: str, reason: str | None, how: How) -> Act:
    """Accept or reject what became of a submission."""
    record = staged.find(find_event(staged, reference, _RUNS)[0])
    if known := _made_before(staged, record, how):
        return known
    one = submission_of(record, reference)
    _require_move(one, SubmissionState(decision), reason)
    own = {"type": "decision", "submission": one.id, "decision": decision, **_given(reason=reason)}
    subject = f"{decision.removesuffix('ed')} {_places(one)} of {_campaign(record).name}"
    return _append(staged, record, own, _because(subject, reason), how)


def _require_move(one: Submission, target: SubmissionState, reason: str | None) -> None:
    """Raise RefusedError where a submission cannot become this, UsageError where that needs a reason."""
    transition = submission_transition(one.state, target)
    if transition is None:
        possible = [_command_to(row.target, one.id) for row in SUBMISSION_TABLE if row.source is one.state]
        may = " or ".join(filter(None, possible))
        raise RefusedError(
            f"submission {one.id} is {one.state}: it cannot become {target}; "
            + (f"possible is {may}" if may else "a new submission may follow it: `campledger record`")
        )
    if transition.needs_reason and not reason:
        raise UsageError(f"submission {one.id} is {one.state}: that it becomes {target} needs a reason: --reason TEXT")


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


def retract(staged: StagedLedger, reference: str, reason: str, how: How) -> Act:
    """Take back an event that was wrong."""
    campaign, event = find_event(staged, reference)
    record = staged.find(campaign)
    if known := _made_before(staged, record, how):
        return known
    if event in _history(record).dropped:
        raise RefusedError(f"the event {event} was taken back already")
    own = {"type": "retracted", "event": event, "reason": reason}
    return _append(staged, record, own, f"retract {event} of {_campaign(record).name}: {reason}", how)


def reconcile(staged: StagedLedger, reference: str, drop: Sequence[str], reason: str, how: How) -> Act:
    """Settle a fork: drop the events named, or else those that do not follow from the state reached."""
    record = staged.find(reference)
    if known := _made_before(staged, record, how):
        return known
    history = _history(record)
    if not history.faults:
        raise RefusedError(f"{record.id} has no fork: every event follows from the one before")
    dropped = [_event_of(history, one) for one in drop] or [fault.event.id for fault in history.faults]
    rest = replay(_campaign(record), [one for one in history.events if one.id not in dropped])
    if rest.faults:
        fault = rest.faults[0]
        raise RefusedError(
            f"without {', '.join(dropped)} there is still a fork: event {fault.event.id} {fault.message}; "
            f"drop it too with --drop {fault.event.id}"
        )
    own = {"type": "reconciled", "dropped": dropped, "state": str(rest.state), "reason": reason}
    return _append(staged, record, own, f"reconcile {_campaign(record).name} as {rest.state}: {reason}", how)


def _event_of(history: History, reference: str) -> str:
    found = [event.id for event in history.events if event.id.startswith(reference)]
    if len(found) != 1:
        what = "no event" if not found else "several events"
        raise UsageError(f"`{reference}` names {what} of this campaign", value=reference)
    return found[0]
