"""The rows of a table as text, comma-separated or alike, with their places, which the library does not say."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from campledger.documents.text import Lines, Place

_FIELD = {delimiter: re.compile(rf' *(?:"(?:[^"]|"")*"[^{delimiter}\n]*|[^{delimiter}\n]*)') for delimiter in ",;\t |"}
_WHOLE = {
    delimiter: re.compile(rf'(?: *"(?:[^"]|"")*"|(?! *")[^{delimiter}\n]*)(?=[{delimiter}\n]|\Z)')
    for delimiter in ",;\t |"
}
"""A field whose quotation marks match."""


class RowsError(ValueError):
    """A table is no CSV: why, and where."""

    def __init__(self, message: str, place: Place):
        super().__init__(message)
        self.place = place


@dataclass(frozen=True)
class Rows:
    """The records of a table's text below its header, and where they stand."""

    text: str
    begin: int
    """The line, from 0, after that which names the columns."""
    delimiter: str = ","
    comments: bool = False
    """Whether lines that begin with # are none of the records."""
    strict: bool = False
    """Whether a quotation mark that nothing closes, or text behind one that does, is an error."""

    @cached_property
    def lines(self) -> Lines:
        """The lines of the text."""
        return Lines(self.text)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record, with the line, from 0, in which it begins. Raise RowsError."""
        consumed: list[int] = []
        blanks = self.comments or self.strict
        reader = csv.reader(self._feed(consumed), delimiter=self.delimiter, skipinitialspace=blanks, strict=self.strict)
        before = 0
        try:
            for record in reader:
                if record:
                    yield consumed[before], record
                before = reader.line_num
        except csv.Error as error:
            raise RowsError(str(error), self._broken(consumed[before])) from None

    def _broken(self, line: int) -> Place:
        """Return where the field stands with which the record of a line is no CSV; the line, if the marks match."""
        offset = self.lines.starts[line]
        while field := _WHOLE[self.delimiter].match(self.text, offset):
            if self.text[field.end() : field.end() + 1] != self.delimiter:
                return line + 1, 1
            offset = field.end() + 1
        return self.lines.place(offset)

    def _feed(self, consumed: list[int]) -> Iterator[str]:
        for number, line in enumerate(self.text.split("\n")[self.begin :], self.begin):
            if not (self.comments and (not line.strip() or line.lstrip().startswith("#"))):
                consumed.append(number)
                yield f"{line}\n"

    @cached_property
    def _begins(self) -> list[int]:
        return [line for line, _ in self.records()]

    def place(self, record: int, column: int) -> Place:
        """Return line and column of a record's field."""
        if record >= len(self._begins):
            return self.begin + 1, 1
        return self.place_in_line(self._begins[record], column)

    def place_in_line(self, line: int, column: int) -> Place:
        """Return where the field of a number, from 0, begins in the record of a line, from 0."""
        offset = self.lines.starts[line]
        for _ in range(column):
            field = _FIELD[self.delimiter].match(self.text, offset)
            end = field.end() if field else len(self.text)
            if self.text[end : end + 1] != self.delimiter:
                break
            offset = end + 1
        while self.comments and self.text[offset : offset + 1] == " ":
            offset += 1
        return self.lines.place(offset)
