"""The entries of lists as lines of text: CSV, ECSV, tables of other separators, and ids with words behind them.

What a line holds is named by columns, or is an id, perhaps behind a band, perhaps before a comment. A line that holds
more than that is refused: cut down to its first number, a night would become an exposure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from campledger.dataids.dimensions import DIMENSIONS
from campledger.dataids.entries import NUMBER, RANGE, Entry, Naming, list_text
from campledger.dataids.sets import REMARKS
from campledger.dataids.tables import read_header
from campledger.documents.rows import Rows, RowsError
from campledger.documents.text import Report, shown

BANDS = ("u", "g", "r", "i", "z", "y")
"""What a word before an id may be."""

_HOLDS_A_NUMBER = re.compile(r"\d|\b(?:nan|null|none)\b", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s,;|]+")
_SAYS_SEPARATOR = re.compile(r'"?sep=(,|;|\t|\\t|\|)"?', re.IGNORECASE)
"""The first line by which Excel knows the separator."""
_RULE = re.compile(r"[\s|+:=,;-]*--[\s|+:=,;-]*|=[=\s]*")
"""A line that only parts the header of a table from its rows."""

_OPEN = {"comment", "reason"}
"""Columns that take all the rest of a line, if they are the last."""

_Record = tuple[int, list[str]]


def in_ecsv(data: bytes, report: Report, naming: Naming) -> Iterator[Entry]:
    """Yield the entries of an ECSV table."""
    text = list_text(data, report)
    header = None if text is None else read_header(text.split("\n"), report)
    names = None if header is None else naming.columns(header.names, header.end + 1, report)
    if text is not None and header is not None and names is not None:
        for line, cells in _separated(text, header.end + 1, header.delimiter, report):
            yield from _named(line, cells, names, report)


def in_text(data: bytes, report: Report, naming: Naming, ending: str) -> Iterator[Entry]:
    """Yield the entries of CSV, or of any other text, by the separator that its first line has."""
    text = list_text(data, report)
    if text is None:
        return
    lines = text.split("\n")
    excel = _SAYS_SEPARATOR.fullmatch(lines[0].strip(" "))
    begin = 1 if excel else 0
    start = next((at for at in range(begin, len(lines)) if _is_content(lines[at])), len(lines))
    first = lines[start] if start < len(lines) else ""
    delimiter = excel[1].replace("\\t", "\t") if excel else "\t" if ending == ".tsv" else _delimiter(first, ending)
    records = _separated(text, begin, delimiter, report) if delimiter else _in_words(lines, begin)
    comments = [(at + 1, lines[at].strip().lstrip("#")) for at in range(begin, start) if "#" in lines[at]]
    yield from _entries(records, comments, delimiter, naming, report)


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#") and not _RULE.fullmatch(line)


def _delimiter(line: str, ending: str) -> str:
    """Return what separates the cells of a list by its first line, or nothing where blanks do."""
    most = max("|\t;,", key=line.count)
    if most not in line:
        return ""
    # In plain text a comment may hold commas: `1228 slew, donut`.
    whole = ending == ".csv" or most in "|\t" or not re.search(r"\S\s+\S", line.partition(most)[0])
    return most if whole else ""


def _separated(text: str, begin: int, delimiter: str, report: Report) -> Iterator[_Record]:
    try:
        for line, record in Rows(text, begin, delimiter, comments=True).records():
            cells = [cell.strip() for cell in record]
            if delimiter == "|" and len(cells) > 1 and not cells[0] and not cells[-1]:
                cells = cells[1:-1]  # a table with borders
            yield line + 1, cells
    except RowsError as error:
        report.add("unreadable", f"not CSV: {error}", error.place)


def _in_words(lines: Sequence[str], begin: int) -> Iterator[_Record]:
    """Yield the words of each line; below a line of dashes the cells that these mark, which may be empty."""
    spans: list[tuple[int, int]] = []
    for number, line in enumerate(lines[begin:], begin + 1):
        content = line.partition("#")[0].rstrip()
        if _RULE.fullmatch(content) and content.strip():
            spans = [match.span() for match in re.finditer(r"-+", content)]
            yield number, [content]
        elif len(spans) > 1 and content.strip() and _fits(content, spans):
            yield number, [content[begin:end].strip() for begin, end in spans]
        elif content.strip(" \t\r,;|"):
            yield number, [word for word in _SEPARATORS.split(content) if word]


def _fits(line: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether all that a line holds is below the dashes."""
    marked = {at for begin, end in spans for at in range(begin, end)}
    return all(char == " " or at in marked for at, char in enumerate(line))


def _entries(
    records: Iterator[_Record], comments: Sequence[tuple[int, str]], delimiter: str, naming: Naming,
    report: Report,
) -> Iterator[Entry]:  # fmt: skip
    names: tuple[str, ...] | None = None
    first = True
    for line, cells in records:
        if not any(cells) or _RULE.fullmatch(delimiter.join(cells)):
            continue
        if first:
            first = False
            header = _header(line, cells, delimiter, naming)
            above = None if header else _header_above(comments, cells, delimiter, naming)
            if header or above:
                at, words = header or above or (line, cells)
                names = naming.columns([word or f"column {n}" for n, word in enumerate(words, 1)], at, report)
                if names is None:
                    return
            if header:
                continue
        if names is None:
            yield from _unnamed(line, [cell for cell in cells if cell], report)
        else:
            yield from _named(line, cells, names, report, blanks=not delimiter)


def _header(line: int, cells: list[str], delimiter: str, naming: Naming) -> _Record | None:
    """Return the first line of a list if it names the columns."""
    if any(map(_is_id, cells)):
        return None
    known = any(map(naming.knows, cells))
    return (line, cells) if delimiter or known or not any(map(_HOLDS_A_NUMBER.search, cells)) else None


def _header_above(
    comments: Sequence[tuple[int, str]], cells: list[str], delimiter: str, naming: Naming
) -> _Record | None:
    """Return a comment above the first row if it names the columns: a known name at least, and no fewer than cells."""
    for line, text in reversed(comments):
        for separator in (delimiter, ""):
            words = [word.strip() for word in (text.split(separator) if separator else _SEPARATORS.split(text.strip()))]
            open_end = naming.of(words[-1]) in _OPEN and any(map(naming.knows, words[:-1]))
            if (len(words) < len(cells) and not open_end) or not any(map(naming.knows, words)):
                continue
            if any(map(_is_id, words)) or any(naming.of(word) not in REMARKS for word in words[len(cells) :]):
                continue
            pairs = zip(map(naming.of, words), cells, strict=False)
            if all(name not in DIMENSIONS or DIMENSIONS[name].type is str or _is_number(cell) for name, cell in pairs):
                return line, words
    return None


def _is_id(word: str) -> bool:
    return bool(NUMBER.fullmatch(word) or RANGE.fullmatch(word))


def _is_number(word: str) -> bool:
    return _is_id(word) or not word or bool(_HOLDS_A_NUMBER.search(word))


def _named(
    line: int, cells: list[str], names: Sequence[str], report: Report, *, blanks: bool = False
) -> Iterator[Entry]:
    """Yield the entry of a row below a header, or report that it has other cells than that names."""
    while len(cells) > len(names) and not cells[-1]:
        cells.pop()  # spreadsheets leave commas behind
    last = len(names) - 1
    if len(cells) > len(names) and names[last] in _OPEN:
        rest = cells[last:]
        if not any(map(_HOLDS_A_NUMBER.search, rest[:1] if blanks else rest)):
            # A comment with commas in it that nobody put in quotes.
            cells[last:] = [(" " if blanks else ", ").join(rest)]
    if len(cells) > len(names):
        message = f"this line has {len(cells)} cells; {len(names)} have a name"
        report.add("schema", message, (line, 1), "name each column, and put a text with separators in quotes")
    elif blanks and len(cells) < len(names) and not (_is_id(cells[-1]) and set(names[len(cells) :]) <= set(REMARKS)):
        message = f"this line has {len(cells)} words for {len(names)} columns"
        report.add("schema", message, (line, 1), "write a list with empty cells as CSV")
    else:
        yield Entry(line, {name: cell for name, cell in zip(names, cells, strict=False) if name})


def _unnamed(line: int, words: list[str], report: Report) -> Iterator[Entry]:
    """Yield what a row is that nothing names: an id, perhaps a band before it, a comment after it."""
    if not words:
        return
    values: dict[str, str] = {}
    if len(words) > 1 and not _is_id(words[0]) and (words[0] in BANDS or _is_id(words[1])):
        if words[0] not in BANDS:
            hint = f"a word before an id is one of {', '.join(BANDS)}; a first line can name the columns instead"
            report.add("schema", f"unknown band `{shown(words[0])}`", (line, 1), f"{hint}: `physical_filter exposure`")
            return
        values, words = {"band": words[0]}, words[1:]
    values["id"] = words[0]
    number = next(filter(_HOLDS_A_NUMBER.search, words[1:]), None)
    if number is not None:
        message = f"nothing says what `{shown(number)}` is, behind `{shown(words[0])}`"
        hint = "a first line names the columns: `visit detector`, `exposure comment`"
        report.add("schema", message, (line, 1), f"{hint}; --column NAME=KEY says what others mean")
        return
    yield Entry(line, {**values, "comment": " ".join(words[1:])} if words[1:] else values)
