"""Take the pins of a submission as it is recorded: with what it runs, or why that cannot be said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from campledger.errors import CampledgerError, DataError, UsageError
from campledger.ledger.histories import histories
from campledger.ledger.ledger import Record
from campledger.ledger.pins import pins_of
from campledger.ledger.run_contents import run_contents
from campledger.ledger.sets import SHARED, Sets, references_of
from campledger.operations.write.staging import StagedLedger
from campledger.repository import last_change


@dataclass(frozen=True)
class Pinned:
    """The pins of a submission, or the remark that says why it has none."""

    pins: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def pinned(
    staged: StagedLedger, record: Record, groups: Sequence[str], at: datetime | None, files: Iterable[str] = ()
) -> Pinned:
    """Return the pins of a submission over groups of a campaign, which was made now, or ``at`` an earlier time.

    ``files`` are further ones that it uses. A ledger says what stands in it now: if that has changed since ``at``,
    nobody knows what the submission ran with, and it gets no pins.
    """
    files = list(files)
    try:
        if at is not None and _has_changed(staged, record, at):
            why = "the definition, its files or its sets have changed since --at, or are not committed"
            return Pinned(remarks=(f"it is not recorded with what it ran: {why}",))
        found = pins_of(staged.sets, record, groups, files=files)
        if staged.shared is not None:
            same = _pins_at(staged.shared, record.id, groups, files) == found
            found |= {"base": staged.shared.tip, "published": same}
    except CampledgerError as error:
        return Pinned(remarks=(f"it is not recorded with what it ran: {error}",))
    return Pinned(found)


def _pins_at(sets: Sets, campaign: str, groups: Sequence[str], files: Iterable[str]) -> object:
    """Return the pins that come out of another state of the ledger; None where it has no such groups."""
    ledger = sets.ledger
    known = ledger.record(campaign) if campaign in ledger.directories else None
    if known is None or known.campaign is None or not set(groups) <= set(known.campaign.groups):
        return None
    try:
        return pins_of(sets, known, groups, files=files)
    except (DataError, UsageError):
        return None  # a set that was not there, or could not be read, is not the same one


def _has_changed(staged: StagedLedger, record: Record, at: datetime) -> bool:
    """Whether what the pins of a campaign's submissions come from was changed since a time, or is not committed."""
    home = record.directory
    shared = any(staged.sets.path_of(name.partition("@")[0]) for _, name in references_of(record))
    rests_on = (f"{home}/", SHARED) if shared else (f"{home}/",)
    grows = {record.path(file) for file in (*histories(record.files), *run_contents(record.files))}
    if any(path.startswith(rests_on) and path not in grows for path in staged.before):
        return True
    repository = staged.workspace.repository
    changed = last_change.time_of(repository, rests_on, grows)
    status = repository.status(rests_on)
    dirty = {path.removeprefix(repository.prefix) for path in (*status.dirty, *status.ignored)} - grows
    return bool(dirty) or changed is None or changed > at.timestamp()
