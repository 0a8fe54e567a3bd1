"""Documents held to their JSON Schema (draft 2020-12).

``jsonschema`` decides and words what is wrong. ``jsonschema_rs`` goes first, because it is some hundred times
faster, and is only ever believed when it accepts; tests hold the two to the same verdicts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from campledger.model.event_kinds import EVENT_KINDS
from campledger.problems import Finding, Pointer
from campledger.suggestions import did_you_mean

SCHEMAS = (
    "act", "campaign", "dataids", "event", "query", "run", "settings", "shifts", "template", "tombstone"
)  # fmt: skip


@cache
def schema(name: str) -> dict[str, Any]:
    """Return one of the packaged schemas, by its name."""
    text = files("campledger").joinpath("schemas", f"{name}.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def acts() -> tuple[str, ...]:
    """Return the names of the acts that a batch may hold, in the schema's order."""
    return alternatives("act")


def alternatives(name: str) -> tuple[str, ...]:
    """Return the parts of a schema one of which a value has to follow, in its order."""
    return tuple(one["$ref"].rpartition("/")[2] for one in schema(name)["oneOf"])


def findings(value: Any, name: str, part: str = "", *, newer: bool = False) -> list[Finding]:
    """Return what is wrong with a value by a schema, or by one of its ``$defs``.

    In a document of a newer format, keys that are not known are nothing, and words that are not are `newer-format`.
    """
    if _fast(name, part)(value):
        return []
    errors = _validator(name, part).iter_errors(value)
    if newer:
        return [finding for error in errors for finding in _explain_newer(error)]
    return [finding for error in errors for finding in _explain(error)]


def _explain_newer(error: Any) -> Iterator[Finding]:
    if error.validator == "additionalProperties":
        return
    for finding in _explain(error):
        unknown_word = error.validator in {"enum", "const"}
        yield replace(finding, rule="newer-format", hint="") if unknown_word else finding


def event_findings(event: Any, *, newer: bool = False) -> list[Finding]:
    """Return what is wrong with one event; of a kind that only a newer format has, with the keys of all kinds."""
    if newer and is_newer_kind(event):
        return findings(
            {key: event[key] for key in _FRAME if key in event} | {"text": "x", "type": "note"}, "event", "note"
        )
    return _findings_by(event, "event", "type", tuple(EVENT_KINDS), newer=newer)


_FRAME = ("id", "time", "at", "by")
"""What events of all kinds have, besides the kind."""


def is_newer_kind(event: Any) -> bool:
    """Whether an event is of a kind that is not known."""
    return isinstance(event, Mapping) and isinstance(event.get("type"), str) and event["type"] not in EVENT_KINDS


def act_findings(act: Any) -> list[Finding]:
    """Return what is wrong with one act of a batch."""
    return _findings_by(act, "act", "act", acts())


def _findings_by(value: Any, name: str, key: str, kinds: tuple[str, ...], *, newer: bool = False) -> list[Finding]:
    """Return what is wrong with a value by the part of a schema that one of its keys names."""
    if not isinstance(value, Mapping):
        return [Finding((), "schema", f"an {name} must be a mapping")]
    if value.get(key) not in kinds:
        hint = did_you_mean(str(value.get(key)), kinds)
        return [Finding((key,), "schema", f"unknown `{key}`: expected one of {', '.join(kinds)}", hint)]
    return findings(value, name, value[key], newer=newer)


@cache
def _pattern(expression: str) -> Any:
    import jsonschema_rs

    try:
        # This engine takes time in proportion to the text, whatever the pattern: strangers write patterns, too.
        return jsonschema_rs.Draft202012Validator(
            {"pattern": expression}, pattern_options=jsonschema_rs.RegexOptions()
        ).is_valid
    except (jsonschema_rs.ValidationError, ValueError):
        raise ValueError(f"invalid regular expression {_short(expression)}") from None


def matches(pattern: str, text: str) -> bool:
    """Whether a regular expression without look-around and back-references matches a text. Raise ValueError."""
    return bool(_pattern(pattern)(text))


def _rooted(name: str, part: str) -> dict[str, Any]:
    whole = schema(name)
    return {"$ref": f"{whole['$id']}#/$defs/{part}"} if part else whole


@cache
def _fast(name: str, part: str) -> Any:
    import jsonschema_rs

    resources = {schema(one)["$id"]: schema(one) for one in SCHEMAS}
    registry = jsonschema_rs.Registry(list(resources.items()))
    return jsonschema_rs.Draft202012Validator(_rooted(name, part), registry=registry).is_valid


@cache
def _validator(name: str, part: str) -> Any:
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend
    from referencing import Registry, Resource

    def pattern(_: Any, expression: str, instance: Any, __: Any) -> Iterator[Any]:
        # Python's $ also matches before a final newline; JSON Schema's does not.
        strict = re.sub(r"\$$", r"\\Z", expression)
        if isinstance(instance, str) and not re.search(strict, instance):
            yield ValidationError(f"{instance!r} does not match {expression!r}")

    resources = [(schema(one)["$id"], Resource.from_contents(schema(one))) for one in SCHEMAS]
    registry: Any = Registry().with_resources(resources)
    extended: Any = extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]
    return extended(_rooted(name, part), registry=registry)


def _explain(error: Any) -> Iterator[Finding]:
    pointer: Pointer = tuple(error.absolute_path)
    value, constraint = error.instance, error.validator_value
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", ()))
            for key in [key for key in value if key not in known]:
                yield _unknown_key(pointer, key, known)
        case "required":
            yield from (
                Finding(pointer, "schema", f"missing key `{key}`", _describe(error.schema, key))
                for key in constraint
                if key not in value and error.message.startswith(repr(key))
            )
        case "type" if value is None:
            yield Finding(pointer, "schema", f"{_name(pointer)} is empty", "fill it in, or remove the key")
        case "type" if constraint == "string" and isinstance(value, int | float):
            hint = f'quote it: "{_short(json.dumps(value))}"'
            yield Finding(pointer, "schema", f"{_name(pointer)} is {_kind(value)}, expected text", hint)
        case "type":
            wanted = [constraint] if isinstance(constraint, str) else constraint
            words = " or ".join(_KINDS[kind] for kind in wanted)
            yield Finding(pointer, "schema", f"{_name(pointer)} is {_kind(value)}, expected {words}")
        case "enum":
            hint = did_you_mean(str(value), map(str, constraint))
            words = ", ".join(str(one) for one in constraint)
            yield Finding(
                pointer, "schema", f"invalid value `{_short(value)}` of {_name(pointer)}: expected one of {words}", hint
            )
        case "pattern":
            yield Finding(
                pointer, "schema", f"invalid value `{_short(value)}` of {_name(pointer)}", _pattern_hint(error)
            )
        case "minLength" | "minItems" | "minProperties":
            yield Finding(pointer, "schema", f"{_name(pointer)} is empty", "fill it in, or remove the key")
        case "maxLength":
            message = f"{_name(pointer)} is {len(value):,} characters long; the limit is {constraint:,}"
            yield Finding(pointer, "schema", message)
        case "const":
            yield Finding(pointer, "schema", f"{_name(pointer)} is `{_short(value)}`, expected `{constraint}`")
        case "uniqueItems":
            yield Finding(pointer, "schema", f"duplicate entries in {_name(pointer)}")
        case _:
            yield Finding(pointer, "schema", f"{_name(pointer)}: {_short(error.message)}")


def _unknown_key(pointer: Pointer, key: str, known: list[str]) -> Finding:
    hint = did_you_mean(key, known, 0.7)
    if not hint:
        hint = f"known keys: {', '.join(known)}" if known else ""
        if "extra" in known:
            hint += "; put keys of your own below `extra`"
    return Finding((*pointer, key), "unknown-key", f"unknown key `{_short(key)}`", hint, key=True)


def _describe(holder: Mapping[str, Any], key: str) -> str:
    description: str = holder.get("properties", {}).get(key, {}).get("description", "")
    return description


def _pattern_hint(error: Any) -> str:
    example = next(iter(error.schema.get("examples", ())), None)
    if example is None and len(error.absolute_schema_path) > 1:
        return f"it must match {error.validator_value}"
    return f"for example {example}" if example is not None else f"it must match {error.validator_value}"


_KINDS = {
    "object": "a mapping", "array": "a list", "string": "text", "boolean": "true or false",
    "integer": "a whole number", "number": "a number",
}  # fmt: skip


def _kind(value: Any) -> str:
    kinds: list[tuple[type, str]] = [
        (bool, "true or false"), (int, "a number"), (float, "a number"), (str, "text"), (list, "a list"),
        (dict, "a mapping"),
    ]  # fmt: skip
    return next((word for kind, word in kinds if isinstance(value, kind)), type(value).__name__)


def _name(pointer: Pointer) -> str:
    if not pointer:
        return "the document"
    *_, last = pointer
    if isinstance(last, int):
        return f"entry {last + 1} of `{pointer[-2]}`" if len(pointer) > 1 else f"entry {last + 1}"
    return f"`{_short(last)}`"


def _short(value: Any) -> str:
    text = "".join(char if char.isprintable() else repr(char)[1:-1] for char in str(value)[:100])
    return text if len(text) <= 80 else f"{text[:77]}..."
