"""Approve a campaign, or some of its steps, as defined now; refuse a start that lacks the approval it needs."""

from __future__ import annotations

from collections.abc import Sequence

from campledger.errors import RefusedError, UsageError
from campledger.ledger.ledger import Record
from campledger.ledger.pins import pins_of
from campledger.model import times
from campledger.model.approvals import Approval, approvals
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
from campledger.operations.write.staging import StagedLedger
from campledger.problems import report_text


def approve(
    staged: StagedLedger,
    reference: str,
    steps: Sequence[str],
    until: str | None,
    condition: str | None,
    reason: str | None,
    how: How,
) -> Act:
    """Approve steps of a campaign, or all of it, as it is defined now, until the end of a day (UTC)."""
    record = staged.find(reference)
    if known := made_before(staged, record, how):
        return known
    campaign = campaign_of(record)
    for step in steps:
        if "/" in step:
            raise UsageError(f"`{step}` is a group: steps are approved as a whole", value=step)
        groups_at(record, [step])
    if record.blocking:
        raise RefusedError(f"{record.id} cannot be approved:\n{report_text(record.blocking)}", record.blocking)
    if until is not None and until < times.today():
        raise UsageError(f"the approval would have ended on {until}: expected today or a later day", value=until)
    taken = pins_of(staged.sets, record, steps or [step.name for step in campaign.steps])
    own = {
        "type": "approved",
        "definition": taken["definition"],
        **given(sets=taken.get("sets"), scope=list(dict.fromkeys(steps)), until=until, condition=condition),
        **given(text=reason),
    }
    subject = f"approve {', '.join([campaign.name, *steps])}"
    return append_event(staged, record, own, with_reason(subject, reason), how)


def require_approved(staged: StagedLedger, record: Record) -> None:
    """Raise RefusedError if the settings ask for an approval of a campaign that is not there, or holds no longer."""
    campaign = campaign_of(record)
    required = staged.settings.approval.get("required", False)
    production = campaign.definition["production"]
    if required is False or (required is not True and production not in required):
        return
    found = approvals(campaign, history_of(record), times.today())
    lacking: list[str] = []
    for name in [step.name for step in campaign.steps] or [""]:
        why = _lack(staged, record, found.get(name))
        lacking += [f"{name or campaign.name} {why}"] if why else []
    if lacking:
        roles = staged.settings.permissions.get("approve")
        who = f" ({', '.join(roles)})" if roles else ""
        listed = "\n".join(f"  {one}" for one in lacking)
        hint = f"`campledger approve {record.id}` approves it{who}"
        raise RefusedError(f"{record.id} cannot start without approval:\n{listed}\n{hint}")


def _lack(staged: StagedLedger, record: Record, approval: Approval | None) -> str:
    """Return why a step counts as not approved; nothing where it is."""
    if approval is None:
        return "is not approved"
    if not approval.is_in_force:
        return f"was {approval.words}"
    counting = {"all": ("include", "exclude"), "include": ("include",)}.get(staged.settings.approval.get("sets", ""))
    if counting is None:
        return ""
    scope = approval.event.data.get("scope") or [step.name for step in campaign_of(record).steps]
    now = {(one["purpose"], one["name"]): one["digest"] for one in pins_of(staged.sets, record, scope).get("sets", ())}
    for one in approval.event.data.get("sets", ()):
        if one["purpose"] in counting and now.get((one["purpose"], one["name"])) != one["digest"]:
            return f"was {approval.words}: the set {one['name']} changed since"
    return ""
