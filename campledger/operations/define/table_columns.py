"""A table as Jira and spreadsheets write it: what stands in its cells, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from campledger.documents.rows import Rows, RowsError
from campledger.documents.text import Place, Report, finds_conflict, place_in
from campledger.problems import Problem

MAX_BYTES = 64 * 1024 * 1024
"""Jira exports some thousand issues of some kilobytes at the most."""
_SEPARATOR = re.compile(r"sep=([,;\t])")


class TableText:
    """A table's text, and what is wrong with it, by line and column."""

    def __init__(self, path: str, data: bytes):
        self.path = path
        self.problems: list[Problem] = []
        self.text = self._decoded(data)

    def _decoded(self, data: bytes) -> str:
        if len(data) > MAX_BYTES:
            self.problem((0, 0), "unreadable", f"{len(data):,} bytes; the limit is {MAX_BYTES:,}", "split it")
            return ""
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.problem(place_in(error), "unreadable", "not UTF-8 text", "save the table as CSV in UTF-8")
            return ""
        report = Report(self.path)
        if finds_conflict(text, report):
            self.problems += report.problems()
        return text.replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def rows(self) -> Rows:
        """The rows of the text, by the separator that it names or that its first line has most of."""
        named = _SEPARATOR.match(self.text)
        begin = 1 if named else 0
        first = self.text.split("\n", begin + 1)[begin] if self.text else ""
        return Rows(self.text, begin, named[1] if named else max(",;\t", key=first.count), strict=True)

    def problem(self, place: Place, rule: str, message: str, hint: str = "") -> None:
        """Note what is wrong at a place."""
        self.problems.append(Problem(self.path, *place, rule, message, hint))

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record, with the line, from 0, in which it begins; what is no CSV becomes a problem."""
        try:
            yield from self.rows.records()
        except RowsError as error:
            message = f"not CSV: a quotation mark that nothing closes, or text after the one that does ({error})"
            self.problem(error.place, "unreadable", message, "double the quotation marks inside a cell")
