"""Which steps of a campaign are approved, and whether what was approved has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campledger.model.campaign import Campaign
from campledger.model.history import Event, History


@dataclass(frozen=True)
class Approval:
    """The latest approval of a step."""

    event: Event
    changed: bool
    """Whether the definition in force for what it covers is another one now."""
    expired: bool

    @property
    def is_in_force(self) -> bool:
        """Whether it still holds."""
        return not self.changed and not self.expired

    @property
    def words(self) -> str:
        """Who approved it and when, and why that holds no longer, in words."""
        data = self.event.data
        until = f" until {data['until']}" if "until" in data else ""
        condition = f", on condition that {data['condition']}" if "condition" in data else ""
        end = ": changed since" if self.changed else ": expired" if self.expired else ""
        return f"approved by {self.event.by} on {self.event.at[:10]}{until}{condition}{end}"


def covered(campaign: Campaign, scope: Sequence[str]) -> list[str]:
    """Return the groups of the steps in a scope, or of the campaign where it is empty."""
    return [path for path, group in campaign.groups.items() if not scope or group.step in scope]


def approvals(campaign: Campaign, history: History, today: str) -> dict[str, Approval]:
    """Return the latest approval of each step that has one, by its name; of a campaign without steps, by ``""``."""
    found: dict[str, Approval] = {}
    for event in (one for one in history.effective if one.type == "approved"):
        scope = event.data.get("scope", ())
        changed = campaign.digest(covered(campaign, scope)) != event.data["definition"]
        expired = event.data.get("until", today) < today
        names = scope or [step.name for step in campaign.steps] or [""]
        found |= dict.fromkeys(names, Approval(event, changed, expired))
    return found
