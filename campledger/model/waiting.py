"""What waits for somebody: of each campaign what is to be done next, with the commands that settle it.

The command line's `todo` and `whatnext`, the site's front page, and the page of a campaign say the same from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from campledger.model import times
from campledger.model.campaign import Campaign, Step
from campledger.model.history import History, Submission
from campledger.model.progress import Progress
from campledger.model.states import State, SubmissionState
from campledger.model.words import counted, coverage

PRESSING = ("failed", "held", "decide", "paused", "complete")
"""What needs a person, the most pressing first."""

NEEDS = (*PRESSING, "late", "start", "submit", "silent")
"""All that a campaign can ask for: also what only the calendar tells, and what may be done."""

SILENT_DAYS = 7
"""A campaign that runs is silent for long once nothing was recorded for this time."""

MOST_NAMED = 6
"""A rescue of more groups than these is seldom one of all of them: no command is proposed."""


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that is to be done about a campaign, or to be said of it."""

    need: str
    """One of :data:`NEEDS`; empty where nobody needs to do anything."""
    state: str
    """The state that it is shown as: of a group, see `GROUP_ORDER` of the site."""
    words: str
    commands: tuple[str, ...] = ()
    """Each settles it; `...` and words in capitals are for people to fill in."""
    submission: str = ""
    since: str = ""
    """When it came about; empty where nothing was recorded."""

    @property
    def rank(self) -> int:
        """How pressing it is: 0 is the most."""
        return NEEDS.index(self.need)


def matters(progress: Progress) -> list[Matter]:
    """Return what waits for somebody, submission by submission, then what is to be said of the campaign."""
    return [*(_submission(one, progress) for one in progress.awaiting), *_campaign(progress)]


def pressing(found: Iterable[Matter]) -> list[Matter]:
    """Return what needs a person, the most pressing first and then what waits longest."""
    return sorted((one for one in found if one.need in PRESSING), key=lambda one: (one.rank, one.since))


def todo(progress: Progress, now: datetime) -> list[Matter]:
    """Return all that a campaign asks for at a time: what is pressing, and what the calendar tells."""
    asking = pressing(matters(progress))
    asking += _timely(progress, now.date().isoformat())
    if progress.history.state is not State.RUNNING:
        return asking
    asking += to_be_repeated(progress)
    if not asking and not progress.under_way:
        asking += [ready_to_submit(progress, step) for step in progress.ready]
    last = progress.history.last
    if last is not None and is_silent(last.at, now) and (not asking or progress.under_way):
        asking.append(_silent(progress, last.at))
    return asking


def is_silent(last: str, now: datetime) -> bool:
    """Whether a campaign that runs, of which something was recorded last at a time, is silent for long."""
    return bool(last) and now - times.parse(last) > timedelta(days=SILENT_DAYS)


def operated_places(history: History) -> dict[str, list[str]]:
    """Return which places each person operates, by handle; "" is the whole campaign."""
    places: dict[str, list[str]] = {}
    for place, handles in history.operators.items():
        for handle in handles:
            places.setdefault(handle, []).append(place)
    return places


def people_of(campaign: Campaign, history: History) -> list[str]:
    """Return the handles of who owns a campaign, and of who operates it or a part of it, in order."""
    return sorted({*operated_places(history), *([campaign.owner] if campaign.owner else [])})


def is_of_one_night(days: tuple[str | int, ...]) -> bool:
    """Whether a campaign, of which these are the days observed, is of a single night."""
    return bool(days) and days[0] == days[-1]


def ready_to_submit(progress: Progress, step: Step) -> Matter:
    """Return that a step may run, with the command that records a submission over its groups that wait."""
    groups = progress.waiting(step)
    places = step.name if len(groups) == len(step.groups) else " ".join(groups[:MOST_NAMED])
    words = f"{step.name} may run: {counted(len(groups), 'group waits', 'groups wait')}."
    return Matter("submit", "planned", words, (f"campledger record {progress.campaign.id} {places} --run-id RUN",))


def to_be_repeated(progress: Progress) -> list[Matter]:
    """Return which groups need another submission, since the last one was rejected or cancelled."""
    found = []
    for submission, groups in progress.to_be_repeated.items():
        one = progress.history.submissions[submission]
        words = f"{coverage(progress.campaign, groups)}: {one.state}, and nothing was submitted after it."
        where = f"{progress.campaign.id} {' '.join(groups[:MOST_NAMED])}"
        command = f"campledger record {where} --relation replacement --parent {submission} --run-id RUN"
        found.append(Matter("submit", str(one.state), words, (command,), submission, one.events[-1].at))
    return found


def under_way(progress: Progress) -> list[Matter]:
    """Return what the workflow system is at work on, each with the commands that record its end."""
    return [
        Matter(
            "", "running", f"{coverage(progress.campaign, one.groups)}: {one.state}.",
            tuple(f"campledger outcome {one.id} {result}" for result in ("succeeded", "failed")),
            one.id, one.events[-1].at,
        )
        for one in progress.under_way
    ]  # fmt: skip


def _submission(one: Submission, progress: Progress) -> Matter:
    groups = coverage(progress.campaign, one.groups)
    since = one.events[-1].at
    if one.state is SubmissionState.HELD:
        words = f"{groups}: held{f', {one.reason}' if one.reason else ''}. It goes on once the workflow system lets it."
        commands = (f"campledger outcome {one.id} running", f'campledger outcome {one.id} cancelled --reason "..."')
        return Matter("held", "held", words, commands, one.id, since)
    result = {"succeeded": "ended, succeeded", "failed": "ended, failed"}.get(one.result or "", "ended")
    decisions = [f"campledger accept {one.id}", f'campledger reject {one.id} --reason "..."']
    failed = one.result == "failed"
    if failed and len(one.groups) <= MOST_NAMED:
        where = f"{progress.campaign.id} {' '.join(one.groups)}"
        decisions.append(f"campledger record {where} --parent {one.id} --run-id RESCUE")
    need, state = ("failed", "ended-failed") if failed else ("decide", "ended")
    return Matter(need, state, f"{groups}: {result}, and awaits a decision.", tuple(decisions), one.id, since)


def _campaign(progress: Progress) -> list[Matter]:
    campaign_id, history = progress.campaign.id, progress.history
    since = history.since.at if history.since else ""
    found: list[Matter] = []
    if history.state is State.DEFINED:
        words = "Defined, and not started yet."
        found.append(Matter("", "planned", words, (f"campledger start {campaign_id}",)))
    elif history.state is State.PAUSED:
        reason = history.since.data.get("reason", "") if history.since else ""
        words = f"Paused{f': {reason}' if reason else '.'}"
        found.append(Matter("paused", "held", words, (f"campledger resume {campaign_id}",), since=since))
    elif history.state is State.RUNNING:
        if progress.campaign.steps and progress.accepted == len(progress.states):
            commands = (f"campledger complete {campaign_id}",)
            found.append(Matter("complete", "accepted", "Every group is accepted.", commands, since=since))
        going = len(progress.under_way)
        if going:
            found.append(Matter("", "running", f"{counted(going, 'submission')} under way."))
        found += [Matter("", "planned", ready_to_submit(progress, step).words) for step in progress.ready]
    return found


def _timely(progress: Progress, today: str) -> list[Matter]:
    """Return what the plan's dates ask for."""
    campaign_id, state = progress.campaign.id, progress.history.state
    plan = progress.campaign.definition.get("plan", {})
    deadline, start = plan.get("deadline", ""), plan.get("start", "")
    found = []
    if deadline and deadline < today and not state.is_final:
        change = f"campledger edit {campaign_id} --set plan.deadline=YYYY-MM-DD"
        end = 'cancel {} --reason "..."' if state is State.DEFINED else "complete {}"
        commands = (f"campledger {end.format(campaign_id)}", change)
        words = f"The result was of use until {deadline}, and the campaign is {state}."
        found.append(Matter("late", "held", words, commands, since=deadline))
    if state is State.DEFINED and start <= today:
        words = f"Defined, and planned to start on {start}." if start else "Defined, and not started yet."
        found.append(Matter("start", "planned", words, (f"campledger start {campaign_id}",), since=start))
    return found


def _silent(progress: Progress, last: str) -> Matter:
    going = progress.under_way
    commands = [f"campledger outcome {one.id} succeeded" for one in going[:MOST_NAMED]]
    words = f"Nothing was recorded since {last[:10]}"
    words += f", with {counted(len(going), 'submission')} under way." if going else "."
    commands = commands or [f'campledger note {progress.campaign.id} "..."']
    return Matter("silent", "running", words, tuple(commands), since=last)
