"""One BPS submit file, read by BPS's rules: what it would have submitted."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from campledger.bps.includes import Config, UnreadInclude, read_config
from campledger.bps.tree import Tree
from campledger.bps.values import RUN_TIME, Filled, Values
from campledger.documents.foreign import ForeignError
from campledger.model.placeholders import template_words
from campledger.model.rules import is_path

_SKIP = re.compile(r"--skip-existing-in(?:=|\s+)(\"[^\"]*\"|'[^']*'|\S+)")
_COMMANDS = ("createQuantumGraph", "updateQuantumGraph", "runQuantumCommand", "runner_command")
_KNOWN = frozenset(
    {
        "project",
        "campaign",
        "payloadName",
        "output",
        "outputRun",
        "outCollection",
        "inCollection",
        "dataQuery",
        "pipelineYaml",
        "butlerConfig",
        "sw_image",
        "extraQgraphOptions",
        "extraRunQuantumOptions",
        "computeSite",
        "computeCloud",
        "wmsServiceClass",
        "queue",
        "partition",
        "accountingGroup",
        "account",
        "clusterAlgorithm",
        "requestMemory",
        "requestWalltime",
        "walltime",
        "numberOfRetries",
        "imports",
        "includeConfigs",
        "operator",
    }
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class SubmitFile:
    """The resolved values of one submit file. Empty text means that the value is not given."""

    path: str
    project: str
    campaign: str
    payload_name: str
    output: str
    output_run: str
    inputs: tuple[str, ...]
    query: str
    pipeline: str
    """Pipeline as written, with its `#subset`."""
    subset: str
    pipeline_file: str
    """The pipeline's file, where it stands in the tree."""
    image: str
    butler: str
    extra_qgraph_options: str
    extra_run_options: str
    skip_existing_in: tuple[str, ...]
    """Collections of every `--skip-existing-in`, wherever it stands."""
    site: str
    wms: str
    queue: str
    account: str
    walltime: str
    retries: str
    memory: tuple[tuple[str, str], ...]
    """`requestMemory` by task or cluster label, "" for the general one."""
    memory_file: str
    """The one included file of the tree that requests memory, if there is exactly one."""
    clustering_file: str
    commands: tuple[tuple[str, str], ...]
    """Commands that the file replaces, verbatim."""
    variables: tuple[tuple[str, str | int | float | bool], ...]
    """Further short values of the top level and of `payload`, as written."""
    submitted: tuple[tuple[str, str], ...]
    """What `bps_defined` says, in a configuration that BPS wrote when it submitted."""
    includes: tuple[str, ...]
    missing: tuple[UnreadInclude, ...]
    left: tuple[str, ...]
    """Variables that nothing defines."""
    templates: tuple[str, ...]
    """Words that somebody was to replace before submitting."""
    duplicates: tuple[str, ...]
    notes: tuple[str, ...]
    meaning: str
    """Digest of everything that BPS would see; equal for two files that say the same."""


def is_submit_config(config: Config) -> bool:
    """Whether a configuration says what to run and on what, so that BPS could submit it."""
    values = Values(config.value)
    runs = any(values.search(key)[0] for key in ("pipelineYaml", "qgraphFile"))
    payload = config.value.get("payload")
    names = isinstance(payload, Mapping) and bool(payload)
    return runs and (names or any(values.search(key)[0] for key in ("campaign", "inCollection", "butlerConfig")))


def read_submit_file(tree: Tree, path: str) -> SubmitFile:
    """Read one submit file of a tree. Raise ForeignError if it cannot be read."""
    return resolve(tree, read_config(tree, path))


def resolve(tree: Tree, config: Config) -> SubmitFile:
    """Return the values of a configuration as BPS would fill them in."""
    values = Values(config.value)
    notes = list(config.notes)
    left: set[str] = set()

    def text(key: str, at: Values = values) -> str:
        filled = at.text(key)
        left.update(filled.left)
        if filled.note:
            notes.append(f"`{key}` stands as written: {filled.note}")
        return _clean(filled.text).strip()

    def line(key: str) -> str:
        return " ".join(text(key).splitlines())

    placed = values.at(site=line("computeSite"), cloud=text("computeCloud"))
    pipeline = line("pipelineYaml")
    query, campaign, output = text("dataQuery"), line("campaign"), line("output")
    memory_file, clustering_file = _settings_files(tree, config)
    return SubmitFile(
        path=config.path,
        project=line("project"),
        campaign=campaign,
        payload_name=line("payloadName"),
        output=output,
        output_run=text("outputRun"),
        inputs=_inputs(values, text("inCollection")),
        query=query,
        pipeline=pipeline,
        subset=pipeline.partition("#")[2].strip(),
        pipeline_file=_pipeline_file(tree, config.path, pipeline.partition("#")[0]),
        image=line("sw_image"),
        butler=line("butlerConfig"),
        extra_qgraph_options=text("extraQgraphOptions"),
        extra_run_options=text("extraRunQuantumOptions"),
        skip_existing_in=_skipped(values, config.value),
        site=line("computeSite"),
        wms=line("wmsServiceClass"),
        queue=text("queue", placed) or text("partition", placed),
        account=text("accountingGroup", placed) or text("account", placed),
        walltime=text("requestWalltime", placed) or text("walltime", placed),
        retries=text("numberOfRetries", placed),
        memory=_memory(values, config.value),
        memory_file=memory_file,
        clustering_file=clustering_file,
        commands=tuple((key, str(values.search(key)[1])) for key in _COMMANDS if values.search(key)[0]),
        variables=_variables(config.value),
        submitted=_submitted(values, config.value),
        includes=tuple(dict.fromkeys(config.includes)),
        missing=tuple(config.missing),
        left=tuple(sorted(left - RUN_TIME)),
        templates=template_words(query, (campaign, output, text("payloadName"), text("inCollection")), left),
        duplicates=tuple(config.duplicates),
        notes=tuple(dict.fromkeys(notes)),
        meaning=_digest([config.value, sorted({(item.words, item.reason) for item in config.missing})]),
    )


def _clean(text: str) -> str:
    """Return a text with blanks for control characters, which YAML's escapes let in and a ledger refuses."""
    return _CONTROL.sub(" ", text)


def _pipeline_file(tree: Tree, path: str, words: str) -> str:
    if not words or not is_path(words):
        return ""
    found = tree.find(words, (posixpath.dirname(path),)).path
    try:
        tree.content(found)
    except ForeignError:
        return ""
    return found


def _inputs(values: Values, text: str) -> tuple[str, ...]:
    found, value = values.search("inCollection")
    items = [values.fill(str(item)).text for item in value] if found and isinstance(value, list) else text.split(",")
    return tuple(item.strip() for item in items if item.strip())


def _skipped(values: Values, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the collections named after --skip-existing-in in any option or command of the configuration."""
    found: list[str] = []
    for text in _strings(config):
        if "--skip-existing-in" not in text:
            continue
        for match in _SKIP.findall(text):
            filled: Filled = values.fill(match.strip("\"'"))
            found += [item.strip() for item in filled.text.split(",") if item.strip()]
    return tuple(dict.fromkeys(found))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _memory(values: Values, config: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    requests: dict[str, str] = {}
    if general := values.text("requestMemory").text:
        requests[""] = general
    for section in ("pipetask", "cluster"):
        labels = config.get(section)
        for label, entry in labels.items() if isinstance(labels, Mapping) else ():
            for key in ("requestMemory", "request_memory"):
                if isinstance(entry, Mapping) and entry.get(key) is not None:
                    requests[str(label)] = str(entry[key])
    return tuple(sorted(requests.items()))


def _settings_files(tree: Tree, config: Config) -> tuple[str, str]:
    """Return the one included file that requests memory, and the one that clusters."""
    memory, clustering = [], []
    for path in dict.fromkeys(config.includes):
        content = tree.value(path)
        if not isinstance(content, Mapping):
            continue
        if "cluster" in content or "clusterAlgorithm" in content:
            clustering.append(path)
        elif "requestMemory" in content or _requests_memory(content.get("pipetask")):
            memory.append(path)
    return memory[0] if len(memory) == 1 else "", clustering[0] if len(clustering) == 1 else ""


def _requests_memory(section: Any) -> bool:
    entries = section.values() if isinstance(section, Mapping) else ()
    return any(isinstance(entry, Mapping) and "requestMemory" in entry for entry in entries)


def _variables(config: Mapping[str, Any]) -> tuple[tuple[str, str | int | float | bool], ...]:
    if "bps_defined" in config:
        return ()  # BPS wrote the file: it holds all of BPS's defaults
    found: dict[str, str | int | float | bool] = {}
    payload = config.get("payload")
    for holder in (config, payload if isinstance(payload, Mapping) else {}):
        for key, value in holder.items():
            if not isinstance(key, str) or key in _KNOWN or key in _COMMANDS:
                continue
            if isinstance(value, bool | int | float) or (isinstance(value, str) and 0 < len(value) <= 200):
                found[key] = _clean(value) if isinstance(value, str) else value
    return tuple(sorted(found.items()))


def _submitted(values: Values, config: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    defined = config.get("bps_defined")
    if not isinstance(defined, Mapping) or "timestamp" not in defined:
        return ()
    facts = {key: str(defined[key]) for key in ("operator", "timestamp") if key in defined}
    for key in ("outputRun", "outCollection"):
        found, _ = values.search(key)
        if found and not values.text(key).left:
            facts["run"] = values.text(key).text
    return tuple(sorted(facts.items()))


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(_ordered(value)).encode("utf-8", "backslashreplace")).hexdigest()


def _ordered(value: Any) -> Any:
    """Return a value whose text does not depend on the order of keys, whatever YAML made of these."""
    if isinstance(value, Mapping):
        return sorted((repr(key), _ordered(item)) for key, item in value.items())
    return [_ordered(item) for item in value] if isinstance(value, list | tuple) else repr(value)
