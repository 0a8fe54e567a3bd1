"""Who may do an act: the one place that holds people, programs and scripts to the settings' `permissions`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campledger.errors import RefusedError
from campledger.ledger.settings import SETTINGS_FILE, Settings
from campledger.model.states import State, campaign_transition


def act_of(event: Mapping[str, Any]) -> str:
    """Return the act, as `permissions` name it, that an event comes from."""
    match event["type"]:
        case "status":
            row = campaign_transition(State(event["from"]), State(event["to"]))
            return row.act if row else "reconcile"
        case "decision":
            return str(event["decision"]).removesuffix("ed")
        case kind:
            return str(_ACTS.get(kind, kind))


_ACTS = {
    "submission": "record", "assigned": "assign", "unassigned": "unassign", "approved": "approve",
    "retracted": "retract", "reconciled": "reconcile", "uploaded": "receipt", "collected": "receipt",
    "executed": "receipt",
}  # fmt: skip
"""The acts of events whose type has another name."""


def require_permitted(settings: Settings, act: str, user: str) -> None:
    """Raise RefusedError if `permissions` give an act to roles of which none includes the user."""
    roles = settings.permissions.get(act)
    if roles is None or any(user in settings.roles.get(role, ()) for role in roles):
        return
    given = f"the roles {', '.join(roles)}" if len(roles) > 1 else f"the role {roles[0]}" if roles else "nobody"
    raise RefusedError(
        f"`{act}` is for {given}, and {user} is not in it: `roles` and `permissions` in {SETTINGS_FILE} say who is"
    )
