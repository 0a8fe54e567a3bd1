"""The strict reading of a ledger's own YAML.

PyYAML's C parser composes the nodes; the values are built here, so that what YAML readers disagree about is a
problem instead of a surprise. The source of the disagreements is the difference between YAML 1.1 (PyYAML) and the
core schema of YAML 1.2 (most editors, JavaScript, Go): a plain scalar must mean the same to both and print back as
it was written. Dates are text, as in YAML 1.2. A lone `y` is text to both PyYAML and YAML 1.2, whatever the letter
of YAML 1.1 says, and it is the name of a band.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from campledger.documents.text import CONFLICT, place, place_in
from campledger.problems import Pointer, Problem

MAX_BYTES = 4 * 1024 * 1024
"""A definition of 10,000 groups stays below half of this."""
MAX_DEPTH = 40
MAX_REPEATED = 1000
"""How many values aliases may write out again: enough for a section that a few steps share, too few for a bomb."""

_STRING = "tag:yaml.org,2002:str"
_TAGS = {ScalarNode: _STRING, MappingNode: "tag:yaml.org,2002:map", SequenceNode: "tag:yaml.org,2002:seq"}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_SUSPECT = re.compile(r"[-+.0-9~=<ntfyoNTFYO]")
_NOT_PLAIN = re.compile(
    r"""
    (?i:yes|no|on|off|true|false|null|~|=|<<)               # YAML 1.1's other truths and nothings
    | [-+]?(?:0|[1-9])[0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)? # numbers in any dress
    | [-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?
    | [-+]?0[0-9_]+ | [-+]?0[bB][01_]+ | [-+]?0[oO]?[0-7_]+ | [-+]?0[xX][0-9a-fA-F_]+
    | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?          # base 60
    | [-+]?\.(?i:inf|nan)
    """,
    re.VERBOSE,
)
_INDENTED = re.compile(r"^[ \t?:-]{100}", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What YAML forbids, and the line breaks of YAML 1.1 that are none to YAML 1.2 or to an editor."""


class _StopError(Exception):
    """The file is no YAML: nothing after this place can be judged."""

    def __init__(self, rule: str, message: str, line: int, column: int, hint: str = ""):
        super().__init__(message)
        self.problem = Problem("", line, column, rule, message, hint)


class _Composer(CParser):
    """PyYAML's C parser without its resolver: what a scalar means is decided here."""

    def __init__(self, text: str):
        super().__init__(text)

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:
        return "" if kind is ScalarNode and implicit[0] else _TAGS[kind]

    def descend_resolver(self, parent: Node | None, index: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Document:
    """A document as read: its value, and its nodes to find places in."""

    path: str
    value: Any
    root: Node | None
    problems: tuple[Problem, ...] = ()
    """What stood in the way of reading it; ``value`` is None then."""

    def position(self, pointer: Pointer, *, key: bool = False) -> tuple[int, int]:
        """Return line and column, from 1, of what the pointer names, or of the nearest thing that exists."""
        if self.root is None:
            return 0, 0
        node, mark = self.root, self.root.start_mark
        for number, part in enumerate(pointer):
            found: Node | None = None
            if isinstance(node, MappingNode):
                for name, value in node.value:
                    if name.value == str(part):
                        found = name if key and number == len(pointer) - 1 else value
            elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
                found = node.value[part]
            if found is None:
                break
            node, mark = found, found.start_mark
        return mark.line + 1, mark.column + 1


def read(path: str, data: bytes) -> Document:
    """Read one document; everything wrong with it is in its ``problems``, under this path."""
    try:
        root = _compose(decode(data))
    except _StopError as stop:
        return Document(path, None, None, (replace(stop.problem, path=path),))
    builder = _Builder(path)
    value = builder.build(root, 0)
    if builder.problems:
        return Document(path, None, root, tuple(builder.problems))
    return Document(path, value, root)


def _compose(text: str) -> Node:
    if _may_be_deep(text):
        _measure_depth(text)
    try:
        root: Node | None = _Composer(text).get_single_node()
    except yaml.composer.ComposerError as error:
        raise _composer_error(error) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        message = str(error.problem or error.context)
        hint = "indent with spaces" if "cannot start any token" in message else ""
        raise _StopError("yaml-syntax", message, line, column, hint) from None
    except yaml.YAMLError as error:
        raise _StopError("yaml-syntax", str(error).partition("\n")[0], 0, 0) from None
    except RecursionError:
        raise _StopError("yaml-unsafe", f"more than {MAX_DEPTH} levels deep", 0, 0) from None
    if root is None:
        raise _StopError("schema", "the file is empty", 1, 1)
    if "&" in text:
        _count_aliases(root)
    return root


def _may_be_deep(text: str) -> bool:
    """Whether the nesting may be deep enough to exhaust the C stack, on which the composer recurses.

    Without brackets, each column of indentation (blanks and `-`, `?`, `:`) opens two levels at most.
    """
    return text.count("[") + text.count("{") > 500 or _INDENTED.search(text) is not None


def _measure_depth(text: str) -> None:
    parser, depth = _Composer(text), 0
    try:
        while (event := parser.get_event()) is not None:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise _unsafe(event, f"more than {MAX_DEPTH} levels deep")
    except yaml.MarkedYAMLError as error:
        # Newer parsers count levels themselves, ahead of the events that they give out.
        if error.problem_mark and "nesting depth" in str(error.problem):
            line, column = error.problem_mark.line + 1, error.problem_mark.column + 1
            raise _StopError("yaml-unsafe", f"more than {MAX_DEPTH} levels deep", line, column) from None
    except yaml.YAMLError:
        return  # the composer meets it too, and says where
    finally:
        parser.dispose()


def _composer_error(error: yaml.composer.ComposerError) -> _StopError:
    mark = error.problem_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    if "single document" in str(error.context or ""):
        return _StopError("yaml-unsafe", "several documents in one file", line, column, "keep the first")
    if "duplicate anchor" in str(error.context or ""):
        return _StopError("yaml-syntax", "duplicate anchor", line, column)
    return _StopError("yaml-syntax", str(error.problem), line, column)


def decode(data: bytes) -> str:
    """Return the text of a file: UTF-8, of bounded size, without control characters or conflict markers.

    Raise _StopError for the first of them.
    """
    if len(data) > MAX_BYTES:
        raise _StopError("unreadable", f"{len(data):,} bytes; the limit is {MAX_BYTES:,}", 0, 0)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _StopError("unreadable", "not UTF-8 text", *place_in(error), "save the file as UTF-8") from None
    if text.startswith("\ufeff"):
        raise _StopError("unreadable", "a byte order mark", 1, 1, "save the file as UTF-8 without one")
    control = _CONTROL.search(text)
    if control:
        message = f"control character U+{ord(control[0]):04X}"
        raise _StopError("unreadable", message, *place(text, control.start()), "remove it")
    marker = CONFLICT.search(text)
    if marker:
        hint = "resolve the merge, then remove the markers"
        raise _StopError(
            "conflict-marker", "conflict marker of an unresolved merge", *place(text, marker.start()), hint
        )
    return text


def _count_aliases(root: Node) -> None:
    """Refuse a document whose aliases, written out, would be more than a few: a bomb, or unreadable."""
    shared: set[int] = set()
    budget = MAX_REPEATED
    stack: list[tuple[Node, frozenset[int]]] = [(root, frozenset())]
    while stack:
        node, above = stack.pop()
        if id(node) in above:
            raise _unsafe(node, "an anchor must not contain itself")
        if len(above) > MAX_DEPTH:
            raise _unsafe(node, f"more than {MAX_DEPTH} levels deep")
        if id(node) in shared:
            budget -= 1
            if budget < 0:
                raise _unsafe(node, f"aliases repeat more than {MAX_REPEATED:,} values")
        shared.add(id(node))
        if isinstance(node, ScalarNode):
            continue
        below = [one for pair in node.value for one in pair] if isinstance(node, MappingNode) else node.value
        inside = above | {id(node)}
        stack += [(one, inside) for one in below]


class _Builder:
    """Makes the value of a document from its nodes, and collects what is wrong with them."""

    def __init__(self, path: str):
        self.path = path
        self.problems: list[Problem] = []

    def problem(self, node: Node, rule: str, message: str, hint: str = "") -> None:
        mark = node.start_mark
        self.problems.append(Problem(self.path, mark.line + 1, mark.column + 1, rule, message, hint))

    def build(self, node: Node, depth: int) -> Any:
        if node.tag and node.tag != _TAGS[type(node)]:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self.problem(node, "yaml-unsafe", f"the tag `{tag}` is not allowed", "write the plain value")
            return None
        if isinstance(node, ScalarNode):
            return node.value if node.tag else self.scalar(node)
        if depth >= MAX_DEPTH:
            self.problem(node, "yaml-unsafe", f"more than {MAX_DEPTH} levels deep")
            return None
        if isinstance(node, SequenceNode):
            return [self.build(one, depth + 1) for one in node.value]
        return self.mapping(node, depth)

    def mapping(self, node: Node, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for name, value in node.value:
            if not isinstance(name, ScalarNode) or (name.tag and name.tag != _STRING):
                self.problem(name, "yaml-unsafe", "a key must be text")
                continue
            key = name.value
            if not name.tag and key == "<<":
                self.problem(name, "yaml-unsafe", "merge keys are not allowed", "write the keys out")
            elif not name.tag and not isinstance(self.scalar(name), str):  # which tells what is ambiguous
                if _plain(key) is not _AMBIGUOUS:
                    self.problem(name, "yaml-ambiguous", f"the key `{key}` must be text", f'quote it: "{key}"')
            elif key in mapping:
                message = f"duplicate key `{key}`"
                self.problem(name, "yaml-duplicate-key", message, "keep one of them")
            else:
                mapping[key] = self.build(value, depth + 1)
        return mapping

    def scalar(self, node: ScalarNode) -> Any:
        text: str = node.value
        if text and not _SUSPECT.match(text):
            return text
        value = _plain(text)
        if value is _AMBIGUOUS:
            self.ambiguous(node)
        return value

    def ambiguous(self, node: ScalarNode) -> None:
        message = f"YAML readers disagree on what `{node.value}` is"
        hint = f'quote it: "{node.value}"'
        if node.value.lower() in {"true", "false", "null"}:
            hint = f"write {node.value.lower()}, or {hint}"
        self.problem(node, "yaml-ambiguous", message, hint)


_AMBIGUOUS = object()


def _plain(text: str) -> Any:
    """Return what a plain scalar means to YAML 1.1 and 1.2 alike, or _AMBIGUOUS."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and text != "-0" and len(text) < 20:
        return int(text)
    if _FLOAT.fullmatch(text) and print_float(float(text)) == text:
        return float(text)
    return _AMBIGUOUS if _NOT_PLAIN.fullmatch(text) else text


def print_float(number: float) -> str:
    """Return a number as YAML 1.1 and 1.2 both read it: with digits on both sides of the point, no exponent."""
    text = repr(number)
    if "e" not in text:
        return text
    text = format(Decimal(text), "f")
    return text if "." in text else f"{text}.0"


_WORDS = {"": None, "null": None, "true": True, "false": False}


def _unsafe(node: Any, what: str) -> _StopError:
    mark = node.start_mark
    return _StopError("yaml-unsafe", what, mark.line + 1, mark.column + 1)
