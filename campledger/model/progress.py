"""How far a campaign is: where each of its groups stands, and which steps may run."""

from __future__ import annotations

from functools import cached_property

from campledger.model.campaign import Campaign, Step
from campledger.model.history import GroupStatus, History, Submission
from campledger.model.states import State, SubmissionState

_AWAITS_PEOPLE = {SubmissionState.ENDED, SubmissionState.HELD}


class Progress:
    """How far a campaign is: worked out once, asked for by the list and the page."""

    def __init__(self, campaign: Campaign, history: History):
        self.campaign = campaign
        self.history = history
        self.groups: dict[str, GroupStatus] = {path: history.group(path) for path in campaign.groups}

    @cached_property
    def states(self) -> dict[str, str]:
        """The states of the groups, as pages show them: what ended with failures stands apart."""
        return {path: "ended-failed" if one.failed else one.state for path, one in self.groups.items()}

    def of_step(self, step: Step) -> list[str]:
        """Return the states of a step's groups."""
        return [self.states[group.path] for group in step.groups]

    def done(self, step: Step) -> bool:
        """Whether every group of a step is accepted."""
        return all(self.groups[group.path].is_accepted for group in step.groups)

    @property
    def accepted(self) -> int:
        """How many groups are accepted."""
        return sum(one.is_accepted for one in self.groups.values())

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
        return [one for one in self.history.submissions.values() if one.is_under_way]

    def open_groups(self, step: Step) -> list[GroupStatus]:
        """Return the groups of a step that need a submission."""
        return [self.groups[group.path] for group in step.groups if self.groups[group.path].is_open]

    def missing(self, step: Step) -> list[str]:
        """Return the names of the prerequisites of a step that are not done."""
        return [name for name in step.prerequisites if name not in self._steps_done]

    @cached_property
    def _steps_done(self) -> set[str]:
        return {step.name for step in self.campaign.steps if self.done(step)}
