"""Change the state of a campaign."""

from __future__ import annotations

from campledger.errors import RefusedError, UsageError
from campledger.ledger.ledger import Record
from campledger.model.states import (
    CAMPAIGN_TABLE,
    acts_from,
)
from campledger.operations.acts.act import (
    Act,
    How,
    append_event,
    campaign_of,
    given,
    history_of,
    made_before,
    with_reason,
)
from campledger.operations.acts.approve import require_approved
from campledger.operations.write.staging import StagedLedger
from campledger.problems import report_text


def change_state(staged: StagedLedger, reference: str, act: str, reason: str | None, how: How) -> Act:
    """Start, pause, resume, complete, fail, cancel or reopen a campaign."""
    record = staged.find(reference)
    if known := made_before(staged, record, how):
        return known
    state = history_of(record).state
    row = next((row for row in CAMPAIGN_TABLE if row.act == act and row.source is state), None)
    if row is None:
        allowed = " or ".join(f"`campledger {one}`" for one in acts_from(state))
        raise RefusedError(f"{record.id} is {state}: it cannot {act}; possible is {allowed}")
    if row.needs_reason and not reason:
        raise UsageError(f"`{act}` needs a reason: --reason TEXT")
    if act == "start":
        _require_startable(record)
        require_approved(staged, record)
    own = {"type": "status", "from": str(row.source), "to": str(row.target), **given(reason=reason)}
    return append_event(staged, record, own, with_reason(f"{act} {campaign_of(record).name}", reason), how)


def _require_startable(record: Record) -> None:
    if record.blocking:
        raise RefusedError(f"{record.id} cannot start:\n{report_text(record.blocking)}", record.blocking)
