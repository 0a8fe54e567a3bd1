"""Retract events, and reconcile forks."""

from __future__ import annotations

from collections.abc import Sequence

from campledger.errors import RefusedError, UsageError
from campledger.model.history import History, replay
from campledger.operations.acts.act import Act, How, append_event, campaign_of, history_of, made_before
from campledger.operations.workspace import find_event
from campledger.operations.write.staging import StagedLedger


def retract(staged: StagedLedger, reference: str, reason: str, how: How) -> Act:
    """Take back an event that was wrong."""
    campaign, event = find_event(staged, reference)
    record = staged.find(campaign)
    if known := made_before(staged, record, how):
        return known
    if event in history_of(record).dropped:
        raise RefusedError(f"the event {event} was taken back already")
    own = {"type": "retracted", "event": event, "reason": reason}
    return append_event(staged, record, own, f"retract {event} of {campaign_of(record).name}: {reason}", how)


def reconcile(staged: StagedLedger, reference: str, drop: Sequence[str], reason: str, how: How) -> Act:
    """Settle a fork: drop the events named, or else those that do not follow from the state reached."""
    record = staged.find(reference)
    if known := made_before(staged, record, how):
        return known
    history = history_of(record)
    if not history.faults:
        raise RefusedError(f"{record.id} has no fork: every event follows from the one before")
    dropped = [_event_of(history, one) for one in drop] or [fault.event.id for fault in history.faults]
    rest = replay(campaign_of(record), [one for one in history.events if one.id not in dropped])
    if rest.faults:
        fault = rest.faults[0]
        raise RefusedError(
            f"without {', '.join(dropped)} there is still a fork: event {fault.event.id} {fault.message}; "
            f"drop it too with --drop {fault.event.id}"
        )
    own = {"type": "reconciled", "dropped": dropped, "state": str(rest.state), "reason": reason}
    return append_event(staged, record, own, f"reconcile {campaign_of(record).name} as {rest.state}: {reason}", how)


def _event_of(history: History, reference: str) -> str:
    found = [event.id for event in history.events if event.id.startswith(reference)]
    if len(found) != 1:
        what = "no event" if not found else "several events"
        raise UsageError(f"`{reference}` names {what} of this campaign", value=reference)
    return found[0]
