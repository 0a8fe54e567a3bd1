"""Datasets of a campaign's or a set's data IDs, gathered in a TAGGED collection of a Butler registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from campledger.errors import UsageError
from campledger.model.rules import collection_complaint
from campledger.operations.registry.upload import (
    OnProgress,
    Receipts,
    Subject,
    Uploaded,
    UploadOptions,
    data_of,
    record,
    store_of,
    subject_of,
    upload_sets,
)
from campledger.operations.workspace import require_known_format
from campledger.operations.write.writing import Writing

if TYPE_CHECKING:
    from campledger.butler.collecting import Collected
    from campledger.butler.store import DataIdStore


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
    purpose: str | None = None
    """What a set by itself is for, if it does not say: ``include`` or ``exclude``."""
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
    writing: Writing,
    text: str,
    alias: str,
    gathering: Gathering,
    how: UploadOptions,
    progress: OnProgress | None = None,
) -> Gathered:
    """Gather the datasets that a campaign's or a set's data IDs select, and commit the receipts.

    Sets that the registry does not have yet are uploaded first. A collection that was gathered before is brought up
    to date. Raise UsageError, ButlerError or RefusedError, with the collection as it was.
    """
    writing.catch_up()
    workspace = writing.workspace
    ledger = workspace.ledger()
    require_known_format(ledger)
    subject = subject_of(workspace, ledger, text, gathering.place)
    data = data_of(ledger, subject, gathering.place)
    collections = gathering.collections or tuple(data.get("inputs", ()))
    types = gathering.dataset_types or tuple(data.get("dataset_types", DATASET_TYPES))
    if not collections:
        raise UsageError("no collections to look in: give --from COLLECTION")
    chosen = replace(gathering, dataset_types=types, collections=collections)
    _require_name(chosen.into)
    subject = _with_purpose(subject, gathering.purpose)
    with store_of(workspace, ledger, alias, writeable=True) as store:
        uploads, _ = upload_sets(writing, store, subject, alias, how, progress)
        return gather(writing, store, subject, uploads, alias, chosen, progress)


def _with_purpose(subject: Subject, purpose: str | None) -> Subject:
    """Return the subject with a purpose for each set. Raise UsageError for one that has none, or another."""
    sets = []
    for one in subject.sets:
        if purpose and one.purpose and one.purpose != purpose:
            raise UsageError(f"the set `{one.name}` is to {one.purpose}, and not to {purpose}")
        if not (one.purpose or purpose):
            raise UsageError(
                f"the set `{one.name}` does not say whether its data is to be included or left out: "
                "--purpose include or --purpose exclude"
            )
        sets.append(replace(one, purpose=one.purpose or purpose or ""))
    return replace(subject, sets=tuple(sets))


def _require_name(name: str) -> None:
    complaint = collection_complaint(name)
    if complaint:
        raise UsageError(f"{complaint[1]}: {complaint[2]}")


def gather(
    writing: Writing,
    store: DataIdStore,
    subject: Subject,
    uploads: Sequence[Uploaded],
    alias: str,
    gathering: Gathering,
    progress: OnProgress | None,
) -> Gathered:
    """Gather what sets that are in the registry select, and commit the receipt; nothing of it is left open."""
    from campledger.butler.collecting import collect as butler_collect

    include, exclude = (
        [one.stored for one in uploads if one.named.purpose == purpose] for purpose in ("include", "exclude")
    )
    found = butler_collect(
        store.butler, gathering.dataset_types, gathering.collections, gathering.into, include, exclude,
        progress=progress,
    )  # fmt: skip
    event = _event(uploads, gathering, {"butler": alias, "registry": str(store.identity)}, found)
    receipts = record(writing, subject, [event], f"collect {gathering.into} in {alias}")
    return Gathered(subject, tuple(uploads), found, receipts)


def _event(
    uploads: Sequence[Uploaded], gathering: Gathering, where: Mapping[str, str], found: Collected
) -> dict[str, Any]:
    event: dict[str, Any] = {
        "type": "collected", **where, "collection": gathering.into, "dataset_types": list(gathering.dataset_types),
        "from": list(gathering.collections), **setrefs(uploads), "count": dict(found.counts),
    }  # fmt: skip
    missing = missing_counts(found)
    return event | ({"missing": missing} if missing else {})


def missing_counts(found: Collected) -> dict[str, int]:
    """Return how many members of the inclusions have no dataset, by dataset type."""
    counts: dict[str, int] = {}
    for one in found.missing:
        counts[one.dataset_type] = counts.get(one.dataset_type, 0) + one.count
    return counts


def setrefs(uploads: Sequence[Uploaded]) -> dict[str, list[dict[str, Any]]]:
    """Return sets as events name them, by purpose: name and revision in the registry, and digest."""
    refs: dict[str, list[dict[str, Any]]] = {}
    for one in uploads:
        ref = {"name": one.stored.name, "revision": one.stored.revision, "digest": one.stored.digest}
        refs.setdefault(one.named.purpose, []).append(ref)
    return refs
