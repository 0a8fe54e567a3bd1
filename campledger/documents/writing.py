"""Writing a definition: a new one from values, and changes to one that keep its comments."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

import yaml

from campledger.documents.schema import schema
from campledger.documents.strict import print_float, read
from campledger.errors import UsageError
from campledger.model.text_format import spans
from campledger.suggestions import did_you_mean

MODELINE = "# yaml-language-server: $schema={schema}\n"
"""Tells editors with the YAML language server which schema to check the file by as one types."""

SCHEMA_FROM_CAMPAIGN = "../../../../schemas/campaign.schema.json"
"""Where a ledger keeps the schema, from a campaign's directory: what the modeline names."""


_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}"
    r"(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?"
)
"""Days and moments, which the strict loader takes for text, and PyYAML does not."""
_TRUTH = re.compile("[yYnN]")
"""The same of what readers of YAML 1.1 in JavaScript take for true and false."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    """Return how to write a text: as a block, in double or single quotes, or (None) as it is."""
    lines = text.split("\n")
    ragged = text[0:1].isspace() or any(line.endswith((" ", "\t")) for line in lines)
    if len(lines) > 1 and not ragged and "".join(lines).replace("\t", "").isprintable():
        return "|"
    plain = read("", f"- {text}\n".encode(errors="replace")).value == [text]
    if not plain or len(lines) > 1 or _TRUTH.fullmatch(text):
        return '"'
    return "'" if _MOMENT.fullmatch(text) else None


def _number(dumper: yaml.SafeDumper, number: float) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", print_float(number))


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _number)


def format_document(value: Mapping[str, Any], name: str, schema_path: str | None = None) -> str:
    """Return a document as YAML, its keys in the schema's order, that the strict loader reads back the same."""
    text = (MODELINE.format(schema=schema_path) if schema_path else "") + format_value(_ordered(value, schema(name)))
    back = read("", text.encode())
    if back.problems or back.value != value:
        trouble = back.problems[0].message if back.problems else "it does not read back the same"
        raise UsageError(f"the values cannot be written as YAML: {trouble}")
    return text


def format_value(value: Any) -> str:
    """Return any value as YAML."""
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100))


def _ordered(value: Any, rule: Mapping[str, Any]) -> Any:
    if "$ref" in rule:
        rule = schema("campaign")["$defs"].get(rule["$ref"].rpartition("/")[2], {})
    if isinstance(value, Mapping):
        known = rule.get("properties", {})
        keys = [key for key in known if key in value] + [key for key in value if key not in known]
        return {key: _ordered(value[key], known.get(key, {})) for key in keys}
    if isinstance(value, list):
        return [_ordered(one, rule.get("items", {})) for one in value]
    return value


def edit_text(text: str, changes: Mapping[str, Any], remove: tuple[str, ...] = ()) -> str:
    """Return a definition's text with values set and keys taken out; comments and layout stay.

    ``changes`` maps dotted paths (``data.output``, ``steps.0.name``, ``steps.step1.name``) to values.
    Raise UsageError where there is no such place, or ruamel cannot read what other readers can.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    editor = YAML(typ="rt")
    editor.preserve_quotes = True
    editor.width = 4096
    editor.indent(mapping=2, sequence=4, offset=2)
    try:
        document = editor.load(text)
    except MarkedYAMLError as error:
        raise UsageError(f"the file cannot be changed without losing its comments: {error.problem}") from None
    if not isinstance(document, dict):
        raise UsageError("the document is not a mapping")
    for path in remove:
        document.pop(path, None)
    for path, value in changes.items():
        set_value(document, path, _quoted(value))
    stream = io.StringIO()
    editor.dump(document, stream)
    return stream.getvalue()


def set_value(document: Any, path: str, value: Any) -> None:
    """Set the value at a dotted path, in place; None takes the key out. Raise UsageError where no such place is."""
    *above, last = path.split(".")
    holder = document
    for number, part in enumerate(above):
        if isinstance(holder, list):
            holder = holder[_index(holder, part, path)]
        elif isinstance(holder, dict):
            if not isinstance(holder.get(part), dict | list):
                _put(holder, part, type(holder)(), top=holder is document)
            holder = holder[part]
        else:
            raise UsageError(f"{path}: {'.'.join(above[:number])} is not a mapping")
    if isinstance(holder, list):
        holder[_index(holder, last, path)] = value
    elif not isinstance(holder, dict):
        raise UsageError(f"{path}: {'.'.join(above)} is not a mapping")
    elif value is None:
        holder.pop(last, None)
    else:
        _put(holder, last, value, top=holder is document)


def _put(holder: dict[str, Any], key: str, value: Any, *, top: bool) -> None:
    """Set a key; a new one at the top goes where the schema has it, if the mapping knows places."""
    order = list(schema("campaign")["properties"])
    if key in holder or not hasattr(holder, "insert"):
        holder[key] = value
        return
    if not top or key not in order:
        holder[_quoted(key)] = value
        return
    before = set(order[: order.index(key)])
    position = max((n + 1 for n, one in enumerate(holder) if one in before), default=0)
    holder.insert(position, key, value)


def _quoted(value: Any) -> Any:
    """Return a value whose strings are in quotes where the strict loader wants them."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString, SingleQuotedScalarString

    if isinstance(value, str):
        kinds = {
            "|": LiteralScalarString, '"': DoubleQuotedScalarString, "'": SingleQuotedScalarString, None: str,
        }  # fmt: skip
        return kinds[_style(value)](value)
    if isinstance(value, Mapping):
        return {_quoted(key): _quoted(below) for key, below in value.items()}
    return [_quoted(one) for one in value] if isinstance(value, list) else value


def _index(holder: list[Any], part: str, path: str) -> int:
    if part.isdecimal() and int(part) < len(holder):
        return int(part)
    for index, entry in enumerate(holder):
        if isinstance(entry, Mapping) and entry.get("name") == part:
            return index
    names = [str(entry["name"]) for entry in holder if isinstance(entry, Mapping) and "name" in entry]
    hint = did_you_mean(part, names) or (
        f"the entries are {spans(names)}" if names else f"it has {len(holder)} entries"
    )
    raise UsageError(f"{path}: unknown entry `{part}`: {hint}")


def parse_value(text: str) -> Any:
    """Read the value of ``--set path=value``: YAML by the strict rules, where that is unambiguous, else text.

    Text of several lines is taken as it stands, unless quotes or a block's sign begin it: YAML would fold the lines.
    """
    document = read("", text.encode(errors="surrogatepass"))
    folded = isinstance(document.value, str) and "\n" in text and not text.lstrip().startswith(("'", '"', "|", ">"))
    return text if document.problems or folded else document.value
