"""Make a quantum graph without excluded data IDs, and say what it really rests on; one file that stands alone.

    python make_graph.py PLAN.json -- qgraph PIPETASK-ARGUMENTS... --save-qgraph FILE.qg

Nothing of campledger is imported: a copy of this file runs wherever the stack does. The graph is made under another
name and gets its own only when nothing excluded went in, or when somebody accepted what did. Datasets are joined by
UUID, through the graphs of earlier runs, to what was first read. Init-inputs carry no data and are not followed.

Exit codes: 0 made; 2 the plan or the arguments are wrong; 4 something excluded went in; 5 nothing is left to do;
otherwise pipetask's own.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHUNK = 1000
"""Quanta that are read at once."""
IDS = 500
"""Numbers in a query: SQLite fails at 1,000 terms."""
ROWS = 10_000
SIZE = 1 << 20
RELATED = {"visit": "exposure", "exposure": "visit"}
"""Dimensions that visit definitions relate; campledger/butler/joining.py has the same rule."""
WRONG, REFUSED, EMPTY = 2, 4, 5

Member = tuple[Any, ...]


class PlanError(Exception):
    """Say what is wrong with the plan, the arguments or a graph: a message for people."""


def shown(text: object) -> str:
    """Return a text without what a terminal would obey."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in str(text))


def say(text: str) -> None:
    """Write a line for people."""
    sys.stderr.write(f"make_graph: {text}\n")


@dataclass(frozen=True)
class Exclusion:
    """A set of data IDs that must not go in."""

    name: str
    digest: str
    revision: int | None
    dimensions: tuple[str, ...]
    members: frozenset[Member]

    def reference(self) -> dict[str, Any]:
        """Return the set as the report names it."""
        more = {} if self.revision is None else {"revision": self.revision}
        return {"name": self.name, "digest": self.digest, **more}


@dataclass(frozen=True)
class Earlier:
    """The graph of an earlier run."""

    graph: Path
    place: str
    submission: str | None


@dataclass(frozen=True)
class Plan:
    """What is to be left out, and where earlier graphs are."""

    exclude: tuple[Exclusion, ...]
    earlier: tuple[Earlier, ...]
    accepted: dict[str, tuple[str, str]]
    """Who accepted, and why, by the name of the set."""
    report: Path


def _get(row: Any, key: str, kind: type, where: str, default: Any = ...) -> Any:
    """Return a value of the plan; raise PlanError if it is missing or of another type."""
    if not isinstance(row, dict):
        raise PlanError(f"{where}: expected an object")
    value = row.get(key, default)
    if value is ...:
        raise PlanError(f"{where}: required key `{key}` is missing")
    if value is not default and (not isinstance(value, kind) or isinstance(value, bool)):
        raise PlanError(f"{where}.{key}: expected {kind.__name__}, found {shown(json.dumps(value))[:60]}")
    return value


def read_plan(path: Path) -> Plan:
    """Read a plan; raise PlanError naming the key that is wrong."""
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise PlanError(f"cannot read the plan: {shown(error)}") from None
    known = {"exclude", "earlier", "accepted", "report"}
    if isinstance(raw, dict) and (strange := sorted(set(raw) - known)):
        raise PlanError(f"unknown key `{shown(strange[0])}`; allowed are {', '.join(sorted(known))}")
    exclude = tuple(_exclusion(row, f"exclude[{n}]") for n, row in enumerate(_get(raw, "exclude", list, "plan")))
    names = [one.name for one in exclude]
    if twice := [name for name in names if names.count(name) > 1]:
        raise PlanError(f"exclude: duplicate name `{shown(twice[0])}`")
    earlier = []
    for n, row in enumerate(_get(raw, "earlier", list, "plan", [])):
        where = f"earlier[{n}]"
        graph = path.parent / _get(row, "graph", str, where)
        earlier.append(Earlier(graph, _get(row, "place", str, where), _get(row, "submission", str, where, None)))
    accepted = {}
    for n, row in enumerate(_get(raw, "accepted", list, "plan", [])):
        where = f"accepted[{n}]"
        name, by, reason = (_get(row, key, str, where) for key in ("set", "by", "reason"))
        if name not in names:
            raise PlanError(f"{where}.set: `{shown(name)}` is not among the exclusions")
        accepted[name] = (by, reason)
    return Plan(exclude, tuple(earlier), accepted, path.parent / _get(raw, "report", str, "plan"))


def _exclusion(row: Any, where: str) -> Exclusion:
    name, digest = _get(row, "name", str, where), _get(row, "digest", str, where)
    dimensions = tuple(_get(row, "dimensions", list, where))
    if not dimensions or not all(isinstance(one, str) for one in dimensions) or len({*dimensions}) < len(dimensions):
        raise PlanError(f"{where}.dimensions: expected different names of dimensions")
    members = []
    for n, one in enumerate(_get(row, "members", list, where)):
        if not isinstance(one, list) or len(one) != len(dimensions):
            raise PlanError(f"{where}.members[{n}]: expected a list of {len(dimensions)} values")
        members.append(tuple(one))
        if not all(type(value) in (int, str) for value in one):
            raise PlanError(f"{where}.members[{n}]: expected numbers and texts only")
    return Exclusion(name, digest, _get(row, "revision", int, where, None), dimensions, frozenset(members))


def check_dimensions(plan: Plan, universe: Any) -> None:
    """Raise PlanError for a dimension that the repository does not have, or a value of another type."""
    for n, one in enumerate(plan.exclude):
        where = f"exclude[{n}]"
        for name in one.dimensions:
            if name not in universe.dimensions.names:
                raise PlanError(f"{where}.dimensions: unknown dimension `{shown(name)}`")
        if missing := set(universe.conform(one.dimensions).required) - set(one.dimensions):
            raise PlanError(f"{where}.dimensions: required dimension `{min(missing)}` is missing")
        kinds = [universe.dimensions[name].primaryKey.getPythonType() for name in one.dimensions]
        for member in one.members:
            for name, kind, value in zip(one.dimensions, kinds, member, strict=True):
                if type(value) is not kind:
                    raise PlanError(f"{where}.members: `{shown(value)}` is no {name}: expected {kind.__name__}")


class Matcher:
    """Find the members of exclusions that a data ID belongs to.

    A set on visits excludes data IDs of exposures that belong to any of its visits, and the other way round; an
    exposure without a visit stays.
    """

    def __init__(self, plan: Plan, butler: Any) -> None:
        self._sets: list[tuple[int, tuple[str, ...], dict[Member, tuple[Member, ...]]]] = []
        self._related: list[tuple[int, tuple[str, ...], dict[Member, tuple[Member, ...]], str]] = []
        self._known: dict[tuple[str, ...], list[tuple[int, tuple[int, ...], dict[Member, tuple[Member, ...]]]]] = {}
        for n, one in enumerate(plan.exclude):
            self._sets.append((n, one.dimensions, {member: (member,) for member in one.members}))
            own = [name for name in RELATED if name in one.dimensions]
            if len(own) == 1:
                names = tuple(RELATED[own[0]] if name == own[0] else name for name in one.dimensions)
                self._related.append((n, names, _related(butler, one, own[0]), own[0]))

    def hits(self, keys: tuple[str, ...], values: Sequence[Any]) -> list[tuple[int, tuple[Member, ...]]]:
        """Return the number of each set that excludes a data ID, with the members that do."""
        if (rules := self._known.get(keys)) is None:
            rules = self._known[keys] = self._rules(keys)
        found = []
        for number, places, members in rules:
            if (origin := members.get(tuple([values[place] for place in places]))) is not None:
                found.append((number, origin))
        return found

    def _rules(self, keys: tuple[str, ...]) -> list[tuple[int, tuple[int, ...], dict[Member, tuple[Member, ...]]]]:
        rules = [rule for rule in self._sets if set(rule[1]) <= set(keys)]
        rules += [(n, names, rows) for n, names, rows, own in self._related if own not in keys and {*names} <= {*keys}]
        return [(n, tuple(keys.index(name) for name in names), rows) for n, names, rows in rules]


def _related(butler: Any, one: Exclusion, own: str) -> dict[Member, tuple[Member, ...]]:
    """Map each data ID on exposures (visits) to the members on visits (exposures) that it belongs to."""
    other, place, camera = RELATED[own], one.dimensions.index(own), one.dimensions.index("instrument")
    numbers: dict[str, set[int]] = {}
    for member in one.members:
        numbers.setdefault(member[camera], set()).add(member[place])
    pairs: dict[tuple[str, int], list[int]] = {}
    for instrument, wanted in numbers.items():
        ordered = sorted(wanted)
        for start in range(0, len(ordered), IDS):
            bind = {"camera": instrument, "numbers": ordered[start : start + IDS]}
            with butler.query() as query:
                where = f"instrument = camera AND {own} IN (numbers)"
                for record in query.dimension_records("visit_definition").where(where, bind=bind):
                    key = (instrument, record.dataId[own])
                    pairs.setdefault(key, []).append(record.dataId[other])
    found: dict[Member, tuple[Member, ...]] = {}
    for member in one.members:
        for number in pairs.get((member[camera], member[place]), ()):
            key = (*member[:place], number, *member[place + 1 :])
            found[key] = (*found.get(key, ()), member)
    return found


@dataclass
class Making:
    """What the builder did."""

    quanta: int = 0
    """Quanta left out."""
    datasets: int = 0
    left: int | None = None
    """Quanta of the graph; None if none was built."""


def builder(base: type, matcher: Matcher, making: Making) -> type:
    """Return a graph builder that takes excluded quanta and datasets away before quanta are adjusted."""

    class Excluding(base):  # type: ignore[misc]
        def process_subgraph(self, subgraph: Any) -> Any:
            skeleton = super().process_subgraph(subgraph)
            quanta: list[Any] = []
            datasets: list[Any] = []
            for key in skeleton:
                if not key.is_task and key.is_prerequisite:
                    continue  # refused when the graph is read back: a task may not do without
                try:
                    data_id = skeleton.get_data_id(key)
                except KeyError:
                    continue  # of a task's init
                if matcher.hits(tuple(data_id.dimensions.data_coordinate_keys), data_id.full_values):
                    (quanta if key.is_task else datasets).append(key)
            for key in quanta:
                skeleton.remove_quantum_node(key, remove_outputs=True)
            skeleton.remove_dataset_nodes([key for key in datasets if key in skeleton])
            making.quanta += len(quanta)
            making.datasets += len(datasets)
            return skeleton

        def finish(self, *args: Any, **options: Any) -> Any:
            made = super().finish(*args, **options)
            making.left = made.header.n_quanta
            return made

    return Excluding


@dataclass
class Lineage:
    """Graphs joined by dataset UUID: which quantum made a dataset, and from what."""

    matcher: Matcher
    numbers: dict[int, int] = field(default_factory=dict)
    """UUID to the number of a dataset."""
    maker: array[int] = field(default_factory=lambda: array("q"))
    """The quantum that made a dataset, or -1."""
    kind: array[int] = field(default_factory=lambda: array("q"))
    kinds: list[tuple[str, str, bool]] = field(default_factory=list)
    """Dataset type, RUN, and whether it is a calibration."""
    kind_numbers: dict[tuple[str, str, bool], int] = field(default_factory=dict)
    hits: dict[int, list[tuple[int, tuple[Member, ...]]]] = field(default_factory=dict)
    inputs: list[array[int]] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    graph_of: array[int] = field(default_factory=lambda: array("q"))
    quantum_hits: dict[int, list[tuple[int, tuple[Member, ...]]]] = field(default_factory=dict)
    outputs: set[str] = field(default_factory=set)
    """Dataset types that some graph makes."""
    outside: dict[int, tuple[tuple[str, ...], tuple[Any, ...]]] = field(default_factory=dict)
    """Required data IDs of what the first graph reads from outside of itself."""

    def add(self, path: Path, number: int) -> tuple[str, int]:
        """Read a graph in chunks; return its RUN and its number of quanta. Raise PlanError if it cannot be read."""
        from lsst.pipe.base.pipeline_graph import TaskImportMode
        from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

        try:
            with PredictedQuantumGraph.open(str(path), import_mode=TaskImportMode.DO_NOT_IMPORT) as reader:
                reader.read_thin_graph()
                parts = reader.components
                quanta = [q.quantum_id for rows in parts.thin_graph.quanta.values() for q in rows]
                for start in range(0, len(quanta), CHUNK):
                    reader.read_quantum_datasets(quanta[start : start + CHUNK])
                    if len(parts.quantum_datasets) != len(quanta[start : start + CHUNK]):
                        raise ValueError("quanta are missing")  # noqa: TRY301 - said below
                    for quantum in parts.quantum_datasets.values():
                        self._add_quantum(quantum, parts.pipeline_graph, number)
                    parts.quantum_datasets.clear()
                return parts.header.output_run, len(quanta)
        except Exception as error:  # noqa: BLE001 - a file from anywhere: the reader raises whatever it stumbles on
            raise PlanError(f"{shown(path)}: cannot read the graph: {shown(error)[:300]}") from None

    def _add_quantum(self, quantum: Any, pipeline: Any, graph: int) -> None:
        own = len(self.inputs)
        keys = tuple(pipeline.tasks[quantum.task_label].dimensions.data_coordinate_keys)
        if found := self.matcher.hits(keys, quantum.data_coordinate):
            self.quantum_hits[own] = found
        self.tasks.append(quantum.task_label)
        self.graph_of.append(graph)
        rows = [self._dataset(one, pipeline, graph) for some in quantum.inputs.values() for one in some]
        self.inputs.append(array("q", rows))
        for some in quantum.outputs.values():
            for one in some:
                dataset = self._dataset(one, pipeline, -1)
                self.outputs.add(one.dataset_type_name)
                if self.maker[dataset] == -1:
                    self.maker[dataset] = own

    def _dataset(self, one: Any, pipeline: Any, graph: int) -> int:
        number = self.numbers.setdefault(one.dataset_id.int, len(self.maker))
        kind = pipeline.dataset_types[one.dataset_type_name].dataset_type
        if number == len(self.maker):
            self.maker.append(-1)
            key = (one.dataset_type_name, one.run, kind.isCalibration())
            self.kind.append(self.kind_numbers.setdefault(key, len(self.kinds)))
            if self.kind[number] == len(self.kinds):
                self.kinds.append(key)
            if found := self.matcher.hits(tuple(kind.dimensions.data_coordinate_keys), one.data_coordinate):
                self.hits[number] = found
        if graph == 0 and number not in self.outside:
            names = tuple(kind.dimensions.required)
            self.outside[number] = (names, tuple(one.data_coordinate[: len(names)]))
        return number


@dataclass
class Found:
    """What a graph rests on."""

    taint: dict[int, int] = field(default_factory=dict)
    """Sets that went into a quantum, a bit for each."""
    members: dict[int, set[Member]] = field(default_factory=dict)
    datasets: Counter[int] = field(default_factory=Counter)
    graphs: dict[int, set[int]] = field(default_factory=dict)
    """Graphs with a quantum that read a member without being one."""
    ends: set[int] = field(default_factory=set)
    """Kinds of the datasets that no graph made."""


def follow(lineage: Lineage, own: int) -> Found:
    """Follow the first ``own`` quanta to what was first read, each dataset and quantum once."""
    found, seen = Found(), bytearray(len(lineage.maker))
    waiting = [(quantum, False) for quantum in range(own)]
    entered: set[int] = set()
    while waiting:
        quantum, done = waiting.pop()
        if done:
            _judge(lineage, found, quantum, seen)
        elif quantum not in entered:
            entered.add(quantum)
            waiting.append((quantum, True))
            makers = {lineage.maker[one] for one in lineage.inputs[quantum]}
            waiting += [(maker, False) for maker in makers if maker >= 0 and maker not in entered]
    return found


def _judge(lineage: Lineage, found: Found, quantum: int, seen: bytearray) -> None:
    """Work out what went into a quantum, those that made its inputs being judged."""
    mine = {number for number, _ in lineage.quantum_hits.get(quantum, ())}
    bits = sum(1 << number for number in mine)
    for number, members in lineage.quantum_hits.get(quantum, ()):
        found.members.setdefault(number, set()).update(members)
    for dataset in lineage.inputs[quantum]:
        if lineage.maker[dataset] >= 0:
            bits |= found.taint.get(lineage.maker[dataset], 0)
        elif not seen[dataset]:
            found.ends.add(lineage.kind[dataset])
        for number, members in lineage.hits.get(dataset, ()):
            bits |= 1 << number
            found.members.setdefault(number, set()).update(members)
            found.datasets[number] += not seen[dataset]
            if number not in mine:
                found.graphs.setdefault(number, set()).add(lineage.graph_of[quantum])
        seen[dataset] = 1
    found.taint[quantum] = bits


def path_to(lineage: Lineage, found: Found, own: int, number: int) -> str:
    """Return how a member of a set went in: task, what it read, what that was made from, down to the member."""
    quantum = next(one for one in range(own) if found.taint[one] >> number & 1)
    words, steps = [lineage.tasks[quantum]], 0
    while steps <= len(lineage.inputs):
        steps += 1
        for dataset in lineage.inputs[quantum]:
            for hit, members in lineage.hits.get(dataset, ()):
                if hit == number:
                    return shown(" <- ".join([*words, f"{lineage.kinds[lineage.kind[dataset]][0]} {members[0]}"]))
        for hit, members in lineage.quantum_hits.get(quantum, ()):
            if hit == number:
                return shown(" <- ".join([*words, f"{lineage.tasks[quantum]} {members[0]}"]))
        for dataset in lineage.inputs[quantum]:
            maker = lineage.maker[dataset]
            if maker >= 0 and found.taint.get(maker, 0) >> number & 1:
                words.append(lineage.kinds[lineage.kind[dataset]][0])
                quantum = maker
                break
    return shown(" <- ".join(words))


def untraced(lineage: Lineage, found: Found, butler: Any) -> str | None:
    """Return why it is not known what the graph rests on, or None where all was first read or is a calibration."""
    for kind in sorted(found.ends):
        name, run, calibration = lineage.kinds[kind]
        if calibration:
            continue
        try:
            types = set(butler.collections.get_info(run, include_summary=True).dataset_types)
        except Exception as error:  # noqa: BLE001 - whatever the registry raises: nothing is known then
            return shown(f"RUN {run}, which has {name}, cannot be asked for: {error}")[:1000]
        if name in lineage.outputs or any(one == "packages" or one.endswith("_metadata") for one in types):
            return shown(f"no graph of RUN {run}, which made {name}")
    return None


def first_to_repeat(lineage: Lineage, graphs: set[int]) -> int:
    """Return the graph, among those that read a member, that reads nothing from another of them."""
    above: dict[int, set[int]] = {}
    for quantum, inputs in enumerate(lineage.inputs):
        makers = {lineage.maker[one] for one in inputs}
        above.setdefault(lineage.graph_of[quantum], set()).update(lineage.graph_of[one] for one in makers if one >= 0)
    waiting, ranks = sorted(graphs), {}
    for graph in waiting:
        reached: set[int] = set()
        todo = [graph]
        while todo:
            for one in above.get(todo.pop(), set()) - reached:
                reached.add(one)
                todo.append(one)
        ranks[graph] = len((reached & graphs) - {graph})
    return min(waiting, key=lambda graph: ranks[graph])


def verdicts(plan: Plan, lineage: Lineage, found: Found, own: int, reason: str | None) -> dict[str, list[Any]]:
    """Return what became of each set, as the report has it."""
    lists: dict[str, list[Any]] = {"held": [], "contaminated": [], "unverified": []}
    for number, one in enumerate(plan.exclude):
        if number in found.members:
            quanta = sum(found.taint[quantum] >> number & 1 for quantum in range(own))
            counts = {
                "members": len(found.members[number]), "quanta": quanta, "datasets": found.datasets[number]
            }  # fmt: skip
            row: dict[str, Any] = {"set": one.reference(), "counts": counts}
            if graphs := found.graphs.get(number):
                first = first_to_repeat(lineage, graphs)
                if first and (submission := plan.earlier[first - 1].submission):
                    row["since"] = submission
            if one.name in plan.accepted:
                row["accepted_by"], row["reason"] = plan.accepted[one.name]
            lists["contaminated"].append(row)
        elif reason:
            lists["unverified"].append({"set": one.reference(), "reason": reason})
        else:
            lists["held"].append(one.reference())
    return lists


def data_read(rows: Iterable[tuple[tuple[str, ...], tuple[Any, ...]]]) -> list[dict[str, Any]]:
    """Return the data IDs of each group of dimensions, ranges in the last place."""
    groups: dict[tuple[str, ...], dict[Member, set[Any]]] = {}
    for names, values in rows:
        if names:
            groups.setdefault(names, {}).setdefault(values[:-1], set()).add(values[-1])
    made = []
    for names, some in sorted(groups.items())[:100]:
        listed = [[*first, list(_ranges(sorted(last)))] for first, last in sorted(some.items())]
        row = {"dimensions": list(names), "count": sum(map(len, some.values())), "rows": listed[:ROWS]}
        made.append(row | ({"truncated": True} if len(listed) > ROWS else {}))
    return made


def _ranges(values: list[Any]) -> Iterator[Any]:
    start = 0
    for place in range(1, len(values) + 1):
        number = isinstance(values[start], int)
        if place < len(values) and number and values[place] == values[place - 1] + 1:
            continue
        last = values[place - 1]
        yield values[start] if place - start == 1 else f"{values[start]}..{last}"
        start = place


def write_report(path: Path, report: dict[str, Any]) -> None:
    """Write the report whole or not at all; rows are left out until it is small enough."""
    while len(text := json.dumps(report, separators=(",", ":"))) >= SIZE:
        longest = max(report["data"], key=lambda row: len(json.dumps(row["rows"])), default=None)
        if longest is None or not longest["rows"]:
            raise PlanError(f"{shown(path)}: the report would have more than {SIZE} bytes")
        longest["rows"] = longest["rows"][: len(longest["rows"]) // 2]
        longest["truncated"] = True
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text + "\n", "utf-8")
        fresh.replace(path)
    except OSError as error:
        raise PlanError(f"{shown(path)}: cannot write the report: {shown(error.strerror)}") from None


def _option(words: list[str], *names: str) -> tuple[int, str, str]:
    """Return place, text before the value, and value of an option that is named once."""
    found = []
    for place, word in enumerate(words):
        if word in names and place + 1 < len(words):
            found.append((place + 1, "", words[place + 1]))
        longs = [name for name in names if name.startswith("--") and word.startswith(f"{name}=")]
        found += [(place, f"{name}=", word.partition("=")[2]) for name in longs]
    if len(found) != 1:
        raise PlanError(f"expected `{names[0]}` once among pipetask's arguments, found it {len(found)} times")
    return found[0]


def run_pipetask(words: list[str], matcher: Matcher, making: Making) -> int:
    """Run pipetask with our graph builder; return its exit code."""
    script = importlib.import_module("lsst.ctrl.mpexec.cli.script.qgraph")
    name = "AllDimensionsQuantumGraphBuilder"
    plain = getattr(script, name, None)
    if plain is None or not hasattr(plain, "process_subgraph") or not hasattr(plain, "finish"):
        version = getattr(importlib.import_module("lsst.pipe.base"), "__version__", "unknown")
        raise PlanError(f"lsst {version} makes graphs in a way that is not known here: nothing can be excluded")
    setattr(script, name, builder(plain, matcher, making))
    pipetask = importlib.import_module("lsst.ctrl.mpexec.cli.pipetask")
    sys.argv = ["pipetask", *words]
    try:
        pipetask.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        setattr(script, name, plain)
    return 0


def make(plan: Plan, words: list[str]) -> int:
    """Make the graph and its report; return the exit code. Raise PlanError for what is wrong with either."""
    from lsst.daf.butler import Butler

    place, before, name = _option(words, "--save-qgraph", "-q")
    config = _option(words, "--butler-config", "-b")[2]
    graph = Path(name)
    if graph.suffix != ".qg":
        raise PlanError(f"`--save-qgraph {shown(name)}`: expected a file named *.qg")
    unchecked = graph.with_name(f".{graph.stem}.unchecked.qg")
    words[place] = f"{before}{unchecked}"
    for old in (graph, unchecked, plan.report):
        old.unlink(missing_ok=True)
    try:
        butler = Butler.from_config(config)
    except Exception as error:  # noqa: BLE001 - whatever a configuration may raise
        raise PlanError(f"cannot open the Butler repository `{shown(config)}`: {shown(error)[:300]}") from None
    with contextlib.closing(butler):
        check_dimensions(plan, butler.dimensions)
        matcher, making = Matcher(plan, butler), Making()
        try:
            if code := run_pipetask(words, matcher, making):
                return _empty(making, words) or code
            if making.left is None:
                raise PlanError("pipetask made no graph: leave out `--qgraph` and `--show`")
            return _examine(plan, butler, matcher, unchecked, graph)
        finally:
            unchecked.unlink(missing_ok=True)


def _empty(making: Making, words: list[str]) -> int:
    if making.left != 0:
        return 0
    skipping = any(word.startswith("--skip-existing") for word in words)
    if not (making.quanta or making.datasets or skipping):
        return 0
    why = []
    if making.quanta or making.datasets:
        why.append(f"exclusions took away {making.quanta} quanta and {making.datasets} datasets")
    if skipping:
        why.append("what exists already is skipped")
    say(f"the graph is empty: {', and '.join(why)}")
    return EMPTY


def _examine(plan: Plan, butler: Any, matcher: Matcher, unchecked: Path, graph: Path) -> int:
    """Read the graph back, write the report, and give the graph its name if it may run."""
    begun, lineage = time.monotonic(), Lineage(matcher)
    run, own = lineage.add(unchecked, 0)
    inputs = [one for one in lineage.outside if lineage.maker[one] < 0]
    types = Counter(lineage.kinds[lineage.kind[one]][0] for one in inputs)
    data = data_read(lineage.outside[one] for one in inputs)
    for number, before in enumerate(plan.earlier, 1):
        if before.graph.exists():
            lineage.add(before.graph, number)
    found = follow(lineage, own)
    lists = verdicts(plan, lineage, found, own, untraced(lineage, found, butler))
    report = {
        "format": 1,
        "made_by": {"tool": "campledger make_graph"},
        "run": run,
        "graph": str(graph),
        "quanta": dict(Counter(lineage.tasks[:own])),
        "dataset_types": dict(types),
        "data": data,
        "exclusions": lists,
    }
    write_report(plan.report, report)
    refused = False
    for number, one in enumerate(plan.exclude):
        if number in found.members and one.name not in plan.accepted:
            refused = True
            some = ", ".join(map(str, sorted(found.members[number])[:3]))
            say(
                f"`{shown(one.name)}` went in, {shown(some)}: {path_to(lineage, found, own, number)}; "
                f"run again from {_place(plan, lineage, found, number)}"
            )
    counts = ", ".join(f"{len(rows)} {word}" for word, rows in lists.items())
    say(f"{own} quanta; exclusions: {counts}")
    for row in lists["unverified"][:3]:
        say(f"`{shown(row['set']['name'])}` is unverified: {row['reason']}")
    calibrations = sorted({name for name, _, is_one in (lineage.kinds[end] for end in found.ends) if is_one})
    if calibrations:
        say(f"calibrations, not followed: {shown(', '.join(calibrations))}")
    if (seconds := time.monotonic() - begun) > 10:
        say(f"read back in {seconds:.0f} s")
    if refused:
        return REFUSED
    unchecked.replace(graph)
    return 0


def _place(plan: Plan, lineage: Lineage, found: Found, number: int) -> str:
    graphs = found.graphs.get(number)
    first = first_to_repeat(lineage, graphs) if graphs else 0
    return shown(plan.earlier[first - 1].place) if first else "this step"


def main(words: Sequence[str]) -> int:
    """Run the program; return its exit code."""
    if len(words) < 3 or words[1] != "--" or words[2] != "qgraph":
        say("usage: make_graph.py PLAN.json -- qgraph PIPETASK-ARGUMENTS...")
        return WRONG
    try:
        return make(read_plan(Path(words[0])), list(words[2:]))
    except PlanError as error:
        say(f"{shown(words[0])}: {error}")
        return WRONG


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
