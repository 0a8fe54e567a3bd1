"""The entries of lists that people keep, and other tools, by the format of the file: what each says, and its line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from campledger.dataids.json_form import parse
from campledger.dataids.members import ALTERNATES, KNOWN
from campledger.dataids.tables import read_header
from campledger.documents.rows import Rows, RowsError
from campledger.documents.strict_json import JsonText
from campledger.documents.text import Report, decode, finds_conflict

_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_NAMES = frozenset(KNOWN) | ALTERNATES | {"id"}
RANGE = re.compile(r"-?[0-9]+\.\.-?[0-9]+(?::[0-9]+)?")
_SEPARATORS = re.compile(r"[\s,;]+")


@dataclass(frozen=True)
class Entry:
    """An entry of a list; its ranges and lists of numbers stand for several."""

    line: int
    """Counted from 1."""
    values: Mapping[str, Any]
    """By the names that the list gives; `id`, `band` and `comment` where it gives none."""


def _text(data: bytes, report: Report) -> str | None:
    text = decode(data.removeprefix(codecs.BOM_UTF8), report)  # spreadsheets begin their CSV with one
    return None if text is None or finds_conflict(text, report) else text.replace("\r\n", "\n")


def in_json(data: bytes, report: Report) -> Iterator[Entry]:
    """Yield the entries of a JSON list."""
    text = _text(data, report)
    if text is None:
        return
    value = parse(text, report)
    document = JsonText(text)
    base: tuple[str, ...] = ()
    if isinstance(value, dict) and isinstance(value.get("members"), list):
        value, base = value["members"], ("members",)
    if not isinstance(value, list):
        if value is not None:
            report.add("schema", "no list of data IDs", document.place(()), "it is a list, or `members` of an object")
        return
    for index, one in enumerate(value):
        line, column = document.place((*base, index))
        inner = one.get("dataId") if isinstance(one, dict) else None
        if isinstance(inner, dict):
            one = {**inner, **{key: below for key, below in one.items() if key not in {"dataId", "records"}}}  # noqa: PLW2901
        if isinstance(one, dict):
            yield Entry(line, one)
        elif isinstance(one, str) or type(one) is int:
            yield Entry(line, {"id": one})
        else:
            report.add("schema", f"entry {index + 1:,} is no data ID", (line, column))


def in_csv(data: bytes, report: Report) -> Iterator[Entry]:
    """Yield the entries of CSV, with a header or without."""
    text = _text(data, report)
    if text is None:
        return
    first = next((line for line in text.split("\n") if line.strip() and not line.startswith("#")), "")
    delimiter = max(",;\t", key=first.count)
    yield from _records(Rows(text, 0, delimiter, comments=True), None, report)


def in_ecsv(data: bytes, report: Report) -> Iterator[Entry]:
    """Yield the entries of an ECSV table."""
    text = _text(data, report)
    if text is None:
        return
    header = read_header(text.split("\n"), report)
    if header is not None:
        yield from _records(Rows(text, header.end + 1, header.delimiter, comments=True), header.names, report)


def _records(rows: Rows, names: tuple[str, ...] | None, report: Report) -> Iterator[Entry]:
    try:
        for line, record in rows.records():
            cells = [cell.strip() for cell in record]
            if names is None:
                if not any(map(_is_id, cells)):
                    names = tuple(cell or f"column {number}" for number, cell in enumerate(cells, 1))
                    continue
                names = tuple(_words(cells))
            while len(cells) > len(names) and not cells[-1]:
                cells.pop()  # spreadsheets leave commas behind
            if len(cells) > len(names) and names[-1] in {"comment", "reason"}:
                # A comment with commas in it that nobody put in quotes.
                last = len(names) - 1
                cells[last:] = [", ".join(cells[last:])]
            if len(cells) > len(names):
                report.add("schema", f"this line has {len(cells)} cells; {len(names)} have a name", (line + 1, 1))
                continue
            yield Entry(line + 1, dict(zip(names, cells, strict=False)))
    except RowsError as error:
        report.add("unreadable", f"not CSV: {error}", error.place)


def _is_id(word: str) -> bool:
    return bool(_NUMBER.fullmatch(word) or RANGE.fullmatch(word))


def in_plain_text(data: bytes, report: Report) -> Iterator[Entry]:
    """Yield the entries of plain text: one id a line, or `band id`, or columns that the first line names."""
    text = _text(data, report)
    if text is None:
        return
    names: list[str] | None = None
    for number_of_line, line in enumerate(text.split("\n"), 1):
        content = line.partition("#")[0].strip()
        words = [word for word in _SEPARATORS.split(content) if word]
        if not words:
            continue
        if names is None and all(word.lower() in _NAMES for word in words):
            names = [word.lower() for word in words]
            continue
        if names is None and len(words) > 1 and all(map(_is_id, words)):
            hint = "one id a line, or a first line that names the columns: `visit detector`"
            report.add("schema", "several numbers in a line, and nothing says what they are", (number_of_line, 1), hint)
        elif names and len(words) <= len(names):
            yield Entry(number_of_line, dict(zip(names, words, strict=False)))
        else:
            yield Entry(number_of_line, _words(words))


def _words(words: list[str]) -> dict[str, str]:
    """Return what the words of a line are that nothing names: an id, perhaps a band before it, a comment after it."""
    if list(map(_is_id, words[:2])) == [False, True]:
        named, rest = {"band": words[0], "id": words[1]}, words[2:]
    else:
        named, rest = {"id": words[0]}, words[1:]
    return {**named, **({"comment": " ".join(rest)} if rest else {})}
