"""YAML of other tools, such as BPS submit files: read by YAML 1.1's rules, as those tools read it, only bounded.

PyYAML's safe C loader decides what a value is, so `no` is False and `012` is 10, as for BPS itself. What is
refused is what could hurt the reader (size, depth, expanding aliases, tags that make objects). Where a mapping
has a key twice the last one counts, as for BPS; :func:`read` says where that happened.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_BYTES = 2 * 1024 * 1024
"""Resolved BPS configurations, the largest files of their kind, stay below 100 kB."""
MAX_DEPTH = 50
MAX_NODES = 200_000
"""Nodes of one file, aliases counted as often as they are expanded."""
MAX_ALIASES = 1_000

_TAG = "tag:yaml.org,2002:"
_INCLUDE = "!include"
_TAGS = {None, "!", f"{_TAG}str", f"{_TAG}seq", f"{_TAG}map", f"{_TAG}omap", _INCLUDE}


class ForeignError(Exception):
    """A file of another tool cannot be read. Line and column count from 1; 0 means the file as a whole."""

    def __init__(self, message: str, line: int = 0, column: int = 0):
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.message}" if self.line else self.message


@dataclass(frozen=True, slots=True)
class Include:
    """The value of daf_butler's tag `!include`: the content of another file, relative to this one."""

    path: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key that stands in its mapping a second time, and therefore counts."""

    key: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Foreign:
    """A file as its tool would read it."""

    value: Any
    duplicates: tuple[Duplicate, ...] = ()


class _Loader(yaml.CSafeLoader):
    """The safe C loader with daf_butler's `!include`, which here only names the file."""

    def construct_include(self, node: Node) -> Any:
        """Return an Include for each file that the tag names."""
        if isinstance(node, ScalarNode):
            return Include(str(node.value))
        if isinstance(node, SequenceNode):
            return [Include(str(item)) for item in self.construct_sequence(node)]
        if isinstance(node, MappingNode):
            return {key: Include(str(item)) for key, item in self.construct_mapping(node).items()}
        raise TypeError(node)  # pragma: no cover


_Loader.add_constructor(_INCLUDE, _Loader.construct_include)


def load(data: bytes) -> Any:
    """Return the value of one YAML document, or None of an empty one. Raise ForeignError if it cannot be read."""
    return read(data).value


def read(data: bytes) -> Foreign:
    """Return the value of one YAML document and its duplicate keys. Raise ForeignError if it cannot be read."""
    text = _decoded(data)
    try:
        _check_bounds(text)
        return _constructed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise ForeignError(str(error.problem or error.context or "not YAML"), line, column) from error
    except yaml.reader.ReaderError as error:
        raise ForeignError(f"invalid character for YAML: {error.reason}") from error
    except yaml.YAMLError as error:
        raise ForeignError(f"not YAML: {error}") from error
    except (ValueError, OverflowError) as error:
        # A plain scalar that looks like a date or a number and is none, such as 2021-13-45.
        raise ForeignError(f"a value that looks like a YAML 1.1 date or number, but is invalid: {error}") from error


def with_values(data: bytes, change: Callable[[str], str | int | float | bool]) -> str:
    """Return the text of a YAML document with its values changed: ``change`` takes a text and returns what it becomes.

    Only values that are texts are asked for, no keys and no comments; all else stays byte by byte.
    Raise ForeignError if the document cannot be read.
    """
    text = _decoded(data)
    read(data)
    parts: list[str] = []
    end = 0
    is_key = False
    for token in yaml.scan(text, Loader=yaml.CSafeLoader):
        if isinstance(token, yaml.ScalarToken) and not is_key:
            after = change(token.value)
            if after != token.value and (not token.plain or _is_plain(token.value)):
                parts += [text[end : token.start_mark.index], _written(after, plain=token.plain)]
                end = token.end_mark.index
                parts += ["\n"] if text[end - 1] == "\n" else []  # a block of lines ends with its last one
        if not isinstance(token, yaml.AnchorToken | yaml.TagToken):
            is_key = isinstance(token, yaml.KeyToken)
    return "".join([*parts, text[end:]])


def _written(value: str | int | float | bool, *, plain: bool) -> str:
    """Return a value as a scalar that YAML reads back the same, in quotes unless it may stand without."""
    if isinstance(value, str) and not (plain and _is_plain(value)):
        return str(yaml.dump(value, default_style='"', width=float("inf"), allow_unicode=True)).rstrip("\n")
    return json.dumps(value) if not isinstance(value, str) else value


def _is_plain(text: str) -> bool:
    try:
        return bool(load(f"[{text}, {text}]".encode()) == [text, text])
    except ForeignError:
        return False


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise ForeignError(f"larger than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise ForeignError("not UTF-8 text", line, column) from error


def _check_bounds(text: str) -> None:
    """Go through the events, before anything is built, and raise ForeignError at what exceeds the bounds."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    count = documents = aliases = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            _require(documents == 1, "more than one document", event)
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
            size = sizes.get(event.anchor or "", 0)
            _require(size > 0, f"alias `*{event.anchor}` refers to no finished value", event)
            _require(aliases <= MAX_ALIASES, f"more than {MAX_ALIASES} aliases", event)
            count += size
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, start = open_nodes.pop()
            if anchor is not None:
                sizes[anchor] = count - start
        elif isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            _require(event.tag in _TAGS, f"tag `{event.tag}` is not supported", event)
            count += 1
            if isinstance(event, yaml.CollectionStartEvent):
                open_nodes.append((event.anchor, count - 1))
                _require(len(open_nodes) <= MAX_DEPTH, f"nested more than {MAX_DEPTH} deep", event)
            elif event.anchor is not None:
                sizes[event.anchor] = 1
        _require(count <= MAX_NODES, f"more than {MAX_NODES} values, aliases expanded", event)


def _require(fine: bool, message: str, event: yaml.Event) -> None:
    if not fine:
        mark = event.start_mark
        raise ForeignError(message, *((mark.line + 1, mark.column + 1) if mark else (0, 0)))


def _constructed(text: str) -> Foreign:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Foreign(None)
        duplicates = _duplicates(node)
        return Foreign(loader.construct_document(node), duplicates)
    finally:
        loader.dispose()


def _duplicates(root: Node) -> tuple[Duplicate, ...]:
    found: list[Duplicate] = []
    waiting, visited = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        if isinstance(node, MappingNode):
            found += _repeated_keys(node)
            waiting += [child for pair in node.value for child in pair]
        elif isinstance(node, SequenceNode):
            waiting += node.value
    return tuple(sorted(found, key=lambda item: (item.line, item.column)))


def _repeated_keys(node: MappingNode) -> list[Duplicate]:
    seen: set[tuple[str, str]] = set()
    found = []
    for key, _ in node.value:
        if not isinstance(key, ScalarNode):
            continue
        identity = (key.tag, key.value)
        if identity in seen:
            found.append(Duplicate(key.value, key.start_mark.line + 1, key.start_mark.column + 1))
        seen.add(identity)
    return found
