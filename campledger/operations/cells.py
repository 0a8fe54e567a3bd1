"""The cells of a CSV file, as Jira and spreadsheets write it, each with its place, which the library does not say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from campledger.documents.text import Lines, Report, finds_conflict
from campledger.problems import Problem

MAX_BYTES = 64 * 1024 * 1024
"""Jira exports some thousand issues of some kilobytes at the most."""
_SEPARATOR = re.compile(r"sep=([,;\t])")
_CELL = {
    delimiter: re.compile(rf'[ ]*"([^"]*(?:""[^"]*)*)"[ ]*(?=[{delimiter}\n]|\Z)|([^{delimiter}\n]*)')
    for delimiter in ",;\t"
}


class Table:
    """A table's text, and what is wrong with it, by line and column."""

    def __init__(self, path: str, data: bytes):
        self.path = path
        self.problems: list[Problem] = []
        self.text = self._decoded(data)

    def _decoded(self, data: bytes) -> str:
        if len(data) > MAX_BYTES:
            self.problems.append(
                Problem(self.path, 0, 0, "unreadable", f"{len(data):,} bytes; {MAX_BYTES:,} are the limit", "split it")
            )
            return ""
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = data[: error.start].decode("utf-8-sig", "replace")
            line, column = Lines(before).place(len(before))
            hint = "save the table as CSV in UTF-8"
            self.problems.append(Problem(self.path, line, column, "unreadable", "not UTF-8 text", hint))
            return ""
        report = Report(self.path)
        if finds_conflict(text, report):
            self.problems += report.problems()
        return text.replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def lines(self) -> Lines:
        """The lines of the text."""
        return Lines(self.text)

    def problem(self, offset: int, rule: str, message: str, hint: str = "") -> None:
        """Note what is wrong at an offset."""
        line, column = self.lines.place(offset)
        self.problems.append(Problem(self.path, line, column, rule, message, hint))

    def records(self) -> Iterator[list[tuple[str, int]]]:
        """Yield the records: the text of each cell, and its offset. The standard library does not say where."""
        separator = _SEPARATOR.match(self.text)
        offset = self.text.find("\n") + 1 if separator else 0
        first = self.text[offset:].partition("\n")[0]
        delimiter = separator[1] if separator else max(",;\t", key=first.count)
        record: list[tuple[str, int]] = []
        while offset < len(self.text):
            cell = _CELL[delimiter].match(self.text, offset)
            if cell is None:
                raise AssertionError("a cell may be empty")
            quoted = cell[1] is not None
            if not quoted and cell[2].lstrip(" ").startswith('"'):
                message = "a quotation mark that nothing closes, or text after the one that does"
                self.problem(offset, "unreadable", f"not CSV: {message}", "double the quotation marks inside a cell")
                return
            record.append((cell[1].replace('""', '"') if quoted else cell[2], offset))
            offset = cell.end() + 1
            if self.text[cell.end() : offset] != delimiter:
                yield record
                record = []
        if record:
            yield [*record, ("", offset)]
