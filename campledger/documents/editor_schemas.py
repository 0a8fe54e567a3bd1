"""The schemas as a ledger keeps them, for editors and any validator: each stands alone.

Those of the package refer to each other, have examples, which some editors offer as values, and leave to code what it
knows better: the columns of lists, and what the body of a template may hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from campledger.documents.schema import SCHEMAS, schema
from campledger.model.columns import COLUMNS

Rule = dict[str, Any]


def editor_schemas() -> dict[str, str]:
    """Return the text of each schema by the name of its file."""
    return {f"{name}.schema.json": f"{json.dumps(_alone(name), indent=2, ensure_ascii=False)}\n" for name in SCHEMAS}


def _alone(name: str) -> Rule:
    """Return a schema with copies of what it refers to elsewhere, and with what code knows."""
    own = schema(name)
    definitions: Rule = {}

    def local(rule: Rule, home: str) -> Rule:
        """Return a rule that refers to definitions here, which are copied as they are met."""
        rule = _below(rule, lambda one: local(one, home))
        if "$ref" in rule:
            file, _, part = rule["$ref"].partition("#/$defs/")
            file = file.removesuffix(".schema.json") or home
            key = part if file == name else f"{file}-{part}"
            if key not in definitions:
                definitions[key] = {}  # a definition may refer to itself
                definitions[key] = local(schema(file)["$defs"][part], file)
            rule["$ref"] = f"#/$defs/{key}"
        return rule

    whole = {key: value for key, value in own.items() if key not in {"$id", "$defs"}}
    if name == "template":
        body = whole["properties"]["campaign"]
        campaign = {"campaign": {**_unfilled(schema("campaign")), "description": body["description"]}}
        whole = {**whole, "properties": {**whole["properties"], **campaign}}
    whole = local(whole, name)
    for part in own.get("$defs", ()):
        local({"$ref": f"#/$defs/{part}"}, name)
    if name == "query":
        definitions["column"] = {"enum": [*COLUMNS]}
        definitions["order"] = {"enum": [*COLUMNS, *(f"-{column}" for column in COLUMNS)]}
    return _told(whole | ({"$defs": definitions} if definitions else {}))


def _below(rule: Mapping[str, Any], change: Callable[[Rule], Rule]) -> Rule:
    """Return a rule with all rules in it changed."""
    changed: Rule = {}
    for key, value in rule.items():
        if key in {"properties", "patternProperties", "$defs", "dependentSchemas"}:
            changed[key] = {name: change(one) for name, one in value.items()}
        elif key in {"items", "additionalProperties", "propertyNames"} and isinstance(value, dict):
            changed[key] = change(value)
        elif key in {"oneOf", "anyOf", "allOf"}:
            changed[key] = [change(one) for one in value]
        else:
            changed[key] = value
    return changed


def _unfilled(rule: Rule) -> Rule:
    """Return a rule of definitions for one with parameters in it: the same keys, and of values only what is sure."""
    if "$ref" in rule:
        rule = {**schema("campaign")["$defs"][rule["$ref"].rpartition("/")[2]], **rule}
    kept: Rule = {key: rule[key] for key in ("description", "examples") if key in rule}
    if "oneOf" in rule:
        return kept | {"anyOf": [_unfilled(one) for one in rule["oneOf"]]}
    if "enum" in rule:
        return kept | {"anyOf": [{"enum": rule["enum"]}, {"type": "string", "pattern": "\\{"}]}
    if rule.get("type") in ("object", "array"):
        inside = ("type", "properties", "items", "additionalProperties")
        return kept | _below({key: rule[key] for key in inside if key in rule}, _unfilled)
    return kept


def _told(rule: Rule) -> Rule:
    """Return a rule whose description has its example."""
    told = _below(rule, _told)
    for example in told.pop("examples", ())[:1]:
        shown = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
        told["description"] = f"{told.get('description', '')} For example: {shown}".strip()
    return told
