"""DataId sets of a ledger in a Butler registry: uploaded, verified, gathered in collections; each with a receipt.

A registry and a git repository share no transaction: the registry comes first, then the receipt is committed. What
lies between is harmless: an upload that has no receipt is found by its digest and purpose, and adopted, when it is
asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from campledger.butler.connecting import friendly, open_first
from campledger.errors import ButlerError, CampledgerError, RefusedError, UsageError
from campledger.ledger.ledger import Ledger, Record
from campledger.ledger.sets import Evaluated, Reference, Sets, references_of, registry_name
from campledger.model import times
from campledger.model.history import Event
from campledger.operations.sets.find_sets import sets_of
from campledger.operations.workspace import (
    Workspace,
    require_known_format,
    require_readable,
    resolve,
)
from campledger.operations.write.staging import StagedLedger
from campledger.operations.write.writing import Writing

if TYPE_CHECKING:
    from campledger.butler.store import DataIdStore
    from campledger.butler.stored import Plan, StoredSet, Upload, Verification

OnProgress = Callable[[str, int, int], None]
"""Told what is being done, and how many of how many members are."""


@dataclass(frozen=True)
class Subject:
    """What people name to be uploaded or gathered: a set, or a campaign with its sets."""

    sets: tuple[Named, ...]
    campaign: str | None
    """The campaign whose history the receipts go to; None for a shared set by itself."""
    shared: str = ""
    """The shared set whose own history they go to where there is no campaign."""


@dataclass(frozen=True)
class Named:
    """A set with the name that it has in a registry, and what it is for."""

    reference: str
    name: str
    found: Evaluated
    purpose: str
    """``include`` or ``exclude``; empty for a set by itself that does not say which."""

    @property
    def pending(self) -> int:
        """How many ids it has that no registry knew when they were looked up."""
        return len(self.found.value.pending)


def subject_of(workspace: Workspace, ledger: Ledger, text: str, place: str | None = None) -> Subject:
    """Return what a set's or a campaign's name means; of a campaign the sets of a step or group only, if named.

    Raise UsageError if it is neither, DataError if one of the sets cannot be read.
    """
    sets = sets_of(workspace, ledger)
    head, colon, path = text.partition(":")
    name = Reference.parse(text).name
    shared = place is None and sets.path_of(name) is not None
    if shared and text not in ledger.directories:
        _require_one_meaning(ledger, text)
        return Subject((_named(sets, text, None, None),), None, name)
    try:
        campaign = resolve(ledger, head)
    except UsageError as error:
        raise UsageError(f"unknown DataId set `{text}`, and {error}") from None
    record = ledger.record(campaign)
    require_readable(record)
    if colon:
        chosen = [_named(sets, path, campaign, None)]
    else:
        chosen = [_named(sets, one, campaign, purpose) for purpose, one in _references(record, place)]
    if not chosen:
        where = f"{campaign} at {place}" if place else campaign
        raise UsageError(f"{where} names no DataId sets: `data: include` and `exclude` of its definition would")
    return Subject(tuple(chosen), campaign)


def _require_one_meaning(ledger: Ledger, text: str) -> None:
    """Raise UsageError for a set that is named like a campaign: only one of the two can be meant."""
    alike = [one for one in ledger.directories if text in {one.rpartition("-")[2], one[11:].rpartition("-")[0]}]
    if alike:
        raise UsageError(f"`{text}` is a set and a campaign: rename the set, or name the campaign by its id {alike[0]}")


def _references(record: Record, place: str | None) -> list[tuple[str, str]]:
    if place is None:
        return list(references_of(record))
    group = group_of(record, place)
    data = group.sections.get("data", {})
    return [(purpose, one) for purpose in ("include", "exclude") for one in data.get(purpose, ())]


def group_of(record: Record, place: str) -> Any:
    """Return the one group that STEP or STEP/GROUP names. Raise UsageError if there is none, or several."""
    if record.campaign is None:
        raise UsageError(f"{record.id} cannot be read: `campledger check {record.directory}` tells why")
    found = record.campaign.groups_of(place)
    if len(found) != 1:
        candidates = found or list(record.campaign.groups)
        more = f" and {len(candidates) - SHOWN:,} more" if len(candidates) > SHOWN else ""
        known = f"{', '.join(candidates[:SHOWN])}{more}" or "none"
        what = "no step or group" if not found else "several groups:"
        raise UsageError(f"{record.id} has {what} `{place}`: name one of {known}")
    return record.campaign.groups[found[0]]


def _named(sets: Sets, reference: str, campaign: str | None, purpose: str | None) -> Named:
    found = sets.evaluate(reference, campaign)
    if found.file.derived is not None:  # its members are other sets', its purpose is its own
        found = replace(found, value=replace(found.value, about=found.file.about))
    name = registry_name(reference, found.path, campaign)
    return Named(reference, name, found, purpose or str(found.file.about.get("purpose", "")))


def data_of(ledger: Ledger, subject: Subject, place: str | None = None) -> Mapping[str, Any]:
    """Return the `data` section in force for a campaign, or for a group of it; nothing for a shared set."""
    if subject.campaign is None:
        return {}
    record = ledger.record(subject.campaign)
    sections = group_of(record, place).sections if place else record.campaign.sections if record.campaign else {}
    data: Mapping[str, Any] = sections.get("data", {})
    return data


@contextmanager
def store_of(workspace: Workspace, ledger: Ledger, alias: str, *, writeable: bool = False) -> Iterator[DataIdStore]:
    """Open the registry that an alias of the settings names. Raise UsageError for an unknown one, ButlerError."""
    with open_registry(workspace, ledger, alias, writeable=writeable) as (store, _):
        yield store


@contextmanager
def open_registry(
    workspace: Workspace, ledger: Ledger, alias: str, *, writeable: bool = False
) -> Iterator[tuple[DataIdStore, str]]:
    """Open the registry that an alias names, and say by which address."""
    butlers = ledger.settings.butlers
    if alias not in butlers:
        known = ", ".join(butlers) or "none"
        raise UsageError(f"unknown Butler `{alias}`: `butlers` in campledger.yaml has {known}")
    uris = butlers[alias].get("uris", ())
    butler, address = open_first(uris, writeable=writeable, root=workspace.root.absolute())
    from campledger.butler.store import DataIdStore

    try:
        with friendly(f"use the Butler `{alias}`"):
            yield DataIdStore(butler), address
    finally:
        butler.close()


@dataclass(frozen=True)
class Uploaded:
    """A set that was uploaded, found in the registry, or would be uploaded."""

    named: Named
    plan: Plan
    upload: Upload | None
    """None after a dry run."""

    @property
    def receipt(self) -> Upload:
        """What the registry says of it."""
        if self.upload is None:
            raise AssertionError("a dry run uploads nothing")
        return self.upload

    @property
    def stored(self) -> StoredSet:
        """The set in the registry."""
        return self.receipt.stored


@dataclass(frozen=True)
class Receipts:
    """What was done, and the commit that records it; None where everything was recorded before."""

    events: tuple[dict[str, Any], ...]
    commit: str | None


@dataclass(frozen=True)
class UploadOptions:
    """How sets are uploaded."""

    allow_pending: bool = False
    """Whether ids that the registry does not know yet are taken as they are."""
    days: int | None = None
    """For how many days, where they are only for now."""


def upload(
    writing: Writing, text: str, alias: str, how: UploadOptions, progress: OnProgress | None = None
) -> tuple[list[Uploaded], Receipts]:
    """Upload a set, or all sets of a campaign, and commit the receipts.

    Raise RefusedError where a set is not committed, ButlerError where the registry refuses; sets that were uploaded
    before it stay, and are recorded.
    """
    writing.catch_up()
    workspace = writing.workspace
    ledger = workspace.ledger()
    require_known_format(ledger)
    subject = subject_of(workspace, ledger, text)
    with store_of(workspace, ledger, alias, writeable=not writing.dry_run) as store:
        if not writing.dry_run:
            return upload_sets(writing, store, subject, alias, how, progress)
        planned = [Uploaded(one, store.plan(one.found.value, one.name), None) for one in subject.sets]
        return planned, Receipts((), None)


def upload_sets(
    writing: Writing, store: DataIdStore, subject: Subject, alias: str, how: UploadOptions, progress: OnProgress | None
) -> tuple[list[Uploaded], Receipts]:
    """Upload the sets of a subject to an open registry, and commit the receipts, of those before a failure too."""
    done: list[Uploaded] = []
    try:
        for one in subject.sets:
            done += [_upload(writing.workspace, store, one, subject, how, progress)]
    except CampledgerError:
        _record_uploads(writing, subject, done, alias)
        raise
    return done, _record_uploads(writing, subject, done, alias)


def _record_uploads(writing: Writing, subject: Subject, done: Sequence[Uploaded], alias: str) -> Receipts:
    events = [_event(one, alias) for one in done]
    return record(writing, subject, events, f"upload {_words(subject)} to {alias}")


def _upload(
    workspace: Workspace,
    store: DataIdStore,
    named: Named,
    subject: Subject,
    how: UploadOptions,
    progress: OnProgress | None,
) -> Uploaded:
    value = named.found.value
    plan = store.plan(value, named.name)
    if plan.unknown and not how.allow_pending:
        raise ButlerError(tell_unknown(named, plan))

    def advance(done: int, total: int) -> None:
        if progress is not None:
            progress(named.name, done, total)

    expires = datetime.now(UTC) + timedelta(days=how.days) if how.days is not None else None
    upload = store.upload(
        value, named.name, by=workspace.user(workspace.ledger()), campaign=subject.campaign,
        commit=commit_of(workspace, named), expires=expires, allow_unknown=how.allow_pending, progress=advance,
    )  # fmt: skip
    return Uploaded(named, plan, upload)


def require_known(done: Sequence[Uploaded], how: UploadOptions) -> None:
    """Raise ButlerError for ids that the registry does not know, as the upload that was only planned would have."""
    for one in done:
        if one.upload is None and one.plan.unknown and not how.allow_pending:
            raise ButlerError(tell_unknown(one.named, one.plan))


def unknown_places(named: Named, plan: Plan) -> list[dict[str, Any]]:
    """Return the ids that the registry does not know, each with its place in the set's file."""
    return [{"id": str(one), "path": named.found.path, "line": _place(named, one.rows[0])[0]} for one in plan.unknown]


def _place(named: Named, row: tuple[int | str, ...]) -> tuple[int, int]:
    """Return where a member stands in its file; one of a set that is made from others stands in none."""
    return named.found.file.place(row) if named.found.file.derived is None else (0, 0)


SHOWN = 20
"""How many unknown ids, or groups, a message lists."""


def tell_unknown(named: Named, plan: Plan) -> str:
    """Return which ids of a set the registry does not know, each with its place in the file."""
    lines = []
    members = len({row for one in plan.unknown for row in one.rows})
    for one in plan.unknown[:SHOWN]:
        line, column = _place(named, one.rows[0])
        lines.append(f"{named.found.path}:{line}:{column}: {one}")
    more = f"\n  and {len(plan.unknown) - SHOWN:,} more" if len(plan.unknown) > SHOWN else ""
    listed = "\n  ".join(lines)
    return (
        f"the registry does not know {len(plan.unknown):,} ids of `{named.name}`, in {members:,} of its "
        f"{plan.count:,} members, and takes none of it; take them out, or upload them as they are with "
        f"--allow-pending:\n  {listed}{more}"
    )


def commit_of(workspace: Workspace, named: Named) -> str:
    """Return the ledger's commit that holds a set as it is uploaded. Raise RefusedError if none does."""
    head = workspace.repository.head()
    if head is None or workspace.repository.status([named.found.path]).dirty:
        raise RefusedError(
            f"{named.found.path} is not committed as it is: commit it first, so that the receipt can name the commit"
        )
    return head


def _event(one: Uploaded, alias: str) -> dict[str, Any]:
    stored = one.stored
    event: dict[str, Any] = {
        "type": "uploaded", "set": Reference.parse(one.named.reference).name, "name": stored.name,
        "revision": stored.revision, "digest": stored.digest, "count": stored.count,
        "dimensions": list(stored.dimensions), "butler": alias, "registry": one.receipt.registry,
        "universe": stored.universe, "table_version": one.receipt.version,
    }  # fmt: skip
    event |= {"unknown": stored.unknown} if stored.unknown else {}
    event |= {"commit": stored.commit} if stored.commit else {}
    event |= {"expires": times.happened(times.parse(stored.expires))} if stored.expires else {}
    return event


RECEIPTS = ("uploaded", "collected", "executed")
"""The kinds of events that record what was done in a registry."""

_STAMPS = {"id", "time", "at", "by", "butler"}
"""What two receipts of one thing may differ in: one registry may have several aliases."""


def record(writing: Writing, subject: Subject, events: Sequence[Mapping[str, Any]], words: str) -> Receipts:
    """Commit receipts to the history of a campaign or shared set, those that do not stand there yet, in one commit."""
    with writing.stage() as staged:
        receipts = [add_receipt(staged, subject.campaign, subject.shared, own, words) for own in events]
        made = [dict(event) for event, is_new in receipts if is_new]
        writing.message = words if len(made) > 1 else None
    return Receipts(tuple(made), writing.commit if made else None)


def add_receipt(
    staged: StagedLedger, campaign: str | None, name: str, own: Mapping[str, Any], words: str
) -> tuple[Mapping[str, Any], bool]:
    """Stage a receipt for the history of a campaign, or of the shared set ``name``.

    Return its event, or the one that says so already, and whether it was staged.
    """
    record = staged.find(campaign) if campaign is not None else None
    if record is not None:
        known = _known(record.history.events if record.history else (), own)
    else:
        known = _known(Sets(staged).receipts(name), own)
    if known is not None:
        return known.data, False
    return (staged.append(record, own, words) if record else staged.append_to_set(name, own, words)), True


def receive(staged: StagedLedger, campaign: str | None, name: str | None, own: Mapping[str, Any]) -> str:
    """Stage a receipt that somebody else made out; return the id of its event, or of the one that says so already."""
    if bool(campaign) == bool(name):
        raise UsageError("a receipt is for a campaign, or for a shared set: name one of the two")
    if own.get("type") not in RECEIPTS:
        raise UsageError(f"`{own.get('type')}` is no receipt: it is one of {', '.join(RECEIPTS)}")
    stamps = sorted(_STAMPS - {"butler"} & own.keys())
    if stamps:
        raise UsageError(f"`{stamps[0]}` is written by campledger itself: leave it out")
    if not campaign and name not in staged.shared_sets:
        raise UsageError(f"unknown shared set `{name}`: `campledger dataids list` shows them", value=name)
    about = staged.find(campaign).id if campaign else None
    event, _ = add_receipt(staged, about, name or "", own, f"receipt of {about or f'the set {name}'}: {own['type']}")
    return str(event["id"])


def _known(events: Iterable[Event], own: Mapping[str, Any]) -> Event | None:
    """Return the event that says the same as a receipt already."""
    return next((event for event in events if _unstamped(event.data) == _unstamped(own)), None)


def _unstamped(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in _STAMPS}


def _words(subject: Subject) -> str:
    if subject.campaign is None:
        return f"the set {subject.sets[0].name}"
    number = len(subject.sets)
    return f"{number} set{'s' * (number != 1)} of {subject.campaign}"


def verify(workspace: Workspace, text: str, alias: str) -> list[tuple[Named, Verification]]:
    """Hold the sets, as the registry has them, against their digests, recomputed from the registry's rows.

    Raise ButlerError for one that is not there.
    """
    ledger = workspace.ledger()
    subject = subject_of(workspace, ledger, text)
    with store_of(workspace, ledger, alias) as store:
        return [(one, store.verify(one.name, _revision(store, one))) for one in subject.sets]


def _revision(store: DataIdStore, named: Named) -> int:
    return stored_of(store, named).revision


def stored_of(store: DataIdStore, named: Named) -> StoredSet:
    """Return the revision in the registry of a set's digest and purpose. Raise ButlerError if there is none."""
    for head in reversed(store.list(named.name)):
        if head.is_of(named.found.value):
            return head
    raise ButlerError(f"`{named.name}` is not in the registry as it is now: `campledger upload` puts it there")
