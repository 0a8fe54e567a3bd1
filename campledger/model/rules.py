"""Rules that one definition can be held to by itself, beyond its JSON Schema.

Each takes the document and yields findings; what needs other files stands in ``campledger.ledger.checks``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from graphlib import CycleError, TopologicalSorter
from typing import Any
from urllib.parse import urlsplit

from campledger.model.campaign import NAMED_BY_TABLE, listed
from campledger.problems import Finding, Pointer

COLLECTION_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@:=,-]*(?:/[A-Za-z0-9_.+@:=,-]+)*")
"""What Butler repositories use as collection names: words separated by slashes. Butler itself only shuns globs."""

PLACEHOLDER = re.compile(
    r"\b[A-Z]+-X{2,}\b|\b[a-z]_Y{4}_W{2}\b|\bMUST[_ ]OVERRIDE\b|\b(?:TODO|TBD|FIXME|CHANGEME|CHANGE_ME)\b|<[A-Z_ ]{3,}>"
)
UNFILLED = re.compile(r"\$\{[^}]*\}")
"""A shell variable; in a collection name or an id nothing ever fills it in."""

MISSING_SLASH = re.compile(r"\$\{?([A-Za-z0-9_]*_DIR)(?:\}(?=[A-Za-z0-9])|\}?(?=[a-z]))")
"""A path variable glued to what follows, as in ${DRP_PIPE_DIR}pipelines."""

RUN_FIELDS = {"output", "timestamp", "step", "group", "payloadName", "campaign", "operator"}
TIME_FIELDS = {"timestamp"}


def findings(definition: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield everything wrong with one definition that has passed the schema."""
    yield from _strings(definition)
    yield from _steps(definition)
    yield from _links(definition)
    yield from _checklist(definition)
    for pointer, part in parts(definition):
        yield from _collections(pointer, part.get("data", {}))
        yield from _days(pointer, part)
        yield from _ranges(pointer, part)


def parts(definition: Mapping[str, Any]) -> Iterator[tuple[Pointer, Mapping[str, Any]]]:
    """Yield the campaign, each step and each group, with where they stand."""
    yield (), definition
    for index, step in enumerate(definition.get("steps", ())):
        yield ("steps", index), step
        for number, group in enumerate(listed(step)):
            yield ("steps", index, "groups", number), group


def texts(value: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, str]]:
    """Yield every string in a document, with where it stands."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from texts(below, (*pointer, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from texts(below, (*pointer, index))


def _strings(definition: Mapping[str, Any]) -> Iterator[Finding]:
    for pointer, text in texts(definition):
        if "extra" in pointer:
            continue
        placeholder = PLACEHOLDER.search(text)
        if placeholder and not _is_prose(pointer):
            yield Finding(
                pointer, "placeholder", f"`{placeholder[0]}` is still a placeholder", "replace it before the start"
            )
        missing = MISSING_SLASH.search(text) if "$" in text else None
        if missing and pointer[-1] != "description":
            message = f"missing slash after the path variable {missing[1]}"
            yield Finding(pointer, "missing-slash", message, f"write ${{{missing[1]}}}/")


def _is_prose(pointer: Pointer) -> bool:
    return pointer[-1] in {"description", "prepended_script"}


def _steps(definition: Mapping[str, Any]) -> Iterator[Finding]:
    steps = definition.get("steps", ())
    yield from _repeated([step["name"] for step in steps], ("steps",), "step")
    names = {step["name"] for step in steps}
    for index, step in enumerate(steps):
        groups = [group["name"] for group in listed(step)]
        yield from _repeated(groups, ("steps", index, "groups"), "group")
        for number, name in enumerate(step.get("prerequisites", ())):
            if name not in names:
                hint = f"the steps are {', '.join(sorted(names))}"
                pointer = ("steps", index, "prerequisites", number)
                yield Finding(pointer, "unknown-step", f"unknown step `{name}`", hint)
    try:
        TopologicalSorter({step["name"]: step.get("prerequisites", ()) for step in steps}).prepare()
    except CycleError as error:
        cycle = error.args[1]
        index = next(number for number, step in enumerate(steps) if step["name"] in cycle)
        message = f"steps wait for each other: {' -> '.join(cycle)}"
        yield Finding(("steps", index, "prerequisites"), "step-cycle", message, "remove one of the prerequisites")


def _repeated(names: list[str], pointer: Pointer, what: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield Finding((*pointer, index, "name"), "duplicate-step", f"duplicate {what} `{name}`")
        seen.add(name)


def _checklist(definition: Mapping[str, Any]) -> Iterator[Finding]:
    steps = {step["name"] for step in definition.get("steps", ())}
    seen: set[str] = set()
    for index, item in enumerate(definition.get("checklist", ())):
        if item["name"] in seen:
            message = f"duplicate item `{item['name']}`"
            yield Finding(("checklist", index, "name"), "duplicate-item", message, "give it another name")
        seen.add(item["name"])
        if "step" in item and item["step"] not in steps:
            hint = f"the steps are {', '.join(sorted(steps))}" if steps else "the campaign has no steps"
            where = ("checklist", index, "step")
            yield Finding(where, "unknown-step", f"unknown step `{item['step']}`", hint)


def _links(definition: Mapping[str, Any]) -> Iterator[Finding]:
    for index, link in enumerate(definition.get("links", ())):
        complaint = url_complaint(link["url"])
        if complaint:
            yield Finding(("links", index, "url"), "url-scheme", complaint, "link to an http or https address")


def url_complaint(url: str) -> str | None:
    """Return why this address is no link for a page, or None if it is one."""
    if not url.isprintable() or " " in url or "\\" in url:
        return "an address must not contain spaces, backslashes or control characters"
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        return f"invalid address: {error}"
    if not parts.scheme:
        return f"invalid address `{url[:40]}`"
    if parts.scheme.lower() not in {"http", "https"}:
        return f"unsupported scheme `{parts.scheme}`"
    if not host:
        return "the address has no host"
    return "the address contains a user name or password" if "@" in parts.netloc else None


def _collections(pointer: Pointer, data: Mapping[str, Any]) -> Iterator[Finding]:
    named: list[tuple[Pointer, str]] = [(("data", key), data[key]) for key in ("output", "run") if key in data]
    for key in ("inputs", "ancillary"):
        named += [(("data", key, index), name) for index, name in enumerate(data.get(key, ()))]
    for where, name in named:
        complaint = collection_complaint(name, pattern=where[-1] == "run")
        if complaint:
            yield Finding((*pointer, *where), *complaint)


def collection_complaint(name: str, *, pattern: bool = False) -> tuple[str, str, str] | None:
    """Return rule, message and hint if no collection can have this name; a RUN pattern may have {fields}."""
    unfilled = UNFILLED.search(name)
    if unfilled:
        return (
            "placeholder",
            f"unresolved variable `{unfilled[0]}` in the name of a collection",
            "write the name out",
        )
    bare = name
    if pattern:
        fields = re.findall(r"\{([^}]*)\}", name)
        strange = [field for field in fields if field not in RUN_FIELDS]
        if strange:
            hint = f"the fields are {', '.join(sorted(RUN_FIELDS))}"
            return "collection-name", f"unknown field `{{{strange[0]}}}` of a RUN pattern", hint
        bare = re.sub(r"\{[^}]*\}", "x", name)
    if PLACEHOLDER.search(bare) or COLLECTION_NAME.fullmatch(bare):
        return None
    hint = "use letters, digits and _ . + - @, in words separated by single slashes"
    return "collection-name", f"invalid collection name `{name}`", hint


def run_collections(definition: Mapping[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """Yield the RUN collections that the definition fixes: patterns without a time stamp, filled in."""
    in_force: dict[Pointer, Mapping[str, Any]] = {(): {}}
    for pointer, part in parts(definition):
        own = part.get("data", {})
        in_force[pointer] = data = {**in_force[pointer[:-2]], **own}
        pattern = data.get("run", "{timestamp}")
        key = "run" if "run" in own or "{output}" not in pattern else "output"
        if key not in own or any(f"{{{name}}}" in pattern for name in TIME_FIELDS):
            continue
        # A pattern of the whole campaign that names steps stands for as many collections as there are groups;
        # two campaigns clash in all of them or in none.
        yield (*pointer, "data", key), pattern.replace("{output}", data.get("output", ""))


def _days(pointer: Pointer, part: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the days that no calendar has; the schema knows their form only."""
    days = part.get("scope", {}).get("day_obs", {})
    for key, number in days.items():
        text = str(int(number))
        if not _is_day(f"{text[:4]}-{text[4:6]}-{text[6:]}"):
            yield Finding((*pointer, "scope", "day_obs", key), "schema", f"invalid day {number} in `{key}`")
    for key in ("start", "deadline"):
        day = part.get("plan", {}).get(key)
        if day is not None and not _is_day(day):
            yield Finding((*pointer, "plan", key), "schema", f"invalid day {day} in `{key}`")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _ranges(pointer: Pointer, part: Mapping[str, Any]) -> Iterator[Finding]:
    for section, key, first, last in (
        ("scope", "day_obs", "from", "to"),
        ("plan", None, "start", "deadline"),
    ):
        holder = part.get(section, {})
        if key is not None:
            holder = holder.get(key, {})
        if first in holder and last in holder and holder[last] < holder[first]:
            where = (*pointer, section, *([key] if key else []), last)
            yield Finding(where, "reversed-range", f"`{last}` is before `{first}`")


def references(definition: Mapping[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """Yield every reference to a file of the campaign: paths, without those that are addresses or variables."""
    for pointer, part in parts(definition):
        processing = part.get("processing", {})
        named: list[tuple[Pointer, str]] = [
            (("processing", "pipelines", index), uri.partition("#")[0])
            for index, uri in enumerate(processing.get("pipelines", ()))
        ]
        named += [(("processing", key), processing[key]) for key in ("clustering", "memory") if key in processing]
        if "file" in processing.get("bps", {}):
            named.append((("processing", "bps", "file"), processing["bps"]["file"]))
        for index, override in enumerate(processing.get("config_overrides", ())):
            label, _, rest = override.partition(":")
            if label and rest and "=" not in rest:
                named.append((("processing", "config_overrides", index), rest))
        for where, path in named:
            if is_path(path):
                yield (*pointer, *where), path
    for index, step in enumerate(definition.get("steps", ())):
        if isinstance(step.get("groups"), Mapping):
            for key in NAMED_BY_TABLE:
                yield ("steps", index, "groups", key), step["groups"][key]


def is_path(text: str) -> bool:
    """Whether a reference names a file of the campaign: no variable, no scheme, not absolute."""
    return "://" not in text and not text.startswith(("$", "/", "resource:", "{"))


def set_references(definition: Mapping[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """Yield every reference to a DataId set."""
    for pointer, part in parts(definition):
        data = part.get("data", {})
        for key in ("include", "exclude"):
            for index, name in enumerate(data.get(key, ())):
                yield (*pointer, "data", key, index), name


def people(definition: Mapping[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """Yield every handle in a definition."""
    if "owner" in definition:
        yield ("owner",), definition["owner"]
    for pointer, part in parts(definition):
        for index, handle in enumerate(part.get("operators", ())):
            yield (*pointer, "operators", index), handle


def leaves_directory(path: str) -> bool:
    """Whether a relative path climbs out of the directory it starts from."""
    depth = 0
    for word in path.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(word, 1)
        if depth < 0:
            return True
    return False
