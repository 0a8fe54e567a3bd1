"""What waits for somebody: of each campaign what is to be done next, with the commands that settle it.

The command line's `todo` and `whatnext`, the site's front page, and the page of a campaign say the same from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campledger.model import proposals, times
from campledger.model.campaign import Campaign
from campledger.model.history import History, Submission
from campledger.model.progress import Progress
from campledger.model.proposals import Proposal
from campledger.model.states import (
    CAMPAIGN_TABLE,
    RESULTS,
    State,
    SubmissionState,
    acts_from,
    submission_transition,
)
from campledger.model.text_format import counted, coverage

PRESSING = ("twice", "failed", "held", "decide", "paused", "complete")
"""What needs a person, the most pressing first."""

DECISIONS = PRESSING[: PRESSING.index("decide") + 1]
"""What of it awaits a decision about submissions, the most pressing first."""

NEEDS = (*PRESSING, "late", "start", "submit", "silent")
"""All that a campaign can ask for: also what only the calendar tells, and what may be done."""

SILENT_DAYS = 7
"""A campaign that runs is silent for long once nothing was recorded for this time."""

MOST_NAMED = 6
"""A command names no more places than these. A rescue of more groups is seldom one of all of them: none is proposed."""


@dataclass(frozen=True, slots=True)
class TodoItem:
    """A to-do item or status line of one campaign."""

    need: str
    """One of :data:`NEEDS`; empty where nobody needs to do anything."""
    state: str
    """The state that it is shown as: of a group, see `GROUP_ORDER` of the site."""
    words: str
    proposals: tuple[Proposal, ...] = ()
    """Each settles it, or the part of it that its words name."""
    submission: str = ""
    since: str = ""
    """When it came about; empty where nothing was recorded."""
    groups: tuple[str, ...] = ()
    """Where something may be submitted: all groups that it is about, as STEP/GROUP."""

    @property
    def commands(self) -> list[str]:
        """The commands proposed; `...` and words in capitals are for people to fill in."""
        return [one.command for one in self.proposals]

    @property
    def rank(self) -> int:
        """How pressing it is: 0 is the most."""
        return NEEDS.index(self.need)


def matters(progress: Progress, blocked: int = 0) -> list[TodoItem]:
    """Return what waits for somebody, submission by submission, then what is to be said of the campaign.

    ``blocked`` is the number of problems that are in the way of a start.
    """
    awaiting = (_submission(one, progress) for one in progress.awaiting)
    return [*_doubled(progress), *awaiting, *_campaign(progress, blocked)]


def pressing(found: Iterable[TodoItem]) -> list[TodoItem]:
    """Return what needs a person, the most pressing first and then what waits longest."""
    return sorted((one for one in found if one.need in PRESSING), key=lambda one: (one.rank, one.since))


def decision(progress: Progress) -> str:
    """Return the most pressing of :data:`DECISIONS` that a campaign asks for, or an empty text."""
    needs = {_need(one) for one in progress.awaiting}
    if progress.history.doubled and not progress.history.state.is_final:
        needs.add("twice")
    return min(needs, key=DECISIONS.index, default="")


def todo(progress: Progress, now: datetime, blocked: int = 0) -> list[TodoItem]:
    """Return all that a campaign asks for at a time: what presses, what may be submitted, what the calendar tells."""
    asking = pressing(matters(progress))
    asking += _timely(progress, now.date().isoformat(), blocked)
    asking += to_submit(progress)
    if progress.history.state is not State.RUNNING:
        return asking
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


def to_submit(progress: Progress) -> list[TodoItem]:
    """Return what may be submitted now: what is planned, what is to be repeated since it came to nothing, what waits.

    That is what a campaign's state and the prerequisites of steps allow, whatever else is under way.
    """
    if progress.history.state is not State.RUNNING:
        return []
    after: dict[str, tuple[Submission, list[str]]] = {}
    firsts: list[TodoItem] = []
    for step in progress.campaign.steps:
        if progress.missing(step):
            continue
        waiting = []
        for status in progress.open_groups(step):
            one = status.planned or status.deciding
            if one is None:
                waiting.append(status.path)
            else:
                after.setdefault(one.id, (one, []))[1].append(status.path)
        if waiting:
            words = f"{step.name} may run: {counted(len(waiting), 'group waits', 'groups wait')}"
            firsts.append(_record(progress, words, waiting))
    return [*(_after(progress, one, groups) for one, groups in after.values()), *firsts]


def _after(progress: Progress, one: Submission, groups: Sequence[str]) -> TodoItem:
    """Return that a planned submission may be made, or one that came to nothing be replaced."""
    if one.is_planned:
        covered = one.groups_in_force
        words = f"{coverage(progress.campaign, covered)}: planned, and not submitted yet."
        proposal = proposals.outcome(one, "submitted")
        return TodoItem("submit", "planned", words, (proposal,), one.id, one.events[-1].at, tuple(covered))
    words = f"{coverage(progress.campaign, groups)}: {one.state}, and nothing was submitted after it"
    return _record(progress, words, groups, one)


def _record(progress: Progress, words: str, groups: Sequence[str], parent: Submission | None = None) -> TodoItem:
    """Return that groups may be submitted; of many the command names some, and the words say which."""
    places = _places(progress, groups)
    if len(places) > MOST_NAMED:
        places = list(groups[:MOST_NAMED])
        words += f", first {coverage(progress.campaign, places)} and {len(groups) - MOST_NAMED:,} more"
    if parent is None:
        proposal = proposals.record(progress.campaign.id, places)
        return TodoItem("submit", "planned", f"{words}.", (proposal,), groups=tuple(groups))
    proposal = proposals.record(progress.campaign.id, places, relation="replacement", parent=parent.id)
    since = parent.events[-1].at
    return TodoItem("submit", str(parent.state), f"{words}.", (proposal,), parent.id, since, tuple(groups))


def _places(progress: Progress, groups: Sequence[str]) -> list[str]:
    """Return groups as `campledger record` takes them: a step's name stands for all of its groups."""
    chosen = set(groups)
    places: dict[str, None] = {}
    for step in progress.campaign.steps:
        paths = [group.path for group in step.groups]
        inside = [path for path in paths if path in chosen]
        places |= dict.fromkeys([step.name] if inside and inside == paths else inside)
    return list(places)


def under_way(progress: Progress) -> list[TodoItem]:
    """Return what the workflow system is at work on, each with the commands that record its end."""
    return [
        TodoItem(
            "", "running", f"{coverage(progress.campaign, one.groups)}: {one.state}.",
            tuple(proposals.outcome(one, result) for result in ("succeeded", "failed")), one.id, one.events[-1].at,
        )
        for one in progress.under_way
    ]  # fmt: skip


def _need(one: Submission) -> str:
    """Return what a submission that waits for somebody asks for."""
    if one.state is SubmissionState.HELD:
        return "held"
    return "failed" if one.result == "failed" else "decide"


def _submission(one: Submission, progress: Progress) -> TodoItem:
    groups = coverage(progress.campaign, one.groups_in_force or one.groups)
    since = one.events[-1].at
    need = _need(one)
    if need == "held":
        words = f"{groups}: held{f', {one.reason}' if one.reason else ''}. It goes on once the workflow system lets it."
        answers = (proposals.outcome(one, "running"), proposals.outcome(one, "cancelled"))
        return TodoItem(need, "held", words, answers, one.id, since)
    result = f"ended, {RESULTS[one.result]}" if one.result else "ended"
    decisions = [proposals.accept(one), proposals.reject(one)]
    rescued = _to_rescue(one, progress) if one.result in {"failed", "partial"} else []
    if 0 < len(rescued) <= MOST_NAMED:
        campaign = progress.campaign.id
        decisions.append(proposals.record(campaign, rescued, parent=one.id, run_id=proposals.RESCUE))
    state = "ended-failed" if need == "failed" else "ended"
    return TodoItem(need, state, f"{groups}: {result}, and awaits a decision.", tuple(decisions), one.id, since)


def _doubled(progress: Progress) -> Iterator[TodoItem]:
    """Yield which groups are processed twice, with the commands that give up one submission or the other."""
    if progress.history.state.is_final:
        return
    for ids, groups in progress.history.doubled.items():
        rivals = [progress.history.submissions[one] for one in ids]
        words = f"{coverage(progress.campaign, groups)}: submitted twice, as {' and '.join(ids)}"
        answers = tuple(
            proposals.outcome(one, "cancelled") if _may_be_cancelled(one) else proposals.reject(one) for one in rivals
        )
        yield TodoItem(
            "twice", "held", f"{words}; neither follows the other.", answers, rivals[-1].id, rivals[-1].events[0].at
        )


def _may_be_cancelled(one: Submission) -> bool:
    return submission_transition(one.state, SubmissionState.CANCELLED) is not None


def _to_rescue(one: Submission, progress: Progress) -> list[str]:
    """Return the groups whose state a submission decides, and that may be rescued now: no rescue is planned."""
    if progress.history.state is not State.RUNNING:
        return []
    found = (progress.groups[group] for group in one.groups)
    return [status.path for status in found if status.deciding == one and status.planned is None]


def _campaign(progress: Progress, blocked: int) -> list[TodoItem]:
    campaign_id, history = progress.campaign.id, progress.history
    since = history.since.at if history.since else ""
    found: list[TodoItem] = []
    if history.state is State.DEFINED:
        found.append(_start(progress, blocked))
    elif history.state is State.RUNNING:
        if progress.campaign.steps and progress.accepted == len(progress.groups):
            complete = proposals.on_campaign("complete", campaign_id)
            found.append(TodoItem("complete", "accepted", "Every group is accepted.", (complete,), since=since))
        going = len(progress.under_way)
        if going:
            found.append(TodoItem("", "running", f"{counted(going, 'submission')} under way."))
        found += [replace(one, need="") for one in to_submit(progress)]
    elif history.state.is_under_way:
        found.append(_stopped(progress, since))
    return found


def _stopped(progress: Progress, since: str) -> TodoItem:
    """Return that a campaign was begun and does not run, and the act that lets it go on, or else ends it."""
    state, last = progress.history.state, progress.history.since
    rows = (row for row in CAMPAIGN_TABLE if row.source is state)
    back = min(rows, key=lambda row: row.target.is_final)
    reason = last.data.get("reason", "") if last else ""
    words = f"{state.capitalize()}{f': {reason}' if reason else '.'}"
    answer = proposals.on_campaign(back.act, progress.campaign.id, reason=back.needs_reason)
    return TodoItem("paused", "held", words, (answer,), since=since)


def _start(progress: Progress, blocked: int, need: str = "", since: str = "") -> TodoItem:
    """Return that a campaign may be started, or where it is seen what is in the way."""
    act, words = "start", f"Defined, and planned to start on {since}." if since else "Defined, and not started yet."
    if blocked:
        act, words = "show", f"Defined, and cannot start: {counted(blocked, 'problem')} to settle before."
    return TodoItem(need, "planned", words, (proposals.on_campaign(act, progress.campaign.id),), since=since)


def _timely(progress: Progress, today: str, blocked: int) -> list[TodoItem]:
    """Return what the plan's dates ask for."""
    campaign_id, state = progress.campaign.id, progress.history.state
    plan = progress.campaign.definition.get("plan", {})
    deadline, start = plan.get("deadline", ""), plan.get("start", "")
    found = []
    if deadline and deadline < today and not state.is_final:
        unused = state is State.DEFINED
        end = "cancel" if unused else "complete"
        ends = (proposals.on_campaign(end, campaign_id, reason=unused),) if end in acts_from(state) else ()
        later = Proposal("edit", (campaign_id,), (("set", f"plan.deadline={proposals.DATE}"),))
        words = f"The result was of use until {deadline}, and the campaign is {state}."
        found.append(TodoItem("late", "held", words, (*ends, later), since=deadline))
    if state is State.DEFINED and start <= today:
        found.append(_start(progress, blocked, "start", start))
    return found


def _silent(progress: Progress, last: str) -> TodoItem:
    going = progress.under_way
    words = f"Nothing was recorded since {last[:10]}"
    words += f", with {counted(len(going), 'submission')} under way" if going else ""
    words += f": the first {MOST_NAMED}, and {len(going) - MOST_NAMED:,} more" if len(going) > MOST_NAMED else ""
    answers = [proposals.outcome(one, "succeeded") for one in going[:MOST_NAMED]]
    answers = answers or [Proposal("note", (progress.campaign.id, proposals.TEXT))]
    return TodoItem("silent", "running", f"{words}.", tuple(answers), since=last)
