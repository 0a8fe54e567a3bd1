"""The pages on formats: one for each JSON Schema, with a table for each mapping in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from campledger.documents import writing
from campledger.documents.schema import SCHEMAS, schema
from docs.generate import markdown as md

Rule = Mapping[str, Any]

PATTERNS = {
    r"^[^\r\n]*$": "one line",
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": "a word of letters, digits and `.` `_` `-`, up to 64 characters",
    r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$": "a word of letters, digits and `.` `_` `+` `-`, up to 100 characters",
    r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$": "a word of letters, digits and `.` `_` `/` `-`, up to 200 characters",
    r"^[A-Za-z_][A-Za-z0-9_.]*$": "a name of letters, digits, `_` and `.`",
    r"^[a-z0-9][a-z0-9_-]{0,79}$": "a word of small letters, digits, `_` and `-`, up to 80 characters",
    r"^[a-z][a-z_]{0,39}$": "a column of `campledger list`",
    r"^-?[a-z][a-z_]{0,39}$": "a column of `campledger list`, with `-` in front or not",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "a day, `YYYY-MM-DD`",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$": "a time, `YYYY-MM-DDThh:mm:ssZ`",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$": "a time, `YYYY-MM-DDThh:mm:ss.ssssssZ`",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$":
        "a day or a time of ISO 8601, in UTC where it does not say otherwise",
    r"^[0-9]{1,4}:[0-5][0-9]:[0-5][0-9]$": "a span of time, `HH:MM:SS`",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9]+(-[a-z0-9]+)*-[a-z0-9]{4}$": "a campaign's id, `YYYY-MM-DD-NAME-XXXX`",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9-]+(@[0-9A-Za-z][0-9A-Za-z._/-]*)?$": "a campaign's id, with `@REV` or not",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z?)?$": "a day, or a day and a time (UTC)",
    r"^runs/[a-z0-9]{12}[.]json$": "`runs/SUBMISSION.json`",
    r"^[a-z0-9]{12}$": "twelve small letters and digits",
    r"^[A-Za-z][A-Za-z0-9_-]*-[A-Za-z0-9]+$": "a key like `PROJECT-NUMBER`",
    r"^[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)?$": "`STEP` or `STEP/GROUP`",
    r"^[A-Za-z0-9][A-Za-z0-9._+-]*/[A-Za-z0-9][A-Za-z0-9._+-]*$": "`STEP/GROUP`",
    r"^[^@ \t\r\n]+@[^@ \t\r\n]+$": "a mail address",
    r"^sha256:[0-9a-f]{64}$": "`sha256:` and 64 hexadecimal digits",
    r"^[A-Za-z0-9_.][A-Za-z0-9_./+-]{0,499}$": "a path of letters, digits and `_` `.` `/` `+` `-`",
    r"^[0-9a-f]{7,64}$": "a commit, 7 to 64 hexadecimal digits",
    r"^[0-9a-f]{40,64}$": "an id of git's in full, 40 to 64 hexadecimal digits",
    r"^[!-~]*\{path\}[!-~]*$": "an address with `{path}` in it",
    r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}(@(sha256:[0-9a-f]{64}|[0-9A-Za-z][0-9A-Za-z._/-]{0,199}))?$":
        "a set's name, with `@sha256:DIGEST` or `@REV` or not",
    r"^healpix([1-9]|1[0-7])$": "`healpix1` to `healpix17`",
    r"^htm([1-9]|1[0-9]|2[0-4])$": "`htm1` to `htm24`",
}  # fmt: skip
"""Patterns of the schemas, in words; one that is not here stands as it is."""


MANY = 10
"""Keys that two mappings share, from which on they stand in one table only."""

JSON = {"act", "dataids", "event", "run"}
"""Schemas of documents that are written in JSON."""


READERS = {"act": "`campledger batch`, and programs that write such files, go"}
"""Who goes by a schema, where that is not as usual."""


def pages() -> dict[str, str]:
    """Return the pages, by their paths below docs/."""
    return {f"reference/formats/{name}.md": _Page(name).text() for name in SCHEMAS}


@cache
def _schema(name: str) -> Rule:
    """Return a schema in which every reference names its file."""

    def whole(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: f"{name}.schema.json{one}" if key == "$ref" and one[0] == "#" else whole(one)
                for key, one in value.items()
            }
        return [whole(one) for one in value] if isinstance(value, list) else value

    loaded: Rule = whole(schema(name))
    return loaded


def _target(rule: Rule) -> Rule:
    """Return what a rule refers to, or the rule itself where it refers to nothing."""
    file, _, part = rule.get("$ref", "").partition(".schema.json#/$defs/")
    return _resolved(_schema(file)["$defs"][part]) if part else rule


def _resolved(rule: Rule) -> Rule:
    """Return a rule along with what it refers to; what it says itself goes first."""
    return {**_target(rule), **rule}


def _key(rule: Rule, key: str) -> tuple[Rule | None, bool]:
    """Return what a mapping's schema says of one of its keys."""
    return rule["properties"].get(key), key in rule.get("required", ())


def titles() -> Iterator[tuple[str, str, str]]:
    """Yield of each format its page below reference/, its title, and what it is."""
    for name in SCHEMAS:
        yield f"formats/{name}.md", _schema(name)["title"], _schema(name)["description"]


@dataclass
class _Page:
    """One page: sections are added as they are referred to, each once."""

    name: str
    waiting: list[tuple[str, Rule]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    shown: dict[str, Rule] = field(default_factory=dict)

    def text(self) -> str:
        """Return the whole page."""
        whole = _schema(self.name)
        source = f"../../../schemas/{self.name}.schema.json"
        lines = [
            f"# {whole['title']}\n\n{md.GENERATED}",
            f"{_linked(whole['description'])}\n",
            f"{READERS.get(self.name, 'Editors and `campledger check` go')} by its [JSON Schema]({source}).\n",
        ]
        variants = whole.get("oneOf", [])
        if variants:
            lines += self._variants(variants)
        else:
            smallest, form = _smallest(whole), "json" if self.name in JSON else "yaml"
            text = json.dumps(smallest, indent=2) + "\n" if form == "json" else writing.format_value(smallest)
            lines += ["At the least:\n", md.block(text, form), self._table(whole, "")]
        while self.waiting:
            heading, rule = self.waiting.pop(0)
            lines += [f"## {heading}\n", *self._section(heading, rule)]
        return "\n".join(lines)

    def _variants(self, variants: list[Rule]) -> Iterator[str]:
        """Yield the list of a document's forms; keys that all have stand once, before them."""
        rules = {one["$ref"].rpartition("/")[2]: _resolved(one) for one in variants}
        keys = [dict(one.get("properties", {})) for one in rules.values()]
        shared = {key: rule for key, rule in keys[0].items() if all(one.get(key) == rule for one in keys)}
        if shared:
            required = [key for key in _schema(self.name).get("required", ()) if key in shared]
            yield "Every one has\n"
            yield self._table({"properties": shared, "required": required}, "")
            kind = next(key for key, rule in keys[0].items() if "const" in rule)
            yield f"and, by its {md.code(kind)}, is one of\n"
        else:
            yield "It is one of\n"
        for name, rule in rules.items():
            if shared:
                own = {key: one for key, one in rule["properties"].items() if key not in {*shared, kind}}
                line = _line(rule) if self.name == "act" else f"- {_line(rule)}"
                rule = {**rule, "properties": own, "example": line}  # noqa: PLW2901
            self._link(name, rule)
        rows = [[md.link(name), _linked(rule.get("description", ""))] for name, rule in rules.items()]
        yield md.table(["Form", "What it is"], rows)

    def _section(self, heading: str, rule: Rule) -> Iterator[str]:
        if "description" in rule:
            yield f"{_linked(rule['description'])}\n"
        if "example" in rule:
            yield md.block(rule["example"], "json" if self.name == "act" else "yaml")
        if rule.get("type") == "array":
            yield f"A {self._words(rule, heading)}.\n"
        elif "oneOf" in rule:
            yield f"One of {', '.join(self._words(one, '') for one in rule['oneOf'])}.\n"
        elif "properties" in rule:
            yield from self._keys(heading, rule)

    def _keys(self, heading: str, rule: Rule) -> Iterator[str]:
        """Yield the table of a mapping's keys; those of a mapping before it, if they are many, are only named."""
        keys = rule["properties"]
        for other, shown in self.shown.items():
            same = [key for key in keys if _key(rule, key) == _key(shown, key)]
            if len(same) >= MANY:
                yield f"As in {md.link(other)}: {', '.join(map(md.code, same))}. Besides:\n"
                keys = {key: one for key, one in keys.items() if key not in same}
                break
        else:
            self.shown[heading] = rule
        yield self._table({**rule, "properties": keys}, heading)

    def _table(self, rule: Rule, heading: str) -> str:
        required = rule.get("required", ())
        rows = []
        for key, below in rule.get("properties", {}).items():
            resolved = _resolved(below)
            about = resolved.get("description", "")
            name = f"{md.code(key)}\n**required**" if key in required else md.code(key)
            value = self._words(below, f"{heading}.{key}" if heading else key)
            default = f"; default {self._code(resolved['default'])}" if "default" in resolved else ""
            examples = ", ".join(self._code(one) for one in resolved.get("examples", ()))
            if "[" in value and "description" not in below:
                about = about.partition(". ")[0]  # the section that is linked says it all
            rows.append([name, value + default, _linked(about), examples])
        for pattern, below in rule.get("patternProperties", {}).items():
            name = PATTERNS.get(pattern) or f"like {md.code(pattern)}"
            rows.append([name, self._words(below, heading), _linked(below.get("description", "")), ""])
        return md.table(["Key", "Value", "What it is", "Examples"], rows)

    def _words(self, rule: Rule, heading: str) -> str:
        """Say what values a rule takes; a mapping gets a section of its own, and is linked."""
        resolved = _resolved(rule)
        file, _, part = rule.get("$ref", "").partition(".schema.json#/$defs/")
        name = part or heading
        kind = resolved.get("type")
        if "const" in resolved:
            return f"always {self._code(resolved['const'])}"
        if "enum" in resolved:
            return "one of " + ", ".join(self._code(one) for one in resolved["enum"])
        if isinstance(kind, list) and {"items", "properties"} <= resolved.keys():
            listed = self._words({key: one for key, one in resolved.items() if key != "properties"} | _LIST, heading)
            return f"{listed}; or {self._link(name, resolved)}"
        if "properties" in resolved or "oneOf" in resolved:
            if file not in {"", self.name}:
                return md.link(name, f"{file}.md")
            return self._link(name, _target(rule))
        if kind == "array":
            # Entries that are written out here have a section that is called after the list.
            words = ["list", f"each: {self._words(resolved.get('items', {}), name)}"]
            words += _bounds(resolved, "Items", "entry", "entries")
            return "; ".join([*words, *["no two alike"] * ("uniqueItems" in resolved)])
        if kind == "object":
            below = resolved.get("additionalProperties")
            each = f"; each: {self._words(below, f'{name}.NAME')}" if isinstance(below, dict) else ""
            return f"mapping{each}"
        if isinstance(kind, list):
            return self._link(name, _target(rule)) if part else ", ".join(_KINDS[one] for one in kind)
        return _scalar(resolved)

    def _code(self, value: Any) -> str:
        return md.code(_value(value, as_json=self.name in JSON))

    def _link(self, heading: str, rule: Rule) -> str:
        if heading not in self.seen:
            self.seen.add(heading)
            self.waiting.append((heading, rule))
        return md.link(heading)


_LIST = {"type": "array"}
_KINDS = {
    "string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "array": "list",
    "object": "mapping", "null": "nothing",
}  # fmt: skip


def _scalar(rule: Rule) -> str:
    pattern = rule.get("pattern")
    if pattern is None:
        words = [_KINDS.get(rule.get("type", ""), "anything")]
    else:
        words = [PATTERNS.get(pattern) or f"text like {md.code(pattern)}"]
    for key, word in (("minimum", "from"), ("maximum", "to")):
        words[0] += f" {word} {rule[key]}" if key in rule else ""
    return ", ".join([*words, *_bounds(rule, "Length", "character", "characters")])


def _bounds(rule: Rule, what: str, one: str, many: str) -> list[str]:
    least, most = rule.get(f"min{what}", 0), rule.get(f"max{what}")
    words = [f"at least {least} {one if least == 1 else many}"] if least > (what == "Length") else []
    return words + ([f"up to {most:,} {many}"] if most is not None else [])


def _linked(text: str) -> str:
    """Return a description; pages that it names are linked."""
    return re.sub(r"\bdocs/(\w+\.md)", r"[docs/\1](../../\1)", md.prose(text))


def _value(value: Any, *, as_json: bool) -> str:
    """Return a value as one would write it, on one line."""
    if isinstance(value, str) and not as_json:
        return writing.format_value({"x": value}).removeprefix("x: ").rstrip("\n")
    return json.dumps(value, ensure_ascii=False)


def _smallest(rule: Rule) -> dict[str, Any]:
    """Return a document with the required keys alone."""
    return {key: _example(rule["properties"][key]) for key in rule["required"]}


def _line(rule: Rule) -> str:
    """Return an event, or an act, with the required keys alone."""
    line = {key: _example(rule["properties"][key]) for key in rule["required"]}
    return json.dumps(line, ensure_ascii=False)


def _example(rule: Rule) -> Any:
    resolved = _resolved(rule)
    if "const" in resolved:
        return resolved["const"]
    if resolved.get("examples"):
        return resolved["examples"][0]
    if "enum" in resolved:
        return resolved["enum"][0]
    if resolved.get("type") == "array":
        return [_example(resolved["items"])]
    return {key: _example(resolved["properties"][key]) for key in resolved.get("required", ())}
