"""Commands that are proposed to people, as values: what they say, what they would do, and what is left to fill in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campledger.model.history import Submission

TEXT = "..."
"""Words that people fill in, such as a reason."""

RUN = "RUN"
"""The run id of a submission, for people to fill in."""

RESCUE = "RESCUE"
"""The run id of a rescue, for people to fill in."""

DATE = "YYYY-MM-DD"
"""A day, for people to fill in."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A command that settles something: with what is in capitals filled in, it succeeds."""

    act: str
    """The command's name."""
    arguments: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    """Names, without dashes, and values."""

    @property
    def words(self) -> list[str]:
        """The words behind `campledger`."""
        return [self.act, *self.arguments, *(word for name, value in self.options for word in (f"--{name}", value))]

    @property
    def command(self) -> str:
        """The command as people type it."""
        return " ".join(["campledger", *(f'"{word}"' if word == TEXT else word for word in self.words)])


def on_campaign(act: str, campaign: str, *, reason: bool = False) -> Proposal:
    """Return the proposal to change a campaign's state, or to look at it."""
    return Proposal(act, (campaign,), (("reason", TEXT),) if reason else ())


def record(
    campaign: str, places: Sequence[str], *, relation: str = "", parent: str = "", run_id: str = RUN
) -> Proposal:
    """Return the proposal to record a submission; one with a parent alone is a rescue."""
    options = (("relation", relation), ("parent", parent), ("run-id", run_id))
    return Proposal("record", (campaign, *places), tuple((name, value) for name, value in options if value))


def outcome(one: Submission, said: str) -> Proposal:
    """Return the proposal to record what the workflow system says of a submission."""
    if said == "submitted":
        return Proposal("outcome", (one.id, said), (("run-id", RUN),))
    return Proposal("outcome", (one.id, said), (("reason", TEXT),) if said == "cancelled" else ())


def accept(one: Submission) -> Proposal:
    """Return the proposal to accept what came of a submission."""
    return Proposal("accept", (one.id,))


def reject(one: Submission) -> Proposal:
    """Return the proposal to reject what came of a submission."""
    return Proposal("reject", (one.id,), (("reason", TEXT),))
