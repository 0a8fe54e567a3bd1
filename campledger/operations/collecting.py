"""Datasets of a campaign's or a set's data IDs, gathered in a TAGGED collection of a Butler registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from campledger.errors import UsageError
from campledger.model.rules import collection_complaint
from campledger.operations.registry import (
    How,
    Progress,
    Receipts,
    Subject,
    Uploaded,
    data_of,
    record,
    store_of,
    subject_of,
    upload_sets,
)
from campledger.operations.workspace import Workspace

if TYPE_CHECKING:
    from campledger.butler.collecting import Collected


DATASET_TYPES = ("raw",)
"""What is gathered unless anybody says otherwise."""


@dataclass(frozen=True)
class Gathering:
    """What is to be gathered, and where."""

    dataset_types: tuple[str, ...]
    """Those of the definition, or else raw, if none are named."""
    into: str
    """The TAGGED collection."""
    collections: tuple[str, ...] = ()
    """Where datasets are looked for, in order; the campaign's inputs if none are named."""
    place: str | None = None
    """The STEP or STEP/GROUP of the campaign whose sets count; those of the whole campaign without it."""


@dataclass(frozen=True)
class Gathered:
    """What was gathered, and the receipts."""

    subject: Subject
    uploads: tuple[Uploaded, ...]
    collected: Collected
    receipts: Receipts


def collect(
    workspace: Workspace, text: str, alias: str, gathering: Gathering, how: How, progress: Progress | None = None
) -> Gathered:
    """Gather the datasets that a campaign's or a set's data IDs select, and commit the receipts.

    Sets that the registry does not have yet are uploaded first. A collection that was gathered before is brought up
    to date. Raise UsageError, ButlerError or RefusedError, with the collection as it was.
    """
    complaint = collection_complaint(gathering.into)
    if complaint:
        raise UsageError(f"{complaint[1]}: {complaint[2]}")
    ledger = workspace.ledger()
    subject = subject_of(workspace, ledger, text, gathering.place)
    data = data_of(ledger, subject, gathering.place)
    collections = gathering.collections or tuple(data.get("inputs", ()))
    types = gathering.dataset_types or tuple(data.get("dataset_types", DATASET_TYPES))
    if not collections:
        raise UsageError("no collections to look in: give --from COLLECTION")
    with store_of(workspace, ledger, alias, writeable=True) as store:
        from campledger.butler.collecting import collect as butler_collect

        uploads, _ = upload_sets(workspace, store, subject, alias, how, progress)
        include, exclude = (
            [one.stored for one in uploads if one.named.purpose == purpose] for purpose in ("include", "exclude")
        )
        found = butler_collect(store.butler, types, collections, gathering.into, include, exclude, progress=progress)
        place = {"collection": gathering.into, "dataset_types": list(types), "from": list(collections)}
        event = _event(uploads, {"butler": alias, "registry": str(store.identity), **place}, found)
    receipts = record(workspace, subject, [event], f"collect {gathering.into} in {alias}")
    return Gathered(subject, tuple(uploads), found, receipts)


def _event(uploads: Sequence[Uploaded], what: Mapping[str, Any], found: Collected) -> dict[str, Any]:
    event: dict[str, Any] = {"type": "collected", **what}
    for purpose in ("include", "exclude"):
        refs = [setref(one) for one in uploads if one.named.purpose == purpose]
        event |= {purpose: refs} if refs else {}
    event["count"] = dict(found.counts)
    missing = missing_counts(found)
    return event | ({"missing": missing} if missing else {})


def missing_counts(found: Collected) -> dict[str, int]:
    """Return how many members of the inclusions have no dataset, by dataset type."""
    counts: dict[str, int] = {}
    for one in found.missing:
        counts[one.dataset_type] = counts.get(one.dataset_type, 0) + one.count
    return counts


def setref(one: Uploaded) -> dict[str, Any]:
    """Return a set as events name it: name and revision in the registry, and digest."""
    return {"name": one.stored.name, "revision": one.stored.revision, "digest": one.stored.digest}
