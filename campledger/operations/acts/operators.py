"""Make somebody an operator, or no longer one."""

from __future__ import annotations

from campledger.errors import RefusedError, UsageError
from campledger.operations.acts.act import Act, How, append_event, campaign_of, history_of, made_before, on_place
from campledger.operations.write.staging import StagedLedger


def assign(staged: StagedLedger, reference: str, person: str, on: str | None, how: How, *, remove: bool = False) -> Act:
    """Make somebody an operator of the campaign, a step or a group, or no longer so."""
    record = staged.find(reference)
    if known := made_before(staged, record, how):
        return known
    people = staged.settings.people
    handle = staged.user if person == "me" else person
    if people and handle not in people and not remove:
        raise UsageError(f"unknown person `{handle}`: expected one of {', '.join(people)}", value=person)
    present = history_of(record).operators.get(on or "", ())
    where = f" of {on}" if on else ""
    if remove and handle not in present:
        raise RefusedError(f"{handle} is no operator{where} in {record.id}")
    if not remove and handle in present:
        raise RefusedError(f"{handle} is an operator{where} in {record.id} already")
    own = {"type": "unassigned" if remove else "assigned", "person": handle, **on_place(record, on)}
    subject = f"{'unassign' if remove else 'assign'} {handle}: {campaign_of(record).name} {on or ''}"
    return append_event(staged, record, own, subject, how)
