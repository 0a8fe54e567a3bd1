"""Where every group of a campaign stands, and which steps may run."""

from __future__ import annotations

from functools import cached_property

from campledger.model.campaign import Campaign, Step
from campledger.model.history import History, Submission
from campledger.model.states import State, SubmissionState

_AWAITS_PEOPLE = {SubmissionState.ENDED, SubmissionState.HELD}
_CAME_TO_NOTHING = {SubmissionState.REJECTED, SubmissionState.CANCELLED}
UNDER_WAY = frozenset({SubmissionState.SUBMITTED, SubmissionState.RUNNING})
"""States of a submission that the workflow system is at work on."""


class Progress:
    """Where every group of a campaign stands: worked out once, asked for by the list and the page."""

    def __init__(self, campaign: Campaign, history: History):
        self.campaign = campaign
        self.history = history
        self.covering: dict[str, list[Submission]] = {}
        for submission in history.submissions.values():
            for group in submission.groups:
                self.covering.setdefault(group, []).append(submission)
        self.states = {path: self._state(path) for path in campaign.groups}

    def _state(self, path: str) -> str:
        if path not in self.covering:
            return "waiting"
        state = self.history.group_state(path)
        one = self.deciding(path)
        failed = state == "ended" and one is not None and one.result == "failed"
        return "ended-failed" if failed else state

    def deciding(self, path: str) -> Submission | None:
        """Return the submission from which a group has its state."""
        live = [one for one in self.covering.get(path, ()) if path not in one.superseded]
        accepted = [one for one in live if one.state is SubmissionState.ACCEPTED]
        return next(reversed(accepted or live), None)

    def of_step(self, step: Step) -> list[str]:
        """Return the states of a step's groups."""
        return [self.states[group.path] for group in step.groups]

    def done(self, step: Step) -> bool:
        """Whether every group of a step is accepted."""
        return all(state == "accepted" for state in self.of_step(step))

    @property
    def accepted(self) -> int:
        """How many groups are accepted."""
        return sum(state == "accepted" for state in self.states.values())

    @property
    def steps_done(self) -> int:
        """How many steps are done."""
        return sum(self.done(step) for step in self.campaign.steps)

    @property
    def awaiting(self) -> list[Submission]:
        """The submissions that wait for somebody, unless the campaign is over."""
        if self.history.state.is_final:
            return []
        return [one for one in self.history.submissions.values() if one.state in _AWAITS_PEOPLE]

    @property
    def current(self) -> str:
        """Name of the first step that is not done; empty before the start and after the end."""
        if self.history.state is State.DEFINED or self.history.state.is_final:
            return ""
        return next((step.name for step in self.campaign.steps if not self.done(step)), "")

    @property
    def under_way(self) -> list[Submission]:
        """The submissions that the workflow system is at work on."""
        return [one for one in self.history.submissions.values() if one.state in UNDER_WAY]

    def waiting(self, step: Step) -> list[str]:
        """Return the groups of a step, as STEP/GROUP, of which nothing was submitted yet."""
        return [group.path for group in step.groups if self.states[group.path] == "waiting"]

    @property
    def to_be_repeated(self) -> dict[str, list[str]]:
        """The groups of which the last submission was rejected or cancelled, as STEP/GROUP, by its id."""
        found: dict[str, list[str]] = {}
        for path, state in self.states.items():
            one = self.deciding(path) if state in _CAME_TO_NOTHING else None
            if one is not None:
                found.setdefault(one.id, []).append(path)
        return found

    def missing(self, step: Step) -> list[str]:
        """Return the names of the prerequisites of a step that are not done."""
        return [name for name in step.prerequisites if name not in self._steps_done]

    @cached_property
    def _steps_done(self) -> set[str]:
        return {step.name for step in self.campaign.steps if self.done(step)}

    @property
    def ready(self) -> list[Step]:
        """The steps whose prerequisites are done and that have groups of which nothing was submitted yet."""
        return [step for step in self.campaign.steps if self.waiting(step) and not self.missing(step)]
