"""Templates of recurring campaigns: a definition with parameters in it, and what is wrong with one.

Parameters are values, not text: they are put into a document that was read already, and can bring no structure with
them. ``{name}`` stands for one, as it does in the pattern of a RUN collection, whose own fields stay as they are;
``{name!s}`` is its text, as in Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from campledger.model.rules import RUN_FIELDS, texts
from campledger.problems import Finding, Pointer
from campledger.suggestions import did_you_mean

Scalar = str | int | float | bool

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FIELD = re.compile(r"(?<!\$)\{([a-z][a-z0-9_]*)(!s)?\}")
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._+-]+")
_KINDS = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
_WRITTEN = ("id", "template")
"""What `campledger define` writes."""
_OPEN = {"description", "prepended_script", "processing", "extra"}
"""Parts of a definition in which braces may mean something else: prose, scripts, and what BPS fills in."""

Matches = Callable[[str, str], bool]
"""Whether a pattern matches a text; raises ValueError for a pattern that is none."""


@dataclass(frozen=True)
class Parameter:
    """What has to be said for each campaign of a template."""

    name: str
    document: Mapping[str, Any]

    @property
    def type(self) -> str:
        """string, integer, number or boolean."""
        return str(self.document.get("type", "string"))

    @property
    def description(self) -> str:
        """What it is, in a line; may be empty."""
        return str(self.document.get("description", ""))

    @property
    def default(self) -> Scalar | None:
        """Its value where none is given; None where it has to be."""
        return self.document.get("default")

    @property
    def choices(self) -> tuple[Scalar, ...]:
        """The values that it may have; empty where any may be."""
        return tuple(self.document.get("choices", ()))

    def read(self, text: str) -> Scalar | None:
        """Return the value that a text means, or None if it is none of the type."""
        if self.type == "string":
            return text
        if self.type == "boolean":
            return {"true": True, "false": False}.get(text)
        if re.fullmatch(r"-?(?:0|[1-9][0-9]{0,17})", text):
            return int(text)
        if self.type == "number" and re.fullmatch(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}", text):
            return float(text)
        return None

    def complaint(self, value: Scalar, matches: Matches) -> str | None:
        """Return why it cannot have a value of its type, or None if it can."""
        if self.choices and not any(_same(value, one) for one in self.choices):
            return f"is not one of {', '.join(map(written, self.choices))}"
        pattern = self.document.get("pattern")
        if pattern is not None and not matches(pattern, written(value)):
            return f"does not match {pattern}"
        return None

    def is_of_type(self, value: Scalar) -> bool:
        """Whether a value is of the type."""
        kinds: dict[str, tuple[type, ...]] = {
            "string": (str,), "boolean": (bool,), "integer": (int,), "number": (int, float),
        }  # fmt: skip
        return isinstance(value, kinds[self.type]) and (self.type == "boolean" or not isinstance(value, bool))

    @property
    def kind(self) -> str:
        """The type, in words."""
        return _KINDS[self.type]


def _same(one: Scalar, other: Scalar) -> bool:
    return one == other and isinstance(one, bool) is isinstance(other, bool)


def written(value: Scalar) -> str:
    """Return a value as it stands inside of a text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def origin(said: Mapping[str, Any]) -> str:
    """Return where a campaign came from, in words, as its definition says it."""
    given = " ".join(f"{name}={written(value)}" for name, value in said.get("parameters", {}).items())
    return f"{said['name']}: {' '.join(given.split())}" if given else str(said["name"])


@dataclass(frozen=True)
class Template:
    """A template, as its file says. The document has passed the schema; see schemas/template.schema.json."""

    name: str
    document: Mapping[str, Any]

    @property
    def description(self) -> str:
        """What campaigns it is for."""
        return str(self.document["description"])

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its parameters, in the file's order."""
        return tuple(Parameter(name, one) for name, one in self.document.get("parameters", {}).items())

    def definition(self, values: Mapping[str, Scalar]) -> dict[str, Any]:
        """Return the definition with values for all parameters, with a name and an idempotency key.

        Where the template gives none, the key is the template's name, the instrument, and the parameters: two calls
        that agree in these mean one campaign.
        """
        made: dict[str, Any] = filled(self.document["campaign"], values)
        words = [written(values[one.name]) for one in self.parameters]
        parts = [_NOT_IN_A_NAME.sub("-", word).strip("-") for word in (self.name, *words)]
        name = "-".join(filter(None, parts))[:100].rstrip("-")
        scope = made.get("scope")
        instrument = scope.get("instrument") if isinstance(scope, Mapping) else None
        more = [str(instrument)] if instrument is not None and instrument not in words else []
        key = "/".join(quote(one, safe=" +,:@") for one in (self.name, *more, *words))
        # Both are texts, even where they are nothing but a number.
        texts = {key: written(made[key]) for key in ("name", "key") if isinstance(made.get(key), int | float)}
        return {"name": name, "key": key, **made, **texts}


def filled(value: Any, values: Mapping[str, Scalar]) -> Any:
    """Return a document with the parameters in its texts; a text that is nothing but one takes its type."""
    if isinstance(value, Mapping):
        return {key: filled(below, values) for key, below in value.items()}
    if isinstance(value, list):
        return [filled(one, values) for one in value]
    if not isinstance(value, str):
        return value
    whole = _FIELD.fullmatch(value)
    if whole and whole[1] in values and not whole[2]:
        return values[whole[1]]
    return _FIELD.sub(lambda match: written(values[match[1]]) if match[1] in values else match[0], value)


def fields(text: str) -> list[str]:
    """Return the names that stand in braces in a text."""
    return [match[1] for match in _FIELD.finditer(text)]


def findings(template: Template, matches: Matches) -> Iterator[Finding]:
    """Yield what is wrong with the parameters of a template, and with where they stand."""
    for one in template.parameters:
        yield from _parameter(one, matches)
    for key in _WRITTEN:
        if key in template.document["campaign"]:
            message = f"`{key}` is written by `campledger define`"
            yield Finding(("campaign", key), "unknown-key", message, "remove it", key=True)
    known = {one.name for one in template.parameters}
    for pointer, text in texts(template.document["campaign"], ("campaign",)):
        for name in fields(text):
            if name not in known | RUN_FIELDS and not _OPEN.intersection(map(str, pointer)):
                hint = did_you_mean(name, known) or f"the parameters are {', '.join(sorted(known)) or 'none'}"
                yield Finding(pointer, "unknown-parameter", f"unknown parameter `{name}`", hint)
    yield from _unquoted(template.document["campaign"], ("campaign",), known)


def _parameter(one: Parameter, matches: Matches) -> Iterator[Finding]:
    where: Pointer = ("parameters", one.name)
    if not NAME.fullmatch(one.name) or one.name in RUN_FIELDS:
        taken = one.name in RUN_FIELDS
        message = f"invalid parameter name `{one.name}`"
        hint = (
            "it is the name of a field of RUN patterns"
            if taken
            else "a name consists of lower-case letters, digits and _"
        )
        yield Finding(where, "unknown-parameter", message, hint, key=True)
    pattern = one.document.get("pattern")
    try:
        if pattern is not None:
            matches(pattern, "")
    except ValueError as error:
        yield Finding((*where, "pattern"), "schema", f"`pattern` is not a valid regular expression: {error}")
        return
    given = [((*where, "choices", index), value) for index, value in enumerate(one.choices)]
    given += [((*where, "default"), one.default)] if one.default is not None else []
    for pointer, value in given:
        complaint = one.complaint(value, matches) if one.is_of_type(value) else f"is not {one.kind}"
        if complaint:
            yield Finding(pointer, "schema", f"`{written(value)}` {complaint}")


def _unquoted(value: Any, pointer: Pointer, known: set[str]) -> Iterator[Finding]:
    """Yield where YAML took a parameter without quotes for a mapping."""
    if isinstance(value, Mapping):
        if len(value) == 1 and set(value) <= known and next(iter(value.values())) is None:
            (name,) = value
            yield Finding(pointer, "schema", f"`{{{name}}}` without quotes is a mapping", f'quote it: "{{{name}}}"')
            return
        for key, below in value.items():
            yield from _unquoted(below, (*pointer, key), known)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _unquoted(below, (*pointer, index), known)


_SAMPLES: Mapping[str, Scalar] = {"string": "x", "integer": 20260102, "number": 1.5, "boolean": True}
"""Values that most keys of their type take; of whole numbers days are the most particular."""


def samples(template: Template) -> tuple[dict[str, Scalar], set[str]]:
    """Return values to try a template with, and the names of those that are made up: no default or choice says them."""
    values: dict[str, Scalar] = {}
    made_up = set()
    for one in template.parameters:
        likely = one.default if one.default is not None else next(iter(one.choices), None)
        values[one.name] = _SAMPLES[one.type] if likely is None else likely
        made_up |= {one.name} if likely is None else set()
    return values, made_up
