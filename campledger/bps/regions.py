"""Parts of the data as boxes: what each dimension may be, and how boxes overlap and cover each other.

A box maps dimensions to allowed values; a dimension that it does not name may be anything. Values are numbers, as
sorted intervals, or words, as a set or all but a set.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MAX_BOXES = 2_000
MAX_PAIRS = 300_000


@dataclass(frozen=True, slots=True)
class Numbers:
    """Whole numbers in sorted, separate intervals, both ends included; the outer ends may be infinite."""

    intervals: tuple[tuple[float, float], ...]

    @property
    def is_empty(self) -> bool:
        """Whether no number is in it."""
        return not self.intervals

    def meet(self, other: Numbers) -> Numbers:
        """Return what both hold."""
        found, mine, theirs = [], 0, 0
        while mine < len(self.intervals) and theirs < len(other.intervals):
            (low, high), (other_low, other_high) = self.intervals[mine], other.intervals[theirs]
            if max(low, other_low) <= min(high, other_high):
                found.append((max(low, other_low), min(high, other_high)))
            mine, theirs = (mine + 1, theirs) if high < other_high else (mine, theirs + 1)
        return Numbers(tuple(found))

    def invert(self) -> Numbers:
        """Return all other numbers."""
        found, low = [], -math.inf
        for first, last in self.intervals:
            if not math.isinf(first) and low <= first - 1:
                found.append((low, first - 1))
            low = last + 1
        if low < math.inf:
            found.append((low, math.inf))
        return Numbers(tuple(found))

    def values(self, most: int) -> list[int] | None:
        """Return the numbers one by one, or None if there are more than that."""
        if any(math.isinf(end) for interval in self.intervals for end in interval):
            return None
        if sum(high - low + 1 for low, high in self.intervals) > most:
            return None
        return [number for low, high in self.intervals for number in range(int(low), int(high) + 1)]


def numbers(intervals: Iterable[tuple[float, float]]) -> Numbers:
    """Return the numbers of any intervals, joined where they touch."""
    joined: list[tuple[float, float]] = []
    for low, high in sorted(pair for pair in intervals if pair[0] <= pair[1]):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return Numbers(tuple(joined))


@dataclass(frozen=True, slots=True)
class Words:
    """Some words, or all but some."""

    items: frozenset[str]
    others: bool = False
    """Whether every word but the items is meant."""

    @property
    def is_empty(self) -> bool:
        """Whether no word is in it."""
        return not self.items and not self.others

    def meet(self, other: Words) -> Words:
        """Return what both hold."""
        if self.others and other.others:
            return Words(self.items | other.items, True)
        if self.others:
            return Words(other.items - self.items)
        return Words(self.items - other.items if other.others else self.items & other.items)

    def invert(self) -> Words:
        """Return all other words."""
        return Words(self.items, not self.others)


Values = Numbers | Words
Box = Mapping[str, Values]


def meet_values(mine: Values, theirs: Values) -> Values:
    """Return what both hold; a number and a word have nothing in common."""
    if isinstance(mine, Numbers) and isinstance(theirs, Numbers):
        return mine.meet(theirs)
    if isinstance(mine, Words) and isinstance(theirs, Words):
        return mine.meet(theirs)
    return Numbers(())


def meet(mine: Box, theirs: Box) -> Box | None:
    """Return the box that both share, or None if they are apart."""
    shared = dict(mine)
    for name, values in theirs.items():
        shared[name] = meet_values(shared[name], values) if name in shared else values
        if shared[name].is_empty:
            return None
    return shared


def without(box: Box, taken: Box) -> list[Box]:
    """Return what is left of a box once another is taken from it, as boxes that do not overlap."""
    if meet(box, taken) is None:
        return [box]
    left: list[Box] = []
    rest = dict(box)
    for name, values in sorted(taken.items()):
        outside = values.invert()
        outside = meet_values(rest[name], outside) if name in rest else outside
        if not outside.is_empty:
            left.append({**rest, name: outside})
        rest[name] = meet_values(rest[name], values) if name in rest else values
    return left


def covers(taken: Iterable[Box], boxes: Iterable[Box]) -> bool:
    """Whether the taken boxes together hold all of the others; no where the answer would take too long."""
    left = list(boxes)
    pairs = 0
    for box in taken:
        pairs += len(left)
        if pairs > MAX_PAIRS:
            return False
        left = [rest for item in left for rest in without(item, box)]
        if len(left) > MAX_BOXES:
            return False
    return not left


def overlap(mine: Iterable[Box], theirs: Iterable[Box]) -> bool:
    """Whether any two boxes share something."""
    others = list(theirs)
    return any(meet(box, other) is not None for box in mine for other in others)
