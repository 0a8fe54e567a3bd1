"""Make a group's data ready for pipetask or BPS: upload its sets, gather what exclusions leave, write tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campledger.butler import pipetask
from campledger.errors import RefusedError, UsageError
from campledger.ledger.ledger import Record
from campledger.model.campaign import Group
from campledger.operations.registry.collect import DATASET_TYPES, Gathering, gather
from campledger.operations.registry.earlier_runs import require_left_out_before
from campledger.operations.registry.upload import (
    OnProgress,
    Subject,
    Uploaded,
    UploadOptions,
    group_of,
    open_registry,
    subject_of,
    upload_sets,
)
from campledger.operations.workspace import require_known_format, resolve
from campledger.operations.write.writing import Writing

if TYPE_CHECKING:
    from campledger.butler.store import DataIdStore


@dataclass(frozen=True)
class Choice:
    """What a definition leaves open, or what counts more than it."""

    alias: str | None = None
    dataset_types: tuple[str, ...] = ()
    """What is gathered where something is excluded."""
    into: str | None = None
    """The TAGGED collection for it."""
    allow_pending: bool = False


@dataclass(frozen=True)
class Ready:
    """A group whose data is ready: sets uploaded, exclusions gathered, inclusions written."""

    record: Record
    group: Group
    butler: str
    """The repository's address."""
    alias: str
    data: pipetask.Input
    uploads: tuple[Uploaded, ...]
    tagged: str | None
    """The collection that exclusions left."""

    @property
    def sections(self) -> Mapping[str, Any]:
        """What is in force for the group."""
        return self.group.sections

    @property
    def processing(self) -> Mapping[str, Any]:
        """What is run."""
        found: Mapping[str, Any] = self.sections.get("processing", {})
        return found


def make_ready(
    writing: Writing,
    campaign: str,
    place: str,
    choice: Choice,
    tables: Path | None,
    progress: OnProgress | None = None,
    *,
    for_bps: bool = False,
) -> Ready:
    """Make the data of the group that STEP or STEP/GROUP names ready for pipetask, or for BPS.

    Tables of what is included go into the folder ``tables``, or into one below the git directory.
    Raise UsageError where the definition lacks something, ButlerError where the registry refuses.
    """
    writing.catch_up()
    workspace = writing.workspace
    ledger = workspace.ledger()
    require_known_format(ledger)
    found = ledger.record(resolve(ledger, campaign))
    group = group_of(found, place)
    if group.table and not for_bps:
        # Its template selects the data; without it pipetask would take what belongs to all groups.
        raise UsageError(
            f"{group.path} is a row of {group.table}, which fills a BPS file: "
            f"`campledger render {campaign} {group.path}` makes it, for `bps submit`"
        )
    data: Mapping[str, Any] = group.sections.get("data", {})
    alias = choice.alias or data.get("butler")
    named = bool(data.get("include") or data.get("exclude"))
    if alias is None:
        why = " for the DataId sets that it includes or excludes" if named else ""
        raise UsageError(f"{group.path} has no Butler{why}: give --butler ALIAS, or `data: butler` in the definition")
    inputs = tuple(data.get("inputs", ()))
    if not inputs:
        raise UsageError(f"{group.path} has no input collections: `data: inputs` in the definition names them")
    uploads: list[Uploaded] = []
    with open_registry(workspace, ledger, alias, writeable=named) as (store, address):
        tagged = None
        # First, so that nothing is half done where one of them is not there.
        pipetask.require_collections(store.butler, [*inputs, *data.get("ancillary", ())])
        if named:
            subject = subject_of(workspace, ledger, found.id, group.path)
            require_left_out_before(store, found, group, alias, subject.sets)
            uploads, _ = upload_sets(writing, store, subject, alias, UploadOptions(choice.allow_pending), progress)
            tagged = _leave_out(writing, store, subject, uploads, alias, choice, group, progress)
        included = [one.named.found.value for one in uploads if one.named.purpose == "include"]
        folder = _folder(tables or workspace.repository.git_dir / "campledger") if included else Path()
        written = pipetask.write_tables(included, folder, f"{found.id}.{group.step}.{group.name}")
        selected = pipetask.select(
            [*inputs, *data.get("ancillary", ())], data.get("queries", ()), written, tagged=tagged,
            resolved_from=inputs if tagged else (),
        )  # fmt: skip
        if tagged is not None:
            _require_left_out(store, selected, tagged, _types(choice, data))
        return Ready(found, group, address, alias, selected, tuple(uploads), tagged)


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {path}: {error.strerror}") from None
    return path


def _types(choice: Choice, data: Mapping[str, Any]) -> tuple[str, ...]:
    return choice.dataset_types or tuple(data.get("dataset_types", DATASET_TYPES))


def _leave_out(
    writing: Writing,
    store: DataIdStore,
    subject: Subject,
    uploads: Sequence[Uploaded],
    alias: str,
    choice: Choice,
    group: Group,
    progress: OnProgress | None,
) -> str | None:
    """Gather what the exclusions leave, if there are any; return the collection."""
    if not any(one.named.purpose == "exclude" for one in uploads):
        return None
    into = choice.into or f"campledger/{subject.campaign}/{group.path}"
    data = group.sections["data"]
    inputs = tuple(data["inputs"])
    gathering = Gathering(_types(choice, data), into, inputs)
    gathered = gather(writing, store, subject, uploads, alias, gathering, progress)
    if not any(gathered.collected.counts.values()):
        raise RefusedError(
            f"of {', '.join(gathering.dataset_types)} in {', '.join(inputs)} the sets leave nothing in `{into}`: "
            "look at them, the inputs and the dataset types"
        )
    return into


def _require_left_out(store: DataIdStore, data: pipetask.Input, tagged: str, types: Sequence[str]) -> None:
    """Raise RefusedError where another input collection would bring back what is excluded."""
    back = pipetask.bringing_back(store.butler, data.collections, tagged, types)
    if back:
        raise RefusedError(
            f"`{back[0]}` holds datasets of {' or '.join(types)} too, and would bring back what is excluded: "
            "name it in `inputs` instead of `ancillary`, or name the dataset types that matter with --dataset-types"
        )
