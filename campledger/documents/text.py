"""The text of a file: decoded, with places in it, and a bounded report of what is wrong with it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property
from itertools import accumulate

from campledger.problems import Problem, Severity

MAX_BYTES = 256 * 1024 * 1024
"""A million members of instrument, visit and detector are 67 MB of JSON or 30 MB of CSV."""
MAX_PER_RULE = 100
"""Problems of one rule that are listed of one file; the others are counted."""

Place = tuple[int, int]
"""Line and column, from 1; (0, 0) for the file as a whole."""

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""What is in no text of a set: it would break lines, or differ between the formats and the readers of them."""

CONFLICT = re.compile(r"^(?:<{7}(?: |$)|={7}\r?$|>{7}(?: |$)|\|{7}(?: |$))", re.MULTILINE)


class Report:
    """Collects the problems of one file, a bounded number of each rule."""

    def __init__(self, path: str):
        self.path = path
        self.has_errors = False
        self.count = 0
        self._kept: dict[tuple[str, Severity], list[Problem]] = {}
        self._more: dict[tuple[str, Severity], tuple[Place, int]] = {}

    def add(
        self,
        rule: str,
        message: str,
        place: Place | Callable[[], Place] = (0, 0),
        hint: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note a problem. A place that takes time to find is given as a function, called only if it is listed."""
        self.count += 1
        self.has_errors = self.has_errors or severity is Severity.ERROR
        kept = self._kept.setdefault((rule, severity), [])
        if len(kept) < MAX_PER_RULE:
            kept.append(Problem(self.path, *_found(place), rule, message, hint, severity))
        else:
            where, count = self._more.get((rule, severity)) or (_found(place), 0)
            self._more[rule, severity] = where, count + 1

    def lists(self, rule: str) -> bool:
        """Whether another error of a rule would be listed: looking for a hint is worth its time."""
        return len(self._kept.get((rule, Severity.ERROR), ())) < MAX_PER_RULE

    def problems(self) -> tuple[Problem, ...]:
        """Return the problems in the order of the file, and one for all that are not listed of a rule."""
        listed = [problem for kept in self._kept.values() for problem in kept]
        for (rule, severity), (where, count) in self._more.items():
            listed.append(Problem(self.path, *where, rule, f"and {count:,} more of this kind", "", severity))
        return tuple(sorted(listed))


def _found(place: Place | Callable[[], Place]) -> Place:
    return place() if callable(place) else place


class Lines:
    """Where the lines of a text begin; found out when first asked, since mostly nobody asks."""

    def __init__(self, text: str):
        self.text = text

    @cached_property
    def starts(self) -> list[int]:
        """Offsets of the lines' first characters."""
        return [0, *accumulate(len(line) + 1 for line in self.text.split("\n"))][:-1]

    def place(self, offset: int) -> Place:
        """Return line and column of an offset."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


def place(text: str, offset: int) -> Place:
    """Return line and column of an offset; for many of them there is :class:`Lines`."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def place_in(error: UnicodeDecodeError) -> Place:
    """Return line and column of the first byte that is not UTF-8."""
    before = error.object[: error.start].decode("utf-8")
    return place(before, len(before))


def decode(data: bytes, report: Report) -> str | None:
    """Return the text of a file, or None where it is too large or not UTF-8."""
    if len(data) > MAX_BYTES:
        report.add("unreadable", f"{len(data):,} bytes; the limit is {MAX_BYTES:,}", hint="split the set")
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        report.add("unreadable", "not UTF-8 text", place_in(error), "save the file as UTF-8")
        return None
    if text.startswith("\ufeff"):
        report.add("unreadable", "a byte order mark", (1, 1), "save the file as UTF-8 without one")
        # The columns of the first line stay as they are in an editor, which does not show the mark.
        text = text[1:]
    return text


def finds_conflict(text: str, report: Report) -> bool:
    """Whether a merge left its markers in a text; the first one is reported."""
    if not any(mark * 7 in text for mark in "<=>|"):
        return False
    marker = CONFLICT.search(text)
    if marker:
        hint = "resolve the merge, then remove the markers"
        place = Lines(text).place(marker.start())
        report.add("conflict-marker", "conflict marker of an unresolved merge", place, hint)
    return marker is not None


def shown(value: object) -> str:
    """Return a value as a message prints it: in one line, and not at length."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[:100])
    return text if len(text) <= 60 else f"{text[:57]}..."
