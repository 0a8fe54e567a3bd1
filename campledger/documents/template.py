"""A definition to fill in: every key of the schema with its description and an example, most of them commented out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from campledger.documents import writing
from campledger.documents.schema import schema

LEFT_OUT: tuple[str, ...] = ("format", "id", "key", "template", "extra")
"""Keys that nobody writes into a new definition by hand."""


def template(values: Mapping[str, Any], productions: Collection[str] = (), heading: Collection[str] = ()) -> str:
    """Return a commented definition to fill in: every key of the schema, most of them commented out."""
    lines = [
        writing.MODELINE.format(schema=writing.SCHEMA_FROM_CAMPAIGN),
        *(f"# {line}\n" for line in heading),
        "# Only name, production, kind and description are required.\n",
        "\n",
    ]
    properties = schema("campaign")["properties"]
    required = schema("campaign")["required"]
    for key, rule in properties.items():
        if key in LEFT_OUT:
            continue
        resolved = _resolved(rule)
        lines.append(f"# {resolved.get('description', '')}\n")
        choices = productions if key == "production" else resolved.get("enum", ())
        if choices:
            lines.append(f"# One of {', '.join(choices)}.\n")
        if key in values or key in required:
            lines.append(writing.format_value({key: values.get(key, "TODO")}))
        else:
            lines += [f"# {line}\n" for line in writing.format_value({key: _example(rule)}).splitlines()]
        lines.append("\n")
    return "".join(lines)


def _resolved(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in rule:
        return rule
    return {**schema("campaign")["$defs"][rule["$ref"].rpartition("/")[2]], **rule}


def _example(rule: Mapping[str, Any]) -> Any:
    resolved = _resolved(rule)
    if resolved.get("examples"):
        return resolved["examples"][0]
    if "enum" in resolved:
        return resolved["enum"][0]
    kinds = resolved.get("type", ())
    if "array" in kinds:
        return [_example(resolved.get("items", {}))]
    if "object" in kinds:
        return {key: _example(below) for key, below in resolved.get("properties", {}).items()}
    return "..."
