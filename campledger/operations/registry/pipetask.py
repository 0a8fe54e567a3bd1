"""Run pipetask for a group, and record that."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from campledger.butler import pipetask
from campledger.errors import RefusedError, UsageError
from campledger.ledger.ledger import Record
from campledger.model import rules
from campledger.model.states import State, acts_from
from campledger.operations.registry.collect import setrefs
from campledger.operations.registry.group_data import Choice, Ready, make_ready
from campledger.operations.registry.upload import (
    OnProgress,
    Receipts,
    Subject,
    record,
)
from campledger.operations.workspace import require_known_format, resolve
from campledger.operations.write.writing import Writing

TIMESTAMP = "%Y%m%dT%H%M%SZ"
"""How BPS and pipetask name runs."""


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
    progress: OnProgress | None = None,
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
