"""Running pipetask over sets of data IDs, and the same for BPS.

pipetask takes inclusions as tables of data IDs (``--data-id-table``, of which several restrict together) and has
nothing for exclusions: those are resolved into a TAGGED collection (:mod:`campledger.butler.collecting`), which takes
the place of the collections that it was resolved from. Nothing here knows a ledger: plain values in, arguments out.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from campledger.butler.connecting import INSTALL, friendly
from campledger.dataids.sets import DataIdSet
from campledger.errors import ButlerError, UsageError

if TYPE_CHECKING:
    from lsst.daf.butler import Butler


@dataclass(frozen=True, slots=True)
class Input:
    """The data that a run of pipetask takes."""

    collections: tuple[str, ...]
    """Collections to search, in order; those that a TAGGED collection was resolved from are not among them."""
    query: str
    """pipetask's data query, or nothing."""
    tables: tuple[Path, ...] = ()
    """Files of data IDs to include."""


def select(
    collections: Sequence[str],
    queries: Sequence[str] = (),
    tables: Sequence[Path] = (),
    *,
    tagged: str | None = None,
    resolved_from: Sequence[str] = (),
) -> Input:
    """Return the input of a run: collections to search, queries that all have to hold, tables of inclusions.

    ``tagged`` is the collection of what exclusions leave of ``resolved_from``: it comes first, and instead of those.
    Raise UsageError where that would leave a collection of ``resolved_from`` unnamed among the inputs.
    """
    inputs = list(dict.fromkeys(collections))
    if tagged is not None:
        strange = [name for name in resolved_from if name not in inputs]
        if strange:
            raise UsageError(
                f"`{tagged}` was resolved from `{strange[0]}`, which is no input of its own: a chain that holds it "
                "would bring back what was excluded; name the collections of the chain"
            )
        inputs = [tagged, *(name for name in inputs if name not in {tagged, *resolved_from})]
    if not inputs:
        raise UsageError("pipetask needs a collection to take its input from")
    wrong = [name for name in inputs if "," in name or name != name.strip() or not name]
    if wrong:
        raise UsageError(f"{wrong[0]!r} is no name of a collection")
    return Input(tuple(inputs), join_queries(queries), tuple(tables))


def join_queries(queries: Sequence[str]) -> str:
    """Return one query that holds where all do; pipetask itself would take only the last."""
    asked = list(dict.fromkeys(query.strip() for query in queries if query.strip()))
    return asked[0] if len(asked) == 1 else " AND ".join(f"({query})" for query in asked)


def require_collections(butler: Butler, collections: Sequence[str]) -> None:
    """Raise ButlerError for a collection that is not there."""
    with friendly("look for the input collections"):
        for name in dict.fromkeys(collections):
            butler.collections.get_info(name)


def bringing_back(
    butler: Butler, collections: Sequence[str], tagged: str, dataset_types: Sequence[str]
) -> tuple[str, ...]:
    """Return the inputs, beside the TAGGED collection, that hold datasets of types that exclusions were made from.

    pipetask searches every input, so that what was excluded comes back through these. Chains are looked into.
    """
    found = []
    with friendly("look into the input collections"):
        for name in collections:
            members = butler.collections.query_info(name, flatten_chains=True, include_summary=True)
            held = {one for info in members if info.name != tagged for one in info.dataset_types or ()}
            if held & set(dataset_types):
                found.append(name)
    return tuple(found)


def write_tables(include: Sequence[DataIdSet], folder: Path, name: str) -> tuple[Path, ...]:
    """Write inclusions as ECSV files for pipetask, one for each dimension group, and return them.

    Sets of the same dimensions are intersected. The columns are the dimensions alone, since pipetask fails on others;
    the files replace older ones of the same name at once.
    Raise UsageError for inclusions that have no member in common: pipetask would make an empty graph, and not say why.
    """
    groups: dict[tuple[str, ...], list[DataIdSet]] = defaultdict(list)
    for one in include:
        groups[one.dimensions].append(one)
    written = []
    for dimensions, sets in sorted(groups.items()):
        value = sets[0].intersect(*sets[1:])
        if not value.members:
            raise UsageError(f"no data ID of {', '.join(dimensions)} is in every set to include: nothing would run")
        file = folder / f"{name}.{'-'.join(dimensions)}.ecsv"
        replace(value, attributes={}, pending=(), about={}).write(file)
        written.append(file)
    return tuple(written)


def arguments(
    butler: str,
    pipeline: str,
    data: Input,
    *,
    command: Literal["run", "qgraph"] = "run",
    output: str | None = None,
    output_run: str | None = None,
    config: Sequence[str] = (),
    config_files: Sequence[str] = (),
    extra: Sequence[str] = (),
) -> list[str]:
    """Return the arguments of pipetask, without its own name.

    ``pipeline`` may name a subset (``file.yaml#subset``); ``config`` are ``label:field=value``, ``config_files``
    ``label:file``, ``extra`` more arguments of pipetask's own, which come last.
    """
    words = [command, "--butler-config", butler, "--pipeline", pipeline, "--input", ",".join(data.collections)]
    for option, value in (("--output", output), ("--output-run", output_run), ("--data-query", data.query)):
        words += [option, value] if value else []
    for option, values in (("--config", config), ("--config-file", config_files), ("--data-id-table", data.tables)):
        for one in values:
            words += [option, str(one)]
    return [*words, *extra]


def run(words: Sequence[str], *, cwd: Path | None = None) -> int:
    """Run the installed pipetask, with our own output and input, and return its exit status.

    It is looked for beside this Python first. Raise ButlerError where it is not installed.
    """
    beside = Path(sys.executable).with_name("pipetask")
    program = str(beside) if beside.exists() else shutil.which("pipetask")
    if program is None:
        raise ButlerError(f"pipetask is not installed: {INSTALL}")
    return subprocess.run([program, *words], cwd=cwd, check=False).returncode


def bps_substitutions(data: Input) -> dict[str, Any]:
    """Return what the same input is in a BPS submit file: ``payload`` and ``extraQgraphOptions``.

    What is not there has to be left as the submit file has it. Raise UsageError for what BPS would read otherwise: it
    puts the values into a command line, and replaces what stands in braces.
    """
    options = " ".join(f"--data-id-table {shlex.quote(str(file.absolute()))}" for file in data.tables)
    for text in (options, data.query, *data.collections):
        if "{" in text or "}" in text:
            raise UsageError(f"BPS would replace what stands in braces: {text}")
    if '"' in data.query or "\\" in data.query:
        raise UsageError(
            f"BPS puts the query between double quotes: use single ones in it, and no backslash: {data.query}"
        )
    payload = {"inCollection": ",".join(data.collections), **({"dataQuery": data.query} if data.query else {})}
    return {"payload": payload, **({"extraQgraphOptions": options} if options else {})}
