"""Where a submission differs from the definition of its groups, as `deviations` of its event records it."""

from __future__ import annotations

from collections.abc import Callable

from campledger.bps.drafts import Draft
from campledger.bps.submit_file import SubmitFile

_NONE = "(none)"


def deviations(draft: Draft, definers: list[Draft]) -> dict[str, str]:
    """Return what differs from the submissions that define its groups; nothing if it is itself the one."""
    others = [definer for definer in definers if definer is not draft]
    if not others:
        return {}
    found: dict[str, str] = {}
    if not _same_data(draft, definers):
        found["query"] = draft.file.query or "(no query)"
    for key, value in (
        ("pipeline", lambda file: file.pipeline),
        ("image", lambda file: file.image),
        ("inputs", lambda file: ",".join(file.inputs)),
        ("options", _options),
    ):
        _compare(found, key, draft, others, value)
    unread = [item.path for item in (draft, *others) if any(not missing.external for missing in item.file.missing)]
    memory = "" if unread else _memory(draft.file, others)
    if memory:
        found["memory"] = memory
    other = _other(draft, others, compare_settings=not unread)
    if unread:
        known = f"memory and clustering not compared: includes of {', '.join(unread)} are not known"
        other = f"{other}; {known}" if other else known
    if other:
        found["other"] = other
    limits = {"pipeline": 4096, "image": 1000, "memory": 4096}
    return {key: _cut(value, limits.get(key, 65536)) for key, value in sorted(found.items())}


def _compare(
    found: dict[str, str], key: str, draft: Draft, others: list[Draft], value: Callable[[SubmitFile], str]
) -> None:
    mine = value(draft.file)
    if any(value(other.file) != mine for other in others):
        found[key] = mine or _NONE


def _same_data(draft: Draft, definers: list[Draft]) -> bool:
    if all(draft.file.query == definer.file.query for definer in definers):
        return True
    queries = [definer.query for definer in definers]
    if not (draft.query.exact and all(query.exact for query in queries)):
        return False
    return draft.query.covered_by(queries) and all(query.covered_by([draft.query]) for query in queries)


def _options(file: SubmitFile) -> str:
    parts = [file.extra_qgraph_options, file.extra_run_options]
    parts += [f"{name}: {command}" for name, command in file.commands]
    return "\n".join(part for part in parts if part)


def _memory(file: SubmitFile, others: list[Draft]) -> str:
    """Return the requests that differ, one by one."""
    mine = dict(file.memory)
    lines: list[str] = []
    for other in others:
        theirs = dict(other.file.memory)
        for label in sorted(mine.keys() | theirs.keys()):
            if mine.get(label) != theirs.get(label):
                change = f"{label or 'requestMemory'}: {theirs.get(label, _NONE)} -> {mine.get(label, _NONE)}"
                lines += [change] if change not in lines else []
    return "; ".join(lines)


def _other(draft: Draft, others: list[Draft], *, compare_settings: bool) -> str:
    named: list[tuple[str, Callable[[SubmitFile], str]]] = [
        ("butlerConfig", lambda file: file.butler),
        ("output", lambda file: file.output),
        ("computeSite", lambda file: file.site),
        ("wmsServiceClass", lambda file: file.wms),
        ("queue", lambda file: file.queue),
    ]
    if compare_settings:
        named.append(("clustering", lambda file: file.clustering_file))
    found: dict[str, str] = {}
    for name, value in named:
        _compare(found, name, draft, others, value)
    return "; ".join(f"{name}: {value}" for name, value in found.items())


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
