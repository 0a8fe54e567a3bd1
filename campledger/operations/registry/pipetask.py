"""A group's data as its sets leave it, for pipetask and for BPS; pipetask run with it, and recorded."""

from __future__ import annotations

import posixpath
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from campledger.bps.rendering import Rendering
from campledger.bps.tree import scan
from campledger.butler import pipetask
from campledger.documents.foreign import ForeignError
from campledger.errors import DataError, RefusedError, UsageError
from campledger.files import replace as replace_file
from campledger.ledger.ledger import Record
from campledger.model import rules
from campledger.model.campaign import Group
from campledger.model.states import State, acts_from
from campledger.operations.registry.collect import DATASET_TYPES, Gathering, gather, setrefs
from campledger.operations.registry.upload import (
    How,
    Progress,
    Receipts,
    Subject,
    Uploaded,
    group_of,
    open_registry,
    record,
    subject_of,
    upload_sets,
)
from campledger.operations.workspace import require_known_format, resolve
from campledger.operations.write.writing import Writing

if TYPE_CHECKING:
    from campledger.butler.store import DataIdStore

TIMESTAMP = "%Y%m%dT%H%M%SZ"
"""How BPS and pipetask name runs."""


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
    progress: Progress | None = None,
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
            uploads, _ = upload_sets(writing, store, subject, alias, How(choice.allow_pending), progress)
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
    progress: Progress | None,
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


def arguments_of(ready: Ready, root: Path, command: Literal["run", "qgraph"], extra: Sequence[str]) -> list[str]:
    """Return pipetask's arguments for a group. Raise UsageError for a definition that pipetask cannot run."""
    processing = ready.processing
    pipelines = processing.get("pipelines", ())
    if len(pipelines) != 1:
        what = "no pipeline" if not pipelines else f"{len(pipelines)} pipelines"
        raise UsageError(f"{ready.group.path} has {what}, and pipetask takes one: a pipeline can import others")
    home = root / ready.record.directory
    pipeline = _located(home, pipelines[0])
    if "subset" in processing and "#" not in pipeline:
        pipeline += f"#{processing['subset']}"
    config, files = [], []
    for override in processing.get("config_overrides", ()):
        label, _, rest = override.partition(":")
        if "=" in rest:
            config.append(override)
        else:
            files.append(f"{label}:{_located(home, rest)}")
    more = shlex.split(processing.get("extra_qgraph_options", ""))
    more += shlex.split(processing.get("extra_run_options", "")) if command == "run" else []
    data = ready.sections["data"]
    return pipetask.arguments(
        ready.butler, pipeline, ready.data, command=command, output=data.get("output"),
        output_run=_run_of(ready), config=config, config_files=files, extra=[*more, *extra],
    )  # fmt: skip


def _located(home: Path, reference: str) -> str:
    """Return a reference to a file of the campaign as a path that is right from everywhere."""
    return str(home / reference) if rules.is_path(reference) else reference


def _run_of(ready: Ready) -> str | None:
    """Return the RUN collection that the definition's pattern gives now; None where pipetask itself makes it so."""
    data = ready.sections["data"]
    pattern = data.get("run")
    if pattern is None or ("output" in data and pattern == "{output}/{timestamp}"):
        return None
    known = {
        "output": data.get("output", ""), "timestamp": datetime.now(UTC).strftime(TIMESTAMP),
        "step": ready.group.step, "group": ready.group.name,
        **{name: ready.processing.get("bps", {}).get(name, "") for name in ("payloadName", "campaign")},
    }  # fmt: skip
    try:
        return str(pattern.format_map(known))
    except KeyError as error:
        raise UsageError(f"`data: run` is `{pattern}`, and nothing says the {error.args[0]} here") from None


@dataclass(frozen=True)
class Executed:
    """A run of pipetask, and the receipt."""

    status: int
    receipts: Receipts


def execute(
    writing: Writing,
    campaign: str,
    place: str,
    choice: Choice,
    command: Literal["run", "qgraph"],
    extra: Sequence[str],
    *,
    tables: Path | None = None,
    progress: Progress | None = None,
) -> Executed:
    """Run pipetask for a group of a running campaign, and record the command with its exit status and sets.

    The tables of inclusions go into a folder of their own that is removed afterwards, unless ``tables`` is one.
    """
    writing.catch_up()
    workspace = writing.workspace
    ledger = workspace.ledger()
    require_known_format(ledger)
    _require_running(ledger.record(resolve(ledger, campaign)))
    with tempfile.TemporaryDirectory(prefix="campledger-") if tables is None else nullcontext(str(tables)) as folder:
        ready = make_ready(writing, campaign, place, choice, Path(folder), progress)
        words = arguments_of(ready, workspace.root.absolute(), command, extra)
        try:
            status = pipetask.run(words)
        except KeyboardInterrupt:
            _record(writing, ready, words, 130)
            raise
    return Executed(status, _record(writing, ready, words, status))


def _require_running(found: Record) -> None:
    state = found.history.state if found.history else State.DEFINED
    if state is not State.RUNNING:
        possible = " or ".join(f"`campledger {one}`" for one in acts_from(state))
        raise RefusedError(f"{found.id} is {state}: only a running campaign executes; possible is {possible}")


def _record(writing: Writing, ready: Ready, words: Sequence[str], status: int) -> Receipts:
    event = {
        "type": "executed", "on": ready.group.path, "command": ["pipetask", *words], "status": status,
        "butler": ready.alias, **setrefs(ready.uploads),
    }  # fmt: skip
    subject = Subject((), ready.record.id)
    return record(writing, subject, [event], f"run pipetask for {ready.group.path} of {ready.record.id}")


def render(
    writing: Writing,
    campaign: str,
    place: str,
    choice: Choice,
    tables: Path | None = None,
    progress: Progress | None = None,
) -> str:
    """Return a group's BPS submit file: its variables filled in, and its data as the sets leave it; the rest stays.

    A registry is asked only where the group names sets, or ``choice`` a Butler.
    Raise UsageError where the definition names no such file, DataError where it cannot be read, or has placeholders
    that nothing fills.
    """
    writing.catch_up()
    workspace = writing.workspace
    ledger = workspace.ledger()
    found = ledger.record(resolve(ledger, campaign))
    group: Group = group_of(found, place)
    bps: Mapping[str, Any] = group.sections.get("processing", {}).get("bps", {})
    name = bps.get("file")
    if name is None or not rules.is_path(name) or rules.leaves_directory(name):
        raise UsageError(f"{group.path} has no BPS file in the campaign: `processing: bps: file` names it")
    data: Mapping[str, Any] = group.sections.get("data", {})
    tagged = None
    collections = [*data.get("inputs", ()), *data.get("ancillary", ())]
    selected = pipetask.select(collections, data.get("queries", ())) if data.get("inputs") else None
    try:
        file = Rendering.of(scan(workspace.root / found.directory), posixpath.normpath(name))
        file = file.filled(bps.get("variables", {}))
        if file.placeholders:
            words = ", ".join(file.placeholders)
            raise DataError(f"{found.path(name)}: nothing fills {words} for {group.path}: its variables do")
        if choice.alias is not None or data.get("include") or data.get("exclude"):
            ready = make_ready(writing, campaign, place, choice, tables, progress, for_bps=True)
            selected, tagged = ready.data, ready.tagged
        if selected is not None:
            file = file.with_data(pipetask.bps_substitutions(selected), replace_inputs=tagged is not None)
    except ForeignError as error:
        raise DataError(f"{found.path(name)}:{error.line}:{error.column}: unreadable: {error.message}") from None
    return file.text


def write(out: Path, text: str) -> None:
    """Write a rendered file at once. Raise UsageError where that cannot be."""
    try:
        replace_file(out, text.encode(), 0o644)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
