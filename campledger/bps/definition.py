"""The campaign document that the submissions of one campaign amount to.

What all groups have in common stands at the campaign, what those of one step have in common at the step, the rest
at the group: the reader of a campaign.yaml sees what differs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from campledger.bps.drafts import Draft
from campledger.bps.grouping import Groups
from campledger.bps.mapping import Settled
from campledger.bps.naming import stack_tag
from campledger.bps.regions import Numbers, Values, Words
from campledger.bps.tree import natural
from campledger.model.campaign import DEFAULT_GROUP
from campledger.model.rules import MISSING_SLASH, collection_complaint, is_path, texts

FOLDER = "bps"
"""Folder of a campaign's directory in which copies stand, with their paths below the imported directory."""

_SECTIONS = ("scope", "software", "data", "processing", "compute", "extra")
_PER_STEP = {
    ("processing", "pipelines"),
    ("processing", "subset"),
    ("processing", "bps", "file"),
    ("extra", "bps", "pipelineYaml"),
}
"""What belongs to a step even where the campaign has only one."""
_MOST_VALUES = 2_000
_WALLTIME = re.compile(r"[0-9]{1,4}:[0-5][0-9]:[0-5][0-9]")

Key = tuple[str, ...]
Flat = dict[Key, Any]


def copy_path(path: str) -> str:
    """Return where a file of the tree stands in the campaign's directory."""
    return f"{FOLDER}/{path}"


def steps_of(groups: Mapping[str, Groups], settled: Settled) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the campaign's own sections and its steps, from the submissions that define the groups."""
    flat = {step: {name: _flat(draft, settled) for name, draft in members.items()} for step, members in groups.items()}
    everywhere = _common([values for members in flat.values() for values in members.values()])
    everywhere = {key: value for key, value in everywhere.items() if key not in _PER_STEP}
    steps = []
    for step in sorted(flat, key=step_order):
        members = {
            name: {key: value for key, value in values.items() if key not in everywhere}
            for name, values in flat[step].items()
        }
        shared = _common(list(members.values()))
        document: dict[str, Any] = {"name": step}
        before = _before(step, flat)
        if before:
            document["prerequisites"] = before
        document |= _nested(shared)
        if set(members) != {DEFAULT_GROUP}:
            document["groups"] = [
                {"name": name} | _nested({key: value for key, value in values.items() if key not in shared})
                for name, values in members.items()
            ]
        steps.append(document)
    return _nested(everywhere), steps


def step_order(step: str) -> tuple[bool, Any]:
    """Return a key that sorts numbered steps by their numbers, the others behind them."""
    return _number(step) is None, natural(step)


def _number(step: str) -> int | None:
    match = re.match(r"(?:step|stage)(\d+)", step)
    return int(match[1]) if match else None


def _before(step: str, steps: Iterable[str]) -> list[str]:
    """Return the steps numbered one less; where none is, nothing is clear.

    Parts (2a, 2b) do not wait for each other.
    """
    number = _number(step)
    if number is None:
        return []
    return sorted((other for other in steps if _number(other) == number - 1), key=natural)


def _common(values: list[Flat]) -> Flat:
    """Return what all have alike."""
    if not values:
        return {}
    first, *rest = values
    return {
        key: value
        for key, value in first.items()
        if all(key in other and _text(other[key]) == _text(value) for other in rest)
    }


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _nested(flat: Flat) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for section in _SECTIONS:
        for key, value in flat.items():
            if key[0] != section:
                continue
            holder = document
            for name in key[:-1]:
                holder = holder.setdefault(name, {})
            holder[key[-1]] = value
    return document


def _flat(draft: Draft, settled: Settled) -> Flat:
    """Return everything that a submission says, by its place in a definition."""
    file = draft.file
    flat: Flat = {}

    def put(value: Any, *key: str, most: int = 4096) -> None:
        if value not in ("", None, []) and not (isinstance(value, str) and len(value) > most):
            flat[key] = value

    for name, value in _scope(draft).items():
        put(value, "scope", name)
    put(stack_tag(file.image, draft.campaign.version), "software", "stack")
    put(file.image, "software", "image", most=500)
    put(settled.butler(file.butler), "data", "butler")
    put(file.butler, "extra", "bps", "butlerConfig")
    if any(collection_complaint(name) for name in file.inputs):
        put(",".join(file.inputs), "extra", "bps", "inCollection", most=65536)
    else:
        put(list(file.inputs), "data", "inputs")
    fits = not collection_complaint(file.output) and len(file.output) <= 500
    put(file.output, *(("data", "output") if fits else ("extra", "bps", "output")))
    if len(file.query) <= 4096:
        put([file.query] if file.query else [], "data", "queries")
    else:
        put(file.query, "extra", "bps", "dataQuery", most=65536)
    for key, value in _pipeline(draft).items():
        put(value, *key)
    put(file.extra_qgraph_options, "processing", "extra_qgraph_options")
    put(file.extra_run_options, "processing", "extra_run_options")
    put(_copied(file.clustering_file), "processing", "clustering", most=1000)
    put(_copied(file.memory_file), "processing", "memory", most=1000)
    put(copy_path(file.path), "processing", "bps", "file", most=1000)
    put(file.project, "processing", "bps", "project", most=500)
    put(draft.rule.campaign or file.campaign, "processing", "bps", "campaign", most=500)
    put(file.payload_name, "processing", "bps", "payloadName", most=500)
    put(_variables(draft), "processing", "bps", "variables")
    put(file.site, "compute", "site", most=100)
    put(file.wms, "compute", "wms", most=200)
    put(file.queue, "compute", "queue", most=200)
    put(file.account, "compute", "account", most=200)
    walltime = ("compute", "walltime") if _WALLTIME.fullmatch(file.walltime) else ("extra", "bps", "requestWalltime")
    put(file.walltime, *walltime)
    if file.retries.isdigit() and len(file.retries) < 4 and int(file.retries) <= 100:
        put(int(file.retries), "compute", "retries")
    else:
        put(file.retries, "extra", "bps", "numberOfRetries")
    return {_place(key, value): value for key, value in flat.items()}


def _place(key: Key, value: Any) -> Key:
    """Return where a value goes: one that a ledger's rules forbid is kept verbatim among what has no place."""
    forbidden = any(MISSING_SLASH.search(text) for _, text in texts(value))
    return ("extra", "bps", key[-1]) if forbidden else key


def _pipeline(draft: Draft) -> Flat:
    """Return the pipeline: an address as it is, a file of the tree as its copy, another file in words only."""
    file = draft.file
    if not is_path(file.pipeline) and not MISSING_SLASH.search(file.pipeline):
        return {("processing", "pipelines"): [file.pipeline]}
    if file.pipeline_file:
        _, mark, subset = file.pipeline.partition("#")
        return {("processing", "pipelines"): [f"{copy_path(file.pipeline_file)}{mark}{subset}"]}
    return {("processing", "subset"): file.subset, ("extra", "bps", "pipelineYaml"): file.pipeline}


def _copied(path: str) -> str:
    return copy_path(path) if path else ""


def _variables(draft: Draft) -> dict[str, Any] | None:
    variables: dict[str, Any] = dict(draft.file.variables)
    general = dict(draft.file.memory).get("")
    if general:
        variables["requestMemory"] = int(general) if general.isdigit() and len(general) < 16 else general
    return variables or None


def _scope(draft: Draft) -> dict[str, Any]:
    """Return what the query plainly restricts."""
    scope: dict[str, Any] = {}
    for name in ("instrument", "skymap"):
        words = _words(draft.query.restriction(name))
        if len(words) == 1 and 0 < len(words[0]) <= 100:
            scope[name] = words[0]
    for name, key in (("tract", "tracts"), ("detector", "detectors")):
        values = _numbers(draft.query.restriction(name))
        if values and min(values) >= 0:
            scope[key] = values
    bands = _words(draft.query.restriction("band"))
    if bands and all(0 < len(band) <= 32 for band in bands):
        scope["bands"] = bands
    days = _days(draft)
    if days:
        scope["day_obs"] = days
    for name, key in (("observation_type", "observation_type"), ("science_program", "science_program")):
        words = next(
            filter(None, (_words(draft.query.restriction(f"{of}.{name}")) for of in ("exposure", "visit"))),
            [],
        )
        if key == "observation_type" and len(words) == 1 and 0 < len(words[0]) <= 100:
            scope[key] = words[0]
        elif key == "science_program" and words and all(words):
            scope[key] = words
    return scope


def _days(draft: Draft) -> dict[str, int]:
    for name in ("day_obs", "visit.day_obs", "exposure.day_obs"):
        values = draft.query.restriction(name)
        if isinstance(values, Numbers) and len(values.intervals) == 1:
            low, high = values.intervals[0]
            found = {"from": low, "to": high}
            return {key: int(value) for key, value in found.items() if 19700101 <= value <= 29991231}
    return {}


def _words(values: Values | None) -> list[str]:
    return sorted(values.items) if isinstance(values, Words) and not values.others else []


def _numbers(values: Values | None) -> list[int]:
    return values.values(_MOST_VALUES) or [] if isinstance(values, Numbers) else []
