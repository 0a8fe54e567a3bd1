"""Data queries of Butler's expression language, as far as they can be compared without a Butler.

Read after the grammar of lsst.daf.butler's expressions: comparisons of a dimension with a number or a quoted word,
IN with values and ranges (`1..10`, `1..10:2`), AND, OR, NOT, brackets, and BETWEEN. Whatever else a query says is
left out of the comparison and the query marked inexact: then `disjoint` is certain, `overlapping` is not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from campledger.bps.regions import MAX_BOXES, Box, Numbers, Values, Words, covers, meet, numbers, overlap

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<word>'[^']*'|"[^"]*")
  | (?P<range>[+-]?\d+\s*\.\.\s*[+-]?\d+(?:\s*:\s*\d+)?)
  | (?P<number>[+-]?\d+(?![\w.]))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
  | (?P<mark><=|>=|!=|==|<>|[=<>(),])
  | (?P<other>\S)
    )""",
    re.VERBOSE,
)
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_ALIASES = {"exposure": "visit", "visit.id": "visit", "exposure.id": "visit", "visit.visit": "visit"}
"""Names compared as one: Rubin's visits of single exposures carry the exposure's number."""
_FREE = frozenset({"instrument", "skymap", "detector", "band", "physical_filter"})
"""Dimensions that cut across all others, so that restricting them leaves a part of every slice."""
MAX_DEPTH = 50
MAX_STRIDE = 2_000


@dataclass(frozen=True, slots=True)
class Query:
    """What a query selects: the union of the boxes, or a part of it if the query is not exact."""

    boxes: tuple[Box, ...]
    exact: bool = True

    def disjoint(self, other: Query) -> bool:
        """Whether the two certainly select nothing in common."""
        return not overlap(self.boxes, other.boxes)

    def surely_overlaps(self, other: Query) -> bool:
        """Whether the two select something in common, as far as queries alone can tell.

        They cannot where one restricts visits and the other tracts: what those share is known to Butler only.
        """
        if not (self.exact and other.exact) or self.disjoint(other):
            return False
        mine, theirs = self.dimensions - _FREE, other.dimensions - _FREE
        return mine <= theirs or theirs <= mine

    @property
    def dimensions(self) -> frozenset[str]:
        """Names of the dimensions that the query restricts anywhere."""
        return frozenset(name for box in self.boxes for name in box)

    def covered_by(self, others: list[Query]) -> bool:
        """Whether the others certainly select everything that this one selects."""
        return covers((box for other in others if other.exact for box in other.boxes), self.boxes)

    def restriction(self, name: str) -> Values | None:
        """Return what the query restricts a dimension to, if it is one plain box and says so."""
        return self.boxes[0].get(_ALIASES.get(name, name)) if len(self.boxes) == 1 else None


@lru_cache(maxsize=4096)
def parse(text: str) -> Query:
    """Return what a query selects. An empty query selects everything; one that cannot be read, maybe everything."""
    if not text.strip():
        return Query(({},))
    try:
        parser = _Parser(text)
        node = parser.expression()
        parser.expect_end()
        boxes = _normal(node)
    except _UnreadableError:
        return Query(({},), exact=False)
    return Query(tuple(boxes), exact=not parser.dropped)


class _UnreadableError(Exception):
    """The query, or the part that matters, is beyond this reader."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    name: str
    values: Values | None
    """None where the comparison is beyond this reader: it may be true of anything."""


@dataclass(frozen=True, slots=True)
class _Join:
    all: bool
    parts: tuple[_Leaf | _Join, ...]


_Node = _Leaf | _Join


class _Parser:
    def __init__(self, text: str):
        self._tokens: list[tuple[str, str]] = []
        for match in _TOKEN.finditer(text.rstrip()):
            kind = match.lastgroup or "other"
            self._tokens.append((kind, match[kind]))
        self._at = 0
        self._depth = 0
        self.dropped = False

    def expression(self, negated: bool = False) -> _Node:
        return self._joined("or", lambda: self._joined("and", lambda: self._factor(negated), negated), negated)

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise _UnreadableError

    def _joined(self, word: str, part: Callable[[], _Node], negated: bool) -> _Node:
        parts = [part()]
        while self._keyword(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else _Join((word == "and") != negated, tuple(parts))

    def _factor(self, negated: bool) -> _Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _UnreadableError
        if self._keyword("not"):
            node = self._factor(not negated)
        elif self._mark("("):
            node = self.expression(negated)
            self._require(")")
        else:
            node = self._comparison_or_gap(negated)
        self._depth -= 1
        return node

    def _comparison_or_gap(self, negated: bool) -> _Node:
        """Return a comparison; one beyond this reader is passed over up to the next AND, OR or closing bracket."""
        start = self._at
        try:
            return self._comparison(negated)
        except _UnreadableError:
            self._at = start
        depth = 0
        while self._at < len(self._tokens) and (depth or not (self._peeks({"and", "or", ")"}))):
            depth += {"(": 1, ")": -1}.get(self._tokens[self._at][1], 0)
            self._at += 1
        if self._at == start or depth:
            raise _UnreadableError
        self.dropped = True
        return _Leaf("", None)

    def _comparison(self, negated: bool) -> _Node:
        kind, text = self._next()
        if kind in {"number", "word"}:
            mark = self._next()[1]
            name_kind, name = self._next()
            if name_kind != "name" or mark not in {*_FLIPPED, "=", "==", "!=", "<>"}:
                raise _UnreadableError
            return self._leaf(name, _compared(_FLIPPED.get(mark, mark), kind, text), negated)
        if kind != "name":
            raise _UnreadableError
        if self._keyword("not"):
            negated = not negated
            if not self._peeks({"in", "between"}):
                raise _UnreadableError
        if self._keyword("in"):
            return self._leaf(text, self._list(), negated)
        if self._keyword("between"):
            low, high = self._between()
            return self._leaf(text, numbers([(low, high)]), negated)
        mark = self._next()[1]
        if mark not in {*_FLIPPED, "=", "==", "!=", "<>"}:
            raise _UnreadableError
        value_kind, value = self._next()
        if value_kind not in {"number", "word"}:
            raise _UnreadableError
        return self._leaf(text, _compared(mark, value_kind, value), negated)

    def _leaf(self, name: str, values: Values | None, negated: bool) -> _Leaf:
        if values is None:
            self.dropped = True
            return _Leaf(name, None)
        return _Leaf(_ALIASES.get(name, name), values.invert() if negated else values)

    def _between(self) -> tuple[int, int]:
        low = self._next()
        if not self._keyword("and"):
            raise _UnreadableError
        high = self._next()
        if low[0] != "number" or high[0] != "number":
            raise _UnreadableError
        return int(low[1]), int(high[1])

    def _list(self) -> Values | None:
        self._require("(")
        items = [self._next()]
        while self._mark(","):
            items.append(self._next())
        self._require(")")
        kinds = {kind for kind, _ in items}
        if kinds == {"word"}:
            return Words(frozenset(text[1:-1] for _, text in items))
        if kinds <= {"number", "range"}:
            intervals = [pair for kind, text in items for pair in _interval(kind, text)]
            return numbers(intervals) if intervals else None
        return None

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise _UnreadableError
        self._at += 1
        return self._tokens[self._at - 1]

    def _peeks(self, words: set[str]) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at][1].lower() in words

    def _keyword(self, word: str) -> bool:
        found = self._peeks({word}) and self._tokens[self._at][0] == "name"
        self._at += found
        return found

    def _mark(self, mark: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] == ("mark", mark)
        self._at += found
        return found

    def _require(self, mark: str) -> None:
        if not self._mark(mark):
            raise _UnreadableError


def _interval(kind: str, text: str) -> list[tuple[float, float]]:
    if kind == "number":
        return [(int(text), int(text))]
    bounds, _, stride = text.partition(":")
    low, _, high = bounds.partition("..")
    if not stride or int(stride) == 1:
        return [(int(low), int(high))]
    if int(stride) == 0:
        raise _UnreadableError
    values = range(int(low), int(high) + 1, int(stride))
    if len(values) > MAX_STRIDE:
        raise _UnreadableError
    return [(value, value) for value in values]


def _compared(mark: str, kind: str, text: str) -> Values | None:
    if kind == "word":
        word = Words(frozenset({text[1:-1]}))
        return {"=": word, "==": word, "!=": word.invert(), "<>": word.invert()}.get(mark)
    if kind != "number":
        return None
    value = int(text)
    exactly = Numbers(((value, value),))
    return {
        "=": exactly,
        "==": exactly,
        "!=": exactly.invert(),
        "<>": exactly.invert(),
        "<": Numbers(((-math.inf, value - 1),)),
        "<=": Numbers(((-math.inf, value),)),
        ">": Numbers(((value + 1, math.inf),)),
        ">=": Numbers(((value, math.inf),)),
    }[mark]


def _normal(node: _Node) -> list[Box]:
    """Return the node as a union of boxes."""
    if isinstance(node, _Leaf):
        return [{}] if node.values is None else [{node.name: node.values}] if not node.values.is_empty else []
    if not node.all:
        boxes = _joined([box for part in node.parts for box in _normal(part)])
    else:
        boxes = [{}]
        for part in node.parts:
            others = _normal(part)
            if len(boxes) * len(others) > 20 * MAX_BOXES:
                raise _UnreadableError
            boxes = [both for box in boxes for other in others if (both := meet(box, other)) is not None]
    if len(boxes) > MAX_BOXES:
        raise _UnreadableError
    return boxes


def _joined(boxes: list[Box]) -> list[Box]:
    """Join boxes that restrict the same one dimension to numbers: visit=1 OR visit=2 OR ..."""
    single: dict[str, list[tuple[float, float]]] = {}
    others: list[Box] = []
    for box in boxes:
        name, values = next(iter(box.items()), ("", None))
        if len(box) == 1 and isinstance(values, Numbers):
            single.setdefault(name, []).extend(values.intervals)
        else:
            others.append(box)
    return [{name: numbers(intervals)} for name, intervals in single.items()] + others
